"""The guard: no query of a stranger reaches another machine, kills the process, or runs without an end."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

import pyoxigraph as ox
import pytest

import guidegraph as gg
from guidegraph import api, assets
from guidegraph.errors import GuideGraphError, QueryError
from guidegraph.query import guard, run
from guidegraph.query.sealed import Limits
from guidegraph.validate import shacl
from guidegraph.validate.check import from_query
from guidegraph.validate.engine import validate_graph
from tests.query.conftest import Canary
from tests.support.paths import AUDIT, ROOT

#: PREFIX a: and an escaped quote in a name: a reader of tokens takes what follows for a string.
HIDDEN = r"PREFIX a: <http://e/> SELECT * { ?s a:b\'c ?o . "


REACHING = {
    "plain": "SELECT * { SERVICE <URL> { ?s ?p ?o } }",
    "lower, silent": "SELECT * { service silent <URL> { ?s ?p ?o } }",
    "no blanks": "SELECT*{SERVICESILENT<URL>{}}",
    "before a name": "PREFIX a: <URL#> SELECT * { SERVICEa:x { } }",
    "escaped quote in a name": HIDDEN + r"SERVICE <URL> { ?s ?p ?o } } #'",
    "escaped hash in a name": r"PREFIX a: <http://e/> SELECT * { ?s a:b\#c ?o . SERVICE <URL> { } }",
    "comment ended by CR": "SELECT * { # '\r SERVICE <URL> { ?s ?p ?o } }",
    "long string": "SELECT * { ?s ?p '''a''b\\'''' . SERVICE <URL> { ?s ?p ?o } }",
    "less than": "SELECT * { FILTER(?a<?b && ?c>?d) SERVICE <URL> { ?s ?p ?o } }",
    "variable": "SELECT * { VALUES ?w { <URL> } SERVICE ?w { ?s ?p ?o } }",
    "prefix redefined": "PREFIX gg: <URL#> SELECT * { SERVICE gg:x { ?s ?p ?o } }",
    "subselect": "SELECT * { { SELECT ?s { SERVICE <URL> { ?s ?p ?o } } } }",
    "exists": "SELECT * { ?s ?p ?o FILTER NOT EXISTS { SERVICE <URL> { ?s ?p ?o } } }",
    "in the projection": "SELECT (EXISTS { SERVICE <URL> { } } AS ?x) { }",
    "variable of the same name": "SELECT ?service { ?service ?serwice ?seryice SERVICE <URL> { } }",
    "byte order mark": "\ufeffASK { SERVICE <URL> { } }",
    "from": "SELECT * FROM <URL> { ?s ?p ?o }",
    "from named": "SELECT * FROM NAMED <URL> { GRAPH ?g { ?s ?p ?o } }",
    "from, no blanks": "SELECT*FROM<URL>{ }",
    "from a name": "PREFIX a: <URL#> ASK FROM a:x { }",
    "from after ours": "SELECT * FROM gg:x FROM ggg:one # \r FROM <URL>\n { }",
    "from a prefix redefined": "PREFIX ggg: <URL#> SELECT * FROM ggg:one { ?s ?p ?o }",
    "from relative": "BASE <URL> SELECT * FROM <x> { ?s ?p ?o }",
    "from a file": "SELECT * FROM <file:///etc/passwd> { ?s ?p ?o }",
}


@pytest.mark.parametrize("name", REACHING)
def test_what_reaches_out_is_refused_with_its_place(store: ox.Store, canary: Canary, name: str) -> None:
    text = REACHING[name].replace("URL", canary.address)
    with pytest.raises(QueryError, match=r"reaches out|not in the store|two ways") as caught:
        run.run(store, text)
    assert caught.value.where.startswith("line ") and caught.value.mend
    with pytest.raises(QueryError):
        api.run_query(None, text, None, [], endpoint=canary.address)
    assert canary.heard == 0


ELSEWHERE = {
    "a string that ends": r"SELECT * { ?s ?p '\u0027 SERVICE <URL> { ?s ?p ?o } } #' }",
    "a projection that ends": r"SELECT (STR('\u0027) AS ?x) FROM <URL> { } #') AS ?y) { }",
    "a comment that ends": "SELECT * { # \\u000a SERVICE <URL> { ?s ?p ?o }\n }",
    "a long escape": r"SELECT * { ?s ?p '\U00000027 \U00000053ERVICE <URL> { ?s ?p ?o } } #' }",
    "an IRI that ends": r"SELECT * { ?s ?p <http://e/\u003E . SERVICE <URL> { ?s ?p ?o } } #> }",
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_an_engine_that_replaces_escapes_first_gets_no_such_query(store: ox.Store, canary: Canary, name: str) -> None:
    """What is a string here is a SERVICE to who follows the specification's section 19.2 to the letter."""
    text = ELSEWHERE[name].replace("URL", "http://127.0.0.1:9/")
    with pytest.raises(QueryError, match=r"reaches out|two ways|cannot be") as caught:
        api.run_query(None, text, None, [], endpoint=canary.address)
    assert caught.value.where.startswith("line 1, column ")
    assert canary.heard == 0


