"""Files of the user: read up to a bound, written whole or not at all."""

from __future__ import annotations

import io
import os
import re
import resource
import socket
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from guidegraph import files
from guidegraph.errors import LinkError, UsageError
from guidegraph.files import read_bytes, read_text, write_files, write_folder


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))


def _hard(path: Path) -> None:
    path.write_text("old")
    os.link(path, path.with_name("other name"))


def _read_only(path: Path) -> None:
    path.write_text("old")
    path.chmod(0o444)


def _circle(path: Path) -> None:
    path.symlink_to(path.name)


def _link_into_nowhere(path: Path) -> None:
    path.symlink_to("nowhere/file")


#: How a place is prepared that cannot be written to, and what is said of it.
WRONG: dict[str, tuple[Callable[[Path], object], str]] = {
    "a folder": (Path.mkdir, "it is a folder"),
    "a pipe that nobody reads": (os.mkfifo, "nobody reads from this pipe"),
    "a socket": (_socket, "it is no file"),
    "a file with two names": (_hard, "2 names"),
    "a read-only file": (_read_only, "read-only"),
    "links in a circle": (_circle, "symbolic links"),
    "a link into nowhere": (_link_into_nowhere, "no folder"),
}


def _contents(folder: Path) -> dict[str, object]:
    return {p.name: p.read_bytes() if p.is_file() else stat.S_IFMT(p.lstat().st_mode) for p in folder.iterdir()}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_written_is_told_and_left_as_it_is(tmp_path: Path, name: str) -> None:
    prepare, told = WRONG[name]
    place = tmp_path / "place"
    prepare(place)
    before = _contents(tmp_path)
    with pytest.raises(UsageError, match=told) as caught:
        write_files({tmp_path / "first": "new", place: "new"})
    assert caught.value.where == str(place) and caught.value.mend
    assert _contents(tmp_path) == before


@pytest.mark.parametrize("place", ["no/such/file", "file/below", "", ".", "..", "/", "x" * 300, "nul\0", "half\ud800"])
def test_a_place_that_cannot_be_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("old")
    with pytest.raises(LinkError, match="cannot write"):
        write_files({Path(place): "new"}, LinkError)
    assert _contents(tmp_path) == {"file": b"old"}


def test_two_outputs_cannot_go_to_one_file(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "file")
    with pytest.raises(UsageError, match="same file"):
        write_files({tmp_path / "file": "one", tmp_path / "link": "two"})
    assert not (tmp_path / "file").exists()


