"""The command line as people type it, right and wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

Run = Callable[..., CompletedProcess[str]]

#: Arguments, and what the one line on standard error must say.
WRONG = {
    "unknown command": (["therapy"], "No such command"),
    "no profile": (["therapies"], "Missing argument"),
    "unknown option": (["therapies", "x.yaml", "--frmat", "json"], "No such option"),
    "missing file": (["therapies", "nowhere.yaml"], "cannot be read"),
    "unknown ending": (["therapies", "nowhere.doc"], "unknown ending"),
    "a folder": (["therapies", "."], "it is a folder"),
    "unknown example": (["therapies", "example:chronic"], "chronic-failed-care"),
    "no date": (["therapies", "example:age-only", "--as-of", "yesterday"], "not a date"),
    "impossible date": (["therapies", "example:age-only", "--as-of", "2026-02-30"], "not a date"),
    "date in another form": (["therapies", "example:age-only", "--as-of", "20260131"], "not a date"),
    "unknown jurisdiction": (["therapies", "example:age-only", "--jurisdiction", "XX"], "Known are"),
    "unknown format": (["therapies", "example:age-only", "--format", "xml"], "xml"),
    "format of another command": (["ask", "example:age-only", "--format", "html"], "no html form"),
    "unknown therapy": (["explain", "example:age-only", "snake oil"], "not a known term"),
    "a condition as therapy": (["explain", "example:age-only", "sciatica"], "another kind"),
    "a therapy nobody speaks of": (
        ["explain", "example:age-only", "trial of spinal cord stimulation"],
        "no recommendation or contraindication reaches",
    ),
    "picture of another kind": (["timeline", "example:age-only", "-o", "x.png"], "End it in .svg"),
    "folder that is not there": (["timeline", "example:age-only", "-o", "no/such/x.svg"], "cannot write"),
    "knowledge folder without knowledge": (["therapies", "example:age-only", "--knowledge", "."], "no folder"),
    "unknown verdict": (["disagreements", "--verdict", "nonsense"], "real"),
    "unknown policy": (["disagreements", "--policy", "newest"], "recency"),
    "unknown document": (["disagreements", "--document", "nice-ng95"], "nice-ng59"),
    "unknown intervention": (["disagreements", "--intervention", "snake oil"], "not a known term"),
    "bad day of disagreements": (["disagreements", "--as-of", "soon"], "is not a date"),
    "profile of disagreements missing": (["disagreements", "--profile", "nobody.yaml"], "nobody.yaml"),
    "disagreements as html": (["disagreements", "--format", "html"], "no html form"),
    "a document with itself": (["compare", "bmj-2025", "bmj-2025"], "same document"),
    "documents that fit many": (["compare", "cochrane", "bmj-2025"], "more than one document"),
    "matrix of another kind": (["matrix", "-o", "x.png"], "End it in .svg"),
    "matrix of nothing": (["matrix", "--at-least", "0"], "1 or more"),
    "matrix of no category": (["matrix", "--category", "drugs"], "Use one of"),
    "matrix of no family": (["matrix", "--family", "acupunctur"], "acupuncture"),
    "matrix of no strength": (["matrix", "--strength", "hard"], "Use one of strong"),
    "matrix of no document": (["matrix", "--document", "bmj-2052"], "bmj-2025"),
    "changes backwards": (["changes", "--from", "2025-01-01", "--to", "2020-01-01"], "before"),
    "changes from never": (["changes", "--from", "2025-13-01"], "--from"),
    "audit of a missing file": (["audit", "nowhere.trig"], "cannot be read"),
    "audit of unknown severity": (["audit", "--severity", "grave"], "error, warning, note"),
    "audit of unknown document": (["audit", "--document", "nice-ng95"], "nice-ng59"),
    "audit with no baseline": (["audit", "--baseline", "nowhere.yaml"], "cannot be read"),
    "audit of no text": (["audit", "--text", "nowhere.txt"], "cannot be read"),
    "audit of a negative age": (["audit", "--older-than", "-1"], "0 or more"),
    "audit of two things": (["audit", "x.trig", "--endpoint", "http://localhost:1/"], "exclude each other"),
    "audit of no address": (["audit", "--endpoint", "localhost"], "not an http(s) address"),
    "audit as a picture": (["audit", "--format", "svg"], "svg"),
    "trace of nothing known": (["trace", "nsaidd"], "nsaid"),
    "trace of many": (["trace", "quetsion"], "question"),
    "trace in another form": (["trace", "NSAID", "--format", "html"], "html"),
    "trace into no folder": (["trace", "NSAID", "-o", "no/such/x.svg"], "cannot write"),
    "replay of a missing file": (["replay", "nowhere.ttl"], "cannot be read"),
    "save into no folder": (["therapies", "example:age-only", "--save", "no/such/x.ttl"], "cannot write"),
    "save in another form": (["therapies", "example:age-only", "--save", "x.json"], "End the file's name in .ttl"),
    "nanopub of nothing": (["export", "nanopub"], "name one statement, or --all"),
    "nanopub of a document": (["export", "nanopub", "ggd:bmj-2025"], "is no statement"),
    "nanopubs without a folder": (["export", "nanopub", "--all"], "needs a folder"),
    "nanopub after nothing": (["export", "nanopub", "--all", "-o", "x", "--previous", "nowhere"], "no such folder"),
    "nanopub signed by nobody": (["export", "nanopub", "BMJ-R1", "--sign", "x.pem"], "belong together"),
    "nanopub signed without key": (
        ["export", "nanopub", "BMJ-R1", "--sign", "x.pem", "--signer", "https://orcid.org/0"],
        "key cannot be used",
    ),
    "unknown query": (["query", "frist-line"], "first-line"),
    "query parameter missing": (["query", "contraindicated-with"], "not filled"),
    "query parameter unknown": (["query", "first-line", "--param", "x=1"], "has no parameter"),
    "query parameter misspelt": (["query", "contraindicated-with", "--param", "drgu=ibuprofen"], "drug"),
    "query parameter twice": (["query", "contraindicated-with", "--param", "drug=a", "--param", "drug=b"], "twice"),
    "query parameter without value": (["query", "contraindicated-with", "--param", "drug"], "name=value"),
    "query term unknown": (["query", "contraindicated-with", "--param", "drug=aspirn"], "aspirin"),
    "query file missing": (["query", "nowhere.rq"], "cannot be read"),
    "turtle of rows": (["query", "first-line", "--format", "turtle"], "no turtle form"),
    "endpoint that is no address": (["query", "first-line", "--endpoint", "ftp://x"], "http"),
    "endpoint that is not there": (
        ["query", "first-line", "--endpoint", "http://127.0.0.1:9/sparql"],
        "did not answer",
    ),
    "nothing to validate": (["validate"], "Missing argument"),
    "validate a missing file": (["validate", "nowhere.ttl"], "nowhere.ttl"),
    "verify a missing file": (["verify-document", "nowhere.txt"], "cannot be read"),
    "template over nothing": (["profile", "new", "no/such/p.yaml"], "cannot write"),
}

QUERIES = {
    "no query": ("", "no SELECT"),
    "syntax": ("SELECT ?s WHERE { ?s ?p }", "cannot be parsed"),
    "unknown prefix": ("SELECT ?s WHERE { ?s nope:x ?o }", "cannot be parsed"),
    "service": ("SELECT * WHERE { SERVICE <http://example.org/sparql> { ?s ?p ?o } }", "--allow-remote"),
    "silent service": ("SELECT * { service silent <http://example.org/> { ?s ?p ?o } }", "--allow-remote"),
    "remote graph": ("SELECT * FROM <http://example.org/g> WHERE { ?s ?p ?o }", "--allow-remote"),
    "remote named graph": (
        "SELECT * FROM NAMED <file:///etc/passwd> WHERE { GRAPH ?g { ?s ?p ?o } }",
        "--allow-remote",
    ),
    "load": ("LOAD <http://example.org/g>", "update"),
    "insert": ("INSERT DATA { <urn:a> <urn:b> <urn:c> }", "update"),
    "delete": ("PREFIX x: <urn:x> DELETE WHERE { ?s ?p ?o }", "update"),
    "drop": ("DROP ALL", "update"),
    "nested": ("SELECT * WHERE " + "{" * 3000 + "}" * 3000, "nested too deeply"),
    "too long": ("SELECT * WHERE { ?s ?p ?o } #" + "x" * 300_000, "too long"),
    "ungrouped": ("SELECT ?s (COUNT(*) AS ?n) WHERE { ?s ?p ?o }", "cannot be parsed"),
}


def refused(result: CompletedProcess[str], told: str) -> None:
    assert result.returncode == 2, result.stderr
    assert told.lower() in result.stderr.lower()
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("name", WRONG)
def test_wrong_use_is_told_in_a_line_with_exit_code_2(cli: Run, tmp_path: Path, name: str) -> None:
    arguments, told = WRONG[name]
    refused(cli(*arguments, cwd=tmp_path), told)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", QUERIES)
def test_a_wrong_query_is_refused(cli: Run, tmp_path: Path, name: str) -> None:
    text, told = QUERIES[name]
    refused(cli("query", "-", stdin=text, cwd=tmp_path), told)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("who=ggd:bmj-2025", "BMJ 2025"),
        ("when=2025-11-17", "Dr.Oracle article"),
        ("kind=https://w3id.org/guidegraph/vocab/Article", "Dr.Oracle article"),
    ],
)
def test_any_variable_of_a_query_without_header_may_be_given(cli: Run, given: str, found: str) -> None:
    text = (
        "SELECT ?label WHERE { ?who a gg:Document ; rdfs:label ?label ; dcterms:issued ?when ; gg:documentKind ?kind }"
    )
    result = cli("query", "-", "--param", given, "--format", "csv", stdin=text)
    assert result.returncode == 0, result.stderr
    assert found in result.stdout
    refused(cli("query", "-", "--param", "nobody=1", stdin=text), "no parameter 'nobody'")


def test_the_words_of_a_string_are_no_keywords(cli: Run) -> None:
    done = cli("query", "-", stdin='SELECT ("SERVICE <http://x> LOAD" AS ?x) WHERE { } # SERVICE')
    assert done.returncode == 0 and "SERVICE" in done.stdout


GRAPHS = {
    "empty": ("empty.ttl", ""),
    "syntax": ("bad.ttl", "<urn:a> <urn:b>"),
    "binary": ("binary.ttl", "\x00\x01\x02"),
    "unknown ending": ("x.doc", "x"),
    "document type": ("bomb.rdf", '<!DOCTYPE rdf [ <!ENTITY a "x"> ]><rdf/>'),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_a_malformed_graph_is_refused(cli: Run, tmp_path: Path, name: str) -> None:
    file, text = GRAPHS[name]
    (tmp_path / file).write_text(text)
    refused(cli("validate", file, cwd=tmp_path), file)


def schema(repo_root: Path, name: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((repo_root / "src/guidegraph/schema" / f"{name}.schema.json").read_text()))


@pytest.mark.slow
@pytest.mark.parametrize(
    "example",
    [
        "cauda-equina-week-1",
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("chronic-failed-care", "age-only", "bleeding-ulcer", "complete-record")
        ),
    ],
)
def test_json_fits_its_published_schema(cli: Run, repo_root: Path, example: str) -> None:
    done = cli("therapies", f"example:{example}", "--full", "--format", "json", "--as-of", "2026-11-24")
    assert done.returncode == 0, done.stderr
    schema(repo_root, "therapies").validate(json.loads(done.stdout))
    timeline = cli("timeline", f"example:{example}", "--format", "json")
    schema(repo_root, "timeline").validate(json.loads(timeline.stdout))
    for therapy in ("ibuprofen", "epidural steroid injection", "emergency spinal surgery"):
        told = cli("explain", f"example:{example}", therapy, "--format", "json")
        schema(repo_root, "explain").validate(json.loads(told.stdout))


@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    [
        ["disagreements", "--include-apparent"],
        ["disagreements", "--profile", "example:chronic-failed-care", "--policy", "recency"],
        ["compare", "bmj-2025", "nice-ng59"],
        ["matrix", "--at-least", "1"],
        ["changes", "--from", "2020-01-01", "--to", "2025-12-31"],
    ],
    ids=lambda line: line[0],
)
def test_disagreements_fit_their_published_schemas(cli: Run, repo_root: Path, line: list[str]) -> None:
    done = cli(*line, "--format", "json")
    assert done.returncode == 0, done.stderr
    schema(repo_root, line[0]).validate(json.loads(done.stdout))
    again = cli(*line, "--format", "json")
    assert again.stdout == done.stdout
    # A first screen has 100 columns (tests/cli/test_screens.py).
    told = cli(*line, *(["--full"] if line[0] in ("disagreements", "compare") else []))
    # An address cannot be broken.
    lines = [text for text in told.stdout.splitlines() if "http" not in text]
    assert told.returncode == 0 and max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    "command",
    [
        "therapies",
        "explain",
        "ask",
        "timeline",
        "validate",
        "check",
        "query",
        "queries",
        "verify-document",
        "profile new",
    ],
)
def test_every_command_has_help_with_an_example(cli: Run, command: str) -> None:
    done = cli(*command.split(), "--help")
    assert done.returncode == 0
    assert "Example: guidegraph" in done.stdout


def test_a_profile_from_standard_input(cli: Run) -> None:
    done = cli("therapies", "-", stdin="age: 40\nconditions: [sciatica]\n")
    assert done.returncode == 0 and "ASK NEXT" in done.stdout


@pytest.mark.slow
def test_the_template_can_be_filled_in_and_asked(cli: Run, tmp_path: Path) -> None:
    assert cli("profile", "new", "p.yaml", cwd=tmp_path).returncode == 0
    assert cli("therapies", "p.yaml", cwd=tmp_path).returncode == 0
    refused(cli("profile", "new", "p.yaml", cwd=tmp_path), "exists")


@pytest.mark.slow
def test_alerts_come_first_in_every_form(cli: Run) -> None:
    for form in ("table", "markdown", "html"):
        text = cli("therapies", "example:cauda-equina-week-1", "--format", form).stdout
        assert text.index("Cauda equina syndrome") < text.index("immediate evaluation")
    data = json.loads(cli("therapies", "example:cauda-equina-week-1", "--full", "--format", "json").stdout)
    assert list(data).index("alerts") < list(data).index("therapies")


@pytest.mark.slow
def test_a_reader_that_goes_away_is_no_error(repo_root: Path) -> None:
    import subprocess
    import sys

    line = f"{sys.executable} -m guidegraph therapies example:chronic-failed-care | head -1"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=60, check=False)
    assert "Traceback" not in done.stderr and "Error" not in done.stderr


@pytest.mark.slow
def test_a_picture_is_written_whole(cli: Run, tmp_path: Path) -> None:
    done = cli("timeline", "example:acute-uncomplicated", "-o", "x.svg", cwd=tmp_path)
    assert done.returncode == 0
    assert (tmp_path / "x.svg").read_text().endswith("</svg>\n")
    assert [p.name for p in tmp_path.iterdir()] == ["x.svg"]


def test_shell_completion_is_there(cli: Run) -> None:
    assert "guidegraph" in cli("--show-completion", "bash").stdout or cli("--help").stdout.count("completion")


@pytest.mark.slow
def test_check_passes_and_names_the_windows(cli: Run) -> None:
    done = cli("check", "--format", "json")
    assert done.returncode == 0, done.stdout[:500]
    found: Any = json.loads(done.stdout)["findings"]
    named = {row["node"].rpartition("/")[2] for row in found if row["kind"] == "internal-inconsistency"}
    assert {"manipulation", "exercise"} <= named
    assert not [row for row in found if row["severity"] == "error"]


@pytest.mark.slow
def test_a_command_imports_what_it_shows_and_no_more() -> None:
    """Other commands and views and the readers of codes take a tenth of the time of one."""
    line = (
        "import sys; from guidegraph.cli import main; sys.argv = ['guidegraph', 'therapies', 'example:age-only']\n"
        "try: main()\nexcept SystemExit as end: assert not end.code\n"
        "print(*(m for m in sys.modules if m.startswith('guidegraph.') or m == 'importlib.metadata'), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True, timeout=120)
    loaded = set(done.stderr.split())
    assert {m for m in loaded if m.startswith("guidegraph.cli.")} == {
        f"guidegraph.cli.{m}" for m in ("app", "common", "options", "patient")
    }
    needless = {
        "guidegraph.comparisons",
        "guidegraph.query.catalogue",
        "importlib.metadata",
    }
    needless |= {f"guidegraph.render.{m}" for m in ("disagreement", "html", "markdown", "matrix", "svg")}
    assert not loaded & needless
    assert not [
        m
        for m in loaded
        if m.startswith(("guidegraph.terminologies", "guidegraph.intake", "guidegraph.remote", "guidegraph.validate"))
    ]
