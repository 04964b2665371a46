"""A profile written in the form that people read and change: the YAML (or JSON) of docs/profile.md."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from guidegraph import namespaces as ns
from guidegraph.model import Profile, StopFact, TrialFact
from guidegraph.profile import Vocabulary

_ORDER = ("conditions", "findings", "medications", "trials", "stopped_medications")


def plain(profile: Profile, vocabulary: Vocabulary) -> dict[str, Any]:
    """The profile as a mapping of the same form as the YAML; numbers are decimals.

    Facts that have a key of their own (``sex``) use it. Terms are written as our CURIEs, which are unique.
    """
    data: dict[str, Any] = {"id": profile.id}
    if profile.label:
        data["label"] = profile.label
    direct, used = _direct(profile, vocabulary)
    data |= direct
    for row in sorted((r for r in vocabulary.of_kind("number") if r.iri in profile.values), key=lambda r: r.key):
        data[row.key] = profile.values[row.iri]
    rows = {row.key: row for row in vocabulary.of_kind("category")}
    for key in sorted(rows, key=lambda k: (_ORDER.index(k) if k in _ORDER else len(_ORDER), k)):
        listed = _list(profile, rows[key].iri, used)
        if listed:
            data[key] = listed
    return data


def _direct(profile: Profile, vocabulary: Vocabulary) -> tuple[dict[str, Any], set[tuple[bool, str]]]:
    data: dict[str, Any] = {}
    used: set[tuple[bool, str]] = set()
    for present, table in ((True, profile.present), (False, profile.absent)):
        for iri in sorted(cls for classes in table.values() for cls in classes):
            row = vocabulary.by_iri.get(iri)
            if row is None or not row.key or row.kind not in ("condition", "finding") or row.key in data:
                continue
            if row.key_value and present:
                data[row.key] = row.key_value
            elif not row.key_value:
                data[row.key] = present
            else:
                continue
            used.add((present, iri))
    return dict(sorted(data.items())), used


def _list(profile: Profile, prop: str, used: set[tuple[bool, str]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if prop == ns.GG + "hasTrial":
        present: list[Any] = [_event(t) for t in sorted(profile.trials_present, key=repr)]
        absent: list[Any] = [_event(t) for t in sorted(profile.trials_absent, key=repr)]
    elif prop == ns.GG + "stoppedMedication":
        present = [_event(s) for s in sorted(profile.stops_present, key=repr)]
        absent = [_event(s) for s in sorted(profile.stops_absent, key=repr)]
    else:
        present = [ns.shorten(c) for c in sorted(profile.present.get(prop, ())) if (True, c) not in used]
        absent = [ns.shorten(c) for c in sorted(profile.absent.get(prop, ())) if (False, c) not in used]
    texts = sorted({text for about, text in profile.not_understood if about == prop})
    if prop == ns.GG + "hasFinding":
        # What is not understood among conditions counts for findings too: it need not be written twice.
        texts = [text for text in texts if (ns.GG + "hasCondition", text) not in profile.not_understood]
    if present or prop in profile.complete:
        found["present"] = present
    if absent:
        found["absent"] = absent
    if prop in profile.complete:
        found["complete"] = True
    if texts:
        found["not_understood"] = texts
    return found


def _event(event: TrialFact | StopFact) -> dict[str, Any]:
    found: dict[str, Any] = {"of": ns.shorten(event.of)}
    if isinstance(event, StopFact):
        return found if event.days is None else {**found, "days": event.days}
    if event.weeks is not None:
        found["weeks"] = event.weeks
    if event.outcome:
        found["outcome"] = ns.shorten(event.outcome)
    return found


def to_yaml(profile: Profile, vocabulary: Vocabulary, head: str = "") -> str:
    """The profile as YAML with the labels of its terms as comments; ``head`` is a comment at its top."""
    lines = [f"# {line}" for line in head.splitlines()]
    for key, value in plain(profile, vocabulary).items():
        if not isinstance(value, dict):
            lines.append(f"{key}: {_scalar(value)}")
            continue
        lines.append(f"{key}:")
        for part, items in value.items():
            if not isinstance(items, list):
                lines.append(f"  {part}: {_scalar(items)}")
                continue
            lines.append(f"  {part}:{'' if items else ' []'}")
            lines += [_item(item, vocabulary) for item in items]
    return "\n".join(lines) + "\n"


def _item(item: Any, vocabulary: Vocabulary) -> str:
    if isinstance(item, dict):
        inner = ", ".join(f"{key}: {_scalar(value)}" for key, value in item.items())
        return f"    - {{{inner}}}{_named(item['of'], vocabulary)}"
    return f"    - {_scalar(item)}{_named(item, vocabulary)}"


def _named(curie: str, vocabulary: Vocabulary) -> str:
    row = vocabulary.by_iri.get(ns.expand(curie) or "")
    return f"  # {row.label}" if row else ""


def _scalar(value: Any) -> str:
    """A scalar in YAML: a text is quoted, as JSON quotes it, unless it is a CURIE or a plain word."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    bare = value.replace(":", "").replace("-", "")
    if bare.isascii() and bare.isalnum() and bare[0].isalpha() and value not in ("true", "false") and value[-1] != ":":
        return str(value)
    return json.dumps(value, ensure_ascii=True)


def to_json(profile: Profile, vocabulary: Vocabulary) -> str:
    """The profile as JSON; numbers keep every digit."""
    marks: dict[str, str] = {}

    def written(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: written(item) for key, item in value.items()}
        if isinstance(value, list):
            return [written(item) for item in value]
        if isinstance(value, Decimal):
            mark = f"\ue000{len(marks)}\ue000"
            marks[json.dumps(mark)] = f"{value:f}"
            return mark
        return value

    text = json.dumps(written(plain(profile, vocabulary)), indent=2)
    for mark, number in marks.items():
        text = text.replace(mark, number)
    return text + "\n"
