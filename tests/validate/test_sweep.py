"""The sweep: its table and the ontology agree, each row of it holds for patients, and each defect is found."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from typer.testing import CliRunner

import guidegraph as gg
from guidegraph import assets
from guidegraph import namespaces as ns
from guidegraph.cli.app import app
from guidegraph.errors import KnowledgeError
from guidegraph.reading import read_quads
from guidegraph.reason.questions import satisfiable
from guidegraph.terminologies.conflicts import Conflict, agreements
from guidegraph.termreadings import PART
from guidegraph.validate import components, sweep
from guidegraph.validate.check import check_knowledge
from tests.conftest import AS_OF

ONTOLOGY = assets.folder("ontology")
DECISIONS = sweep.read_decisions(ONTOLOGY / sweep.TABLE)
PROPERTIES = {
    "condition": ns.GG + "hasCondition",
    "finding": ns.GG + "hasFinding",
    "intervention": ns.GG + "takesMedication",
}


def store(*texts: str) -> ox.Store:
    """The shipped ontology with more triples."""
    found = ox.Store()
    for path in assets.files("ontology", "*.ttl"):
        found.extend(read_quads(path))
    for text in texts:
        found.load(PREFIXES + text, format=ox.RdfFormat.TURTLE)
    return found


PREFIXES = (
    "@prefix gg: <https://w3id.org/guidegraph/vocab/> . @prefix ggt: <https://w3id.org/guidegraph/term/> . "
    "@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> . "
    "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . "
)
TERMS = sweep.read_terms(store())
CLINICAL = [d for d in DECISIONS if {TERMS.kinds[d.term], TERMS.kinds.get(d.other, "")} <= PROPERTIES.keys()]


@pytest.fixture(scope="module")
def every_term(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A knowledge base with the shipped ontology and one population a term, so that each term has a truth value."""
    root = tmp_path_factory.mktemp("swept")
    (root / "graph" / "documents").mkdir(parents=True)
    shutil.copytree(ONTOLOGY, root / "ontology", ignore=shutil.ignore_patterns("links"))
    lines = [
        f"<urn:x:{number}> a owl:Class , gg:Population ; owl:equivalentClass [ a owl:Restriction ;"
        f" owl:onProperty <{PROPERTIES[kind]}> ; owl:someValuesFrom <{term}> ] ."
        for number, (term, kind) in enumerate(sorted(TERMS.kinds.items()))
        if kind in PROPERTIES
    ]
    text = PREFIXES + "<urn:x:g> {\n" + "\n".join(lines) + "\n}\n"
    (root / "graph" / "documents" / "terms.trig").write_text(text)
    return gg.open(root)


def truths(kb: Any, term: str) -> dict[str, str]:
    """The truth value of each term for somebody whose lists are complete and hold the one term."""
    kind = TERMS.kinds[term]
    lists = {"condition": "conditions", "finding": "findings", "intervention": "medications"}
    profile = {key: {"present": [term] if kind == own else [], "complete": True} for own, key in lists.items()}
    assessment = kb.assess(kb.profile(profile), AS_OF)
    return {atom.cls: assessment.truth(atom.iri) for atom in kb.records.atoms.values()}


@pytest.fixture(scope="module")
def open_terms(every_term: Any) -> set[str]:
    """What a list does not deny for another reason: collectives, what is read from an age, a duration, a score or
    another list, and combinations, whose parts the list may name."""
    left = {r.other for r in every_term.implications if r.listless and not r.excluded}
    left |= {r.cls for r in every_term.implications if r.kind == PART}
    near = {cls for cls in TERMS.kinds if any(TERMS.may_meet(cls, one) for one in left)}
    return near | {cls for _, cls in every_term.records.asked_only}


