"""The forms of a cohort's report: small counts in none of them, and a page that needs nothing else."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from guidegraph.api.cohort import answer_table
from guidegraph.api.cohortreport import Change, cohort_report
from guidegraph.api.schemas import published
from guidegraph.cli.app import app
from guidegraph.cohort.small import UNDER, least, masked, masked_row
from guidegraph.errors import UsageError
from guidegraph.model import STATUSES
from guidegraph.render import cohort_csv, cohort_html, cohort_markdown, to_json
from guidegraph.render.cohortpicture import bar_svg, flow_svg
from tests.cohort.test_report import THEN
from tests.cohort.test_tables import rows
from tests.conftest import AS_OF

pl = pytest.importorskip("polars")

#: What of a report counts statements and therapies, not patients.
NO_PATIENTS = {"statements", "therapies", "unmoved", "hidden", "under", "rounded_to"}
VOID = {"meta", "br", "rect", "path", "circle"}


@pytest.fixture(scope="module")
def patients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of a few patients."""
    path = tmp_path_factory.mktemp("forms") / "patients & more.csv"
    pl.DataFrame(rows(70, 11), infer_schema_length=None).write_csv(path)
    return path


@pytest.fixture(scope="module")
def reports(kb: Any, patients: Path) -> dict[bool, Any]:
    """Its report by whether small counts are shown."""
    change = Change(None, AS_OF)
    return {show: cohort_report(kb, patients, as_of=THEN, change=change, show_small=show) for show in (False, True)}


@pytest.mark.slow
@pytest.mark.parametrize("show", [True, False])
def test_a_report_follows_its_schema(
    kb: Any, patients: Path, reports: dict[bool, Any], tmp_path: Path, show: bool
) -> None:
    import jsonschema_rs

    checked = jsonschema_rs.Draft202012Validator(published()["cohort-report"])
    checked.validate(json.loads(to_json(reports[show])))
    answer_table(kb, patients, tmp_path / "o.parquet", as_of=AS_OF)
    checked.validate(json.loads(to_json(cohort_report(kb, tmp_path / "o.parquet", show_small=show))))
    assert not checked.is_valid({**json.loads(to_json(reports[show])), "more": 1})


