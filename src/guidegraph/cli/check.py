"""Commands that check knowledge and documents."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from guidegraph.cli.common import FAILED, ReportFormat, working, write, write_report
from guidegraph.cli.options import SHIPPED, Domains, Opener, ReportOption, folder_path, guarded

if TYPE_CHECKING:
    from guidegraph.knowledge.opened import Knowledge


def _report(form: ReportFormat, data: dict[str, Any], text: Callable[[Any], str], passed: bool) -> None:
    write_report(form, data, text)
    if not passed:
        raise typer.Exit(FAILED)


@guarded
def validate(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Turtle, TriG, N-Triples, N-Quads or JSON-LD files.")
    ],
    form: ReportOption = ReportFormat.table,
    shapes: Annotated[
        list[Path] | None,
        typer.Option("--shapes", metavar="FILE", help="Shapes of your own, in place of the shipped ones."),
    ] = None,
    knowledge: Annotated[
        Path | None,
        typer.Option(
            "--knowledge",
            metavar="FOLDER",
            parser=folder_path,
            help="Look at the files beside this ontology/ and graph/; default beside the shipped ontology.",
        ),
    ] = None,
    domain: Domains = None,
) -> None:
    """Validate files together against the shapes; exit code 1 if one does not conform.

    Example: guidegraph validate my-document.trig
    """
    from guidegraph.render.reports import validation_text
    from guidegraph.validate import validate_files

    with working(f"validating {len(files)} files"):
        report = validate_files(files, shapes=shapes or None, knowledge=knowledge, domains=domain or ())
    _report(form, report.to_dict(), validation_text, report.conforms)


@guarded
def check(
    sheets: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[SHEET...]", help="Sheets, or domain folders with some, in place of the knowledge."),
    ] = None,
    opened: Opener = SHIPPED,
    reasoner: Annotated[
        bool, typer.Option("--reasoner/--no-reasoner", help="Ask HermiT as well (needs some seconds).")
    ] = True,
    form: ReportOption = ReportFormat.table,
    watch: Annotated[
        bool, typer.Option("--watch", help="Check the sheets again whenever they are saved, until Ctrl-C.")
    ] = False,
    encoder: Annotated[
        str, typer.Option("--encoder", metavar="NAME", help="Who wrote the sheets down where no cell says so.")
    ] = "",
) -> None:
    """Check the knowledge base: shapes, checks across documents, the sweep, HermiT; exit code 1 on an error.

    Where sheets are named, or watched, what is wrong in them is told by cell, and nothing is written.

    What contradicts itself inside a source is reported as a note, since it is the source's own. An order of two terms
    that two linked hierarchies have and ours lacks is an error, unless the sweep says why.

    Example: guidegraph check
    """
    if sheets or watch:
        _check_sheets(sheets or opened.selected.folders, opened, encoder, form, watch=watch)
        return
    from guidegraph.domains import first
    from guidegraph.render.reports import check_text
    from guidegraph.store import knowledge_files
    from guidegraph.terminologies.conflicts import agreements
    from guidegraph.terminologies.linker import Linker
    from guidegraph.validate.check import check_knowledge
    from guidegraph.validate.sweep import TABLE, agreed, read_decisions, swept_folder

    with working("checking shapes, documents and, by HermiT, every class"):
        selected = opened.selected
        ontology, documents = knowledge_files(selected.base, selected.folders)
        report = check_knowledge(ontology=ontology, documents=[*documents, *opened.extra], reasoner=reasoner)
        if first(opened.folder).folder not in selected.folders:
            # The documents that the shared terms were made for are not there.
            report = report.without_warnings_on(knowledge_files(selected.base, [])[0])
        swept = swept_folder(ontology)
        if swept:
            found, _ = Linker(opened.folder, opened.domains).conflicts()
            report = report.with_defects(agreed(read_decisions(swept / TABLE), agreements(found)))
    _report(form, report.to_dict(), check_text, report.passed)


def _check_sheets(places: Iterable[Path], opened: Opener, encoder: str, form: ReportFormat, *, watch: bool) -> None:
    from threading import Event

    from guidegraph.authoring import watching

    sheets = [sheet for place in places for sheet in watching.sheets_in(place)]

    @cache
    def knowledge(folder: Path | None) -> Knowledge:
        with working("opening the knowledge"):
            return (opened.beside(folder) if folder else opened)().knowledge

    def watched(sheet: Path) -> watching.Watched:
        above = sheet.resolve().parent
        folder = above.parent if above.name == watching.SHEETS else None
        return watching.Watched(sheet, knowledge(folder), folder, encoder)

    held = {sheet: watched(sheet) for sheet in sheets}
    if watch:
        # Ctrl-C is how it ends, so that is no fault.
        with suppress(KeyboardInterrupt):
            watching.watch(sheets, watching.changes_of(sheets, Event()), lambda sheet: held[sheet].looks(), write)
        return
    rows = [{"sheet": str(sheet), "mistakes": one.mistakes()} for sheet, one in held.items()]
    found = any(row["mistakes"] for row in rows)
    _report(form, {"sheets": rows}, watching.report_text, not found)


@guarded
def verify_document(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The text of a document, in UTF-8.")],
    document: Annotated[
        str | None,
        typer.Option(
            "--document", "-d", metavar="DOC", help="Which document it is (CURIE or IRI); the best fit if left out."
        ),
    ] = None,
    opened: Opener = SHIPPED,
    form: ReportOption = ReportFormat.table,
) -> None:
    """Check a document's text against the digests of its places: same, moved, changed or vanished.

    Example: guidegraph verify-document article.txt
    """
    from guidegraph.render.reports import verification_text

    found = opened().verify_document(file, document)
    _report(form, found.to_dict(), verification_text, found.ok)
