"""Commands about disagreements between documents."""

from __future__ import annotations

from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from guidegraph.cli.common import Format, picture, view, write
from guidegraph.cli.options import (
    SHIPPED,
    AsOf,
    FormatOption,
    Full,
    Opener,
    PictureOutput,
    Problem,
    day,
    folder_path,
    guarded,
    profile_source,
)
from guidegraph.errors import UsageError

_DOCUMENT = "A document by CURIE (ggd:bmj-2025), id or a part of its label that only it has."


@guarded
def disagreements(
    profile: Annotated[
        str | None,
        typer.Option("--profile", metavar="P", help="Only what concerns this patient: a file, - or example:NAME."),
    ] = None,
    problem: Problem = None,
    intervention: Annotated[
        str | None,
        typer.Option("--intervention", metavar="X", help="Only about this intervention or a related one."),
    ] = None,
    document: Annotated[str | None, typer.Option("--document", metavar="D", help=_DOCUMENT)] = None,
    verdict: Annotated[
        list[str] | None,
        typer.Option("--verdict", metavar="V", help="List the pairs of this verdict, such as real; may be repeated."),
    ] = None,
    include_apparent: Annotated[
        bool, typer.Option("--include-apparent", help="Also pairs whose patients exclude each other or are unrelated.")
    ] = False,
    pairs: Annotated[bool, typer.Option("--pairs", help="Also list the pairs that differ, the gravest first.")] = False,
    policy: Annotated[
        str | None,
        typer.Option(
            "--policy", metavar="POLICY", help="Which side is told first: recency, strength, certainty, primary-first."
        ),
    ] = None,
    full: Full = False,
    form: FormatOption = Format.table,
    as_of: AsOf = None,
    opened: Opener = SHIPPED,
) -> None:
    """Where documents disagree, for whom, and whether it is real: controversies first, then the pairs if asked for.

    Example: guidegraph disagreements --profile example:chronic-failed-care --verdict real
    """
    from guidegraph import render

    listed = pairs or bool(verdict) or include_apparent
    text, page = render.disagreements_screen, render.disagreements_screen_markdown
    if listed or full:
        text = partial(render.disagreements_text, pairs=listed)
        page = partial(render.disagreements_markdown, pairs=listed)
    shown = view(form, {Format.table: text, Format.json: render.to_json, Format.markdown: page})
    kb = opened()
    patient = profile_source(profile) if profile is not None else None
    write(
        shown(
            kb.disagreements(
                profile=patient,
                problem=problem,
                intervention=intervention,
                document=document,
                verdicts=verdict or (),
                include_apparent=include_apparent,
                as_of=day(as_of),
                policy=policy,
            )
        )
    )


@guarded
def compare(
    a: Annotated[str, typer.Argument(metavar="DOC", help=_DOCUMENT)],
    b: Annotated[str, typer.Argument(metavar="DOC", help="The other document.")],
    full: Full = False,
    form: FormatOption = Format.table,
    as_of: AsOf = None,
    opened: Opener = SHIPPED,
) -> None:
    """Two documents side by side: where they differ and agree, what only one addresses, what they share.

    Example: guidegraph compare bmj-2025 nice-ng59
    """
    from guidegraph import render

    text, page = render.compare_screen, render.compare_screen_markdown
    if full:
        text, page = render.compare_text, render.compare_markdown
    shown = view(form, {Format.table: text, Format.json: render.to_json, Format.markdown: page})
    write(shown(opened().compare(a, b, as_of=day(as_of))))


@guarded
def matrix(
    output: PictureOutput = None,
    at_least: Annotated[
        int, typer.Option("--at-least", metavar="N", help="Only interventions that at least N documents address.")
    ] = 2,
    category: Annotated[
        str | None, typer.Option("--category", metavar="K", help="Only interventions of this kind, such as drug.")
    ] = None,
    family: Annotated[
        str | None, typer.Option("--family", metavar="X", help="Only interventions at or below this one.")
    ] = None,
    document: Annotated[
        list[str] | None,
        typer.Option("--document", metavar="D", help="Only this document; may be repeated."),
    ] = None,
    issued_from: Annotated[
        int | None, typer.Option("--from", metavar="YEAR", help="Only documents issued in this year or later.")
    ] = None,
    issued_to: Annotated[
        int | None, typer.Option("--to", metavar="YEAR", help="Only documents issued in this year or before.")
    ] = None,
    strength: Annotated[
        str | None,
        typer.Option("--strength", metavar="S", help="Only statements of this strength, such as strong."),
    ] = None,
    in_effect: Annotated[
        bool, typer.Option("--in-effect", help="Only documents and statements that have not ended.")
    ] = False,
    form: FormatOption = Format.table,
    as_of: AsOf = None,
    opened: Opener = SHIPPED,
) -> None:
    """Interventions by documents: who says what on each, or on those that are chosen.

    Example: guidegraph matrix -o matrix.svg
    """
    from guidegraph import render

    draw = picture(output, {".svg": render.matrix_svg, ".html": render.matrix_html}, form)
    shown = view(form, {Format.table: render.matrix_text, Format.json: render.to_json, Format.html: render.matrix_html})
    data = opened().matrix(
        as_of=day(as_of),
        at_least=at_least,
        category=category,
        family=family,
        documents=document or (),
        issued_from=issued_from,
        issued_to=issued_to,
        strength=strength,
        in_effect=in_effect,
    )
    if draw is not None:
        write(draw(data), output)
        typer.echo(f"wrote {output}", err=True)
        return
    write(shown(data))


@guarded
def changes(
    start: Annotated[str | None, typer.Option("--from", metavar="DATE", help="The first day (YYYY-MM-DD).")] = None,
    end: Annotated[str | None, typer.Option("--to", metavar="DATE", help="The last day; default today.")] = None,
    versus: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", parser=folder_path, help="In place of days: what moved since the release in this folder."
        ),
    ] = None,
    as_of: AsOf = None,
    form: FormatOption = Format.table,
    opened: Opener = SHIPPED,
) -> None:
    """What began, ceased and reversed between two days, and which example patients it touches.

    With --versus: which terms, statements and statuses moved between two releases of the knowledge.

    Example: guidegraph changes --from 2024-12-31 --to 2025-12-31
    """
    from guidegraph import render

    if versus is not None:
        if start or end:
            raise UsageError("--versus compares releases, not days", mend="Leave out --from and --to, or --versus.")
        told = view(
            form,
            {
                Format.table: render.releases_text,
                Format.json: render.to_json,
                Format.markdown: render.releases_markdown,
            },
        )
        write(told(opened().versus(Opener(versus)(), as_of=day(as_of))))
        return
    if as_of is not None:
        raise UsageError("--as-of belongs to --versus", mend="Name the days by --from and --to.")
    shown = view(
        form,
        {Format.table: render.changes_text, Format.json: render.to_json, Format.markdown: render.changes_markdown},
    )
    first, last = day(start, "--from"), day(end, "--to") or date.today()
    if first is None:
        raise UsageError("no first day", where="--from", mend="Write it as 2026-01-31, or name a release by --versus.")
    write(shown(opened().changes(first, last)))
