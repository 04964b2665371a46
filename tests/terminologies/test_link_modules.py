"""The file of a linked hierarchy: how it is written and read, and where it is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from guidegraph.errors import LinkError
from guidegraph.terminologies import ExternalTerm
from guidegraph.terminologies.book import Links
from guidegraph.terminologies.linker import extract
from guidegraph.terminologies.modules import (
    Module,
    module_file,
    module_files,
    module_text,
    modules_folder,
    read_module,
    remove_module,
    write_module,
)
from tests.support.linkable import IRI, PART, toy

# ---------------------------------------------------------------- the file


def linked(tmp_path: Path, **changes: Any) -> Path:
    """A written module."""
    return write_module(tmp_path / "links", extract(toy(tmp_path), PART, "toy").module, IRI)


def test_what_is_written_is_read_again_and_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    odd = ExternalTerm(
        'a b/{1}"é', 'la"bel\n', ("s2", "s\\1"), ("p",), True, ("p",), False, ("X1-X2", "X3"), True, "kind"
    )
    terms = {odd.code: odd, "p": ExternalTerm("p", "p", valid=True)}
    module = Module(
        "odd.1", "TOY", 'T"', "v\n2", "l", "s", "https://w3id.org/guidegraph/graph/link/odd.1", "", terms, "d"
    )
    path = write_module(tmp_path / "links", module, IRI)
    first = path.read_bytes()
    again = read_module(path)
    assert again.terms == terms
    for name in ("name", "prefix", "title", "version", "licence", "source", "graph", "description"):
        assert getattr(again, name) == getattr(module, name)
    assert again.digest.startswith("sha256:")
    write_module(tmp_path / "links", again, IRI)
    assert path.read_bytes() == first
    assert [p.name for p in path.parent.iterdir()] == ["odd.1.trig"], "no part of a file is left"


def test_the_graph_says_what_it_is_and_where_from(tmp_path: Path) -> None:
    quads = list(ox.parse(path=linked(tmp_path), format=ox.RdfFormat.TRIG))
    graph = "https://w3id.org/guidegraph/graph/link/toy"
    assert {q.graph_name.value for q in quads} == {graph}
    said = {q.predicate.value.rpartition("/")[2]: q.object.value for q in quads if q.subject.value == graph}
    assert said["license"] == "CC0" and said["source"] == "toy.obo" and said["terminologyPrefix"] == "TOY"
    below = {(q.subject.value, q.object.value) for q in quads if q.predicate.value.endswith("subClassOf")}
    assert below == {(IRI + "left", IRI + "part"), (IRI + "part", IRI + "thing")}


def test_a_combination_is_below_nothing(tmp_path: Path) -> None:
    terms = {
        "mix": ExternalTerm("mix", "mix", parents=("group",), combination=True),
        "group": ExternalTerm("group", "group"),
    }
    text = module_text(Module("m", "TOY", "t", "v", "l", "s", "g", "", terms), IRI)
    assert "subClassOf" not in text and f"skos:broader <{IRI}group>" in text


GOOD = """@prefix gg: <https://w3id.org/guidegraph/vocab/> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix ggt: <https://w3id.org/guidegraph/term/> . @prefix t: <http://example.org/toy/> .
<https://w3id.org/guidegraph/graph/link/bad> { <https://w3id.org/guidegraph/graph/link/bad> a gg:LinkedHierarchy ;
  gg:terminologyPrefix "TOY" . t:a a owl:Class ; rdfs:label "a" ; skos:notation "a" . EXTRA } MORE"""


@pytest.mark.parametrize(
    ("extra", "more"),
    [
        ("ggt:Sciatica rdfs:subClassOf t:a .", ""),
        ("ggt:Sciatica a owl:Class ; skos:notation 'x' .", ""),
        ("t:a owl:equivalentClass ggt:Sciatica .", ""),
        ("t:a rdfs:subClassOf [ a owl:Class ] .", ""),
        ("t:a gg:indication ggt:Sciatica .", ""),
        ("t:a rdfs:label t:b .", ""),
        ("t:a rdfs:subClassOf 'b' .", ""),
        ("t:a a gg:Recommendation .", ""),
        ("t:b a owl:Class .", ""),
        ("t:b a owl:Class ; skos:notation 'b' , 'c' .", ""),
        ("", "<https://w3id.org/guidegraph/graph/other> { t:b a owl:Class ; skos:notation 'b' . }"),
        ("", "t:b a owl:Class ; skos:notation 'b' ."),
        ("<https://w3id.org/guidegraph/graph/link/bad> gg:stance gg:For .", ""),
        ("syntax error", ""),
    ],
)
def test_a_file_that_says_more_than_it_may_is_refused(tmp_path: Path, extra: str, more: str) -> None:
    path = tmp_path / "bad.trig"
    path.write_text(GOOD.replace("EXTRA", "").replace("MORE", ""), encoding="utf-8")
    assert list(read_module(path).terms) == ["a"]
    path.write_text(GOOD.replace("EXTRA", extra).replace("MORE", more), encoding="utf-8")
    with pytest.raises(LinkError, match=r"bad\.trig"):
        read_module(path)


def test_a_renamed_file_is_refused(tmp_path: Path) -> None:
    path = linked(tmp_path)
    other = path.rename(path.with_name("else.trig"))
    with pytest.raises(LinkError, match="not the linked hierarchy of its name"):
        read_module(other)


def test_where_hierarchies_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert modules_folder(tmp_path) == tmp_path / "links"
    monkeypatch.setenv("GUIDEGRAPH_HOME", str(tmp_path / "home"))
    assert modules_folder() == tmp_path / "home" / "links"
    monkeypatch.delenv("GUIDEGRAPH_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert modules_folder() == tmp_path / "data" / "guidegraph" / "links"
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert modules_folder() == tmp_path / ".local/share/guidegraph/links"
    assert module_files(tmp_path / "nowhere") == []


def test_a_user_whom_the_system_does_not_know_has_the_root_for_a_home(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GUIDEGRAPH_HOME", "XDG_DATA_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    pwd = pytest.importorskip("pwd")

    def unknown(number: int) -> None:
        raise KeyError(number)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    assert modules_folder() == Path("/.local/share/guidegraph/links")


def test_removing(tmp_path: Path) -> None:
    path = linked(tmp_path)
    assert module_files(path.parent) == [path]
    assert remove_module(path.parent, "toy") == path and not path.exists()
    with pytest.raises(LinkError, match="Linked are: none"):
        remove_module(path.parent, "toy")
    for name in ("../toy", "", "a/b", ".hidden", "TOY", "x" * 65, "a\0"):
        with pytest.raises(LinkError, match="is no name"):
            module_file(path.parent, name)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "links").write_text("in the way", encoding="utf-8")
    with pytest.raises(LinkError, match="cannot write"):
        linked(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        GOOD.replace("EXTRA", "").replace("MORE", "<https://e.org/s> a gg:Recommendation ."),
        GOOD.replace("EXTRA", "<https://e.org/s> a gg:Recommendation ; skos:notation 's' .").replace("MORE", ""),
        GOOD.replace("EXTRA", "t:a rdfs:subClassOf ggt:Sciatica .").replace("MORE", ""),
        "[" * 5000,
        "",
        None,
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "latin-1"])
def test_no_file_in_the_folder_adds_a_statement(tmp_path: Path, content: str | None, encoding: str) -> None:
    (tmp_path / "links").mkdir()
    path = tmp_path / "links/bad.trig"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes((content + " # \u00e9").encode(encoding))
    store = ox.Store()
    links = Links(tmp_path, [tmp_path / "ontology/links"], str, lambda classes, present: classes)
    for use in (lambda: links.load(store), lambda: links.modules):
        with pytest.raises(LinkError, match=r"bad\.trig"):
            use()
    assert not len(store)


def test_a_statement_in_the_users_own_folder_is_an_error_in_one_line(cli: Any, tmp_path: Path) -> None:
    (tmp_path / "links").mkdir()
    (tmp_path / "links/mine.trig").write_text("<https://e.org/g> { <https://e.org/s> a <https://e.org/R> . }")
    done = cli("query", "-", GUIDEGRAPH_HOME=str(tmp_path), stdin="SELECT ?s { ?s ?p ?o } LIMIT 1")
    assert done.returncode == 2 and done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
    assert "mine.trig" in done.stderr and not done.stdout


def test_what_is_no_linked_hierarchy_is_told(cli: Any, tmp_path: Path) -> None:
    linked(tmp_path)
    (tmp_path / "links/mine.ttl").write_text("", encoding="utf-8")
    (tmp_path / "links/sub").mkdir()
    done = cli("link", "list", GUIDEGRAPH_HOME=str(tmp_path))
    assert done.returncode == 0 and "mine.ttl, sub" in done.stdout
