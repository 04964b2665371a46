"""The speed of answering for many patients: ``python benchmarks/cohort.py [PATIENTS ...]`` prints a Markdown table.

Patients are made up: a table of about 188 columns (truth values of what criteria ask, and numbers), a sixth of it
filled, where few contradict themselves. Making the table is not timed. Each figure of many patients is of a whole
process: its wall time, its processor time (user and system) and its peak of resident memory.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

import guidegraph as gg
from guidegraph.knowledge.atoms import CLASSES
from guidegraph.knowledge.criteria import Criteria, compile_criteria

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
AS_OF = date(2026, 11, 24)
#: Columns of truth values; with the numbers, the lists that are complete and who it is, about 188.
FACTS = 175
KEYS = dict(zip(CLASSES, ("conditions", "findings", "medications"), strict=True))
#: Patients of one piece of the table, those who are answered one by one, and those whom the CQL engine gets.
PIECE, ALONE, CQL = 262_144, 1_000, 1_000
#: What DuckDB is given: it reads as many columns and writes as many words, and decides nothing.
FLOOR = """
import duckdb, sys
source, target, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
db = duckdb.connect()
names = [row[0] for row in db.sql(f"DESCRIBE SELECT * FROM '{source}'").fetchall()]
facts = [row[0] for row in db.sql(f"DESCRIBE SELECT * FROM '{source}'").fetchall() if row[1] == "BOOLEAN"]
words = "ENUM ('eligible', 'caution', 'undetermined')"
cells = [f'''(CASE "{facts[at % len(facts)]}" WHEN true THEN 'eligible' WHEN false THEN 'caution' ELSE 'undetermined' END)::{words} AS t{at}''' for at in range(count)]
db.sql(f"COPY (SELECT patient, {', '.join(cells)} FROM '{source}') TO '{target}' (FORMAT parquet)")
"""
#: Runs a process from a small one, since a process counts the memory of the one that it was forked from as its own.
RUNNER = """
import resource, subprocess, sys, time
start = time.perf_counter()
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
wall, used = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
print(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
sys.exit(code)
"""


class Taken(NamedTuple):
    """What a process took: seconds of wall and processor time, and its peak of memory in MB."""

    wall: float
    cpu: float
    peak: float


def process(line: Sequence[str]) -> Taken:
    """Run a process to its end."""
    done = subprocess.run([sys.executable, "-c", RUNNER, *line], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{line[0]} ended with {done.returncode}")
    return Taken(*map(float, done.stdout.split()))


def near(criteria: Criteria, fact: tuple[str, str], number: str) -> bool:
    """Whether a number brings or excludes a fact, or one above or below it."""
    prop, cls = fact
    above = criteria.ancestors
    return any(
        rule.interval is not None
        and (rule.given, rule.then) == (number, prop)
        and (rule.other == cls or rule.other in above.get(cls, ()) or cls in above.get(rule.other, ()))
        for rule in criteria.rules
    )


def pieces(kb: gg.KnowledgeBase, criteria: Criteria, patients: int) -> Iterator[pl.DataFrame]:
    """A table of patients, piece by piece."""
    asked = sorted({(a.prop, a.cls) for a in criteria.atoms.values() if a.prop in CLASSES})
    facts = [asked[at * len(asked) // FACTS] for at in range(FACTS)]
    below = {(p, c): [q for q in facts if q[0] == p and c in criteria.ancestors.get(q[1], ())] for p, c in facts}
    rows = {row.iri: row for row in kb.vocabulary.rows}
    brought = {fact: [n for n in criteria.numbers if near(criteria, fact, n)] for fact in facts}
    for first in range(0, patients, PIECE):
        count = min(PIECE, patients - first)
        draw = np.random.default_rng(first)
        numbers = {}
        for number in criteria.numbers:
            row = rows[number]
            low, high = float(row.low or 0), min(float(row.high or 120), 120.0)
            share = 0.9 if row.key == "age" else 0.01 if "pregnan" in row.key else 0.3
            drawn = np.floor(draw.uniform(low, high, count))
            numbers[number] = pl.Series(row.key, drawn).set(pl.Series(draw.random(count) >= share), None)
        true = {fact: draw.random(count) < 0.006 for fact in facts}
        columns = [pl.Series("patient", np.arange(first, first + count))]
        for fact in facts:
            free = np.ones(count, dtype=np.bool_)
            for number in brought[fact]:
                free &= numbers[number].is_null().to_numpy()
            true[fact] &= free
            # Nobody is without what they have a kind of.
            absent = (
                (draw.random(count) < 0.15)
                & free
                & ~np.logical_or.reduce([true[one] for one in below[fact]] or [~free])
            )
            name = f"{KEYS[fact[0]]}: {kb.vocabulary.label(fact[1])}"
            columns.append(pl.Series(name, true[fact]).set(pl.Series(~(true[fact] | absent)), None))
        listed = [
            pl.Series(f"complete: {key}", draw.random(count) < 0.2).set(pl.Series(draw.random(count) < 0.3), None)
            for key in KEYS.values()
        ]
        yield pl.DataFrame([*columns, *numbers.values(), *listed])


def lengthened(table: pl.DataFrame) -> pl.DataFrame:
    """The same patients with a row a fact, those of a patient together."""
    rows = []
    for name in table.columns[1:]:
        key, _, term = name.partition(": ")
        value = pl.col(name) if table.schema[name] == pl.Boolean else pl.col(name).cast(pl.Int64)
        said = (pl.lit(key).alias("key"), pl.lit(term).alias("term"), value.cast(pl.String).alias("value"))
        rows.append(table.select("patient", *said).drop_nulls("value"))
    return pl.concat(rows).sort("patient", maintain_order=True)


def told(table: pl.DataFrame) -> list[dict[str, object]]:
    """The patients as profiles."""
    profiles = []
    for row in table.to_dicts():
        said: dict[str, object] = {}
        for name, value in row.items():
            key, _, term = name.partition(": ")
            if value is None or name == "patient" or key == "complete":
                continue
            if term:
                sides = said.setdefault(key, {"present": [], "absent": []})
                sides["present" if value else "absent"].append(term)  # type: ignore[index]
            else:
                said[name] = int(value)
        profiles.append(said)
    return profiles


def one_by_one(kb: gg.KnowledgeBase, table: pl.DataFrame) -> float:
    """Seconds of a patient, each answered by themselves; those who contradict themselves are told so."""
    profiles = told(table)
    start = time.perf_counter()
    for profile in profiles:
        try:
            kb.therapies(profile, as_of=AS_OF).glance()
        except gg.errors.ProfileError:
            continue
    return (time.perf_counter() - start) / len(profiles)


def by_cql(kb: gg.KnowledgeBase, table: pl.DataFrame, folder: Path) -> str:
    """A row of the table for an independent CQL engine, which decides populations and no statuses."""
    from guidegraph.export.fhir.parts import bare
    from tests.support import npm

    modules, bundles = npm.modules("cql", *npm.CQL), {}
    for number, profile in enumerate(told(table)):
        try:
            bundles[str(number)] = bare(kb.patient_bundle(kb.profile(profile)))
        except gg.errors.ProfileError:
            continue
    (folder / "library.cql").write_text(kb.cql(), encoding="utf-8")
    (folder / "bundles.json").write_text(json.dumps(bundles), encoding="utf-8")
    here = ROOT / "tests/export/cql"
    files = (folder / "library.cql", folder / "bundles.json", here / "system-modelinfo.xml")
    took = process(["node", str(here / "run.mjs"), str(modules), *map(str, files)])
    return (
        f"| `@cqframework/cql`, `cql-execution`: the populations of {len(bundles):,} patients as FHIR, compiling included "
        f"| {took.wall:.1f} s | {took.cpu:.1f} s | {took.peak:.0f} MB |"
    )


def main() -> None:
    """Print the table."""
    sizes = [int(text.replace(",", "")) for text in sys.argv[1:]] or [1_000_000, 10_000_000]
    kb = gg.open()
    criteria = compile_criteria(kb.knowledge, AS_OF)
    print("| what | wall | processor | peak |\n| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "patients.parquet", Path(folder) / "statuses.parquet"
        taken = {}
        for size in sizes:
            made = [Path(folder) / f"{at:03}.parquet" for at in range(-(-size // PIECE))]
            for path, piece in zip(made, pieces(kb, criteria, size), strict=True):
                piece.write_parquet(path)
            pl.scan_parquet(made).sink_parquet(source, row_group_size=131_072, maintain_order=True)
            for path in made:
                path.unlink()
            line = [sys.executable, "-m", "guidegraph", "cohort", str(source), "-o", str(target), "--as-of", str(AS_OF)]
            taken[size] = one = process(line)
            print(
                f"| {size:,} patients, {len(criteria.therapies)} therapies, Parquet to Parquet | {one.wall:.1f} s | {one.cpu:.1f} s | {one.peak:.0f} MB |",
                flush=True,
            )
            floor = process([sys.executable, "-c", FLOOR, str(source), str(target), str(len(criteria.therapies))])
            print(
                f"| DuckDB reads the same and writes as many columns, deciding nothing | {floor.wall:.1f} s, {floor.wall / one.wall:.1f} times | {floor.cpu:.1f} s, {floor.cpu / one.cpu:.1f} times | {floor.peak:.0f} MB |",
                flush=True,
            )
            if size == min(sizes):
                long = Path(folder) / "long.parquet"
                lengthened(pl.read_parquet(source)).write_parquet(long, row_group_size=1_000_000)
                rows = pl.scan_parquet(long).select(pl.len()).collect().item()
                read = process([*line[:4], str(long), *line[5:]])
                print(
                    f"| the same from a long table, {rows:,} rows | {read.wall:.1f} s | {read.cpu:.1f} s | {read.peak:.0f} MB |",
                    flush=True,
                )
                long.unlink()
        print(by_cql(kb, pl.read_parquet(source, n_rows=CQL), Path(folder)), flush=True)
        alone = one_by_one(kb, pl.read_parquet(source, n_rows=ALONE))
    first, last = min(sizes), max(sizes)
    print(
        f"| `kb.therapies` one by one, {first:,} patients (from {ALONE:,}) | {alone * first:,.0f} s, {alone * first / taken[first].wall:,.0f} times | | |"
    )
    if first < last:
        exponent = math.log(taken[last].cpu / taken[first].cpu) / math.log(last / first)
        print(f"| exponent of the growth of processor time | | {exponent:.2f} | |")


if __name__ == "__main__":
    main()
