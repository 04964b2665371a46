"""The shipped knowledge with mapping tables and a hierarchy of a made-up terminology, as fixtures."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import guidegraph as gg

REGISTRY = "EX: {title: Example terms, iri: 'https://example.org/ex/', fhir: ['urn:ex'], omop: [EX]}\n"
TABLE = """#mapping_set_id: https://example.org/ex.sssom
subject_id\tpredicate_id\tobject_id\tobject_label\tobject_scope
ggt:NSAID\tskos:exactMatch\tEX:N\tanti-inflammatories\tsubtree
ggt:Ibuprofen\tskos:exactMatch\tEX:I\tibuprofen\tsubtree
ggt:Sciatica\tskos:exactMatch\tEX:S\tsciatica\tsubtree
ggt:Sciatica\tskos:narrowMatch\tEX:SL\tsciatica, left\tsubtree
ggt:Cancer\tskos:broadMatch\tEX:C\tgrowths\t
ggt:BleedingPepticUlcer\tskos:exactMatch\tEX:U\tulcer\tsubtree
ggt:ConservativeCare\tskos:exactMatch\tEX:CC\tcare without operation\tsubtree
ggt:Gabapentin\tskos:closeMatch\tEX:G\tgabapentin and alike\t
"""
MODULE = """@prefix gg: <https://w3id.org/guidegraph/vocab/> . @prefix ex: <https://example.org/ex/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> . @prefix dcterms: <http://purl.org/dc/terms/> .
<https://w3id.org/guidegraph/graph/link/ex> {
<https://w3id.org/guidegraph/graph/link/ex> a gg:LinkedHierarchy ; gg:terminologyPrefix "EX" ; dcterms:title "Example terms" ;
  owl:versionInfo "7" .
ex:R a owl:Class ; rdfs:label "remedies" ; skos:notation "R" .
ex:N a owl:Class ; rdfs:label "anti-inflammatories" ; skos:notation "N" ; rdfs:subClassOf ex:R .
ex:N1 a owl:Class ; rdfs:label "newcoxib" ; skos:notation "N1" ; rdfs:subClassOf ex:N .
ex:I a owl:Class ; rdfs:label "ibuprofen" ; skos:notation "I" ; rdfs:subClassOf ex:N .
ex:IS a owl:Class ; rdfs:label "ibuprofen salt" ; skos:notation "IS" ; rdfs:subClassOf ex:I .
ex:NC a owl:Class ; rdfs:label "newcoxib and more" ; skos:notation "NC" ; skos:broader ex:N ; gg:combinationProduct true .
}
"""


@pytest.fixture(scope="session")
def coded_folder(repo_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped knowledge with made-up tables in place of the shipped ones, and nothing linked."""
    root = tmp_path_factory.mktemp("coded")
    for name in ("ontology", "graph"):
        shutil.copytree(repo_root / name, root / name)
    shutil.rmtree(root / "ontology" / "links")
    (root / "ontology" / "links").mkdir()
    (root / "ontology" / "links" / "terminologies.yaml").write_text(REGISTRY)
    (root / "ontology" / "links" / "ex.sssom.tsv").write_text(TABLE)
    return root


@pytest.fixture(scope="session")
def plain(coded_folder: Path) -> gg.KnowledgeBase:
    """The knowledge with the tables alone."""
    return gg.open(coded_folder)


@pytest.fixture(scope="session")
def linked(coded_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> gg.KnowledgeBase:
    """The knowledge with the made-up hierarchy linked."""
    root = tmp_path_factory.mktemp("linked")
    for name in ("ontology", "graph"):
        (root / name).symlink_to(coded_folder / name)
    (root / "links").mkdir()
    (root / "links" / "ex.trig").write_text(MODULE)
    return gg.open(root)
