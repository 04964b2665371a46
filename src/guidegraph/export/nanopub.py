"""Statements as nanopublications: assertion, provenance and publication info apart, under a trusty URI.

Source: the ``nanopub`` library, whose normalisation and hash make the trusty URI. Blank nodes become nodes of the
nanopublication, since a trusty URI allows none, and come back as blank nodes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.errors import DocumentError, UsageError
from guidegraph.export.closure import ASSERTION, PROVENANCE, PUBLICATION, Part
from guidegraph.reading import read_quads

NP = "http://www.nanopub.org/nschema#"
NPX = "http://purl.org/nanopub/x/"
#: Where nanopublications of this vocabulary live; the trusty code is added to it.
HOME = ns.BASE + "np/"
#: The working name of one whose trusty code is not known yet; no other nanopublication's name begins with it.
_DRAFT = HOME + "draft"
_INNER = re.compile(r"b\d+\Z")


@dataclass(frozen=True)
class Key:
    """A user's own key: a private RSA key (PEM, or base64 of DER as the nanopub tools keep it), and who signs."""

    path: Path
    signer: str


@dataclass(frozen=True)
class Nanopub:
    """One nanopublication: its trusty URI, the statement it is about, its quads."""

    uri: str
    statement: str
    quads: tuple[ox.Quad, ...]

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.uri.rpartition('/')[2]}.trig"

    def trig(self) -> str:
        """The nanopublication as TriG, the same bytes for the same content."""
        prefixes = {**ns.PREFIXES, "np": NP, "npx": NPX, "this": self.uri, "sub": f"{self.uri}#"}
        used = {p: iri for p, iri in prefixes.items() if any(iri in str(quad) for quad in self.quads)}
        text = (ox.serialize(self.quads, format=ox.RdfFormat.TRIG, prefixes=used) or b"").decode()
        lines = text.splitlines(keepends=True)
        heads = [line for line in lines if line.startswith("@prefix")]
        return "".join([*sorted(heads), *lines[len(heads) :]])


def _node(local: str = "") -> ox.NamedNode:
    return ox.NamedNode(f"{_DRAFT}#{local}" if local else _DRAFT)


def _library() -> Any:
    try:
        from nanopub.trustyuri.rdf import RdfHasher
    except ImportError:
        raise UsageError(
            "the nanopub library is not installed", mend="Install it: pip install 'guidegraph[nanopub]'."
        ) from None
    return RdfHasher


def make(
    statement: ox.NamedNode,
    graph: ox.NamedNode,
    parts: Iterable[Part],
    *,
    creator: str,
    created: str,
    supersedes: str = "",
    key: Key | None = None,
) -> Nanopub:
    """A nanopublication of one statement.

    Args:
        statement: the statement.
        graph: the named graph that it comes from.
        parts: its triples with the part that each belongs to (see :class:`Closure`).
        creator: IRI of who encoded it, or "".
        created: the day on which it was encoded, as the graph's description states it, or "".
        supersedes: trusty URI of the nanopublication that this one replaces, or "".
        key: signs it; unsigned if None.

    Raises:
        UsageError: the nanopub library is not installed, or the key cannot be used.
    """
    quads = _skolemised([ox.Quad(t.subject, t.predicate, t.object, _node(part)) for part, t in parts])
    quads += _frame(statement, graph, creator, created, supersedes)
    if key is not None:
        quads = _signed(quads, key)
    code = _library().make_hash(_terms(quads), baseuri=f"{_DRAFT}#", hashstr=" ")
    final = [_moved(quad, HOME + code) for quad in quads]
    return Nanopub(HOME + code, statement.value, tuple(sorted(set(final), key=_place)))


def _place(quad: ox.Quad) -> tuple[int, str]:
    """Quads in the order of the parts, so that each part is written once."""
    part = getattr(quad.graph_name, "value", "").rpartition("#")[2]
    return (("Head", ASSERTION, PROVENANCE, PUBLICATION).index(part), str(quad))


