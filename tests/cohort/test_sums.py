"""Numbers that are worked out from the entries of a list come to the same for many patients as for one."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from guidegraph import namespaces as ns
from guidegraph.api.cohort import answer_records, answer_table
from guidegraph.errors import ProfileError
from guidegraph.knowledge.criteria import compile_criteria
from guidegraph.model import Another, CareFact, DoseFact, Profile
from guidegraph.termreadings import SUPPLIED, TAKEN
from tests.conftest import AS_OF
from tests.profile.test_derived import POPULATIONS, PREFIX, TEXT, at_least, order, population
from tests.support import carefacts
from tests.support.cohortproof import Figures, compare
from tests.support.cohorts import Answered
from tests.support.fhirhelp import PATIENT

pl = pytest.importorskip("polars")
DOSE, SUPPLY = ns.GG + "toyDose", ns.GG + "toySupply"
HERE = "https://example.org/"
DRUGS = ("Opioid", "Morphine", "Tramadol", "Ibuprofen", "NSAID", "ParacetamolOpioid")
MORE = (
    population("Any", at_least("toyDose", "0.0"))
    + population("Undosed", f"[ a owl:Class ; owl:complementOf {at_least('toyDose', '20.0')} ]")
    # A statement by each, so that what a table tells shows it.
    + "".join(
        f'<{HERE}{name}> a gg:Alert ; rdfs:label "{name}"@en ; gg:population ggp:{name} ; gg:statedIn ggd:bmj-2025 .\n'
        for name in ("Dosed", "Stocked", "Undosed")
    )
)


@pytest.fixture(scope="module")
def toy(repo_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return carefacts.opened(repo_root, tmp_path_factory.mktemp("toy"), PREFIX + TEXT + POPULATIONS + MORE)


def drawn(toy: Any, seed: int) -> Profile:
    pick = random.Random(f"sums {seed}")
    drugs = [ns.GGT + name for name in DRUGS if ns.GGT + name in toy.records.ancestors]
    listed = pick.sample(drugs, pick.randint(0, 3))
    doses = [
        DoseFact(of, Decimal(pick.choice((0, 5, 20, 50))), "mg", Decimal(pick.randint(1, 3)))
        for of in listed
        if pick.random() < 0.7
    ]
    supplies = [
        CareFact(SUPPLIED, pick.choice(drugs), pick.choice((None, (Decimal(80), Decimal(100)), (Decimal(9),) * 2)))
        for _ in range(pick.randint(0, 2))
    ]
    supplies = [replace(one, value=pick.choice((None, Decimal(15), Decimal(40)))) for one in supplies]
    return Profile(
        f"sums-{seed}",
        present={TAKEN: frozenset(listed)},
        values={n: Decimal(pick.choice((0, 10, 50, 100))) for n in (DOSE, SUPPLY) if pick.random() < 0.2},
        doses=frozenset(doses),
        care_present=frozenset(supplies),
        complete=frozenset(prop for prop in (TAKEN, SUPPLIED) if pick.random() < 0.5),
        not_understood=((TAKEN, "odd"),) if pick.random() < 0.1 else (),
        others=(Another(TAKEN, "TOY:1", "thing", ()),) if pick.random() < 0.1 else (),
    )


@pytest.mark.slow
def test_drawn_patients(toy: Any) -> None:
    profiles = [drawn(toy, seed) for seed in range(60)]
    compare(toy, profiles, (AS_OF, None, frozenset()), figures := Figures())
    assert not figures.differences, figures
    assert 5 < figures.contradictory < 40
    answered, seen = Answered(toy, compile_criteria(toy.knowledge, AS_OF), profiles), set()
    for at in range(len(profiles)):
        truths = answered.truths(at)
        seen |= {(name, truths[ns.GGP + name]) for name in ("Dosed", "Stocked", "Any", "Undosed")}
    every = {(name, truth) for name in ("Dosed", "Stocked", "Undosed") for truth in ("true", "false", "unknown")}
    assert every <= seen and ("Any", "unknown") in seen


@pytest.mark.slow
def test_a_table_states_no_doses(toy: Any, tmp_path: Path) -> None:
    """What nothing counts toward is 0, what may be more is unknown, and another number contradicts that."""
    rows: list[tuple[Any, ...]] = [
        ("none", None, True, None), ("counts", "morphine", True, None), ("open", None, None, None),
        ("other", "ibuprofen", True, None), ("stated", "morphine", True, 60), ("zero", None, True, 0),
        ("odd", "SNOMEDCT:764146007", True, None), ("false", None, True, 60),
    ]  # fmt: skip
    heads = ["patient", "medications", "complete: medications", "toy_dose"]
    table = pl.DataFrame(rows, schema=heads, orient="row", infer_schema_length=None)
    table.with_columns(pl.lit(True).alias("complete: supplies")).write_csv(tmp_path / "t.csv")
    answer_table(toy, tmp_path / "t.csv", tmp_path / "o.parquet", as_of=AS_OF, statements=True)
    found = {row["patient"]: row for row in pl.read_parquet(tmp_path / "o.parquet").to_dicts()}
    for name, drug, complete, number in rows:
        told: dict[str, Any] = {"medications": {"present": [drug] if drug else [], "complete": bool(complete)}}
        told |= {"supplies": {"complete": True}} | ({} if number is None else {"toy_dose": number})
        try:
            one = toy.assess(toy.profile(told), AS_OF)
        except ProfileError as error:
            assert "come to 0" in str(error) and "no entry" in found[name]["contradiction"]
            continue
        for of in ("Dosed", "Stocked", "Undosed"):
            assert found[name][HERE + of] == one.truth(HERE + of), (name, of)
    assert found["false"]["contradiction"] is not None
    assert [found[n][HERE + "Dosed"] for n in ("none", "counts", "stated")] == ["false", "unknown", "true"]
    assert found["none"][HERE + "Stocked"] == "false" and found["odd"][HERE + "Dosed"] == "unknown"


def test_doses_of_records(toy: Any, tmp_path: Path) -> None:
    folder = tmp_path / "records"
    folder.mkdir()
    for name, milligrams in (("much", 30), ("little", 20)):
        mine = {"subject": {"reference": f"Patient/{name}"}}
        given = [{**PATIENT, "id": name}, {**order("a", "Morphine", milligrams), **mine}]
        bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in given]}
        (folder / f"{name}.json").write_text(json.dumps(bundle))
    answer_records(toy, folder, tmp_path / "o.parquet", as_of=AS_OF, statements=True)
    found = {row["patient"]: row[HERE + "Dosed"] for row in pl.read_parquet(tmp_path / "o.parquet").to_dicts()}
    assert found == {"much": "true", "little": "unknown"}
