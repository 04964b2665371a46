"""Commands about patient profiles: a template, the examples, the terms, and records (FHIR, OMOP) read as profiles."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from guidegraph.cli.common import by_ending, standard_input, working, write
from guidegraph.cli.options import SHIPPED, AsOf, Domains, Knowledge, Opener, Output, day, file_path, guarded
from guidegraph.errors import UsageError
from guidegraph.files import write_files
from guidegraph.namespaces import shorten
from guidegraph.profile import template
from guidegraph.profile.names import asked_back, shortened, which

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Patient profiles: a template, the examples.")


#: The kinds of terms that are listed.
_LISTED = ("condition", "finding", "intervention", "outcome")


class ProfileFormat(StrEnum):
    """Forms of a profile."""

    yaml = "yaml"
    json = "json"


class OneDay(StrEnum):
    """What a diagnosis recorded for one day alone says."""

    unknown = "unknown"
    present = "present"


ProfileFormatOption = Annotated[
    ProfileFormat | None,
    typer.Option("--format", "-f", help="Form of the profile; by the ending of its file, else yaml."),
]
_ENDINGS = {".yaml": ProfileFormat.yaml, ".yml": ProfileFormat.yaml, ".json": ProfileFormat.json}
ReportOutput = Annotated[
    Path | None,
    typer.Option(
        "--report", metavar="FILE", parser=file_path, help="Write the report as JSON; else it is on standard error."
    ),
]


SameUnit = Annotated[
    list[str] | None,
    typer.Option(
        "--same-unit", metavar="UNIT=OURS", help="Take a unit, as the record writes it, for ours; repeatable."
    ),
]


def new(
    output: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", parser=file_path, help="Where to write it; standard output if left out."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
    opened: Opener = SHIPPED,
) -> None:
    """A commented template of a profile.

    Example: guidegraph profile new patient.yaml
    """
    if output is not None and output.exists() and not force:
        raise UsageError("the file exists", where=str(output), mend="Name another file, or add --force.")
    write(template(opened().vocabulary), output)


def examples(knowledge: Knowledge = None, domain: Domains = None) -> None:
    """The names of the example profiles of the domains that are loaded.

    Example: guidegraph profile list
    """
    from guidegraph.domains import title

    for name, path in Opener(knowledge, domain or ()).selected.examples.items():
        typer.echo(f"example:{name:26} {title(path)}")


def terms(
    text: Annotated[str, typer.Argument(metavar="[TEXT]", help="Only terms with this text in a name.")] = "",
    opened: Opener = SHIPPED,
) -> None:
    """The terms that a profile may name, with their synonyms; its numbers, and what a name that is not exact may mean.

    Example: guidegraph profile terms pain
    """
    wanted = text.casefold()
    vocabulary = opened().vocabulary

    def fits(*names: str) -> bool:
        return any(wanted in name.casefold() for name in names)

    lines = [
        f"{row.label} ({row.kind}, {shorten(row.iri)})" + "".join(f"\n    {n}" for n in row.names[1:])
        for row in vocabulary.of_kind(*_LISTED)
        if fits(*row.names)
    ]
    lines += [
        f"{row.label} (number, key {row.key})"
        for row in vocabulary.of_kind("number")
        if row.key and fits(*row.names, row.short, row.key)
    ]
    if text and not lines and (reading := vocabulary.reading(text)) is not None:
        brought = (*reading.present, *reading.not_tolerated)
        lines.append(f"{shortened(text)}: {'; '.join(reading.steps)}" + ("" if brought else " (none of these terms)"))
    if meant := vocabulary.meant(text, _LISTED) if text else []:
        lines.append(f"{asked_back(shortened(text), meant)}. {which(meant)}")
    if not lines:
        raise UsageError(f"no term has {text[:60]!r} in its names", mend="Try a part of the word.")
    write("\n".join(lines))


def from_fhir(
    bundle: Annotated[
        str, typer.Argument(metavar="BUNDLE", help="A FHIR resource, Bundle or NDJSON file of one patient, or -.")
    ],
    version: Annotated[
        str, typer.Option("--version", metavar="R4|R5", help="The version of FHIR; told from the content, else R4.")
    ] = "",
    as_of: AsOf = None,
    form: ProfileFormatOption = None,
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
    same_unit: SameUnit = None,
    orders: Annotated[
        Path | None,
        typer.Option("--orders", metavar="FILE", help="Which orders count as taken, in the form of orders.yaml."),
    ] = None,
    opened: Opener = SHIPPED,
) -> None:
    """A patient's FHIR resources as a profile, with a report of what was used, ignored and not understood.

    Example: guidegraph profile from-fhir bundle.json -o patient.yaml && guidegraph therapies patient.yaml
    """
    from guidegraph.intake import form as forms
    from guidegraph.intake.fhir import read_record

    where = "standard input" if bundle == "-" else Path(bundle).name
    shape = by_ending(form, output, _ENDINGS, ProfileFormat.yaml)
    text = read_record(standard_input() if bundle == "-" else Path(bundle), where)
    kb = opened()
    reading = kb.profile_from_fhir(
        text,
        as_of=day(as_of),
        version=version.upper(),
        patient=patient,
        complete=complete or (),
        match_text=match_text,
        same_units=[_pair(pair) for pair in same_unit or ()],
        newest_days=newest_days,
        orders=orders,
        where=where,
    )
    entries = reading.report.to_dict()
    head = f"Read from {reading.report.form}, as of {reading.report.as_of}; what is not here is unknown, never no."
    written = (
        forms.to_json(reading.profile, kb.vocabulary)
        if shape is ProfileFormat.json
        else forms.to_yaml(reading.profile, kb.vocabulary, head)
    )
    _write(written, output, entries, report)


def from_omop(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE",
            help="A DuckDB file, or a folder of Parquet or CSV files, or folders of parts, one a table.",
        ),
    ],
    person: Annotated[int, typer.Option("--person", metavar="ID", help="The person_id.")],
    as_of: AsOf = None,
    complete: Annotated[
        list[str] | None,
        typer.Option(
            "--complete",
            metavar="LIST",
            help="A list that the tables hold whole, such as medications; repeatable.",
        ),
    ] = None,
    source_vocabulary: Annotated[
        list[str] | None,
        typer.Option(
            "--source-vocabulary",
            metavar="TABLE=PREFIX",
            help="What the source values of a table are codes of, where no concept tells it; repeatable.",
        ),
    ] = None,
    drug_eras: Annotated[bool, typer.Option("--drug-eras", help="Also read the table drug_era.")] = False,
    one_day: Annotated[
        OneDay, typer.Option("--one-day", help="What a diagnosis recorded for one day alone says.")
    ] = OneDay.unknown,
    newest_days: Annotated[
        int | None,
        typer.Option(
            "--within-days", metavar="DAYS", min=0, help="Ignore measurements and observations that are older."
        ),
    ] = None,
    same_unit: SameUnit = None,
    form: ProfileFormatOption = None,
    output: Output = None,
    report: ReportOutput = None,
    opened: Opener = SHIPPED,
) -> None:
    """A person of an OMOP CDM 5.4 as a profile, with a report on every row of theirs.

    Example: guidegraph profile from-omop cdm.duckdb --person 42 -o patient.yaml
    """
    from guidegraph.intake.form import to_json, to_yaml
    from guidegraph.intake.report import shown

    shape = by_ending(form, output, _ENDINGS, ProfileFormat.yaml)
    kb = opened()
    with working("reading the tables"):
        profile, record = kb.profile_from_omop(
            source,
            person,
            as_of=day(as_of),
            complete=[key for text in complete or () for key in text.split(",")],
            source_vocabulary=_prefixes(source_vocabulary or ()),
            drug_eras=drug_eras,
            one_day_present=one_day is OneDay.present,
            newest_days=newest_days,
            same_units=[_pair(pair) for pair in same_unit or ()],
        )
    lines = [f"Read from {record.form}, person {person}, as of {record.as_of}; what is not here is unknown, never no."]
    lasting = [r for r in profile.readings if set(kb.links.codes.read(r.curie).present) == set(r.present)]
    # A code that only the tables could place is written as what it was read as: alone it would not be understood.
    for reading in profile.readings:
        if reading not in lasting:
            words = ", ".join(kb.vocabulary.label(iri) for iri in reading.present)
            lines.append(f"{shown(reading.name)} was read by what stands above it in the tables: {words}")
    profile = replace(profile, readings=tuple(lasting))
    yaml = shape is ProfileFormat.yaml
    text = to_yaml(profile, kb.vocabulary, "\n".join(lines)) if yaml else to_json(profile, kb.vocabulary)
    _write(text, output, record.to_dict(), report)


def _write(profile: str, output: Path | None, report: dict[str, Any], report_file: Path | None) -> None:
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


def _pair(text: str) -> tuple[str, str]:
    unit, equal, ours = text.partition("=")
    if not (unit and equal and ours):
        raise UsageError(f"{text!r} names no two units", where="--same-unit", mend="Write it as UNIT=OURS.")
    return unit, ours


def _prefixes(texts: list[str] | tuple[()]) -> dict[str, str]:
    prefixes: dict[str, str] = {}
    for text in texts:
        table, equals, prefix = text.partition("=")
        if not equals or not table or not prefix or table in prefixes:
            raise UsageError(
                f"{text[:60]!r} is not TABLE=PREFIX, or names a table twice",
                where="--source-vocabulary",
                mend="Write it as condition_occurrence=ICD10CM.",
            )
        prefixes[table.casefold()] = prefix
    return prefixes


for _name, _command in (
    ("new", new),
    ("list", examples),
    ("terms", terms),
    ("from-fhir", from_fhir),
    ("from-omop", from_omop),
):
    app.command(_name)(guarded(_command))
