"""Who says what of a therapy: each statement with those that report it as one voice, and what has ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from guidegraph.assess.assessment import (
    AGAINST,
    FALSE,
    FOR,
    GENERALLY,
    OTHER,
    TRUTH_ORDER,
    Assessment,
)
from guidegraph.knowledge import describe
from guidegraph.knowledge.records import Records, gg

if TYPE_CHECKING:
    from guidegraph.forms import Recommendation

#: The roles of recommendations towards a therapy.
_RECOMMENDING = (FOR, GENERALLY, AGAINST, OTHER)
#: Those of them in which a voice that has ended stays on the entry.
_STAYING = (FOR, AGAINST, OTHER)
_FIRST_STATED = ("primaryStatement", "restates")


def described(assessment: Assessment, make: Callable[..., Any], statement: str, truth: str | None = None) -> Any:
    """What a statement says, put into words once for a knowledge base, with its truth for this patient.

    What is inside is shared: every answer is copied before it is given away.
    """
    known = assessment.records.described
    key = (make.__name__, statement)
    if key not in known:
        known[key] = (
            make(assessment.records, statement, "") if truth is not None else make(assessment.records, statement)
        )
    return known[key] if truth is None else {**known[key], "truth": truth}


def ordered(assessment: Assessment, statements: Iterable[str]) -> list[str]:
    """True statements first, then unknown, then false; by label and identity within."""
    label, truth, rows = assessment.filed.records.label, assessment.truth, list(statements)
    return rows if len(rows) <= 1 else sorted(rows, key=lambda s: (TRUTH_ORDER.get(truth(s), 3), label(s), s))


def through(assessment: Assessment, therapy: str, statement: str) -> str | None:
    """The part of a combination through which a statement concerns it; None where it is about all of it or a class."""
    about = assessment.records.one(statement, "intervention")
    if not about or about in assessment.records.ancestors.get(therapy, frozenset((therapy,))):
        return None
    return assessment.records.label(about)


def voices(assessment: Assessment, therapy: str, statements: Iterable[str]) -> list[Recommendation]:
    """The voices of some statements on a therapy: a statement with those that report or repeat it is one.

    True ones first, then unknown, then false; within, those of the best standing and strength first.
    """
    records, among = assessment.records, frozenset(statements)
    if not among:
        return []
    reporters: dict[str, set[str]] = {}
    for statement in among:
        reporters.setdefault(_speaker(records, statement, among), set()).add(statement)
    label, truth = assessment.filed.records.label, assessment.truth

    def place(statement: str) -> tuple[int, int, int, str, str]:
        standing, strength = records.weight(statement)
        return TRUTH_ORDER.get(truth(statement), 3), -standing, -strength, label(statement), statement

    rows = reporters if len(reporters) == 1 else sorted(reporters, key=place)
    return [_voice(assessment, therapy, s, reporters[s] - {s}) for s in rows]


def speakers(records: Records, statements: Iterable[str]) -> set[str]:
    """One statement for each voice: those that report or repeat another one of them are left away."""
    among = frozenset(statements)
    return {_speaker(records, statement, among) for statement in among}


def _speaker(records: Records, statement: str, among: frozenset[str]) -> str:
    """The statement of ``among`` that another one of them reports or repeats, in the end."""
    if len(among) == 1:
        return statement
    passed = {statement}
    while True:
        earlier = (p for name in _FIRST_STATED if (p := records.one(statement, name)) in among and p not in passed)
        first = next(earlier, None)
        if first is None:
            return statement
        statement = first
        passed.add(first)


def _voice(assessment: Assessment, therapy: str, statement: str, reporters: Iterable[str]) -> Recommendation:
    key = ("voice", statement, *sorted(reporters))
    row: Recommendation = assessment.once(key, lambda: _spoken(assessment, statement, key[2:]))
    part = through(assessment, therapy, statement)
    return {**row, "through": part} if part else row


def _spoken(assessment: Assessment, statement: str, reporters: Iterable[str]) -> Recommendation:
    records = assessment.records
    row: Recommendation = described(assessment, describe.recommendation, statement, assessment.truth(statement))
    own = records.one(statement, "statedIn")
    others = sorted({d for s in reporters if (d := records.one(s, "statedIn")) != own})
    row["reported_by"], row["through"] = [describe.document(records, d) for d in others], None
    return row


def ended(assessment: Assessment, therapy: str) -> list[Recommendation]:
    """The voices on a therapy that a later edition ended which was not read on it, but for those of other patients and
    of other problems: what spoke of another one took no side on this one while it held either."""
    records = assessment.records
    edges = records.edges.get(therapy, {})
    standing = assessment.once(("ended",), lambda: _standing(assessment))
    gone = {s for role in _STAYING for s in edges.get(role, ()) if s in standing}
    if not gone:
        return []
    reaching = {s for role in _RECOMMENDING for s in edges.get(role, ())}
    rows: list[Recommendation] = []
    for statement in ordered(assessment, gone):
        later = standing[statement]
        if _addressed(records, therapy, reaching, later):
            continue
        truth = assessment.truth(records.criterion(statement))
        row: Recommendation = described(assessment, describe.recommendation, statement, truth)
        row["standing"] = records.code(gg("EndedStanding"))
        row["reported_by"], row["through"] = [], through(assessment, therapy, statement)
        row["because"] = f"its later edition was not read on this: {'; '.join(map(records.label, later))}"
        rows.append(row)
    return rows


def _standing(assessment: Assessment) -> dict[str, list[str]]:
    """What a later edition ended and speaks of such patients and this problem, with the later editions."""
    records, truth = assessment.records, assessment.truth
    spoken = (s for s in assessment.ended if truth(records.criterion(s)) != FALSE and _of_problem(assessment, s))
    return {s: later for s in spoken if (later := _later_editions(records, records.one(s, "statedIn")))}


def _of_problem(assessment: Assessment, statement: str) -> bool:
    """Whether a statement speaks of the problem asked about; what states no indication speaks of every one."""
    about, speaks_of = assessment.asked.about, assessment.records.indications.get(statement, ())
    return not about or not speaks_of or any(assessment.records.same_problem(a, b) for a in about for b in speaks_of)


def _later_editions(records: Records, document: str) -> list[str]:
    """The later editions of a document that are here, in whatever circle they supersede each other."""
    found: dict[str, None] = {}
    waiting = [document]
    while waiting:
        newer = [d for d in records.all(waiting.pop(), "supersededBy") if d in records.nodes and d not in found]
        found.update(dict.fromkeys(newer))
        waiting += newer
    return sorted(d for d in found if d != document)


def _addressed(records: Records, therapy: str, reaching: set[str], documents: list[str]) -> bool:
    """Whether one of the documents says something of the therapy, or considered it."""
    if any(records.one(s, "statedIn") in documents for s in reaching):
        return True
    above = records.ancestors.get(therapy, frozenset((therapy,)))
    return any(not above.isdisjoint(records.considered.get(document, ())) for document in documents)


def against_but_for_coverage(assessment: Assessment, therapy: str) -> list[Recommendation]:
    """The statements against a therapy that fail by nothing but what a coverage rule is about, where one applies."""
    rules = assessment.coverage.get(therapy, frozenset()) | assessment.coverage_marks.get(therapy, frozenset())
    held = assessment.held(rules)
    if not held:
        return []
    records = assessment.records
    about = {
        (atom.prop, atom.cls)
        for rule in held
        for branch in records.branches.get(records.criterion(rule), ())
        for iri, _ in branch
        if (atom := assessment.atom(iri)).prop
    }

    def alone(statement: str) -> bool:
        for branch in records.branches.get(records.criterion(statement), ()):
            failed = [assessment.atom(a) for a, positive in branch if assessment.literal_truth(a, positive) == FALSE]
            if failed and all((atom.prop, atom.cls) in about for atom in failed):
                return True
        return False

    against = (s for s in assessment.statements(therapy, AGAINST) if assessment.truth(s) == FALSE and alone(s))
    return voices(assessment, therapy, against)
