"""The container file and the unit of systemd, as far as they can be read; .ci/container builds and runs the image."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from guidegraph.cli.app import app
from tests.support.optional import needs
from tests.support.paths import ROOT

SERVE = ROOT / "docs" / "serve"
LINES = (SERVE / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()


def said(instruction: str) -> list[str]:
    """What the container file says by an instruction, in its order."""
    return [line.partition(" ")[2] for line in LINES if line.startswith(f"{instruction} ")]


def test_the_image_is_built_from_all_that_the_package_is_made_of() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    made_of = {"pyproject.toml", project["project"]["readme"], *project["project"]["license-files"], "src"}
    made_of |= set(wheel["force-include"])
    copied = [words.split()[:-1] for words in said("COPY") if not words.startswith("--")]
    assert {name for names in copied for name in names} == made_of


def test_the_image_runs_as_a_user_and_a_group_of_its_own_by_number() -> None:
    (user,) = said("USER")
    number, _, group = user.partition(":")
    assert int(number) > 0 and int(group) > 0
    (made,) = (words for words in said("RUN") if "useradd" in words)
    assert f"--uid {number} " in made and f"--gid {group} " in made
    assert LINES.index(f"USER {user}") < next(n for n, line in enumerate(LINES) if line.startswith("ENTRYPOINT"))


@pytest.mark.parametrize("where", ["Containerfile", "guidegraph.service"])
def test_the_command_is_one_that_there_is(where: str) -> None:
    if where == "Containerfile":
        words = json.loads(said("ENTRYPOINT")[0])
    else:
        text = (SERVE / where).read_text(encoding="utf-8")
        words = re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE)[0].split()
    assert words[0] == "/opt/guidegraph/bin/guidegraph"
    assert CliRunner().invoke(app, [*words[1:], "--help"]).exit_code == 0


def test_systemd_understands_the_unit_and_finds_little_to_bound(tmp_path: Path) -> None:
    tool = shutil.which("systemd-analyze")
    needs(tool, "systemd-analyze is not installed")
    text = (SERVE / "guidegraph.service").read_text(encoding="utf-8")
    unit = tmp_path / "guidegraph.service"
    unit.write_text(text.replace("/opt/guidegraph/bin/guidegraph", "/bin/true"), encoding="utf-8")
    for line in (["verify"], ["security", "--offline=true", "--threshold=15", "--no-pager"]):
        done = subprocess.run(
            [str(tool), *line, str(unit)], capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert not done.stderr
