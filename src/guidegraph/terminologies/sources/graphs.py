"""Reads obographs (OBO-JSON) and OWL in Turtle or RDF/XML into terms."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

import pyoxigraph as ox

from guidegraph.errors import LinkError
from guidegraph.namespaces import DCTERMS, OWL, RDF, RDFS, SKOS
from guidegraph.reading import MAXIMUM_DEPTH
from guidegraph.terminologies.model import ExternalTerm
from guidegraph.terminologies.sources.base import FileTerms

_REPLACED = ("http://purl.obolibrary.org/obo/IAO_0100001", DCTERMS + "isReplacedBy")
_OIO = "http://www.geneontology.org/formats/oboInOwl#"
_SYNONYMS = tuple(_OIO + f"has{kind}Synonym" for kind in ("Exact", "Narrow", "Broad", "Related"))
_TITLE, _LICENCE = (DCTERMS + "title", DCTERMS + "license")
_OLD_TITLE = "http://purl.org/dc/elements/1.1/title"
_FORBIDDEN = re.compile(rb"<!\s*(DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)", re.IGNORECASE)
_XML = re.compile(rb"\s*<(?:\?xml|!|rdf:RDF)", re.IGNORECASE)
_ENCODING = re.compile(rb"<\?xml[^>]*encoding\s*=\s*[\"']([^\"']+)", re.IGNORECASE)


def _is(value: Any, kind: type, where: str) -> Any:
    if not isinstance(value, kind):
        name = "an object" if kind is dict else "a list"
        raise LinkError(f"not obographs: {name} was expected", where=where, mend="Check the file there.")
    return value


def _list(record: dict[str, Any], key: str, where: str) -> list[Any]:
    value = record.get(key)
    return [] if value is None else list(_is(value, list, f"{where}/{key}"))


def read_obographs(text: str, where: str, prefix: str, iri: str) -> FileTerms:
    """The terms of an OBO-JSON text whose ids are IRIs or CURIEs.

    Raises:
        LinkError: not JSON, or not in the form of obographs; the message names the path of keys.
    """
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        place = f"{where}:{error.lineno}:{error.colno}"
        raise LinkError(f"not JSON: {error.msg}", where=place, mend="Correct the syntax there.") from None
    except RecursionError:
        raise LinkError("nested too deeply", where=where, mend="Check that it is the right file.") from None
    graphs = _is(_is(data, dict, where).get("graphs"), list, f"{where}/graphs")
    starts = (iri, prefix + ":")
    found = FileTerms()
    records: dict[str, dict[str, Any]] = {}
    above: dict[str, set[str]] = {}
    for at, graph in enumerate(graphs):
        place = f"{where}/graphs/{at}"
        _describe(_is(graph, dict, place), found, place)
        for number, node in enumerate(_list(graph, "nodes", place)):
            code = _code(_is(node, dict, f"{place}/nodes/{number}").get("id"), starts)
            if code and node.get("type", "CLASS") == "CLASS":
                records[code] = node
        for number, edge in enumerate(_list(graph, "edges", place)):
            sub, obj = (_code(_is(edge, dict, f"{place}/edges/{number}").get(key), starts) for key in ("sub", "obj"))
            if sub and obj and edge.get("pred") in ("is_a", RDFS + "subClassOf"):
                above.setdefault(sub, set()).add(obj)
    for code, node in records.items():
        found.terms[code] = term = _node_term(code, node, above.get(code, set()), starts, where)
        try:
            "".join((code, term.label, *term.synonyms)).encode()
        except UnicodeEncodeError:
            told = "half a character (a lone surrogate)"
            raise LinkError(told, where=f"{where}/{ascii(code)[1:-1]}", mend="Write the whole character.") from None
    return found


def _describe(graph: dict[str, Any], found: FileTerms, where: str) -> None:
    meta = _is(graph.get("meta") or {}, dict, f"{where}/meta")
    found.version = found.version or str(meta.get("version") or "")
    for entry in _list(meta, "basicPropertyValues", f"{where}/meta"):
        predicate, value = (str(_is(entry, dict, where).get(key) or "") for key in ("pred", "val"))
        if predicate == _LICENCE:
            found.licence = found.licence or value
        if predicate in (_TITLE, _OLD_TITLE):
            found.title = found.title or value


def _node_term(
    code: str, node: dict[str, Any], above: Iterable[str], starts: tuple[str, ...], where: str
) -> ExternalTerm:
    place = f"{where}/{code}"
    meta = _is(node.get("meta") or {}, dict, f"{place}/meta")
    label = " ".join(str(node.get("lbl") or "").split())
    synonyms = {str(_is(s, dict, place).get("val") or "").strip() for s in _list(meta, "synonyms", place)}
    properties = [_is(entry, dict, place) for entry in _list(meta, "basicPropertyValues", place)]
    replaced = {_code(entry.get("val"), starts) for entry in properties if entry.get("pred") in _REPLACED} - {""}
    return ExternalTerm(
        code=code,
        label=label,
        synonyms=tuple(sorted(synonyms - {"", label})),
        parents=tuple(sorted(above)),
        obsolete=meta.get("deprecated") is True,
        replaced_by=tuple(sorted(replaced)),
    )


def _code(name: Any, starts: tuple[str, ...]) -> str:
    if isinstance(name, str):
        for start in starts:
            if name.startswith(start):
                return name.removeprefix(start)
    return ""


def read_owl(text: str, where: str, iri: str) -> FileTerms:
    """The named classes of OWL in Turtle or RDF/XML (told apart by how the text begins) whose IRI begins so.

    Raises:
        LinkError: XML with a DOCTYPE or in another encoding than UTF-8, brackets too deep, or not well-formed.
    """
    data = text.encode()
    quads = _quads(data, where)
    about: dict[str, dict[str, list[Any]]] = {}
    for quad in quads:
        if isinstance(quad.subject, ox.NamedNode):
            values = about.setdefault(quad.subject.value, {})
            values.setdefault(quad.predicate.value, []).append(quad.object)
    found = FileTerms()
    for subject, values in about.items():
        types = {node.value for node in values.get(RDF + "type", ()) if isinstance(node, ox.NamedNode)}
        if OWL + "Ontology" in types:
            _describe_owl(values, found)
        code = _code(subject, (iri,))
        if code and (OWL + "Class" in types or RDFS + "Class" in types or RDFS + "subClassOf" in values):
            found.terms[code] = _owl_term(code, values, iri)
    return found


def _quads(data: bytes, where: str) -> list[ox.Quad]:
    xml = _XML.match(data)
    encoding = _ENCODING.match(data.lstrip()) if xml else None
    if encoding and encoding.group(1).lower() not in (b"utf-8", b"us-ascii"):
        raise LinkError("not UTF-8", where=where, mend="Save it as UTF-8.")
    if xml and _FORBIDDEN.search(data):
        raise LinkError(
            "XML with a DOCTYPE is not read, since its entities can expand without end",
            where=where,
            mend="Save it as Turtle, or without entities.",
        )
    # The parser falls over triples in triples in triples, of which OWL has none.
    if not xml and b"<<" in data and data.count(b"<<(") > MAXIMUM_DEPTH:
        raise LinkError("triples stand in triples", where=where, mend="Use plain RDF 1.1 triples.")
    form = ox.RdfFormat.RDF_XML if xml else ox.RdfFormat.TURTLE
    try:
        return list(ox.parse(data, format=form, base_iri="file:///", rename_blank_nodes=True))
    except SyntaxError as error:
        place = f"{where}:{error.lineno}:{error.offset}" if error.lineno else where
        raise LinkError(f"not well-formed: {error.msg}", where=place, mend="Correct the syntax there.") from None
    except (ValueError, OSError) as error:
        raise LinkError(f"not well-formed: {error}", where=where, mend="Correct the syntax.") from None


def _describe_owl(values: dict[str, list[Any]], found: FileTerms) -> None:
    found.title = found.title or _word(values, RDFS + "label", _TITLE, _OLD_TITLE)
    found.version = found.version or _word(values, OWL + "versionInfo", OWL + "versionIRI")
    found.licence = found.licence or _word(values, _LICENCE)


def _word(values: dict[str, list[Any]], *predicates: str) -> str:
    """The first value of the first predicate that has one: without language or English before others."""
    for predicate in predicates:
        nodes = [node for node in values.get(predicate, ()) if not isinstance(node, ox.BlankNode)]
        if nodes:
            return " ".join(str(min(nodes, key=_preference).value).split())
    return ""


def _preference(node: Any) -> tuple[int, str]:
    language = getattr(node, "language", None)
    return (0 if language is None or language.split("-")[0] == "en" else 1, str(node.value))


def _owl_term(code: str, values: dict[str, list[Any]], iri: str) -> ExternalTerm:
    def named(*predicates: str) -> tuple[str, ...]:
        nodes = (node for predicate in predicates for node in values.get(predicate, ()))
        codes = {_code(node.value, (iri,)) for node in nodes if isinstance(node, ox.NamedNode)}
        return tuple(sorted(codes - {"", code}))

    label = _word(values, RDFS + "label", SKOS + "prefLabel")
    words = [node for p in (*_SYNONYMS, SKOS + "altLabel") for node in values.get(p, ())]
    synonyms = {" ".join(node.value.split()) for node in words if isinstance(node, ox.Literal)}
    deprecated = values.get(OWL + "deprecated", ())
    return ExternalTerm(
        code=code,
        label=label,
        synonyms=tuple(sorted(synonyms - {"", label})),
        parents=named(RDFS + "subClassOf"),
        obsolete=any(isinstance(node, ox.Literal) and node.value in ("true", "1") for node in deprecated),
        replaced_by=named(*_REPLACED),
    )
