"""The glance of an answer as text of 100 columns and as Markdown: what one acts on, in 30 lines where it fits."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from guidegraph.words import SHORT_DISCLAIMER, STARTING, clean

if TYPE_CHECKING:
    from guidegraph.derived import Glance, GlanceBand, GlanceFact, GlanceFamily, GlanceQuestion, GlanceVoice

WIDTH = 100
#: Lines that a glance has at most, unless what is never cut needs more.
LINES = 30
_HEAD, _LEFT, _GAP = 15, 50, 2
_RIGHT = WIDTH - _HEAD - _LEFT - _GAP
#: Sources of a fact, flags and readings that are named; the others are counted.
_SOURCES, _FLAGS, _READ = 1, 1, 2
#: Characters of the members of a family that are named, else counted.
_MEMBERS = 30
#: Lines that the parts keep when the whole must shrink, those of other bands one; 0 are never cut.
_LEAST = {
    "alert": 0,
    "do-not-give": 0,
    "recommended": 8,
    "if-checked": 3,
    "disagree": 3,
    "weak-ground": 2,
    "avoid": 3,
    "tests": 2,
}
_LOOKED = {"no-recommendation": "no recommendation", "insufficient-evidence": "insufficient evidence"}
#: What a test's own band comes to.
_TEST = {"avoid": "no", "do-not-give": "do not", "disagree": "sources disagree", "left-open": "left open"}


@dataclass
class Row:
    """One row of a part: the families named, what is said of all of them, and beside it who says it; ``cut``: how many
    families of it are left out."""

    names: list[str]
    said: str = ""
    voices: str = ""
    cut: int = 0

    @property
    def text(self) -> str:
        """The row without its voices."""
        return ", ".join([*self.names, *([f"+{self.cut}"] if self.cut else [])]) + self.said


@dataclass
class Part:
    """The rows under one heading; ``least``: lines that it keeps when others must shrink (0: it is never cut);
    ``cut``: how many families are left out with the rows at its end."""

    heading: str
    rows: list[Row]
    least: int = 0
    cut: int = 0


def glance_text(glance: Glance) -> str:
    """The glance as text of 100 columns."""
    parts, end = parts_of(glance), textwrap.wrap(closing(glance), WIDTH, break_on_hyphens=False)
    _fit(parts, LINES - len(end))
    return "\n".join([*(line for part in parts for line in _lines(part)), *end]) + "\n"


def glance_markdown(glance: Glance, more: str = "--full") -> str:
    """The glance as Markdown: a heading a part, a line a row, nothing cut; ``more`` says how to see the rest."""
    lines: list[str] = []
    for part in parts_of(glance):
        if part.heading:
            lines += [f"**{escaped(part.heading)}**", ""]
        for row in part.rows:
            by = f" *({escaped(row.voices)})*" if row.voices else ""
            lines.append(f"{'- ' if part.heading else ''}{escaped(row.text)}{by}")
            if not part.heading:
                lines.append("")
        lines += [""] if part.heading else []
    return "\n".join([*lines, escaped(closing(glance, more))]) + "\n"


def escaped(text: str) -> str:
    """Text in which nothing is markup of Markdown."""
    return "".join(f"\\{c}" if c in "\\`*_[]<>|#" else c for c in clean(text))


def parts_of(glance: Glance) -> list[Part]:
    """Everything that is shown, in its order; while an alert holds that nobody attended to, only what bears on it."""
    emergency = any(row["truth"] == "true" and not row["attended"] for row in glance["alerts"])
    marks = _marks(glance)
    shown = [b for b in glance["bands"] if not emergency or not _least(b["band"])]
    bands = {b["band"]: Part(b["heading"], _rows(b, marks), _least(b["band"])) for b in shown}
    called = [bands.pop("alert")] if "alert" in bands else []
    refused = [bands.pop("do-not-give")] if "do-not-give" in bands else []
    drugs = [Row([drug["label"]], f": {'; '.join(drug['because'])} ({STARTING})") for drug in glance["taken_now"]]
    # An answer to a patient who was not understood whole says so before anything else.
    missed = _one("NOT UNDERSTOOD", "; ".join(glance["not_understood"]), 0)
    parts = [Part("", _header(glance)), *missed, *_held(glance), *called, *_asked(glance)]
    parts += [*_one("TO WEIGH", _some(glance["flags"], _FLAGS)), *refused]
    parts += [*([Part("TAKES NOW", drugs)] if drugs else []), *bands.values()]
    folded = sum(len(band["families"]) for band in glance["bands"]) - sum(len(band["families"]) for band in shown)
    if folded:
        parts += _one("AFTERWARDS", f"{folded} families of therapies, folded while the alert is not attended to")
    if glance["other_problems"]:
        told = ", ".join(f"{row['label']} ({row['recommendations']})" for row in glance["other_problems"])
        parts += _one("OTHER PROBLEM", f"recommendations on {told}: name it as the problem to see them")
    if not emergency:
        parts += [Part("ASK NEXT", asked, 2)] if (asked := _questions(glance["ask_next"])) else []
    unused = [*glance["unused"], *(f"{label} (none of our terms)" for label in glance["others"])]
    return [*parts, *_one("NOT USED", "; ".join(unused), 0)]


def _questions(questions: Sequence[GlanceQuestion]) -> list[Row]:
    """A row for each thing that answers may do, with how many families beside the one named, and the questions."""
    rows: list[Row] = []
    for at, question in enumerate(questions):
        if at and questions[at - 1]["decides"] == question["decides"]:
            rows[-1].names.append(question["label"])
            continue
        more = f" (+{question['families'] - 1})" if question["families"] > 1 else ""
        told = f"{question['decides']}{more}: " if question["decides"] else ""
        rows.append(Row([told + question["label"]]))
    return rows


def _least(band: str) -> int:
    return _LEAST.get(band, 1)


def _one(heading: str, text: str, least: int = 1) -> list[Part]:
    return [Part(heading, [Row([text])], least)] if text else []


def _some(texts: Sequence[str], number: int, join: str = "; ") -> str:
    more = [f"+{len(texts) - number}"] if len(texts) > number else []
    return join.join([*texts[:number], *more])


def _header(glance: Glance) -> list[Row]:
    patient = "; ".join(glance["patient"])
    problem = glance["problem"][:1].upper() + glance["problem"][1:]
    told = [glance["banner"] or "", f"{problem}{': ' if patient else ''}{patient}. As of {glance['as_of']}"]
    read = f"read: {_some(glance['read'], _READ)}" if glance["read"] else ""
    return [Row([text]) for text in (*told, *glance["notes"], read) if text]


def _held(glance: Glance) -> list[Part]:
    """The alerts that hold, each with its signs and what it calls for."""
    parts: list[Part] = []
    for alert in glance["alerts"]:
        if alert["truth"] == "true":
            done = f" ({alert['attended']})" if alert["attended"] else ""
            calls = f" - calls for {', '.join(alert['calls_for'])}" if alert["calls_for"] else ""
            parts.append(Part("ALERT", [Row([f"{alert['label']}{done}: {'; '.join(alert['facts'])}{calls}"])]))
    return parts


def _asked(glance: Glance) -> list[Part]:
    """Every sign of the other alerts that nobody asked about, once, and those that are known to be there or absent."""
    signs = [sign for alert in glance["alerts"] if alert["truth"] == "unknown" for sign in alert["signs"]]
    left = dict.fromkeys(sign["label"] for sign in signs if sign["truth"] == "unknown")
    absent = dict.fromkeys(sign["label"] for sign in signs if sign["truth"] == "false")
    known = f" (absent: {'; '.join(absent)})" if absent else ""
    # A sign that is there raises its alert with what else it needs, such as how long it has been there.
    there = dict.fromkeys(s["label"] for s in signs if s["truth"] == "true" and s["key"] != s["fact"])
    first = f"present: {'; '.join(there)}; " if there else ""
    return [Part("RULE OUT FIRST", [Row([f"{first}not asked: {'; '.join(left)}{known}"])])] if left else []


def _marks(glance: Glance) -> dict[str, str]:
    """A sign for each mark, which stands behind a name and is explained once at the end."""
    told = [mark for band in glance["bands"] for family in band["families"] for mark in family["marks"]]
    return {mark: f"[{chr(ord('a') + at % 26)}]" for at, mark in enumerate(dict.fromkeys(told))}


def _rows(band: GlanceBand, marks: dict[str, str]) -> list[Row]:
    """The rows of a band: families with the same first voice and the same said of them share one."""
    shared: dict[tuple[object, ...], list[GlanceFamily]] = {}
    for family in band["families"]:
        first = family["voices"][0] if family["voices"] else None
        key = (first and (first["short"], first["strength"], first["stance"]), _said(band["band"], family))
        shared.setdefault(key, []).append(family)
    return [_row(rows, str(key[1]), marks) for key, rows in shared.items()]


def _row(families: Sequence[GlanceFamily], said: str, marks: dict[str, str]) -> Row:
    common = [
        v for v in families[0]["voices"] if all(v["short"] in {w["short"] for w in f["voices"]} for f in families)
    ]
    total = max(f["more_voices"] + len(f["voices"]) for f in families)
    told = ""
    # As many voices as one line holds: the first is the best.
    for number in range(len(common), 0, -1):
        more = f" +{total - number}" if total > number else ""
        told = ", ".join(map(voice_words, common[:number])) + more
        if len(told) <= _RIGHT:
            break
    return Row([_name(family, marks) for family in families], said, told)


def _name(family: GlanceFamily, marks: dict[str, str]) -> str:
    inside = ", ".join(family["members"])
    if len(inside) > _MEMBERS:
        inside = f"+{len(family['members'])}"
    signs = "".join(marks[mark] for mark in family["marks"])
    # Advice that an unreviewed voice contradicts is still advice, and the contradiction is told.
    but = (
        f" (but {', '.join(map(voice_words, family['against']))})"
        if family["against"] and family["within"] == "avoid"
        else ""
    )
    return f"{family['label']}{f' ({inside})' if inside else ''}{signs}{but}"


def voice_words(voice: GlanceVoice) -> str:
    """A voice by the short name of its document, with its strength or with why it has none to show."""
    if voice["stance"] in _LOOKED:
        return f"{voice['short']}: {_LOOKED[voice['stance']]}"
    if voice["standing"] == "ended":
        return f"{voice['short']}, ended"
    if voice["review"] == "pending":
        return f"{voice['short']}, unreviewed"
    return voice["short"] if voice["strength"] == "none stated" else f"{voice['short']} {voice['strength']}"


def _said(band: str, family: GlanceFamily) -> str:
    """What is said of a family after its name: facts, what is attached, what to check, the other side, notes."""
    said: list[str] = []
    within, status = family["within"], family["status"]
    if band == "tests":
        said.append(_TEST.get(within, ""))
    if band == "tried":
        said.append(f"now {status.replace('-', ' ')}")
    if family["facts"] and status in ("caution", "contraindicated", "contested") and within != "avoid":
        said.append(("caution: " if status == "caution" else "") + "; ".join(map(_fact, family["facts"])))
    said += family["only_with"] if within in ("recommended", "if-checked", "weak-ground", "avoid") else []
    if family["establish"]:
        more = [f"+{family['more_facts']}"] if family["more_facts"] else []
        said.append(f"check {', '.join([*family['establish'], *more])}")
    if family["against"] and within != "avoid":
        said.append(f"{'against' if within == 'disagree' else 'but'} {', '.join(map(voice_words, family['against']))}")
    # Whom both sides mean is a sentence, which a glance has no room for.
    told = "; ".join(filter(None, [*said, *(family["notes"] if within != "disagree" else [])]))
    return f" - {told}" if told else ""


def _fact(fact: GlanceFact) -> str:
    return f"{fact['text']} ({_some(fact['by'], _SOURCES, ' ')})" if fact["by"] else fact["text"]


def _fit(parts: list[Part], room: int) -> None:
    """Leave families out until the whole fits, of the part that has most lines for what it should keep.

    Parts keep their least while the whole does not fit for what is never cut, which alone may pass the limit.
    """
    for least, free in ((True, False), (False, True)):
        while sum(len(_lines(part)) for part in parts if part.least or not free or not part.heading) > room:
            able = [part for part in parts if part.least and _divisible(part)]
            able = [part for part in able if not least or len(_lines(part)) > part.least]
            if not able:
                break
            _shrink(max(reversed(able), key=lambda part: len(_lines(part)) / part.least))


def _divisible(part: Part) -> bool:
    return len(part.rows) > 1 or len(part.rows[0].names) > 1


def _shrink(part: Part) -> None:
    """Leave out the last family of a part; what was left out of it is counted at its last row."""
    last = part.rows[-1]
    last.names.pop()
    last.cut += 1
    if not last.names:
        part.rows.pop()
        part.cut += last.cut


def _lines(part: Part) -> list[str]:
    """A part as lines: its heading, what is said, and who says it in a column of its own where there is any."""
    if not part.heading:
        return [line for row in part.rows for line in textwrap.wrap(clean(row.text), WIDTH, subsequent_indent="  ")]
    lines: list[str] = []
    for row in part.rows:
        wide = _LEFT if row.voices else WIDTH - _HEAD
        more = f"; +{part.cut} more" if part.cut and row is part.rows[-1] else ""
        left = textwrap.wrap(clean(row.text + more), wide, break_on_hyphens=False) or [""]
        right = textwrap.wrap(clean(row.voices), _RIGHT, break_on_hyphens=False)
        for at in range(max(len(left), len(right))):
            head = part.heading if not lines else ""
            said = left[at] if at < len(left) else ""
            by = right[at] if at < len(right) else ""
            lines.append(f"{head:{_HEAD}}{said:{_LEFT + _GAP if by else 0}}{by}".rstrip())
    return lines


def closing(glance: Glance, more: str = "--full") -> str:
    """What stands below a glance: its marks explained, counts of the rest, the knowledge, what it is not."""
    marks = "; ".join(f"{sign} {mark}" for mark, sign in _marks(glance).items())
    counts = ", ".join(f"{row['families']} {row['status'].replace('-', ' ')}" for row in glance["rest"])
    knowledge = f"Knowledge {glance['knowledge']['version']}, {glance['knowledge']['digest'].partition(':')[2][:8]}."
    rest = f"{counts} ({more})" if counts and more else counts
    told = [marks, rest, knowledge, SHORT_DISCLAIMER]
    return clean(" ".join(f"{text.rstrip('.')}." for text in told if text))
