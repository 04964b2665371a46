"""What all commands share: options, exit codes, errors as one line, output."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, BinaryIO, NoReturn, ParamSpec, TypeVar

import typer

from guidegraph.errors import GuideGraphError, UsageError
from guidegraph.files import write_files

DONE, FAILED, WRONG_USE, INCOMPLETE = 0, 1, 2, 3

P = ParamSpec("P")
R = TypeVar("R")


class Format(StrEnum):
    """Forms of an answer."""

    table = "table"
    json = "json"
    markdown = "markdown"
    html = "html"
    fhir = "fhir"


class FhirVersion(StrEnum):
    """Releases of FHIR that are written."""

    R4 = "R4"
    R5 = "R5"


AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="DATE", help="Count what was in effect on this day (YYYY-MM-DD); default today."),
]
Jurisdiction = Annotated[
    str | None,
    typer.Option(
        "--jurisdiction",
        metavar="CODE",
        help="Count only the labels of this country (such as GB, US, EU); default all, each named.",
    ),
]


def folder_path(text: str) -> Path:
    """A folder that an option names; an empty name would be the current folder."""
    if not text.strip():
        raise typer.BadParameter("the name is empty. Name a place, or leave it out.")
    return Path(text)


def file_path(text: str) -> Path:
    """A file that an option names."""
    if text.endswith("/"):
        raise typer.BadParameter(f"{text!r} names a folder. Name a file.")
    return folder_path(text)


Output = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="FILE", parser=file_path, help="The file to write; standard output if left out."
    ),
]
PictureOutput = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        parser=file_path,
        help="Write a picture (.svg) or page (.html) to this file.",
    ),
]
FormatOption = Annotated[Format, typer.Option("--format", "-f", help="Form of the output.")]
FhirVersionOption = Annotated[
    FhirVersion,
    typer.Option("--fhir-version", case_sensitive=False, help="Release of FHIR to write (R4 serves R4B as well)."),
]
Knowledge = Annotated[
    Path | None,
    typer.Option("--knowledge", metavar="FOLDER", help="A folder with ontology/ and graph/; default the shipped one."),
]
EndpointOption = Annotated[
    str | None,
    typer.Option(
        "--endpoint",
        metavar="URL",
        help="Take the knowledge from this SPARQL 1.1 endpoint; the patient's facts stay on this machine.",
    ),
]
ProfileArgument = Annotated[
    str,
    typer.Argument(
        metavar="PROFILE",
        help="A file (YAML, JSON, JSON-LD, Turtle), - for standard input, or example:NAME (guidegraph profile list).",
    ),
]


def day(text: str | None, option: str = "--as-of") -> date | None:
    """The date that an option gives, None where none was given.

    Raises:
        UsageError: the text is no date.
    """
    if text is None:
        return None
    try:
        if len(text) != len("2026-01-31"):
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is not a date", where=option, mend="Write it as 2026-01-31.") from None


def profile_source(source: str) -> str | BinaryIO:
    """What an argument names: standard input for ``-``, else a file or an example.

    Raises:
        UsageError: there is no standard input.
    """
    if source != "-":
        return source
    if sys.stdin is None:
        raise UsageError("standard input is closed", where="-", mend="Name a file.")
    return sys.stdin.buffer


def view(form: Format, views: dict[Format, Callable[[Any], str]]) -> Callable[[Any], str]:
    """The view of a form.

    Raises:
        UsageError: the command has no such form.
    """
    if form not in views:
        known = ", ".join(f.value for f in views)
        raise UsageError(f"this command has no {form.value} form", where="--format", mend=f"Use one of: {known}.")
    return views[form]


def picture(output: Path | None, pictures: dict[str, Callable[[Any], str]]) -> Callable[[Any], str] | None:
    """The picture that a file's ending asks for, None where no file was named.

    Raises:
        UsageError: the command draws no such picture.
    """
    if output is None:
        return None
    if output.suffix.lower() not in pictures:
        raise UsageError(
            f"no picture of kind {output.suffix or 'without ending'!r}",
            where=str(output),
            mend=f"End it in {' or '.join(pictures)}.",
        )
    return pictures[output.suffix.lower()]


def guarded(command: Callable[P, R]) -> Callable[P, R]:
    """Turn every fault that we raise on purpose into one line on standard error and exit code 2."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except GuideGraphError as error:
            fail(str(error))
        except OSError as error:
            # The reader has gone, or the disk is full: what is left goes nowhere, without a second complaint at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            if isinstance(error, BrokenPipeError):
                raise typer.Exit(DONE) from None
            where = error.filename or "standard output"
            fail(f"{where}: {error.strerror or error} Look at the place, or name another with -o.")
        except KeyboardInterrupt:
            fail("interrupted")

    return run


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
        UsageError: the file cannot be written.
    """
    if output is not None:
        write_files({output: text})
        return
    sys.stdout.write(text if text.endswith("\n") else text + "\n")
    sys.stdout.flush()
