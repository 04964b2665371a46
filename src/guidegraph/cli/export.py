"""Commands that write the knowledge, or a patient, down in the forms of others."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from guidegraph.cli import authoring, exportgraph
from guidegraph.cli.common import FAILED, FhirVersion, ReportFormat, chosen, one_line, working, write, write_report
from guidegraph.cli.options import (
    SHIPPED,
    AsOf,
    FhirVersionOption,
    Opener,
    Output,
    Problem,
    ProfileArgument,
    ReportOption,
    day,
    folder_path,
    guarded,
    profile_source,
)
from guidegraph.errors import UsageError
from guidegraph.files import check_folder, write_files, write_folder

if TYPE_CHECKING:
    from guidegraph.api.base import KnowledgeBase
    from guidegraph.export.nanopub import Key

#: Files of an export as FHIR, which a later export replaces.
_RESOURCE = re.compile(r"[A-Z][A-Za-z]+-[A-Za-z0-9.-]{1,64}\.json\Z")

nanopubs = typer.Typer(no_args_is_help=True, help="Nanopublications, ours and anybody's.")
app = typer.Typer(no_args_is_help=True, help="Write statements, populations or a profile in the forms of others.")


def nanopub(
    node: Annotated[str | None, typer.Argument(metavar="[NODE]", help="A statement (IRI, CURIE or id).")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All recommendations.")] = False,
    files: Annotated[
        list[Path] | None, typer.Option("--file", metavar="FILE", help="Your own files in place of the shipped graph.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FOLDER",
            parser=folder_path,
            help="Where the files go; a folder that exists or is made.",
        ),
    ] = None,
    previous: Annotated[
        Path | None,
        typer.Option(
            "--previous",
            metavar="FOLDER",
            parser=folder_path,
            help="An earlier export: what changed since supersedes it, what did not is left.",
        ),
    ] = None,
    retract: Annotated[
        bool, typer.Option("--retract", help="With --previous: retract what is in the knowledge no longer.")
    ] = False,
    sign: Annotated[
        Path | None, typer.Option("--sign", metavar="KEY", help="Sign with your own RSA private key (PEM).")
    ] = None,
    signer: Annotated[
        str | None, typer.Option("--signer", metavar="IRI", help="Who signs: your ORCID as an IRI.")
    ] = None,
    opened: Opener = SHIPPED,
) -> None:
    """Write recommendations as nanopublications: assertion, provenance and publication info, under a trusty URI.

    One statement goes to standard output unless a folder is named. Unsigned unless --sign gives your own key.

    Example: guidegraph export nanopub --all -o nanopubs
    """
    from guidegraph.export.nanopub import retraction
    from guidegraph.export.publishing import earlier

    chosen(node, everything, "statement", output, place="folder")
    if previous is not None and not previous.is_dir():
        raise UsageError("no such folder", where=str(previous), mend="Name the folder of an earlier export.")
    if retract and (previous is None or output is None):
        raise UsageError("--retract needs an earlier export and a folder", mend="Add --previous FOLDER -o FOLDER.")
    if output is not None and output.exists() and not output.is_dir():
        raise UsageError("not a folder", where=str(output), mend="Name a folder.")
    key = _key(sign, signer)
    kb = opened(files)
    statements = kb.recommendations() if everything else [kb.statement(node or "")]
    with working("writing nanopublications"):
        known = earlier(previous) if previous is not None else {}
        nanopubs = list(kb.nanopubs(statements, previous=known, key=key))
    gone = kb.vanished(known)
    retractions = [retraction(one, key) for one in gone] if retract else []
    for one in gone:
        done = "is retracted" if retract else "can be retracted (--retract)"
        typer.echo(f"{one.statement} is in the knowledge no longer: {one.file} {done}", err=True)
    if output is None:
        for one in nanopubs:
            write(one.trig())
        return
    written = {one.file: one.trig() for one in (*nanopubs, *retractions)}
    if output.is_dir():
        write_files({output / name: text for name, text in written.items()})
    else:
        write_folder(output, written)
    told = f", {len(retractions)} retracted" if retractions else ""
    unchanged = len(statements) - len(nanopubs)
    typer.echo(f"{len(nanopubs)} written to {output}, {unchanged} unchanged{told}", err=True)


def check_nanopubs(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="TriG, N-Quads or JSON-LD; anybody's.")],
    form: ReportOption = ReportFormat.table,
) -> None:
    """Check nanopublications: their form, their trusty URI, their signature.

    A signature shows that the holder of the key in it signed, not who that is. Exit code 1 if one is invalid.

    Example: guidegraph nanopub check nanopubs/*.trig
    """
    from guidegraph.export.nanopubcheck import check_file

    rows = [
        {"file": str(path), **asdict(verdict), "valid": verdict.valid} for path in files for verdict in check_file(path)
    ]
    write_report(form, rows, lambda rows: "\n".join(map(_verdict, rows)))
    if not all(row["valid"] for row in rows):
        raise typer.Exit(FAILED)


def _verdict(row: dict[str, Any]) -> str:
    head = f"{row['file']}: "
    if not row["valid"]:
        return f"{head}INVALID: {'; '.join(row['faults'])}"
    signers = f" by {', '.join(row['signers'])}" if row["signers"] else ""
    told = [f"signed{signers}"] if row["signed"] else []
    told += ["trusty URI"] if row["trusty"] else ["no trusty URI, so nobody can tell whether it was altered"]
    return f"{head}valid ({'; '.join(told)})"


def _key(sign: Path | None, signer: str | None) -> Key | None:
    if (sign is None) != (signer is None):
        raise UsageError("--sign and --signer belong together", mend="Give your key and your ORCID.")
    if sign is None or signer is None:
        return None
    if not re.match(r"https?://[^\s<>\"{}|^`\\]+\Z", signer):
        raise UsageError("no IRI", where="--signer", mend="Write https://orcid.org/...")
    from guidegraph.export.nanopub import Key

    return Key(sign, signer)


def fhir(
    node: Annotated[
        str | None,
        typer.Argument(metavar="[NODE]", help="A document, recommendation or evidence item (IRI or id)."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All recommendations, evidence and terms.")] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FOLDER",
            parser=folder_path,
            help="One file a resource; an earlier export is replaced.",
        ),
    ] = None,
    version: FhirVersionOption = FhirVersion.R4,
    as_of: AsOf = None,
    opened: Opener = SHIPPED,
) -> None:
    """Write recommendations as PlanDefinition and ActivityDefinition, and evidence as Evidence (R5).

    A document, or --all, is written whole: guidegraph import reads it back the same. A document or a statement goes
    to standard output as a Bundle unless a folder is named.

    Example: guidegraph export fhir --all -o fhir
    """
    from guidegraph.export.fhir import parts as fhirparts

    chosen(node, everything, "document or statement", output, place="folder")
    if output is not None:
        check_folder(output, ours=_ours)
    kb, on = opened(), day(as_of)
    with working("writing FHIR"):
        found, told = _resources(kb, opened, node, on, version.value)
    for line in told:
        typer.echo(f"not written: {one_line(line)}", err=True)
    if output is not None:
        files = {f"{r['resourceType']}-{r['id']}.json": fhirparts.to_json(r) for r in found}
        write_folder(output, files, ours=_ours)
        typer.echo(f"{len(files)} written to {output}", err=True)
        return
    write(fhirparts.to_json(fhirparts.bundle(found[0]["id"], ((fhirparts.address(r), r) for r in found))))


def _ours(name: str) -> bool:
    """Whether a file of a folder is a resource that was exported."""
    return bool(_RESOURCE.match(name))


def _resources(
    kb: KnowledgeBase, opened: Opener, node: str | None, on: date | None, version: str
) -> tuple[list[Any], list[str]]:
    """The resources of a statement, a document or (None) all, and what of documents they cannot hold."""
    from guidegraph.authoring.fhircarried import carried, section_system
    from guidegraph.export.fhir.parts import identity
    from guidegraph.knowledge import named

    known = named.documents(kb.records)
    documents = (
        known if node is None else [one for one in [named.find_node(kb.records, kb.vocabulary, node)] if one in known]
    )
    if node is None:
        found = [*kb.fhir_all(as_of=on, version=version), section_system(kb.knowledge.version)]
    else:
        items = [] if version == "R4" else kb.evidence_items()
        inside = [s for s in (*kb.recommendations(), *items) if kb.records.one(s, "statedIn") in documents]
        found = list(kb.fhir(inside if documents else [kb.statement(node)], as_of=on, version=version))
    files, folders = authoring.places(opened)
    basics, told = carried(found, kb.knowledge, documents, identity, files=files, folders=folders)
    return [*found, *basics], told


def cql(
    population: Annotated[
        str | None, typer.Argument(metavar="[POPULATION]", help="A population by CURIE, IRI, local name or label.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All populations.")] = False,
    output: Output = None,
    opened: Opener = SHIPPED,
) -> None:
    """Write populations as a CQL library over FHIR 4.0.1: true, false, or null for unknown.

    Example: guidegraph export cql --all -o populations.cql
    """

    chosen(population, everything, "population")
    kb = opened()
    write(kb.cql(None if population is None else [kb.population(population)]), output)


def patient(
    profile: ProfileArgument,
    output: Output = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="Date the facts by this day, on which they hold.")
    ] = None,
    problem: Problem = None,
    opened: Opener = SHIPPED,
) -> None:
    """Write a profile as a FHIR R4 bundle in our own codes, as the CQL of the populations reads it.

    Example: guidegraph export patient example:age-only
    """
    from guidegraph.export.fhir.parts import to_json

    kb = opened()
    write(to_json(kb.patient_bundle(profile_source(profile), as_of=day(as_of), problem=problem)), output)


for _name, _command in (
    ("nanopub", nanopub),
    ("fhir", fhir),
    ("cql", cql),
    ("patient", patient),
    ("graph", exportgraph.graph),
    ("context", exportgraph.context),
    ("csv", exportgraph.csv),
    ("description", exportgraph.description),
    ("sheet", authoring.sheet),
):
    app.command(_name)(guarded(_command))
nanopubs.command("check")(guarded(check_nanopubs))
