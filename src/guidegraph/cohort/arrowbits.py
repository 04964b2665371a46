"""Columns of truth values as planes, without unpacking a bit: Polars hands them out as they lie in memory.

What is read is the Arrow C data interface, whose structures are fixed for good
(https://arrow.apache.org/docs/format/CDataInterface.html): a column is a bitmap of its values and one of who has a
value, both with the lowest bit first as a plane has them.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import polars as pl

from guidegraph.cohort.bits import Plane, words


class _Array(ctypes.Structure):
    """struct ArrowArray."""


_Array._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(_Array))),
    ("dictionary", ctypes.POINTER(_Array)),
    ("release", ctypes.CFUNCTYPE(None, ctypes.POINTER(_Array))),
    ("private_data", ctypes.c_void_p),
]


class _Stream(ctypes.Structure):
    """struct ArrowArrayStream; of its functions only the one that gives the next array is called."""


_Stream._fields_ = [
    ("get_schema", ctypes.c_void_p),
    ("get_next", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(_Stream), ctypes.POINTER(_Array))),
    ("get_last_error", ctypes.c_void_p),
    ("release", ctypes.c_void_p),
    ("private_data", ctypes.c_void_p),
]
_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_pointer.restype, _pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]


def truths(frame: pl.DataFrame) -> Iterator[tuple[Plane, Plane]]:
    """Of each column of truth values those for whom it is true, and those for whom it is false; a null is neither.

    Raises:
        TypeError: a column holds anything else.
    """
    if not all(kind == pl.Boolean for kind in frame.dtypes):
        raise TypeError("a column holds no truth values")
    if not frame.height:
        nobody: Plane = np.zeros(0, dtype=np.uint64)
        yield from ((nobody, nobody) for _ in frame.dtypes)
        return
    # The capsule owns the stream and gives it back once it is gone.
    capsule = frame.rechunk().__arrow_c_stream__()
    stream = ctypes.cast(_pointer(capsule, b"arrow_array_stream"), ctypes.POINTER(_Stream))
    array = _Array()
    if stream.contents.get_next(stream, ctypes.byref(array)) or array.length != frame.height:
        raise MemoryError("columns could not be handed out")
    try:
        for at in range(frame.width):
            yield _truth(array.children[at].contents, array.offset, frame.height)
    finally:
        array.release(ctypes.byref(array))


def _truth(column: _Array, offset: int, patients: int) -> tuple[Plane, Plane]:
    start = column.offset + offset
    values = _bits(column.buffers[1], start, patients)
    if not column.null_count or not column.buffers[0]:
        known = np.full_like(values, np.uint64(0xFFFFFFFFFFFFFFFF))
    else:
        known = _bits(column.buffers[0], start, patients)
    if patients % 64:
        known[-1] &= np.uint64((1 << patients % 64) - 1)
    return values & known, known & ~values


def _bits(address: int, start: int, patients: int) -> Plane:
    """A copy of some bits of a buffer as a plane; bits past the last patient may be anything."""
    first, shift = divmod(start, 8)
    size = -(-(shift + patients) // 8)
    raw: npt.NDArray[np.uint8] = np.ctypeslib.as_array(
        ctypes.cast(address + first, ctypes.POINTER(ctypes.c_uint8)), (size,)
    )
    if shift:
        raw = np.packbits(np.unpackbits(raw, bitorder="little")[shift : shift + patients], bitorder="little")
    plane = np.zeros(words(patients), dtype=np.uint64)
    plane.view(np.uint8)[: raw.size] = raw
    return plane
