"""Looking terms and codes up, and asking about classes of other terminologies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

import guidegraph as gg
from guidegraph import api
from guidegraph.errors import TermError
from guidegraph.query import catalogue
from guidegraph.render.lookup import lookup_text


@pytest.fixture(scope="module")
def valid(repo_root: Path) -> Draft202012Validator:
    return Draft202012Validator(json.loads((repo_root / "src/guidegraph/schema/lookup.schema.json").read_text()))


@pytest.mark.parametrize("text", ["NSAID", "ggt:NSAID", "https://w3id.org/guidegraph/term/NSAID", "EX:N", "ex:N"])
def test_every_name_leads_to_the_term(linked: gg.KnowledgeBase, valid: Draft202012Validator, text: str) -> None:
    found = linked.lookup(text)
    valid.validate(found)
    assert [t["id"] for t in found["terms"]] == ["ggt:NSAID"]
    term = found["terms"][0]
    assert [(m["predicate"], m["code"], m["label"]) for m in term["mappings"]] == [
        ("exact", "EX:N", "anti-inflammatories")
    ]
    assert {"ggt:Ibuprofen"} <= {c["id"] for c in term["below"]} and term["definition"]
    roles = {s["role"] for s in term["statements"]}
    assert {"recommended", "contraindicated for some patients"} <= roles


def test_a_term_tells_all_that_reaches_it(kb: Any) -> None:
    term = kb.lookup("ibuprofen")["terms"][0]
    edges = kb.records.edges["https://w3id.org/guidegraph/term/Ibuprofen"]
    told = {(s["id"], s["role"]) for s in term["statements"]}
    assert {i for i, role in told if role == "contraindicated for some patients"} == {
        s.removeprefix("https://w3id.org/guidegraph/") for s in edges["absolute"]
    }


def test_a_condition_tells_whose_criterion_it_is(kb: Any) -> None:
    term = kb.lookup("bleeding ulcer")["terms"][0]
    assert any(s["label"].startswith("NSAIDs: active") for s in term["statements"])
    number = kb.lookup("gg:symptomWeeks")["terms"][0]
    assert number["kind"] == "number" and number["statements"]
    unrelated = kb.lookup("cervical radiculopathy")["terms"][0]
    assert not any("NSAIDs: active" in s["label"] for s in unrelated["statements"])


def test_a_code_is_told_with_its_steps(linked: gg.KnowledgeBase, plain: gg.KnowledgeBase) -> None:
    found = linked.lookup("EX:N1")
    assert [c["id"] for c in found["reading"]["present"]] == ["ggt:NSAID"] and found["reading"]["absent"] == []
    text = lookup_text(found)
    assert "EX:N1 (newcoxib) is below EX:N" in " ".join(text.split())
    missed = plain.lookup("EX:N1")
    assert not missed["reading"]["understood"] and missed["terms"] == []
    assert "NOT UNDERSTOOD" in lookup_text(missed)


def test_part_of_a_name_lists_what_holds_it(kb: Any) -> None:
    labels = [t["label"] for t in kb.lookup("ulcer")["terms"]]
    assert labels == ["active peptic ulcer"]  # "ulcer" is a synonym of it
    found = kb.lookup("peptic")["terms"]
    assert len(found) > 2 and all(any("peptic" in n.lower() for n in (t["label"], *t["synonyms"])) for t in found)
    with pytest.raises(TermError, match="Nearest"):
        kb.lookup("peptik ulzer")
    with pytest.raises(TermError):
        kb.lookup("  ")


def about(kb: Any, term: str) -> list[str]:
    query = catalogue.find("about-linked", ("examples",))
    result = api.run_query(kb, query.text, query.params, [f"class={term}"])
    return sorted({row[1].value for row in result.rows})


def test_a_linked_hierarchy_widens_a_question(linked: gg.KnowledgeBase, plain: gg.KnowledgeBase) -> None:
    assert about(linked, "EX:N") == about(linked, "ggt:NSAID") == about(plain, "EX:N")
    # What only the hierarchy says: remedies are wider than what we hold; unlinked, nobody knows that.
    assert set(about(linked, "ggt:NSAID")) <= set(about(linked, "EX:R"))
    assert about(plain, "EX:R") == []
    # A wider match alone carries a question down to what is below it in our hierarchy.
    assert about(plain, "EX:C") == about(plain, "ggt:Cancer")


def test_the_command(cli: Any, linked: gg.KnowledgeBase) -> None:
    root = str(linked.knowledge.root)
    done = cli("lookup", "EX:N1", "--knowledge", root)
    assert done.returncode == 0 and "is below" in done.stdout
    assert cli("lookup", "EX:77", "--knowledge", root).returncode == 1
    wrong = cli("lookup", "nothing of this kind")
    assert wrong.returncode == 2 and wrong.stderr.count("\n") == 1 and not wrong.stdout
    data = json.loads(cli("lookup", "EX:N1", "--knowledge", root, "--format", "json").stdout)
    assert data["reading"]["code"] == "EX:N1"


def test_loaded_links_are_no_part_of_the_knowledge(linked: gg.KnowledgeBase, coded_folder: Path) -> None:
    from guidegraph.export import description, rdf

    linked.knowledge.load_links()
    fresh = gg.open(coded_folder)
    assert len(linked.store) > len(fresh.store) and linked.digest == fresh.digest
    assert set(rdf.everything(linked.store)) and len(rdf.everything(linked.store)) == len(rdf.everything(fresh.store))
    one, other = (description.turtle(base.engine, coded_folder) for base in (linked, fresh))
    assert one == other
    one, other = (
        json.dumps(base.therapies({"age": 40, "conditions": ["sciatica"]}).to_dict()) for base in (linked, fresh)
    )
    assert one == other
