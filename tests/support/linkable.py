"""A made-up terminology to link: its file, mapping rows, and a knowledge folder that maps it, as a fixture."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from guidegraph.terminologies import Mapping
from guidegraph.terminologies.sources.files import FileSource

T = "https://w3id.org/guidegraph/term/"
IRI = "http://example.org/toy/"

#: thing > (part > (left, mixed), other); lost replaced by left; mixed is a combination; alone stands apart.
OBO = """format-version: 1.4
data-version: toy/2026-01-01
property_value: http://purl.org/dc/terms/license "CC0" xsd:string
property_value: dc:title "The toy \\"ontology\\"" xsd:string

[Term]
id: TOY:thing
name: thing

[Term]
id: TOY:part
name: part {of="it"} ! a comment
synonym: "piece \\"x\\"" EXACT []
is_a: TOY:thing ! thing

[Term]
id: TOY:left
name: left
alt_id: TOY:old
is_a: TOY:part {source="a"} ! part
is_a: OTHER:1

[Term]
id: TOY:other
name: other
is_a: TOY:thing

[Term]
id: TOY:lost
name: obsolete lost
is_obsolete: true
replaced_by: TOY:left

[Term]
id: TOY:alone
name: alone

[Typedef]
id: part_of
name: part of
"""


def rows(*pairs: tuple[str, str, str]) -> list[Mapping]:
    """Mapping rows of (class of ours, predicate, CURIE)."""
    return [Mapping(T + name, predicate, curie, table="toy") for name, predicate, curie in pairs]


def toy(tmp_path: Path, text: str = OBO, name: str = "toy.obo") -> FileSource:
    """A source over a made-up file."""
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return FileSource(path, "TOY", IRI)


PART = rows(("Sciatica", "exact", "TOY:part"), ("Cancer", "close", "TOY:nowhere"), ("Cancer", "exact", "ELSE:1"))


TABLE = """#mapping_set_id: https://w3id.org/guidegraph/mappings/toy
#license: https://creativecommons.org/licenses/by/4.0/
subject_id	subject_label	predicate_id	object_id	object_label	mapping_justification
ggt:Sciatica	sciatica	skos:exactMatch	TOY:part	part	semapv:ManualMappingCuration
ggt:Cancer	cancer	skos:exactMatch	TOY:left	left	semapv:ManualMappingCuration
ggt:Cancer	cancer	skos:broadMatch	TOY:nowhere	nowhere	semapv:ManualMappingCuration
"""


@pytest.fixture
def base(tmp_path: Path, repo_root: Path) -> Path:
    """A knowledge folder with our ontology, a made-up terminology and its table, and no documents."""
    folder = tmp_path / "base"
    shutil.copytree(repo_root / "ontology", folder / "ontology")
    for path in (folder / "ontology/links").glob("*.sssom.tsv"):
        path.unlink()
    (folder / "graph").mkdir()
    (folder / "ontology/links/terminologies.yaml").write_text(f"TOY: {{title: Toy, iri: '{IRI}'}}\n", encoding="utf-8")
    (folder / "ontology/links/toy.sssom.tsv").write_text(TABLE, encoding="utf-8")
    (tmp_path / "toy.obo").write_text(OBO, encoding="utf-8")
    return folder
