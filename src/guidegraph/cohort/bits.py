"""Planes: one bit a patient, sixty-four to a word."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.uint8]
Key = TypeVar("Key")
_WORD = 64
#: For each byte of a plane its eight bits, each in a byte of its own.
_SPREAD = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1, bitorder="little").view(np.uint64).ravel()


def words(patients: int) -> int:
    """How many words a plane of so many patients has."""
    return -(-patients // _WORD)


def pack(mask: Mask) -> Plane:
    """A column of truth values (shape: patients) as a plane; bits past the last patient are 0."""
    short = -mask.size % _WORD
    padded = np.concatenate([mask, np.zeros(short, dtype=np.bool_)]) if short else mask
    return np.packbits(padded, bitorder="little").view(np.uint64)


def unpack(plane: Plane, patients: int) -> Mask:
    """A plane as a column of truth values (shape: patients)."""
    bits = np.unpackbits(plane.view(np.uint8), count=patients, bitorder="little")
    return bits.view(np.bool_)


def coded(planes: Iterable[Plane], codes: Codes) -> None:
    """Write for each patient the number that some planes spell, the first of them the lowest bit.

    Args:
        planes: at most eight.
        codes: are overwritten (shape: patients of whole words).
    """
    rows, part = codes.view(np.uint64), np.empty(codes.size // 8, dtype=np.uint64)
    rows[:] = 0
    for bit, plane in enumerate(planes):
        # "clip" only says that no index is out of bounds: none is.
        np.take(_SPREAD << np.uint64(bit), plane.view(np.uint8), out=part, mode="clip")
        np.bitwise_or(rows, part, out=rows)


def count(plane: Plane) -> int:
    """How many patients are in a plane."""
    return int(np.bitwise_count(plane).sum())


def grow(table: dict[Key, Plane], key: Key, plane: Plane) -> None:
    """Add those of a plane to what a table has under a key."""
    held = table.get(key)
    table[key] = plane if held is None else held | plane


class Sheet:
    """Makes planes for so many patients.

    Attributes:
        patients: how many.
        none: the plane of nobody; never to be changed in place.
        all: the plane of everybody, likewise.
    """

    def __init__(self, patients: int) -> None:
        self.patients = patients
        self.all = pack(np.ones(patients, dtype=np.bool_))
        self.none = np.zeros_like(self.all)

    def counted(self, planes: Iterable[Plane]) -> tuple[Plane, Plane]:
        """Who is in one of some planes at least, and who in two."""
        once = twice = self.none
        for plane in planes:
            once, twice = once | plane, twice | (once & plane)
        return once, twice

    def any(self, planes: Iterable[Plane]) -> Plane:
        """Who is in one of some planes."""
        held = [plane for plane in planes if plane is not self.none]
        if len(held) < 2:
            return held[0] if held else self.none
        found = held[0] | held[1]
        for plane in held[2:]:
            np.bitwise_or(found, plane, out=found)
        return found

    def every(self, planes: Iterable[Plane]) -> Plane:
        """Who is in all of some planes."""
        found = self.all
        for plane in planes:
            found = self.both(found, plane)
        return found

    # Most planes of a step are nobody's or everybody's: they are told by what they are, and nothing is worked out.

    def both(self, one: Plane, other: Plane) -> Plane:
        """Who is in both of two planes."""
        if one is self.none or other is self.none:
            return self.none
        if one is self.all or one is other:
            return other
        return one if other is self.all else one & other

    def less(self, one: Plane, other: Plane) -> Plane:
        """Who is in a plane, and not in another."""
        if one is self.none or other is self.all or one is other:
            return self.none
        return one if other is self.none else one & ~other

    def rest(self, plane: Plane) -> Plane:
        """Who is not in a plane."""
        return self.less(self.all, plane)
