"""Facts of a profile that are written in codes of other terminologies, collected with how each was read."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from guidegraph import namespaces as ns
from guidegraph.errors import TermError
from guidegraph.model import CodeReading
from guidegraph.profile.terms import Vocabulary

_CONDITION, _FINDING = ns.GG + "hasCondition", ns.GG + "hasFinding"
#: People cannot know which we hold a condition and which a finding, so an entry of either list may be either.
_EITHER = (_CONDITION, _FINDING)


class CodedFacts:
    """Resolves the entries of one profile, and keeps what was read from codes and what was not understood."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._terms = vocabulary
        self._readings: dict[str, CodeReading] = {}
        self._missed: set[tuple[str, str]] = set()

    @property
    def readings(self) -> tuple[CodeReading, ...]:
        """How the codes of the profile were read, sorted by code."""
        return tuple(self._readings[curie] for curie in sorted(self._readings))

    @property
    def not_understood(self) -> tuple[tuple[str, str], ...]:
        """The entries (property IRI of their list, text) that were not understood, sorted."""
        return tuple(sorted(self._missed))

    def miss(self, prop: str, text: str, *, alone: bool = False) -> None:
        """Note that an entry of a property's list was not understood; ``alone``: that it can stand in no other list."""
        for one in _EITHER if prop in _EITHER and not alone else (prop,):
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
        stated = [
            row for iri in (reading.present if present else reading.absent) if (row := self._terms.by_iri.get(iri))
        ]
        fitting = [row.iri for row in stated if row.kind in kinds]
        if stated and not fitting:
            other = " or ".join(sorted({row.kind for row in stated}))
            raise TermError(
                f"{reading.name} is a code, but of another kind ({other})",
                where=where,
                mend=f"Here belongs: {', '.join(sorted(kinds))}.",
            )
        if not fitting:
            self.miss(prop, _missed(reading, present))
        else:
            self._readings[reading.curie] = reading
        return fitting


def _missed(reading: CodeReading, present: bool) -> str:
    if not present and reading.present:
        return f"not {reading.name}: it means less than any term known, so nothing follows from its absence"
    told = reading.steps[-1] if present else reading.absent_steps[-1]
    return f"{'' if present else 'not '}{reading.name}: {told}"
