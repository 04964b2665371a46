"""Populations in words: read from what a methodologist writes, and written so that they read back the same.

One grammar for two forms (docs/populations-in-words.md): Manchester syntax with labels, and a gentle one.
"""

from __future__ import annotations

from guidegraph.authoring.owlform import Expression, definition_triples, expressions
from guidegraph.authoring.vocabulary import PopulationVocabulary

__all__ = [
    "Expression",
    "PopulationVocabulary",
    "definition_triples",
    "expressions",
    "read_population",
    "write_population",
]


def read_population(text: str, vocabulary: PopulationVocabulary) -> Expression:
    """Who is of a population, from words.

    Args:
        text: Manchester syntax with labels, or the gentle form.
        vocabulary: what the words mean.

    Raises:
        PopulationError: it cannot be read, or nobody could be of it; ``column`` says where in the text (from 1).
    """
    raise NotImplementedError


def write_population(expression: Expression, vocabulary: PopulationVocabulary, *, gentle: bool = False) -> str:
    """A population in words that :func:`read_population` reads back the same.

    Args:
        expression: who is of it.
        vocabulary: gives the names.
        gentle: whether in the gentle form, in place of Manchester syntax with labels.
    """
    raise NotImplementedError
