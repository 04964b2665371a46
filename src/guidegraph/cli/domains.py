"""The command that lists the domains of the knowledge."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from guidegraph.cli.common import ReportFormat, write_report
from guidegraph.cli.options import Knowledge, ReportOption, folder_path, guarded


@guarded
def domains(
    folder: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FOLDER...]", parser=folder_path, help="Folders of domains of yours to list as well."),
    ] = None,
    knowledge: Knowledge = None,
    form: ReportOption = ReportFormat.table,
) -> None:
    """List the domains that --domain may name, with what each holds.

    Example: guidegraph domains
    """
    from guidegraph import assets
    from guidegraph.domains import available, read_domain

    found = [*available(knowledge or assets.root()).values(), *map(read_domain, folder or ())]
    rows: list[dict[str, Any]] = [
        {
            "name": domain.name,
            "label": domain.label,
            "description": domain.description,
            "needs": list(domain.needs),
            "counts": domain.counts(),
        }
        for domain in found
    ]
    write_report(form, {"domains": rows}, _table)


def _table(data: dict[str, Any]) -> str:
    blocks = []
    for row in data["domains"]:
        counts = ", ".join(f"{number} {what}" for what, number in row["counts"].items())
        needs = [f"    needs {', '.join(row['needs'])}"] if row["needs"] else []
        lines = [f"{row['name']}  {row['label']}", f"    {row['description']}", f"    {counts}", *needs]
        blocks.append("\n".join(line for line in lines if line.strip()))
    return "\n".join(blocks)
