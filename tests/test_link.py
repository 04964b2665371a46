"""Linking a hierarchy: what is extracted, how it is written and read, files of one's own, the command."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from guidegraph.errors import LinkError
from guidegraph.linking import Linker, own_file
from guidegraph.links import ExternalTerm, Mapping
from guidegraph.links.extract import extract
from guidegraph.links.modules import (
    Module,
    module_file,
    module_files,
    module_text,
    modules_folder,
    read_module,
    remove_module,
    write_module,
)
from guidegraph.links.sources.files import FileSource, read_ontology
from tests.test_sources import installed

T = "https://w3id.org/guidegraph/term/"
IRI = "http://example.org/toy/"

#: thing > (part > (left, mixed), other); lost replaced by left; mixed is a combination; alone stands apart.
OBO = """format-version: 1.4
data-version: toy/2026-01-01
property_value: http://purl.org/dc/terms/license "CC0" xsd:string
property_value: dc:title "The toy \\"ontology\\"" xsd:string

[Term]
id: TOY:thing
name: thing

[Term]
id: TOY:part
name: part {of="it"} ! a comment
synonym: "piece \\"x\\"" EXACT []
is_a: TOY:thing ! thing

[Term]
id: TOY:left
name: left
alt_id: TOY:old
is_a: TOY:part {source="a"} ! part
is_a: OTHER:1

[Term]
id: TOY:other
name: other
is_a: TOY:thing

[Term]
id: TOY:lost
name: obsolete lost
is_obsolete: true
replaced_by: TOY:left

[Term]
id: TOY:alone
name: alone

[Typedef]
id: part_of
name: part of
"""


def rows(*pairs: tuple[str, str, str]) -> list[Mapping]:
    """Mapping rows of (class of ours, predicate, CURIE)."""
    return [Mapping(T + name, predicate, curie, table="toy") for name, predicate, curie in pairs]


def toy(tmp_path: Path, text: str = OBO, name: str = "toy.obo") -> FileSource:
    """A source over a made-up file."""
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return FileSource(path, "TOY", IRI)


PART = rows(("Sciatica", "exact", "TOY:part"), ("Cancer", "close", "TOY:nowhere"), ("Cancer", "exact", "ELSE:1"))


# ---------------------------------------------------------------- extraction


def test_a_module_is_what_is_mapped_and_all_above_and_below(tmp_path: Path) -> None:
    found = extract(toy(tmp_path), PART)
    assert list(found.module.terms) == ["left", "lost", "old", "part", "thing"]
    assert found.mapped == ("part",)
    assert found.missing == ("nowhere",)
    assert found.module.prefix == "TOY" and found.module.licence == "CC0"
    assert found.module.title == 'The toy "ontology"'
    assert found.module.version == "toy/2026-01-01 (toy.obo)"
    assert "ancestors" in found.module.description and "5 of its terms" in found.module.description


def test_a_mapped_obsolete_code_brings_its_successor(tmp_path: Path) -> None:
    found = extract(toy(tmp_path), rows(("Sciatica", "exact", "TOY:lost")))
    assert {"lost", "left", "part", "thing"} <= set(found.module.terms)
    assert found.module.terms["lost"].replaced_by == ("left",)


def test_nothing_mapped_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LinkError, match="no mapping names a code of TOY"):
        extract(toy(tmp_path), rows(("Cancer", "exact", "ELSE:1")))
    with pytest.raises(LinkError, match="none of the 1 codes"):
        extract(toy(tmp_path), rows(("Cancer", "exact", "TOY:nowhere")))


def test_circles_are_told_and_do_not_hang(tmp_path: Path) -> None:
    text = "[Term]\nid: TOY:a\nname: a\nis_a: TOY:b\n\n[Term]\nid: TOY:b\nname: b\nis_a: TOY:a\n"
    found = extract(toy(tmp_path, text), rows(("Sciatica", "exact", "TOY:a")))
    assert found.circles == (("a", "b", "a"),)
    assert found.module.ancestors("a") == ("b",)


def test_ancestors_come_nearest_first_and_stop_at_a_combination() -> None:
    terms = {
        code: ExternalTerm(code, code, parents=parents, combination=code == "mix")
        for code, parents in {"a": ("b", "d"), "b": ("c",), "c": (), "d": ("mix",), "mix": ("c",)}.items()
    }
    module = Module("m", "TOY", "t", "v", "l", "s", "g", "", terms)
    assert module.ancestors("a") == ("b", "d", "c", "mix")
    assert module.ancestors("mix") == ()
    assert module.ancestors("nothing") == ()
    assert module.children == {"b": ("a",), "c": ("b",), "d": ("a",), "mix": ("d",)}


def test_excludes1_hold_for_all_below() -> None:
    terms = {
        "M54": ExternalTerm("M54", "", excludes=("F45.41",)),
        "M54.3": ExternalTerm("M54.3", "", parents=("M54",), excludes=("M54.4", "T36-T50")),
        "M54.30": ExternalTerm("M54.30", "", parents=("M54.3",)),
        "M54.4": ExternalTerm("M54.4", "", parents=("M54",)),
        "M54.40": ExternalTerm("M54.40", "", parents=("M54.4",)),
    }
    module = Module("m", "ICD10CM", "t", "v", "l", "s", "g", "", terms)
    assert module.excluded("M54.30", "M54.40") == "M54.3"
    assert module.excluded("M54.30", "F45.41") == "M54"
    assert module.excluded("M54.30", "T36.0X1A") == "M54.3"
    assert module.excluded("M54.30", "T50.9") == "M54.3"
    assert module.excluded("M54.30", "T51.0") is None
    assert module.excluded("M54.40", "M54.30") is None, "a note speaks for its own side"
    assert module.excluded("M54", "M54.40") is None


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


# ---------------------------------------------------------------- files of one's own

OWL = """@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix t: <http://example.org/toy/> . @prefix oio: <http://www.geneontology.org/formats/oboInOwl#> .
@prefix obo: <http://purl.obolibrary.org/obo/> . @prefix dcterms: <http://purl.org/dc/terms/> .
<http://example.org/toy> a owl:Ontology ; owl:versionInfo "7" ; dcterms:title "Toy"@en ; dcterms:license <http://x.org/l> ;
    owl:imports <http://example.invalid/never-fetched> .