def counts(value: Any, name: str = "") -> Iterator[int | None]:
    """The counts of patients in a report."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from counts(one, key)
    elif isinstance(value, list):
        for one in value:
            yield from counts(one, name)
    elif name not in NO_PATIENTS and isinstance(value, int) and not isinstance(value, bool):
        yield value


def test_a_masked_count_tells_nothing_small() -> None:
    assert [masked(number) for number in range(13)] == [0, None, None, None, None, 5, 5, 5, 5, 5, 10, 10, 10]


def test_no_total_gives_a_masked_count_away() -> None:
    """Whatever is told of a row and its total, at least two counts are possible behind each that is masked."""
    behind: dict[tuple[int | None, ...], list[tuple[int, ...]]] = {}
    adjusted = 0
    for row in product(range(5), range(15), range(10), range(10), range(10)):
        if sum(row) >= least(len(row)):
            told = masked_row(dict(zip("abcde", row, strict=True)))
            behind.setdefault((masked(sum(row)), *told.values()), []).append(row)
            adjusted += any(told[name] != masked(count) for name, count in zip("abcde", row, strict=True))
    assert adjusted > 3
    checked = 0
    for told_, rows_ in behind.items():
        # Counts beyond what is tried are possible too behind the others.
        if (told_[2] or 0) < 15 and all((count or 0) < 10 for count in told_[3:]):
            for at, count in enumerate(told_[1:]):
                if count is None:
                    checked += 1
                    assert len({row[at] for row in rows_}) > 1, told_
    assert checked > 50


def test_small_counts_are_masked_in_the_data(reports: dict[bool, Any]) -> None:
    shown, hidden = list(counts(reports[True])), list(counts(reports[False]))
    assert any(count in (1, 2, 3, 4) for count in shown)
    assert all(count % UNDER == 0 for count in hidden)
    assert len(hidden) < len(shown)
    assert reports[True]["small_cells"] is None
    assert reports[False]["small_cells"] == {"under": 5, "rounded_to": 5}


def test_small_counts_are_masked_in_every_form(reports: dict[bool, Any]) -> None:
    columns = {
        "patients",
        "alone",
        "holds up",
        "may contraindicate",
        "both true",
        "may be",
        *(s.replace("-", " ") for s in STATUSES),
    }
    seen = 0
    for text in cohort_csv(reports[False]).values():
        head, *body = csv.reader(io.StringIO(text))
        for row in body:
            for name, cell in zip(head, row, strict=True):
                if name in columns:
                    assert cell == "<5" or int(cell) % 5 == 0, (name, cell)
                    seen += cell == "<5"
                # Counts in sentences stand in brackets, or behind a name.
                for number in re.findall(r"\((\d+)\)", cell) if name == "statements that turned" else ():
                    assert int(number) % 5 == 0
    assert seen > 20
    exact, told = (cohort_markdown(reports[show]) for show in (True, False))
    assert r"\<5" in told
    assert r"\<5" not in exact
    page = cohort_html(reports[False])
    assert "&lt;5" in page
    assert "&lt;5" not in cohort_html(reports[True])
    for label in re.findall(r'aria-label="([^"]+)"', page):
        numbers = [int(n.replace(",", "")) for n in re.findall(r" (\d[\d,]*)(?:[,;]|$)", label)]
        assert all(number % 5 == 0 for number in numbers), label


class Page(HTMLParser):
    """Checks that elements close in their order, and gathers what a page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loads: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loads += [(tag, value or "") for name, value in attrs if name in ("src", "href", "onclick", "onload")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


@pytest.mark.parametrize("show", [False, True])
def test_the_page_needs_nothing_else(reports: dict[bool, Any], show: bool) -> None:
    page = cohort_html(reports[show])
    read = Page()
    read.feed(page)
    read.close()
    assert not read.open
    assert not read.loads
    assert "<script" not in page
    assert "@import" not in page
    assert not re.search(r"url\((?!#)", page)
    assert "patients &amp; more.csv" in page
    for table in ("patients", "therapies", "facts", "controversies", "documents", "moves"):
        assert f'<section id="{table}">' in page
    for row in reports[show]["therapies"]:
        assert f"<span>{row['label']}" in page


@pytest.mark.slow
def test_forms_are_the_same_again(kb: Any, patients: Path, reports: dict[bool, Any]) -> None:
    again = cohort_report(kb, patients, as_of=THEN, change=Change(None, AS_OF))
    assert again == reports[False]
    assert cohort_html(again) == cohort_html(reports[False])
    assert list(cohort_csv(again)) == [
        f"cohort-{name}.csv" for name in ("patients", "therapies", "facts", "controversies", "documents", "moves")
    ]


def test_pictures_of_nothing_and_of_what_is_masked() -> None:
    assert flow_svg([]) == ""
    assert flow_svg([{"was": "eligible", "now": "caution", "count": 0, "hidden": 2}]) == ""
    drawn = flow_svg([{"was": "none", "now": "caution", "count": 10, "hidden": 0}])
    assert "spoken of by nobody to caution 10" in drawn
    bar = bar_svg("a & b", {status: None if status == "eligible" else 0 for status in STATUSES})
    assert "a &amp; b: eligible &lt;5" in bar
    assert 'width="100.00%"' in bar
    whole = bar_svg("a", dict.fromkeys(STATUSES, 10))
    assert sum(
        map(float, re.findall(r'class="status[^"]*" x="[\d.]+%" y="0" width="([\d.]+)%"', whole))
    ) == pytest.approx(100, abs=0.1)


@pytest.mark.slow
def test_the_command(patients: Path, tmp_path: Path) -> None:
    out, tables = tmp_path / "report.html", tmp_path / "tables"
    tables.mkdir()
    asked = ["cohort", "report", str(patients), "--as-of", AS_OF.isoformat()]
    done = CliRunner().invoke(app, [*asked, "-o", str(out), "--tables", str(tables)])
    assert done.exit_code == 0, done.output
    assert out.read_text().startswith("<!doctype html>")
    names = ("controversies", "documents", "facts", "patients", "therapies")
    assert sorted(path.name for path in tables.iterdir()) == [f"cohort-{name}.csv" for name in names]


@pytest.mark.slow
def test_the_command_never_replaces_its_source(patients: Path, tmp_path: Path) -> None:
    source = tmp_path / "cohort-facts.csv"
    source.write_bytes(patients.read_bytes())
    done = CliRunner().invoke(app, ["cohort", "report", str(source), "--tables", str(tmp_path)])
    assert done.exit_code == 2
    assert "would go where the patients are" in " ".join(done.output.split())
    assert source.read_bytes() == patients.read_bytes()
    assert list(tmp_path.iterdir()) == [source]


@pytest.mark.slow
def test_too_few_patients_to_hide_any(kb: Any, tmp_path: Path) -> None:
    path = tmp_path / "few.csv"
    path.write_text("patient,age\na,30\nb,40\n")
    with pytest.raises(UsageError, match="fewer than 40 patients have statuses"):
        cohort_report(kb, path)
    assert cohort_report(kb, path, show_small=True)["patients"]["answered"] == 2


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["-o", "report.txt"], "unknown ending '.txt'"),
        (["--tables", "nowhere"], "there is no such folder"),
        (["--versus", "soon"], "--versus"),
        (["--versus-knowledge", "nowhere"], "nowhere"),
        (["--as-of", "yesterday"], "--as-of"),
    ],
)
def test_wrong_use_of_the_command(
    patients: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["cohort", "report", str(patients), *more])
    assert done.exit_code == 2
    assert said in done.output
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("line", [["-o", "x.parquet/"], ["report", "-o", "x.md/"]])
def test_a_file_is_not_named_as_a_folder(patients: Path, line: list[str]) -> None:
    given = ["cohort", *line[:1], str(patients), *line[1:]] if line[0] == "report" else ["cohort", str(patients), *line]
    result = CliRunner().invoke(app, given)
    assert (result.exit_code, "names a folder" in result.output) == (2, True), result.output
