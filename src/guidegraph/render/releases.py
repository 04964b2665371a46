"""What moved between two releases of the knowledge, as text and Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from guidegraph.derived import Moved, MovedPatient, PublishedReleases
from guidegraph.words import DISCLAIMER, rule, wrap

#: Characters of a value, and statements behind a status, that are shown; JSON has all.
_LONGEST, _MOST = 100, 3


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _node(row: Moved) -> Iterator[str]:
    named = f"{row['label']} ({row['id']})" if row["label"] else row["id"]
    yield from wrap(f"{row['change']}: {named}", "    ", "* ")
    for prop in row["properties"]:
        was, now = ("; ".join(map(_cut, prop[side])) or "nothing" for side in ("was", "now"))
        yield from wrap(f"{prop['property']}: {was} -> {now}", "        ", "    ")


def _gone(data: PublishedReleases) -> Iterator[str]:
    """The terms that are not used any more: those that were deprecated, and those that vanished, which none may."""
    if data["deprecated"]:
        yield from rule(f"Deprecated ({len(data['deprecated'])})")
    for row in data["deprecated"]:
        instead = ", ".join(row["replaced_by"]) or "nothing"
        told = f"{row['label']} ({row['id']}), since {row['since']}: {row['reason']} In its place: {instead}"
        yield from wrap(told, "    ", "* ")
    if data["vanished"]:
        yield from rule(f"Vanished without deprecation ({len(data['vanished'])})")
        yield from wrap("What names them is not understood any more; declare each in ontology/deprecated.ttl.")
    for row in data["vanished"]:
        yield from wrap(f"{row['label']} ({row['id']})", "    ", "* ")


def _patient(patient: MovedPatient) -> Iterator[str]:
    if "error" in patient:
        yield from wrap(f"{patient['profile']}: {patient['error']}", "    ", "* ")
        return
    yield f"* {patient['profile']}"
    for row in patient["therapies"]:
        more = f" and {len(row['by']) - _MOST} more" if len(row["by"]) > _MOST else ""
        why = f" (by {', '.join(row['by'][:_MOST])}{more})" if row["by"] else " (by no statement of its own)"
        moved = f"{row['was'] or 'not in the answer'} -> {row['now'] or 'not in the answer'}"
        yield from wrap(f"{row['label']}: {moved}{why}", "        ", "    ")


def releases_text(data: PublishedReleases) -> str:
    """What moved: by kind each node that was added, removed or changed, then the statuses of the example patients."""
    was, now = data["was"], data["now"]
    lines = wrap(f"From version {was['version']} ({was['digest'][:12]}) to {now['version']} ({now['digest'][:12]})")
    if not data["moved"]:
        lines += ["", "Nothing moved."]
    lines += _gone(data)
    for kind, rows in groupby(data["moved"], key=lambda row: row["kind"]):
        nodes = list(rows)
        lines += rule(f"{kind or 'Of no class'} ({len(nodes)})")
        for row in nodes:
            lines += _node(row)
    touched = [patient for patient in data["patients"] if patient["therapies"] or "error" in patient]
    lines += rule(f"Example patients touched on {data['as_of']} ({len(touched)} of {len(data['patients'])})")
    for patient in touched:
        lines += _patient(patient)
    return "\n".join([*lines, "", *wrap(DISCLAIMER)]) + "\n"


def releases_markdown(data: PublishedReleases) -> str:
    """The same, as a page."""
    return f"# From version {data['was']['version']} to {data['now']['version']}\n\n```text\n{releases_text(data)}```\n"
