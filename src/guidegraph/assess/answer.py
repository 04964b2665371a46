"""The answer for one patient as plain data: alerts, therapies with their reasons, questions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

from guidegraph import namespaces as ns
from guidegraph.assess.alerts import alerts
from guidegraph.assess.assessment import CAUTIONED, FOR, INACTIVE, LEFT_OUT, Assessment
from guidegraph.assess.course import banner, every_trial, flags, taken_now
from guidegraph.assess.entry import Behind, Entry, line
from guidegraph.assess.followed import others, read_terms, unused
from guidegraph.assess.problem import other_problems, problem
from guidegraph.assess.questions import alert_signs_only, every_open_statement, questions
from guidegraph.assess.voices import described, ordered
from guidegraph.knowledge import describe
from guidegraph.knowledge.records import gg
from guidegraph.model import STATUSES

if TYPE_CHECKING:
    from guidegraph.forms import Assessed, KnowledgeDigest, LeftOut, Moved, NamedDigest, Recommendation, Therapy, Tried

_NO_LINE = 99


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
        held = assessment.held(recommended) or recommended
        line_of, weights = line(assessment, held), [records.weight(s) for s in held]
        cautioned = assessment.held(assessment.statements(therapy, CAUTIONED))
        return (
            not assessment.urgent(therapy),
            not any(therapy in records.all(alert, "callsFor") for alert in assessment.urgent(therapy)),
            order[assessment.statuses[therapy]],
            not alert_signs_only(assessment, therapy),
            assessment.statuses[therapy] == "caution" and not cautioned,
            any(trial["itself"] and trial["in_vain"] for trial in made.get(therapy, ())),
            -max((standing for standing, _ in weights), default=0),
            -max((strength for _, strength in weights), default=0),
            line_of if line_of is not None else _NO_LINE,
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

    What it holds is shared with other answers, and its therapies are put into words when they are read
    (:class:`~guidegraph.assess.entry.Entry`): copy it before it is given away. ``baseline``: the statuses with every
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
            cast("Therapy", Entry(assessment, t, unknown[t], behind, (boundary or {}).get(t, ()), trials.get(t, ())))
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
