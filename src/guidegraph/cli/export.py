"""Commands that write the knowledge, or a patient, down in the forms of others."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from guidegraph.cli import exportgraph
from guidegraph.cli.common import (
    AsOf,
    FhirVersion,
    FhirVersionOption,
    Knowledge,
    Output,
    ProfileArgument,
    day,
    folder_path,
    guarded,
    profile_source,
    working,
    write,
)
from guidegraph.errors import UsageError
from guidegraph.files import write_files, write_folder

if TYPE_CHECKING:
    from guidegraph.export.nanopub import Key

#: Files of an export as FHIR, which a later export replaces.
_RESOURCE = re.compile(r"[A-Z][A-Za-z]+-[A-Za-z0-9.-]{1,64}\.json\Z")

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
            help="An earlier export: what changed since supersedes it, what did not is left.",
        ),
    ] = None,
    sign: Annotated[
        Path | None, typer.Option("--sign", metavar="KEY", help="Sign with your own RSA private key (PEM).")
    ] = None,
    signer: Annotated[
        str | None, typer.Option("--signer", metavar="IRI", help="Who signs: your ORCID as an IRI.")
    ] = None,
    knowledge: Knowledge = None,
) -> None:
    """Write recommendations as nanopublications: assertion, provenance and publication info, under a trusty URI.

    One statement goes to standard output unless a folder is named. Unsigned unless --sign gives your own key.

    Example: guidegraph export nanopub --all -o nanopubs
    """
    from guidegraph import api

    if everything == (node is not None):
        raise UsageError("name one statement, or --all", mend="guidegraph export nanopub --all -o FOLDER")
    if everything and output is None:
        raise UsageError("--all needs a folder", where="--output", mend="Add -o FOLDER.")
    if previous is not None and not previous.is_dir():
        raise UsageError("no such folder", where=str(previous), mend="Name the folder of an earlier export.")
    if output is not None and output.exists() and not output.is_dir():
        raise UsageError("not a folder", where=str(output), mend="Name a folder.")
    key = _key(sign, signer)
    if files and knowledge is not None:
        raise UsageError("files and --knowledge exclude each other", mend="Name one of them.")
    kb = api.open_files(files) if files else api.open_knowledge(knowledge)
    chosen = kb.recommendations() if everything else [kb.statement(node or "")]
    with working("writing nanopublications"):
        found = list(kb.nanopubs(chosen, previous=previous, key=key))
    if output is None:
        for one in found:
            write(one.trig())
        return
    if output.is_dir():
        write_files({output / one.file: one.trig() for one in found})
    else:
        write_folder(output, {one.file: one.trig() for one in found})
    typer.echo(f"{len(found)} written to {output}, {len(chosen) - len(found)} unchanged", err=True)


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
        str | None, typer.Argument(metavar="[NODE]", help="A recommendation or evidence item (IRI, CURIE or id).")
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
    knowledge: Knowledge = None,
) -> None:
    """Write recommendations as PlanDefinition and ActivityDefinition, and evidence as Evidence (R5).

    One statement goes to standard output as a Bundle unless a folder is named.

    Example: guidegraph export fhir --all -o fhir
    """
    from guidegraph import api
    from guidegraph.export.fhir import parts as fhirparts

    if everything == (node is not None):
        raise UsageError("name one statement, or --all", mend="guidegraph export fhir --all -o FOLDER")
    if everything and output is None:
        raise UsageError("--all needs a folder", where="--output", mend="Add -o FOLDER.")
    kb, on = api.open_knowledge(knowledge), day(as_of)
    with working("writing FHIR"):
        if everything:
            found = list(kb.fhir_all(as_of=on, version=version.value))
        else:
            found = list(kb.fhir([kb.statement(node or "")], as_of=on, version=version.value))
    if output is not None:
        files = {f"{r['resourceType']}-{r['id']}.json": fhirparts.to_json(r) for r in found}
        write_folder(output, files, ours=lambda name: bool(_RESOURCE.match(name)))
        typer.echo(f"{len(files)} written to {output}", err=True)
        return
    write(fhirparts.to_json(fhirparts.bundle(found[0]["id"], ((fhirparts.address(r), r) for r in found))))


def cql(
    population: Annotated[
        str | None, typer.Argument(metavar="[POPULATION]", help="A population by CURIE, IRI, local name or label.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All populations.")] = False,
    output: Output = None,
    knowledge: Knowledge = None,
) -> None:
    """Write populations as a CQL library over FHIR 4.0.1: true, false, or null for unknown.

    Example: guidegraph export cql --all -o populations.cql
    """
    from guidegraph import api

    if everything == (population is not None):
        raise UsageError("name one population, or --all", mend="guidegraph export cql --all -o FILE")
    kb = api.open_knowledge(knowledge)
    write(kb.cql(None if population is None else [kb.population(population)]), output)


def patient(
    profile: ProfileArgument,
    output: Output = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="Date the facts by this day, on which they hold.")
    ] = None,
    knowledge: Knowledge = None,
) -> None:
    """Write a profile as a FHIR R4 bundle in our own codes, as the CQL of the populations reads it.

    Example: guidegraph export patient example:age-only
    """
    from guidegraph import api
    from guidegraph.export.fhir.parts import to_json

    kb = api.open_knowledge(knowledge)
    write(to_json(kb.patient_bundle(profile_source(profile), as_of=day(as_of))), output)


for _name, _command in (
    ("nanopub", nanopub),
    ("fhir", fhir),
    ("cql", cql),
    ("patient", patient),
    ("graph", exportgraph.graph),
    ("context", exportgraph.context),
    ("csv", exportgraph.csv),
    ("description", exportgraph.description),
):
    app.command(_name)(guarded(_command))
