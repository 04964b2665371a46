"""FHIR records read as profiles: whose an entry is, which version counts, and what is no FHIR."""

from __future__ import annotations

from typing import Any

import pytest

from guidegraph.errors import ProfileError, UsageError
from guidegraph.intake.fhir import Reading
from tests.support.fhirhelp import DAY, FOLDER, PATIENT, Read, concept, condition, facts, statement


def test_the_patient(kb: Any) -> None:
    def patient(**more: Any) -> Reading:
        found: Reading = kb.profile_from_fhir(PATIENT | more, as_of=DAY)
        return found

    assert facts(patient(birthDate="1980-11-25", gender="male")) == {"gg:ageYears=45", "+ggt:MaleSex"}
    assert facts(patient(birthDate="1980")) == set()
    assert facts(patient(birthDate="1980-02")) == {"gg:ageYears=46"}
    assert (
        facts(patient(birthDate="2030-01-01"))
        == facts(patient(birthDate=1980))
        == facts(patient(birthDate="1800-01-01"))
        == set()
    )
    assert facts(patient(gender="other")) == facts(patient(gender=["male"])) == set()
    assert any("deceased" in c for c in patient(deceasedBoolean=True).report.choices)
    assert any("deceased" in c for c in patient(deceasedDateTime="2026-11-24").report.choices)
    assert not any("deceased" in c for c in patient(deceasedDateTime="2027-01-01").report.choices)
    assert facts(patient(gender="male", modifierExtension=[{"url": "x"}])) == set()


def test_one_patient_only(kb: Any, read: Read) -> None:
    other = {"resourceType": "Patient", "id": "q"}
    with pytest.raises(ProfileError, match="2 patients"):
        read(other)
    theirs = condition("PepticUlcer") | {"id": "d", "subject": {"reference": "Patient/q"}}
    assert facts(read(other, condition(), theirs, patient="q")) == {"+ggt:PepticUlcer"}
    assert facts(read(condition(), theirs)) == {"+ggt:Sciatica"}
    with pytest.raises(ProfileError, match="2 patients"):
        kb.profile_from_fhir([condition(), theirs], as_of=DAY)
    assert facts(kb.profile_from_fhir([condition(), theirs], as_of=DAY, patient="q")) == {"+ggt:PepticUlcer"}
    assert facts(kb.profile_from_fhir(condition(), as_of=DAY)) == {"+ggt:Sciatica"}
    with pytest.raises(ProfileError, match="no Patient"):
        read(patient="nobody")


def test_whose_an_entry_is(kb: Any) -> None:
    def bundle(*pairs: tuple[str, dict[str, Any]]) -> dict[str, Any]:
        return {
            "resourceType": "Bundle",
            "entry": [{"fullUrl": url, "resource": res} if url else {"resource": res} for url, res in pairs],
        }

    def about(reference: str) -> dict[str, Any]:
        return condition() | {"subject": {"reference": reference}}

    here, there = "http://a.example/Patient/p", "http://b.example/Patient/p"
    for reference, mine in (
        (here, True),
        ("Patient/p", True),
        (there, False),
        ("Patient/q", False),
        ("urn:uuid:1", False),
        ("Patient?identifier=1", False),
        ("#p", False),
    ):
        found = kb.profile_from_fhir(bundle((here, PATIENT), ("", about(reference))), as_of=DAY)
        assert bool(facts(found)) is mine, reference
    nameless = {k: v for k, v in PATIENT.items() if k != "id"}
    assert facts(kb.profile_from_fhir(bundle(("urn:uuid:1", nameless), ("", about("urn:uuid:1"))), as_of=DAY))
    assert facts(kb.profile_from_fhir(bundle(("", PATIENT), ("", about(here + "/_history/3"))), as_of=DAY))
    both = bundle((here, PATIENT), (there, PATIENT), ("", about(there)))
    with pytest.raises(ProfileError, match="2 patients"):
        kb.profile_from_fhir(both, as_of=DAY)
    assert facts(kb.profile_from_fhir(both, as_of=DAY, patient=there))
    assert not facts(kb.profile_from_fhir(both, as_of=DAY, patient=here))


def test_of_two_versions_the_last_counts(read: Read) -> None:
    old = condition(meta={"lastUpdated": "2026-01-01T00:00:00Z"})
    new = condition(verified="refuted", meta={"lastUpdated": "2026-02-01T00:00:00Z"})
    assert facts(read(new, old)) == {"-ggt:Sciatica"}
    assert facts(read(condition(), condition(verified="refuted"))) == set()
    assert facts(read(condition(), condition())) == {"+ggt:Sciatica"}


def test_versions_are_told_from_the_content(read: Read) -> None:
    assert read(condition()).report.form == "FHIR R4"
    assert read(condition(), version="R5").report.form == "FHIR R5"
    mixed = read(statement(), statement(medication={"concept": concept("Ibuprofen")}) | {"id": "n"})
    assert mixed.report.form == "FHIR R4" and any("mixes" in choice for choice in mixed.report.choices)
    # In the wrong version, an element that is not known makes the resource not understood.
    assert facts(read(statement(), version="R5")) == set()
    with pytest.raises(UsageError, match="no FHIR version"):
        read(condition(), version="R3")


@pytest.mark.parametrize(
    "text",
    ["", "  ", "{", "[]", "7", "null", '"x"', "{}", '{"resourceType": 7}', '{"resourceType": "Bundle", "entry": 7}', "[1, 2]", "<Bundle/>", "\x00", "NaN", '{"resourceType": "Patient", "id": "a", "id": "b"}', '{"resourceType": "Patient", "x": NaN}', "[" * 100_000, '{"a":' * 100_000, '{"resourceType": "Patient"}\nnonsense', '{"resourceType": "Patient", "x": 1e99999999999999999999}'],
)  # fmt: skip
def test_what_is_no_fhir_is_refused_in_one_line(kb: Any, text: str) -> None:
    with pytest.raises(ProfileError) as caught:
        kb.profile_from_fhir(text, as_of=DAY)
    assert len(str(caught.value)) < 400


def test_deep_bundles_and_odd_entries_are_told(kb: Any) -> None:
    deep: Any = PATIENT
    for _ in range(40):
        deep = {"resourceType": "Bundle", "entry": [{"resource": deep}]}
    odd = {
        "resourceType": "Bundle",
        "entry": [
            {"resource": PATIENT},
            {"resource": deep},
            7,
            {"resource": 7},
            {"resource": {}},
            {"resource": condition(), "modifierExtension": [{"url": "x"}]},
        ],
    }
    found = kb.profile_from_fhir(odd, as_of=DAY, complete=["conditions"])
    assert len(found.report.of("not understood")) == 5 and found.profile.not_understood and not facts(found)


@pytest.mark.parametrize("workers", [1, 2])
def test_many_records_at_once(kb: Any, workers: int) -> None:
    names = ["renal-impairment", "bleeding-ulcer", "adolescent", "week-14-chronic"]
    texts = [(FOLDER / f"{name}.json").read_text(encoding="utf-8") for name in names]
    answers = list(kb.fhir_statuses([*texts[:2], "no FHIR", *texts[2:]], as_of=DAY, workers=workers))
    assert [a.patient for a in answers] == [*names[:2], "", *names[2:]]
    assert answers[2].error.startswith("record 3") and not answers[2].statuses
    for name, answer in zip(names, [*answers[:2], *answers[3:]], strict=True):
        assert answer.statuses == kb.therapies(f"example:{name}", as_of=DAY).statuses
        assert answer.counts["used"] and not answer.counts["not_understood"]
    assert list(kb.fhir_statuses([], workers=workers)) == []
