"""FHIR resources as they are read: each value with its path, and what nobody looked at is told in the end."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from guidegraph import namespaces as ns
from guidegraph.authoring.cells import Grid, Raw
from guidegraph.authoring.columns import sections
from guidegraph.errors import UsageError
from guidegraph.files import decoded, read_bytes

MAX_BYTES = 64 * 1024 * 1024
#: Where our own extensions live (guidegraph.export.fhir.parts.EXTENSION).
OURS = ns.BASE + "fhir/StructureDefinition/"
#: A column of a sheet beside what the elements of a resource say, and the resource of a row that none is made for.
COLUMN, BASIC = OURS + "column", "Basic"
#: What a Basic resource of ours is: a section of a sheet.
SECTIONS = ns.BASE + "fhir/CodeSystem/sheet-section"
_DEEPEST = 60
#: What every resource has and no row needs: its form, its names, how it looks.
_ASIDE = re.compile(
    r"(?:^|\.)(?:resourceType|id|fullUrl|url|identifier\[\d+\]\..*|meta\..*|text\.(?:status|div)|version|name|language|"
    r"experimental|subtitle|copyright|lastReviewDate|approvalDate)$"
)


class Node:
    """A value of a resource with its path; what is read of it is remembered."""

    def __init__(self, value: Any, path: str, read: set[str]) -> None:
        self.value = value
        self.path = path
        self._read = read

    def _child(self, value: Any, path: str) -> Node:
        return Node(value, path, self._read)

    def get(self, key: str, default: Any = None) -> Any:
        """The bare value of a key; the default where this is no object."""
        return self.value.get(key, default) if isinstance(self.value, dict) else default

    def one(self, *keys: str) -> Node:
        """What stands below some keys, the first entry of lists; a node without value where nothing does."""
        node = self
        for key in keys:
            value = node.get(key) if isinstance(node.value, dict) else None
            path = f"{node.path}.{key}" if node.path else key
            if isinstance(value, list):
                value, path = (value[0] if value else None), f"{path}[0]"
            node = self._child(value, path)
        return node

    def many(self, key: str) -> list[Node]:
        """The entries of a list, or the one value that stands in its place."""
        value = self.value.get(key) if isinstance(self.value, dict) else None
        path = f"{self.path}.{key}" if self.path else key
        if isinstance(value, list):
            return [self._child(entry, f"{path}[{at}]") for at, entry in enumerate(value)]
        return [] if value is None else [self._child(value, path)]

    def text(self) -> str:
        """A scalar as text, read by that; "" for anything else."""
        if isinstance(self.value, str | int | float) and not isinstance(self.value, bool):
            self.mark()
            return str(self.value).strip()
        if isinstance(self.value, bool):
            self.mark()
            return "yes" if self.value else "no"
        return ""

    def mark(self) -> None:
        """Count all of it as read."""
        self._read.add(self.path)

    def extension(self, url: str, *, modifier: bool = False) -> list[Node]:
        """The extensions of an address; their address counts as read."""
        found = [e for e in self.many("modifierExtension" if modifier else "extension") if e.get("url") == url]
        for node in found:
            node.one("url").mark()
        return found

    def valued(self) -> Node:
        """The value of an extension, whatever its type."""
        keys = [key for key in self.value if key.startswith("value")] if isinstance(self.value, dict) else []
        return self.one(keys[0]) if keys else self._child(None, self.path)

    def concept(self) -> str:
        """A CodeableConcept, CodeableReference, reference or text as words: its text, else the display of a coding."""
        if isinstance(self.value, str):
            return self.text()
        concept = self.one("concept") if isinstance(self.one("concept").value, dict) else self
        for keys in (("text",), ("coding", "display"), ("display",), ("coding", "code")):
            if words := concept.one(*keys).text():
                self.mark()
                return words
        return ""

    def codes(self) -> list[tuple[str, str]]:
        """System and code of its codings, which count as read where somebody knows one of them."""
        concept = self.one("concept") if isinstance(self.one("concept").value, dict) else self
        return [(str(c.get("system", "")), str(c.get("code", ""))) for c in concept.many("coding")]


#: A number as documents print it at their parts.
_NUMBER = re.compile(r"\d+(?:\.\d+)+")
#: A row: for each heading its texts and where they stand.
Values = dict[str, tuple[list[str], str]]


@dataclass
class FhirRows:
    """The rows of some resources by section, each cell with its texts and path, and what no row takes."""

    rows: dict[str, list[Values]] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)

    def table(self) -> dict[str, list[dict[str, list[str]]]]:
        """The rows without paths, as a sheet is written from."""
        return {
            name: [{heading: texts for heading, (texts, _) in row.items()} for row in self.rows.get(name, ())]
            for name in sections()
        }

    def grids(self, file: str) -> list[Grid]:
        """The rows as worksheets whose places are paths."""
        found = []
        for name, rows in self.rows.items():
            headings = [c.heading for c in sections()[name].columns]
            grid = Grid(name, lines=True, file=file)
            grid.add(0, [Raw(heading) for heading in headings])
            for number, row in enumerate(rows, start=1):
                whole = next((path for _, path in row.values()), "")
                grid.paths[number] = {"": whole, **{heading: path for heading, (_, path) in row.items()}}
                cells = [Raw("\n".join(row[h][0]), apart=True) if h in row else Raw("") for h in headings]
                grid.add(number, cells)
            found.append(grid)
        return found


def section_code(section: str) -> str:
    """The code of a section of a sheet."""
    return section.replace(" ", "-")


def columns_of(node: Node) -> Values:
    """What the extension column says beside a resource; a column without a value is empty."""
    found: Values = {}
    for one in node.extension(COLUMN):
        named = [part for part in one.many("extension") if part.get("url") == "heading"]
        texts = [part.valued().text() for part in one.many("extension") if part.get("url") == "value"]
        for part in named[:1]:
            found[part.valued().text()] = ([text for text in texts if text], one.path)
    return found


def holds_fhir(path: Path) -> bool:
    """Whether a path is a file of FHIR or a folder of such files, as they are written."""
    if path.is_dir():
        return not any(path.glob("*.csv")) and any(path.glob("*.json"))
    return path.suffix.lower() == ".json"


def read_resources(path: Path, read: set[str]) -> list[Node]:
    """The resources of a file, or of the files of a folder: those of a Bundle, or the one that it is.

    Raises:
        UsageError: one cannot be read, is no JSON, or no FHIR resource.
    """
    if path.is_dir():
        return [node for file in sorted(path.glob("*.json")) for node in _of_file(file, read, file.stem)]
    return _of_file(path, read)


def _of_file(path: Path, read: set[str], name: str = "") -> list[Node]:
    where, mend = str(path), "Give a FHIR resource or Bundle in JSON."
    text = decoded(read_bytes(path, MAX_BYTES, UsageError), UsageError, where)
    try:
        value = json.loads(text, parse_float=str)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"no JSON: {error}", where=where, mend=mend) from None
    if not isinstance(value, dict) or not isinstance(value.get("resourceType"), str):
        raise UsageError("no FHIR resource", where=where, mend=mend)
    if _depth(value) > _DEEPEST:
        raise UsageError(f"nests deeper than {_DEEPEST}", where=where, mend=mend)
    top = Node(value, "", read)
    top.path = name or value["resourceType"]
    if value["resourceType"] != "Bundle":
        return [top]
    found = [entry.one("resource") for entry in top.many("entry")]
    if not found or not all(isinstance(node.value, dict) for node in found):
        raise UsageError("a Bundle with an entry that is no resource", where=where, mend=mend)
    return found


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level and depth <= _DEEPEST:
        depth += 1
        inner = [list(v.values()) if isinstance(v, dict) else v for v in level if isinstance(v, dict | list)]
        level = [one for group in inner for one in group]
    return depth


def unread(resource: Node, read: set[str]) -> Iterator[tuple[str, str]]:
    """Path and value of what nobody read in a resource and that is not beside the matter."""

    def leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
        if path in read:
            return
        if isinstance(value, dict):
            for key, inner in value.items():
                yield from leaves(inner, f"{path}.{key}")
        elif isinstance(value, list):
            for at, inner in enumerate(value):
                yield from leaves(inner, f"{path}[{at}]")
        elif not _ASIDE.search(path[len(resource.path) :]):
            yield path, str(value)

    yield from leaves(resource.value, resource.path)


def addresses(node: Node) -> list[str]:
    """The addresses by which others refer to a resource."""
    kind, name, url = (str(node.get(key, "")) for key in ("resourceType", "id", "url"))
    return [address for address in (url, f"{kind}/{name}", f"#{name}") if address]


def document_of(artifact: Node) -> str:
    """The address of the document that a related artifact is."""
    return str(artifact.one("document", "url").value or artifact.get("url") or "")


def leaf_actions(node: Node) -> list[Node]:
    """The actions of a plan that have none below them."""
    found: list[Node] = []
    waiting = node.many("action")
    while waiting:
        action = waiting.pop(0)
        inner = action.many("action")
        if inner:
            waiting = [*inner, *waiting]
        else:
            found.append(action)
    return found


def criteria(group: Node) -> list[str]:
    """The characteristics of a Group or EvidenceVariable in words of populations; else what it is called."""
    found = []
    for one in group.many("characteristic"):
        concept = next(
            (one.one(k) for k in ("definitionCodeableConcept", "valueCodeableConcept") if one.one(k).value), None
        )
        typed = one.one("definitionByTypeAndValue") if one.one("definitionByTypeAndValue").value else one
        span = next((typed.one(k) for k in ("valueRange", "valueQuantity") if typed.one(k).value), None)
        if span is not None:
            name = (typed.one("type") if typed.one("type").value else typed.one("code")).concept()
            ends = [(">=", span.one("low")), ("<=", span.one("high"))]
            told = [f"{s} {e.one('value').text()} {e.one('unit').text()}".strip() for s, e in ends if e.value]
            if span.get("value") is not None:
                sign = span.one("comparator").text() or "="
                told = [f"{sign} {span.one('value').text()} {span.one('unit').text()}".strip()]
            words = f"{name} {' and '.join(told)}"
        else:
            words = f"'{concept.concept()}'" if concept is not None else one.one("description").text()
        found.append(f"not: {words}" if one.get("exclude") is True else words)
    return found or [group.one("title").text() or group.one("description").text()]


def printed_place(cite: Node) -> str:
    """The printed number of the place that is cited; a longer place has a digest, which no element has."""
    for extension in cite.extension(OURS + "locator"):
        if _NUMBER.fullmatch(str(extension.valued().value or "")):
            return extension.valued().text()
    return ""
