"""What followed from the profile by readings, and what of it nothing here uses."""

from __future__ import annotations

from collections.abc import Iterator

from guidegraph.assess.assessment import FALSE, TRUE, UNKNOWN, Assessment
from guidegraph.assess.questions import differing
from guidegraph.forms import Definition, ReadTerm, Unused
from guidegraph.knowledge import describe
from guidegraph.knowledge.records import Atom, gg
from guidegraph.termreadings import DISPUTED, READING, TAKEN, interval_text, plain


def read_terms(assessment: Assessment) -> list[ReadTerm]:
    """The terms that came by a reading, those on which definitions differ, and the numbers that terms narrow."""
    book, settled = assessment.book, assessment.settled
    rows: list[ReadTerm] = []

    def add(prop: str, cls: str, truth: str, text: str, given: str = "") -> None:
        label = book.label(Atom(cls or prop, prop, cls))
        shown = {"id": describe.name(cls or prop), "label": label if cls else book.short(prop)}
        row: ReadTerm = {**shown, "truth": truth, "text": text, "definitions": _of(cls, given)}
        rows.append(row)

    def _of(cls: str, given: str) -> list[Definition]:
        # Definitions by another number did not speak: an eGFR is told with those of the eGFR.
        return [
            {"text": one.text, "source": one.source, "place": one.place, "two_way": one.two_way, "ours": one.ours}
            for one in book.readings
            if one.term == cls and given in ("", one.given)
        ]

    for (prop, cls, held), cause in settled.causes.items():
        # What a complete list denies by itself needs no reading to be told.
        if cause.rule.kind == READING and (cause.facts or cause.value is not None):
            label = book.label(Atom(cls, prop, cls))
            add(
                prop,
                cls,
                TRUE if held else FALSE,
                f"{'' if held else 'not '}{label}: {book.cause(cause)}",
                cause.rule.given,
            )
    for prop, cls in settled.disputed:
        add(prop, cls, UNKNOWN, differing(assessment, Atom(cls, prop, cls)))
    for number, spans in settled.spans.items():
        left = " or ".join(interval_text(span) for span in spans)
        why = "; ".join(dict.fromkeys(book.cause(cause) for cause in settled.narrowed[number]))
        add(number, "", UNKNOWN, f"{book.short(number)} {left}: {why}")
    order = {TRUE: 0, UNKNOWN: 1, FALSE: 2}
    return sorted(rows, key=lambda row: (order[row["truth"]], row["label"], row["id"]))


def unused(assessment: Assessment) -> list[Unused]:
    """What the profile states and no statement, reading or listed implication here uses, by key and label."""
    book, profile = assessment.book, assessment.profile
    rows: list[Unused] = []
    read = {rule.given for rule in book.rules if not rule.cls}
    for number, value in profile.values.items():
        if number not in read and "" not in assessment.records.spoken.get(number, ()):
            fact = book.number(number)
            text = f"{book.short(number)} {plain(value)}"
            rows.append({"id": describe.name(number), "label": fact.label, "key": fact.key, "text": text})
    for prop, cls, held in _facts(assessment):
        if not _used(assessment, prop, cls, held):
            fact = book.fact(Atom(f"{prop} {cls}", prop, cls))
            text = ("" if held else "no ") + assessment.records.label(cls)
            rows.append({"id": describe.name(cls), "label": fact.label, "key": book.key(Atom("", prop)), "text": text})
    return sorted(rows, key=lambda row: (row["key"], row["text"], row["id"]))


def _facts(assessment: Assessment) -> Iterator[tuple[str, str, bool]]:
    for table, held in ((assessment.profile.present, True), (assessment.profile.absent, False)):
        for prop, classes in table.items():
            yield from ((prop, cls, held) for cls in classes)


def _used(assessment: Assessment, prop: str, cls: str, held: bool) -> bool:
    """Whether a fact bears on anything: a present class by all that shares a subclass with it, an absent one by what is
    at or below it."""
    records = assessment.records
    if cls in assessment.statuses and prop == TAKEN:
        return True
    spoken = set(records.spoken.get(prop, ()))
    for rule in assessment.book.rules:
        if rule.kind != DISPUTED:
            spoken |= {c for p, c in ((rule.given, rule.cls), (rule.then, rule.other)) if p == prop and c}
    if not held:
        return any(cls in records.ancestors.get(other, (other,)) for other in spoken)
    stated = records.taken.get(cls, frozenset((cls,))) if prop == TAKEN else (cls,)
    # Whoever has the root of a category has said nothing.
    return any(records.related(one, other) for one in stated for other in spoken if one not in _ROOTS)


_ROOTS = {gg(name) for name in ("Condition", "Finding", "Intervention", "Drug")}
