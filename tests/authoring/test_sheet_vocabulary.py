"""A sheet of a domain's documents has the vocabulary that they need of the domain's folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

import guidegraph as gg
from guidegraph import assets
from guidegraph import namespaces as ns
from guidegraph.authoring.importing import import_sheet
from guidegraph.authoring.taking import Table
from guidegraph.authoring.takingterms import take_whole
from guidegraph.authoring.terms import TERMS
from guidegraph.authoring.writing import csv_files

FOLDER = assets.root() / "graph" / "domains" / "osteoarthritis"
FILES = sorted((FOLDER / "documents").glob("*.trig"))
#: Documents that need no other document of their domain: a drug's label, a choice, a trial, a review.
ALONE = ("smpc-glucosamine-gb", "ara-choosing-wisely", "deyle-2020", "exercise-placebo-review")


@pytest.fixture(scope="module")
def opened() -> Any:
    return gg.open(domains=["osteoarthritis"]).knowledge


def taken(opened: Any, *names: str) -> tuple[Table, list[str]]:
    return take_whole(opened, [ns.GGD + name for name in names], FILES, [FOLDER])


def written(folder: Path, table: Table) -> Path:
    folder.mkdir()
    for name, text in csv_files(table).items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def canonical(text: bytes, form: ox.RdfFormat) -> set[str]:
    graph = ox.Dataset(ox.parse(text, format=form))
    graph.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return set(map(str, graph))


@pytest.mark.slow
def test_a_sheet_is_imported_alone_beside_the_first_domain(kb: Any, opened: Any, tmp_path: Path) -> None:
    everything = canonical((FOLDER / TERMS).read_bytes(), ox.RdfFormat.TURTLE)
    rows = dict.fromkeys(("terms", "publishers", "mappings"), 0)
    for name in ALONE:
        table, lacking = taken(opened, name)
        assert lacking == []
        made = import_sheet(written(tmp_path / name, table), kb.knowledge).files
        path = f"documents/{name}.trig"
        forms = (made[path].encode(), (FOLDER / path).read_bytes())
        assert len({frozenset(canonical(text, ox.RdfFormat.TRIG)) for text in forms}) == 1
        declared = {line for line in canonical(made[TERMS].encode(), ox.RdfFormat.TURTLE) if "_:" not in line}
        assert declared and declared <= everything
        rows = {section: count + len(table[section]) for section, count in rows.items()}
    assert min(rows.values()) > 0, rows


@pytest.mark.slow
def test_the_whole_vocabulary_comes_back(opened: Any, tmp_path: Path) -> None:
    table, lacking = taken(opened, *(path.stem for path in FILES))
    assert lacking == []
    assert (
        table["readings"]
        and table["numbers"]
        and table["bridges"]
        and table["terms"]
        and any(row.get("excludes") for row in table["terms"])
    )
    made = import_sheet(written(tmp_path / "all", table), opened, folder=FOLDER).files
    assert canonical(made[TERMS].encode(), ox.RdfFormat.TURTLE) == canonical(
        (FOLDER / TERMS).read_bytes(), ox.RdfFormat.TURTLE
    )
    for name, text in made.items():
        if name.startswith("links/"):
            assert text == (FOLDER / name).read_text(encoding="utf-8"), name


def test_what_else_of_the_folder_is_needed_is_told(opened: Any) -> None:
    table, lacking = taken(opened, "aaos-2013")
    assert lacking == ["documents/aaos-2021.trig"]
    # A number is needed where a population has a range of it.
    assert [row["key"] for row in table["numbers"]] == [["body_mass_index"]] and not table["readings"]


def test_documents_of_the_first_domain_bring_no_vocabulary(kb: Any) -> None:
    table, lacking = take_whole(kb.knowledge, [ns.GGD + "nice-qs155"])
    assert table["recommendations"] and not any(table[name] for name in ("terms", "publishers", "readings", "mappings"))
    assert lacking == []
