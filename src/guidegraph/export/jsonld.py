"""JSON-LD with the published context, by value or by reference; nothing is fetched.

Source: W3C Recommendation "JSON-LD 1.1", and its processing algorithms as PyLD implements them.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import cache
from typing import Any

import pyoxigraph as ox

from guidegraph import assets
from guidegraph import namespaces as ns
from guidegraph.errors import KnowledgeError, UsageError
from guidegraph.export.rdf import canonical
from guidegraph.store import digest_of

#: Where the context is published, and where a document refers to it.
CONTEXT = ns.BASE + "context"
#: Nodes that would lie deeper than this stay apart.
_DEEPEST = 40
_LISTS = ("intersectionOf", "unionOf", "oneOf", "members", "distinctMembers", "withRestrictions")


@cache
def context() -> dict[str, Any]:
    """The published context: ontology/context.jsonld.

    Raises:
        KnowledgeError: it is missing or no JSON.
    """
    path = assets.folder("ontology") / "context.jsonld"
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise KnowledgeError(
            f"the context cannot be read: {error}", where=str(path), mend="Write it with guidegraph export context."
        ) from None
    return found


def make_context(rows: Iterable[tuple[str, ...]]) -> dict[str, Any]:
    """A context from the rows of export/values: prefixes, and for each property the kind of its values if it has one.

    Properties of the model are called by their local names, those of other vocabularies by their CURIEs.
    """
    kinds: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for prop, kind, tag in rows:
        kinds[prop].add((kind, tag))
    terms: dict[str, Any] = {"id": "@id", "type": "@type", "graph": "@graph"}
    terms |= {prefix: {"@id": iri, "@prefix": True} for prefix, iri in sorted(ns.PREFIXES.items())}
    lists = {ns.OWL + name for name in _LISTS}
    for prop in sorted({*kinds, *lists} - {ns.RDF + "type", ns.RDF + "first", ns.RDF + "rest"}):
        name = _name(prop)
        if name:
            terms[name] = {"@id": ns.shorten(prop), **_coercion(kinds[prop], prop in lists)}
    return {"@context": terms}


def _name(prop: str) -> str:
    short = ns.shorten(prop)
    local = prop[len(ns.GG) :] if prop.startswith(ns.GG) else ""
    if re.match(r"[A-Za-z][\w-]*\Z", local) and local not in ("id", "type", "graph", *ns.PREFIXES):
        return local
    return "" if short == prop else short


def _coercion(kinds: set[tuple[str, str]], is_list: bool) -> dict[str, str]:
    if is_list:
        return {"@container": "@list"}
    names = {kind for kind, _ in kinds}
    if names and names <= {"iri", "node"}:
        return {"@type": "@id"}
    if len(kinds) != 1:
        return {}
    kind, tag = next(iter(kinds))
    if kind == "lang":
        return {"@language": tag}
    return {} if kind == ns.XSD + "string" else {"@type": ns.shorten(kind)}


def json_ld(quads: Iterable[ox.Quad], *, by_reference: bool = False) -> str:
    """Quads in JSON-LD, compacted with the published context.

    Args:
        quads: of any graphs.
        by_reference: name the context by its IRI in place of writing it out.

    Raises:
        UsageError: PyLD is not installed.
        KnowledgeError: the quads do not come back from JSON-LD as they were, such as broken lists.
    """
    processor, given = _pyld(), list(quads)
    options = {"documentLoader": loader}
    try:
        expanded = _nested(processor.from_rdf(_dataset(canonical(given)), options))
        compact = processor.compact(expanded, context(), {**options, "graph": True})
        back = ox.parse(input=json.dumps(compact), format=ox.RdfFormat.JSON_LD)
        same = digest_of(back) == digest_of(given)
    except (KeyError, TypeError, ValueError, SyntaxError, RecursionError, processor.JsonLdError):
        same = False
    if not same:
        raise KnowledgeError(
            "JSON-LD cannot hold these quads, such as broken lists or control characters", mend="Use trig or nquads."
        )
    if by_reference:
        compact["@context"] = CONTEXT
    return json.dumps(compact, indent=1, ensure_ascii=False, sort_keys=False) + "\n"


def _dataset(quads: Iterable[ox.Quad]) -> dict[str, list[dict[str, dict[str, str]]]]:
    """Quads, each once, as PyLD keeps a dataset. Its own reader of N-Quads compares each quad with each."""
    graphs: dict[str, list[dict[str, dict[str, str]]]] = defaultdict(list)
    for quad in quads:
        name = "@default" if isinstance(quad.graph_name, ox.DefaultGraph) else _node(quad.graph_name)["value"]
        graphs[name].append(dict(zip(("subject", "predicate", "object"), map(_node, quad.triple), strict=True)))
    return graphs


def _node(term: Any) -> dict[str, str]:
    if isinstance(term, ox.Literal):
        told = {"language": term.language} if term.language else {}
        return {"type": "literal", "value": term.value, "datatype": term.datatype.value, **told}
    if isinstance(term, ox.BlankNode):
        return {"type": "blank node", "value": str(term)}
    return {"type": "IRI", "value": term.value}


def _nested(expanded: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Expanded JSON-LD with each blank node that is mentioned once written where it is mentioned."""
    graphs = [expanded, *(node["@graph"] for node in expanded if "@graph" in node)]
    nodes = [node for graph in graphs for node in graph]
    mentions = Counter(value["@id"] for node in nodes for value in _values(node) if "@id" in value)
    # A node that is a type, a graph, or spoken of in two graphs needs its name.
    needed = Counter(node["@id"] for node in nodes)
    needed.update({kind: 2 for node in nodes for kind in node.get("@type", ())})
    needed.update({node["@id"]: 2 for node in expanded if "@graph" in node})
    for graph in graphs:
        inner = {n["@id"]: n for n in graph if mentions[n["@id"]] == 1 and needed[n["@id"]] == 1}
        inner = {name: node for name, node in inner.items() if name.startswith("_:")}
        moved: set[str] = set()
        left = [(node, 0) for node in graph if node["@id"] not in inner]
        while left:
            node, depth = left.pop()
            for value in _values(node) if depth < _DEEPEST else ():
                name = value.get("@id", "")
                if name in inner:
                    del value["@id"]
                    value.update({key: said for key, said in inner[name].items() if key != "@id"})
                    moved.add(name)
                    left.append((value, depth + 1))
        graph[:] = [node for node in graph if node.get("@id") not in moved]
    return expanded


def _values(node: dict[str, Any]) -> list[dict[str, Any]]:
    """The values of a node, those in lists included."""
    found: list[dict[str, Any]] = []
    for key, values in node.items():
        if not key.startswith("@"):
            for value in values:
                found += value.get("@list", [value])
    return found


def loader(url: str, options: Any = None) -> dict[str, Any]:
    """A document loader for JSON-LD processors that knows the published context and fetches nothing.

    Raises:
        UsageError: another document is asked for.
    """
    if url != CONTEXT:
        raise UsageError(f"nothing is fetched, and {url[:80]} is not at hand", mend=f"Use {CONTEXT}.")
    return {"contextUrl": None, "documentUrl": url, "contentType": "application/ld+json", "document": context()}


def _pyld() -> Any:
    try:
        from pyld import jsonld
    except ImportError:
        raise UsageError(
            "JSON-LD needs PyLD, which is not installed", mend='Run: pip install "guidegraph[jsonld]".'
        ) from None
    return jsonld
