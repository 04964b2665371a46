"""What commands write: whole, where it was asked for, or not at all."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import click
import pytest
import typer
from typer.testing import CliRunner

from guidegraph import api
from guidegraph.cli.app import app
from guidegraph.render import therapies_html, timeline_html
from guidegraph.render.audithtml import audit_html
from tests.conftest import AS_OF
from tests.support.paths import FHIR

Run = Callable[..., CompletedProcess[str]]
#: Options and arguments that name what is written, and folders whose empty name would be the current one.
_WRITTEN = ("output", "save", "report", "previous", "baseline", "knowledge")


def _writing(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Parameter]]:
    for name, one in getattr(command, "commands", {}).items():
        yield from _writing(one, (*path, name))
    yield from ((path, option) for option in command.params if option.name in _WRITTEN)


WRITING = list(_writing(typer.main.get_command(app)))


def test_every_command_that_writes_is_known() -> None:
    names = {" ".join(path) for path, _ in WRITING}
    assert {"therapies", "timeline", "matrix", "audit", "trace", "pull", "profile new", "profile from-omop"} <= names
    assert {f"export {name}" for name in ("graph", "context", "csv", "description", "nanopub", "fhir", "cql")} <= names


@pytest.mark.parametrize(("path", "option"), WRITING, ids=str)
def test_an_empty_name_is_told(path: tuple[str, ...], option: click.Parameter) -> None:
    name = option.opts[:1] if option.param_type_name == "option" else []
    for value in ("", " "):
        done = CliRunner().invoke(app, [*path, *name, value])
        assert done.exit_code == 2 and "the name is empty" in done.output


#: A line of each command that writes a file, to which the file's name is added, with its ending.
LINES = {
    "timeline": (["timeline", "example:age-only", "-o"], ".svg"),
    "matrix": (["matrix", "-o"], ".html"),
    "trace": (["trace", "BMJ-R1", "-o"], ".svg"),
    "audit": (["audit", "-o"], ".json"),
    "therapies": (["therapies", "example:age-only", "--save"], ".ttl"),
    "new": (["profile", "new", "--force"], ".yaml"),
    "from-fhir": (["profile", "from-fhir", str(FHIR / "age-only.json"), "-o"], ".yaml"),
    "report": (["profile", "from-fhir", str(FHIR / "age-only.json"), "--report"], ".json"),
    "graph": (["export", "graph", "-o"], ".ttl"),
    "context": (["export", "context", "-o"], ".jsonld"),
    "csv": (["export", "csv", "-o"], ".csv"),
    "description": (["export", "description", "-o"], ".ttl"),
    "cql": (["export", "cql", "--all", "-o"], ".cql"),
    "nanopub": (["export", "nanopub", "BMJ-R1", "-o"], ""),
    "fhir": (["export", "fhir", "BMJ-R1", "-o"], ""),
}
_FOLDERS = ("nanopub", "fhir")


def _left(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture(autouse=True)
def _opened_once(kb: api.KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "open_knowledge", lambda root=None, **named: kb)


@pytest.mark.slow
@pytest.mark.parametrize("name", LINES)
def test_a_place_that_cannot_be_written_is_told(tmp_path: Path, name: str) -> None:
    line, ending = LINES[name]
    (tmp_path / "file").write_text("mine")
    (tmp_path / f"read-only{ending}").write_text("mine")
    (tmp_path / f"read-only{ending}").chmod(0o444)
    (tmp_path / f"folder{ending}").mkdir()
    (tmp_path / f"folder{ending}/mine").write_text("mine")
    places = [f"no/such{ending}", f"file/below{ending}", f"read-only{ending}"]
    # Nanopublications may join what a folder holds.
    places += [f"folder{ending}"] * (name != "nanopub") + [f"folder{ending}/"] * (name not in _FOLDERS)
    before = _left(tmp_path)
    for place in places:
        done = CliRunner().invoke(app, [*line, f"{tmp_path}/{place}"])
        assert done.exit_code == 2, (place, done.output)
        assert "error:" in done.output or "Error:" in done.output, place
        assert done.exception is None or isinstance(done.exception, SystemExit)
    assert _left(tmp_path) == before


def test_of_two_files_none_is_written_if_one_cannot_be(tmp_path: Path) -> None:
    record = str(FHIR / "age-only.json")
    good, bad = tmp_path / "x.yaml", tmp_path / "no/x.json"
    for one, other in ((good, bad), (bad, good), (good, good)):
        done = CliRunner().invoke(app, ["profile", "from-fhir", record, "-o", str(one), "--report", str(other)])
        assert done.exit_code == 2 and list(tmp_path.iterdir()) == []
    (tmp_path / "x.csv-metadata.json").mkdir()
    done = CliRunner().invoke(app, ["export", "csv", "-o", str(tmp_path / "x.csv")])
    assert done.exit_code == 2 and not (tmp_path / "x.csv").exists()


def _shell(line: str, cwd: Path) -> CompletedProcess[str]:
    command = line.replace("guidegraph", f"{sys.executable} -m guidegraph")
    return subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=120, cwd=cwd, check=False)


@pytest.mark.slow
def test_pipes_and_devices_are_written_through_by_the_command(tmp_path: Path) -> None:
    assert "age:" in _shell("guidegraph profile new /dev/stdout --force", tmp_path).stdout
    assert "age:" in _shell("guidegraph profile new --force >(cat); sleep 0", tmp_path).stdout
    _shell("echo kept > x; guidegraph profile new /dev/stdout --force >> x", tmp_path)
    assert (tmp_path / "x").read_text().startswith("kept\n# A patient profile.")
    done = _shell("guidegraph profile new >&-", tmp_path)
    assert done.returncode == 2 and done.stderr.startswith("error: standard output is closed")
    for line in ("guidegraph profile new > /dev/full", "guidegraph profile list > /dev/full"):
        done = _shell(line, tmp_path)
        assert done.returncode == 2 and done.stderr.splitlines() == [
            "error: standard output: No space left on device. Look at the place, or send it elsewhere."
        ]


@pytest.mark.slow
def test_standard_input_is_read_up_to_a_bound_in_utf_8_only(tmp_path: Path) -> None:
    for line, told in (
        ("yes | guidegraph therapies -", "too large"),
        ("guidegraph therapies - < /dev/zero", "too large"),
        ("printf 'age: \\xff' | guidegraph therapies -", "standard input:1: not UTF-8"),
        ("guidegraph therapies - <&-", "standard input is closed"),
        ("guidegraph query - <&-", "standard input is closed"),
        ("guidegraph profile from-fhir - <&-", "standard input is closed"),
        ("guidegraph therapies .", "it is a folder"),
    ):
        done = _shell(line, tmp_path)
        assert done.returncode == 2 and told in done.stderr and len(done.stderr.splitlines()) == 1, done.stderr
    done = _shell("echo '{\"age\": 40}' | guidegraph therapies <(cat) --format json", tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_no_page_is_wider_than_a_phone(kb: Any, tmp_path: Path) -> None:
    """In a frame of 360 pixels nothing stands out to the right, as a browser lays it out."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("there is no browser here")
    pages = {
        "therapies": therapies_html(kb.therapies("example:renal-impairment", as_of=AS_OF).to_dict()),
        "timeline": timeline_html(kb.timeline("example:acute-uncomplicated", as_of=AS_OF)),
        "audit": audit_html(dict(kb.audit(as_of=AS_OF).data)),
    }
    told = "Math.max(...[...document.querySelectorAll('body *')].map(e => e.getBoundingClientRect().right))"
    for name, text in pages.items():
        inside = tmp_path / f"{name}.html"
        inside.write_text(text.replace("</body>", f"<script>document.title = {told}</script></body>"))
        frame = tmp_path / f"{name}-frame.html"
        frame.write_text(
            "<iframe id=f style='width:360px;border:0'></iframe><script>const f = document.getElementById('f'); f.onload = "
            "() => document.body.append('wide:' + f.contentDocument.title); "
            f"f.src = {json.dumps(inside.as_uri())}</script>"
        )
        options = ("--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files", "--dump-dom")
        line = [browser, *options, "--virtual-time-budget=4000", f"--user-data-dir={tmp_path / 'user'}", frame.as_uri()]
        done = subprocess.run(line, capture_output=True, text=True, check=True, timeout=60)
        found = re.search(r"wide:([\d.]+)", done.stdout)
        assert found and float(found[1]) <= 360, (name, done.stdout[-300:])