def test_the_place_is_that_of_the_word(store: ox.Store) -> None:
    for text, where in (
        ("SELECT ?service { ?service ?p ?o .\n  SERVICE <urn:x> { } }", "line 2, column 3"),
        ("SELECT ?from\nFROM <urn:x> { ?from ?p ?o }", "line 2, column 1"),
    ):
        with pytest.raises(QueryError) as caught:
            run.run(store, text)
        assert caught.value.where == where


@pytest.mark.parametrize(
    "text",
    ["ASK FROM <http://127.0.0.1:1/x> {}", "ask from named <urn:x> {}", "SELECT * FROM ggg:one # FROM\r FROM<urn:x>{}"],
)
def test_a_graph_that_is_named_plainly_needs_no_second_reader(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    def unread(*_: object, **__: object) -> NoReturn:
        raise AssertionError("it is read by rdflib")

    monkeypatch.setattr(guard, "_read_by_rdflib", unread)
    with pytest.raises(QueryError, match="names a graph that is not in the store"):
        guard.read(text, graphs=["http://mine/g"])
    for left in ("ASK FROM <http://mine/g> {}", "ASK FROM ggg:one {}", "BASE <urn:x> ASK FROM <x> {}"):
        with pytest.raises(AssertionError):
            guard.read(left, graphs=["http://mine/g"])


def test_the_canary_hears_who_has_leave(store: ox.Store, canary: Canary) -> None:
    with pytest.raises(QueryError):
        run.run(store, REACHING["plain"].replace("URL", canary.address), allow_remote=True)
    assert canary.heard


@pytest.mark.parametrize(
    "text",
    [
        'SELECT ("SERVICE <http://x> {} FROM <x>" AS ?x) { } # SERVICE <http://x> FROM',
        "PREFIX service: <http://service/> SELECT ?from { ?from service:from 'FROM'@en-from }",
        "SELECT (?service AS ?from) { BIND('SERVICE' AS ?service) }",
        "SELECT ?s FROM ggg:one { ?s ?p ?o }",
        "SELECT ?s FROM NAMED ggg:one # SERVICE\n { GRAPH ?from { ?s ?p ?o } }",
        "SELECT ?service (COUNT(*) AS ?n) { ?service ?p ?o } GROUP BY ?service",
        r"PREFIX a: <http://e/> SELECT * { ?s a:b\'c ?o OPTIONAL { ?s a:service\'from 'x' } }",
        "SELECT * { { ?s <http://service/from> ?o } UNION { ?s ?p <service:from> } }",
        "SELECT * { ?s ?p ?o LATERAL { ?o ?from ?q } }",
        "SELECT (<<( ?s ?from ?o )>> AS ?t) { ?s ?from ?o }",
    ],
)
def test_a_legal_query_is_not_refused(store: ox.Store, text: str) -> None:
    assert run.run(store, text).kind == "select"
    guard.check(text)


@pytest.mark.slow
def test_ours_pass_like_anybodys(store: ox.Store) -> None:
    for path in assets.files("queries", "*.rq"):
        assert guard.check(path.read_text(encoding="utf-8")) in ("SELECT", "CONSTRUCT")


def test_our_graphs_and_those_of_the_store_may_be_named(store: ox.Store) -> None:
    assert len(run.run(store, "SELECT * FROM ggg:one { ?s ?p ?o }").rows) == 40
    assert not run.run(store, "SELECT * FROM ggg:two { ?s ?p ?o }").rows
    mine = ox.Store()
    mine.add(ox.Quad(ox.NamedNode("urn:a"), ox.NamedNode("urn:b"), ox.Literal("c"), ox.NamedNode("http://mine/g")))
    assert run.run(mine, "SELECT * FROM <http://mine/g> { ?s ?p ?o }").rows


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("SELECT * { ?s ?p ?o", "cannot be parsed"),
        ("SELECT * { ?s ?p '\x00' ?o }", "cannot be parsed"),
        ("SELECT\u00a0* { }", "cannot be parsed"),
        ("S\\u0045LECT * { }", "no SELECT"),
        ("SELECT * { ?s ?p '\ud800' }", "half a character"),
        ("SELECT * FROM <relative> { }", "is a relative IRI|cannot be parsed"),
        ("LOAD <http://e/>", "update"),
        ("PREFIX x: <urn:x> # SELECT\nINSERT DATA { x:a x:b x:c }", "update"),
        ("SELECT * { } ; LOAD <http://e/>", "cannot be parsed"),
        ("", "no SELECT"),
        ("SELECT * " + "{" * 101 + "}" * 101, "nested too deeply"),
        ("SELECT * { FILTER(" + "(" * 101 + "1" + ")" * 101 + ") }", "nested too deeply"),
        ("SELECT * { " + "<<" * 101, "nested too deeply"),
        (HIDDEN + "{" * 50_000 + "}" * 50_000 + " } #'", "nested too deeply"),
        (HIDDEN + "{ #}\n" * 20_000 + "}\n" * 20_000 + " } #'", "too many brackets"),
        ("SELECT * { ?s ?p '" + "{}" * 10_001 + "' }", "too many brackets"),
        ("SELECT * { } #" + "x" * 200_000, "too long"),
    ],
    ids=range(17),
)
def test_what_cannot_be_read_is_refused(store: ox.Store, text: str, told: str) -> None:
    with pytest.raises(QueryError, match=told) as caught:
        run.run(store, text)
    assert caught.value.mend
    with pytest.raises(QueryError, match=told):
        guard.check(text)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { } #" + "x" * (guard.MAX_CHARACTERS - 14),
        "SELECT * " + "{" * guard.MAX_NESTING + "}" * guard.MAX_NESTING,
        "SELECT * { ?s ?p '" + "{}" * (guard.MAX_BRACKETS - 1) + "' }",
        "SELECT * { FILTER('" + ")" * 300 + "' != '') ?s ?p ?o }",
    ],
    ids=["characters", "levels", "brackets", "closing"],
)
def test_the_bounds_themselves_are_allowed(store: ox.Store, text: str) -> None:
    assert run.run(store, text).kind == "select"


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { FILTER(" + "!" * 150_000 + "1) }",
        "SELECT * { " + "FILTER EXISTS { #}\n" * 9_000 + "}\n" * 9_000 + "}",
        "SELECT * { FILTER(" + "IF(1,1, #)\n" * 9_000 + "1" + ")\n" * 9_000 + ") }",
        "SELECT * { " + "{ #}\n" * 9_000 + "}\n" * 9_000 + "}",
    ],
    ids=["!", "exists", "if", "groups"],
)
def test_what_is_not_refused_fits_the_stack(store: ox.Store, text: str) -> None:
    """A chain of ! and brackets whose closing ones stand in comments are as deep as a text can go."""
    try:
        run.run(store, text, limits=Limits(10))
    except QueryError as error:
        assert "did not end" in error.what


