"""The registry of terminologies, and mapping tables (SSSOM/TSV): one reader for their use and for their check.

The csv module and a YAML header are enough to read SSSOM's own TSV form, and cost no import that a command would feel
(curies and the libraries of SSSOM stand on pydantic, which takes longer to import than a whole command); whether the
tables are valid SSSOM is checked in the tests by those libraries.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from collections.abc import Mapping as MappingLike
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

from guidegraph import namespaces as ns
from guidegraph.errors import KnowledgeError
from guidegraph.files import read_text
from guidegraph.reading import MAXIMUM_BYTES
from guidegraph.terminologies.model import HAS, Mapping, Terminology
from guidegraph.terminologies.rows import BUILT_IN, COLUMNS, MODIFIER, SCOPE, SUBTREE, Prefixes, Row

REGISTRY, RULES = "terminologies.yaml", "checks.yaml"
SUFFIX = ".sssom.tsv"
#: Slots of a set that hold for each of its mappings, where none has its own. Source: SSSOM 1.1, "Propagatable slots".
_PROPAGATED = frozenset(
    f"{side}_{slot}"
    for side in ("subject", "object")
    for slot in ("match_field", "preprocessing", "source", "source_version", "type")
) | {
    "cardinality_scope", "curation_rule", "curation_rule_text", "mapping_date", "mapping_provider", "mapping_tool",
    "mapping_tool_id", "mapping_tool_version", "predicate_type", "similarity_measure",
}  # fmt: skip
#: A column whose name is so like that of the modifier was meant to be it: without it a row would say the opposite.
_ALIKE = 0.85
_QUOTES = 'Close it, or write the cell as "..." with each quote in it doubled.'
#: Separators that YAML takes for ends of lines, and the rest of the world for characters.
_SEPARATORS = dict.fromkeys(map(ord, "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"), " ")


def _text(path: Path) -> str:
    return read_text(path, MAXIMUM_BYTES, KnowledgeError, mend="Give a UTF-8 text file.")


def _nodes(text: str, where: str) -> Any:
    """A YAML text as its nodes: what a value means is the reader's to say, and no key is dropped."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return yaml.compose(text, Loader=loader)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{where}:{mark.line + 1}:{mark.column + 1}" if mark else where
        raise KnowledgeError("not YAML", where=place, mend="Correct the syntax there.") from None


def _pairs(node: Any, where: str) -> dict[str, Any]:
    """The pairs of a mapping node; none for any other node."""
    pairs: dict[str, Any] = {}
    for key, value in node.value if getattr(node, "id", "") == "mapping" else ():
        place = f"{where}:{key.start_mark.line + 1}:{key.start_mark.column + 1}"
        if key.id != "scalar" or key.value in pairs:
            raise KnowledgeError(f"key {key.value!r} is there twice"[:80], where=place, mend="Keep one.")
        pairs[key.value] = value
    return pairs


def _words(node: Any) -> tuple[str, ...]:
    """The values of a scalar or a list of scalars, as they are written."""
    nodes = node.value if getattr(node, "id", "") == "sequence" else [node]
    return tuple(one.value.strip() for one in nodes if getattr(one, "id", "") == "scalar" and one.value.strip())


@cache
def read_terminologies(folder: Path) -> MappingLike[str, Terminology]:
    """The registry of terminologies of a links folder, by CURIE prefix; empty where the folder has none.

    Raises:
        KnowledgeError: the registry cannot be read, or an entry has no title or IRI.
    """
    path = folder / REGISTRY
    if not path.exists():
        return {}
    entries = _pairs(_nodes(_text(path), str(path)), str(path))
    if not entries:
        raise KnowledgeError("no registry of terminologies", where=str(path), mend="Write PREFIX: {title, iri, ...}.")
    return {prefix: _terminology(prefix, entries[prefix], str(path)) for prefix in sorted(entries)}


