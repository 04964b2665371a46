"""The namespaces of GuideGraph, in one place."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

BASE = "https://w3id.org/guidegraph/"
GG = BASE + "vocab/"
GGT = BASE + "term/"
GGP = BASE + "population/"
GGD = BASE + "document/"
GGG = BASE + "graph/"
GGO = BASE + "publisher/"
IDX = BASE + "index/"
GGA = BASE + "assessment/"
AUD = BASE + "audit/"

INDEX_GRAPH = GGG + "index"
PROFILE_GRAPH = GGG + "profile"
ASSESSMENT_GRAPH = GGG + "assessment"
AUDIT_GRAPH = GGG + "audit"
#: The class axioms that are derived from readings and parts.
AXIOMS_GRAPH = GGG + "axioms"
ONTOLOGY_GRAPH = GGG + "ontology"
#: Graphs of mappings and of linked hierarchies begin so.
MAPPING_GRAPHS = GGG + "mappings/"
LINKED_GRAPHS = GGG + "link/"
#: In other triple stores: what was pushed, and where a pushed graph grows.
MANIFEST_GRAPH = GGG + "manifest"
PARTIAL_GRAPH = GGG + "partial"
PATIENT = BASE + "profile/patient"

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
OWL = "http://www.w3.org/2002/07/owl#"
XSD = "http://www.w3.org/2001/XMLSchema#"
OBO_IN_OWL = "http://www.geneontology.org/formats/oboInOwl#"
OA = "http://www.w3.org/ns/oa#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
DCTERMS = "http://purl.org/dc/terms/"
PROV = "http://www.w3.org/ns/prov#"

#: Prefixes for reading CURIEs and for writing Turtle and tables.
PREFIXES: dict[str, str] = {
    "gg": GG,
    "ggt": GGT,
    "ggp": GGP,
    "ggd": GGD,
    "ggg": GGG,
    "ggo": GGO,
    "idx": IDX,
    "gga": GGA,
    "aud": AUD,
    "rdf": RDF,
    "rdfs": RDFS,
    "owl": OWL,
    "xsd": XSD,
    "skos": SKOS,
    "dcterms": DCTERMS,
    "prov": PROV,
    "oa": OA,
    "oboInOwl": OBO_IN_OWL,
}


def expand(curie: str, prefixes: Mapping[str, str] = PREFIXES) -> str | None:
    """The IRI that a CURIE stands for, or None when its prefix is none of ``prefixes``, by default ours."""
    prefix, colon, local = curie.partition(":")
    if not colon or prefix not in prefixes:
        return None
    return prefixes[prefix] + local


@cache
def shorten(iri: str) -> str:
    """The CURIE of an IRI under the longest of our prefixes, or the IRI itself."""
    best = max((p for p in PREFIXES if iri.startswith(PREFIXES[p])), key=lambda p: len(PREFIXES[p]), default="")
    local = iri[len(PREFIXES[best]) :] if best else ""
    return f"{best}:{local}" if best and local and "/" not in local and "#" not in local else iri
