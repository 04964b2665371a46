"""The command line in a process of its own, forked from one that has modules and shipped knowledge loaded already.

Starting Python, importing and opening take most of a command's time, and the tests run hundreds. A fork has its own descriptors,
working folder and exit code as any process; whatever must be there before Python starts (variables of the environment)
gets a new process all the same, and so does what tests the start itself (tests/house/test_packaging.py).
"""

from __future__ import annotations

import gc
import importlib
import io
import json
import os
import pkgutil
import selectors
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import guidegraph
from guidegraph import api
from tests.support.reopened import reopened

#: Seconds after which a command that has not ended fails the test.
TIMEOUT = 120.0


def command(
    *args: str, stdin: str | None = None, cwd: Path | None = None, **env: str
) -> subprocess.CompletedProcess[str]:
    """Run ``guidegraph`` with some arguments. ``env`` are variables beside those of the environment."""
    # A folder of links is looked for when knowledge is opened, other variables when Python starts.
    home = env.pop("GUIDEGRAPH_HOME", None)
    # The engine of columns has threads, which a fork of a process that used it would be without.
    if env or not hasattr(os, "fork") or args[:1] == ("cohort",):
        env.update({"GUIDEGRAPH_HOME": home} if home is not None else {})
        line = [sys.executable, "-m", "guidegraph", *args]
        around = {**os.environ, **env}
        return subprocess.run(
            line, input=stdin, capture_output=True, text=True, timeout=TIMEOUT, cwd=cwd, env=around, check=False
        )
    shipped()
    folder = _ahead(args) if home is None else {}
    pipes = [os.pipe() for _ in range(3)]
    child = os.fork()
    if child == 0:
        _become(args, cwd, [pipes[0][0], pipes[1][1], pipes[2][1]], home, folder)
    for end in (pipes[0][0], pipes[1][1], pipes[2][1]):
        os.close(end)
    try:
        out, err = _talk(pipes[0][1], pipes[1][0], pipes[2][0], (stdin or "").encode())
    except TimeoutError:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise subprocess.TimeoutExpired(list(args), TIMEOUT) from None
    _, status = os.waitpid(child, 0)
    texts = (_text(out), _text(err))
    return subprocess.CompletedProcess(list(args), os.waitstatus_to_exitcode(status), *texts)


def _ahead(args: Sequence[str]) -> dict[Path, guidegraph.KnowledgeBase]:
    """The folder that a command is to open, opened here, where the next command finds it unless a file has changed."""
    named = Path(args[args.index("--knowledge") + 1]) if "--knowledge" in args else Path()
    # What is wrong with it is for the command to tell.
    with suppress(guidegraph.GuideGraphError, OSError):
        return {named: reopened(named)} if named.is_absolute() and (named / "ontology").is_dir() else {}
    return {}


_MANY = """
import json, sys
from typer.testing import CliRunner
from guidegraph.cli.app import app
results = [CliRunner().invoke(app, line) for line in json.load(sys.stdin)]
print(json.dumps([(result.exit_code, result.stdout) for result in results]))
"""


def commands(lines: Sequence[Sequence[str]], **env: str) -> list[tuple[int, str]]:
    """Run some command lines one after another in one new process of that environment: exit code and output of each."""
    done = subprocess.run(
        [sys.executable, "-c", _MANY], input=json.dumps(lines), capture_output=True, text=True, timeout=TIMEOUT,
        env={**os.environ, **env}, check=True,
    )  # fmt: skip
    return [(code, text) for code, text in json.loads(done.stdout)]


def _text(raw: bytes) -> str:
    return io.TextIOWrapper(io.BytesIO(raw)).read()


