"""What a term or code is and does, as plain text."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from guidegraph.words import clean, rule, wrap

_SHOWN = 12


def lookup_text(data: dict[str, Any]) -> str:
    """How a code was read, then each term: definition, place, mappings, and what states something about it."""
    lines = _reading(data["reading"]) if data["reading"] else []
    lines += wrap(clean(data["asked_back"])) if data["asked_back"] else []
    if len(data["terms"]) > 1 and data["reading"] is None and len(data["terms"]) > _SHOWN:
        names = [f"{t['label']} ({t['id']})" for t in data["terms"]]
        return "\n".join([*wrap(f"{len(names)} terms hold {clean(data['asked'])!r}:"), *map(_item, names)]) + "\n"
    for term in data["terms"]:
        lines += ["", *_term(term)] if lines else _term(term)
    return "\n".join(lines) + "\n"


def _item(text: str) -> str:
    return f"  {clean(text)}"


def _reading(row: dict[str, Any]) -> list[str]:
    lines = wrap(f"{row['code']}{' - ' + row['label'] if row['label'] else ''}")
    lines += wrap(row["iri"], "  ") if row["iri"] else []
    if row["another"] and not row["understood"]:
        lines += wrap("known, and none of the terms here", "    ", "  ")
        lines += [line for step in row["steps"] for line in wrap(step, "      ", "    ")]
        for told, key in (("may be", "may_be"), ("known not to be", "is_not")):
            if row[key]:
                lines += wrap(f"{told}: {', '.join(c['label'] for c in row[key])}", "    ", "  ")
        return lines + wrap("of every other term it is not known whether it is one", "    ", "  ")
    if not row["understood"]:
        return lines + wrap(f"NOT UNDERSTOOD: {'; '.join(row['steps'])}", "    ", "  ")
    for told, key, steps in (
        ("whoever has it has", "present", "steps"),
        ("whoever lacks it lacks", "absent", "absent_steps"),
    ):
        if row[key]:
            lines += wrap(f"{told}: {', '.join(c['label'] for c in row[key])}", "    ", "  ")
            lines += [line for step in row[steps] for line in wrap(step, "      ", "    ")]
    if row["another"] and row["may_be"]:
        lines += wrap(f"may be as well: {', '.join(c['label'] for c in row['may_be'])}", "    ", "  ")
    return lines


def _term(term: dict[str, Any]) -> list[str]:
    lines = wrap(f"{term['label']} ({term['kind']}, {term['id']})")
    lines += wrap(term["definition"], "  ", "  ") if term["definition"] else []
    for word, values in (
        ("also", term["synonyms"]),
        ("asked back", [f"{n['name']} ({n['scope']})" for n in term["asked_back"]]),
        ("a kind of", [c["label"] for c in term["above"]]),
        ("kinds of it", [c["label"] for c in term["below"]]),
    ):
        if values:
            lines += wrap(f"{word}: {', '.join(values)}", "    ", "  ")
    lines += rule("Mappings")
    for row in term["mappings"]:
        found = f"{row['code']} {row['label']}" if row["code"] else f"nothing found: {row['comment']}"
        lines += wrap(f"{row['predicate']:7} {found} [{row['terminology']}; {row['source']}]", "          ", "  ")
    if not term["mappings"]:
        lines.append("  none")
    lines += rule(f"What is stated ({len(term['statements'])})")
    for role, rows in groupby(term["statements"], key=lambda row: row["role"]):
        stated = list(rows)
        lines.append(f"  {role} ({len(stated)})")
        for one in stated[:_SHOWN]:
            lines += wrap(f"{one['label']} - {one['document']['label']} [{one['id']}]", "      ", "    ")
        if len(stated) > _SHOWN:
            lines.append(f"    ... {len(stated) - _SHOWN} more (--format json shows all)")
    return lines
