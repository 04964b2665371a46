"""What a statement says of itself: side, strength and certainty agree with each other and with their words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from guidegraph import namespaces as ns
from guidegraph.authoring.cells import YES, CellError, Row
from guidegraph.authoring.declaring import Declarations, Declared
from guidegraph.authoring.naming import Names
from guidegraph.errors import TermError
from guidegraph.profile.names import normal

#: Sides and readings by the end of their addresses.
_UNDECIDED = ("InsufficientEvidence", "NoRecommendation")
_NONE = "StrengthNoneStated"
#: Words around a grade that say nothing of it.
_FILLING = ("certainty", "evidence", "grade", "graded", "level", "of", "quality", "recommendation", "strength", "the")
#: What is the same in two rows that only repeat, or deny, each other; and what may differ.
_WHOM = ("document", "intervention", "population", "indication")
_MAY_DIFFER = ("id", "label", "stance", "note", "place", "section", "citations", "strength", "certainty")


def coherence_faults(declared: Declarations, names: Names) -> Iterator[CellError]:
    """What is wrong within a statement, or between two that say the same, at its cell.

    Args:
        declared: the rows of the sheet.
        names: what their cells name.
    """
    recommendations = declared.by_section.get("recommendations", ())
    for one in recommendations:
        yield from _graded(one.row, names)
    yield from _repeated(recommendations)
    for one in declared.by_section.get("contraindications", ()):
        row = one.row
        stated = row.text("degree stated").casefold() in YES
        if stated and normal(row.text("kind in the document's words")) == "not stated":
            what = "the degree is said to be stated, and the document's words are not"
            yield row.mistake("degree stated", what, "Write no, or the document's words for the kind.")
    for held in declared.by_section.values():
        yield from (fault for one in held for fault in _second_reader(one, declared))


def _entry(row: Row, heading: str, names: Names, cls: str) -> str:
    """The end of the address of the entry that a cell names, "" if none."""
    try:
        return names.entry(ns.GG + cls, row.text(heading)).removeprefix(ns.GG)
    except TermError:
        return ""


def _graded(row: Row, names: Names) -> Iterator[CellError]:
    stance, strength = _entry(row, "stance", names, "Stance"), _entry(row, "strength", names, "Strength")
    certainty = _entry(row, "certainty", names, "Certainty")
    words = row.text("strength in the document's words")
    if stance in _UNDECIDED and strength not in ("", _NONE):
        what = f"it takes no side ({row.text('stance')}), and so has no strength"
        yield row.mistake("strength", what, "Write none stated, or correct the stance.")
    elif normal(words) == "not stated" and strength not in ("", _NONE):
        what = f"it is read as {row.text('strength')}, and the document's words of strength are not stated"
        yield row.mistake("strength", what, "Write none stated, or the document's words.")
    else:
        yield from _other(row, "strength", words, strength, names, "Strength")
    said = set(re.findall(r"\w+", normal(words)))
    if stance == "For" and "against" in said and not said & {"for", "favour", "favor"}:
        what = f"it is for, and the document's words are {words[:60]!r}"
        yield row.mistake("stance", what, "Write against, or correct the words.")
    yield from _other(row, "certainty", row.text("certainty in the document's words"), certainty, names, "Certainty")


def _other(row: Row, heading: str, words: str, entry: str, names: Names, cls: str) -> Iterator[CellError]:
    """See that the document's words are not just the name of another entry."""
    bare = " ".join(word for word in re.findall(r"\w+", normal(words)) if word not in _FILLING)
    if not bare or not entry:
        return
    for iri, label in names.entries(ns.GG + cls).items():
        if normal(label) == bare and iri != ns.GG + entry:
            what = f"it is read as {row.text(heading)}, and the document's words are {words[:60]!r}"
            yield row.mistake(heading, what, f"Write {label}, or correct the words.")


def _repeated(recommendations: Iterable[Declared]) -> Iterator[CellError]:
    seen: dict[tuple[str, ...], Row] = {}
    for one in recommendations:
        row = one.row
        if not all(row.text(heading) for heading in _WHOM[1:]):
            continue
        headings = [c.heading for c in row.section.columns if not _differs(c.heading)]
        key = (one.document, *(normal(row.text(heading)) for heading in headings))
        first = seen.setdefault(key, row)
        if first is row:
            continue
        at = first.cell("id").where
        if normal(first.text("stance")) == normal(row.text("stance")):
            # Several statements may come to the same: "without delay" for this and for that reason.
            if normal(first.text("label")) == normal(row.text("label")):
                yield row.mistake("label", f"it says what another row says (at {at})", "Keep one.")
        else:
            what = f"another row takes another side for the same patients (at {at})"
            yield row.mistake("stance", what, "Keep one, or say in which patients they differ.")


def _differs(heading: str) -> bool:
    return heading in _MAY_DIFFER or heading.startswith(("strength ", "certainty "))


def _second_reader(one: Declared, declared: Declarations) -> Iterator[CellError]:
    row = one.row
    if row.section.column("checked by") is None or not row.text("checked by"):
        return
    document = declared.documents.get(one.document)
    encoders = row.text("encoder") or (document.row.text("encoder") if document else "")
    wrote = {normal(name) for name in encoders.split("\n")}
    for name in row.cell("checked by").values():
        if normal(name) in wrote:
            what = f"{name[:60]} wrote it down, and so is no second reader"
            yield row.mistake("checked by", what, "Name who read it against the source after that, or leave it empty.")
