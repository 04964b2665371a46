"""Queries about a class that is asked for by a code of another terminology, or that linked hierarchies widen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pyoxigraph as ox

from guidegraph.errors import QueryError
from guidegraph.knowledge.opened import Knowledge
from guidegraph.model import CodeReading, Parameter, Result
from guidegraph.query.catalogue import header
from guidegraph.terminologies.related import Related, linked_beyond, related

Term = ox.NamedNode | ox.Literal

#: The column that says how the class of a row stands to the one that was asked for.
LEVEL = "level"
#: What the header of a query needs that linked hierarchies widen.
_LINKED = "linked hierarchies"
_ABOVE, _BELOW, _OVERLAPS = "a class above", "a member below", "a class that overlaps with it"
#: What the rows of a query about a class above are to the code below it; its other members are nothing to it.
_OF_ABOVE = {"itself": _ABOVE, "itself or the same": _ABOVE, _ABOVE: _ABOVE, "a part of it": "a part of it"}
_OF_BELOW = {"itself": _BELOW, "itself or the same": _BELOW, _BELOW: _BELOW}

#: Runs the query with more of its parameters bound.
Run = Callable[[Mapping[str, Term]], Result]


def looked_around(
    knowledge: Knowledge,
    text: str,
    declared: Sequence[Parameter],
    terms: Mapping[str, Term],
    readings: Mapping[str, CodeReading],
    run: Run,
) -> Result:
    """The answer of a shipped query; one that looks up and down a hierarchy does so from a code, too.

    Args:
        knowledge: what is known.
        text: the query.
        declared: its parameters, as its header has them.
        terms: their values.
        readings: how the codes among these were read, by parameter.
        run: runs the query.

    Raises:
        QueryError: a code is not understood, so that no row would say nothing; or the query fails.
    """
    names = [p.name for p in declared if p.kind == "iri"]
    if f"?{LEVEL}" not in text or len(names) != 1:
        return run({})
    (name,) = names
    reading, codes, ancestors = readings.get(name), knowledge.links.codes, knowledge.vocabulary.ancestors
    if reading is not None and not reading.exact:
        # A name of the lexicon has no place in a hierarchy but the terms that it states.
        around = related(codes, reading.curie, ancestors) or Related(reading.present, reading.absent)
        if not around:
            raise QueryError(
                f"{reading.name} is not understood: {'; '.join(reading.steps)}",
                mend="Name a term of ours, or link the hierarchy of its terminology (guidegraph link list).",
            )
        return _told(run, name, reading.iri, around, None)
    if _LINKED not in header(text, name).get("needs", ""):
        return run({})
    iri = terms[name].value
    return _told(run, name, iri, linked_beyond(codes, iri, ancestors), run({}))


def _told(run: Run, name: str, asked: str, around: Related, own: Result | None) -> Result:
    """The rows of a query about all classes around what was asked for, each row once, with how it stands to that.

    ``name`` is the parameter, ``asked`` its value; ``own`` holds the rows about that, where it is a class of ours.
    """

    def about(iris: Iterable[str]) -> list[Result]:
        return [run({name: ox.NamedNode(iri)}) for iri in iris]

    results: list[tuple[Result, Mapping[str, str] | None]] = []
    results += [(result, _OF_ABOVE) for result in about(around.above)]
    results += [(result, _OF_BELOW) for result in about(around.below)]
    results += [(result, None) for result in about(around.overlapping)]
    first = own if own is not None else results[0][0]
    place, level = first.columns.index(name), first.columns.index(LEVEL)
    rows = list(own.rows) if own is not None else []
    seen = {_key(row, level) for row in rows}
    for result, levels in results:
        for row in result.rows:
            word = _OVERLAPS if levels is None else levels.get(_text(row[level]))
            new = list(row)
            new[place], new[level] = ox.NamedNode(asked), ox.Literal(word or "")
            if word and _key(new, level) not in seen:
                seen.add(_key(new, level))
                rows.append(tuple(new))
    return Result(first.kind, first.columns, tuple(rows))


def _key(row: Iterable[Any], level: int) -> tuple[Any, ...]:
    return tuple(value for at, value in enumerate(row) if at != level)


def _text(value: Any) -> str:
    return str(getattr(value, "value", ""))
