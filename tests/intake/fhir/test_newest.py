"""Laws of time: the newest word decides, the day looks back honestly, and the order of the entries changes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guidegraph import namespaces as ns
from guidegraph.intake.fhir import Reading
from guidegraph.model import Profile
from tests.support.fhirhelp import CLINICAL, PATIENT, SUBJECT, VERIFIED, Read, concept, condition, facts, statement

DAY = date(2024, 6, 1)
LISTS = ("conditions", "findings", "medications", "stopped_medications", "trials")
RATE = "mL/min/{1.73_m2}"
ASSERTED = {"url": "http://hl7.org/fhir/StructureDefinition/condition-assertedDate"}
INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"


def observation(code: str, day: str | None, name: str, **more: Any) -> dict[str, Any]:
    system = ns.GG if code[0].islower() else "http://loinc.org" if "-" in code else ns.GGT
    res = {"resourceType": "Observation", "id": name, "status": "final", "subject": SUBJECT}
    dated = {"effectiveDateTime": day} if day else {}
    return res | {"code": concept(code, system=system)} | dated | more


def rate(value: float, **more: Any) -> dict[str, Any]:
    return {"valueQuantity": {"value": value, "system": "http://unitsofmeasure.org", "code": RATE} | more}


def snomed(code: str) -> dict[str, Any]:
    return {"valueCodeableConcept": concept(code, system="http://snomed.info/sct")}


#: What can be wrong with the newest entry, whatever it is about.
ANY = [
    {"dataAbsentReason": concept("unknown", system="x")},
    {"status": "preliminary"},
    {"status": "registered"},
    {"status": "unknown"},
    {"status": "no such status"},
    {"modifierExtension": [{"url": "http://example.org/x"}]},
    {"noSuchElement": 1},
    {"valueString": "see text"},
    {"valueString": "x", "valueTime": "10:00:00"},
    {"valueRange": {"low": {"value": 1}, "high": {"value": 2}}},
    {"valueCodeableConcept": {"text": "unknown"}},
    {"valueCodeableConcept": concept("UNK", system="http://terminology.hl7.org/CodeSystem/v3-NullFlavor")},
    {"interpretation": [concept("L", system=INTERPRETATION)]},
    {},
]
NUMBERS = [
    *ANY,
    rate(15, comparator="<"),
    rate(-3),
    rate(9999),
    rate(12, code="mg/dL"),
    rate(12, code="no unit"),
    {"valueQuantity": {"value": 12, "unit": "kidneys"}},
    {"valueQuantity": {"value": "12"}},
    {"valueInteger": 12},
]
#: Where the new answer is unreadable: about the same class, a kind of it, or what a rule says of it.
STATES = [
    *ANY,
    snomed("261665006"),
    {"valueBoolean": "true"},
    {"interpretation": [concept("IND", system=INTERPRETATION)]},
]
PREGNANCY = [*ANY, snomed("146799005"), snomed("152231000119106"), snomed("1")]


@pytest.mark.parametrize("newest", NUMBERS, ids=repr)
def test_an_older_number_never_stands_in(read: Read, newest: dict[str, Any]) -> None:
    old = observation("eGFR", "2023-05-01", "old", **rate(85))
    for day in ("2024-05-20", "2023-05-01", None, "2023"):
        found = read(observation("eGFR", day, "new", **newest), old, as_of=DAY)
        assert not found.profile.values, day
        assert not any(e.state == "used" for e in found.report.entries)
    # An older one that cannot be read matters no more, and suspends nothing.
    newer = observation("eGFR", "2024-05-01", "newer", **rate(40))
    later = read(observation("eGFR", "2023-01-01", "unread", **newest), old, newer, as_of=DAY, complete=LISTS)
    assert facts(later) == {"gg:eGFR=40"} and not later.profile.not_understood


@pytest.mark.parametrize(
    ("code", "newest", "old"),
    [("82810-3", value, snomed("60001007")) for value in PREGNANCY]
    + [("82810-3", value, snomed("77386006")) for value in PREGNANCY]
    + [("MuscleSpasm", value, {"valueBoolean": flag}) for value in STATES for flag in (True, False)],
    ids=repr,
)
def test_an_older_answer_never_stands_in(read: Read, code: str, newest: dict[str, Any], old: dict[str, Any]) -> None:
    older = observation(code, "2024-02-01", "old", **old)
    assert facts(read(older, as_of=DAY))
    found = read(observation(code, "2024-05-20", "new", **newest), older, as_of=DAY, complete=LISTS)
    assert facts(found) == set()
    assert {prop for prop, _ in found.profile.not_understood} >= {ns.GG + "hasFinding"}


@pytest.mark.parametrize(
    "harmless",
    [
        {"status": "entered-in-error"},
        {"status": "cancelled"},
        {"subject": {"reference": "Patient/other"}},
        {"subject": {"reference": "Patient/other"}, "modifierExtension": [{"url": "x"}]},
        {"status": "entered-in-error", "noSuchElement": 1},
        {"focus": [{"reference": "Patient/baby"}]},
        {"effectiveDateTime": "2024-07-01"},
        {"issued": "2024-07-01T00:00:00Z"},
    ],
    ids=repr,
)
def test_an_entry_in_error_or_of_another_hides_nothing(read: Read, harmless: dict[str, Any]) -> None:
    old = observation("eGFR", "2023-05-01", "old", **rate(85))
    new = observation("eGFR", "2024-05-20", "new", valueString="?") | harmless
    assert facts(read(old, new, as_of=DAY)) == {"gg:eGFR=85"}


def test_a_newer_doubt_hides_denials_and_stops(read: Read) -> None:
    no = observation("82810-3", "2024-02-01", "no", **snomed("60001007"))
    maybe = condition("Pregnancy", verified="provisional", recordedDate="2024-05-01")
    assert facts(read(no, maybe, as_of=DAY)) == set()
    assert facts(read(no, maybe | {"recordedDate": "2024-01-01"}, as_of=DAY)) == {"-ggt:Pregnancy"}
    refuted = condition("Cancer", verified="refuted", recordedDate="2024-01-01") | {"id": "refuted"}
    suspected = condition("SpinalMalignancy", verified="differential", recordedDate="2024-05-01")
    assert facts(read(refuted, as_of=DAY)) == {"-ggt:Cancer"}
    assert facts(read(refuted, suspected, as_of=DAY)) == set()
    # Of two stops the later has no day: the days since the last one are not known.
    first = statement("stopped", effectivePeriod={"end": "2023-01-01"})
    second = statement("stopped", effectivePeriod={"end": "2024-05"}) | {"id": "second"}
    assert facts(read(first, as_of=DAY)) == {"stopped ggt:Ibuprofen 517"}
    assert facts(read(first, second, as_of=DAY)) == set()


def answering(code: str, **more: Any) -> dict[str, Any]:
    return condition() | {"code": concept(code, system="http://snomed.info/sct"), "recordedDate": "2024-05-01"} | more


def test_a_condition_that_answers_a_question_states_the_same(read: Read) -> None:
    no = observation("82810-3", "2024-02-01", "no", **snomed("60001007"))
    yes = observation("82810-3", "2024-02-01", "yes", **snomed("77386006"))
    assert facts(read(answering("77386006"), as_of=DAY)) == {"+ggt:Pregnancy"}
    assert facts(read(answering("60001007"), as_of=DAY)) == {"-ggt:Pregnancy"}
    for entries in (
        [no, answering("77386006")],
        [no, answering("77386006", verificationStatus=concept("provisional", system=VERIFIED))],
        [no, answering("146799005")],
        [yes, answering("60001007")],
        [yes, answering("146799005")],
        [answering("77386006"), answering("60001007") | {"id": "other"}],
    ):
        found = read(*entries, as_of=DAY, complete=LISTS)
        held = facts(found)
        # What holds at present is not undone by what leaves it open.
        assert "-ggt:Pregnancy" not in held and found.profile.not_understood
    for unclear in (
        answering("77386006", verificationStatus=concept("refuted", system=VERIFIED)),
        answering("60001007", verificationStatus=concept("provisional", system=VERIFIED)),
        answering("60001007", clinicalStatus=concept("resolved", system=CLINICAL)),
        answering("60001007", recordedDate=None),
        answering("146799005"),
    ):
        found = read({key: value for key, value in unclear.items() if value}, as_of=DAY, complete=LISTS)
        assert facts(found) == set() and found.profile.not_understood


def test_what_a_newer_entry_puts_in_doubt_is_denied_by_no_complete_list(read: Read) -> None:
    no = observation("82810-3", "2024-02-20", "no", **snomed("60001007"))
    weeks = observation("pregnancyWeeks", "2024-05-20", "weeks", valueString="12 weeks")
    found = read(no, weeks, as_of=DAY, complete=LISTS)
    assert facts(found) == set()
    assert {prop for prop, _ in found.profile.not_understood} == {ns.GG + "hasCondition", ns.GG + "hasFinding"}


@pytest.mark.parametrize(
    "days",
    [
        ("2024-05-10", "2024-05-10"),
        ("2024-05-10", None),
        ("2024", "2024-05-10"),
        ("2024-05-10T10:00:00", "2024-05-10T09:00:00Z"),  # a clock whose zone nobody knows
    ],
)
def test_numbers_that_differ_without_a_newest_suspend_the_findings_alone(read: Read, days: tuple[str, str]) -> None:
    entries = [observation("33914-3", day, f"o{n}", **rate(20 + n)) for n, day in enumerate(days)]
    profile = read(*entries, as_of=DAY, complete=LISTS).profile
    assert not profile.values.keys() - {ns.GG + "ageYears"}
    assert {prop for prop, _ in profile.not_understood} == {ns.GG + "hasFinding"}


UNREADABLE = ["x", 3, {"url": 3}, {"url": []}, {"valueCode": "male"}]


@pytest.mark.parametrize(
    "extensions", [*UNREADABLE, *([{"url": "https://x.example/height"}, one] for one in [*UNREADABLE, None, [], {}])]
)
def test_an_extension_that_cannot_be_read_may_state_another_sex(kb: Any, extensions: Any) -> None:
    patient = PATIENT | {"gender": "female"}
    assert facts(kb.profile_from_fhir([patient])) == {"+ggt:FemaleSex"}
    found = kb.profile_from_fhir([patient | {"extension": extensions}])
    assert facts(found) == set()
    assert any("extension" in one.source and "sex" in one.why for one in found.report.entries)


def test_a_question_that_does_not_apply_leaves_the_sex(kb: Any) -> None:
    asked = observation("82810-3", "2024-05-01", "asked", dataAbsentReason=concept("not-applicable", system="x"))
    found = kb.profile_from_fhir([PATIENT | {"gender": "male"}, asked], as_of=DAY)
    assert facts(found) == {"+ggt:MaleSex"}


def test_interpretations_are_read_where_there_is_no_other_answer(read: Read) -> None:
    def interpreted(*codes: str, **more: Any) -> set[str]:
        concepts = [concept(code, system=INTERPRETATION) for code in codes]
        return facts(read(observation("MuscleSpasm", "2024-05-01", "o", interpretation=concepts, **more), as_of=DAY))

    assert interpreted("POS") == interpreted("DET") == {"+ggt:MuscleSpasm"}
    assert interpreted("NEG") == interpreted("ND") == {"-ggt:MuscleSpasm"}
    assert interpreted("POS", **rate(3)) == {"+ggt:MuscleSpasm"}
    assert interpreted("NEG", valueBoolean=False) == {"-ggt:MuscleSpasm"}
    for unclear in (("H",), ("L",), ("IND",), ("POS", "NEG"), ("no such code",)):
        assert interpreted(*unclear) == set()
    assert interpreted("NEG", valueBoolean=True) == set()


def test_an_undated_no_on_a_passing_state_is_unknown(read: Read) -> None:
    no = observation("82810-3", None, "no", **snomed("60001007"))
    assert facts(read(no, as_of=DAY)) == set()
    assert facts(read(no | {"issued": "2024-05-01T10:00:00Z"}, as_of=DAY)) == {"-ggt:Pregnancy"}
    assert facts(read(condition("Pregnancy", verified="refuted"), as_of=DAY)) == set()
    assert facts(read(condition("Pregnancy", verified="refuted", recordedDate="2024-05-01"), as_of=DAY)) == {
        "-ggt:Pregnancy"
    }
    assert facts(read(observation("MuscleSpasm", None, "o", valueBoolean=False), as_of=DAY)) == {"-ggt:MuscleSpasm"}


@pytest.mark.parametrize(
    ("resource", "then", "later"),
    [
        (condition(recordedDate="2024-07-01"), set(), {"+ggt:Sciatica"}),
        (condition(onsetDateTime="2020-01-01", recordedDate="2024-07-01"), set(), {"+ggt:Sciatica", "gg:symptomWeeks=265.428571429"}),
        (condition(onsetDateTime="2024-06", recordedDate="2024-06-01"), {"+ggt:Sciatica"}, {"+ggt:Sciatica"}),
        (condition(onsetDateTime="2024"), set(), {"+ggt:Sciatica"}),
        (condition(meta={"lastUpdated": "2024-07-01T00:00:00Z"}), set(), {"+ggt:Sciatica"}),
        (condition(verified="refuted", recordedDate="2024-07-01"), set(), {"-ggt:Sciatica"}),
        (condition(verified="refuted", extension=[{"url": "http://example.org/x"}, ASSERTED | {"valueDateTime": "2024-07-01"}]), set(), {"-ggt:Sciatica"}),
        (condition(verified="refuted", extension=[ASSERTED | {"valueDateTime": "2024-05-01"}]), {"-ggt:Sciatica"}, {"-ggt:Sciatica"}),
        (condition(verified="refuted", recordedDate="2024-01-01", meta={"lastUpdated": "2024-07-01T00:00:00Z"}), set(), {"-ggt:Sciatica"}),
        (condition(clinical="resolved", onsetDateTime="2020-01-01", abatementDateTime="2024-07-01"), set(), set()),
        (statement(dateAsserted="2024-07-01"), set(), {"takes ggt:Ibuprofen"}),
        (statement(effectivePeriod={"start": "2024"}), set(), {"takes ggt:Ibuprofen"}),
        (statement("active", resourceType="MedicationRequest", intent="order", authoredOn="2024-07-01"), set(), {"takes ggt:Ibuprofen"}),
        (statement("stopped", effectivePeriod={"end": "2024-07-01"}), set(), {"stopped ggt:Ibuprofen 215"}),
        (observation("MuscleSpasm", "2024-05-01", "o", valueBoolean=True, issued="2024-07-01T00:00:00Z"), set(), {"+ggt:MuscleSpasm"}),
    ],
)  # fmt: skip
def test_the_day_looks_back(read: Read, resource: dict[str, Any], then: set[str], later: set[str]) -> None:
    found = read(resource, as_of=DAY, complete=LISTS)
    assert facts(found) == then
    assert facts(read(resource, as_of=date(2025, 2, 1))) == later
    # What may be so is denied by no complete list.
    surely_after = any(e.state == "ignored" and "after the day" in e.why for e in found.report.entries)
    assert then or surely_after or found.profile.not_understood


def order(**more: Any) -> dict[str, Any]:
    return statement("active", resourceType="MedicationRequest", intent="order", **more)


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (order(authoredOn="2014-05-25"), {"takes ggt:Ibuprofen"}),
        (order(authoredOn="2014-05-25", dispenseRequest={"expectedSupplyDuration": {"value": 30, "unit": "days"}}), set()),
        (order(authoredOn="2014-05-25", dispenseRequest={"validityPeriod": {"end": "2014-06-25"}}), set()),
        (order(authoredOn="2024-05-25", dispenseRequest={"expectedSupplyDuration": {"value": 30, "unit": "days"}}), {"takes ggt:Ibuprofen"}),
        (order(authoredOn="2024-03-25", dispenseRequest={"expectedSupplyDuration": {"value": 30, "unit": "days"}, "numberOfRepeatsAllowed": 3}), {"takes ggt:Ibuprofen"}),
        (order(authoredOn="2024-05-25", dispenseRequest={"expectedSupplyDuration": {"value": -30, "unit": "days"}}), set()),
        (order(authoredOn="2024-05-25", dispenseRequest={"expectedSupplyDuration": {"value": 99999, "unit": "days"}}), set()),
    ],
)  # fmt: skip
def test_an_old_open_order_is_told_with_its_date(read: Read, resource: dict[str, Any], expected: set[str]) -> None:
    found = read(resource, as_of=DAY)
    assert facts(found) == expected
    told = next(e for e in found.report.entries if e.source == "MedicationRequest/m")
    assert not expected or f"of {resource['authoredOn']}" in told.why


DAYS = st.sampled_from([None, "2023-01-01", "2024-02-01", "2024-05-01", "2024-05", "2024", "2024-07-01", "2025-01-01"])
VALUES = st.sampled_from(
    [rate(85), rate(12), rate(15, comparator="<"), {"valueString": "?"}, {"status": "preliminary"}]
)
ANSWERS = st.sampled_from([snomed("60001007"), snomed("77386006"), snomed("146799005"), {}])
RECORDED = st.sampled_from([{}, {"recordedDate": "2024-01-01"}, {"recordedDate": "2024-07-01"}])


@st.composite
def entries(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Entries on a number, a pregnancy, a condition and a drug, of days before, on and after the day."""
    listed = [observation("eGFR", draw(DAYS), "x", **draw(VALUES)) for _ in range(draw(st.integers(0, 3)))]
    listed += [observation("82810-3", draw(DAYS), "x", **draw(ANSWERS)) for _ in range(draw(st.integers(0, 3)))]
    for _ in range(draw(st.integers(0, 3))):
        verified = draw(st.sampled_from(["confirmed", "refuted", "provisional", "entered-in-error"]))
        begins = draw(DAYS)
        dated = {"onsetDateTime": begins} if begins else {}
        listed.append(condition(draw(st.sampled_from(["Cancer", "SpinalMalignancy", "Pregnancy"])), verified=verified, **dated, **draw(RECORDED)))  # fmt: skip
    for _ in range(draw(st.integers(0, 2))):
        end = draw(DAYS)
        listed.append(statement(draw(st.sampled_from(["active", "stopped", "on-hold"])), **({"effectivePeriod": {"end": end}} if end else {})))  # fmt: skip
    return [entry | {"id": f"e{number}"} for number, entry in enumerate(listed)]


