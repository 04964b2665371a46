"""Small cells: counts that could point at a person are not told.

A count of 1 to 4 is told as "fewer than 5", every other one to the nearest 5, totals as well. So nothing that is told
is exact, and no difference of told counts gives a small one away: a total and its other parts are each up to 2 off.
Were cells beside a small one left out instead, they would have to be so in every table that counts the same patients;
a rounded count is the same wherever it stands.
"""

from __future__ import annotations

from collections.abc import Callable

#: Counts below this, but for 0, are masked; the others are rounded to a multiple of it.
UNDER = 5

#: A count as it is told: None where it is masked.
Told = int | None


def masked(number: int) -> Told:
    """A count as it may be told: None for 1 to 4, else the nearest multiple of 5."""
    if 0 < number < UNDER:
        return None
    return (number + UNDER // 2) // UNDER * UNDER


def exact(number: int) -> Told:
    """A count as it is."""
    return number


def telling(show_small: bool) -> Callable[[int], Told]:
    """How counts are told."""
    return exact if show_small else masked
