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
from tests.support.domaingolden import CASES, title
from tests.support.paths import ASKED, ASKED_NAMES
from tests.support.statuses import SCHEMAS

SCHEMA = json.loads((SCHEMAS / "data.schema.json").read_text(encoding="utf-8"))
VOICES = ("for", "against", "other_stances", "in_general", "limits", "both_apply", "against_but_for_coverage", "ended")
#: Where a therapy refers to groups, and of what.
GROUPS = {"contraindications": "contraindications", "stated_elsewhere": "contraindications", "evidence": "evidence"}
STANCES = {"for": "for", "against": "not for", "no-recommendation": "no recommendation for"}
STANCES["insufficient-evidence"] = "insufficient evidence for"
#: Bytes for each therapy and each statement, document and question of an answer, beside what it says of the patient;
#: and at most of a shipped example: 150,000 were asked, docs/answers.md says what is above.
EACH, HEAD, MOST = 300, 30_000, 175_000


def restored(row: Any, like: Any) -> Any:
    """A row with what was left out, by a row of the whole answer that has every key."""
    if isinstance(like, dict) and isinstance(row, dict | None):
        return {key: restored((row or {}).get(key), value) for key, value in like.items()}
    empty = row is None or row is False or row in ("", [], {}, "not stated")
    same = like is None or like is False or like in ("", [], {}, "not stated", "none stated")
    return like if empty and same else row


#: What is referred to by its identifier or words.
NAMED = ("statements", "comparisons", "documents", "unasked")


class Reader:
    """A program that reads the data by what the schema says, and gives each row as the whole answer has it."""

    def __init__(self, data: Any) -> None:
        self.data = data
        self.used: dict[str, set[Any]] = {name: set() for name in NAMED}
        self.used["disagreements"] = set()
        self.grouped: dict[str, set[tuple[str, str]]] = {"contraindications": set(), "evidence": set()}

    def voices(self, therapy: Any, role: str, name: str) -> list[tuple[str, Any]]:
        self.used[name].update(therapy.get(role, []))
        return [(told, self.data[name][told]) for told in therapy.get(role, [])]

    def entries(self, therapy: Any, role: str) -> list[tuple[str, Any]]:
        name = GROUPS[role]
        rows = [(group, told, row) for group in therapy.get(role, []) for told, row in self.data[name][group].items()]
        self.grouped[name].update((group, told) for group, told, _ in rows)
        return [(told, row) for _, told, row in rows]

    def document(self, name: str) -> dict[str, Any]:
        self.used["documents"].add(name)
        made = {"verification": "verified", **self.data["documents"][name], "id": f"ggd:{name}"}
        if day := made.get("issued"):
            made["issued_precision"] = {4: "year", 7: "month", 10: "day"}[len(day)]
        return made

    def carrier(self, told: str, row: Any) -> dict[str, Any]:
        made = self.document(row.get("document", told.partition("/")[0]))
        if day := row.get("issued"):
            made |= {"issued": day, "issued_precision": {4: "year", 7: "month", 10: "day"}[len(day)]}
        return made

    def row(self, told: str, row: Any) -> dict[str, Any]:
        """What is said of a row as the whole answer says it, so far as it is said."""
        made = {**row, "id": told if told.startswith("gg:") else f"statement/{told}"}
        if not told.startswith("gg:"):
            made["document"] = self.carrier(told, row)
            made.setdefault("jurisdiction", made["document"].get("jurisdiction", []))
        made.setdefault("truth", "unknown")
        made["degree_stated"] = not row.get("degree_unstated", False)
        for own, wording in (("strength", "strength_wording"), ("kind", "kind_wording")):
            made.setdefault(wording, made.get(own, "none stated"))
        if "stance" in row:
            whom = self.data["populations"].get(row.get("population"), {})
            made |= {"population": whom.get("label", ""), "population_wording": whom.get("wording", "")}
            made.setdefault("standing", made["document"].get("standing"))
            label = self.data["therapies"].get(row["intervention"], {}).get("label", "")
            composed = f"{label[:1].upper()}{label[1:]}, {STANCES[row['stance']]} {made['population']}"
            assert "label" in row or label, told
            made.setdefault("label", composed)
        if "side" in row:
            made["benefit_or_harm"] = row["side"]
        for key in ("reports", "reported_by"):
            made[key] = [self.document(name) for name in row.get(key, [])]
        return made


