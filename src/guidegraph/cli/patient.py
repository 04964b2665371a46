"""Commands that answer for one patient."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from guidegraph import api
from guidegraph.cli.common import FAILED, FhirVersion, Format, Reader, ReportFormat, picture, view, write, write_report
from guidegraph.cli.options import (
    SHIPPED,
    TODAY,
    EndpointOption,
    FhirVersionOption,
    FormatOption,
    Full,
    Opener,
    PictureOutput,
    ProfileArgument,
    Question,
    ReportOption,
    file_path,
    guarded,
    profile_source,
)
from guidegraph.errors import UsageError

if TYPE_CHECKING:
    from guidegraph.forms import Answer


def _as_fhir(kb: api.KnowledgeBase, answer: Answer, version: FhirVersion) -> str:
    from guidegraph.export.fhir.answer import therapies_fhir

    return therapies_fhir(answer, version.value, kb.fhir_systems())


def _views(plainly: bool, brief: bool, ended: bool) -> dict[Format, Callable[[Any], str]]:
    """The views of an answer at the depth that is asked for."""
    from guidegraph import render

    if plainly:
        return {
            Format.table: render.plain_text,
            Format.json: render.to_json,
            Format.markdown: render.plain_markdown,
            Format.html: render.plain_html,
        }
    if brief:
        return {
            Format.table: render.glance_text,
            Format.json: render.to_json,
            Format.markdown: render.glance_markdown,
        }
    return {
        # Each view is imported when it is shown.
        Format.table: lambda data: render.therapies_text(data, ended=ended),
        Format.json: render.to_json,
        Format.markdown: lambda data: render.therapies_markdown(data, ended=ended),
        # Written by the command: they need the names of terminologies, and the glance beside the whole.
        Format.html: str,
        Format.fhir: str,
    }


@guarded
def therapies(
    profile: ProfileArgument,
    form: FormatOption = Format.table,
    question: Question = TODAY,
    opened: Opener = SHIPPED,
    endpoint: EndpointOption = None,
    also: Annotated[
        list[str] | None,
        typer.Option("--also", metavar="CODE", help="Answer for this drug too: a code such as ATC:..., repeatable."),
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option(
            "--save",
            metavar="FILE",
            parser=file_path,
            help="Also save the answer, the patient's facts with it, for replay.",
        ),
    ] = None,
    ended: Annotated[
        bool, typer.Option("--ended", help="List what is not in effect at the date; else counted.")
    ] = False,
    full: Annotated[
        bool | None,
        typer.Option(
            "--full/--glance",
            help="Every therapy with every voice, or what one acts on; tables and Markdown show this if not told, JSON "
            "what both rest on, each thing once.",
        ),
    ] = None,
    reader: Annotated[
        Reader, typer.Option("--reader", help="For whom: plain tells a glance in everyday words, for the patient.")
    ] = Reader.professional,
    language: Annotated[
        str,
        typer.Option("--language", metavar="TAG", help="The language of a glance, such as de: a file has its words."),
    ] = "en",
    fhir_version: FhirVersionOption = FhirVersion.R4,
) -> None:
    """What to do for a patient at a glance, or in full: which therapies are eligible, which are not and why.

    Example: guidegraph therapies example:chronic-failed-care
    """
    from guidegraph import render
    from guidegraph.profile.problems import parts

    brief = (form in (Format.table, Format.markdown) and not ended) if full is None else not full
    if brief and ended:
        raise UsageError("a glance does not list what has ended", where="--ended", mend="Use --full with it.")
    plainly = reader is Reader.plain
    # Only a glance is told in other words than those of professionals in English.
    reworded = "--reader" if plainly else "--language" if language != "en" else ""
    if reworded and (full or ended or form is Format.fhir):
        words = "plain words" if plainly else "another language"
        raise UsageError(f"only a glance is told in {words}", where=reworded, mend="Leave out what shows the whole.")
    if brief and form not in (Format.table, Format.markdown, Format.json):
        raise UsageError(f"there is no glance as {form.value}", where="--glance", mend="Leave it out.")
    brief = brief or bool(reworded)
    shown = view(form, _views(plainly, brief, ended))
    if save is not None and save.suffix.lower() != ".ttl":
        raise UsageError("an answer is saved as Turtle", where=str(save), mend="End the file's name in .ttl.")
    kb = opened(endpoint=endpoint)
    patient = kb.profile(profile_source(profile))
    # Each of several problems has a glance of its own; whatever is one whole is of one problem.
    several = (
        brief and form in (Format.table, Format.markdown) and question.options.get("problem") is None and save is None
    )
    answers = [
        kb.therapies(one, also=also or (), **question.options) for one in (parts(patient) if several else [patient])
    ]
    if form is Format.fhir:
        text = _as_fhir(kb, answers[0].to_dict(), fhir_version)
    elif form is Format.html and not reworded:
        text = render.therapies_html(answers[0].whole, answers[0].glance())
    elif form is Format.json and full is None and not ended and not reworded:
        text = answers[0].json()
    else:
        text = "\n".join(shown(a.glance(reader.value, language) if brief else a.whole) for a in answers)
    if save is not None:
        write(answers[0].saved(), save)
    write(text)


@guarded
def replay(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An answer saved with therapies --save.")],
    opened: Opener = SHIPPED,
    form: ReportOption = ReportFormat.table,
) -> None:
    """Recompute a saved answer: the same, or which input changed and which statuses moved; exit code 1 if any did.

    Example: guidegraph replay answer.ttl
    """
    from guidegraph.render.reports import replay_text

    comparison = opened().replay(file)
    write_report(form, comparison, replay_text)
    if not comparison["same"]:
        raise typer.Exit(FAILED)


@guarded
def explain(
    profile: ProfileArgument,
    therapy: Annotated[str, typer.Argument(metavar="THERAPY", help="A therapy by label, synonym, CURIE or IRI.")],
    form: FormatOption = Format.table,
    question: Question = TODAY,
    opened: Opener = SHIPPED,
    endpoint: EndpointOption = None,
) -> None:
    """Why a therapy has its status, and the smallest change that would make it eligible.

    Example: guidegraph explain example:chronic-failed-care THERAPY (a label that guidegraph therapies shows)
    """
    from guidegraph import render

    shown = view(
        form,
        {
            Format.table: render.explain_text,
            Format.json: render.to_json,
            Format.markdown: render.explain_markdown,
            Format.html: render.explain_html,
        },
    )
    kb = opened(endpoint=endpoint)
    write(shown(kb.explain(profile_source(profile), therapy, **question.options)))


@guarded
def ask(
    profile: ProfileArgument,
    form: FormatOption = Format.table,
    full: Full = False,
    question: Question = TODAY,
    opened: Opener = SHIPPED,
    endpoint: EndpointOption = None,
) -> None:
    """What to find out next about a patient, most telling question first.

    Example: guidegraph ask example:age-only
    """
    from guidegraph import render

    shown = view(
        form,
        {
            Format.table: render.questions_text if full else render.questions_screen,
            Format.json: render.to_json,
            Format.markdown: render.questions_markdown if full else render.questions_screen_markdown,
        },
    )
    kb = opened(endpoint=endpoint)
    write(shown(kb.therapies(profile_source(profile), **question.options).asked()))


@guarded
def timeline(
    profile: ProfileArgument,
    output: PictureOutput = None,
    form: FormatOption = Format.table,
    question: Question = TODAY,
    opened: Opener = SHIPPED,
) -> None:
    """Statuses of all therapies by week of symptoms.

    Example: guidegraph timeline example:acute-uncomplicated -o timeline.svg
    """
    from guidegraph import render

    draw = picture(output, {".svg": render.timeline_svg, ".html": render.timeline_html}, form)
    shown = view(
        form,
        {
            Format.table: render.timeline_text,
            Format.json: render.to_json,
            Format.markdown: render.timeline_markdown,
            Format.html: render.timeline_html,
        },
    )
    kb = opened()
    data = kb.timeline(profile_source(profile), **question.options)
    if draw is not None:
        write(draw(data), output)
        typer.echo(f"wrote {output}", err=True)
        return
    write(shown(data))


@guarded
def plan(
    profile: ProfileArgument,
    chosen: Annotated[
        list[str], typer.Argument(metavar="THERAPY...", help="Therapies by label, synonym, CURIE, IRI or code.")
    ],
    form: FormatOption = Format.table,
    question: Question = TODAY,
    opened: Opener = SHIPPED,
) -> None:
    """What becomes of therapies that are given together: what is warned of, what doubles, which conditions are met.

    Example: guidegraph plan example:acute-uncomplicated THERAPY THERAPY (labels that guidegraph therapies shows)
    """
    from guidegraph import render
    from guidegraph.render.plan import plan_markdown, plan_text

    shown = view(form, {Format.table: plan_text, Format.json: render.to_json, Format.markdown: plan_markdown})
    kb = opened()
    write(shown(kb.plan(profile_source(profile), chosen, **question.options)))
