"""Looking terms and codes up, and asking about classes of other terminologies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

import guidegraph as gg
from guidegraph import api
from guidegraph.errors import QueryError, TermError
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


@pytest.mark.slow
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
    assert labels == ["active peptic ulcer", "peptic ulcer disease"]  # "ulcer" means more than either
    assert "means more than" in kb.lookup("ulcer")["asked_back"]
    found = kb.lookup("peptic")["terms"]
    assert len(found) > 2 and all(any("peptic" in n.lower() for n in (t["label"], *t["synonyms"])) for t in found)
    with pytest.raises(TermError, match="Nearest"):
        kb.lookup("peptik ulzer")
    with pytest.raises(TermError):
        kb.lookup("  ")


def about(kb: Any, term: str, *levels: str) -> dict[str, str]:
    """The classes that are spoken of, each with its level."""
    rows = asked(kb, "about-linked", **{"class": term})
    return {row["about"]: row["level"] for row in rows if not levels or row["level"] in levels}


def test_a_linked_hierarchy_widens_a_question(linked: gg.KnowledgeBase, plain: gg.KnowledgeBase) -> None:
    assert set(about(linked, "EX:N")) == set(about(linked, "ggt:NSAID")) == set(about(plain, "EX:N"))
    # What only the hierarchy says: remedies are wider than what we hold; unlinked, nobody knows that.
    assert about(linked, "EX:R")["nonsteroidal anti-inflammatory drug"] == BELOW
    assert set(about(linked, "EX:R").values()) == {BELOW}
    with pytest.raises(QueryError, match="EX:R is not understood: it is in no mapping table"):
        about(plain, "EX:R")
    # A wider match alone carries a question down to what is below it in our hierarchy, and not up.
    assert about(plain, "EX:C") and set(about(plain, "EX:C").values()) == {BELOW}
    assert set(about(plain, "EX:C")) == set(about(plain, "ggt:Cancer", "itself or the same", BELOW))


ABOVE, BELOW, OVERLAPS = "a class above", "a member below", "a class that overlaps with it"


def test_every_question_about_a_class_looks_up_and_down_from_a_code(linked: gg.KnowledgeBase) -> None:
    """A drug that only the hierarchy knows has what is said of its class; none of the other members of that."""
    assert set(about(linked, "EX:N1").values()) == {ABOVE}
    assert set(about(linked, "EX:N1")) >= set(about(linked, "ggt:NSAID", "itself or the same", ABOVE))
    assert "ibuprofen" not in about(linked, "EX:N1")
    said = {kind: asked(linked, "who-says-what", therapy=kind) for kind in ("EX:N1", "ibuprofen")}
    assert [row["wording"] for row in said["EX:N1"]] == [row["wording"] for row in said["ibuprofen"]]
    assert {row["level"] for row in said["EX:N1"]} == {ABOVE}
    assert {row["therapy"] for row in said["EX:N1"]} == {"https://example.org/ex/N1"}
    # A code that only resembles a class of ours shares something with it, and says so.
    assert set(about(linked, "EX:G").values()) == {OVERLAPS} and "gabapentin" in about(linked, "EX:G")
    # A narrower code of a condition has what is said of those who have the condition.
    assert about(linked, "EX:SL")["sciatica"] == ABOVE
    with pytest.raises(QueryError, match="combination product"):
        about(linked, "EX:NC")


@pytest.mark.parametrize(
    "name", ['"ibuprofen"@en', "ibuprofen@en", "'Ibuprofen'@en-GB", '"ibuprofen"', "ggt:Ibuprofen"]
)
def test_a_label_is_found_with_its_language_and_without(kb: Any, name: str) -> None:
    rows = asked(kb, "who-says-what", therapy=name)
    assert rows and rows == asked(kb, "who-says-what", therapy="ibuprofen")


def test_a_condition_is_told_what_is_asked_for_in_patients_who_have_it(kb: Any) -> None:
    rows = asked(kb, "about", **{"class": "congestive heart failure"})
    assert {row["role"] for row in rows} == {"asked for in its patients"}
    stated = {row["statement"] for row in rows if row["level"] == "itself"}
    assert stated
    # By hand: each statement whose criteria name the class.
    term = kb.vocabulary.resolve("congestive heart failure", ("condition",))
    atoms = {a.iri for a in kb.records.atoms.values() if a.cls == term}
    populations = {p for p, branches in kb.records.branches.items() for b in branches for a, _ in b if a in atoms}
    assert stated == {
        kb.records.label(s)
        for s in kb.records.nodes
        if kb.records.population(s) in populations and kb.records.one(s, "statedIn")
    }


def asked(kb: Any, name: str, **params: str) -> list[dict[str, str]]:
    query = catalogue.find(name, ("examples",))
    result = api.run_query(kb, query.text, query.params, [f"{k}={v}" for k, v in params.items()])
    return [{c: getattr(v, "value", "") for c, v in zip(result.columns, row, strict=True)} for row in result.rows]


@pytest.mark.slow
def test_the_command(cli: Any, linked: gg.KnowledgeBase) -> None:
    root = str(linked.knowledge.selected.root)
    done = cli("lookup", "EX:N1", "--knowledge", root)
    assert done.returncode == 0 and "is below" in done.stdout
    assert cli("lookup", "EX:77", "--knowledge", root).returncode == 1
    wrong = cli("lookup", "nothing of this kind")
    assert wrong.returncode == 2 and wrong.stderr.count("\n") == 1 and not wrong.stdout
    data = json.loads(cli("lookup", "EX:N1", "--knowledge", root, "--format", "json").stdout)
    assert data["reading"]["code"] == "EX:N1"


@pytest.mark.slow
def test_loaded_links_are_no_part_of_the_knowledge(linked: gg.KnowledgeBase, coded_folder: Path) -> None:
    from guidegraph.export import description, rdf

    linked.knowledge.load_links()
    fresh = gg.open(coded_folder)
    assert len(linked.store) > len(fresh.store) and linked.digest == fresh.digest
    assert set(rdf.everything(linked.store)) and len(rdf.everything(linked.store)) == len(rdf.everything(fresh.store))
    one, other = (description.turtle(base.engine, base.links.folders) for base in (linked, fresh))
    assert one == other
    one, other = (
        json.dumps(base.therapies({"age": 40, "conditions": ["sciatica"]}).to_dict()) for base in (linked, fresh)
    )
    assert one == other