def same(reader: Reader, told: list[tuple[str, Any]], rows: Any, ordered: bool = True) -> None:
    """The entries that a therapy refers to are the rows of the whole answer that hold or may."""
    made = [reader.row(*one) for one in told]
    if not ordered:
        made, rows = sorted(made, key=lambda row: row["id"]), sorted(rows, key=lambda row: row["id"])
    assert [row["id"] for row in made] == [row["id"] for row in rows]
    for one, row in zip(made, rows, strict=True):
        kept = {key: value for key, value in row.items() if key != "through"}
        if row["id"].startswith("gg:"):
            # A rule of coverage is carried by the recommendations of each therapy.
            del kept["document"]
        held = {key: one.get(key) for key in kept}
        for key in ("document", "reports", "reported_by"):
            if key in kept:
                many = isinstance(kept[key], list)
                pairs = zip(held[key], kept[key], strict=True) if many else [(held[key], kept[key])]
                cut = [{name: document.get(name) for name in like} for document, like in pairs]
                held[key] = cut if many else cut[0]
                if many:
                    assert [restored(a, b) for a, b in zip(cut, kept[key], strict=True)] == kept[key]
                    held[key] = kept[key]
        assert restored(held, kept) == kept, row["id"]


def check(data: Any, whole: Any, glance: Any) -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(data)
    assert data["version"] == VERSION
    assert list(data["therapies"]) == [row["intervention"] for row in whole["therapies"]]
    placed = {t: band["band"] for band in glance["bands"] for f in band["families"] for t in f["therapies"]}
    reader = Reader(data)
    for entry in whole["therapies"]:
        lean = data["therapies"][entry["intervention"]]
        assert lean["status"] == entry["status"] and lean.get("band") == placed.get(entry["intervention"])
        said = [row for key in (*VOICES, "contraindications", "stated_elsewhere") for row in entry[key]]
        if "band" not in lean:
            assert lean.get("left_out", 0) == len(said) and not set(lean) & {*VOICES, *GROUPS, "open"}
            continue
        for key in VOICES:
            rows = [row for row in entry[key] if row["truth"] != "false"]
            same(reader, reader.voices(lean, key, "statements"), rows)
        for key in GROUPS:
            rows = [row for row in entry[key] if row.get("truth") != "false"]
            same(reader, reader.entries(lean, key), rows, ordered=False)
        rows = [row for row in entry["comparisons"] if row["truth"] != "false"]
        same(reader, reader.voices(lean, "comparisons", "comparisons"), rows)
        assert lean.get("left_out", 0) == sum(row["truth"] == "false" for row in said), entry["label"]
        parts = {row["id"]: row["through"] for row in said if row["through"] and row["truth"] != "false"}
        assert {f"statement/{told}": part for told, part in lean.get("through", {}).items()} == parts
        pairs = [data["disagreements"][at] for at in lean.get("disagreements", [])]
        reader.used["disagreements"].update(lean.get("disagreements", []))
        assert [{**pair, "a": f"statement/{pair['a']}", "b": f"statement/{pair['b']}"} for pair in pairs] == [
            {key: row[key] for key in ("a", "b", "kind", "overlap", "verdict")} for row in entry["disagreements"]
        ]
        assert {pair[end] for pair in pairs for end in "ab"} <= set(data["statements"])
        opened = [data["questions"][at]["label"] for at in lean.get("open", [])]
        besides = [data["unasked"][at] for at in lean.get("open_unasked", [])]
        reader.used["unasked"].update(besides)
        alerts = {row["label"]: {sign["label"] for sign in row["signs"]} for row in whole["alerts"]}
        facts = {fact["label"] for fact in entry["establish"]}
        assert set(besides) <= facts and all(label in facts or alerts[label] & facts for label in opened)
        assert facts <= {*besides, *opened}.union(*(alerts.get(label, set()) for label in opened))
    for row, told in zip(whole["alerts"], data["alerts"], strict=True):
        assert [sign["label"] for sign in told.get("signs", [])] == [sign["label"] for sign in row["signs"]]
        assert told.get("facts", [sign["label"] for sign in told.get("signs", [])]) == row["facts"]
        assert (told["truth"], told.get("attended")) == (row["truth"], row["attended"])
    for row, told in zip([*whole["alerts"], *whole["flags"]], [*data["alerts"], *data["flags"]], strict=True):
        assert (f"statement/{told['id']}", told["label"]) == (row["id"], row["label"])
        for name, document in zip(told["documents"], row["documents"], strict=True):
            made = {**reader.document(name), **({"issued": told["issued"]} if "issued" in told else {})}
            assert (made["id"], made.get("issued", "not stated")) == (document["id"], document["issued"])
    assert reader.used.pop("disagreements") == set(range(len(data["disagreements"])))
    for name, ids in reader.used.items():
        assert ids == set(data[name]), name
    for name, pairs in reader.grouped.items():
        assert pairs == {(group, told) for group, rows in data[name].items() for told in rows}
        told = [told for rows in data[name].values() for told in rows]
        assert len(told) == len(set(told)), name
    assert [q["label"] for q in data["questions"]] == [q["label"] for q in whole["questions"]]
    signed = {row["id"] for row in data["alerts"]}
    assert all(q["fact"] in signed for q in data["questions"] if q.get("alert"))
    assert [data["questions"][at]["label"] for at in data["ask_next"]] == [q["label"] for q in glance["ask_next"]]
    banded(data, glance)


