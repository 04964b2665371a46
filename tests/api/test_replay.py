"""Saved answers: the same on another copy, and whatever changed is named."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from guidegraph import api
from guidegraph.render.reports import replay_text
from tests.support.forked import commands

Run = Callable[..., CompletedProcess[str]]
DAY = ("--as-of", "2026-11-24")


@pytest.fixture(scope="module")
def saved(kb: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("saved") / "answer.ttl"
    path.write_text(kb.therapies("example:chronic-failed-care", as_of=date(2026, 11, 24)).saved(), encoding="utf-8")
    return path


@pytest.fixture
def copy(repo_root: Path, tmp_path: Path) -> Path:
    """A second copy of the knowledge, elsewhere."""
    for name in ("ontology", "graph"):
        shutil.copytree(repo_root / name, tmp_path / "copy" / name)
    return tmp_path / "copy"


def replayed(copy: Path, saved: Path, repo_root: Path) -> dict[str, Any]:
    data = api.open_knowledge(copy).replay(saved)
    schema = json.loads((repo_root / "src/guidegraph/schema/replay.schema.json").read_text())
    Draft202012Validator(schema).validate(json.loads(json.dumps(data)))
    return data


def change(copy: Path, file: str, old: str, new: str) -> None:
    path = copy / file
    text = path.read_text(encoding="utf-8")
    assert text.count(old) >= 1
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.slow
def test_the_same_bytes_whatever_the_surroundings(tmp_path: Path) -> None:
    names = ("chronic-failed-care", "cauda-equina-week-1")
    texts: dict[str, set[bytes]] = {name: set() for name in names}
    surroundings = (
        {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C"},
        {"PYTHONHASHSEED": "77", "TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8"},
    )
    for around in surroundings:
        paths = {name: tmp_path / f"{name}.ttl" for name in names}
        for path in paths.values():
            path.unlink(missing_ok=True)
        lines = [("therapies", f"example:{name}", *DAY, "--save", str(path)) for name, path in paths.items()]
        assert {code for code, _ in commands(lines, **around)} == {0}
        for name, path in paths.items():
            texts[name].add(path.read_bytes())
    assert all(len(written) == 1 for written in texts.values())
    lines = [("replay", str(tmp_path / f"{name}.ttl")) for name in names]
    for code, told in commands(lines, TZ="America/Lima", PYTHONHASHSEED="3"):
        assert code == 0 and told.startswith("same:")


@pytest.mark.slow
def test_a_second_clone_says_same(saved: Path, repo_root: Path, tmp_path: Path) -> None:
    """Another checkout, with its own queries and code, in another place, language and zone."""
    clone = tmp_path / "clone"
    for name in ("ontology", "graph", "queries", "shapes", "src"):
        shutil.copytree(repo_root / name, clone / name)
    line = "from guidegraph import assets, api; print(assets.root()); print(api.open_knowledge().replay(__import__('sys').argv[1])['same'])"
    done = subprocess.run(
        [sys.executable, "-c", line, str(saved)],
        env={
            **os.environ,
            "PYTHONPATH": str(clone / "src"),
            "TZ": "Pacific/Apia",
            "LC_ALL": "C",
            "PYTHONHASHSEED": "5",
        },
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        timeout=120,
    )
    assert done.stdout.split() == [str(clone), "True"]


@pytest.mark.slow
def test_the_order_of_triples_does_not_matter(copy: Path, saved: Path, repo_root: Path) -> None:
    assert replayed(copy, saved, repo_root)["same"]
    path = copy / "graph/documents/valat-2010.trig"
    path.rename(copy / "graph/documents/0-first.trig")
    assert replayed(copy, saved, repo_root)["same"]


@pytest.mark.slow
def test_one_changed_triple_is_named_with_the_statuses_that_move(copy: Path, saved: Path, repo_root: Path) -> None:
    change(
        copy,
        "graph/documents/bmj-2025.trig",
        "gg:intervention ggt:DorsalRootGanglionRadiofrequency ; gg:stance gg:Against",
        "gg:intervention ggt:DorsalRootGanglionRadiofrequency ; gg:stance gg:For",
    )
    data = replayed(copy, saved, repo_root)
    assert not data["same"] and not data["same_answer"]
    assert [(row["node"], row["how"]) for row in data["nodes"]] == [("statement/bmj-2025/BMJ-R2", "changed")]
    assert {row["input"] for row in data["inputs"]} == {"graph", "graph ggg:bmj-2025"}
    moved = {row["label"]: (row["saved"], row["now"]) for row in data["statuses"]}
    assert moved["dorsal root ganglion radiofrequency"][0] == "advised-against"


@pytest.mark.slow
def test_a_change_inside_a_population_is_named(copy: Path, saved: Path, repo_root: Path) -> None:
    change(copy, "graph/documents/bmj-2025.trig", "xsd:minInclusive 13.0", "xsd:minInclusive 14.0")
    data = replayed(copy, saved, repo_root)
    assert len(data["nodes"]) == 1 and data["nodes"][0]["node"].startswith("ggp:Bmj2025")


@pytest.mark.slow
def test_a_new_and_a_lost_node_are_told_apart(copy: Path, saved: Path, repo_root: Path) -> None:
    change(
        copy,
        "graph/documents/valat-2010.trig",
        "ggd:valat-2010 a gg:Document ;",
        'ggd:valat-2010 gg:note "x" . ggd:other a gg:Document ;',
    )
    rows = {(row["node"], row["how"]) for row in replayed(copy, saved, repo_root)["nodes"]}
    assert rows == {("ggd:valat-2010", "changed"), ("ggd:other", "new")}
    (copy / "graph/documents/valat-2010.trig").unlink()
    data = replayed(copy, saved, repo_root)
    assert ("graph ggg:valat-2010", None) in {(row["input"], row["now"]) for row in data["inputs"]}
    assert [row["how"] for row in data["nodes"]] == ["gone"]


def test_a_changed_query_is_named(kb: Any, saved: Path, tmp_path: Path) -> None:
    text = saved.read_text()
    digest = next(s["digest"] for s in kb.knowledge.query_digests() if s["name"] == "assess/50-status")
    assert digest in text
    old = tmp_path / "old.ttl"
    old.write_text(text.replace(digest, "sha256:" + "0" * 64))
    data = kb.replay(old)
    assert not data["same"] and data["same_answer"] and data["statuses"] == []
    assert [row["input"] for row in data["inputs"]] == ["query assess/50-status"]


@pytest.mark.slow
def test_a_profile_that_was_not_understood_comes_back(kb: Any, tmp_path: Path) -> None:
    profile = kb.profile(
        {"conditions": {"present": ["sciatica"]}, "medications": {"present": ["ibuprofen"], "complete": True}}
    )
    odd = replace(profile, not_understood=(("https://w3id.org/guidegraph/vocab/takesMedication", "green pills"),))
    path = tmp_path / "odd.ttl"
    path.write_text(kb.therapies(odd, as_of=date(2026, 11, 24)).saved())
    assert kb.replay(path)["same"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("gga:answerDigest", "gga:anotherDigest", "no saved answer"),
        ("ggt:LumbosacralRadicularSyndrome", "ggt:Nothing", "not understood any more"),
        ('"2026-11-24"^^xsd:date', '"yesterday"', "no day"),
        ("gga:usedGraph", "gga:usedGraph <", "not well-formed"),
    ],
)
def test_a_damaged_file_is_refused(cli: Run, saved: Path, tmp_path: Path, old: str, new: str, told: str) -> None:
    text = saved.read_text()
    if old not in text:
        old, new = "ggt:Sciatica", "ggt:Nothing"
    assert old in text
    path = tmp_path / "damaged.ttl"
    path.write_text(text.replace(old, new, 1))
    done = cli("replay", str(path))
    assert done.returncode == 2 and told in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("pattern", "new"),
    [
        (r'gga:status "[a-z-]+"', 'gga:status "undecided"'),
        (r'gga:answerDigest "sha256:.', 'gga:answerDigest "sha256:x'),
        (r'gga:jurisdiction ""', 'gga:jurisdiction "GB"'),
        (r"gg:symptomWeeks [0-9.]+", "gg:symptomWeeks 1.0"),
        (r'gga:asOf "2026-11-24"', 'gga:asOf "2025-11-24"'),
        (r'gga:profileLabel "', 'gga:profileLabel "Not '),
    ],
)
def test_an_altered_file_never_says_same(kb: Any, saved: Path, tmp_path: Path, pattern: str, new: str) -> None:
    text, count = re.subn(pattern, new, saved.read_text(encoding="utf-8"), count=1)
    assert count == 1
    path = tmp_path / "altered.ttl"
    path.write_text(text, encoding="utf-8")
    data = kb.replay(path)
    assert data["altered"] and not data["same"]
    assert "the file was altered" in replay_text(data)


@pytest.mark.slow
def test_a_changed_status_in_the_file_is_named(cli: Run, saved: Path, tmp_path: Path) -> None:
    text = re.sub(r'gga:status "[a-z-]+"', 'gga:status "undecided"', saved.read_text(encoding="utf-8"), count=1)
    (tmp_path / "altered.ttl").write_text(text, encoding="utf-8")
    done = cli("replay", str(tmp_path / "altered.ttl"))
    assert done.returncode == 1 and "undecided ->" in done.stdout


@pytest.mark.slow
def test_every_answer_says_what_it_was_made_from(kb: Any) -> None:
    day, patient = date(2026, 11, 24), "example:chronic-failed-care"
    therapies = kb.therapies(patient, as_of=day).to_dict()
    answers = {
        "explain": kb.explain(patient, "ibuprofen", as_of=day),
        "timeline": kb.timeline(patient, as_of=day),
        "disagreements": kb.disagreements(profile=patient, as_of=day, intervention="ibuprofen"),
        "compare": kb.compare("bmj-2025", "nice-ng59", as_of=day),
        "matrix": kb.matrix(as_of=day),
        "changes": kb.changes(day, day),
    }
    for name, answer in answers.items():
        made = answer["made_from"]
        assert made["knowledge"] == therapies["knowledge"], name
        assert made["queries"] == therapies["queries"] and made["software"] == therapies["software"], name
        wanted = therapies["profile"]["digest"] if name in ("explain", "timeline", "disagreements") else None
        assert made["profile"] == wanted, name
