"""The problems of a record: the onset of each condition as its weeks, and the trials and numbers that belong to one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from guidegraph import namespaces as ns
from guidegraph.intake.report import Fact
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


def split(facts: Sequence[Fact], spoken: frozenset[str], vocabulary: Vocabulary, as_of: date) -> Split:
    """What of a record's facts belongs to which problem.

    Each condition that recommendations speak of is a problem, with its onset as its weeks. A trial is of the conditions
    that it names as its reason; of one problem are also trials without a reason, and its numbers. Where there are
    several, nobody knows whose these are. Without any onset or reason nothing tells problems apart: they are one.

    Args:
        facts: what holds together.
        spoken: the conditions that recommendations speak of.
        vocabulary: says what belongs to a problem.
        as_of: the day of the profile.
    """
    own = {row.iri: row for row in vocabulary.rows if row.problem_key}
    row = next((row for row in own.values() if row.kind == "number" and row.unit == _WEEK), None)
    weeks, most = (row.iri, row.high) if row else ("", None)
    held: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        if fact.prop == _CONDITION and fact.present and fact.iri in spoken:
            held[fact.iri].append(fact)
    found = Split([])
    values = {iri: _weeks(group, as_of, most, found) for iri, group in sorted(held.items())}
    told = any(lasted is not None for lasted in values.values()) or any(fact.reasons for fact in facts)
    if not held or not told:
        return replace(found, facts=list(facts))
    trials: dict[str, set[TrialFact]] = defaultdict(set)
    for fact in facts:
        if isinstance(fact.value, TrialFact):
            _place(fact, fact.value, list(held), trials, found, vocabulary)
        elif fact.iri in own and len(held) > 1:
            found.unknown.append((fact, "it does not say of which problem it is"))
        else:
            found.facts.append(fact)
    if len(held) == 1:
        stated = {fact.prop for fact in facts}
        found.facts += [
            replace(held[iri][0], prop=weeks, iri=weeks, value=lasted)
            for iri, lasted in values.items()
            if weeks and lasted is not None and weeks not in stated
        ]
        return found
    for iri, lasted in values.items():
        known = {weeks: lasted} if weeks and lasted is not None else {}
        found.problems.append(Problem(frozenset((iri,)), values=known, trials_present=frozenset(trials[iri])))
    return found


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


def _place(
    fact: Fact,
    trial: TrialFact,
    held: Sequence[str],
    trials: dict[str, set[TrialFact]],
    found: Split,
    terms: Vocabulary,
) -> None:
    """Give a trial to the problems that it was for."""
    above = {why: terms.ancestors(why) for why in fact.reasons}
    of = [iri for iri in held if any(iri in up or why in terms.ancestors(iri) for why, up in above.items())]
    if not fact.reasons and len(held) == 1:
        of = list(held)
    if of and len(held) == 1:
        found.facts.append(fact)
    for iri in of if len(held) > 1 else ():
        trials[iri].add(trial)
    if of:
        return
    if trial.outcome == _NOT_TOLERATED:
        found.not_tolerated.add(trial.of)
    why = "it is for something else than the problems" if fact.reasons else "it does not say for which problem"
    found.unknown.append((fact, why))