@contextmanager
def _small_disk(size: int) -> Iterator[None]:
    """Let no file grow past a size, as a disk that is full does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_leaves_everything_as_it_was(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.write_text("old")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "ours.json").write_text("old")
    with _small_disk(1000):
        with pytest.raises(UsageError, match="too large"):
            write_files({kept: "new", tmp_path / "large": "x" * 2000})
        with pytest.raises(UsageError, match="too large"):
            write_folder(folder, {"a": "new", "b": "x" * 2000}, ours=lambda name: True)
    assert kept.read_text() == "old" and _contents(folder) == {"ours.json": b"old"}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder", "kept"]
    with pytest.raises(UsageError, match="No space"):
        write_files({kept: "new", Path("/dev/full"): "new"})
    assert kept.read_text() == "old"


def test_a_file_keeps_its_mode_and_a_new_one_takes_that_of_the_user(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("old")
    old.chmod(0o640)
    before = os.umask(0o027)
    try:
        write_files({old: "one", new: b"two"})
    finally:
        os.umask(before)
    assert (old.read_text(), new.read_text()) == ("one", "two")
    assert [stat.S_IMODE(p.stat().st_mode) for p in (old, new)] == [0o640, 0o640]


def test_links_pipes_and_devices_are_written_through(tmp_path: Path) -> None:
    link, pipe, file = tmp_path / "link", tmp_path / "pipe", tmp_path / "file"
    file.write_text("old")
    link.symlink_to("file")
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    number = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    reader.start()
    write_files({link: "new", pipe: "through", Path("/dev/null"): "away"})
    os.close(number)
    reader.join()
    assert link.is_symlink() and file.read_text() == "new" and read == [b"through"]
    assert stat.S_ISFIFO(pipe.stat().st_mode) and stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_a_folder_survives_a_killed_run_and_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, ours = tmp_path / "out", re.compile("[a-z]+.json").fullmatch
    write_folder(folder, {"one.json": "1", "sub/two.json": b"2"})
    assert (folder / "sub/two.json").read_text() == "2"
    with pytest.raises(UsageError, match=r"such as 'one\.json'"):
        write_folder(folder, {"one.json": "3"})
    (folder / "sub/two.json").unlink()
    (folder / "sub").rmdir()
    folder.replace(tmp_path / ".out.guidegraph-old")
    (tmp_path / ".out.guidegraph-part").mkdir()
    write_folder(folder, {"two.json": "2"}, ours=lambda name: bool(ours(name)))
    assert [p.name for p in folder.iterdir()] == ["two.json"] and list(tmp_path.iterdir()) == [folder]
    renamed = Path.replace

    def fail(self: Path, target: Path) -> Path:
        if self.name.endswith("-part"):
            raise OSError(28, "No space left on device")
        return renamed(self, target)

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(UsageError, match="No space"):
        write_folder(folder, {"one.json": "1"}, ours=lambda name: bool(ours(name)))
    assert [p.name for p in folder.iterdir()] == ["two.json"] and list(tmp_path.iterdir()) == [folder]
    # A run that was killed between its renames left the old folder, which the next may not lose.
    renamed(folder, tmp_path / ".out.guidegraph-old")
    with pytest.raises(UsageError, match="No space"):
        write_folder(folder, {"one.json": "1"}, ours=lambda name: bool(ours(name)))
    assert [p.name for p in folder.iterdir()] == ["two.json"] and list(tmp_path.iterdir()) == [folder]
    monkeypatch.undo()
    monkeypatch.chdir(folder)
    write_folder(Path(), {"one.json": "1"}, ours=lambda name: bool(ours(name)))
    assert [p.name for p in folder.iterdir()] == ["one.json"]
    (tmp_path / "link").symlink_to(folder)
    wrong = [tmp_path / "link", folder / "one.json", folder / "one.json/below", Path("/"), tmp_path / "no/such"]
    for place in wrong:
        with pytest.raises(UsageError, match="cannot write"):
            write_folder(place, {"two.json": "2"}, ours=lambda name: True)
    folder.chmod(0o555)
    with pytest.raises(UsageError, match="read-only"):
        write_folder(folder, {"two.json": "2"}, ours=lambda name: True)
    folder.chmod(0o755)
    assert [p.name for p in folder.iterdir()] == ["one.json"] and len(list(tmp_path.iterdir())) == 2


#: What no text is, and what is said of it.
NO_TEXT = {
    "Latin-1": ("a: ä\nb: ü".encode("latin-1"), "p:1: not UTF-8"),
    "Latin-1 in line 2": ("a: b\nb: ü".encode("latin-1"), "p:2: not UTF-8"),
    "UTF-16": ("age: 4".encode("utf-16"), "UTF-16"),
    "UTF-16, big end first": (b"\xfe\xff" + "age: 4".encode("utf-16-be"), "UTF-16"),
    "UTF-32": ("age: 4".encode("utf-32"), "UTF-32"),
    "NUL": (b"age: 4\nid: \0", "p:2: .*NUL"),
    "half a character": (b"\xed\xa0\x80", "not UTF-8"),
    "endless": (b"y\n" * 501, "too large"),
}


@pytest.mark.parametrize("name", NO_TEXT)
def test_what_is_no_text_is_told_with_its_line(name: str) -> None:
    content, told = NO_TEXT[name]
    with pytest.raises(UsageError, match=told):
        read_text(io.BytesIO(content), 1000, where="p")


def test_a_byte_order_mark_is_no_part_of_a_text(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\xef\xbb\xbfage: 4")
    assert read_text(tmp_path / "x", 1000) == "age: 4"


def test_no_source_is_waited_for_or_read_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_PATIENCE", 0)
    os.mkfifo(tmp_path / "idle")
    os.mkfifo(tmp_path / "busy")
    _socket(tmp_path / "socket")
    number = os.open(tmp_path / "busy", os.O_RDWR)
    os.write(number, b"some text")
    for place, told in (
        (tmp_path / "idle", "nobody writes"),
        (tmp_path / "socket", "No such device"),
        (tmp_path, "it is a folder"),
        (tmp_path / "none", "No such file"),
        (Path("/dev/zero"), "too large"),
        (tmp_path / "busy", "too large"),
        (Path("nul\0"), "null"),
    ):
        with pytest.raises(UsageError, match=told):
            read_bytes(place, 5)
    os.close(number)
