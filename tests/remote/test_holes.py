"""Terms in the place of holes and as values: none breaks out, and each reaches what reads it."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from guidegraph.errors import QueryError
from guidegraph.query import guard, run
from guidegraph.remote.terms import filled, with_values

NAUGHTY = [
    "urn:a> } ; DROP ALL #",
    "urn:a>\n<urn:b",
    'urn:a"',
    "urn:{x}",
    "urn:a b",
    "urn:a\\u003e",
    "no-scheme",
]


@pytest.mark.parametrize("text", NAUGHTY)
def test_no_term_breaks_out_of_its_hole(text: str) -> None:
    class Node:
        # A node that nobody has checked, as another library may give one.
        value = text

    with pytest.raises((QueryError, ValueError)):
        filled("DROP SILENT GRAPH <hole:graph>", {"graph": ox.NamedNode(text)})
    with pytest.raises(QueryError):
        filled("DROP SILENT GRAPH <hole:graph>", {"graph": [Node()]})  # type: ignore[list-item]


def test_literals_stay_literals() -> None:
    text = 'x" } } ; DROP ALL ; INSERT DATA { <urn:a> <urn:b> """ <hole:graph> ?x $y \\ \n #'
    graph, subject = ox.NamedNode("urn:g"), ox.NamedNode("urn:s")
    triple = ox.Triple(subject, ox.NamedNode("urn:p"), ox.Literal(text))
    pattern = "INSERT { GRAPH <hole:graph> { <hole:triples> <hole:triples> <hole:triples> . } } WHERE { }"
    store = ox.Store()
    store.update(filled(pattern, {"graph": graph, "triples": [triple]}))
    assert list(store) == [ox.Quad(subject, triple.predicate, triple.object, graph)]


def test_holes_and_fillings_are_the_same() -> None:
    one = ox.NamedNode("urn:g")
    with pytest.raises(QueryError, match="not filled"):
        filled("DROP GRAPH <hole:graph>", {})
    with pytest.raises(QueryError, match="no hole"):
        filled("DROP GRAPH <hole:graph>", {"graph": one, "other": one})
    kept = "# <hole:graph>\nSELECT * { ?s ?p \"<hole:graph>\", '''<hole:x>''' GRAPH <hole:graph> {} }"
    assert filled(kept, {"graph": one}) == kept.replace("GRAPH <hole:graph>", "GRAPH <urn:g>")


def test_values_begin_the_pattern() -> None:
    terms = {"x": ox.Literal('a" } #')}
    for query in (
        "SELECT ?x WHERE { ?x ?p ?o FILTER(?x != 1) } GROUP BY ?x",
        "ASK { ?x ?p ?o }",
        'CONSTRUCT { ?x ?p "{" } WHERE { ?x ?p ?o }',
        "DESCRIBE ?x WHERE { ?x ?p ?o }",
        "# SELECT {\nSELECT ?x { ?x ?p '}{' }",
    ):
        text = with_values(query, terms)
        assert "{ VALUES (?x) {" in text
        ox.Store().query(text)
    assert with_values("CONSTRUCT WHERE { ?x ?p ?o }", terms).rstrip().endswith("}")


