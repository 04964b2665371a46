"""Mapping tables: valid SSSOM, wide enough, right by the installed packages; and the check that says so."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import guidegraph as gg
from guidegraph.knowledge.mappings import check_mappings, coverage, subjects
from guidegraph.terminologies.model import Report
from guidegraph.terminologies.sources import available
from guidegraph.terminologies.tables import read_rows, read_table, read_terminologies, table_files
from tests.support.optional import needs
from tests.support.paths import ROOT, TESTS

HERE = TESTS / "terminologies/mappings"
FOLDER = ROOT / "ontology/links"
TABLES = table_files(FOLDER)
REGISTRY = read_terminologies(FOLDER)
TARGETS = [
    "atc",
    "chebi",
    "hp",
    "icd10",
    "icd10cm",
    "icd10pcs",
    "icd11",
    "loinc",
    "mesh",
    "mondo",
    "rxnorm",
    "snomedct",
    "ucum",
    "unii",
]


@pytest.fixture(scope="module")
def installed() -> None:
    """Skip where the packages of other terminologies are not installed."""
    missing = {name: why for name, why in available().items() if why}
    needs(not missing, f"packages of other terminologies: {missing}")


def test_each_target_has_its_table() -> None:
    assert [path.name.partition(".")[0] for path in TABLES] == TARGETS
    assert {t.upper() for t in TARGETS} == set(read_terminologies(FOLDER))


@pytest.mark.parametrize("path", TABLES, ids=lambda p: p.name)
def test_tables_are_valid_sssom(path: Path) -> None:
    sssom = pytest.importorskip("sssom_pydantic")
    mappings, _, metadata, *_ = sssom.read(path)
    assert len(mappings) == len(read_table(path, REGISTRY)) == len(read_rows(path, REGISTRY).rows)
    assert str(metadata.id).endswith(path.name) or path.name in str(metadata)


@pytest.mark.slow
def test_tables_are_valid_by_sssom_itself() -> None:
    """sssom brings so many packages that .ci/terminologies gives it an environment of its own."""
    python = Path(sys.prefix) / "sssom/bin/python"
    needs(python.exists(), "sssom is not installed (.ci/terminologies installs it)")
    code = (
        "import sys\n"
        "from sssom.parsers import parse_sssom_table\n"
        "from sssom.validators import validate\n"
        "for name in sys.argv[1:]: validate(parse_sssom_table(name)); print(name)\n"
    )
    paths = [str(path) for path in (*TABLES, FOLDER.parent / "alignment.sssom.tsv")]
    done = subprocess.run([python, "-c", code, *paths], capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0 and done.stdout.split() == paths, done.stderr


@pytest.mark.parametrize("path", TABLES, ids=lambda p: p.name)
def test_tables_are_sorted_and_keep_the_house_prefixes(path: Path) -> None:
    rows = read_rows(path, REGISTRY).rows
    order = ["exact", "narrow", "broad", "close"]
    keys = [(row["subject_id"], order.index(row.predicate), row["object_id"]) for row in rows]
    assert keys == sorted(keys)
    prefix = path.name.partition(".")[0].upper()
    header = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    assert f"#  {prefix}: {read_terminologies(FOLDER)[prefix].iri}" in header
    assert {row.prefix for row in rows} <= {prefix, ""}
    # A judgement that a code means more or resembles is nothing without its reason where no term was found.
    assert all(row["comment"] for row in rows if not row.found or row.predicate == "close")


def test_nine_of_ten_terms_are_in_two_tables(kb: gg.KnowledgeBase) -> None:
    found = {kind["kind"]: kind for kind in coverage(kb.knowledge)["kinds"]}
    for kind in ("condition", "finding", "drug"):
        assert found[kind]["two"] >= 0.9 * found[kind]["terms"], kind
    for kind in ("intervention", "number"):
        assert found[kind]["one"] == found[kind]["terms"], kind
    ours = subjects(kb.knowledge)
    assert {kind: found[kind]["terms"] for kind in found} == {
        kind: sum(s.kind == kind and ("/term/" in iri or kind == "number") for iri, s in ours.items()) for kind in found
    }


def test_no_disjoint_or_different_terms_share_an_exact_code() -> None:
    seen: dict[str, str] = {}
    for path in TABLES:
        for row in read_table(path, REGISTRY):
            if row.predicate == "exact" and row.curie:
                assert seen.setdefault(row.curie, row.subject) == row.subject, row.curie


@pytest.mark.slow
def test_every_shipped_row_is_right_by_the_installed_packages(kb: gg.KnowledgeBase, installed: None) -> None:
    report = check_mappings(kb.knowledge)
    assert not report.findings, [(f.table, f.line, f.rule, f.what) for f in report.findings]
    assert not report.unchecked
    assert report.checked + report.not_found + report.pages == report.rows


@pytest.fixture(scope="module")
def wrong(kb: gg.KnowledgeBase, installed: None) -> Report:
    """The check of the table of wrong rows."""
    return check_mappings(kb.knowledge, [HERE / "wrong.sssom.tsv"])


@pytest.mark.slow
def test_every_wrong_row_is_flagged_by_its_rule(wrong: Report) -> None:
    rows = read_rows(HERE / "wrong.sssom.tsv", REGISTRY).rows
    assert len(rows) >= 30 and len({row["comment"] for row in rows}) >= 10
    flagged: dict[int, set[str]] = {}
    for finding in wrong.findings:
        if not finding.warning:
            flagged.setdefault(finding.line, set()).add(finding.rule)
    for row in rows:
        assert row["comment"] in flagged.get(row.line, set()), (row.line, row["object_id"], flagged.get(row.line))


def test_no_right_neighbour_is_flagged(kb: gg.KnowledgeBase, installed: None) -> None:
    report = check_mappings(kb.knowledge, [HERE / "right.sssom.tsv"])
    assert report.rows >= 30 and report.checked == report.rows
    assert not report.findings, report.findings


def test_a_finding_says_where_and_how_to_mend(wrong: Report) -> None:
    for finding in wrong.findings:
        assert finding.table == "wrong.sssom.tsv" and finding.line > 1
        assert finding.what and finding.mend.endswith(".")
    told = {(f.rule, f.what) for f in wrong.findings}
    assert any(rule == "label" and "which is that of ICD10CM:G83.4" in what for rule, what in told)


def _set(column: str, value: str | Callable[[str], str]) -> Callable[[dict[str, str]], None]:
    return lambda row: row.__setitem__(column, value(row[column]) if callable(value) else value)


def _changed(tmp_path: Path, name: str, change: Callable[[dict[str, str]], None]) -> Path:
    """A copy of a shipped table with its first row of a code changed."""
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    at = next(i for i, line in enumerate(lines) if i and "skos:exactMatch\t" in line and "NoTerm" not in line)
    columns = next(line for line in lines if not line.startswith("#")).split("\t")
    row = dict(zip(columns, lines[at].split("\t"), strict=True))
    change(row)
    lines[at] = "\t".join(row.values())
    path = tmp_path / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda row: row.popitem(), "malformed-row"),
        (_set("subject_id", ""), "malformed-row"),
        (_set("subject_id", "ggt:"), "unknown-subject"),
        (_set("subject_id", "mondo:1"), "unknown-subject"),
        (_set("subject_label", str.upper), "subject-label"),
        (_set("predicate_id", "skos:relatedMatch"), "malformed-row"),
        (_set("object_id", "no curie"), "malformed-row"),
        (_set("object_id", "MONDO:"), "malformed-row"),
        (_set("object_id", "XX:1"), "unknown-prefix"),
        (_set("object_id", "MONDO:9999999"), "no-such-code"),
        (_set("object_label", ""), "malformed-row"),
        (_set("object_label", lambda label: label + "s"), "label"),
        (_set("mapping_date", "yesterday"), "malformed-row"),
        (_set("mapping_date", "2026-13-01"), "malformed-row"),
        (_set("predicate_id", "skos:narrowMatch"), None),
    ],
)
def test_a_changed_row_is_told(
    kb: gg.KnowledgeBase, installed: None, tmp_path: Path, change: Callable[[dict[str, str]], None], rule: str | None
) -> None:
    report = check_mappings(kb.knowledge, [_changed(tmp_path, "mondo.sssom.tsv", change)])
    rules = {finding.rule for finding in report.findings if not finding.warning}
    assert rule in rules if rule else not rules - {"predicate-order", "unrelated-terms"}


def test_a_table_of_a_domain_stands_beside_the_shipped_one_of_its_name(kb: gg.KnowledgeBase, tmp_path: Path) -> None:
    """Only a changed copy takes a shipped table's place: else all that the shipped one maps would count as unmapped."""
    links = tmp_path / "mine" / "links"
    links.mkdir(parents=True)
    path = links / "atc.sssom.tsv"
    [shipped] = [one for one in TABLES if one.name == path.name]
    lines = shipped.read_text(encoding="utf-8").splitlines(keepends=True)
    header = sum(line.startswith("#") for line in lines)
    path.write_text("".join(lines[: header + 2]), encoding="utf-8")
    copy = {finding.rule for finding in check_mappings(kb.knowledge, [path]).findings}
    assert "covering-unmapped" in copy
    (tmp_path / "mine" / "domain.yaml").write_text("id: mine\nlabel: mine\ndescription: mine\n", encoding="utf-8")
    assert not {finding.rule for finding in check_mappings(kb.knowledge, [path]).findings} & {"covering-unmapped"}


