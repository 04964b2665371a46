"""Linked hierarchies and their conflicts as plain text."""

from __future__ import annotations

from typing import Any

from guidegraph.words import clean, wrap


def linked_text(report: dict[str, Any]) -> str:
    """What came of linking one hierarchy."""
    lines = wrap(f"{report['name']}: {report['title']}, {report['version']}")
    lines += wrap(report["description"], "  ")
    lines += wrap(f"licence of the data: {report['licence']}. It stays on this machine.", "  ", "  ")
    lines.append(f"  file: {clean(report['file'])}")
    if report["missing"]:
        lines += wrap(f"mapped, but not in this source: {', '.join(report['missing'])}", "    ", "  ")
    for circle in report["circles"]:
        lines += wrap(f"runs in a circle: {' -> '.join(circle)}", "    ", "  ")
    lines += _reasoner(report["reasoner"])
    count = len(report["conflicts"])
    if count:
        told = "place" if count == 1 else "places"
        lines += wrap(
            f"{count} {told} where its order and ours differ: guidegraph mappings conflicts --source {report['name']}",
            "    ",
            "  ",
        )
    return "\n".join(lines) + "\n"


def _reasoner(said: dict[str, Any] | None) -> list[str]:
    if said is None:
        return ["  HermiT was not asked (--no-reasoner)."]
    if said["sound"]:
        return wrap(f"HermiT: consistent, {said['tested']} classes tested, none unsatisfiable.", "    ", "  ")
    if not said["consistent"]:
        return wrap("HermiT: ontology, mappings and hierarchy together are inconsistent.", "    ", "  ")
    lines = wrap("HermiT: these classes cannot have a member any more:", "    ", "  ")
    for clash in said["clashes"]:
        more = f" (and {clash['narrower']} below it)" if clash["narrower"] else ""
        lines += wrap(f"{clash['label']}{more}, since", "      ", "    * ")
        for step in clash["steps"]:
            lines += wrap(step, "        ", "      - ")
    told = (
        "No answer rests on this: a code is read by its nearest mapped ancestors, and above them our own order holds."
    )
    return [*lines, *wrap(told, "    ", "  ")]


def links_text(report: dict[str, Any]) -> str:
    """What is linked, and what could be."""
    lines = [f"linked, in {clean(report['folder'])}:"]
    for row in report["linked"]:
        lines += wrap(f"{row['name']:14} {row['title']}, {row['version']}: {row['terms']} terms", " " * 15, "  ")
    if not report["linked"]:
        lines.append("  none")
    if report["not_read"]:
        lines += wrap(f"not read, since it is no *.trig that link wrote: {', '.join(report['not_read'])}", "    ", "  ")
    lines.append("sources:")
    for row in report["sources"]:
        state = "installed" if row["installed"] else row["install"]
        lines += wrap(f"{row['name']:14} {row['title']} ({row['package']}): {state}", " " * 15, "  ")
    return "\n".join(lines) + "\n"


def conflicts_text(report: dict[str, Any]) -> str:
    """Conflicts by kind, the mistakes of mapping tables first."""
    lines: list[str] = []
    kind = ""
    for row in report["conflicts"]:
        if row["kind"] != kind:
            kind = row["kind"]
            lines += wrap(f"{kind}: {report['kinds'][kind]}")
        lines += wrap(row["message"], "    ", "  * ")
    names = ", ".join(report["compared"]) or "no linked hierarchy (guidegraph link NAME links one)"
    count = len(report["conflicts"])
    lines += wrap(f"{count} conflict{'' if count == 1 else 's'}; compared with the mapping tables: {names}")
    return "\n".join(lines) + "\n"
