"""More mistakes that authors make: each is told at its cell with what to write, whatever the form of the sheet."""

from __future__ import annotations

from copy import deepcopy
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from guidegraph.authoring.importing import import_sheet
from guidegraph.authoring.workbooks import xlsx_bytes
from guidegraph.errors import UsageError
from guidegraph.knowledge.opened import Knowledge
from tests.authoring.sheets import SMALL, Rows, as_csv, as_xlsx, changed, knowledge, mistakes

__all__ = ["knowledge"]
R, D, C, F = "recommendations", "document", "contraindications", "figures"
WORDS, GRADE = "strength in the document's words", "certainty in the document's words"

#: Section, heading, what is written there, the heading at which it is told, a part of what is told, one of the mend.
TYPED: list[tuple[str, str, Any, str, str, str]] = [
    (R, "population", "low back pain; age >= 1,000", "population", "not a plain number", "Write 1000, or 1.000"),
    (R, "label", "Exercise \x07 for pain", "label", "U+0007 (at character 10)", "Take it out"),
    (R, "label", "Exercise\x0bfor pain", "label", "U+000B", "Take it out"),
    (R, "label", "\ufffdbung", "label", "a character was lost", "UTF-8"),
    (R, "label", "Ãœbung", "label", "another encoding", "Write 'Ü'"),
    (R, "label", "x" * 40_000, "label", "holds 32767", "Shorten"),
    (R, "label", "#N/A", "label", "an error here, #N/A", "value that is meant"),
    (R, "label", "Err:502", "label", "an error here", "value that is meant"),
    (R, "dose", "=SUM(A1:A3)", "dose", "a formula", "Write its value"),
    (R, "line", "99999", "line", "no line of therapy", "1, 2"),
    (R, "line", "1,000", "line", "may set off thousands", "1000"),
    (R, "stance", "no recommendation", "strength", "takes no side", "none stated"),
    (R, "stance", "insufficient evidence", "strength", "takes no side", "none stated"),
    (R, WORDS, "not stated", "strength", "are not stated", "none stated"),
    (R, WORDS, "Conditional recommendation", "strength", "read as strong", "Write conditional"),
    (R, WORDS, "we recommend against", "stance", "it is for", "Write against"),
    (R, GRADE, "very low quality", "certainty", "read as moderate", "Write very low"),
    (R, "rests on", "R1", "rests on", "names itself", "Name another"),
    (R, "restates", "R1", "restates", "names itself", "Name another"),
    (R, "reports", "house-2024", "reports", "its own document", "Name another"),
    (R, "superseded by", "house-2024", "superseded by", "its own document", "Name another"),
    (R, "combined with", "exercise therapy", "combined with", "under 'intervention' too", "one of both"),
    (R, "withdrawn on", "2020-01-01", "withdrawn on", "is before its document", "Correct"),
    (R, "issued", "2020-01-01", "issued", "is before its document", "Correct"),
    (R, "checked by", "Jane Doe", "checked by", "no second reader", "leave it empty"),
    (D, "issued", "May 2024", "issued", "not a date", "Write 2024-05."),
    (D, "issued", "1 May 2024", "issued", "not a date", "Write 2024-05-01."),
    (D, "issued", "2024-5", "issued", "not a date", "Write 2024-05."),
    (D, "issued", "24-05-2024", "issued", "not a date", "Write 2024-05-24."),
    (D, "issued", "202405", "issued", "not a date", "Write 2024-05."),
    (D, "issued", "0024", "issued", "too long ago", "that is meant"),
    (D, "superseded by", "house-2024", "superseded by", "names itself", "Name another"),
    (D, "superseded by", "nhg-2015", "superseded by", "issued 2015", "Name what replaced it"),
    (D, "doi", "10.1002/art.41142.", "doi", "is no DOI", "Write https://doi.org/10.1002/art.41142."),
    (D, "doi", "10.1002/art.41142 (read 2024)", "doi", "is no DOI", "Write https://doi.org/10.1002/art.41142."),
    (D, "doi", "10.1002/art.41142; 10.1002/acr.24131", "doi", "is no DOI", "keep the one"),
    (D, "pmid", "31,908,163", "pmid", "is no PMID", "Write 31908163."),
    (D, "pmid", "319081631234", "pmid", "is no PMID", "12345678"),
    (D, "jurisdiction", "UK", "jurisdiction", "no code of a country", "Write 'GB'"),
    (D, "jurisdiction", "XX", "jurisdiction", "no code of a country", "two letters"),
    (D, "short label", "WHO 2023", "short label", "short label of who-2023", "one of its own"),
    (C, "kind in the document's words", "not stated", "degree stated", "words are not", "Write no"),
    (F, "estimate", "-1,500", "estimate", "may set off thousands", "Write -1500, or -1.500"),
    (F, "estimate", "1,234.5", "estimate", "sets off thousands", "Write 1234.5."),
    (F, "estimate", "1.234,5", "estimate", "sets off thousands", "Write 1234.5."),
    (F, "estimate", "12 345", "estimate", "sets off thousands", "Write 12345."),
    (F, "estimate", "１２", "estimate", "", ""),
    (F, "estimate", "1'234", "estimate", "sets off thousands", "Write 1234."),
    (F, "estimate", "-1.5e0", "estimate", "an exponent", "Write -1.5."),
    (F, "evidence", "R1", "evidence", "holds no figures", "evidence or accuracy"),
    (F, "measure", "risk ratio", "estimate", "A ratio is above 0", "'measure'"),
    ("populations", "definition", "population: adults with lasting pain", "definition", "names itself", "who belongs"),
    ("populations", "id", "Minor", "id", "already", "an id of its own"),
]  # fmt: skip


