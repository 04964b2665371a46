"""What all commands share: exit codes, errors as one line, forms, output."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn, TypeVar

import typer

from guidegraph.errors import UsageError
from guidegraph.files import write_files

if TYPE_CHECKING:
    pass

F = TypeVar("F")
DONE, FAILED, WRONG_USE, INCOMPLETE = 0, 1, 2, 3


def standard_input() -> BinaryIO:
    """Standard input as bytes, for who decodes and bounds what is read.

    Raises:
        UsageError: it is closed.
    """
    if sys.stdin is None:
        raise UsageError("standard input is closed", where="-", mend="Name a file.")
    return sys.stdin.buffer


class Format(StrEnum):
    """Forms of an answer."""

    table = "table"
    json = "json"
    markdown = "markdown"
    html = "html"
    fhir = "fhir"


class Reader(StrEnum):
    """For whom an answer is told."""

    professional = "professional"
    plain = "plain"


class ReportFormat(StrEnum):
    """Forms of a report."""

    table = "table"
    json = "json"


class FhirVersion(StrEnum):
    """Releases of FHIR that are written."""

    R4 = "R4"
    R5 = "R5"


def view(form: Format, views: dict[Format, Callable[[Any], str]]) -> Callable[[Any], str]:
    """The view of a form.

    Raises:
        UsageError: the command has no such form.
    """
    if form not in views:
        known = ", ".join(f.value for f in views)
        raise UsageError(f"this command has no {form.value} form", where="--format", mend=f"Use one of: {known}.")
    return views[form]


def chosen(name: str | None, everything: bool, what: str, output: Path | None = None, *, place: str = "") -> None:
    """See that one thing is named, or all are asked for, and for all a place where that is needed.

    Raises:
        UsageError: both or neither, or no place.
    """
    if everything == (name is not None):
        raise UsageError(f"name one {what}, or --all", mend="One of both says what is written.")
    if everything and place and output is None:
        raise UsageError(f"--all needs a {place}", where="--output", mend=f"Add -o {place.upper()}.")


def by_ending(form: F | None, output: Path | None, endings: Mapping[str, F], default: F) -> F:
    """The form that an option says, else the one that the ending of a file says, else the default.

    Args:
        form: that of the option, None where it was not given.
        output: the file, None for standard output.
        endings: forms by their endings.
        default: the form of a file without an ending.

    Raises:
        UsageError: the ending is that of no form, so that a file would hold what its name does not say.
    """
    if form is not None:
        return form
    ending = output.suffix.lower() if output is not None else ""
    if ending and ending not in endings:
        mend = f"End it in {', '.join(endings)}, or say --format."
        raise UsageError(f"no form here ends in {ending!r}", where=str(output), mend=mend)
    return endings[ending] if ending else default


def picture(
    output: Path | None, pictures: dict[str, Callable[[Any], str]], form: Format
) -> Callable[[Any], str] | None:
    """The picture that a file's ending asks for, None where no file was named.

    Raises:
        UsageError: the command draws no such picture, or another form is asked for beside it.
    """
    if output is None:
        return None
    if form is not Format.table and output.suffix.lower() != f".{form.value}":
        mend = "Leave out --format, or --output and send it into a file."
        raise UsageError(f"{output} is a picture, and no {form.value}", where="--format", mend=mend)
    if output.suffix.lower() not in pictures:
        raise UsageError(
            f"no picture of kind {output.suffix or 'without ending'!r}",
            where=str(output),
            mend=f"End it in {' or '.join(pictures)}.",
        )
    return pictures[output.suffix.lower()]


def fail(message: str) -> NoReturn:
    """Print an error and leave with exit code 2."""
    complain(message)
    raise typer.Exit(WRONG_USE)


def complain(message: str) -> None:
    """Print an error as one line on standard error."""
    typer.echo(f"error: {one_line(message)}", err=True)


def one_line(message: str) -> str:
    """A message without line breaks or control characters, which a hostile file could have put there."""
    return "".join(c if c.isprintable() else " " for c in " ".join(message.split()))


def terminal() -> bool:
    """Whether somebody watches standard error."""
    return sys.stderr.isatty()


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show on a terminal that something takes a while; say nothing in a pipe."""
    if not terminal():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(what):
        yield


def write(text: str, output: Path | None = None) -> None:
    """Write an answer to standard output, or whole to a file, never half of it.

    Raises:
        UsageError: the file cannot be written, or standard output is closed.
    """
    if output is not None:
        write_files({output: text})
        return
    if sys.stdout is None:
        raise UsageError("standard output is closed", mend="Send it somewhere, or name a file.")
    sys.stdout.write(text if text.endswith("\n") else text + "\n")
    sys.stdout.flush()


def write_report(form: ReportFormat, data: Any, text: Callable[[Any], str]) -> None:
    """Write a report to standard output, as JSON or as the text that a view makes of it."""
    from guidegraph.render import to_json

    write(to_json(data) if form is ReportFormat.json else text(data))
