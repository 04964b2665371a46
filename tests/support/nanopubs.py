"""The way back from a nanopublication, which shows that nothing was lost on the way there."""

from __future__ import annotations

import re
from typing import Any

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.export.nanopub import Nanopub

_INNER = re.compile(r"b\d+\Z")


def original(nanopub: Nanopub) -> list[ox.Quad]:
    """The quads of the graph that a nanopublication was made from, blank nodes back in their places."""
    inner = f"{nanopub.uri}#"
    source = next(
        q.object
        for q in nanopub.quads
        if q.predicate.value == ns.PROV + "wasDerivedFrom" and str(q.subject) == f"<{inner}assertion>"
    )

    def back(term: Any) -> Any:
        local = term.value.removeprefix(inner) if isinstance(term, ox.NamedNode) else ""
        return ox.BlankNode(local) if _INNER.match(local) else term

    kept = []
    for q in nanopub.quads:
        subject = getattr(q.subject, "value", "")
        if subject == nanopub.uri or (subject.startswith(inner) and not _INNER.match(subject.removeprefix(inner))):
            continue
        kept.append(ox.Quad(back(q.subject), q.predicate, back(q.object), source))  # type: ignore[arg-type]
    return kept
