"""Small cells: counts that could point at a person are not told.

A count of 1 to 4 is told as "fewer than 5", every other one is rounded down to a multiple of 5, totals as well. So a
told count is up to 4 more than it says, and no difference of told counts gives a small one away, but at the very ends
of what is possible: a row whose masked counts could all be 4 only, or all be 1 only, is told with one count 5 more or
5 less, so that they could be others. Were cells beside a small one left out instead, they would have to be so in every
table that counts the same patients; a rounded count is the same wherever it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

#: Counts below this, but for 0, are masked; the others are rounded down to a multiple of it.
UNDER = 5

#: A count as it is told: None where it is masked.
Told = int | None


def masked(number: int) -> Told:
    """A count as it may be told: None for 1 to 4, else the multiple of 5 at or below it."""
    return None if 0 < number < UNDER else number - number % UNDER


def exact(number: int) -> Told:
    """A count as it is."""
    return number


def telling(show_small: bool) -> Callable[[int], Told]:
    """How counts are told."""
    return exact if show_small else masked


def least(cells: int) -> int:
    """Of how many patients a table with so many cells a row must be, so that in no row all are masked."""
    return cells * UNDER


def masked_row(counts: Mapping[str, int]) -> dict[str, Told]:
    """The counts of a row as they may be told beside their total, which is told as well.

    Args:
        counts: what all patients are divided into; at least one is no small count (:func:`least`).
    """
    row = {name: masked(number) for name, number in counts.items()}
    hidden = sum(told is None for told in row.values())
    told = {name: count for name, count in row.items() if count}
    if not hidden or not told:
        return row
    # What is left for the masked counts: each told one is 0 to 4 more than it says, and so is the total.
    left = (masked(sum(counts.values())) or 0) - sum(told.values())
    lowest, highest = left - (UNDER - 1) * len(told), left + UNDER - 1
    most = max(told, key=lambda name: told[name])
    if lowest >= (UNDER - 1) * hidden:
        row[most] = told[most] + UNDER
    elif highest <= hidden:
        row[most] = told[most] - UNDER
    return row
