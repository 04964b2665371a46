"""Mapping tables as SSSOM means them: encodings, quotes, header slots, prefixes, and matches that are denied."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, ClassVar

import pytest

import guidegraph as gg
from guidegraph.errors import KnowledgeError
from guidegraph.export import description
from guidegraph.knowledge.mappings import check_mappings, coverage
from guidegraph.namespaces import GGT
from guidegraph.terminologies.codes import Codes
from guidegraph.terminologies.conflicts import Classes, table_conflicts
from guidegraph.terminologies.linker import mapped_codes
from guidegraph.terminologies.model import ExternalTerm, Mapping, claims
from guidegraph.terminologies.tables import read_rows, read_table, read_terminologies
from tests.support.paths import ROOT

KNOWN = read_terminologies(ROOT / "ontology/links")
HEAD = """#mapping_set_id: https://example.org/set
#curie_map:
#  ggt: https://w3id.org/guidegraph/term/
#  SNOMEDCT: http://snomed.info/id/
"""
COLUMNS = (
    "subject_id", "subject_label", "predicate_modifier", "predicate_id", "object_id", "object_label",
    "mapping_justification", "mapping_date", "object_source", "object_source_version", "comment",
)  # fmt: skip
ROW = dict(
    zip(
        COLUMNS,
        (
            "ggt:HeartFailure", "heart failure", "", "skos:exactMatch", "SNOMEDCT:84114007", "Heart failure",
            "semapv:ManualMappingCuration", "2026-01-31", "ggs:page", "1", "looked up",
        ),
        strict=True,
    )
)  # fmt: skip


def table(*rows: dict[str, str], head: str = HEAD, columns: tuple[str, ...] = COLUMNS) -> str:
    lines = ["\t".join(columns), *("\t".join((ROW | row)[name] for name in columns) for row in rows)]
    return head + "".join(f"{line}\n" for line in lines)


def write(folder: Path, text: str, name: str = "x.sssom.tsv") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def mappings(folder: Path, text: str) -> tuple[Mapping, ...]:
    return read_table(write(folder, text), KNOWN)


# ---------------------------------------------------------------- the text


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_byte_order_mark_and_the_ends_of_lines_change_nothing(tmp_path: Path, mark: str, end: str) -> None:
    plain = table({}, {"subject_id": "ggt:Sciatica", "object_id": "SNOMEDCT:23056005"})
    assert mappings(tmp_path, mark + plain.replace("\n", end)) == mappings(tmp_path, plain)


@pytest.mark.parametrize("odd", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c"])
def test_other_separators_are_characters(tmp_path: Path, odd: str) -> None:
    head = HEAD.replace("#curie_map", f"#mapping_set_title: one{odd}two\n#curie_map")
    first, second = mappings(tmp_path, table({"comment": f"one{odd}two"}, {"subject_id": "ggt:Cancer"}, head=head))
    assert (first.comment, second.subject) == (f"one{odd}two", GGT + "Cancer")


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        ([{}, {"object_label": '"Heart failure'}], 7),
        ([{}, {"object_label": '"Heart failure'}, {}, {}], 7),
        # The quote of a later row closes it: three rows would be one.
        ([{}, {"object_label": '"Heart failure'}, {}, {"object_label": 'failure"'}, {}], 7),
        ([{"object_label": '"Heart" failure'}], 6),
    ],
)
def test_an_unclosed_quote_is_told_with_its_line(tmp_path: Path, cli: Any, rows: list[Any], line: int) -> None:
    path = write(tmp_path, table(*rows))
    with pytest.raises(KnowledgeError, match=rf"x\.sssom\.tsv:{line}: .*quote"):
        read_table(path, KNOWN)
    done = cli("mappings", "check", str(path))
    assert done.returncode == 2 and f":{line}: " in done.stderr and done.stderr.count("\n") == 1


def test_a_quoted_cell_is_one_cell(tmp_path: Path) -> None:
    (row,) = mappings(tmp_path, table({"comment": '"said ""so"", in\ntwo lines"', "object_label": '"a\tb"'}))
    assert (row.comment, row.label) == ('said "so", in\ntwo lines', "a\tb")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (table({}).replace("subject_label", "subject_id"), "column 'subject_id' is there twice"),
        (table({}).replace("predicate_modifier", "predicate_modifer"), "is not read"),
        (table({}, head=HEAD + "#predicate_modifier: Not\n"), "is no slot of a set"),
        (table({}, head=HEAD + "#  ggt: http://snomed.info/id/\n"), "twice"),
        (table({}, head=HEAD + "#  skos: http://example.org/\n"), "binds skos"),
        (table({}, head=HEAD + "#a: [\n"), "not YAML"),
        (table({}, head="#curie_map: {}\n"), "no SSSOM header"),
    ],
)
def test_a_table_that_could_be_read_two_ways_is_refused(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(KnowledgeError, match=told):
        mappings(tmp_path, text)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"subject_id": "# a comment"}, "no term of ours"),
        ({"subject_id": "https://w3id.org/guidegraph/term/Sciatica"}, "no term of ours"),
        ({"subject_id": "SNOMEDCT:84114007", "object_id": "ggt:HeartFailure"}, "no term of ours"),
        ({"object_id": "http://snomed.info/id/84114007"}, "no CURIE"),
        ({"object_id": ""}, "no object_id"),
        ({"object_id": "LOINC:1-8"}, "bound to nothing"),
        ({"object_id": "owl:Thing"}, "no terminology"),
        ({"predicate_id": "skos:relatedMatch"}, "predicate 'skos:relatedMatch'"),
        ({"predicate_modifier": "not"}, "predicate_modifier 'not'"),
        ({"predicate_modifier": "Maybe"}, "predicate_modifier 'Maybe'"),
        ({"predicate_modifier": "Not", "object_id": "sssom:NoTermFound"}, "denies"),
        ({"comment": "a\tb"}, "cells too many"),
    ],
)
def test_a_row_that_leaves_open_what_it_says_is_refused_with_its_line(
    kb: gg.KnowledgeBase, tmp_path: Path, row: dict[str, str], told: str
) -> None:
    path = write(tmp_path, table({}, row))
    with pytest.raises(KnowledgeError, match=f"x.sssom.tsv:7: .*{told}"):
        read_table(path, KNOWN)
    findings = [f for f in check_mappings(kb.knowledge, [path]).findings if not f.warning]
    assert {f.line for f in findings} == {7} and any(told in f.what for f in findings)


# ---------------------------------------------------------------- the header


def test_slots_of_the_set_hold_for_every_row_that_has_none(tmp_path: Path) -> None:
    head = (
        HEAD + "#object_source_version: 1.10\n#mapping_date: 2026-02-03\n#comment: of the set\n#mapping_tool: [a, b]\n"
    )
    columns = tuple(name for name in COLUMNS if name not in ("object_source_version", "mapping_date", "comment"))
    (row,) = mappings(tmp_path, table({}, head=head, columns=columns))
    assert (row.version, row.date, row.comment) == ("1.10", "2026-02-03", "")
    assert read_rows(tmp_path / "x.sssom.tsv", KNOWN).rows[0]["mapping_tool"] == "a|b"


def test_a_slot_that_one_row_has_is_no_other_rows(tmp_path: Path) -> None:
    head = HEAD + "#object_source_version: 7\n"
    rows = mappings(tmp_path, table({"object_source_version": ""}, {"subject_id": "ggt:Cancer"}, head=head))
    assert [row.version for row in rows] == ["", "1"]


@pytest.mark.parametrize(
    ("bound", "written", "read"),
    [
        ("SCTID: http://snomed.info/id/", "SCTID:84114007", "SNOMEDCT:84114007"),
        ("SNOMEDCT: http://purl.obolibrary.org/obo/MONDO_", "SNOMEDCT:0005252", "MONDO:0005252"),
        ("obo: http://purl.obolibrary.org/obo/", "obo:HP_0001635", "HP:0001635"),
        ("short: http://snomed.info/id/8411", "short:4007", "SNOMEDCT:84114007"),
        ("u: http://unitsofmeasure.org/", "u:%5Bin_i%5D", "UCUM:[in_i]"),
    ],
)
def test_prefixes_mean_what_the_table_says(tmp_path: Path, bound: str, written: str, read: str) -> None:
    head = HEAD.replace("SNOMEDCT: http://snomed.info/id/", bound)
    assert [row.curie for row in mappings(tmp_path, table({"object_id": written}, head=head))] == [read]


def test_our_prefix_bound_to_something_else_is_not_ours(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match=r":6: 'ggt:HeartFailure' is no term of ours"):
        mappings(tmp_path, table({}, head=HEAD.replace("guidegraph/term/", "other/term/")))


def test_the_check_tells_a_prefix_that_is_bound_to_another_terminology(kb: gg.KnowledgeBase, tmp_path: Path) -> None:
    text = table({}, head=HEAD.replace("http://snomed.info/id/", "http://purl.obolibrary.org/obo/MONDO_"))
    report = check_mappings(kb.knowledge, [write(tmp_path, text)])
    assert [(f.rule, f.warning) for f in report.findings] == [("curie-map", True)]
    none = "#mapping_set_id: x\n"
    assert mappings(tmp_path, table({}, head=none)) == mappings(tmp_path, table({}))
    report = check_mappings(kb.knowledge, [write(tmp_path, table({}, head=none))])
    assert [(f.rule, f.warning) for f in report.findings] == [("curie-map", True)]


# ---------------------------------------------------------------- what is denied


NOT = {"predicate_modifier": "Not"}


@pytest.fixture(scope="module")
def denied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped knowledge with one table, whose rows deny matches but for one."""
    root = tmp_path_factory.mktemp("denied")
    for name in ("ontology", "graph"):
        shutil.copytree(ROOT / name, root / name)
    for path in (root / "ontology/links").glob("*.sssom.tsv"):
        path.unlink()
    rows = [NOT | {"predicate_id": f"skos:{p}Match", "object_id": "SNOMEDCT:56265001"} for p in ("exact", "narrow")]
    contradiction = {"subject_id": "ggt:Cancer", "object_id": "SNOMEDCT:363346000", "object_label": "Cancer"}
    write(root / "ontology/links", table(*rows, {}, contradiction, NOT | contradiction))
    return root


