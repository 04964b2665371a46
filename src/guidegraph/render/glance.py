"""The glance of an answer as text of 100 columns and as Markdown: what one acts on, in 30 lines where it fits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from guidegraph.render.screen import RIGHT, Part, Row, one_row, screen_markdown, screen_text, some
from guidegraph.words import SHORT_DISCLAIMER, STARTING, clean

if TYPE_CHECKING:
    from guidegraph.derived import (
        Glance,
        GlanceBand,
        GlanceFact,
        GlanceFamily,
        GlanceQuestion,
        GlanceTaken,
        GlanceVoice,
    )
    from guidegraph.forms import Alert

#: Sources of a fact, flags and readings that are named; the others are counted.
_SOURCES, _FLAGS, _READ = 1, 1, 2
#: Open facts that are named beside a caution that holds.
_OPEN = 1
#: Characters of the members of a family that are named, else counted.
_MEMBERS = 30
#: Lines that the parts keep when the whole must shrink, those of other bands one; 0 are never cut.
_LEAST = {
    "alert": 0,
    "do-not-give": 0,
    "recommended": 6,
    "if-checked": 6,
    "disagree": 3,
    "weak-ground": 2,
    "avoid": 3,
    "tests": 2,
}
#: The bands that stay while an alert holds that nobody attended to.
NEVER_CUT = tuple(band for band, least in _LEAST.items() if not least)
_LOOKED = {"no-recommendation": "no recommendation", "insufficient-evidence": "insufficient evidence"}
#: What a test's own band comes to.
_TEST = {"avoid": "no", "do-not-give": "do not", "disagree": "sources disagree", "left-open": "left open"}


def glance_text(glance: Glance) -> str:
    """The glance as text of 100 columns."""
    parts = parts_of(glance)
    screen_text(parts, closing(glance))
    # What was left out to make it fit takes its marks with it: none is explained that is not there.
    shown = "".join(name for part in parts for row in part.rows for name in row.names)
    return screen_text(parts, closing(glance, shown=shown))


def glance_markdown(glance: Glance, more: str = "--full") -> str:
    """The glance as Markdown: a heading a part, a line a row, nothing cut; ``more`` says how to see the rest."""
    return screen_markdown(parts_of(glance), closing(glance, more))


def parts_of(glance: Glance) -> list[Part]:
    """Everything that is shown, in its order; while an alert holds that nobody attended to, only what bears on it."""
    emergency = any(row["truth"] == "true" and not row["attended"] for row in glance["alerts"])
    marks = _marks(glance)
    shown = [b for b in glance["bands"] if not emergency or not _least(b["band"])]
    bands = {b["band"]: Part(b["heading"], _rows(b, marks), _least(b["band"])) for b in shown}
    called = [bands.pop("alert")] if "alert" in bands else []
    refused = [bands.pop("do-not-give")] if "do-not-give" in bands else []
    drugs = [Row([drug["label"]], _taken(drug)) for drug in glance["taken_now"]]
    # An answer to a patient who was not understood whole says so before anything else.
    missed = one_row("NOT UNDERSTOOD", "; ".join(glance["not_understood"]), 0)
    parts = [
        Part("", _header(glance)),
        *missed,
        *alerts_held(glance["alerts"]),
        *called,
        *signs_asked(glance["alerts"]),
    ]
    parts += [*one_row("TO WEIGH", some(glance["flags"], _FLAGS)), *refused]
    parts += [*([Part("TAKES NOW", drugs)] if drugs else []), *bands.values()]
    folded = sum(len(band["families"]) for band in glance["bands"]) - sum(len(band["families"]) for band in shown)
    if folded:
        parts += one_row("AFTERWARDS", f"{folded} families of therapies, folded while the alert is not attended to")
    if glance["other_problems"]:
        told = ", ".join(f"{row['label']} ({row['recommendations']})" for row in glance["other_problems"])
        parts += one_row("OTHER PROBLEM", f"recommendations on {told}: name it as the problem to see them")
    if not emergency:
        parts += [Part("ASK NEXT", asked, 3)] if (asked := _questions(glance["ask_next"])) else []
    unused = [*glance["unused"], *(f"{label} (none of our terms)" for label in glance["others"])]
    return [*parts, *one_row("NOT USED", "; ".join(unused), 0)]


def _taken(drug: GlanceTaken) -> str:
    """What speaks against a drug that is taken: who advises against it may be contradicted, and who takes it may do so
    for something else."""

    def voiced(voices: Sequence[GlanceVoice], more: int) -> str:
        return ", ".join(map(voice_words, voices)) + (f" +{more}" if more else "")

    told = [_fact(fact) for fact in drug["facts"]]
    if drug["against"]:
        told.append(f"advised against for this problem by {voiced(drug['against'], drug['more_against'])}")
    if drug["recommended"]:
        told.append(f"recommended for it by {voiced(drug['recommended'], drug['more_recommended'])}")
    return f": {'; '.join(told)} ({STARTING})"


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


def _header(glance: Glance) -> list[Row]:
    patient = "; ".join(glance["patient"])
    problem = glance["problem"][:1].upper() + glance["problem"][1:]
    told = [glance["banner"] or "", f"{problem}{': ' if patient else ''}{patient}. As of {glance['as_of']}"]
    read = f"read: {some(glance['read'], _READ)}" if glance["read"] else ""
    return [Row([text]) for text in (*told, *glance["notes"], read) if text]


def alerts_held(alerts: Sequence[Alert]) -> list[Part]:
    """The alerts that hold, each with its signs and what it calls for."""
    parts: list[Part] = []
    for alert in alerts:
        if alert["truth"] == "true":
            done = f" ({alert['attended']})" if alert["attended"] else ""
            calls = f" - calls for {', '.join(alert['calls_for'])}" if alert["calls_for"] else ""
            parts.append(Part("ALERT", [Row([f"{alert['label']}{done}: {'; '.join(alert['facts'])}{calls}"])]))
    return parts


def signs_asked(alerts: Sequence[Alert]) -> list[Part]:
    """Every sign of the other alerts that nobody asked about, once, and those that are known to be there or absent."""
    signs = [sign for alert in alerts if alert["truth"] == "unknown" for sign in alert["signs"]]
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
        key = (first and (first["short"], first["strength"], first["stance"]), _said(band["band"], [family], bare=True))
        shared.setdefault(key, []).append(family)
    return [_row(rows, _said(band["band"], rows), marks) for rows in shared.values()]


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
        if len(told) <= RIGHT:
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


def _said(band: str, families: Sequence[GlanceFamily], bare: bool = False) -> str:
    """What is said of families after their names: facts, what is attached, what to check, the other side, notes.

    Args:
        families: those of whom the same is said, but for how many more sources and facts there are.
        bare: without these counts.
    """
    said: list[str] = []
    family = families[0]
    within, status = family["within"], family["status"]
    if band == "tests":
        said.append(_TEST.get(within, ""))
    if band == "tried":
        said.append(f"now {status.replace('-', ' ')}")
    if family["facts"] and status in ("caution", "contraindicated", "contested") and within != "avoid":
        # Only what is absolute stands alone: all else calls for caution, whether sources disagree or not.
        facts = [_fact(*alike, bare=bare) for alike in zip(*(f["facts"] for f in families), strict=True)]
        said.append(("" if status == "contraindicated" else "caution: ") + "; ".join(facts))
    said += family["only_with"] if within in ("recommended", "if-checked", "weak-ground", "avoid") else []
    if family["establish"]:
        # Where something holds already, what is merely open is told by its first.
        named = family["establish"][: _OPEN if status == "caution" else None]
        more = _more([len(f["establish"]) - len(named) + f["more_facts"] for f in families]) if not bare else ""
        said.append(f"check {', '.join([*named, *filter(None, [more])])}")
    if family["against"] and within != "avoid":
        said.append(f"{'against' if within == 'disagree' else 'but'} {', '.join(map(voice_words, family['against']))}")
    # Whom both sides mean is a sentence, which a glance has no room for.
    told = "; ".join(filter(None, [*said, *(family["notes"] if within != "disagree" else [])]))
    return f" - {told}" if told else ""


def _fact(*alike: GlanceFact, bare: bool = False) -> str:
    """A fact with its first sources; of several families the same fact, of which they may have more or fewer."""
    named = ", ".join(alike[0]["by"][:_SOURCES])
    more = "" if bare else _more([len(fact["by"]) - _SOURCES for fact in alike])
    return f"{alike[0]['text']} ({' '.join(filter(None, [named, more]))})" if named else alike[0]["text"]


def _more(numbers: Sequence[int]) -> str:
    """How many others there are, at most where families differ in that."""
    highest = max(numbers)
    if highest <= 0:
        return ""
    return f"+{highest}" if len(set(numbers)) == 1 else f"up to +{highest}"


def closing(glance: Glance, more: str = "--full", shown: str | None = None) -> str:
    """What stands below a glance: its marks explained, counts of the rest, the knowledge, what it is not.

    Args:
        shown: the names with their marks that are left to be seen; all where nothing is left out.
    """
    marks = "; ".join(f"{sign} {mark}" for mark, sign in _marks(glance).items() if shown is None or sign in shown)
    counts = ", ".join(f"{row['families']} {row['status'].replace('-', ' ')}" for row in glance["rest"])
    knowledge = f"Knowledge {glance['knowledge']['version']}, {glance['knowledge']['digest'].partition(':')[2][:8]}."
    rest = f"{counts} ({more})" if counts and more else counts
    told = [marks, rest, knowledge, SHORT_DISCLAIMER]
    return clean(" ".join(f"{text.rstrip('.')}." for text in told if text))
