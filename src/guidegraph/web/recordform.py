"""The form of a patient's facts: what is known as fields with their values, whatever is unknown as empty ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from guidegraph import namespaces as ns
from guidegraph.intake.form import plain
from guidegraph.model import Profile, TermRow
from guidegraph.profile import Vocabulary
from guidegraph.web.record import EVENTS, NO, TERMS, YES, Fields, Owner

_LISTS = {
    "conditions": "conditions",
    "findings": "findings",
    "medications": "medications",
    "trials": "trials of therapies",
    "stopped_medications": "stopped medications",
    "done": "tests and procedures done",
    "supplies": "supplies of drugs",
}


_WORDS = {
    "trials": ("tried", "not tried"),
    "stopped_medications": ("stopped", "not stopped"),
    "done": ("done", "not done"),
    "supplies": ("supplied", "not supplied"),
}


@dataclass(frozen=True)
class Field:
    """One field: its name and words, its value ("" where unknown), the values to choose from, and its unit."""

    name: str
    label: str
    value: str
    options: tuple[tuple[str, str], ...] = ()
    unit: str = ""


@dataclass(frozen=True)
class Line:
    """A fact that is shown as a line and can be taken out: ``path`` says where it stands."""

    path: str
    text: str


@dataclass(frozen=True)
class RecordForm:
    """Everything that the form shows; ``facts`` have yes, no or unknown as values."""

    label: str
    numbers: tuple[Field, ...]
    choices: tuple[Field, ...]
    has: tuple[Field, ...]
    lacks: tuple[Field, ...]
    lines: tuple[Line, ...]
    complete: tuple[tuple[str, str, bool], ...]
    problems: tuple[str, ...]
    outcomes: tuple[tuple[str, str], ...]


def record_form(profile: Profile, terms: Vocabulary, place: int, typed: Fields) -> RecordForm:
    """The form of a record.

    Args:
        profile: the record.
        terms: what things are called.
        place: which of its problems is asked about, where there are several.
        typed: what was filled in and could not be taken over, by the name of the field; it is shown again.
    """
    data = plain(profile, terms)
    own = Owner(place)
    facts = list(_facts(data, profile, terms, typed))
    problems = [", ".join(_label(of, profile, terms) for of in _all(one["of"])) for one in data.get("problems", ())]
    return RecordForm(
        profile.label,
        tuple(_numbers(data, own, terms, typed)),
        tuple(_choices(data, own, terms)),
        tuple(field for field in facts if field.value == YES),
        tuple(field for field in facts if field.value != YES),
        tuple(_lines(data, own, profile, terms)),
        tuple(
            (key, label, bool(own.listed(data, key).get(key, {}).get("complete")))
            for key, label in _LISTS.items()
            # What few criteria ask for is shown where the record has some.
            if key not in ("done", "supplies") or key in data
        ),
        tuple(problems) if len(problems) > 1 else (),
        tuple((row.label, row.label) for row in terms.of_kind("outcome")),
    )


def _all(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def _label(entry: str, profile: Profile, terms: Vocabulary) -> str:
    row = terms.by_iri.get(ns.expand(entry) or entry)
    if row is not None:
        return row.label
    known = {other.code: other.name for other in profile.others}
    for reading in profile.readings:
        read = ", ".join(terms.label(iri) for iri in reading.present or reading.absent)
        known[reading.curie] = f"{read} ({reading.curie})" if read else reading.name
    return known.get(entry, entry)


def _numbers(data: Mapping[str, Any], own: Owner, terms: Vocabulary, typed: Fields) -> Iterator[Field]:
    # What belongs to the problem stands first.
    rows = sorted((row for row in terms.of_kind("number") if row.key), key=lambda r: (not r.problem_key, r.label))
    for row in rows:
        holder, key = own.key(dict(data), row)
        value = holder.get(key)
        name = f"number:{row.key}"
        shown = "" if value is None else f"{value.normalize():f}" if hasattr(value, "normalize") else str(value)
        yield Field(name, _words(row), typed.get(name, (shown,))[0], unit=_range(row))


def _words(row: TermRow) -> str:
    return _capital(row.short or row.label)


def _capital(text: str) -> str:
    """A text with a capital at its beginning, but for names such as eGFR."""
    first = text.split(" ", 1)[0]
    return text if first != first.lower() else text[:1].upper() + text[1:]


def _range(row: TermRow) -> str:
    return "" if row.low is None or row.high is None else f"{row.low.normalize():f} to {row.high.normalize():f}"


def _choices(data: Mapping[str, Any], own: Owner, terms: Vocabulary) -> Iterator[Field]:
    keyed: dict[str, list[TermRow]] = {}
    for row in terms.of_kind("condition", "finding"):
        if row.key:
            keyed.setdefault(row.key, []).append(row)
    for key, rows in sorted(keyed.items(), reverse=True):
        values = [(row.key_value, row.key_value) for row in rows if row.key_value] or [("true", "yes"), ("false", "no")]
        value = data.get(key)
        shown = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        label = key if any(row.key_value for row in rows) else rows[0].label
        yield Field(f"choice:{key}", _capital(label), shown, tuple(values))
    target = own.of(dict(data))
    for row in terms.of_kind("condition", "finding"):
        if row.problem_key and not row.key and "problems" in data:
            values = [(row.problem_value, row.problem_value), *((one, one) for one in row.problem_denials)]
            key = row.problem_key
            yield Field(f"choice:{key}", _capital(key), str(target.get(key, "")), tuple(values))


def _facts(data: Mapping[str, Any], profile: Profile, terms: Vocabulary, typed: Fields) -> Iterator[Field]:
    for key in TERMS:
        for side, word in (("present", YES), ("absent", NO)):
            for listed in data.get(key, {}).get(side, ()):
                entry = listed["of"] if isinstance(listed, dict) else listed
                name = f"fact:{key}:{entry}"
                label = _label(entry, profile, terms)
                yield Field(name, f"takes {label}" if key == "medications" else label, typed.get(name, (word,))[0])


def _lines(data: Mapping[str, Any], own: Owner, profile: Profile, terms: Vocabulary) -> Iterator[Line]:
    def named(entry: str) -> str:
        return _label(entry, profile, terms)

    for key in EVENTS:
        lists = own.listed(dict(data), key).get(key, {})
        for side in ("present", "absent"):
            for at, event in enumerate(lists.get(side, ())):
                yield Line(f"{key}/{side}/{at}", _event(key, side, event, named))
    for key in (*TERMS, *EVENTS):
        lists = data.get(key, {})
        for side in ("not_understood", "unread_values"):
            for at, text in enumerate(lists.get(side, ())):
                yield Line(f"{key}/{side}/{at}", f"not understood: {text}")
    for at, entry in enumerate(data.get("not_tolerated", ())):
        words = f" ({entry['said']})" if isinstance(entry, dict) else ""
        of = entry["of"] if isinstance(entry, dict) else entry
        yield Line(f"not_tolerated/-/{at}", f"not tolerated: {named(of)}{words}")
    for side, entries in data.get("alerts", {}).items():
        for at, entry in enumerate(entries):
            row = terms.by_iri.get(ns.expand(entry) or entry)
            yield Line(f"alerts/{side}/{at}", f"{side.replace('_', ' ')}: {row.label if row else entry}")


def _event(key: str, side: str, event: Mapping[str, Any], named: Any) -> str:
    told = [named(event["of"])]
    if "weeks" in event:
        told.append(f"{event['weeks']:f} weeks")
    if "days" in event:
        told.append(
            f"{'within ' if side == 'absent' else ''}{event['days']:f} days{'' if side == 'absent' else ' ago'}"
        )
    if "outcome" in event:
        told.append(named(event["outcome"]))
    elif key == "trials" and side == "present":
        told.append("still running")
    if "days_from" in event:
        told.append(f"{event['days_from']:f} to {event['days_to']:f} days ago")
    told += [f"for {event['supplied']:f} days"] if "supplied" in event else []
    told += [f"value {event['value']:f}"] if "value" in event else []
    for part, verb in (("shows", "showed"), ("lacks", "did not show")):
        told += [f"{verb} {', '.join(map(named, event[part]))}"] if part in event else []
    word = _WORDS[key][side == "absent"]
    return f"{word}: {', '.join(told)}"
