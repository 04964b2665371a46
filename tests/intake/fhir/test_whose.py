"""FHIR records in which it cannot be told of whom an entry is: it is unknown, never somebody else's."""

from __future__ import annotations

from typing import Any

import pytest

from guidegraph import namespaces as ns
from guidegraph.intake.fhir import Reading
from tests.support.fhirhelp import DAY, PATIENT, Read, condition, facts

CONDITION = ns.GG + "hasCondition"
NAMELESS = {"resourceType": "Patient"}


def left_open(found: Reading) -> bool:
    """Whether a complete list of conditions is suspended, and no fact is taken."""
    assert not facts(found)
    return CONDITION in {prop for prop, _ in found.profile.not_understood}


def about(reference: str, *inside: dict[str, Any]) -> dict[str, Any]:
    return condition(subject={"reference": reference}, **({"contained": list(inside)} if inside else {}))


@pytest.mark.parametrize(
    ("patient", "entry", "expected"),
    [
        (PATIENT, about("#a", {"resourceType": "Patient", "id": "a"}), True),
        (PATIENT, about("#a"), True),
        (PATIENT, about("#a", {"resourceType": "Group", "id": "a"}), False),
        (PATIENT, about("#a", {"resourceType": "Group", "id": "a"}, {"resourceType": "Patient", "id": "a"}), True),
        (PATIENT, about("/Patient/p"), True),
        (PATIENT, about("Patient/p/"), True),
        (PATIENT, about("Patient/p#x"), True),
        (PATIENT, about("patient/p"), True),
        (PATIENT, about(""), True),
        (PATIENT, about("urn:uuid:1"), True),
        (PATIENT, about("Patient/q"), False),
        (PATIENT, about("https://x.example/fhir/Patient/q"), False),
        (PATIENT, about("Group/p"), False),
        (NAMELESS, about("Patient/q"), True),
        (NAMELESS, about("Group/q"), False),
        (PATIENT | {"id": "p_1"}, about("Patient/p_1"), True),
    ],
)
def test_an_entry_is_of_another_only_where_that_is_sure(
    kb: Any, patient: dict[str, Any], entry: dict[str, Any], expected: bool
) -> None:
    found = kb.profile_from_fhir([patient, entry], as_of=DAY, complete=["conditions"])
    assert left_open(found) is expected


def test_patients_that_are_linked_may_be_one(kb: Any) -> None:
    def read(*patients: dict[str, Any]) -> bool:
        record = [*patients, about("Patient/old")]
        return left_open(kb.profile_from_fhir(record, as_of=DAY, patient="p", complete=["conditions"]))

    old = {"resourceType": "Patient", "id": "old"}
    link = {"type": "replaced-by", "other": {"reference": "Patient/p"}}
    assert read(PATIENT, old | {"link": [link]})
    assert read(PATIENT | {"link": [{"type": "replaces", "other": {"reference": "Patient/old"}}]}, old)
    assert read(PATIENT | {"link": [{"type": "replaces", "other": {"reference": "Patient/old"}}]})
    assert not read(PATIENT, old)
    assert not read(PATIENT, old | {"link": [link | {"other": {"reference": "Patient/else"}}, 7]})


def test_patients_within_entries_are_not_one(kb: Any) -> None:
    inside = {"resourceType": "Patient", "id": "a"}
    record = [about("#a", inside), condition("Cancer", subject={"reference": "#a"}, contained=[inside]) | {"id": "d"}]
    found = kb.profile_from_fhir(record, as_of=DAY, complete=["conditions"])
    assert left_open(found) and len(found.report.of("not understood")) == 2


def test_of_versions_without_a_last_none_is_dropped(kb: Any, read: Read) -> None:
    wrong = condition(verified="entered-in-error")
    for order in ([wrong, condition()], [condition(), wrong]):
        assert left_open(read(*order, complete=["conditions"]))
    assert not left_open(read(wrong, wrong | {"recordedDate": "2026-01-01"}, complete=["conditions"]))
    found = kb.profile_from_fhir([PATIENT, PATIENT | {"gender": "male"}], as_of=DAY)
    assert not facts(found) and any("Which version of Patient/p" in choice for choice in found.report.choices)


def test_an_entry_in_error_hides_nothing_whoever_it_is_of(read: Read) -> None:
    denied = condition("Cancer", verified="refuted") | {"id": "d"}
    wrong = condition("Cancer", verified="entered-in-error", subject={"reference": "#a"})
    assert facts(read(denied, wrong)) == {"-ggt:Cancer"}