def test_asking_the_parser_runs_nothing(canary: Canary) -> None:
    """The guard rests on it: an unknown variable is refused between parsing and running."""
    for form in ("SELECT *", "ASK", "CONSTRUCT { ?s ?p ?o } WHERE", "SELECT (COUNT(*) AS ?n)", "DESCRIBE ?s"):
        text = f"{form} {{ SERVICE <{canary.address}> {{ ?s ?p ?o }} }}"
        assert guard._fault(text) is None
    assert guard._fault("SELECT * {") is not None
    assert canary.heard == 0


def hostile(seed: int, count: int, canary: Canary) -> dict[str, int]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.hostile", str(seed), str(count), str(canary.port)],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-500:]
    ended: dict[str, int] = json.loads(done.stdout)
    assert sum(ended.values()) == count
    assert canary.heard == 0 and "died" not in ended
    return ended


@pytest.mark.slow
def test_a_stranger_reaches_and_kills_nothing(canary: Canary) -> None:
    ended = hostile(11, 250, canary)
    assert ended["SERVICE reaches out to another machine"] > 40 and len(ended) > 5


@pytest.mark.slow
def test_five_thousand_strangers_reach_and_kill_nothing(canary: Canary) -> None:
    hostile(12, 5_000, canary)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["plain", "escaped quote in a name", "comment ended by CR", "from"])
