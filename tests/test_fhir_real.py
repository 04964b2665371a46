"""Real FHIR examples, fetched from the npm registry: all are read; fuzzed, they never make a fact that they do not state."""

from __future__ import annotations

import copy
import json
import random
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from guidegraph import namespaces as ns
from guidegraph.errors import GuideGraphError
from guidegraph.intake import Concepts
from guidegraph.intake.builder import Settings
from guidegraph.intake.fhir import Reading, from_values, read_fhir
from guidegraph.intake.fhir.table import table
from guidegraph.intake.form import to_json, to_yaml
from guidegraph.model import CodeReading
from guidegraph.profile import parse_profile_text
from guidegraph.render.intake import intake_text
from tests.npm import package

DAY = date(2026, 11, 24)
TYPES = (*table().kinds, "Patient")
PACKAGES = {
    "R4": ("hl7.fhir.r4.examples", "4.0.1"),
    "R5": ("hl7.fhir.r5.examples", "5.0.0"),
    "IPS": ("hl7.fhir.uv.ips", "2.0.0"),
    "mCODE": ("hl7.fhir.us.mcode", "4.0.0"),
}


def files(name: str) -> list[Path]:
    """The patients, bundles and entries of a package, without those of several megabytes, which hold no patient."""
    found = sorted(package(*PACKAGES[name]).rglob("*.json"))
    fitting = [p for p in found if p.name.split("-")[0] in (*TYPES, "Bundle")]
    return [path for path in fitting if path.stat().st_size < 3_000_000]


def load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8-sig"))


@pytest.mark.parametrize(
    ("name", "read", "several"), [("IPS", 25, 0), ("mCODE", 140, 0), ("R4", 200, 6), ("R5", 210, 7)]
)
def test_all_examples_are_read(kb: Any, name: str, read: int, several: int) -> None:
    done, refused, total = 0, [], Counter[str]()
    for path in files(name):
        try:
            found = kb.profile_from_fhir(path, as_of=DAY, version="R5" if name == "R5" else "R4", where=path.name)
        except GuideGraphError as error:
            refused.append((path.name, error))
            continue
        done += 1
        report = found.report
        total.update(report.to_dict()["counts"])
        assert all(entry.why for entry in report.entries if entry.state != "used")
        # Real examples hold only elements of their version: the table knows them all.
        assert not [e for e in report.entries if "is no element" in e.why], path.name
        kb.profile(found.profile)
    assert done >= read and total["used"] and total["not_understood"]
    # Only records of several patients are refused, and each of their patients can be named.
    assert all("patients" in error.what and "--patient" in error.mend for _, error in refused)
    assert len(refused) == several, refused


@pytest.mark.parametrize("name", ["IPS", "mCODE"])
def test_whole_patients_have_an_age_a_sex_and_every_entry_told(kb: Any, name: str) -> None:
    bundles = [path for path in files(name) if path.name.startswith("Bundle")]
    assert len(bundles) >= 2
    whole = 0
    for path in bundles:
        data = load(path)
        resources = [entry["resource"] for entry in data["entry"]]
        if not any(r["resourceType"] == "Patient" for r in resources):
            continue
        found = kb.profile_from_fhir(data, as_of=DAY)
        told = {entry.source.partition(".")[0] for entry in found.report.entries}
        for res in resources:
            if res["resourceType"] in TYPES:
                assert any(source.endswith(f"{res['resourceType']}/{res['id']}") for source in told), (
                    path.name,
                    res["id"],
                )
        whole += ns.GG + "ageYears" in found.profile.values and bool(found.profile.present)
    assert whole >= 2


def test_each_patient_of_a_bundle_can_be_named(kb: Any) -> None:
    path = package(*PACKAGES["R4"]) / "Bundle-bundle-transaction.json"
    patients = [e["resource"] for e in load(path)["entry"] if e.get("resource", {}).get("resourceType") == "Patient"]
    named = [p["id"] for p in patients if "id" in p]
    assert named
    for one in named:
        assert kb.profile_from_fhir(path, as_of=DAY, patient=one).profile.id == one


# ---------------------------------------------------------------- malformed resources

STATE, DRUG, NUMBER = ns.GGT + "Sciatica", ns.GGT + "Ibuprofen", ns.GG + "eGFR"


class Everything:
    """Understands every code that a record names a system for, so that a wrong reading would show as a fact."""

    def prefix_of(self, system: str) -> str | None:
        return "X"

    def read(self, curie: str) -> CodeReading:
        states = (ns.GGT + "AspirinAllergy",) if sum(map(ord, curie)) % 2 else (STATE,)
        return CodeReading(curie, "", (*states, DRUG), (*states, DRUG), ("understood in this test",))


class Numbers(Everything):
    """Understands every code as a number."""

    def read(self, curie: str) -> CodeReading:
        return CodeReading(curie, "", (NUMBER,), (), ("understood in this test",))


