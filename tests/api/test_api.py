"""The Python interface, and views that hostile or odd content must not break."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import rdflib

import guidegraph as gg
from guidegraph import render
from guidegraph.model import STATUSES
from guidegraph.render.entries import courses
from tests.conftest import AS_OF


def test_rows_and_frames(ask: Any) -> None:
    answer = ask("example:chronic-failed-care")
    rows = answer.table()
    assert {r["status"] for r in rows if r["label"] == "epidural steroid injection"} == {"contested"}
    for name in ("pandas", "polars"):
        pytest.importorskip(name)
        frame = answer.table(name)
        assert list(frame.columns) == list(rows[0]) and len(frame) == len(rows)
    with pytest.raises(gg.GuideGraphError, match="unknown table form"):
        answer.table("excel")


def test_the_assessment_is_a_graph(ask: Any) -> None:
    answer = ask("example:bleeding-ulcer")
    graph = answer.graph
    assert isinstance(graph, rdflib.Graph)
    status = rdflib.URIRef("https://w3id.org/guidegraph/assessment/status")
    found = {str(s): str(o).rpartition("/")[2] for s, o in graph.subject_objects(status)}
    assert found == dict(answer.assessment.statuses)


def test_a_changed_answer_changes_nothing(ask: Any) -> None:
    answer = ask("example:age-only")
    answer.to_dict()["therapies"].clear()
    assert answer.to_dict()["therapies"]


@pytest.mark.slow
def test_threads_share_a_knowledge_base(kb: Any) -> None:
    profiles = [
        "example:age-only",
        "example:bleeding-ulcer",
        "example:complete-record",
        "example:chronic-failed-care",
    ] * 4
    expected = {p: kb.therapies(p, as_of=AS_OF).statuses for p in set(profiles)}
    wrong: list[str] = []

    def work(profile: str) -> None:
        if kb.therapies(profile, as_of=AS_OF).statuses != expected[profile]:
            wrong.append(profile)

    threads = [threading.Thread(target=work, args=(p,)) for p in profiles]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.slow
def test_a_users_own_document_joins_in(kb: Any, repo_root: Any, tmp_path: Any) -> None:
    own = tmp_path / "own.trig"
    own.write_text(
        """
        @prefix gg: <https://w3id.org/guidegraph/vocab/> . @prefix ggt: <https://w3id.org/guidegraph/term/> .
        @prefix ggp: <https://w3id.org/guidegraph/population/> . @prefix ggd: <https://w3id.org/guidegraph/document/> .
        @prefix ggg: <https://w3id.org/guidegraph/graph/> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
        @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix s: <https://w3id.org/guidegraph/statement/own/> .
        @prefix dcterms: <http://purl.org/dc/terms/> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
        ggg:own {
          ggd:own a gg:Document ; rdfs:label "Own" ; gg:documentKind gg:Guideline ; dcterms:issued "2024"^^xsd:gYear ;
            gg:scopeStates gg:AgeScope , gg:PregnancyScope .
          s:r a gg:Recommendation ; rdfs:label "Only when an NSAID is unsuitable" ; gg:statedIn ggd:own ; gg:stance gg:For ;
            gg:intervention ggt:SpinalCordStimulationTrial ; gg:population ggp:Own ; gg:indication ggt:Sciatica .
          ggp:Unsuitable a owl:Class , gg:Population ; rdfs:label "NSAID unsuitable" ; owl:equivalentClass
            [ a owl:Restriction ; owl:onProperty gg:hasCondition ; owl:someValuesFrom ggt:NSAIDHypersensitivity ] .
          ggp:Own a owl:Class , gg:Population ; rdfs:label "unless" ; owl:equivalentClass [ a owl:Class ; owl:intersectionOf (
            [ a owl:Restriction ; owl:onProperty gg:hasCondition ; owl:someValuesFrom ggt:Sciatica ] ggp:Unsuitable ) ] .
        }
        """
    )
    joined = gg.api.open_knowledge(repo_root, extra=[own])

    def status(**facts: Any) -> str:
        return joined.therapies({"age": 40, "conditions": facts}, as_of=AS_OF).status(
            "trial of spinal cord stimulation"
        )

    assert status(present=["sciatica", "aspirin allergy"]) == "provisional"
    assert status(present=["sciatica"], absent=["NSAID allergy"]) == "not-indicated"
    assert status(present=["sciatica"]) == "undetermined"
    asked = joined.ask({"age": 40, "conditions": ["sciatica"]}, as_of=AS_OF)
    assert "ggt:NSAIDHypersensitivity" in {q["fact"] for q in asked}


HOSTILE = '<script>alert(1)</script> \x1b[31m| `x` \u202e & "q"'


def test_hostile_labels_are_neutralised_in_every_view(ask: Any, kb: Any) -> None:
    data = ask("example:chronic-failed-care").to_dict()
    data["profile"]["label"] = HOSTILE
    data["therapies"][0]["label"] = HOSTILE
    data["alerts"][0]["label"] = HOSTILE
    for view in (render.therapies_text, render.therapies_html, render.therapies_markdown, render.notebook_html):
        text = view(data)
        assert "\x1b" not in text and "\u202e" not in text
    assert "<script>" not in render.therapies_html(data)
    assert "<script>" not in render.therapies_markdown(data)
    line = kb.timeline("example:acute-uncomplicated", as_of=AS_OF)
    line["profile"]["label"] = line["rows"][0]["label"] = HOSTILE
    assert "<script>" not in render.timeline_svg(line)


def test_the_picture_of_the_readme_is_what_is_drawn(kb: Any, repo_root: Any) -> None:
    drawn = render.timeline_svg(kb.timeline("example:acute-uncomplicated", as_of=AS_OF))
    assert (repo_root / "docs/timeline.svg").read_text(encoding="utf-8").rstrip() == drawn.rstrip()


@pytest.mark.slow
def test_text_fits_80_columns(ask: Any, kb: Any) -> None:
    for example in ("chronic-failed-care", "age-only", "bleeding-ulcer"):
        for text in (
            render.therapies_text(ask(f"example:{example}").to_dict()),
            render.explain_text(kb.explain(f"example:{example}", "ibuprofen", as_of=AS_OF)),
        ):
            long = [line for line in text.splitlines() if len(line) > 80 and not any(len(w) > 60 for w in line.split())]
            assert not long


def test_the_picture_is_readable_in_grey(kb: Any) -> None:
    """Every status has a letter of its own, and neighbouring fills differ in lightness."""
    from xml.etree import ElementTree

    letters = [status.letter for status in STATUSES.values()]
    assert len(set(letters)) == len(letters)
    data = kb.timeline("example:pregnant-28-weeks", as_of=AS_OF)
    svg = render.timeline_svg(data)
    root = ElementTree.fromstring(svg)
    told = " ".join(e.text or "" for e in root.iter() if e.tag.endswith(("text", "title")))
    assert all(row["label"] in told for row in data["rows"] if row["family"] == row["intervention"])
    assert render.timeline_svg(data) == svg
    # One screen: what never changes is a line a status.
    assert float(root.attrib["height"]) <= 900


def test_a_timeline_shows_what_changes_and_folds_what_does_not(kb: Any) -> None:
    data = kb.timeline("example:acute-uncomplicated", as_of=AS_OF)
    moving, steady = courses(data)
    heads = [row for row in data["rows"] if row["family"] == row["intervention"]]
    by = {row["intervention"]: row for row in data["rows"]}
    assert all(by[row["family"]]["spans"] == row["spans"] for row in data["rows"])
    assert len(moving) + sum(map(len, steady.values())) == len(heads) < len(data["rows"])
    assert all(len(course.spans) > 1 for course in moving) and moving
    text = " ".join(render.timeline_text(data).split())
    assert all(row["label"] in text or len(row["label"]) > 35 for row in heads)
    assert text.index("superficial heat") < text.index("all along eligible")


def test_the_notebook_view_opens_with_the_alert(ask: Any) -> None:
    html = ask("example:cauda-equina-week-1")._repr_html_()
    assert html.index("Alert: Cauda equina syndrome") < html.index("<table")


def test_opening_a_broken_knowledge_base_is_told(tmp_path: Any) -> None:
    with pytest.raises(gg.GuideGraphError, match="no folder"):
        gg.open(tmp_path)
    for name in ("ontology", "graph"):
        (tmp_path / name).mkdir()
    with pytest.raises(gg.GuideGraphError, match="no knowledge files"):
        gg.open(tmp_path)
    (tmp_path / "ontology" / "x.ttl").write_text("@prefix x: <urn:x> .\nx:a x:b\n")
    with pytest.raises(gg.GuideGraphError, match=r"x\.ttl:\d+:\d+: not well-formed"):
        gg.open(tmp_path)
    (tmp_path / "ontology" / "x.ttl").write_text("# nothing\n")
    with pytest.raises(gg.GuideGraphError, match="holds no triples"):
        gg.open(tmp_path)


@pytest.mark.slow
def test_a_report_of_a_primary_in_the_graph_speaks_of_the_primarys_patients(repo_root: Any, tmp_path: Any) -> None:
    own = tmp_path / "pair.trig"
    prefixes = "".join(f"@prefix {p}: <{iri}> .\n" for p, iri in gg.api.ns.PREFIXES.items())
    own.write_text(
        prefixes
        + """
        @prefix s: <https://w3id.org/guidegraph/statement/pair/> .
        ggg:pair {
          ggd:pair a gg:Document ; rdfs:label "Pair" ; gg:documentKind gg:Guideline ; dcterms:issued "2024"^^xsd:gYear .
          s:primary a gg:Recommendation ; rdfs:label "primary" ; gg:statedIn ggd:pair ; gg:stance gg:For ;
            gg:intervention ggt:SpinalCordStimulationTrial ; gg:population ggp:Narrow ; gg:indication ggt:Sciatica .
          s:report a gg:Recommendation ; rdfs:label "report" ; gg:statedIn ggd:pair ; gg:stance gg:For ; gg:primaryStatement s:primary ;
            gg:intervention ggt:SpinalCordStimulationTrial ; gg:population ggp:Wide ; gg:indication ggt:Sciatica .
          ggp:Wide a owl:Class , gg:Population ; rdfs:label "wide" ; owl:equivalentClass
            [ a owl:Restriction ; owl:onProperty gg:hasCondition ; owl:someValuesFrom ggt:Sciatica ] .
          ggp:Narrow a owl:Class , gg:Population ; rdfs:label "narrow" ; owl:equivalentClass
            [ a owl:Restriction ; owl:onProperty gg:hasCondition ; owl:someValuesFrom ggt:Cancer ] .
        }
        """
    )
    joined = gg.api.open_knowledge(repo_root, extra=[own])
    listed = {"present": ["sciatica"], "absent": ["cancer"]}
    assert (
        joined.therapies({"conditions": listed}, as_of=AS_OF).status("trial of spinal cord stimulation")
        == "not-indicated"
    )


LIMITS = """
@prefix s: <https://w3id.org/guidegraph/statement/limit/> .
ggg:limit {
  ggd:limit a gg:Document ; rdfs:label "Limit" ; gg:documentKind gg:Guideline ; dcterms:issued "2024"^^xsd:gYear ;
    gg:scopeStates gg:AgeScope , gg:PregnancyScope .
  s:for a gg:Recommendation ; rdfs:label "for" ; gg:statedIn ggd:limit ; gg:stance gg:For ; gg:horizon gg:ShortTerm ;
    gg:intervention ggt:SpinalCordStimulationTrial ; gg:population ggp:All ; gg:indication ggt:Sciatica .
  s:against a gg:Recommendation ; rdfs:label "against" ; gg:statedIn ggd:limit ; gg:stance gg:Against ; gg:horizon %s ;
    gg:intervention ggt:SpinalCordStimulationTrial ; gg:population ggp:All ; gg:indication ggt:Sciatica .
  ggp:All a owl:Class , gg:Population ; rdfs:label "all" ; owl:equivalentClass
    [ a owl:Restriction ; owl:onProperty gg:hasCondition ; owl:someValuesFrom ggt:Sciatica ] .
}
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("horizon", "status", "limits"), [("gg:LongTerm", "provisional", 1), ("gg:ShortTerm", "contested", 0)]
)
def test_against_for_another_horizon_is_a_limit(
    repo_root: Any, tmp_path: Any, horizon: str, status: str, limits: int
) -> None:
    own = tmp_path / "limit.trig"
    prefixes = "".join(f"@prefix {p}: <{iri}> .\n" for p, iri in gg.api.ns.PREFIXES.items())
    own.write_text(prefixes + LIMITS % horizon)
    joined = gg.api.open_knowledge(repo_root, extra=[own])
    answer = joined.therapies({"age": 40, "conditions": ["sciatica"]}, as_of=AS_OF)
    assert answer.status("trial of spinal cord stimulation") == status
    entry = next(t for t in answer.to_dict()["therapies"] if t["label"] == "trial of spinal cord stimulation")
    assert len(entry["limits"]) == limits and len(entry["against"]) == 1 - limits
