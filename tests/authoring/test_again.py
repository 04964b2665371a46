"""A sheet imported into a domain that holds what it came to before gives the same again."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest

import guidegraph as gg
from guidegraph.authoring.importing import import_sheet, write_import
from tests.authoring.sheets import SMALL, as_csv

WORDS = ("sciatica; low back pain", "sciatica; takes: ibuprofen", "sciatica and not low back pain; symptom weeks >= 12")


@pytest.mark.slow
def test_a_population_in_words_is_no_name_of_itself(tmp_path: Path) -> None:
    folder = tmp_path / "house"
    folder.mkdir()
    (folder / "domain.yaml").write_text("id: house\nlabel: House\ndescription: One of a test.\n", encoding="utf-8")
    rows = deepcopy(SMALL)
    rows.pop("populations", None)
    rows["recommendations"] = [
        {**rows["recommendations"][0], "id": f"R{at}", "label": f"Row {at}", "population": words}
        for at, words in enumerate(WORDS)
    ]
    sheet = as_csv(tmp_path / "sheet", rows)
    first = import_sheet(sheet, gg.open(domains=[folder]).knowledge, folder=folder)
    write_import(first, folder)
    again = import_sheet(sheet, gg.open(domains=[folder]).knowledge, folder=folder)
    assert again.files == first.files
    # Another document that says the same in words speaks of the same, in a population of its own.
    rows["document"][0] |= {"id": "other-2025", "label": "Other 2025", "short label": "Other 2025"}
    other = import_sheet(as_csv(tmp_path / "other", rows), gg.open(domains=[folder]).knowledge, folder=folder)
    mine, theirs = (one.files[f"documents/{name}.trig"] for one, name in ((first, "house-2024"), (other, "other-2025")))
    assert theirs.count("a owl:Class , gg:Population") == mine.count("a owl:Class , gg:Population")
    assert theirs.count("owl:someValuesFrom") == mine.count("owl:someValuesFrom")