def test_an_older_release_is_a_warning(kb: gg.KnowledgeBase, installed: None, tmp_path: Path) -> None:
    path = _changed(tmp_path, "mondo.sssom.tsv", _set("object_source_version", "v2020-01-01"))
    report = check_mappings(kb.knowledge, [path])
    assert [f.rule for f in report.findings] == ["version-drift"] and report.errors == 0


@pytest.mark.slow
def test_command_check_tells_and_fails(cli: Any, installed: None) -> None:
    bad, good = HERE / "wrong.sssom.tsv", HERE / "right.sssom.tsv"
    done = cli("mappings", "check", str(bad))
    assert done.returncode == 1 and "error side-or-encounter" in done.stdout
    assert done.stdout == cli("mappings", "check", str(bad)).stdout
    data = json.loads(cli("mappings", "check", str(good), "--format", "json").stdout)
    assert data["errors"] == 0 and data["rows"] == data["checked"]


def test_rows_of_packages_that_are_not_there_are_counted(kb: gg.KnowledgeBase, monkeypatch: Any) -> None:
    from guidegraph.errors import LinkError
    from guidegraph.knowledge import mappings

    def nothing(name: str) -> Any:
        raise LinkError(f"the package of {name} is not installed", mend="Install it.")

    monkeypatch.setattr(mappings, "source", nothing)
    report = check_mappings(kb.knowledge, [HERE / "right.sssom.tsv"])
    assert sum(report.unchecked.values()) == report.rows and report.checked == 0 and not report.errors
    assert set(report.unchecked) == set(report.reasons)


