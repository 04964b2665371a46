"""How long an audit takes: ``python benchmarks/audit.py`` prints the rows of docs/benchmarks.md.

The synthetic recommendations of disagree.py in 997 documents, every tenth of which is an article whose claims are held against
the rest. As a peer the same kinds of finding run in rdflib, on a size that it can bear.
"""

from __future__ import annotations

import gc
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import pyoxigraph as ox
import rdflib

sys.path.insert(0, str(Path(__file__).parent))
import disagree

from guidegraph import namespaces as ns
from guidegraph.audit.engine import Audit, Auditor, Request
from guidegraph.audit.facts import Facts
from guidegraph.audit.kinds import kinds
from guidegraph.knowledge.disagreement import DisagreementIndex
from guidegraph.knowledge.engine import Engine
from guidegraph.knowledge.records import Records

AS_OF = date(2026, 11, 24)
SIZES = (1_000, 10_000)
RUNS = 5


def engine(size: int) -> Engine:
    """An engine over ``size`` recommendations, a tenth of whose documents are articles."""
    found = disagree.engine(size)
    kind, article = ox.NamedNode(ns.GG + "documentKind"), ox.NamedNode(ns.GG + "Article")
    for quad in list(found.store.quads_for_pattern(None, kind, None, None)):
        name = getattr(quad.subject, "value", "")
        if name.startswith(ns.GGD + "s") and name.endswith("3"):
            found.store.remove(quad)
            found.store.add(ox.Quad(quad.subject, kind, article, quad.graph_name))
    return found


def audited(size: int) -> tuple[float, float, Audit]:
    """Seconds of indexing and of auditing, and the audit."""
    gc.collect()
    gc.disable()
    start = time.perf_counter()
    found = engine(size)
    index = DisagreementIndex(found, Records(found))
    opened = time.perf_counter()
    result = Auditor(found, index).run(Request(AS_OF))
    ended = time.perf_counter()
    gc.enable()
    return opened - start, ended - opened, result


def with_rdflib(size: int) -> tuple[float, float]:
    """Seconds of all kinds of finding over prepared facts, in Oxigraph and in rdflib."""
    found = engine(size)
    index = DisagreementIndex(found, Records(found))
    with Facts(found, index).prepared(AS_OF, None):
        graph = rdflib.Dataset(default_union=True)
        graph.parse(data=found.store.dump(format=ox.RdfFormat.N_QUADS), format="nquads")
        times = []
        for ask in (
            lambda text: list(found.store.query(text, use_default_graph_as_union=True)),  # type: ignore[call-overload]
            lambda text: list(graph.query(text)),
        ):
            start = time.perf_counter()
            for kind in kinds():
                ask(kind.query.text)
            times.append(time.perf_counter() - start)
    return times[0], times[1]


def cold() -> float:
    """Seconds of ``guidegraph audit`` on the shipped graph as a whole process; median."""
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory() as folder:
        line = [sys.executable, "-m", "guidegraph", "audit", "--format", "json", "-o", f"{folder}/audit.json"]
        times = []
        for number in range(RUNS + 1):
            start = time.perf_counter()
            subprocess.run(line, check=False, env=env)
            if number:
                times.append(time.perf_counter() - start)
        assert json.loads(Path(folder, "audit.json").read_text())["summary"]["complete"]
    return statistics.median(times)


def main() -> None:
    """Print the table."""
    print("| what | measured | target |\n| --- | --- | --- |")
    print(f"| cold `audit` of the shipped graph, whole process | {cold():.2f} s | under 1 s |")
    rows = []
    for size in SIZES:
        opening, seconds, result = audited(size)
        assert result.complete
        rows.append((size + len(result.findings), seconds))
        target = "under 5 s" if size == SIZES[-1] else "none"
        told = f"{size:,} synthetic recommendations, {len(result.findings):,} findings"
        print(f"| audit of {told} | {seconds:.2f} s | {target} |")
        print(f"| making, loading, indexing and grading these, once | {opening:.2f} s | none |")
    slope = math.log(rows[1][1] / rows[0][1]) / math.log(SIZES[1] / SIZES[0])
    print(f"| exponent in recommendations | {slope:.2f} | at most 1.2 |")
    fast, slow = with_rdflib(100)
    print(f"| the kinds of finding in rdflib, 100 recommendations | {slow:.2f} s, {slow / fast:.0f} times | slower |")


if __name__ == "__main__":
    main()