def understand(kb: Any, value: Any, codes: Any) -> Reading:
    return read_fhir(
        from_values(value, "fuzzed"),
        kb.vocabulary,
        Concepts(kb.vocabulary, codes),
        Settings(DAY),
        implications=kb.implications,
    )


def nodes(value: Any, path: tuple[Any, ...] = (), *, everywhere: bool = False) -> Iterator[tuple[Any, ...]]:
    """The paths of all parts of a resource; without its type and narrative unless everywhere."""
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        if everywhere or key not in ("text", "div", "resourceType"):
            yield from nodes(item, (*path, key), everywhere=everywhere)


WRONG: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    3.5,
    1e30,
    "",
    "x",
    "\u0000\ud800",
    "9" * 400,
    [],
    {},
    [[]],
    [None],
    {"x": 1},
    {"value": []},
    "2026-99-99",
    "0000",
]


def mutate(value: Any, rng: random.Random, *, everywhere: bool = False) -> Any:
    """The resource with one to three faults: wrong types, lost, renamed, doubled or misplaced parts."""
    value = copy.deepcopy(value)
    for _ in range(rng.randint(1, 3)):
        paths = list(nodes(value, everywhere=everywhere)) if isinstance(value, dict) else []
        if not paths:
            break
        *head, key = rng.choice(paths)
        parent = value
        for step in head:
            parent = parent[step]
        how = rng.randrange(6)
        if how == 0:
            parent[key] = copy.deepcopy(rng.choice(WRONG))
        elif how == 1:
            del parent[key]
        elif how == 2 and isinstance(key, str):
            parent[key[:-1] + rng.choice("xyz")] = parent.pop(key)
        elif how == 3:
            parent[key] = [parent[key]]
        elif how == 4:
            parent[key] = {"extension": [{"url": "http://x"}], "value": parent[key]}
        elif isinstance(parent, dict):
            parent["modifierExtension"] = [{"url": "http://x", "valueBoolean": True}]
    return value


def word(concept: Any, field: str = "coding") -> set[str]:
    """The codes of a concept, read as plainly as can be."""
    coded = concept.get(field) if isinstance(concept, dict) else None
    return (
        {c["code"] for c in coded if isinstance(c, dict) and isinstance(c.get("code"), str)}
        if isinstance(coded, list)
        else set()
    )


ACTIVE = {"active", "recurrence", "relapse"}
NOT_SURE = {"refuted", "entered-in-error", "provisional", "differential", "unconfirmed"}


def justified(value: dict[str, Any]) -> set[str]:
    """The kinds of fact that a resource can justify, by a second, plain reading of FHIR's rules."""
    text = json.dumps(value)
    name = value["resourceType"]
    if name == "Patient":
        age = {"value"} if isinstance(value.get("birthDate"), str) else set()
        return age | ({"present"} if value.get("gender") in ("male", "female") else set())
    inner = {k: v for k, v in value.items() if k != "contained"}
    if "modifierExtension" in json.dumps(inner) or value.get("implicitRules") is not None:
        return set()
    who = value.get("patient" if name == "AllergyIntolerance" else "subject")
    if not isinstance(who, dict) or not isinstance(who.get("reference"), str):
        return set()
    found: set[str] = set()
    if name in ("Condition", "AllergyIntolerance"):
        sure, clinical = word(value.get("verificationStatus")), word(value.get("clinicalStatus"))
        if word(value.get("code")) and clinical & ACTIVE and not sure & NOT_SURE:
            found.add("present")
        if word(value.get("code")) and "refuted" in sure:
            found.add("absent")
    elif (
        name == "Observation"
        and value.get("status") in ("final", "amended", "corrected")
        and value.get("focus") is None
    ):
        parts = [value, *(value["component"] if isinstance(value.get("component"), list) else [])]
        for part in parts:
            if isinstance(part, dict) and word(part.get("code")):
                found |= (
                    {True: {"present"}, False: {"absent"}}.get(part.get("valueBoolean"), set())
                    if isinstance(part.get("valueBoolean"), bool)
                    else set()
                )
                found |= {"present", "absent"} if word(part.get("valueCodeableConcept")) else set()
                size = part.get("valueQuantity")
                number = size.get("value") if isinstance(size, dict) else None
                real = isinstance(number, int | float) and not isinstance(number, bool)
                found |= {"value"} if real and size.get("comparator") is None else set()
    elif name == "Procedure" and value.get("status") in ("completed", "in-progress") and word(value.get("code")):
        found.add("trial")
    elif name.startswith("Medication"):
        status = value.get("status")
        dates = "2026" in text or "201" in text or "20" in text
        if status in ("active", "in-progress", "recorded") and value.get("doNotPerform") is not True:
            found.add("takes")
        if status in ("active", "completed", "stopped", "ended", "recorded", "in-progress") and dates:
            found.add("stopped")
    return found


