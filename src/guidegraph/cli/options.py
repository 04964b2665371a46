"""The options that commands share, those that stand for one thing together, and what becomes of faults."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, TypeVar

import typer

from guidegraph.cli.common import (
    DONE,
    FAILED,
    FhirVersion,
    Format,
    ReportFormat,
    complain,
    fail,
    standard_input,
    working,
)
from guidegraph.days import written_day
from guidegraph.errors import GuideGraphError, NothingToCheckError, UsageError
from guidegraph.files import kept

if TYPE_CHECKING:
    from guidegraph.api import KnowledgeBase
    from guidegraph.assess.assessing import Asking
    from guidegraph.domains import Selection

R = TypeVar("R")
#: The parameters of commands that name what is written.
_WRITTEN = ("output", "save", "report")
#: Those that may name a folder of records.
_RECORDS = ("source",)


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


Full = Annotated[bool, typer.Option("--full", help="All of it; without it, the first screen: what one acts on.")]


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
Domains = Annotated[
    list[str] | None,
    typer.Option(
        "--domain",
        metavar="NAME|FOLDER",
        help="Load this domain in place of the first one (guidegraph domains), or the one in this folder; repeatable.",
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
    """The knowledge that a command is asked about, by its options ``--knowledge``, ``--domain`` and ``--extra``.

    A command that has a parameter of this class has these options (see :func:`guarded`). The knowledge is opened when
    the command calls it, so that wrong use is told before that takes its time.
    """

    folder: Path | None = None
    domains: Sequence[str] = ()
    extra: Sequence[Path] = ()

    @classmethod
    def given(cls, knowledge: Knowledge = None, domain: Domains = None, extra: Extra = None) -> Opener:
        """By the options of a command."""
        return cls(knowledge, domain or (), extra or ())

    @property
    def selected(self) -> Selection:
        """The folder and domains that the options name.

        Raises:
            UsageError, KnowledgeError: as :func:`guidegraph.domains.select`.
        """
        from guidegraph.domains import select

        return select(self.domains, self.folder)

    def beside(self, folder: Path, prune: bool = False) -> Opener:
        """What a sheet of a folder may use where no option says it: the first domain, what the folder needs and holds.

        Args:
            folder: the domain folder.
            prune: whether the sheet is all that its terms and documents are made of, which then count as not there.

        Raises:
            KnowledgeError: its ``domain.yaml`` is wrong.
        """
        from guidegraph.authoring.terms import TERMS
        from guidegraph.domains import FILE, first, read_domain

        if self.domains or not folder.is_dir():
            return self
        is_domain = (folder / FILE).is_file()
        domains = (first(self.folder).name, *read_domain(folder).needs) if is_domain else ()
        if is_domain and not prune:
            return replace(self, domains=(*domains, str(folder)))
        held = [path for path in sorted((folder / "ontology").glob("*.ttl")) if not prune or path != folder / TERMS]
        held += [] if prune else sorted((folder / "documents").glob("*.trig"))
        return replace(self, domains=domains, extra=(*self.extra, *held))

    def __call__(
        self, files: Sequence[Path] | None = None, endpoint: str | None = None, *, warned: bool = True
    ) -> KnowledgeBase:
        """The knowledge base of the options, of a user's own files alone, or of an endpoint.

        Args:
            files: a user's own files, opened alone.
            endpoint: where to take the knowledge from.
            warned: whether the warnings that domains take from others count; an audit is of a domain's own documents.

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
        if endpoint is not None and self.domains:
            raise UsageError("an endpoint has its own documents", where="--domain", mend="Leave out one of the two.")
        if endpoint is not None:
            with working("pulling the knowledge"):
                return api.open_endpoint(endpoint, extra=self.extra)
        if files:
            return api.open_files(files, domains=self.domains)
        return api.open_knowledge(self.folder, domains=self.domains, extra=self.extra, warned=warned)


#: What a command asks where no option names other knowledge.
SHIPPED = Opener()


