"""Measures validation: one document and a graph of 100,000 triples, with both engines. Prints a Markdown table.

Run it from the checkout: ``python benchmarks/validate.py``. The second engine is measured where it is installed.
"""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pyoxigraph as ox

sys.path.insert(0, str(Path(__file__).resolve().parent))

import synthetic

from guidegraph import domains
from guidegraph.reading import read_quads
from guidegraph.store import domain_files
from guidegraph.validate import validate_files, validate_graph
from guidegraph.validate.engine import context, ontology_files, shape_files

#: Recommendations of the synthetic graph: about 100,000 triples.
RECOMMENDATIONS = 2_200
REPEATS = 3
PROVENANCE = (
    " ; <http://www.w3.org/ns/prov#wasAttributedTo> gg:guideGraphEditors ;"
    ' <http://www.w3.org/ns/prov#generatedAtTime> "2026-11-24T00:00:00Z"^^xsd:dateTime .'
)


def best(run: Callable[[], object]) -> float:
    """The shortest of some runs, in seconds."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def synthetic_quads() -> list[ox.Quad]:
    """A conforming graph of documents, and the class trees that they use."""
    documents = synthetic.documents(RECOMMENDATIONS)
    documents = documents.replace('gg:basis "synthetic" .', f'gg:basis "synthetic"{PROVENANCE}')
    documents = documents.replace("gg:verification gg:Verified", "gg:verification gg:NotVerified")
    quads = list(ox.parse(documents, format=ox.RdfFormat.TRIG, base_iri="urn:x:", rename_blank_nodes=True))
    classes = ox.parse(synthetic.ontology(RECOMMENDATIONS), format=ox.RdfFormat.TURTLE)
    return quads + [quad for quad in classes if quad.predicate.value.endswith("subClassOf")]


def second_engine(quads: list[ox.Quad]) -> Callable[[], object] | None:
    """A run of the second SHACL engine over the same triples, where it is installed."""
    try:
        import shacl
    except ImportError:
        return None

    def text(rows: list[ox.Quad] | list[ox.Triple]) -> str:
        return "".join(f"{row.subject} {row.predicate} {row.object} .\n" for row in rows)

    shapes = shacl.Shapes.from_text(text([q for path in shape_files() for q in read_quads(path)]), "ntriples")
    data = text(quads) + text(context(q for path in ontology_files() for q in read_quads(path)))
    return lambda: shapes.validate_text(data, "ntriples")


def row(what: str, triples: int, engine: str, seconds: float) -> str:
    """One row of the table."""
    return f"| {what} | {triples:,} | {engine} | {seconds:.2f} s |"


def main() -> None:
    """Measure and print."""
    rows = []
    largest = max(domain_files(domains.first().folder)[1], key=lambda path: path.stat().st_size)
    start = time.perf_counter()
    validate_files([largest])
    first = time.perf_counter() - start
    triples = len(read_quads(largest))
    rows.append(row(f"the largest document ({largest.stem}), first in a process", triples, "pySHACL", first))
    rows.append(row("the same again", triples, "pySHACL", best(lambda: validate_files([largest]))))
    quads = synthetic_quads()
    report = validate_graph(quads)
    rows.append(row("a synthetic graph", len(quads), "pySHACL", best(lambda: validate_graph(quads))))
    other = second_engine(quads)
    if other is not None:
        rows.append(row("the same graph", len(quads), "shacl (Rust)", best(other)))
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"Measured on {system}; the best of {REPEATS} runs unless said; reading the file is in the first two rows.\n")
    print("| what | triples | engine | time |\n| --- | ---: | --- | ---: |")
    print("\n".join(rows))
    if not report.conforms:
        sys.exit(f"the synthetic graph does not conform: {report.results[0]}")


if __name__ == "__main__":
    main()
