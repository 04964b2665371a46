"""The answer for one patient as plain data: alerts, therapies with their reasons, questions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from guidegraph import namespaces as ns
from guidegraph.assess.alerts import alerts, attended
from guidegraph.assess.assessment import (
    ABSOLUTE,
    AGAINST,
    CAUTIONED,
    FALSE,
    FOR,
    GENERALLY,
    INACTIVE,
    LEFT_OUT,
    OTHER,
    TRUE,
    Assessment,
)
from guidegraph.assess.course import banner, every_trial, flags, taken_now
from guidegraph.assess.followed import others, read_terms, unused
from guidegraph.assess.problem import indications, other_problems, problem
from guidegraph.assess.questions import Open, alert_signs_only, every_open_statement, questions, to_establish
from guidegraph.assess.voices import against_but_for_coverage, described, ended, ordered, speakers, voices
from guidegraph.assess.warned import contraindications, holding, stated_elsewhere
from guidegraph.knowledge import describe
from guidegraph.knowledge.records import gg
from guidegraph.model import STATUSES

if TYPE_CHECKING:
    from guidegraph.forms import (
        Assessed,
        Ground,
        KnowledgeDigest,
        LeftOut,
        Member,
        Moved,
        NamedDigest,
        PairDisagreement,
        Recommendation,
        Therapy,
        Tried,
    )

#: The mark of a therapy of which nothing is recorded that contraindicates it.
UNFILED = "contraindications not on file"
#: The disagreements between true statements for a therapy and true ones against it.
Behind = Callable[[Iterable[str], Iterable[str]], "list[PairDisagreement]"]
_NO_LINE = 99
#: The kind of the ground of a therapy for which only recommendations for another problem speak.
OTHER_PROBLEM = "other problem"


def _line(assessment: Assessment, statements: Iterable[str]) -> int | None:
    lines = [number for s in statements if (number := describe.line(assessment.records, s)) is not None]
    return min(lines, default=None)


def _because(assessment: Assessment, statement: str) -> str:
    """Why a statement is true or false for the patient: its deciding literals, in words."""
    return assessment.once(("because", statement), lambda: _decided(assessment, statement))


def _decided(assessment: Assessment, statement: str) -> str:
    if assessment.truth(statement) == TRUE:
        return holding(assessment, statement) or attended(assessment, statement) or ""
    branches = assessment.records.branches.get(assessment.records.criterion(statement), ())
    failed = [assessment.words(a, p) for b in branches for a, p in b if assessment.literal_truth(a, p) == FALSE]
    return "; ".join(dict.fromkeys(failed))


def _ground(assessment: Assessment, statement: str, kind: str, verb: str = "") -> Ground:
    return assessment.once(("ground", statement, kind, verb), lambda: _sentence(assessment, statement, kind, verb))


def _sentence(assessment: Assessment, statement: str, kind: str, verb: str) -> Ground:
    records = assessment.records
    document = records.one(statement, "statedIn")
    issued = records.issued_of(statement)
    year = f", {issued[:4]}" if issued[:4].isdigit() else ""
    reported = "; ".join(records.label(d) for d in records.all(statement, "reports"))
    source = f"{records.label(document)}{year}" + (f", reporting {reported}" if reported else "")
    because = _because(assessment, statement)
    said = f"{verb or kind}: {records.label(statement)} [{source}]" + (f" - {because}" if because else "")
    return {"kind": kind, "statement": describe.name(statement), "text": said}


def _grounds(assessment: Assessment, therapy: str) -> list[Ground]:
    """Why the therapy has its status, sentence by sentence: everything true, and for "not indicated" what failed."""
    rows: list[Ground] = []

    def add(statements: Iterable[str], truth: str, kind: str, verb: str = "") -> None:
        if held := [s for s in statements if assessment.truth(s) == truth]:
            spoken = ordered(assessment, speakers(assessment.records, held))
            rows.extend(_ground(assessment, s, _aside(assessment, therapy, s) or kind, verb) for s in spoken)

    if therapy in assessment.linked:
        reading = assessment.linked[therapy]
        classes = ", ".join(assessment.records.label(c) for c in reading.present)
        rows.append(
            {"kind": "counts as", "statement": None, "text": f"counts as {classes}: {'; '.join(reading.steps)}"}
        )
    for role, kind in ((ABSOLUTE, "contraindicated"), (AGAINST, "advised against"), (FOR, "recommended")):
        add(assessment.statements(therapy, role), TRUE, kind)
    cautions = (c for c in assessment.cautions(therapy) if assessment.truth(c) == TRUE)
    rows += [_ground(assessment, c, _caution_word(assessment, c)) for c in cautions]
    for label in sorted(map(assessment.records.label, assessment.not_tolerated.get(therapy, ()))):
        rows.append({"kind": "not tolerated", "statement": None, "text": f"not tolerated: {label}"})
    add(assessment.statements(therapy, OTHER), TRUE, "looked", "looked and took no side")
    recommended, opposed = assessment.statements(therapy, FOR), assessment.statements(therapy, AGAINST)
    if assessment.statuses[therapy] == "not-indicated":
        add(recommended, FALSE, "failed", "recommended only for other patients, which fails on")
        add(opposed, FALSE, "failed", "advised against only for other patients, which fails on")
        elsewhere = [s for s in _reaching(assessment, therapy) if s in assessment.elsewhere]
        for statement in ordered(assessment, elsewhere):
            said = f"speaks of another problem ({indications(assessment.records, statement)})"
            rows.append(_ground(assessment, statement, OTHER_PROBLEM, said))
        if not recommended and not opposed and not elsewhere:
            said = "no document in the knowledge base recommends it or advises against it"
            rows.append({"kind": "silence", "statement": None, "text": said})
    general = [s for s in assessment.statements(therapy, GENERALLY) if assessment.truth(s) != FALSE]
    if not recommended and general:
        general_of = {assessment.records.label(assessment.records.one(s, "intervention")) for s in general}
        named = assessment.records.label(therapy)
        said = f"recommended for {', '.join(sorted(general_of))} in general; no source here names {named}"
        rows.append({"kind": "in general", "statement": None, "text": said})
    if therapy in assessment.unfiled:
        said = f"{UNFILED}: none is recorded for it or its class"
        rows.append({"kind": "not on file", "statement": None, "text": said})
    return rows


def _reaching(assessment: Assessment, therapy: str) -> list[str]:
    """The statements for and against a therapy, whether they count or not."""
    edges = assessment.records.edges.get(therapy, {})
    return [statement for role in (FOR, AGAINST) for statement in edges.get(role, ())]


def _aside(assessment: Assessment, therapy: str, statement: str) -> str:
    """Why a true statement against a therapy is not counted as one, "" where it is."""
    if assessment.truth(statement) != TRUE:
        return ""
    if statement in assessment.in_general.get(therapy, ()):
        return "advised against in general, which does not hold up what the alert calls for"
    if statement in assessment.limits.get(therapy, ()):
        return "limited by"
    return "both apply, for different indications" if statement in assessment.apart.get(therapy, ()) else ""


def _caution_word(assessment: Assessment, caution: str) -> str:
    if caution in assessment.records.alerts:
        return "alert"
    kind = assessment.records.code(assessment.records.one(caution, "kind"), "")
    return f"{kind} contraindication" if kind == "relative" else kind or "not covered"


def _members(assessment: Assessment, therapy: str) -> list[Member]:
    members = assessment.records.edges.get(therapy, {}).get("member", ())
    rows: list[Member] = [
        {
            "intervention": assessment.name(m),
            "label": assessment.records.label(m),
            "status": assessment.statuses[m],
        }
        for m in members
        if m in assessment.statuses
    ]
    return sorted(rows, key=lambda row: (row["label"], row["intervention"]))


def _behind(assessment: Assessment, therapy: str, held: list[str], behind: Behind) -> list[PairDisagreement]:
    if assessment.statuses[therapy] != "contested":
        return []
    return behind(held, [s for s in assessment.opposing(therapy) if assessment.truth(s) == TRUE])


def therapy_entry(
    assessment: Assessment,
    therapy: str,
    unknown: list[Open],
    behind: Behind,
    boundary: Iterable[str] = (),
    trials: Mapping[str, list[Tried]] | None = None,
) -> Therapy:
    """One therapy of the answer, with everything that is said for and against it.

    Args:
        unknown: its open facts (:func:`~guidegraph.assess.questions.open_statements`).
        behind: finds the disagreements behind its status.
        boundary: the terms on which definitions differ, where it is positive only there.
        trials: those of every therapy, where they were found before.
    """
    records = assessment.records
    label, category = records.classes.get(therapy, (records.label(therapy), ""))
    reading = assessment.linked.get(therapy)
    recommended = assessment.statements(therapy, FOR)
    held = [s for s in recommended if assessment.truth(s) == TRUE]
    evidence = ordered(assessment, assessment.statements(therapy, "evidence"))
    compared = ordered(assessment, assessment.statements(therapy, "compared"))
    establish = to_establish(assessment, unknown)
    grounds = _grounds(assessment, therapy)
    return {
        "intervention": assessment.name(therapy),
        "label": label,
        "coded": describe.reading(reading, assessment.records.label) if reading else None,
        "category": category or "other",
        "status": assessment.statuses[therapy],
        "alert_signs_only": alert_signs_only(assessment, therapy),
        "called_for": sorted(records.label(alert) for alert in assessment.urgent(therapy)),
        "line": _line(assessment, held or recommended),
        "for": voices(assessment, therapy, recommended),
        "against": voices(assessment, therapy, assessment.opposing(therapy)),
        "other_stances": voices(assessment, therapy, assessment.statements(therapy, OTHER)),
        "in_general": voices(assessment, therapy, assessment.statements(therapy, GENERALLY)),
        "contraindications": contraindications(assessment, therapy),
        "stated_elsewhere": stated_elsewhere(assessment, therapy),
        "limits": voices(assessment, therapy, assessment.limits.get(therapy, ())),
        "both_apply": voices(assessment, therapy, assessment.apart.get(therapy, ())),
        "against_but_for_coverage": against_but_for_coverage(assessment, therapy),
        "ended": ended(assessment, therapy),
        "boundary": list(boundary),
        "marks": _marks(assessment, therapy),
        "tried": list((every_trial(assessment) if trials is None else trials).get(therapy, ())),
        "evidence": [described(assessment, describe.evidence, s) for s in evidence],
        "comparisons": [described(assessment, describe.comparison, s, assessment.truth(s)) for s in compared],
        "members": _members(assessment, therapy),
        "confirm": [f"{f['label']} ({'; '.join(f['why'])})" if f["why"] else f["label"] for f in establish],
        "establish": establish,
        "reasons": [ground["text"] for ground in grounds],
        "grounds": grounds,
        "disagreements": _behind(assessment, therapy, held, behind),
    }


def _marks(assessment: Assessment, therapy: str) -> list[str]:
    """What is printed with a therapy and changes no status."""
    rules = sorted(assessment.coverage_marks.get(therapy, ()), key=assessment.filed.records.label)
    marks = [assessment.records.label(rule) for rule in rules]
    return [*marks, assessment.said("unfiled", UNFILED)] if therapy in assessment.unfiled else marks


def ranked(assessment: Assessment, trials: Mapping[str, list[Tried]] | None = None) -> list[str]:
    """All therapies of the answer: what a true alert calls for first, then by status, standing, strength and line.

    What an alert calls for itself stands before what recommendations on it do. Within a status, what waits for
    nothing but the signs of alerts comes before the rest, a true contraindication or warning before mere lack of
    coverage, and what was tried without success after what was not. ``trials`` are those of every therapy, where they
    were found before.
    """
    records = assessment.records
    order = {code: at for at, code in enumerate(STATUSES)}
    made = every_trial(assessment) if trials is None else trials

    def rank(therapy: str) -> tuple[Any, ...]:
        recommended = assessment.statements(therapy, FOR)
        held = [s for s in recommended if assessment.truth(s) == TRUE] or recommended
        line = _line(assessment, held)
        cautioned = any(assessment.truth(s) == TRUE for s in assessment.statements(therapy, CAUTIONED))
        return (
            not assessment.urgent(therapy),
            not any(therapy in records.all(alert, "callsFor") for alert in assessment.urgent(therapy)),
            order[assessment.statuses[therapy]],
            not alert_signs_only(assessment, therapy),
            assessment.statuses[therapy] == "caution" and not cautioned,
            any(trial["itself"] and trial["in_vain"] for trial in made.get(therapy, ())),
            -max((records.rank(records.standing(s)) for s in held), default=0),
            -max((records.rank(records.readings.get(s, "")) for s in held), default=0),
            line if line is not None else _NO_LINE,
            -max((records.rank(records.one(s, "certainty")) for s in held), default=0),
            assessment.filed.records.label(therapy),
            therapy,
        )

    return sorted(assessment.statuses, key=rank)


def _not_in_effect(assessment: Assessment) -> list[Recommendation]:
    wanted, nodes = gg("Recommendation"), assessment.records.nodes
    ended = [
        s
        for s in assessment.because
        if s not in assessment.elsewhere and wanted in nodes.get(s, {}).get(ns.RDF + "type", ())
    ]
    rows: list[Recommendation] = []
    for statement in ordered(assessment, ended):
        row: Recommendation = described(assessment, describe.recommendation, statement, INACTIVE)
        row["because"] = assessment.because[statement]
        rows.append(row)
    return rows


def _left_out(assessment: Assessment, baseline: Mapping[str, str]) -> LeftOut | None:
    """How many voices the reader left out, and which statuses that moved; None where none was to be left out."""
    if not assessment.asked.voices:
        return None
    moved: list[Moved] = [
        {
            "intervention": assessment.name(therapy),
            "label": assessment.records.label(therapy),
            "without": status,
            "with": baseline[therapy],
        }
        for therapy, status in sorted(assessment.statuses.items())
        if baseline[therapy] != status
    ]
    count = sum(why in LEFT_OUT for why in assessment.because.values())
    return {
        "kept": sorted(assessment.asked.voices),
        "recommendations": count,
        "moved": sorted(moved, key=lambda row: (row["label"], row["intervention"])),
    }


def answer(
    assessment: Assessment,
    *,
    profile_digest: str,
    knowledge: KnowledgeDigest,
    software: str,
    queries: list[NamedDigest],
    behind: Behind,
    baseline: Mapping[str, str] | None = None,
    boundary: Mapping[str, Iterable[str]] | None = None,
) -> Assessed:
    """The whole answer in the published JSON form (schema/therapies.schema.json), but for the list of its documents.

    What it holds is shared with other answers: copy it before it is given away. ``baseline``: the statuses with every
    voice, where the reader left out some; ``boundary``: on which terms definitions differ, where that alone is for it.
    """
    profile, unknown, trials = assessment.profile, every_open_statement(assessment), every_trial(assessment)
    return {
        "as_of": assessment.as_of.isoformat(),
        "profile": {"id": profile.id, "label": profile.label, "digest": profile_digest},
        "problem": problem(assessment),
        "knowledge": knowledge,
        "jurisdiction": assessment.jurisdiction,
        "banner": banner(assessment),
        "alerts": alerts(assessment),
        "flags": flags(assessment),
        "taken_now": taken_now(assessment),
        "left_out": _left_out(assessment, baseline or assessment.statuses),
        "therapies": [
            therapy_entry(assessment, t, unknown[t], behind, (boundary or {}).get(t, ()), trials)
            for t in ranked(assessment, trials)
        ],
        "other_problems": other_problems(assessment),
        "not_in_effect": _not_in_effect(assessment),
        "questions": questions(assessment, unknown),
        "not_understood": list(dict.fromkeys(text for _, text in profile.not_understood)),
        "unread": describe.unread(assessment.records),
        "imprecise": describe.imprecise(assessment.records, assessment.as_of),
        "readings": [
            describe.reading(reading, assessment.records.label)
            for reading in profile.readings
            if reading.understood or reading.curie not in {other.code for other in profile.others}
        ],
        "by_reading": read_terms(assessment),
        "unused": unused(assessment),
        "others": others(assessment),
        "software": software,
        "queries": queries,
    }
