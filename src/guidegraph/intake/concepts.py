"""What the codes of an entry say in our terms: every code read, disagreements told."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Protocol

from guidegraph import namespaces as ns
from guidegraph.errors import TermError
from guidegraph.intake import report
from guidegraph.model import CodeReading
from guidegraph.profile import Vocabulary
from guidegraph.profile.names import meaning
from guidegraph.terminologies.allergens import Allergens

#: Concepts that are remembered; a record repeats a few hundred.
_REMEMBERED = 20_000
#: How a code was read that answers a question: it states the same where it stands by itself.
STATING = "an answer to a question, which states the same by itself [table fhir-paths]"
#: What stands between drugs of a list, or before a reaction.
_BETWEEN = re.compile(r"\s*[,;:/()\[\]]\s*|\s+[-\u2013\u2014]\s+")
_DRUG = ns.GG + "Drug"
_TAKEN_BACK = ("denied", "perhaps", "relative")
_KINDS = ("condition", "finding", "intervention", "number", "outcome")


class CodeReader(Protocol):
    """What reads codes of other terminologies (``guidegraph.terminologies.codes.Codes``)."""

    def read(self, curie: str) -> CodeReading:
        """What the code says in our terms; empty if it is not understood."""

    def prefix_of(self, system: str) -> str | None:
        """The CURIE prefix of a code system (a FHIR URI, an OMOP vocabulary id), None if it is not known."""


@dataclass(frozen=True)
class Code:
    """One code of an entry: the system as the record names it, the code, the record's own label."""

    system: str
    code: str
    label: str = ""


@dataclass(frozen=True)
class Meaning:
    """What the codes of one entry say together.

    Whoever has what they mean has every class of ``present``; whoever lacks it lacks every class of ``absent``.
    ``text`` shows the codes, ``steps`` and ``absent_steps`` how they were read, ``why`` the reason where something is
    not understood, ``readings`` the codes of other terminologies that were read. ``others`` are the readings of all
    codes where each is understood as another thing than our terms. ``disagree`` says that they do not fit, so that
    ``present`` is only what they have in common.
    """

    text: str
    present: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()
    steps: tuple[str, ...] = ()
    why: str = ""
    absent_steps: tuple[str, ...] = ()
    readings: tuple[CodeReading, ...] = ()
    others: tuple[CodeReading, ...] = ()
    disagree: bool = False

    @property
    def understood(self) -> bool:
        """Whether the codes say anything in our terms."""
        return bool(self.present or self.absent)


