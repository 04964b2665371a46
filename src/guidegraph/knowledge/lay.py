"""The words of a language and a reader: labels and sentences, as the ontology and files beside it have them."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from string import Formatter

from guidegraph.errors import UsageError
from guidegraph.knowledge.atoms import Atom
from guidegraph.knowledge.engine import Engine
from guidegraph.knowledge.facts import Fact, FactBook
from guidegraph.knowledge.records import Records
from guidegraph.model import TermRow
from guidegraph.profile import Cause, cause_text
from guidegraph.sayings import Saying, in_words
from guidegraph.termreadings import reasons_said

#: The language of the words that are shipped.
ENGLISH = "en"
#: For whom a glance can be told: professionals by the labels, others in plain words; with the query for the words.
READERS = {"professional": "answer/words", "plain": "answer/lay"}
PROFESSIONAL, PLAIN = READERS


@dataclass(frozen=True)
class LayWords:
    """The words of one language for one reader: ``labels`` by node (IRI), ``sentences`` by code.

    What a language does not have is said in English: ``borrowed`` are the codes of such sentences, ``own`` the nodes
    that it has words for, among those ``named`` that a glance may name.
    """

    labels: Mapping[str, str]
    sentences: Mapping[str, str]
    language: str = ENGLISH
    reader: str = PLAIN
    own: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()
    borrowed: tuple[str, ...] = ()

    @property
    def said(self) -> Saying:
        """Gives sentences in this language."""
        return in_words(self.sentences)


def primary(language: str) -> str:
    """The language of a tag, without the region: those of a language are not told apart."""
    return language.partition("-")[0].lower()


def lay_languages(engine: Engine, reader: str = PLAIN) -> list[str]:
    """The languages that there are words in for a reader."""
    return sorted({primary(row[1]) for row in engine.select(READERS[reader]) if row[1]})


def lay_words(engine: Engine, language: str = ENGLISH, reader: str = PLAIN) -> LayWords:
    """The words of a language for a reader, and English ones where it has none.

    Raises:
        UsageError: nothing is said in that language, or a sentence of it does not hold the parts of the English one.
    """
    wanted = primary(language)
    rows = sorted(engine.select(READERS[reader]))
    said = {lang: [row for row in rows if primary(row[1]) == lang] for lang in (ENGLISH, wanted)}
    if not said[wanted] and wanted != ENGLISH:
        known = ", ".join(lay_languages(engine, reader))
        mend = f"Use one of: {known}; or add a file of labels in it (docs/answers.md)."
        words = "plain words" if reader == PLAIN else "words for professionals"
        raise UsageError(f"there are no {words} in {language!r}", where="language", mend=mend)
    english, own = (_by_code(said[lang]) for lang in (ENGLISH, wanted))
    for code, text in own.items():
        if code in english and _parts(text) != _parts(english[code]):
            raise UsageError(
                f"the sentence {code!r} does not hold the parts of the English one: {english[code]!r}",
                where=f"{reader} words in {wanted}",
                mend="Write {} for each part in the order of the English sentence, or {0}, {1} and so on in another.",
            )
    labels = {lang: {node: text for node, _, text, code in found if not code} for lang, found in said.items()}
    plain = rows if reader == PLAIN else engine.select(READERS[PLAIN])
    return LayWords(
        labels[ENGLISH] | labels[wanted],
        english | own,
        wanted,
        reader,
        frozenset(labels[wanted]),
        # Every term that a glance may name has plain words (check/lay-missing).
        frozenset(node for node, _, _, code in plain if not code),
        tuple(sorted(english.keys() - own.keys())),
    )


def _parts(sentence: str) -> list[str] | None:
    """The places of the parts of a sentence, in order; None where it is no such sentence."""
    try:
        named = [
            name for _, name, form, turn in Formatter().parse(sentence) if name is not None and not form and not turn
        ]
    except ValueError:
        return None
    if not any(named):
        return [str(at) for at in range(len(named))]
    return sorted(set(named))


def _by_code(rows: Iterable[tuple[str, ...]]) -> dict[str, str]:
    return {code: text for _, _, text, code in rows if code}


def untranslated(words: LayWords, records: Records, book: FactBook, told: Iterable[str]) -> list[str]:
    """What of some texts stands in English since a language has no word for it: names that occur, and sentences.

    Args:
        words: of the language.
        records: those that the texts were made with (:func:`lay_records`).
        book: the one that they were made with (:class:`LayBook`).
        told: the texts.
    """
    if words.language == ENGLISH:
        return []
    text = " ".join(told).casefold()
    named = {name for iri in {*records.classes, *words.named} - words.own for name in book.names(iri)}
    found = {name for name in named if name and re.search(rf"(?<!\w){re.escape(name.casefold())}(?!\w)", text)}
    return [*sorted(found), *(words.sentences[code] for code in words.borrowed)]


def lay_records(records: Records, words: LayWords) -> Records:
    """The same records, called by other words where there are any; made once for a reader and a language."""
    key = (LayWords, words.reader, words.language)
    if key in records.kept:
        known: Records = records.kept[key]
        return known
    told = copy.copy(records)
    classes = {iri: (words.labels.get(iri, label), category) for iri, (label, category) in records.classes.items()}
    told.__dict__.update(classes=classes, _labels=dict(words.labels), described={}, kept={})
    records.kept[key] = told
    return told


class LayBook(FactBook):
    """Names facts in other words; each keeps the name that it is filed under."""

    def __init__(self, book: FactBook, records: Records, words: LayWords) -> None:
        super().__init__(records, book.vocabulary, book.rules, book.readings)
        self._book, self._words = book, words
        self._why = reasons_said(book.readings, words.said)

    @property
    def said(self) -> Saying:
        """The words around names."""
        return self._words.said

    def why(self, text: str) -> str:
        """What an implication says of its definitions."""
        return self._why.get(text, text)

    def cause(self, cause: Cause) -> str:
        """How a fact came to be known, in words."""
        return cause_text(cause, self.vocabulary, self.said, self._records.label, self.why)

    def _term(self, iri: str) -> TermRow:
        row = super()._term(iri)
        return replace(row, label=self._words.labels.get(iri, row.label))

    def _fact(self, atom: Atom) -> Fact:
        return replace(super()._fact(atom), filed=self._book.fact(atom).filed)

    def short(self, number: str) -> str:
        """What a number is called in a sentence that gives its value."""
        return self._words.labels.get(number) or super().short(number)
