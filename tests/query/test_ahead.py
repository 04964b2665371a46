"""Processes that are forked ahead: what they answer, what they can open, and how they end."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from guidegraph.errors import QueryError
from guidegraph.query import ahead
from guidegraph.query.ahead import DUE, HEARD, LENGTH, TAKEN
from guidegraph.query.sealed import Limits, told

LIMITS = Limits(1.0, 128 * 2**20)
Ask = Callable[..., bytes]


def answer(question: bytes) -> bytes:
    """What a child of the tests answers, by the word that it is asked."""
    if question == b"who":
        return str(os.getpid()).encode()
    if question == b"file":
        return Path("/etc/passwd").read_bytes()
    if question == b"socket":
        socket.create_connection(("127.0.0.1", 1))
    if question == b"sleep":
        time.sleep(3600)
    if question == b"grow":
        kept.append(b"x" * (100 * 2**20))
    if question == b"hungry":
        kept.append(b"x" * (2 * 2**30))
    if question == b"long":
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            pass
    if question == b"wrong":
        raise QueryError("it is wrong", where="there", mend="Mend it.")
    return question


kept: list[bytes] = []


@contextlib.contextmanager
def child(sending: socket.socket, waiting: socket.socket, limits: Limits = LIMITS) -> Iterator[int]:
    """A process that waits at a line."""
    number = os.fork()
    if number == 0:
        sending.close()
        ahead.stand_by(waiting, answer, limits)
    try:
        yield number
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(number, 0)


@pytest.fixture
def line() -> Iterator[tuple[socket.socket, socket.socket]]:
    ends = ahead.line()
    yield ends
    for end in ends:
        end.close()


def said(sending: socket.socket, question: bytes, seconds: float = 1.0) -> bytes:
    """All that a process says to a question."""
    mine, theirs = socket.socketpair()
    with mine:
        with theirs:
            socket.send_fds(sending, [DUE.pack(time.monotonic() + seconds)], [theirs.fileno()])
        mine.settimeout(40)
        mine.sendall(LENGTH.pack(len(question)) + question)
        content = b""
        while piece := mine.recv(2**16):
            content += piece
    return content


def ask(sending: socket.socket, question: bytes, seconds: float = 1.0) -> bytes:
    content = said(sending, question, seconds)
    start = len(TAKEN + HEARD)
    assert content[:start] == TAKEN + HEARD
    (length,) = LENGTH.unpack(content[start : start + LENGTH.size])
    rest = content[start + LENGTH.size :]
    assert len(rest) == length
    return told(rest, LIMITS)


def test_one_process_answers_one_question_after_another(line: tuple[socket.socket, socket.socket]) -> None:
    sending, waiting = line
    with child(sending, waiting) as number:
        for _ in range(5):
            assert ask(sending, b"who") == str(number).encode()
        assert ask(sending, b"x" * 500_000) == b"x" * 500_000
        with pytest.raises(QueryError, match=r"there: it is wrong\. Mend it"):
            ask(sending, b"wrong")
        assert ask(sending, b"who") == str(number).encode()


@pytest.mark.parametrize("what", [b"file", b"socket"])
def test_it_can_open_nothing_and_is_asked_again(line: tuple[socket.socket, socket.socket], what: bytes) -> None:
    sending, waiting = line
    with child(sending, waiting):
        for _ in range(2):
            with pytest.raises(QueryError, match=r"failed.*Too many open files"):
                ask(sending, what)


@pytest.mark.slow
@pytest.mark.parametrize(("seconds", "least"), [(1.0, 0.9), (60.0, 0.9), (-5.0, 0.3)])
def test_time_has_an_end(line: tuple[socket.socket, socket.socket], seconds: float, least: float) -> None:
    """By what is left of it when the question is taken, but never more than the limit, nor less than a little."""
    sending, waiting = line
    with child(sending, waiting) as number:
        started = time.monotonic()
        assert said(sending, b"sleep", seconds) == TAKEN + HEARD
        # A machine that is busy is late; the process would sleep for an hour.
        assert least < time.monotonic() - started < 60
        assert os.waitstatus_to_exitcode(os.waitpid(number, 0)[1]) == -signal.SIGALRM


@pytest.mark.slow
def test_the_time_of_an_answer_is_not_that_of_the_next(line: tuple[socket.socket, socket.socket]) -> None:
    sending, waiting = line
    with child(sending, waiting) as number:
        ask(sending, b"who")
        time.sleep(1.2)
        assert ask(sending, b"who") == str(number).encode()


@pytest.mark.parametrize("what", [b"grow", b"long"])
def test_it_ends_after_an_answer_that_took_much(line: tuple[socket.socket, socket.socket], what: bytes) -> None:
    sending, waiting = line
    # However busy the machine is, half a second of work has an end.
    with child(sending, waiting, Limits(30.0, LIMITS.memory)) as number:
        assert ask(sending, what, 30.0) == what
        assert os.waitstatus_to_exitcode(os.waitpid(number, 0)[1]) == 0


def test_memory_has_an_end(line: tuple[socket.socket, socket.socket]) -> None:
    sending, waiting = line
    with child(sending, waiting), pytest.raises(QueryError, match=r"failed|MiB"):
        ask(sending, b"hungry")


def test_it_ends_when_nobody_waits_for_the_answer(line: tuple[socket.socket, socket.socket]) -> None:
    sending, waiting = line
    with child(sending, waiting) as number:
        mine, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(sending, [DUE.pack(time.monotonic() + 1)], [theirs.fileno()])
        mine.sendall(LENGTH.pack(5) + b"sleep")
        # Who leaves before the question was heard is passed over.
        assert mine.recv(1) + mine.recv(1) == TAKEN + HEARD
        mine.close()
        assert os.waitstatus_to_exitcode(os.waitpid(number, 0)[1]) == 1


def test_who_leaves_before_is_passed_over(line: tuple[socket.socket, socket.socket]) -> None:
    sending, waiting = line
    for _ in range(3):
        mine, theirs = socket.socketpair()
        with theirs, mine:
            socket.send_fds(sending, [DUE.pack(time.monotonic() + 1)], [theirs.fileno()])
    with child(sending, waiting) as number:
        assert ask(sending, b"who") == str(number).encode()


def test_it_ends_when_nobody_can_ask_any_more(line: tuple[socket.socket, socket.socket]) -> None:
    sending, waiting = line
    with child(sending, waiting) as number:
        sending.close()
        assert os.waitstatus_to_exitcode(os.waitpid(number, 0)[1]) == 0
