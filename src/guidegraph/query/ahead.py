"""Sealed processes that are forked ahead of the queries that they will answer.

A process with threads must not be forked, since whatever lock another thread holds stays locked in the child. So a
mother without threads forks children that wait. They all wait at one end of a line; whoever holds the other end sends a
connection along it, and the system gives it to one that is free. Nothing else has to know which children there are. A
child answers one query after another, and ends with the first that takes too long or too much.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from guidegraph.query.sealed import Limits, bound_memory, deep_thread, no_files, outcome_of, silence

#: What a child sends when it takes a connection, and when it has heard the question: the length of it, then itself.
TAKEN, HEARD = b".", b"!"
LENGTH = struct.Struct("!I")
#: What is sent along the line beside a connection: when the answer is due, by the system's monotonic clock.
DUE = struct.Struct("!d")
#: Seconds that a question has in any case, however long it had to wait for a process that is free.
LEAST = 0.4
#: How far a query goes behind what serves, as the system's scheduler has it, and how far after so many seconds.
_ASIDE, _BEHIND = 3, 15
_LONG = 0.3
#: Seconds from one look at how the work goes to the next.
_GLANCE = 0.05
#: Pages of memory beyond those of its start with which a child ends after an answer, and leaves its place to a new one.
_GROWN = 64 * 2**20 // 4096


def line() -> tuple[socket.socket, socket.socket]:
    """Both ends of a line: where connections are sent along, without waiting, and where children wait."""
    sending, waiting = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    sending.setblocking(False)
    return sending, waiting


def stand_by(waiting: socket.socket, answer: Callable[[bytes], bytes], limits: Limits) -> NoReturn:
    """Answer one question after another within limits in this process, which was forked for it.

    The system itself ends the process when the time of a question is over, whatever it does then. It ends, too, when
    nobody waits for the answer any more, or when all that could ask are gone.
    """
    try:
        silence()
        bound_memory(limits)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        os.nice(_ASIDE)
        attendant = _Attendant(waiting, answer, limits)
        thread = deep_thread(attendant.run)
        while thread.is_alive():
            thread.join(_GLANCE)
            attendant.look(thread.native_id or 0)
        os._exit(0)
    finally:
        os._exit(1)


class _Attendant:
    """Answers in one thread, while another looks now and then whether the answer is still waited for."""

    def __init__(self, waiting: socket.socket, answer: Callable[[bytes], bytes], limits: Limits) -> None:
        self._waiting = waiting
        self._answer = answer
        self._limits = limits
        self._lock = threading.Lock()
        #: Who asks, and since when its question is worked at.
        self._asking: tuple[socket.socket, float] | None = None
        self._behind = False

    def run(self) -> None:
        """Answer until nobody can ask any more, or this process has grown or fallen behind others."""
        at_first = _resident()
        while not self._behind and _resident() - at_first < _GROWN:
            due, numbers, _, _ = socket.recv_fds(self._waiting, DUE.size, 1)
            if not numbers:
                return
            with socket.socket(fileno=numbers[0]) as asking:
                left = max(LEAST, DUE.unpack(due)[0] - time.monotonic())
                signal.setitimer(signal.ITIMER_REAL, min(left, self._limits.seconds))
                self._attend(asking)
                signal.setitimer(signal.ITIMER_REAL, 0)

    def _attend(self, asking: socket.socket) -> None:
        # An error of the socket says that who asked has left.
        with contextlib.suppress(OSError):
            asking.sendall(TAKEN)
            (length,) = LENGTH.unpack(_exactly(asking, LENGTH.size))
            question = _exactly(asking, length)
            asking.sendall(HEARD)
            self._is_asking((asking, time.monotonic()))
            with no_files():
                outcome = outcome_of(lambda: self._answer(question))
            self._is_asking(None)
            asking.sendall(LENGTH.pack(len(outcome)) + outcome)

    def _is_asking(self, who: tuple[socket.socket, float] | None) -> None:
        with self._lock:
            self._asking = who

    def look(self, thread: int) -> None:
        """End the process if nobody waits for its answer; let its thread go behind others if it works for long."""
        with self._lock:
            if self._asking is None:
                return
            asking, since = self._asking
            if _gone(asking):
                os._exit(1)
            if time.monotonic() - since > _LONG and not self._behind:
                # There is no way back to the front, so this is its last answer.
                self._behind = True
                os.setpriority(os.PRIO_PROCESS, thread, _BEHIND)


def _exactly(asking: socket.socket, length: int) -> bytes:
    content = bytearray()
    while len(content) < length:
        piece = asking.recv(length - len(content))
        if not piece:
            raise ConnectionError
        content += piece
    return bytes(content)


def _gone(asking: socket.socket) -> bool:
    """Whether who asked has left. A sealed process may not poll, since it may open nothing."""
    try:
        return asking.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