def kinds(found: Reading) -> set[str]:
    """The kinds of fact of a profile."""
    profile = found.profile
    takes = ns.GG + "takesMedication"
    told = {"present"} if any(c for p, c in profile.present.items() if p != takes) else set()
    told |= {"takes"} if profile.present.get(takes) else set()
    told |= {"absent"} if any(profile.absent.values()) else set()
    told |= {"value"} if profile.values else set()
    told |= {"trial"} if profile.trials_present else set()
    return told | ({"stopped"} if profile.stops_present else set())


def examples() -> list[dict[str, Any]]:
    """Entries of real examples, and of the bundles among them."""
    found = []
    for name in PACKAGES:
        for path in files(name):
            value = load(path)
            inner = value.get("entry") or [] if value["resourceType"] == "Bundle" else [{"resource": value}]
            found += [
                e["resource"]
                for e in inner
                if isinstance(e.get("resource"), dict) and e["resource"].get("resourceType") in TYPES
            ]
    return found


def test_the_second_reading_agrees_on_sound_examples(kb: Any) -> None:
    seen: Counter[str] = Counter()
    for value in examples():
        for codes in (Everything(), Numbers()):
            found = kinds(understand(kb, value, codes))
            assert found <= justified(value), value.get("id")
            seen.update(found)
    assert min(seen[kind] for kind in ("present", "takes", "value", "trial", "stopped")) >= 5, seen


def test_500_malformed_resources_make_no_fact_that_they_do_not_state(kb: Any) -> None:
    rng = random.Random(20261124)
    pool = examples()
    # As many of each type, since most examples are laboratory results.
    by_type = {name: [v for v in pool if v["resourceType"] == name] for name in TYPES}
    outcomes: Counter[str] = Counter()
    for number in range(1200):
        name = TYPES[number % len(TYPES)]
        value = mutate(rng.choice(by_type[name]), rng)
        codes = Numbers() if name == "Observation" and number % 2 else Everything()
        try:
            found = understand(kb, value, codes)
        except GuideGraphError as error:
            assert len(str(error)) < 600 and "\n" not in str(error)
            outcomes["refused"] += 1
            continue
        told = kinds(found)
        assert told <= justified(value), json.dumps({k: v for k, v in value.items() if k not in ("text", "meta")})
        assert found.report.entries or not told
        outcomes["fact" if told else "told" if found.report.entries else "nothing"] += 1
        kb.profile(found.profile)
    assert outcomes["told"] > 300 and outcomes["fact"] > 100, outcomes


HAND_MADE = sorted((Path(__file__).parent / "fhir").glob("*.json"))


@pytest.mark.parametrize("seed", range(4))
def test_malformed_bundles_are_refused_or_written_as_they_are_read(kb: Any, seed: int) -> None:
    """Faults anywhere in a whole bundle: one line, or a profile that reads back the same and a report that prints."""
    rng = random.Random(seed)
    pool = [load(path) for path in HAND_MADE]
    read = 0
    for _ in range(150):
        value = mutate(rng.choice(pool), rng, everywhere=True)
        try:
            found = kb.profile_from_fhir(
                value, as_of=DAY, complete=rng.sample(["conditions", "findings", "medications"], 2)
            )
        except GuideGraphError as error:
            assert len(str(error)) < 700
            continue
        read += 1
        intake_text(found.report.to_dict()).encode()
        kb.profile(found.profile)
        for text, form in (
            (to_yaml(found.profile, kb.vocabulary), "yaml"),
            (to_json(found.profile, kb.vocabulary), "json"),
        ):
            again = parse_profile_text(text, form, kb.vocabulary, where="written")
            for name in ("present", "absent", "values", "trials_present", "stops_present", "complete"):
                assert getattr(again, name) == getattr(found.profile, name), (name, text)
    assert read > 75


def other_types(value: Any) -> list[Any]:
    """Values of another JSON type than this."""

    def kind(item: Any) -> str:
        return "number" if type(item) in (int, float) else type(item).__name__

    return [wrong for wrong in WRONG if wrong is not None and kind(wrong) != kind(value)]


def test_a_wrong_type_never_adds_a_fact(kb: Any) -> None:
    """Each part of an entry that states a fact, replaced by a wrong type: the same facts or fewer, never others."""
    pool = [v for v in examples() if kinds(understand(kb, v, Everything()))]
    rng = random.Random(7)
    tried = 0
    for value in rng.sample(pool, 40):
        before = understand(kb, value, Everything()).profile
        for path in rng.sample(list(nodes(value)), 12):
            broken = copy.deepcopy(value)
            parent = broken
            for step in path[:-1]:
                parent = parent[step]
            parent[path[-1]] = copy.deepcopy(rng.choice(other_types(parent[path[-1]])))
            try:
                after = understand(kb, broken, Everything()).profile
            except GuideGraphError:
                continue
            tried += 1
            for table_ in ("present", "absent"):
                for prop, classes in getattr(after, table_).items():
                    assert classes <= getattr(before, table_).get(prop, frozenset()), (value.get("id"), path)
            assert not after.values or after.values == before.values
    assert tried > 200
