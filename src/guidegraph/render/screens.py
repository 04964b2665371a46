"""First screens of what is asked beside therapies: what to find out, who disagrees, two documents, an audit."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from guidegraph.render.audit import baseline_notes, counted, unrun
from guidegraph.render.glance import alerts_held, signs_asked
from guidegraph.render.screen import Part, Row, one_row, screen_markdown, screen_text, some
from guidegraph.words import SHORT_DISCLAIMER, partly_dated, plural, problem_words, year

if TYPE_CHECKING:
    from guidegraph import comparisons
    from guidegraph.forms import Asked, Question

#: Voices of a side, flags, facts that may do the same, indications, and findings of a kind that are named.
_VOICES, _FLAGS, _FACTS, _NAMED, _FOUND = 6, 2, 5, 3, 3
#: Characters of whom two voices both mean that a first screen has room for.
_WHOM = 85


def questions_screen(answer: Asked) -> str:
    """What to find out about a patient, as text: signs of alerts first, then what answers may do."""
    return screen_text(*_questions(answer))


def questions_screen_markdown(answer: Asked) -> str:
    """The same as Markdown."""
    return screen_markdown(*_questions(answer))


def _questions(answer: Asked) -> tuple[list[Part], str]:
    title = answer["profile"]["label"] or answer["profile"]["id"]
    told = [answer["banner"] or "", f"Ask next: {title}. As of {answer['as_of']}", *problem_words(answer["problem"])]
    parts = [Part("", [Row([text]) for text in told if text])]
    parts += one_row("NOT UNDERSTOOD", "; ".join(answer["not_understood"]), 0)
    parts += [*alerts_held(answer["alerts"]), *signs_asked(answer["alerts"])]
    parts += one_row("TO WEIGH", some([flag["label"] for flag in answer["flags"]], _FLAGS))
    own = [question for question in answer["questions"] if not question["alert"]]
    parts += [Part("ASK NEXT", rows, 8)] if (rows := _decided(own)) else []
    alerts = len(answer["questions"]) - len(own)
    end = plural(len(own), "question") + (f" and {plural(alerts, 'alert')}" if alerts else "")
    return parts, f"{end}; --full has each with the key of a profile that answers it. {SHORT_DISCLAIMER}"


def _decided(questions: Sequence[Question]) -> list[Row]:
    """A row for each thing that answers may do, in the order of the first question that may, and the facts."""
    rows: dict[str, list[Question]] = {}
    for question in questions:
        rows.setdefault(question["decides"], []).append(question)
    return [
        Row(
            [f"{decides}{_more(asked)}: {asked[0]['label']}" if decides else asked[0]["label"], *_rest(asked)],
            cut=max(0, len(asked) - _FACTS),
        )
        for decides, asked in rows.items()
    ]


def _rest(asked: Sequence[Question]) -> list[str]:
    return [question["label"] for question in asked[1:_FACTS]]


def _more(questions: Sequence[Question]) -> str:
    families = max(question["families"] for question in questions)
    return f" (+{families - 1})" if families > 1 else ""


def disagreements_screen(data: comparisons.Disagreements) -> str:
    """The controversies as text: who is for and against, for whom they meet, what explains it."""
    return screen_text(*_disagreements(data))


def disagreements_screen_markdown(data: comparisons.Disagreements) -> str:
    """The same as Markdown."""
    return screen_markdown(*_disagreements(data))


def _disagreements(data: comparisons.Disagreements) -> tuple[list[Part], str]:
    found = len(data["controversies"])
    policy = f", sides by {data['policy']}" if data["policy"] else ""
    head = [f"Controversies: {found}{policy}. As of {data['as_of']}", *partly_dated(data["imprecise"])]
    parts = [Part("", [Row([text]) for text in head])]
    rows = [Row([f"{at}. {_controversy(one)}"]) for at, one in enumerate(data["controversies"], start=1)]
    parts += [Part("WHO DISAGREES", rows, 20)] if rows else []
    counts = ", ".join(f"{number} {verdict}" for verdict, number in data["counts"].items() if number)
    whole = "--full has each with its voices, --pairs the pairs that differ"
    return parts, f"Pairs: {counts or 'none'}. {whole[0].upper()}{whole[1:]}. {SHORT_DISCLAIMER}"


def _controversy(one: comparisons.Controversy) -> str:
    """What is contested, who stands where, and for whom both sides speak."""
    whom = some([row["label"] for row in one["indications"]], _NAMED, ", ")
    told = one["title"][:1].upper() + one["title"][1:] + (f" for {whom}" if whom else "")
    return f"{told}: {_sides(one)}{_meeting(one)}{_apart(one)}"


def _sides(one: comparisons.Controversy) -> str:
    sides = (("for", one["sides"]["for"]), ("against", one["sides"]["against"]), ("declined", one["sides"]["declined"]))
    return "; ".join(f"{side} {some(names, _VOICES, ', ')}" for side, voices in sides if (names := _names(voices)))


def _names(voices: Sequence[comparisons.Voice]) -> list[str]:
    return list(dict.fromkeys(map(_voice, voices)))


def _voice(voice: comparisons.Voice) -> str:
    return voice["name"] if voice["strength"] == "none stated" else f"{voice['name']} {voice['strength']}"


def _apart(one: comparisons.Controversy) -> str:
    """Which voices of the two sides speak of other patients, and so are not at odds."""
    sides = [{voice["name"] for voice in one["sides"][side]} for side in ("for", "against")]
    pairs = dict.fromkeys(tuple(row["names"]) for row in one["seeming"] if row["verdict"] == "apparent")
    told = [f"{a} and {b}" for a, b in pairs if {a, b} & sides[0] and {a, b} & sides[1]]
    return f". Not at odds: {some(told, 1, ', ')}" if told else ""


def _meeting(one: comparisons.Controversy) -> str:
    """For whom the first voices of both sides speak, where a line says it, and how many others meet."""
    met = [(meeting["name"], each["name"], each["whom"]) for meeting in one["meet"] for each in meeting["each"]]
    told = [f". {a} and {b} meet in {whom}" for a, b, whom in met if len(whom) <= _WHOM]
    if not told:
        return f". They meet in {plural(len(met), 'pair')}" if met else ""
    return told[0] + (f"; +{plural(len(met) - 1, 'pair')}" if len(met) > 1 else "")


def compare_screen(data: comparisons.Pair) -> str:
    """Two documents as text: where they differ, where they agree, what only one addresses."""
    return screen_text(*_compared(data))


def compare_screen_markdown(data: comparisons.Pair) -> str:
    """The same as Markdown."""
    return screen_markdown(*_compared(data))


def _compared(data: comparisons.Pair) -> tuple[list[Part], str]:
    head = [f"{side}: {data[side]['label']} ({year(data[side])}; {data[side]['status']})" for side in ("a", "b")]
    relation = "; ".join(data["relation"]) or "no relation recorded"
    told = [*head, f"As of {data['as_of']}; {relation}", *partly_dated(data["imprecise"])]
    parts = [Part("", [Row([text]) for text in told])]
    differing = [Row([row["label"]], f": {row['text'].rstrip('.')}") for row in data["disagreements"]]
    parts += [Part("DIFFER", differing, 6)] if differing else []
    agreed = dict.fromkeys(f"{same['a']['stance']} {same['a']['label']}" for same in data["agreements"])
    parts += [Part("AGREE", [Row(list(agreed))], 4)] if agreed else []
    apart = list(dict.fromkeys(row["label"] for row in data["apart"]))
    parts += [Part("OTHER PATIENTS", [Row(apart)], 3)] if apart else []
    for side, only in (("ONLY A", data["only_a"]), ("ONLY B", data["only_b"])):
        stances = sorted({row["stance"] for row in only}, key=lambda stance: (stance != "for", stance))
        rows = [Row([f"{_words(s)}: {names[0]}", *names[1:]]) for s in stances if (names := _labels(only, s))]
        parts += [Part(side, rows, 3)] if rows else []
    counts = f"{plural(len(data['interventions']), 'intervention')}; {plural(len(differing), 'pair')} at odds"
    agreeing = plural(len(data["agreements"]), "pair")
    return parts, f"{counts}, {agreeing} agreeing; --full has who says what of each. {SHORT_DISCLAIMER}"


def _words(stance: str) -> str:
    return stance.replace("-", " ")


def _labels(rows: Sequence[comparisons.Only], stance: str) -> list[str]:
    return [row["label"] for row in rows if row["stance"] == stance]


def audit_screen(data: dict[str, Any]) -> str:
    """An audit as text: each kind of finding with how many there are, where, and how to mend it, the gravest first."""
    return screen_text(*_audited(data))


def audit_screen_markdown(data: dict[str, Any]) -> str:
    """The same as Markdown."""
    return screen_markdown(*_audited(data))


def _audited(data: dict[str, Any]) -> tuple[list[Part], str]:
    summary = data["summary"]
    about = f" of {summary['document']}" if summary["document"] else ""
    parts = [Part("", [Row([f"Audit{about} as of {summary['as_of']}: {counted(data)}"])])]
    parts += [Part("NOT RUN", [Row([text]) for text in unrun(data)], 0)] if unrun(data) else []
    parts += [Part("BASELINE", [Row([text]) for text in baseline_notes(data)], 1)] if baseline_notes(data) else []
    for severity, found in groupby(data["findings"], key=lambda row: str(row["severity"])):
        rows = [_kind(list(group)) for _, group in groupby(found, key=lambda row: row["kind"])]
        parts.append(Part(severity.upper(), rows, {"error": 12, "warning": 6}.get(severity, 2)))
    if data["corroboration"]:
        counts = data["corroboration"]["counts"].items()
        parts += one_row("PRIMARIES SAY", ", ".join(f"{count} {verdict}" for verdict, count in counts if count))
    looked = f"{summary['documents']} documents, {summary['statements']} statements"
    return (
        parts,
        f"{looked}, {len(summary['kinds'])} kinds of check; --full has each finding with its evidence and its id.",
    )


def _kind(rows: Sequence[dict[str, Any]]) -> Row:
    where = list(dict.fromkeys(row["label"] for row in rows))
    mend = rows[0]["mend"].partition(";")[0].rstrip(".")
    return Row([f"{rows[0]['title']} ({len(rows)}): {some(where, _FOUND)}"], f" - {mend[:1].lower()}{mend[1:]}")
