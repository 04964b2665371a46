"""Documents as commands name them."""

from __future__ import annotations

from difflib import get_close_matches

from guidegraph import namespaces as ns
from guidegraph.errors import UsageError
from guidegraph.knowledge import describe
from guidegraph.knowledge.records import Records, gg


def documents(records: Records) -> list[str]:
    """The documents of a knowledge base, sorted."""
    wanted = gg("Document")
    return sorted(iri for iri, props in records.nodes.items() if wanted in props.get(ns.RDF + "type", ()))


def find_document(records: Records, text: str) -> str:
    """The IRI of a document, named by CURIE, IRI, id or a part of its label that only it has.

    Raises:
        UsageError: nothing or more than one document fits.
    """
    known = documents(records)
    wanted = ns.expand(text) or text
    exact = [d for d in known if wanted in (d, d.removeprefix(ns.GGD))]
    low = " ".join(text.lower().split())
    fitting = exact or [d for d in known if low and low in records.label(d).lower()]
    if len(fitting) == 1:
        return fitting[0]
    ids = [describe.name(d) for d in (fitting or known)]
    near = (fitting and ids) or get_close_matches(f"ggd:{low}", ids, n=5, cutoff=0.3) or ids[:5]
    told = "more than one document" if fitting else "no document"
    raise UsageError(f"{told} fits {text[:60]!r}", mend=f"Say one of: {', '.join(near[:8])}.")
