"""The guard: what a stranger's query may be, may reach and may take.

Three walls, each of which holds without the others:

1. Size and brackets are counted on the bare characters, before anything reads the text as SPARQL, so no string,
   comment, escape or line end can hide them.
2. Whether a query reaches out is asked of the engine's own parser. A keyword is there exactly where the text stops
   being SPARQL once one letter of the word is another: in strings, comments, names and IRIs the letter does not
   matter to the parser, and every such word is changed alike. So the guard and the engine cannot read a text in
   two ways. The parser is asked without a run: a value is bound to a variable that the text does not have, which
   pyoxigraph refuses after it has parsed and before it evaluates. Graphs named by FROM are read by rdflib, and
   refused where the engine, rdflib and the tokens do not agree on how many there are. A query for another machine's
   engine, which may replace ``\\uXXXX`` before it parses, is read by rdflib as well, which does that.
3. The engine runs in a child process that cannot open any file or connection, with an end to its time and memory and
   with room for the deepest nesting that the first wall lets through (:mod:`guidegraph.query.sealed`).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.errors import QueryError
from guidegraph.query.sealed import Limits, files, sealed
from guidegraph.remote.terms import FORMS, TOKEN

MAX_CHARACTERS = 200_000
#: Brackets that open, wherever they stand; so many levels fit the stack of a sealed process several times over.
MAX_BRACKETS = 10_000
MAX_NESTING = 100
#: Each bracket, and the first half of << and >>, which hold a triple in a triple.
_BRACKET = re.compile(r"[{}()\[\]]|<(?=<)|>(?=>)")
_UPDATES = {"INSERT", "DELETE", "LOAD", "CLEAR", "DROP", "CREATE", "COPY", "MOVE", "ADD", "WITH"}
_REACHING = re.compile("service|from", re.IGNORECASE | re.ASCII)
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_PLAIN = re.compile(r"[^\x00-\x20<>\"{}|^`\\]*\Z")
_SCHEME = re.compile(r"<[A-Za-z][A-Za-z0-9+.-]*:")
_PLACE = re.compile(r"at (\d+):(\d+)")
#: Letters that are no hexadecimal digits, so that no escape becomes another one.
_LETTERS = "qxzjkwyvug"
#: Legal in strings, comments and IRIs, and nowhere else.
_STRANGE = "\u00a7"
#: What the error of a query that reaches out says, where one may give it leave.
TRUST = "Add --allow-remote if you trust the address."


@dataclass(frozen=True)
class Reading:
    """What the guard read of a query: its form, and whether it names its own dataset (FROM)."""

    form: str
    dataset: bool


def bounded(text: str) -> str:
    """A text within the bounds of size and nesting, without a byte order mark.

    Brackets are counted wherever they stand, closing ones only lower the nesting, never the number.

    Raises:
        QueryError: it is too long, has too many brackets or levels of them, or is no Unicode text.
    """
    text = text.removeprefix("\ufeff")
    if len(text) > MAX_CHARACTERS:
        raise QueryError("the query is too long", mend=f"At most {MAX_CHARACTERS} characters are read.")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        what = "half a character (a lone surrogate) in the query"
        raise QueryError(what, where=_where(text, error.start), mend="Remove it.") from None
    depth = brackets = 0
    for match in _BRACKET.finditer(text):
        opens = match.group() in ("{", "(", "[", "<")
        brackets += opens
        depth = depth + 1 if opens else max(0, depth - 1)
        if depth > MAX_NESTING:
            mend = f"At most {MAX_NESTING} levels are read."
            raise QueryError("the query is nested too deeply", where=_where(text, match.start()), mend=mend)
        if brackets > MAX_BRACKETS:
            mend = f"At most {MAX_BRACKETS} opening brackets are read, those in strings and comments included."
            raise QueryError("the query has too many brackets", where=_where(text, match.start()), mend=mend)
    return text


def check(
    text: str,
    *,
    allow_remote: bool = False,
    elsewhere: bool = False,
    graphs: Collection[str] = (),
    variables: Collection[str] = (),
    limits: Limits | None = None,
) -> str:
    """Check a query that is not run here and now, and tell its form (SELECT, ASK, CONSTRUCT or DESCRIBE).

    Args:
        text: the query.
        allow_remote: let it reach out (SERVICE, FROM).
        elsewhere: another machine's engine will read it.
        graphs: IRIs besides those of our own graphs that FROM may name.
        variables: names of variables for which values are written into the text.
        limits: what the check may take.

    Raises:
        QueryError: too long, nested too deeply, not SPARQL, an update, or it reaches out to another machine.
    """
    text = bounded(text)

    def work() -> bytes:
        if variables:
            agreed(text, variables)
        return read(text, allow_remote=allow_remote, elsewhere=elsewhere, graphs=graphs).form.encode()

    return sealed(work, limits).decode()


def read(text: str, *, allow_remote: bool = False, elsewhere: bool = False, graphs: Collection[str] = ()) -> Reading:
    """What a bounded query is and reaches; call it in a sealed process. Arguments and errors as :func:`check`."""
    fault = _fault(text)
    if fault is not None:
        raise no_query(text, fault)
    dataset = _keyword(text, "from")
    if not allow_remote:
        service = _keyword(text, "service")
        if service is not None:
            raise QueryError("SERVICE reaches out to another machine", where=_where(text, service), mend=TRUST)
        if dataset is not None or (elsewhere and _REACHING.search(_unescaped(text))):
            _refuse_outside(text, dataset, graphs)
    return Reading(form_of(text), dataset is not None)


def _refuse_outside(text: str, place: int | None, graphs: Collection[str]) -> None:
    """Refuse what rdflib reads as a service, or as a graph of a dataset that is not ours."""
    where = _where(text, place or 0)
    # What the tokens show plainly needs no second reader, who takes a second to be fetched: this can only refuse more.
    outside = None if place is None else next((iri for iri in _named_plainly(text) if not _held(iri, graphs)), None)
    if outside is not None:
        raise QueryError(f"FROM <{outside[:100]}> names a graph that is not in the store", where=where, mend=TRUST)
    services, named = _read_by_rdflib(text)
    if services:
        raise QueryError("SERVICE reaches out to another machine", where=where, mend=TRUST)
    words = [m.start() for m in TOKEN.finditer(text) if m.group().upper() == "FROM"]
    if len(words) != len(named) or bool(named) != (place is not None):
        raise QueryError(
            "FROM is read in two ways there", where=where, mend="Write the query without escapes and odd line ends."
        )
    for iri in named:
        if not _held(iri, graphs):
            raise QueryError(f"FROM <{iri[:100]}> names a graph that is not in the store", where=where, mend=TRUST)


def _held(iri: str, graphs: Collection[str]) -> bool:
    return iri.startswith(ns.GGG) or iri in graphs


def _named_plainly(text: str) -> Iterator[str]:
    """The whole IRIs that stand behind FROM, without a prefix, base or escape; others are left to rdflib."""
    tokens = [(m.lastgroup, m.group()) for m in TOKEN.finditer(text) if m.lastgroup != "space"]
    for at, (kind, token) in enumerate(tokens):
        if kind == "word" and token.upper() == "FROM":
            named = [one for one in tokens[at + 1 : at + 3] if one[1].upper() != "NAMED"][:1]
            yield from (iri[1:-1] for of, iri in named if of == "iri" and _SCHEME.match(iri))


def check_for_rdflib(texts: Collection[str], prefixes: Collection[str] = (), limits: Limits | None = None) -> None:
    """Check queries that rdflib will run, as those of SHACL constraints; none may name a service or a dataset.

    Args:
        texts: the queries.
        prefixes: names of prefixes and their IRIs, which pySHACL writes before each query as they are.
        limits: what the check may take.

    Raises:
        QueryError: one is too long, nested too deeply, not SPARQL, or reaches out.
    """
    for part in prefixes:
        if not _PLAIN.match(part):
            raise QueryError(f"{part[:60]!r} is no prefix and no IRI", mend="Declare prefixes with plain IRIs.")
    bound = [bounded(text) for text in texts]

    def work() -> bytes:
        for text in bound:
            services, named = _read_by_rdflib(text, resolve=False)
            if services or named:
                raise QueryError(
                    f"the query reaches out by {'SERVICE' if services else 'FROM'}",
                    where=" ".join(text.split())[:80],
                    mend="Let it ask the graph that it is given only.",
                )
        return b""

    if bound:
        sealed(work, limits)


def _read_by_rdflib(text: str, *, resolve: bool = True) -> tuple[int, list[str]]:
    """How many services rdflib reads in a query, and the IRIs of its dataset."""
    # rdflib reads files of its own, on import and later; it runs nothing here.
    with files():
        from rdflib.plugins.sparql import algebra, parser

        try:
            # rdflib ends a comment at a line feed only; SPARQL, section 19.4, at a carriage return as well.
            parsed = parser.parseQuery(text.replace("\r", "\n"))
            services, clauses, waiting = 0, [], list(parsed)
            while waiting:
                part = waiting.pop()
                kind = getattr(part, "name", "")
                services += kind == "ServiceGraphPattern"
                clauses += [part] if kind == "DatasetClause" else []
                if isinstance(part, dict):
                    waiting += part.values()
                elif not isinstance(part, str) and isinstance(part, Iterable):
                    waiting += list(part)
            if not resolve:
                return services, [""] * len(clauses)
            prologue = algebra.translatePrologue(parsed[0], None, dict(ns.PREFIXES))
            return services, [str(prologue.absolutize(clause.default or clause.named)) for clause in clauses]
        except RecursionError:
            raise QueryError("the query is nested too deeply", mend="Write it with fewer levels.") from None
        except Exception as error:
            # The parser's actions raise errors of every kind; whatever it cannot read is refused.
            line, column = getattr(error, "lineno", 0), getattr(error, "column", 0)
            raise QueryError(
                f"the query cannot be read to the end: {' '.join(str(error).split())[:120]}",
                where=f"line {line}, column {column}" if line else "",
                mend="Look just before that place.",
            ) from None


def _fault(text: str) -> SyntaxError | ValueError | None:
    """The engine's complaint about a text, None where it is a query; nothing is run."""
    name = next(f"g{n}" for n in range(len(text) + 1) if f"g{n}" not in text)
    try:
        ox.Store().query(text, substitutions={ox.Variable(name): ox.NamedNode("urn:x")}, prefixes=ns.PREFIXES)
    except (SyntaxError, ValueError) as error:
        return error
    except RuntimeError as error:
        if "projection" not in str(error):
            raise
    return None


