"""Numbers of a patient and shared terms below one's own, as rows of a sheet."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

import guidegraph as gg
from guidegraph import namespaces as ns
from guidegraph.authoring.importing import import_sheet, quads_of, write_import
from guidegraph.authoring.takingterms import take_whole
from guidegraph.authoring.terms import TERMS
from guidegraph.authoring.writing import csv_files
from guidegraph.knowledge.opened import Knowledge
from guidegraph.store import digest_of
from tests.authoring.sheets import SMALL, Rows, as_csv, knowledge, mistakes

__all__ = ["knowledge"]

NUMBER = {
    "label": "kettle score", "key": "kettle_score", "unit": "{score}", "least": "0", "most": "20", "everybody has": "yes",
    "short name": "kettle score", "phrase": "kettle score {range}", "lay label": "how hot the kettle is",
    "definition": "Points of the kettle, from 0 (cold) to 20.",
}  # fmt: skip
TERM = {
    "label": "spout trouble",
    "kind": "condition",
    "definition": "Trouble with a spout.",
    "lay label": "a bad spout",
}
READING = {
    "label": "a hot kettle", "term": "spout trouble", "number": "kettle score", "at least": "12", "two-way": "yes",
    "source name": "House", "source": "https://example.org/hot", "wording": "hot", "verification": "not verified",
}  # fmt: skip


def sheet() -> Rows:
    rows = deepcopy(SMALL)
    rows["recommendations"] = rows["recommendations"][:1]
    rows["recommendations"][0]["population"] = "low back pain; kettle score >= 12; not: spout trouble"
    rows["recommendations"][0].pop("section", None)
    return {
        "document": rows["document"], "recommendations": [{k: v for k, v in rows["recommendations"][0].items() if k != "rests on"}],
        "numbers": [dict(NUMBER)], "terms": [dict(TERM)], "readings": [dict(READING)],
        "bridges": [{"term": "sciatica", "broader": "spout trouble"}],
    }  # fmt: skip


@pytest.mark.slow
def test_a_number_and_a_bridge_count_in_answers_and_come_back(tmp_path: Path, knowledge: Knowledge) -> None:
    folder = tmp_path / "house"
    source = as_csv(tmp_path / "sheet", sheet())
    made = import_sheet(source, knowledge, folder=folder)
    write_import(made, folder)
    (folder / "domain.yaml").write_text("id: house\nlabel: house\ndescription: A house.\n", "utf-8")
    kb = gg.open(domains=["sciatica", folder])
    assert kb.profile({"id": "a", "kettle_score": 12}).values[ns.GG + "kettleScore"] == 12
    # Who has sciatica has what the sheet put it below; who has a number that everybody has and is in no range is outside.
    assert ns.GGT + "SpoutTrouble" in kb.vocabulary.ancestors(ns.GGT + "Sciatica")
    low = kb.therapies({"id": "a", "kettle_score": 3, "conditions": ["low back pain"]}).to_dict()
    assert low["therapies"]
    # Written as a sheet and read again, also beside the first domain alone and a second time into the same folder.
    documents = sorted((folder / "documents").glob("*.trig"))
    table, lacking = take_whole(kb.knowledge, [ns.GGD + "house-2024"], documents, [folder])
    assert lacking == [] and [len(table[n]) for n in ("numbers", "bridges", "readings", "terms")] == [1, 1, 1, 1]
    back = tmp_path / "back"
    back.mkdir()
    for name, text in csv_files(table).items():
        (back / name).write_text(text, "utf-8")
    for known, into in ((knowledge, None), (knowledge, folder), (kb.knowledge, folder), (kb.knowledge, None)):
        again = import_sheet(back, known, folder=into)
        assert digest_of(quads_of(again)) == digest_of(quads_of(made)), (known is knowledge, into)


def test_rows_of_an_earlier_sheet_stay(tmp_path: Path, knowledge: Knowledge) -> None:
    folder = tmp_path / "house"
    first = import_sheet(as_csv(tmp_path / "sheet", sheet()), knowledge, folder=folder)
    write_import(first, folder)
    rows = sheet()
    for name in ("numbers", "bridges", "readings"):
        del rows[name]
    again = import_sheet(as_csv(tmp_path / "again", rows), knowledge, folder=folder)
    assert set(again.files[TERMS].splitlines()) == set(first.files[TERMS].splitlines())
    pruned = import_sheet(
        as_csv(tmp_path / "only", {**rows, "numbers": [NUMBER]}), knowledge, folder=folder, prune=True
    )
    assert "kettleScore" in pruned.files[TERMS] and "Sciatica" not in pruned.files[TERMS]


@pytest.mark.parametrize(
    ("section", "heading", "value", "what", "mend"),
    [
        ("numbers", "key", "Kettle score", "is no key", "small letters"),
        ("numbers", "key", "age", "is that of 'age (years)' (number) already", "call yours otherwise"),
        ("numbers", "short name", "pain score", "is that of 'pain score (0 to 10)' (number) already", ""),
        ("numbers", "label", "low back pain", "is that of 'low back pain' (condition) already", "otherwise"),
        ("numbers", "id", "creatinineClearance", "a term has this id already: 'creatinine clearance'", "take the row away"),
        ("numbers", "phrase", "kettle score", "no one {range}", "Write {range}"),
        ("numbers", "least", "30", "most 20 is not above least 30", "Correct"),
        ("numbers", "most", "many", "is not a number", ""),
        ("numbers", "unit", "", "nothing is written here", "UCUM"),
        ("numbers", "everybody has", "some", "neither yes nor no", "yes or no"),
        ("numbers", "id", "ageYears", "has this id already", "another id"),
        ("bridges", "term", "siatica", "is not a known term", "sciatica"),
        ("bridges", "term", "spout trouble", "has a row of its own", "broader"),
        ("bridges", "term", "", "nothing is written here", "no row"),
        ("bridges", "broader", "exercise therapy", "of the kind intervention", "own kind"),
        ("bridges", "broader", "low back pain ; ibuprofen", "", ""),
        ("readings", "number", "kettle scor", "is no number of a profile", "kettle score"),
    ],
)  # fmt: skip
def test_mistakes_are_told_at_their_cells(
    tmp_path: Path, knowledge: Knowledge, section: str, heading: str, value: Any, what: str, mend: str
) -> None:
    rows = sheet()
    rows[section][0][heading] = value
    found = [
        one
        for one in mistakes(as_csv(tmp_path / "sheet", rows), knowledge)
        if f"({heading})" in str(one.where) or heading == "least"
    ]
    assert any(f"{section}!" in str(one.where) and what in one.what and mend in one.mend for one in found), [
        str(one) for one in mistakes(tmp_path / "sheet", knowledge)
    ]


@pytest.mark.parametrize(
    ("term", "broader", "what"),
    [("ggt:NSAID", "ibuprofen", "lies below the term"), ("ibuprofen", "spout trouble", "of the kind condition")],
)
def test_a_bridge_makes_no_circle_and_crosses_no_kind(
    tmp_path: Path, knowledge: Knowledge, term: str, broader: str, what: str
) -> None:
    rows = sheet()
    rows["bridges"] = [{"term": term, "broader": broader}]
    (told,) = map(str, mistakes(as_csv(tmp_path / "sheet", rows), knowledge))
    assert what in told and "bridges!B2 (broader)" in told
