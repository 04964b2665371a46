"""Reviews of the encoding that do not count, told by validation and check like any other defect."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pyoxigraph as ox

from guidegraph import assets
from guidegraph import namespaces as ns
from guidegraph.domains import available
from guidegraph.reviews import Reviews, has_reviews
from guidegraph.store import load_knowledge
from guidegraph.validate.sweep import Defect

#: The rule that a step of a review counts.
RULE = "review-counts"
_MEND = "Take the step out of the file of reviews, and write it by guidegraph review."


def review_defects(store: ox.Store) -> list[Defect]:
    """The steps of reviews in a store that do not count, with why: forged, altered, out of order, by the encoder."""
    if not has_reviews(store):
        return []
    return [Defect(RULE, f.step, f"A step of a review counts: {f.why}.", _MEND) for f in Reviews(store).judged()]


def file_review_defects(
    files: Iterable[Sequence[ox.Quad | ox.Triple]], ontology: Sequence[ox.Quad], documents: Sequence[ox.Quad]
) -> list[Defect]:
    """The same for the reviews of some files, beside some documents; beside the shipped ones if there are none.

    A review says nothing without what it is about, so that it is never judged alone.
    """
    graph = ox.NamedNode(ns.ONTOLOGY_GRAPH)
    place = ox.Store()
    for quads in files:
        place.extend(q if isinstance(q, ox.Quad) else ox.Quad(q.subject, q.predicate, q.object, graph) for q in quads)
    if not has_reviews(place):
        return []
    if documents:
        place.extend(ox.Quad(q.subject, q.predicate, q.object, graph) for q in ontology)
        place.extend(documents)
    else:
        every = [domain.folder for domain in available(assets.root()).values()]
        place.bulk_extend(load_knowledge(assets.root(), domains=every))
    return review_defects(place)
