"""What a code of another terminology says: mappings, nearest mapped ancestors, and where the walk ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from guidegraph.errors import KnowledgeError
from guidegraph.terminologies.codes import Codes
from guidegraph.terminologies.model import ExternalTerm, Mapping, Terminology
from guidegraph.terminologies.tables import read_table, read_tables, read_terminologies

A, B, C, D = (f"https://w3id.org/guidegraph/term/{name}" for name in "ABCD")
HEAD = "#mapping_set_id: https://example.org/set\n#object_source_version: \"1\"\nsubject_id\tpredicate_id\tobject_id\tobject_label\n"  # fmt: skip


@dataclass(frozen=True)
class Tree:
    """A made-up hierarchy."""

    terms: dict[str, ExternalTerm]
    name: str = "x"
    title: str = "Example terms"
    version: str = "2026"


X = {"X": Terminology("X", "Example terms", "https://example.org/x/", ("urn:x",), ("XV",))}


def term(code: str, *parents: str, **more: object) -> ExternalTerm:
    return ExternalTerm(code, f"label of {code}", parents=parents, **more)  # type: ignore[arg-type]


TREE = Tree(
    {
        t.code: t
        for t in (
            term("0"),
            term("1", "0"),
            term("11", "1"),
            term("111", "11"),
            term("112", "11", "2"),
            term("2", "0"),
            term("21", "2", combination=True),
            term("22", "2", obsolete=True, replaced_by=("111",)),
            term("23", "2", obsolete=True),
            term("24", "2", obsolete=True, replaced_by=("111", "112")),
            term("3", "0"),
            term("12", "1", excludes=("121", "13-14", "")),
            term("121", "12"),
            term("1215", "121"),
            term("122", "12"),
            term("139", "12"),
        )
    }
)
ROWS = (
    Mapping(A, "exact", "X:1", "one", table="x", subtree=True),
    Mapping(B, "exact", "X:2", "two", table="x", subtree=True),
    Mapping(C, "broad", "X:0", "all", table="x"),
    Mapping(D, "close", "X:3", "three", table="x"),
    Mapping(C, "narrow", "X:9", "nine", table="x"),
    Mapping(D, "exact", "", "", table="x"),
)


def codes(*trees: Tree) -> Codes:
    def linked(prefix: str) -> Sequence[Tree]:
        return trees if prefix == "X" else ()

    known = {"X": Terminology("X", "Example", "https://example.org/x/", ("urn:x",), ("XV",))}
    return Codes(ROWS, known, linked, lambda iri: iri.rsplit("/", 1)[-1])


@pytest.mark.parametrize(
    ("code", "present", "absent"),
    [
        ("1", (A,), (A,)),
        ("2", (B,), (B,)),
        ("9", (C,), ()),
        ("0", (), (C,)),  # what is wider than C: who lacks it lacks C
        ("3", (), ()),  # close says nothing
        ("111", (), ()),  # not linked: not understood
    ],
)
def test_a_mapping_alone(code: str, present: tuple[str, ...], absent: tuple[str, ...]) -> None:
    found = codes().read(f"X:{code}")
    assert (found.present, found.absent) == (present, absent)
    assert found.steps and found.understood == bool(present or absent)


@pytest.mark.parametrize(
    ("code", "present", "absent"),
    [
        ("1", (A,), (A,)),
        ("11", (A,), ()),
        ("111", (A,), ()),
        ("112", (A, B), ()),  # two ways up, each to its nearest
        ("21", (), ()),  # a combination is no kind of its group
        ("22", (A,), ()),  # obsolete, read as its one successor
        ("23", (), ()),
        ("24", (), ()),
        ("122", (A,), ()),
        ("121", (), ()),  # its parent says that it is none of its kind
        ("1215", (), ()),  # and nor is what is below it
        ("139", (), ()),
        ("0", (), (A, B, C)),  # wider than all: who lacks it lacks what is mapped below
    ],
)
def test_a_linked_hierarchy(code: str, present: tuple[str, ...], absent: tuple[str, ...]) -> None:
    found = codes(TREE).read(f"X:{code}")
    assert (found.present, found.absent) == (present, absent)


def test_the_walk_ends_at_the_first_mapped_class() -> None:
    # 1 is below 0; a class mapped to 0 exactly is not reached through 1, whose own place in our hierarchy counts.
    rows = (*ROWS, Mapping(D, "exact", "X:0", "all", table="x", subtree=True))
    mixed = Codes(rows, codes().terminologies, lambda prefix: (TREE,), str)
    assert mixed.read("X:111").present == (A,)


def test_a_row_without_its_subtree_says_nothing_of_what_is_below_it() -> None:
    """It is told, and the walk goes on to a row above it that stands for all below."""
    alone = [replace(row, subtree=False) for row in ROWS]
    reader = Codes(alone, X, lambda prefix: [TREE], lambda iri: iri[-1])
    below = reader.read("X:11")
    assert (
        below.present == () and "X:11 (label of 11) is below X:1" in below.steps[0] and "code alone" in below.steps[0]
    )
    assert reader.read("X:1").present == (A,) and reader.read("X:1").subtree == ()
    # What is denied of a wider code is denied of what is below it, whoever has reviewed that.
    assert reader.read("X:1").absent == (A,)
    whole = Codes([*alone, Mapping(D, "exact", "X:0", "all", table="x", subtree=True)], X, lambda prefix: [TREE], str)
    assert whole.read("X:11").present == (D,) == whole.read("X:11").subtree
    assert Codes(ROWS, X, lambda prefix: [TREE], str).read("X:1").subtree == (A,)


def test_steps_name_their_sources() -> None:
    found = codes(TREE).read("X:111")
    assert found.steps == (
        "X:111 (label of 111) is below X:1 (label of 1) [Example terms, 2026]",
        "X:1 (one) means the same as A [mapping table x]",
    )
    assert found.sources == ("x", "x.sssom.tsv") and found.iri == "https://example.org/x/111"
    assert "combination" in codes(TREE).read("X:21").steps[-1]
    assert "no hierarchy" in codes().read("X:77").steps[-1]
    assert "no linked hierarchy" in codes(TREE).read("X:77").steps[-1]


def test_an_exact_code_is_one_term_of_ours() -> None:
    assert codes(TREE).read("X:1").exact == A
    assert codes(TREE).read("X:11").exact == ""


def test_prefixes_and_systems() -> None:
    known = codes()
    assert known.curie("x:1") == "X:1" and known.curie("Y:1") is None and known.curie("plain words") is None
    assert (known.prefix_of("urn:x"), known.prefix_of("XV"), known.prefix_of("urn:y")) == ("X", "X", None)
    assert known.iri("X:a/b c") == "https://example.org/x/a%2Fb%20c"
    assert known.curie("https://example.org/x/a%2Fb%20c") == "X:a/b c"
    assert [row.curie for row in known.mappings(D)] == ["", "X:3"]


def write(path: Path, *rows: str) -> Path:
    path.write_text(HEAD + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def test_a_table_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "x.sssom.tsv", "ggt:A\tskos:exactMatch\tX:1\tone", "ggt:B\tskos:broadMatch\tsssom:NoTermFound\t")  # fmt: skip
    assert [(m.subject, m.predicate, m.curie, m.label, m.version, m.table) for m in read_table(path, X)] == [
        (A, "exact", "X:1", "one", "1", "x"),
        (B, "broad", "", "", "1", "x"),
    ]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("ggt:A\tskos:sameAs\tX:1\t", r"x.sssom.tsv:4: predicate"),
        ("foo:A\tskos:exactMatch\tX:1\t", r"x.sssom.tsv:4: 'foo:A' is no term of ours"),
        ("ggt:A\tskos:exactMatch\tX1\t", r"x.sssom.tsv:4: 'X1' is no CURIE"),
    ],
)
def test_a_wrong_row_is_told_with_its_line(tmp_path: Path, row: str, told: str) -> None:
    with pytest.raises(KnowledgeError, match=told):
        read_table(write(tmp_path / "x.sssom.tsv", row), X)


@pytest.mark.parametrize("text", ["", "no\ttable\n", "#a: [\n", "#mapping_set_id: x\nsubject_id\n"])
def test_a_file_that_is_no_table(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.sssom.tsv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(KnowledgeError, match=r"Write|Correct|Name"):
        read_table(path, X)


@pytest.mark.parametrize("text", ["[]", "X: 1", "X: {title: t}", "X: ["])
def test_a_registry_that_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "terminologies.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(KnowledgeError):
        read_terminologies(tmp_path)


def test_the_shipped_tables_and_registry_are_read(repo_root: Path) -> None:
    folder = repo_root / "ontology" / "links"
    known = read_terminologies(folder)
    assert all(row.curie.partition(":")[0] in known for row in read_tables(folder) if row.curie)
    systems = [name for t in known.values() for name in (*t.fhir, *t.omop)]
    assert len(systems) == len(set(systems)) and len({t.iri for t in known.values()}) == len(known)
