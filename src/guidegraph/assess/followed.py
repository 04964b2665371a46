"""What followed from the profile by readings, and what of it nothing here uses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial, reduce
from typing import TYPE_CHECKING

from guidegraph.assess.assessment import FALSE, TRUE, TRUTH_ORDER, UNKNOWN, Assessment
from guidegraph.assess.questions import differing
from guidegraph.knowledge import describe
from guidegraph.knowledge.atoms import Atom
from guidegraph.knowledge.records import gg
from guidegraph.model import Another
from guidegraph.termreadings import DISPUTED, READING, TAKEN, at, inside, interval_text, plain

if TYPE_CHECKING:
    from guidegraph.readforms import Definition, Named, OtherEntry, ReadTerm, Unused


def read_terms(assessment: Assessment) -> list[ReadTerm]:
    """The terms that came by a reading, those on which definitions differ, and the numbers that terms narrow."""
    book, settled = assessment.book, assessment.settled
    rows: list[ReadTerm] = []

    def add(prop: str, cls: str, truth: str, text: str, given: str = "") -> None:
        label = book.label(Atom(cls or prop, prop, cls))
        rows.append(
            {
                "id": describe.name(cls or prop),
                "label": label if cls else book.short(prop),
                "truth": truth,
                "text": text,
                "definitions": _of(cls, given),
            }
        )

    def _of(cls: str, given: str) -> list[Definition]:
        # Definitions by another number did not speak: an eGFR is told with those of the eGFR.
        return [
            {
                "text": one.told(book.said),
                "source": one.source,
                "place": one.place,
                "two_way": one.two_way,
                "ours": one.ours,
            }
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
                book.said("read-held", "{}: {}", label, book.cause(cause))
                if held
                else book.said("read-not", "not {}: {}", label, book.cause(cause)),
                cause.rule.given,
            )
    for prop, cls in settled.disputed:
        add(prop, cls, UNKNOWN, differing(assessment, Atom(cls, prop, cls)))
    for number, spans in settled.spans.items():
        # What no criterion speaks of is not told: a score that a denied disease narrows tells nobody anything.
        if "" not in assessment.records.spoken.get(number, ()):
            continue
        left = reduce(partial(book.said, "either", "{} or {}"), [interval_text(span, book.said) for span in spans])
        told = (settled.derived.get(number, ""), *(book.cause(cause) for cause in settled.narrowed.get(number, ())))
        why = "; ".join(dict.fromkeys(filter(None, told)))
        add(number, "", UNKNOWN, book.said("span", "{} {}: {}", book.short(number), left, why))
    return sorted(rows, key=lambda row: (TRUTH_ORDER[row["truth"]], row["label"], row["id"]))


def met(assessment: Assessment, term: ReadTerm) -> str:
    """The first definition of a term that the patient's number meets, "" where no number decided: of several, one that
    the patient is outside of would read as if it were met."""
    for (_, cls, held), cause in assessment.settled.causes.items():
        if held and cause.value is not None and cause.rule.kind == READING and describe.name(cls) == term["id"]:
            number = at(cause.value)
            spoke = (one for one in assessment.book.readings if (one.term, one.given) == (cls, cause.rule.given))
            return next((one.told(assessment.book.said) for one in spoke if inside((number,), one.interval)), "")
    return ""


def unused(assessment: Assessment) -> list[Unused]:
    """What the profile states and no statement, reading or listed implication here uses, by key and label."""
    book, profile = assessment.book, assessment.profile
    rows: list[Unused] = []
    read = {rule.given for rule in book.rules if not rule.cls}
    for number, value in profile.values.items():
        if number not in read and "" not in assessment.records.spoken.get(number, ()):
            fact = book.number(number)
            text = book.said("value", "{} {}", book.short(number), plain(value))
            rows.append({"id": describe.name(number), "label": fact.label, "key": fact.key, "text": text})
    for prop, cls, held in _facts(assessment):
        if not _used(assessment, prop, cls, held):
            fact = book.fact(Atom(f"{prop} {cls}", prop, cls))
            label = assessment.records.label(cls)
            text = label if held else book.said("absent", "no {}", label)
            rows.append({"id": describe.name(cls), "label": fact.label, "key": book.key(Atom("", prop)), "text": text})
    return sorted(rows, key=lambda row: (row["key"], row["text"], row["id"]))


def others(assessment: Assessment) -> list[OtherEntry]:
    """The entries that are known and none of our terms, by label: each with what it leaves unknown of what is asked."""
    records, book, settled = assessment.records, assessment.book, assessment.settled
    steps = {reading.curie: reading.steps for reading in assessment.profile.readings}

    def named(classes: Iterable[str]) -> list[Named]:
        rows: list[Named] = [{"id": describe.name(cls), "label": records.label(cls)} for cls in dict.fromkeys(classes)]
        return sorted(rows, key=lambda row: (row["label"], row["id"]))

    rows: dict[str, OtherEntry] = {}
    for code, entries in _by_code(assessment).items():
        keys = list(dict.fromkeys(book.key(Atom("", other.prop)) for other in entries))
        left = [
            atom.cls for other in entries for atom in book.left_unknown(settled, other) if _unknown(assessment, atom)
        ]
        rows[code] = {
            "code": code,
            "label": entries[0].label,
            "keys": keys,
            "may_be": named(cls for other in entries for cls in other.may),
            "leaves_unknown": named(left),
            "steps": list(steps.get(code, ())),
        }
    return sorted(rows.values(), key=lambda row: (row["label"], row["code"]))


def _by_code(assessment: Assessment) -> dict[str, list[Another]]:
    rows: dict[str, list[Another]] = {}
    # What states a term of ours, too, is told as that.
    ours = {reading.curie for reading in assessment.profile.readings if reading.understood}
    for other in assessment.profile.others:
        if other.code not in ours:
            rows.setdefault(other.code, []).append(other)
    return rows


def _unknown(assessment: Assessment, atom: Atom) -> bool:
    """Whether an atom is unknown that a complete list would deny: not by what is listed, nor as asked only."""
    records, profile = assessment.records, assessment.settled.profile
    if assessment.truth(atom.iri) != UNKNOWN or (atom.prop, atom.cls) in records.asked_only:
        return False
    listed = set(profile.present.get(atom.prop, ()))
    listed |= {trial.of for trial in profile.trials_present if atom.prop == gg("hasTrial")}
    listed |= {stop.of for stop in profile.stops_present if atom.prop == gg("stoppedMedication")}
    listed |= {event.of for event in profile.care_present if atom.prop == event.prop}
    listed |= {cls for prop, cls in assessment.settled.left_open if prop == atom.prop}
    return not any(records.related(atom.cls, one) or atom.cls in records.may_meet.get(one, ()) for one in listed)


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
