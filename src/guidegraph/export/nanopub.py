"""Statements as nanopublications: assertion, provenance and publication info apart, under a trusty URI.

Blank nodes become nodes of the nanopublication, since a trusty URI allows none, and come back as such. The normal
form is made here: the ``nanopub`` library, which the tests check it by, makes it of rdflib's terms, many times slower,
and warns of each IRI in it.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.errors import UsageError
from guidegraph.export.closure import ASSERTION, PROVENANCE, PUBLICATION, Part

NP = "http://www.nanopub.org/nschema#"
NPX = "http://purl.org/nanopub/x/"
#: Where nanopublications of this vocabulary live; the trusty code is added to it.
HOME = ns.BASE + "np/"
#: The working name of one whose nodes have no names yet. The names of blank nodes, and so the trusty URIs of the same
#: statement, depend on it: it stays.
_DRAFT = HOME + "draft"
#: The working code of one whose trusty code is not known yet; no other IRI holds it.
_NAME = f"RA{'-' * 43}"
_CODE = re.compile(r"(?:^|[^\w-])(RA[\w-]{43})\Z", re.ASCII)


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
    def retracts(self) -> str:
        """The URI of the nanopublication that it retracts, "" where it says something of a statement."""
        retracted = (q.object for q in self.quads if q.predicate.value == NPX + "retracts")
        return next((str(getattr(term, "value", "")) for term in retracted), "")

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


def code_of(uri: str) -> str:
    """The trusty code that a URI ends in, "" where it is no trusty URI."""
    code = _CODE.search(uri)
    return code[1] if code else ""


def normal_form(quads: Iterable[ox.Quad], code: str) -> str:
    """What a trusty code or a signature is made over: the quads in a fixed order, a blank in place of the code.

    Source: the trusty URI specification, module RA (trustyuri.net), as the nanopub libraries do it.
    """
    rows = {
        (_plain(q.graph_name, code), _plain(q.subject, code), _plain(q.predicate, code), _last(q, code)) for q in quads
    }
    ordered = sorted(rows)
    return "".join(f"{graph}\n{subject}\n{predicate}\n{_line(last)}" for graph, subject, predicate, last in ordered)


def _plain(term: Any, code: str) -> str:
    return str(getattr(term, "value", "")).replace(code, " ")


def _last(quad: ox.Quad, code: str) -> tuple[bool, str, str, str]:
    """The object as it sorts: IRIs before literals, these by text, language-tagged before others, datatype."""
    value = quad.object
    if not isinstance(value, ox.Literal):
        return (False, _plain(value, code), "", "")
    language = value.language
    return (True, value.value, "" if language else value.datatype.value, (language or "").lower())


def _line(last: tuple[bool, str, str, str]) -> str:
    literal, text, datatype, language = last
    if not literal:
        return f"{text}\n"
    escaped = text.replace("\\", "\\\\").replace("\n", "\\n")
    return f"@{language} {escaped}\n" if language else f"^{datatype} {escaped}\n"


def trusty_code(quads: Iterable[ox.Quad], code: str) -> str:
    """The trusty code of some quads, which stand under a code or a working name."""
    digest = sha256(normal_form(quads, code).encode()).digest()
    return "RA" + urlsafe_b64encode(digest).decode().rstrip("=")


def _node(local: str = "") -> ox.NamedNode:
    return ox.NamedNode(f"{_DRAFT}#{local}" if local else _DRAFT)


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
        UsageError: the key cannot be used, or what signs is not installed.
    """
    quads = _skolemised([ox.Quad(t.subject, t.predicate, t.object, _node(part)) for part, t in parts])
    derived = [(ns.PROV + "wasDerivedFrom", graph)]
    newer = [(NPX + "supersedes", ox.NamedNode(supersedes))] if supersedes else []
    return _finished(statement.value, [*quads, *_frame(statement, creator, created, derived, newer)], key)


def retraction(nanopub: Nanopub, key: Key | None = None) -> Nanopub:
    """A nanopublication that retracts another: its creator, or whoever signs, says so.

    Raises:
        UsageError: the key cannot be used or is not that of the signature, what signs is not installed, or nobody is
            known who could retract it.
    """
    keys = [q.object.value for q in nanopub.quads if q.predicate.value == NPX + "hasPublicKey"]  # type: ignore[union-attr]
    if keys and (key is None or _public(_private(key)) != keys[0]):
        raise UsageError(
            "it is signed, and only its own key can retract it", where=nanopub.file, mend="Add --sign with that key."
        )
    creators = (q.object for q in nanopub.quads if q.predicate.value == ns.DCTERMS + "creator")
    who = key.signer if key else next((str(getattr(term, "value", "")) for term in creators), "")
    if not who:
        raise UsageError("nobody is named who could retract it", where=nanopub.file, mend="Sign: --sign and --signer.")
    retracts = ox.NamedNode(NPX + "retracts")
    said = ox.Quad(ox.NamedNode(who), retracts, ox.NamedNode(nanopub.uri), _node(ASSERTION))
    frame = _frame(ox.NamedNode(nanopub.statement), who, "", [], [])
    return _finished(nanopub.statement, [said, *frame], key)


