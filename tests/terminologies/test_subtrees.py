"""The sample of what is below rows that stand for their subtree, and what of it is something else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from guidegraph import namespaces as ns
from guidegraph.errors import KnowledgeError
from guidegraph.terminologies.checking import Checker, subtrees
from guidegraph.terminologies.model import Finding, Sample, Subject
from guidegraph.terminologies.tables import read_rows, read_table, read_terminologies
from tests.support.linkable import IRI, toy

HEAD = "#mapping_set_id: https://example.org/toy\nsubject_id\tpredicate_id\tobject_id\tobject_scope\n"
SUBJECTS = {
    ns.GGT + "Cancer": Subject("cancer", "condition"),
    ns.GGT + "LumboSacralMalignancy": Subject("malignancy", "condition", above=frozenset({ns.GGT + "Cancer"})),
    ns.GGT + "Sciatica": Subject("sciatica", "condition"),
    ns.GGT + "NSAID": Subject("NSAID", "drug", route="systemic"),
    ns.GGT + "Ibuprofen": Subject("ibuprofen", "drug", above=frozenset({ns.GGT + "NSAID"}), route="systemic"),
    ns.GGT + "TopicalNSAID": Subject("topical NSAID", "drug", route="topical"),
    ns.GGT + "Lidocaine": Subject("lidocaine", "drug"),
}


def told(tmp_path: Path, *rows: str, follows: Any = None) -> list[Sample | Finding]:
    (tmp_path / "terminologies.yaml").write_text(f"TOY: {{title: Toy, iri: '{IRI}'}}\n")
    table = tmp_path / "toy.sssom.tsv"
    table.write_text(HEAD + "".join(f"{row}\n" for row in rows))
    read = read_rows(table, read_terminologies(tmp_path))
    source = toy(tmp_path)
    return list(subtrees(read.rows, SUBJECTS, lambda row: source, follows or {}))


WHOLE = "ggt:Cancer\tskos:narrowMatch\tTOY:thing\tsubtree"


def test_what_is_below_is_shown(tmp_path: Path) -> None:
    (sample,) = told(tmp_path, WHOLE, "ggt:Cancer\tskos:narrowMatch\tTOY:part\t")
    assert isinstance(sample, Sample) and (sample.code, sample.term, sample.below) == ("TOY:thing", "cancer", 3)
    assert sample.shown == ("left left", "other other", "part part")


def test_what_is_exact_for_something_else_is_an_error_unless_it_follows(tmp_path: Path) -> None:
    other, kind = "ggt:Sciatica\tskos:exactMatch\tTOY:left\t", "ggt:LumboSacralMalignancy\tskos:exactMatch\tTOY:other\t"
    _, finding = told(tmp_path, WHOLE, other, kind)
    assert isinstance(finding, Finding) and finding.rule == "subtree" and not finding.warning
    assert "TOY:left is below TOY:thing, and exact for ggt:Sciatica" in finding.what
    assert len(told(tmp_path, WHOLE, other, follows={"ggt:Cancer": {"ggt:Sciatica": "said so"}})) == 1


@pytest.mark.parametrize(
    "row", ["ggt:Cancer\tskos:broadMatch\tTOY:thing\tsubtree", "ggt:Cancer\tskos:exactMatch\tTOY:part\tall"]
)
def test_a_scope_that_says_nothing_is_an_error(tmp_path: Path, row: str) -> None:
    told(tmp_path, WHOLE)
    path = tmp_path / "toy.sssom.tsv"
    path.write_text(HEAD + row + "\n")
    with pytest.raises(KnowledgeError, match="object_scope"):
        read_table(path, read_terminologies(tmp_path))


@pytest.mark.parametrize(
    ("above", "below", "wrong"),
    [
        ("ggt:NSAID\tskos:narrowMatch", "ggt:TopicalNSAID\tskos:narrowMatch", True),
        ("ggt:TopicalNSAID\tskos:narrowMatch", "ggt:Ibuprofen\tskos:narrowMatch", True),
        ("ggt:NSAID\tskos:narrowMatch", "ggt:Ibuprofen\tskos:narrowMatch", False),
        ("ggt:NSAID\tskos:narrowMatch", "ggt:Lidocaine\tskos:narrowMatch", False),
        ("ggt:NSAID\tskos:narrowMatch", "ggt:TopicalNSAID\tskos:broadMatch", False),
    ],
)
def test_what_is_below_acts_by_no_other_route(tmp_path: Path, above: str, below: str, wrong: bool) -> None:
    rules = [
        f.rule for f in told(tmp_path, f"{above}\tTOY:thing\tsubtree", f"{below}\tTOY:left\t") if isinstance(f, Finding)
    ]
    assert ("routes" in rules) is wrong


@pytest.mark.parametrize(
    ("one", "other", "wrong"),
    [
        ("NSAID narrow", "TopicalNSAID narrow", True),
        ("Ibuprofen exact", "TopicalNSAID narrow", True),
        ("NSAID narrow", "Ibuprofen narrow", False),
        ("NSAID broad", "TopicalNSAID broad", False),
        ("NSAID narrow", "TopicalNSAID close", False),
    ],
)
def test_no_code_is_read_as_drugs_of_two_routes(tmp_path: Path, one: str, other: str, wrong: bool) -> None:
    """Two narrow rows of one code are no contradiction by themselves; of a systemic and a topical term they are."""
    rows = (f"ggt:{term}\tskos:{how}Match\tTOY:left\t" for term, how in (row.split() for row in (one, other)))
    told(tmp_path, WHOLE)
    path = tmp_path / "toy.sssom.tsv"
    path.write_text(HEAD + "".join(f"{row}\n" for row in rows))
    read = read_rows(path, read_terminologies(tmp_path))
    checker = Checker(SUBJECTS, read_terminologies(tmp_path), {}, {}, lambda name: toy(tmp_path))
    checker._terms(read.rows, ())
    found = [finding for finding in checker.report.findings if finding.rule == "routes"]
    assert bool(found) is wrong and len(found) <= 1
    assert all("TOY:left is read as ggt:" in finding.what and "line" in finding.what for finding in found)
