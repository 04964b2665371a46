"""The speeds that docs/benchmarks.md reports: ``python benchmarks/run.py > docs/benchmarks.md``.

Each figure is the median of several runs in this process or, for cold starts, of several processes. Ratios compare
with a peer in the same run.
"""

from __future__ import annotations

import math
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import rdflib

sys.path.insert(0, str(Path(__file__).parent))
import synthetic

import guidegraph as gg
from guidegraph import assets
from guidegraph import namespaces as ns
from guidegraph.domains import first
from guidegraph.knowledge.engine import Engine, Request, request_quads, steps
from guidegraph.profile import to_triples
from guidegraph.profile.problems import titled

AS_OF = date(2026, 11, 24)
SIZES = (100, 1_000, 10_000)
PATIENT = """
@prefix gg: <https://w3id.org/guidegraph/vocab/> .
@prefix ggt: <https://w3id.org/guidegraph/term/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
<https://w3id.org/guidegraph/profile/patient> a gg:Patient ; gg:hasCondition [ a ggt:SC6 ] , [ a ggt:SC2 ] ;
    gg:hasFinding [ a ggt:SF3 ] ; gg:takesMedication [ a ggt:SD6 ] ; gg:symptomWeeks 14.0 ; gg:ageYears 50.0 ;
    gg:hasTrial [ a gg:Trial ; gg:ofIntervention [ a ggt:SD1 ] ; gg:hasOutcome gg:Failed ; gg:trialWeeks 8.0 ] ;
    a [ owl:complementOf [ a owl:Restriction ; owl:onProperty gg:hasCondition ; owl:someValuesFrom ggt:SC5 ] ] .
"""


def median(action: Callable[[], Any], times: int) -> float:
    """Seconds of the median run; the first run, which fills caches, is not counted."""
    action()
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        action()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def assess(engine: Engine, triples: list[ox.Triple]) -> None:
    with engine.session(triples, Request(AS_OF)) as session:
        session.pairs("truth")


def with_rdflib(engine: Engine, triples: list[ox.Triple]) -> float:
    """Seconds that the same steps take in rdflib, parsing left out (each query is prepared before)."""
    from rdflib.plugins.sparql import prepareQuery

    data = rdflib.Dataset()
    index = ox.NamedNode(ns.INDEX_GRAPH)
    quads = [q for q in engine.store if q.graph_name == index]
    data.parse(data=ox.serialize(quads, format=ox.RdfFormat.N_QUADS), format="nquads")
    profile = [ox.Quad(t.subject, t.predicate, t.object, ox.NamedNode(ns.PROFILE_GRAPH)) for t in triples]
    profile += request_quads(Request(AS_OF))
    data.parse(data=ox.serialize(profile, format=ox.RdfFormat.N_QUADS), format="nquads")
    target = data.graph(rdflib.URIRef(ns.ASSESSMENT_GRAPH))
    prepared = [prepareQuery(step.text) for step in steps("assess")]
    start = time.perf_counter()
    for query in prepared:
        for triple in list(data.query(query)):
            target.add(triple)
    return time.perf_counter() - start


def cold(*command: str, times: int = 7) -> float:
    """Seconds of a whole command in a new process, median."""
    line = [sys.executable, "-m", "guidegraph", *command]
    # As a user has it: with the compiled modules that the first run leaves.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        subprocess.run(line, capture_output=True, check=True, env=environment)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def slowest(kb: gg.KnowledgeBase) -> tuple[str, float]:
    """The example whose warm assessment takes longest, with its seconds; of several problems each is one."""
    found = []
    for path in first().examples.values():
        for name, one in titled(kb.profile(path), kb.vocabulary, path.stem).items():
            found.append((median(partial(assess, kb.engine, to_triples(one)), 10), name))
    seconds, name = max(found)
    return name, seconds


