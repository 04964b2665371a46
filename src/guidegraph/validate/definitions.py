"""Definitions that say no more than the name: words that neither the term's names nor those above it have, are missing.

The words that say nothing of what a term is are in ``definition-words.yaml`` beside the ontology. See docs/sweep.md.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyoxigraph as ox

from guidegraph import assets
from guidegraph.namespaces import shorten
from guidegraph.query.catalogue import read_query
from guidegraph.query.run import run
from guidegraph.validate.sweep import Defect, read_words, singular

WORDS = "definition-words.yaml"
_SHORTEST_STEM, _LONGEST_ENDING = 5, 3


def restatements(store: ox.Store, folder: Path) -> Iterator[Defect]:
    """The terms whose definition restates their names, and those of the classes above them.

    Args:
        store: the ontology.
        folder: where the list of words lies that say nothing.

    Raises:
        KnowledgeError: the list of words cannot be read.
    """
    empty = read_words(folder / WORDS)
    text = read_query(assets.folder("queries") / "sweep" / "definitions.rq", "sweep/definitions").text
    known: dict[tuple[str, str], set[str]] = defaultdict(set)
    for term, definition, name in run(store, text).rows:
        known[term.value, definition.value] |= _words(name.value)
    for (term, definition), names in sorted(known.items()):
        if not [word for word in _words(definition) - empty if not _said(word, names)]:
            message = f"{shorten(term)} is defined by its own name: {definition!r}."
            mend = "Say what sets it apart from others of its kind, and how that is known, or what sources mean by it."
            yield Defect("definition-restates", term, message, mend)


def _words(text: str) -> set[str]:
    return {singular(word) for word in re.findall(r"[a-z0-9]{2,}", text.casefold())}


def _said(word: str, names: Iterable[str]) -> bool:
    """Whether a name has the word, in whatever form: inhibitor says what inhibits does."""
    return any(word == name or _shared(word, name) >= _needed(min(len(word), len(name))) for name in names)


def _needed(length: int) -> int:
    return max(_SHORTEST_STEM, length - _LONGEST_ENDING)


def _shared(one: str, other: str) -> int:
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