def _keyword(text: str, word: str) -> int | None:
    """The place where the engine reads a word of a well-formed query as a keyword, None where it does so nowhere."""
    places = [m.start() for m in re.finditer(word, text, re.IGNORECASE | re.ASCII)]
    if not places:
        return None
    middle = len(word) // 2
    for letter in _LETTERS:
        other = word[:middle] + letter + word[middle + 1 :]
        if other not in text.lower():
            break
    else:
        raise QueryError(f"the query has too many words like {word.upper()}", mend="Name its variables otherwise.")
    spoilt = re.sub(word, lambda m: m[0][:middle] + letter + m[0][middle + 1 :], text, flags=re.IGNORECASE | re.ASCII)
    fault = _fault(spoilt)
    if fault is None:
        return None
    start = _PLACE.search(str(fault))
    end = _offset(text, int(start[1]), int(start[2])) if start else 0
    return max((place for place in places if place <= end), default=places[0])


def agreed(text: str, variables: Collection[str]) -> None:
    """Refuse a query in which the engine sees braces or variables elsewhere than the tokens do.

    Values are written between the tokens of a text, so both must read it alike: at each place a character is put in
    that only strings, comments and IRIs may have.

    Raises:
        QueryError: they differ, with the place.
    """
    fault = _fault(text)
    if fault is not None:
        raise no_query(text, fault)
    code = {m.start() for m in TOKEN.finditer(text) if m.lastgroup in ("word", "other")}
    names = "|".join(map(re.escape, sorted(variables)))
    for match in re.finditer(rf"[{{}}]|[?$](?:{names})\b", text):
        place = match.start()
        if (_fault(text[:place] + _STRANGE + text[place:]) is not None) != (place in code):
            raise QueryError(
                "the query is read in two ways there, so a parameter cannot be given",
                where=_where(text, place),
                mend="Write the names and strings before that place without escapes.",
            )


