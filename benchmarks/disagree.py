"""How long all graded disagreements take: ``python benchmarks/disagree.py`` prints the rows of docs/benchmarks.md.

Synthetic recommendations shaped like the shipped ones: class hierarchies, ranges, failed trials, negations, dates, and
related interventions so few that a recommendation is in at most ten related pairs. A second column does the same with
the naive loop over all pairs, and a third runs the query that finds the kinds in rdflib, each on a size it can bear.
"""

from __future__ import annotations

import gc
import itertools
import math
import random
import statistics
import sys
import time
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import rdflib

sys.path.insert(0, str(Path(__file__).parent))
import synthetic

import guidegraph as gg
from guidegraph import assets
from guidegraph import namespaces as ns
from guidegraph.disagree.engine import Disagreements
from guidegraph.knowledge.disagreement import DisagreementIndex
from guidegraph.knowledge.engine import Engine, query_text
from guidegraph.knowledge.phrases import Phrases
from guidegraph.knowledge.records import Records

AS_OF = date(2026, 11, 24)
SIZES = (1_000, 10_000, 100_000)
#: Recommendations on one intervention; with its parent's, a recommendation is in at most ten related pairs.
A_CLASS = 5
_FAN = synthetic.FAN + 1


def recommendation(i: int, pools: dict[str, list[str]], pick: random.Random) -> list[str]:
    """One recommendation: five to an intervention, whose indications are near one another."""
    at = i // A_CLASS
    drugs, conditions = pools["D"], pools["C"]
    near = [conditions[(at // _FAN * _FAN + k) % len(conditions)] for k in range(_FAN)]
    indication = pick.choice(near)
    literals = [synthetic._some("hasCondition", f"ggt:{indication}")]
    if i % 2:
        facet = pick.choice(("minInclusive", "maxExclusive"))
        literals.append(synthetic._range("symptomWeeks", facet, pick.choice((4, 6, 8, 12, 13, 26))))
    if i % 5 == 0:
        literals.append(synthetic._trial(pick.choice(drugs), pick.choice((4, 6, 8))))
    if i % 4 == 0:
        negated = synthetic._some("hasFinding", f"ggt:{pick.choice(pools['F'])}")
        literals.append(f"[ a owl:Class ; owl:complementOf {negated} ]")
    stance = "Against" if pick.random() < 0.25 else "For"
    strength = pick.choice(("Strong", "Conditional", "StrengthNoneStated"))
    # Only the classes below the root's children: those have no class below them.
    therapy = drugs[at % len(drugs)]
    return [
        synthetic._population(f"SR{i}", literals),
        f'<#r{i}> a gg:Recommendation ; rdfs:label "synthetic {i}"@en ; gg:intervention ggt:{therapy} ; gg:stance gg:{stance} ;'
        f' gg:population ggp:SR{i} ; gg:indication ggt:{indication} ; gg:strengthWording "not stated" ;'
        f" gg:certainty gg:CertaintyNotStated ; gg:encodedBy gg:guideGraphEditors ; gg:statedIn ggd:s{i * 7919 % 997} .",
        f'<#g{i}> a gg:StrengthReading ; gg:ofStatement <#r{i}> ; gg:strength gg:{strength} ; gg:basis "synthetic" .',
    ]


def engine(size: int) -> Engine:
    """An engine over ``size`` synthetic recommendations."""
    classes = math.ceil(size / A_CLASS)
    names = {kind: synthetic.class_names(kind, max(8, classes)) for _, kind in synthetic.ROOTS}
    # Interventions that hold no others: every class but the first of each five, which gets no recommendation.
    names["D"] = [n for k, n in enumerate(synthetic.class_names("D", classes * 2)) if k % _FAN][:classes]
    pick = random.Random(1)
    head = synthetic.HEAD.replace(
        "@prefix prov", "@base <https://w3id.org/guidegraph/statement/synthetic> .\n@prefix prov"
    )
    lines = [head]
    for number in range(997):
        year = 2000 + number % 25
        ended = f' ; gg:withdrawnOn "{year + 10}-01-01"^^xsd:date' if number % 5 == 0 else ""
        lines.append(
            f'ggd:s{number} a gg:Document ; rdfs:label "Synthetic {number}"@en ; gg:documentKind gg:Guideline ;'
            f' dcterms:issued "{year}"^^xsd:gYear ; gg:scopeStates gg:AgeScope{ended} .'
        )
    for i in range(size):
        lines += recommendation(i, names, pick)
    store = ox.Store()
    graph = ox.NamedNode(ns.ONTOLOGY_GRAPH)
    for path in assets.files("ontology", "*.ttl"):
        store.bulk_load(path=str(path), format=ox.RdfFormat.TURTLE, to_graph=graph)
    store.bulk_load(input=_classes(classes * 2).encode(), format=ox.RdfFormat.TURTLE, to_graph=graph)
    store.bulk_load(input="\n".join(lines).encode(), format=ox.RdfFormat.TURTLE, to_graph=ox.NamedNode(ns.GGG + "s"))
    return Engine(store)


def _classes(count: int) -> str:
    return synthetic.ontology(count * 10)


def disagreements(found: Engine) -> tuple[float, float, int]:
    """Seconds that opening takes for the scopes of opposed pairs, and then all graded disagreements; how many there are.

    The first time is spent once a knowledge base, when it is opened; the second when disagreements are first asked for,
    with every pair compared, graded and told apart.
    """
    records = Records(found)
    # As timeit does: the collector would walk what was made before, which is not what is measured.
    gc.collect()
    gc.disable()
    start = time.perf_counter()
    index = DisagreementIndex(found, records)
    opened = time.perf_counter()
    rows = Disagreements(found, records, index, Phrases(found, records)).findings(AS_OF)
    ended = time.perf_counter()
    gc.enable()
    return opened - start, ended - opened, len(rows)


def related(found: Engine) -> int:
    """The most pairs of related recommendations that one recommendation is in."""
    rows = found.select("disagree/addressed")
    groups = Counter(row[2] for row in rows)
    return max(groups.values()) - 1


def naive(found: Engine) -> float:
    """Seconds of the loop over all pairs of recommendations, each compared and graded on its own."""
    records = Records(found)
    index = DisagreementIndex(found, records)
    rows = found.select("disagree/addressed")
    start = time.perf_counter()
    count = 0
    for a, b in itertools.combinations(rows, 2):
        if records.related(a[2], b[2]) and a[3] != b[3]:
            grade = index.grader.grade(index.scopes[a[1]], index.scopes[b[1]]).grade
            count += grade != "disjoint"
    return time.perf_counter() - start


def with_rdflib(found: Engine) -> tuple[float, float]:
    """Seconds of the query that finds the kinds, in Oxigraph and in rdflib."""
    DisagreementIndex(found, Records(found))
    graph = ox.NamedNode(ns.INDEX_GRAPH)
    quads = list(found.store.quads_for_pattern(None, None, None, graph))
    data = rdflib.Dataset()
    data.parse(data=ox.serialize(quads, format=ox.RdfFormat.N_QUADS), format="nquads")
    text = query_text("disagree/20-kinds")
    start = time.perf_counter()
    list(found.store.query(text))  # type: ignore[call-overload]
    middle = time.perf_counter()
    list(data.query(text))
    return middle - start, time.perf_counter() - middle


def shipped() -> float:
    """Seconds of all graded disagreements of the shipped graph, warm; median of 20."""
    kb: Any = gg.open()
    kb.disagree.findings(AS_OF)
    taken = []
    for _ in range(20):
        start = time.perf_counter()
        kb.disagree.findings(AS_OF)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def main() -> None:
    """Print the table."""
    rows = []
    for size in SIZES:
        found = engine(size)
        opening, seconds, count = disagreements(found)
        rows.append((size, count, related(found), seconds, opening))
    slope = math.log(rows[-1][3] / rows[0][3]) / math.log((rows[-1][0] + rows[-1][1]) / (rows[0][0] + rows[0][1]))
    targets = {10_000: "under 1 s", 100_000: "under 15 s"}
    print("| what | measured | target |\n| --- | --- | --- |")
    print(f"| all graded disagreements of the shipped graph, warm | {shipped() * 1e3:.0f} ms | under 50 ms |")
    for size, count, most, seconds, opening in rows:
        what = f"{size:,} synthetic recommendations, {count:,} found, at most {most} related pairs each"
        print(f"| all graded disagreements, {what} | {seconds:.2f} s | {targets.get(size, 'none')} |")
        print(f"| grading opposed pairs when {size:,} are opened, once | {opening:.2f} s | none |")
    print(f"| exponent in recommendations plus pairs reported | {slope:.2f} | at most 1.2 |")
    small = engine(1_000)
    print(f"| the naive loop over all pairs, 1,000 recommendations | {naive(engine(1_000)):.2f} s | slower |")
    fast, slow = with_rdflib(small)
    print(f"| the query of kinds in rdflib, 1,000 recommendations | {slow:.2f} s, {slow / fast:.0f} times | slower |")


if __name__ == "__main__":
    main()
