"""The Parquet files that answers are written to: their columns, what they say of themselves, and reading them again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from guidegraph.cohort.bits import Mask, Plane, Sheet, pack
from guidegraph.cohort.tables import BATCH, told
from guidegraph.errors import UsageError
from guidegraph.files import read_text
from guidegraph.knowledge.describe import iri_of
from guidegraph.model import STATUSES

STATUS = pl.Enum(list(STATUSES))
#: The codes of truths, in the order of their words.
_TRUE, _UNKNOWN = 0, 2
TRUTH = pl.Enum(["true", "false", "unknown", "inactive"])
#: The name of the column that tells what of a patient contradicts itself.
CONTRADICTION = "contradiction"
#: The names of the columns with what is understood of each, and with the unknown facts that keep therapies open.
FACTS, BLOCKING = "facts", "blocking"
#: The key of a Parquet file's metadata under which it says how it was made.
_KEY = "guidegraph"
_FORM = "cohort statuses 1"
_AGAIN = "Write it anew: guidegraph cohort PATIENTS -o FILE.parquet."
#: What a folder of parts of answers holds once it has all of them; readers of Parquet pass over names that begin so.
MANIFEST, _MANIFEST_BYTES = "_SUCCESS", 1_000_000_000
_COUNTS = ("patients", "left_out", "contradicted")
#: The code of a patient without a status.
_NONE = 255

Codes = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]


@dataclass(frozen=True)
class Made:
    """How a file of answers was made.

    Attributes:
        knowledge: the digest of the knowledge.
        as_of, jurisdiction, voices, problem: what was asked (:class:`guidegraph.cohort.asking.Request`).
        patients, left_out, contradicted: how many (:class:`guidegraph.cohort.asking.Report`).
        software: name and version of what wrote it.
    """

    knowledge: str
    as_of: str
    jurisdiction: str | None
    voices: tuple[str, ...]
    problem: str
    patients: int
    left_out: int
    contradicted: int
    software: str


def mark(made: Made) -> dict[str, str]:
    """What a file says of itself, as metadata of Parquet."""
    return {_KEY: json.dumps({"form": _FORM, **asdict(made)}, sort_keys=True)}


def answers_in(path: Path) -> bool:
    """Whether a file or a folder of parts is one of answers, and not of patients: it says so of itself.

    Raises:
        UsageError: it has the columns of answers and does not say how it was made, is no Parquet file, or is a folder
            that has not all parts.
    """
    if path.is_dir():
        parts = _parts(path)
        if not parts or not answers_in(parts[0]):
            return False
        if not (path / MANIFEST).is_file():
            raise UsageError("not all parts of the answers are there", where=str(path), mend="Finish it first.")
        return True
    if path.suffix.lower() != ".parquet" or not path.is_file():
        return False
    with told(path):
        said, schema = pl.read_parquet_metadata(path), pl.read_parquet_schema(path)
    if _KEY in said:
        return True
    if CONTRADICTION in schema and any(isinstance(kind, pl.Enum) for kind in schema.values()):
        raise UsageError("the file does not say by which knowledge it was made", where=str(path), mend=_AGAIN)
    return False


def _parts(folder: Path) -> list[Path]:
    """The parts in a folder of answers, in their order."""
    return sorted(folder.glob("part-*.parquet"))


class Written:
    """The answers in a file or a folder of parts, batch by batch.

    Attributes:
        made: how it was made.
        therapies, statements: IRIs of those that it has.

    Args:
        path: what ``guidegraph cohort`` wrote.

    Raises:
        UsageError: it is none, or was written by another version in a form that this one does not read.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._files = path, _parts(path) if path.is_dir() else [path]
        with told(path):
            said, self._schema = map(pl.read_parquet_metadata, self._files), pl.read_parquet_schema(self._files[0])
            self.made = self._joined([self._read(one) for one in said])
        self._long = {"therapy", "status"} <= self._schema.keys()
        kinds = {name: kind for name, kind in self._schema.items() if isinstance(kind, pl.Enum)}
        statements = [name for name, kind in kinds.items() if kind == TRUTH]
        therapies = [name for name, kind in kinds.items() if kind == STATUS]
        if self._long:
            kind = self._schema["therapy"]
            therapies = kind.categories.to_list() if isinstance(kind, pl.Enum) and "status" in therapies else []
        if not therapies:
            raise UsageError("the file has no column of statuses as they are today", where=str(path), mend=_AGAIN)
        self._therapies = {iri_of(name): name for name in therapies}
        self._statements = {iri_of(name): name for name in statements}
        self.therapies, self.statements = tuple(self._therapies), tuple(self._statements)

    def _read(self, said: Mapping[str, str]) -> Made:
        try:
            row: dict[str, Any] = json.loads(said[_KEY])
            if row.pop("form") != _FORM:
                raise UsageError("the file is of another version", where=str(self._path), mend=_AGAIN)
            return Made(**{**row, "voices": tuple(row["voices"])})
        except (KeyError, TypeError, ValueError):
            what = "no file of answers: it does not say how it was made"
            raise UsageError(what, where=str(self._path), mend=_AGAIN) from None

    def _joined(self, parts: list[Made]) -> Made:
        """How all parts were made; each counts its own patients."""
        counts: dict[str, Any] = {name: sum(getattr(part, name) for part in parts) for name in _COUNTS}
        made = {replace(part, **counts) for part in parts}
        if len(made) > 1:
            raise UsageError("its parts were not made together", where=str(self._path), mend=_AGAIN)
        if self._path.is_dir():
            try:
                said = json.loads(read_text(self._path / MANIFEST, _MANIFEST_BYTES))
                whole = all(said[name] == number for name, number in counts.items())
            except (KeyError, TypeError, ValueError):
                whole = False
            if not whole:
                what = f"its parts are not those that {MANIFEST} tells of"
                raise UsageError(what, where=str(self._path), mend=_AGAIN)
        return made.pop()

    def batches(self) -> Iterator[Answered]:
        """The answers in the order of the file.

        Raises:
            UsageError: it cannot be read further, or a patient of a long one has not every therapy.
        """
        each = len(self._therapies) if self._long else 1
        table, start, size = pl.scan_parquet(self._files), 0, BATCH * each
        if self._long:
            size = max(1, 10 * BATCH // each) * each
        while True:
            with told(self._path):
                frame = table.slice(start, size).collect()
            if not frame.height:
                return
            yield self._lengthwise(frame) if self._long else self._across(frame)
            start += size

    def _across(self, frame: pl.DataFrame) -> Answered:
        columns = {**self._therapies, **self._statements}
        return Answered(frame.height, {iri: _codes(frame[name]) for iri, name in columns.items()})

    def _lengthwise(self, frame: pl.DataFrame) -> Answered:
        count = len(self._therapies)
        named = frame["therapy"].to_physical().to_numpy()
        if frame.height % count or (named.reshape(-1, count) != np.arange(count)).any():
            raise UsageError("a patient has not every therapy", where=str(self._path), mend=_AGAIN)
        codes = _codes(frame["status"]).reshape(-1, count)
        return Answered(codes.shape[0], {iri: codes[:, at] for at, iri in enumerate(self._therapies)})


def _codes(column: pl.Series) -> Codes:
    return column.to_physical().cast(pl.UInt8).fill_null(_NONE).to_numpy()


class Answered:
    """The answers for some patients, as planes.

    Attributes:
        sheet: makes planes for them.
        counted: those who have statuses: who contradicts themselves has none.
    """

    def __init__(self, patients: int, codes: Mapping[str, Codes]) -> None:
        self.sheet, self._of = Sheet(patients), codes
        self.counted: Plane = pack(self._first != _NONE)

    @cached_property
    def _first(self) -> Codes:
        return next(iter(self._of.values()))

    def statuses(self, therapy: str) -> dict[str, Plane]:
        """Those who have each status of a therapy (IRI)."""
        codes = self._of[therapy]
        return {status: pack(codes == at) for at, status in enumerate(STATUSES)}

    def true(self, statement: str) -> Plane:
        """Those for whom a statement (IRI) is true."""
        return self._truth(statement, (_TRUE,))

    def possible(self, statement: str) -> Plane:
        """Those for whom a statement (IRI) counts and is not false."""
        return self._truth(statement, (_TRUE, _UNKNOWN))

    def resting(self, therapy: str) -> None:
        """Nobody can tell on what a status rests: what bears on a therapy hangs on facts, which answers do not hold."""

    def _truth(self, statement: str, wanted: tuple[int, ...]) -> Plane:
        codes = self._of.get(statement)
        if codes is None:
            return self.sheet.none
        held: Mask = np.isin(codes, wanted)
        return pack(held)