@dataclass(frozen=True)
class Question:
    """What a command asks about a patient beside the profile, by its options ``--as-of`` to ``--only``.

    A command that has a parameter of this class has these options (see :func:`guarded`).
    """

    options: Asking

    @classmethod
    def given(
        cls,
        as_of: AsOf = None,
        jurisdiction: Jurisdiction = None,
        problem: Problem = None,
        standing: Standing = None,
        only: Only = None,
    ) -> Question:
        """By the options of a command.

        Raises:
            UsageError: the text of ``--as-of`` is no date.
        """
        return cls(
            {"as_of": day(as_of), "jurisdiction": jurisdiction, "problem": problem, "standing": standing, "only": only}
        )


#: What a command asks where no option says more than the profile.
TODAY = Question({})
#: Classes of parameters that stand for the options that they are given by.
_GROUPS: tuple[type[Opener] | type[Question], ...] = (Question, Opener)


def day(text: str | None, option: str = "--as-of") -> date | None:
    """The date that an option gives, None where none was given.

    Raises:
        UsageError: the text is no date.
    """
    if text is None:
        return None
    try:
        return written_day(text)
    except ValueError:
        raise UsageError(f"{text!r} is not a date", where=option, mend="Write it as 2026-01-31.") from None


def profile_source(source: str) -> str | BinaryIO:
    """What an argument names: standard input for ``-``, else a file or an example.

    Raises:
        UsageError: there is no standard input.
    """
    return standard_input() if source == "-" else source


def _is_file(named: str | Path) -> bool:
    try:
        return Path(named).is_file()
    except (OSError, ValueError):
        return False


def _apart(given: Mapping[str, Any]) -> None:
    """See that nothing that a command writes replaces a file that it is given to read, or one of a folder of records.

    Raises:
        UsageError: it would.
    """
    named = [path for name in _WRITTEN if isinstance(path := given.get(name), Path)]
    outputs = [path for path in named if _is_file(path)]
    for name, value in given.items() if outputs else ():
        several = value if isinstance(value, list | tuple) else [value]
        if name in _RECORDS and isinstance(value, Path) and value.is_dir():
            several = [*value.iterdir()]
        for one in several if name not in _WRITTEN else ():
            if isinstance(one, str | Path) and _is_file(one):
                for output in outputs:
                    kept(Path(one), output, "what is written", "what is read is")


def guarded(command: Callable[..., R]) -> Callable[..., R]:
    """A command whose faults are one line on standard error and exit code 2.

    A parameter of class :class:`Opener` or :class:`Question` becomes the options that the class is given by.
    """
    signature = inspect.signature(command, eval_str=True)
    groups = {name: p.annotation for name, p in signature.parameters.items() if p.annotation in _GROUPS}
    options = {name: inspect.signature(of.given, eval_str=True).parameters for name, of in groups.items()}

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> R:
        try:
            for name, of in groups.items():
                # A command that another calls is given the knowledge of that one.
                if name not in kwargs:
                    kwargs[name] = of.given(**{option: kwargs.pop(option, None) for option in options[name]})
            _apart(kwargs)
            return command(*args, **kwargs)
        except NothingToCheckError as error:
            complain(str(error))
            raise typer.Exit(FAILED) from None
        except GuideGraphError as error:
            fail(str(error))
        except OSError as error:
            if error.filename is not None:
                fail(f"{error.filename}: {error.strerror or error}. Look at the place, or name another.")
            # The reader has gone, or the disk is full: what is left goes nowhere, without a second complaint at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            if isinstance(error, BrokenPipeError):
                raise typer.Exit(DONE) from None
            fail(f"standard output: {error.strerror or error}. Look at the place, or send it elsewhere.")
        except KeyboardInterrupt:
            fail("interrupted")

    own = [p for name, p in signature.parameters.items() if name not in groups]
    for found in options.values():
        own += [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in found.values()]
    run.__signature__ = signature.replace(parameters=own)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in own}
    return run
