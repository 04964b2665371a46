"""Laws that every answer keeps, on generated patients (semantics: how the meaning is checked)."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date
from typing import Any

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import guidegraph as gg
from guidegraph import namespaces as ns
from guidegraph.errors import ProfileError
from tests.conftest import AS_OF
from tests.support import generate

SEEDS = st.integers(min_value=1_000, max_value=1_000_000)
LAW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@given(seed=SEEDS)
@LAW
def test_a_true_absolute_contraindication_is_never_eligible(kb: Any, seed: int) -> None:
    profile, pick = generate.profile(kb, seed), random.Random(seed)
    records = kb.records
    therapy = pick.choice(sorted(t for t, roles in records.edges.items() if roles.get("absolute")))
    statement = pick.choice(records.edges[therapy]["absolute"])
    simple = [b for b in records.branches[records.population(statement)] if all(p for _, p in b)]
    atoms = [records.atoms[a] for b in simple for a, _ in b if records.atoms[a].prop in generate.SIMPLE]
    if not atoms:
        return
    atom = pick.choice(atoms)
    present = {**profile.present, atom.prop: profile.present.get(atom.prop, frozenset()) | {atom.cls}}
    try:
        changed = kb.profile(replace(profile, present=present))
    except ProfileError:
        return
    assert kb.assess(changed, AS_OF).statuses[therapy] == "contraindicated"


@given(seed=SEEDS)
@LAW
def test_adding_a_consistent_fact_only_settles_what_was_unknown(kb: Any, seed: int) -> None:
    profile, pick = replace(generate.profile(kb, seed), complete=frozenset()), random.Random(seed)
    profile = kb.profile(profile)
    classes = generate.used_classes(kb)
    prop = pick.choice(generate.SIMPLE)
    cls, side = pick.choice(classes[prop]), pick.choice(("present", "absent"))
    table = getattr(profile, side)
    try:
        changed = kb.profile(replace(profile, **{side: {**table, prop: table.get(prop, frozenset()) | {cls}}}))
    except ProfileError:
        return
    before, after = kb.assess(profile, AS_OF), kb.assess(changed, AS_OF)
    for iri in (*kb.records.atoms, *kb.records.branches):
        if before.truth(iri) != "unknown":
            assert after.truth(iri) == before.truth(iri), iri


@given(seed=SEEDS)
@LAW
def test_the_answer_follows_from_the_table_of_statuses(kb: Any, seed: int) -> None:
    """A slow, plain reading of the table gives the same status as the query."""
    found = kb.assess(generate.profile(kb, seed), AS_OF)
    for therapy, status in found.statuses.items():
        assert plain_status(found, therapy) == status, therapy


def plain_status(found: Any, therapy: str) -> str:
    def some(statements: Any, value: str) -> bool:
        return any(found.truth(s) == value for s in statements)

    for_, against = found.statements(therapy, "for"), found.opposing(therapy)
    absolute, cautions = found.statements(therapy, "absolute"), found.cautions(therapy)
    drug_or_procedure = "true" in found.records.criteria.get(therapy, {}).get("none", ()) or found.records.classes[
        therapy
    ][1] in ("drug", "procedure")
    on_file = absolute or found.statements(therapy, "cautioned")
    if some(absolute, "true"):
        return "contraindicated"
    if some(for_, "true") and some(against, "true"):
        return "contested"
    if some(against, "true"):
        return "advised-against"
    if some(for_, "true"):
        if some(cautions, "true"):
            return "caution"
        if some((*absolute, *against, *cautions), "unknown") or (drug_or_procedure and not on_file):
            return "provisional"
        return "eligible"
    return "undetermined" if some((*for_, *against), "unknown") else "not-indicated"


@given(seed=SEEDS)
@LAW
def test_population_truth_is_kleene_over_its_literals(kb: Any, seed: int) -> None:
    found = kb.assess(generate.profile(kb, seed), AS_OF)
    for population, branches in kb.records.branches.items():
        values = [found.branch_truth(branch) for branch in branches]
        expected = "true" if "true" in values else "unknown" if "unknown" in values else "false"
        assert found.truth(population) == expected, population


@given(seed=SEEDS)
@settings(LAW, max_examples=8)
def test_the_smallest_change_makes_the_therapy_eligible(kb: Any, seed: int) -> None:
    profile = replace(generate.profile(kb, seed), complete=frozenset())
    found = kb.assess(kb.profile(profile), AS_OF)
    therapies = sorted(t for t, s in found.statuses.items() if s in ("provisional", "undetermined", "not-indicated"))
    therapy = random.Random(seed).choice(therapies)
    change = kb.explain(profile, therapy, as_of=AS_OF)["change"]
    assert change["possible"] or change["why_not"]
    assert bool(change["facts"]) == change["possible"]


def test_a_document_not_yet_issued_takes_exactly_its_own_effect_away(kb: Any) -> None:
    profile = kb.profile("example:complete-record")
    late, early = kb.assess(profile, AS_OF), kb.assess(profile, date(2019, 6, 1))
    waiting = {s for s, why in early.because.items() if why == "not yet issued"}
    assert {kb.records.issued(kb.records.one(s, "statedIn"))[:4] for s in waiting} >= {"2020", "2021", "2023", "2025"}
    for statement, truth in late.truths.items():
        if not kb.records.one(statement, "statedIn") or statement in waiting:
            continue
        # What is not waiting has the same truth, unless it has ended since: that is restored.
        assert early.truth(statement) == truth or statement in late.because


@pytest.fixture(scope="module")
def renamed(kb: Any) -> Any:
    """The same knowledge with other names for all clinical classes, statements and populations, in another order."""

    def name(term: Any) -> Any:
        for base in (ns.GGT, ns.GGP, ns.BASE + "statement/"):
            if isinstance(term, ox.NamedNode) and term.value.startswith(base):
                return ox.NamedNode(
                    base + "x" + term.value[len(base) :][::-1].replace("/", "_").replace(".", "-") + "z"
                )
        return term

    index = ox.NamedNode(ns.INDEX_GRAPH)
    quads = [
        ox.Quad(name(q.subject), q.predicate, name(q.object), q.graph_name) for q in kb.store if q.graph_name != index
    ]
    random.Random(7).shuffle(quads)
    store = ox.Store()
    store.extend(quads)
    return gg.KnowledgeBase(store)


def test_other_names_and_another_order_change_nothing(kb: Any, renamed: Any) -> None:
    for example in ("chronic-failed-care", "bleeding-ulcer", "complete-record", "cauda-equina-week-1"):

        def statuses(base: Any, example: str = example) -> dict[str, str]:
            found = base.therapies(f"example:{example}", as_of=AS_OF).assessment
            return {base.records.label(t): s for t, s in found.statuses.items()}

        assert statuses(kb) == statuses(renamed)


def test_a_threshold_changed_in_the_data_changes_the_answer(repo_root: Any, tmp_path: Any) -> None:
    import shutil

    for folder in ("ontology", "graph"):
        shutil.copytree(repo_root / folder, tmp_path / folder)
    article = tmp_path / "graph" / "documents" / "droracle-sciatica-2025.trig"
    text = article.read_text(encoding="utf-8")
    assert "xsd:minExclusive 12.0" in text
    article.write_text(text.replace("xsd:minExclusive 12.0", "xsd:minExclusive 15.0"), encoding="utf-8")
    changed = gg.open(tmp_path).therapies("example:week-14-chronic", as_of=AS_OF)
    assert changed.status("exercise therapy") == "undetermined"
    before = gg.open().therapies("example:week-14-chronic", as_of=AS_OF)
    assert before.status("exercise therapy") == "provisional"
