"""Running one query: parameters as bound terms, nothing remote unless allowed, answers in every usual form."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from difflib import get_close_matches
from typing import Any

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.days import written_day
from guidegraph.errors import QueryError, TermError, UsageError
from guidegraph.model import Parameter, Result
from guidegraph.query import guard
from guidegraph.query.catalogue import is_shipped
from guidegraph.query.sealed import Limits, sealed
from guidegraph.remote.terms import with_values

Term = ox.NamedNode | ox.Literal
Resolve = Callable[[str], str]
#: The kind of a parameter that no header declares.
ANY = "any"
#: A name as RDF writes it, with a language: ``"pain"@en``, or ``pain@en`` where a shell took the quotation marks.
_LANGUAGE = r"@[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*"
_QUOTED, _BARE = re.compile(rf"([\"'])(.*)\1(?:{_LANGUAGE})?", re.DOTALL), re.compile(rf"([^\"'].*?){_LANGUAGE}")


def untagged(text: str) -> str:
    """A name without the quotation marks and the language that it has in RDF."""
    quoted, bare = _QUOTED.fullmatch(text.strip()), _BARE.fullmatch(text.strip())
    return quoted[2] if quoted else bare[1] if bare else text


def term(parameter: Parameter, text: str, resolve: Resolve | None = None) -> Term:
    """The term that a parameter's text stands for.

    Raises:
        QueryError: the text does not fit the kind of the parameter.
    """
    if parameter.kind == ANY:
        return _any(text, resolve)
    xsd = {"integer": r"-?[0-9]{1,18}\Z", "decimal": r"-?[0-9]{1,18}(\.[0-9]{1,18})?\Z"}
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
            written_day(text)
        except ValueError:
            raise QueryError(
                f"parameter {parameter.name}: {text[:40]!r} is no date", mend="Write it as 2026-01-31."
            ) from None
        return ox.Literal(text, datatype=ox.NamedNode(ns.XSD + "date"))
    return ox.Literal(text)


def _any(text: str, resolve: Resolve | None) -> Term:
    """The likeliest term of a text: a number, a date, an IRI or CURIE, a known name, else a string."""
    if re.match(r"-?[0-9]{1,18}(\.[0-9]{1,18})?\Z", text):
        return ox.Literal(text, datatype=ox.NamedNode(ns.XSD + ("decimal" if "." in text else "integer")))
    with suppress(ValueError):
        return ox.Literal(str(written_day(text)), datatype=ox.NamedNode(ns.XSD + "date"))
    iri = ns.expand(text) or text
    if re.match(r"(https?|urn):[^\s<>\"{}|^`\\]+\Z", iri):
        return ox.NamedNode(iri)
    try:
        return ox.NamedNode(resolve(untagged(text))) if resolve else ox.Literal(text)
    except TermError:
        return ox.Literal(text)


def undeclared(text: str, given: Iterable[str]) -> tuple[Parameter, ...]:
    """Parameters for a query without a header: each given name that is a variable of it, of any kind."""
    known = guard.variables(text)
    return tuple(Parameter(name, ANY, "a variable of the query") for name in given if name in known)


def _iri(parameter: Parameter, text: str, resolve: Resolve | None) -> ox.NamedNode:
    text = untagged(text)
    iri = ns.expand(text) or text
    if not re.match(r"[A-Za-z][\w+.-]*:[^\s<>\"{}|^`\\]+\Z", iri) or (resolve and ":" not in text):
        if resolve is None:
            raise QueryError(f"parameter {parameter.name}: {text[:40]!r} is no IRI", mend="Write an IRI or a CURIE.")
        iri = resolve(text)
    return ox.NamedNode(iri)


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
        unfilled = "; ".join(f"{p.name} ({p.kind}: {p.what})" for p in missing)
        raise QueryError(f"parameter not filled: {unfilled}", mend=f"Add --param {missing[0].name}=...")
    return {name: term(known[name], text, resolve) for name, text in given.items()}


def run(
    store: ox.Store,
    text: str,
    terms: Mapping[str, Term] | None = None,
    *,
    allow_remote: bool = False,
    limits: Limits | None = None,
) -> Result:
    """Run a query over the union of all graphs of an embedded store: one of ours here, any other sealed.

    Args:
        store: the knowledge.
        text: SELECT, ASK, CONSTRUCT or DESCRIBE.
        terms: values of variables, bound as terms.
        allow_remote: let the query reach out (SERVICE, FROM).
        limits: what a query that is not ours may take.

    Raises:
        QueryError: it cannot be parsed or run, is an update, reaches out without leave, or takes too much.
    """
    if is_shipped(text):
        return _result(_evaluated(store, text, terms or {}, union=True))
    text = guard.bounded(text)

    def work() -> bytes:
        union = True
        if guard.may_reach(text):
            graphs = {graph.value for graph in store.named_graphs() if isinstance(graph, ox.NamedNode)}
            # FROM in the query and a union default graph exclude each other; the query's own dataset goes first.
            union = not guard.read(text, allow_remote=allow_remote, graphs=graphs).dataset
        return _written(_evaluated(store, text, terms or {}, union=union, agreed=True))

    return _read(sealed(work, limits, network=allow_remote))


def _evaluated(store: ox.Store, text: str, terms: Mapping[str, Term], *, union: bool, agreed: bool = False) -> Any:
    """The engine's own result; ``agreed`` says that the text is a stranger's."""
    bound: dict[ox.Variable, Any] = {ox.Variable(name): value for name, value in terms.items()}
    try:
        return store.query(text, use_default_graph_as_union=union, substitutions=bound, prefixes=ns.PREFIXES)
    except (SyntaxError, ValueError) as error:
        raise guard.no_query(text, error) from None
    except (OSError, RuntimeError) as error:
        if "SELECT projection" not in str(error) or not terms:
            raise QueryError(f"the query failed: {str(error)[:200]}", mend="Check what it reaches out to.") from None
    # A variable that SELECT does not return cannot be substituted; a VALUES block binds it all the same.
    if agreed:
        guard.agreed(text, terms)
    return _evaluated(store, with_values(text, terms), {}, union=union)


def _written(result: Any) -> bytes:
    """An engine's result as bytes that :func:`_read` reads; the first tells which kind it is."""
    if isinstance(result, ox.QueryTriples):
        return b"T" + (ox.serialize(_ordered(result), format=ox.RdfFormat.N_TRIPLES) or b"")
    return b"R" + (result.serialize(format=ox.QueryResultsFormat.JSON) or b"")