@pytest.mark.parametrize("option", ["-o", "--report"])
def test_a_record_is_not_replaced_by_what_is_made_of_it(tmp_path: Path, option: str) -> None:
    record = tmp_path / "record.json"
    text = '{"resourceType": "Patient", "id": "p"}'
    record.write_text(text, encoding="utf-8")
    (tmp_path / "link.json").symlink_to("record.json")
    for name in ("record.json", "link.json"):
        result = CliRunner().invoke(app, ["profile", "from-fhir", str(record), option, str(tmp_path / name)])
        assert result.exit_code == 2 and "would go where what is read is" in result.output
    assert record.read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    "command",
    [
        ("therapies", "FILE", "--save", "FILE"),
        ("therapies", "FILE", "--save", "LINK"),
        ("export", "patient", "FILE", "-o", "FILE"),
        ("timeline", "FILE", "-o", "FILE"),
    ],
    ids=lambda command: " ".join(command),
)
def test_what_is_read_is_not_written_over(tmp_path: Path, command: tuple[str, ...]) -> None:
    file = tmp_path / "patient.ttl"
    file.write_text("id: p\nage: 60\n", encoding="utf-8")
    (tmp_path / "link.ttl").symlink_to(file)
    before = file.read_bytes()
    names = {"FILE": str(file), "LINK": str(tmp_path / "link.ttl")}
    done = CliRunner().invoke(app, [names.get(part, part) for part in command])
    assert done.exit_code == 2
    assert "would go where what is read is" in done.stderr
    assert file.read_bytes() == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["audit", "-d", "bmj-2025", "--document", "nice-ng59"], "--document is given 2 times"),
        (
            ["therapies", "example:age-only", "--as-of", "2026-01-01", "--as-of", "2026-01-01"],
            "--as-of is given 2 times",
        ),
        (["profile", "from-fhir", "x", "--patient", "a", "--patient", "b"], "--patient is given 2 times"),
        (["cohort", "x.csv", "-o", "a.parquet", "-o", "b.parquet"], "--output is given 2 times"),
        (["cohort", "columns", "x.csv", "-o", "a", "-o", "b"], "--output is given 2 times"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_an_option_of_one_value_is_given_once(arguments: list[str], told: str) -> None:
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2 and f"error: {told}, and has one value. Give it once.\n" == done.stderr
    # Options of several values, and flags, may be.
    done = CliRunner().invoke(app, ["disagreements", "--verdict", "real", "--verdict", "stance", "--full", "--full"])
    assert done.exit_code == 0


def test_a_file_holds_what_its_ending_says(tmp_path: Path) -> None:
    for name, begins in {"x.json": "{", "x.SVG": "<svg", "x.ttl": "PREFIX", "x.txt": "*", "x": "*"}.items():
        done = CliRunner().invoke(app, ["trace", "bmj-2025/BMJ-R1", "-o", str(tmp_path / name)])
        assert done.exit_code == 0 and (tmp_path / name).read_text(encoding="utf-8").startswith(begins), name
    for line in (["trace", "bmj-2025"], ["audit", "-s", "error"], ["export", "graph"]):
        done = CliRunner().invoke(app, [*line, "-o", str(tmp_path / "x.pdf")])
        assert done.exit_code == 2 and "no form here ends in '.pdf'" in done.stderr, line
    done = CliRunner().invoke(app, ["export", "graph", "--document", "bmj-2025", "-o", str(tmp_path / "x.trig")])
    assert done.exit_code == 0 and "{" in (tmp_path / "x.trig").read_text(encoding="utf-8")
    record = str(FHIR / "age-only.json")
    for name, begins in {"p.json": "{", "p.yaml": "#", "p.yml": "#"}.items():
        done = CliRunner().invoke(app, ["profile", "from-fhir", record, "-o", str(tmp_path / name)])
        assert done.exit_code == 0 and (tmp_path / name).read_text(encoding="utf-8").startswith(begins), name
        assert CliRunner().invoke(app, ["ask", str(tmp_path / name)]).exit_code == 0
    # What is said goes before the ending.
    done = CliRunner().invoke(app, ["trace", "bmj-2025/BMJ-R1", "-f", "table", "-o", str(tmp_path / "y.log")])
    assert done.exit_code == 0 and (tmp_path / "y.log").is_file()


@pytest.mark.parametrize("line", [["timeline", "example:age-only"], ["matrix"]], ids=" ".join)
def test_a_picture_is_no_other_form(tmp_path: Path, line: list[str]) -> None:
    done = CliRunner().invoke(app, [*line, "-f", "json", "-o", str(tmp_path / "x.svg")])
    assert done.exit_code == 2 and "is a picture, and no json" in done.stderr and not (tmp_path / "x.svg").exists()
    done = CliRunner().invoke(app, [*line, "-f", "html", "-o", str(tmp_path / "x.html")])
    assert done.exit_code == 0 and (tmp_path / "x.html").is_file()


def test_no_record_of_a_folder_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "cdm").mkdir()
    table = tmp_path / "cdm" / "person.csv"
    table.write_text("person_id\n1\n", encoding="utf-8")
    for option in ("-o", "--report"):
        done = CliRunner().invoke(
            app, ["profile", "from-omop", str(tmp_path / "cdm"), "--person", "1", option, str(table)]
        )
        assert done.exit_code == 2 and "would go where what is read is" in done.stderr
    assert table.read_text(encoding="utf-8") == "person_id\n1\n"
