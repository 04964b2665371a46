"""First screens: short, whole where it matters, and counted where they are not."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import pytest
from typer.testing import CliRunner

from guidegraph import render
from guidegraph.cli.app import app
from guidegraph.render.screen import LINES, WIDTH
from tests.conftest import AS_OF
from tests.support.paths import ASKED, ASKED_NAMES

DAY = ("--as-of", AS_OF.isoformat())
COMMANDS = {
    "ask": ["ask", "example:chronic-failed-care"],
    "disagreements": ["disagreements"],
    "compare": ["compare", "nice-ng59", "acp-2017"],
    "audit": ["audit"],
}


@cache
def run(*arguments: str) -> str:
    """What a command prints, which it does once."""
    result = CliRunner().invoke(app, [*arguments, *DAY])
    assert result.exit_code in (0, 1), result.output
    return str(result.stdout)


def joined(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_it_fits_a_screen_and_full_has_more(name: str) -> None:
    screen, full = run(*COMMANDS[name]), run(*COMMANDS[name], "--full")
    assert len(screen.splitlines()) <= LINES and all(len(line) <= WIDTH for line in screen.splitlines())
    assert "--full" in screen and len(full) > 2 * len(screen)
    page = run(*COMMANDS[name], "--format", "markdown")
    assert page.count("**") >= 2 and len(run(*COMMANDS[name], "--full", "--format", "markdown")) > len(page)
    assert run(*COMMANDS[name], "--format", "json") == run(*COMMANDS[name], "--full", "--format", "json")


@pytest.mark.slow
def test_every_sign_of_an_alert_is_named_and_every_question_counted(ask: Any) -> None:
    for path, problem in ASKED:
        answer = ask(path, problem=problem).to_dict()
        told = joined(render.questions_screen(answer))
        for alert in answer["alerts"]:
            if alert["truth"] == "unknown":
                assert all(sign["label"] in told for sign in alert["signs"] if sign["truth"] == "unknown")
        own = [question for question in answer["questions"] if not question["alert"]]
        assert f"{len(own)} question" in told
        page = joined(render.questions_screen_markdown(answer)).replace("\\", "")
        named = sum(question["label"] in page for question in own)
        left = sum(int(number) for number in re.findall(r", \+(\d+)", page))
        assert named + left >= len(own), path


def test_the_first_question_of_the_screen_is_the_first_of_all(ask: Any) -> None:
    path, problem = ASKED[ASKED_NAMES.index("chronic-failed-care")]
    answer = ask(path, problem=problem).to_dict()
    first = next(question for question in answer["questions"] if not question["alert"])
    row = joined(render.questions_screen(answer)).partition("ASK NEXT ")[2]
    assert row.startswith(f"{first['decides']} (+{first['families'] - 1}): {first['label']}")


@pytest.mark.slow
def test_every_controversy_has_both_sides(kb: Any) -> None:
    data = kb.disagreements(as_of=AS_OF)
    page = render.disagreements_screen_markdown(data).replace("\\", "")
    rows = re.findall(r"^- \d+\. (.*)$", page, re.MULTILINE)
    assert len(rows) == len(data["controversies"]) > 3
    for row, one in zip(rows, data["controversies"], strict=True):
        assert row.lower().startswith(one["title"].lower())
        for side in ("for", "against"):
            assert f"{side} {one['sides'][side][0]['name']}" in row
    assert f"{data['counts']['real']} real" in page


@pytest.mark.slow
def test_the_pairs_are_still_listed_where_they_are_asked_for() -> None:
    assert "REAL" in run("disagreements", "--pairs").upper() and "sources:" in run("disagreements", "--verdict", "real")


def test_every_kind_of_error_is_named_with_its_mend() -> None:
    data = json.loads(run("audit", "--format", "json"))
    page = run("audit", "--format", "markdown").replace("\\", "")
    for severity, count in data["summary"]["counts"].items():
        assert f"{count} {severity}" in page
    for row in data["findings"]:
        assert row["title"] in page
        if row["severity"] == "error":
            assert row["title"] in joined(run("audit")) and row["mend"][1:30] in page


def test_what_only_one_addresses_is_told_by_stance(kb: Any) -> None:
    pair = kb.compare("nice-ng59", "acp-2017", as_of=AS_OF)
    page = render.compare_screen_markdown(pair).replace("\\", "")
    assert all(row["label"] in page for row in (*pair["only_a"], *pair["only_b"], *pair["disagreements"]))
    against = next(row["label"] for row in pair["only_a"] if row["stance"] == "against")
    assert against in page.partition("against: ")[2]
