"""The problems of a record: the onset of each condition as its weeks, and the trials and numbers that belong to one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from guidegraph import namespaces as ns
from guidegraph.intake.report import OTHER_REASON, Fact, Source, Unread
from guidegraph.intake.settle import profile
from guidegraph.intake.units import decimal_of
from guidegraph.model import Problem, Profile, TrialFact
from guidegraph.profile import Vocabulary
from guidegraph.profile.problems import together

_CONDITION, _NOT_TOLERATED = ns.GG + "hasCondition", ns.GG + "NotTolerated"
#: The unit of the number that says how long a problem has lasted.
_WEEK = "wk"


@dataclass
class Split:
    """The facts of a record by problem.

    ``facts`` are the patient's, ``problems`` what is of one problem alone, ``not_tolerated`` therapies that were not
    tolerated for whatever problem. ``notes`` say, by the place of a fact in the record, what came of its onset;
    ``unknown`` are the facts of which nobody can tell whose they are, each with the reason.
    """

    facts: list[Fact]
    problems: list[Problem] = field(default_factory=list)
    not_tolerated: set[str] = field(default_factory=set)
    notes: dict[int, str] = field(default_factory=dict)
    unknown: list[tuple[Fact, str]] = field(default_factory=list)

    def together(self, profile: Profile, vocabulary: Vocabulary) -> Profile:
        """The profile of the patient's facts with its problems; a list that a problem has is then complete for each."""
        profile = replace(profile, not_tolerated=frozenset(self.not_tolerated))
        owned = {row.iri for row in vocabulary.rows if row.problem_key} & profile.complete
        if len(self.problems) < 2 or not owned:
            return together(profile, self.problems, vocabulary)
        problems = [replace(problem, complete=frozenset(owned)) for problem in self.problems]
        return together(replace(profile, complete=profile.complete - owned), problems, vocabulary)


def attributed(
    facts: Sequence[Fact], unread: Sequence[Unread], spoken: frozenset[str], vocabulary: Vocabulary
) -> tuple[list[Fact], list[Unread]]:
    """The facts and unread entries with the problems that they are of in place of the conditions that they name.

    Only what belongs to a problem is of one (a score, not a laboratory value). What names no condition is of the only
    problem that there may be; what names another is of :data:`OTHER_REASON`, and of what is above several problems
    nobody knows of which it is.
    """
    own = {row.iri for row in vocabulary.rows if row.problem_key}
    held = sorted({f.iri for f in facts if f.prop == _CONDITION and f.present and f.iri in spoken})

    def source(given: Source, about: Collection[str]) -> Source:
        reasons: frozenset[str] = frozenset()
        if own.intersection(about):
            whose = _whose(given.reasons, held, vocabulary)
            reasons = whose if len(whose) == 1 or whose <= given.reasons else frozenset()
            reasons = reasons if whose or not given.reasons else frozenset({OTHER_REASON})
        return given if reasons == given.reasons else replace(given, reasons=reasons)

    return (
        [f if isinstance(f.value, TrialFact) else replace(f, source=source(f.source, (f.iri,))) for f in facts],
        [replace(entry, source=source(entry.source, entry.about)) for entry in unread],
    )


