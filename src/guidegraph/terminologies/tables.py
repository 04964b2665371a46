"""Reading the registry of terminologies and the mapping tables (SSSOM/TSV).

The csv module and a YAML header are enough to read SSSOM's own TSV form, and cost no import that a command would feel;
whether the tables are valid SSSOM is checked in the tests by the libraries of SSSOM itself.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping as MappingLike
from functools import cache
from pathlib import Path
from typing import Any

from guidegraph import namespaces as ns
from guidegraph.errors import KnowledgeError
from guidegraph.terminologies.model import Mapping, Terminology

REGISTRY = "terminologies.yaml"
SUFFIX = ".sssom.tsv"
NOT_FOUND = "sssom:NoTermFound"
PREDICATES = {f"skos:{name}Match": name for name in ("exact", "broad", "narrow", "close")}
_COLUMNS = ("subject_id", "predicate_id", "object_id")
_OURS = ("ggt:", "gg:")


def _load(text: str, where: str) -> Any:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return yaml.load(text, Loader=loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{where}:{mark.line + 1}:{mark.column + 1}" if mark else where
        raise KnowledgeError("not YAML", where=place, mend="Correct the syntax there.") from None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise KnowledgeError(f"cannot be read: {error}", where=str(path), mend="Give a UTF-8 text file.") from None


@cache
def read_terminologies(folder: Path) -> MappingLike[str, Terminology]:
    """The registry of terminologies of a links folder, by CURIE prefix; empty where the folder has none.

    Raises:
        KnowledgeError: the registry cannot be read, or an entry has no title or IRI.
    """
    path = folder / REGISTRY
    if not path.is_file():
        return {}
    found = _load(_text(path), str(path))
    if not isinstance(found, dict):
        raise KnowledgeError("no registry of terminologies", where=str(path), mend="Write PREFIX: {title, iri, ...}.")
    return {str(prefix): _terminology(str(prefix), entry, path) for prefix, entry in sorted(found.items())}


def _terminology(prefix: str, entry: Any, path: Path) -> Terminology:
    if not isinstance(entry, dict) or not isinstance(entry.get("iri"), str) or not isinstance(entry.get("title"), str):
        raise KnowledgeError(f"{prefix} has no title or iri", where=str(path), mend="Write title: and iri: below it.")
    fhir, omop = (tuple(str(v) for v in entry.get(key) or ()) for key in ("fhir", "omop"))
    return Terminology(prefix, entry["title"], entry["iri"], fhir, omop)


def read_table(path: Path) -> tuple[Mapping, ...]:
    """The rows of one mapping table, in the order of the file.

    Raises:
        KnowledgeError: no SSSOM table, or a row whose subject, predicate or object cannot be read (with its line).
    """
    lines = _text(path).splitlines()
    head = [line.removeprefix("#") for line in lines if line.startswith("#")]
    start = next((i for i, line in enumerate(lines) if not line.startswith("#")), len(lines))
    header = _load("\n".join(line.removeprefix(" ") for line in head) if _spaced(head) else "\n".join(head), str(path))
    if not isinstance(header, dict) or "mapping_set_id" not in header:
        raise KnowledgeError("no SSSOM header", where=str(path), mend="Write the metadata as #key: value lines.")
    rows = csv.DictReader(lines[start:], delimiter="\t")
    missing = [c for c in _COLUMNS if c not in (rows.fieldnames or ())]
    if missing:
        raise KnowledgeError(f"no column {missing[0]}", where=f"{path}:{start + 1}", mend="Name it in the first row.")
    return tuple(_mapping(row, header, path, start + number) for number, row in enumerate(rows, 2))


def _spaced(head: list[str]) -> bool:
    """Whether each line of the header has a blank behind its sign, as some writers set it."""
    return bool(head) and all(not line or line.startswith(" ") for line in head)


def _mapping(row: MappingLike[str, Any], header: MappingLike[str, Any], path: Path, line: int) -> Mapping:
    where = f"{path}:{line}"

    def cell(name: str) -> str:
        return str(row.get(name) or header.get(name) or "").strip()

    subject, obj = cell("subject_id"), cell("object_id")
    iri = ns.expand(subject) if subject.startswith(_OURS) else None
    if iri is None:
        raise KnowledgeError(f"{subject[:60]!r} is no term of ours", where=where, mend="Write ggt:Name or gg:name.")
    predicate = PREDICATES.get(cell("predicate_id"))
    if predicate is None:
        told = ", ".join(PREDICATES)
        raise KnowledgeError(f"predicate {cell('predicate_id')[:40]!r}", where=where, mend=f"Use one of {told}.")
    if ":" not in obj:
        raise KnowledgeError(f"{obj[:60]!r} is no CURIE", where=where, mend=f"Write PREFIX:code, or {NOT_FOUND}.")
    return Mapping(
        iri,
        predicate,
        "" if obj == NOT_FOUND else obj,
        cell("object_label"),
        cell("mapping_justification"),
        cell("object_source"),
        cell("object_source_version"),
        cell("mapping_date"),
        cell("comment"),
        path.name.removesuffix(SUFFIX),
    )


def table_files(folder: Path) -> list[Path]:
    """The mapping tables of a links folder, sorted by name."""
    return sorted(folder.glob(f"*{SUFFIX}"))


@cache
def read_tables(folder: Path) -> tuple[Mapping, ...]:
    """The rows of all mapping tables of a links folder.

    Raises:
        KnowledgeError: as :func:`read_table`.
    """
    return tuple(row for path in table_files(folder) for row in read_table(path))