def variables(text: str) -> set[str]:
    """The names of the variables of a query."""
    return {m.group()[1:] for m in TOKEN.finditer(text) if m.lastgroup == "word" and m.group()[0] in "?$"}


def may_reach(text: str) -> bool:
    """Whether a keyword that reaches out can be in a text at all: its letters are there."""
    return _REACHING.search(text) is not None


def _words(text: str) -> Iterator[str]:
    return (m.group().upper() for m in TOKEN.finditer(text) if m.lastgroup == "word")


def based(text: str, base: str) -> str:
    """A bounded query with a base before it if it has relative IRIs and none of its own."""
    if _fault(text) is None or _relative(text) is None:
        return text
    return f"BASE <{base}> {text}"


def form_of(text: str) -> str:
    """SELECT, ASK, CONSTRUCT or DESCRIBE, of a well-formed query."""
    return next((word for word in _words(text) if word in FORMS), "")


def no_query(text: str, fault: Exception) -> QueryError:
    """Why a text is no query, with the place."""
    first = next((word for word in _words(text) if word in FORMS or word in _UPDATES), "")
    if first in _UPDATES:
        return QueryError(f"{first} is an update", mend="Only SELECT, ASK, CONSTRUCT and DESCRIBE are run.")
    if not first:
        return QueryError(
            "no SELECT, ASK, CONSTRUCT or DESCRIBE in the query", mend="guidegraph queries lists examples."
        )
    return _syntax_error(text, fault)


