"""Lists for each patient of a batch: what is understood of them, and which unknown facts keep therapies open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import polars as pl

from guidegraph.cohort.bits import Mask, Plane, grow, unpack
from guidegraph.cohort.blocking import Waiting
from guidegraph.cohort.looked import Worked
from guidegraph.cohort.outputs import BLOCKING, FACTS
from guidegraph.knowledge.atoms import STOP, TRIAL, Atom, Event
from guidegraph.knowledge.criteria import Criteria, Therapy
from guidegraph.knowledge.facts import FactBook
from guidegraph.knowledge.phrases import range_words
from guidegraph.termreadings import HIGHEST, plain

#: A column of lists.
LISTS = pl.List(pl.String)


def blocking(
    book: FactBook, criteria: Criteria, worked: Worked, therapies: Sequence[Therapy], missing: Mask, each: bool
) -> pl.Series:
    """The unknown facts that keep therapies open, as the questions of one patient name them.

    Args:
        book, criteria, worked: the words for facts, what decides, and what the patients come to.
        therapies: which.
        missing: those who have no list (shape: patients).
        each: whether of each therapy by itself, one after another (shape: therapies x patients), or of any of them
            (shape: patients).
    """
    waiting, ever = Waiting(book, criteria, worked), dict[str, Plane]()
    lists = []
    for therapy in therapies:
        held = waiting.on(therapy)
        said = dict[str, Plane]() if each else ever
        for fact, plane in held.items():
            grow(said, waiting.named[fact].label, plane)
        if each:
            lists.append(_listed(BLOCKING, said, missing))
    return pl.concat(lists) if each else _listed(BLOCKING, ever, missing)


def facts(book: FactBook, criteria: Criteria, worked: Worked, missing: Mask) -> pl.Series:
    """What is understood of each patient, with what follows from it: a number by the bounds that criteria tell apart.

    Args:
        book, criteria, worked: the words for facts, what decides, and what the patients come to.
        missing: those who have no list (shape: patients).
    """
    said = dict[str, Plane]()
    for text, plane in _facts(book, criteria, worked):
        grow(said, text, plane)
    return _listed(FACTS, said, missing)


def _facts(book: FactBook, criteria: Criteria, worked: Worked) -> Iterator[tuple[str, Plane]]:
    following, stated = worked.worked.truths.following, worked.worked.facts
    for held, table in ((True, following.present), (False, following.absent)):
        yield from ((book.label(Atom("", prop, cls), held), plane) for (prop, cls), plane in table.items())
    for number, cuts in criteria.numbers.items():
        for at, bounds in enumerate(zip(cuts, (*cuts[1:], HIGHEST), strict=True)):
            yield f"{book.short(number)} {range_words(*bounds)}", following.value(number, at)
    for held, trials, stops in (
        (True, stated.trials, following.stops),
        (False, stated.no_trials, following.no_stops),
    ):
        for prop, unit, events in ((TRIAL, "weeks", trials), (STOP, "days ago", stops)):
            yield from ((_event(book, prop, unit, event, held), plane) for event, plane in events.items())
    for held, care in ((True, stated.done), (False, stated.not_done)):
        for event, plane in care.items():
            ago = f" ({plain(event.days[0])} days ago)" if event.days and held else ""
            yield book.label(Atom("", event.prop, event.of), held) + ago, plane


def _event(book: FactBook, prop: str, unit: str, event: Event, held: bool) -> str:
    of, outcome, number = event
    text = book.label(Atom("", prop, of, outcome=outcome or ""), held)
    return f"{text}, {plain(number)} {unit}" if number is not None else text


def _listed(name: str, said: Mapping[str, Plane], missing: Mask) -> pl.Series:
    """What is said of each patient: empty where nothing is, null for those who are missing."""
    texts = sorted(said)
    rows = [np.flatnonzero(unpack(said[text], missing.size) & ~missing) for text in texts]
    who = np.concatenate([np.zeros(0, dtype=np.int64), *rows])
    which = np.repeat(np.arange(len(texts)), [row.size for row in rows])
    order = np.lexsort((which, who))
    told = pl.DataFrame({"who": who[order], name: pl.Series(texts, dtype=pl.String).gather(which[order])})
    everybody = pl.DataFrame({"who": np.arange(missing.size), "missing": missing})
    lists = told.group_by("who", maintain_order=True).agg(pl.col(name))
    joined = everybody.join(lists, on="who", how="left", maintain_order="left")
    none = pl.lit([], dtype=LISTS)
    return joined.select(pl.when(~pl.col("missing")).then(pl.col(name).fill_null(none)).alias(name))[name]
