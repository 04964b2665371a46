"""Commands that ask what is wrong with the provenance of recommendations."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from guidegraph.cli.common import FAILED, INCOMPLETE, by_ending, complain, working, write
from guidegraph.cli.options import SHIPPED, AsOf, Full, Opener, Output, day, file_path, guarded

if TYPE_CHECKING:
    from guidegraph.audit.auditing import AuditReport


class AuditFormat(StrEnum):
    """Forms of an audit."""

    table = "table"
    json = "json"
    markdown = "markdown"
    html = "html"
    sarif = "sarif"
    junit = "junit"
    turtle = "turtle"
    baseline = "baseline"


_ENDINGS = {
    ".txt": AuditFormat.table,
    ".json": AuditFormat.json,
    ".md": AuditFormat.markdown,
    ".html": AuditFormat.html,
    ".sarif": AuditFormat.sarif,
    ".xml": AuditFormat.junit,
    ".ttl": AuditFormat.turtle,
    ".yaml": AuditFormat.baseline,
}
#: Without --severity everything is told, and notes, which say that nothing is wrong, do not fail the audit.
_GATE = "warning"


@guarded
def audit(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FILE]...",
            help="Your own TriG or Turtle files, audited alone; the shipped graph if none is named.",
        ),
    ] = None,
    endpoint: Annotated[
        str | None, typer.Option("--endpoint", metavar="URL", help="Audit the documents of this SPARQL 1.1 endpoint.")
    ] = None,
    document: Annotated[
        str | None,
        typer.Option(
            "--document", "-d", metavar="DOC", help="Only this document, with what primaries say of each of its claims."
        ),
    ] = None,
    severity: Annotated[
        str | None,
        typer.Option(
            "--severity", "-s", metavar="S", help="Tell and fail on error, warning or note, and what is graver."
        ),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option("--baseline", metavar="FILE", parser=file_path, help="Accepted findings, each with its reason."),
    ] = None,
    text: Annotated[
        list[Path] | None,
        typer.Option("--text", metavar="FILE", help="A document's text, to compare its digests with; repeatable."),
    ] = None,
    older_than: Annotated[
        int | None, typer.Option("--older-than", metavar="YEARS", help="Report documents issued longer ago.")
    ] = None,
    full: Full = False,
    as_of: AsOf = None,
    opened: Opener = SHIPPED,
    output: Output = None,
    form: Annotated[
        AuditFormat | None,
        typer.Option("--format", "-f", help="Form of the report; by the ending of its file, else table."),
    ] = None,
) -> None:
    """Audit recommendations for provenance; exit code 1 on a finding, 3 if a check could not be run.

    Without --severity an error or a warning fails the audit, a note does not.

    Example: guidegraph audit my-document.trig --severity warning
    """
    wanted, shape = day(as_of), by_ending(form, output, _ENDINGS, AuditFormat.table)
    with working("auditing"):
        kb = opened(files, endpoint, warned=False)
        report = kb.audit(
            document=document,
            severity=severity or "note",
            as_of=wanted,
            maximum_age=older_than,
            baseline=baseline,
            texts=text or (),
        )
    write(_text(report, shape, files or [], full), output)
    if not report.audit.complete:
        for kind, reason in report.audit.not_run:
            complain(f"could not run {kind}: {reason}")
        raise typer.Exit(INCOMPLETE)
    if report.fails(severity or _GATE):
        raise typer.Exit(FAILED)


def _text(report: AuditReport, form: AuditFormat, files: list[Path], full: bool) -> str:
    from guidegraph.render import audit, audit_screen, audit_screen_markdown, audithtml, to_json

    data = dict(report.data)
    if form is AuditFormat.sarif:
        # A result of one file is shown beside that file by the platforms that read SARIF.
        return audit.audit_sarif(data, files[0].as_posix() if len(files) == 1 else "")
    if form is AuditFormat.baseline:
        return report.baseline()
    views = {
        AuditFormat.table: audit.audit_text if full else audit_screen,
        AuditFormat.json: to_json,
        AuditFormat.markdown: audit.audit_markdown if full else audit_screen_markdown,
        AuditFormat.html: audithtml.audit_html,
        AuditFormat.junit: audit.audit_junit,
        AuditFormat.turtle: audit.audit_turtle,
    }
    return views[form](data)


class TraceFormat(StrEnum):
    """Forms of a trace."""

    table = "table"
    json = "json"
    turtle = "turtle"
    svg = "svg"


_CHAINS = {".txt": TraceFormat.table, ".json": TraceFormat.json, ".ttl": TraceFormat.turtle, ".svg": TraceFormat.svg}


@guarded
def trace(
    target: Annotated[
        str,
        typer.Argument(
            metavar="NODE|THERAPY",
            help="A statement or document (IRI, CURIE or id), or a therapy (label, synonym, CURIE).",
        ),
    ],
    files: Annotated[
        list[Path] | None, typer.Option("--file", metavar="FILE", help="Your own files in place of the shipped graph.")
    ] = None,
    opened: Opener = SHIPPED,
    output: Output = None,
    form: Annotated[
        TraceFormat | None,
        typer.Option("--format", "-f", help="Form of the chain; by the ending of its file, else table."),
    ] = None,
) -> None:
    """Trace a statement to its passage, document, citations, primary and evidence, with every break shown.

    Example: guidegraph trace bmj-2025/BMJ-R1
    """
    from guidegraph.render import to_json
    from guidegraph.render.trace import trace_svg, trace_text

    wanted = by_ending(form, output, _CHAINS, TraceFormat.table)
    found = opened(files).trace(target)
    views = {TraceFormat.table: trace_text, TraceFormat.json: to_json, TraceFormat.svg: trace_svg}
    text = found.turtle() if wanted is TraceFormat.turtle else views[wanted](dict(found.data))
    write(text, output)
