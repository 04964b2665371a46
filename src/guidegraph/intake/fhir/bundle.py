"""FHIR JSON, read strictly: resources alone, in an array, line by line (NDJSON) or in Bundles, whole or not."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NoReturn

from guidegraph.errors import ProfileError
from guidegraph.jsontext import AmbiguousError, decimal, refuse, unique

#: A bundle of a whole hospital stay is some megabytes.
MAX_CHARACTERS = 100_000_000
MEND = "Give a FHIR resource, a Bundle or NDJSON of one patient."
_DEEPEST = 5
_OTHER_PAGES = ("next", "previous", "prev")
#: Methods of a request that leave no resource behind.
_ASKING = ("GET", "HEAD")
#: Codes of v3-ObservationValue that say that parts were left out: a summary, or what must not be seen.
_CUT = ("SUBSETTED", "REDACTED", "MASKED")


def parse(text: str, where: str) -> list[Any]:
    """The resources of a text: one JSON value, the values of an array, or one a line.

    Raises:
        ProfileError: not JSON (with line and column), duplicate keys, NaN, too large, nested too deeply, or nothing.
    """
    if len(text) > MAX_CHARACTERS:
        raise ProfileError("too large", where=where, mend=f"At most {MAX_CHARACTERS} characters are read.")
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise ProfileError("it is empty", where=where, mend=MEND)
    try:
        values = _values(text, where)
    except RecursionError:
        raise ProfileError("nested too deeply", where=where, mend=MEND) from None
    except AmbiguousError as error:
        raise ProfileError(str(error), where=where, mend="Mend it: either reading of it could be wrong.") from None
    if len(values) == 1 and isinstance(values[0], list):
        values = values[0]
    if not values:
        raise ProfileError("it is empty", where=where, mend=MEND)
    return values


def _values(text: str, where: str) -> list[Any]:
    decoder = json.JSONDecoder(object_pairs_hook=unique, parse_constant=refuse, parse_float=decimal, parse_int=decimal)
    try:
        return [decoder.decode(text)]
    except json.JSONDecodeError as whole:
        # Only a line feed ends a line of NDJSON: other characters that end lines may stand in its texts.
        lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
        if whole.msg != "Extra data" or len(lines) < 2:
            _fail(whole, where, whole.lineno)
    values = []
    for number, line in lines:
        try:
            values.append(decoder.decode(line.removeprefix("\ufeff")))
        except json.JSONDecodeError as error:
            _fail(error, where, number)
    return values


def _fail(error: json.JSONDecodeError, where: str, line: int) -> NoReturn:
    raise ProfileError(f"not JSON: {error.msg}", where=f"{where}:{line}:{error.colno}", mend=MEND) from None


def from_values(source: Any, where: str) -> list[Any]:
    """Plain mappings (one, or a list of them) in the form that :func:`parse` gives, numbers as exact decimals.

    Raises:
        ProfileError: a value that JSON cannot hold, or one nested too deeply.
    """
    values = [source] if isinstance(source, Mapping) else list(source)
    try:
        return [_plain(value) for value in values]
    except RecursionError:
        raise ProfileError("nested too deeply", where=where, mend=MEND) from None
    except AmbiguousError as error:
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
        number = decimal(repr(value) if isinstance(value, float) else str(value))
        if number.is_finite():
            return number
    raise AmbiguousError(f"a value of type {type(value).__name__} that JSON does not have")


@dataclass(frozen=True)
class Item:
    """A resource of a record, or its deletion (``data`` is then None), and what a history says of it."""

    place: str
    url: str
    data: dict[str, Any] | None
    name: str
    version: str = ""
    saved: str = ""
    #: The newest of a history comes first; 0 outside of one.
    rank: int = 0


@dataclass
class Items:
    """The resources of a record in its order, what cannot be read of it, and why it is not whole.

    ``assembled`` are the times at which its Bundles were put together.
    """

    all: list[Item] = field(default_factory=list)
    broken: list[tuple[str, str]] = field(default_factory=list)
    partial: list[tuple[str, str, str]] = field(default_factory=list)
    assembled: list[str] = field(default_factory=list)

    def add(self, value: Any, place: str, url: str = "", depth: int = 0, **more: Any) -> None:
        """Add a resource, or the resources of a Bundle.

        Raises:
            ProfileError: no FHIR.
        """
        name = value.get("resourceType") if isinstance(value, dict) else None
        if not isinstance(name, str):
            if depth:
                self.broken.append((place, "no FHIR resource: it has no resourceType"))
                return
            raise ProfileError("no FHIR: there is no resourceType", where=place, mend=MEND)
        if name == "Bundle":
            self._bundle(value, place, depth)
        elif name == "OperationOutcome":
            self.partial.append(
                (place, "an OperationOutcome says that something went wrong", "Ask for the record again.")
            )
        else:
            saved = more.pop("saved", "") or _text(value.get("meta"), "lastUpdated")
            version = more.pop("version", "") or _text(value.get("meta"), "versionId")
            self.all.append(Item(place, url, value, name, version, saved, **more))

    def beside(self, values: Iterable[dict[str, Any]], place: str) -> None:
        """Add resources that are no part of the record, each where the record has none of its type and id."""
        held = [item.data for item in self.all if item.data is not None]
        for value in values:
            # An id of the record may be anything.
            if not any(all(one.get(key) == value.get(key) for key in ("resourceType", "id")) for one in held):
                self.add(value, place)

    def _bundle(self, bundle: dict[str, Any], place: str, depth: int) -> None:
        entries = bundle.get("entry") or []
        if not isinstance(entries, list) or depth >= _DEEPEST:
            why = "Bundles within Bundles are nested too deeply" if depth >= _DEEPEST else "Bundle.entry is not a list"
            if not depth:
                raise ProfileError(why, where=place, mend=MEND)
            self.broken.append((place, why))
            return
        if bundle.get("implicitRules") is not None:
            raise ProfileError("the Bundle follows implicit rules that are not known", where=place, mend=MEND)
        self._whole(bundle, entries, place)
        self.assembled += filter(None, (_text(bundle, "timestamp"), _text(bundle.get("meta"), "lastUpdated")))
        history = bundle.get("type") == "history"
        for number, entry in enumerate(entries):
            at = f"{place}/entry[{number}]"
            if not isinstance(entry, dict) or "modifierExtension" in entry:
                self.broken.append((at, "no entry of a Bundle, or one with a modifier extension"))
            else:
                self._entry(entry, at, depth, number + 1 if history else 0)

    def _entry(self, entry: dict[str, Any], at: str, depth: int, rank: int) -> None:
        resource, url, response = entry.get("resource"), _text(entry, "fullUrl"), entry.get("response")
        method = _text(entry.get("request"), "method")
        tag = _text(response, "etag").removeprefix("W/").strip('"')
        more: dict[str, Any] = {"rank": rank, "saved": _text(response, "lastModified"), "version": tag}
        if isinstance(response, dict) and response.get("outcome") is not None:
            self.partial.append((at, "the server answered it with an outcome", "Ask for the record again."))
        if method == "DELETE":
            parts = (_text(entry.get("request"), "url") or url).partition("/_history/")[0].rstrip("/").split("/")
            if len(parts) < 2:
                self.broken.append((at, "it deletes something that it does not name"))
            else:
                self.all.append(Item("/".join(parts[-2:]), url, None, parts[-2], **more))
        elif resource is not None and method != "PATCH":
            self.add(resource, at, url, depth + 1, **more)
        elif method not in _ASKING:
            self.broken.append((at, "an entry without a resource" if resource is None else "it changes a part alone"))

    def _whole(self, bundle: dict[str, Any], entries: list[Any], place: str) -> None:
        """Tell whether a Bundle says that there is more than it holds."""
        links = bundle.get("link")
        for link in links if isinstance(links, list) else [links]:
            if _text(link, "relation").casefold() in _OTHER_PAGES:
                why = f"the Bundle is one page of several (link {_text(link, 'relation')})"
                self.partial.append((place, why, "Fetch every page and give them together."))
        total = bundle.get("total")
        matches = sum(1 for entry in entries if _text(_of(entry, "search"), "mode") in ("", "match"))
        if total is not None and (not isinstance(total, Decimal) or total > matches):
            number = total if isinstance(total, Decimal) else repr(total)[:40]
            why = f"the Bundle has {matches} of {number} entries"
            self.partial.append((place, why, "Fetch every page and give them together."))
        if bundle.get("issues") is not None:
            self.partial.append((place, "its issues say that something went wrong", "Ask for the record again."))
        if cut := next(cut_by(bundle), ""):
            self.partial.append((place, f"the Bundle is not whole (marked {cut})", "Ask for the whole."))


def _of(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def _text(value: Any, key: str) -> str:
    """A text of an object, "" where there is none."""
    text = _of(value, key)
    return text if isinstance(text, str) else ""


def cut_by(resource: dict[str, Any]) -> Iterator[str]:
    """The codes by which a resource says that parts of it were left out."""
    meta = resource.get("meta")
    for key in ("tag", "security"):
        marks = _of(meta, key)
        for mark in marks if isinstance(marks, list) else ():
            if _text(mark, "code") in _CUT:
                yield _text(mark, "code")


def emptied(resource: dict[str, Any]) -> Iterator[str]:
    """The codes of the reasons why a List, or sections of a Composition, are empty."""
    left: list[Any] = [resource]
    while left:
        value = left.pop()
        sections = _of(value, "section")
        left += sections if isinstance(sections, list) else []
        codings = _of(_of(value, "emptyReason"), "coding")
        if _of(value, "emptyReason") is not None:
            yield (
                next((_text(c, "code") for c in codings if isinstance(c, dict)), "")
                if isinstance(codings, list)
                else ""
            )


def listed(resource: dict[str, Any]) -> Iterator[str]:
    """The references to what a List, or the sections of a Composition, name as theirs."""
    left: list[Any] = [resource]
    while left:
        value = left.pop()
        sections, entries = _of(value, "section"), _of(value, "entry")
        left += sections if isinstance(sections, list) else []
        for entry in entries if isinstance(entries, list) else ():
            if _of(entry, "deleted") is not True:
                yield from filter(None, (_text(entry, "reference"), _text(_of(entry, "item"), "reference")))
