"""Measures linking: reading the package, extracting what the mappings need, writing, reading back, HermiT.

Run it from the checkout: ``python benchmarks/links.py [NAME...]``. Each source runs in a process of its own, since a user
links with nothing read yet; sources that are not installed or not mapped are told. Prints a Markdown table.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from guidegraph.errors import GuideGraphError
from guidegraph.terminologies.conflicts import Classes, hierarchy_conflicts
from guidegraph.terminologies.consistency import consistency
from guidegraph.terminologies.linker import Linker, extract
from guidegraph.terminologies.modules import read_module, write_module
from guidegraph.terminologies.sources import entries, source

#: Processes a source; the shortest time of each step counts.
REPEATS = 2
STEPS = ("extract", "write", "read", "conflicts", "HermiT")


def seconds() -> float:
    """Processor time of this process and of those that it waited for: a busy machine does not change it much."""
    return sum(os.times()[:4])


def measure(name: str) -> dict[str, float | int | str]:
    """The seconds of each step for one source, and sizes."""
    linker = Linker()
    rows = linker.mappings
    base = linker.terminology(source(name).prefix).iri
    times: list[float] = [seconds()]
    found = extract(source(name), rows)
    times.append(seconds())
    with TemporaryDirectory() as folder:
        path = write_module(Path(folder), found.module, base)
        times.append(seconds())
        module = read_module(path)
        times.append(seconds())
        size = path.stat().st_size
    quads = linker.ontology()
    hierarchy_conflicts(rows, Classes(quads), module)
    times.append(seconds())
    consistency(quads, rows, module, base)
    times.append(seconds())
    taken = {step: after - before for step, before, after in zip(STEPS, times, times[1:], strict=False)}
    return {"mapped": len(found.mapped), "terms": len(module.terms), "size": size, "version": module.version, **taken}


def fresh(name: str) -> dict[str, float]:
    """The best of some fresh processes, with the time of the whole command, with and without HermiT."""
    rows = [
        json.loads(
            subprocess.run(
                [sys.executable, __file__, "--one", name], capture_output=True, text=True, check=True, timeout=600
            ).stdout
        )
        for _ in range(REPEATS)
    ]
    best = {**rows[0], **{step: min(row[step] for row in rows) for step in STEPS}}
    with TemporaryDirectory() as folder:
        for column, more in (("command", ()), ("without", ("--no-reasoner",))):
            times = []
            for _ in range(REPEATS):
                start, clock = seconds(), time.perf_counter()
                subprocess.run(
                    [sys.executable, "-m", "guidegraph", "link", name, *more],
                    capture_output=True,
                    check=False,
                    timeout=600,
                    env={**os.environ, "GUIDEGRAPH_HOME": folder},
                )
                times.append((seconds() - start, time.perf_counter() - clock))
            best[column], best[column + " clock"] = min(times)
    return best


def main(names: list[str]) -> None:
    """Print the table."""
    print(
        f"Measured by `python benchmarks/links.py` on {platform.machine()}, Python {platform.python_version()}. Best of"
    )
    print(
        f"{REPEATS} fresh processes, in seconds of processor time; `command` is all of `guidegraph link NAME`, by the clock"
    )
    print("in brackets.\n")
    print(
        "| source | mapped codes | terms of the module | KiB | " + " | ".join(STEPS) + " | command | without HermiT |"
    )
    print("| --- " * (6 + len(STEPS)) + "|")
    for name in names or entries():
        try:
            extract(source(name), Linker().mappings)
        except GuideGraphError as error:
            print(f"{name}: {error.what}", file=sys.stderr)
            continue
        row = fresh(name)
        times = " | ".join(f"{row[step]:.2f}" for step in STEPS)
        times += "".join(f" | {row[key]:.2f} ({row[key + ' clock']:.2f})" for key in ("command", "without"))
        print(f"| {name} | {row['mapped']} | {row['terms']} | {row['size'] // 1024} | {times} |")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(measure(sys.argv[2])))
    else:
        main(sys.argv[1:])