@pytest.mark.parametrize("text", ["", "#mapping_set_id: x\n", "a\tb\n1\t2\n", "\x00\xff"])
def test_what_is_no_table_is_an_error_in_one_line(cli: Any, tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.sssom.tsv"
    path.write_text(text, encoding="latin-1")
    for name in (path, tmp_path / "absent.tsv"):
        done = cli("mappings", "check", str(name))
        assert done.returncode == 2 and done.stderr.startswith("error: ") and done.stderr.count("\n") == 1


@pytest.mark.slow
def test_command_list(cli: Any, kb: gg.KnowledgeBase) -> None:
    text = cli("mappings").stdout
    assert text == cli("mappings", "list").stdout
    found = json.loads(cli("mappings", "list", "--format", "json").stdout)
    assert found == coverage(kb.knowledge)
    for table in found["tables"]:
        assert re.search(rf"^{table['table']}\s+{table['rows']}\b", text, re.MULTILINE)


def test_codes_of_the_example_profiles_are_read(kb: gg.KnowledgeBase) -> None:
    """What docs/mappings.md says of the example profiles: each fact by each code, in its direction."""
    codes = kb.links.codes
    with (HERE / "profiles.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 20
    for row in rows:
        iri = "https://w3id.org/guidegraph/term/" + row["term"]
        read = codes.read(row["code"])
        above = {iri: {iri, *kb.vocabulary.ancestors(iri)} for iri in read.present}
        if row["stated"] == "present":
            assert any(iri in known for known in above.values()), row
        else:
            assert iri in read.absent or any(a in kb.vocabulary.ancestors(iri) for a in read.absent), row
