"""What the words of a population mean: terms, numbers, properties, outcomes and named populations by every name."""

from __future__ import annotations

from collections.abc import Mapping

from guidegraph.knowledge.opened import Knowledge
from guidegraph.knowledge.records import gg
from guidegraph.profile import Vocabulary

#: What is said inside of a trial or a stop.
PARTS = ("ofIntervention", "hasOutcome", "trialWeeks", "daysSinceStop")


class PopulationVocabulary:
    """The names that a population may use.

    Args:
        terms: the terms, with those that the author adds.
        populations: labels of the named populations, by IRI.
        labels: labels of the properties of the model that no profile has (the parts of a trial and of a stop), by IRI.
        total: the numbers (IRIs) that everybody has, so that what is not in a range is outside it.
    """

    def __init__(
        self,
        terms: Vocabulary,
        populations: Mapping[str, str],
        labels: Mapping[str, str],
        total: frozenset[str] = frozenset(),
    ) -> None:
        self.terms = terms
        self.populations = dict(populations)
        self.labels = dict(labels)
        self.total = total

    @classmethod
    def of(
        cls, knowledge: Knowledge, *, terms: Vocabulary | None = None, populations: Mapping[str, str] | None = None
    ) -> PopulationVocabulary:
        """The names of some knowledge.

        Args:
            knowledge: the opened knowledge.
            terms: in place of the knowledge's own terms, such as with those of a sheet.
            populations: labels of further populations, by IRI.
        """
        book = terms or knowledge.vocabulary
        label = knowledge.records.label
        named = {iri: label(iri) for iri in knowledge.records.branches} | dict(populations or {})
        labels = {gg(part): label(gg(part)) for part in PARTS}
        total = frozenset(row[0] for row in knowledge.engine.select("answer/totals"))
        return cls(book, named, labels, total)