def told(profile: Profile) -> Profile:
    return replace(profile, readings=())


def reads(kb: Any, items: list[dict[str, Any]]) -> Reading:
    found: Reading = kb.profile_from_fhir([PATIENT, *items], as_of=DAY, complete=LISTS)
    return found


def surely_after(entry: dict[str, Any]) -> bool:
    """Whether an entry is of a day after the day, or was written after it, for certain."""
    days = [entry.get(key) for key in ("onsetDateTime", "effectiveDateTime", "recordedDate")]
    return any(isinstance(day, str) and day > str(DAY) for day in days)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(items=entries(), seed=st.randoms(use_true_random=False))
def test_the_order_of_entries_changes_nothing(kb: Any, items: list[dict[str, Any]], seed: Any) -> None:
    shuffled = list(items)
    seed.shuffle(shuffled)
    one, other = reads(kb, items), reads(kb, shuffled)
    assert told(one.profile) == told(other.profile)
    assert len(one.report.entries) == len(other.report.entries)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(items=entries())
def test_what_comes_after_the_day_changes_nothing(kb: Any, items: list[dict[str, Any]]) -> None:
    before = [entry for entry in items if not surely_after(entry)]
    assert told(reads(kb, items).profile) == told(reads(kb, before).profile)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(items=entries(), unread=VALUES.filter(lambda value: value not in (rate(85), rate(12))))