@pytest.mark.slow
def test_a_denied_match_is_a_match_nowhere(denied: Path) -> None:
    kb = gg.open(denied)
    for code in ("SNOMEDCT:56265001", "SNOMEDCT:363346000"):
        reading = kb.links.codes.read(code)
        assert not reading.present and not reading.absent and "does not mean" in " ".join(reading.steps)
    assert kb.links.codes.read("SNOMEDCT:84114007").present == (GGT + "HeartFailure",)
    (term,) = kb.lookup("heart failure")["terms"]
    assert [row["code"] for row in term["mappings"]] == ["SNOMEDCT:84114007"]
    kb.knowledge.load_links()
    # Entries of closed lists have matches of their own, which no table denies.
    matches = [q for q in kb.store if q.predicate.value.endswith("Match") and q.subject.value.startswith(GGT)]
    assert [str(q.object.value) for q in matches] == ["http://snomed.info/id/84114007"]
    links = list(description.linksets(denied / "ontology/links"))
    assert [t.object.value for t in links if t.predicate.value.endswith("#triples")] == ["1"]
    (row,) = coverage(kb.knowledge)["tables"]
    assert (row["rows"], row["exact"], row["narrow"], row["denied"], row["no_term_found"]) == (5, 1, 0, 3, 0)


@pytest.mark.slow
def test_the_check_counts_denials_and_tells_those_that_another_row_contradicts(denied: Path) -> None:
    report = check_mappings(gg.open(denied).knowledge)
    # The review of what is covered is that of the whole tables.
    apart = ("subject-label", "covering", "covering-unmapped")
    findings = [f for f in report.findings if not f.warning and f.rule not in apart]
    assert report.denied == 3 and [(f.line, f.rule) for f in findings] == [(10, "denied")]


