"""Mistakes that authors make, one a case: each is told at its cell with what to write, and nothing is written."""

from __future__ import annotations

from copy import deepcopy
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from guidegraph.knowledge.opened import Knowledge
from tests.authoring.sheets import SMALL, Rows, as_csv, as_xlsx, changed, headings, knowledge, mistakes

__all__ = ["knowledge"]

#: Section, heading, what is written there, a part of what is told, a part of the mend.
TYPED: list[tuple[str, str, Any, str, str]] = [
    ("recommendations", "intervention", "excercise therapy", "is not a known term", "exercise therapy"),
    ("recommendations", "intervention", "a thing of mine", "is not a known term", "A new one is a row of 'terms'."),
    ("recommendations", "population", "a state of mine; age >= 18", "is not a known term", "A new one is a row of 'terms'."),
    ("recommendations", "population", "low back pain; attacks a year >= 2", "is no known number", "a new one is a row of 'numbers'"),
    ("recommendations", "intervention", "low back pain", "another kind", "intervention"),
    ("recommendations", "intervention", "", "nothing is written here", "recommended"),
    ("recommendations", "indication", "low bak pain", "is not a known term", "low back pain"),
    ("recommendations", "indication", "low back pain ; low back pain", "there twice", "Keep one"),
    ("recommendations", "stance", "in favour", "is not an entry", "for"),
    ("recommendations", "strength", "", "nothing is written here", "strength"),
    ("recommendations", "strength", "stong", "is not an entry", "strong"),
    ("recommendations", "certainty", "modrate", "is not an entry", "moderate"),
    ("recommendations", "population", "adults with lastin pain", "", "adults with lasting pain"),
    ("recommendations", "population", "'low back pain' and not 'low back pain'", "", ""),
    ("recommendations", "population", "'age (years)' some [>= 65] and 'age (years)' some [< 18]", "", ""),
    ("recommendations", "population", "'low back pain' and", "", ""),
    ("recommendations", "line", "first", "is not a whole number", "1"),
    ("recommendations", "line", "0", "not counted from 1", "1, 2"),
    ("recommendations", "implied", "perhaps", "neither yes nor no", "yes or no"),
    ("recommendations", "id", "R 1", "letters, digits", "'r-1'"),
    ("recommendations", "id", "R2", "there twice", "an id of its own"),
    ("recommendations", "place", "loc-9", "no row", "loc-1.2"),
    ("recommendations", "rests on", "E2", "has the id", "E1"),
    ("recommendations", "superseded by", "house-2025", "no document has the id", ""),
    ("recommendations", "verified at", "www.example.org/page", "not an address", "https://www.example.org/page"),
    ("recommendations", "label", "one\ntwo", "more than one line", "Keep one"),
    ("recommendations", "document", "hose-2024", "no row of the section 'document'", "house-2024"),
    ("document", "issued", "30.11.2016", "not a date", "Write 2016-11-30"),
    ("document", "issued", "11/30/2016", "not a date", "Write 2016-11-30"),
    ("document", "issued", "3/4/2016", "not a date", "year, month, day"),
    ("document", "issued", "2016-02-30", "no day of the calendar", "2020-11-30"),
    ("document", "issued", "44165", "not a date", "2020-11-30"),
    ("document", "issued", "", "neither 'issued' nor", "Give one"),
    ("document", "no date stated", "yes", "both 'issued' and", "Keep one"),
    ("document", "withdrawn on", "2019", "is before issued", "Correct"),
    ("document", "encoded on", "2020-01-01", "is before issued", "Correct"),
    ("document", "encoded on", "2026", "no whole day", "year, month and day"),
    ("document", "encoded on", "2999-01-31", "still to come", "on which it was done"),
    ("document", "kind", "guidline", "is not an entry", "guideline"),
    ("document", "publisher", "NICEE", "no publisher", "NICE"),
    ("document", "jurisdiction", "Britain", "no code of a country", "two letters"),
    ("document", "jurisdiction", "gb", "no code of a country", "'GB'"),
    ("document", "doi", "see the journal", "is no DOI", "https://doi.org/10."),
    ("document", "pmid", "PMC123", "is no PMID", "pubmed"),
    ("document", "id", "House 2024", "small letters", "house-2024"),
    ("document", "encoder", "0000-0002-1825-0098", "does not fit", "Look the iD up"),
    ("document", "digest", "abc", "not a digest", "guidegraph locate"),
    ("contraindications", "every patient", "yes", "both 'population' and", "Keep one"),
    ("contraindications", "kind", "contraindicated", "is not an entry", "absolute"),
    ("contraindications", "read from drug", "naproxen", "says why", "read for the class"),
    ("figures", "estimate", "-1,5", "decimal comma", "Write -1.5"),
    ("figures", "estimate", "1.5 points", "is not a number", "Write 1.5 alone"),
    ("figures", "upper bound", "-3", "is below", "Correct"),
    ("figures", "unit", "mg", "is not an entry", ""),
    ("figures", "measure", "mean diference", "is not an entry", "mean difference"),
    ("figures", "evidence", "E7", "has the id", "E1"),
    ("places", "start", "12", "has a start and an end", "Give both"),
    ("populations", "definition", "'low back pain' and 'age (yers)' some [>= 18]", "is not a known term", "Nearest"),
    ("populations", "definition", "'age (years)' some [>= eighteen]", "", ""),
]  # fmt: skip
COLUMNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@pytest.mark.parametrize(("section", "heading", "value", "what", "mend"), TYPED)
def test_a_mistake_is_told_at_its_cell_with_the_mend(
    section: str, heading: str, value: str, what: str, mend: str, tmp_path: Path, knowledge: Knowledge
) -> None:
    rows = changed(section, heading, value)
    found = mistakes(as_csv(tmp_path / "house", rows), knowledge)
    names = headings(rows[section])
    at = f"house, {section}!{COLUMNS[names.index(heading)]}2 ({heading})"
    told = [m for m in found if m.where == at]
    if heading == "id" and value == "R2":
        told = [m for m in found if m.where == at.replace("2 (id)", "3 (id)")]
    if heading == "read from drug":
        told = [m for m in found if "(read for the class because)" in m.where]
    if heading == "start":
        told = [m for m in found if "(end)" in m.where]
    if heading == "withdrawn on" or (heading, value) == ("encoded on", "2020-01-01"):
        assert told, [str(m) for m in found]
    assert told, [str(m) for m in found]
    assert any(what in m.what and mend in m.mend for m in told), [str(m) for m in told]