t:thing a owl:Class ; rdfs:label "Ding"@de , "thing"@en .
t:part a owl:Class ; rdfs:label "part" ; oio:hasExactSynonym "piece" ; rdfs:subClassOf t:thing , [ a owl:Restriction ] .
t:left a owl:Class ; rdfs:label "left" ; rdfs:subClassOf t:part .
t:lost a owl:Class ; rdfs:label "lost" ; owl:deprecated true ; obo:IAO_0100001 t:left .
t:prop a owl:ObjectProperty ; rdfs:label "prop" .
<http://example.org/else/1> a owl:Class ; rdfs:label "else" ."""

GRAPHS = {
    "graphs": [
        {
            "id": "http://example.org/toy",
            "meta": {
                "version": "7",
                "basicPropertyValues": [{"pred": "http://purl.org/dc/terms/license", "val": "http://x.org/l"}],
            },
            "nodes": [
                {"id": IRI + "thing", "lbl": "thing", "type": "CLASS"},
                {"id": "TOY:part", "lbl": "part", "meta": {"synonyms": [{"pred": "hasExactSynonym", "val": "piece"}]}},
                {"id": IRI + "left", "lbl": "left", "type": "CLASS"},
                {
                    "id": IRI + "lost",
                    "lbl": "lost",
                    "type": "CLASS",
                    "meta": {
                        "deprecated": True,
                        "basicPropertyValues": [
                            {"pred": "http://purl.obolibrary.org/obo/IAO_0100001", "val": IRI + "left"}
                        ],
                    },
                },
                {"id": IRI + "prop", "lbl": "prop", "type": "PROPERTY"},
                {"id": "http://example.org/else/1", "lbl": "else", "type": "CLASS"},
            ],
            "edges": [
                {"sub": IRI + "part", "pred": "is_a", "obj": IRI + "thing"},
                {"sub": IRI + "left", "pred": "is_a", "obj": "TOY:part"},
                {"sub": IRI + "left", "pred": "part_of", "obj": IRI + "thing"},
            ],
        }
    ]
}


def as_rdfxml(turtle: str) -> str:
    """The same triples as RDF/XML."""
    triples = [q.triple for q in ox.parse(turtle, format=ox.RdfFormat.TURTLE)]
    return ox.serialize(triples, format=ox.RdfFormat.RDF_XML).decode()  # type: ignore[union-attr]


@pytest.mark.parametrize("kind", ["ttl", "owl", "rdf", "json"])
def test_owl_and_obographs_give_the_same_terms(tmp_path: Path, kind: str) -> None:
    text = {"ttl": OWL, "json": json.dumps(GRAPHS)}.get(kind) or as_rdfxml(OWL)
    (tmp_path / f"toy.{kind}").write_text(text, encoding="utf-8")
    found = read_ontology(tmp_path / f"toy.{kind}", "TOY", IRI)
    assert found.terms == {
        "thing": ExternalTerm("thing", "thing"),
        "part": ExternalTerm("part", "part", ("piece",), ("thing",)),
        "left": ExternalTerm("left", "left", (), ("part",)),
        "lost": ExternalTerm("lost", "lost", obsolete=True, replaced_by=("left",)),
    }
    assert (found.version, found.licence) == ("7", "http://x.org/l")