def as_yaml(path: Path, rows: Rows) -> Path:
    """The sheet as one YAML file."""
    path.write_text(yaml.safe_dump(rows, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return path


@pytest.mark.parametrize(("section", "heading", "value", "at", "what", "mend"), TYPED)
def test_a_mistake_is_told_at_its_cell_with_the_mend(
    section: str, heading: str, value: Any, at: str, what: str, mend: str, tmp_path: Path, knowledge: Knowledge
) -> None:
    rows = changed(section, heading, value)
    # No YAML holds a control character as it stands.
    path = as_yaml(tmp_path / "house.yaml", rows) if value.isprintable() else as_csv(tmp_path / "house", rows)
    found = mistakes(path, knowledge)
    assert any(m.where.endswith(f"{at})") and what in m.what and mend in m.mend for m in found), list(map(str, found))
    assert not any("gg:" in str(m) for m in found)


TERM = {"label": "a knee pain", "kind": "condition", "broader": "low back pain", "definition": "x"}
CODE = {
    "term": "low back pain",
    "match": "exact",
    "code": "ICD10:M54.5",
    "label of the code": "x",
    "release": "not stated",
}
OLD = {
    "label": "old", "term": "sciatica", "number": "age (years)", "at least": "65", "two-way": "no", "wording": "x",
    "source name": "y", "source": "https://example.org/a", "verification": "verified",
    "verified at": "https://example.org/a",
}  # fmt: skip
ROWS: list[tuple[str, list[dict[str, str]], str, str]] = [
    ("terms", [{**TERM, "broader": "a knee pain"}], "broader", "names itself"),
    (
        "terms",
        [{**TERM, "id": "A", "label": "aa", "broader": "bb"}, {**TERM, "id": "B", "label": "bb", "broader": "aa"}],
        "broader",
        "in a circle: A -> B -> A",
    ),
    ("terms", [{**TERM, "broader": "exercise therapy"}], "broader", "of another kind (intervention)"),
    ("terms", [TERM, {**TERM, "id": "Other"}], "label", "a name of AKneePain too"),
    ("terms", [{**TERM, "excludes": "low back pain"}], "excludes", "nobody could have it"),
    ("terms", [{**TERM, "excludes": "a knee pain"}], "excludes", "names itself"),
    ("mappings", [CODE, {**CODE, "term": "sciatica"}], "match", "the exact match of 'low back pain' too"),
    ("mappings", [{**CODE, "code": "SNOMEDCT:279039008"}], "code", "check digit"),
    ("mappings", [{**CODE, "scope": "subtre"}], "scope", "is no scope"),
    ("readings", [{k: v for k, v in OLD.items() if k != "at least"}], "at least", "has no range"),
    ("readings", [{**OLD, "at least": "650"}], "at least", "650 is not plausible"),
    ("readings", [{**OLD, "at least": "-65"}], "at least", "-65 is not plausible"),
    ("readings", [{**OLD, "ours": "yes"}], "because", "has no reason"),
    (
        "publishers",
        [{"label": "NICE", "id": "Nice2", "definition": "x", "source": "https://example.org"}],
        "label",
        "known already",
    ),
    (
        "terms used",
        [{"wording": "w", "term": "sciatica", "because": "x", "excludes": "sciatica"}],
        "excludes",
        "under 'term' too",
    ),
]


@pytest.mark.parametrize(("section", "added", "at", "what"), ROWS)
def test_rows_that_do_not_go_together(
    section: str, added: list[dict[str, str]], at: str, what: str, tmp_path: Path, knowledge: Knowledge
) -> None:
    found = mistakes(as_xlsx(tmp_path / "house.xlsx", {**deepcopy(SMALL), section: added}), knowledge)
    assert any(m.where.endswith(f"({at})") and what in m.what for m in found), list(map(str, found))


def test_a_right_row_of_each_is_none(tmp_path: Path, knowledge: Knowledge) -> None:
    rows = {**deepcopy(SMALL), "terms": [TERM], "mappings": [CODE], "readings": [OLD]}
    assert list(map(str, mistakes(as_csv(tmp_path / "house", rows), knowledge))) == []


@pytest.mark.parametrize(
    ("stance", "at", "what"), [("against", "stance", "another side"), ("for", "label", "another row")]
)
def test_a_row_that_repeats_or_denies_another(
    stance: str, at: str, what: str, tmp_path: Path, knowledge: Knowledge
) -> None:
    rows = deepcopy(SMALL)
    rows[R].append({**rows[R][0], "id": "R3", "stance": stance})
    found = mistakes(as_csv(tmp_path / "house", rows), knowledge)
    assert any(f"{R}!" in m.where and f"4 ({at})" in m.where and what in m.what for m in found), list(map(str, found))


def test_a_later_document_that_was_issued_before(tmp_path: Path, knowledge: Knowledge) -> None:
    rows = deepcopy(SMALL)
    for section in rows.keys() - {D}:
        rows[section] = [{"document": "house-2024", **row} for row in rows[section]]
    other = {"id": "house-2020", "label": "H 2020", "short label": "H 2020", "issued": "2020"}
    rows[D] = [{**rows[D][0], "superseded by": "house-2020"}, {**rows[D][0], **other}]
    found = mistakes(as_csv(tmp_path / "house", rows), knowledge)
    assert any("2 (superseded by)" in m.where and "was issued 2020" in m.what for m in found), list(map(str, found))


@pytest.mark.parametrize("value", [datetime(1900, 1, 1), date(1900, 1, 5)])
def test_an_empty_day_of_a_workbook_is_no_date(value: Any, tmp_path: Path, knowledge: Knowledge) -> None:
    found = mistakes(as_xlsx(tmp_path / "house.xlsx", changed(D, "issued", value)), knowledge)
    assert any("too long ago" in m.what for m in found), list(map(str, found))


def test_rows_above_the_headings_are_told(tmp_path: Path, knowledge: Knowledge) -> None:
    folder = as_csv(tmp_path / "house", SMALL)
    path = folder / f"{R}.csv"
    path.write_text("Our recommendations of 2024\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    [title] = [m for m in mistakes(folder, knowledge) if f"{R}!A1" in m.where]
    assert "stand in row 2" in title.mend


def test_the_first_line_of_a_program_names_its_separator(tmp_path: Path, knowledge: Knowledge) -> None:
    folder = as_csv(tmp_path / "house", SMALL)
    path = folder / "places.csv"
    path.write_text("sep=;\n" + path.read_text(encoding="utf-8").replace(",", ";"), encoding="utf-8")
    assert mistakes(folder, knowledge) == []


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [("recommendations.txt", "id,label\n", "named as a section"), ("terms.csv", "", "the file is empty")],
)
def test_a_file_of_a_folder_that_would_be_passed_over(
    name: str, content: str, what: str, tmp_path: Path, knowledge: Knowledge
) -> None:
    folder = as_csv(tmp_path / "house", SMALL)
    (folder / "README.md").write_text("# Ours\n", encoding="utf-8")
    assert mistakes(folder, knowledge) == []
    (folder / name).write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=what):
        import_sheet(folder, knowledge)


def test_a_workbook_with_the_name_of_another_kind(tmp_path: Path, knowledge: Knowledge) -> None:
    path = as_xlsx(tmp_path / "house.xlsx", SMALL).rename(tmp_path / "house.ods")
    with pytest.raises(UsageError, match=r"one of kind \.xlsx"):
        import_sheet(path, knowledge)


def test_a_text_that_a_workbook_would_cut_off_is_not_written() -> None:
    with pytest.raises(UsageError, match="holds 32767"):
        xlsx_bytes({"document": [{"label": ["x" * 40_000]}]}, {})
