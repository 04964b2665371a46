"""What every view of an answer shows of its therapies: the sections in their order, and what is said of each entry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from guidegraph.model import POSITIVE, STATUSES, WAITING, WORSE
from guidegraph.words import boundary_words, how, place, source, strength, warning

if TYPE_CHECKING:
    from guidegraph.derived import Span, Timeline
    from guidegraph.forms import Answer, Recommendation, Therapy

#: Facts to establish that a therapy lists before it counts the rest.
_SHOWN = 6
_LOOKED = {"no-recommendation": "no recommendation", "insufficient-evidence": "insufficient evidence"}
#: Kinds of grounds that are shown as they stand, after the voices.
_AS_THEY_STAND = ("not tolerated", "in general", "alert")


@dataclass(frozen=True)
class Section:
    """Therapies under one heading; ``folded`` ones are named only, since an emergency comes first."""

    heading: str
    entries: tuple[Therapy, ...]
    folded: bool = False


class Said(NamedTuple):
    """One thing that is said of a therapy: what it is, the sentence, how it is given, and where it stands."""

    word: str
    text: str
    how: str = ""
    place: str = ""


def sections(answer: Answer) -> list[Section]:
    """The sections of an answer: what a true alert calls for first and alone, then a section a status.

    What is provisional on nothing but unknown signs of alerts stands apart, and so does what was tried in vain. While
    an alert is true that nobody has attended to, the rest is folded, but for what must not be given although somebody
    recommends it.
    """
    emergency = any(row["truth"] == "true" and not row["attended"] for row in answer["alerts"])
    called = tuple(entry for entry in answer["therapies"] if entry["called_for"])
    rest = [entry for entry in answer["therapies"] if not entry["called_for"]]
    found = [Section("Act at once", called)] if called else []
    for status in STATUSES.values():
        entries = tuple(entry for entry in rest if entry["status"] == status.code)
        if emergency:
            kept = tuple(e for e in entries if status.code == "contraindicated" and _recommended(e))
            found.append(Section(f"Do not give ({len(kept)})", kept))
            entries = tuple(entry for entry in entries if entry not in kept)
            found.append(Section(f"{status.heading} ({len(entries)})", entries, True))
            continue
        again = tuple(entry for entry in entries if status.code in POSITIVE and _in_vain(entry))
        waiting = tuple(entry for entry in entries if entry["alert_signs_only"] and entry not in again)
        own = tuple(entry for entry in entries if not entry["alert_signs_only"] and entry not in again)
        found.append(Section(f"Provisional: rule out the alerts first, nothing else is open ({len(waiting)})", waiting))
        found.append(Section(f"{status.heading} ({len(own)})", own))
        found.append(Section(f"{status.code.capitalize()}, but tried in vain ({len(again)})", again))
    return [section for section in found if section.entries]


def _in_vain(entry: Therapy) -> bool:
    return any(trial["itself"] and trial["in_vain"] for trial in entry["tried"])


def _recommended(entry: Therapy) -> bool:
    return any(voice["truth"] in ("true", "unknown") for voice in entry["for"])


class Course(NamedTuple):
    """A family of therapies over the weeks: its name with the number of the others in it, and its statuses."""

    label: str
    spans: list[Span]


def courses(timeline: Timeline) -> tuple[list[Course], dict[str, list[str]]]:
    """The families of a timeline whose status changes, and the names of the others by the status that they keep."""
    members = Counter(row["family"] for row in timeline["rows"])
    moving: list[Course] = []
    steady: dict[str, list[str]] = {}
    for row in timeline["rows"]:
        if row["family"] != row["intervention"]:
            continue
        others = members[row["family"]] - 1
        label = f"{row['label']} (+{others})" if others else row["label"]
        if len(row["spans"]) > 1:
            moving.append(Course(label, row["spans"]))
        else:
            steady.setdefault(row["spans"][0]["status"], []).append(label)
    return moving, {status: steady[status] for status in STATUSES if status in steady}


def said(entry: Therapy) -> Iterator[Said]:
    """What is said of a therapy: every true voice, contraindication and warning, whatever its status."""
    for ground in entry["grounds"]:
        if ground["kind"] == "counts as":
            yield Said("", ground["text"])
    if entry["status"] in ("not-indicated", "undetermined"):
        kinds = ("failed", "silence", "other problem")
        yield from [Said("", g["text"]) for g in entry["grounds"] if g["kind"] in kinds][:2]
    for word, voices in (
        ("for", entry["for"]),
        ("against", entry["against"]),
        ("limit", entry["limits"]),
        ("both apply, against", entry["both_apply"]),
    ):
        yield from (Said(_sided(word, voices), _voice(v), how(v), place(v)) for v in voices if v["truth"] == "true")
    yield from (
        Said(_LOOKED[voice["stance"]], _voice(voice)) for voice in entry["other_stances"] if voice["truth"] == "true"
    )
    for row in entry["contraindications"]:
        if row["truth"] == "true":
            reviewed = f"; {row['encoding_review']['text']}" if "encoding_review" in row else ""
            yield Said("note" if row["note"] else row["kind"].upper(), warning(row) + reviewed)
    yield from (Said("", ground["text"]) for ground in entry["grounds"] if ground["kind"] in _AS_THEY_STAND)
    if entry["status"] in (*POSITIVE, "contested"):
        yield from (Said(f"below it {status}", labels) for status, labels in _worse(entry))
    yield from beyond_reasons(entry)


def reviewed_words(answer: Answer) -> str:
    """How many of the statements that are told were reviewed, by state; "" where none was."""
    rows = {
        row["id"]: row
        for entry in answer["therapies"]
        for key in ("for", "against", "limits", "both_apply", "contraindications")
        for row in entry[key]
    }
    states = Counter(row["encoding_review"]["state"] for row in rows.values() if "encoding_review" in row)
    if not states:
        return ""
    told = ", ".join(f"{number} {state}" for state, number in sorted(states.items()))
    return f"Review of the encoding, {len(rows)} statements: {told}, {len(rows) - states.total()} never submitted"


def beyond_reasons(entry: Therapy) -> Iterator[Said]:
    """What is said of a therapy beside the reasons of its status: trials, marks, other countries, what has ended."""
    yield from (Said("", trial["text"]) for trial in entry["tried"])
    yield from (Said("boundary", boundary_words(entry["status"], text)) for text in entry["boundary"])
    yield from (Said("mark", text) for text in entry["marks"])
    yield from (Said("stated elsewhere", warning(row)) for row in entry["stated_elsewhere"])
    for voice in entry["against_but_for_coverage"]:
        yield Said("against, but for other patients", f"{_voice(voice)}; {voice['population']}")
    for voice in entry["ended"]:
        yield Said("ended", f"{voice['stance']}: {_voice(voice)}; {voice.get('because', '')}")


def _worse(entry: Therapy) -> Iterator[tuple[str, str]]:
    """What is below a therapy and has a status that is worse, by status: the class alone does not tell it."""
    order = list(STATUSES)
    for status in STATUSES.values():
        labels = [member["label"] for member in entry["members"] if member["status"] == status.code]
        if labels and status.code in WORSE and order.index(status.code) > order.index(entry["status"]):
            yield status.code, "; ".join(labels)


def _sided(word: str, voices: Iterable[Recommendation]) -> str:
    held = [voice["standing"] for voice in voices if voice["truth"] == "true"]
    alone = word in ("for", "against") and all(standing == "secondary" for standing in held)
    return f"{word} (secondary only)" if alone else word


def _voice(voice: Recommendation) -> str:
    """A voice in words: document, standing, strength, and the part of a combination that it is about."""
    also = f", also told by {'; '.join(d['label'] for d in voice['reported_by'])}" if voice["reported_by"] else ""
    part = f"through its part {voice['through']}; " if voice["through"] else ""
    bound = "; ".join([*voice["horizon"], *voice["outcome"]])
    review = ", review pending" if voice["document"]["review"] == "pending" else ""
    told = f"{part}{source(voice['document'], voice['reports'])}{also}; {voice['standing']}{review}; {strength(voice)}"
    told += f"; {voice['encoding_review']['text']}" if "encoding_review" in voice else ""
    return f"{told}; about {bound}" if bound else told


def to_establish(entry: Therapy) -> str:
    """The facts to establish: named where they decide, else counted; "" where there are none but signs of alerts.

    What only definitions leave open nobody can establish: it is told after the facts.
    """
    own = [row for row in entry["establish"] if not row["alert"]]
    names = [row["label"] for row in own if row["fact"] is not None]
    differing = [row["label"] for row in own if row["fact"] is None]
    if differing and entry["status"] in WAITING:
        told = f"open only by definition: {'; '.join(differing)}"
        return "; ".join(filter(None, (_named(entry, names), told)))
    return _named(entry, names)


def _named(entry: Therapy, names: list[str]) -> str:
    if not names:
        return ""
    if entry["status"] not in WAITING:
        count = f"{len(names)} fact{'' if len(names) == 1 else 's'}"
        return f"not known: {count} (guidegraph explain shows all)"
    more = f" and {len(names) - _SHOWN} more (guidegraph explain shows all)" if len(names) > _SHOWN else ""
    signs = ", and the signs of alerts" if any(row["alert"] for row in entry["establish"]) else ""
    return f"establish: {'; '.join(names[:_SHOWN])}{more}{signs}"