@contextmanager
def kept_open(folder: Mapping[Path, guidegraph.KnowledgeBase] | None = None) -> Iterator[None]:
    """Let every command of this block that asks the shipped knowledge, or a folder that is open already, have it so.

    A folder is for a process that runs one command: a review is added to the knowledge that was opened.
    """
    opened = api.open_knowledge

    def open_knowledge(root: Any = None, *, warned: bool = True, **named: Any) -> guidegraph.KnowledgeBase:
        # Another folder of links is read when knowledge is opened.
        other = any(named.values()) or os.environ.get("GUIDEGRAPH_HOME") != _opened()[1]
        kb = None if other else (folder or {}).get(Path(root)) if root else shipped()
        # The first domain takes no warnings from others, so that it is the same without them.
        if kb is None or (not warned and kb.knowledge.selected.warning):
            return opened(root, warned=warned, **named)
        return kb

    api.open_knowledge = open_knowledge
    try:
        yield
    finally:
        api.open_knowledge = opened


def shipped() -> guidegraph.KnowledgeBase:
    """Import every module of ours and open the shipped knowledge, once."""
    return _opened()[0]


@cache
def _opened() -> tuple[guidegraph.KnowledgeBase, str | None]:
    """The shipped knowledge, and the folder of links with which it was opened."""
    for module in pkgutil.walk_packages(guidegraph.__path__, "guidegraph."):
        # The tools for language models and the engine of columns take seconds to import, and few commands need them; what
        # needs Spark is in no development install, and no command here is answered by it.
        if not module.name.endswith("__main__") and module.name.split(".")[1] not in ("mcp", "cohort", "spark"):
            importlib.import_module(module.name)
    kb = guidegraph.open()
    # What is made at the first question (index, names, disagreements, digests) is made now: a fork would lose it.
    assert kb.therapies({"conditions": ["sciatica"]}).to_dict()["therapies"]
    kb.knowledge.load_links()
    assert kb.lookup("ibuprofen")["terms"] and kb.trace("NSAID").data and kb.matrix()
    # A fork copies what its collector of garbage touches.
    gc.collect()
    gc.freeze()
    return kb, os.environ.get("GUIDEGRAPH_HOME")


def _become(
    args: tuple[str, ...],
    cwd: Path | None,
    ends: list[int],
    home: str | None,
    folder: Mapping[Path, guidegraph.KnowledgeBase],
) -> NoReturn:
    """Be the command: its descriptors, its folder, its arguments; then end with its exit code."""
    code = 1
    try:
        for descriptor, end in enumerate(ends):
            os.dup2(end, descriptor)
        os.closerange(3, 256)
        sys.stdin = io.TextIOWrapper(os.fdopen(0, "rb"))
        sys.stdout = io.TextIOWrapper(os.fdopen(1, "wb"))
        sys.stderr = io.TextIOWrapper(os.fdopen(2, "wb"), errors="backslashreplace", line_buffering=True)
        os.chdir(cwd or ".")
        sys.argv = ["guidegraph", *args]
        if home is not None:
            os.environ["GUIDEGRAPH_HOME"] = home
        with kept_open(folder):
            code = _run()
    finally:
        os._exit(code)


def _run() -> int:
    try:
        from guidegraph.cli import main

        main()
        code = 0
    except SystemExit as ended:
        if isinstance(ended.code, str):
            print(ended.code, file=sys.stderr)
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        code = code or 120
    return code


def _talk(into: int, out: int, err: int, text: bytes) -> tuple[bytes, bytes]:
    """Write to one descriptor and read two until both are closed. Raises ``TimeoutError``."""
    end = time.monotonic() + TIMEOUT
    read: dict[int, bytearray] = {out: bytearray(), err: bytearray()}
    with selectors.DefaultSelector() as selector:
        selector.register(into, selectors.EVENT_WRITE)
        for descriptor in read:
            selector.register(descriptor, selectors.EVENT_READ)
        while len(selector.get_map()) > (into in selector.get_map()):
            if time.monotonic() > end:
                raise TimeoutError
            for key, _ in selector.select(1.0):
                if key.fd == into:
                    try:
                        text = text[os.write(into, text[:65536]) :] if text else text
                    except BrokenPipeError:
                        text = b""
                    done = not text
                else:
                    piece = os.read(key.fd, 65536)
                    read[key.fd] += piece
                    done = not piece
                if done:
                    selector.unregister(key.fd)
                    os.close(key.fd)
        if into in selector.get_map():
            os.close(into)
    return bytes(read[out]), bytes(read[err])
