"""Words and marks that all views share."""

from __future__ import annotations

import json
import textwrap
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from math import nan
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from guidegraph.forms import Alert, Asked, Contraindication, OtherProblem, Problem, Question, Recommendation, Source
    from guidegraph.readforms import Imprecise, OtherEntry, Reading, Unused

DISCLAIMER = "Decision support for professionals; no substitute for clinical judgement or the sources themselves."
#: What is said of a drug that the patient takes and something speaks against.
STARTING = "the advice is about starting it"
SHORT_DISCLAIMER = "Decision support for professionals, not advice."
WIDTH = 80
#: Terms that an entry leaves unknown of which a view names so many, and counts the rest.
_LEFT = 8


def read_words(row: Reading) -> str:
    """How a code of another terminology was read: as which terms of ours."""
    label = f" ({row['label']})" if row["label"] else ""
    told = [c["label"] for c in row["present"] or row["absent"]]
    told += [f"not tolerated: {c['label']}" for c in row["not_tolerated"]]
    return f"{row['code']}{label} as {', '.join(told)}"


def unused_words(rows: Sequence[Unused]) -> str:
    """What nothing here uses, by the keys of the profile."""
    keys = dict.fromkeys(row["key"] for row in rows)
    return "; ".join(f"{key}: {', '.join(row['text'] for row in rows if row['key'] == key)}" for key in keys)


def other_entry_words(row: OtherEntry) -> str:
    """An entry that is none of our terms, and what its list leaves unknown for it."""
    label = f"{row['label']} ({row['code']})" if row["label"] else row["code"]
    said = f"{label}, not used by any statement here"
    left = [one["label"] for one in row["leaves_unknown"]]
    more = f" and {len(left) - _LEFT} more" if len(left) > _LEFT else ""
    return f"{said}. It leaves unknown: {', '.join(left[:_LEFT])}{more}" if left else said


def clean(text: Any) -> str:
    """Text without control, format or bidirectional characters, which a hostile file could have put there."""
    told = str(text)
    if told.isprintable():
        return told
    return "".join(c if not unicodedata.category(c).startswith("C") else " " for c in told)


