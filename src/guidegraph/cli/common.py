"""What all commands share: options, exit codes, errors as one line, output."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, NoReturn, TypeVar

import typer

from guidegraph.errors import GuideGraphError, NothingToCheckError, UsageError
from guidegraph.files import write_files

if TYPE_CHECKING:
    from guidegraph.api import KnowledgeBase

DONE, FAILED, WRONG_USE, INCOMPLETE = 0, 1, 2, 3

R = TypeVar("R")


class Format(StrEnum):
    """Forms of an answer."""

    table = "table"
    json = "json"
    markdown = "markdown"
    html = "html"
    fhir = "fhir"


class ReportFormat(StrEnum):
    """Forms of a report."""

    table = "table"
    json = "json"


class FhirVersion(StrEnum):
    """Releases of FHIR that are written."""

    R4 = "R4"
    R5 = "R5"


AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="DATE", help="Count what was in effect on this day (YYYY-MM-DD); default today."),
]
Problem = Annotated[
    str | None,
    typer.Option(
        "--problem", metavar="CONDITION", help="The problem that is asked about, where the profile names several."
    ),
]
Jurisdiction = Annotated[
    str | None,
    typer.Option(
        "--jurisdiction",
        metavar="CODE",
        help="Count only the labels of this country (such as GB, US, EU); default all, each named.",
    ),
]

Standing = Annotated[
    str | None,
    typer.Option(
        "--standing",
        metavar="STANDING",
        help='"guideline": count only what guidelines recommend themselves; warnings always count.',
    ),
]
Only = Annotated[
    str | None,
    typer.Option(
        "--only",
        metavar="WHICH",
        help='"approved": count only recommendations whose encoding a second person approved.',
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
ReportOption = Annotated[ReportFormat, typer.Option("--format", "-f", help="Form of the report.")]
FhirVersionOption = Annotated[
    FhirVersion,
    typer.Option("--fhir-version", case_sensitive=False, help="Release of FHIR to write (R4 serves R4B as well)."),
]
Knowledge = Annotated[
    Path | None,
    typer.Option(
        "--knowledge",
        metavar="FOLDER",
        parser=folder_path,
        help="A folder with ontology/ and graph/; default the shipped one.",
    ),
]
Extra = Annotated[
    list[Path] | None,
    typer.Option(
        "--extra", metavar="FILE", parser=file_path, help="Add this file of documents to the knowledge; repeatable."
    ),
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


@dataclass(frozen=True)
class Opener:
    """The knowledge that a command is asked about, by its options ``--knowledge`` and ``--extra``.

    A command that has a parameter of this class has these options (see :func:`guarded`). The knowledge is opened when
    the command calls it, so that wrong use is told before that takes its time.
    """

    folder: Path | None = None
    extra: tuple[Path, ...] = ()

    def __call__(self, files: Sequence[Path] | None = None, endpoint: str | None = None) -> KnowledgeBase:
        """The knowledge base of the options, of a user's own files alone, or of an endpoint.

        Raises:
            UsageError: more than one of them is named.
            KnowledgeError, EndpointError: it cannot be opened.
        """
        from guidegraph import api

        if sum((bool(files), endpoint is not None, self.folder is not None)) > 1:
            raise UsageError("files, --endpoint and --knowledge exclude each other", mend="Name one of them.")
        if files and self.extra:
            raise UsageError(
                "--extra adds to other knowledge, and files are opened alone",
                where=str(self.extra[0]),
                mend="Name it beside the other files, or leave these out.",
            )
        if endpoint is not None:
            with working("pulling the knowledge"):
                return api.open_endpoint(endpoint, extra=self.extra)
        return api.open_files(files) if files else api.open_knowledge(self.folder, extra=self.extra)


#: What a command asks where no option names other knowledge.
SHIPPED = Opener()


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
    return standard_input() if source == "-" else source


def standard_input() -> BinaryIO:
    """Standard input as bytes, for who decodes and bounds what is read.

    Raises:
        UsageError: it is closed.
    """
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


def chosen(name: str | None, everything: bool, what: str, output: Path | None = None, *, place: str = "") -> None:
    """See that one thing is named, or all are asked for, and for all a place where that is needed.

    Raises:
        UsageError: both or neither, or no place.
    """
    if everything == (name is not None):
        raise UsageError(f"name one {what}, or --all", mend="One of both says what is written.")
    if everything and place and output is None:
        raise UsageError(f"--all needs a {place}", where="--output", mend=f"Add -o {place.upper()}.")


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


def guarded(command: Callable[..., R]) -> Callable[..., R]:
    """A command whose faults are one line on standard error and exit code 2.

    Its parameter of class :class:`Opener`, where it has one, becomes the options ``--knowledge`` and ``--extra``.
    """
    signature = inspect.signature(command, eval_str=True)
    opener = next((name for name, p in signature.parameters.items() if p.annotation is Opener), None)

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> R:
        try:
            # A command that another calls is given the knowledge of that one.
            if opener is not None and opener not in kwargs:
                kwargs[opener] = Opener(kwargs.pop("knowledge", None), tuple(kwargs.pop("extra", None) or ()))
            return command(*args, **kwargs)
        except NothingToCheckError as error:
            complain(str(error))
            raise typer.Exit(FAILED) from None
        except GuideGraphError as error:
            fail(str(error))
        except OSError as error:
            if error.filename is not None:
                fail(f"{error.filename}: {error.strerror or error} Look at the place, or name another.")
            # The reader has gone, or the disk is full: what is left goes nowhere, without a second complaint at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            if isinstance(error, BrokenPipeError):
                raise typer.Exit(DONE) from None
            fail(f"standard output: {error.strerror or error} Look at the place, or name another with -o.")
        except KeyboardInterrupt:
            fail("interrupted")

    own = [p for name, p in signature.parameters.items() if name != opener]
    if opener is not None:
        options = (("knowledge", Knowledge), ("extra", Extra))
        own += [inspect.Parameter(n, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=o) for n, o in options]
    run.__signature__ = signature.replace(parameters=own)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in own}
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
