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

    def to(self, allergies: Collection[str]) -> frozenset[str]:
        """The drugs (IRIs) that set off what is at or below one of ours of the allergies (IRIs)."""
        above = {up for one in allergies for up in self._above(one)}
        found = {one for one in self._sets_off if one in above}
        narrowest = found - {up for one in found for up in self._above(one) - {one}}
        return frozenset(filter(None, (self._sets_off[one] for one in narrowest)))

    def unrelated(self, drugs: Collection[str]) -> frozenset[str]:
        """The allergies that one to a drug is not, nor to something else: those to a drug that is no kin of any of its
        classes (neither is above the other), and those that no drug sets off.

        Args:
            drugs: what the drug is (IRIs); none for something that is no drug.
        """
        kin = {one for one, drug in self._sets_off.items() if any(self._kin(drug, other) for other in drugs)}
        near = {one for one in self._sets_off if not kin.isdisjoint(self._above(one))}
        near |= {up for one in near for up in self._above(one)}
        return frozenset(one for one, drug in self._sets_off.items() if one not in near and (drug or drugs))

    def _kin(self, one: str, other: str) -> bool:
        return bool(one) and (one in self._above(other) or other in self._above(one))

    def denied(self, drugs: Collection[str]) -> frozenset[str]:
        """The allergies that nobody has who is allergic to none of some drugs: those to what is at or below one."""
        return frozenset(one for one, drug in self._sets_off.items() if not self._above(drug).isdisjoint(drugs))


def read_allergens(folder: Path) -> dict[str, str]:
    """The drug that sets off each allergy (IRIs; "" for none), of a lexicon folder; none where it has no such table.

    Raises:
        KnowledgeError: the table cannot be read.
    """
    path = folder / FILE
    rows = read_rows(path, ("allergy", "allergen")) if path.exists() else ()
    return {ns.expand(row["allergy"]) or "": ns.expand(row["allergen"]) or "" for _, row in rows}
