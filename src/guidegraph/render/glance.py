"""The glance of an answer as text of 100 columns and as Markdown: what one acts on, in 30 lines where it fits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from guidegraph.render.screen import RIGHT, Part, Row, fit, one_row, screen_markdown, screen_text, some
from guidegraph.sayings import Saying, as_written, in_words
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

#: Sources of a fact, flags, readings and what is not translated that are named; the others are counted.
_SOURCES, _FLAGS, _READ, _LEFT = 1, 1, 2, 3
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
    parts, said = parts_of(glance), in_words(glance["words"])
    fit(parts, closing(glance), said)
    # What was left out to make it fit takes its marks with it: none is explained that is not there.
    shown = "".join(name for part in parts for row in part.rows for name in row.names)
    return screen_text(parts, closing(glance, shown=shown), said)


def glance_markdown(glance: Glance, more: str = "--full") -> str:
    """The glance as Markdown: a heading a part, a line a row, nothing cut; ``more`` says how to see the rest."""
    return screen_markdown(parts_of(glance), closing(glance, more))


def parts_of(glance: Glance) -> list[Part]:
    """Everything that is shown, in its order; while an alert holds that nobody attended to, only what bears on it."""
    emergency = any(row["truth"] == "true" and not row["attended"] for row in glance["alerts"])
    marks, said = _marks(glance), in_words(glance["words"])
    shown = [b for b in glance["bands"] if not emergency or not _least(b["band"])]
    bands = {b["band"]: Part(b["heading"], _rows(b, marks, said), _least(b["band"])) for b in shown}
    called = [bands.pop("alert")] if "alert" in bands else []
    refused = [bands.pop("do-not-give")] if "do-not-give" in bands else []
    drugs = [Row([drug["label"]], _taken(drug, said)) for drug in glance["taken_now"]]
    # An answer to a patient who was not understood whole says so before anything else.
    missed = one_row(said("not-understood", "NOT UNDERSTOOD"), "; ".join(glance["not_understood"]), 0)
    parts = [
        Part("", _header(glance)),
        *missed,
        *alerts_held(glance["alerts"], said),
        *called,
        *signs_asked(glance["alerts"], said),
    ]
    parts += [*one_row(said("flags", "TO WEIGH"), some(glance["flags"], _FLAGS)), *refused]
    parts += [*([Part(said("takes-now", "TAKES NOW"), drugs)] if drugs else []), *bands.values()]
    folded = sum(len(band["families"]) for band in glance["bands"]) - sum(len(band["families"]) for band in shown)
    if folded:
        told = said("folded", "{} families of therapies, folded while the alert is not attended to", str(folded))
        parts += one_row(said("afterwards", "AFTERWARDS"), told)
    if glance["other_problems"]:
        told = ", ".join(f"{row['label']} ({row['recommendations']})" for row in glance["other_problems"])
        told = said("other-of", "recommendations on {}: name it as the problem to see them", told)
        parts += one_row(said("other-problem", "OTHER PROBLEM"), told)
    if not emergency:
        parts += [Part(said("ask-next", "ASK NEXT"), asked, 3)] if (asked := _questions(glance["ask_next"])) else []
    unused = [*glance["unused"], *(said("unknown-term", "{} (none of our terms)", label) for label in glance["others"])]
    return [*parts, *one_row(said("unused", "NOT USED"), "; ".join(unused), 0)]


def _taken(drug: GlanceTaken, said: Saying) -> str:
    """What speaks against a drug that is taken: who advises against it may be contradicted, and who takes it may do so
    for something else."""

    def voiced(voices: Sequence[GlanceVoice], more: int) -> str:
        return _voices(voices, said) + (f" +{more}" if more else "")

    told = [_fact(fact) for fact in drug["facts"]]
    if drug["against"]:
        against = voiced(drug["against"], drug["more_against"])
        told.append(said("taken-against", "advised against for this problem by {}", against))
    if drug["recommended"]:
        recommended = voiced(drug["recommended"], drug["more_recommended"])
        told.append(said("taken-for", "recommended for it by {}", recommended))
    return f": {'; '.join(told)} ({said('starting', STARTING)})"


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
    patient, said = "; ".join(glance["patient"]), in_words(glance["words"])
    left = some(glance["untranslated"], _LEFT)
    missing = said("untranslated", "in English, since it is not told in this language: {}", left) if left else ""
    problem = glance["problem"][:1].upper() + glance["problem"][1:]
    day = said("as-of", "As of {}", glance["as_of"])
    told = [missing, glance["banner"] or "", f"{problem}{': ' if patient else ''}{patient}. {day}"]
    read = said("read", "read: {}", some(glance["read"], _READ)) if glance["read"] else ""
    return [Row([text]) for text in (*told, *glance["notes"], read) if text]


def alerts_held(alerts: Sequence[Alert], said: Saying = as_written) -> list[Part]:
    """The alerts that hold, each with its signs and what it calls for."""
    parts: list[Part] = []
    for alert in alerts:
        if alert["truth"] == "true":
            attended = alert["attended"]
            done = f" ({said(f'attended-{attended}'.replace(' ', '-'), attended)})" if attended else ""
            called = ", ".join(alert["calls_for"])
            calls = f" - {said('alert-calls-for', 'calls for {}', called)}" if called else ""
            row = Row([f"{alert['label']}{done}: {'; '.join(alert['facts'])}{calls}"])
            parts.append(Part(said("alert", "ALERT"), [row]))
    return parts


def signs_asked(alerts: Sequence[Alert], said: Saying = as_written) -> list[Part]:
    """Every sign of the other alerts that nobody asked about, once, and those that are known to be there or absent."""
    signs = [sign for alert in alerts if alert["truth"] == "unknown" for sign in alert["signs"]]
    left = dict.fromkeys(sign["label"] for sign in signs if sign["truth"] == "unknown")
    absent = dict.fromkeys(sign["label"] for sign in signs if sign["truth"] == "false")
    known = f" ({said('signs-absent', 'absent: {}', '; '.join(absent))})" if absent else ""
    # A sign that is there raises its alert with what else it needs, such as how long it has been there.
    there = dict.fromkeys(s["label"] for s in signs if s["truth"] == "true" and s["key"] != s["fact"])
    first = f"{said('signs-present', 'present: {}', '; '.join(there))}; " if there else ""
    row = Row([f"{first}{said('signs-asked', 'not asked: {}', '; '.join(left))}{known}"])
    return [Part(said("signs", "RULE OUT FIRST"), [row])] if left else []


def _marks(glance: Glance) -> dict[str, str]:
    """A sign for each mark, which stands behind a name and is explained once at the end."""
    told = [mark for band in glance["bands"] for family in band["families"] for mark in family["marks"]]
    return {mark: f"[{chr(ord('a') + at % 26)}]" for at, mark in enumerate(dict.fromkeys(told))}


def _rows(band: GlanceBand, marks: dict[str, str], said: Saying) -> list[Row]:
    """The rows of a band: families with the same first voice and the same said of them share one."""
    shared: dict[tuple[object, ...], list[GlanceFamily]] = {}
    for family in band["families"]:
        first = family["voices"][0] if family["voices"] else None
        alike = _said(band["band"], [family], said, bare=True)
        key = (first and (first["short"], first["strength"], first["stance"]), alike)
        shared.setdefault(key, []).append(family)
    return [_row(rows, _said(band["band"], rows, said), marks, said) for rows in shared.values()]


def _row(families: Sequence[GlanceFamily], after: str, marks: dict[str, str], said: Saying) -> Row:
    common = [
        v for v in families[0]["voices"] if all(v["short"] in {w["short"] for w in f["voices"]} for f in families)
    ]
    total = max(f["more_voices"] + len(f["voices"]) for f in families)
    told = ""
    # As many voices as one line holds: the first is the best.
    for number in range(len(common), 0, -1):
        more = f" +{total - number}" if total > number else ""
        told = _voices(common[:number], said) + more
        if len(told) <= RIGHT:
            break
    return Row([_name(family, marks, said) for family in families], after, told)


def _name(family: GlanceFamily, marks: dict[str, str], said: Saying) -> str:
    inside = ", ".join(family["members"])
    if len(inside) > _MEMBERS:
        inside = f"+{len(family['members'])}"
    signs = "".join(marks[mark] for mark in family["marks"])
    # Advice that an unreviewed voice contradicts is still advice, and the contradiction is told.
    other = _voices(family["against"], said) if family["within"] == "avoid" else ""
    but = f" ({said('but', 'but {}', other)})" if other else ""
    return f"{family['label']}{f' ({inside})' if inside else ''}{signs}{but}"


def _voices(voices: Sequence[GlanceVoice], said: Saying) -> str:
    return ", ".join(voice_words(voice, said) for voice in voices)


def voice_words(voice: GlanceVoice, said: Saying = as_written) -> str:
    """A voice by the short name of its document, with its strength or with why it has none to show."""
    if voice["stance"] in _LOOKED:
        return f"{voice['short']}: {said('stance ' + voice['stance'], _LOOKED[voice['stance']])}"
    if voice["standing"] == "ended":
        return f"{voice['short']}, {said('standing ended', 'ended')}"
    if voice["review"] == "pending":
        return f"{voice['short']}, {said('reviewstate pending', 'unreviewed')}"
    strength = voice["strength"]
    return voice["short"] if strength == "none stated" else f"{voice['short']} {said('strength ' + strength, strength)}"


def _status(status: str, said: Saying) -> str:
    return said(f"status {status}", status.replace("-", " "))


def _said(band: str, families: Sequence[GlanceFamily], said: Saying, bare: bool = False) -> str:
    """What is said of families after their names: facts, what is attached, what to check, the other side, notes.

    Args:
        families: those of whom the same is said, but for how many more sources and facts there are.
        bare: without these counts.
    """
    told: list[str] = []
    family = families[0]
    within, status = family["within"], family["status"]
    if band == "tests" and within in _TEST:
        told.append(said(f"test-{within}", _TEST[within]))
    if band == "tried":
        told.append(said("status", "now {}", _status(status, said)))
    if family["facts"] and status in ("caution", "contraindicated", "contested") and within != "avoid":
        # Only what is absolute stands alone: all else calls for caution, whether sources disagree or not.
        facts = "; ".join(
            _fact(*alike, said=said, bare=bare) for alike in zip(*(f["facts"] for f in families), strict=True)
        )
        told.append(facts if status == "contraindicated" else said("caution", "caution: {}", facts))
    told += family["only_with"] if within in ("recommended", "if-checked", "weak-ground", "avoid") else []
    if family["establish"]:
        # Where something holds already, what is merely open is told by its first.
        named = family["establish"][: _OPEN if status == "caution" else None]
        more = _more([len(f["establish"]) - len(named) + f["more_facts"] for f in families], said) if not bare else ""
        told.append(said("check", "check {}", ", ".join([*named, *filter(None, [more])])))
    if family["against"] and within != "avoid":
        word = ("against", "against {}") if within == "disagree" else ("but", "but {}")
        told.append(said(*word, _voices(family["against"], said)))
    # Whom both sides mean is a sentence, which a glance has no room for.
    told += family["notes"] if within != "disagree" else []
    text = "; ".join(filter(None, told))
    return f" - {text}" if text else ""


def _fact(*alike: GlanceFact, said: Saying = as_written, bare: bool = False) -> str:
    """A fact with its first sources; of several families the same fact, of which they may have more or fewer."""
    named = ", ".join(alike[0]["by"][:_SOURCES])
    more = "" if bare else _more([len(fact["by"]) - _SOURCES for fact in alike], said)
    return f"{alike[0]['text']} ({' '.join(filter(None, [named, more]))})" if named else alike[0]["text"]


def _more(numbers: Sequence[int], said: Saying) -> str:
    """How many others there are, at most where families differ in that."""
    highest = max(numbers)
    if highest <= 0:
        return ""
    return f"+{highest}" if len(set(numbers)) == 1 else said("up-to", "up to {}", f"+{highest}")


def closing(glance: Glance, more: str = "--full", shown: str | None = None) -> str:
    """What stands below a glance: its marks explained, counts of the rest, the knowledge, what it is not.

    Args:
        shown: the names with their marks that are left to be seen; all where nothing is left out.
    """
    said = in_words(glance["words"])
    marks = "; ".join(f"{sign} {mark}" for mark, sign in _marks(glance).items() if shown is None or sign in shown)
    counts = ", ".join(
        said("rest", "{} {}", str(row["families"]), _status(row["status"], said)) for row in glance["rest"]
    )
    made = f"{glance['knowledge']['version']}, {glance['knowledge']['digest'].partition(':')[2][:8]}"
    rest = f"{counts} ({more})" if counts and more else counts
    told = [marks, rest, said("knowledge", "Knowledge {}.", made), said("closing", SHORT_DISCLAIMER)]
    return clean(" ".join(f"{text.rstrip('.')}." for text in told if text))
