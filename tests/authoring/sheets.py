"""Sheets for tests: a small guideline with one row a section, changed cell by cell, in every form."""

from __future__ import annotations

import csv
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from guidegraph.api import open_knowledge
from guidegraph.authoring.importing import Imported, import_sheet
from guidegraph.errors import GuideGraphError, SheetError
from guidegraph.knowledge.opened import Knowledge

Rows = dict[str, list[dict[str, Any]]]

SMALL: Rows = {
    "document": [
        {
            "id": "house-2024",
            "label": "House 2024 guideline",
            "short label": "House 2024",
            "title": "Care at home",
            "kind": "guideline",
            "publisher": "NICE",
            "issued": "2024-05",
            "verification": "verified",
            "verified at": "https://example.org/guideline",
            "published at": "https://example.org/guideline",
            "jurisdiction": "GB",
            "encoder": "Jane Doe",
            "encoded on": "2026-11-27",
        }
    ],
    "recommendations": [
        {
            "id": "R1",
            "label": "Exercise for lasting low back pain",
            "intervention": "exercise therapy",
            "stance": "for",
            "strength": "strong",
            "strength in the document's words": "we recommend",
            "strength read so because": "the words read as strong",
            "certainty": "moderate",
            "population": "adults with lasting pain",
            "population in the document's words": "adults",
            "indication": "low back pain",
            "place": "1.2",
        },
        {
            "id": "R2",
            "label": "No bed rest",
            "intervention": "bed rest",
            "stance": "against",
            "strength": "conditional",
            "strength in the document's words": "we suggest not",
            "strength read so because": "the words read as conditional",
            "certainty": "low",
            "population": "'low back pain' and 'age (years)' some [>= 18]",
            "indication": "low back pain",
        },
    ],
    "contraindications": [
        {
            "id": "C1",
            "label": "NSAIDs: peptic ulcer",
            "intervention": "NSAID",
            "kind": "absolute",
            "kind in the document's words": "must not",
            "degree stated": "yes",
            "population": "'active peptic ulcer'",
            "population in the document's words": "ulcer",
            "reason": "bleeding",
            "note": "the text is not at hand, so the place in it is not stated",
        }
    ],
    "evidence": [
        {
            "id": "E1",
            "label": "Pain with exercise",
            "intervention": "exercise therapy",
            "indication": "low back pain",
            "outcome": "pain",
            "side": "benefit",
            "effect": "less pain",
            "certainty": "moderate",
        }
    ],
    "figures": [
        {
            "evidence": "E1",
            "measure": "mean difference",
            "estimate": "-1.5",
            "lower bound": "-2.5",
            "upper bound": "-0.5",
            "unit": "points of 10",
            "favours": "intervention",
        }
    ],
    "populations": [
        {
            "id": "House2024Adults",
            "label": "adults with lasting pain",
            "definition": "'low back pain' and 'age (years)' some [>= 18] and 'duration of symptoms (weeks)' some [>= 12]",
        }
    ],
    "places": [{"id": "loc-1.2", "number": "1.2", "verified at": "https://example.org/guideline"}],
}


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    """The shipped knowledge, opened once."""
    return open_knowledge().knowledge


def changed(section: str, heading: str, value: str, row: int = 0, base: Rows = SMALL) -> Rows:
    """The small sheet with one cell changed; None takes it away."""
    rows = deepcopy(base)
    held = rows.setdefault(section, [])
    while len(held) <= row:
        held.append({})
    held[row][heading] = value
    return rows


def headings(rows: list[dict[str, Any]]) -> list[str]:
    """The headings of some rows, in their order."""
    return list(dict.fromkeys(heading for row in rows for heading in row))


def as_csv(folder: Path, rows: Rows) -> Path:
    """The sheet as a folder of CSV files."""
    folder.mkdir(parents=True, exist_ok=True)
    for section, held in rows.items():
        with (folder / f"{section}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, headings(held))
            writer.writeheader()
            writer.writerows(held)
    return folder


def as_xlsx(path: Path, rows: Rows) -> Path:
    """The sheet as a workbook with values as Python has them: numbers and dates as such."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.worksheets[0])
    for section, held in rows.items():
        sheet = book.create_sheet(section)
        names = headings(held)
        sheet.append(names)
        for row in held:
            sheet.append([row.get(name) for name in names])
    book.save(path)
    return path


def mistakes(path: Path, knowledge: Knowledge, encoder: str = "") -> list[GuideGraphError]:
    """What is wrong in a sheet, none if nothing is."""
    try:
        import_sheet(path, knowledge, encoder=encoder)
    except SheetError as error:
        return list(error.mistakes)
    return []


def imported(path: Path, knowledge: Knowledge, **options: Any) -> Imported:
    """What a sheet comes to."""
    return import_sheet(path, knowledge, **options)
