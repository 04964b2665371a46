"""Every triple of the knowledge base, as a fixture, and what of it makes axioms."""

from __future__ import annotations

from typing import Any

import pyoxigraph as ox
import pytest

from guidegraph import namespaces as ns
from guidegraph.export import rdf


@pytest.fixture(scope="module")
def whole(kb: Any) -> list[ox.Triple]:
    """Every triple of the knowledge base."""
    return [q.triple for q in rdf.everything(kb.store)]


def headless(whole: list[ox.Triple]) -> list[ox.Triple]:
    """The triples without the headers of ontologies."""
    parts = {t.subject for t in whole if t.object == ox.NamedNode(ns.OWL + "Ontology")}
    return [t for t in whole if t.subject not in parts]
