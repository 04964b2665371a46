"""The smallest change that would make a therapy eligible."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import ROUND_UP, Decimal

from guidegraph import namespaces as ns
from guidegraph.assess.assessment import ABSOLUTE, FOR, INACTIVE, Assessment
from guidegraph.assess.search import Fact, Goal, Search
from guidegraph.assess.timeline import shifted, thresholds
from guidegraph.derived import Change, ChangedFact
from guidegraph.knowledge.atoms import Atom, within
from guidegraph.knowledge.records import gg
from guidegraph.model import CareFact, Profile, StopFact, TrialFact
from guidegraph.profile.settling import denies
from guidegraph.termreadings import CARE, plain, short

Assess = Callable[[Profile], Assessment]
_ELIGIBLE = "eligible"
_HORIZON = Decimal(52)
_CARRIES, _COUNTS = ns.IDX + "carries", ns.IDX + "coverageIsCaution"


def _against(assessment: Assessment, therapy: str) -> Iterable[str]:
    yield from assessment.statements(therapy, ABSOLUTE)
    yield from assessment.opposing(therapy)
    yield from assessment.cautions(therapy)


def _goals(assessment: Assessment, therapy: str, statement: str, branch: tuple[tuple[str, bool], ...]) -> list[Goal]:
    """What must hold: each literal of one branch of a recommendation, and one literal false in each that opposes it."""
    records = assessment.records
    goals = [Goal((literal,)) for literal in branch]
    above = records.ancestors.get(therapy, frozenset((therapy,)))
    counts = any(_COUNTS in records.criteria.get(cls, {}) for cls in above)
    rules = records.criteria.get(statement, {}).get(_CARRIES, ()) if counts else ()
    opposed = dict.fromkeys([*_against(assessment, therapy), *(r for r in rules if assessment.truth(r) != INACTIVE)])
    # What may be about another problem is denied by no number of this one.
    denied = [
        tuple(literal for literal in branch if literal[0] not in assessment.clock(other))
        for other in opposed
        for branch in records.branches.get(records.criterion(other), ())
    ]
    return goals + [Goal(tuple((atom, not positive) for atom, positive in branch)) for branch in denied]


def _smallest(assessment: Assessment, therapy: str) -> tuple[Fact, ...] | None:
    best: tuple[Fact, ...] | None = None
    search = Search(assessment)
    for statement in assessment.statements(therapy, FOR):
        for branch in assessment.records.branches.get(assessment.records.criterion(statement), ()):
            facts = search.solve(_goals(assessment, therapy, statement, branch))
            if facts is not None and (best is None or len(facts) < len(best)):
                best = facts
    return best


def applied(assessment: Assessment, facts: Iterable[Fact]) -> Profile:
    """The profile with the supposed facts in it."""
    profile = assessment.profile
    for subject, value in facts:
        profile = _with_fact(profile, assessment, subject, value)
    return profile


def _with_fact(profile: Profile, assessment: Assessment, subject: str, value: bool | Decimal) -> Profile:
    if isinstance(value, Decimal):
        return replace(profile, values={**profile.values, subject: value})
    atom = assessment.atom(subject)
    if atom.prop == gg("hasTrial"):
        return _with_trial(profile, assessment, atom, value)
    if atom.prop == gg("stoppedMedication"):
        if value:
            return replace(profile, stops_present=profile.stops_present | {StopFact(atom.cls, _number(atom))})
        days = atom.high if atom.bounded and atom.high < Decimal(999999999) else None
        return replace(profile, stops_absent=profile.stops_absent | {StopFact(atom.cls, days)})
    if atom.prop in CARE:
        return _with_care(profile, assessment, atom, value)
    side = profile.present if value else profile.absent
    table = {**side, atom.prop: side.get(atom.prop, frozenset()) | {atom.cls}}
    return replace(profile, present=table) if value else replace(profile, absent=table)


def _with_care(profile: Profile, assessment: Assessment, atom: Atom, value: bool) -> Profile:
    """What was done or supplied as the atom asks for it, as long ago as it may be, or nothing of the kind in its days.

    Where an event of the kind is known whose day or value is not, nothing can be supposed of others.
    """
    shows, day = (atom.showed,) if atom.showed else (), _oldest(atom) if atom.bounded else None
    above = assessment.records.ancestors
    if value:
        days, came = (day, day) if day is not None else None, _number(atom.value) if atom.valued else None
        done = CareFact(atom.prop, atom.cls, days, shows, (), came)
        return replace(profile, care_present=profile.care_present | {done})
    within_ = (Decimal(0), atom.high) if atom.bounded and atom.high < Decimal(999999999) else None
    denial = CareFact(atom.prop, atom.cls, within_, shows)
    if any(denies(denial, done, lambda cls: above.get(cls, frozenset((cls,)))) for done in profile.care_present):
        return profile
    return replace(profile, care_absent=profile.care_absent | {denial})


def _oldest(atom: Atom) -> Decimal | None:
    for candidate in (atom.high, atom.below - 1):
        if candidate < Decimal(999999999) - 1 and candidate >= 0 and within(atom, candidate):
            return candidate
    return _number(atom)


def _with_trial(profile: Profile, assessment: Assessment, atom: Atom, value: bool) -> Profile:
    if not value:
        return replace(profile, trials_absent=profile.trials_absent | {TrialFact(atom.cls, atom.outcome or None)})
    above = assessment.records.ancestors.get(atom.cls, frozenset((atom.cls,)))
    # A trial that is had in future takes back the statement that there was none.
    kept = frozenset(t for t in profile.trials_absent if t.of not in above)
    had = TrialFact(atom.cls, atom.outcome or None, _number(atom) if atom.bounded else None)
    return replace(profile, trials_absent=kept, trials_present=profile.trials_present | {had})


def _number(atom: Atom) -> Decimal | None:
    for candidate in (atom.low, atom.above + 1, atom.high, atom.below - 1):
        if candidate >= 0 and within(atom, candidate):
            return candidate
    return None


def _told(assessment: Assessment, facts: Iterable[Fact], wait: Decimal) -> list[ChangedFact]:
    rows: list[ChangedFact] = []
    if wait:
        rows.append({"fact": "time", "label": "time passing", "value": f"{short(wait, ROUND_UP)} weeks from now"})
    for subject, value in facts:
        if isinstance(value, Decimal):
            atom = next(a for a in assessment.records.atoms.values() if a.prop == subject and not a.cls)
            shown = assessment.book.fact(atom)
            rows.append({"fact": shown.fact, "label": shown.label, "value": f"such as {plain(value)}"})
        else:
            shown = assessment.book.fact(assessment.atom(subject))
            rows.append({"fact": shown.fact, "label": shown.label, "value": "yes" if value else "no"})
    return sorted(rows, key=lambda row: (row["fact"] != "time", row["value"] != "yes", row["label"]))


def _nothing(assessment: Assessment, therapy: str, why: str) -> Change:
    return {"possible": False, "facts": [], "text": "", "why_not": why}


def _why_not(assessment: Assessment, therapy: str) -> str:
    records = assessment.records
    if not assessment.statements(therapy, FOR):
        counted = not assessment.elsewhere.isdisjoint(records.edges.get(therapy, {}).get(FOR, ()))
        return f"no document in effect recommends it{' for this problem' if counted else ''}"
    if therapy in assessment.not_tolerated:
        tried = ", ".join(sorted(records.label(c) for c in assessment.not_tolerated[therapy]))
        return f"it is one for caution at best, since this was not tolerated: {tried}"
    held = assessment.held(_against(assessment, therapy))
    if held:
        return "what speaks against it rests on present facts: " + "; ".join(sorted({records.label(s) for s in held}))
    unclear = [s for s in _against(assessment, therapy) if s in assessment.unclear]
    if unclear:
        return "it is not known of what else of the patient this speaks: " + "; ".join(
            sorted({records.label(s) for s in unclear})
        )
    return "the facts that rule out each recommendation for it are known and do not change with time"


def smallest_change(assessment: Assessment, therapy: str, assess: Assess) -> Change:
    """The smallest set of facts that would make the therapy eligible.

    Facts are chosen only from unknown facts, the passing of time and trials of therapy; a present fact is never
    taken away. Every proposal is assessed by the engine before it is returned.

    Args:
        assessment: the present assessment.
        therapy: the IRI of a therapy of the assessment.
        assess: assesses a changed profile as of the same date.
    """
    if assessment.statuses[therapy] == _ELIGIBLE:
        return {"possible": True, "facts": [], "text": "It is eligible now.", "why_not": None}
    if not assessment.statements(therapy, FOR) or therapy in assessment.not_tolerated:
        return _nothing(assessment, therapy, _why_not(assessment, therapy))
    rates = assessment.records.rates
    waits = [w for w in thresholds(assessment.profile, assessment.records, rates) if w <= _HORIZON]
    best: tuple[int, Decimal, Assessment, tuple[Fact, ...]] | None = None
    for wait in [Decimal(0), *_moments(waits)]:
        later = assess(shifted(assessment.profile, wait, rates)) if wait else assessment
        facts = _smallest(later, therapy)
        cost = len(facts) + (1 if wait else 0) if facts is not None else 0
        if facts is None or (best is not None and cost >= best[0]):
            continue
        if assess(applied(later, facts)).statuses.get(therapy) == _ELIGIBLE:
            best = (cost, wait, later, facts)
    if best is None:
        return _nothing(assessment, therapy, _why_not(assessment, therapy))
    _, wait, later, facts = best
    for fact in facts:
        # One fact may bring another by what it implies, which only the engine knows.
        fewer = tuple(other for other in facts if other != fact)
        if assess(applied(later, fewer)).statuses.get(therapy) == _ELIGIBLE:
            facts = fewer
    rows = _told(later, facts, wait)
    text = "; ".join(f"{row['label']}: {row['value']}" for row in rows)
    return {"possible": True, "facts": rows, "text": text, "why_not": None}


def _moments(waits: list[Decimal]) -> list[Decimal]:
    """A moment at each threshold and one just after it, since a bound may exclude its own value."""
    after = [w + Decimal("0.5") for w in waits]
    return sorted({*waits, *after})
