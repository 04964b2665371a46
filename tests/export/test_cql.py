"""The populations in CQL, run by an independent engine over FHIR bundles: the same true, false and unknown as ours."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from guidegraph import api
from guidegraph import namespaces as ns
from guidegraph.errors import UsageError
from guidegraph.export.fhir.parts import bare
from guidegraph.export.fhir.patient import patient_bundle
from guidegraph.model import Another, Profile, StopFact, TrialFact
from guidegraph.profile import read_profile
from guidegraph.profile.problems import of_problem, titled
from guidegraph.termreadings import STOPPED
from tests.conftest import AS_OF
from tests.support import generate
from tests.support.fhircheck import validate
from tests.support.paths import ASKED, ASKED_NAMES, AUDIT, PROFILES

Run = Callable[..., CompletedProcess[str]]
HERE = Path(__file__).parent
PATIENTS = 60
VALUES = {"true": True, "false": False, "unknown": None}
#: Where the two engines may differ: (patient, population) with the reason. None is known. The list is strict: an entry
#: whose values are the same fails as well.
KNOWN: dict[tuple[str, str], str] = {}


def bundle(kb: Any, profile: Any) -> dict[str, Any]:
    return bare(kb.patient_bundle(profile))


def edge_cases(kb: Any) -> dict[str, Profile]:
    """Facts that chance does not bring: suspended lists, denials by outcome and by days, numbers at their bounds."""
    condition, trial = ns.GG + "hasCondition", ns.GG + "hasTrial"
    stop = next(a for a in kb.records.atoms.values() if a.prop == ns.GG + "stoppedMedication")
    tried = sorted(
        (a for a in kb.records.atoms.values() if a.prop == trial), key=lambda a: (a.cls, a.outcome, a.bounded)
    )
    cases = {
        "empty": Profile(),
        "complete": Profile(complete=frozenset(generate.SIMPLE + generate.EVENTS)),
        "suspended": Profile(complete=frozenset({condition}), not_understood=((condition, "odd"),)),
        "suspended-other": Profile(complete=frozenset({condition}), not_understood=((ns.GG + "hasFinding", "odd"),)),
    }
    for number, rule in enumerate(r for r in kb.implications if r.kind == "part" and r.given == generate.TAKEN):
        parts = sorted(r.other for r in kb.implications if r.given == rule.given and r.cls == rule.cls)
        entry = Another(rule.given, "TOY:1", "thing", tuple(p for p in parts if p != rule.other))
        listed = frozenset(p for p in parts if p != rule.other)
        cases[f"other-part-{number}"] = Profile(
            present={rule.given: listed}, complete=frozenset({rule.given}), others=(entry,)
        )
    for days in (None, Decimal(0), Decimal("13.5"), Decimal(14), Decimal("14.000000001"), Decimal(400)):
        cases[f"stopped-{days}"] = Profile(stops_present=frozenset({StopFact(stop.cls, days)}))
        cases[f"not-stopped-{days}"] = Profile(stops_absent=frozenset({StopFact(stop.cls, days)}))
    for number, atom in enumerate(tried):
        for outcome in (None, ns.GG + "Failed", ns.GG + "Succeeded"):
            tag = f"{number}-{(outcome or 'none').rpartition('/')[2]}"
            cases[f"denied-{tag}"] = Profile(trials_absent=frozenset({TrialFact(atom.cls, outcome)}))
            for weeks in (None, Decimal("5.999999999"), Decimal(6)):
                cases[f"tried-{tag}-{weeks}"] = Profile(trials_present=frozenset({TrialFact(atom.cls, outcome, weeks)}))
    for path in PROFILES:
        bare_ = read_profile(path, kb.vocabulary)
        cases |= {f"bare-{title}": one for title, one in titled(bare_, kb.vocabulary, path.stem).items()}
    for number, rule in enumerate(kb.implications):
        stop = rule.given == STOPPED
        given = {rule.given: frozenset({rule.cls})} if rule.cls and not stop else {}
        ends = [end for end, _ in rule.interval or () if not end.is_infinite()]
        value = {} if rule.cls else {rule.given: ends[0] if ends else Decimal(20)}
        stops = frozenset({StopFact(rule.cls, Decimal(3))} if stop else ())
        known = Profile(present=given, values=value, stops_present=stops)
        cases[f"implied-{number}"] = known
        cases[f"implied-{number}-complete"] = replace(known, complete=frozenset(generate.SIMPLE + generate.EVENTS))
        if rule.interval:
            table = {rule.then: frozenset({rule.other})}
            cases[f"read-{number}"] = Profile(present=table)
            cases[f"unread-{number}"] = Profile(absent=table)
        if rule.kind == "part" and not stop:
            parts = frozenset(r.other for r in kb.implications if r.given == rule.given and r.cls == rule.cls)
            cases[f"parts-{number}"] = Profile(present={rule.given: parts}, complete=frozenset({rule.given}))
            cases[f"no-part-{number}"] = Profile(absent={rule.given: frozenset({rule.other})})
    return {name: replace(case, id=name) for name, case in cases.items()}


@pytest.mark.slow
def test_an_independent_engine_finds_the_same_truth_values(kb: Any, run_cql: Callable[..., dict[str, Any]]) -> None:
    patients = {f"generated-{n}": generate.profile(kb, n) for n in range(PATIENTS)}
    for path in PROFILES:
        patients |= titled(kb.profile(path), kb.vocabulary, path.stem)
    bundles = {name: bundle(kb, profile) for name, profile in patients.items()}
    # These are written without what they imply, which the library must find by itself.
    for name, case in edge_cases(kb).items():
        patients[f"edge-{name}"] = kb.profile(case)
        bundles[f"edge-{name}"] = bare(patient_bundle(case, kb.vocabulary))
    found = run_cql(kb.cql(), bundles)
    seen: Counter[bool | None] = Counter()
    differ: set[tuple[str, str]] = set()
    for name, profile in patients.items():
        ours = kb.assess(profile, AS_OF)
        for population in kb.records.branches:
            expected, told = VALUES[ours.truth(population)], found[name][ns.shorten(population)]
            seen[expected] += 1
            if told is not expected:
                differ.add((name, population))
    assert differ == set(KNOWN), sorted(differ ^ set(KNOWN))[:10]
    # None of the three values is there by accident.
    assert min(seen[value] for value in (True, False, None)) > 500, seen


@pytest.mark.slow
def test_a_wrong_library_is_found_out(kb: Any, run_cql: Callable[..., dict[str, Any]]) -> None:
    """The comparison can fail: a library that reads refuted conditions as unknown differs, as does a shifted bound."""
    profile = Profile(
        absent={ns.GG + "hasCondition": frozenset({ns.GGT + "Pregnancy"})}, values={ns.GG + "ageYears": Decimal(18)}
    )
    name, owner = "gg:pregnancyWeeks", '"gg:hasCondition ggt:Pregnancy"'

    # A small library, since compiling the whole takes seconds.
    def using(number: str) -> list[str]:
        atoms, branches = kb.records.atoms, kb.records.branches
        return sorted(p for p, bs in branches.items() if any(atoms[a].prop == ns.GG + number for b in bs for a, _ in b))

    library = kb.cql([*using("pregnancyWeeks"), *using("ageYears")[:3]])
    assert owner in library and name in library
    told = run_cql(library, {"x": bundle(kb, profile)})["x"]
    assert told[owner.strip('"')] is False and told["gg:ageYears >= 18"] is True
    assert {value for define, value in told.items() if define.startswith(name)} == {False}
    blind = run_cql(library.replace("'refuted'", "'other'"), {"x": bundle(kb, profile)})["x"]
    assert blind[owner.strip('"')] is None
    assert {value for define, value in blind.items() if define.startswith(name)} == {None}
    shifted = run_cql(
        library.replace('"Value gg:ageYears" >= 18.0', '"Value gg:ageYears" > 18.0'), {"x": bundle(kb, profile)}
    )["x"]
    assert shifted["gg:ageYears >= 18"] is False


@pytest.mark.slow
def test_a_users_own_words_compile(tmp_path: Path, run_cql: Callable[..., dict[str, Any]]) -> None:
    """Own namespaces, and a label that tries to end its comment."""
    path = tmp_path / "mine.trig"
    text = (AUDIT / "clean.trig").read_text()
    path.write_text(text.replace('"patients with itch"@en', r'"itch\n*/ define \"x\": true //"@en'))
    kb = api.open_files([path])
    has = {ns.GG + "hasCondition": frozenset({"https://example.org/term/Itch"})}
    profile = Profile(present=has, values={ns.GG + "symptomWeeks": Decimal("3.9")})
    told = run_cql(kb.cql(), {"x": bundle(kb, profile)})["x"]
    assert told["https://example.org/term/Itching"] is True
    assert told["https://example.org/term/Aching"] is False
    assert "x" not in told


# ---------------------------------------------------------------- the library and the bundle as texts


def test_the_library_has_one_define_for_each_atom_and_population(kb: Any) -> None:
    text = kb.cql()
    defines = re.findall(r'^define ("(?:[^"\\]|\\.)*"):', text, re.MULTILINE)
    assert len(defines) == len(set(defines))
    used = {a for branches in kb.records.branches.values() for branch in branches for a, _ in branch}
    plain = [atom for a in used if not (atom := kb.records.atoms[a]).names]
    values = {d for d in defines if d.startswith('"Value ')}
    assert {f'"Value {ns.shorten(atom.prop)}"' for atom in plain if not atom.cls} <= values
    # What is known of a number by readings, at each bound of one.
    bounds = [d for d in defines if d.startswith(('"Known open ', '"Read open '))]
    facts = [d for d in defines if ":" not in d]
    assert len(defines) == len(kb.records.branches) + len(facts) + len(values) + len(bounds) + len(plain)
    assert {ns.shorten(p) for p in kb.records.branches} <= {d.strip('"') for d in defines}
    assert text == kb.cql() and text.startswith("library GuideGraphPopulations version '")


def test_one_population_brings_what_it_names_and_no_more(kb: Any) -> None:
    naming = next(
        p
        for p, bs in sorted(kb.records.branches.items())
        if any(kb.records.atoms[a].names for b in bs for a, _ in b if a in kb.records.atoms)
    )
    text = kb.cql([naming])
    populations = re.findall(r'^define "(ggp:[^"]*)":', text, re.MULTILINE)
    assert populations[-1] == ns.shorten(naming) and len(populations) >= 2
    assert len(text) < len(kb.cql()) / 4


def test_populations_are_named_in_several_ways(kb: Any) -> None:
    iri = sorted(kb.records.branches)[0]
    local = iri.rpartition("/")[2]
    assert {kb.population(t) for t in (iri, ns.shorten(iri), local, f" {local} ")} == {iri}
    with pytest.raises(UsageError, match="Nearest"):
        kb.population(local[:-1])
    with pytest.raises(UsageError, match="no population"):
        kb.population("'; drop\n")


@pytest.mark.parametrize(("path", "problem"), ASKED, ids=ASKED_NAMES)
def test_an_example_profile_is_a_valid_bundle_and_nothing_is_lost(kb: Any, path: Path, problem: str | None) -> None:
    profile = of_problem(kb.profile(path), problem, kb.vocabulary)
    found = bundle(kb, profile)
    validate(found, "R4")
    assert found == bundle(kb, profile)
    kinds = Counter(e["resource"]["resourceType"] for e in found["entry"])
    medication = ns.GG + "takesMedication"
    own = sum(len(c) for t in (profile.present, profile.absent) for p, c in t.items() if p != medication)
    taken = sum(len(t.get(medication, ())) for t in (profile.present, profile.absent))
    assert kinds["Condition"] == own
    assert kinds["MedicationStatement"] == taken + len(profile.stops_present) + len(profile.stops_absent)
    assert kinds["Procedure"] == len(profile.trials_present) + len(profile.trials_absent)
    assert kinds["Observation"] == len(profile.values) + len(profile.complete)
    patient = found["entry"][0]["resource"]
    assert set(patient) == {"resourceType", "id", "identifier"}


def test_a_day_dates_what_it_can_and_nothing_without_one(kb: Any) -> None:
    of = next(a for a in kb.records.atoms.values() if a.prop == ns.GG + "hasTrial").cls
    profile = Profile(
        values={ns.GG + "symptomWeeks": Decimal(9)},
        trials_present=frozenset({TrialFact(of, None, Decimal(2)), TrialFact(of, ns.GG + "Failed", Decimal(6))}),
        stops_present=frozenset(
            {StopFact(of, Decimal(10)), StopFact(of, Decimal("1.5")), StopFact(of, Decimal(99999))}
        ),
    )
    dated = bare(kb.patient_bundle(profile, as_of=date(2026, 11, 24)))
    validate(dated, "R4")
    text = json.dumps(dated)
    assert sorted(re.findall(r"\d{4}-\d\d-\d\d", text)) == ["1753-02-09", "2026-11-10", "2026-11-14", "2026-11-24"]
    assert not re.search(r"\d{4}-\d\d-\d\d", json.dumps(bundle(kb, profile)))
    long = Profile(stops_present=frozenset({StopFact(of, Decimal(10**9))}))
    assert "effectivePeriod" not in json.dumps(bare(kb.patient_bundle(long, as_of=date(2026, 11, 24))))


@pytest.mark.parametrize(("path", "problem"), ASKED, ids=ASKED_NAMES)
def test_the_reader_of_records_reads_a_dated_bundle(kb: Any, path: Path, problem: str | None) -> None:
    """What it does not take back, strictly: age (it wants a birth date), weeks of an ended trial, declared lists."""
    profile = of_problem(kb.profile(path), problem, kb.vocabulary)
    text = json.dumps(bare(kb.patient_bundle(profile, as_of=AS_OF)))
    found = kb.profile(kb.profile_from_fhir(text, as_of=AS_OF, version="R4").profile)

    def told(facts: Any) -> dict[str, Any]:
        return {prop: classes for prop, classes in facts.items() if classes}

    assert told(found.present) == told(profile.present) and told(found.absent) == told(profile.absent)
    age = ns.GG + "ageYears"
    assert dict(found.values) == {p: v for p, v in profile.values.items() if p != age}
    assert found.trials_present == {replace(t, weeks=None if t.outcome else t.weeks) for t in profile.trials_present}
    assert found.stops_present == profile.stops_present
    assert found.complete == frozenset() and {p for p, _ in found.not_understood} <= profile.complete


def test_numbers_keep_their_value_and_their_unit(kb: Any) -> None:
    values = {ns.GG + "eGFR": Decimal("59.123456789"), ns.GG + "ageYears": Decimal(45)}
    found = [e["resource"] for e in bundle(kb, Profile(values=values))["entry"][1:]]
    told = {r["code"]["coding"][0]["code"]: r["valueQuantity"] for r in found}
    assert Decimal(str(told["eGFR"]["value"])) == values[ns.GG + "eGFR"] and told["ageYears"]["value"] == 45
    units = {row.iri: row.unit for row in kb.vocabulary.rows}
    assert told["eGFR"]["code"] == units[ns.GG + "eGFR"] and told["eGFR"]["system"] == "http://unitsofmeasure.org"
    with pytest.raises(UsageError, match="digits"):
        kb.patient_bundle(Profile(values={ns.GG + "eGFR": Decimal("123.123456789123456789")}))


@pytest.mark.slow
def test_the_commands_write_the_same_bytes_and_refuse_wrong_use(cli: Run, tmp_path: Path) -> None:
    for line in (("export", "cql", "--all"), ("export", "patient", "example:chronic-failed-care")):
        one, two = cli(*line, PYTHONHASHSEED="1"), cli(*line, PYTHONHASHSEED="2")
        assert one.returncode == 0 and one.stdout == two.stdout and one.stdout, one.stderr
    file = tmp_path / "p.cql"
    assert cli("export", "cql", "--all", "-o", str(file)).returncode == 0 and file.stat().st_size > 10_000
    for wrong in (
        ("cql",),
        ("cql", "nobody"),
        ("cql", "--all", "-o", str(tmp_path)),
        ("patient", "example:nobody"),
        ("patient", str(file)),
    ):
        done = cli("export", *wrong)
        assert done.returncode == 2 and len(done.stderr.splitlines()) == 1, (wrong, done.stderr)


def test_a_population_that_may_be_about_another_problem_says_so(kb: Any) -> None:
    """An alert of the first two weeks of pain, which counts whatever the problem; a bundle holds the weeks of one."""
    alert = next(node for node in kb.records.nodes if node.endswith("RF-CES-BMJBP-14-days"))
    text = kb.cql()
    told = text[: text.index(f'define "{ns.shorten(kb.records.population(alert))}"')].splitlines()[-3:]
    assert any("may be about" in line for line in told), told
    assert text.count("By the numbers of the one problem") == 3
