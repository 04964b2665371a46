"""Measures how long ``check --watch`` works from a saved sheet to its words. Prints a Markdown table.

Run it from the checkout: ``python benchmarks/sheets.py``. Processor time of this process, so that what else runs beside it
does not count.
"""

from __future__ import annotations

import os
import platform
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from guidegraph import assets
from guidegraph import namespaces as ns
from guidegraph.api import open_knowledge
from guidegraph.authoring.taking import take
from guidegraph.authoring.watching import SHEETS, Watched
from guidegraph.authoring.workbooks import lists_of, xlsx_bytes
from guidegraph.domains import available

REPEATS = 5
#: A guideline of the first domain, of about ten recommendations.
TEN = "dk-2018"


def measure(what: str, watched: Watched, save: Callable[[int], None]) -> str:
    """A row of the table: the first words and all of them, after the first look."""
    list(watched.looks())
    firsts, wholes = [], []
    for turn in range(REPEATS):
        save(turn)
        start = time.process_time()
        times = [time.process_time() - start for _ in watched.looks()]
        firsts.append(times[0])
        wholes.append(times[-1])
    return f"| {what} | {statistics.median(firsts):.2f} s | {statistics.median(wholes):.2f} s |"


def workbook(folder: Path) -> str:
    """A guideline as a workbook, saved with a note that changes."""
    knowledge = open_knowledge().knowledge
    table, sheet = take(knowledge, [ns.GGD + TEN]), folder / "guideline.xlsx"

    def save(turn: int) -> None:
        table["document"][0]["note"] = [f"saved for the {turn}th time"]
        sheet.write_bytes(xlsx_bytes(table, lists_of(knowledge)))

    save(-1)
    count = len(table["recommendations"])
    return measure(f"{TEN}: {count} recommendations, XLSX", Watched(sheet, knowledge), save)


def domain(folder: Path) -> str:
    """A domain's sheets, of which one cell changes."""
    shipped = next(d for d in available(assets.root()).values() if (d.folder / SHEETS).is_dir())
    sheet, knowledge = folder / SHEETS, open_knowledge(domains=[shipped.name]).knowledge
    shutil.copytree(shipped.folder / SHEETS, sheet)
    cells = sheet / "recommendations.csv"
    text = cells.read_text(encoding="utf-8")

    def save(turn: int) -> None:
        cells.write_text(text.replace("The source's words", f"The {turn}th source's words", 1), encoding="utf-8")

    rows = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in sheet.glob("*.csv"))
    documents = len(list((shipped.folder / "documents").glob("*.trig")))
    what = f"{shipped.name}: {documents} documents, about {rows:,} lines, CSV"
    return measure(what, Watched(sheet, knowledge, shipped.folder), save)


def main() -> None:
    """Measure and print."""
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"Measured on {system}; processor time, the median of {REPEATS} savings after the first look.\n")
    print("| what is watched | saved to first words | to all of them |\n| --- | ---: | ---: |")
    with tempfile.TemporaryDirectory() as folder:
        print(workbook(Path(folder)))
        print(domain(Path(folder)))


if __name__ == "__main__":
    main()
