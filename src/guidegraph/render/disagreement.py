"""Disagreements, comparisons and changes as text and Markdown."""

from __future__ import annotations

from guidegraph import comparisons as forms
from guidegraph.forms import Evidence
from guidegraph.render.controversies import controversies_markdown, controversies_text
from guidegraph.render.markdown import cell, sources_section, table
from guidegraph.words import DISCLAIMER, partly_dated, rule, sources_lines, wrap, year

_HEADINGS = {
    "real": "Real: opposed about the same patients",
    "horizon": "Opposed for another outcome or horizon",
    "condition": "Differ by a condition, setting or sequence",
    "stance": "One takes a side, the other does not",
    "grading-only": "Same direction, other strength or certainty",
    "silence": "One does not address it, though its scope covers the patients",
    "superseded": "Superseded or lapsed",
    "not-excluded": "Not excluded: opposed about unrelated indications",
    "apparent": "Apparent: opposed, but their patients exclude each other",
}
#: What is printed where a document says nothing of an intervention, and it is not known what it looked at.
_MISSING = {"scope not stated": "nothing read on it (what else it looked at is not stated)"}
_BOUNDARY = "Boundary: they meet only by converted units or differing definitions"
_MORE = " --pairs lists them, --verdict V those of one verdict (what is superseded only so)."


def _basis(row: forms.Disagreement) -> str:
    """What the two sides rest on, in words."""
    told = []
    for side, support in (("a", row["support"]["a"]), ("b", row["support"]["b"])):
        studies = len(support["studies"])
        told.append(
            f"{side}: {support['voices']} voice{'s' if support['voices'] != 1 else ''} in {len(support['documents'])} "
            f"document{'s' if len(support['documents']) != 1 else ''}, {studies or 'no recorded'} "
            f"stud{'y' if studies == 1 else 'ies'} or review{'' if studies == 1 else 's'}"
        )
    shared = row["shared_evidence"]
    if shared["cca"] is not None:
        told.append(f"{len(shared['studies'])} shared (corrected covered area {shared['cca']:g})")
    return "; ".join(told)


def _newer(row: forms.Disagreement) -> str:
    told = []
    for side, newer in (("a", row["newer_evidence"]["a"]), ("b", row["newer_evidence"]["b"])):
        names = [f"{e['label']} ({e['issued'][:4]})" for e in newer]
        if names:
            told.append(f"{side} could not have seen {'; '.join(names)}")
    return "; ".join(told)


def _lines(row: forms.Disagreement) -> list[str]:
    lines = wrap(f"{row['label']}: {row['text']}", "    ", "* ")
    relation = "; ".join(row["relation"]) or "none recorded"
    members = ", ".join(member["label"] for member in row["members"])
    facts = [
        f"members: {members}" if members else "",
        f"for whom: {row['overlap_text']}",
        f"kind {row['kind']}, overlap {row['overlap']}; sources: {relation}",
        f"would explain it: {'; '.join(row['explained_by'])}",
        f"to ask: {'; '.join(row['questions'])}" if row["questions"] else "",
        _basis(row),
        _newer(row),
        *(f"{c['document']} is contested by {c['by']}" for c in row["contested"]),
    ]
    return lines + [line for fact in facts if fact for line in wrap(fact, "      ", "    ")]


def _partly_dated(data: forms.Disagreements | forms.Pair | forms.Changes) -> list[str]:
    return [line for text in partly_dated(data["imprecise"]) for line in wrap(text, "  ")]


def _listed(data: forms.Disagreements) -> list[tuple[str, list[forms.Disagreement]]]:
    """The pairs by verdict, the gravest first, and those that only a conversion of time makes apart."""
    groups = [
        (heading, [row for row in data["disagreements"] if row["verdict"] == verdict and not row["boundary"]])
        for verdict, heading in _HEADINGS.items()
    ]
    groups.append((_BOUNDARY, [row for row in data["disagreements"] if row["boundary"]]))
    return [(heading, rows) for heading, rows in groups if rows]