def _read(content: bytes) -> Result:
    if content[:1] == b"T":
        quads = ox.parse(content[1:], format=ox.RdfFormat.N_TRIPLES)
        return Result("graph", triples=tuple(ox.Triple(q.subject, q.predicate, q.object) for q in quads))
    return _result(ox.parse_query_results(content[1:], format=ox.QueryResultsFormat.JSON))


def _result(result: Any) -> Result:
    if isinstance(result, ox.QueryBoolean):
        return Result("ask", truth=bool(result))
    if isinstance(result, ox.QueryTriples):
        return _graph(result)
    names = tuple(v.value for v in result.variables)
    return Result("select", names, tuple(tuple(row) for row in result))


def _graph(result: Iterable[ox.Triple]) -> Result:
    return Result("graph", triples=tuple(_ordered(result)))


def _ordered(triples: Iterable[ox.Triple]) -> list[ox.Triple]:
    """Triples in canonical order, with canonical names of blank nodes."""
    dataset = ox.Dataset(ox.Quad(t.subject, t.predicate, t.object) for t in triples)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return [ox.Triple(q.subject, q.predicate, q.object) for q in sorted(dataset, key=str)]


def run_at(
    endpoint: str,
    text: str,
    terms: Mapping[str, Term],
    *,
    allow_remote: bool = False,
    limits: Limits | None = None,
) -> Result:
    """Check a query here and run it at a SPARQL 1.1 endpoint.

    Raises:
        QueryError: as :func:`run`, from what the query says.
        EndpointError: the endpoint may not be spoken to, cannot be reached, refuses the query, answers with something
            else, or cuts its answer off.
    """
    from guidegraph.remote.client import Endpoint

    if is_shipped(text):
        form = guard.form_of(text)
    else:
        text = guard.bounded(text)
        form = guard.check(text, allow_remote=allow_remote, elsewhere=True, variables=terms, limits=limits)
    there = Endpoint(endpoint)
    prefixes = "".join(f"PREFIX {p}: <{iri}>\n" for p, iri in ns.PREFIXES.items() if f"PREFIX {p}:" not in text)
    sent = prefixes + with_values(text, terms)
    if form == "ASK":
        return Result("ask", truth=there.truth(sent))
    if form == "SELECT":
        columns, rows = there.select(sent)
        return Result("select", columns, tuple(rows))
    return _graph(there.graph(sent, form))


def used(text: str, terms: Mapping[str, Term]) -> None:
    """Refuse a parameter that is no variable of the query, which would ask for everybody's rows.

    Raises:
        QueryError: a parameter is declared and the query does not use it.
    """
    if spare := sorted(set(terms) - guard.variables(text)):
        raise QueryError(f"the query has no variable ?{spare[0]}", mend="Correct the params of its header.")


def parse_parameters(pairs: Sequence[str]) -> dict[str, str]:
    """``k=v`` texts as a mapping.

    Raises:
        UsageError: a text without ``=``, or a name twice.
    """
    given: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"{pair[:40]!r} is not name=value", where="--param", mend="Write --param name=value.")
        if name.strip() in given:
            raise UsageError(f"parameter {name.strip()!r} is given twice", where="--param", mend="Give it once.")
        given[name.strip()] = value
    return given