def _skolemised(quads: list[ox.Quad]) -> list[ox.Quad]:
    """The quads with blank nodes as nodes of the nanopublication, numbered in canonical order."""
    dataset = ox.Dataset(quads)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)

    def inner(term: Any) -> Any:
        return _node(f"b{term.value.removeprefix('c14n')}") if isinstance(term, ox.BlankNode) else term

    return [ox.Quad(inner(q.subject), q.predicate, inner(q.object), q.graph_name) for q in sorted(dataset, key=str)]


def _frame(statement: ox.NamedNode, graph: ox.NamedNode, creator: str, created: str, supersedes: str) -> list[ox.Quad]:
    """Head, and what every nanopublication says of its assertion and of itself."""
    head, assertion, provenance, info = (_node(p) for p in ("Head", ASSERTION, PROVENANCE, PUBLICATION))
    this = _node()
    rows: list[tuple[Any, str, Any, ox.NamedNode]] = [
        (this, ns.RDF + "type", ox.NamedNode(NP + "Nanopublication"), head),
        (this, NP + "hasAssertion", assertion, head),
        (this, NP + "hasProvenance", provenance, head),
        (this, NP + "hasPublicationInfo", info, head),
        (assertion, ns.PROV + "wasDerivedFrom", graph, provenance),
        (this, ns.DCTERMS + "subject", statement, info),
        (this, ns.DCTERMS + "license", ox.NamedNode("https://creativecommons.org/licenses/by/4.0/"), info),
    ]
    if creator:
        rows.append((assertion, ns.PROV + "wasAttributedTo", ox.NamedNode(creator), provenance))
        rows.append((this, ns.DCTERMS + "creator", ox.NamedNode(creator), info))
    if created:
        time = ox.Literal(f"{created}T00:00:00Z", datatype=ox.NamedNode(ns.XSD + "dateTime"))
        rows.append((this, ns.DCTERMS + "created", time, info))
    if supersedes:
        rows.append((this, NPX + "supersedes", ox.NamedNode(supersedes), info))
    return [ox.Quad(s, ox.NamedNode(p), o, g) for s, p, o, g in rows]


def _signed(quads: list[ox.Quad], key: Key) -> list[ox.Quad]:
    """The quads with an RSA signature over their normal form, as the nanopub library makes and checks it."""
    hasher = _library()
    from base64 import b64decode, b64encode

    from Crypto.Hash import SHA256
    from Crypto.PublicKey import RSA
    from Crypto.Signature import PKCS1_v1_5

    try:
        text = key.path.read_text(encoding="utf-8").strip()
        private = RSA.import_key(text if text.startswith("-----") else b64decode(text))
    except (OSError, ValueError, IndexError, TypeError, UnicodeDecodeError) as error:
        raise UsageError(
            f"the key cannot be used: {error}", where=str(key.path), mend="Give an RSA private key."
        ) from None
    info, sig = _node(PUBLICATION), _node("sig")

    def say(name: str, value: ox.NamedNode | ox.Literal) -> ox.Quad:
        return ox.Quad(sig, ox.NamedNode(NPX + name), value, info)

    public = b64encode(private.public_key().export_key("DER")).decode()
    signed = [
        *quads,
        say("hasPublicKey", ox.Literal(public)),
        say("hasAlgorithm", ox.Literal("RSA")),
        say("hasSignatureTarget", _node()),
        say("signedBy", ox.NamedNode(key.signer)),
    ]
    normal = hasher.normalize_quads(_terms(signed), baseuri=f"{_DRAFT}#", hashstr=" ")
    signature = PKCS1_v1_5.new(private).sign(SHA256.new(normal.encode()))
    return [*signed, say("hasSignature", ox.Literal(b64encode(signature).decode()))]


