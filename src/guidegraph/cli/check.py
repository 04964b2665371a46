"""Commands that check knowledge and documents."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from guidegraph.cli.common import FAILED, Knowledge, working, write


class ReportFormat(StrEnum):
    """Forms of a report."""

    table = "table"
    json = "json"


ReportOption = Annotated[ReportFormat, typer.Option("--format", "-f", help="Form of the report.")]


def _report(form: ReportFormat, text: str, data: Any, passed: bool) -> None:
    from guidegraph.render import to_json

    write(to_json(data) if form is ReportFormat.json else text)
    if not passed:
        raise typer.Exit(FAILED)


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
            help="Look at the files beside this ontology/ and graph/; default beside the shipped ontology.",
        ),
    ] = None,
) -> None:
    """Validate files together against the shapes; exit code 1 if one does not conform.

    Example: guidegraph validate my-document.trig
    """
    from guidegraph.render.reports import validation_text
    from guidegraph.validate import validate_files

    with working(f"validating {len(files)} files"):
        report = validate_files(files, shapes=shapes or None, knowledge=knowledge)
    _report(form, validation_text(report.to_dict()), report.to_dict(), report.conforms)


def check(
    knowledge: Knowledge = None,
    reasoner: Annotated[
        bool, typer.Option("--reasoner/--no-reasoner", help="Ask HermiT as well (needs some seconds).")
    ] = True,
    form: ReportOption = ReportFormat.table,
) -> None:
    """Check the knowledge base: shapes, checks across documents, HermiT; exit code 1 on an error.

    What contradicts itself inside a source is reported as a note, since it is the source's own.

    Example: guidegraph check
    """
    from guidegraph.render.reports import check_text
    from guidegraph.store import knowledge_files
    from guidegraph.validate.check import check_knowledge

    with working("checking shapes, documents and, by HermiT, every class"):
        if knowledge is None:
            report = check_knowledge(reasoner=reasoner)
        else:
            ontology, documents = knowledge_files(knowledge)
            report = check_knowledge(ontology=ontology, documents=documents, reasoner=reasoner)
    _report(form, check_text(report.to_dict()), report.to_dict(), report.passed)


def verify_document(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The text of a document, in UTF-8.")],
    document: Annotated[
        str | None,
        typer.Option(
            "--document", "-d", metavar="DOC", help="Which document it is (CURIE or IRI); the best fit if left out."
        ),
    ] = None,
    knowledge: Knowledge = None,
    form: ReportOption = ReportFormat.table,
) -> None:
    """Check a document's text against the digests of its places: same, moved, changed or vanished.

    Example: guidegraph verify-document article.txt
    """
    from guidegraph import api
    from guidegraph.render.reports import verification_text

    found = api.open_knowledge(knowledge).verify_document(file, document)
    _report(form, verification_text(found.to_dict()), found.to_dict(), found.ok)