class Concepts:
    """Reads the codes of entries; remembers codes, since records repeat them.

    Args:
        vocabulary: our terms.
        codes: reads the codes of other terminologies.
        match_text: also read a text without codes, when it is exactly one of our labels or synonyms.
        stating: the class that a code states which answers a question with yes, by system and code.
        lexicon: the folder of everyday names, whose table tells what sets off each allergy.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        codes: CodeReader,
        *,
        match_text: bool = False,
        stating: Mapping[tuple[str, str], str] | None = None,
        lexicon: Path | None = None,
    ) -> None:
        self._terms, self._lexicon = vocabulary, lexicon
        self._stating = {key: iri for key, iri in (stating or {}).items() if iri in vocabulary.by_iri}
        self._codes = codes
        self._match_text = match_text
        self._meanings: dict[tuple[tuple[str, str, str], ...], Meaning] = {}
        self._known: dict[tuple[str, str], tuple[str, CodeReading]] = {}
        self._against: dict[tuple[str, ...], str] = {}

    def read(self, codes: Sequence[Code], text: str = "") -> Meaning:
        """The meaning of an entry that has these codes (all of one concept) and this text.

        Codes of one concept may be of different grain. Where one reading includes the other, the narrower counts. Where
        they do not fit, only what both say counts, and ``why`` tells it. An absence counts only if every code is
        understood: lacking a narrow thing says nothing of the broad one.
        """
        if not codes:
            return self._text_only(text)
        key = tuple([(code.system, code.code, code.label) for code in codes])
        known = self._meanings.get(key)
        if known is None:
            if len(self._meanings) >= _REMEMBERED:
                self._meanings.clear()
            known = self._meanings[key] = self._read_all(codes)
        return known

    def _read_all(self, codes: Sequence[Code]) -> Meaning:
        read = [self.one(code) for code in codes]
        labels = [code.label or reading.label for code, (_, reading) in zip(codes, read, strict=True)]
        names = [f"{name} ({label})" if label else name for label, (name, _) in zip(labels, read, strict=True)]
        shown = "; ".join(dict.fromkeys(names))
        readings = list({reading.curie: reading for _, reading in read if reading.understood}.values())
        steps = tuple(dict.fromkeys(step for _, reading in read for step in reading.steps))
        if not readings:
            why = "; ".join(steps) or "no mapping of the code is known"
            return Meaning(shown, steps=steps, why=why, others=_others([r for _, r in read]))
        present, fits = self._together([frozenset(r.present) for r in readings])
        absent: frozenset[str] = frozenset()
        why = "" if fits else "its codes disagree: only what they have in common is read"
        if fits and all(reading.understood for _, reading in read):
            absent = self._lacking(readings)
        elif fits:
            why = "not every code of it is understood"
        present = frozenset(self._terms.telling(present, True))
        absent = frozenset(self._terms.telling(absent, False))
        denied = tuple(dict.fromkeys(step for r in readings for step in (r.absent_steps or r.steps)))
        return Meaning(
            shown,
            present,
            absent,
            steps,
            why,
            denied,
            tuple(r for r in readings if r.curie[:3] != "gg:" and r.curie[:4] != "ggt:"),
            () if present else _others([r for _, r in read]),
            disagree=not fits,
        )

    def one(self, code: Code) -> tuple[str, CodeReading]:
        """The name of a code, and what it says: nothing, with the reason as its step, where it is not understood."""
        key = (code.system, code.code)
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            known = self._known[key] = self._read_one(code)
        return known

    def _read_one(self, code: Code) -> tuple[str, CodeReading]:
        if not code.code.strip():
            shown = code.system or "a coding"
            return shown, CodeReading(shown, steps=("one of its codings has no code",))
        if code.system in (ns.GGT, ns.GG):
            iri = code.system + code.code
            shown = ns.shorten(iri)
            row = self._terms.by_iri.get(iri)
            if row is None or row.kind not in _KINDS:
                return shown, CodeReading(shown, steps=(f"{shown} is no term of ours",))
            return shown, CodeReading(shown, row.label, (iri,), (iri,), (f"{shown} is our own term",), subtree=(iri,))
        prefix = self._codes.prefix_of(code.system) if code.system else None
        if prefix is None:
            shown = f"{code.system}|{code.code}" if code.system else code.code
            return shown, CodeReading(
                shown, steps=(f"the code system {code.system or 'is not given and'} is not known",)
            )
        curie = f"{prefix}:{code.code}"
        reading = self._codes.read(curie)
        unknown = [iri for iri in (*reading.present, *reading.absent) if iri not in self._terms.by_iri]
        if unknown:
            return curie, CodeReading(curie, reading.label, steps=(*reading.steps, f"{unknown[0]} is no term of ours"))
        if not reading.understood and (state := self._stating.get((code.system, code.code))):
            return curie, replace(reading, present=(state,), steps=(STATING,))
        return curie, reading

    def _text_only(self, text: str) -> Meaning:
        shown = f"{text!r}" if text else "without a code"
        if not text:
            return Meaning(shown, why="it has neither code nor text")
        if not self._match_text:
            return Meaning(shown, why="text without a code is not read (--match-text reads exact names)")
        reading = self._terms.reading(text)
        if reading is not None:
            readings = (reading,) if reading.understood else ()
            present, absent = frozenset(reading.present), frozenset(reading.absent)
            why = "" if reading.understood else "; ".join(reading.steps)
            denied = reading.absent_steps
            return Meaning(shown, present, absent, reading.steps, why, denied, readings, _others([reading]))
        try:
            iri = self._terms.resolve(text, _KINDS)
        except TermError as error:
            return Meaning(shown, why=error.what)
        step = f"the text {text!r} is a name of {self._terms.label(iri)!r} (--match-text)"
        return Meaning(shown, frozenset({iri}), frozenset({iri}), (step,))

    def named(self, texts: Iterable[str]) -> list[str]:
        """The drugs of ours, or classes of them, that texts name, sorted: what stands beside a code that nobody knows.

        Enough to warn of a drug, never to deny or to recommend one.
        """
        parts = [part for text in texts for part in (text, *_BETWEEN.split(text))]
        return sorted({iri for part in dict.fromkeys(parts) for iri in self._begins(part.split())})

    def _begins(self, words: Sequence[str]) -> set[str]:
        """The drugs that words begin with, by the longest name: a reaction, a dose or a form stands behind it."""
        for end in range(len(words), 0, -1):
            text = " ".join(words[:end])
            reading = self._terms.reading(text)
            found = {*reading.present, *reading.not_tolerated} if reading else {self._terms.exact(text)}
            if drugs := {iri for iri in found if iri != _DRUG and _DRUG in self._terms.ancestors(iri)}:
                return drugs
        return set()

    @cached_property
    def allergens(self) -> Allergens:
        """What sets off which allergy."""
        return Allergens(self._lexicon, self._terms.ancestors)

    def words_against(self, codes: Sequence[Code], text: str) -> str:
        """What the text and labels of an entry say that takes back what its codes say, "" where none does."""
        words = (text, *(code.label for code in codes))
        if words not in self._against:
            if len(self._against) >= _REMEMBERED:
                self._against.clear()
            self._against[words] = next(filter(None, map(self._against_code, words)), "")
        return self._against[words]

    def _against_code(self, text: str) -> str:
        """What a text says that takes back what a code beside it says: it is not so, is perhaps, or is a relative's."""
        meant = self._terms.meant(text, _KINDS) if text else ()
        against = [(scope, row.label) for scope, row in meant if scope in _TAKEN_BACK]
        return meaning(repr(report.shown(text, 60)), against) if against else ""

    def closure(self, classes: frozenset[str]) -> frozenset[str]:
        """The classes and everything above them."""
        return frozenset(above for cls in classes for above in self._terms.ancestors(cls))

    def _together(self, readings: list[frozenset[str]]) -> tuple[frozenset[str], bool]:
        """What the readings of one concept say together, and whether they fit."""
        closures = [self.closure(reading) for reading in readings]
        widest = max(range(len(readings)), key=lambda i: len(closures[i]))
        if all(closure <= closures[widest] for closure in closures):
            return readings[widest], True
        shared = frozenset.intersection(*[c for c in closures if c]) & frozenset(self._terms.by_iri)
        return frozenset(c for c in shared if not any(c != d and c in self._terms.ancestors(d) for d in shared)), False

    def _lacking(self, readings: list[CodeReading]) -> frozenset[str]:
        """What somebody lacks who lacks the concept, whichever of its codes is the exact one."""
        return frozenset(
            cls
            for reading in readings
            for cls in reading.absent
            if all(self._terms.ancestors(cls) & frozenset(other.absent) for other in readings)
        )


def _others(readings: Sequence[CodeReading]) -> tuple[CodeReading, ...]:
    """The readings of the codes of one concept where each is understood as another thing; none where one is not."""
    return tuple({r.curie: r for r in readings}.values()) if all(r.another for r in readings) else ()
