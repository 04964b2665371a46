"""A sheet imported: read, made into the files of a domain folder, validated, and written whole or not at all."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.authoring.cells import CellError, Row
from guidegraph.authoring.coherence import coherence_faults
from guidegraph.authoring.declaring import Declarations, Declared, declarations
from guidegraph.authoring.fhirnodes import holds_fhir
from guidegraph.authoring.fhirrows import read_fhir
from guidegraph.authoring.making import BESIDE, MadeDocument, Maker
from guidegraph.authoring.mappingrows import mapping_tables
from guidegraph.authoring.naming import Names
from guidegraph.authoring.relations import relation_faults
from guidegraph.authoring.sheet import faults_of_cells, read_sheet, sheet_of
from guidegraph.authoring.terms import TERMS, AddedTerms, added_terms, folder_terms
from guidegraph.authoring.trig import document_trig, document_triples
from guidegraph.errors import SheetError, UsageError
from guidegraph.files import write_files, write_folder
from guidegraph.knowledge.opened import Knowledge
from guidegraph.store import knowledge_files


@dataclass
class Imported:
    """What a sheet comes to: the files by their paths in the folder, and what was left as it stood there."""

    files: dict[str, str] = field(default_factory=dict)
    documents: list[str] = field(default_factory=list)
    terms: int = 0
    kept: int = 0


@dataclass
class Made:
    """What the rows of a sheet make, before the shapes are asked."""

    file: str
    declared: Declarations
    names: Names
    terms: AddedTerms
    documents: list[MadeDocument]
    tables: dict[str, str]
    folder: Path | None


def import_sheet(
    path: Path, knowledge: Knowledge, *, encoder: str = "", folder: Path | None = None, prune: bool = False
) -> Imported:
    """The files that a sheet comes to; nothing is written.

    Args:
        path: a workbook, a folder of CSV files, a YAML file, or FHIR as a file or folder of JSON.
        knowledge: what its cells may name besides its own rows.
        encoder: who wrote it down where no cell says so: a name or an ORCID.
        folder: the domain folder that the files are for, whose terms and mappings count and are kept.
        prune: whether terms of the folder that the sheet has no row for are left out.

    Raises:
        UsageError: it cannot be read at all.
        SheetError: it has mistakes, each told at its cell.
    """
    made = made_of(path, knowledge, encoder=encoder, folder=folder, prune=prune)
    if mistakes := broken_rules(made):
        raise SheetError(mistakes)
    documents, terms = made.documents, made.terms
    files = {f"documents/{one.id}.trig": document_trig(one, _people(one, made.names)) for one in documents}
    result = Imported(files, [one.id for one in documents], len(terms.nodes), terms.kept)
    if terms.nodes:
        files[TERMS] = terms.turtle()
    files.update({f"links/{name}": text for name, text in made.tables.items()})
    return result


def made_of(
    path: Path, knowledge: Knowledge, *, encoder: str = "", folder: Path | None = None, prune: bool = False
) -> Made:
    """What the rows of a sheet make. Arguments and errors: see :func:`import_sheet`; the shapes are not asked."""
    fhir = read_fhir(path, knowledge).grids(path.name) if holds_fhir(path) else None
    sheet = read_sheet(path) if fhir is None else sheet_of(path.name, fhir)
    declared = declarations(sheet)
    mistakes: list[CellError] = [*sheet.mistakes, *declared.mistakes]
    for rows in sheet.rows.values():
        mistakes += faults_of_cells(rows)
    terms = added_terms(declared, knowledge, folder_terms(None if prune else folder))
    names = Names(knowledge, declared, terms.rows, terms.labels, terms.totals)
    mistakes += terms.make(names)
    maker = Maker(names, encoder)
    documents = maker.documents()
    mistakes += maker.mistakes
    mistakes += relation_faults(declared, names, terms, documents, maker)
    mistakes += coherence_faults(declared, names)
    tables, faults = mapping_tables(declared, names, encoder, folder)
    mistakes += faults
    if mistakes:
        raise SheetError(_once(mistakes))
    return Made(sheet.file, declared, names, terms, documents, tables, folder)


def write_import(result: Imported, folder: Path) -> None:
    """Write the files of an import into a domain folder, all of them or none.

    Raises:
        UsageError: a file or folder cannot be written.
    """
    if not folder.exists():
        write_folder(folder, result.files)
        return
    if not folder.is_dir():
        raise UsageError("it is a file", where=str(folder), mend="Name a folder.")
    made: list[Path] = []
    try:
        for name in result.files:
            below = (folder / name).parent
            if not below.exists():
                below.mkdir()
                made.append(below)
        write_files({folder / name: text for name, text in result.files.items()})
    except OSError as error:
        raise UsageError(
            f"cannot be written: {error.strerror}", where=str(folder), mend="Name another folder."
        ) from None
    finally:
        for below in made:
            if not any(below.iterdir()):
                below.rmdir()


def _people(made: MadeDocument, names: Names) -> Mapping[str, str]:
    used = {getattr(t.object, "value", "") for node in made.nodes() for t in node.triples}
    return {iri: label for iri, label in names.people.items() if iri in used}


def _once(mistakes: Iterable[CellError]) -> list[CellError]:
    """The mistakes once each, as they were found: by section and row."""
    return list({(one.where, one.what): one for one in mistakes}.values())


# ---------------------------------------------------------------- shapes


def broken_rules(made: Made, only: Collection[str] | None = None) -> list[CellError]:
    """What the shapes say of the nodes, told at the rows that they come from.

    Args:
        made: what a sheet makes.
        only: the ids of documents; only they are looked at, with the nodes of others that theirs name. All if None.
    """
    from guidegraph.validate import validate_graph

    names = made.names
    triples = _triples(made, only)
    # What a loaded domain, or the folder that is written into, declares is what the sheet may use.
    selected = names.knowledge.selected
    ontology, _ = knowledge_files(selected.base, selected.folders)
    own = [] if made.folder is None else sorted((made.folder / "ontology").glob("*.ttl"))
    known = {path.resolve() for path in ontology}
    ontology = [*ontology, *(path for path in own if path.resolve() not in known)]
    found = validate_graph(triples, name=made.file, ontology=ontology).results if triples else ()
    told = [
        r for r in found if r.severity == "Violation" and (only is None or _document(r.focus, made.declared) in only)
    ]
    return _once(_at_row(r.focus, r.path, r.message, made.declared, made.file) for r in told)


def _triples(made: Made, only: Collection[str] | None) -> list[ox.Triple]:
    """What is looked at: all, or some documents with the nodes of others that they name, and the terms above these."""
    terms = list(made.terms.triples())
    by_id = {one.id: list(document_triples(one, _people(one, made.names))) for one in made.documents}
    if only is None:
        return [*(triple for triples in by_id.values() for triple in triples), *terms]
    found = [triple for name in only for triple in by_id.get(name, ())]
    named = {triple.object for triple in found}
    beside = (triple for name, triples in by_id.items() if name not in only for triple in triples)
    found += [triple for triple in beside if triple.subject in named]
    while more := [triple for triple in terms if triple.subject in named]:
        found += more
        terms = [triple for triple in terms if triple.subject not in named]
        named |= {triple.object for triple in more}
    return found


def _document(focus: str, declared: Declarations) -> str:
    held = _declared(focus, declared)
    return held.document if held is not None else ""


def _at_row(focus: str, path: str, message: str, declared: Declarations, file: str) -> CellError:
    held = _declared(focus, declared)
    if held is None:
        return CellError(message, where=f"{file}, {ns.shorten(focus)}" if focus else file)
    row: Row = held.row
    named = [*([path] if path else []), *re.findall(r"\b[a-z]+:\w+", message)]
    headings = {column.prop: column.heading for column in row.section.columns if column.prop}
    fallback = "label" if row.section.column("label") else row.section.columns[0].heading
    heading = next((headings[prop] for prop in named if prop in headings), fallback)
    # The author sees headings, not the properties that they become.
    told, _, mend = re.sub(
        r"\b[a-z]+:\w+", lambda found: repr(headings[found[0]]) if found[0] in headings else found[0], message
    ).partition(". ")
    return row.mistake(heading, told, mend)


def _declared(focus: str, declared: Declarations) -> Declared | None:
    held = declared.by_iri.get(focus)
    for end, _, _ in BESIDE.values():
        if held is None and focus.endswith(end):
            held = declared.by_iri.get(focus.removesuffix(end))
    if held is None and focus.startswith(ns.GGG):
        held = declared.documents.get(focus.removeprefix(ns.GGG))
    return held


def quads_of(result: Imported) -> list[ox.Quad]:
    """What the files of an import say."""
    found: list[ox.Quad] = []
    for name, text in result.files.items():
        form = {"trig": ox.RdfFormat.TRIG, "ttl": ox.RdfFormat.TURTLE}.get(name.rpartition(".")[2])
        if form is not None:
            found += ox.parse(text.encode(), format=form)
    return found
