"""Columns become planes as they lie in memory, and planes numbers."""

from __future__ import annotations

from decimal import Decimal

import pytest

pl = pytest.importorskip("polars")
np = pytest.importorskip("numpy")

from guidegraph.cohort import cells  # noqa: E402
from guidegraph.cohort.arrowbits import truths  # noqa: E402
from guidegraph.cohort.bits import Sheet, coded, count, pack, unpack, words  # noqa: E402
from guidegraph.termreadings import LOWEST  # noqa: E402


@pytest.mark.parametrize("patients", [0, 1, 7, 64, 65, 1_000])
@pytest.mark.parametrize("start", [0, 3, 8, 13, 64])
def test_truth_values_become_planes(patients: int, start: int) -> None:
    """Bits may begin anywhere in a byte, and a column may lie in pieces."""
    draw = np.random.default_rng(patients + start)
    values = {0: True, 1: False, 2: None}
    columns = {
        name: pl.Series([values[int(one)] for one in draw.integers(low, high, patients + start + 5)], dtype=pl.Boolean)
        for name, low, high in (("some", 0, 3), ("every", 0, 2), ("no", 2, 3))
    }
    table = pl.DataFrame(columns)
    half = start + patients // 2
    pieces = pl.concat([table[start:half], table[half : start + patients]], rechunk=False)
    for frame in (table[start : start + patients], pieces):
        found = list(truths(frame))
        assert len(found) == 3
        for column, (true, false) in zip(frame.get_columns(), found, strict=True):
            assert unpack(true, patients).tolist() == [one is True for one in column]
            assert unpack(false, patients).tolist() == [one is False for one in column]
            assert count(true) + count(false) == patients - column.null_count()


def test_other_columns_are_refused() -> None:
    with pytest.raises(TypeError):
        list(truths(pl.DataFrame({"age": [1, 2]})))


def test_planes_spell_numbers() -> None:
    numbers = np.random.default_rng(1).integers(0, 8, 100)
    codes = np.full(words(100) * 64, 255, dtype=np.uint8)
    coded((pack((numbers >> bit & 1).astype(np.bool_)) for bit in range(3)), codes)
    assert codes[:100].tolist() == numbers.tolist()


def test_nobody_and_everybody_are_planes_like_others() -> None:
    sheet = Sheet(70)
    draw = np.random.default_rng(2)
    some = pack(draw.random(70) < 0.5)
    planes = [sheet.none, sheet.all, some, sheet.none.copy(), sheet.all.copy(), pack(draw.random(70) < 0.5)]
    for one in planes:
        for other in planes:
            assert (sheet.both(one, other) == one & other).all()
            assert (sheet.less(one, other) == one & ~other).all()
            assert (sheet.any((one, other)) == one | other).all()
        assert (sheet.rest(one) == sheet.all & ~one).all()


@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize(("after", "piece"), [(0, 1), (1, 0)])
def test_a_number_is_the_decimal_that_it_is_written_by(kind: str, after: int, piece: int) -> None:
    """29.9 of single precision is less than 29.9 as a double."""
    values = np.array([29.9, 29.8, 30.0], dtype=kind)
    cuts = (LOWEST, (Decimal("29.9"), after))
    low, high = (unpack(plane, 3).tolist() for plane in cells._pieces(values, np.ones(3, dtype=np.bool_), cuts))
    assert (low, high) == ([piece == 0, True, False], [piece == 1, False, True])
