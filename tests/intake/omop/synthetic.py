"""A small synthetic OMOP CDM 5.4, written as a DuckDB file, as Parquet and as CSV: the same rows in each form."""

from __future__ import annotations

import csv
import gzip
import io
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

from guidegraph.intake.omop.cdm import conventions

#: The concept of the CDM's own "no matching concept".
NONE = 0
MALE, FEMALE = 8507, 8532
TYPES = {"integer": "BIGINT", "number": "DOUBLE", "date": "DATE", "text": "VARCHAR"}


class Cdm:
    """Rows of CDM tables; what a row does not state is null."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._concepts: dict[tuple[str, str, str], int] = {}
        self.columns = {t: {c.name: TYPES[c.kind] for c in columns} for t, columns in conventions().tables.items()}

    def add(self, table: str, **values: Any) -> int:
        """Add a row; its key is numbered where it has one that is not given."""
        known = self.columns[table]
        key = f"{table}_id"
        number = len(self.rows[table]) + 1
        if key in known and table not in ("person", "concept", "vocabulary"):
            values.setdefault(key, number)
        stray = set(values) - set(known)
        assert not stray, stray
        self.rows[table].append(values)
        return number

    def concept(
        self, vocabulary: str, code: str, name: str = "", *, invalid: str | None = None, domain: str = "Observation"
    ) -> int:
        """The id of a concept, added if it is new. Ids above two billion are for a site's own concepts."""
        key = (vocabulary, code, invalid or "")
        if key not in self._concepts:
            self._concepts[key] = 2_000_000_001 + len(self._concepts)
            self.add(
                "concept",
                concept_id=self._concepts[key],
                concept_name=name or f"name of {code}",
                domain_id=domain,
                vocabulary_id=vocabulary,
                concept_code=code,
                invalid_reason=invalid,
            )
        return self._concepts[key]

    def person(self, person: int, born: str = "1980-05-17", sex: int = MALE, **more: Any) -> None:
        """A person with a whole or partial date of birth."""
        year, month, day = (int(p) for p in (*born.split("-"), *("0", "0"))[:3])
        birth = {"year_of_birth": year, "month_of_birth": month or None, "day_of_birth": day or None}
        self.add("person", person_id=person, gender_concept_id=sex, **{**birth, **more})

    def condition(self, person: int, concept: int, start: str | None, end: str | None = None, **more: Any) -> int:
        """A condition_occurrence."""
        row = {"condition_concept_id": concept, "condition_start_date": start, "condition_end_date": end}
        return self.add("condition_occurrence", person_id=person, **{**row, **more})

    def drug(self, person: int, concept: int, start: str | None, end: str | None = None, **more: Any) -> int:
        """A drug_exposure."""
        row = {"drug_concept_id": concept, "drug_exposure_start_date": start, "drug_exposure_end_date": end}
        return self.add("drug_exposure", person_id=person, **{**row, **more})

    def measurement(self, person: int, concept: int, day: str | None, value: float | None, **more: Any) -> int:
        """A measurement."""
        row = {"measurement_concept_id": concept, "measurement_date": day, "value_as_number": value}
        return self.add("measurement", person_id=person, **{**row, **more})

    def observation(self, person: int, concept: int, day: str | None, answer: int | None = None, **more: Any) -> int:
        """An observation."""
        row = {"observation_concept_id": concept, "observation_date": day, "value_as_concept_id": answer}
        return self.add("observation", person_id=person, **{**row, **more})

    def procedure(self, person: int, concept: int, day: str | None, **more: Any) -> int:
        """A procedure_occurrence."""
        return self.add(
            "procedure_occurrence", person_id=person, procedure_concept_id=concept, procedure_date=day, **more
        )

    def write(self, form: str, folder: Path, *, upper: bool = False, schema: str = "main", every: bool = True) -> Path:
        """Write the tables as ``duckdb``, ``parquet``, ``csv`` or ``csv.gz``; returns what to open.

        ``upper``: names in capitals; ``schema``: the schema in a database; ``every``: also tables without rows.
        """
        folder.mkdir(parents=True, exist_ok=True)
        tables = [table for table in self.columns if every or self.rows[table]]
        if form in ("csv", "csv.gz"):
            for table in tables:
                self._csv(table, folder / f"{table.upper() if upper else table}.{form}", upper)
            return folder
        import duckdb

        path = folder / "cdm.duckdb" if form == "duckdb" else folder
        with duckdb.connect(str(path) if form == "duckdb" else ":memory:") as db:
            if schema != "main":
                db.execute(f"CREATE SCHEMA {quoted(schema)}")
            for table in tables:
                name = f"{quoted(schema)}.{quoted(table.upper() if upper else table)}"
                columns = self.columns[table]
                db.execute(f"CREATE TABLE {name} ({', '.join(f'{c} {t}' for c, t in columns.items())})")
                rows = [[_typed(row.get(c), t) for c, t in columns.items()] for row in self.rows[table]]
                if rows:
                    db.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(columns))})", rows)
                if form == "parquet":
                    target = folder / f"{table.upper() if upper else table}.parquet"
                    db.execute(f"COPY {name} TO '{target}' (FORMAT parquet)")
        return path

    def _csv(self, table: str, path: Path, upper: bool) -> None:
        with gzip.open(path, "wb") if path.suffix == ".gz" else path.open("wb") as raw:
            file = io.StringIO(newline="")
            writer = csv.writer(file)
            columns = list(self.columns[table])
            writer.writerow([c.upper() if upper else c for c in columns])
            writer.writerows([row.get(c) for c in columns] for row in self.rows[table])
            raw.write(file.getvalue().encode())


def _typed(value: Any, kind: str) -> Any:
    if value is None or value == "":
        return None
    return date.fromisoformat(str(value)[:10]) if kind == "DATE" else value


def quoted(name: str) -> str:
    """A name as an identifier of SQL."""
    return '"' + name.replace('"', '""') + '"'
