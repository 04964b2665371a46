"""Commands that review the encoding of documents and statements."""

from __future__ import annotations

from typing import Annotated

import typer

from guidegraph.cli.common import ReportFormat, write, write_report
from guidegraph.cli.options import SHIPPED, Opener, ReportOption, day, guarded
from guidegraph.errors import UsageError

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Review how documents and statements were written down: submit, start, approve, reject, list.",
)

_SUBJECT = "A document or a statement, by id (bmj-2025, bmj-2025/BMJ-R1), CURIE or IRI."
Subject = Annotated[str, typer.Argument(metavar="DOCUMENT|STATEMENT", help=_SUBJECT)]
By = Annotated[
    str, typer.Option("--by", metavar="WHO", help="Who: an ORCID iD, a name, or both: 'Name (0000-0002-1825-0097)'.")
]
Note = Annotated[str, typer.Option("--note", metavar="TEXT", help="Why, or what to look at.")]
At = Annotated[
    str | None,
    typer.Option("--at", "--as-of", metavar="DATE", help="The day on which it was done (YYYY-MM-DD); default today."),
]


@app.command("list")
@guarded
def listed(
    subject: Annotated[str | None, typer.Argument(metavar="DOCUMENT|STATEMENT", help=f"Only this. {_SUBJECT}")] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", "--at", metavar="DATE", help="As it stood on this day; default today.")
    ] = None,
    form: ReportOption = ReportFormat.table,
    opened: Opener = SHIPPED,
) -> None:
    """Where the reviews stand, what waits first; what does not count, and why.

    Example: guidegraph review list bmj-2025
    """
    from guidegraph.authoring.reviewing import reviews
    from guidegraph.render.reviews import reviews_text

    write_report(form, reviews(opened(warned=False).knowledge, subject, day(as_of)), reviews_text)


def _step(opened: Opener, subject: str, state: str, by: str, note: str, at: str | None, form: ReportFormat) -> None:
    from guidegraph.authoring.reviewing import review
    from guidegraph.render import to_json
    from guidegraph.render.reviews import review_lines

    if opened.extra:
        raise UsageError("a review is kept beside the knowledge, and --extra adds to it only for once", where="--extra")
    when = day(at, "--at")
    knowledge = opened(warned=False).knowledge
    path, row = review(knowledge, subject, state, by=by, note=note, at=when)
    write(to_json(row) if form is ReportFormat.json else "\n".join([*review_lines(row), f"wrote {path}"]) + "\n")


@app.command()
@guarded
def submit(
    subject: Subject,
    by: By,
    note: Note = "",
    at: At = None,
    form: ReportOption = ReportFormat.table,
    opened: Opener = SHIPPED,
) -> None:
    """Submit a document or statement for review; what was rejected or has lapsed may be submitted again.

    Example: guidegraph review submit bmj-2025 --by "Ada Example"
    """
    _step(opened, subject, "submitted", by, note, at, form)


@app.command()
@guarded
def start(
    subject: Subject,
    by: By,
    note: Note = "",
    at: At = None,
    form: ReportOption = ReportFormat.table,
    opened: Opener = SHIPPED,
) -> None:
    """Take up the review of what was submitted.

    Example: guidegraph review start bmj-2025 --by 0000-0002-1825-0097
    """
    _step(opened, subject, "under review", by, note, at, form)


@app.command()
@guarded
def approve(
    subject: Subject,
    by: By,
    note: Note = "",
    at: At = None,
    form: ReportOption = ReportFormat.table,
    opened: Opener = SHIPPED,
) -> None:
    """Approve what is under review, as it stands now; nobody approves what they encoded.

    Example: guidegraph review approve bmj-2025 --by 0000-0002-1825-0097 --note "read against the source"
    """
    _step(opened, subject, "approved", by, note, at, form)


@app.command()
@guarded
def reject(
    subject: Subject,
    by: By,
    note: Note = "",
    at: At = None,
    form: ReportOption = ReportFormat.table,
    opened: Opener = SHIPPED,
) -> None:
    """Reject what is under review, or take an approval back; say why with --note.

    Example: guidegraph review reject bmj-2025 --by 0000-0002-1825-0097 --note "the third item says another dose"
    """
    _step(opened, subject, "rejected", by, note, at, form)
