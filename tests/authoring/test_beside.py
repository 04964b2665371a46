"""A document that names another one: who has it is told, and it is known where it was imported or a domain has it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import guidegraph as gg
from guidegraph import assets
from guidegraph import namespaces as ns
from guidegraph.authoring.importing import Imported, import_sheet, quads_of
from guidegraph.authoring.takingterms import take_whole
from guidegraph.authoring.writing import yaml_text
from guidegraph.cli.app import app
from guidegraph.errors import SheetError
from guidegraph.reading import read_quads
from guidegraph.store import digest_of

FOLDER = assets.root() / "graph" / "domains" / "osteoarthritis"
FILES = sorted((FOLDER / "documents").glob("*.trig"))
KETTLE = """document:
  - id: {name}
    label: House rules {name}
    short label: House {name}
    kind: guideline
    verification: verified
    verified at: https://example.org/kettle
    encoder: Jane Doe
    encoded on: 2026-11-27
    issued: 2026
{more}
"""
POPULATION = """populations:
  - {id: %s, label: people of the house, definition: "low back pain"%s}
"""


def run(*line: object) -> Any:
    return CliRunner().invoke(app, list(map(str, line)))


def written(path: Path, name: str, more: str = "") -> Path:
    path.write_text(KETTLE.format(name=name, more=more), "utf-8")
    return path


@pytest.mark.slow
def test_who_has_another_document_is_told_with_the_mend(tmp_path: Path) -> None:
    sheet, folder = tmp_path / "one.yaml", tmp_path / "folder"
    out = run("export", "sheet", "aaos-2013", "--domain", "osteoarthritis", "-o", sheet)
    assert "documents/aaos-2021.trig. --needed writes these documents too" in out.stderr
    done = run("import", sheet, "-o", folder)
    assert done.exit_code == 1 and not folder.exists()
    assert "no document has the id 'aaos-2021'. The domain osteoarthritis has aaos-2021: add --domain" in done.stderr
    # The mend holds, though the sheet brings along terms that the domain has.
    assert run("import", sheet, "-o", folder, "--domain", "osteoarthritis").exit_code == 0
    assert digest_of(read_quads(folder / "documents" / "aaos-2013.trig")) == digest_of(
        read_quads(FOLDER / "documents" / "aaos-2013.trig")
    )
    written(sheet, "kettle-1", POPULATION % ("Kettle", ", same patients as: Aaos2013OsteoarthritisOfTheKnee"))
    assert (
        "no population has the id 'Aaos2013OsteoarthritisOfTheKnee'. aaos-2013 of the domain osteoarthritis has it"
        in (run("import", sheet, "-o", tmp_path / "other").stderr)
    )
    written(sheet, "kettle-1", POPULATION % ("Kettle", ", same patients as: TeapotPeople"))
    told = run("import", sheet, "-o", tmp_path / "other").stderr
    assert "no population has the id 'TeapotPeople'. What another document says is known when its sheet was" in told


@pytest.mark.slow
def test_needed_writes_what_a_document_needs(tmp_path: Path) -> None:
    sheet, folder = tmp_path / "one.yaml", tmp_path / "folder"
    out = run("export", "sheet", "aaos-2013", "--needed", "--domain", "osteoarthritis", "-o", sheet)
    assert out.exit_code == 0 and "needs besides" not in out.stderr
    assert run("import", sheet, "-o", folder).exit_code == 0
    assert {path.stem for path in (folder / "documents").iterdir()} >= {"aaos-2013", "aaos-2021"}


@pytest.mark.slow
@pytest.mark.parametrize("domain", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_what_was_imported_into_a_folder_is_known_there(tmp_path: Path, domain: bool) -> None:
    folder, sheet = tmp_path / "house", tmp_path / "house" / "sheets" / "two.yaml"
    first = written(tmp_path / "one.yaml", "kettle-1", POPULATION % ("KettleOne", ""))
    assert run("import", first, "-o", folder).exit_code == 0
    if domain:
        (folder / "domain.yaml").write_text("id: house\nlabel: house\ndescription: A house.\n", "utf-8")
    (folder / "sheets").mkdir()
    more = "    superseded by: kettle-1\n" + POPULATION % ("KettleTwo", ", same patients as: KettleOne")
    written(sheet, "kettle-2", more)
    assert run("check", sheet).stdout == f"{sheet}: no mistakes\n"
    assert run("import", sheet, "-o", folder).exit_code == 0
    # What the folder has of the document itself counts no more: the sheet writes it anew.
    written(sheet, "kettle-2", POPULATION % ("KettleThree", ", same patients as: KettleTwo"))
    told = run("import", sheet, "-o", folder).stderr
    assert "no population has the id 'KettleTwo'" in told


def test_statements_of_an_earlier_version_are_no_names(tmp_path: Path) -> None:
    knowledge = gg.open().knowledge
    sheet = written(tmp_path / "one.yaml", "nice-ng59", "    rests on: nice-ng59/NG59-PARA\n")
    with pytest.raises(SheetError) as caught:
        import_sheet(sheet, knowledge)
    assert any("no statement or document has the id 'nice-ng59/NG59-PARA'" in str(m) for m in caught.value.mistakes)


@pytest.mark.slow
def test_each_document_of_a_further_domain_comes_back_beside_it_and_with_what_it_needs_alone(tmp_path: Path) -> None:
    first, both = gg.open().knowledge, gg.open(domains=["osteoarthritis"]).knowledge
    alone = 0
    for path in FILES:
        table, lacking = take_whole(both, [ns.GGD + path.stem], FILES, [FOLDER])
        sheet = tmp_path / "one.yaml"
        sheet.write_text(yaml_text(table), "utf-8")
        for known in (both, *((first,) if not lacking else ())):
            made = import_sheet(sheet, known).files[f"documents/{path.stem}.trig"]
            assert digest_of(quads_of(Imported({"made.trig": made}))) == digest_of(read_quads(path)), path.stem
        if lacking:
            with pytest.raises(SheetError) as caught:
                import_sheet(sheet, first)
            assert all("osteoarthritis" in mistake.mend for mistake in caught.value.mistakes), path.stem
        alone += not lacking
    assert 30 < alone < len(FILES)
