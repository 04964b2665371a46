"""The alignment of the model with other vocabularies: SSSOM without a fault, of terms in use, to terms that are published."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from guidegraph import namespaces as ns
from guidegraph.terminologies.tables import read_rows, table_files
from tests.support import npm
from tests.support.paths import ROOT

PATH = ROOT / "ontology/alignment.sssom.tsv"
TABLE = read_rows(PATH, {})
#: The vocabularies that a package holds; of the others published.tsv says what was read, and where.
PACKAGES = {"prov": ("@vocabulary/prov", "1.0.6"), "schema": ("@vocabulary/schema", "1.1.0")}
RELATIONS = {"skos:exactMatch", "skos:closeMatch", "skos:broadMatch", "skos:narrowMatch", "skos:relatedMatch"}


def test_each_row_says_what_it_means_and_where_that_was_read() -> None:
    assert {row["object_id"].partition(":")[0] for row in TABLE.rows} == {
        "prov", "cito", "fabio", "SEPIO", "pico", "schema",
    }  # fmt: skip
    for row in TABLE.rows:
        assert row["predicate_id"] in RELATIONS | {"rdfs:subClassOf"}, row
        assert row["mapping_justification"] == "semapv:ManualMappingCuration"
        assert row["object_source"].startswith("ggs:") and row["object_source_version"] and row["object_label"], row
    pairs = [(row["subject_id"], row["object_id"]) for row in TABLE.rows]
    assert len(pairs) == len(set(pairs)) > 30


def test_another_reader_of_sssom_reads_the_same_rows() -> None:
    sssom = pytest.importorskip("sssom_pydantic")
    rows, _, metadata, *_ = sssom.read(PATH)
    assert len(rows) == len(TABLE.rows) and str(metadata.id).endswith("alignment.sssom.tsv")


def test_each_subject_is_a_term_in_use_with_its_own_label(kb: Any) -> None:
    for row in TABLE.rows:
        node = ox.NamedNode(ns.expand(row["subject_id"]) or "")
        labels = kb.store.quads_for_pattern(node, ox.NamedNode(ns.RDFS + "label"), None, None)
        assert row["subject_label"] in {q.object.value for q in labels}, row["subject_id"]
        assert not list(kb.store.quads_for_pattern(node, ox.NamedNode(ns.OWL + "deprecated"), None, None))


@pytest.mark.parametrize("prefix", PACKAGES)
def test_each_target_is_published(prefix: str) -> None:
    name, version = PACKAGES[prefix]
    text = (npm.package(name, version) / f"{prefix}.nq").read_bytes()
    published = {q.subject.value for q in ox.parse(text, format=ox.RdfFormat.N_QUADS)}
    wanted = {row["object_id"].partition(":")[2] for row in TABLE.rows if row["object_id"].startswith(f"{prefix}:")}
    assert wanted and {TABLE.bound[prefix] + local for local in wanted} <= published


def test_each_other_target_was_read_where_the_list_says() -> None:
    lines = (Path(__file__).parent / "published.tsv").read_text(encoding="utf-8").splitlines()[1:]
    read = list(csv.DictReader(lines, delimiter="\t"))
    assert all(row["what it is"] and row["read at"] for row in read)
    other = {(r["object_id"], r["object_label"]) for r in TABLE.rows if r["object_id"].split(":")[0] not in PACKAGES}
    assert {(row["object_id"], row["object_label"]) for row in read} == other


def test_a_subclass_that_is_claimed_is_an_axiom(kb: Any) -> None:
    for row in TABLE.rows:
        if row["predicate_id"] == "rdfs:subClassOf":
            one, other = (ox.NamedNode(ns.expand(row[name]) or "") for name in ("subject_id", "object_id"))
            assert list(kb.store.quads_for_pattern(one, ox.NamedNode(ns.RDFS + "subClassOf"), other, None))


def test_no_patient_is_read_with_it() -> None:
    assert PATH not in table_files(PATH.parent / "links") and Path(PATH).is_file()