def banded(data: Any, glance: Any) -> None:
    """Bands and families are those of the glance, read back from therapies and statements."""
    for told, band in zip(data["bands"], glance["bands"], strict=True):
        assert (told["band"], told["heading"]) == (band["band"], band["heading"])
        for family, like in zip(told["families"], band["families"], strict=True):
            head, *others = (data["therapies"][therapy] for therapy in family["therapies"])
            assert (head["label"], head["status"]) == (like["label"], like["status"])
            assert [row["label"] for row in others] == like["members"]
            assert family.get("within", band["band"]) == like["within"]
            for side in ("voices", "against"):
                named = [voice_of(data, told) for told in family.get(side, [])]
                assert named == [{key: v[key] for key in named[0]} for v in like[side]]
            rest = {key: like[key] for key in ("more_voices", "only_with", "establish", "more_facts", "marks", "notes")}
            assert {key: family.get(key, type(value)()) for key, value in rest.items()} == rest
            assert [{"by": [], **fact} for fact in family.get("facts", [])] == like["facts"]
            assert family.get("in_weeks") == like["in_weeks"]


def voice_of(data: Any, told: str) -> dict[str, str]:
    row = data["statements"][told]
    document = data["documents"][row.get("document", told.partition("/")[0])]
    return {
        "short": row.get("short", document.get("short")),
        "stance": row["stance"],
        "strength": row.get("strength", "none stated"),
        "standing": row.get("standing", document.get("standing")),
        "review": document.get("review", "not stated"),
    }


@pytest.mark.parametrize("name", ASKED_NAMES)
def test_everything_once_and_nothing_lost(ask: Any, name: str) -> None:
    path, problem = ASKED[ASKED_NAMES.index(name)]
    answer = ask(path, problem=problem)
    data = answer.data()
    check(data, answer.to_dict(), answer.glance())
    things = sum(len(data[name]) for name in ("therapies", "statements", "comparisons", "documents", "questions"))
    things += sum(len(rows) for name in ("contraindications", "evidence") for rows in data[name].values())
    text = answer.json()
    assert json.loads(text) == data
    assert len(text.encode()) <= min(HEAD + EACH * things, MOST)
    assert len(text) * 5 < len(json.dumps(answer.to_dict(), ensure_ascii=False, indent=2))


@pytest.mark.parametrize(("loaded", "name", "problem"), CASES, ids=[title(name, problem) for _, name, problem in CASES])
def test_in_another_domain(opened: Any, loaded: tuple[str, ...], name: str, problem: str | None) -> None:
    answer = opened(*loaded).therapies(f"example:{name}", problem=problem, as_of=AS_OF)
    check(answer.data(), answer.to_dict(), answer.glance())


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
