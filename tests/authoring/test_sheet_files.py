"""Files that are no sheet, or a strange one: told in a sentence, never a traceback, and nothing is written."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from guidegraph import assets
from guidegraph import namespaces as ns
from guidegraph.authoring import spreadsheets
from guidegraph.authoring.importing import import_sheet, write_import
from guidegraph.authoring.sheet import read_sheet
from guidegraph.authoring.workbooks import ods_bytes
from guidegraph.cli.app import app
from guidegraph.errors import UsageError
from guidegraph.knowledge.opened import Knowledge
from guidegraph.terminologies.tables import read_table, read_terminologies
from tests.authoring.sheets import SMALL, as_csv, as_xlsx, changed, knowledge, mistakes

__all__ = ["knowledge"]


def refused(path: Path) -> UsageError:
    with pytest.raises(UsageError) as caught:
        read_sheet(path)
    return caught.value


def test_a_file_that_is_not_there_or_of_another_kind(tmp_path: Path) -> None:
    assert "no such file" in str(refused(tmp_path / "house.xlsx.gone"))
    other = tmp_path / "house.docx"
    other.write_text("x")
    assert ".xlsx, .ods" in str(refused(other))
    single = tmp_path / "recommendations.csv"
    single.write_text("id\nR1\n")
    assert "Name the folder" in str(refused(single))


@pytest.mark.parametrize("ending", [".xlsx", ".ods"])
@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "it is empty"),
        (b"PK\x03\x04 broken", "no workbook, or broken"),
        (b"a,b,c\n", "no workbook, or broken"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "protected by a password, or of the old kind"),
    ],
)
def test_a_broken_or_protected_workbook(ending: str, content: bytes, told: str, tmp_path: Path) -> None:
    path = tmp_path / f"house{ending}"
    path.write_bytes(content)
    assert told in str(refused(path))


@pytest.mark.parametrize("ending", [".xlsx", ".ods"])
def test_a_zip_of_something_else(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"house{ending}"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hello.txt", "hello")
    assert "cannot be read" in str(refused(path))


def test_a_zip_that_unpacks_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheets, "_UNPACKED", 10_000)
    path = tmp_path / "house.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(5):
            archive.writestr(f"xl/{number}.xml", b"\0" * 6_000)
    assert "unpacks to more" in str(refused(path))


def test_an_empty_workbook(tmp_path: Path) -> None:
    assert "holds nothing" in str(refused(as_xlsx(tmp_path / "house.xlsx", {"document": []})))
    (tmp_path / "house").mkdir()
    assert "holds nothing" in str(refused(tmp_path / "house"))
    (tmp_path / "house.ods").write_bytes(ods_bytes({}))
    # A worksheet with headings alone is a section without rows.
    assert read_sheet(tmp_path / "house.ods").of("document") == []


def test_merged_cells_are_told_in_every_workbook(tmp_path: Path, knowledge: Knowledge) -> None:
    from openpyxl import load_workbook

    path = as_xlsx(tmp_path / "house.xlsx", SMALL)
    book = load_workbook(path)
    book["recommendations"].merge_cells("C2:C3")
    book.save(path)
    assert any("C2:C3 are merged" in m.what and "recommendations!C2" in m.where for m in mistakes(path, knowledge))


def test_a_formula_is_told_with_the_value_that_the_workbook_keeps(tmp_path: Path, knowledge: Knowledge) -> None:
    path = as_xlsx(tmp_path / "house.xlsx", changed("recommendations", "dose", "=1+1"))
    [mistake] = mistakes(path, knowledge)
    assert mistake.mend == "Write its value in its place."
    # As a spreadsheet program saves it, with what the formula came to.
    with zipfile.ZipFile(path) as archive:
        files = {info.filename: archive.read(info) for info in archive.infolist()}
    name = next(n for n, content in files.items() if n.startswith("xl/worksheets/") and b"<f>1+1</f>" in content)
    files[name] = (
        files[name]
        .replace(b"<f>1+1</f><v></v>", b"<f>1+1</f><v>2</v>")
        .replace(b"<f>1+1</f><v />", b"<f>1+1</f><v>2</v>")
    )
    with zipfile.ZipFile(path, "w") as archive:
        for each, content in files.items():
            archive.writestr(each, content)
    [mistake] = mistakes(path, knowledge)
    assert "'2'" in mistake.mend


def test_a_hundred_thousand_empty_rows_are_passed_over(tmp_path: Path, knowledge: Knowledge) -> None:
    from openpyxl import load_workbook
    from openpyxl.styles import PatternFill

    path = as_xlsx(tmp_path / "house.xlsx", SMALL)
    book = load_workbook(path)
    sheet = book["recommendations"]
    for row in range(4, 100_000, 97):
        sheet.cell(row, 1).fill = PatternFill("solid", start_color="FFFF00")
    sheet.cell(100_000, 1, "   ")
    book.save(path)
    assert mistakes(path, knowledge) == []


def test_a_row_far_below_is_read_at_its_place(tmp_path: Path, knowledge: Knowledge) -> None:
    from openpyxl import load_workbook

    path = as_xlsx(tmp_path / "house.xlsx", SMALL)
    book = load_workbook(path)
    book["recommendations"].cell(5000, 1, "R9")
    book.save(path)
    assert any("recommendations!B5000 (label)" in m.where for m in mistakes(path, knowledge))


def test_csv_of_other_programs(tmp_path: Path, knowledge: Knowledge) -> None:
    folder = as_csv(tmp_path / "house", SMALL)
    for path in folder.iterdir():
        # With a mark of byte order, semicolons and ends of lines of Windows.
        text = path.read_text(encoding="utf-8")
        lines = [";".join(f'"{cell}"' for cell in _cells(line)) for line in text.splitlines()]
        path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    assert mistakes(folder, knowledge) == []


def _cells(line: str) -> list[str]:
    import csv

    return [cell.replace('"', '""') for cell in next(csv.reader([line]))]


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_csv_in_another_encoding_is_told(encoding: str, tmp_path: Path) -> None:
    folder = as_csv(tmp_path / "house", changed("recommendations", "label", "Übung für den Rücken"))
    path = folder / "recommendations.csv"
    path.write_bytes(path.read_text(encoding="utf-8").encode(encoding))
    told = str(refused(folder))
    assert "recommendations.csv" in told
    assert "UTF-8" in told


def test_csv_with_an_open_quote_is_told_at_its_line(tmp_path: Path) -> None:
    folder = as_csv(tmp_path / "house", SMALL)
    (folder / "evidence.csv").write_text('id,label\nE1,"open\n', encoding="utf-8")
    assert "not CSV" in str(refused(folder))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- a\n- b\n", "not a mapping of sections"),
        ("document: {id: a", "not YAML"),
        ("document:\n  - id: a\n    id: b\n", "there twice"),
        ("document: &x\n  - id: a\nevidence: *x\n", "anchors and aliases"),
        ("document:\n  - [a, b]\n", "a row is a mapping"),
        ("document:\n  - id: {a: b}\n", "a value is text"),
        ("", "the sheet is empty"),
        ("document: !!python/object:os.system x\n", "tags such as"),
    ],
)
def test_yaml_that_is_no_sheet_is_told_with_its_line(text: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "house.yaml"
    path.write_text(text, encoding="utf-8")
    assert told in str(refused(path))


def test_a_mistake_in_yaml_is_told_at_its_line(tmp_path: Path, knowledge: Knowledge) -> None:
    path = tmp_path / "house.yaml"
    path.write_text("evidence:\n  - id: E1\n    label: no quotes\n    certainty: lw\n", encoding="utf-8")
    places = [m.where for m in mistakes(path, knowledge)]
    assert any(place.startswith("house.yaml:") and "(evidence, document)" in place for place in places), places


def test_values_of_yaml_are_texts_whatever_yaml_makes_of_them(tmp_path: Path) -> None:
    path = tmp_path / "house.yaml"
    path.write_text(
        "document:\n  - {id: 0123, label: no, issued: 2024-05-01, title: 1.10, status: ~}\n", encoding="utf-8"
    )
    [row] = read_sheet(path).of("document")
    assert {name: cell.raw.text for name, cell in row.cells.items()} == {
        "id": "0123", "label": "no", "issued": "2024-05-01", "title": "1.10",
    }  # fmt: skip


def test_a_sheet_with_mistakes_writes_nothing(tmp_path: Path) -> None:
    path = as_csv(tmp_path / "house", changed("recommendations", "stance", "fro"))
    run = CliRunner().invoke(app, ["import", str(path), "-o", str(tmp_path / "out")])
    assert run.exit_code == 1
    assert "recommendations!D2 (stance)" in run.output
    assert "1 mistake; nothing was written" in run.output
    assert not (tmp_path / "out").exists()


def test_a_file_that_cannot_be_written_leaves_the_folder_as_it_was(tmp_path: Path, knowledge: Knowledge) -> None:
    path, out = as_csv(tmp_path / "house", SMALL), tmp_path / "out"
    (out / "documents" / "house-2024.trig").mkdir(parents=True)
    before = sorted(p.relative_to(out) for p in out.rglob("*"))
    run = CliRunner().invoke(app, ["import", str(path), "-o", str(out)])
    assert run.exit_code == 2
    assert sorted(p.relative_to(out) for p in out.rglob("*")) == before


def test_an_import_into_a_folder_is_the_same_each_time(tmp_path: Path, knowledge: Knowledge) -> None:
    path = as_csv(tmp_path / "house", SMALL)
    first = import_sheet(path, knowledge, folder=tmp_path / "out").files
    again = import_sheet(as_xlsx(tmp_path / "house.xlsx", SMALL), knowledge, folder=tmp_path / "out").files
    assert first == again


@pytest.mark.slow
def test_a_second_sheet_of_a_folder_uses_the_terms_of_the_first_and_keeps_them(
    tmp_path: Path, knowledge: Knowledge
) -> None:
    terms = [
        {"label": "grey weariness", "kind": "condition", "definition": "Made up.", "excludes": "blue weariness"},
        {"label": "blue weariness", "kind": "condition", "definition": "Made up."},
        {"label": "weariness tea", "kind": "drug", "definition": "Made up.", "parts": "NSAID"},
    ]
    out = tmp_path / "out"
    write_import(import_sheet(as_csv(tmp_path / "first", {**SMALL, "terms": terms}), knowledge, folder=out), out)
    before = (out / "ontology/terms.ttl").read_text(encoding="utf-8")
    second = changed("recommendations", "indication", "Grey Weariness")
    second["recommendations"][0]["population"] = "grey weariness"
    second["recommendations"][1]["intervention"] = "weariness tea"
    second["document"][0]["id"] = "house-2025"
    second["populations"][0]["id"] = "House2025Adults"
    result = import_sheet(as_csv(tmp_path / "second", second), knowledge, folder=out)
    assert "ggt:GreyWeariness" in result.files["documents/house-2025.trig"]
    # Further terms: those of the first sheet stay, with what they contain and exclude.
    second["terms"] = [{"label": "blue weariness", "kind": "condition", "definition": "Made up otherwise."}]
    result = import_sheet(as_csv(tmp_path / "third", second), knowledge, folder=out)
    assert result.kept == 2
    after = result.files["ontology/terms.ttl"]
    assert "Made up otherwise." in after
    assert before.count("owl:complementOf") == after.count("owl:complementOf") == 2
    for line in ("ggt:GreyWeariness a owl:Class", "gg:hasComponent ; owl:someValuesFrom ggt:NSAID"):
        assert line in before
        assert line in after
    assert not (out / "documents/house-2025.trig").exists()
    write_import(result, out)
    assert import_sheet(tmp_path / "third", knowledge, folder=out).files == result.files


def test_mappings_become_tables_that_the_links_reader_takes(tmp_path: Path, knowledge: Knowledge) -> None:
    rows = [
        {
            "term": "low back pain",
            "match": "broad",
            "code": "ICD10:M54",
            "label of the code": "Dorsalgia",
            "release": "2019",
        }
    ]
    # A number has codes too.
    number = {**rows[0], "term": "pain score (0 to 10)", "code": "LOINC:72514-3", "label of the code": "Pain severity"}
    path = as_csv(tmp_path / "house", {**SMALL, "mappings": [*rows, number]})
    out = tmp_path / "out"
    write_import(import_sheet(path, knowledge, folder=out), out)
    links = assets.root() / "ontology" / "links"
    [row] = read_table(out / "links/icd10.sssom.tsv", read_terminologies(links))
    assert (row.subject, row.predicate, row.curie) == (ns.GGT + "LowBackPain", "broad", "ICD10:M54")
    [row] = read_table(out / "links/loinc.sssom.tsv", read_terminologies(links))
    assert (row.subject, row.curie) == (ns.GG + "painScore", "LOINC:72514-3")
    # A further sheet with another term keeps the row, one with the same term replaces it.
    rows = [
        {
            "term": "sciatica",
            "match": "exact",
            "code": "ICD10:M54.3",
            "label of the code": "Sciatica",
            "release": "2019",
        }
    ]
    more = import_sheet(as_csv(tmp_path / "more", {**SMALL, "mappings": rows}), knowledge, folder=out)
    text = more.files["links/icd10.sssom.tsv"]
    assert [line.split("\t")[3] for line in text.splitlines() if line.startswith("ggt:")] == [
        "ICD10:M54",
        "ICD10:M54.3",
    ]


@pytest.mark.parametrize("ending", [".xlsx", ".ods"])
@pytest.mark.parametrize(
    "broken",
    [
        lambda part: part[:-40],
        lambda part: part.replace(b"<", b'<!DOCTYPE x [<!ENTITY a "b">]><', 1),
        lambda part: part.replace(b"</", b"</unknown:", 1),
    ],
    ids=["cut", "entities", "unknown prefix"],
)
def test_a_workbook_of_which_a_part_is_broken_is_refused_whole(
    ending: str, broken: Callable[[bytes], bytes], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"house{ending}"
    if ending == ".xlsx":
        as_xlsx(path, SMALL)
    else:
        path.write_bytes(
            ods_bytes({name: [{h: [v] for h, v in r.items()} for r in rows] for name, rows in SMALL.items()})
        )
    with zipfile.ZipFile(path) as archive:
        files = {info.filename: archive.read(info) for info in archive.infolist()}
    for name in ("styles.xml", "xl/styles.xml"):
        if name in files:
            files[name] = broken(files[name].partition(b"?>")[2] or files[name])
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    assert "styles.xml is broken" in str(refused(path))
    assert capfd.readouterr() == ("", "")


def test_an_id_that_no_address_can_hold_is_told(tmp_path: Path, knowledge: Knowledge) -> None:
    found = mistakes(as_csv(tmp_path / "house", changed("figures", "evidence", "E 1\\x")), knowledge)
    assert any("(evidence)" in m.where and "is no id" in m.what for m in found)
