"""The speed of reading FHIR records and answering for them: ``python benchmarks/fhir.py`` prints a Markdown table.

Each record is a Bundle of 100 resources of one made-up patient: conditions, drugs, measurements with units, signs, and
laboratory results that no guideline asks about. No two records are the same. The bundles are text, as they come from a
server; making them is not timed.
"""

from __future__ import annotations

import json
import os
import platform
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import guidegraph as gg

AS_OF = date(2026, 11, 24)
RECORDS, RESOURCES, WORKERS = 1_000, 100, 2
UCUM = "http://unitsofmeasure.org"


def concept(system: str, code: str, display: str) -> dict[str, Any]:
    """A concept with one code."""
    return {"coding": [{"system": system, "code": code, "display": display}]}


def own(row: Any) -> dict[str, Any]:
    """A concept with the code of a term of ours."""
    system, _, code = row.iri.rpartition("/")
    return concept(f"{system}/", code, row.label)


def entries(kb: gg.KnowledgeBase, rng: random.Random, patient: str) -> Iterator[dict[str, Any]]:
    """The resources of one patient."""
    subject = {"reference": f"Patient/{patient}"}
    born = date(rng.randint(1935, 2008), rng.randint(1, 12), rng.randint(1, 28))
    yield {"resourceType": "Patient", "id": patient, "gender": rng.choice(["male", "female"]), "birthDate": str(born)}
    states, drugs = kb.vocabulary.of_kind("condition"), kb.vocabulary.of_kind("intervention")
    signs, numbers = kb.vocabulary.of_kind("finding"), kb.vocabulary.of_kind("number")
    clinical, verified = (
        f"http://terminology.hl7.org/CodeSystem/condition-{name}" for name in ("clinical", "ver-status")
    )
    for row in rng.sample(states, 8):
        sure = rng.choice(["confirmed", "confirmed", "refuted", "provisional"])
        yield {
            "resourceType": "Condition",
            "clinicalStatus": concept(clinical, rng.choice(["active", "resolved"]), ""),
            "verificationStatus": concept(verified, sure, ""),
            "code": own(row),
            "subject": subject,
        }
    for row in rng.sample(drugs, 8):
        end = {"end": str(AS_OF - timedelta(rng.randint(1, 60)))} if rng.random() < 0.4 else {}
        yield {
            "resourceType": "MedicationStatement",
            "status": "completed" if end else "active",
            "medicationCodeableConcept": own(row),
            "subject": subject,
            "effectivePeriod": {"start": "2026-01-05", **end},
        }
    for row in rng.sample(signs, 6):
        day = str(AS_OF - timedelta(rng.randint(0, 30)))
        yield {
            "resourceType": "Observation",
            "status": "final",
            "code": own(row),
            "subject": subject,
            "effectiveDateTime": day,
            "valueBoolean": rng.random() < 0.5,
        }
    for row in numbers:
        top = min(int(row.high or 100), 100)
        for _ in range(3):
            day = str(AS_OF - timedelta(rng.randint(0, 300)))
            value = {"value": rng.randint(0, top), "system": UCUM, "code": row.unit, "unit": row.unit}
            yield {
                "resourceType": "Observation",
                "status": "final",
                "code": own(row),
                "subject": subject,
                "effectiveDateTime": day,
                "valueQuantity": value,
            }
    while True:
        code = f"{rng.randint(1000, 99999)}-{rng.randint(0, 9)}"
        value = {"value": rng.randint(1, 2000) / 10, "system": UCUM, "code": "mg/dL", "unit": "mg/dL"}
        yield {
            "resourceType": "Observation",
            "status": "final",
            "category": [
                concept("http://terminology.hl7.org/CodeSystem/observation-category", "laboratory", "Laboratory")
            ],
            "code": concept("http://loinc.org", code, "A laboratory result"),
            "subject": subject,
            "effectiveDateTime": "2026-06-01T08:30:00Z",
            "valueQuantity": value,
            "referenceRange": [{"low": {"value": 3}, "high": {"value": 90}}],
        }


def bundle(kb: gg.KnowledgeBase, rng: random.Random, number: int) -> str:
    """The text of one record."""
    made = entries(kb, rng, f"p{number}")
    resources = [next(made) | ({"id": f"r{i}"} if i else {}) for i in range(RESOURCES)]
    entry = [{"fullUrl": f"https://example.org/fhir/{r['resourceType']}/{r['id']}", "resource": r} for r in resources]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entry})


def main() -> None:
    """Print the table."""
    rng = random.Random(20261124)
    kb = gg.open()
    texts = [bundle(kb, rng, number) for number in range(RECORDS)]
    size = sum(map(len, texts)) / len(texts) / 1000
    print(
        f"Measured by `python benchmarks/fhir.py` on {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}.\n"
    )
    print("| what | measured | target |\n| --- | --- | --- |")
    start = time.perf_counter()
    for text in texts[:200]:
        kb.profile_from_fhir(text, as_of=AS_OF)
    print(
        f"| reading one Bundle of {RESOURCES} resources ({size:.0f} kB), report included | {(time.perf_counter() - start) / 200 * 1000:.1f} ms | none |"
    )
    start = time.perf_counter()
    answers = list(kb.fhir_statuses(texts, as_of=AS_OF, workers=WORKERS))
    taken = time.perf_counter() - start
    assert len(answers) == RECORDS and all(a.statuses and not a.error for a in answers)
    counts: Counter[str] = Counter()
    for answer in answers:
        counts.update(answer.counts)
    told = f"{counts['used']:,} facts used, {counts['ignored']:,} entries ignored, {counts['not_understood']:,} not understood"
    print(
        f"| {RECORDS:,} Bundles of {RESOURCES} resources to the statuses of all therapies, {WORKERS} processes; {told} | {taken:.1f} s | under 10 s |"
    )
    print(
        f"processor time of this process: {time.process_time():.1f} s, of its workers: {sum(os.times()[2:4]):.1f} s",
        file=sys.stderr,
    )


if __name__ == "__main__":
    main()