def test_an_unread_newest_number_leaves_none(kb: Any, items: list[dict[str, Any]], unread: dict[str, Any]) -> None:
    last = observation("eGFR", "2024-06-01", "last", **unread)
    assert ns.GG + "eGFR" not in reads(kb, [*items, last]).profile.values


def test_what_is_over_is_told_by_nothing_older(read: Read) -> None:
    def found(seen: str, **more: Any) -> Reading:
        over = condition("HeartFailure", clinical="resolved", **more)
        yes = observation("HeartFailure", seen, "seen", valueBoolean=True)
        return read(yes, over, as_of=DAY, complete=LISTS)

    ended = {"abatementDateTime": "2024-03-01", "recordedDate": "2023-01-01"}
    before, after, undated = found("2024-02-01", **ended), found("2024-04-01", **ended), found("2024-04-01")
    assert "+ggt:HeartFailure" in facts(after) and not after.profile.not_understood
    for reading in (before, undated):
        assert "+ggt:HeartFailure" not in facts(reading)
        assert {prop for prop, _ in reading.profile.not_understood} == {ns.GG + "hasCondition", ns.GG + "hasFinding"}
    # By itself it leaves nothing open.
    alone = read(condition("HeartFailure", clinical="resolved", **ended), as_of=DAY, complete=LISTS)
    assert not alone.profile.not_understood and not alone.report.entries[-1].effect
    # What was written after the day does not count.
    later = found("2024-02-01", **ended | {"recordedDate": "2025-01-01"})
    assert "+ggt:HeartFailure" in facts(later)
