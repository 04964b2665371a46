"""Documents written as a sheet and read back say the same: every shipped one, in every form, byte for byte again."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest
from rdflib import Dataset
from rdflib.compare import to_canonical_graph

from guidegraph import assets, store
from guidegraph import namespaces as ns
from guidegraph.api import open_knowledge
from guidegraph.authoring import importing
from guidegraph.authoring.columns import KINDS, sections
from guidegraph.authoring.importing import import_sheet, quads_of
from guidegraph.authoring.taking import Table, take
from guidegraph.authoring.workbooks import lists_of, ods_bytes, xlsx_bytes
from guidegraph.authoring.writing import csv_files, yaml_text
from guidegraph.domains import available
from guidegraph.errors import UsageError
from guidegraph.knowledge.opened import Knowledge
from guidegraph.reading import read_quads
from tests.authoring.sheets import knowledge
from tests.support.columns import END, PAGE, START, page

__all__ = ["knowledge"]

FILES = sorted((assets.root() / "graph" / "documents").glob("*.trig"))
#: Documents that together have a row in every section that shipped documents have.
FEW = ("dk-2018", "nice-qs155", "bmjbp-ces", "aan-2025", "davis-naproxen", "cochrane-slr-2010", "acog-2017")


def written(folder: Path, table: Table, form: str, knowledge: Knowledge) -> Path:
    path = folder / f"sheet.{form}"
    if form == "csv":
        path.mkdir()
        for name, text in csv_files(table).items():
            (path / name).write_text(text, encoding="utf-8")
    elif form == "yaml":
        path.write_text(yaml_text(table), encoding="utf-8")
    else:
        path.write_bytes(ods_bytes(table) if form == "ods" else xlsx_bytes(table, lists_of(knowledge)))
    return path


def taken(knowledge: Knowledge, *names: str) -> Table:
    return take(knowledge, [ns.GGD + name for name in names], FILES)


def shipped(*names: str) -> list[ox.Quad]:
    return [quad for name in names for quad in read_quads(assets.root() / "graph" / "documents" / f"{name}.trig")]


@pytest.mark.slow
@pytest.mark.parametrize("form", ["yaml", "csv", "xlsx", "ods"])
def test_documents_come_back_the_same_in_every_form(form: str, tmp_path: Path, knowledge: Knowledge) -> None:
    path = written(tmp_path, taken(knowledge, *FEW), form, knowledge)
    back = import_sheet(path, knowledge)
    assert store.digest_of(quads_of(back)) == store.digest_of(shipped(*FEW))
    assert list(back.files) == [f"documents/{name}.trig" for name in FEW]


@pytest.fixture(scope="module")
def everything() -> Knowledge:
    """All shipped domains, opened once."""
    return open_knowledge(domains=list(available(assets.root()))).knowledge


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_every_shipped_document_comes_back_the_same(
    part: int, tmp_path: Path, everything: Knowledge, monkeypatch: pytest.MonkeyPatch
) -> None:
    # That the shipped documents keep to the shapes is asked elsewhere.
    monkeypatch.setattr(importing, "broken_rules", lambda *given: ())
    files = sorted((assets.root() / "graph").rglob("documents/*.trig"))
    assert len(files) > len(FILES)
    for path in files[part::4]:
        table = take(everything, [ns.GGD + path.stem], [path])
        back = quads_of(import_sheet(written(tmp_path, table, "yaml", everything), everything))
        assert store.digest_of(back) == store.digest_of(read_quads(path)), path.stem


def test_another_library_finds_the_same_graph(tmp_path: Path, knowledge: Knowledge) -> None:
    """By rdflib's own canonical form, which shares nothing with ours."""
    sheet = written(tmp_path, taken(knowledge, "dk-2018"), "yaml", knowledge)
    [text] = import_sheet(sheet, knowledge).files.values()
    graphs = []
    for content in (text, (assets.root() / "graph" / "documents" / "dk-2018.trig").read_text(encoding="utf-8")):
        data = Dataset()
        data.parse(data=content, format="trig")
        [graph] = [graph for graph in data.graphs() if len(graph)]
        graphs.append(set(to_canonical_graph(graph)))
    assert graphs[0] == graphs[1]


@pytest.mark.parametrize("form", ["yaml", "xlsx", "ods"])
def test_the_same_rows_give_the_same_bytes(form: str, tmp_path: Path, knowledge: Knowledge) -> None:
    both = []
    for turn in ("one", "two"):
        (tmp_path / turn).mkdir()
        both.append(written(tmp_path / turn, taken(knowledge, "dk-2025"), form, knowledge).read_bytes())
    assert both[0] == both[1]


def test_what_was_imported_is_exported_and_imported_as_the_same_bytes(tmp_path: Path, knowledge: Knowledge) -> None:
    first = import_sheet(written(tmp_path, taken(knowledge, "dk-2025"), "yaml", knowledge), knowledge).files
    (tmp_path / "documents").mkdir()
    place = tmp_path / "documents" / "dk-2025.trig"
    place.write_text(first["documents/dk-2025.trig"], encoding="utf-8")
    table = take(knowledge, [ns.GGD + "dk-2025"], [place])
    assert import_sheet(written(tmp_path, table, "xlsx", knowledge), knowledge).files == first


def test_what_no_column_takes_is_told_and_not_lost(knowledge: Knowledge, tmp_path: Path) -> None:
    path = assets.root() / "graph" / "documents" / "dk-2025.trig"
    text = path.read_text(encoding="utf-8").replace('gg:shortLabel "', 'gg:horizonOrder 3 ; gg:shortLabel "', 1)
    changed = tmp_path / "dk-2025.trig"
    changed.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="no column for gg:horizonOrder of ggd:dk-2025"):
        take(knowledge, [ns.GGD + "dk-2025"], [changed])


def test_the_workbook_offers_lists_and_explains_its_headings(tmp_path: Path, knowledge: Knowledge) -> None:
    from openpyxl import load_workbook

    book = load_workbook(written(tmp_path, taken(knowledge, "dk-2025"), "xlsx", knowledge))
    assert book.sheetnames[0] == "about"
    assert book["lists"].sheet_state == "hidden"
    sheet = book["recommendations"]
    headings = {cell.value: cell for cell in sheet[1]}
    assert set(headings) == {column.heading for column in sections()["recommendations"].columns}
    for column in sections()["recommendations"].columns:
        assert column.says in headings[column.heading].comment.text
    assert sheet.freeze_panes == "D2"
    ranges = {choice.formula1 for choice in sheet.data_validations.dataValidation}
    stances = {
        tuple(cell.value for row in book["lists"][r.split("!")[1].replace("$", "")] for cell in row) for r in ranges
    }
    assert ("against", "for", "insufficient evidence", "no recommendation") in stances
    # A text that looks like a formula or a number is text.
    assert all(cell.data_type in ("s", "n") and not isinstance(cell.value, float) for row in sheet for cell in row)


def test_every_column_has_a_known_kind_and_a_comment() -> None:
    for section in sections().values():
        headings = [column.heading for column in section.columns]
        assert len(headings) == len(set(headings)), section.name
        for column in section.columns:
            assert column.kind in KINDS, column
            assert column.says.endswith((".", "...", "[>= 12].")), column
            assert not column.prop or column.predicate or section.name == "mappings", column


def test_the_page_lists_the_columns_as_the_code_has_them() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert START in text
    assert END in text
    assert page(text) == text, "python -m tests.support.columns writes the table anew"
