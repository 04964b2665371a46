"""Domains: folders that load alone or together."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import guidegraph as gg
from guidegraph import namespaces as ns
from guidegraph.domains import available, read_domain, select
from guidegraph.errors import KnowledgeError, ProfileError, TermError, UsageError
from guidegraph.store import knowledge_graphs
from tests.support.paths import ROOT

TERM = """@prefix ggt: <https://w3id.org/guidegraph/term/> . @prefix gg: <https://w3id.org/guidegraph/vocab/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
ggt:{name} a owl:Class ; rdfs:subClassOf gg:Condition ; rdfs:label "{label}"@en ; skos:definition "One of a test."@en .
"""
GRAPH = """@prefix gg: <https://w3id.org/guidegraph/vocab/> . @prefix ggd: <https://w3id.org/guidegraph/document/> .
@prefix ggg: <https://w3id.org/guidegraph/graph/> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
ggg:{id} {{ ggg:{id} a gg:KnowledgeGraph ; gg:encodes ggd:{id} .
    ggd:{id} a gg:Document ; rdfs:label "{id}"@en ; gg:documentKind gg:Guideline . }}
"""
SAYS = "id: {0}\nlabel: {0}\ndescription: One of a test.\n"

Make = Callable[..., Path]


@pytest.fixture
def made(tmp_path: Path) -> Make:
    """Makes the folder of a domain."""

    def make(name: str, says: str = "", term: str = "", document: str = "", example: str = "") -> Path:
        folder = tmp_path / name
        for inside in ("ontology", "documents", "profiles", "links"):
            (folder / inside).mkdir(parents=True)
        (folder / "domain.yaml").write_text(SAYS.format(name) + says, encoding="utf-8")
        if term:
            (folder / "ontology/terms.ttl").write_text(TERM.format(name=term, label=term), encoding="utf-8")
        (folder / "documents/d.trig").write_text(GRAPH.format(id=document or f"{name}-2020"), encoding="utf-8")
        if example:
            (folder / f"profiles/{example}.yaml").write_text(f"label: {example}\nage: 60\n", encoding="utf-8")
        return folder

    return make


def documents(kb: gg.KnowledgeBase) -> set[str]:
    """The documents that a knowledge base holds a graph of, by id."""
    return {g.value.rpartition("/")[2] for g in knowledge_graphs(kb.store)} - {"ontology"}


def test_the_first_domain_is_what_is_loaded_where_none_is_named(kb: gg.KnowledgeBase) -> None:
    first = select()
    assert [d.name for d in first.domains] == ["sciatica"]
    assert first.folders == (ROOT / "graph",)
    assert gg.open(domains=["sciatica"]).digest == kb.digest
    assert next(iter(available(ROOT))) == "sciatica"


def test_a_domain_alone_has_the_shared_terms_and_no_document_of_the_first(made: Make) -> None:
    kb = gg.open(domains=[made("wrist", term="WristTrouble", document="wrist-2021", example="a-wrist")])
    assert documents(kb) == {"wrist-2021"}
    assert kb.resolve("wristtrouble").endswith("WristTrouble")
    assert kb.resolve("ibuprofen")
    assert list(kb.knowledge.examples) == ["a-wrist"]
    assert kb.profile("example:a-wrist").values


@pytest.mark.slow
def test_domains_load_together_with_what_they_need_first(made: Make, kb: gg.KnowledgeBase) -> None:
    made("elbow", term="ElbowTrouble")
    wrist = made("wrist", "needs: [elbow, sciatica]\n", term="WristTrouble")
    both = gg.open(domains=[wrist, wrist])
    assert [d.name for d in both.knowledge.selected.domains] == ["elbow", "sciatica", "wrist"]
    assert documents(both) == documents(kb) | {"elbow-2020", "wrist-2020"}
    assert "chronic-failed-care" in both.knowledge.examples
    assert both.digest != kb.digest


@pytest.mark.slow
def test_what_warns_in_another_domain_warns_here_too(made: Make, kb: gg.KnowledgeBase) -> None:
    """A drug that must not be given must not, whatever a domain recommends it for; nothing else of the other counts."""
    alone, warned = gg.open(domains=[made("a")]), gg.open(domains=[made("b", "warnings: [sciatica]\n")])
    more = documents(warned) - documents(alone) - {"b-2020"}
    warnings = {d for d in documents(kb) if d in more}
    assert more == warnings
    records = kb.records
    for document in documents(kb):
        kinds = {
            kind
            for node, props in records.nodes.items()
            if records.one(node, "statedIn").rpartition("/")[2] == document
            for kind in props.get("http://www.w3.org/1999/02/22-rdf-syntax-ns#type", ())
        }
        warns = ns.GG + "Contraindication" in kinds and ns.GG + "Recommendation" not in kinds
        assert (document in more) == warns, document
    therapy = next(t for t, roles in sorted(warned.records.edges.items()) if roles.get("absolute"))
    assert therapy not in alone.records.edges
    both = gg.open(domains=["sciatica", made("c", "warnings: [sciatica]\n")])
    assert documents(both) == documents(kb) | {"c-2020"}


def test_its_mappings_are_read_with_the_shared_registry(made: Make) -> None:
    folder = made("wrist", term="WristTrouble")
    shared = (ROOT / "ontology/links/icd10cm.sssom.tsv").read_text(encoding="utf-8").splitlines()
    head = [line for line in shared if line.startswith("#")]
    columns = shared[len(head)].split("\t")
    row = dict.fromkeys(columns, "") | {
        "subject_id": "ggt:WristTrouble", "subject_label": "WristTrouble", "predicate_id": "skos:exactMatch", "object_id": "ICD10CM:M25.53",
        "object_label": "Pain in wrist", "mapping_justification": "semapv:ManualMappingCuration",
    }  # fmt: skip
    table = [*head, "\t".join(columns), "\t".join(row[c] for c in columns)]
    (folder / "links/wrist.sssom.tsv").write_text("\n".join(table) + "\n", encoding="utf-8")
    assert gg.open(domains=[folder]).resolve("ICD10CM:M25.53").endswith("WristTrouble")
    with pytest.raises(TermError):
        gg.open().resolve("ICD10CM:M25.53")


@pytest.mark.parametrize(
    ("says", "words"),
    [
        ("id: x\nlabel: x\n", "no description"),
        ("label: x\ndescription: x\n", "no id"),
        ("id: x\nlabel: x\ndescription: x\nneed: [y]\n", "'need' is not a key here. Did you mean needs?"),
        ("id: x\nlabel: [x]\ndescription: x\n", "label is not a text"),
        ("id: x\nlabel: x\ndescription: x\nneeds: [{y: z}]\n", "needs is not a list of names"),
        ("id: Two Words\nlabel: x\ndescription: x\n", "cannot be the id of a domain"),
        ("- x\n", "no mapping"),
        ("id: x\nid: y\n", "domain.yaml:2"),
        ("id: [x\n", "not YAML"),
    ],
)
def test_a_malformed_domain_is_told(made: Make, says: str, words: str) -> None:
    folder = made("wrist")
    (folder / "domain.yaml").write_text(says, encoding="utf-8")
    with pytest.raises(KnowledgeError) as error:
        read_domain(folder)
    assert words in str(error.value)
    assert "domain.yaml" in str(error.value)


def test_what_does_not_go_together_is_told(made: Make, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no domain 'siatica'.*Did you mean sciatica"):
        select(["siatica"])
    with pytest.raises(KnowledgeError, match=r"no domain\.yaml"):
        select([tmp_path])
    made("elbow", "needs: [wrist]\n")
    wrist = made("wrist", "needs: [elbow]\n")
    with pytest.raises(KnowledgeError, match="in a circle: wrist needs elbow needs wrist"):
        select([wrist])
    hand = made("hand", "needs: [nowhere]\n")
    with pytest.raises(UsageError, match=r"hand/domain.yaml: no domain 'nowhere'"):
        select([hand])
    other = tmp_path / "other"
    other.mkdir()
    (other / "domain.yaml").write_text(SAYS.format("sciatica"), encoding="utf-8")
    with pytest.raises(KnowledgeError, match="two domains have the id 'sciatica'"):
        select(["sciatica", other])


def test_what_two_domains_define_is_told_with_both_files(made: Make) -> None:
    one, other = made("one", term="Trouble"), made("other", term="Trouble")
    with pytest.raises(
        KnowledgeError, match=r"other/ontology/terms.ttl: ggt:Trouble is defined in .*one/ontology/terms.ttl"
    ):
        gg.open(domains=[one, other])
    shared = made("shared", term="Sciatica")
    with pytest.raises(KnowledgeError, match=r"ggt:Sciatica is defined in .*conditions.ttl"):
        gg.open(domains=[shared])
    a, b = made("a", document="same-2020"), made("b", document="same-2020")
    with pytest.raises(KnowledgeError, match=r"b/documents/d.trig: ggd:same-2020 is defined in .*a/documents/d.trig"):
        gg.open(domains=[a, b])
    c, d = made("c", example="x"), made("d", example="x")
    with pytest.raises(KnowledgeError, match="example profile 'x'"):
        _ = gg.open(domains=[c, d]).knowledge.examples


def test_rdf_where_it_is_not_read_is_told(made: Make) -> None:
    folder = made("wrist")
    (folder / "documents/more.ttl").write_text("# nothing", encoding="utf-8")
    with pytest.raises(KnowledgeError, match=r"more.ttl: a file of this kind is not read in documents/"):
        gg.open(domains=[folder])


@pytest.fixture(scope="module")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A knowledge folder with a second domain of its own."""
    root = tmp_path_factory.mktemp("knowledge")
    for name in ("ontology", "graph"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("domains", "domain.yaml"))
    second = root / "graph/domains/second"
    (second / "ontology").mkdir(parents=True)
    (second / "domain.yaml").write_text(SAYS.format("second"), encoding="utf-8")
    (second / "ontology/terms.ttl").write_text(
        TERM.format(name="WristTrouble", label="wrist trouble"), encoding="utf-8"
    )
    return root


