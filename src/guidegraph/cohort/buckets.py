"""Rows of a long table put by, those of the same patients together: a table is read once, whatever its order."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack

import numpy as np

from guidegraph.cohort.sifting import Rows

#: Bytes that all buckets together hold in memory; beyond, they lie in temporary files.
_MEMORY = 64_000_000
_ROW = np.dtype([("at", np.uint32), ("saying", np.uint32), ("day", np.int32)])


class Buckets:
    """Rows by the position of their patient, so many patients to a bucket.

    Args:
        patients: how many there are.
        each: patients of a bucket.
    """

    def __init__(self, patients: int, each: int) -> None:
        self._each, self._open = each, ExitStack()
        count = -(-patients // each)
        # Nobody else sees what is put by, and nothing of it outlives the process: the files have no name.
        self._files = [
            self._open.enter_context(tempfile.SpooledTemporaryFile(_MEMORY // count, prefix="guidegraph-"))  # noqa: SIM115
            for _ in range(count)
        ]

    def __enter__(self) -> Buckets:
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def add(self, rows: Rows) -> None:
        """Put rows by.

        Raises:
            OSError: they cannot be written.
        """
        packed = np.zeros(rows.at.size, dtype=_ROW)
        packed["at"], packed["saying"] = rows.at, rows.saying
        if rows.day is not None:
            packed["day"] = rows.day
        bucket = rows.at // np.uint32(self._each)
        if not bucket.size or (bucket == bucket[0]).all():
            ordered, cuts = packed, np.zeros(0, dtype=np.intp)
        else:
            order = np.argsort(bucket, kind="stable")
            ordered, bucket = packed[order], bucket[order]
            cuts = np.flatnonzero(np.diff(bucket)) + 1
        for piece in np.split(ordered, cuts):
            if piece.size:
                self._files[int(piece["at"][0]) // self._each].write(piece.tobytes())

    def bucket(self, number: int, dated: bool) -> Rows:
        """The rows of one bucket, whose patients are counted from its first; it is empty afterwards.

        Args:
            number: which, from 0.
            dated: whether the rows have days.
        """
        file = self._files[number]
        file.seek(0)
        packed = np.frombuffer(file.read(), dtype=_ROW)
        file.close()
        at = packed["at"] - np.uint32(number * self._each)
        return Rows(at, packed["saying"].copy(), packed["day"].copy() if dated else None)
