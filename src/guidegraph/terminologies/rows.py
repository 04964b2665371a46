"""Mapping tables as raw rows with their lines, for what must survive a row that no reader of tables would take."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from guidegraph import namespaces as ns
from guidegraph.errors import KnowledgeError
from guidegraph.terminologies.tables import NOT_FOUND, PREDICATES

#: Prefix of the names of sources in object_source, and the name for what was read at a page.
SOURCE, PAGE = "ggs:", "page"
COLUMNS = (
    "subject_id",
    "subject_label",
    "predicate_id",
    "object_id",
    "object_label",
    "mapping_justification",
    "mapping_date",
    "object_source",
    "object_source_version",
    "comment",
)
_NEEDED = tuple(name for name in COLUMNS if name not in ("object_label", "comment"))
_CURIE = re.compile(r"[A-Za-z][\w.-]*:\S+")


@dataclass(frozen=True)
class RawRow:
    """One row: the table's name, its line, its cells by column, and how many cells too many or too few it has."""

    table: str
    line: int
    cells: dict[str, str]
    surplus: int = 0

    def __getitem__(self, name: str) -> str:
        return self.cells.get(name, "")

    @property
    def subject(self) -> str:
        """The IRI of the subject, "" where it is no CURIE of ours."""
        return ns.expand(self["subject_id"]) or ""

    @property
    def predicate(self) -> str:
        """exact, broad, narrow or close, "" for another predicate."""
        return PREDICATES.get(self["predicate_id"], "")

    @property
    def prefix(self) -> str:
        """The prefix of the object."""
        return self["object_id"].partition(":")[0]

    @property
    def code(self) -> str:
        """The object without prefix."""
        return self["object_id"].partition(":")[2]

    @property
    def found(self) -> bool:
        """Whether the row names a code."""
        return self["object_id"] != NOT_FOUND


def raw_rows(path: Path) -> Iterator[RawRow]:
    """The rows of a table, malformed ones among them.

    Raises:
        KnowledgeError: the file cannot be read, or has no row that names the columns.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise KnowledgeError(f"cannot be read: {error}", where=str(path), mend="Give a UTF-8 text file.") from None
    start = next((at for at, line in enumerate(lines) if not line.startswith("#")), None)
    names = lines[start].split("\t") if start is not None else []
    missing = [name for name in ("subject_id", "predicate_id", "object_id") if name not in names]
    if start is None or missing:
        told = f"no column {missing[0]}" if missing else "no rows"
        raise KnowledgeError(told, where=str(path), mend="Write an SSSOM table; its first row names the columns.")
    for at, line in enumerate(lines[start + 1 :], start + 2):
        cells = line.split("\t")
        found = {name: cell.strip() for name, cell in zip(names, cells, strict=False)}
        yield RawRow(path.name, at, found, len(cells) - len(names))


def faults(row: RawRow) -> Iterator[tuple[str, str]]:
    """What makes a row no row of a table: what is wrong, and how to mend it."""
    if row.surplus:
        yield f"{abs(row.surplus)} cells too {'many' if row.surplus > 0 else 'few'}", "Give each column one cell."
        return
    for name in _NEEDED:
        if not row[name]:
            yield f"no {name}", "Fill it in."
    if row["predicate_id"] and not row.predicate:
        yield f"predicate {row['predicate_id'][:40]!r}", f"Use one of {', '.join(PREDICATES)}."
    if row["object_id"] and not _CURIE.fullmatch(row["object_id"]):
        yield f"{row['object_id'][:60]!r} is no CURIE", f"Write PREFIX:code, or {NOT_FOUND}."
    if row["mapping_justification"] and not row["mapping_justification"].startswith("semapv:"):
        yield f"justification {row['mapping_justification'][:40]!r}", "Use a term of semapv."
    if row["mapping_date"] and not _is_day(row["mapping_date"]):
        yield f"{row['mapping_date'][:20]!r} is no date", "Write it as 2026-01-31."
    if row.found and not row["object_label"]:
        yield "no object_label", "Copy the label from the terminology."
    if not row.found and not row["comment"]:
        yield "no comment", "Say where was looked, and with which words."


def _is_day(text: str) -> bool:
    try:
        return len(text) == len("2026-01-31") and bool(date.fromisoformat(text))
    except ValueError:
        return False
