"""Commands that read records of patients as profiles."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from guidegraph import api
from guidegraph.cli.common import AsOf, Knowledge, Output, day, file_path, write
from guidegraph.errors import ProfileError, UsageError
from guidegraph.files import write_files


class ProfileFormat(StrEnum):
    """Forms of a profile."""

    yaml = "yaml"
    json = "json"


ProfileFormatOption = Annotated[ProfileFormat, typer.Option("--format", "-f", help="Form of the profile.")]
ReportOutput = Annotated[
    Path | None,
    typer.Option(
        "--report", metavar="FILE", parser=file_path, help="Write the report as JSON; else it is on standard error."
    ),
]


def from_fhir(
    bundle: Annotated[
        str, typer.Argument(metavar="BUNDLE", help="A FHIR resource, Bundle or NDJSON file of one patient, or -.")
    ],
    version: Annotated[
        str, typer.Option("--version", metavar="R4|R5", help="The version of FHIR; told from the content, else R4.")
    ] = "",
    as_of: AsOf = None,
    form: ProfileFormatOption = ProfileFormat.yaml,
    output: Output = None,
    report: ReportOutput = None,
    complete: Annotated[
        list[str] | None,
        typer.Option("--complete", metavar="LIST", help="The record names all of this list, such as conditions."),
    ] = None,
    patient: Annotated[
        str, typer.Option("--patient", metavar="ID", help="The patient, where the record has several.")
    ] = "",
    match_text: Annotated[
        bool, typer.Option("--match-text", help="Read a text without codes where it is exactly one of our names.")
    ] = False,
    newest_days: Annotated[
        int | None,
        typer.Option("--within-days", metavar="DAYS", min=0, help="Ignore observations that are older than this."),
    ] = None,
    same_unit: Annotated[
        list[str] | None,
        typer.Option("--same-unit", metavar="UNIT=OURS", help="Take a UCUM unit for ours, which it is not by itself."),
    ] = None,
    knowledge: Knowledge = None,
) -> None:
    """A patient's FHIR resources as a profile, with a report of what was used, ignored and not understood.

    Example: guidegraph profile from-fhir bundle.json -o patient.yaml && guidegraph therapies patient.yaml
    """
    from guidegraph.intake import form as forms
    from guidegraph.intake.fhir.records import read_record

    where = "standard input" if bundle == "-" else Path(bundle).name
    text = _standard_input(where) if bundle == "-" else read_record(Path(bundle), where)
    kb = api.open_knowledge(knowledge)
    found = kb.profile_from_fhir(
        text,
        as_of=day(as_of),
        version=version.upper(),
        patient=patient,
        complete=complete or (),
        match_text=match_text,
        same_units=[_pair(pair) for pair in same_unit or ()],
        newest_days=newest_days,
        where=where,
    )
    told = found.report.to_dict()
    head = f"Read from {found.report.form}, as of {found.report.as_of}; what is not here is unknown, never no."
    written = (
        forms.to_json(found.profile, kb.vocabulary)
        if form is ProfileFormat.json
        else forms.to_yaml(found.profile, kb.vocabulary, head)
    )
    write_profile(written, output, told, report)


def write_profile(profile: str, output: Path | None, report: dict[str, Any], report_file: Path | None) -> None:
    """Write a profile and the report on its record, both or neither."""
    from guidegraph.render import to_json
    from guidegraph.render.intake import intake_text

    files = {output: profile} if output is not None else {}
    if report_file in files:
        raise UsageError("the report would go where the profile goes", where="--report", mend="Name another file.")
    if report_file is not None:
        files[report_file] = to_json(report)
    write_files(files)
    if report_file is None:
        typer.echo(intake_text(report), err=True, nl=False)
    if output is None:
        write(profile)


def _standard_input(where: str) -> str:
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ProfileError("not UTF-8 text", where=where, mend="FHIR JSON is UTF-8.") from None


def _pair(text: str) -> tuple[str, str]:
    unit, equal, ours = text.partition("=")
    if not (unit and equal and ours):
        raise UsageError(f"{text!r} names no two units", where="--same-unit", mend="Write it as UNIT=OURS.")
    return unit, ours
