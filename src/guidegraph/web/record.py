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
YES, NO, UNKNOWN = "yes", "no", "unknown"
#: The lists whose entries are single terms, those whose entries have parts, and the parts that are numbers.
TERMS, EVENTS = ("conditions", "findings", "medications"), ("trials", "stopped_medications")
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


def changed(kb: KnowledgeBase, profile: Profile, fields: Fields, problem: str | None) -> Changed:
    """The record with what was filled in; each change is held against the rest, and one that cannot be is told.

    Args:
        kb: gives the terms, and what facts imply and exclude.
        profile: the record before.
        fields: what was filled in.
        problem: the condition (CURIE) of the problem that is asked about, where there are several.
    """
    result = Changed(profile)
    data = plain(profile, kb.vocabulary)
    _tidy(data)
    for name, edit in _edits(kb.vocabulary, data, fields, problem):
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


def _edits(terms: Vocabulary, data: dict[str, Any], fields: Fields, problem: str | None) -> Iterator[tuple[str, Edit]]:
    """What is to be changed, each under the name of its field, in the order of the page."""
    rows = {row.key: row for row in terms.rows if row.key}
    own = Owner(data, problem)
    for name, values in fields.items():
        kind, _, rest = name.partition(":")
        text = values[0].strip()
        if kind in ("number", "ask") and rest in rows and not (kind == "ask" and not text):
            yield name, lambda d, row=rows[rest], t=text: _set_number(own.of(d), own.key(d, row), t)  # type: ignore[misc]
        elif kind == "choice":
            yield name, lambda d, key=rest, t=text: _set_choice(own.of(d) if key in own.keys(terms) else d, key, t)  # type: ignore[misc]
        elif kind == "fact":
            key, _, entry = rest.partition(":")
            yield name, lambda d, k=key, e=entry, t=text: state(d, k, e, t)  # type: ignore[misc]
        elif kind == "drop":
            yield from ((name, lambda d, v=value: _drop(own, d, v)) for value in values)  # type: ignore[misc]
        elif kind == "complete-shown":
            ticked = fields.get("complete", ())
            yield name, lambda d, t=ticked: _complete(own, d, t)  # type: ignore[misc]
    yield from _added(own, fields)
    for value in fields.get("answer", ()):
        yield "answer", lambda d, v=value: _answered(terms, own, d, v, fields)  # type: ignore[misc]
    for value in fields.get("attend", ()):
        word, _, alert = value.partition("|")
        yield "attend", lambda d, w=word, a=alert: _append(d.setdefault("alerts", {}), w, a)  # type: ignore[misc]


@dataclass(frozen=True)
class Owner:
    """Where in a record stands what belongs to a problem: with the problem asked about, else with the patient."""

    data: Mapping[str, Any]
    problem: str | None

    def of(self, data: dict[str, Any]) -> dict[str, Any]:
        """The mapping that holds what belongs to the problem."""
        problems: list[dict[str, Any]] = data.get("problems", [])
        asked = [one for one in problems if self.problem in _several(one["of"])]
        return (asked or problems or [data])[0]

    def key(self, data: dict[str, Any], row: TermRow) -> str:
        """The key of a number where it stands."""
        return row.problem_key if row.problem_key and self.of(data) is not data else row.key

    def keys(self, terms: Vocabulary) -> set[str]:
        """The keys that only a problem has."""
        return {row.problem_key for row in terms.rows if row.problem_key and not row.key}

    def listed(self, data: dict[str, Any], key: str) -> dict[str, Any]:
        """A list of events, where it stands."""
        return self.of(data) if key == "trials" else data


