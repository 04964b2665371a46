"""The entries of a profile's lists: terms, codes and names of the lexicon as facts, and what was not understood."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from guidegraph.errors import TermError
from guidegraph.model import Another, CodeReading
from guidegraph.profile.names import normal, shortened
from guidegraph.profile.terms import STATES, Vocabulary, of_another_kind

#: What stands in place of a terminology where a record says something in words of its own.
WORDS = "words"


class CodedFacts:
    """Resolves the entries of one profile, and keeps what was read from codes and what was not understood."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._terms = vocabulary
        self._readings: dict[str, CodeReading] = {}
        self._missed: set[tuple[str, str]] = set()
        self._others: set[Another] = set()
        self._bad: set[str] = set()

    @property
    def not_tolerated(self) -> frozenset[str]:
        """The therapies that were not tolerated, as entries say of whatever list."""
        return frozenset(self._bad)

    @property
    def readings(self) -> tuple[CodeReading, ...]:
        """How the codes of the profile were read, sorted by code."""
        return tuple(self._readings[curie] for curie in sorted(self._readings))

    @property
    def not_understood(self) -> tuple[tuple[str, str], ...]:
        """The entries (property IRI of their list, text) that were not understood, sorted."""
        return tuple(sorted(self._missed))

    @property
    def others(self) -> tuple[Another, ...]:
        """The entries that are known and none of our terms, sorted."""
        return tuple(sorted(self._others))

    def miss(self, prop: str, text: str, *, alone: bool = False) -> None:
        """Note that an entry of a property's list was not understood; ``alone``: that it can stand in no other list."""
        for one in STATES if prop in STATES and not alone else (prop,):
            self._missed.add((one, text))

    def classes(self, text: str, kinds: Collection[str], prop: str, *, present: bool, where: str = "") -> Sequence[str]:
        """The classes of ours that an entry states, present or absent; none where it was not understood.

        Args:
            text: a name of a term of ours, or a code of another terminology (CURIE or IRI).
            kinds: the kinds of term that belong there.
            prop: the property of the list, for what is not understood.
            present: whether the patient has it; else it is denied.
            where: the place of the entry, for messages.

        Raises:
            TermError: a name that is unknown or ambiguous, or a term or code of another kind.
        """
        reading = self._terms.reading(text)
        if reading is None:
            return (self._terms.resolve(text, kinds, where=where),)
        if (kind := self._terms.lexical_kind(text)) and not _belongs(kind, kinds):
            what, mend = f"{shortened(text.strip())} is a name, but of another kind ({kind})", ", ".join(sorted(kinds))
            raise TermError(what, where=where, mend=f"Here belongs: {mend}.")
        stated = [
            row for iri in (reading.present if present else reading.absent) if (row := self._terms.by_iri.get(iri))
        ]
        fitting = [row.iri for row in stated if row.kind in kinds]
        if stated and not fitting:
            raise of_another_kind(f"{reading.name} is a code", stated, kinds, where)
        bad = present and prop in STATES and reading.not_tolerated
        if bad:
            self._bad.update(reading.not_tolerated)
        if fitting or bad or (present and prop in reading.another):
            self._readings[reading.curie] = reading
        # A product of several drugs may hold one that is ours, and one that is none of our terms.
        if present and prop in reading.another:
            self._others.update(others(reading, prop))
        elif not fitting and not bad:
            self.miss(prop, _missed(reading, present))
        return fitting

    def said(self, words: str, classes: Sequence[str]) -> Sequence[str]:
        """Therapies that were not tolerated, in the words of a record that are kept ("" for none)."""
        if words:
            reading = not_tolerated(words, classes, self._terms)
            self._readings[reading.curie] = reading
        return classes


def not_tolerated(
    words: str, classes: Collection[str], vocabulary: Vocabulary, steps: Sequence[str] = ()
) -> CodeReading:
    """That therapies were not tolerated, in the words of whoever says so.

    Args:
        words: what was written.
        classes: the therapies.
        vocabulary: tells what the words say by themselves, such as of which allergies they do not speak.
        steps: how the words were read.
    """
    told = vocabulary.reading(words)
    same = told is not None and told.present and set(classes) <= set(told.not_tolerated)
    said = CodeReading(f"{WORDS}:{normal(words)}", words, steps=tuple(steps), not_tolerated=tuple(sorted(classes)))
    return replace(said, present=told.present, denies=told.denies) if told is not None and same else said


def _belongs(kind: str, kinds: Collection[str]) -> bool:
    """Whether a thing of the lexicon belongs among some kinds: it does not tell conditions and findings apart."""
    return kind in kinds or (kind == "condition" and "finding" in kinds)


def others(reading: CodeReading, prop: str) -> Iterable[Another]:
    """What an entry of a list is that is known and none of our terms: a condition may be held as a finding by us."""
    for one in STATES if prop in STATES else (prop,):
        yield Another(one, reading.curie, reading.label, reading.denies, reading.may)


def _missed(reading: CodeReading, present: bool) -> str:
    if not present and reading.present:
        return f"not {reading.name}: it means less than any term known, so nothing follows from its absence"
    if not present and reading.another:
        return f"not {reading.name}: it is none of our terms, so nothing follows from its absence"
    step = reading.steps[-1] if present else reading.absent_steps[-1]
    return f"{'' if present else 'not '}{reading.name}: {step}"
