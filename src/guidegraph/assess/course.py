"""What is told of the patient's course beside the statuses: what was tried, what is taken now, flags, and ages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from guidegraph import namespaces as ns
from guidegraph.assess.assessment import ABSOLUTE, CAUTIONED, FALSE, LEFT_OUT, TRUE, Assessment
from guidegraph.assess.warned import harms
from guidegraph.knowledge import describe
from guidegraph.knowledge.describe import iri_of
from guidegraph.knowledge.records import gg
from guidegraph.model import TrialFact
from guidegraph.termreadings import TAKEN, plain

if TYPE_CHECKING:
    from guidegraph.forms import Flag, TakenNow, Tried


def every_trial(assessment: Assessment) -> Mapping[str, list[Tried]]:
    """The trials of each therapy, or of what is below it; a trial says nothing of the members of what was tried."""
    rows: dict[str, list[TrialFact]] = defaultdict(list)
    for trial in assessment.profile.trials_present:
        for therapy in assessment.records.ancestors.get(trial.of, (trial.of,)):
            rows[therapy].append(trial)
    return {
        therapy: [_tried(assessment, therapy, t) for t in sorted(made, key=lambda t: (t.of != therapy, _key(t)))]
        for therapy, made in rows.items()
    }


#: The outcomes of a trial that brought nothing.
_IN_VAIN = (gg("Failed"), gg("NotTolerated"))


def _key(trial: TrialFact) -> tuple[str, str, str]:
    return (trial.of, trial.outcome or "", str(trial.weeks or ""))


def _tried(assessment: Assessment, therapy: str, trial: TrialFact) -> Tried:
    records = assessment.records
    itself = trial.of == therapy
    return {
        "intervention": describe.name(trial.of),
        "label": records.label(trial.of),
        "outcome": _outcome(assessment, trial),
        "in_vain": trial.outcome in _IN_VAIN,
        "weeks": float(trial.weeks) if trial.weeks is not None else None,
        "itself": itself,
        "text": assessment.said("tried", "tried: {}", _course(assessment, therapy, trial)),
    }


def _outcome(assessment: Assessment, trial: TrialFact) -> str:
    return assessment.records.label(trial.outcome) if trial.outcome else assessment.said("running", "running")


def _course(assessment: Assessment, therapy: str, trial: TrialFact) -> str:
    """What became of a trial, in words."""
    told = _outcome(assessment, trial)
    if trial.weeks is not None:
        one = trial.weeks == 1
        weeks = assessment.said("in-week" if one else "in-weeks", "{} week" if one else "{} weeks", plain(trial.weeks))
        told = f"{told}, {weeks}"
    if trial.of != therapy:
        told = assessment.said("through", "{} (through {})", told, assessment.records.label(trial.of))
    return told


def trials_made(assessment: Assessment) -> list[str]:
    """The trials of the problem in words, for questions on care taken as a whole."""
    rows = sorted(assessment.profile.trials_present, key=_key)
    told = (_course(assessment, t.of, t) for t in rows)
    return [f"{assessment.records.label(t.of)} ({text})" for t, text in zip(rows, told, strict=True)]


def taken_now(assessment: Assessment) -> list[TakenNow]:
    """Every current medication that a true contraindication, warning or advice against it reaches, with what does."""
    records = assessment.records
    rows: list[TakenNow] = []
    for drug in sorted(assessment.profile.present.get(gg("takesMedication"), ())):
        held = [*assessment.statements(drug, ABSOLUTE), *assessment.statements(drug, CAUTIONED)]
        held += assessment.opposing(drug)
        told = [
            f"{kind_word(assessment, s)}: {_speaks(assessment, s)} [{records.label(records.one(s, 'statedIn'))}]"
            for s in sorted(held, key=lambda s: (records.label(s), s))
            if assessment.truth(s) == TRUE and not by_itself(assessment, drug, s)
        ]
        told += [f"not tolerated: {text}" for text in harms(assessment, drug)]
        if told:
            rows.append({"intervention": assessment.name(drug), "label": records.label(drug), "because": told})
    label = assessment.filed.records.label
    return sorted(rows, key=lambda row: (label(iri_of(row["intervention"])), row["intervention"]))


def by_itself(assessment: Assessment, drug: str, statement: str) -> bool:
    """Whether a statement on a drug that is taken holds for nothing but that it is taken.

    "Beside a drug of that class" is said of the others: a member of it that is taken alone is none beside itself.
    """
    records, taken = assessment.records, assessment.settled.profile.present.get(TAKEN, frozenset())

    def itself(iri: str, positive: bool) -> bool:
        atom = assessment.atom(iri)
        if not positive or atom.prop != TAKEN:
            return False
        return {t for t in taken if atom.cls in records.ancestors.get(t, (t,))} == {drug}

    branches = records.branches.get(records.criterion(statement), ())
    held = [branch for branch in branches if assessment.branch_truth(branch) == TRUE]
    return bool(held) and all(any(itself(*literal) for literal in branch) for branch in held)


def kind_word(assessment: Assessment, statement: str) -> str:
    """What speaks against a drug is called by its kind: a warning, or advice against it."""
    records = assessment.records
    kind = records.one(statement, "kind")
    if assessment.filing is not None:
        return records.label(kind or ns.GGA + "advised-against")
    return records.code(kind, "advised against")


def _speaks(assessment: Assessment, statement: str) -> str:
    """What speaks against a drug: the label of the statement, in plain words the facts by which it holds."""
    facts = [assessment.book.label(assessment.atom(iri), positive) for iri, positive in assessment.held_by(statement)]
    return (", ".join(facts) if assessment.filing is not None else "") or assessment.records.label(statement)


def flags(assessment: Assessment) -> list[Flag]:
    """The flags to weigh that the patient shows: ages, histories and risk factors that do not alone call for acting.

    What the patient has stands before what everybody of an age or a duration shares.
    """
    records = assessment.records
    rows: list[Flag] = [
        {
            "id": describe.name(flag),
            "label": records.label(flag),
            "documents": [describe.document(records, d) for d in records.all(flag, "statedIn")],
        }
        for flag in records.flags
        if assessment.truth(flag) == TRUE
    ]
    label = assessment.filed.records.label

    def shared(row: Flag) -> bool:
        return not any(assessment.atom(iri).cls for iri, positive in assessment.held_by(iri_of(row["id"])) if positive)

    return sorted(rows, key=lambda row: (shared(row), label(iri_of(row["id"])), row["id"]))


_BANNER = "Age {} is outside the age range of every guideline here that states one ({}): they are for patients of {}."


def banner(assessment: Assessment) -> str | None:
    """That the patient's age is outside the range of every guideline that states one; None where it is inside one."""
    records, age = assessment.records, assessment.profile.values.get(gg("ageYears"))
    if age is None:
        return None
    ranges: dict[str, set[str]] = {}
    for statement, of in records.guideline_recommendations:
        if statement in assessment.inactive and assessment.because.get(statement) not in LEFT_OUT:
            continue
        atoms = (a for branch in records.branches.get(records.criterion(statement), ()) for a, held in branch if held)
        ranges.setdefault(of, set()).update(a for a in atoms if assessment.atom(a).prop == gg("ageYears"))
    stated = {of: atoms for of, atoms in ranges.items() if atoms}
    if not stated or any(assessment.truth(a) != FALSE for atoms in stated.values() for a in atoms):
        return None
    told = _ranges(assessment, {a for atoms in stated.values() for a in atoms})
    count = len(stated)
    ranges_told = assessment.said("either", "{} or {}", ", ".join(told[:-1]), told[-1]) if told[1:] else told[0]
    return assessment.said("banner", _BANNER, plain(age), str(count), ranges_told)


def _ranges(assessment: Assessment, atoms: Iterable[str]) -> list[str]:
    return sorted({assessment.book.range(assessment.atom(a), "years") for a in atoms})
