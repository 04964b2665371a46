"""The glance of an answer for the page: bands of entries, each of which opens to all that is known of its therapy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from guidegraph.derived import Glance, GlanceFamily, GlanceVoice
from guidegraph.forms import Answer, Recommendation, Therapy
from guidegraph.model import STATUSES

#: What of a band its heading does not say.
MEANING = {
    "alert": "what is called for now",
    "do-not-give": "although a source recommends it, or may",
    "recommended": "by a guideline in effect",
    "if-checked": "recommended by a guideline; something is to be checked, or calls for caution",
    "weak-ground": "no guideline here recommends it",
    "disagree": "sources say opposite things of this patient",
    "left-open": "a guideline looked and took no side",
    "avoid": "advised against",
    "not-now": "a guideline would recommend it later, or after a trial",
    "tried": "what was tried, and its status now",
    "tests": "what is done to find out",
}
#: Where a reader must not pass over.
LOUD = {"alert": "stop", "do-not-give": "stop"}
_LOOKED = {"no-recommendation": "no recommendation", "insufficient-evidence": "insufficient evidence"}
#: The voices of a therapy by the list that holds them, with what they say.
_LISTS = (
    ("for", "For"),
    ("against", "Against"),
    ("limits", "Against, within limits"),
    ("both_apply", "Against, for another indication"),
    ("other_stances", "Takes no side"),
    ("in_general", "For its class in general"),
    ("against_but_for_coverage", "Against, for other patients"),
    ("ended", "No longer in effect"),
)


@dataclass(frozen=True)
class Chip:
    """A voice beside an entry: its shape, its words, and what the shape means in words."""

    shape: str
    text: str
    meaning: str
    side: str
    unreviewed: bool


@dataclass(frozen=True)
class Entry:
    """A family, where it stood before the last change ("" where it did not move), and its whole where it is open."""

    family: GlanceFamily
    was: str
    whole: Therapy | None


@dataclass(frozen=True)
class Row:
    """Families of a band of which the same is said: their entries, who says so (``more``: and how many others), who
    says otherwise, what else is said, of whom both sides speak, and who else may speak of the patient, by side."""

    entries: tuple[Entry, ...]
    chips: tuple[Chip, ...]
    more: int
    against: tuple[Chip, ...]
    lines: tuple[tuple[str, str], ...]
    meet: tuple[str, ...]
    perhaps: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Band:
    """A band with its rows; ``folded`` while an alert holds that nobody attended to."""

    name: str
    heading: str
    meaning: str
    loud: str
    rows: tuple[Row, ...]
    folded: bool

    @property
    def families(self) -> int:
        """How many families stand in it."""
        return sum(len(row.entries) for row in self.rows)


@dataclass(frozen=True)
class Move:
    """Families that moved from one band, or in it from one status, to another."""

    before: str
    after: str
    labels: tuple[str, ...]


def chip(voice: GlanceVoice) -> Chip:
    """A voice of the glance as a mark and words."""
    stance, strength = voice["stance"], voice["strength"]
    unreviewed = voice["review"] == "pending"
    told = [_LOOKED[stance]] if stance in _LOOKED else [] if strength == "none stated" else [strength]
    told += ["ended"] if voice["standing"] == "ended" else []
    told += ["unreviewed"] if unreviewed else []
    side = stance if stance in ("for", "against") else "neither"
    shape = f"{side}-{strength}" if side != "neither" and strength in ("strong", "conditional") else side
    return Chip(shape, " ".join([voice["short"], *([", ".join(told)] if told else [])]), stance, side, unreviewed)


def emergency(glance: Glance) -> bool:
    """Whether an alert holds that nobody attended to: it stands before all else."""
    return any(row["truth"] == "true" and not row["attended"] for row in glance["alerts"])


def bands(glance: Glance, answer: Answer, opened: Sequence[str], earlier: Mapping[str, Stand]) -> list[Band]:
    """The bands of a glance in its order.

    Args:
        glance, answer: one answer, at a glance and whole.
        opened: the therapies (CURIEs) whose entries are open.
        earlier: where each therapy stood before the last change; empty where nothing was changed.
    """
    therapies = {entry["intervention"]: entry for entry in answer["therapies"]}
    alarmed = emergency(glance)
    found = []
    for band in glance["bands"]:
        shared: dict[object, list[Entry]] = {}
        for family in band["families"]:
            now = Stand(band["heading"], family["status"])
            before = earlier.get(family["therapy"], Stand()) if earlier else now
            moved = (before.band, before.status) != (now.band, now.status)
            whole = therapies.get(family["therapy"]) if family["therapy"] in opened else None
            entry = Entry(family, before.told(now) if moved else "", whole)
            shared.setdefault(_said_the_same(band["band"], family), []).append(entry)
        name, loud = band["band"], LOUD.get(band["band"], "")
        rows = tuple(_row(name, entries, therapies) for entries in shared.values())
        found.append(Band(name, band["heading"], MEANING.get(name, ""), loud, rows, alarmed and not loud))
    # What must not be passed over stands before all else.
    return sorted(found, key=lambda band: not band.loud)


def _said_the_same(band: str, family: GlanceFamily) -> object:
    """What families of one row have in common: the best voice, who says otherwise, and all that is said."""
    best = chip(family["voices"][0]) if family["voices"] else None
    return best, tuple(map(chip, family["against"])), tuple(_lines(band, family))


def _row(band: str, entries: Sequence[Entry], therapies: Mapping[str, Therapy]) -> Row:
    families = [entry.family for entry in entries]
    common = [
        voice for voice in map(chip, families[0]["voices"]) if all(voice in map(chip, f["voices"]) for f in families)
    ]
    total = max(len(f["voices"]) + f["more_voices"] for f in families)
    against, lines = tuple(map(chip, families[0]["against"])), tuple(_lines(band, families[0]))
    meet = tuple(families[0]["notes"]) if band == "disagree" else ()
    head = therapies[families[0]["therapy"]]
    perhaps = {"for": _perhaps(head["for"]), "against": _perhaps(head["against"])} if band == "disagree" else {}
    return Row(tuple(entries), tuple(common), total - len(common), against, lines, meet, perhaps)


def _perhaps(voices: Sequence[Recommendation]) -> tuple[str, ...]:
    """The voices of which it is not known whether they speak of the patient, each with its patients."""
    return tuple(f"{v['document']['label']}: {v['population']}" for v in voices if v["truth"] == "unknown")


def _lines(band: str, family: GlanceFamily) -> Iterator[tuple[str, str]]:
    """What is said of a family under its name: a word and a text each."""
    if band in ("tests", "tried"):
        yield "", STATUSES[family["status"]].code.replace("-", " ")
    if family["facts"] and family["within"] != "avoid":
        told = "; ".join(f"{f['text']} ({', '.join(f['by'])})" if f["by"] else f["text"] for f in family["facts"])
        yield ("" if family["status"] == "contraindicated" or band in LOUD else "caution"), told
    if family["only_with"] and band != "disagree":
        yield "", "; ".join(family["only_with"])
    if family["establish"]:
        more = f", and {family['more_facts']} more" if family["more_facts"] else ""
        yield "check", f"{', '.join(family['establish'])}{more}"
    for note in family["notes"] if band != "disagree" else ():
        yield "", note
    for mark in family["marks"]:
        yield "", mark


@dataclass(frozen=True)
class Stand:
    """Where a therapy stands: the heading of its band ("" where it is in none), its status, and what it is called as
    the head of a family ("" where it is none)."""

    band: str = ""
    status: str = ""
    label: str = ""

    def told(self, other: Stand) -> str:
        """Where it stands, as far as that differs from where else it stood."""
        if self.band and self.band != other.band:
            return self.band.lower()
        return self.status.replace("-", " ") or "not reached by any statement"


def stands(glance: Glance, statuses: Mapping[str, str]) -> dict[str, Stand]:
    """Where every therapy stands that an answer has, those in the bands first."""
    found = {
        therapy: Stand(band["heading"], family["status"], family["label"] if therapy == family["therapy"] else "")
        for band in glance["bands"]
        for family in band["families"]
        for therapy in family["therapies"]
    }
    return found | {therapy: Stand("", status) for therapy, status in statuses.items() if therapy not in found}


def moves(was: Mapping[str, Stand], now: Mapping[str, Stand]) -> list[Move]:
    """What moved between two answers, to another band or status, in the order of the bands: heads of families."""
    found: dict[tuple[str, str], list[str]] = {}
    for therapy in dict.fromkeys((*now, *was)):
        left, entered = was.get(therapy, Stand()), now.get(therapy, Stand())
        label = entered.label or left.label
        if label and (left.band, left.status) != (entered.band, entered.status):
            found.setdefault((left.told(entered), entered.told(left)), []).append(label)
    return [Move(*pair, tuple(labels)) for pair, labels in found.items()]


def voices(entry: Therapy) -> list[tuple[str, str, list[Recommendation]]]:
    """Every voice on a therapy by what it says: the list, its heading, the voices, those true for the patient first."""
    order = ("true", "unknown", "false")
    lists: Mapping[str, Any] = entry
    return [
        (key, heading, sorted(lists[key], key=lambda voice: order.index(voice["truth"])))
        for key, heading in _LISTS
        if lists[key]
    ]