@pytest.mark.slow
@pytest.mark.parametrize("term", sorted({end for d in CLINICAL for end in (d.term, d.other)}), ids=ns.shorten)
def test_each_row_holds_for_a_patient(every_term: Any, open_terms: set[str], term: str) -> None:
    """On a complete list the narrower brings the wider, the wider does not deny the narrower, what may be another does
    not deny it, and what only looks like another does."""
    found = truths(every_term, term)
    combined = {cls for rule in every_term.implications if rule.kind == PART for cls in TERMS.above(rule.cls)}
    assert found[term] == "true"
    for d in CLINICAL:
        if d.term == term and d.relation == sweep.IMPLIES:
            assert found[d.other] == "true", d
        elif d.other == term and d.relation == sweep.IMPLIES and term in TERMS.above(d.term):
            assert found[d.term] != "false", d
        elif d.relation == sweep.OVERLAPS and term in (d.term, d.other):
            assert found[d.other if d.term == term else d.term] != "false", d
        elif d.relation in (sweep.LOOKS_LIKE, sweep.WORD_ONLY) and term in (d.term, d.other):
            other = d.other if d.term == term else d.term
            # What a listed combination may contain counts as listed.
            left = {other, term} if term in combined else {other}
            assert found[other] == "false" or (found[other] == "unknown" and not open_terms.isdisjoint(left)), d


def test_a_recorded_overlap_is_logically_possible_and_reaches_what_it_should(every_term: Any) -> None:
    """Every kind of the one may be the other and what is above that; what is below the other is denied as before."""
    swept = truths(every_term, ns.GGT + "Sciatica")
    assert swept[ns.GGT + "NeuropathicPain"] == "unknown" and swept[ns.GGT + "TrigeminalNeuralgia"] == "false"
    assert truths(every_term, ns.GGT + "NeuropathicPain")[ns.GGT + "Sciatica"] == "unknown"
    assert truths(every_term, ns.GGT + "SSRI")[ns.GGT + "CNSDepressant"] == "unknown"
    assert truths(every_term, ns.GGT + "CNSDepressant")[ns.GGT + "Fluvoxamine"] == "unknown"


@pytest.mark.slow
def test_nothing_makes_a_recorded_overlap_impossible() -> None:
    """HermiT: of each two terms of which one may be the other, one fact may be both; of each two of which one may contain
    the other, the one may have the other as its part."""
    parts = {
        (d.term, d.other)
        for d in sweep.read_decisions(ONTOLOGY / components.TABLE, components.RELATIONS)
        if d.relation == components.MAY_CONTAIN
    }
    pairs = {(one, other) for one, others in TERMS.said["may be"].items() for other in others} | parts
    quads = [quad for path in assets.files("ontology", "*.ttl") for quad in read_quads(path)]
    asked = {}
    for a, b in pairs:
        node: Any = ox.NamedNode(b)
        if {(a, b), (b, a)} & parts:
            whole, part = (a, b) if (a, b) in parts else (b, a)
            node = ox.BlankNode()
            row = ((ns.RDF + "type", ns.OWL + "Restriction"), (ns.OWL + "onProperty", ns.GG + "hasComponent"))
            row += ((ns.OWL + "someValuesFrom", part),)
            quads += [ox.Quad(node, ox.NamedNode(prop), ox.NamedNode(value)) for prop, value in row]
            a = whole
        asked[f"{a} {b}"] = [(True, ox.NamedNode(a)), (True, node)]
    assert len(parts) > 10 and len(asked) > len(parts)
    assert {key for key, can in satisfiable(quads, asked).items() if not can} == set()


def rules(*texts: str, folder: Path = ONTOLOGY) -> set[tuple[str, str]]:
    """The rule and node of each defect of the shipped ontology with more triples."""
    return {(d.rule, ns.shorten(d.node)) for d in sweep.defects(store(*texts), folder)}


def test_the_shipped_table_and_the_shipped_ontology_agree() -> None:
    assert rules() == set()


