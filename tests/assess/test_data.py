"""The data of an answer: everything once, every reference leads somewhere, and nothing of the answer is lost uncounted."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from typer.testing import CliRunner

import guidegraph as gg
from guidegraph.cli.app import app
from guidegraph.tables import VERSION
from tests.conftest import AS_OF
from tests.support import generate
from tests.support.domaingolden import CASES, title
from tests.support.paths import ASKED, ASKED_NAMES
from tests.support.statuses import SCHEMAS

#: The forms of an answer's data, as it is written and as its tables are read.
WRITTEN, READ = (
    jsonschema.Draft202012Validator(json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8")))
    for name in ("data", "unfolded")
)
VOICES = ("for", "against", "other_stances", "in_general", "limits", "both_apply", "against_but_for_coverage", "ended")
WARNINGS = ("contraindications", "stated_elsewhere")
#: Where a therapy refers to rows, and of which table.
ROLES = {
    **dict.fromkeys(VOICES, "statements"),
    **dict.fromkeys(WARNINGS, "contraindications"),
    "evidence": "evidence",
    "comparisons": "comparisons",
}
OWN = ("label", "coded", "category", "status", "alert_signs_only", "called_for", "line", "boundary", "marks", "tried")
STANCES = {"for": "for", "against": "not for", "no-recommendation": "no recommendation in"}
STANCES["insufficient-evidence"] = "evidence insufficient in"
#: Bytes for each row of an answer, beside what it says of the patient; and at most of a shipped example.
EACH, HEAD, MOST = 200, 20_000, 150_000


def restored(row: Any, like: Any) -> Any:
    """A row with what was left out, by a row of the whole answer that has every key."""
    if isinstance(like, dict) and isinstance(row, dict | None):
        return {key: restored((row or {}).get(key), value) for key, value in like.items()}
    empty = row in (None, False, 0, "", [], {}, "not stated")
    same = like in (None, False, 0, "", [], {}, "not stated", "none stated")
    return like if empty and same else row


#: What is referred to.
NAMED = ("statements", "comparisons", "contraindications", "evidence", "documents", "unasked", "disagreements")


class Reader:
    """A program that reads the data by what the schema says, and gives each row as the whole answer has it."""

    def __init__(self, data: Any) -> None:
        self.data = data
        self.used: dict[str, set[Any]] = {name: set() for name in NAMED}

    def entries(self, therapy: Any, role: str) -> list[tuple[str, Any]]:
        name = ROLES[role]
        self.used[name].update(therapy.get(role, []))
        return [(told, self.data[name][told]) for told in therapy.get(role, [])]

    def document(self, name: str) -> dict[str, Any]:
        self.used["documents"].add(name)
        made = {"verification": "verified", **self.data["documents"][name], "id": f"ggd:{name}"}
        if day := made.get("issued"):
            made["issued_precision"] = {4: "year", 7: "month", 10: "day"}[len(day)]
        return made

    def carrier(self, row: Any) -> dict[str, Any]:
        made = self.document(row["document"])
        if day := row.get("issued"):
            made |= {"issued": day, "issued_precision": {4: "year", 7: "month", 10: "day"}[len(day)]}
        return made

    def label(self, row: Any, whom: Any) -> str:
        """The label of a statement that tells none: made of what it and its population call it."""
        own = self.data["therapies"].get(row["intervention"], {}).get("label", "")
        named = row.get("named") or own[:1].upper() + own[1:]
        assert named and whom
        return f"{named}, {STANCES[row['stance']]} {whom.get('called', whom.get('label', ''))}"

    def row(self, told: str, row: Any) -> dict[str, Any]:
        """What is said of a row as the whole answer says it, so far as it is said."""
        made = {**row, "id": told if ":" in told else f"statement/{told}"}
        if "document" in row:
            made["document"] = self.carrier(row)
            made.setdefault("jurisdiction", made["document"].get("jurisdiction", []))
        made.setdefault("truth", "unknown")
        made["degree_stated"] = not row.get("degree_unstated", False)
        for own, wording in (("strength", "strength_wording"), ("kind", "kind_wording")):
            made.setdefault(wording, made.get(own, "none stated"))
        if "stance" in row:
            whom = self.data["populations"][row["population"]] if "population" in row else {}
            made |= {"population": whom.get("label", ""), "population_wording": whom.get("wording", "")}
            made["label"] = row.get("label") or self.label(row, whom)
        if "side" in row:
            made["benefit_or_harm"] = row["side"]
        for key in ("reports", "reported_by"):
            made[key] = [self.document(name) for name in row.get(key, [])]
        return made


def same(reader: Reader, told: list[tuple[str, Any]], rows: Any) -> None:
    """The entries that a therapy refers to are the rows of the whole answer that hold or may, in their order."""
    made = [reader.row(*one) for one in told]
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


def check(written: Any, whole: Any, glance: Any) -> None:
    WRITTEN.validate(written)
    assert written["version"] == VERSION
    data: Any = gg.unfold(json.loads(json.dumps(written)))
    READ.validate(data)
    assert list(data["therapies"]) == [row["intervention"] for row in whole["therapies"]]
    placed = {t: band["band"] for band in glance["bands"] for f in band["families"] for t in f["therapies"]}
    reader = Reader(data)
    for entry in whole["therapies"]:
        therapy(reader, data["therapies"][entry["intervention"]], entry, placed.get(entry["intervention"]))
    urgent(reader, data, whole)
    for name, ids in reader.used.items():
        assert ids == set(range(len(data[name])) if name == "disagreements" else data[name]), name
    addresses = {row["id"]: row["addresses"] for row in whole["sources"]}
    for name, row in data["documents"].items():
        assert row.get("addresses", []) == addresses.get(f"ggd:{name}", row.get("addresses", []))
    asked(data, whole, glance)
    banded(data, glance)
    for key in set(data) & set(whole) - {"knowledge", "therapies", "questions", "alerts", "flags"}:
        assert data[key] == whole[key], key


def therapy(reader: Reader, lean: Any, entry: Any, band: str | None) -> None:
    """A therapy is what the whole answer says of it, but for what does not hold, which is counted."""
    data = reader.data
    said = [row for key in (*VOICES, *WARNINGS) for row in entry[key]]
    assert (lean["label"], lean["category"], lean["status"]) == (entry["label"], entry["category"], entry["status"])
    assert lean.get("band") == band
    if band is None:
        assert lean.get("left_out", 0) == len(said) and not set(lean) & {*ROLES, "open"}
        return
    own = {key: entry[key] for key in OWN}
    assert restored({key: lean.get(key) for key in OWN}, own) == own
    for key in ROLES:
        same(reader, reader.entries(lean, key), [row for row in entry[key] if row.get("truth") != "false"])
    assert lean.get("left_out", 0) == sum(row["truth"] == "false" for row in said), entry["label"]
    parts = {row["id"]: row["through"] for row in said if row["through"] and row["truth"] != "false"}
    through = [*lean.get("through", {}).items(), *lean.get("warned_through", {}).items()]
    told = {name: part for part, names in through for name in names}
    assert {name if ":" in name else f"statement/{name}": part for name, part in told.items()} == parts
    assert lean.get("members", []) == [row["intervention"] for row in entry["members"]]
    pairs = [data["disagreements"][at] for at in lean.get("disagreements", [])]
    reader.used["disagreements"].update(lean.get("disagreements", []))
    assert [{**pair, "a": f"statement/{pair['a']}", "b": f"statement/{pair['b']}"} for pair in pairs] == [
        {key: row[key] for key in ("a", "b", "kind", "overlap", "verdict")} for row in entry["disagreements"]
    ]
    assert {pair[end] for pair in pairs for end in "ab"} <= set(data["statements"])
    opened = [data["questions"][at]["label"] for at in lean.get("open", [])]
    besides = [data["unasked"][at] for at in lean.get("open_unasked", [])]
    reader.used["unasked"].update(besides)
    alerts = {row["label"]: {sign["label"] for sign in row["signs"]} for row in data["alerts"] if "signs" in row}
    facts = {fact["label"] for fact in entry["establish"]}
    assert set(besides) <= facts and all(label in facts or alerts[label] & facts for label in opened)
    assert facts <= {*besides, *opened}.union(*(alerts.get(label, set()) for label in opened))


def urgent(reader: Reader, data: Any, whole: Any) -> None:
    for row, told in zip(whole["alerts"], data["alerts"], strict=True):
        kept = {key: row[key] for key in ("label", "truth", "attended", "signs", "calls_for", "locator")}
        assert restored({key: told.get(key) for key in kept}, kept) == kept
        assert told.get("facts", [sign["label"] for sign in told.get("signs", [])]) == row["facts"]
    for row, told in zip([*whole["alerts"], *whole["flags"]], [*data["alerts"], *data["flags"]], strict=True):
        assert (f"statement/{told['id']}", told["label"]) == (row["id"], row["label"])
        for name, document in zip(told["documents"], row["documents"], strict=True):
            made = {**reader.document(name), **({"issued": told["issued"]} if "issued" in told else {})}
            assert (made["id"], made.get("issued", "not stated")) == (document["id"], document["issued"])


def asked(data: Any, whole: Any, glance: Any) -> None:
    signs = {row["id"]: row.get("signs", []) for row in data["alerts"]}
    for row, told in zip(whole["questions"], data["questions"], strict=True):
        made = {**told, "fact": f"statement/{told['fact']}", "signs": signs[told["fact"]]} if row["alert"] else told
        named = [sign["label"] for sign in row["signs"]]
        assert named == [sign["label"] for sign in made.get("signs", []) if sign["label"] in named]
        kept = {key: value for key, value in row.items() if key != "signs"}
        assert restored({key: made.get(key) for key in kept}, kept) == kept
    assert [data["questions"][at]["label"] for at in data["ask_next"]] == [q["label"] for q in glance["ask_next"]]


def banded(data: Any, glance: Any) -> None:
    """Bands and families are those of the glance, read back from therapies and statements."""
    assert data["bands"] == [{"band": band["band"], "heading": band["heading"]} for band in glance["bands"]]
    families = [(band, family) for band in glance["bands"] for family in band["families"]]
    for family, (band, like) in zip(data["families"], families, strict=True):
        assert family["band"] == band["band"]
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
    document = data["documents"][row["document"]]
    return {
        "short": row.get("short", document.get("short")),
        "stance": row["stance"],
        "strength": row.get("strength", "none stated"),
        "standing": row["standing"],
        "review": document.get("review", "not stated"),
    }


@pytest.mark.parametrize("name", ASKED_NAMES)
def test_everything_once_and_nothing_lost(ask: Any, name: str) -> None:
    path, problem = ASKED[ASKED_NAMES.index(name)]
    answer = ask(path, problem=problem)
    data = answer.data()
    check(data, answer.to_dict(), answer.glance())
    rows = sum(len(table["rows"]) for table in data.values() if isinstance(table, dict) and "rows" in table)
    text = answer.json()
    assert json.loads(text) == data
    assert len(text.encode()) <= min(HEAD + EACH * rows, MOST)
    assert len(text) * 8 < len(json.dumps(answer.to_dict(), ensure_ascii=False, indent=2))


@pytest.mark.parametrize(("loaded", "name", "problem"), CASES, ids=[title(name, problem) for _, name, problem in CASES])
def test_in_another_domain(opened: Any, loaded: tuple[str, ...], name: str, problem: str | None) -> None:
    answer = opened(*loaded).therapies(f"example:{name}", problem=problem, as_of=AS_OF)
    check(answer.data(), answer.to_dict(), answer.glance())
    assert len(answer.json().encode()) <= MOST


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
    data["therapies"]["rows"][0][3] = "changed"
    data["questions"]["words"]["decides"].append("changed")
    assert answer.json() == before


def test_the_command_prints_it_and_full_the_whole() -> None:
    lean, whole, glance = (
        json.loads(CliRunner().invoke(app, ["therapies", "example:age-only", "-f", "json", *more]).stdout)
        for more in ([], ["--full"], ["--glance"])
    )
    assert lean["version"] == VERSION and lean["therapies"]["columns"]
    assert isinstance(whole["therapies"], list) and "therapies" not in glance
