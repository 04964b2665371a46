"""Strict reading of YAML and JSON: places kept, nothing guessed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple, NoReturn

from guidegraph.errors import ProfileError

MAX_CHARACTERS = 1_000_000
_MAX_DEPTH = 12
#: Characters of a text of the user's that a message repeats.
_SHOWN = 60
#: Half characters, and control characters that are no white space: a text with one cannot be written down again.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


class Limits(NamedTuple):
    """What a text is called in messages, and how much of it is read."""

    what: str
    characters: int
    values: int
    new: str


PROFILE = Limits("profile", MAX_CHARACTERS, 20_000, "guidegraph profile new writes a template.")
SHEET = Limits("sheet", 16_000_000, 2_000_000, "guidegraph new writes a folder to begin with.")


@dataclass(frozen=True)
class Scalar:
    """A plain or quoted value as written, with its place."""

    text: str
    quoted: bool
    where: str

    def __post_init__(self) -> None:
        character = _UNWRITABLE.search(self.text)
        if character:
            raise ProfileError(
                f"a text holds U+{ord(character[0]):04X}, which is no character to write",
                where=self.where,
                mend="Take it out.",
            )


@dataclass(frozen=True)
class Sequence:
    """A list with its place."""

    items: tuple[Value, ...]
    where: str


@dataclass(frozen=True)
class Mapping:
    """A mapping with its place; keys are unique."""

    items: tuple[tuple[Scalar, Value], ...]
    where: str


Value = Scalar | Sequence | Mapping


def read_yaml(text: str, name: str, limits: Limits = PROFILE) -> Value:
    """Read one YAML (or JSON) document without resolving any value: what ``no`` or ``0123`` means the caller decides.

    Raises:
        ProfileError: not YAML, several documents, duplicate keys, anchors, aliases, tags, too large or too deep.
    """
    import yaml

    _check_size(text, name, limits)
    try:
        events = yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        return _Reader(events, name, yaml, limits).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        raise ProfileError(f"not YAML: {error.problem}", where=place, mend="Mend the syntax there.") from None
    except yaml.YAMLError as error:
        raise ProfileError(
            f"not YAML: {str(error).splitlines()[0]}", where=name, mend="Save it as plain UTF-8 text."
        ) from None
    except RecursionError:
        raise _too_deep(name, limits) from None


def _too_deep(where: str, limits: Limits) -> ProfileError:
    return ProfileError("nested too deeply", where=where, mend=f"A {limits.what} has at most {_MAX_DEPTH} levels.")


def _check_size(text: str, name: str, limits: Limits) -> None:
    if len(text) > limits.characters:
        mend = f"At most {limits.characters} characters are read."
        raise ProfileError(f"too large for a {limits.what}", where=name, mend=mend)
    if not text.strip():
        raise ProfileError(f"the {limits.what} is empty", where=name, mend=limits.new)


class _Bounds:
    """Counts values as they are read, and how deep they stand."""

    def __init__(self, limits: Limits = PROFILE) -> None:
        self._count = 0
        self._limits = limits

    def check(self, where: str, depth: int) -> None:
        self._count += 1
        if depth > _MAX_DEPTH:
            raise _too_deep(where, self._limits)
        if self._count > self._limits.values:
            mend = f"At most {self._limits.values} values are read."
            raise ProfileError("too many entries", where=where, mend=mend)


class _Reader(_Bounds):
    """Builds values from the events of a YAML parser, which never expand an alias."""

    def __init__(self, events: Iterator[Any], name: str, yaml: Any, limits: Limits) -> None:
        super().__init__(limits)
        self._events = events
        self._name = name
        self._yaml = yaml

    def _place(self, event: Any) -> str:
        mark = event.start_mark
        return f"{self._name}:{mark.line + 1}:{mark.column + 1}"

    def document(self) -> Value:
        documents: list[Value] = []
        for event in self._events:
            if isinstance(event, self._yaml.DocumentStartEvent):
                if documents:
                    mend = f"Keep one {self._limits.what} a file."
                    raise ProfileError("more than one document in the file", where=self._place(event), mend=mend)
                documents.append(self._value(next(self._events), 0))
        if not documents:
            raise ProfileError(f"the {self._limits.what} is empty", where=self._name, mend=self._limits.new)
        return documents[0]

    def _value(self, event: Any, depth: int) -> Value:
        yaml, place = self._yaml, self._place(event)
        self.check(place, depth)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise ProfileError("anchors and aliases are not read", where=place, mend="Write the value out.")
        if getattr(event, "tag", None) not in (None, "!"):
            raise ProfileError(
                f"tags such as {event.tag[:_SHOWN]} are not read", where=place, mend="Leave the tag out."
            )
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(event.value, bool(event.style), place)
        if isinstance(event, yaml.SequenceStartEvent):
            return Sequence(tuple(self._items(depth)), place)
        return Mapping(tuple(self._pairs(depth)), place)

    def _items(self, depth: int) -> list[Value]:
        items = []
        while not isinstance(event := next(self._events), self._yaml.SequenceEndEvent):
            items.append(self._value(event, depth + 1))
        return items

    def _pairs(self, depth: int) -> list[tuple[Scalar, Value]]:
        pairs: dict[str, tuple[Scalar, Value]] = {}
        while not isinstance(event := next(self._events), self._yaml.MappingEndEvent):
            key = self._value(event, depth + 1)
            if not isinstance(key, Scalar):
                raise ProfileError("a key must be a word", where=key.where, mend="Write key: value.")
            if key.text == "<<" and not key.quoted:
                raise ProfileError("merge keys are not read", where=key.where, mend="Write the values out.")
            value = self._value(next(self._events), depth + 1)
            if key.text in pairs:
                first = pairs[key.text][0].where
                raise ProfileError(
                    f"key {key.text[:_SHOWN]!r} is there twice (first at {first})", where=key.where, mend="Keep one."
                )
            pairs[key.text] = (key, value)
        return list(pairs.values())


class _Number(str):
    """A number as a JSON text writes it."""


class _Pairs(list[tuple[str, Any]]):
    """The pairs of a JSON object as they are written."""


def read_json(text: str, name: str) -> Value:
    """Read one JSON document; places are paths of keys, since JSON readers keep no lines of values.

    Raises:
        ProfileError: not JSON (with line and column), duplicate keys, NaN or Infinity, too large or too deep.
    """
    _check_size(text, name, PROFILE)

    def refuse(constant: str) -> NoReturn:
        raise ProfileError(f"{constant} is not a number", where=name, mend="Write a number or leave the key out.")

    try:
        value = json.loads(
            text, parse_constant=refuse, object_pairs_hook=_Pairs, parse_int=_Number, parse_float=_Number
        )
    except json.JSONDecodeError as error:
        place = f"{name}:{error.lineno}:{error.colno}"
        raise ProfileError(f"not JSON: {error.msg}", where=place, mend="Mend the syntax there.") from None
    except RecursionError:
        raise _too_deep(name, PROFILE) from None
    return from_plain(value, name)


def from_plain(value: Any, where: str) -> Value:
    """A Python value (from JSON, or a mapping given in code) in the same form as one read from YAML.

    Raises:
        ProfileError: a value that no profile can hold, duplicate keys, too many values or too deep.
    """
    return _Plain().value(value, where, 0)


class _Plain(_Bounds):
    """Builds values from Python values."""

    def value(self, value: Any, where: str, depth: int) -> Value:
        self.check(where, depth)
        if isinstance(value, _Pairs):
            return Mapping(tuple(self._pairs(value, where, depth)), where)
        if isinstance(value, dict):
            return Mapping(tuple(self._pairs(value.items(), where, depth)), where)
        if isinstance(value, list | tuple | set | frozenset):
            items = sorted(value, key=str) if isinstance(value, set | frozenset) else value
            return Sequence(tuple(self.value(v, f"{where}/{i}", depth + 1) for i, v in enumerate(items)), where)
        return _scalar(value, where)

    def _pairs(self, pairs: Iterable[tuple[Any, Any]], where: str, depth: int) -> Iterable[tuple[Scalar, Value]]:
        seen: set[str] = set()
        for name, value in pairs:
            key = Scalar(str(name), False, f"{where}/{str(name)[:_SHOWN]}")
            self.check(key.where, depth)
            if key.text in seen:
                raise ProfileError(f"key {key.text[:_SHOWN]!r} is there twice", where=where, mend="Keep one.")
            seen.add(key.text)
            yield key, self.value(value, key.where, depth + 1)


def _scalar(value: Any, where: str) -> Scalar:
    if isinstance(value, _Number):
        return Scalar(str(value), False, where)
    if isinstance(value, bool):
        return Scalar("true" if value else "false", False, where)
    if isinstance(value, str):
        return Scalar(value, True, where)
    if value is None:
        return Scalar("", False, where)
    if isinstance(value, int):
        # A number of more digits than Python writes has no place in a profile either.
        return Scalar(str(value) if value.bit_length() < 10_000 else hex(value), False, where)
    if isinstance(value, float):
        return Scalar(repr(value), False, where)
    if isinstance(value, Decimal):
        return Scalar(f"{value:f}" if value.is_finite() and abs(value.adjusted()) < 100 else str(value), False, where)
    raise ProfileError(
        f"a value of type {type(value).__name__} has no place in a profile",
        where=where,
        mend="Use text, numbers, lists.",
    )
