"""Running one query: parameters as bound terms, nothing remote unless allowed, answers in every usual form."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Any

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.errors import QueryError, TermError, UsageError
from guidegraph.model import Parameter
from guidegraph.remote.values import FORMS, TOKEN, with_values

Term = ox.NamedNode | ox.Literal
Resolve = Callable[[str], str]
#: The kind of a parameter that no header declares.
ANY = "any"
MAX_NESTING = 100
MAX_CHARACTERS = 200_000
_UPDATES = {"INSERT", "DELETE", "LOAD", "CLEAR", "DROP", "CREATE", "COPY", "MOVE", "ADD"}
_PLACE = re.compile(r"at (\d+):(\d+)")


@dataclass(frozen=True)
class Result:
    """The answer of a query.

    ``kind`` is select, ask or graph; ``columns`` and ``rows`` (terms or None) belong to a select, ``truth`` to
    an ask, ``triples`` (canonical order) to a construct or describe.
    """

    kind: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    truth: bool = False
    triples: tuple[ox.Triple, ...] = ()


def _tokens(text: str) -> list[tuple[str, str]]:
    found = ((m.lastgroup or "other", m.group()) for m in TOKEN.finditer(text))
    return [(kind, token) for kind, token in found if kind != "space"]


def check(text: str, *, allow_remote: bool = False) -> str:
    """Check a query before it is parsed, and tell its form (SELECT, ASK, CONSTRUCT or DESCRIBE).

    Raises:
        QueryError: too long, nested too deeply, an update, or it reaches out to another machine.
    """
    if len(text) > MAX_CHARACTERS:
        raise QueryError("the query is too long", mend=f"At most {MAX_CHARACTERS} characters are read.")
    depth, form, previous = 0, "", ""
    for kind, token in _tokens(text):
        word = token.upper() if kind == "word" else ""
        depth += token in "{([" if kind == "other" else 0
        depth -= token in "})]" if kind == "other" else 0
        if depth > MAX_NESTING:
            raise QueryError("the query is nested too deeply", mend=f"At most {MAX_NESTING} levels are read.")
        if not form and word in _UPDATES:
            raise QueryError(f"{word} is an update", mend="Only SELECT, ASK, CONSTRUCT and DESCRIBE are run.")
        if not form and word in FORMS:
            form = word
        if not allow_remote:
            _refuse_remote(word, kind, token, previous)
        previous = word
    if not form:
        raise QueryError(
            "no SELECT, ASK, CONSTRUCT or DESCRIBE in the query", mend="guidegraph queries lists examples."
        )
    return form


def _refuse_remote(word: str, kind: str, token: str, previous: str) -> None:
    mend = "Add --allow-remote if you trust the address."
    if word in ("SERVICE", "LOAD"):
        raise QueryError(f"{word} reaches out to another machine", mend=mend)
    outside = kind == "iri" and previous in ("FROM", "NAMED") and not token[1:].startswith(ns.GGG)
    if outside:
        raise QueryError(f"FROM {token} names a graph that is not in the store", mend=mend)


def term(parameter: Parameter, text: str, resolve: Resolve | None = None) -> Term:
    """The term that a parameter's text stands for.

    Raises:
        QueryError: the text does not fit the kind of the parameter.
    """
    if parameter.kind == ANY:
        return _any(text, resolve)
    xsd = {"integer": r"-?\d{1,18}\Z", "decimal": r"-?\d{1,18}(\.\d{1,18})?\Z"}
    if parameter.kind == "iri":
        return _iri(parameter, text, resolve)
    if parameter.kind in xsd:
        if not re.match(xsd[parameter.kind], text):
            raise QueryError(
                f"parameter {parameter.name}: {text[:40]!r} is no {parameter.kind}", mend="Write a plain number."
            )
        return ox.Literal(text, datatype=ox.NamedNode(ns.XSD + parameter.kind))
    if parameter.kind == "date":
        try:
            date.fromisoformat(text)
        except ValueError:
            raise QueryError(
                f"parameter {parameter.name}: {text[:40]!r} is no date", mend="Write it as 2026-01-31."
            ) from None
        return ox.Literal(text, datatype=ox.NamedNode(ns.XSD + "date"))
    return ox.Literal(text)


def _any(text: str, resolve: Resolve | None) -> Term:
    """The likeliest term of a text: a number, a date, an IRI or CURIE, a known name, else a string."""
    if re.match(r"-?\d{1,18}(\.\d{1,18})?\Z", text):
        return ox.Literal(text, datatype=ox.NamedNode(ns.XSD + ("decimal" if "." in text else "integer")))
    if re.match(r"\d{4}-\d\d-\d\d\Z", text):
        return ox.Literal(text, datatype=ox.NamedNode(ns.XSD + "date"))
    found = ns.expand(text) or text
    if re.match(r"(https?|urn):[^\s<>\"{}|^`\\]+\Z", found):
        return ox.NamedNode(found)
    try:
        return ox.NamedNode(resolve(text)) if resolve else ox.Literal(text)
    except TermError:
        return ox.Literal(text)


def undeclared(text: str, given: Iterable[str]) -> tuple[Parameter, ...]:
    """Parameters for a query without a header: each given name that is a variable of it, of any kind."""
    variables = {token[1:] for kind, token in _tokens(text) if kind == "word" and token[0] in "?$"}
    return tuple(Parameter(name, ANY, "a variable of the query") for name in given if name in variables)


def _iri(parameter: Parameter, text: str, resolve: Resolve | None) -> ox.NamedNode:
    found = ns.expand(text) or text
    if not re.match(r"[A-Za-z][\w+.-]*:[^\s<>\"{}|^`\\]+\Z", found) or (resolve and ":" not in text):
        if resolve is None:
            raise QueryError(f"parameter {parameter.name}: {text[:40]!r} is no IRI", mend="Write an IRI or a CURIE.")
        found = resolve(text)
    return ox.NamedNode(found)


def bind(parameters: Sequence[Parameter], given: Mapping[str, str], resolve: Resolve | None = None) -> dict[str, Term]:
    """The terms of all parameters of a query: declared and given names must be the same.

    Raises:
        QueryError: a name that the query does not have (the nearest is told), or one that is not filled.
    """
    known = {p.name: p for p in parameters}
    for name in given:
        if name not in known:
            near = get_close_matches(name, known, n=2, cutoff=0.4) or sorted(known)
            raise QueryError(f"the query has no parameter {name!r}", mend=f"It has: {', '.join(near) or 'none'}.")
    missing = [p for p in parameters if p.name not in given]
    if missing:
        told = "; ".join(f"{p.name} ({p.kind}: {p.what})" for p in missing)
        raise QueryError(f"parameter not filled: {told}", mend=f"Add --param {missing[0].name}=...")
    return {name: term(known[name], text, resolve) for name, text in given.items()}


def syntax_error(text: str, error: Exception) -> QueryError:
    """A parser's complaint as one line with its place; where rdflib sees it earlier, its place too."""
    told = " ".join(str(error).split())
    place = _PLACE.search(told)
    what = re.sub(r"expected (one of )?(\[.*?\]|.{160}).*", "something else was expected there", told)[:200]
    where = f"line {place[1]}, column {place[2]}" if place else ""
    return QueryError(f"the query cannot be parsed: {what}", where=where, mend="Look just before that place.")


