"""The answer for one patient as plain data: alerts, therapies with their reasons, questions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from guidegraph import namespaces as ns
from guidegraph.assess.assessment import (
    ABSOLUTE,
    AGAINST,
    CAUTIONED,
    FALSE,
    FOR,
    INACTIVE,
    NOTED,
    OTHER,
    TRUE,
    UNKNOWN,
    Assessment,
)
from guidegraph.assess.questions import questions, to_confirm
from guidegraph.knowledge import describe
from guidegraph.knowledge.records import gg
from guidegraph.model import CodeReading

_NO_LINE = 99
_ORDER = {TRUE: 0, UNKNOWN: 1, FALSE: 2}


def _strength(found: Assessment, statements: Iterable[str]) -> int:
    return max((found.records.rank(found.records.readings.get(s, "")) for s in statements), default=0)


def _certainty(found: Assessment, statements: Iterable[str]) -> int:
    return max((found.records.rank(found.records.one(s, "certainty")) for s in statements), default=0)


def _line(found: Assessment, statements: Iterable[str]) -> int | None:
    lines = [number for s in statements if (number := describe.line(found.records, s)) is not None]
    return min(lines, default=None)


def _sorted(found: Assessment, statements: Iterable[str]) -> list[str]:
    """True statements first, then unknown, then false; by label and identity within."""
    return sorted(statements, key=lambda s: (_ORDER.get(found.truth(s), 3), found.records.label(s), s))


def _recommendations(found: Assessment, statements: Iterable[str]) -> list[dict[str, Any]]:
    return [_recommendation(found, s) for s in _sorted(found, statements)]


def _recommendation(found: Assessment, statement: str) -> dict[str, Any]:
    """A REC, described once for an assessment although it bears on many therapies."""
    if statement not in found.described:
        found.described[statement] = describe.recommendation(found.records, statement, found.truth(statement))
    return found.described[statement]


def _contraindications(found: Assessment, therapy: str) -> list[dict[str, Any]]:
    records = found.records
    own = [s for role in (ABSOLUTE, CAUTIONED) for s in found.statements(therapy, role)]
    rows = [describe.contraindication(records, s, found.truth(s)) for s in _sorted(found, own)]
    for rule in sorted(found.coverage.get(therapy, ())):
        carrying = [s for s in found.statements(therapy, FOR) if found.truth(s) == TRUE]
        documents = sorted({records.one(s, "statedIn") for s in carrying})
        rows.append(describe.coverage(records, rule, documents, found.truth(rule)))
    notes = _sorted(found, found.statements(therapy, NOTED))
    return rows + [describe.contraindication(records, s, TRUE) for s in notes]


def _because(found: Assessment, statement: str) -> str:
    """Why a statement is true or false for the patient: its deciding literals, in words."""
    branches = found.records.branches.get(found.records.population(statement), ())
    truth = found.truth(statement)
    if truth == TRUE:
        held = next((b for b in branches if found.branch_truth(b) == TRUE), ())
        return "; ".join(found.book.label(found.atom(a), positive) for a, positive in held)
    failed: list[str] = []
    for branch in branches:
        literals = [(a, p) for a, p in branch if found.literal_truth(a, p) == FALSE]
        failed += [found.book.label(found.atom(a), p) for a, p in literals]
    return "; ".join(dict.fromkeys(failed))


def _reason(found: Assessment, statement: str, verb: str) -> str:
    records = found.records
    document = records.one(statement, "statedIn")
    issued = records.issued(document)
    year = f", {issued[:4]}" if issued[:4].isdigit() else ""
    reported = "; ".join(records.label(d) for d in records.all(statement, "reports"))
    source = f"{records.label(document)}{year}" + (f", reporting {reported}" if reported else "")
    because = _because(found, statement)
    return f"{verb}: {records.label(statement)} [{source}]" + (f" - {because}" if because else "")


def _reasons(found: Assessment, therapy: str) -> list[str]:
    """Sentences that say why the therapy has its status: everything true, and for "not indicated" what failed."""
    texts = []
    if therapy in found.linked:
        reading = found.linked[therapy]
        classes = ", ".join(found.records.label(c) for c in reading.present)
        texts.append(f"counts as {classes}: {'; '.join(reading.steps)}")
    for role, verb in ((ABSOLUTE, "contraindicated"), (AGAINST, "advised against"), (FOR, "recommended")):
        held = [s for s in found.statements(therapy, role) if found.truth(s) == TRUE]
        texts += [_reason(found, s, _aside(found, therapy, s) or verb) for s in _sorted(found, held)]
    for caution in found.cautions(therapy):
        if found.truth(caution) == TRUE:
            texts.append(_reason(found, caution, _caution_word(found, caution)))
    if found.statuses[therapy] == "not-indicated":
        others = [s for s in found.statements(therapy, FOR) if found.truth(s) == FALSE]
        texts += [
            _reason(found, s, "recommended only for other patients, which fails on") for s in _sorted(found, others)
        ]
        spared = [s for s in found.statements(therapy, AGAINST) if found.truth(s) == FALSE]
        texts += [
            _reason(found, s, "advised against only for other patients, which fails on") for s in _sorted(found, spared)
        ]
        if not found.statements(therapy, FOR) and not found.statements(therapy, AGAINST):
            texts.append("no document in the knowledge base recommends it or advises against it")
    if therapy in found.unfiled:
        texts.append("contraindications not on file: none is recorded for it or its class")
    return texts


def _aside(found: Assessment, therapy: str, statement: str) -> str:
    """Why a statement against a therapy is not counted as one, "" where it is."""
    if statement in found.limits.get(therapy, ()):
        return "limited by"
    return "both apply, for different indications" if statement in found.apart.get(therapy, ()) else ""


def _caution_word(found: Assessment, caution: str) -> str:
    if caution in found.records.alerts:
        return "alert"
    kind = found.records.code(found.records.one(caution, "kind"), "")
    return f"{kind} contraindication" if kind == "relative" else kind or "not covered"


def _coded(found: Assessment, therapy: str) -> dict[str, Any] | None:
    """How a therapy that is a code of another terminology was read, None for one of ours."""
    reading = found.linked.get(therapy)
    return _reading(found, reading) if reading else None


def _reading(found: Assessment, reading: CodeReading) -> dict[str, Any]:
    def classes(iris: Iterable[str]) -> list[dict[str, str]]:
        return [{"id": describe.name(iri), "label": found.records.label(iri)} for iri in iris]

    return {
        "code": reading.curie,
        "label": reading.label,
        "present": classes(reading.present),
        "absent": classes(reading.absent),
        "steps": list(reading.steps),
    }


def _members(found: Assessment, therapy: str) -> list[dict[str, Any]]:
    members = found.records.edges.get(therapy, {}).get("member", ())
    rows = [
        {"intervention": found.name(m), "label": found.records.label(m), "status": found.statuses[m]}
        for m in members
        if m in found.statuses
    ]
    return sorted(rows, key=lambda row: (row["label"], row["intervention"]))


def therapy_entry(found: Assessment, therapy: str) -> dict[str, Any]:
    """One therapy of the answer, with everything that is said for and against it."""
    records = found.records
    label, category = records.classes.get(therapy, (records.label(therapy), ""))
    recommended = found.statements(therapy, FOR)
    held = [s for s in recommended if found.truth(s) == TRUE]
    compared = _sorted(found, found.statements(therapy, "compared"))
    return {
        "intervention": found.name(therapy),
        "label": label,
        "coded": _coded(found, therapy),
        "category": category or "other",
        "status": found.statuses[therapy],
        "line": _line(found, held or recommended),
        "for": _recommendations(found, recommended),
        "against": _recommendations(found, found.opposing(therapy)),
        "other_stances": _recommendations(found, found.statements(therapy, OTHER)),
        "contraindications": _contraindications(found, therapy),
        "limits": _recommendations(found, found.limits.get(therapy, ())),
        "both_apply": _recommendations(found, found.apart.get(therapy, ())),
        "evidence": [describe.evidence(records, s) for s in _sorted(found, found.statements(therapy, "evidence"))],
        "comparisons": [describe.comparison(records, s, found.truth(s)) for s in compared],
        "members": _members(found, therapy),
        "confirm": to_confirm(found, therapy),
        "reasons": _reasons(found, therapy),
    }


def _rank(found: Assessment, therapy: str) -> tuple[Any, ...]:
    records = found.records
    recommended = found.statements(therapy, FOR)
    held = [s for s in recommended if found.truth(s) == TRUE] or list(recommended)
    line = _line(found, held)
    return (
        -found.rank_of_status(therapy),
        line if line is not None else _NO_LINE,
        -_strength(found, held),
        -_certainty(found, held),
        records.label(therapy),
        therapy,
    )


def ranked(found: Assessment) -> list[str]:
    """All therapies of the answer, by status, then line, strength, certainty and label."""
    return sorted(found.statuses, key=lambda therapy: _rank(found, therapy))


def _alerts(found: Assessment) -> list[dict[str, Any]]:
    records = found.records
    rows = []
    for alert in records.alerts:
        truth = found.truth(alert)
        if truth == INACTIVE:
            continue
        literals = {(a, p) for b in records.branches.get(records.population(alert), ()) for a, p in b}
        told = [found.book.label(found.atom(a), p) for a, p in literals if found.literal_truth(a, p) in (truth, TRUE)]
        verb = {TRUE: "present", UNKNOWN: "ask about", FALSE: "known to be absent"}[truth]
        rows.append(
            {
                "id": describe.name(alert),
                "label": records.label(alert),
                "truth": truth,
                "reasons": [f"{verb}: {text}" for text in sorted(told)],
                "calls_for": [records.label(c) for c in records.all(alert, "callsFor")],
                "documents": [describe.document(records, d) for d in records.all(alert, "statedIn")],
                "locator": describe.locator(records, alert),
            }
        )
    return sorted(rows, key=lambda row: (_ORDER[row["truth"]], row["label"], row["id"]))


def _not_in_effect(found: Assessment) -> list[dict[str, Any]]:
    wanted = gg("Recommendation")
    ended = [s for s in found.because if wanted in found.records.nodes.get(s, {}).get(ns.RDF + "type", ())]
    return [
        {**describe.recommendation(found.records, s, INACTIVE), "because": found.because[s]}
        for s in _sorted(found, ended)
    ]


def answer(
    found: Assessment,
    *,
    profile_digest: str,
    knowledge: Mapping[str, Any],
    software: str,
    queries: list[dict[str, str]],
) -> dict[str, Any]:
    """The whole answer in the published JSON form (schema/therapies.schema.json)."""
    return {
        "as_of": found.as_of.isoformat(),
        "profile": {"id": found.profile.id, "label": found.profile.label, "digest": profile_digest},
        "knowledge": dict(knowledge),
        "jurisdiction": found.jurisdiction,
        "alerts": _alerts(found),
        "therapies": [therapy_entry(found, therapy) for therapy in ranked(found)],
        "not_in_effect": _not_in_effect(found),
        "questions": questions(found),
        "not_understood": list(dict.fromkeys(text for _, text in found.profile.not_understood)),
        "readings": [_reading(found, reading) for reading in found.profile.readings],
        "software": software,
        "queries": queries,
    }
