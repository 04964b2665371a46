"""Hierarchies in files of one's own: OBO, OWL and obographs, and what cannot be read."""

from __future__ import annotations

import json
from pathlib import Path

import pyoxigraph as ox
import pytest

from guidegraph.errors import LinkError
from guidegraph.terminologies import ExternalTerm
from guidegraph.terminologies.sources.files import read_obo, read_ontology
from tests.support.linkable import IRI, toy

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
        (
            "a.ttl",
            b"<http://example.org/toy/a> <b:b> " + b"[<b:b> " * 100 + b"1" + b"]" * 100 + b".",
            "no class under TOY",
        ),
        ("a.ttl", b"<a:b> <a:b> " + b"<<( <a:b> <a:b> " * 9999 + b"1" + b")>>" * 9999, "triples stand in triples"),
        ("a.ttl", b"", "no class under TOY"),
        ("a.ttl", OWL.replace("toy/", "tay/").encode(), "no class under TOY"),
        ("a.json", b"{", "a.json:1:2"),
        ("a.json", b"[" * 100_000, "nested too deeply"),
        ("a.json", b"[]", "not obographs: an object"),
        ("a.json", b'{"graphs": {}}', "graphs: not obographs: a list"),
        ("a.json", b'{"graphs": [{"nodes": [1]}]}', "graphs/0/nodes/0"),
        ("a.json", b'{"graphs": [{"nodes": [{"id": "TOY:a", "meta": 3}]}]}', "an object was expected"),
        ("a.json", b'{"graphs": []}', "no class under TOY"),
        ("a.json", b"\xff\xfe", "not UTF-8"),
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


@pytest.mark.parametrize(
    ("line", "parents"),
    [
        ('TOY:thing {source="X:1", source="Y \\"q\\" }:2"} ! thing', ("thing",)),
        ('TOY:thing {a="! no comment", b="{"} ! thing {not} a modifier', ("thing",)),
        ('TOY:thing{is_inferred="true"}!thing', ("thing",)),
        ("TOY:thing {is_inferred=true}", ("thing",)),
        ("TOY\\:thing ! escaped", ("thing",)),
        ("TOY:thi\\\n ng", None),
        ("TOY:thing \\\n ! goes on", ("thing",)),
        ('TOY:thing {a="never closed', None),
        ("TOY:thing TOY:part", None),
        ("", ()),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_no_modifier_drops_a_parent(line: str, parents: tuple[str, ...] | None, end: str) -> None:
    text = f"[Term]\nid: TOY:thing\nname: thing\n\n[Term]\nid: TOY:x\nname: x\u2028y \\! \\{{z\\}} ! no\nis_a: {line}\n"
    if parents is None:
        with pytest.raises(LinkError, match=r"toy\.obo:8"):
            read_obo(text.replace("\n", end), "toy.obo", "TOY")
        return
    terms = read_obo(text.replace("\n", end), "toy.obo", "TOY").terms
    assert terms["x"].parents == parents and terms["x"].label == "x y ! {z}"


def test_half_a_character_and_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"graphs": [{"nodes": [{"id": "TOY:a", "lbl": "\\ud800"}]}]}', encoding="utf-8")
    with pytest.raises(LinkError, match=r"x\.json.*half a character"):
        read_ontology(path, "TOY", IRI)
    path = tmp_path / "x.ttl"
    path.write_text(f"\ufeff<{IRI}a> a <http://www.w3.org/2002/07/owl#Class> .", encoding="utf-8")
    assert list(read_ontology(path, "TOY", IRI).terms) == ["a"]
