"""Every fact of the second reading stands in the graph and traces to its page; figures in the docs are counted here."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from guidegraph import namespaces as ns
from guidegraph.knowledge import describe
from guidegraph.knowledge.records import gg
from tests.support.paths import ROOT

STATEMENT = ns.BASE + "statement/"
TYPE = ns.RDF + "type"
FACTS: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "facts.yaml").read_text(encoding="utf-8"))
KINDS = {
    gg(k)
    for k in ("Recommendation", "Contraindication", "EvidenceItem", "Alert", "FlagToWeigh", "Background", "Advice")
}


def typed(kb: Any, kind: str) -> list[str]:
    """The nodes of a class."""
    return [n for n, props in kb.records.nodes.items() if gg(kind) in props.get(TYPE, ())]


def test_there_are_all_of_them() -> None:
    counts = [sum(1 for fact in FACTS if re.match(start, fact)) for start in ("C2-|I-", "RF-")]
    assert counts == [78, 8] and len(FACTS) == 151


@pytest.mark.parametrize("fact", sorted(FACTS))
def test_a_fact_traces_to_its_page(kb: Any, fact: str) -> None:
    records, page = kb.records, FACTS[fact]["page"]
    for name in FACTS[fact]["statements"]:
        statement = STATEMENT + name
        assert KINDS & set(records.nodes[statement][TYPE]), name
        document = records.one(statement, "statedIn")
        assert document == ns.GGD + name.partition("/")[0]
        read_at = {*records.all(statement, "verifiedAt"), *records.all(document, "verifiedAt")}
        # Some flags and labels of the first reading name the same page in another form.
        assert page in read_at or any(page.startswith(p) or p.startswith(page) for p in read_at), (name, read_at)


def test_what_was_written_then_says_how_it_was_verified(kb: Any) -> None:
    written = {
        records_of
        for graph, props in kb.records.nodes.items()
        if gg("encodes") in props and kb.records.one(graph, ns.DCTERMS + "created")[:10] == "2026-11-27"
        for records_of in kb.records.all(graph, "encodes")
    }
    for statement, props in kb.records.nodes.items():
        if props.get(gg("statedIn"), [""])[0] in written and gg("encodedBy") in props:
            assert props.get(gg("verification")) and props.get(gg("verifiedAt")), statement


@pytest.mark.parametrize(
    ("statement", "of", "drug"),
    [
        ("drannabi-naproxen/I-NSAID-DIS", "NSAID", "Naproxen"),
        ("label-ibuprofen-ie/I-NSAID-NSAID", "NSAID", "Ibuprofen"),
        ("mims-tramadol-ph/I-TRA-SZ", "Opioid", "Tramadol"),
        ("leaflet-baclofen-us/I-BAC-CNS", "SkeletalMuscleRelaxant", "Baclofen"),
        ("mims-duloxetine-in/I-DUL-SER", "SNRI", "Duloxetine"),
    ],
)
def test_another_of_a_kind_is_each_drug_of_it_but_the_drug_itself(kb: Any, statement: str, of: str, drug: str) -> None:
    records = kb.records
    population = records.one(STATEMENT + statement, "population")
    taken = {records.atoms[i].cls for branch in records.branches[population] for i, held in branch if held}
    kinds = {c for c, above in records.ancestors.items() if ns.GGT + of in above and c != ns.GGT + of}
    # A class that holds the drug itself is no other drug, nor is a length of therapy one.
    whole = {c for c in kinds if c in records.ancestors[ns.GGT + drug] or "Therapy" in c}
    for cls in sorted(c for c in kinds - whole if ns.GGT + drug not in records.ancestors[c]):
        assert taken & {cls, *records.ancestors[cls]} - {ns.GGT + of}, cls
    assert ns.GGT + drug not in taken


def test_no_conjunction_says_a_thing_twice(kb: Any) -> None:
    records = kb.records
    for population, branches in records.branches.items():
        for branch in branches:
            held = [records.atoms[i] for i, value in branch if value and records.atoms[i].cls]
            held = [a for a in held if a.prop.rpartition("/")[2] in ("hasCondition", "hasFinding", "takesMedication")]
            for one in held:
                doubled = [
                    o for o in held if o is not one and o.prop == one.prop and o.cls in records.ancestors[one.cls]
                ]
                assert not doubled, (population, one, doubled)


def test_the_share_of_statements_with_a_place_is_what_the_docs_say(kb: Any) -> None:
    def share(nodes: list[str]) -> tuple[int, int]:
        return sum(1 for n in nodes if kb.records.one(n, "locator")), len(nodes)

    statements = [n for n, props in kb.records.nodes.items() if gg("statedIn") in props and gg("encodedBy") in props]
    kinds = [share(typed(kb, k)) for k in ("Recommendation", "Contraindication")]
    (r, rs), (c, cs), (s, total) = *kinds, share(statements)
    text = " ".join((ROOT / "docs/primary-layer.md").read_text(encoding="utf-8").split())
    assert c == 0
    told = f"A place has {r} of {rs} recommendations, and {s} of {total} statements in all; none of the {cs} contraindications has one"
    assert told in text, told
    assert f"{r} of {rs} recommendations have one" in " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())


def test_a_copy_on_anothers_site_is_marked_wherever_that_site_is_named(kb: Any) -> None:
    records = kb.records
    documents = {d: props for d, props in records.nodes.items() if gg("Document") in props.get(TYPE, ())}
    hosts = {urlsplit(p).hostname for d in documents for p in records.all(d, "copyAt")}
    assert len(hosts) > 20
    for node, props in records.nodes.items():
        document = node if node in documents else records.one(node, "statedIn")
        for page in (*props.get(gg("verifiedAt"), ()), *props.get(gg("dateVerifiedAt"), ())):
            if document in documents and urlsplit(page).hostname in hosts:
                assert page in records.all(document, "copyAt"), (node, page)
    # What is seen as the source is never a copy's address.
    shown = {i for d in documents for i in describe.addresses(records, d)}
    assert len(shown) > 100 and not {urlsplit(i).hostname for i in shown} & hosts
    read = [d for d in documents if records.one(d, "verification") != gg("NotVerified")]
    for document in read:
        assert bool(describe.addresses(records, document)) != bool(records.one(document, "addressSought")), document
    told = json.dumps(kb.trace("ggd:liu-2023").data)
    assert "doi.org/10.1136/bmj-2022-070730" in told and "a copy: http://" in told
