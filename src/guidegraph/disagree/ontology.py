"""What the ontology says about literals, read from the knowledge base."""

from __future__ import annotations

from guidegraph.disagree.branch import Held, Logic
from guidegraph.disagree.normal import Normalizer
from guidegraph.disagree.overlap import Grader
from guidegraph.knowledge.engine import Engine
from guidegraph.knowledge.records import Records


def logic(engine: Engine, records: Records) -> Logic:
    """The class hierarchy, the implications between facts and the numbers that every patient has."""
    brings, excludes = [], []
    numbers: dict[str, tuple[Held, ...]] = {}
    for given, cls, then, other, excluded in engine.select("index/implications"):
        target = Held(then, other)
        if not cls:
            numbers[given] = (*numbers.get(given, ()), target)
        elif excluded == "true":
            excludes.append((Held(given, cls), target))
        else:
            brings.append((Held(given, cls), target))
    total = frozenset(row[0] for row in engine.select("answer/totals"))
    return Logic(records.ancestors, tuple(brings), tuple(excludes), numbers, total)


def grader(engine: Engine, records: Records) -> Grader:
    """A grader over the populations of a knowledge base."""
    return Grader(Normalizer(records.branches, records.atoms, logic(engine, records)))
