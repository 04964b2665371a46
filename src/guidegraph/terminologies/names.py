"""The files of the lexicon: everyday names with what was decided of each, the codes that they name, groups of words."""

from __future__ import annotations

import csv
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any, TypeVar

from guidegraph import namespaces as ns
from guidegraph.errors import KnowledgeError
from guidegraph.files import read_text
from guidegraph.reading import MAXIMUM_BYTES
from guidegraph.terminologies.model import ExternalTerm

T = TypeVar("T")

#: The tables of a lexicon folder.
NAMES, CODES = ("drugs.tsv", "conditions.tsv"), "codes.tsv"
#: Relations by which a name brings the terms, and those by which it is asked back.
BRINGS, ASKED = ("exact", "narrow"), ("broad", "related")
_COLUMNS = ("name", "synonyms", "kind", "relation", "terms", "codes", "parts", "note")
_MEND = "Write it as docs/names.md shows."


@dataclass(frozen=True)
class Name:
    """A row of the lexicon: a name with its synonyms, what kind of thing it is of, and how it relates to our terms
    (IRIs), to codes of other terminologies (CURIEs), or to the names of what it consists of."""

    name: str
    synonyms: tuple[str, ...]
    kind: str
    relation: str = ""
    terms: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    note: str = ""
    #: The synonym by which the row was found, for what people read.
    shown: str = field(default="", compare=False)

    @property
    def label(self) -> str:
        """The name as it was written, or the row's own."""
        return self.shown or self.name


def _several(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split("|") if part.strip())


def read_rows(path: Path, columns: Collection[str]) -> Iterator[tuple[int, Mapping[str, str]]]:
    """The rows of a table of the lexicon, each with its line; lines that begin with # are left out.

    Raises:
        KnowledgeError: the file cannot be read, or has other columns.
    """
    text = read_text(path, MAXIMUM_BYTES, KnowledgeError, mend="Give a UTF-8 text file.")
    lines = [line for line in text.splitlines(keepends=True) if not line.startswith("#")]
    reader = csv.DictReader(StringIO("".join(lines)), delimiter="\t", quoting=csv.QUOTE_NONE)
    if tuple(reader.fieldnames or ()) != tuple(columns):
        raise KnowledgeError(f"its columns are not {', '.join(columns)}", where=str(path), mend=_MEND)
    skipped = len(text.splitlines()) - len(lines)
    for number, row in enumerate(reader, start=skipped + 2):
        yield number, {key: (value or "").strip() for key, value in row.items() if key}


def read_groups(path: Path, keys: Collection[str], made: Callable[[Mapping[str, Any]], T]) -> T:
    """What is made of a YAML file of the lexicon that has just some groups of words.

    Raises:
        KnowledgeError: the file cannot be read, has other groups, or a group of another form.
    """
    import yaml

    mend = f"Write {', '.join(sorted(keys))}, as the shipped file does."
    try:
        given = yaml.safe_load(read_text(path, MAXIMUM_BYTES, KnowledgeError))
    except yaml.YAMLError as error:
        raise KnowledgeError(f"no YAML: {error}", where=str(path), mend=mend) from None
    try:
        if set(given) != set(keys):
            raise ValueError
        return made(given)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise KnowledgeError("other groups of words", where=str(path), mend=mend) from None


def read_names(folder: Path) -> list[Name]:
    """The names of a lexicon folder, in the order of its tables; none where there is no such folder.

    Raises:
        KnowledgeError: a table cannot be read, or a row says neither what the name is nor what it consists of.
    """
    found: list[Name] = []
    for path in (folder / name for name in NAMES if (folder / name).exists()):
        for number, row in read_rows(path, _COLUMNS):
            terms = tuple(ns.expand(term) or term for term in row["terms"].split())
            name = Name(
                row["name"],
                _several(row["synonyms"]),
                row["kind"],
                row["relation"],
                terms,
                tuple(row["codes"].split()),
                _several(row["parts"]),
                row["note"],
            )
            right = name.relation in ("", "none") or (name.relation in (*BRINGS, *ASKED) and bool(terms))
            if not name.name or not name.kind or not right or (name.relation == "" and not (name.codes or name.parts)):
                raise KnowledgeError("a row says too little", where=f"{path}:{number}", mend=_MEND)
            found.append(name)
    return found


def read_codes(folder: Path, prefix: str) -> list[ExternalTerm]:
    """The codes of one terminology that a lexicon names, with label and parents: those of its names, those above these,
    and those that the tables map where the terminology does not build its codes from each other."""
    found = {
        row["code"].partition(":")[2]: ExternalTerm(
            row["code"].partition(":")[2], row["label"], parents=tuple(row["parents"].split())
        )
        for _, row in (read_rows(folder / CODES, ("code", "label", "parents")) if (folder / CODES).exists() else ())
        if row["code"].startswith(f"{prefix}:")
    }
    return [found[code] for code in sorted(found)]
