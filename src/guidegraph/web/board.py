"""What the processes of a server have done so far, counted in memory that they share; nothing of any patient.

Each process has a row of numbers that it alone writes, so nobody waits for anybody; who reads adds the rows up.
"""

from __future__ import annotations

import mmap
import threading
from collections.abc import Iterator

from guidegraph.render.cards import REASONS

#: Parts of the server by the beginning of an address; what is elsewhere is the page.
PARTS = {
    "sparql": "sparql",
    "api": "api",
    "cds-services": "cds",
    "health": "health",
    "metrics": "health",
    "static": "static",
}
_PAGE = "page"
_PARTS = (*dict.fromkeys(PARTS.values()), _PAGE)
_CLASSES = ("2xx", "3xx", "4xx", "5xx")
#: Seconds up to which an answer took, for a histogram.
_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
#: What else is counted: its name, and what it counts.
EVENTS = {
    "refused_busy": "requests told to come again",
    "refused_body": "requests whose body was too large or too slow",
    "refused_time": "requests not answered in their time",
    "refused_host": "requests that named another host",
    "queries_ended": "queries ended for want of time or memory",
    "faults": "requests that failed for a fault of the server",
    "cds_accepted": "cards of CDS Hooks of which a suggestion was accepted",
    "cds_overridden": "cards of CDS Hooks that were set aside without a reason",
    "cds_overridden_other": "cards of CDS Hooks that were set aside for a reason that they do not offer",
    **{
        f"cds_overridden_{code.replace('-', '_')}": f"cards of CDS Hooks that were set aside: {words}"
        for code, words in REASONS.items()
    },
}
_COLUMNS = [(part, kind) for part in _PARTS for kind in _CLASSES]
_TIMES = [(part, bound) for part in _PARTS for bound in (*_BOUNDS, float("inf"))]
#: Numbers before the rows: whether the server is to stop, and whether queries can be asked.
_FLAGS = 2
_WIDTH = len(_COLUMNS) + len(_TIMES) + len(_PARTS) + len(EVENTS)


class Board:
    """Counts of several processes.

    Args:
        processes: how many may write.
    """

    def __init__(self, processes: int = 1) -> None:
        self._cells = memoryview(mmap.mmap(-1, 8 * (_FLAGS + processes * _WIDTH))).cast("Q")
        self._rows = processes
        self._row = 0
        self._lock = threading.Lock()

    def use(self, row: int) -> None:
        """Write into a row from now on, which no other process writes into."""
        self._row = row

    @property
    def stopping(self) -> bool:
        """Whether the server is about to stop, so that it should get no further requests."""
        return bool(self._cells[0])

    def stop(self) -> None:
        """Let every process know that the server is about to stop."""
        self._cells[0] = 1

    @property
    def asking(self) -> bool:
        """Whether processes wait for queries."""
        return bool(self._cells[1])

    def ask(self) -> None:
        """Let every process know that processes wait for queries."""
        self._cells[1] = 1

    def answered(self, path: str, status: int, seconds: float) -> None:
        """Count one answer: the part that gave it, the class of its status, and how long it took."""
        part = PARTS.get(path.lstrip("/").partition("/")[0], _PAGE)
        bound = next((b for b in _BOUNDS if seconds <= b), float("inf"))
        kind = f"{min(max(status // 100, 2), 5)}xx"
        self._add(_COLUMNS.index((part, kind)), 1)
        self._add(len(_COLUMNS) + _TIMES.index((part, bound)), 1)
        self._add(len(_COLUMNS) + len(_TIMES) + _PARTS.index(part), round(seconds * 1_000_000))

    def count(self, event: str) -> None:
        """Count one of :data:`EVENTS`."""
        self._add(_WIDTH - len(EVENTS) + list(EVENTS).index(event), 1)

    def _add(self, column: int, number: int) -> None:
        with self._lock:
            self._cells[_FLAGS + self._row * _WIDTH + column] += number

    def _sum(self, column: int) -> int:
        return sum(self._cells[_FLAGS + row * _WIDTH + column] for row in range(self._rows))

    def text(self) -> str:
        """All counts in the text format of Prometheus."""
        return "\n".join([*self._lines(), ""])

    def _lines(self) -> Iterator[str]:
        yield "# HELP guidegraph_requests_total Answers by part of the server and class of status."
        yield "# TYPE guidegraph_requests_total counter"
        for column, (part, kind) in enumerate(_COLUMNS):
            yield f'guidegraph_requests_total{{part="{part}",status="{kind}"}} {self._sum(column)}'
        yield "# HELP guidegraph_request_seconds How long answers took."
        yield "# TYPE guidegraph_request_seconds histogram"
        for number, part in enumerate(_PARTS):
            total = 0
            for column, (whose, bound) in enumerate(_TIMES, len(_COLUMNS)):
                if whose == part:
                    total += self._sum(column)
                    label = "+Inf" if bound == float("inf") else f"{bound:g}"
                    yield f'guidegraph_request_seconds_bucket{{part="{part}",le="{label}"}} {total}'
            seconds = self._sum(len(_COLUMNS) + len(_TIMES) + number) / 1_000_000
            yield f'guidegraph_request_seconds_sum{{part="{part}"}} {seconds:.6f}'
            yield f'guidegraph_request_seconds_count{{part="{part}"}} {total}'
        for number, (event, what) in enumerate(EVENTS.items(), _WIDTH - len(EVENTS)):
            yield f"# HELP guidegraph_{event}_total {what[0].upper()}{what[1:]}."
            yield f"# TYPE guidegraph_{event}_total counter"
            yield f"guidegraph_{event}_total {self._sum(number)}"
