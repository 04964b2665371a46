"""A child process for what a stranger's query takes: an end to its time, memory and answer, and nothing to open."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from guidegraph.errors import DeadlineError, QueryError, UsageError

#: Bytes of an answer.
MAX_ANSWER = 64 * 2**20
#: Seconds; nobody waits longer.
_LONGEST = 1_000_000
#: Room for the deepest nesting that the guard lets through: 200,000 times ! take 200 MB.
_STACK = 512 * 2**20


@dataclass(frozen=True)
class Limits:
    """What a stranger's query may take: seconds, and bytes of memory beyond those of the knowledge."""

    seconds: float = 60.0
    memory: int = 2**30

    def __post_init__(self) -> None:
        """Refuse what is no limit, such as NaN."""
        if not 0 < self.seconds <= _LONGEST:
            raise UsageError(
                f"{self.seconds:g} seconds are no limit",
                where="--timeout",
                mend=f"Give more than 0 and up to {_LONGEST}.",
            )


def sealed(work: Callable[[], bytes], limits: Limits | None = None, *, network: bool = False) -> bytes:
    """What a function gives, run in a child process within limits; without ``network`` it can open nothing.

    Where the system has no fork (Windows), it runs in this process, and only the first two walls stand.

    Raises:
        QueryError: the function raises it, or the child takes too long, too much memory, or gives too much.
    """
    limits = limits or Limits()
    if not hasattr(os, "fork"):
        return work()
    reading, writing = os.pipe()
    # An interrupt between the fork and what either side makes of it would be told as an error of Python's own.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    child = os.fork()
    if child == 0:
        _child(work, writing, limits, network)
    os.close(writing)
    ended = False
    try:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        content = _content(reading, limits)
        ended = True
    finally:
        os.close(reading)
        if not ended:
            os.kill(child, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status == -signal.SIGXCPU:
        raise too_long(limits)
    return told(content if status == 0 else b"", limits)


def told(content: bytes, limits: Limits) -> bytes:
    """What the work of a child gave, from what the child wrote; a child that failed on the way wrote nothing whole.

    Raises:
        QueryError: the work raised it, or the child failed, which is for want of memory.
    """
    if content[:1] == b"-":
        what, where, mend = json.loads(content[1:])
        raise QueryError(what, where=where, mend=mend)
    if content[:1] != b"+":
        raise QueryError(
            f"the query needs more than {limits.memory // 2**20} MiB of memory, or more levels than the engine has",
            mend="Ask for less, or write it with fewer levels.",
        )
    return content[1:]


def _content(reading: int, limits: Limits) -> bytes:
    """All that a child writes, until it ends."""
    content, end = bytearray(), time.monotonic() + limits.seconds
    poll = select.poll()
    poll.register(reading, select.POLLIN)
    while True:
        left = end - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            raise too_long(limits)
        piece = os.read(reading, 2**20)
        if not piece:
            return bytes(content)
        content += piece
        if len(content) > MAX_ANSWER:
            raise QueryError(f"the answer is larger than {MAX_ANSWER // 2**20} MiB", mend="Ask for less, with LIMIT.")


def too_long(limits: Limits) -> DeadlineError:
    """What is told of a query that takes more time than it may."""
    return DeadlineError(
        f"the query did not end within {limits.seconds:g} seconds", mend="Ask for less, or give it a longer --timeout."
    )


def _child(work: Callable[[], bytes], writing: int, limits: Limits, network: bool) -> NoReturn:
    """Run a function in this process, which was forked for it, and end the process whatever happens."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        silence()
        _lower("RLIMIT_CPU", int(limits.seconds) + 1)
        bound_memory(limits)
        if not network:
            _lower("RLIMIT_NOFILE", 0, soft_only=True)
        outcome: list[bytes] = []
        deep_thread(lambda: outcome.append(outcome_of(work))).join()
        waiting = memoryview(outcome[0])
        while waiting:
            waiting = waiting[os.write(writing, waiting) :]
        os._exit(0)
    finally:
        os._exit(1)


def silence() -> None:
    """Let nobody hear what the engine says on its way down: who forked this process tells the reason."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def bound_memory(limits: Limits) -> None:
    """Let this process take so much memory beyond what it has now. Where /proc is not, as on macOS, it has no bound."""
    import resource

    with contextlib.suppress(OSError, ValueError, IndexError):
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        _lower("RLIMIT_AS", pages * resource.getpagesize() + _STACK + limits.memory)


def deep_thread(run: Callable[[], None]) -> threading.Thread:
    """A started thread with room for the deepest nesting.

    The main thread's stack has the size that the shell gives it, some thousand levels.
    """
    threading.stack_size(_STACK)
    sys.setrecursionlimit(50_000)
    thread = threading.Thread(target=run)
    thread.start()
    return thread


def outcome_of(work: Callable[[], bytes]) -> bytes:
    """What a function gives or raises, for :func:`told`."""
    try:
        return b"+" + work()
    except QueryError as error:
        fault = [error.what, error.where, error.mend]
    except BaseException as error:
        fault = [f"the query failed: {' '.join(str(error).split())[:200]}", "", "Check what it reaches out to."]
    return b"-" + json.dumps(fault).encode()


def _lower(name: str, value: int, *, soft_only: bool = False) -> None:
    import resource

    what: int = getattr(resource, name)
    hard = resource.getrlimit(what)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(what, (value, hard if soft_only else value))


@contextlib.contextmanager
def no_files() -> Iterator[None]:
    """Let this process open nothing for a while.

    A socket is a file too, so nothing can be reached, whatever the engine reads in a query.
    """
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    _lower("RLIMIT_NOFILE", 0, soft_only=True)
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextlib.contextmanager
def files() -> Iterator[None]:
    """Let a sealed process open files for a while, as for an import."""
    try:
        import resource
    except ImportError:  # no fork, no seal
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
