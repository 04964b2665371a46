"""The user's files: read up to a bound, and written whole or not at all."""

from __future__ import annotations

import errno
import os
import select
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, BinaryIO

from guidegraph.errors import GuideGraphError, UsageError

Fault = type[GuideGraphError]
#: How long a named pipe into which nobody writes is waited for (milliseconds).
_PATIENCE = 10_000
#: How text in UTF-16 or UTF-32 begins, where it says so.
UTF16_32 = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_NONBLOCKING = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)


def user_home() -> Path:
    """The user's home. One whom the system does not know by name, as a service may be, has the root for one."""
    try:
        return Path.home()
    except RuntimeError:
        return Path("/")


def read_bytes(
    source: Path | IO[Any], limit: int, fault: Fault = UsageError, *, where: str = "", mend: str = "Name a file."
) -> bytes:
    """What a file or an open stream holds.

    Args:
        source: a file, which may be a pipe or a character device, or a stream such as standard input.
        limit: the most bytes that are read, so that an endless source ends.
        fault: the class of error to raise.
        where: names the source in messages; a file's path if "".
        mend: what to do about a source that cannot be read.

    Raises:
        fault: it cannot be read, is a folder or block device, or holds more than ``limit`` bytes.
    """
    where = where or str(source)
    try:
        if isinstance(source, Path):
            with _opened(source) as file:
                content = file.read(limit + 1)
        else:
            # A stream of text is one of bytes to whoever opened it otherwise.
            content = source.read(limit + 1)
            content = content.encode() if isinstance(content, str) else content
    except (OSError, ValueError) as error:
        raise fault(f"cannot be read: {_reason(error)}", where=where, mend=mend) from None
    if len(content) > limit:
        raise fault(f"too large: more than {limit} bytes", where=where, mend=mend)
    return content


def read_text(
    source: Path | IO[Any], limit: int, fault: Fault = UsageError, *, where: str = "", mend: str = "Name a file."
) -> str:
    """The UTF-8 text of a file or stream, without its byte order mark; else as :func:`read_bytes`.

    Raises:
        fault: as :func:`read_bytes`, or the text is in another encoding, or is none.
    """
    content = read_bytes(source, limit, fault, where=where, mend=mend)
    return decoded(content, fault, where or str(source))


def decoded(content: bytes, fault: Fault, where: str) -> str:
    """UTF-8 text without its byte order mark.

    Raises:
        fault: it is in another encoding, or holds NUL, as no text does.
    """
    if content.startswith(UTF16_32):
        raise fault("not UTF-8 text but UTF-16 or UTF-32", where=where, mend="Save it in UTF-8.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise fault("not UTF-8 text", where=f"{where}:{line}", mend="Save it in UTF-8.") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise fault("not text: it holds NUL", where=f"{where}:{line}", mend="Name a text file in UTF-8.")
    return text


def _opened(path: Path) -> BinaryIO:
    kind = path.stat().st_mode
    if stat.S_ISDIR(kind):
        raise ValueError("it is a folder")
    if stat.S_ISBLK(kind):
        raise ValueError("it is a device")
    if not stat.S_ISFIFO(kind):
        return path.open("rb")
    # Opening a pipe waits for a writer, for ever if none comes.
    number = os.open(path, os.O_RDONLY | _NONBLOCKING)
    waiting = select.poll()
    waiting.register(number, select.POLLIN)
    if not waiting.poll(_PATIENCE):
        os.close(number)
        raise ValueError("nobody writes into this pipe")
    os.set_blocking(number, True)
    return os.fdopen(number, "rb")


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, UnicodeError):
        return "its name or text holds half a character"
    return getattr(error, "strerror", None) or str(error)


def write_files(contents: Mapping[Path, str | bytes], fault: Fault = UsageError) -> None:
    """Write files, all of them whole or none at all; a file that exists keeps its mode.

    Each is written beside its place first and then renamed. A symbolic link stays, and what it leads to is replaced;
    a pipe or a character device stays, and is written to.

    Raises:
        fault: a file cannot be written: its folder is not there, it is a folder, read-only or has several names (hard
            links), the disk is full, nobody reads the pipe ...; the message names it.
    """
    staged: dict[Path, Path] = {}
    streams: list[tuple[Path, int | Path, bytes]] = []
    try:
        for path, content in contents.items():
            with _telling(path, fault):
                written = content.encode() if isinstance(content, str) else content
                status = _status(path)
                stream = None if status is None else _stream(path, status)
                if stream is not None:
                    streams.append((path, stream, written))
                    continue
                place = _place(path)
                if place in staged.values():
                    raise ValueError("another output goes to the same file")
                part = place.with_name(f".guidegraph-{os.urandom(6).hex()}.part")
                staged[part] = place
                _write(part, written, status)
        for path, stream, written in streams:
            with _telling(path, fault):
                _write_through(stream, written)
        for part, place in list(staged.items()):
            with _telling(place, fault):
                part.replace(place)
                del staged[part]
    finally:
        for part in staged:
            with suppress(OSError):
                part.unlink()


def destination(path: Path, fault: Fault = UsageError) -> Path:
    """Where to write a file that is written beside its place first and then renamed: links are followed.

    Raises:
        fault: as :func:`write_files`; or it is a pipe or a device, which take no file.
    """
    with _telling(path, fault):
        status = _status(path)
        if status is not None and _stream(path, status) is not None:
            raise ValueError("it is a pipe, a device or an output of this command, which take no such file")
        return _place(path)


