"""The command that reads a person of an OMOP CDM as a profile."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from guidegraph.cli.common import SHIPPED, AsOf, Opener, Output, day, working
from guidegraph.cli.intake import ProfileFormat, ProfileFormatOption, ReportOutput, write_profile
from guidegraph.errors import UsageError


class OneDay(StrEnum):
    """What a diagnosis recorded for one day alone says."""

    unknown = "unknown"
    present = "present"


def from_omop(
    source: Annotated[
        Path,
        typer.Argument(metavar="SOURCE", help="A DuckDB file, or a folder of Parquet or CSV files, one a table."),
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
    form: ProfileFormatOption = ProfileFormat.yaml,
    output: Output = None,
    report: ReportOutput = None,
    opened: Opener = SHIPPED,
) -> None:
    """A person of an OMOP CDM 5.4 as a profile, with a report on every row of theirs.

    Example: guidegraph profile from-omop cdm.duckdb --person 42 -o patient.yaml
    """
    from guidegraph.intake.form import to_json, to_yaml
    from guidegraph.intake.report import shown

    kb = opened()
    with working("reading the tables"):
        profile, told = kb.profile_from_omop(
            source,
            person,
            as_of=day(as_of),
            complete=[key for text in complete or () for key in text.split(",")],
            source_vocabulary=_prefixes(source_vocabulary or ()),
            drug_eras=drug_eras,
            one_day_present=one_day is OneDay.present,
            newest_days=newest_days,
        )
    lines = [f"Read from {told.form}, person {person}, as of {told.as_of}; what is not here is unknown, never no."]
    lasting = [r for r in profile.readings if set(kb.links.codes.read(r.curie).present) == set(r.present)]
    # A code that only the tables could place is written as what it was read as: alone it would not be understood.
    for reading in profile.readings:
        if reading not in lasting:
            words = ", ".join(kb.vocabulary.label(iri) for iri in reading.present)
            lines.append(f"{shown(reading.name)} was read by what stands above it in the tables: {words}")
    profile = replace(profile, readings=tuple(lasting))
    yaml = form is ProfileFormat.yaml
    text = to_yaml(profile, kb.vocabulary, "\n".join(lines)) if yaml else to_json(profile, kb.vocabulary)
    write_profile(text, output, told.to_dict(), report)


def _prefixes(texts: list[str] | tuple[()]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        table, equals, prefix = text.partition("=")
        if not equals or not table or not prefix or table in found:
            raise UsageError(
                f"{text[:60]!r} is not TABLE=PREFIX, or names a table twice",
                where="--source-vocabulary",
                mend="Write it as condition_occurrence=ICD10CM.",
            )
        found[table.casefold()] = prefix
    return found