FINE = 'ggt:X a owl:Class ; rdfs:subClassOf gg:Condition ; rdfs:label "{}" .'
FAULTS = {
    "a new term that nobody read": (FINE.format("zoster"), {("sweep-unread", "ggt:X")}),
    "a new term below another": (
        'ggt:X a owl:Class ; rdfs:subClassOf ggt:HeartFailure ; rdfs:label "zoster" .',
        {("sweep-unread", "ggt:X"), ("sweep-unrecorded", "ggt:X")},
    ),
    "an axiom without its row": (
        "ggt:Hypertension rdfs:subClassOf ggt:CardiovascularDisease .",
        {("sweep-contradicted", "ggt:Hypertension"), ("sweep-unrecorded", "ggt:Hypertension")},
    ),
    "an overlap without its row": (
        "ggt:Pregnancy gg:overlapsWith ggt:Infection .",
        {("sweep-unrecorded", "ggt:Pregnancy"), ("sweep-contradicted", "ggt:Pregnancy")},
    ),
    "an overlap of what only looks alike": (
        "ggt:SSRI gg:overlapsWith ggt:SNRI .",
        {("sweep-unrecorded", "ggt:SSRI"), *(("sweep-contradicted", f"ggt:{x}") for x in ("SNRI", "CYP1A2Inhibitor"))},
    ),
    "a class below two that only look alike": (
        'ggt:X rdfs:subClassOf ggt:SNRI , ggt:SSRI ; rdfs:label "zoster" .',
        {("sweep-unread", "ggt:X"), ("sweep-unrecorded", "ggt:X"), ("sweep-contradicted", "ggt:SNRI")},
    ),
    "a synonym that shares a word": (
        'ggt:Pregnancy skos:altLabel "glaucoma" .',
        {("sweep-undecided", "ggt:NarrowAngleGlaucoma"), ("sweep-undecided", "ggt:Pregnancy")} - {("", "")},
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_found(name: str) -> None:
    text, expected = FAULTS[name]
    found = rules(text)
    assert found and found <= expected and {rule for rule, _ in found} == {rule for rule, _ in expected}


def table(tmp_path: Path, *more: str, without: str = "") -> Path:
    """A folder with the shipped table, changed."""
    shutil.copy(ONTOLOGY / sweep.WORDS, tmp_path)
    lines = [x for x in (ONTOLOGY / sweep.TABLE).read_text().splitlines() if not without or not x.startswith(without)]
    (tmp_path / sweep.TABLE).write_text("\n".join([*lines, *more]) + "\n")
    return tmp_path


def row(*cells: str) -> str:
    """A row with a reason."""
    return "\t".join([*cells, "because", "definition"])


def test_faults_of_the_table_are_found(tmp_path: Path) -> None:
    gone = row("ggt:Unicorn", "implies", "ggt:Cancer")
    assert rules(folder=table(tmp_path, gone)) == {("sweep-term-gone", "ggt:Unicorn")}
    told_twice = row("ggt:SSRI", "shares a word", "ggt:SNRI")
    assert rules(folder=table(tmp_path, told_twice)) == {("sweep-decided-twice", "ggt:SNRI")}
    undecided = table(tmp_path, without="ggt:FemaleSex\tlooks like")
    assert ("sweep-undecided", "ggt:FemaleSex") in rules(folder=undecided)
    lonely = table(tmp_path, without="ggt:Cisapride\t")
    assert rules(folder=lonely) == {("sweep-unread", "ggt:Cisapride")}
    for bad, error in (
        (row("ggt:SSRI", "resembles", "ggt:SNRI"), "no relation"),
        ("ggt:SSRI\timplies\tggt:Drug\t\tx", "lacks a cell"),
        (row("nothing", "implies", "ggt:SNRI"), "no name"),
    ):
        with pytest.raises(KnowledgeError, match=error):
            sweep.read_decisions(table(tmp_path, bad) / sweep.TABLE)
    (tmp_path / sweep.WORDS).write_text("just words")
    with pytest.raises(KnowledgeError, match="no lists"):
        sweep.read_words(tmp_path / sweep.WORDS)


def conflict(low: str, high: str, prefix: str, kind: str = "only-theirs") -> Conflict:
    """That a terminology has one term below another."""
    return Conflict(kind, prefix, (ns.GGT + low, ns.GGT + high), (f"{prefix}:1", f"{prefix}:2"), "")


def test_two_other_terminologies_that_agree_against_ours_need_a_reason() -> None:
    alone = [conflict("Pregnancy", "Infection", "A"), conflict("Pregnancy", "Infection", "A")]
    assert list(sweep.agreed(DECISIONS, agreements(alone))) == []
    both = [*alone, conflict("Pregnancy", "Infection", "B", "opposite-order")]
    (defect,) = sweep.agreed(DECISIONS, agreements(both))
    assert (defect.rule, defect.node) == ("sweep-others-agree", ns.GGT + "Pregnancy")
    ours = [conflict("Pregnancy", "Infection", "A", "only-ours"), conflict("Pregnancy", "Infection", "B", "only-ours")]
    decided = [conflict("Hypertension", "CardiovascularDisease", prefix) for prefix in "AB"]
    assert list(sweep.agreed(DECISIONS, agreements([*ours, *decided]))) == []


PARTS = sweep.read_decisions(ONTOLOGY / components.TABLE, components.RELATIONS)


@pytest.mark.parametrize("term", sorted({d.term for d in PARTS}), ids=ns.shorten)
def test_each_component_holds_for_a_patient(every_term: Any, term: str) -> None:
    """On a complete list the whole brings its part, what it may contain is left open, and what it does not is denied
    unless another row leaves it open."""
    found = truths(every_term, term)
    for d in PARTS:
        if d.term == term and d.relation == components.CONTAINS:
            assert found[d.other] == "true", d
        elif d.term == term and d.relation == components.MAY_CONTAIN:
            assert found[d.other] == "unknown", d
        elif d.term == term:
            assert found[d.other] == ("unknown" if TERMS.may_meet(term, d.other) else "false"), d


NSAID_IN_X = "ggt:X rdfs:subClassOf [ owl:onProperty gg:hasComponent ; owl:someValuesFrom ggt:NSAID ] . "
MIXED = {
    "a name that holds another": ("a pill with lithium", "", {("component-undecided", "ggt:X")}),
    "a name that holds another by a wide name": ("epidural steroids of late", "", {("component-undecided", "ggt:X")}),
    "a definition that holds another": (
        'thing" ; skos:definition "It has lithium in it.',
        "",
        {("component-undecided", "ggt:X")},
    ),
    "a component without its row": ("zoster", NSAID_IN_X, {("component-unrecorded", "ggt:X")}),
    "no other named": ("lithiumless zoster", "", set()),
    "a row that the ontology contradicts": (
        "zoster",
        "ggt:TopicalNSAID rdfs:subClassOf [ owl:onProperty gg:hasComponent ; owl:someValuesFrom ggt:NSAID ] .",
        {("component-contradicted", "ggt:TopicalNSAID")},
    ),
}


@pytest.mark.parametrize("name", MIXED)
def test_each_fault_of_components_is_found(name: str) -> None:
    label, more, expected = MIXED[name]
    new = store(f'ggt:X a owl:Class ; rdfs:subClassOf gg:Drug ; rdfs:label "{label}" . {more}')
    assert {(d.rule, ns.shorten(d.node)) for d in components.component_defects(new, ONTOLOGY)} == expected


def test_the_shipped_components_are_decided(tmp_path: Path) -> None:
    assert components.component_defects(store(), ONTOLOGY) == []
    assert components.component_defects(store(), tmp_path) == []
    rows = (ONTOLOGY / components.TABLE).read_text().splitlines()
    row = next(line for line in rows if line.startswith("ggt:EpiduralSteroidInjection\tcontains"))
    for wrong, rule in (
        (row.replace("contains", "does not contain"), "component-contradicted"),
        (row.replace("ggt:Corticosteroid", "ggt:Gone"), "component-term-gone"),
        ("ggt:Lithium\tmay contain\tggt:Triptan\tno reason\tours", "component-contradicted"),
    ):
        (tmp_path / components.TABLE).write_text("\n".join([*rows, wrong]) + "\n")
        assert {d.rule for d in components.component_defects(store(), tmp_path)} == {rule}


@pytest.fixture
def changed(tmp_path: Path) -> Iterator[Path]:
    """A copy of the shipped knowledge whose arrhythmia is no cardiovascular disease any more."""
    for name in ("ontology", "graph"):
        shutil.copytree(assets.folder(name), tmp_path / name)
    path = tmp_path / "ontology" / "conditions.ttl"
    text = path.read_text().replace(
        "ggt:Arrhythmia a owl:Class ; rdfs:subClassOf ggt:CardiovascularDisease",
        "ggt:Arrhythmia a owl:Class ; rdfs:subClassOf gg:Condition",
    )
    path.write_text(text)
    yield tmp_path


@pytest.mark.slow
def test_the_check_of_a_knowledge_base_tells_the_defects(changed: Path) -> None:
    done = CliRunner().invoke(app, ["check", "--no-reasoner", "--knowledge", str(changed), "--format", "json"])
    assert done.exit_code == 1 and "sweep-contradicted" in done.output and "ggt:Arrhythmia" in done.output
    files = sorted((changed / "ontology").glob("*.ttl"))
    (changed / "ontology" / sweep.TABLE).unlink()
    report = check_knowledge(ontology=files, documents=[], reasoner=False)
    assert all(finding.kind != "sweep" for finding in report.findings)
