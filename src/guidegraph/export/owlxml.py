"""One OWL 2 ontology as OWL/XML, the form that Protégé opens.

Source: W3C Recommendation "OWL 2 Web Ontology Language XML Serialization (Second Edition)".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.errors import KnowledgeError
from guidegraph.export.owl import Axiom, axioms

ONTOLOGY = ns.BASE + "ontology"
_CORE = ns.BASE + "ontology/core"
_STRING = ns.XSD + "string"
#: What XML 1.0 has no way to write.
_UNWRITABLE = {chr(c) for c in range(32)} - {"\t", "\n", "\r"} | {"\ufffe", "\uffff"}
#: What the merged ontology says of itself instead of its parts.
_HEADER = {ns.OWL + "versionIRI", ns.OWL + "imports", ns.RDF + "type"}


@dataclass(frozen=True)
class Header:
    """What the merged ontology is called: its IRI, its version and its own annotations."""

    iri: str
    version: str
    annotations: tuple[Axiom, ...]
    imports: tuple[str, ...] = ()


def owl_xml(triples: Iterable[ox.Triple], iri: str = ONTOLOGY) -> str:
    """The triples of ontologies and statements, merged into one ontology.

    The headers of the parts become annotations of their IRIs; imports of a part are dropped, of others kept.

    Args:
        triples: of any graphs.
        iri: what the whole is called.

    Raises:
        KnowledgeError: a triple that is no OWL, or a text that XML cannot hold.
    """
    kept = set(triples)
    header, taken = _header(kept, iri)
    return _document(header, axioms(kept - taken))


def _header(triples: set[ox.Triple], iri: str) -> tuple[Header, set[ox.Triple]]:
    ontology = ox.NamedNode(ns.OWL + "Ontology")
    parts = {t.subject for t in triples if t.predicate.value == ns.RDF + "type" and t.object == ontology}
    taken = {t for t in triples if t.subject in parts and t.predicate.value in _HEADER}
    own: list[Any] = sorted((t for t in triples if t.subject in parts), key=str)
    core = [t for t in own if t.subject == ox.NamedNode(_CORE)] or own

    def values(said: list[Any], prop: str) -> list[Any]:
        return sorted({t.object for t in said if t.predicate.value == prop}, key=str)

    version = next((v.value for v in values(core, ns.OWL + "versionInfo")), "")
    imported = values(own, ns.OWL + "imports")
    licences = [v.value for v in values(own, ns.DCTERMS + "license") if isinstance(v, ox.NamedNode)]
    # The root is what the whole is called, and no part of itself.
    named = sorted(part.value for part in parts if isinstance(part, ox.NamedNode) and part.value != ONTOLOGY)
    annotations = [
        *((ns.DCTERMS + "hasPart", ("IRI", part)) for part in named),
        *((ns.DCTERMS + "license", ("IRI", licence)) for licence in licences),
        (ns.DCTERMS + "title", ("Literal", "GuideGraph: ontology and statements", "en", "")),
    ]
    if version:
        annotations.append((ns.OWL + "versionInfo", ("Literal", version, "", _STRING)))
    made = tuple(("Annotation", ("AnnotationProperty", prop), value) for prop, value in annotations)
    outside = tuple(i.value for i in imported if i not in parts)
    return Header(iri, f"{iri}/{version}" if version else "", made, outside), taken


def _document(header: Header, found: Sequence[Axiom]) -> str:
    version = f" versionIRI={quoteattr(header.version)}" if header.version else ""
    prefixes = [f"  <Prefix name={quoteattr(p)} IRI={quoteattr(iri)}/>" for p, iri in sorted(ns.PREFIXES.items())]
    used = {a[1][1] for a in header.annotations} - {ns.OWL + "versionInfo"}
    declared = {("Declaration", ("AnnotationProperty", prop)) for prop in used} - set(found)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<Ontology xmlns="{ns.OWL}" xml:base={quoteattr(header.iri)} ontologyIRI={quoteattr(header.iri)}{version}>',
        *prefixes,
        *(f"  <Import>{escape(iri)}</Import>" for iri in header.imports),
    ]
    for axiom in (*header.annotations, *sorted(declared), *found):
        lines += _element(axiom, 1)
    return "\n".join([*lines, "</Ontology>", ""])


def _element(axiom: Axiom, depth: int) -> list[str]:
    name, pad = axiom[0], "  " * depth
    if name == "Literal":
        return [pad + _literal(*axiom[1:])]
    if name == "IRI":
        return [f"{pad}<IRI>{_checked(axiom[1])}</IRI>"]
    if name == "AnonymousIndividual":
        return [f"{pad}<AnonymousIndividual nodeID={quoteattr('_:' + axiom[1])}/>"]
    facet = f" facet={quoteattr(axiom[1])}" if name == "FacetRestriction" else ""
    children = axiom[2:] if facet else axiom[1:]
    if len(children) == 1 and isinstance(children[0], str):
        return [f"{pad}<{name} IRI={quoteattr(_checked(children[0], raw=True))}/>"]
    inner = [line for child in children for line in _element(child, depth + 1)]
    return [f"{pad}<{name}{facet}>", *inner, f"{pad}</{name}>"]


def _literal(text: str, language: str, datatype: str) -> str:
    kind = f" xml:lang={quoteattr(language)}" if language else ""
    if datatype and datatype != _STRING:
        kind = f" datatypeIRI={quoteattr(datatype)}"
    # A carriage return would be read back as a line feed.
    return f"<Literal{kind}>{_checked(text)}</Literal>"


def _checked(text: str, *, raw: bool = False) -> str:
    if not _UNWRITABLE.isdisjoint(text):
        raise KnowledgeError(
            "a character that XML cannot hold", where=repr(text[:60]), mend="Take the control character out."
        )
    return text if raw else escape(text, {"\r": "&#13;"})