def synthetic_engine(size: int) -> Engine:
    store = ox.Store()
    graph = ox.NamedNode(ns.ONTOLOGY_GRAPH)
    for path in assets.files("ontology", "*.ttl"):
        store.bulk_load(path=str(path), format=ox.RdfFormat.TURTLE, to_graph=graph)
    store.bulk_load(input=synthetic.ontology(size).encode(), format=ox.RdfFormat.TURTLE, to_graph=graph)
    store.bulk_load(input=synthetic.documents(size).encode(), format=ox.RdfFormat.TRIG)
    return Engine(store)


def scaling() -> tuple[list[tuple[int, float]], float]:
    """Seconds of one warm assessment for each size, and the exponent of the least-squares line in log-log."""
    triples = [
        ox.Triple(q.subject, q.predicate, q.object)
        for q in ox.parse(input=PATIENT.encode(), format=ox.RdfFormat.TURTLE)
    ]
    rows = []
    for size in SIZES:
        engine = synthetic_engine(size)
        rows.append((size, median(partial(assess, engine, triples), 7)))
    xs, ys = [math.log(s) for s, _ in rows], [math.log(t) for _, t in rows]
    mx, my = statistics.fmean(xs), statistics.fmean(ys)
    slope = sum((x - mx) * (y - my) for x, y in zip(xs, ys, strict=True)) / sum((x - mx) ** 2 for x in xs)
    return rows, slope


#: Title, file and arguments of the other tables; linking needs the packages of .ci/terminologies.
PARTS = (
    ("Validation", "validate"),
    ("Disagreements", "disagree"),
    ("Audit", "audit"),
    ("Linking other hierarchies", "links", "mondo", "hpo", "mesh", "icd10cm", "atc"),
    ("FHIR records", "fhir"),
    ("OMOP persons", "omop"),
    ("Many patients", "cohort"),
)


def main() -> None:
    """Print the table."""
    kb = gg.open()
    triples = to_triples(kb.profile("example:chronic-failed-care"))
    warm = median(lambda: assess(kb.engine, triples), 50)
    slow = with_rdflib(kb.engine, triples)
    most, longest = slowest(kb)
    whole = median(lambda: kb.therapies("example:chronic-failed-care").to_dict(), 20)
    glance = median(lambda: kb.therapies("example:chronic-failed-care").glance(), 20)
    why = median(lambda: kb.explain("example:chronic-failed-care", "epidural steroid injection"), 5)
    rows, slope = scaling()
    machine = (
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, pyoxigraph {ox.__version__}"
    )
    print("# Speed\n")
    print(f"Measured by `python benchmarks/run.py` on {machine}. Medians.\n")
    print("| what | measured | target |\n| --- | --- | --- |")
    print(f"| one warm assessment on the shipped graph | {warm * 1e3:.1f} ms | under 10 ms |")
    print(f"| the same steps in rdflib | {slow * 1e3:.0f} ms, {slow / warm:.0f} times | at least 30 times |")
    print(f"| the same of the slowest example, {most} | {longest * 1e3:.1f} ms | none |")
    print(f"| warm answer with every reason as data | {whole * 1e3:.0f} ms | none |")
    print(f"| warm glance as data | {glance * 1e3:.0f} ms | none |")
    print(f"| warm explanation with the smallest change | {why * 1e3:.0f} ms | none |")
    print(
        f"| cold `therapies` command, whole process | {cold('therapies', 'example:chronic-failed-care'):.2f} s | under 0.8 s |"
    )
    print(f"| cold `interactions` command, whole process | {cold('interactions'):.2f} s | none |")
    for size, seconds in rows:
        target = "under 300 ms" if size == SIZES[-1] else "none"
        print(f"| one warm assessment, {size:,} synthetic recommendations | {seconds * 1e3:.1f} ms | {target} |")
    print(f"| exponent of its growth | {slope:.2f} | at most 1.05 |")
    for title, name, *args in PARTS:
        # Each in a process of its own: what one has loaded must not slow or speed the next.
        done = subprocess.run(
            [sys.executable, str(Path(__file__).with_name(f"{name}.py")), *args], capture_output=True, text=True
        )
        if done.returncode:
            sys.exit(done.stderr)
        print(f"\n## {title}\n\n{done.stdout.rstrip()}", flush=True)


if __name__ == "__main__":
    main()