@pytest.mark.slow
def test_a_record_that_holds_a_denied_code_says_nothing_of_our_term(denied: Path, tmp_path: Path) -> None:
    profile = tmp_path / "p.yaml"
    profile.write_text("conditions: [SNOMEDCT:56265001]\n", encoding="utf-8")
    made = gg.open(denied).profile(profile)
    assert "HeartFailure" not in str((made.present, made.absent)) and made.not_understood


class Tree:
    """A made-up hierarchy: low is below high."""

    name, title, version = "x", "Example", "1"
    terms: ClassVar = {"high": ExternalTerm("high", "high"), "low": ExternalTerm("low", "low", parents=("high",))}


def codes(*rows: Mapping) -> Codes:
    return Codes(rows, KNOWN, lambda prefix: [Tree()] if prefix == "MONDO" else [], lambda iri: iri[-1])


def test_a_denial_forbids_the_walk_to_its_class_and_no_other() -> None:
    exact = Mapping(GGT + "A", "exact", "MONDO:high", table="t", subtree=True)
    no_kind = Mapping(GGT + "A", "narrow", "MONDO:low", table="t", negated=True)
    not_wider = Mapping(GGT + "A", "broad", "MONDO:high", table="t", negated=True)
    other = Mapping(GGT + "B", "narrow", "MONDO:low", table="t", negated=True)
    not_same = Mapping(GGT + "A", "exact", "MONDO:low", table="t", negated=True)
    for rows in ([exact], [exact, other], [exact, not_same]):
        assert codes(*rows).read("MONDO:low").present == (GGT + "A",)
    reading = codes(exact, no_kind).read("MONDO:low")
    assert reading.present == () and "is no kind of A" in " ".join(reading.steps)
    low = Mapping(GGT + "A", "exact", "MONDO:low", table="t")
    assert codes(low).read("MONDO:high").absent == (GGT + "A",)
    assert codes(low, not_wider).read("MONDO:high").absent == ()


