"""docs/serve.md and the files beside it say what is so."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from guidegraph.query import guard, protocol
from guidegraph.web import asking, limits, serving
from tests.support.commands import options
from tests.support.paths import ROOT

TEXT = (ROOT / "docs/serve.md").read_text(encoding="utf-8")
CONTAINER = (ROOT / "docs/serve/Containerfile").read_text(encoding="utf-8")
UNIT = ROOT / "docs/serve/guidegraph.service"


def test_every_option_is_documented_and_exists() -> None:
    known = set(options("serve"))
    assert set(re.findall(r"`(--[a-z]+)", TEXT)) == known


@pytest.mark.parametrize(
    "told",
    [
        f"| {asking.LIMITS.seconds:g} seconds, counted from when it is asked |",
        f"| {asking.LIMITS.memory // 2**20} MiB beyond the knowledge |",
        f"| {protocol.MAX_ANSWER // 2**20} MiB of answer |",
        f"| {guard.MAX_CHARACTERS:,} characters, {guard.MAX_BRACKETS:,} brackets, {guard.MAX_NESTING} levels |",
        f"| {limits.LIMITS[''].body // 2**20} MiB; SPARQL {limits.LIMITS['sparql'].body // 2**20} MiB; health and files of the page none |",
        f"| time of a body | {limits.BODY_SECONDS:g} seconds |",
        f"| time until an answer begins | {limits.LIMITS[''].seconds:g} seconds |",
        f"| {limits.PLACES}, {limits.HELD // 2**20} MiB |",
        f"| connections of one process | {serving.CONNECTIONS} |",
        f"| head of a request | {serving.HEAD_BYTES // 1024} KiB |",
        f"| {serving.READ:g} seconds, {serving.UNREAD_BYTES // 2**20} MiB |",
        f"| {serving.HEAD:g} seconds, {serving.KEPT} seconds |",
    ],
)
def test_limits_are_as_told(told: str) -> None:
    assert told in TEXT


def test_the_container_runs_the_command_as_a_user_without_rights() -> None:
    user = re.findall(r"^USER (\d+):(\d+)$", CONTAINER, re.MULTILINE)
    assert user and "0" not in user[-1]
    line = json.loads(re.findall(r"^ENTRYPOINT (.+)$", CONTAINER, re.MULTILINE)[-1])
    assert line[:2] == ["/opt/guidegraph/bin/guidegraph", "serve"]
    assert {word for word in line if word.startswith("--")} <= set(options("serve"))
    assert CONTAINER.index("USER") < CONTAINER.index("ENTRYPOINT")
    # What the image is built from is there.
    for copied in re.findall(r"^COPY (?!--)(.+)$", CONTAINER, re.MULTILINE):
        assert all((ROOT / name).exists() for name in copied.split()[:-1])


def test_the_unit_runs_the_command_without_rights(tmp_path: Path) -> None:
    text = UNIT.read_text(encoding="utf-8")
    line = shlex.split(re.findall(r"^ExecStart=(.+)$", text, re.MULTILINE)[0])
    assert line[1] == "serve" and {word for word in line if word.startswith("--")} <= set(options("serve"))
    assert "DynamicUser=yes" in text and "CapabilityBoundingSet=\n" in text
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze")
    there = tmp_path / UNIT.name
    there.write_text(text.replace(line[0], shutil.which("true") or ""), encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", str(there)], capture_output=True, text=True, timeout=50, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