def run(store: ox.Store, text: str, terms: Mapping[str, Term] | None = None, *, allow_remote: bool = False) -> Result:
    """Run a query over the union of all graphs of an embedded store.

    Args:
        store: the knowledge.
        text: SELECT, ASK, CONSTRUCT or DESCRIBE.
        terms: values of variables, bound as terms.
        allow_remote: let the query reach out (SERVICE, FROM).

    Raises:
        QueryError: it cannot be parsed or run, is an update, or reaches out without leave.
    """
    form = check(text, allow_remote=allow_remote)
    bound: dict[ox.Variable, Any] = {ox.Variable(name): value for name, value in (terms or {}).items()}
    try:
        # FROM in the query and a union default graph exclude each other; the query's own dataset goes first.
        own = any(word.upper() == "FROM" for kind, word in _tokens(text) if kind == "word")
        result = store.query(text, use_default_graph_as_union=not own, substitutions=bound, prefixes=ns.PREFIXES)
        return _result(form, result)
    except (SyntaxError, ValueError) as error:
        raise syntax_error(text, error) from None
    except (OSError, RuntimeError) as error:
        if "SELECT projection" in str(error) and terms:
            # A variable that SELECT does not return cannot be substituted; a VALUES block binds it all the same.
            return run(store, with_values(text, terms), None, allow_remote=allow_remote)
        raise QueryError(f"the query failed: {str(error)[:200]}", mend="Check what it reaches out to.") from None


def _result(form: str, result: Any) -> Result:
    if form == "ASK":
        return Result("ask", truth=bool(result))
    if form == "SELECT":
        names = tuple(v.value for v in result.variables)
        return Result("select", names, tuple(tuple(row) for row in result))
    return _graph(result)


def _graph(result: Iterable[ox.Triple]) -> Result:
    triples = ox.Dataset(ox.Quad(t.subject, t.predicate, t.object) for t in result)
    triples.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    ordered = sorted(triples, key=str)
    return Result("graph", triples=tuple(ox.Triple(q.subject, q.predicate, q.object) for q in ordered))


def remote_result(form: str, endpoint: str, text: str) -> Result:
    """Run a checked query at a SPARQL 1.1 endpoint.

    Raises:
        EndpointError: the endpoint may not be spoken to, cannot be reached, refuses the query, answers with something
            else, or cuts its answer off.
    """
    from guidegraph.remote.client import Endpoint

    there = Endpoint(endpoint)
    if form == "ASK":
        return Result("ask", truth=there.truth(text))
    if form == "SELECT":
        columns, rows = there.select(text)
        return Result("select", columns, tuple(rows))
    return _graph(there.graph(text, form))


def parse_parameters(pairs: Sequence[str]) -> dict[str, str]:
    """``k=v`` texts as a mapping.

    Raises:
        UsageError: a text without ``=``, or a name twice.
    """
    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"{pair[:40]!r} is not name=value", where="--param", mend="Write --param name=value.")
        if name.strip() in found:
            raise UsageError(f"parameter {name.strip()!r} is given twice", where="--param", mend="Give it once.")
        found[name.strip()] = value
    return found
