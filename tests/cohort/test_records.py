"""Records of many patients: each is answered as it is alone."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from guidegraph.api.cohort import answer_records, answer_table
from guidegraph.api.cohortreport import cohort_report
from guidegraph.assess.assessing import asked
from guidegraph.errors import GuideGraphError, TermError, UsageError
from tests.conftest import AS_OF
from tests.intake.omop.helpers import FEMALE, Cdm, crowd
from tests.support.fhirhelp import FOLDER, PATIENT, concept, condition, statement

pl = pytest.importorskip("polars")


def bundle(name: str, *entries: dict[str, Any]) -> str:
    resources = [{**PATIENT, "id": name}, *({**one, "subject": {"reference": f"Patient/{name}"}} for one in entries)]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in resources]})


def test_a_folder_of_bundles(kb: Any, tmp_path: Path) -> None:
    folder = tmp_path / "records"
    folder.mkdir()
    (folder / "a.json").write_text(bundle("a", condition("Sciatica"), statement()))
    (folder / "b.json").write_text(bundle("b", condition("Sciatica", verified="refuted"), condition("Cancer")))
    (folder / "c.json").write_text("{}")
    real = sorted(FOLDER.glob("*.json"))[:6]
    for path in real:
        (folder / f"real-{path.name}").write_bytes(path.read_bytes())
    report = answer_records(kb, folder, tmp_path / "o.parquet", as_of=AS_OF)
    answers = {row["patient"]: row for row in pl.read_parquet(tmp_path / "o.parquet").to_dicts()}
    assert {"a", "b"} <= set(answers)
    left_out = 0
    for path in sorted(folder.iterdir()):
        try:
            found = kb.profile_from_fhir(path, as_of=AS_OF, where=path.name).profile
            one = kb.assess(kb.profile(found), AS_OF)
        except GuideGraphError:
            left_out += 1
            continue
        row = answers[found.id]
        shared = {one.name(t): s for t, s in one.statuses.items() if one.name(t) in row}
        assert {name: row[name] for name in shared} == shared
        assert len(shared) > 100
    assert report.left_out == left_out >= 1
    assert any(unread.column == "patient" for unread in report.unread)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["duckdb", "parquet"])
def test_an_omop_cdm(duck: None, made: Any, tmp_path: Path, form: str) -> None:
    source = crowd().write(form, tmp_path / "cdm")
    report = answer_records(made, source, tmp_path / "o.parquet", as_of=AS_OF)
    answers = {row["patient"]: row for row in pl.read_parquet(tmp_path / "o.parquet").to_dicts()}
    persons = list(made.profiles_from_omop(source, as_of=AS_OF))
    assert report.patients == len(persons) == len(answers)
    for person, profile, _ in persons:
        one = made.assess(made.profile(profile), AS_OF)
        row = answers[str(person)]
        for therapy, status in one.statuses.items():
            assert row.get(one.name(therapy), status) == status


def several(form: str, place: Path) -> Path:
    """Patients with two problems, with one of them, and with neither."""
    onset = {"back": "2021-03-15", "leg": "2026-10-20"}
    who: dict[str, tuple[str, ...]] = {"1": ("back", "leg"), "2": ("leg",), "3": (), "4": ("back",)}
    if form == "fhir":
        place.mkdir()
        codes = {"back": "LowBackPain", "leg": "Sciatica"}
        for name, held in who.items():
            entries = [condition(codes[one], onsetDateTime=onset[one], id=one) for one in held]
            (place / f"{name}.json").write_text(bundle(name, *entries))
        return place
    cdm = Cdm()
    codes = {"back": "M54.50", "leg": "M54.31"}
    for name, held in who.items():
        cdm.person(int(name), "1960-01-01", FEMALE)
        for one in held:
            cdm.condition(int(name), cdm.concept("ICD10CM", codes[one]), onset[one])
    return cdm.write("parquet", place)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["fhir", "omop"])
def test_of_several_problems_the_one_that_is_asked_about(kb: Any, tmp_path: Path, form: str) -> None:
    source, out = several(form, tmp_path / "records"), tmp_path / "o.parquet"
    if form == "omop":
        pytest.importorskip("duckdb")
        profiles = {str(person): profile for person, profile, _ in kb.profiles_from_omop(source, as_of=AS_OF)}
    else:
        profiles = {p.stem: kb.profile_from_fhir(p, as_of=AS_OF).profile for p in source.iterdir()}
    left_out = {None: {"1"}, "sciatica": {"3", "4"}, "low back pain": {"2", "3"}}
    answers: dict[str | None, dict[str, Any]] = {}
    for problem, lost in left_out.items():
        report = answer_records(kb, source, out, as_of=AS_OF, problem=problem)
        answers[problem] = found = {row["patient"]: row for row in pl.read_parquet(out).to_dicts()}
        assert (report.left_out, found.keys()) == (len(lost), profiles.keys() - lost)
        for name, profile in profiles.items():
            if name in lost:
                with pytest.raises(UsageError, match="problem"):
                    asked(kb.knowledge, kb.profile(profile), as_of=AS_OF, problem=problem)
                continue
            one = asked(kb.knowledge, kb.profile(profile), as_of=AS_OF, problem=problem)
            told = {one.name(therapy): status for therapy, status in one.statuses.items()}
            assert {therapy: found[name][therapy] for therapy in told if therapy in found[name]} == told
        assert {u.what for u in report.unread if u.lost} == {
            f"{problem} is no problem of the profile" if problem else
            "the profile names 2 problems: low back pain; sciatica, and a row has one: choose it by --problem"
        }  # fmt: skip
    assert answers["sciatica"]["1"] != answers["low back pain"]["1"]
    with pytest.raises(TermError):
        answer_records(kb, source, out, problem="no such thing")
    (tmp_path / "t.csv").write_text("patient,sciatica\na,true\n")
    with pytest.raises(UsageError, match="--problem is of records"):
        answer_table(kb, tmp_path / "t.csv", out, problem="sciatica")
    counted = cohort_report(kb, source, show_small=True, as_of=AS_OF, problem="ggt:Sciatica")
    assert (counted["asked"]["problem"], counted["patients"]["answered"]) == ("sciatica", 2)
    answer_records(kb, source, out, as_of=AS_OF, problem="sciatica")
    again = cohort_report(kb, out, show_small=True)
    assert again["asked"] == counted["asked"]


def test_a_folder_without_records(kb: Any, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="no records"):
        answer_records(kb, tmp_path / "empty", tmp_path / "o.parquet")
    assert not (tmp_path / "o.parquet").exists()


def lines(*resources: dict[str, Any]) -> str:
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in resources)


def about(name: str, one: dict[str, Any], server: str = "") -> dict[str, Any]:
    return {**one, "subject": {"reference": f"{server}Patient/{name}"}}


MEDICATION = {"resourceType": "Medication", "id": "ibu", "code": concept("Ibuprofen")}
#: The resources of an export by its files; of c there is no Patient, and d has nothing else.
EXPORT = {
    "Patient.000.ndjson": [
        {**PATIENT, "id": "b", "birthDate": "1950-01-01"},
        {**PATIENT, "id": "a", "birthDate": "1990-05-05", "gender": "female"},
        {**PATIENT, "id": "d", "birthDate": "2001-01-01"},
    ],
    "Condition.ndjson": [
        about("a", condition("Sciatica", id="1")),
        about("b", condition("Cancer", id="2"), "https://example.org/fhir/"),
        about("c", condition("Sciatica", id="3")),
        about("a", condition("Cancer", id="4", verified="refuted")),
    ],
    "Medication.ndjson": [MEDICATION, {**MEDICATION, "id": "other", "code": concept("Acetaminophen")}],
    "MedicationStatement.ndjson": [about("b", statement(id="5", medicationReference={"reference": "Medication/ibu"}))],
    "Observation.ndjson": [
        about("a", {"resourceType": "Observation", "id": "6", "status": "final", "code": {"text": "a shade \u2028 of blue"}}),
    ],
}  # fmt: skip


def exported(folder: Path, *packed: str) -> Path:
    folder.mkdir()
    for name, resources in EXPORT.items():
        if name in packed:
            (folder / f"{name}.gz").write_bytes(gzip.compress(lines(*resources).encode()))
        else:
            (folder / name).write_text(lines(*resources), encoding="utf-8")
    return folder


def test_a_bulk_export_is_one_record_a_patient(kb: Any, tmp_path: Path) -> None:
    everything = [one for resources in EXPORT.values() for one in resources]
    report = answer_records(kb, exported(tmp_path / "x"), tmp_path / "o.parquet", as_of=AS_OF, statements=True)
    found = {row["patient"]: row for row in pl.read_parquet(tmp_path / "o.parquet").to_dicts()}
    assert list(found) == ["a", "b", "c", "d"]
    for name, row in found.items():
        mine = [
            {"resource": one}
            for one in everything
            if one.get("id") == name or str(one.get("subject", {}).get("reference", "")).endswith(f"Patient/{name}")
        ] + [{"resource": MEDICATION}]
        text = json.dumps({"resourceType": "Bundle", "type": "collection", "entry": mine})
        one = kb.assess(kb.profile(kb.profile_from_fhir(text, as_of=AS_OF).profile), AS_OF)
        shared = {one.name(t): s for t, s in one.statuses.items() if one.name(t) in row}
        assert {therapy: row[therapy] for therapy in shared} == shared
        assert len(shared) > 100
    assert {(u.column, u.count) for u in report.unread if not u.lost} >= {("Patient", 1)}
    packed = exported(tmp_path / "y", "Condition.ndjson", "Patient.000.ndjson")
    answer_records(kb, packed, tmp_path / "p.parquet", as_of=AS_OF, statements=True)
    assert (tmp_path / "p.parquet").read_bytes() == (tmp_path / "o.parquet").read_bytes()


def test_lines_of_an_export_that_are_of_no_patient(kb: Any, tmp_path: Path) -> None:
    folder = exported(tmp_path / "x")
    (folder / "Condition.1.ndjson").write_text(
        lines(about("a", condition("Osteoporosis", id="7")), condition() | {"subject": {"reference": "Group/g"}})
        + "{broken\n\n[1]\n"
        + lines({"resourceType": "Practitioner", "id": "q"})
    )
    (folder / "bundles.ndjson").write_text(bundle("e", condition("Sciatica")) + "\n" + bundle("f", statement()) + "\n")
    (folder / "g.json").write_text(bundle("g", condition("Sciatica")))
    report = answer_records(kb, folder, tmp_path / "o.parquet", as_of=AS_OF)
    assert sorted(pl.read_parquet(tmp_path / "o.parquet")["patient"]) == list("abcdefg")
    assert {(u.column, u.what, u.count, u.examples[0][0]) for u in report.unread if u.lost} == {
        ("Condition.1.ndjson", "it does not say which patient it is of", 1, 2),
        ("Condition.1.ndjson", "no FHIR resource", 2, 3),
    }
    with pytest.raises(UsageError, match=r"row 2, column Condition.1.ndjson"):
        answer_records(kb, folder, tmp_path / "s.parquet", as_of=AS_OF, strict=True)
    assert not (tmp_path / "s.parquet").exists()


@pytest.mark.parametrize(
    ("name", "content"), [("Patient.ndjson.gz", b"no gzip"), ("Patient.ndjson", b'{"resourceType": "\xe4"}\n')]
)
def test_a_file_of_an_export_that_cannot_be_read(kb: Any, tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / name).write_bytes(content)
    with pytest.raises(UsageError, match=f"{name}: (cannot be read|not UTF-8)"):
        answer_records(kb, tmp_path / "x", tmp_path / "o.parquet", as_of=AS_OF)
    assert not (tmp_path / "o.parquet").exists()


def test_the_answer_stays_out_of_the_records(kb: Any, tmp_path: Path) -> None:
    folder = exported(tmp_path / "x")
    with pytest.raises(UsageError, match="among the records"):
        answer_records(kb, folder, folder / "o.parquet", as_of=AS_OF)
    with pytest.raises(UsageError, match="records have no columns"):
        answer_records(kb, folder, tmp_path / "o.parquet", as_of=AS_OF, columns={"a": "age"})


def test_what_an_omop_cdm_says_that_is_not_understood_is_told(duck: None, made: Any, tmp_path: Path) -> None:
    report = answer_records(made, crowd().write("parquet", tmp_path / "cdm"), tmp_path / "o.parquet", as_of=AS_OF)
    told = [unread for unread in report.unread if "DROP TABLE" in unread.what]
    assert told
    assert all(unread.examples and not unread.lost for unread in told)


def test_a_patient_in_two_records_is_told(kb: Any, tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    for name in "ab":
        (tmp_path / "x" / f"{name}.json").write_text(bundle("p", condition("Sciatica")))
    report = answer_records(kb, tmp_path / "x", tmp_path / "o.parquet", as_of=AS_OF)
    assert (report.patients, report.left_out) == (1, 1)
    assert ["several records" in unread.what for unread in report.unread] == [True]


def person(name: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "birthDate": "1980-01-01", **({"id": name} if name else {}), **more}


def answered(kb: Any, folder: Path, **files: Any) -> tuple[list[str], list[tuple[str, str]]]:
    """Who is answered for of a folder of records, and what of it was not read."""
    folder.mkdir()
    for name, content in files.items():
        text = content if isinstance(content, str) else "\n".join(map(json.dumps, content))
        (folder / name.replace("__", ".")).write_text(text, encoding="utf-8")
    report = answer_records(kb, folder, folder.parent / "o.parquet", as_of=AS_OF)
    return pl.read_parquet(folder.parent / "o.parquet")["patient"].to_list(), [
        (u.column, u.what) for u in report.unread
    ]


def test_half_characters_in_an_export_are_told(kb: Any, tmp_path: Path) -> None:
    half = '{"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/\\ud800"}}'
    who, unread = answered(
        kb,
        tmp_path / "e",
        Patient__ndjson='{"resourceType": "Patient", "id": "\\ud800"}\n' + json.dumps(person("b")),
        Condition__ndjson=half,
    )
    assert who == ["b"]
    why = "it does not say which patient it is of"
    assert sorted(unread) == [("Condition.ndjson", why), ("Patient.ndjson", why)]


def test_who_has_no_id_goes_by_the_name_of_the_record(kb: Any, tmp_path: Path) -> None:
    who, unread = answered(
        kb, tmp_path / "e", one__json=[person("")], two__json=[person("")], three__json=[person("x")]
    )
    assert sorted(who) == ["one", "two", "x"] and not unread


def test_a_patient_of_whom_no_version_is_the_last_keeps_the_name(kb: Any, tmp_path: Path) -> None:
    both = [person("a"), person("a", birthDate="1950-01-01"), person("b")]
    who, unread = answered(kb, tmp_path / "e", Patient__ndjson=both)
    assert who == ["a", "b"] and unread == [("patient", "not understood: the Patient")]


def test_files_that_are_no_records_are_told(kb: Any, tmp_path: Path) -> None:
    who, unread = answered(kb, tmp_path / "e", one__json=[person("a")], two__xml="<x/>", three__txt="x", __SUCCESS="")
    assert who == ["a"]
    ((column, what),) = unread
    assert column == "a file" and what.endswith(": 'three.txt'")


def test_that_nobody_can_be_read_is_told_with_the_reason(kb: Any, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no patient that can be read: Patient\.ndjson: .* \('Patient/7'\)"):
        answered(kb, tmp_path / "e", Patient__ndjson='{"resourceType": "Patient", "id": 7}')


def test_names_that_are_no_utf_8(kb: Any, tmp_path: Path) -> None:
    (tmp_path / "r").mkdir()
    odd = tmp_path / "r" / "a\udcff.json"
    odd.write_text(json.dumps(person("a")), encoding="utf-8")
    report = answer_records(kb, odd.parent, tmp_path / "o.parquet", as_of=AS_OF)
    assert report.patients == 1 and report.left_out == 0
    table = tmp_path / "t\udcff.csv"
    table.write_text("patient,age\na,5\n", encoding="utf-8")
    for source, output in ((table, tmp_path / "p.parquet"), (tmp_path / "t.csv", tmp_path / "p\udcff.parquet")):
        (tmp_path / "t.csv").write_text("patient,age\na,5\n", encoding="utf-8")
        with pytest.raises(UsageError, match="its name is not UTF-8"):
            answer_table(kb, source, output, as_of=AS_OF)
        assert not output.exists()
