"""Sealed processes that are forked ahead of the queries that they will answer.

A process with threads must not be forked, since whatever lock another thread holds stays locked in the child. So a
mother without threads forks children that wait, and each answers one query and ends. They all wait at one end of a
line; whoever holds the other end sends a connection along it, and the system gives it to one that is free. Nothing else
has to know which children there are.
"""

from __future__ import annotations

import os
import signal
import socket
import struct
import time
from collections.abc import Callable
from typing import NoReturn

from guidegraph.query.sealed import Limits, run_and_end

#: What a child sends when it begins; then it reads how many bytes it is asked, and those.
BEGUN = b"."
LENGTH = struct.Struct("!I")
#: Seconds in which who asks has to say what.
_HEARING = 0.5
#: Seconds of work from which on a query goes behind others, as the system's scheduler has it.
_LONG = 0.3
_BEHIND = 15


def line() -> tuple[socket.socket, socket.socket]:
    """Both ends of a line: where connections are sent along, without waiting, and where children wait."""
    sending, waiting = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    sending.setblocking(False)
    return sending, waiting


def stand_by(waiting: socket.socket, answer: Callable[[bytes], bytes], limits: Limits) -> NoReturn:
    """Wait in this process, which was forked for it, for one question, answer it within limits, and end.

    The system itself ends the process when its time is over, whatever it does then. It ends, too, when nobody waits for
    the answer any more, or when all that could ask are gone.
    """
    try:
        while True:
            _, numbers, _, _ = socket.recv_fds(waiting, 1, 1)
            if not numbers:
                os._exit(0)
            asking = socket.socket(fileno=numbers[0])
            signal.setitimer(signal.ITIMER_REAL, limits.seconds)
            content = _heard(asking)
            if content is not None:
                break
            signal.setitimer(signal.ITIMER_REAL, 0)
            asking.close()
        waiting.close()
        begun = time.monotonic()

        def meanwhile(thread: int) -> None:
            if _gone(asking):
                os._exit(1)
            if time.monotonic() - begun > _LONG:
                os.setpriority(os.PRIO_PROCESS, thread, _BEHIND)

        def work(question: bytes = content) -> bytes:
            answered = answer(question)
            # Half of an answer that its reader was too slow for is told from a whole one by its length.
            return LENGTH.pack(len(answered)) + answered

        asking.setblocking(True)
        run_and_end(work, asking.fileno(), limits, meanwhile=meanwhile)
    finally:
        os._exit(1)


def _heard(asking: socket.socket) -> bytes | None:
    """What is asked, None where nobody waits for an answer any more."""
    try:
        asking.settimeout(_HEARING)
        asking.sendall(BEGUN)
        (length,) = LENGTH.unpack(_exactly(asking, LENGTH.size))
        return _exactly(asking, length)
    except OSError:
        return None


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