def _finished(statement: str, quads: list[ox.Quad], key: Key | None) -> Nanopub:
    """The nanopublication of some quads under working names: signed if asked for, and under its trusty URI."""
    quads = [_moved(quad, _DRAFT, HOME + _NAME) for quad in quads]
    if key is not None:
        quads = _signed(quads, key)
    code = trusty_code(quads, _NAME)
    final = [_moved(quad, HOME + _NAME, HOME + code) for quad in quads]
    return Nanopub(HOME + code, statement, tuple(sorted(set(final), key=_place)))


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


_Said = list[tuple[str, ox.NamedNode]]


def _frame(statement: ox.NamedNode, creator: str, created: str, of_assertion: _Said, of_itself: _Said) -> list[ox.Quad]:
    """Head, and what every nanopublication says of its assertion and of itself."""
    head, assertion, provenance, info = (_node(p) for p in ("Head", ASSERTION, PROVENANCE, PUBLICATION))
    this = _node()
    rows: list[tuple[Any, str, Any, ox.NamedNode]] = [
        (this, ns.RDF + "type", ox.NamedNode(NP + "Nanopublication"), head),
        (this, NP + "hasAssertion", assertion, head),
        (this, NP + "hasProvenance", provenance, head),
        (this, NP + "hasPublicationInfo", info, head),
        *((assertion, predicate, value, provenance) for predicate, value in of_assertion),
        (this, ns.DCTERMS + "subject", statement, info),
        (this, ns.DCTERMS + "license", ox.NamedNode("https://creativecommons.org/licenses/by/4.0/"), info),
        *((this, predicate, value, info) for predicate, value in of_itself),
    ]
    if creator:
        rows.append((assertion, ns.PROV + "wasAttributedTo", ox.NamedNode(creator), provenance))
        rows.append((this, ns.DCTERMS + "creator", ox.NamedNode(creator), info))
    if created:
        time = ox.Literal(f"{created}T00:00:00Z", datatype=ox.NamedNode(ns.XSD + "dateTime"))
        rows.append((this, ns.DCTERMS + "created", time, info))
    return [ox.Quad(s, ox.NamedNode(p), o, g) for s, p, o, g in rows]


def _private(key: Key) -> Any:
    try:
        from Crypto.PublicKey import RSA
    except ImportError:
        raise UsageError(
            "pycryptodome, which signs, is not installed", mend="Install it: pip install 'guidegraph[nanopub]'."
        ) from None
    try:
        text = key.path.read_text(encoding="utf-8-sig").strip()
        return RSA.import_key(text if text.startswith("-----") else b64decode(text))
    except (OSError, ValueError, IndexError, TypeError, UnicodeDecodeError) as error:
        raise UsageError(
            f"the key cannot be used: {error}", where=str(key.path), mend="Give an RSA private key."
        ) from None


def _public(private: Any) -> str:
    return b64encode(private.public_key().export_key("DER")).decode()


def _of_signature(name: str, value: ox.NamedNode | ox.Literal) -> ox.Quad:
    quad = ox.Quad(_node("sig"), ox.NamedNode(NPX + name), value, _node(PUBLICATION))
    return _moved(quad, _DRAFT, HOME + _NAME)


def _signed(quads: list[ox.Quad], key: Key) -> list[ox.Quad]:
    """The quads with an RSA signature over their normal form, as the nanopub libraries make and check it."""
    private = _private(key)
    from Crypto.Hash import SHA256
    from Crypto.Signature import pkcs1_15

    signed = [
        *quads,
        _of_signature("hasPublicKey", ox.Literal(_public(private))),
        _of_signature("hasAlgorithm", ox.Literal("RSA")),
        _of_signature("hasSignatureTarget", _node()),
        _of_signature("signedBy", ox.NamedNode(key.signer)),
    ]
    signature = pkcs1_15.new(private).sign(SHA256.new(normal_form(signed, _NAME).encode()))
    return [*signed, _of_signature("hasSignature", ox.Literal(b64encode(signature).decode()))]


def _moved(quad: ox.Quad, old: str, new: str) -> ox.Quad:
    """A quad with the names of a nanopublication, which begin alike, replaced by others."""

    def final(term: Any) -> Any:
        if not isinstance(term, ox.NamedNode) or not term.value.startswith(old):
            return term
        return ox.NamedNode(new + term.value.removeprefix(old))

    return ox.Quad(final(quad.subject), quad.predicate, final(quad.object), final(quad.graph_name))


def content(quads: Iterable[ox.Quad], uri: str) -> frozenset[str]:
    """What a nanopublication says, but for what it supersedes and its signature: equal for equal content."""
    rows = (
        str(q).replace(uri, HOME)
        for q in quads
        if not q.predicate.value.startswith(NPX) and f"{uri}#sig" not in str(q.subject)
    )
    return frozenset(rows)
