"""Commands for who writes guidelines down as sheets."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from guidegraph import namespaces as ns
from guidegraph.cli.common import FAILED, complain, one_line, working
from guidegraph.cli.options import SHIPPED, Opener, folder_path, guarded
from guidegraph.errors import SheetError, UsageError
from guidegraph.files import check_folder, write_files, write_folder

if TYPE_CHECKING:
    from guidegraph.api.base import KnowledgeBase
    from guidegraph.authoring.taking import Table

#: Endings of a sheet that is one file.
SHEETS = (".xlsx", ".ods", ".yaml", ".yml")


@guarded
def import_(
    sheet: Annotated[
        Path,
        typer.Argument(
            metavar="SHEET",
            help="A workbook (.xlsx, .ods), a folder of .csv files, a .yaml file, or FHIR (.json).",
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FOLDER",
            parser=folder_path,
            help="The domain folder to write into; for FHIR also a sheet to complete (.xlsx, .ods, .yaml).",
        ),
    ],
    encoder: Annotated[
        str,
        typer.Option("--encoder", metavar="NAME", help="Who wrote it down where no cell says so: a name or an ORCID."),
    ] = "",
    prune: Annotated[
        bool, typer.Option("--prune", help="Leave out the terms of the folder that the sheet has no row for.")
    ] = False,
    opened: Opener = SHIPPED,
) -> None:
    """Read a guideline from a sheet into a domain folder: documents, terms, mappings; all of it or nothing.

    Every mistake is told at its cell, with what to write; exit code 1 if there is one.

    Example: guidegraph import guideline.xlsx -o my-domain --encoder "Jane Doe"
    """
    from guidegraph.authoring.fhirnodes import holds_fhir
    from guidegraph.authoring.importing import import_sheet, write_import

    kb = opened.beside(output, prune)()
    if holds_fhir(sheet):
        from guidegraph.authoring.fhirrows import read_fhir

        resources = read_fhir(sheet, kb.knowledge)
        for line in resources.left:
            typer.echo(f"not read: {one_line(line)}", err=True)
        if output.suffix.lower() in SHEETS:
            rows = _write_sheet(resources.table(), output, kb)
            typer.echo(f"{rows} rows written to {output}", err=True)
            return
    try:
        with working("reading the sheet"):
            result = import_sheet(sheet, kb.knowledge, encoder=encoder, folder=output, prune=prune)
    except SheetError as error:
        for mistake in error.mistakes:
            complain(str(mistake))
        count = len(error.mistakes)
        typer.echo(f"{count} mistake{'s' if count > 1 else ''}; nothing was written", err=True)
        raise typer.Exit(FAILED) from None
    write_import(result, output)
    for name in result.files:
        typer.echo(str(output / name))
    if result.kept:
        typer.echo(
            f"kept {result.kept} terms of {output} that the sheet has no row for (--prune leaves them out)", err=True
        )


def sheet(
    documents: Annotated[
        list[str] | None,
        typer.Argument(metavar="[DOCUMENT...]", help="Documents by id, CURIE, IRI or a part of the label."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE|FOLDER",
            parser=folder_path,
            help="A file that ends in .xlsx, .ods or .yaml, or a folder for CSV.",
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All documents.")] = False,
    needed: Annotated[
        bool, typer.Option("--needed", help="Also the documents of their domain that these need.")
    ] = False,
    opened: Opener = SHIPPED,
) -> None:
    """Write documents as a sheet that `guidegraph import` reads back the same.

    Example: guidegraph export sheet nice-ng59 -o nice.xlsx
    """
    from guidegraph.authoring.takingterms import take_whole
    from guidegraph.knowledge import named

    if output is None:
        raise UsageError(
            "no place to write to", where="--output", mend="Add -o FILE.xlsx, FILE.ods, FILE.yaml or FOLDER."
        )
    if bool(documents) == everything:
        raise UsageError("name documents, or --all", mend="One of both says what is written.")
    ending = output.suffix.lower()
    if ending not in ("", *SHEETS):
        raise UsageError(f"no sheet of kind {ending!r}", where=str(output), mend="End it in .xlsx, .ods or .yaml.")
    if not ending:
        check_folder(output, ours=_ours)
    kb = opened()
    found = [named.find_document(kb.records, text) for text in documents or ()]
    wanted = found or named.documents(kb.records)
    table, lacking = take_whole(kb.knowledge, wanted, *places(opened))
    while needed and (more := [f"{ns.GGD}{Path(name).stem}" for name in lacking if name.endswith(".trig")]):
        wanted = [*wanted, *more]
        table, lacking = take_whole(kb.knowledge, wanted, *places(opened))
    rows = _write_sheet(table, output, kb)
    typer.echo(f"{rows} rows written to {output}", err=True)
    if lacking:
        mend = "--needed writes these documents too; else import it with --domain, or into a folder that has them."
        typer.echo(f"Of its folder it needs besides: {', '.join(lacking)}. {mend}", err=True)


def places(opened: Opener) -> tuple[list[Path], list[Path]]:
    """The files that documents were loaded from, and the domain folders whose vocabulary is written with them."""
    from guidegraph.domains import first

    files = [path for folder in opened.selected.folders for path in sorted(folder.rglob("*.trig"))]
    # What the first domain has is there wherever a sheet is imported.
    return [*files, *opened.extra], [f for f in opened.selected.folders if f != first(opened.folder).folder]


def _write_sheet(table: Table, output: Path, kb: KnowledgeBase) -> int:
    """Write rows as the sheet that a name asks for, and count them."""
    from guidegraph.authoring.writing import csv_files, yaml_text

    ending = output.suffix.lower()
    with working("writing the sheet"):
        if not ending:
            write_folder(output, csv_files(table), ours=_ours)
        elif ending in (".yaml", ".yml"):
            write_files({output: yaml_text(table)})
        else:
            from guidegraph.authoring.workbooks import lists_of, ods_bytes, xlsx_bytes

            content = ods_bytes(table) if ending == ".ods" else xlsx_bytes(table, lists_of(kb.knowledge))
            write_files({output: content})
    return sum(map(len, table.values()))


def _ours(name: str) -> bool:
    from guidegraph.authoring.columns import sections

    return name.removesuffix(".csv") in sections() and name.endswith(".csv")


@guarded
def new(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="The folder to make; it is not there yet, or empty.")
    ],
    title: Annotated[str, typer.Option("--title", metavar="TEXT", help="What the domain is called.")] = "",
    encoder: Annotated[
        str, typer.Option("--encoder", metavar="NAME", help="Who writes it down: your name or ORCID.")
    ] = "Example Author",
) -> None:
    """Make a folder for guidelines of yours that answers at once: a made-up guideline, terms, a profile, checks.

    Example: guidegraph new my-guidelines --title "My guidelines" --encoder "Jane Doe"
    """
    from guidegraph.authoring.starting import starter

    check_folder(folder)
    with working("making the folder"):
        files = starter(folder.resolve().name, SHIPPED().knowledge, title=title, encoder=encoder)
    write_folder(folder, files)
    typer.echo(f"made {folder}: read its README.md, then try\n")
    typer.echo(shlex.join(["guidegraph", "therapies", f"{folder}/profiles/example.yaml", "--domain", str(folder)]))
