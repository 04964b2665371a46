"""Two versions compared, as text and Markdown: what matters most first, then whose statuses move."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from guidegraph.render.markdown import cell
from guidegraph.words import DISCLAIMER, plural, rule, wrap

if TYPE_CHECKING:
    from guidegraph.audit.diffs import Entry, PatientsMoved, PublishedDiff, Side

#: Moves, patients, therapies of one and statements behind a status that are shown; JSON has all.
_MOVES, _PATIENTS, _THERAPIES, _BY = 10, 4, 4, 2
#: What the sentence on a source's own words for a strength begins with.
_STRENGTH = "strength in its words"


def _graded(side: Side) -> str:
    marks = [side["stance"], side["strength"] if side["strength"] != "none stated" else ""]
    marks += [f"certainty {side['certainty']}"] if side["certainty"] else []
    return ", ".join(mark for mark in marks if mark)


def _lead(entry: Entry) -> str:
    side = entry["now"] or entry["was"]
    assert side is not None
    graded = _graded(side) if entry["now"] is None or entry["was"] is None else ""
    kind = f"{entry['kind']}: " if entry["kind"] not in ("recommendation", "evidence item") else ""
    return f"{kind}{side['label']}" + (f" ({graded})" if graded else "")


def _told(entry: Entry) -> Iterator[str]:
    """The sentences of an entry, gravest first."""
    worded = entry["aspect"] == "wording"
    for change in entry["changes"]:
        if change["aspect"] == "scope" != entry["aspect"]:
            continue  # told in the head
        # Other words go without saying where more than words has changed, but for those of the strength.
        if change["aspect"] == "wording" and not worded and not change["text"].startswith(_STRENGTH):
            continue
        yield change["text"][:1].upper() + change["text"][1:]
    if entry["beside"]:
        other = "the earlier one" if entry["was"] is None else "the later one"
        yield f"On the same, or a class or kind of it, {other} has: {'; '.join(entry['beside'])}"


def _head(data: PublishedDiff) -> list[str]:
    told = []
    for word, one in (("Old", data["old"]), ("New", data["new"])):
        told.append(f"{word}: {one['name']} - {plural(one['statements'], 'statement')}, asked as of {one['day']}")
    counts = (f"{len(g['entries'])} {g['heading'][:1].lower()}{g['heading'][1:]}" for g in data["groups"])
    told.append(f"{'; '.join(counts) or 'Nothing differs'}; {data['unchanged']} unchanged")
    told += [f"Documents: {text}" for text in data["documents"]]
    return told + ([data["note"]] if data["note"] else [])


def _why(by: list[str]) -> str:
    more = f" and {len(by) - _BY} more" if len(by) > _BY else ""
    return f" (by {', '.join(by[:_BY])}{more})" if by else ""


def _patients(patients: PatientsMoved) -> Iterator[tuple[str, list[str]]]:
    """What moved for how many patients, then the first of them, the examples first."""
    moves = [
        f"{m['label']}: {m['was']} -> {m['now']} for {plural(m['patients'], 'patient')}{_why(m['by'])}"
        for m in patients["moves"][:_MOVES]
    ]
    left = len(patients["moves"]) - _MOVES
    if moves:
        yield "What moves", [*moves, *([f"and {left} further moves"] if left > 0 else [])]
    for row in [p for p in patients["patients"] if p["therapies"]][:_PATIENTS]:
        told = [f"{one['label']}: {one['was']} -> {one['now']}" for one in row["therapies"][:_THERAPIES]]
        left = len(row["therapies"]) - _THERAPIES
        yield f"{row['profile']}: {'; '.join([*told, *([f'and {left} more'] if left > 0 else [])])}", []


def _counted(patients: PatientsMoved) -> str:
    failed = sum("error" in row for row in patients["patients"])
    left = f"; {failed} could not be answered for by both" if failed else ""
    more = f"; the first {_PATIENTS} are named" if patients["moved"] > _PATIENTS else ""
    asked = plural(patients["examples"] + patients["generated"], "patient")
    of = f"{plural(patients['examples'], 'example')}, {patients['generated']} made from what differs"
    return f"By each version alone, statuses move for {patients['moved']} of {asked} ({of}){left}{more}."


def diff_text(data: PublishedDiff) -> str:
    """What differs, by group; then whose statuses move."""
    lines = [line for text in _head(data) for line in wrap(text, "  ", "")]
    for group in data["groups"]:
        lines += rule(f"{group['heading']} ({len(group['entries'])})")
        for entry in group["entries"]:
            lines += wrap(_lead(entry), "    ", "* ")
            lines += [line for text in _told(entry) for line in wrap(text, "      ", "    - ")]
    if data["patients"] is not None:
        lines += rule(f"Whose patients ({data['patients']['moved']})")
        lines += wrap(_counted(data["patients"]))
        for profile, told in _patients(data["patients"]):
            lines += wrap(profile, "    ", "* ")
            lines += [line for text in told for line in wrap(text, "      ", "    - ")]
    return "\n".join([*lines, "", *wrap(DISCLAIMER)]) + "\n"


def diff_markdown(data: PublishedDiff) -> str:
    """The same as Markdown: a heading a group, a list item a statement."""
    lines = [f"# {cell(data['old']['name'])} and {cell(data['new']['name'])}", ""]
    lines += [line for text in _head(data) for line in (f"{cell(text).rstrip('.')}.", "")]
    for group in data["groups"]:
        lines += [f"## {cell(group['heading'])} ({len(group['entries'])})", ""]
        for entry in group["entries"]:
            lines += [f"- {cell(_lead(entry))}", *(f"  - {cell(text)}" for text in _told(entry))]
        lines.append("")
    if data["patients"] is not None:
        lines += [f"## Whose patients ({data['patients']['moved']})", "", cell(_counted(data["patients"])), ""]
        for profile, told in _patients(data["patients"]):
            lines += [f"- {cell(profile)}", *(f"  - {cell(text)}" for text in told)]
        lines.append("")
    return "\n".join([*lines, DISCLAIMER]) + "\n"
