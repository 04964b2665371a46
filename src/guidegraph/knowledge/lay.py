"""Plain words: labels and sentences for a reader without medical training, as the ontology has them in a language."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace

from guidegraph.knowledge.atoms import Atom
from guidegraph.knowledge.engine import Engine
from guidegraph.knowledge.facts import Fact, FactBook
from guidegraph.knowledge.records import Records
from guidegraph.model import TermRow

#: The language of the plain words that are shipped.
ENGLISH = "en"


@dataclass(frozen=True)
class LayWords:
    """The plain words of one language: ``labels`` by node (IRI), ``sentences`` by code."""

    labels: Mapping[str, str]
    sentences: Mapping[str, str]


def lay_words(engine: Engine, language: str = ENGLISH) -> LayWords:
    """The plain words of a language, those of its regions not told apart."""
    rows = [row for row in engine.select("answer/lay") if row[1].partition("-")[0].lower() == language]
    return LayWords(
        {node: text for node, _, text, code in sorted(rows) if not code},
        {code: text for _, _, text, code in sorted(rows) if code},
    )


def lay_records(records: Records, words: LayWords) -> Records:
    """The same records, called by plain words where there are any; made once."""
    if LayWords in records.kept:
        known: Records = records.kept[LayWords]
        return known
    told = copy.copy(records)
    classes = {iri: (words.labels.get(iri, label), category) for iri, (label, category) in records.classes.items()}
    told.__dict__.update(classes=classes, _labels=dict(words.labels), described={}, kept={})
    records.kept[LayWords] = told
    return told


class LayBook(FactBook):
    """Names facts in plain words; each keeps the name that it is filed under."""

    def __init__(self, book: FactBook, records: Records, words: LayWords) -> None:
        super().__init__(records, book.vocabulary, book.rules, book.readings)
        self._book, self._words = book, words

    def _term(self, iri: str) -> TermRow:
        row = super()._term(iri)
        return replace(row, label=self._words.labels.get(iri, row.label))

    def _fact(self, atom: Atom) -> Fact:
        return replace(super()._fact(atom), filed=self._book.fact(atom).filed)

    def short(self, number: str) -> str:
        """What a number is called in a sentence that gives its value."""
        return self._words.labels.get(number) or super().short(number)