def kept(source: Path, output: Path, what: str = "the answer", where: str = "the patients are") -> None:
    """See that what is written does not replace what is read, nor stand among it.

    Raises:
        UsageError: it would.
    """
    place, read = destination(output), source.resolve()
    if place == read or (place.exists() and source.exists() and place.samefile(source)):
        raise UsageError(f"{what} would go where {where}", where=str(output), mend="Name another file.")
    if source.is_dir() and place.is_relative_to(read):
        raise UsageError(
            f"{what} would go among the records", where=str(output), mend="Name a file outside of their folder."
        )


def _place(path: Path) -> Path:
    place = Path(os.path.realpath(path))
    if not place.parent.is_dir():
        raise ValueError(f"there is no folder {str(place.parent)!r}")
    return place


@contextmanager
def _telling(path: Path, fault: Fault) -> Iterator[None]:
    """Turn what is wrong with a place to write to into an error that names it."""
    try:
        yield
    except (OSError, ValueError) as error:
        mend = "Name another place, in a folder that exists and is writable."
        raise fault(f"cannot write: {_reason(error)}", where=str(path), mend=mend) from None


def _status(path: Path) -> os.stat_result | None:
    """What is at a path, links followed; None if nothing is there yet."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    if not (status.st_mode & 0o222 and os.access(path, os.W_OK)):
        # Renaming would replace what is protected, which writing could not change.
        raise ValueError("it is read-only")
    return status


def _stream(path: Path, status: os.stat_result) -> int | Path | None:
    """What to write through: an output of this process by its number, a pipe or device by its path; None for a file."""
    if stat.S_ISDIR(status.st_mode):
        raise ValueError("it is a folder")
    if stat.S_ISFIFO(status.st_mode) or stat.S_ISCHR(status.st_mode):
        return path
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("it is no file")
    for number in (1, 2):
        # /dev/stdout leads to the file that the output was sent to, of which a new one would know nothing.
        with suppress(OSError):
            if os.path.samestat(os.fstat(number), status):
                return number
    if status.st_nlink > 1:
        raise ValueError(f"it has {status.st_nlink} names (hard links), of which one would get the new content")
    return None


def _write(part: Path, content: bytes, was: os.stat_result | None) -> None:
    number = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if was is None else 0o600)
    with os.fdopen(number, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(number)
    if was is not None:
        with suppress(OSError):
            os.chown(part, was.st_uid, was.st_gid)
        part.chmod(stat.S_IMODE(was.st_mode))


def _write_through(stream: int | Path, content: bytes) -> None:
    if isinstance(stream, int):
        sys.stdout.flush()
        with open(stream, "wb", closefd=False) as file:
            file.write(content)
        return
    try:
        number = os.open(stream, os.O_WRONLY | _NONBLOCKING)
    except OSError as error:
        raise ValueError("nobody reads from this pipe") if error.errno == errno.ENXIO else error from None
    os.set_blocking(number, True)
    with os.fdopen(number, "wb") as file:
        file.write(content)


def write_folder(
    folder: Path,
    contents: Mapping[str, str | bytes],
    fault: Fault = UsageError,
    *,
    ours: Callable[[str], bool] = lambda name: False,
) -> None:
    """Write a folder of files, whole or not at all: a reader finds what was there or all that is new.

    Args:
        folder: it is made, or replaced if it holds nothing but files that are ``ours``.
        contents: the files by their paths within the folder.
        fault: the class of error to raise.
        ours: whether a name in the folder is that of a file of an earlier export, which may go.

    Raises:
        fault: the folder holds other things, is a link, a file or below one, has no folder above it, or cannot be
            written.
    """
    import shutil  # few commands write a folder, and it imports four ways to pack one

    check_folder(folder, fault, ours)
    with _telling(folder, fault):
        folder = Path(os.path.realpath(folder))
        part, old = _beside(folder)
        status = _status(folder)
        try:
            for left in (part, old):
                shutil.rmtree(left, ignore_errors=True)
            part.mkdir()
            for name, content in contents.items():
                (part / name).parent.mkdir(parents=True, exist_ok=True)
                _write(part / name, content.encode() if isinstance(content, str) else content, None)
            if status is not None:
                part.chmod(stat.S_IMODE(status.st_mode))
                folder.replace(old)
            part.replace(folder)
        finally:
            if old.exists() and not folder.exists():
                old.replace(folder)
            shutil.rmtree(part, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def _beside(folder: Path) -> list[Path]:
    """Where the new folder is made, and where the old one waits until it is replaced."""
    return [folder.with_name(f".{folder.name}.guidegraph-{end}") for end in ("part", "old")]


def check_folder(folder: Path, fault: Fault = UsageError, ours: Callable[[str], bool] = lambda name: False) -> None:
    """Check that :func:`write_folder` may write a folder, before what goes into it is made.

    Raises:
        fault: as :func:`write_folder`.
    """
    with _telling(folder, fault):
        link, folder = folder.is_symlink(), Path(os.path.realpath(folder))
        old = _beside(folder)[1]
        if old.exists() and not folder.exists():
            # An earlier run was killed between its two renames.
            old.replace(folder)
        status = _status(folder)
        if link or (status is not None and not stat.S_ISDIR(status.st_mode)):
            raise ValueError("it is a link or a file, not a folder")
        if not folder.parent.is_dir():
            raise ValueError(f"there is no folder {str(folder.parent)!r}")
        strange = sorted(p.name for p in folder.iterdir() if not ours(p.name)) if status is not None else []
        if strange:
            raise ValueError(f"it holds something else already, such as {strange[0]!r}")