def test_obo(tmp_path: Path) -> None:
    terms = {code: toy(tmp_path).term(code) for code in ("part", "left", "old", "lost", "part_of")}
    assert terms["part"] == ExternalTerm("part", "part", ('piece "x"',), ("thing",))
    assert terms["left"] == ExternalTerm("left", "left", (), ("part",))
    assert terms["old"] == ExternalTerm("old", "left", obsolete=True, replaced_by=("left",))
    assert terms["lost"] == ExternalTerm("lost", "obsolete lost", obsolete=True, replaced_by=("left",))
    assert terms["part_of"] is None


BOMB = '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "x"><!ENTITY b "&a;&a;">]><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>'


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("a.owl", BOMB.encode(), "DOCTYPE"),
        ("a.owl", BOMB.replace("<!DOCTYPE", "<!doctype").encode(), "DOCTYPE|not well-formed"),
        ("a.owl", BOMB.encode("utf-16"), "not UTF-8"),
        ("a.owl", BOMB.replace('"1.0"', '"1.0" encoding="UTF-7"').encode(), "not UTF-8|DOCTYPE"),
        ("a.ttl", b"<?xml version='1.0'?><!DOCTYPE x><rdf:RDF/>", "DOCTYPE"),
        ("a.owl", b"<rdf:RDF><unclosed>", "not well-formed"),
        ("a.ttl", b"t:x a", "a.ttl:1"),
        ("a.ttl", b"<http://example.org/toy/a> <b:b> " + b"[<b:b> " * 100 + b"1" + b"]" * 100 + b".", "nest 100 deep"),
        ("a.ttl", b"", "no class under TOY"),
        ("a.ttl", OWL.replace("toy/", "tay/").encode(), "no class under TOY"),
        ("a.json", b"{", "a.json:1:2"),
        ("a.json", b"[" * 100_000, "nested too deeply"),
        ("a.json", b"[]", "not obographs: an object"),
        ("a.json", b'{"graphs": {}}', "graphs: not obographs: a list"),
        ("a.json", b'{"graphs": [{"nodes": [1]}]}', "graphs/0/nodes/0"),
        ("a.json", b'{"graphs": [{"nodes": [{"id": "TOY:a", "meta": 3}]}]}', "an object was expected"),
        ("a.json", b'{"graphs": []}', "no class under TOY"),
        ("a.json", b"\xff\xfe", "not UTF-8 at byte 0"),
        ("a.obo", b"[Term]\nid: TOY:a\nno tag here\n", "a.obo:3: not OBO"),
        ("a.obo", b"[Term]\nname: a\n", "a.obo:1: a term needs one id"),
        ("a.obo", b"[Term]\nid: TOY:a\n\n[Term]\nid: TOY:a\n", "a.obo:4: the id 'a' is there twice"),
        ("a.obo", b"[Term]\nid: TAY:a\n", "no class under TOY"),
        ("a.xlsx", b"", "is not read"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, name: str, data: bytes, told: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(LinkError, match=told):
        read_ontology(tmp_path / name, "TOY", IRI)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(LinkError, match="cannot be read"):
        read_ontology(tmp_path / "a.obo", "TOY", IRI)
    with pytest.raises(LinkError, match="cannot be read"):
        (tmp_path / "folder.obo").mkdir()
        read_ontology(tmp_path / "folder.obo", "TOY", IRI)


# ---------------------------------------------------------------- the command

TABLE = """#mapping_set_id: https://w3id.org/guidegraph/mappings/toy
#license: https://creativecommons.org/licenses/by/4.0/
subject_id	subject_label	predicate_id	object_id	object_label	mapping_justification
ggt:Sciatica	sciatica	skos:exactMatch	TOY:part	part	semapv:ManualMappingCuration
ggt:Cancer	cancer	skos:exactMatch	TOY:left	left	semapv:ManualMappingCuration
ggt:Cancer	cancer	skos:broadMatch	TOY:nowhere	nowhere	semapv:ManualMappingCuration
"""


@pytest.fixture
def base(tmp_path: Path, repo_root: Path) -> Path:
    """A knowledge folder with our ontology, a made-up terminology and its table, and no documents."""
    folder = tmp_path / "base"
    shutil.copytree(repo_root / "ontology", folder / "ontology")
    for path in (folder / "ontology/links").glob("*.sssom.tsv"):
        path.unlink()
    (folder / "graph").mkdir()
    (folder / "ontology/links/terminologies.yaml").write_text(f"TOY: {{title: Toy, iri: '{IRI}'}}\n", encoding="utf-8")
    (folder / "ontology/links/toy.sssom.tsv").write_text(TABLE, encoding="utf-8")
    (tmp_path / "toy.obo").write_text(OBO, encoding="utf-8")
    return folder


def test_link_list_and_remove(base: Path, tmp_path: Path, cli: Any) -> None:
    done = cli("link", str(tmp_path / "toy.obo"), "--prefix", "TOY", "--knowledge", str(base), "--no-reasoner")
    assert (done.returncode, done.stderr) == (0, "")
    assert "toy: The toy" in done.stdout and "CC0" in done.stdout and "not asked" in done.stdout
    assert "mapped, but not in this source: TOY:nowhere" in done.stdout
    first = (base / "links/toy.trig").read_bytes()
    told = json.loads(cli("link", "list", "--knowledge", str(base), "--format", "json").stdout)
    assert [row["name"] for row in told["linked"]] == ["toy"] and told["linked"][0]["terms"] == 5
    again = cli("link", str(tmp_path / "toy.obo"), "--prefix", "TOY", "--knowledge", str(base), "--format", "json")
    assert again.returncode == 0, again.stderr
    report = json.loads(again.stdout)
    assert report["reasoner"]["sound"] is True and report["reasoner"]["tested"] > 300
    assert (base / "links/toy.trig").read_bytes() == first
    gone = cli("link", "remove", "toy", "--knowledge", str(base))
    assert gone.returncode == 0 and not (base / "links/toy.trig").exists()


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("nothing",), "no source 'nothing' Use one of: hpo"),
        (("missing.obo", "--prefix", "TOY"), "cannot be read"),
        (("missing.obo",), "Add --prefix"),
        (("missing.obo", "--prefix", "NONE"), "no terminology 'NONE'"),
        (("remove",), "link remove NAME"),
        (("mondo", "x"), "goes with remove"),
        (("mondo", "--prefix", "MONDO"), "go with a file"),
        (("remove", "toy"), "Linked are: none"),
        (("remove", "../../etc"), "is no name"),
        (("TOYFILE", "--prefix", "TOY", "--name", "../x"), "is no name"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(
    base: Path, tmp_path: Path, cli: Any, args: tuple[str, ...], told: str
) -> None:
    args = tuple(arg.replace("TOYFILE", str(tmp_path / "toy.obo")) for arg in args)
    done = cli("link", *args, "--knowledge", str(base), "--no-reasoner")
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr and done.stderr.count("\n") == 1
    assert not (base / "links").exists()


def test_a_file_in_the_folder_that_is_no_hierarchy_is_one_line(base: Path, cli: Any) -> None:
    (base / "links").mkdir()
    (base / "links/x.trig").write_text("{ <a:a> <b:b> <c:c> }", encoding="utf-8")
    for command in (("link", "list"), ("mappings", "conflicts")):
        done = cli(*command, "--knowledge", str(base))
        assert done.returncode == 2 and done.stderr.count("\n") == 1 and "x.trig" in done.stderr


def test_an_iri_of_ones_own(base: Path, tmp_path: Path) -> None:
    linker = Linker(base)
    found, iri = own_file(tmp_path / "toy.obo", "TOY", linker, "urn:own:")
    path = linker.link(found, base=iri, reasoner=False).path
    assert "<urn:own:part>" in path.read_text(encoding="utf-8")


# ---------------------------------------------------------------- a real package


def test_mondo_is_linked_by_its_ancestors_and_descendants(tmp_path: Path) -> None:
    found = extract(installed("mondo"), rows(("Sciatica", "exact", "MONDO:0024333"))).module
    labels = {term.label for term in found.terms.values()}
    assert {"sciatica", "piriformis syndrome", "neuralgia", "disease"} <= labels
    path = write_module(tmp_path, found, "http://purl.obolibrary.org/obo/MONDO_")
    assert read_module(path).terms == found.terms
    current = {code for code, term in found.terms.items() if not term.obsolete}
    assert {"0043320", *read_module(path).ancestors("0043320")} == current


def test_nothing_external_is_in_the_checkout(repo_root: Path) -> None:
    files = [path for name in ("ontology", "graph") for path in (repo_root / name).rglob("*.trig")]
    assert files
    assert not [path for path in files if "a gg:LinkedHierarchy" in path.read_text(encoding="utf-8")]
    assert not (repo_root / "links").exists()