def _syntax_error(text: str, error: Exception) -> QueryError:
    """A parser's complaint as one line with its place."""
    message = " ".join(str(error).split())
    place = _PLACE.search(message)
    if relative := _relative(text):
        return QueryError(
            f"{relative.group()} is a relative IRI, and the query has no BASE",
            where=_where(text, relative.start()),
            mend="Write the whole IRI, a prefixed name, or BASE <...> first.",
        )
    what = re.sub(r"expected (one of )?(\[.*?\]|.{160}).*", "something else was expected there", message)[:200]
    where = f"line {place[1]}, column {place[2]}" if place else ""
    return QueryError(f"the query cannot be parsed: {what}", where=where, mend="Look just before that place.")


def _relative(text: str) -> re.Match[str] | None:
    """The first IRI without a scheme, in a text that is a query once it has a base."""
    if _fault(f"BASE <{ns.BASE}>\n{text}") is not None:
        return None
    return next((m for m in TOKEN.finditer(text) if m.lastgroup == "iri" and not _SCHEME.match(m.group())), None)


def _unescaped(text: str) -> str:
    def character(match: re.Match[str]) -> str:
        code = int(match[1] or match[2], 16)
        return chr(code) if code <= sys.maxunicode else match[0]

    return _ESCAPE.sub(character, text)


def _where(text: str, offset: int) -> str:
    line = text.count("\n", 0, offset) + 1
    return f"line {line}, column {offset - text.rfind(chr(10), 0, offset)}"


def _offset(text: str, line: int, column: int) -> int:
    lines = text.split("\n")[: line - 1]
    return sum(map(len, lines)) + len(lines) + column - 1
