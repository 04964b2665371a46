"""What a record says was not tolerated: allergies and intolerances, in the words of their entries."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from guidegraph.intake.report import USED, Ledger, Source
from guidegraph.model import CodeReading, Profile
from guidegraph.profile import Vocabulary
from guidegraph.profile.coded import not_tolerated

_LISTS = ("trials",)


class Harms:
    """Collects what was not tolerated, whatever it was given for.

    Args:
        vocabulary: the terms.
        ledger: where entries are told.
        counts: whether an entry (the classes that it is about, its source, its lists) is of the day of the profile.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        ledger: Ledger,
        counts: Callable[[Collection[str], Source, Collection[str]], bool],
    ) -> None:
        self._terms, self._ledger, self._counts = vocabulary, ledger, counts
        self._readings: set[CodeReading] = set()

    def tell(self, therapies: Collection[str], source: Source, words: str, note: str = "") -> None:
        """Therapies (IRIs) that were not tolerated, as an entry says in some words; ``note`` goes into the report."""
        if not self._counts((), source, _LISTS):
            return
        reading = not_tolerated(words, therapies, self._terms, source.steps)
        self._readings.add(reading)
        named = ", ".join(self._terms.label(one) for one in reading.not_tolerated)
        effect = f"not tolerated: {named} ({words})"
        self._ledger.told(source, USED, effect, note, order=self._ledger.next())

    def joined(self, profile: Profile) -> Profile:
        """The profile with all that."""
        bad = {one for reading in self._readings for one in reading.not_tolerated}
        readings = tuple(sorted({*profile.readings, *self._readings}))
        return replace(profile, not_tolerated=profile.not_tolerated | bad, readings=readings)