@pytest.mark.slow
def test_a_domain_of_a_knowledge_folder_is_loaded_only_when_named(knowledge: Path) -> None:
    assert list(available(knowledge)) == ["graph", "second"]
    with pytest.raises(TermError):
        gg.open(knowledge).resolve("wrist trouble")
    assert gg.open(knowledge, domains=["second"]).resolve("wrist trouble")
    (knowledge / "graph/domains/second").rename(knowledge / "graph/domains/third")
    with pytest.raises(KnowledgeError, match=r"the id 'second' is not the name of the folder"):
        available(knowledge)


def test_a_name_that_another_shipped_domain_has_is_told(monkeypatch: pytest.MonkeyPatch, made: Make) -> None:
    folder = made("wrist", term="WristTrouble", example="a-wrist")
    monkeypatch.setattr("guidegraph.domains.available", lambda root: {"wrist": read_domain(folder)})
    kb = gg.open()
    for name in ("wristtrouble", "ggt:WristTrouble"):
        with pytest.raises(
            TermError, match=r"is not a known term\. It is a term of the domain wrist: add --domain wrist."
        ):
            kb.resolve(name)
    with pytest.raises(TermError, match="Nearest"):
        kb.resolve("ibuprofin")
    with pytest.raises(ProfileError, match=r"It is an example of the domain wrist: add --domain wrist."):
        kb.profile("example:a-wrist")