def _terminology(prefix: str, node: Any, where: str) -> Terminology:
    slots = _pairs(node, where)
    title, iri = ("".join(_words(slots.get(name))) for name in ("title", "iri"))
    if not title or not iri:
        raise KnowledgeError(f"{prefix} has no title or iri", where=where, mend="Write title: and iri: below it.")
    return Terminology(prefix, title, iri, _words(slots.get("fhir")), _words(slots.get("omop")))


@dataclass(frozen=True)
class Table:
    """A mapping table: the name of its file, its rows, and what it says itself of its prefixes."""

    name: str
    rows: tuple[Row, ...]
    bound: MappingLike[str, str]

    def doubts(self, terminologies: MappingLike[str, Terminology]) -> Iterator[tuple[str, str]]:
        """What is odd about its prefixes, and how to mend it."""
        if not self.bound:
            yield "it has no curie_map, and is read with the prefixes of the registry", "Say what its prefixes mean."
        for prefix, iri in sorted(self.bound.items()):
            if prefix in terminologies and iri != terminologies[prefix].iri:
                what = f"{prefix} is bound to {iri[:80]}, and not to {terminologies[prefix].iri}"
                yield what, "Find out which is meant: the rows are read as it is bound."


def read_rows(path: Path, terminologies: MappingLike[str, Terminology]) -> Table:
    """A mapping table with all its rows, faulty ones among them.

    Args:
        path: the file.
        terminologies: the registry. A table without curie_map is read with its prefixes and ours.

    Raises:
        KnowledgeError: the file cannot be read or is no SSSOM table, a prefix is bound against SSSOM, or a quote is not
            closed (with its line).
    """
    where = str(path)
    lines = StringIO(_text(path), newline="").readlines()
    start = next((at for at, line in enumerate(lines) if not line.startswith("#")), len(lines))
    header = _header(lines[:start], where)
    bound = _bound(header.get("curie_map"), where)
    known = {prefix: terminology.iri for prefix, terminology in terminologies.items()}
    prefixes = Prefixes({**(bound or {**known, "gg": ns.GG, "ggt": ns.GGT}), **BUILT_IN}, terminologies)
    records = list(_records("".join(lines[start:]), start, where))
    names = [name.strip() for name in records[0][1]] if records else []
    missing = next((name for name in COLUMNS if name not in names), "")
    if missing:
        mend = "Write an SSSOM table; its first row names the columns."
        raise KnowledgeError(f"no column {missing}", where=f"{where}:{start + 1}", mend=mend)
    double = next((name for name in names if names.count(name) > 1), "")
    alike = (
        (near, name) for name in (MODIFIER, SCOPE) for near in get_close_matches(name, {*names} - {name}, 1, _ALIKE)
    )
    odd, meant = (double, "") if double else next(alike, ("", ""))
    if odd:
        told = f"column {odd[:40]!r} is there twice" if double else f"column {odd[:40]!r} is not read"
        raise KnowledgeError(told, where=f"{where}:{start + 1}", mend="Keep one." if double else f"Write {meant}.")
    if "mapping_set_id" not in header:
        raise KnowledgeError("no SSSOM header", where=where, mend="Write the metadata as #key: value lines.")
    cells = [dict(zip(names, map(str.strip, record), strict=False)) for _, record in records[1:]]
    common = {
        name: "|".join(_words(value))
        for name, value in header.items()
        if name in _PROPAGATED and not (name in names and any(row.get(name) for row in cells))
    }
    rows = [
        Row.of(path.name, line, own | common, len(record) - len(names), prefixes)
        for own, (line, record) in zip(cells, records[1:], strict=True)
    ]
    return Table(path.name, tuple(rows), bound)


