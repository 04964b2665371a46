"""Planes: one bit a patient, sixty-four to a word."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]
_WORD = 64


def pack(mask: Mask) -> Plane:
    """A column of truth values (shape: patients) as a plane; bits past the last patient are 0."""
    short = -mask.size % _WORD
    padded = np.concatenate([mask, np.zeros(short, dtype=np.bool_)]) if short else mask
    return np.packbits(padded, bitorder="little").view(np.uint64)


def unpack(plane: Plane, patients: int) -> Mask:
    """A plane as a column of truth values (shape: patients)."""
    bits = np.unpackbits(plane.view(np.uint8), count=patients, bitorder="little")
    return bits.view(np.bool_)


def count(plane: Plane) -> int:
    """How many patients are in a plane."""
    return int(np.bitwise_count(plane).sum())


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
            found = found & plane
        return found

    def rest(self, plane: Plane) -> Plane:
        """Who is not in a plane."""
        return self.all & ~plane