def split(facts: Sequence[Fact], spoken: frozenset[str], vocabulary: Vocabulary, as_of: date) -> Split:
    """What of a record's facts belongs to which problem.

    Each condition that recommendations speak of is a problem, with its onset as its weeks. A trial is of the conditions
    that it names as its reason, a number or severity of those that it is about; of one problem are also those that name
    none. Where there are several, nobody knows whose these are. Without any onset or reason nothing tells problems
    apart: they are one.

    Args:
        facts: what holds together.
        spoken: the conditions that recommendations speak of.
        vocabulary: says what belongs to a problem.
        as_of: the day of the profile.
    """
    own = {row.iri: row for row in vocabulary.rows if row.problem_key}
    row = next((row for row in own.values() if row.kind == "number" and row.unit == _WEEK), None)
    held: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        if fact.prop == _CONDITION and fact.present and fact.iri in spoken:
            held[fact.iri].append(fact)
    found = Split([])
    most = row.high if row else None
    begun = {iri: _weeks(group, as_of, most, found) for iri, group in sorted(held.items())}
    named = any(fact.source.reasons for fact in facts)
    if not named and (not held or not any(lasted is not None for lasted in begun.values())):
        return replace(found, facts=list(facts))
    of_each: dict[str, list[Fact]] = {iri: [] for iri in sorted(held)}
    for fact in facts:
        if fact.iri not in own and not isinstance(fact.value, TrialFact):
            found.facts.append(fact)
            continue
        whose = _whose(fact.source.reasons, list(held), vocabulary)
        for iri in whose:
            of_each[iri].append(fact)
        if not held and (isinstance(fact.value, TrialFact) or not fact.source.reasons):
            found.facts.append(fact)  # where no problem is known, its trials count for whatever is asked about
        elif not whose:
            found.unknown.append((fact, _unowned(fact)))
            if isinstance(fact.value, TrialFact) and fact.value.outcome == _NOT_TOLERATED:
                found.not_tolerated.add(fact.value.of)
    for iri, lasted in begun.items():
        if row is None or lasted is None:
            continue
        if any(fact.prop == row.iri for fact in of_each[iri]):
            for fact in held[iri]:
                found.notes.pop(fact.order, None)  # the record says how long it has lasted
        else:
            of_each[iri].append(replace(held[iri][0], prop=row.iri, iri=row.iri, value=lasted))
    if len(of_each) == 1:
        found.facts += [fact for group in of_each.values() for fact in group]
        return found
    found.problems += [_problem(iri, group) for iri, group in of_each.items()]
    return found


def _problem(condition: str, facts: Sequence[Fact]) -> Problem:
    """A problem with what the record says of it."""
    stated = profile(facts)
    return Problem(
        frozenset((condition,)), stated.present, stated.absent, stated.values, trials_present=stated.trials_present
    )


def _whose(reasons: frozenset[str], held: Sequence[str], terms: Vocabulary) -> frozenset[str]:
    """The problems that an entry which names some conditions is of: those that they are, else those above or below
    them; the only one for an entry that names none."""
    if not reasons:
        return frozenset(held) if len(held) == 1 else frozenset()
    above = {why: terms.ancestors(why) for why in reasons}
    near = (iri for iri in held if any(iri in up or why in terms.ancestors(iri) for why, up in above.items()))
    return reasons.intersection(held) or frozenset(near)


def _unowned(fact: Fact) -> str:
    """Why nobody can tell of which problem a fact is."""
    trial = isinstance(fact.value, TrialFact)
    if fact.source.reasons:
        return f"it is {'for' if trial else 'of'} something else than the problems, or something that is not understood"
    return "it does not say for which problem" if trial else "it does not say of which problem it is"


def _weeks(group: Iterable[Fact], as_of: date, most: Decimal | None, found: Split) -> Decimal | None:
    """How long a condition has lasted: where its entries give one whole day."""
    begun = {fact.began.text: fact for fact in group if fact.began is not None}
    days = {fact.began.day for fact in begun.values() if fact.began is not None}
    if not begun:
        return None
    if len(days) == 1 and (day := days.pop()) is not None:
        lasted = decimal_of(Fraction((as_of - day).days, 7))
        likely = most is None or lasted <= most
        for fact in begun.values():
            found.notes[fact.order] = (
                f"it began on {day}: {lasted:.4g} weeks{'' if likely else ', which is not plausible'}"
            )
        return lasted if likely else None
    why = "its beginnings differ" if len(begun) > 1 else "its beginning is no whole day"
    for fact in begun.values():
        found.notes[fact.order] = f"{why}, so how long it has lasted is not known"
    return None
