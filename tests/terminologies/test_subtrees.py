"""The sample of what is below rows that stand for their subtree, and what of it is something else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from guidegraph import namespaces as ns
from guidegraph.errors import KnowledgeError
from guidegraph.terminologies.checking import subtrees
from guidegraph.terminologies.model import Finding, Sample, Subject
from guidegraph.terminologies.tables import read_rows, read_table, read_terminologies
from tests.support.linkable import IRI, toy

HEAD = "#mapping_set_id: https://example.org/toy\nsubject_id\tpredicate_id\tobject_id\tobject_scope\n"
SUBJECTS = {
    ns.GGT + "Cancer": Subject("cancer", "condition"),
    ns.GGT + "LumboSacralMalignancy": Subject("malignancy", "condition", above=frozenset({ns.GGT + "Cancer"})),
    ns.GGT + "Sciatica": Subject("sciatica", "condition"),
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