def _terms(quads: Iterable[ox.Quad]) -> list[tuple[Any, Any, Any, Any]]:
    """Quads as the library takes them: (graph, subject, predicate, object) of rdflib terms."""
    from rdflib import Literal, URIRef

    def term(value: Any) -> Any:
        if isinstance(value, ox.Literal):
            if value.language:
                return Literal(value.value, lang=value.language)
            plain = value.datatype.value == ns.XSD + "string"
            return Literal(value.value, datatype=None if plain else URIRef(value.datatype.value), normalize=False)
        return URIRef(value.value)

    return [(term(q.graph_name), term(q.subject), term(q.predicate), term(q.object)) for q in quads]


def _moved(quad: ox.Quad, uri: str) -> ox.Quad:
    """A quad with the working names of a nanopublication replaced by the final ones."""

    def final(term: Any) -> Any:
        if not isinstance(term, ox.NamedNode) or not term.value.startswith(_DRAFT):
            return term
        return ox.NamedNode(uri + term.value.removeprefix(_DRAFT))

    return ox.Quad(final(quad.subject), quad.predicate, final(quad.object), final(quad.graph_name))


def content(quads: Iterable[ox.Quad], uri: str) -> frozenset[str]:
    """What a nanopublication says, but for what it supersedes and its signature: equal for equal content."""
    rows = (
        str(q).replace(uri, HOME)
        for q in quads
        if not q.predicate.value.startswith(NPX) and f"{uri}#sig" not in str(q.subject)
    )
    return frozenset(rows)


def read(path: Path) -> Nanopub:
    """Read a nanopublication from a TriG or N-Quads file.

    Raises:
        DocumentError: the file cannot be read, or holds no nanopublication that is about a statement, or several.
    """
    quads = read_quads(path, DocumentError)
    heads = [q for q in quads if q.object == ox.NamedNode(NP + "Nanopublication")]
    if len(heads) != 1:
        raise DocumentError(f"{len(heads)} nanopublications", where=str(path), mend="Give a file with one.")
    uri = getattr(heads[0].subject, "value", "")
    about = [q.object for q in quads if q.predicate.value == ns.DCTERMS + "subject" and q.subject == heads[0].subject]
    if not about:
        raise DocumentError("it is about no statement", where=str(path), mend="Only our own exports are read back.")
    return Nanopub(uri, getattr(about[0], "value", ""), tuple(sorted(quads, key=str)))


def original(found: Nanopub) -> list[ox.Quad]:
    """The quads of the graph that a nanopublication was made from, blank nodes back in their places."""
    inner = f"{found.uri}#"
    source = next(
        q.object
        for q in found.quads
        if q.predicate.value == ns.PROV + "wasDerivedFrom" and getattr(q.subject, "value", "") == f"{inner}{ASSERTION}"
    )

    def back(term: Any) -> Any:
        local = term.value.removeprefix(inner) if isinstance(term, ox.NamedNode) else ""
        return ox.BlankNode(local) if _INNER.match(local) else term

    kept = []
    for q in found.quads:
        subject = getattr(q.subject, "value", "")
        if subject == found.uri or (subject.startswith(inner) and not _INNER.match(subject.removeprefix(inner))):
            continue
        kept.append(ox.Quad(back(q.subject), q.predicate, back(q.object), source))  # type: ignore[arg-type]
    return kept


def earlier(folder: Path) -> Mapping[str, Nanopub]:
    """The newest nanopublication of each statement in a folder: the one that no other there supersedes.

    Raises:
        DocumentError: a file of the folder cannot be read, or two stand for one statement.
    """
    found = [read(path) for path in sorted(folder.glob("*.trig"))]
    gone = {getattr(q.object, "value", "") for f in found for q in f.quads if q.predicate.value == NPX + "supersedes"}
    newest: dict[str, Nanopub] = {}
    for one in found:
        if one.uri in gone:
            continue
        if one.statement in newest:
            raise DocumentError(
                f"two nanopublications of {one.statement}", where=str(folder), mend="Keep the newer one, or supersede."
            )
        newest[one.statement] = one
    return newest
