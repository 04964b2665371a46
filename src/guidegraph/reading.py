"""Reading RDF files that a stranger may have written: by known extension, within limits, never reaching out.

Only Turtle, TriG, N-Triples, N-Quads and JSON-LD are read. RDF/XML is refused (its entities can expand without end);
a JSON-LD context on the web is refused by the parser; ``owl:imports`` is a triple like any other and is not followed.
How deep a file nests is measured on what was parsed, not on its text, so that no string, comment or escape can hide it;
only what makes the parser itself fall over (triples in triples, nested JSON) is counted before.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import islice
from pathlib import Path

import pyoxigraph as ox

from guidegraph.errors import GuideGraphError, ValidationError
from guidegraph.files import decoded, read_bytes

#: A larger file is refused (bytes).
MAXIMUM_BYTES = 64 * 1024 * 1024
#: A file with more triples is refused; each takes some 430 bytes of memory.
MAXIMUM_QUADS = 2_000_000
#: Deeper nesting of nodes without a name, of JSON or of triples is refused.
MAXIMUM_DEPTH = 64

FORMATS: dict[str, ox.RdfFormat] = {
    ".ttl": ox.RdfFormat.TURTLE,
    ".trig": ox.RdfFormat.TRIG,
    ".nt": ox.RdfFormat.N_TRIPLES,
    ".nq": ox.RdfFormat.N_QUADS,
    ".jsonld": ox.RdfFormat.JSON_LD,
}

_XSD = "http://www.w3.org/2001/XMLSchema#"
_DECIMAL = ox.NamedNode(_XSD + "decimal")
_REST = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#rest")
_BOM = b"\xef\xbb\xbf"
_MARKUP = re.compile(rb"<(?:\?xml|!DOCTYPE|!--|rdf:RDF)", re.IGNORECASE)
# A string of JSON, or what is left of the text when one does not end; linear, since nothing is given back.
_JSON_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\Z)', re.DOTALL)
#: How the parser of JSON-LD writes a number with a fraction, whatever its datatype.
_JSON_NUMBER = re.compile(r"-?[0-9]\.[0-9]+E-?[0-9]{1,2}")
#: The base that IRIs of JSON-LD are resolved against, so that a relative one is seen.
_RELATIVE = "http://relative.invalid/"
#: Formats without named graphs.
_TRIPLES = (ox.RdfFormat.TURTLE, ox.RdfFormat.N_TRIPLES)
#: Formats whose strings may hold ends of lines as they are.
_LINES = (ox.RdfFormat.TURTLE, ox.RdfFormat.TRIG)


def read_quads(
    path: Path, fault: type[GuideGraphError] = ValidationError, *, strange: bool = True, empty: bool = False
) -> list[ox.Quad]:
    """All quads of a file, at least one. Blank nodes are renamed, so that files never share one.

    Args:
        path: a Turtle, TriG, N-Triples, N-Quads or JSON-LD file.
        fault: the class of error to raise.
        strange: whether a stranger may have written it; then it is looked at more closely, which takes time.
        empty: whether a file without triples is right too.

    Raises:
        fault: the file is missing, too large, too deeply nested, of an unknown kind, empty, in another encoding than
            UTF-8, with relative IRIs or not well-formed; the message names the file and, where known, line and column.
    """
    text, form = _text(path, fault)
    return parse_quads(text, form, str(path), fault, strange=strange, empty=empty)


def load_quads(store: ox.Store, paths: Iterable[Path], graph: ox.NamedNode, fault: type[GuideGraphError]) -> None:
    """Put what files of ours say straight into a store, what is in no named graph into ``graph``.

    Raises:
        fault: as ``read_quads`` does.
    """
    for path in paths:
        text, form = _text(path, fault)
        try:
            # Without a Python object a quad, which takes three times as long.
            next(ox.parse(text, format=form))
            store.load(input=text, format=form, to_graph=graph if form in _TRIPLES else None)
        except (StopIteration, SyntaxError, ValueError, OSError):
            # Told by who reads it more closely.
            store.bulk_extend(read_quads(path, fault, strange=False))
    unnamed = list(store.quads_for_pattern(None, None, None, ox.DefaultGraph()))
    store.bulk_extend(ox.Quad(q.subject, q.predicate, q.object, graph) for q in unnamed)
    for quad in unnamed:
        store.remove(quad)


def _text(path: Path, fault: type[GuideGraphError]) -> tuple[bytes, ox.RdfFormat]:
    """What a file of RDF holds, and in which format."""
    where = str(path)
    known = ", ".join(FORMATS)
    form = FORMATS.get(path.suffix.lower())
    if form is None:
        raise fault(f"the kind of file {path.suffix!r} is not read", where=where, mend=f"Use one of {known}.")
    text = read_bytes(path, MAXIMUM_BYTES, fault, mend="Check its name, or split it by document.")
    # A checkout may have turned the ends of lines inside of long strings: the same document, the same digests.
    return (text.replace(b"\r\n", b"\n") if form in _LINES else text), form


def parse_quads(
    text: bytes,
    form: ox.RdfFormat,
    where: str,
    fault: type[GuideGraphError] = ValidationError,
    *,
    strange: bool = True,
    base: str | None = None,
    empty: bool = False,
    rename: bool = True,
    depth: int = MAXIMUM_DEPTH,
) -> list[ox.Quad]:
    """All quads of some RDF text, at least one unless it may be ``empty``; ``rename`` gives blank nodes new labels.

    Blank nodes may nest ``depth`` levels. ``where`` names the text in messages, ``base`` is what relative IRIs begin
    with; without it and a base in the text they are a fault, since they would mean something else in each place. Raises
    ``fault`` as ``read_quads`` does.
    """
    text = text.removeprefix(_BOM)
    json = form == ox.RdfFormat.JSON_LD
    if strange:
        _look_at(text, form, where, fault)
    try:
        # Without a base the parser of JSON-LD would drop what is relative without a word, the others tell its place.
        start = base or (_RELATIVE if json else None)
        parser = ox.parse(text, format=form, base_iri=start, rename_blank_nodes=rename)
        quads = list(islice(parser, MAXIMUM_QUADS + 1))
    except SyntaxError as error:
        place = f"{where}:{error.lineno}:{error.offset}" if error.lineno else where
        if "No scheme found" in str(error.msg):
            raise fault("a relative IRI, and no base", where=place, mend="Write the whole IRI, or a @base.") from None
        raise fault(f"not well-formed: {error.msg}", where=place, mend="Correct the syntax there.") from None
    except (ValueError, OSError) as error:
        raise fault(f"not well-formed: {error}", where=where, mend="Correct the syntax.") from None
    if not quads and not empty:
        raise fault("the file holds no triples", where=where, mend="Check that it is the right file.")
    if len(quads) > MAXIMUM_QUADS:
        raise fault(f"more than {MAXIMUM_QUADS} triples", where=where, mend="Split the file by document.")
    if strange:
        _judge(quads, json, depth, where, fault)
    return _exact(quads, text) if json else quads


def _look_at(text: bytes, form: ox.RdfFormat, where: str, fault: type[GuideGraphError]) -> None:
    """Refuse text in another encoding, XML in place of other RDF, and what the parsers cannot take."""
    decoded(text, fault, where)
    if form != ox.RdfFormat.RDF_XML and _MARKUP.match(text[:1000].lstrip()):
        raise fault("this is XML, which is not read", where=where, mend="Convert it to Turtle or TriG.")
    json = form == ox.RdfFormat.JSON_LD
    depth = _json_depth(text) if json else text.count(b"<<(")
    if depth > MAXIMUM_DEPTH:
        what = f"brackets nest {depth} deep" if json else f"there are {depth} triples in triples"
        raise fault(f"{what}, more than {MAXIMUM_DEPTH}", where=where, mend="Name the inner nodes.")


def _json_depth(text: bytes) -> int:
    depth = deepest = 0
    for bracket in re.findall(rb"[\[\]{}]", _JSON_STRING.sub(b"", text)):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _judge(quads: Sequence[ox.Quad], json: bool, deepest: int, where: str, fault: type[GuideGraphError]) -> None:
    """Refuse what was parsed and cannot be used: triples in triples, deep nesting, relative IRIs."""
    if any(isinstance(q.object, ox.Triple) for q in quads):
        raise fault("a triple stands in a triple", where=where, mend="Use plain RDF 1.1 triples.")
    depth = nesting_depth(quads)
    if depth > deepest:
        raise fault(
            f"nodes without a name nest {depth} deep, more than {deepest}",
            where=where,
            mend="Name the inner nodes.",
        )
    if json:
        terms = (term for q in quads for term in (q.subject, q.predicate, q.object, q.graph_name))
        relative = (t for t in terms if isinstance(t, ox.NamedNode) and t.value.startswith(_RELATIVE))
        for term in relative:
            name = term.value.removeprefix(_RELATIVE)
            raise fault(f"a relative IRI, {name!r}, and no base", where=where, mend="Write the whole IRI, or a @base.")


def nesting_depth(quads: Iterable[ox.Quad]) -> int:
    """How deep nodes without a name nest; a list is as deep as its deepest member. Circles are not counted."""
    inner: dict[ox.BlankNode, list[tuple[ox.BlankNode, int]]] = defaultdict(list)
    waiting: dict[ox.BlankNode, int] = {}
    for quad in quads:
        if isinstance(quad.object, ox.BlankNode):
            waiting[quad.object] = waiting.get(quad.object, 0) + 1
            if isinstance(quad.subject, ox.BlankNode):
                waiting.setdefault(quad.subject, 0)
                inner[quad.subject].append((quad.object, 0 if quad.predicate == _REST else 1))
            else:
                waiting[quad.object] -= 1
    depth = {node: 1 for node, above in waiting.items() if not above}
    ready = list(depth)
    while ready:
        node = ready.pop()
        for child, step in inner[node]:
            depth[child] = max(depth.get(child, 0), depth[node] + step)
            waiting[child] -= 1
            if not waiting[child]:
                ready.append(child)
    return max(depth.values(), default=0)


def _exact(quads: Sequence[ox.Quad], text: bytes) -> list[ox.Quad]:
    """The quads with JSON numbers of type xsd:decimal as decimals: the parser writes their exact value as "1.65E1"."""
    return [_in_decimals(q, text) if _is_json_number(q.object, text) else q for q in quads]


def _is_json_number(term: object, text: bytes) -> bool:
    if not isinstance(term, ox.Literal) or term.datatype != _DECIMAL or not _JSON_NUMBER.fullmatch(term.value):
        return False
    return f'"{term.value}"'.encode() not in text  # so it was not written as a string


def _in_decimals(quad: ox.Quad, text: bytes) -> ox.Quad:
    number = ox.Literal(f"{Decimal(quad.object.value).normalize():f}", datatype=_DECIMAL)  # type: ignore[union-attr]
    return ox.Quad(quad.subject, quad.predicate, number, quad.graph_name)


# ---------------------------------------------------------------- literals that the store can hold

_ZONE = r"(?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)?"
_DAY = r"(?P<year>[0-9]{4})-(?P<month>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12][0-9]|3[01])"
_TIME = r"(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,18})?|24:00:00(?:\.0+)?)"
_INTEGER = r"[+-]?[0-9]+"
_FORMS = {
    "decimal": r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)",
    "double": r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?INF",
    "boolean": "true|false|0|1",
    "date": _DAY + _ZONE,
    "dateTime": f"{_DAY}T{_TIME}{_ZONE}",
    "time": _TIME + _ZONE,
    "gYear": f"[0-9]{{4}}{_ZONE}",
    "gYearMonth": f"[0-9]{{4}}-(?:0[1-9]|1[0-2]){_ZONE}",
}
_FORMS["float"], _FORMS["dateTimeStamp"] = _FORMS["double"], _FORMS["dateTime"]
#: The least and greatest value of each datatype of whole numbers; None is what the store holds (64 bits).
_WHOLE: dict[str, tuple[int | None, int | None]] = {
    "integer": (None, None),
    "nonNegativeInteger": (0, None),
    "positiveInteger": (1, None),
    "nonPositiveInteger": (None, 0),
    "negativeInteger": (None, -1),
    **{name: (-(2**bits), 2**bits - 1) for name, bits in (("long", 63), ("int", 31), ("short", 15), ("byte", 7))},
    **{f"unsigned{name}": (0, 2**bits - 1) for name, bits in (("Int", 32), ("Short", 16), ("Byte", 8))},
    "unsignedLong": (0, None),
}
_PATTERNS = {_XSD + name: re.compile(form) for name, form in _FORMS.items()} | {
    _XSD + name: re.compile(_INTEGER) for name in _WHOLE
}


def unreadable(literal: ox.Literal) -> str:
    """Why a number, date or truth value cannot be read as what it says it is, or "".

    Its form is not that of its datatype, or the store cannot hold it exactly: a decimal has at most 18 places, and with
    them at most 39 digits; a whole number has 64 bits; years are 1 to 9999. Such a value is greater than nothing and
    less than nothing, so that what rests on it is never true. Other datatypes are not looked at.

    Source: W3C XML Schema Definition Language 1.1, part 2, section 3; the documentation of Oxigraph.
    """
    pattern = _PATTERNS.get(literal.datatype.value)
    if pattern is None:
        return ""
    name, text = literal.datatype.value.removeprefix(_XSD), literal.value
    match = pattern.fullmatch(text) if len(text) <= 1000 else None
    if match is None:
        written = "no number" if text == "NaN" else f"not how an xsd:{name} is written"
        return f"{text[:40]!r} is {written}"
    if name == "decimal":
        whole, _, places = text.lstrip("+-").partition(".")
        places = places.rstrip("0")
        if len(places) > 18 or int((whole or "0") + places.ljust(18, "0")) >= 2**127:
            return f"{text[:60]} has more digits than are held (18 after the point, 39 in all)"
    if name in _WHOLE:
        low, high = _WHOLE[name]
        if not (-(2**63) if low is None else low) <= int(text) <= (2**63 - 1 if high is None else high):
            return f"{text[:40]} is outside the range of xsd:{name}"
    if "day" in match.groupdict():
        try:
            date(*(int(match[part]) for part in ("year", "month", "day")))
        except ValueError:
            return f"{text[:40]!r} is no day of the calendar"
    return ""


def unreadable_values(quads: Iterable[ox.Quad]) -> Iterator[tuple[ox.Quad, str]]:
    """The quads whose value cannot be read, each with the reason."""
    reasons: dict[ox.Literal, str] = {}
    for quad in quads:
        value = quad.object
        if isinstance(value, ox.Literal):
            if value not in reasons:
                reasons[value] = unreadable(value)
            if reasons[value]:
                yield quad, reasons[value]
