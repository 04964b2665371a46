"""Plain values that a program asks with: the kinds of argument, their JSON Schema, and their checking by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from guidegraph.days import written_day
from guidegraph.errors import UsageError

#: Characters of one text, and entries of one list.
LONGEST_TEXT, LONGEST_LIST = 1_000, 100
_SHOWN = 60

_TEXT = {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT}


@dataclass(frozen=True)
class Argument:
    """One argument of an operation.

    Attributes:
        name: its name.
        kind: text, texts, day, number, flag, choice, profile or record.
        about: what it is, a sentence.
        required: whether it must be given.
        options: the values of a choice.
        bounds: the least and the greatest of a number.
        of_patient: whether it says something of a patient, so that it may stand in no web address.
    """

    name: str
    kind: str
    about: str
    required: bool = False
    options: tuple[str, ...] = ()
    bounds: tuple[int, int] = (1, 1_000)
    of_patient: bool = False

    @property
    def schema(self) -> dict[str, Any]:
        """Its JSON Schema."""
        kinds: dict[str, dict[str, Any]] = {
            "text": _TEXT,
            "texts": {"type": "array", "items": _TEXT, "minItems": 1, "maxItems": LONGEST_LIST},
            "day": {"type": "string", "format": "date"},
            "number": {"type": "integer", "minimum": self.bounds[0], "maximum": self.bounds[1]},
            "flag": {"type": "boolean"},
            "choice": {"type": "string", "enum": list(self.options)},
            "profile": {"anyOf": [{"type": "object"}, {"type": "string", "pattern": "^example:"}]},
        }
        if self.kind == "record":
            return {**object_schema(RECORD), "description": self.about}
        return {**kinds[self.kind], "description": self.about}

    def check(self, value: Any) -> Any:
        """The value as an operation takes it: a day as a date, everything else as it is.

        Raises:
            UsageError: the value is of another kind.
        """
        return _CHECKS[self.kind](self, value)

    def read(self, texts: Sequence[str]) -> Any:
        """The value that the texts of a web address give, as JSON would have it.

        Raises:
            UsageError: more than one text for one value, or no number or truth value where one is asked for.
        """
        if self.kind == "texts":
            return list(texts)
        if len(texts) > 1:
            raise UsageError("it is given more than once", where=self.name, mend="Give it once.")
        (text,) = texts
        if self.kind == "flag" and text in ("true", "false"):
            return text == "true"
        if self.kind == "number" and text.isascii() and text.isdigit() and len(text) < 10:
            return int(text)
        return text


def object_schema(arguments: Sequence[Argument]) -> dict[str, Any]:
    """The JSON Schema of an object with these arguments."""
    return {
        "type": "object",
        "properties": {argument.name: argument.schema for argument in arguments},
        "required": [argument.name for argument in arguments if argument.required],
        "additionalProperties": False,
    }


def by_name(arguments: Sequence[Argument], names: Iterable[str]) -> dict[str, Argument]:
    """The arguments by name.

    Raises:
        UsageError: one of the names is none of theirs.
    """
    known = {argument.name: argument for argument in arguments}
    for name in names:
        if name not in known:
            told = ", ".join(known) or "nothing"
            raise UsageError(f"{str(name)[:_SHOWN]!r} is not asked for", mend=f"It takes {told}.")
    return known


def checked(arguments: Sequence[Argument], given: Mapping[str, Any]) -> dict[str, Any]:
    """What was given, each value checked; what is null is not given.

    Raises:
        UsageError: an unknown or missing name, or a value of another kind.
    """
    known = by_name(arguments, given)
    stated = {name: known[name].check(value) for name, value in given.items() if value is not None}
    for argument in arguments:
        if argument.required and argument.name not in stated:
            raise UsageError(f"{argument.name} is missing", where=argument.name, mend=f"Give it: {argument.about}")
    return stated


def _wrong(argument: Argument, what: str) -> UsageError:
    return UsageError(f"it must be {what}", where=argument.name, mend=argument.about)


def _text(argument: Argument, value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_TEXT:
        raise _wrong(argument, f"a text of 1 to {LONGEST_TEXT} characters")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise _wrong(argument, "a text of whole characters")
    return value


def _texts(argument: Argument, value: Any) -> list[str]:
    if not isinstance(value, list) or not value or len(value) > LONGEST_LIST:
        raise _wrong(argument, f"a list of 1 to {LONGEST_LIST} texts")
    return [_text(argument, one) for one in value]


def _day(argument: Argument, value: Any) -> date:
    try:
        if isinstance(value, str):
            return written_day(value)
    except ValueError:
        pass
    raise _wrong(argument, "a day, written as 2026-01-31")


def _number(argument: Argument, value: Any) -> int:
    low, high = argument.bounds
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise _wrong(argument, f"a whole number from {low} to {high}")
    return value


def _flag(argument: Argument, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _wrong(argument, "true or false")
    return value


def _choice(argument: Argument, value: Any) -> str:
    if not isinstance(value, str) or value not in argument.options:
        raise _wrong(argument, f"one of {', '.join(argument.options)}")
    return value


def _profile(argument: Argument, value: Any) -> Any:
    if isinstance(value, Mapping) or (isinstance(value, str) and value.startswith("example:")):
        return value
    # A text that named a file would be read on the machine of whoever serves.
    raise _wrong(argument, "a profile or a FHIR Bundle as an object, or example:NAME")


def _record(argument: Argument, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise _wrong(argument, "an object")
    return checked(RECORD, value)


#: How a FHIR record is read: the options of :class:`guidegraph.intake.fhir.read.FhirOptions` that a program may give.
RECORD = (
    Argument("version", "choice", "The release of FHIR; told from the content, else R4.", options=("R4", "R5")),
    Argument("patient", "text", "The id of the patient, where the record has several."),
    Argument("complete", "texts", "The lists that the record names completely, such as conditions."),
    Argument("match_text", "flag", "Read a text without codes where it is exactly one of our names."),
    Argument("newest_days", "number", "Ignore observations that are older than so many days.", bounds=(0, 100_000)),
)
_CHECKS: dict[str, Callable[[Argument, Any], Any]] = {
    "text": _text,
    "texts": _texts,
    "day": _day,
    "number": _number,
    "flag": _flag,
    "choice": _choice,
    "profile": _profile,
    "record": _record,
}