def _several(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def _set_number(target: dict[str, Any], key: str, text: str) -> None:
    if text:
        target[key] = _number(text)
    else:
        target.pop(key, None)


def _number(text: str) -> Decimal:
    if not _NUMBER.match(text):
        mend = "Write digits with at most one point, such as 12 or 12.5."
        raise ProfileError(f"not a plain number: {text[:40]!r}", mend=mend)
    return Decimal(text)


def _set_choice(target: dict[str, Any], key: str, text: str) -> None:
    values = {"": None, "true": True, "false": False}
    value = values.get(text, text)
    if value is None:
        target.pop(key, None)
    else:
        target[key] = value


def state(data: dict[str, Any], key: str, entry: str, word: str) -> None:
    """Say of an entry of a list that the patient has it, has it not, or that it is not known."""
    said = {YES: "present", NO: "absent"}.get(word, "")
    if any(entry in data.get(other, {}).get(said, []) for other in (_STATES if key in _STATES else (key,))):
        return
    for other in _STATES if key in _STATES else (key,):
        for side in ("present", "absent"):
            entries = data.get(other, {}).get(side, [])
            if entry in entries:
                entries.remove(entry)
    if said:
        _append(data.setdefault(key, {}), said, entry)


def _append(target: dict[str, Any], key: str, entry: Any) -> None:
    entries = target.setdefault(key, [])
    if entry not in entries:
        entries.append(entry)


def _drop(own: Owner, data: dict[str, Any], path: str) -> None:
    """Take an entry out that is shown as a line: ``list/side/place``."""
    key, side, place = path.split("/", 2)
    lists = own.listed(data, key).get(key)
    entries = lists.get(side, []) if isinstance(lists, dict) else lists or []
    if place.isdigit() and int(place) < len(entries):
        entries[int(place)] = None


def _complete(own: Owner, data: dict[str, Any], ticked: Sequence[str]) -> None:
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
            yield name, lambda d, k=key, t=text, w=typed(f"{name}-word"): state(d, k, t, w or YES)  # type: ignore[misc]
    if text := typed("add-trial"):
        outcome, weeks = typed("add-trial-outcome"), typed("add-trial-weeks")
        never = outcome == "never"
        yield (
            "add-trial",
            lambda d: _append(
                own.of(d).setdefault("trials", {}),
                "absent" if never else "present",
                {
                    "of": text,
                    **_part("weeks", "" if never else weeks),
                    **({"outcome": outcome} if outcome and not never else {}),
                },
            ),
        )
    if stopped := typed("add-stopped"):
        days = typed("add-stopped-days")
        yield (
            "add-stopped",
            lambda d: _append(
                d.setdefault("stopped_medications", {}), "present", {"of": stopped, **_part("days", days)}
            ),
        )


def _part(key: str, text: str) -> dict[str, Decimal]:
    return {key: _number(text)} if text else {}


def _answered(terms: Vocabulary, own: Owner, data: dict[str, Any], value: str, fields: Fields) -> None:
    """Answer a question: ``word|key|fact``, with further pairs of key and fact where one answer is to several."""
    word, *pairs = value.split("|")
    for key, fact in zip(pairs[::2], pairs[1::2], strict=False):
        row = terms.by_iri.get(ns.expand(fact) or "")
        if row is not None and row.key == key:
            if word == YES or not row.key_value:
                data[key] = (row.key_value or True) if word == YES else False
            else:
                state(data, "conditions", fact, word)
        elif key in EVENTS:
            _answer_event(
                own.listed(data, key), key, fact, word, next(iter(fields.get(f"many:{fact}", ())), "").strip()
            )
        else:
            state(data, key, fact.removeprefix(f"{key}:"), word)


def _answer_event(target: dict[str, Any], key: str, fact: str, word: str, many: str) -> None:
    """Answer whether something was tried or stopped: ``list:of[:outcome][:range]``, where ``of`` is a CURIE.

    A yes needs the number that the question hangs on; a no denies what was asked, and without a number of its own all
    trials of the kind.
    """
    parts = fact.split(":")[1:]
    of, rest = ":".join(parts[:2]), parts[2:]
    event: dict[str, Any] = {"of": of}
    outcome = ":".join(rest[:2]) if len(rest) > 1 else ""
    bound = rest[-1] if len(rest) % 2 else ""
    if outcome:
        event["outcome"] = outcome
    unit = "days" if key == "stopped_medications" else "weeks"
    if word == YES and bound and not many:
        raise ProfileError(f"how many {unit} is not said", mend=f"Write the number of {unit}.")
    if word == YES:
        event |= _part(unit, many)
    elif bound and unit == "days":
        event |= _part(unit, bound.rpartition(" ")[2])
    _append(target.setdefault(key, {}), "present" if word == YES else "absent", event)


def _tidy(data: dict[str, Any]) -> None:
    """Without the entries that were taken out, and without lists that say nothing any more."""
    for one in (data, *data.get("problems", ())):
        for key in [*one]:
            value = one[key]
            for side in [*value] if isinstance(value, dict) else ():
                if isinstance(value[side], list):
                    value[side] = [entry for entry in value[side] if entry is not None]
                    if not value[side] and not (side == "present" and value.get("complete")):
                        del value[side]
            if isinstance(value, list) and key != "of":
                one[key] = value = [entry for entry in value if entry is not None]
            if value in ({}, []):
                del one[key]