def test_the_small_sheet_has_no_mistake(tmp_path: Path, knowledge: Knowledge) -> None:
    assert [str(m) for m in mistakes(as_csv(tmp_path / "house", SMALL), knowledge)] == []
    assert [str(m) for m in mistakes(as_xlsx(tmp_path / "house.xlsx", SMALL), knowledge)] == []


#: What a workbook makes of what is typed: section, heading, the value as the workbook holds it, what is told.
HELD: list[tuple[str, str, Any, str]] = [
    ("document", "issued", 44165, "2020-11-30"),
    ("recommendations", "place", datetime(2026, 1, 2), "made a date of it"),
    ("places", "number", date(2026, 1, 2), "made a date of it"),
    ("places", "number", 1.1, "made a number of it"),
    ("recommendations", "label", True, "made yes or no of it"),
    ("document", "issued", datetime(2024, 5, 1, 12, 30), "not a date"),
    ("recommendations", "line", 1.5, "not a whole number"),
    ("recommendations", "dose", "=1+1", "a formula"),
    ("recommendations", "label", "#REF!", "an error here"),
]


@pytest.mark.parametrize(("section", "heading", "value", "what"), HELD)
def test_what_a_workbook_made_of_a_cell_is_told(
    section: str, heading: str, value: Any, what: str, tmp_path: Path, knowledge: Knowledge
) -> None:
    rows = changed(section, heading, value)
    found = mistakes(as_xlsx(tmp_path / "house.xlsx", rows), knowledge)
    at = f"house.xlsx, {section}!{COLUMNS[headings(rows[section]).index(heading)]}2 ({heading})"
    assert any(m.where == at and what in str(m) for m in found), [str(m) for m in found]


@pytest.mark.parametrize("value", [date(2024, 5, 1), 2024, "2024"])
def test_a_date_or_year_of_a_workbook_is_right_in_a_column_of_dates(
    value: Any, tmp_path: Path, knowledge: Knowledge
) -> None:
    assert mistakes(as_xlsx(tmp_path / "house.xlsx", changed("document", "issued", value)), knowledge) == []


def test_several_mistakes_are_told_in_one_run(tmp_path: Path, knowledge: Knowledge) -> None:
    rows = deepcopy(SMALL)
    rows["recommendations"][0]["stance"] = "fro"
    rows["recommendations"][1]["certainty"] = ""
    rows["figures"][0]["estimate"] = "1,5"
    rows["document"][0]["kind"] = "guidline"
    rows["evidence"][0]["outcom"] = "pain"
    found = [m.where.rpartition("(")[2] for m in mistakes(as_csv(tmp_path / "house", rows), knowledge)]
    assert {"stance)", "certainty)", "estimate)", "kind)"} <= set(found)
    assert any("evidence!" in place for place in found)


