"""FHIR JSON, read strictly: one resource, a Bundle, or resources line by line (NDJSON)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from guidegraph.errors import ProfileError

#: A bundle of a whole hospital stay is some megabytes.
MAX_CHARACTERS = 100_000_000
_MEND = "Give a FHIR resource, a Bundle or NDJSON of one patient."


class _DuplicateError(ValueError):
    """A key that stands twice in one object."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        double = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise _DuplicateError(f"key {double[:60]!r} is there twice in one object")
    return found


def _refuse(constant: str) -> NoReturn:
    raise _DuplicateError(f"{constant} is not a number")


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise _DuplicateError(f"{text[:40]} is beyond all measure") from None


def _decoder() -> json.JSONDecoder:
    return json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse, parse_float=_number, parse_int=_number)


def parse(text: str, where: str) -> list[Any]:
    """The resources of a text: one JSON value, or one a line.

    Raises:
        ProfileError: not JSON (with line and column), duplicate keys, NaN, too large, nested too deeply, or nothing.
    """
    if len(text) > MAX_CHARACTERS:
        raise ProfileError("too large", where=where, mend=f"At most {MAX_CHARACTERS} characters are read.")
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise ProfileError("it is empty", where=where, mend=_MEND)
    try:
        return _values(text, where)
    except RecursionError:
        raise ProfileError("nested too deeply", where=where, mend=_MEND) from None
    except _DuplicateError as error:
        raise ProfileError(str(error), where=where, mend="Mend it: either reading of it could be wrong.") from None


def _values(text: str, where: str) -> list[Any]:
    decoder = _decoder()
    try:
        return [decoder.decode(text)]
    except json.JSONDecodeError as whole:
        lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
        # NDJSON: every line is a value of its own.
        if whole.msg != "Extra data" or len(lines) < 2:
            _fail(whole, where, whole.lineno)
    values = []
    for number, line in lines:
        try:
            values.append(decoder.decode(line))
        except json.JSONDecodeError as error:
            _fail(error, where, number)
    return values


def _fail(error: json.JSONDecodeError, where: str, line: int) -> NoReturn:
    raise ProfileError(f"not JSON: {error.msg}", where=f"{where}:{line}:{error.colno}", mend=_MEND) from None


def from_values(source: Any, where: str) -> list[Any]:
    """Plain mappings (one, or a list of them) in the form that :func:`parse` gives, numbers as exact decimals.

    Raises:
        ProfileError: a value that JSON cannot hold, or one nested too deeply.
    """
    values = [source] if isinstance(source, Mapping) else list(source)
    try:
        return [_plain(value) for value in values]
    except RecursionError:
        raise ProfileError("nested too deeply", where=where, mend=_MEND) from None
    except _DuplicateError as error:
        raise ProfileError(
            f"no FHIR: {error}", where=where, mend="Give mappings as a JSON reader gives them."
        ) from None


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, int | float | Decimal):
        number = _number(repr(value) if isinstance(value, float) else str(value))
        if number.is_finite():
            return number
    raise _DuplicateError(f"a value of type {type(value).__name__} that JSON does not have")
