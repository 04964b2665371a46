"""The check of what is reviewed as covering: codes outside a term, and rows that contradict the review."""

from __future__ import annotations

from pathlib import Path

from guidegraph import namespaces as ns
from guidegraph.terminologies.another import Coverage, Covered
from guidegraph.terminologies.model import Finding, Outside, Subject
from guidegraph.terminologies.outside import outside
from guidegraph.terminologies.tables import read_rows, read_terminologies
from tests.support.linkable import IRI, toy

HEAD = "#mapping_set_id: https://example.org/toy\nsubject_id\tpredicate_id\tobject_id\tobject_label\n"
CANCER, KIND = ns.GGT + "Cancer", ns.GGT + "LumboSacralMalignancy"
SUBJECTS = {
    CANCER: Subject("cancer", "condition"),
    KIND: Subject("malignancy", "condition", above=frozenset({CANCER})),
}
#: alone stands apart from thing > (part > left, other).
OBO = "\n[Term]\nid: TOY:beside\nname: other left thing\nis_a: TOY:part ! part\n"


def told(tmp_path: Path, covered: Covered, *rows: str, term: str = CANCER) -> list[Outside | Finding]:
    (tmp_path / "terminologies.yaml").write_text(f"TOY: {{title: Toy, iri: '{IRI}'}}\n")
    table = tmp_path / "toy.sssom.tsv"
    table.write_text(HEAD + "".join(f"{row}\n" for row in rows))
    read = read_rows(table, read_terminologies(tmp_path)).rows
    coverage = {"TOY": Coverage("", (), terms={term: covered})}
    source = toy(tmp_path)
    return list(outside(coverage, read, SUBJECTS, lambda iri: ("a left thing",), lambda prefix: source))


LEFT = "ggt:Cancer\tskos:narrowMatch\tTOY:left\tleft"


def test_codes_that_share_a_word_or_are_beside_are_shown(tmp_path: Path) -> None:
    (sample,) = told(tmp_path, Covered(""), LEFT)
    assert isinstance(sample, Outside) and (sample.prefix, sample.term) == ("TOY", "cancer")
    # What stands above a mapped code is no candidate.
    assert "TOY:thing" not in str(sample) and all(one != "thing thing" for one in sample.shown_alike)
    (near,) = told(tmp_path, Covered("", near=("thing",)), LEFT)
    assert isinstance(near, Outside) and (near.alike, near.beside) == (0, 0)


def test_a_code_outside_that_is_the_term_is_an_error(tmp_path: Path) -> None:
    for row in ("ggt:LumboSacralMalignancy\tskos:exactMatch\tTOY:alone\talone",):
        finding, _ = told(tmp_path, Covered(""), LEFT, row)
        assert isinstance(finding, Finding) and finding.rule == "covering" and not finding.warning
        assert "TOY:alone is outside what covers ggt:Cancer, and exact for ggt:LumboSacralMalignancy" in finding.what
        assert len(told(tmp_path, Covered("", near=("alone",)), LEFT, row)) == 1
    broad = "ggt:LumboSacralMalignancy\tskos:broadMatch\tTOY:alone\talone"
    assert len(told(tmp_path, Covered(""), LEFT, broad)) == 1


def test_a_term_that_is_mapped_to_nothing_covers_nothing(tmp_path: Path) -> None:
    (finding,) = told(tmp_path, Covered(""), LEFT, term=KIND)
    assert isinstance(finding, Finding) and finding.rule == "covering-unmapped" and not finding.warning


def test_a_code_that_is_not_there_is_a_warning(tmp_path: Path) -> None:
    finding, _ = told(tmp_path, Covered("", near=("gone",)), LEFT)
    assert isinstance(finding, Finding) and finding.rule == "covering-code" and finding.warning
