"""Populations that are defined alike, and nothing says so.

Two definitions are alike when the criteria index (queries/index) makes the same conjunctions of the same literals of
them.
That others come to the same by what terms mean, readings or subclasses, is asked of the normal forms by the tests.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import cast

import pyoxigraph as ox

from guidegraph import assets
from guidegraph.namespaces import GG, IDX, shorten
from guidegraph.query.catalogue import read_query
from guidegraph.validate.sweep import Defect

_STEPS = ("20-atoms", "21-numbers", "22-events", "23-named", "30-branches")
_UNREADABLE = ox.NamedNode(IDX + "unreadable")
_SAME = ox.NamedNode(GG + "samePatientsAs")


def unlinked(store: ox.Store) -> Iterator[Defect]:
    """The populations whose definition is that of another, where no chain of gg:samePatientsAs joins the two."""
    index = ox.Store()
    index.extend(store)
    for step in _STEPS:
        text = read_query(assets.folder("queries") / "index" / f"{step}.rq", f"index/{step}").text
        # The nodes without a name stay what they are, as the next step asks for them.
        made = list(cast("ox.QueryTriples", index.query(text, use_default_graph_as_union=True)))
        index.extend(ox.Quad(*triple) for triple in made)
    groups: dict[frozenset[frozenset[tuple[str, object]]], list[str]] = defaultdict(list)
    for population, branches in _branches(index).items():
        if any(atom == _UNREADABLE for branch in branches for _, atom in branch):
            continue  # what cannot be read is like nothing
        groups[frozenset(branches)].append(population)
    links: dict[str, set[str]] = defaultdict(set)
    for quad in store.quads_for_pattern(None, _SAME, None, None):
        links[_iri(quad.subject)].add(_iri(quad.object))
        links[_iri(quad.object)].add(_iri(quad.subject))
    for alike in sorted(map(sorted, groups.values())):
        for population in alike[1:]:
            if alike[0] not in _reached(population, links):
                message = f"{shorten(population)} is defined as {shorten(alike[0])} is, and nothing says so."
                mend = "Use the one in place of the other, or say gg:samePatientsAs."
                yield Defect("same-population", population, message, mend)


def _branches(index: ox.Store) -> dict[str, set[frozenset[tuple[str, object]]]]:
    """For each population its conjunctions, each a set of (positive or negative, atom)."""
    found: dict[str, set[frozenset[tuple[str, object]]]] = defaultdict(set)
    for quad in index.quads_for_pattern(None, ox.NamedNode(IDX + "branchOf"), None, None):
        literals = {
            (how, literal.object)
            for how in ("positive", "negative")
            for literal in index.quads_for_pattern(quad.subject, ox.NamedNode(IDX + how), None, None)
        }
        found[_iri(quad.object)].add(frozenset(literals))
    return found


def _reached(start: str, links: dict[str, set[str]]) -> set[str]:
    found, waiting = {start}, [start]
    while waiting:
        new = links.get(waiting.pop(), set()) - found
        found |= new
        waiting.extend(new)
    return found


def _iri(term: object) -> str:
    return str(getattr(term, "value", term))
