"""Chains from statements to sources: every break shown, PROV's constraints held, pictures that say what the text says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any
from xml.etree import ElementTree

import pytest
from jsonschema_rs import Draft202012Validator
from rdflib import PROV, RDF, RDFS, Graph, Literal, URIRef

from guidegraph import api
from guidegraph.render.trace import trace_svg, trace_text
from tests.support.paths import AUDIT

Run = Callable[..., CompletedProcess[str]]
ARTICLE = "statement/droracle-sciatica-2025/"
SAMPLES = [
    ARTICLE + "nsaid",
    ARTICLE + "epidural-against",
    ARTICLE + "nsaid-pain",
    "statement/nice-ng59/NICE-1",
    "gabapentin",
    "NSAID",
    "ggd:bmj-2025",
    "ggd:droracle-sciatica-2025",
]
CLEAN = AUDIT / "clean.trig"
DERIVATIONS = (PROV.wasDerivedFrom, PROV.hadPrimarySource, PROV.wasQuotedFrom)


def known(kb: Any, name: str) -> str:
    """A sample that the graph has: the first statement of a document where its own name is not known."""
    if not name.startswith("statement/nice"):
        return name
    return min(n for n in kb.records.nodes if "/statement/nice-ng59/" in n and kb.records.one(n, "stance"))


def links(node: dict[str, Any]) -> list[dict[str, Any]]:
    return [node, *(x for child in node["children"] for x in links(child))]


def test_a_chain_goes_from_the_passage_to_the_findings_of_the_review(kb: Any) -> None:
    data = kb.trace(ARTICLE + "nsaid").data
    rows = links(data["trace"])
    assert rows[1]["kind"] == "passage" and "characters 1330-1527" in rows[1]["label"]
    labels = {row["label"] for row in rows}
    assert {
        "Dr.Oracle article on sciatic nerve root pain",
        "citation 4",
        "Cochrane 2016 review of NSAIDs for sciatica",
    } <= labels
    assert {row["iri"].rpartition("/")[2] for row in rows if row["kind"] == "evidence"} == {
        "EV-NSAID-pain",
        "EV-NSAID-global",
        "EV-NSAID-harms",
    }
    breaks = {(b["label"], b["what"]) for b in data["breaks"]}
    assert ("Dr.Oracle article on sciatic nerve root pain", "its own review is pending") in breaks
    assert ("Praxis digest: treatment of sciatic nerve pain", "none of its own statements is in the graph") in breaks


def test_a_report_leads_to_the_primary_and_what_it_rests_on(kb: Any) -> None:
    rows = links(kb.trace(ARTICLE + "epidural-against").data["trace"])
    primary = next(row for row in rows if row["relation"] == "tells of")
    assert primary["iri"].endswith("bmj-2025/BMJ-R1")
    assert any(row["relation"] == "rests on" and row["id"] == "ggd:wang-2025" for row in links(primary))
    own = next(row for row in rows if row["id"] == "ggd:droracle-overview-2025")
    assert "the same publisher supports itself" in own["breaks"]


def test_a_number_that_the_list_lacks_is_a_break(kb: Any) -> None:
    data = kb.trace("statement/droracle-sciatica-2025/mechanism").data
    assert {"the reference list has no entry 7"} <= {b["what"] for b in data["breaks"]}


def test_a_complete_chain_has_no_break() -> None:
    data = api.open_files([CLEAN]).trace("https://example.org/statement/told").data
    assert data["complete"] and data["breaks"] == []
    assert [row["relation"] for row in links(data["trace"])].count("tells of") == 1


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("gg:restsOn d:review .\ns:drops-reading", "gg:restsOn d:nowhere .\ns:drops-reading", "described nowhere"),
        (
            "gg:verifiedAt <https://example.com/review> .",
            "gg:verifiedAt <https://example.com/review> ; gg:restsOn d:guideline .",
            "in a circle",
        ),
        ("gg:statedIn d:guideline ; gg:locator s:loc-drops ;", "gg:statedIn d:guideline ;", "no passage is pointed at"),
        (
            'gg:intervention ex:Drops ; gg:benefitOrHarm gg:Benefit ; gg:effect "less ache" ; gg:certainty gg:Moderate .\ns:loc-pain',
            'gg:intervention ex:Salve ; gg:benefitOrHarm gg:Benefit ; gg:effect "less ache" ; gg:certainty gg:Moderate .\ns:loc-pain',
            "findings on this are not in the graph",
        ),
        (
            "gg:documentKind gg:Guideline ;",
            'gg:documentKind gg:Guideline ; gg:withdrawnOn "2024-02-01"^^xsd:date ;',
            "withdrawn 2024-02-01",
        ),
        ("gg:primaryStatement s:drops ;", "gg:primaryStatement s:gone ;", "described nowhere"),
    ],
)
def test_each_cut_is_shown_at_its_link(tmp_path: Path, old: str, new: str, told: str) -> None:
    text = CLEAN.read_text()
    assert text.count(old) == 1
    path = tmp_path / "cut.trig"
    path.write_text(text.replace(old, new))
    found = api.open_files([path]).trace("https://example.org/statement/told")
    assert any(told in row["what"] for row in found.data["breaks"]), found.data["breaks"]
    assert told in " ".join(trace_text(dict(found.data)).split())
    violations(Graph().parse(data=found.turtle(), format="turtle"))


def violations(graph: Graph) -> None:
    """The constraints of PROV-CONSTRAINTS that such a graph could break."""
    entities, activities, agents = (
        set(graph.subjects(RDF.type, kind)) for kind in (PROV.Entity, PROV.Activity, PROV.Agent)
    )
    # 54 and 55: an entity is no activity; here an agent is neither.
    assert not entities & activities and not agents & (entities | activities)
    for predicate, domain, range_ in (
        (PROV.wasGeneratedBy, entities, activities),
        (PROV.used, activities, entities),
        (PROV.wasAssociatedWith, activities, agents),
        (PROV.wasAttributedTo, entities, agents),
        *((derived, entities, entities) for derived in DERIVATIONS),
    ):
        for subject, found in graph.subject_objects(predicate):
            assert subject in domain and found in range_, (subject, predicate, found)
    # 24: an entity is generated once.
    for entity in entities:
        assert len(set(graph.objects(entity, PROV.wasGeneratedBy))) <= 1
        assert len(set(graph.objects(entity, PROV.generatedAtTime))) <= 1
    # 41 and 42: what is derived is generated after what it is derived from, so derivations have no circle.
    edges = {e: {o for d in DERIVATIONS for o in graph.objects(e, d)} for e in entities}
    done: set[Any] = set()
    while left := {e for e in edges if e not in done and edges[e] <= done}:
        done |= left
    assert done == set(edges), "derivations go in a circle"
    # 37: an activity that generates an entity does not use it.
    for entity, activity in graph.subject_objects(PROV.wasGeneratedBy):
        assert (activity, PROV.used, entity) not in graph


@pytest.mark.parametrize("name", SAMPLES)
def test_every_form_tells_the_same_chain(kb: Any, repo_root: Path, name: str) -> None:
    found = kb.trace(known(kb, name))
    data = json.loads(json.dumps(found.data))
    Draft202012Validator(json.loads((repo_root / "src/guidegraph/schema/trace.schema.json").read_text())).validate(data)
    rows = links(data["trace"])
    assert len(data["breaks"]) == sum(len(row["breaks"]) for row in rows)
    picture = ElementTree.fromstring(trace_svg(data))
    drawn = list(picture.iter("{http://www.w3.org/2000/svg}rect"))
    assert len(drawn) == len(rows) + 1
    told = trace_text(data)
    assert told.count("BREAK") == len(data["breaks"])
    graph = Graph().parse(data=found.turtle(), format="turtle")
    violations(graph)
    # Every link that is something is an entity, but for therapies.
    expected = {
        URIRef(r["iri"])
        for r in rows
        if r["kind"] != "therapy"
        and not r["iri"].endswith("#passage")
        and "described nowhere" not in " ".join(r["breaks"])
    }
    assert expected <= set(graph.subjects(RDF.type, PROV.Entity))
    for row in rows:
        for cut in row["breaks"]:
            assert any(cut in str(note) for note in graph.objects()), cut
    assert (URIRef(rows[-1]["iri"]), RDFS.label, Literal(rows[-1]["label"], lang="en")) in graph or rows[-1][
        "iri"
    ].endswith("#passage")


def test_the_checker_of_constraints_would_notice() -> None:
    graph = Graph()
    a, b = URIRef("urn:a"), URIRef("urn:b")
    for node in (a, b):
        graph.add((node, RDF.type, PROV.Entity))
    graph.add((a, PROV.wasDerivedFrom, b))
    violations(graph)
    graph.add((b, PROV.hadPrimarySource, a))
    with pytest.raises(AssertionError, match="circle"):
        violations(graph)


def test_the_picture_of_the_documentation_is_what_the_command_draws(cli: Run, repo_root: Path, tmp_path: Path) -> None:
    done = cli("trace", ARTICLE + "nsaid", "-o", "x.svg", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "x.svg").read_text() == (repo_root / "docs/trace.svg").read_text()


def test_a_therapy_goes_before_a_statement_of_that_name(kb: Any) -> None:
    assert kb.trace("acetaminophen").data["trace"]["kind"] == "therapy"
    assert kb.trace("BMJ-R1").data["trace"]["kind"] == "statement"