def _counts(data: forms.Disagreements) -> str:
    """How many pairs there are of each verdict, listed or not."""
    counts = "; ".join(f"{verdict} {count}" for verdict, count in data["counts"].items() if count)
    return f"Pairs: {counts or 'none'}."


def disagreements_text(data: forms.Disagreements, pairs: bool = True) -> str:
    """Controversies first, then, with ``pairs``, the pairs by verdict, the gravest first."""
    policy = f" - sides ordered by {data['policy']} (nothing is resolved)" if data["policy"] else ""
    found = len(data["controversies"])
    lines = wrap(f"Controversies - as of {data['as_of']}{policy} - {found} found")
    lines += _partly_dated(data)
    lines += controversies_text(data["controversies"])
    lines += ["", *wrap(_counts(data) + ("" if pairs else _MORE))]
    for heading, shown in _listed(data) if pairs else ():
        lines += rule(f"{heading} ({len(shown)})")
        lines += [line for row in shown for line in _lines(row)]
    lines += sources_lines(data["sources"]) if pairs else []
    return "\n".join([*lines, "", *wrap(DISCLAIMER)]) + "\n"


def _cells(row: forms.Disagreement) -> list[str]:
    label, sources, why = row["label"], "; ".join(row["relation"]), "; ".join(row["explained_by"])
    return [label, row["kind"], row["overlap"], row["text"], row["overlap_text"], sources, why]


def disagreements_markdown(data: forms.Disagreements, pairs: bool = True) -> str:
    """Controversies first, then, with ``pairs``, the pairs as one table a verdict."""
    parts = [f"# Disagreements\n\nAs of {data['as_of']}."]
    parts += [f"{cell(text)}." for text in partly_dated(data["imprecise"])]
    if data["policy"]:
        parts.append(f"Sides are ordered by {cell(data['policy'])}; nothing is resolved.")
    parts += [f"## Controversies ({len(data['controversies'])})", *controversies_markdown(data["controversies"])]
    parts.append(cell(_counts(data) + ("" if pairs else _MORE)))
    for heading, shown in _listed(data) if pairs else ():
        head = ["intervention", "kind", "overlap", "who against whom", "for whom", "sources", "would explain it"]
        parts += [f"## {heading} ({len(shown)})", table(head, [_cells(row) for row in shown])]
    parts += sources_section(data["sources"]) if pairs else []
    return "\n\n".join([*parts, DISCLAIMER]) + "\n"


def _document(row: forms.WholeDocument) -> str:
    contested = "; contested" if row["contested_by"] else ""
    return f"{row['label']} ({year(row)}, {row['kind']}; {row['status']}{contested})"


def _found(row: Evidence) -> str:
    return f"evidence, no recommendation: {row['benefit_or_harm']} ({row['effect']}; certainty {row['certainty']})"


def _said(row: forms.SaidOf) -> str:
    """One recommendation: stance and strength, of what if not of the row itself, for whom."""
    marks = [row["strength"]] if row["strength"] != "none stated" else []
    marks += [f"certainty {row['certainty']}"] if row["certainty"] != "not stated" else []
    marks += row["attached"] + (["no longer in effect"] if row["ended"] else [])
    on = f" {row['on']}" if row["on"] else ""
    told = f" ({', '.join(marks)})" if marks else ""
    return f"{row['stance']}{on}{told}: {row['whom']}"


