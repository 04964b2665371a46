"""The command that links a hierarchy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from guidegraph.terminologies.linker import Linker, own_file

# ---------------------------------------------------------------- the command


@pytest.mark.slow
def test_link_list_and_remove(base: Path, tmp_path: Path, cli: Any) -> None:
    done = cli("link", str(tmp_path / "toy.obo"), "--prefix", "TOY", "--knowledge", str(base), "--no-reasoner")
    assert (done.returncode, done.stderr) == (0, "")
    assert "toy: The toy" in done.stdout and "CC0" in done.stdout and "not asked" in done.stdout
    assert "mapped, but not in this source: TOY:nowhere" in done.stdout
    first = (base / "links/toy.trig").read_bytes()
    told = json.loads(cli("link", "list", "--knowledge", str(base), "--format", "json").stdout)
    assert [row["name"] for row in told["linked"]] == ["toy"] and told["linked"][0]["terms"] == 5
    again = cli("link", str(tmp_path / "toy.obo"), "--prefix", "TOY", "--knowledge", str(base), "--format", "json")
    assert again.returncode == 0, again.stderr
    report = json.loads(again.stdout)
    assert report["reasoner"]["sound"] is True and report["reasoner"]["tested"] > 300
    assert (base / "links/toy.trig").read_bytes() == first
    gone = cli("link", "remove", "toy", "--knowledge", str(base))
    assert gone.returncode == 0 and not (base / "links/toy.trig").exists()


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("nothing",), "no source 'nothing'. Use one of: hpo"),
        (("missing.obo", "--prefix", "TOY"), "cannot be read"),
        (("missing.obo",), "Add --prefix"),
        (("missing.obo", "--prefix", "NONE"), "no terminology 'NONE'"),
        (("remove",), "link remove NAME"),
        (("mondo", "x"), "goes with remove"),
        (("mondo", "--prefix", "MONDO"), "go with a file"),
        (("remove", "toy"), "Linked are: none"),
        (("remove", "../../etc"), "is no name"),
        (("TOYFILE", "--prefix", "TOY", "--name", "../x"), "is no name"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(
    base: Path, tmp_path: Path, cli: Any, args: tuple[str, ...], told: str
) -> None:
    args = tuple(arg.replace("TOYFILE", str(tmp_path / "toy.obo")) for arg in args)
    done = cli("link", *args, "--knowledge", str(base), "--no-reasoner")
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr and done.stderr.count("\n") == 1
    assert not (base / "links").exists()


def test_a_file_in_the_folder_that_is_no_hierarchy_is_one_line(base: Path, cli: Any) -> None:
    (base / "links").mkdir()
    (base / "links/x.trig").write_text("{ <a:a> <b:b> <c:c> }", encoding="utf-8")
    for command in (("link", "list"), ("mappings", "conflicts")):
        done = cli(*command, "--knowledge", str(base))
        assert done.returncode == 2 and done.stderr.count("\n") == 1 and "x.trig" in done.stderr


def test_an_iri_of_ones_own(base: Path, tmp_path: Path) -> None:
    linker = Linker(base)
    found, iri = own_file(tmp_path / "toy.obo", "TOY", linker, "urn:own:")
    path = linker.link(found, base=iri, reasoner=False).path
    assert "<urn:own:part>" in path.read_text(encoding="utf-8")