def wrap(text: str, indent: str = "", first: str | None = None) -> list[str]:
    """Text wrapped at the width of an answer, continuation lines indented."""
    opening = indent if first is None else first
    return textwrap.wrap(
        clean(text),
        WIDTH,
        initial_indent=opening,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [opening]


def partly_dated(rows: Sequence[Imprecise]) -> list[str]:
    """What may not be in effect at the day, its date known only to the year or month, as at most one sentence."""
    return [clean(f"dates known in part: {'; '.join(row['text'] for row in rows)}")] if rows else []


def rule(title: str, mark: str = "-") -> list[str]:
    """A heading of a text view: an empty line, then the title and a line to the width of an answer."""
    return ["", f"{title} ".ljust(WIDTH, mark)]


def year(document: Mapping[str, Any]) -> str:
    """The year of issue, or that none is stated."""
    issued = str(document["issued"])
    return issued[:4] if issued[:4].isdigit() else "date not stated"


def source(document: Mapping[str, Any], reports: Sequence[Mapping[str, Any]] | None = None) -> str:
    """A document with its year, kind and country, and the document that it reports."""
    country = f", {'/'.join(document['jurisdiction'])}" if document.get("jurisdiction") else ""
    text = f"{document['label']} ({year(document)}, {document['kind']}{country})"
    if reports:
        text += " reporting " + "; ".join(f"{d['label']} ({year(d)}, {d['kind']})" for d in reports)
    return text


def address_words(row: Source) -> str:
    """Where people find a document, or that no address of its own is known, and where one was sought."""
    return ", ".join(row["addresses"]) or "; ".join(["no address of its own is known", *row["sought"]])


def sources_lines(rows: Sequence[Source]) -> list[str]:
    """The documents that an answer names, each once, with their addresses."""
    lines = rule(f"Sources ({len(rows)})") if rows else []
    return lines + [line for row in rows for line in wrap(f"{row['label']}: {address_words(row)}", "      ", "  ")]


def strength(rec: Recommendation) -> str:
    """Strength and certainty of a recommendation, the source's words beside the reading."""
    implied = ", implied" if rec["implied"] else ""
    return f'strength {rec["strength"]} ("{rec["strength_wording"]}"{implied}), certainty {rec["certainty"]}'


def how(rec: Recommendation) -> str:
    """Dose, route, duration, urgency, co-prescription and monitoring, as far as stated."""
    stated = [f"{key.replace('_', '-')}: {value}" for key, value in rec["how"].items() if value != "not stated"]
    return "; ".join([*stated, *map(attached_words, rec["attached"])])


def attached_words(text: str) -> str:
    """What a recommendation holds only with, or but for what."""
    return text.replace("only without: ", "except ", 1)


def attached_inside(text: str) -> str:
    """The same inside a sentence or brackets, where what it holds with needs no word."""
    return attached_words(text).replace("only with: ", "", 1)


def place(rec: Recommendation) -> str:
    """Where a statement stands, with the window of its section; "" where its document does not tell."""
    section = rec["section"]
    window = f"(section of {section['window']})" if section and section["window"] else ""
    told = rec["locator"] if rec["locator"] != "not stated" else ""
    return f"{told} {window}".strip()


def holding_words(because: str) -> str:
    """By which facts of the patient something holds, after its name; "" where none are told."""
    return f" - here: {because}" if because else ""


def warning(row: Contraindication) -> str:
    """A contraindication or warning in one line."""
    parts = [row["kind"]]
    if not row["degree_stated"]:
        parts.append("degree not stated")
    if row["class_reading"]:
        parts.append(row["class_reading"])
    if row["consent_or_procedure"]:
        parts.append("a matter of consent or procedure")
    country = f" [{'/'.join(row['jurisdiction'])}]" if row["jurisdiction"] else ""
    issued = f"{row['document']['label']} ({year(row['document'])})"
    held = holding_words(row["because"])
    return f"{row['label']} ({'; '.join(parts)}){country}{held} - {row['reason']} Source: {issued}"


def to_json(data: Any) -> str:
    """The data as indented JSON with a trailing newline; keys stay in the order of the answer."""
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def plural(count: int, word: str) -> str:
    """A number of things by the word for one of them."""
    return f"{count} {word}{'' if count == 1 else 's'}"


def to_lines(data: Mapping[str, Any]) -> str:
    """An object as JSON with a line for each entry of its lists and objects, and for each row of its tables; keys stay
    in their order."""

    parts: list[str] = []

    def entries(value: Any) -> None:
        if isinstance(value, dict) and value:
            whole = "rows" in value
            parts.append("{\n")
            for key, one in value.items():
                parts.append(f"{_text(key)}:")
                entries(one) if whole and key == "rows" else parts.append(_text(one))
                parts.append(",\n")
            parts[-1] = "\n}"
        else:
            parts.append(_lines(value) if isinstance(value, list) and value else _text(value))

    for key, value in data.items():
        parts.append(f"{',' if parts else '{'}\n{_text(key)}:")
        entries(value)
    return "".join((*parts, "\n}\n"))


_text = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _lines(values: list[Any]) -> str:
    """A list as JSON, each value on its line: encoded at once, with what no JSON has between them, which is quicker."""
    between = [nan] * (2 * len(values) - 1)
    between[::2] = values
    told = _text(between)
    if told.count(",NaN,") == len(values) - 1:
        return f"[\n{told[1:-1].replace(',NaN,', ',' + chr(10))}\n]"
    return "[\n" + ",\n".join(map(_text, values)) + "\n]"


def boundary_words(status: str, text: str) -> str:
    """That a therapy is positive only where definitions of a term differ."""
    return f"{status} only where definitions differ: {text}"


def problem_words(problem: Problem) -> list[str]:
    """Of which problem an answer is, in sentences, and what was taken for granted."""
    names = ", ".join(row["label"] for row in problem["conditions"])
    return [*([f"Problem: {names}."] if names else []), *problem["notes"]]


def other_words(rows: Sequence[OtherProblem]) -> list[str]:
    """What speaks of other problems, in sentences: of conditions that the patient has, then of others."""

    def counted(held: bool) -> str:
        return ", ".join(f"{row['label']} ({row['recommendations']})" for row in rows if row["held"] is held)

    said = []
    if counted(True):
        said.append(f"Of the patient's other problems: {counted(True)}. Name one as the problem to see them.")
    if counted(False):
        said.append(f"Of conditions that the patient is not known to have: {counted(False)}.")
    return said


def alert_words(row: Alert) -> tuple[str, str, str] | None:
    """An alert as a word, its label and what is said of it; None for one that is absent and was attended to by nobody.

    One that was examined is told with every sign, each answered by itself.
    """
    if row["truth"] == "false" and not row["attended"]:
        return None
    told = "; ".join(row["facts"])
    if row["attended"]:
        told = "; ".join(f"{sign['label']} ({_FOUND[sign['truth']]})" for sign in row["signs"])
    if row["truth"] == "true":
        word = f"Alert, {row['attended']}" if row["attended"] else "Alert"
        return word, row["label"], told
    if row["attended"]:
        return "Examined", row["label"], told
    signs = [sign for sign in row["signs"] if sign["key"] != "conditions"]
    if signs and all(sign["truth"] == "false" for sign in signs):
        return "Ask about", row["label"], f"its signs are absent; whether it was diagnosed is not stated: {told}"
    return "Ask about", row["label"], f"not asked: {told}"


_FOUND = {"true": "yes", "false": "no", "unknown": "not recorded"}
_ANSWERED = {"true": "yes", "false": "no", "unknown": "not asked"}


def question_words(row: Question) -> str:
    """A question; of an alert every sign, each with its answer."""
    if not row["signs"]:
        return row["label"]
    signs = "; ".join(f"{sign['label']} ({_ANSWERED[sign['truth']]})" for sign in row["signs"])
    return f"{row['label']}, each sign: {signs}"


def bearing_words(row: Question) -> str:
    """What the answer to a question could change."""
    number = f"{row['families']} famil{'y' if row['families'] == 1 else 'ies'} of therapies"
    mark = "alert" if row["alert"] else "absolute" if row["absolute"] else ""
    return ", ".join(filter(None, (number, mark, row["decides"])))


def beside(answer: Asked) -> Iterator[tuple[str, str]]:
    """What stands before the therapies beside the alerts: entries that are none of our terms, flags to weigh, what is
    taken now, and what was left out.

    Each is a word and a sentence.
    """
    for entry in answer["others"]:
        yield "none of our terms", other_entry_words(entry)
    for flag in answer["flags"]:
        yield "to weigh", f"{flag['label']} ({'; '.join(d['label'] for d in flag['documents'])})"
    for drug in answer["taken_now"]:
        yield "takes now", f"{drug['label']}: {'; '.join(drug['because'])} ({STARTING})"
    left = answer["left_out"]
    if left is not None:
        moved = [f"{row['label']} from {row['with']} to {row['without']}" for row in left["moved"]]
        told = "; ".join(moved) or "no status"
        yield (
            "left out",
            f"{left['recommendations']} recommendations, kept: {' and '.join(left['kept'])}; moved: {told}",
        )