def _header(lines: list[str], where: str) -> dict[str, Any]:
    head = [line.removeprefix("#") for line in lines]
    if all(line.startswith(" ") for line in head if line.strip()):  # as some writers set it
        head = [line.removeprefix(" ") for line in head]
    slots = _pairs(_nodes("".join(head).translate(_SEPARATORS), where), where)
    misplaced = next((name for name in (*COLUMNS, MODIFIER, SCOPE) if name in slots), "")
    if misplaced:
        raise KnowledgeError(f"{misplaced} is no slot of a set", where=where, mend="Write it in the rows.")
    return slots


def _bound(node: Any, where: str) -> dict[str, str]:
    """What a table says of its prefixes."""
    bound = {prefix: "".join(_words(value)) for prefix, value in _pairs(node, where).items()}
    for prefix, iri in bound.items():
        if BUILT_IN.get(prefix, iri) != iri:
            mend = f"Bind it to {BUILT_IN[prefix]}, or leave it out."
            raise KnowledgeError(f"curie_map binds {prefix} to {iri[:80]}", where=where, mend=mend)
    return {prefix: iri for prefix, iri in bound.items() if iri}


def _records(text: str, above: int, where: str) -> Iterator[tuple[int, list[str]]]:
    """The records of the rows below a header of so many lines, each with the line that it begins in."""
    reader = csv.reader(StringIO(text, newline=""), delimiter="\t", strict=True)
    while True:
        line = above + reader.line_num + 1
        try:
            record = next(reader, None)
        except csv.Error as error:
            told = f"a quote is not closed, or closed within its cell ({error})"
            raise KnowledgeError(told, where=f"{where}:{line}", mend=_QUOTES) from None
        if record is None:
            return
        # A cell may hold ends of lines or tabs. One with both has swallowed rows.
        if any("\t" in cell and ("\n" in cell or "\r" in cell) for cell in record):
            raise KnowledgeError("a quote runs over several rows", where=f"{where}:{line}", mend=_QUOTES)
        if record:
            yield line, record


def read_table(path: Path, terminologies: MappingLike[str, Terminology]) -> tuple[Mapping, ...]:
    """The mappings of one table, in the order of the file.

    Raises:
        KnowledgeError: no SSSOM table, or a row that leaves open what it says (with its line).
    """
    return tuple(_mapping(row, path) for row in read_rows(path, terminologies).rows)


def _mapping(row: Row, path: Path) -> Mapping:
    fault = None if row.plain else next((fault for fault in row.faults() if fault.grave), None)
    if fault is not None:
        raise KnowledgeError(fault.what, where=f"{path}:{row.line}", mend=fault.mend)
    return Mapping(
        row.subject,
        row.predicate,
        row.curie if row.found else "",
        row["object_label"],
        row["mapping_justification"],
        row["object_source"],
        row["object_source_version"],
        row["mapping_date"],
        row["comment"],
        row.table.removesuffix(SUFFIX),
        row.negated,
        row[SCOPE] == SUBTREE and row.predicate in HAS,
    )


def table_files(*folders: Path) -> list[Path]:
    """The mapping tables of links folders, those of each sorted by name."""
    return [path for folder in folders for path in sorted(folder.glob(f"*{SUFFIX}"))]


@cache
def read_tables(folder: Path, *more: Path) -> tuple[Mapping, ...]:
    """The mappings of all tables of a links folder, and of further ones that are read with its registry.

    Raises:
        KnowledgeError: as :func:`read_table`.
    """
    return tuple(row for path in table_files(folder, *more) for row in read_table(path, read_terminologies(folder)))


def read_rules(folder: Path) -> dict[str, Any]:
    """What checks.yaml of a links folder says.

    Raises:
        KnowledgeError: the file is missing or no YAML mapping.
    """
    import yaml

    path = folder / RULES
    try:
        rules = yaml.safe_load(_text(path))
    except yaml.YAMLError as error:
        raise KnowledgeError(f"cannot be read: {error}", where=str(path), mend="Restore the shipped file.") from None
    if not isinstance(rules, dict):
        raise KnowledgeError("no mapping", where=str(path), mend="Restore the shipped file.")
    return rules
