"""A FHIR bulk export: NDJSON files by type of resource, put together to one record a patient."""

from __future__ import annotations

import gzip
import json
import re
import sqlite3
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import groupby, islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeGuard

from guidegraph.errors import UsageError
from guidegraph.intake.fhir.table import table
from guidegraph.intake.report import shown

_ENDINGS = (".ndjson", ".ndjson.gz")
_BUNDLE, _PATIENT, _SHARED = "Bundle", "Patient", "Medication"
_WHOSE = ("subject", "patient")
_EXAMPLES = 3
# On disk, since an export may be larger than memory: the lines of each patient, and what several patients refer to.
_TABLES = """
CREATE TABLE line (patient TEXT, later INTEGER, number INTEGER, text TEXT);
CREATE TABLE shared (name TEXT, text TEXT);
CREATE TABLE refers (patient TEXT, name TEXT);
"""
_ORDER = """
CREATE INDEX lines ON line (patient, later, number);
CREATE INDEX things ON shared (name);
CREATE INDEX references_of ON refers (patient);
"""
_LINES = "SELECT patient, later, text FROM line ORDER BY patient, later, number"
_OF = "SELECT text FROM shared WHERE name IN (SELECT name FROM refers WHERE patient = ?) ORDER BY name, rowid"
_ORPHANS = "SELECT count(*) FROM (SELECT min(later) AS first FROM line GROUP BY patient) WHERE first = 1"


def is_export(path: Path) -> bool:
    """Whether an NDJSON file is part of an export: named by the type of its resources, all of one type, or compressed.

    Raises:
        UsageError: it cannot be read.
    """
    if not path.name.lower().endswith(_ENDINGS):
        return False
    if path.suffix.lower() == ".gz":
        return True
    types = [value.get("resourceType") for _, value in islice(_values(path), 2) if isinstance(value, dict)]
    named = re.split(r"[^A-Za-z]+", path.name)
    return bool(types) and (types[0] in named or (len(types) == 2 and types[0] == types[1]))


class Export:
    """The records of an export; a context manager.

    Args:
        files: its files (.ndjson, .ndjson.gz). A line that is a Bundle is a record of its own.

    Raises:
        UsageError: a file cannot be read.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        self._strays: dict[tuple[str, str], tuple[int, list[tuple[int, str]]]] = {}
        self._number = 0
        self._open = ExitStack()
        folder = self._open.enter_context(tempfile.TemporaryDirectory(prefix="guidegraph-"))
        self._db = sqlite3.connect(Path(folder) / "export.sqlite", isolation_level=None)
        self._open.callback(self._db.close)
        try:
            self._db.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {_TABLES} BEGIN;")
            for path in files:
                for row, value in _values(path):
                    self._place(path.name, row, value)
            self._db.executescript(_ORDER)  # it ends the transaction first
        except BaseException:
            self._open.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def records(self) -> Iterator[tuple[str, str]]:
        """Who each patient is, in the order of their ids, with their resources as NDJSON."""
        for patient, lines in groupby(self._db.execute(_LINES), key=lambda row: str(row[0])):
            shared = self._db.execute(_OF, (patient,)).fetchall()
            texts = [row[2] for row in lines] + [row[0] for row in shared]
            yield patient.removeprefix(f"{_PATIENT}/"), "\n".join(texts)

    def strays(self) -> Iterator[tuple[str, str, bool, int, list[tuple[int, str]]]]:
        """What is of no patient: the file, why, whether it was lost, how often, and the first lines with their text."""
        for (file, why), (count, examples) in self._strays.items():
            yield file, why, True, count, examples
        if orphans := self._db.execute(_ORPHANS).fetchone()[0]:
            yield _PATIENT, "there is no Patient for the entries of one: age and sex are unknown", False, orphans, []

    def _place(self, file: str, row: int, value: Any) -> None:
        name = value.get("resourceType") if isinstance(value, dict) else None
        if not isinstance(name, str):
            self._stray(file, row, "no FHIR resource", str(value))
            return
        text = value.text
        named = shown(f"{name}/{value.get('id')}")
        if name == _BUNDLE:
            self._add(f"{file}:{row}", 0, text)
        elif name == _PATIENT and _is_written(value.get("id")):
            self._add(f"{_PATIENT}/{value['id']}", 0, text)
        elif name == _SHARED:
            self._db.execute("INSERT INTO shared VALUES (?, ?)", (named, text))
        elif patient := _patient(value):
            self._add(patient, 1, text)
            for reference in set(_references(value)):
                self._db.execute("INSERT INTO refers VALUES (?, ?)", (patient, reference))
        elif name in table().kinds or name == _PATIENT:
            self._stray(file, row, "it does not say which patient it is of", named)

    def _add(self, patient: str, later: int, text: str) -> None:
        self._number += 1
        self._db.execute("INSERT INTO line VALUES (?, ?, ?, ?)", (patient, later, self._number, text))

    def _stray(self, file: str, row: int, why: str, text: str) -> None:
        count, examples = self._strays.get((file, why), (0, []))
        if len(examples) < _EXAMPLES:
            examples.append((row, text[:60]))
        self._strays[file, why] = count + 1, examples


class _Line(dict[str, Any]):
    """A resource with the text that it was read from, so that the reader of records reads what was written."""

    text = ""


def _values(path: Path) -> Iterator[tuple[int, Any]]:
    """The values of a file with their lines; of what is no JSON the text."""
    try:
        with gzip.open(path, "rb") if path.suffix.lower() == ".gz" else path.open("rb") as file:
            for number, content in enumerate(file, 1):
                text = content.decode("utf-8-sig" if number == 1 else "utf-8").strip()
                if not text:
                    continue
                try:
                    value = json.loads(text)
                except (ValueError, RecursionError):
                    value = text
                if isinstance(value, dict):
                    value = _Line(value)
                    value.text = text
                yield number, value
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        what = "not UTF-8 text" if isinstance(error, UnicodeDecodeError) else f"cannot be read: {error}"
        raise UsageError(what, where=str(path), mend="Give NDJSON, one resource a line.") from None


def _patient(value: dict[str, Any]) -> str:
    """The patient whom a resource names, as Patient/id; "" if none."""
    for key in _WHOSE:
        reference = value.get(key)
        target = reference.get("reference") if isinstance(reference, dict) else None
        if _is_written(target):
            short = _short(target)
            return short if short.startswith(f"{_PATIENT}/") else ""
    return ""


def _is_written(text: Any) -> TypeGuard[str]:
    """Whether something is a text that can be written as UTF-8, which one with half a character cannot."""
    try:
        return isinstance(text, str) and bool(text.encode())
    except UnicodeEncodeError:
        return False


def _short(reference: str) -> str:
    return "/".join(reference.partition("/_history/")[0].split("/")[-2:])


def _references(value: Any) -> Iterator[str]:
    """The shared things to which a resource refers, as Type/id."""
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            target = one.get("reference")
            if _is_written(target) and _short(target).startswith(f"{_SHARED}/"):
                yield _short(target)
            left += one.values()
        elif isinstance(one, list):
            left += one
