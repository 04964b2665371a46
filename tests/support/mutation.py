"""Mutation of knowledge: are mistakes in the graph noticed?

``python -m tests.support.mutation --each 10`` makes 10 mutants by each operator, and prints which guard noticed them (shapes, checks,
audit or a golden answer) as a Markdown table, and the survivors. Where the article's text lies beside the checkout, its digests
are compared too.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pyoxigraph as ox
from rich.console import Console
from rich.progress import track

from guidegraph import api, assets, store, validate
from guidegraph.errors import GuideGraphError
from guidegraph.validate import check
from tests.support.golden import FILE, PARTS
from tests.support.mutants import OPERATORS, Place, files

TEXT = assets.root().parent / "shared/source/seed-article.txt"
ARTICLE = "droracle-sciatica-2025.trig"
GUARDS = ("shapes", "checks", "audit", "golden answer", "passages")


@dataclass(frozen=True)
class Mutant:
    """One file with one mistake in it."""

    operator: str
    path: Path
    quads: tuple[ox.Quad, ...]
    told: str


def places(name: str) -> list[Place]:
    """Where an operator may strike, in a fixed order."""
    where = OPERATORS[name][0]
    found = [Place(path, q) for path, quads in files().items() for q in quads if where(q)]
    return sorted(
        found,
        key=lambda p: (
            p.path.name,
            str(p.quad.subject) if not isinstance(p.quad.subject, ox.BlankNode) else "",
            str(p.quad.predicate),
            str(p.quad.object) if not isinstance(p.quad.object, ox.BlankNode) else "",
        ),
    )


def mutants(name: str, each: int, seed: int) -> Iterator[Mutant]:
    """Up to ``each`` different mutants by one operator."""
    pick = random.Random(f"{seed} {name}")
    pool = places(name)
    for place in pick.sample(pool, min(len(pool), each)):
        change = OPERATORS[name][1](place, pick)
        if change is None:
            continue
        gone, come = {str(q) for q in change[0]}, change[1]
        quads = tuple([q for q in files()[place.path] if str(q) not in gone] + come)
        told = f"{place.path.name}: {place.quad.subject} {place.quad.predicate.value.rpartition('/')[2]} {str(place.quad.object)[:70]}"
        yield Mutant(name, place.path, quads, told)


def noticed(mutant: Mutant) -> str:
    """The first guard that notices a mutant, or "" for a survivor."""
    base = _base()
    if _shapes(mutant) - base["shapes"]:
        return "shapes"
    loaded = ox.Store()
    for path, quads in files().items():
        loaded.extend(mutant.quads if path == mutant.path else quads)
    if any(row not in base["checks"] for row in _checks(loaded)):
        return "checks"
    try:
        kb = api.KnowledgeBase(loaded)
        # The first part that differs will do, and those that take longest come last.
        part = next((name for name, part in PARTS.items() if part(kb) != base["golden"][name]), "")
    except GuideGraphError:
        return "golden answer"
    if part:
        return "audit" if part == "audit" else "golden answer"
    if mutant.path.name == ARTICLE and TEXT.is_file() and not kb.verify_document(TEXT).ok:
        return "passages"
    return ""


def _shapes(mutant: Mutant) -> set[str]:
    report = validate.validate_graph(list(mutant.quads))
    return {f"{r.shape} {r.node}" for r in report.results}


def _checks(loaded: ox.Store) -> Iterator[str]:
    for path in check.check_files():
        yield from (f"{f.rule} {f.node} {f.message}" for f in check.from_query(loaded, path))


@cache
def _base() -> dict[str, Any]:
    loaded = ox.Store()
    for quads in files().values():
        loaded.extend(quads)
    assert store.digest(loaded)
    return {"shapes": set(), "checks": set(_checks(loaded)), "golden": json.loads(FILE.read_text(encoding="utf-8"))}


def _job(job: tuple[str, int, int, int]) -> tuple[str, str, str]:
    name, number, each, seed = job
    found = list(mutants(name, each, seed))
    if number >= len(found):
        return name, "", "none"
    return name, found[number].told, noticed(found[number]) or "survived"


def run(each: int, seed: int, names: Sequence[str] | None = None, workers: int = 2) -> list[tuple[str, str, str]]:
    """(operator, what was changed, the guard that noticed it or "survived") for each mutant."""
    jobs = [(name, number, each, seed) for name in (names or OPERATORS) for number in range(each)]
    quiet = not sys.stderr.isatty()
    with ProcessPoolExecutor(workers) as pool:
        rows = list(track(pool.map(_job, jobs), total=len(jobs), console=Console(stderr=True), disable=quiet))
    return [row for row in rows if row[2] != "none"]


def table(rows: Sequence[tuple[str, str, str]]) -> str:
    """The result as Markdown."""
    guards = [g for g in GUARDS if g != "passages" or TEXT.is_file()]
    lines = [f"| operator | mutants | {' | '.join(guards)} | survived |", "| --- | " + "--- | " * (len(guards) + 2)]
    for name in OPERATORS:
        counts = Counter(row[2] for row in rows if row[0] == name)
        total = sum(counts.values())
        if total:
            lines.append(f"| {name} | {total} | {' | '.join(str(counts[g]) for g in guards)} | {counts['survived']} |")
    alive = [row for row in rows if row[2] == "survived"]
    share = 100 * (1 - len(alive) / len(rows))
    lines += ["", f"{len(rows)} mutants by {len(OPERATORS)} operators, {share:.1f} % noticed. Survivors:", ""]
    return "\n".join([*lines, *(f"- {name}: `{told}`" for name, told, _ in alive)]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description="Are mistakes in the knowledge noticed?")
    parser.add_argument("--each", type=int, default=10, help="mutants by each operator")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--operator", action="append", help="only this operator; repeatable")
    given = parser.parse_args()
    sys.stdout.write(table(run(given.each, given.seed, given.operator)))


if __name__ == "__main__":
    main()
