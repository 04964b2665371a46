"""The speed of reading many persons of an OMOP CDM: ``python benchmarks/omop.py`` prints a Markdown table.

Persons are made up: 30 rows each (diagnoses, drugs, procedures, measurements with units, observations), in our own terms
as source codes and with codes that nobody knows. Making the tables is not timed; the report on every row is.
"""

from __future__ import annotations

import resource
import tempfile
import time
from datetime import date
from pathlib import Path

import duckdb

import guidegraph as gg

AS_OF = date(2026, 11, 24)
PERSONS = 10_000
OURS = {"condition_occurrence": "ggt", "drug_exposure": "ggt", "observation": "ggt", "measurement": "gg"}
#: Each statement makes one table; every person has its rows, which differ from person to person.
TABLES = {
    "person": "SELECT p AS person_id, 8507 + 25 * (p % 2) AS gender_concept_id, 1940 + p % 60 AS year_of_birth, "
    "1 + p % 12 AS month_of_birth, 1 + p % 28 AS day_of_birth FROM range(1, $persons + 1) r(p)",
    "condition_occurrence": "SELECT 10 * p + n AS condition_occurrence_id, p AS person_id, 0 AS condition_concept_id, "
    "DATE '2026-01-01' + CAST((p + n) % 300 AS INTEGER) AS condition_start_date, "
    "[$condition, $finding, 'nobody knows it'][1 + (p + n) % 3] AS condition_source_value "
    "FROM range(1, $persons + 1) r(p), range(10) s(n)",
    "drug_exposure": "SELECT 5 * p + n AS drug_exposure_id, p AS person_id, 0 AS drug_concept_id, "
    "DATE '2026-10-01' AS drug_exposure_start_date, DATE '2026-11-01' + CAST((p + n) % 60 AS INTEGER) AS "
    "drug_exposure_end_date, $drug AS drug_source_value FROM range(1, $persons + 1) r(p), range(5) s(n)",
    "procedure_occurrence": "SELECT 5 * p + n AS procedure_occurrence_id, p AS person_id, 0 AS procedure_concept_id, "
    "DATE '2026-02-01' AS procedure_date FROM range(1, $persons + 1) r(p), range(5) s(n)",
    "measurement": "SELECT 5 * p + n AS measurement_id, p AS person_id, 0 AS measurement_concept_id, "
    "DATE '2026-05-01' + CAST(n AS INTEGER) AS measurement_date, 20.5 + p % 70 AS value_as_number, "
    "$number AS measurement_source_value, $unit AS unit_source_value FROM range(1, $persons + 1) r(p), range(5) s(n)",
    "observation": "SELECT 5 * p + n AS observation_id, p AS person_id, 0 AS observation_concept_id, "
    "DATE '2026-05-01' AS observation_date, $finding AS observation_source_value "
    "FROM range(1, $persons + 1) r(p), range(5) s(n)",
}


def make(folder: Path, kb: gg.KnowledgeBase) -> list[Path]:
    """The same tables as a DuckDB file, as Parquet and as CSV."""
    number = min(row.iri for row in kb.vocabulary.of_kind("number") if "min" in row.unit)
    values = {"persons": PERSONS, "number": number.rpartition("/")[2], "unit": kb.vocabulary.by_iri[number].unit}
    for kind, name in (("condition", "condition"), ("finding", "finding"), ("intervention", "drug")):
        values[name] = kb.vocabulary.of_kind(kind)[0].iri.rpartition("/")[2]
    for form in ("parquet", "csv"):
        (folder / form).mkdir()
    with duckdb.connect(str(folder / "cdm.duckdb")) as db:
        for table, statement in TABLES.items():
            used = {name: value for name, value in values.items() if f"${name}" in statement}
            db.execute(f"CREATE TABLE {table} AS {statement}", used)
            db.table(table).to_csv(str(folder / "csv" / f"{table}.csv"))
            db.table(table).to_parquet(str(folder / "parquet" / f"{table}.parquet"))
    return [folder / "cdm.duckdb", folder / "parquet", folder / "csv"]


def main() -> None:
    """Measure and print."""
    kb = gg.open()
    print(
        f"{PERSONS:,} persons, {31 * PERSONS:,} rows\n\n| source | seconds | of processor | memory at most |\n| --- | --- | --- | --- |"
    )
    with tempfile.TemporaryDirectory() as folder:
        for source in make(Path(folder), kb):
            wall, cpu = time.perf_counter(), time.process_time()
            found = sum(1 for _ in kb.profiles_from_omop(source, as_of=AS_OF, source_vocabulary=OURS))
            assert found == PERSONS
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            print(f"| {source.name} | {wall:.1f} | {cpu:.1f} | {most} MiB |")


if __name__ == "__main__":
    main()
