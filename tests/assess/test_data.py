"""The data of an answer: everything once, every reference leads somewhere, and nothing of the answer is lost uncounted."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from typer.testing import CliRunner

from guidegraph.assess.data import VERSION
from guidegraph.cli.app import app
from tests.conftest import AS_OF
from tests.support import generate
from tests.support.paths import ASKED, ASKED_NAMES
from tests.support.statuses import SCHEMAS

SCHEMA = json.loads((SCHEMAS / "data.schema.json").read_text(encoding="utf-8"))
MAPS = {
    "for": "statements",
    "against": "statements",
    "other_stances": "statements",
    "in_general": "statements",
    "limits": "statements",
    "both_apply": "statements",
    "against_but_for_coverage": "statements",
    "ended": "statements",
    "contraindications": "contraindications",
    "stated_elsewhere": "contraindications",
    "evidence": "evidence",
    "comparisons": "comparisons",
}
#: Bytes for each therapy and each statement, document and question of an answer, beside what it says of the patient.
EACH, HEAD = 400, 60_000


def restored(row: Any, like: Any) -> Any:
    """A row with what was left out, by a row of the whole answer that has every key."""
    if isinstance(like, dict) and isinstance(row, dict | None):
        return {key: restored((row or {}).get(key), value) for key, value in like.items()}
    empty = row is None or row is False or row in ("", [], {}, "not stated")
    same = like is None or like is False or like in ("", [], {}, "not stated")
    return like if empty and same else row


def check(data: Any, whole: Any, glance: Any) -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(data)
    assert data["version"] == VERSION
    assert list(data["therapies"]) == [row["intervention"] for row in whole["therapies"]]
    placed = {t: band["band"] for band in glance["bands"] for f in band["families"] for t in f["therapies"]}
    used: dict[str, set[str]] = {name: set() for name in {*MAPS.values(), "documents"}}
    for entry in whole["therapies"]:
        lean = data["therapies"][entry["intervention"]]
        assert lean["status"] == entry["status"] and lean.get("band") == placed.get(entry["intervention"])
        left = 0
        for key, name in MAPS.items():
            rows = [row for row in entry[key] if row.get("truth") != "false" and "band" in lean]
            assert lean.get(key, []) == [row["id"] for row in rows], (entry["label"], key)
            left += 0 if key in ("evidence", "comparisons") else len(entry[key]) - len(rows)
            for row in rows:
                used[name].add(row["id"])
                held = data[name][row["id"]]
                named = [held.get("document"), *held.get("reports", ()), *held.get("reported_by", ())]
                used["documents"].update(filter(None, named))
                assert row.get("through") == lean.get("through", {}).get(row["id"])
                kept = {
                    k: v for k, v in row.items() if k not in ("id", "through", "document", "reports", "reported_by")
                }
                assert restored({k: held.get(k) for k in kept}, kept) == kept
                # A rule of coverage is carried by the recommendations of each therapy.
                assert held.get("document") == (None if row["id"].startswith("gg:") else row["document"]["id"])
                if "document" in held:
                    day = {key: held[key] for key in ("issued", "issued_precision") if key in held}
                    told = {**data["documents"][held["document"]], "id": held["document"], **day}
                    assert restored({key: told.get(key) for key in row["document"]}, row["document"]) == row["document"]
        assert lean.get("left_out", 0) == left, entry["label"]
        asked = [data["questions"][key]["label"] if key in data["questions"] else key for key in lean.get("open", [])]
        if "band" in lean:
            assert bool(asked) == bool(entry["establish"])
    for name, ids in used.items():
        assert ids == set(data[name]), name
        assert list(data[name]) == sorted(data[name])
    assert [q["label"] for q in data["questions"].values()] == [q["label"] for q in whole["questions"]]
    assert set(data["ask_next"]) <= set(data["questions"])
    assert [(b["band"], len(b["families"])) for b in data["bands"]] == [
        (b["band"], len(b["families"])) for b in glance["bands"]
    ]


@pytest.mark.parametrize("name", ASKED_NAMES)
def test_everything_once_and_nothing_lost(ask: Any, name: str) -> None:
    path, problem = ASKED[ASKED_NAMES.index(name)]
    answer = ask(path, problem=problem)
    data = answer.data()
    check(data, answer.to_dict(), answer.glance())
    things = len(data["therapies"]) + sum(len(data[name]) for name in {*MAPS.values(), "documents", "questions"})
    text = answer.json()
    assert json.loads(text) == data
    assert len(text.encode()) <= HEAD + EACH * things
    assert len(text) * 5 < len(json.dumps(answer.to_dict(), ensure_ascii=False, indent=2))


@pytest.mark.parametrize("seed", [3, 11])
def test_for_generated_patients(kb: Any, seed: int) -> None:
    for at in range(6):
        answer = kb.therapies(generate.profile(kb, 100 * seed + at), as_of=AS_OF)
        check(answer.data(), answer.to_dict(), answer.glance())


def test_what_is_given_away_may_be_changed(kb: Any) -> None:
    answer = kb.therapies("example:age-only", as_of=AS_OF)
    before = answer.json()
    data = answer.data()
    data["alerts"].clear()
    next(iter(data["therapies"].values()))["status"] = "changed"
    assert answer.json() == before


def test_the_command_prints_it_and_full_the_whole() -> None:
    lean, whole, glance = (
        json.loads(CliRunner().invoke(app, ["therapies", "example:age-only", "-f", "json", *more]).stdout)
        for more in ([], ["--full"], ["--glance"])
    )
    assert lean["version"] == VERSION and isinstance(lean["therapies"], dict)
    assert isinstance(whole["therapies"], list) and "therapies" not in glance
