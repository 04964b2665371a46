"""A run that is cut short goes on at its last whole part, and comes to the same bytes."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

pl = pytest.importorskip("polars")

from guidegraph.api.cohort import answer_table  # noqa: E402
from guidegraph.cohort import parts, tables  # noqa: E402
from guidegraph.cohort import rows as reading  # noqa: E402
from guidegraph.cohort.statuses import Statuses  # noqa: E402
from guidegraph.errors import UsageError  # noqa: E402
from guidegraph.knowledge.criteria import compile_criteria  # noqa: E402
from tests.cohort.test_tables import rows  # noqa: E402
from tests.conftest import AS_OF  # noqa: E402

PATIENTS, BATCH = 37, 8
BATCHES = -(-PATIENTS // BATCH)
#: Where a run is killed: at which file of its parts, and with half of it written, all of it, or once it is in place.
POINTS = [(nth, where) for nth in range(2 * (BATCHES - 1)) for where in ("half", "whole", "after")][:20]
KILLED = f"""
import os, signal, sys
from datetime import date
from pathlib import Path
import guidegraph as gg
from guidegraph.api.cohort import answer_table
from guidegraph.cohort import parts, rows
whole, nth, where = rows.batches, int(sys.argv[3]), sys.argv[4]
parts.SMALL = 0
rows.batches = lambda table, path: whole(table, path, {BATCH})
renamed, places = Path.replace, []

def replace(self, place):
    if self.parent.name.endswith(".parts") and Path(place).parent == self.parent:
        places.append(place)
        if len(places) - 1 == nth:
            if where == "half":
                os.truncate(self, self.stat().st_size // 2)
            if where == "after":
                renamed(self, place)
            os.kill(os.getpid(), signal.SIGKILL)
    return renamed(self, place)

Path.replace = replace
answer_table(gg.open(), sys.argv[1], sys.argv[2], as_of=date.fromisoformat("{AS_OF}"))
"""


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of a few patients, each of which is kept."""
    whole = tables.batches
    monkeypatch.setattr(parts, "SMALL", 0)
    monkeypatch.setattr(reading, "batches", lambda table, path: whole(table, path, BATCH))


@pytest.fixture
def table(tmp_path: Path) -> Path:
    given = rows(PATIENTS, 11)
    for at in (3, 12, 29):
        given[at]["age"] = 400
    pl.DataFrame(given, infer_schema_length=None).write_parquet(tmp_path / "t.parquet")
    return tmp_path / "t.parquet"


def answer(kb: Any, table: Path, output: str, **options: Any) -> Any:
    return answer_table(kb, table, table.parent / output, as_of=AS_OF, **options)


def beside(table: Path) -> list[Path]:
    return sorted(path for path in table.parent.iterdir() if path.name.startswith("."))


def stashed(kb: Any, table: Path, output: str, monkeypatch: pytest.MonkeyPatch, **options: Any) -> list[Path]:
    """The folder of parts as it is each time that a part was kept: what a run leaves that is killed there."""
    copies: list[Path] = []
    kept = parts.Parts.keep

    def keep(self: Any, *args: Any) -> None:
        kept(self, *args)
        copies.append(table.parent / f"copy {len(copies)}" / self._folder.name)
        shutil.copytree(self._folder, copies[-1])

    with monkeypatch.context() as patched:
        patched.setattr(parts.Parts, "keep", keep)
        answer(kb, table, output, **options)
    (table.parent / output).unlink()
    return copies


def answered(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Is added to for each batch that is answered."""
    calls: list[int] = []
    made = Statuses.__init__

    def make(self: Any, *args: Any) -> None:
        calls.append(1)
        made(self, *args)

    monkeypatch.setattr(Statuses, "__init__", make)
    return calls


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"long": True, "therapies": ["NSAID", "acupuncture"]}, {"statements": True}])
def test_goes_on_after_each_part(
    kb: Any, table: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]
) -> None:
    once = answer(kb, table, "a.parquet", **options)
    copies = stashed(kb, table, "b.parquet", monkeypatch, **options)
    assert len(copies) == BATCHES - 1
    assert not beside(table)
    calls = answered(monkeypatch)
    for done, copy in enumerate(copies, 1):
        shutil.move(copy, table.parent / copy.name)
        calls.clear()
        again = answer(kb, table, "b.parquet", **options)
        assert len(calls) == BATCHES - done
        assert again.resumed == done * BATCH
        again.resumed = 0
        assert again == once
        assert (table.parent / "a.parquet").read_bytes() == (table.parent / "b.parquet").read_bytes()
        assert not beside(table)
        if options:
            break


@pytest.mark.slow
def test_another_request_or_table_starts_anew(kb: Any, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, *_ = stashed(kb, table, "b.parquet", monkeypatch)
    calls = answered(monkeypatch)
    for change in ({"jurisdiction": "US"}, {"therapies": ["NSAID"]}, {"afresh": True}, None):
        shutil.copytree(first, table.parent / first.name)
        if change is None:
            table.write_bytes(table.read_bytes())
        calls.clear()
        assert answer(kb, table, "b.parquet", **(change or {})).resumed == 0
        assert len(calls) == BATCHES
        assert not beside(table)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "size"), [("00000001.arrow", 40), ("00000001.json", 0), ("00000001.json", None)])
def test_a_part_that_is_not_whole_is_answered_again(
    kb: Any, table: Path, monkeypatch: pytest.MonkeyPatch, name: str, size: int | None
) -> None:
    once = answer(kb, table, "a.parquet")
    copy = stashed(kb, table, "b.parquet", monkeypatch)[2]
    shutil.move(copy, table.parent / copy.name)
    part = table.parent / copy.name / name
    if size is None:
        part.unlink()
    else:
        part.write_bytes(part.read_bytes()[:size])
    again = answer(kb, table, "b.parquet")
    assert (again.resumed, again.patients) == (BATCH, once.patients)
    assert (table.parent / "a.parquet").read_bytes() == (table.parent / "b.parquet").read_bytes()


def test_a_fault_leaves_nothing(kb: Any, table: Path) -> None:
    with pytest.raises(UsageError, match="not plausible"):
        answer(kb, table, "b.parquet", strict=True)
    assert [path.name for path in table.parent.iterdir()] == ["t.parquet"]


def test_what_is_answered_is_not_read_again(kb: Any) -> None:
    """Records are read one by one, which takes longer than to answer for them."""
    read: list[int] = []

    def one(at: int) -> Any:
        read.append(at)
        return f"p{at}", kb.profile({})

    found = reading.ProfileRows((partial(one, at) for at in range(5)), "records", {})
    found.pass_over(3, ["p0", "p1", "p2"])
    (batch,) = found.batches(compile_criteria(kb.knowledge, AS_OF), kb.vocabulary)
    assert (batch.identifiers.to_list(), read) == (["p3", "p4"], [3, 4])


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs a signal that nothing can catch")
@pytest.mark.parametrize(("nth", "where"), POINTS)
def test_a_killed_run_goes_on(kb: Any, table: Path, nth: int, where: str) -> None:
    answer(kb, table, "a.parquet")
    output = table.parent / "b.parquet"
    line = [sys.executable, "-c", KILLED, str(table), str(output), str(nth), where]
    assert subprocess.run(line, capture_output=True).returncode == -signal.SIGKILL
    assert not output.exists()
    assert beside(table)
    again = answer(kb, table, "b.parquet")
    # A part counts once its state is written, which is the second of its two files.
    assert again.resumed == (nth + (where == "after")) // 2 * BATCH
    assert (table.parent / "a.parquet").read_bytes() == output.read_bytes()
    assert not beside(table)
