"""Laws that every answer keeps, on generated patients (semantics: how the meaning is checked)."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache
from types import SimpleNamespace
from typing import Any

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, assume, given, reject, settings
from hypothesis import example as always
from hypothesis import strategies as st

import guidegraph as gg
from guidegraph import namespaces as ns
from guidegraph.assess.timeline import shifted
from guidegraph.errors import ProfileError
from guidegraph.model import Profile, StopFact, TrialFact
from tests.conftest import AS_OF
from tests.support import generate

SEEDS = st.integers(min_value=1_000, max_value=1_000_000)
LAW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def consistent(kb: Any, profile: Profile) -> Profile:
    """The profile with its implications; an example that contradicts itself is none."""
    try:
        read: Profile = kb.profile(profile)
    except ProfileError:
        reject()
    return read


@pytest.mark.slow
@given(seed=SEEDS)
@LAW
def test_a_true_absolute_contraindication_is_never_eligible(kb: Any, seed: int) -> None:
    profile, pick = generate.profile(kb, seed), random.Random(seed)
    records = kb.records
    therapy = pick.choice(sorted(t for t, roles in records.edges.items() if roles.get("absolute")))
    statement = pick.choice(records.edges[therapy]["absolute"])
    # One fact makes a branch of one literal true.
    single = [b[0] for b in records.branches[records.population(statement)] if len(b) == 1]
    atoms = [records.atoms[a] for a, positive in single if positive and records.atoms[a].prop in generate.SIMPLE]
    assume(atoms)
    atom = pick.choice(atoms)
    present = {**profile.present, atom.prop: profile.present.get(atom.prop, frozenset()) | {atom.cls}}
    changed = consistent(kb, replace(profile, present=present))
    assert kb.assess(changed, AS_OF).statuses[therapy] == "contraindicated"


@pytest.mark.slow
@given(seed=SEEDS)
@LAW
def test_adding_a_consistent_fact_only_settles_what_was_unknown(kb: Any, seed: int) -> None:
    profile, pick = replace(generate.profile(kb, seed), complete=frozenset()), random.Random(seed)
    profile = kb.profile(profile)
    classes = generate.used_classes(kb)
    prop = pick.choice(generate.SIMPLE)
    cls, side = pick.choice(classes[prop]), pick.choice(("present", "absent"))
    table = getattr(profile, side)
    changed = consistent(kb, replace(profile, **{side: {**table, prop: table.get(prop, frozenset()) | {cls}}}))
    before, after = kb.assess(profile, AS_OF), kb.assess(changed, AS_OF)
    for iri in (*kb.records.atoms, *kb.records.branches):
        if before.truth(iri) != "unknown":
            assert after.truth(iri) == before.truth(iri), iri


@pytest.mark.slow
@given(seed=SEEDS)
@LAW
def test_the_answer_follows_from_the_table_of_statuses(kb: Any, seed: int) -> None:
    """A slow, plain reading of the table gives the same status as the query."""
    found = kb.assess(generate.profile(kb, seed), AS_OF)
    plain = SimpleNamespace(**vars(found), store=kb.store, truth=found.truth, statements=found.statements)
    for therapy, status in found.statuses.items():
        assert plain_status(plain, therapy) == status, therapy
        assert found.in_general.get(therapy, frozenset()) == in_general(plain, therapy), therapy


@given(seed=SEEDS, sign=st.sampled_from(("saddle anesthesia", "cauda equina syndrome", "suspected infection")))
@settings(LAW, max_examples=8)
def test_no_advice_against_a_class_holds_up_what_a_true_alert_calls_for(kb: Any, seed: int, sign: str) -> None:
    """Whatever is known of the exceptions of such advice: what is called for waits for nothing but what names it."""
    profile = generate.profile(kb, seed)
    term = kb.profile({"conditions": [sign]} if sign != "saddle anesthesia" else {"findings": [sign]})
    changed = consistent(
        kb,
        replace(
            profile,
            present={
                **profile.present,
                **{p: profile.present.get(p, frozenset()) | c for p, c in term.present.items()},
            },
        ),
    )
    found = kb.assess(changed, AS_OF)
    assert found.called
    plain = SimpleNamespace(**vars(found), store=kb.store, truth=found.truth, statements=found.statements)
    for therapy in found.called:
        if not any(found.truth(s) == "true" for s in reaching(plain, therapy, "For")):
            continue
        named = {therapy, *parts(plain, therapy)} | {c for c in found.records.ancestors[therapy] if c in found.called}
        for statement in found.opposing(therapy):
            about = found.records.one(statement, "intervention")
            part = any(about in found.records.ancestors[p] for p in parts(plain, therapy))
            of_alert = any(speaks_of(found, a, statement) for a in found.called[therapy])
            assert about in named or part or of_alert, (therapy, statement)


def plain_status(found: Any, therapy: str) -> str:
    def some(statements: Any, value: str) -> bool:
        return any(found.truth(s) == value for s in statements)

    records = found.records
    above = records.ancestors[therapy]
    for_ = reaching(found, therapy, "For")
    limits = {s for s in found.limits.get(therapy, ()) if some(for_, "true")}
    apart = {s for s in found.apart.get(therapy, ()) if found.truth(s) == "true"}
    against = reaching(found, therapy, "Against") - limits - apart
    absolute, cautions = set(found.statements(therapy, "absolute")), set(found.statements(therapy, "cautioned"))
    alerts = {a for a in records.alerts if found.truth(a) != "inactive"}
    answered = {a: calling(found, a, therapy) for a in alerts}
    if any(found.truth(a) == "true" and answered[a] for a in alerts):
        alerts, covered = set(), set()
    else:
        spared = {a for a in alerts if answered[a] and (found.truth(a) != "true" or called_by(found, a, therapy))}
        alerts -= spared
        drug_or_procedure = records.classes[therapy][1] in ("drug", "procedure")
        covered = {r for r in uncovered(found, for_) if drug_or_procedure}
    refused = {t.of for t in found.profile.trials_present if t.outcome == ns.GG + "NotTolerated"}
    tolerated = not any(t in above or any(t in records.ancestors[p] for p in parts(found, therapy)) for t in refused)
    doubtful = cautions | alerts | covered
    if some(absolute, "true"):
        return "contraindicated"
    if some(for_, "true") and some(against, "true"):
        return "contested"
    if some(against, "true"):
        return "advised-against"
    if some(for_, "true"):
        if some(doubtful, "true") or apart or not tolerated:
            return "caution"
        return "provisional" if some(absolute | against | doubtful, "unknown") else "eligible"
    return "undetermined" if some(for_, "unknown") else "not-indicated"


def in_general(found: Any, therapy: str) -> set[str]:
    """The advice against a class of what a true alert calls for that is not about patients with the alert."""
    records = found.records
    true = {a for a in records.alerts if found.truth(a) == "true"}
    called = {a for a in true if calling(found, a, therapy)}
    if not called or not any(found.truth(s) == "true" for s in reaching(found, therapy, "For")):
        return set()
    rows = set()
    for statement in reaching(found, therapy, "Against"):
        about = records.one(statement, "intervention")
        above = about in records.ancestors[therapy] and about != therapy
        if above and not any(calling(found, a, about) for a in true):
            rows |= {statement} if not any(speaks_of(found, a, statement) for a in called) else set()
    return rows


def parts(found: Any, therapy: str) -> set[str]:
    """The parts of a combination, and of the combinations above it."""
    contains = ox.NamedNode(ns.IDX + "contains")
    store, classes = found.store, [therapy, *found.records.ancestors[therapy]]
    return {q.object.value for c in classes for q in store.quads_for_pattern(ox.NamedNode(c), contains, None, None)}


def said(found: Any, node: str, name: str) -> set[str]:
    """The values of a property of the model, read from the knowledge itself."""
    pattern = found.store.quads_for_pattern(ox.NamedNode(node), ox.NamedNode(ns.GG + name), None, None)
    return {q.object.value for q in pattern}


def reaching(found: Any, therapy: str, stance: str) -> set[str]:
    """The recommendations of a stance that count and reach a therapy, by the rules themselves."""
    return {s for s in reached(found.records, found.store, therapy, stance) if found.truth(s) != "inactive"}


@cache
def reached(records: Any, store: ox.Store, therapy: str, stance: str) -> frozenset[str]:
    """Those that reach it whether they count or not: the same for every patient."""
    found, above = SimpleNamespace(records=records, store=store), records.ancestors[therapy]
    named = {c for c in above if "true" in said(found, c, "onlyWhenNamed")}
    rows = set()
    for statement in (s for s, p in records.nodes.items() if ns.GG + stance in p.get(ns.GG + "stance", ())):
        about = records.one(statement, "intervention")
        variants = {c for c in named if about in records.ancestors[c] and c != about}
        unnamed = "true" in said(found, statement, "membersNotNamed") and about != therapy
        blocked = stance == "For" and (unnamed or any(about not in said(found, c, "namedBy") for c in variants))
        alone = "true" in said(found, statement, "monotherapy")
        through = (
            stance == "Against" and not alone and any(about in records.ancestors[p] for p in parts(found, therapy))
        )
        if (about in above and not blocked) or through:
            rows.add(statement)
    return frozenset(rows)


def called_by(found: Any, alert: str, therapy: str) -> bool:
    """Whether the alert itself calls for the therapy."""
    return not said(found, alert, "callsFor").isdisjoint(found.records.ancestors[therapy])


def calling(found: Any, alert: str, therapy: str) -> bool:
    """Whether the alert calls for the therapy, or a recommendation of it speaks of what the alert is about.

    Of a true alert the recommendation must be true.
    """
    wanted = ("true",) if found.truth(alert) == "true" else ("true", "unknown", "false")
    own = (s for s in reaching(found, therapy, "For") if found.truth(s) in wanted)
    return called_by(found, alert, therapy) or any(speaks_of(found, alert, s) for s in own)


def speaks_of(found: Any, alert: str, statement: str) -> bool:
    """Whether a statement speaks of patients who have what an alert is about, or a sign of it."""
    records = found.records

    def signs(iri: str) -> set[tuple[str, str]]:
        branches = records.branches[records.population(iri)]
        atoms = [records.atoms[a] for branch in branches for a, positive in branch if positive]
        return {(atom.prop, atom.cls) for atom in atoms if atom.cls}

    return any(
        p == q and (c in records.ancestors[d] or d in records.ancestors[c])
        for p, c in signs(alert)
        for q, d in signs(statement)
    )


def uncovered(found: Any, recommending: set[str]) -> set[str]:
    """The coverage rules that every true recommendation carries and that are not known to be false."""
    records = found.records
    held = [s for s in recommending if found.truth(s) == "true"]
    rules = {r for s in held for r in records.criteria[s].get(ns.IDX + "carries", ()) if found.truth(r) != "false"}
    return {r for r in rules if all(r in records.criteria[s].get(ns.IDX + "carries", ()) for s in held)}


@pytest.mark.slow
@given(seed=SEEDS)
@LAW
def test_population_truth_is_kleene_over_its_literals(kb: Any, seed: int) -> None:
    found = kb.assess(generate.profile(kb, seed), AS_OF)
    for population, branches in kb.records.branches.items():
        values = [found.branch_truth(branch) for branch in branches]
        expected = "true" if "true" in values else "unknown" if "unknown" in values else "false"
        assert found.truth(population) == expected, population


@pytest.mark.slow
@given(seed=SEEDS)
@always(seed=10913)  # a broader fact that came later made an earlier one needless
@always(seed=2472)  # what one fact implies made another needless
@settings(LAW, max_examples=3)
def test_the_smallest_change_makes_the_therapy_eligible(kb: Any, seed: int) -> None:
    """The published facts of the change, applied to the profile by this test, make the therapy eligible."""
    profile = kb.profile(replace(generate.profile(kb, seed), complete=frozenset()))
    statuses = kb.assess(profile, AS_OF).statuses
    therapies = sorted(t for t, s in statuses.items() if s in ("provisional", "undetermined", "not-indicated"))
    random.Random(seed).shuffle(therapies)
    changes = ((t, kb.explain(profile, t, as_of=AS_OF)["change"]) for t in therapies[:12])
    therapy, change = next(((t, c) for t, c in changes if c["possible"]), ("", {}))
    assume(therapy)
    assert change["facts"]
    changed = with_facts(kb, profile, change["facts"])
    assert kb.assess(kb.profile(changed), AS_OF).statuses[therapy] == "eligible"
    # It is a smallest one: with one fact less the therapy is not eligible.
    for left_out in change["facts"]:
        less = with_facts(kb, profile, [f for f in change["facts"] if f != left_out])
        assert kb.assess(kb.profile(less), AS_OF).statuses[therapy] != "eligible", left_out


@pytest.mark.slow
def test_changes_of_every_kind_are_applied(kb: Any) -> None:
    """The shipped patients between them are told to wait, to try, to measure, to have and not to have something."""
    kinds, applied = set(), 0
    for number, example in enumerate(
        ("age-only", "acute-uncomplicated", "week-14-chronic", "chronic-failed-care", "complete-record")
    ):
        profile = kb.profile(f"example:{example}")
        for therapy, status in sorted(kb.assess(profile, AS_OF).statuses.items()):
            # Each patient has a share, since each is told other kinds of things.
            if status in ("provisional", "undetermined", "not-indicated") and applied < 10 * (number + 1):
                facts = kb.explain(profile, therapy, as_of=AS_OF)["change"]["facts"]
                if facts:
                    changed = kb.profile(with_facts(kb, profile, facts))
                    assert kb.assess(changed, AS_OF).statuses[therapy] == "eligible", (example, therapy, facts)
                    kinds |= {f["fact"].partition(":")[0] if ":" in f["fact"] else f["fact"] for f in facts}
                    kinds |= {f["value"].partition(" ")[0] for f in facts}
                    applied += 1
    assert applied > 20 and {"yes", "no", "such", "time", "trials"} <= kinds, (applied, kinds)


def with_facts(kb: Any, profile: Profile, facts: list[Any]) -> Profile:
    """A profile with published facts of a change, read as a clinician would read them."""
    atoms = {kb.knowledge.book.fact(atom).fact: atom for atom in kb.records.atoms.values() if atom.prop}
    for row in sorted(facts, key=lambda row: row["fact"] != "time"):
        if row["fact"] == "time":
            profile = shifted(profile, Decimal(row["value"].split()[0]), kb.records.rates)
            continue
        atom, value = atoms[row["fact"]], row["value"]
        bounds = (atom.low, atom.above + 1, atom.high, atom.below - 1)
        inside = (b for b in bounds if b >= 0 and atom.low <= b <= atom.high and atom.above < b < atom.below)
        number = next(inside) if atom.bounded and value == "yes" else None
        if value.startswith("such as "):
            number = Decimal(value.removeprefix("such as "))
            profile = replace(profile, values={**profile.values, atom.prop: number})
        elif atom.prop == ns.GG + "hasTrial":
            trial = TrialFact(atom.cls, atom.outcome or None, number)
            if value == "yes":
                above = kb.records.ancestors[atom.cls]
                never = frozenset(t for t in profile.trials_absent if t.of not in above)
                profile = replace(profile, trials_present=profile.trials_present | {trial}, trials_absent=never)
            else:
                profile = replace(profile, trials_absent=profile.trials_absent | {trial})
        elif atom.prop == ns.GG + "stoppedMedication":
            # A stop that the range names is denied within it: "at most 14 days ago" for no such stop.
            days = number if value == "yes" else atom.high if atom.bounded and atom.high < 999999999 else None
            side = "stops_present" if value == "yes" else "stops_absent"
            profile = replace(profile, **{side: getattr(profile, side) | {StopFact(atom.cls, days)}})
        else:
            side = "present" if value == "yes" else "absent"
            table = getattr(profile, side)
            listed = {**table, atom.prop: table.get(atom.prop, frozenset()) | {atom.cls}}
            profile = replace(profile, **{side: listed})
    return profile


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


@pytest.mark.slow
def test_other_names_and_another_order_change_nothing(kb: Any, renamed: Any) -> None:
    for example in ("chronic-failed-care", "bleeding-ulcer", "complete-record", "cauda-equina-week-1"):

        def statuses(base: Any, example: str = example) -> dict[str, str]:
            found = base.therapies(f"example:{example}", as_of=AS_OF).assessment
            return {base.records.label(t): s for t, s in found.statuses.items()}

        assert statuses(kb) == statuses(renamed)


@pytest.mark.slow
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