def with_section(name: str, rows: list[dict[str, Any]]) -> Rows:
    """The small sheet with a section more."""
    return {**deepcopy(SMALL), name: rows}


SHAPES: list[tuple[str, Rows, str, str]] = [
    ("unknown section", with_section("recomendations", [{"id": "R9"}]), "is called 'recomendations'", "recommendations"),
    ("unknown column", changed("recommendations", "certainity", "low"), "no column 'certainity'", ""),
    ("missing column", {**SMALL, "evidence": [{"id": "E1", "label": "Pain"}]}, "'effect' is missing", "Add it"),
    ("no document", {k: v for k, v in SMALL.items() if k != "document"}, "no document", "section 'document'"),
    ("no heading", with_section("alerts", [{"a": "b", "c": "d"}]), "no heading that is known", "Headings are"),
    ("duplicate document", {**SMALL, "document": SMALL["document"] * 2}, "there twice", "Keep one"),
    ("term known", with_section("terms", [{"label": "low back pain", "kind": "condition", "definition": "pain"}]), "has this id already", "take"),
    ("term of no kind", with_section("terms", [{"label": "a thing", "kind": "conditon", "definition": "x"}]), "no kind of term", "condition"),
    ("mark without a reason", with_section("terms", [{"label": "a pain", "kind": "condition", "below": "low back pain", "definition": "x", "one problem": "yes"}]), "the mark has no reason", "'remark'"),
    ("mapped on a day to come", with_section("mappings", [{"term": "low back pain", "match": "exact", "code": "ICD10:M54", "label of the code": "x", "release": "2019", "mapped on": "2999-01-31"}]), "still to come", "was done"),
    ("reading upside down", with_section("readings", [{"label": "old", "term": "low back pain", "number": "age (years)", "at least": "65", "at most": "18", "two-way": "no"}]), "below at least", "Correct"),
    ("mapping without release", with_section("mappings", [{"term": "low back pain", "match": "exact", "code": "ICD10:M54", "label of the code": "x"}]), "the column 'release' is missing", "not stated"),
    ("place of no row", {**changed("recommendations", "place", "p11"), "places": [{"id": "p1", "number": "1.2"}]}, "has no row 'p11'", "p1"),
    ("mapping without prefix", with_section("mappings", [{"term": "low back pain", "match": "exact", "code": "M54", "label of the code": "x", "release": "2019"}]), "no code with a prefix", "MESH"),
    ("mapping elsewhere", with_section("mappings", [{"term": "low back pain", "match": "exact", "code": "ICD01:M54", "label of the code": "x", "release": "2019"}]), "no terminology", "ICD10"),
    ("match unknown", with_section("mappings", [{"term": "low back pain", "match": "exakt", "code": "ICD10:M54", "label of the code": "x", "release": "2019"}]), "no kind of match", "exact"),
]  # fmt: skip


@pytest.mark.parametrize(("case", "rows", "what", "mend"), SHAPES, ids=[case for case, *_ in SHAPES])
def test_sections_columns_and_further_rows(
    case: str, rows: Rows, what: str, mend: str, tmp_path: Path, knowledge: Knowledge
) -> None:
    for path in (as_csv(tmp_path / "house", rows), as_xlsx(tmp_path / "house.xlsx", rows)):
        found = mistakes(path, knowledge)
        assert any(what in m.what and mend in m.mend for m in found), [str(m) for m in found]


def test_an_encoder_must_be_named(tmp_path: Path, knowledge: Knowledge) -> None:
    path = as_csv(tmp_path / "house", changed("document", "encoder", ""))
    [mistake] = mistakes(path, knowledge)
    assert "(encoder)" in mistake.where
    assert "--encoder" in mistake.mend
    assert mistakes(path, knowledge, "Jane Doe") == []
    assert "names nobody" in str(mistakes(path, knowledge, "7")[0])


def test_a_rule_of_the_shapes_is_told_at_its_row(tmp_path: Path, knowledge: Knowledge) -> None:
    # No column says that a verified document names its page: a shape does.
    rows = deepcopy(SMALL)
    del rows["document"][0]["verified at"]
    [mistake] = mistakes(as_csv(tmp_path / "house", rows), knowledge)
    assert mistake.where.startswith("house, document!")
    assert "verified document" in mistake.what