def compare_text(data: forms.Pair) -> str:
    """Two documents side by side."""
    lines = wrap(f"a: {_document(data['a'])}", "   ") + wrap(f"b: {_document(data['b'])}", "   ")
    lines += wrap(f"as of {data['as_of']}; sources: {'; '.join(data['relation']) or 'no relation recorded'}")
    lines += _partly_dated(data)
    shared = data["shared_evidence"]
    if shared["cca"] is None:
        lines += wrap("shared evidence: not recorded for both")
    else:
        lines += wrap(f"shared evidence: {len(shared['studies'])}, corrected covered area {shared['cca']:g}")
    lines += rule(f"Who says what ({len(data['interventions'])})")
    for one in data["interventions"]:
        lines += wrap(one["label"], "  ", "")
        for side, said, missing in (("a", one["a"], one["missing_a"]), ("b", one["b"], one["missing_b"])):
            told = [_said(row) for row in said] or [_MISSING.get(missing or "", missing or "")]
            told += [_found(row) for row in one["found_a" if side == "a" else "found_b"]]
            lines += [line for text in told for line in wrap(text, "      ", f"  {side}: ")]
    for title, rows in (("Differ", data["disagreements"]), ("Opposed about other patients", data["apart"])):
        lines += rule(f"{title} ({len(rows)})")
        for row in rows:
            lines += wrap(f"{row['verdict']}: {row['label']}: {row['text']}", "    ", "* ")
    lines += rule(f"Agree ({len(data['agreements'])})")
    for same in data["agreements"]:
        a, b = same["a"], same["b"]
        lines += wrap(f"{a['stance']}: {a['label']} | {b['label']} ({same['overlap']})", "    ", "* ")
    for side, only in (("a", data["only_a"]), ("b", data["only_b"])):
        lines += rule(f"Only {side} addresses ({len(only)})")
        lines += wrap("; ".join(f"{r['label']} ({r['stance']})" for r in only) or "nothing", "  ", "  ")
    lines += sources_lines(data["sources"])
    return "\n".join([*lines, "", *wrap(DISCLAIMER)]) + "\n"


def changes_text(data: forms.Changes) -> str:
    """What changed between two days: documents with why, statements, disagreements, patients."""
    lines = wrap(f"Changes from {data['from']} to {data['to']}") + _partly_dated(data)
    lines += rule(f"Documents ({len(data['documents'])})")
    for row in data["documents"]:
        lines += wrap(f"{row['label']}: {'; '.join(row['why'])}", "    ", "* ")
    for title, statements in (("Began", data["began"]), ("Ceased", data["ceased"])):
        lines += rule(f"{title} ({len(statements)})")
        for one in statements:
            lines += wrap(f"{one['stance']}: {one['label']} ({one['document']['label']})", "    ", "* ")
    lines += rule(f"Reversed ({len(data['reversed'])})")
    for turn in data["reversed"]:
        was, now = turn["was"], turn["now"]
        words = f"{was['label']} ({was['stance']}) -> {now['label']} ({now['stance']})"
        lines += wrap(f"{now['document']['label']}: {words}", "    ", "* ")
    for word, pairs in (("began", data["disagreements_began"]), ("ceased", data["disagreements_ceased"])):
        lines += rule(f"Disagreements that {word} ({len(pairs)})")
        for pair in pairs:
            lines += wrap(f"{pair['verdict']}: {pair['label']}: {pair['text']}", "    ", "* ")
    lines += rule(f"Disagreements whose verdict changed ({len(data['disagreements_changed'])})")
    for changed in data["disagreements_changed"]:
        words = f"{changed['was']} -> {changed['verdict']}: {changed['label']}: {changed['text']}"
        lines += wrap(words, "    ", "* ")
    touched = [patient for patient in data["patients"] if patient["therapies"]]
    lines += rule(f"Example patients touched ({len(touched)} of {len(data['patients'])})")
    for patient in touched:
        moved = (f"{t['label']}: {t['was'] or 'not in the answer'} -> {t['now']}" for t in patient["therapies"])
        lines += wrap(f"{patient['profile']}: {'; '.join(moved)}", "    ", "* ")
    return "\n".join([*lines, "", *wrap(DISCLAIMER)]) + "\n"


def compare_markdown(data: forms.Pair) -> str:
    """Two documents side by side, as a page."""
    return f"# {cell(data['a']['label'])} and {cell(data['b']['label'])}\n\n```text\n{compare_text(data)}```\n"


def changes_markdown(data: forms.Changes) -> str:
    """What changed between two days, as a page."""
    return f"# Changes from {data['from']} to {data['to']}\n\n```text\n{changes_text(data)}```\n"