def test_every_way_in_has_the_guard(canary: Canary, tmp_path: Path, name: str) -> None:
    """Files of a folder as audit kinds, checks, and the queries of shapes."""
    text = REACHING[name].replace("URL", canary.address)
    for folder in ("audit", "check"):
        file = tmp_path / folder / "mine.rq"
        file.parent.mkdir()
        header = f'id: {folder}/mine\ntitle: t\nquestion: q?\nseverity: error\nmend: m\ncolumns: node "n", evidence "e", detail "d"\nempty-means: None.'
        file.write_text("".join(f"#+ {line}\n" for line in header.splitlines()) + text, encoding="utf-8")
    report = gg.open_files([AUDIT / "clean.trig"]).audit(kinds=[tmp_path / "audit" / "mine.rq"])
    assert not report.audit.complete
    (told,) = report.data["summary"]["not_run"]
    assert re.search(r"reaches out|not in the store", told["reason"])
    with pytest.raises(GuideGraphError, match=r"reaches out|not in the store"):
        from_query(ox.Store(), tmp_path / "check" / "mine.rq")
    constraint = f"sh:select {json.dumps(text.replace('SELECT *', 'SELECT $this'))}"
    with pytest.raises(GuideGraphError, match=r"reaches out|cannot be read to the end"):
        validated(tmp_path, f"sh:sparql [ {constraint} ]")
    assert canary.heard == 0


def test_a_prefix_of_a_shape_cannot_carry_a_query(canary: Canary, tmp_path: Path) -> None:
    """pySHACL writes the declared prefixes before the text of a constraint as they are."""
    carried = f"urn:x> SELECT $this {{ SERVICE <{canary.address}> {{ $this ?p ?o }} }} #"
    declared = f'[ sh:declare [ sh:prefix "x" ; sh:namespace {json.dumps(carried)} ] ]'
    with pytest.raises(GuideGraphError, match="no prefix and no IRI"):
        validated(tmp_path, f'sh:sparql [ sh:prefixes {declared} ; sh:select "SELECT $this {{ $this ?p ?o }}" ]')
    assert canary.heard == 0


def test_a_constraint_that_asks_its_graph_is_run(tmp_path: Path) -> None:
    assert not validated(tmp_path, 'sh:sparql [ sh:select "SELECT $this { $this ?from ?servic }" ]').conforms


@pytest.mark.slow
@pytest.mark.parametrize(
    "constraint",
    [
        'sh:sparql [ sh:select "SELECT $this { '
        + " ".join(f"?a{n} ?b{n} ?c{n} ." for n in range(9))
        + ' FILTER(?a0 = 7 && ?a8 = 7) }" ]',
        'sh:property [ sh:path <http://e/q> ; sh:pattern "^(a+)+$" ]',
    ],
    ids=["product", "pattern"],
)
def test_a_constraint_that_never_ends_is_ended(monkeypatch: Any, tmp_path: Path, constraint: str) -> None:
    monkeypatch.setattr(shacl, "SHAPE_LIMITS", Limits(seconds=2.0))
    things = "".join(f"<http://e/s{n}> <http://e/r> {n} . " for n in range(40))
    triples = f'<http://e/s> <http://e/p> 1 ; <http://e/q> "{"a" * 60}b" . {things}'
    with pytest.raises(GuideGraphError, match="did not end within 2 seconds"):
        validated(tmp_path, constraint, triples)


def validated(folder: Path, constraint: str, triples: str = '<http://e/s> <http://e/p> "o" .') -> Any:
    """The report of a shape with one constraint on some triples, by default one."""
    shapes = folder / "shapes.ttl"
    shapes.write_text(
        "@prefix sh: <http://www.w3.org/ns/shacl#> . <urn:shape> a sh:NodeShape ; sh:targetSubjectsOf <http://e/p> ;"
        f" {constraint} .",
        encoding="utf-8",
    )
    return validate_graph(list(ox.parse(triples, format=ox.RdfFormat.TURTLE)), shapes=[shapes])


def test_an_engine_that_fails_is_no_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the complaint about the unknown variable says that a text is a query."""

    class Broken:
        def query(self, *args: object, **kwargs: object) -> None:
            raise RuntimeError("out of order")

    monkeypatch.setattr(guard.ox, "Store", Broken)
    with pytest.raises(RuntimeError, match="out of order"):
        guard.read("ASK { }")


def test_places_for_values_are_looked_for_in_what_is_a_query_only() -> None:
    with pytest.raises(QueryError, match="cannot be parsed"):
        guard.agreed('SELECT * { ?s ?p "}" ', {"s"})


def test_the_variables_of_a_query_are_its_words_with_a_mark() -> None:
    assert guard.variables('SELECT ?s { ?s <http://e/?x>? $o . # ?c\n ?s ?p "?t" }') == {"s", "o", "p"}
