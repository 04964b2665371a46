"""Sentences around names, each with the code by which a file of words says it in its own language."""

from __future__ import annotations

from collections.abc import Callable, Mapping

#: Gives a sentence with its parts filled in: by its code, the sentence as it is written in English, and the parts.
Saying = Callable[..., str]


def as_written(code: str, sentence: str, *parts: str) -> str:
    """A sentence as it is written, with its parts filled in; ``code`` is that of other words for it."""
    return sentence.format(*parts)


def in_words(words: Mapping[str, str]) -> Saying:
    """Says sentences by the words that there are for their codes, and the others as they are written."""

    def said(code: str, sentence: str, *parts: str) -> str:
        return words.get(code, sentence).format(*parts)

    return said
