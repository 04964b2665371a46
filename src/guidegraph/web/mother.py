"""The processes of a server: a mother without threads, the processes that serve, and those that wait for queries.

The mother opens the knowledge once and forks everything else, so that all share it in memory. She starts no thread,
since a fork copies locks and not the threads that would open them. She serves nothing herself: she starts anew what has
ended, and passes on when it is time to stop.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NoReturn

from guidegraph.errors import UsageError
from guidegraph.query import ahead
from guidegraph.web.asking import LIMITS, QueryLine, answer_of, prepare
from guidegraph.web.patient import ready
from guidegraph.web.ports import listening
from guidegraph.web.served import Served
from guidegraph.web.serving import serve

_WATCHED = {signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
#: Seconds that requests have to be answered once the server is to stop; then what is left is ended.
_PARTING = 10.0
#: A serving process that ends sooner than so many seconds after its start, so often in a row, will not start at all.
_SOON, _OFTEN = 2.0, 5
#: Seconds after its start before which a process that waits for queries ends only for a fault.
_AT_ONCE = 0.03


@dataclass(frozen=True)
class _Child:
    """A process: what it runs, whether it serves (or waits for a query), and when it was started."""

    run: Callable[[], None]
    serves: bool
    started: float


class Mother:
    """Starts the processes of a server and watches over them."""

    def __init__(self, served: Served) -> None:
        if sys.platform != "linux":
            raise UsageError("serving needs Linux", mend="Run it in a container (docs/serve.md).")
        self._served = served
        self._sockets = listening(served.settings.host, served.settings.port)
        self._sending, self._waiting = ahead.line()
        self._children: dict[int, _Child] = {}
        self._failures = 0

    @property
    def port(self) -> int:
        """The port at which the server listens."""
        port: int = self._sockets[0].getsockname()[1]
        return port

    def run(self) -> None:
        """Serve until the process is told to stop (SIGTERM, SIGINT).

        Raises:
            UsageError: the serving processes end as soon as they are started.
        """
        settings = self._served.settings
        self._served.asking = QueryLine(self._sending, self._served.board)
        _ = self._served.kb.digest, self._served.kb.vocabulary, self._served.templates
        ready(self._served)
        # What is there now stays: no child copies a page of memory only because it looked through it for garbage.
        gc.collect()
        gc.freeze()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
        try:
            for number in range(settings.processes):
                self._fork(partial(self._serve, number), serves=True)
            # The page is there already, while the mother makes ready what only queries need.
            prepare(self._served.kb)
            gc.collect()
            gc.freeze()
            for _ in range(settings.queries):
                self._fork(self._wait, serves=False)
            self._served.board.ask()
            self._watch()
        finally:
            self._end()
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def _fork(self, run: Callable[[], None], *, serves: bool) -> None:
        number = os.fork()
        if number:
            self._children[number] = _Child(run, serves, time.monotonic())
            return
        _run_and_end(run)

    def _serve(self, number: int) -> None:
        self._waiting.close()
        serve(self._served, self._sockets, number)

    def _wait(self) -> None:
        self._sending.close()
        for one in self._sockets:
            one.close()
        ahead.stand_by(self._waiting, partial(answer_of, self._served.kb), LIMITS)

    def _watch(self) -> None:
        """Start anew what ends, until it is time to stop."""
        while True:
            if signal.sigwait(_WATCHED) != signal.SIGCHLD:
                return
            for child in self._ended():
                lived = time.monotonic() - child.started
                if child.serves:
                    soon = lived < _SOON
                    self._failures = self._failures + 1 if soon else 0
                    if self._failures >= _OFTEN:
                        raise UsageError("the serving processes end as soon as they are started")
                elif lived < _AT_ONCE:
                    # Whatever ends it would end the next one, too: no use in forking as fast as one can.
                    time.sleep(_AT_ONCE)
                self._anew(child)

    def _anew(self, child: _Child) -> None:
        """Start a process in place of one that has ended; where the system cannot fork now, once it can."""
        while not signal.sigpending() & (_WATCHED - {signal.SIGCHLD}):
            try:
                self._fork(child.run, serves=child.serves)
                return
            except OSError:
                time.sleep(0.5)

    def _ended(self) -> list[_Child]:
        ended = []
        with contextlib.suppress(ChildProcessError):
            while (number := os.waitpid(-1, os.WNOHANG)[0]) != 0:
                child = self._children.pop(number, None)
                ended += [child] if child is not None else []
        return ended

    def _end(self) -> None:
        """Let requests be answered, then end every process."""
        self._served.board.stop()
        for one in (*self._sockets, self._sending, self._waiting):
            one.close()
        self._signal(signal.SIGTERM, serving_only=True)
        end = time.monotonic() + _PARTING
        while any(child.serves for child in self._children.values()) and time.monotonic() < end:
            signal.sigtimedwait({signal.SIGCHLD}, 0.1)
            self._ended()
        self._signal(signal.SIGKILL)
        for number in list(self._children):
            with contextlib.suppress(ChildProcessError):
                os.waitpid(number, 0)
        self._children.clear()

    def _signal(self, number: signal.Signals, *, serving_only: bool = False) -> None:
        for process, child in self._children.items():
            if child.serves or not serving_only:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, number)


def _run_and_end(run: Callable[[], None]) -> NoReturn:
    """Run what a child is for, and end it without what its mother would do at her end."""
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _WATCHED)
        run()
        os._exit(0)
    except BaseException as error:
        if not isinstance(error, KeyboardInterrupt | SystemExit):
            # The message of an error may hold what somebody asked.
            sys.stderr.write(f"error: a process of the server ended: {type(error).__name__}\n")
        os._exit(1)