def test_conflicts_and_links_leave_denials_out() -> None:
    rows = [
        Mapping(GGT + "A", "exact", "MONDO:1"),
        Mapping(GGT + "B", "exact", "MONDO:1", negated=True),
        Mapping(GGT + "B", "exact", "MONDO:2", negated=True),
    ]
    classes = Classes([])
    classes._named.update({GGT + "A", GGT + "B"})
    assert not table_conflicts(rows, classes) and mapped_codes(rows, "MONDO") == ["1"] and claims(rows) == rows[:1]


@pytest.mark.slow
def test_what_lies_beside_the_tables_is_told(denied: Path, tmp_path: Path) -> None:
    shutil.copytree(denied, tmp_path / "k")
    folder = tmp_path / "k/ontology/links"
    (folder / "mine.trig").write_text("", encoding="utf-8")
    (folder / "sub").mkdir()
    strange = [f.table for f in check_mappings(gg.open(tmp_path / "k").knowledge).findings if f.rule == "strange-file"]
    assert strange == ["mine.trig", "sub"]
    (folder / "folder.sssom.tsv").mkdir()
    with pytest.raises(KnowledgeError, match="cannot be read"):
        check_mappings(gg.open(tmp_path / "k").knowledge)


class Two(Tree):
    """A made-up hierarchy: deep is below low and below side, both of which are below high."""

    terms: ClassVar = {
        **Tree.terms,
        "side": ExternalTerm("side", "side", parents=("high",)),
        "deep": ExternalTerm("deep", "deep", parents=("side", "low")),
    }


@pytest.mark.parametrize(("whole", "present"), [(True, ()), (False, (GGT + "A",))])
def test_a_denial_of_all_below_a_code_holds_by_whatever_way(whole: bool, present: tuple[str, ...]) -> None:
    rows = (
        Mapping(GGT + "A", "exact", "MONDO:high", table="t", subtree=True),
        Mapping(GGT + "A", "narrow", "MONDO:low", table="t", negated=True, subtree=whole),
    )
    found = Codes(rows, KNOWN, lambda prefix: [Two()] if prefix == "MONDO" else [], lambda iri: iri[-1])
    assert found.read("MONDO:low").present == ()
    assert found.read("MONDO:side").present == (GGT + "A",)
    deep = found.read("MONDO:deep")
    assert deep.present == present and ("is no kind of" in " ".join(deep.steps)) == whole


@pytest.mark.parametrize(
    ("predicate", "fine"), [("narrow", True), ("exact", False), ("broad", False), ("close", False)]
)
def test_only_no_narrow_match_can_be_denied_of_all_below(tmp_path: Path, predicate: str, fine: bool) -> None:
    row = NOT | {"predicate_id": f"skos:{predicate}Match", "object_scope": "subtree"}
    (read,) = read_rows(write(tmp_path, table(row, columns=(*COLUMNS, "object_scope"))), KNOWN).rows
    assert (not [f for f in read.faults() if "object_scope" in f.what]) == fine
