"""The facts of a patient as the page holds them: read from text or FHIR, changed by what was filled in or clicked.

The record is the profile as it was stated, without what its facts imply, so that a changed fact leaves nothing behind.
The page sends it whole with every question; nothing of it is kept here.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from guidegraph import namespaces as ns
from guidegraph.errors import GuideGraphError, ProfileError
from guidegraph.intake.form import plain
from guidegraph.model import Profile, TermRow
from guidegraph.profile import Vocabulary, parse_profile_text
from guidegraph.profile.parse import parse_value
from guidegraph.profile.strict import from_plain

if TYPE_CHECKING:
    from guidegraph.api import KnowledgeBase
    from guidegraph.intake.report import IntakeReport

#: What was filled in, by the name of the field; a name may be there more than once.
Fields = Mapping[str, Sequence[str]]
YES, NO, NEVER = "yes", "no", "never"
#: The lists whose entries are single terms, those whose entries have parts, and the parts that are numbers.
TERMS = ("conditions", "findings", "medications")
EVENTS = ("trials", "stopped_medications", "done", "supplies")
#: The lists whose entries have the days since.
DATED = ("stopped_medications", "done", "supplies")
#: What may be said of an alert, and the keys whose entries are lines that can be taken out.
ATTENDED = ("examined", "acted_on")
_DROPPED = (*TERMS, *EVENTS, "not_tolerated", "alerts")
_FHIR = re.compile(r'\s*[{\[].*?"resourceType"\s*:', re.DOTALL)
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?\Z")
_STATES = ("conditions", "findings")
#: A change to the record, as a function of its mapping.
Edit = Callable[[dict[str, Any]], None]


@dataclass
class Changed:
    """A record after changes: those that could be made, and what is wrong with the others, by the name of the field."""

    profile: Profile
    faults: dict[str, str] = field(default_factory=dict)
    edits: int = 0


def from_text(kb: KnowledgeBase, text: str) -> tuple[Profile, IntakeReport | None]:
    """A record that was pasted or dropped: a profile in any of its forms, or FHIR, with the report on its entries.

    Raises:
        ProfileError, TermError: it cannot be read; the message has the line.
    """
    if _FHIR.match(text):
        reading = kb.profile_from_fhir(text, where="record")
        return reading.profile, reading.report
    profile = parse_profile_text(text, "", kb.vocabulary, where="line")
    kb.profile(profile)
    return profile, None


def changed(kb: KnowledgeBase, profile: Profile, fields: Fields, place: int) -> Changed:
    """The record with what was filled in; each change is held against the rest, and one that cannot be is told.

    Args:
        kb: gives the terms, and what facts imply and exclude.
        profile: the record before.
        fields: what was filled in.
        place: which of its problems the form was of, where there are several.
    """
    result = Changed(profile)
    data = plain(profile, kb.vocabulary)
    _tidy(data)
    for name, edit in _edits(kb.vocabulary, Owner(place), fields):
        tried = copy.deepcopy(data)
        try:
            edit(tried)
            _tidy(tried)
            if tried == data:
                continue
            stated = parse_value(from_plain(tried, "record"), kb.vocabulary)
            kb.profile(stated)
        except GuideGraphError as error:
            result.faults[name] = f"{error.what.rstrip('.')}. {error.mend}".strip()
            continue
        data, result.profile, result.edits = tried, stated, result.edits + 1
    return result


def _edits(terms: Vocabulary, own: Owner, fields: Fields) -> Iterator[tuple[str, Edit]]:
    """What is to be changed, each under the name of its field, in the order of the page; other fields say nothing."""
    numbers = {row.key: row for row in terms.of_kind("number") if row.key}
    choices = {row.key: None for row in terms.of_kind("condition", "finding") if row.key}
    owned = {row.problem_key: own for row in terms.of_kind("condition", "finding") if row.problem_key and not row.key}
    for name, values in fields.items():
        kind, _, rest = name.partition(":")
        text = values[0].strip()
        if kind in ("number", "ask") and rest in numbers and not (kind == "ask" and not text):
            yield name, partial(_set_number, own, numbers[rest], text)
        elif kind == "choice" and rest in choices | owned:
            yield name, partial(_set_choice, (choices | owned)[rest], rest, text)
        elif kind == "fact" and rest.partition(":")[0] in TERMS:
            key, _, entry = rest.partition(":")
            yield name, partial(state, key, entry, text)
        elif kind == "drop":
            # The last first, so that the others stay where they are.
            paths = [path for path in values if path.partition("/")[0] in _DROPPED]
            yield from ((name, partial(_drop, own, path)) for path in sorted(paths, key=_last, reverse=True))
        elif kind == "complete-shown":
            yield name, partial(_complete, own, fields.get("complete", ()))
    yield from _added(own, fields)
    for value in fields.get("answer", ()):
        yield "answer", partial(_answered, terms, own, value, fields)
    for value in fields.get("attend", ()):
        word, _, alert = value.partition("|")
        if word in ATTENDED:
            yield "attend", partial(_attended, word, alert)


@dataclass(frozen=True)
class Owner:
    """Where in a record stands what belongs to a problem: with the problem at a place, else with the patient."""

    place: int

    def of(self, data: dict[str, Any]) -> dict[str, Any]:
        """The mapping that holds what belongs to the problem."""
        problems: list[dict[str, Any]] = data.get("problems", [])
        return problems[min(self.place, len(problems) - 1)] if problems else data

    def key(self, data: dict[str, Any], row: TermRow) -> tuple[dict[str, Any], str]:
        """The mapping that holds a number, and its key there."""
        if row.problem_key and "problems" in data:
            return self.of(data), row.problem_key
        return data, row.key

    def listed(self, data: dict[str, Any], key: str) -> dict[str, Any]:
        """The mapping that holds a list."""
        return self.of(data) if key == "trials" else data


def _set_number(own: Owner, row: TermRow, text: str, data: dict[str, Any]) -> None:
    target, key = own.key(data, row)
    if text:
        target[key] = _number(text)
    else:
        target.pop(key, None)


def _number(text: str) -> Decimal:
    if not _NUMBER.match(text):
        mend = "Write digits with at most one point, such as 12 or 12.5."
        raise ProfileError(f"not a plain number: {text[:40]!r}", mend=mend)
    return Decimal(text)


def _set_choice(own: Owner | None, key: str, text: str, data: dict[str, Any]) -> None:
    """Set what has a few values; ``own`` where it belongs to a problem."""
    target = own.of(data) if own else data
    if text:
        target[key] = {"true": True, "false": False}.get(text, text)
    else:
        target.pop(key, None)


def _attended(word: str, alert: str, data: dict[str, Any]) -> None:
    _append(data.setdefault("alerts", {}), word, alert)


def state(key: str, entry: str, word: str, data: dict[str, Any]) -> None:
    """Say of an entry of a list that the patient has it, has it not, or that it is not known."""
    said = {YES: "present", NO: "absent"}.get(word, "")
    if any(
        entry in map(_term_of, data.get(other, {}).get(said, [])) for other in (_STATES if key in _STATES else (key,))
    ):
        return
    for other in _STATES if key in _STATES else (key,):
        for side in ("present", "absent"):
            entries = data.get(other, {}).get(side, [])
            entries[:] = [one for one in entries if _term_of(one) != entry]
    if said:
        _append(data.setdefault(key, {}), said, entry)


def _term_of(entry: Any) -> Any:
    """The term of an entry of a list, which a dose may stand with."""
    return entry["of"] if isinstance(entry, dict) else entry


def _append(target: dict[str, Any], key: str, entry: Any) -> None:
    entries = target.setdefault(key, [])
    if entry not in entries:
        entries.append(entry)


def _last(path: str) -> int:
    text = path.rpartition("/")[2]
    return int(text) if text.isascii() and text.isdigit() else -1


def _drop(own: Owner, path: str, data: dict[str, Any]) -> None:
    """Take an entry out that is shown as a line: ``list/side/place``."""
    key, _, rest = path.partition("/")
    lists = own.listed(data, key).get(key)
    entries = lists.get(rest.partition("/")[0], []) if isinstance(lists, dict) else lists or []
    if 0 <= _last(path) < len(entries):
        del entries[_last(path)]


def _complete(own: Owner, ticked: Sequence[str], data: dict[str, Any]) -> None:
    for key in (*TERMS, *EVENTS):
        target = own.listed(data, key)
        if key in ticked:
            target.setdefault(key, {})["complete"] = True
        elif key in target:
            target[key].pop("complete", None)


def _added(own: Owner, fields: Fields) -> Iterator[tuple[str, Edit]]:
    """What was typed into the empty lines: a condition or finding, a medication, a trial, a stopped drug."""

    def typed(name: str) -> str:
        return next(iter(fields.get(name, ())), "").strip()

    for key, name in (("conditions", "add-state"), ("medications", "add-medication")):
        if text := typed(name):
            yield name, partial(state, key, text, typed(f"{name}-word") or YES)
    if text := typed("add-trial"):
        parts = {"outcome": typed("add-trial-outcome"), "weeks": typed("add-trial-weeks")}
        yield "add-trial", partial(_add_event, own, "trials", text, parts)
    if text := typed("add-stopped"):
        yield "add-stopped", partial(_add_event, own, "stopped_medications", text, {"days": typed("add-stopped-days")})


def _add_event(own: Owner, key: str, of: str, parts: Mapping[str, str], data: dict[str, Any]) -> None:
    """Add a trial or a stop; the outcome "never" says that there was none."""
    event: dict[str, Any] = {"of": of}
    never = parts.get("outcome") == NEVER
    for part, text in parts.items() if not never else ():
        if text:
            event[part] = text if part == "outcome" else _number(text)
    _append(own.listed(data, key).setdefault(key, {}), "absent" if never else "present", event)


def _part(key: str, text: str) -> dict[str, Decimal]:
    return {key: _number(text)} if text else {}


def _answered(terms: Vocabulary, own: Owner, value: str, fields: Fields, data: dict[str, Any]) -> None:
    """Answer a question: ``word|key|fact``, with further pairs of key and fact where one answer is to several."""
    word, *pairs = value.split("|")
    for key, fact in zip(pairs[::2], pairs[1::2], strict=False):
        row = terms.by_iri.get(ns.expand(fact) or "")
        if row is not None and row.key == key and not (row.key_value and word == NO):
            data[key] = row.key_value or word == YES
        elif key in EVENTS:
            many = next(iter(fields.get(f"many:{fact}", ())), "").strip()
            _answer_event(own.listed(data, key), key, fact, word, many)
        else:
            state(key if key in TERMS else "conditions", fact.removeprefix(f"{key}:"), word, data)


def _answer_event(target: dict[str, Any], key: str, fact: str, word: str, many: str) -> None:
    """Answer whether something was tried, stopped, done or supplied, whose question is
    ``list:of[:outcome or finding][:range][:value and range]``, where ``of`` is a CURIE.

    A yes needs the number that the question hangs on; a no denies what was asked, and without a number of its own all
    trials of the kind.
    """
    parts = fact.split(":")[1:]
    of, (led, bound, _) = ":".join(parts[:2]), asked_parts(parts[2:])
    event: dict[str, Any] = {"of": of}
    if led:
        event |= {"outcome": led} if key == "trials" else {"shows": [led]}
    unit = "days" if key in DATED else "weeks"
    if word == YES and bound and not many:
        raise ProfileError(f"how many {unit} is not said", mend=f"Write the number of {unit}.")
    if word == YES:
        event |= _part(unit, many)
    elif bound and unit == "days":
        event |= _part(unit, bound.rpartition(" ")[2])
    _append(target.setdefault(key, {}), "present" if word == YES else "absent", event)


def asked_parts(rest: Sequence[str]) -> tuple[str, str, str]:
    """The outcome or finding of a question about an event, its range and the range of its value, "" for none.

    Args:
        rest: the parts of its fact behind the CURIE of what was tried, stopped, done or supplied.
    """
    value = rest[-1] if rest and rest[-1].startswith("value ") else ""
    told = rest[:-1] if value else rest
    return ":".join(told[:2]) if len(told) > 1 else "", told[-1] if len(told) % 2 else "", value


def _tidy(data: dict[str, Any]) -> None:
    """Without lists that say nothing any more."""
    for one in (data, *data.get("problems", ())):
        for key in [*one]:
            value = one[key]
            for side in [*value] if isinstance(value, dict) else ():
                if value[side] == [] and not (side == "present" and value.get("complete")):
                    del value[side]
            if value in ({}, []):
                del one[key]
