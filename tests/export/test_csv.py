"""Exports in CSV: a row for every recommendation, which other tools read and none takes for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidegraph import namespaces as ns
from guidegraph.export import csvform, owl
from tests.conftest import AS_OF
from tests.support.axioms import headless

Run = Callable[..., CompletedProcess[str]]


@pytest.fixture(scope="module")
def rows(kb: Any) -> list[dict[str, object]]:
    return csvform.table(kb.records, kb.knowledge.phrases, kb.disagreement.grader.forms, AS_OF)


def test_every_recommendation_is_a_row(kb: Any, rows: list[dict[str, object]]) -> None:
    assert len(rows) == len(kb.recommendations())
    read = list(csv.DictReader(io.StringIO(csvform.to_csv(rows), newline="")))
    assert [r["id"] for r in read] == [r["id"] for r in rows]
    row = next(r for r in read if r["id"] == "statement/acp-2017/ACP17-A-HEAT")
    assert (row["in_effect"], row["begins"], row["ends"]) == ("false", "2017-02-14", "2022-02-14")
    assert row["intervention"] == "ggt:SuperficialHeat" and row["strength_wording"] == row["strength"] == "strong"
    assert row["population_owl"].startswith("(gg:hasCondition some ggt:LowBackPain) and ")


def test_what_is_in_effect_depends_on_the_day(kb: Any) -> None:
    def standing(day: date) -> set[str]:
        found = csvform.table(kb.records, kb.knowledge.phrases, kb.disagreement.grader.forms, day)
        return {str(r["id"]) for r in found if r["in_effect"] is True}

    early, middle, late = standing(date(1990, 1, 1)), standing(date(2018, 6, 1)), standing(AS_OF)
    assert "statement/acp-2017/ACP17-A-HEAT" in middle - late and len(early) < len(middle)


def test_the_bytes_are_rfc_4180(cli: Run, tmp_path: Path) -> None:
    out = tmp_path / "r.csv"
    assert cli("export", "csv", "-o", str(out), "--as-of", "2026-11-24").returncode == 0
    content = out.read_bytes()
    assert content.endswith(b"\r\n") and not content.startswith(b"\xef\xbb\xbf")
    read = list(csv.reader(io.StringIO(content.decode(), newline=""), strict=True))
    assert {len(row) for row in read} == {len(csvform.COLUMNS)}
    assert cli("export", "csv", "--as-of", "2026-11-24").stdout.splitlines()[0] == ",".join(
        c.name for c in csvform.COLUMNS
    )
    assert sorted(p.name for p in tmp_path.iterdir()) == ["r.csv", "r.csv-metadata.json"]


@pytest.mark.slow
def test_manchester_syntax_is_read_by_another_tool(rows: list[dict[str, object]], whole: list[ox.Triple]) -> None:
    """Each population in Manchester syntax is a class expression that horned-owl reads."""
    reader = pytest.importorskip("pyhornedowl")
    names = "".join(f"Prefix: {p}: <{iri}>\n" for p, iri in ns.PREFIXES.items())
    kinds = {
        "ObjectProperty": "ObjectProperty",
        "DataProperty": "DataProperty",
        "Class": "Class",
        "NamedIndividual": "Individual",
    }
    frames = "".join(
        f"{kinds[a[1][0]]}: <{a[1][1]}>\n"
        for a in owl.axioms(headless(whole))
        if a[0] == "Declaration" and a[1][0] in kinds
    )
    texts = sorted({str(r["population_owl"]) for r in rows})
    assert len(texts) > 30
    tests = "".join(f"Class: <https://example.org/p{i}>\n    EquivalentTo: {text}\n" for i, text in enumerate(texts))
    read = reader.open_ontology_from_string(f"{names}Ontology: <https://example.org/o>\n{frames}{tests}", "omn")
    found = [c for c in read.get_components() if type(c.component).__name__ == "EquivalentClasses"]
    assert len(found) == len(texts)


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "\ufeff=1", "＝1", "'=1"]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_is_a_formula(text: str) -> None:
    assert csvform.safe(text) == "'" + text


@pytest.mark.parametrize("text", ["", "a=1", "1", "not stated", "(gg:x some y)", '"=1"'])
def test_other_cells_stay_as_they_are(text: str) -> None:
    assert csvform.safe(text) == text


@given(st.text(max_size=6))
def test_the_apostrophe_can_be_taken_off_again(text: str) -> None:
    written = csvform.safe(text)
    assert (written[1:] if written.startswith("'") else written) == text


@pytest.mark.slow
def test_a_hostile_label_of_one_s_own_knowledge_is_made_harmless(cli: Run, repo_root: Path, tmp_path: Path) -> None:
    import shutil

    for folder in ("ontology", "graph"):
        shutil.copytree(repo_root / folder, tmp_path / folder)
    path = tmp_path / "graph/documents/acp-2017.trig"
    text = path.read_text(encoding="utf-8")
    hostile = '=HYPERLINK(\\"http://evil.example\\";\\"x\\")'
    path.write_text(
        text.replace("Superficial heat, for adults with low back pain for under 12 weeks", hostile, 1), encoding="utf-8"
    )
    done = cli("export", "csv", "--knowledge", str(tmp_path))
    assert done.returncode == 0, done.stderr
    cells = [cell for row in csv.reader(io.StringIO(done.stdout)) for cell in row]
    assert any(cell.startswith("'=HYPERLINK") for cell in cells)
    assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for cell in cells)


@pytest.mark.slow
def test_csvw_metadata_describe_the_columns(cli: Run, tmp_path: Path) -> None:
    reader = pytest.importorskip("csvw")
    out = tmp_path / "r.csv"
    assert cli("export", "csv", "-o", str(out), "--as-of", "2026-11-24").returncode == 0
    table = reader.Table.from_file(tmp_path / "r.csv-metadata.json")
    found = list(table)
    assert table.check_primary_key() and len(found) > 150
    assert [c.name for c in table.tableSchema.columns] == [c.name for c in csvform.COLUMNS]
    row = next(r for r in found if r["id"].endswith("ACP17-A-HEAT"))
    assert row["in_effect"] is False and row["indication"] == ["ggt:LowBackPain"] and row["line"] is None


@pytest.mark.parametrize(
    ("options", "told"), [(["-o", "x.txt"], "must end in .csv"), (["--as-of", "yesterday"], "is not a date")]
)
def test_wrong_use_of_csv(cli: Run, options: list[str], told: str, tmp_path: Path) -> None:
    done = cli("export", "csv", *options, cwd=tmp_path)
    assert done.returncode == 2 and told in done.stderr and not list(tmp_path.iterdir())
