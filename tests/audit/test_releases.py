"""What moved between two releases: each change of a graph is told, and the statuses that it moved."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import guidegraph as gg
from guidegraph import render
from tests.conftest import AS_OF
from tests.support.statuses import SCHEMAS


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory, repo_root: Path) -> Path:
    """The shipped knowledge without one document, one term's definition and another document's day of issue."""
    folder = tmp_path_factory.mktemp("earlier")
    for name in ("ontology", "graph"):
        shutil.copytree(repo_root / name, folder / name)
    (folder / "graph/documents/bmj-2025.trig").unlink()
    terms = folder / "ontology/interventions-drugs.ttl"
    text = terms.read_text(encoding="utf-8")
    terms.write_text(
        re.sub(r"(ggt:NSAID a .*?skos:definition )\"[^\"]*\"", r'\1"Otherwise."', text, count=1, flags=re.DOTALL)
    )
    return folder


@pytest.fixture(scope="module")
def opened(earlier: Path) -> gg.KnowledgeBase:
    return gg.open(earlier)


@pytest.fixture(scope="module")
def told(kb: gg.KnowledgeBase, opened: gg.KnowledgeBase) -> Any:
    return kb.versus(opened, as_of=AS_OF)


@pytest.mark.slow
def test_what_was_added_and_changed_is_told(told: Any) -> None:
    moved = {row["id"]: row for row in told["moved"]}
    assert moved["ggd:bmj-2025"]["change"] == "added"
    assert {row["change"] for row in told["moved"] if "bmj-2025" in row["id"]} == {"added"}
    (prop,) = moved["ggt:NSAID"]["properties"]
    assert prop["property"] == "skos:definition" and prop["was"] == ["Otherwise."] and prop["now"] != prop["was"]
    assert moved["ggt:NSAID"]["change"] == "changed" and moved["ggt:NSAID"]["kind"]
    jsonschema.validate(told, json.loads((SCHEMAS / "releases.schema.json").read_text(encoding="utf-8")))


@pytest.mark.slow
def test_a_term_that_is_used_no_more_is_told_with_its_replacement_or_as_vanished(
    kb: gg.KnowledgeBase, tmp_path: Path, repo_root: Path
) -> None:
    for name in ("ontology", "graph"):
        shutil.copytree(repo_root / name, tmp_path / name)
    findings = tmp_path / "ontology/findings.ttl"
    term = 'a owl:Class ; rdfs:subClassOf gg:Finding ; rdfs:label "{0}"@en ; skos:definition "Only here: {0}."@en .'
    old = f"ggt:Lost {term.format('lost')}\nggt:ConfirmedDiscHerniation {term.format('confirmed')}\n"
    findings.write_text(f"{findings.read_text(encoding='utf-8')}\n{old}", encoding="utf-8")
    deprecated = tmp_path / "ontology/deprecated.ttl"
    text = deprecated.read_text(encoding="utf-8")
    deprecated.write_text(
        re.sub(r"ggt:ConfirmedDiscHerniation a .*?@en \.\n", "", text, flags=re.DOTALL), encoding="utf-8"
    )
    told = kb.versus(gg.open(tmp_path), as_of=AS_OF)
    assert [row["id"] for row in told["vanished"]] == ["ggt:Lost"]
    (row,) = told["deprecated"]
    assert (row["id"], row["since"], row["replaced_by"]) == (
        "ggt:ConfirmedDiscHerniation",
        "0.1.0",
        ["ggt:DiscHerniation"],
    )
    jsonschema.validate(told, json.loads((SCHEMAS / "releases.schema.json").read_text(encoding="utf-8")))
    shown = render.releases_text(told)
    assert "Vanished without deprecation (1)" in shown and "* lost (ggt:Lost)" in shown
    assert "In its place: ggt:DiscHerniation" in " ".join(shown.split())


def test_the_statuses_that_moved_are_those_of_two_answers(
    told: Any, kb: gg.KnowledgeBase, opened: gg.KnowledgeBase
) -> None:
    name = "chronic-failed-care"
    old, new = (one.assess(one.profile(f"example:{name}"), AS_OF) for one in (opened, kb))
    rows = {row["intervention"]: row for row in next(p for p in told["patients"] if p["profile"] == name)["therapies"]}
    differ = {t for t in old.statuses.keys() | new.statuses.keys() if old.statuses.get(t) != new.statuses.get(t)}
    assert differ and {new.name(t) for t in differ} == set(rows)
    assert any("bmj-2025" in statement for row in rows.values() for statement in row["by"])


@pytest.mark.slow
def test_backwards_what_was_added_is_removed(told: Any, kb: gg.KnowledgeBase, opened: gg.KnowledgeBase) -> None:
    back = opened.versus(kb, as_of=AS_OF)
    turned = {"added": "removed", "removed": "added", "changed": "changed"}
    assert {(r["id"], turned[r["change"]]) for r in told["moved"]} == {(r["id"], r["change"]) for r in back["moved"]}


@pytest.mark.slow
def test_nothing_moves_between_a_release_and_itself(kb: gg.KnowledgeBase) -> None:
    told = kb.versus(gg.open(), as_of=date(2026, 1, 1))
    assert told["moved"] == [] and not any(patient["therapies"] for patient in told["patients"])
    assert "Nothing moved." in render.releases_text(told)


@pytest.mark.slow
def test_a_patient_that_one_release_cannot_read_is_told(kb: gg.KnowledgeBase, tmp_path: Path, repo_root: Path) -> None:
    shutil.copytree(repo_root / "ontology", tmp_path / "ontology")
    shutil.copytree(repo_root / "graph", tmp_path / "graph")
    terms = tmp_path / "ontology/findings.ttl"
    text = terms.read_text(encoding="utf-8")
    terms.write_text(text.replace("saddle an", "otherwise an"), encoding="utf-8")
    told = kb.versus(gg.open(tmp_path), as_of=AS_OF)
    broken = [patient for patient in told["patients"] if "error" in patient]
    assert broken and all("saddle an" in patient["error"] for patient in broken)
    assert "saddle an" in render.releases_text(told)


@pytest.mark.slow
def test_the_command(cli: Callable[..., Any], earlier: Path, tmp_path: Path) -> None:
    done = cli("changes", "--versus", str(earlier), "--as-of", AS_OF.isoformat())
    assert done.returncode == 0 and "* added: BMJ" in done.stdout and "Example patients touched" in done.stdout
    for wrong, words in (
        (("--versus", str(earlier), "--from", "2024-01-01"), "compares releases"),
        (("--versus", str(tmp_path / "none")), "none"),
        (("--from", "2024-01-01", "--as-of", "2025-01-01"), "belongs to --versus"),
        ((), "no first day"),
    ):
        refused = cli("changes", *wrong)
        assert refused.returncode == 2 and words in refused.stderr and not refused.stdout