@pytest.mark.slow
def test_the_commands_take_domains(made: Make, cli: Any) -> None:
    folder = str(made("wrist", term="WristTrouble", example="a-wrist"))
    listed = json.loads(cli("domains", folder, "--format", "json").stdout)["domains"]
    assert listed[0]["name"] == "sciatica"
    assert listed[-1]["counts"] == {"documents": 1, "recommendations": 0, "terms": 1, "examples": 1}
    assert "wrist  wrist" in cli("domains", folder).stdout
    assert cli("profile", "list", "--domain", folder).stdout == "example:a-wrist                    a-wrist\n"
    assert cli("lookup", "wristtrouble", "--domain", folder).returncode == 0
    checked = cli("check", "--no-reasoner", "--domain", folder, "--format", "json")
    files = json.loads(checked.stdout)["files"]
    assert [f for f in files if f.endswith(("d.trig", "terms.ttl"))] == [
        f"{folder}/ontology/terms.ttl",
        f"{folder}/documents/d.trig",
    ]
    assert not any("graph/documents" in f for f in files)
    validated = cli("validate", f"{folder}/documents/d.trig", "--domain", folder)
    assert "Traceback" not in validated.stderr
    refused = cli("audit", "--domain", folder, "--endpoint", "https://example.org/sparql")
    assert refused.returncode == 2
    assert "Leave out one of the two" in refused.stderr
    assert cli("domains", "/nowhere-at-all").returncode == 2
