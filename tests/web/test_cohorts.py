"""The pages of reports on cohorts: served where whoever starts the server names them, and read by everybody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import guidegraph as gg
from guidegraph.api.cohortreport import Change, cohort_report
from guidegraph.cli import app as command
from guidegraph.render import cohort_html, to_json
from tests.cohort.test_report import THEN
from tests.cohort.test_tables import rows
from tests.conftest import AS_OF
from tests.support.browser import OpenPage, serving, sideways, violations

pl = pytest.importorskip("polars")
pytest.importorskip("starlette")


@pytest.fixture(scope="module")
def report(kb: gg.KnowledgeBase, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A report on a few patients, small counts hidden."""
    path = tmp_path_factory.mktemp("cohort") / "patients <b>.csv"
    pl.DataFrame(rows(60, 4), infer_schema_length=None).write_csv(path)
    return cohort_report(kb, path, as_of=THEN, change=Change(None, AS_OF))


@pytest.fixture(scope="module")
def site(kb: gg.KnowledgeBase, report: Any) -> Iterator[str]:
    """The address of a server that shows reports."""
    pytest.importorskip("uvicorn")
    older = {**report, "asked": {**report["asked"], "digest": "sha256:0", "version": "0.0.1"}}
    with serving(kb, {"a b & c": report, "older": older}) as address:
        yield address


@pytest.mark.slow
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (360, True)])
def test_nothing_keeps_anyone_from_reading_a_report(open_page: OpenPage, width: int, dark: bool) -> None:
    page = open_page("/cohorts", width=width, dark=dark)
    assert violations(page) == []
    page.get_by_role("link", name="a b & c", exact=True).click()
    assert page.get_by_role("heading", level=1).inner_text().endswith("patients <b>.csv")
    assert page.get_by_role("img").count() > 10
    assert page.get_by_text("Made by other knowledge").count() == 0
    for details in page.locator("details").all():
        details.evaluate("one => { one.open = true }")
    assert violations(page) == []
    assert sideways(page) == 0


@pytest.mark.slow
def test_on_paper_nothing_is_cut_off(open_page: OpenPage, report: Any) -> None:
    """A sheet of A4 with the margins that browsers have; every folded part is opened there."""
    page = open_page("/cohorts", width=718)
    page.goto("about:blank")
    page.set_content(cohort_html(report))
    page.emulate_media(media="print")
    assert sideways(page) == 0
    broad = page.evaluate("() => [...document.querySelectorAll('table')].map(one => one.getBoundingClientRect().width)")
    assert len(broad) > 5
    # As broad as the sheet, whether folded on a screen or not.
    assert len({round(one) for one in broad}) == 1
    # A sheet is as narrow as a small screen, and yet its tables stay tables.
    shown = page.evaluate("() => [...document.querySelectorAll('tr')].map(one => getComputedStyle(one).display)")
    assert set(shown) == {"table-row"}


@pytest.mark.slow
def test_a_report_of_other_knowledge_says_so(open_page: OpenPage) -> None:
    assert open_page("/cohorts/older").get_by_text("Made by other knowledge (0.0.1)").is_visible()
    assert open_page("/cohorts/nothing", refused=(404,)).get_by_text("No report is called 'nothing'").is_visible()


@pytest.mark.slow
def test_a_program_gets_it_as_it_was(open_page: OpenPage, report: Any) -> None:
    page = open_page("/cohorts/older")
    got = page.request.get(page.url + ".json").json()
    assert {**got, "asked": report["asked"]} == json.loads(to_json(report))


def test_without_reports_there_is_no_such_page(kb: gg.KnowledgeBase) -> None:
    from starlette.testclient import TestClient

    from guidegraph.web.app import application
    from guidegraph.web.served import Served

    client = TestClient(application(Served(kb)), base_url="http://localhost")
    assert client.get("/cohorts").status_code == 404
    assert "/cohorts" not in client.get("/documents").text


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"{", "it is no JSON"),
        (b"[" * 100_000, "it is no JSON"),
        (b"\xff", "not UTF-8"),
        (b"[]", "no report on a cohort"),
        (b'{"source": "a"}', "required property"),
        (None, "therapies/0/statuses"),
    ],
)
def test_what_is_no_report_is_refused_at_its_place(
    tmp_path: Path, report: Any, content: bytes | None, told: str
) -> None:
    path = tmp_path / "report.json"
    if content is None:
        broken = json.loads(to_json(report))
        broken["therapies"][0]["statuses"] = {"eligible": "many"}
        content = json.dumps(broken).encode()
    path.write_bytes(content)
    result = CliRunner().invoke(command.app, ["serve", "--report", str(path), "--port", "1"])
    assert result.exit_code == 2
    assert str(path) in result.stderr and told in result.stderr
    assert "Traceback" not in result.stderr


def test_two_reports_of_one_name_are_refused(tmp_path: Path, report: Any) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "r.json").write_text(to_json(report), encoding="utf-8")
    given = [part for folder in ("a", "b") for part in ("--report", str(tmp_path / folder / "r.json"))]
    result = CliRunner().invoke(command.app, ["serve", *given])
    assert (result.exit_code, "two reports are called 'r'" in result.stderr) == (2, True)