def test_a_value_reaches_the_groups_that_read_it() -> None:
    """A FILTER inside a group does not see what VALUES binds outside it."""
    store = ox.Store()
    one, place = ox.NamedNode("urn:a"), ox.NamedNode("urn:g")
    store.add(ox.Quad(one, ox.NamedNode("urn:p"), ox.Literal(5), place))
    inner = (
        "SELECT ?x { GRAPH <urn:g> { ?s <urn:p> ?x FILTER(COALESCE(?x < ?limit, true)) } }",
        "SELECT ?x { { { ?s <urn:p> ?x . FILTER(COALESCE(?x < ?limit, true)) } } UNION { VALUES ?x { 1 } FILTER(?x > ?limit) } }",
        "SELECT ?x { ?t <urn:p> ?z OPTIONAL { ?s <urn:p> ?x BIND(?x < ?limit AS ?y) } FILTER(BOUND(?y) && ?y) }",
        "SELECT ?x { { SELECT ?x WHERE { ?s <urn:p> ?x FILTER(COALESCE(?x < ?limit, true)) } } }",
        "SELECT ?x { ?s <urn:p> ?x FILTER NOT EXISTS { ?s <urn:p> ?z FILTER(?z >= ?limit) } }",
    )
    for query in inner:
        for limit, rows in ((3, 0), (9, 1)):
            sent = with_values(query, {"limit": ox.Literal(limit)})
            assert len(list(store.query(sent, use_default_graph_as_union=True))) == rows, sent


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("SELECT ?o { # {\r ?s ?p ?o FILTER(?o = ?x) }", ["2"]),
        ("SELECT ?o { # ' }\r ?s ?p ?o { ?s ?p ?o FILTER(?o = ?x) } # '\n }", ["2"]),
        (r"PREFIX a: <http://e/> SELECT ?o { ?s a:b\'c ?o { ?s ?p ?o FILTER(?o = ?x) } } #'", ["2"]),
        (r"PREFIX a: <http://e/> SELECT ?o { ?s a:b\'c ?o FILTER('{ ?x' != '''{''') FILTER(?o = ?x) }", ["2"]),
        ("SELECT ?o { ?s ?p ?o FILTER(?o<?x && STR(?s)>'') }", ["1"]),
        ("SELECT ?o { ?s ?p ?o FILTER(?o<?x&&?x>1) }", None),
    ],
)
def test_a_value_is_bound_where_the_engine_reads_its_variable_or_not_at_all(query: str, rows: list[str] | None) -> None:
    """Values are written between the tokens of a text, and only where the engine sees the same ones."""
    store = ox.Store()
    for number in (1, 2, 3):
        store.add(ox.Quad(ox.NamedNode(f"urn:{number}"), ox.NamedNode("http://e/b'c"), ox.Literal(number)))
    two = {"x": ox.Literal(2)}
    if rows is None:
        with pytest.raises(QueryError, match="two ways") as caught:
            run.run(store, query, two)
        assert caught.value.where == "line 1, column 32"
    else:
        assert [row[0].value for row in run.run(store, query, two).rows] == rows
    assert len(run.run(store, query).rows) != 1


def test_a_value_for_a_variable_that_two_read_differently_is_sent_to_nobody() -> None:
    text = "SELECT ?o { ?s ?p ?o FILTER(?o<?x&&?x>1) }"
    assert guard.check(text, elsewhere=True) == "SELECT"
    with pytest.raises(QueryError, match="two ways"):
        guard.check(text, elsewhere=True, variables=("x",))


def test_what_can_reach_nobody_need_not_be_named_in_words_that_rdflib_reads() -> None:
    """Another engine may read more than rdflib, which is asked where a query may reach out alone."""
    triple = "SELECT ?x { << ?s ?p ?o >> ?q ?x }"
    assert guard.check(triple, elsewhere=True) == "SELECT"
    with pytest.raises(QueryError, match="cannot be read to the end"):
        guard.check(triple + " # service", elsewhere=True)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM ggg:one { ?s ?p 'a'@from }",
        r"SELECT (STR('\u0027) AS ?x) FROM ggg:one { } #') AS ?y) { ?s ?p 'a'@from }",
    ],
    ids=["more words than graphs", "as many, elsewhere"],
)
def test_a_graph_that_is_named_by_other_words_than_those_seen_is_refused(text: str) -> None:
    """Even one of ours: who counts what the other does not see has read another query."""
    with pytest.raises(QueryError, match="two ways"):
        guard.check(text, elsewhere=True)


def test_a_parameter_that_is_no_variable_is_refused() -> None:
    with pytest.raises(QueryError, match=r"no variable \?x"):
        run.used("SELECT ?o { ?s ?p ?o } # ?x", {"x": ox.Literal(2)})
    run.used("SELECT ?o { ?s ?p ?o FILTER(?o = $x) }", {"x": ox.Literal(2)})
