"""Allergies that are named by the drug that sets them off, read as those of ours."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from guidegraph import namespaces as ns
from guidegraph.terminologies.names import read_rows

FILE = "allergens.tsv"


class Allergens:
    """Which allergies of ours somebody has who is allergic to some drugs.

    Args:
        folder: the lexicon, whose table tells what sets off each allergy; nothing does where it has none, or is None.
        ancestors: a class with every class above it (:meth:`guidegraph.profile.terms.Vocabulary.ancestors`).
    """

    def __init__(self, folder: Path | None, ancestors: Callable[[str], frozenset[str]]) -> None:
        self._above = ancestors
        self._sets_off: Mapping[str, str] = read_allergens(folder) if folder else {}

    def set_off(self, drugs: Collection[str]) -> frozenset[str]:
        """The narrowest allergies (IRIs) to one of some drugs (IRIs), of which nobody says to which."""
        above = [self._above(drug) for drug in drugs]
        found = {one for one, drug in self._sets_off.items() if above and all(drug in higher for higher in above)}
        return frozenset(found - {up for one in found for up in self._above(one) - {one}})

    def denied(self, drugs: Collection[str]) -> frozenset[str]:
        """The allergies that nobody has who is allergic to none of some drugs: those to what is at or below one."""
        return frozenset(one for one, drug in self._sets_off.items() if not self._above(drug).isdisjoint(drugs))


def read_allergens(folder: Path) -> dict[str, str]:
    """The drug that sets off each allergy (IRIs), of a lexicon folder; none where it has no such table.

    Raises:
        KnowledgeError: the table cannot be read.
    """
    path = folder / FILE
    rows = read_rows(path, ("allergy", "allergen")) if path.exists() else ()
    return {ns.expand(row["allergy"]) or "": ns.expand(row["allergen"]) or "" for _, row in rows}
