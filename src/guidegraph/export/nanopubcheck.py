"""Whether nanopublications are what they say: well-formed, what their trusty URI stands for, and what was signed.

Anybody's are checked, not only ours. Source: the nanopublication guidelines (nanopub.net/guidelines).
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as NoBase64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.errors import DocumentError, UsageError
from guidegraph.export.nanopub import NP, NPX, code_of, normal_form, trusty_code
from guidegraph.reading import read_quads, unreadable_values

_TYPE, _NANOPUB = ox.NamedNode(ns.RDF + "type"), ox.NamedNode(NP + "Nanopublication")
_PARTS = ("hasAssertion", "hasProvenance", "hasPublicationInfo")
#: What a part must speak of, beside holding something.
_REFERS = {"hasProvenance": "the assertion", "hasPublicationInfo": "the nanopublication"}


@dataclass(frozen=True)
class Verdict:
    """What a check found of one nanopublication: ``faults`` is empty where it is valid.

    ``uri`` is "" where the file holds none. ``trusty`` says whether its URI is a trusty one, ``signers`` who signed it
    by its own words: a signature shows that the holder of the key in it signed, not who that is.
    """

    uri: str
    faults: tuple[str, ...]
    trusty: bool = False
    signed: bool = False
    signers: tuple[str, ...] = ()

    @property
    def valid(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.faults


def check_file(path: Path) -> list[Verdict]:
    """A verdict on each nanopublication of a file, one at least.

    Raises:
        UsageError: it is signed, and what verifies signatures is not installed.
    """
    try:
        quads = read_quads(path, DocumentError)
    except DocumentError as error:
        place = error.where.removeprefix(str(path)).strip(":")
        return [Verdict("", (f"{error.what}{f' (at {place})' if place else ''}",))]
    heads = sorted(str(q.subject) for q in quads if q.predicate == _TYPE and q.object == _NANOPUB)
    if len(heads) <= 1:
        return [verdict(quads)]
    # Several in one file: each with the graphs that it names, and what is in no graph of any.
    by_graph: dict[Any, list[ox.Quad]] = {}
    for quad in quads:
        by_graph.setdefault(quad.graph_name, []).append(quad)
    verdicts, known = [], set()
    for head, of_head in by_graph.items():
        if any(q.predicate == _TYPE and q.object == _NANOPUB for q in of_head):
            graphs = {head, *(q.object for q in of_head if q.predicate.value in {NP + part for part in _PARTS})}
            known |= graphs
            verdicts.append(verdict([q for graph in graphs for q in by_graph.get(graph, ())]))
    strange = sorted(str(graph) for graph in by_graph.keys() - known)
    if strange:
        verdicts.append(Verdict("", (f"the graph {strange[0]} is of no nanopublication",)))
    return verdicts


def verdict(quads: Sequence[ox.Quad]) -> Verdict:
    """A verdict on one nanopublication, that of all its quads.

    Raises:
        UsageError: it is signed, and what verifies signatures is not installed.
    """
    heads = [q for q in quads if q.predicate == _TYPE and q.object == _NANOPUB]
    if len(heads) != 1:
        return Verdict("", (f"{len(heads) or 'no'} nanopublication{'s' if heads else ''} in one",))
    this, head = heads[0].subject, heads[0].graph_name
    if not isinstance(this, ox.NamedNode) or not isinstance(head, ox.NamedNode):
        return Verdict("", ("the nanopublication or its head has no IRI",))
    faults = list(_form(quads, this, head))
    code = code_of(this.value)
    blank = any(isinstance(term, ox.BlankNode) for q in quads for term in (q.subject, q.object, q.graph_name))
    if code and blank:
        faults.append("it has a trusty URI and a node without a name, which no trusty URI can stand for")
    elif code:
        true = trusty_code(quads, code)
        if true != code:
            faults.append(f"its content has the trusty code {true}, not that of its URI: it was altered")
    signed, signers, wrong = _signature(quads, this, code)
    return Verdict(this.value, (*faults, *wrong), bool(code), signed, signers)


def _form(quads: Sequence[ox.Quad], this: ox.NamedNode, head: ox.NamedNode) -> Iterator[str]:
    """What is wrong with the form: with its four graphs, of what they must speak, or with its literals."""
    parts: dict[str, Any] = {}
    for part in _PARTS:
        named = [q.object for q in quads if q.subject == this and q.predicate.value == NP + part]
        if len(named) != 1 or not isinstance(named[0], ox.NamedNode):
            yield f"it has {len(named) or 'no'} np:{part}, or one without an IRI"
            return
        parts[part] = named[0]
    graphs = {head, *parts.values()}
    if len(graphs) < 1 + len(_PARTS) or this in graphs:
        yield "head, assertion, provenance, publication info and itself need an IRI each"
    said_of = {"hasProvenance": parts["hasAssertion"], "hasPublicationInfo": this}
    for part, graph in parts.items():
        inside = [q for q in quads if q.graph_name == graph]
        if not inside:
            yield f"the graph of np:{part} is empty: {graph}"
        elif part in said_of and not any(said_of[part] in (q.subject, q.object) for q in inside):
            yield f"the graph of np:{part} does not speak of {_REFERS[part]}"
    for quad in quads:
        if quad.graph_name not in graphs:
            yield f"a triple is in none of its four graphs: {quad}"[:200]
            break
    yield from sorted({reason for _, reason in unreadable_values(quads)})


def _signature(quads: Sequence[ox.Quad], this: ox.NamedNode, code: str) -> tuple[bool, tuple[str, ...], list[str]]:
    """Whether it is signed, by whom it says, and what is wrong with the signature."""
    said = [q for q in quads if q.predicate.value.startswith(NPX)]
    places = {q.subject for q in said if q.predicate.value in (NPX + "hasSignature", NPX + "hasSignatureTarget")}
    if not places:
        return False, (), []
    if len(places) > 1:
        return True, (), ["it has several signatures"]
    place = places.pop()

    def values(name: str) -> list[Any]:
        return [q.object for q in said if q.subject == place and q.predicate.value == NPX + name]

    signers = tuple(sorted(str(v.value) for v in values("signedBy") if isinstance(v, ox.NamedNode)))
    keys, signatures = values("hasPublicKey"), values("hasSignature")
    if len(keys) != 1 or len(signatures) != 1:
        return True, signers, ["its signature lacks the key or the value, or has several"]
    if this not in values("hasSignatureTarget"):
        return True, signers, ["its signature is for something else"]
    if not code:
        return True, signers, ["it is signed and has no trusty URI"]
    unsigned = [q for q in quads if not (q.subject == place and q.predicate.value == NPX + "hasSignature")]
    algorithm = next((str(v.value) for v in values("hasAlgorithm")), "RSA")
    wrong = _verify(normal_form(unsigned, code), str(keys[0].value), str(signatures[0].value), algorithm)
    return True, signers, [wrong] if wrong else []


def _verify(text: str, key: str, signature: str, algorithm: str) -> str:
    """What is wrong with a signature over a text, "" for nothing."""
    try:
        from Crypto.Hash import SHA256
        from Crypto.PublicKey import DSA, RSA
        from Crypto.Signature import DSS, pkcs1_15
    except ImportError:
        raise UsageError(
            "pycryptodome, which verifies signatures, is not installed",
            mend="Install it: pip install 'guidegraph[nanopub]'.",
        ) from None

    digest = SHA256.new(text.encode())
    try:
        if algorithm == "RSA":
            pkcs1_15.new(RSA.import_key(b64decode(key))).verify(digest, b64decode(signature))
        elif algorithm == "DSA":
            DSS.new(DSA.import_key(b64decode(key)), "fips-186-3", "der").verify(digest, b64decode(signature))
        else:
            return f"its signature is made by {algorithm[:20]!r}, which is not known here"
    except (ValueError, TypeError, IndexError, NoBase64):
        return "its signature is not that of its key over its content"
    return ""
