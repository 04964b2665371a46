"""Reading RDF files that a stranger may have written: by known extension, within limits, never reaching out.

Only Turtle, TriG, N-Triples, N-Quads and JSON-LD are read. RDF/XML is refused (its entities can expand without end);
a JSON-LD context on the web is refused by the parser; ``owl:imports`` is a triple like any other and is not followed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import pyoxigraph as ox

from guidegraph.errors import GuideGraphError, ValidationError

#: A larger file is refused (bytes).
MAXIMUM_BYTES = 64 * 1024 * 1024
#: Deeper nesting of brackets is refused; a parser that recurses would fall over at some thousands.
MAXIMUM_DEPTH = 64

FORMATS: dict[str, ox.RdfFormat] = {
    ".ttl": ox.RdfFormat.TURTLE,
    ".trig": ox.RdfFormat.TRIG,
    ".nt": ox.RdfFormat.N_TRIPLES,
    ".nq": ox.RdfFormat.N_QUADS,
    ".jsonld": ox.RdfFormat.JSON_LD,
}

#: Formats whose strings may hold ends of lines as they are.
_LINES = (ox.RdfFormat.TURTLE, ox.RdfFormat.TRIG)
_SUBCLASS = ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#subClassOf")
_OPENING, _CLOSING = b"[({", b"])}"
_NOT_BRACKETS = bytes(b for b in range(256) if b not in _OPENING + _CLOSING)
# What may hold brackets that do not nest: long strings, strings, IRIs, comments. Each alternative is linear.
_TURTLE_TEXT = re.compile(
    rb'"""(?:[^"\\]|\\.|"(?!""))*"""'
    rb"|'''(?:[^'\\]|\\.|'(?!''))*'''"
    rb'|"(?:[^"\\\n\r]|\\.)*"'
    rb"|'(?:[^'\\\n\r]|\\.)*'"
    rb"|<[^<>\"{}|^`\\\s]*>"
    rb"|#[^\n\r]*",
    re.DOTALL,
)
_JSON_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_MARKUP = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*<(?:\?xml|!DOCTYPE|!--|rdf:RDF)", re.IGNORECASE)


def nesting_depth(text: bytes, *, json: bool = False) -> int:
    """How deep brackets nest in Turtle-like or JSON text, strings, IRIs and comments aside."""
    brackets = (_JSON_TEXT if json else _TURTLE_TEXT).sub(b"", text).translate(None, _NOT_BRACKETS)
    depth = deepest = 0
    for bracket in brackets:
        if bracket in _OPENING:
            depth += 1
            deepest = max(deepest, depth)
        else:
            depth -= 1
    return deepest


def read_quads(path: Path, fault: type[GuideGraphError] = ValidationError, *, strange: bool = True) -> list[ox.Quad]:
    """All quads of a file, at least one. Blank nodes are renamed, so that files never share one.

    Args:
        path: a Turtle, TriG, N-Triples, N-Quads or JSON-LD file.
        fault: the class of error to raise.
        strange: whether a stranger may have written it; then its nesting is measured first, which takes time.

    Raises:
        fault: the file is missing, too large, too deeply nested, of an unknown kind, empty, or not well-formed; the
            message names the file and, where known, line and column.
    """
    where = str(path)
    known = ", ".join(FORMATS)
    form = FORMATS.get(path.suffix.lower())
    if form is None:
        raise fault(f"the kind of file {path.suffix!r} is not read", where=where, mend=f"Use one of {known}.")
    try:
        size = path.stat().st_size
        if size > MAXIMUM_BYTES:
            limit = MAXIMUM_BYTES // 2**20
            raise fault(f"the file is larger than {limit} MiB", where=where, mend="Split it by document.")
        text = path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise fault(f"the file cannot be read: {reason}", where=where, mend="Check its name.") from None
    # A checkout may have turned the ends of lines inside of long strings: the same document, the same digests.
    text = text.replace(b"\r\n", b"\n") if form in _LINES else text
    return parse_quads(text, form, where, fault, strange=strange)


def parse_quads(
    text: bytes,
    form: ox.RdfFormat,
    where: str,
    fault: type[GuideGraphError] = ValidationError,
    *,
    strange: bool = True,
) -> list[ox.Quad]:
    """All quads of some RDF text, at least one. ``where`` names the text in messages. Raises ``fault``."""
    if _MARKUP.match(text):
        raise fault("this is XML, which is not read", where=where, mend="Convert it to Turtle or TriG.")
    depth = nesting_depth(text, json=form == ox.RdfFormat.JSON_LD) if strange else 0
    if depth > MAXIMUM_DEPTH:
        raise fault(f"brackets nest {depth} deep, more than {MAXIMUM_DEPTH}", where=where, mend="Name the inner nodes.")
    try:
        quads = list(ox.parse(text, format=form, base_iri="file:///", rename_blank_nodes=True))
    except SyntaxError as error:
        place = f"{where}:{error.lineno}:{error.offset}" if error.lineno else where
        raise fault(f"not well-formed: {error.msg}", where=place, mend="Correct the syntax there.") from None
    except (ValueError, OSError) as error:
        raise fault(f"not well-formed: {error}", where=where, mend="Correct the syntax.") from None
    if not quads:
        raise fault("the file holds no triples", where=where, mend="Check that it is the right file.")
    return quads


def subclass_triples(paths: Sequence[Path]) -> list[ox.Triple]:
    """The class hierarchy of some ontology files: ``rdfs:subClassOf`` between named classes, nothing else."""
    return [ox.Triple(q.subject, q.predicate, q.object) for path in paths for q in hierarchy(read_quads(path))]


def hierarchy(quads: Iterable[ox.Quad]) -> list[ox.Quad]:
    """The quads that say ``rdfs:subClassOf`` between named classes."""
    return [
        q
        for q in quads
        if q.predicate == _SUBCLASS and isinstance(q.subject, ox.NamedNode) and isinstance(q.object, ox.NamedNode)
    ]
