"""The second executor of the criteria: truths and statuses as Polars expressions, in stages over the columns of a crowd.

It shares the criteria and nothing else with the planes (src/guidegraph/cohort): a truth is one column with three values,
of which null is unknown, numbers are compared by themselves and not by the piece they lie in, what is left of a number is
known by sample points, and parts of stopped drugs are closed over beforehand. Expressions are joined by ``|`` and ``&``,
which are Kleene's; ``min_horizontal`` is not.
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from guidegraph.knowledge.atoms import CLASSES, STOP, TRIAL, Atom
from guidegraph.knowledge.basis import Literal
from guidegraph.knowledge.criteria import Clock, Therapy
from guidegraph.knowledge.records import gg
from tests.support.columnfacts import NO, YES, Expr, Followed, each, holds, scaled, some
from tests.support.guided import OUTCOMES
from tests.support.manypatients import EVENTS, PLACES, Crowd

OPEN = pl.lit(None, dtype=pl.Boolean)


def known(true: Expr, false: Expr) -> Expr:
    """A truth by what makes it true, else by what makes it false; else it is unknown."""
    return pl.when(true).then(YES).when(false).then(NO).otherwise(OPEN)


def yes(truth: Expr) -> Expr:
    """Whether it is true."""
    return truth.fill_null(False)


def no(truth: Expr) -> Expr:
    """Whether it is false."""
    return ~truth.fill_null(True)


class Columnwise(Followed):
    """What the criteria come to for a crowd, beside what follows from its facts.

    Attributes:
        truths: the truth of each statement; of one that does not count it is null.
        inactive: by statement those for whom it does not count.
        statuses: the letter of the status of each therapy (IRI).
    """

    def __init__(self, crowd: Crowd, frame: pl.DataFrame) -> None:
        super().__init__(crowd, frame)
        self._add({iri: self._atom(atom) for iri, atom in self._criteria.atoms.items() if not atom.names}, "atom ")
        self._add(self._populations(), "")
        self._add({"chosen": self._any("about"), "several": self._any("beside")}, "")
        about = {y.value for y in self._crowd.yes if y.field == "about"} | self._criteria.problems
        self._add({cls: self._asked_about(cls) for cls in sorted(about)}, "asked ")
        self._add({"asked": some(pl.col(f"asked {cls}") for cls in sorted(about))}, "")
        self._add(self._inactive(), "inactive ")
        self._add({s: self._statement(s) for s in self._criteria.population}, "")
        self.truths = self._frame.select(list(self._criteria.population))
        self.inactive = self._frame.select(pl.col("^inactive .*$"))
        self._prepare_therapies()
        self.statuses = self._frame.select(self._status(t).alias(t.iri) for t in self._criteria.therapies)

    # ------------------------------------------------------------ atoms and populations

    def _atom(self, atom: Atom) -> Expr:
        if not atom.prop:
            return OPEN
        if not atom.cls:
            return self._number(atom)
        if atom.prop in CLASSES:
            true, false = self._held(atom.prop, atom.cls), self._denied(atom.prop, atom.cls)
        else:
            assert atom.prop in EVENTS, f"no column states {atom.prop}"
            true, false = self._had(atom), self._never(atom)
        if (atom.prop, atom.cls) not in self._criteria.asked_only:
            closed = self._unlisted(atom.prop, atom.cls)
            if atom.cls in self._criteria.of_problem:
                closed = closed & ~self._any("about")
            false = false | closed
        return known(true, false)

    def _number(self, atom: Atom) -> Expr:
        number = atom.prop
        true, outside = self._inside(number, atom), self._stated(number) & ~self._inside(number, atom)
        left = self._narrowed(number) & ~self._stated(number)
        if any(rule.given == number and rule.interval and rule.total for rule in self._criteria.rules):
            true = true | (left & self._all_left(number, atom))
        none = ~some(self._left(number, point) for point in self._points(number) if holds(atom, point))
        false = outside | (left & none)
        for prop, cls in self._criteria.owners.get(number, ()):
            false = false | self._denied(prop, cls)
            if (prop, cls) not in self._criteria.asked_only:
                false = false | (self._complete(prop) & ~self._listed(prop, cls) & ~self._perhaps(prop, cls))
        return known(true, false)

    def _had(self, atom: Atom) -> Expr:
        field, found = EVENTS[atom.prop][0], []
        for place in range(PLACES[field]):
            fits = self._event_of(field, place, self._below.get(atom.cls, (atom.cls,)))
            if atom.outcome:
                fits = fits & (pl.col(f"{field} {place} led") == OUTCOMES.index(atom.outcome))
            if atom.bounded:
                fits = fits & self._inside(f"{field} {place} number", atom)
            found.append(fits)
        return some(found)

    def _never(self, atom: Atom) -> Expr:
        field, found = EVENTS[atom.prop][1], []
        denying = self._above.get(atom.cls, frozenset((atom.cls,)))
        if atom.prop == STOP:
            denying = frozenset(up for one in self._with_parts_of_all(denying) for up in self._above.get(one, (one,)))
        codes = [at for at, cls in enumerate(self._crowd.classes) if cls in denying]
        for place in range(PLACES[field]):
            covers = pl.col(f"{field} {place} of").is_in(codes)
            if atom.prop == TRIAL:
                led = pl.col(f"{field} {place} led")
                covers = covers & ((led == 0) | (led == OUTCOMES.index(atom.outcome or None)))
            else:
                within = pl.col(f"{field} {place} number")
                covers = covers & ((within < 0) | (within >= scaled(min(atom.high, atom.below))))
            found.append(covers)
        return some(found)

    def _with_parts_of_all(self, classes: Iterable[str]) -> set[str]:
        return {part for cls in classes for part in self._with_parts(cls)}

    def _populations(self) -> dict[str, Expr]:
        done: dict[str, Expr] = {}

        def population(iri: str) -> Expr:
            if iri not in done:
                done[iri] = some(branch(literals) for literals in self._criteria.branches[iri])
            return done[iri]

        def branch(literals: Iterable[Literal]) -> Expr:
            return each(literal(iri) if positive else ~literal(iri) for iri, positive in literals)

        def literal(iri: str) -> Expr:
            names = self._criteria.atoms[iri].names
            return population(names) if names else pl.col(f"atom {iri}")

        self._branch = branch
        return {iri: population(iri) for iri in self._criteria.branches}

    # ------------------------------------------------------------ statements

    def _any(self, field: str) -> Expr:
        return some(pl.col(one.name) for one in self._crowd.yes if one.field == field)

    def _asked_about(self, cls: str) -> Expr:
        """Whether a condition is the problem: chosen, or had by who chooses none."""
        had = pl.col(f"had {cls}") if cls in self._criteria.problems else NO
        return self._said(f"about  {cls}") | (had & ~pl.col("chosen"))

    def _asked(self, cls: str) -> Expr:
        return self._said(f"asked {cls}")

    def _inactive(self) -> dict[str, Expr]:
        found = {}
        for statement in self._criteria.population:
            found[statement] = YES if statement in self._criteria.inactive else NO
            if statement in self._criteria.speaks_of and statement not in self._criteria.inactive:
                mine = self._criteria.speaks_of[statement]
                found[statement] = pl.col("asked") & ~some(self._asked(cls) for cls in sorted(mine))
        return found

    def _counts(self, statement: str) -> Expr:
        if f"inactive {statement}" not in self._names:
            return NO if statement in self._criteria.inactive else YES
        return ~pl.col(f"inactive {statement}")

    def _statement(self, statement: str) -> Expr:
        truth = pl.col(self._criteria.population[statement])
        truth = pl.when(self._unclear(statement)).then(OPEN).otherwise(truth)
        if statement in self._criteria.alerts:
            truth = pl.when(self._said(f"acted_on  {statement}")).then(YES).otherwise(truth)
        return pl.when(self._counts(statement)).then(truth).otherwise(OPEN)

    def _unclear(self, statement: str) -> Expr:
        clocks = self._criteria.clocks.get(statement, ())
        doubtful = []
        for clock in clocks:
            rest = self._branch(literal for literal in clock.literals if literal[0] not in clock.counted)
            speaks_elsewhere = YES if clock.requires else pl.col("several")
            doubtful.append(speaks_elsewhere & ~self._meant(clock) & ~no(rest))
        sure = [
            yes(self._branch(clock.literals)) & (self._meant(clock) if clock.counted and clock.requires else YES)
            for clock in (self._criteria.holding[statement] if clocks else ())
        ]
        return pl.col("chosen") & some(doubtful) & ~some(sure)

    def _meant(self, clock: Clock) -> Expr:
        """Whether the problem is a condition that a branch requires, above it, below it or a name of it."""
        near = {
            cls
            for wanted in clock.requires
            for cls in (
                *self._below.get(wanted, (wanted,)),
                *self._above.get(wanted, (wanted,)),
                *self._criteria.same_problem.get(wanted, ()),
            )
        }
        return some(self._asked(cls) for cls in sorted(near))

    # ------------------------------------------------------------ therapies

    def _prepare_therapies(self) -> None:
        criteria = self._criteria
        self._add({s: yes(pl.col(s)) for s in criteria.population}, "true ")
        self._add({s: self._counts(s) & pl.col(s).is_null() for s in criteria.population}, "unknown ")
        pairs = [(therapy, alert) for therapy in criteria.therapies for alert in criteria.alerts]
        self._add({f"{t.iri} {a}": self._called(t, a) for t, a in pairs}, "called ")
        self._add({t.iri: some(self._said(f"called {t.iri} {a}") for a in criteria.alerts) for t in criteria.therapies}, "urgent ")  # fmt: skip
        self._add({f"{t.iri} {a}": self._spared(t, a) for t, a in pairs}, "spared ")
        self._add({t.iri: some(self._true(s) for s in t.recommending) for t in criteria.therapies}, "for ")
        opposed = [(therapy, against) for therapy in criteria.therapies for against in therapy.opposing]
        self._add({f"{t.iri} {s}": self._in_general(t, s) for t, s in opposed}, "general ")
        self._add({f"{t.iri} {s}": self._differing(t, s) for t, s in opposed}, "apart ")
        self._add({f"{t.iri} {s}": self._aside(t, s) for t, s in opposed}, "aside ")
        self._add({name: expr for t in criteria.therapies for name, expr in self._weighed(t).items()}, "")

    def _true(self, statement: str) -> Expr:
        return self._said(f"true {statement}")

    def _unknown(self, statement: str) -> Expr:
        return self._said(f"unknown {statement}") if statement in self._criteria.population else self._counts(statement)

    def _called(self, therapy: Therapy, alert: str) -> Expr:
        answers = [self._true(s) for s in therapy.recommending if alert in self._criteria.on_alert.get(s, ())]
        return self._true(alert) & (YES if alert in therapy.called_by else some(answers))

    def _calls(self, therapy: str, alert: str) -> Expr:
        return self._said(f"called {therapy} {alert}")

    def _urgent(self, therapy: str) -> Expr:
        return self._said(f"urgent {therapy}")

    def _spared(self, therapy: Therapy, alert: str) -> Expr:
        if alert in therapy.called_by:
            return YES
        answers = [s for s in therapy.recommending if alert in self._criteria.on_alert.get(s, ())]
        return self._urgent(therapy.iri) | (~self._true(alert) & some(self._counts(s) for s in answers))

    def _only(self, therapy: Therapy, among: Iterable[str]) -> Expr:
        """Whether some statement for a therapy is true, and none that is not among some."""
        among = set(among)
        return some(self._true(s) for s in therapy.recommending if s in among) & ~some(
            self._true(s) for s in therapy.recommending if s not in among
        )

    def _in_general(self, therapy: Therapy, against: str) -> Expr:
        """Whether advice against a class does not hold up what a true alert calls for."""
        named = self._criteria.advice_on.get(against, frozenset()) & therapy.above
        if not named or therapy.iri in named:
            return NO
        spoken = some(self._calls(therapy.iri, a) for a in sorted(self._criteria.against_on_alert.get(against, ())))
        called = self._urgent(therapy.iri) & pl.col(f"for {therapy.iri}")
        return called & self._counts(against) & ~some(self._urgent(cls) for cls in sorted(named)) & ~spoken

    def _differing(self, therapy: Therapy, against: str) -> Expr:
        """Whether true advice against a therapy speaks of another indication than all that is true for it."""
        general = pl.col(f"general {therapy.iri} {against}")
        return self._true(against) & ~general & self._only(therapy, self._criteria.apart.get(against, ()))

    def _aside(self, therapy: Therapy, against: str) -> Expr:
        limit = self._only(therapy, self._criteria.limits.get(against, ()))
        return pl.col(f"general {therapy.iri} {against}") | limit | pl.col(f"apart {therapy.iri} {against}")

    def _weighed(self, therapy: Therapy) -> dict[str, Expr]:
        """What is true against a therapy, what calls for caution, and what may."""
        criteria = self._criteria
        aside = {s: pl.col(f"aside {therapy.iri} {s}") for s in therapy.opposing}
        opposed = some(self._true(s) & ~aside[s] for s in therapy.opposing)
        apart = [pl.col(f"apart {therapy.iri} {s}") for s in therapy.opposing]
        cautions = [self._true(s) for s in therapy.cautioned] + apart + [self._intolerant(therapy)]
        doubts = [self._unknown(s) for s in (*therapy.absolute, *therapy.cautioned)]
        doubts += [self._unknown(s) & ~aside[s] for s in therapy.opposing]
        for alert in criteria.alerts:
            spared = pl.col(f"spared {therapy.iri} {alert}")
            cautions.append(self._true(alert) & ~spared)
            doubts.append(self._unknown(alert) & ~spared)
        for rule in criteria.coverage if therapy.coverage_counts else ():
            carrying = [s for s in therapy.recommending if rule in criteria.carries.get(s, ())]
            rests = self._only(therapy, carrying) & ~self._urgent(therapy.iri)
            cautions.append(rests & self._true(rule))
            doubts.append(rests & ~self._true(rule) & ~self._false(rule))
        found = {"opposed": opposed, "careful": some(cautions), "doubted": some(doubts)}
        return {f"{name} {therapy.iri}": expr for name, expr in found.items()}

    def _status(self, therapy: Therapy) -> Expr:
        opposed, careful, doubted, recommended = (
            pl.col(f"{name} {therapy.iri}") for name in ("opposed", "careful", "doubted", "for")
        )
        return (
            pl.when(some(self._true(s) for s in therapy.absolute)).then(pl.lit("C"))
            .when(opposed & recommended).then(pl.lit("X"))
            .when(opposed).then(pl.lit("A"))
            .when(recommended & careful).then(pl.lit("!"))
            .when(recommended & doubted).then(pl.lit("P"))
            .when(recommended).then(pl.lit("E"))
            .when(some(self._unknown(s) for s in therapy.recommending)).then(pl.lit("u"))
            .otherwise(pl.lit("n"))
        )  # fmt: skip

    def _false(self, statement: str) -> Expr:
        return no(pl.col(statement)) if statement in self._criteria.population else NO

    def _intolerant(self, therapy: Therapy) -> Expr:
        bad, field = OUTCOMES.index(gg("NotTolerated")), "trials_present"
        codes = [code for code, cls in enumerate(self._crowd.classes) if cls in therapy.holds]
        places = [f"{field} {place}" for place in range(PLACES[field])]
        tried = [pl.col(f"{p} of").is_in(codes) & (pl.col(f"{p} led") == bad) for p in places]
        return some([*tried, *(self._said(f"not_tolerated  {cls}") for cls in sorted(therapy.holds))])
