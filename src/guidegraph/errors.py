"""The errors of GuideGraph: one class a kind of fault, each saying what, where and how to mend it."""

from __future__ import annotations

from collections.abc import Sequence


class GuideGraphError(Exception):
    """Base of every error that GuideGraph raises on purpose.

    ``what`` says what is wrong, ``where`` the file, line or node, ``mend`` how to put it right; each can be written as
    UTF-8.
    """

    def __init__(self, what: str, *, where: str = "", mend: str = "") -> None:
        self.what, self.where, self.mend = _written(what), _written(where), _written(mend)
        super().__init__(str(self))

    def __str__(self) -> str:
        return f"{self.where}: {self.told}" if self.where else self.told

    @property
    def told(self) -> str:
        """What is wrong and how to put it right, without where."""
        stop = "" if self.what.endswith((".", "!", "?", ":")) else "."
        return f"{self.what}{stop} {self.mend}" if self.mend else self.what


def _written(text: str) -> str:
    """Text that can be written anywhere: what is no character, as in a file's name that is not UTF-8, by its number."""
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()


class ProfileError(GuideGraphError):
    """A patient profile that cannot be read, or that contradicts itself."""


class TermError(ProfileError):
    """A term of a profile that names nothing known, or more than one thing."""


class UnknownTermError(TermError):
    """A term that names nothing known, so that whoever writes knowledge may add it."""


class PopulationError(GuideGraphError):
    """A population in words, or in OWL, that cannot be read; ``column`` is its place in the text, from 1 (0: none)."""

    def __init__(self, what: str, *, where: str = "", mend: str = "", column: int = 0) -> None:
        self.column = column
        super().__init__(what, where=where or (f"column {column}" if column else ""), mend=mend)


class UnitError(ProfileError):
    """A measured value whose unit is unknown or cannot be converted into the unit asked for."""


class KnowledgeError(GuideGraphError):
    """Ontology, graphs or queries of the knowledge base that cannot be read or found."""


class NothingToCheckError(KnowledgeError):
    """What was to be checked says nothing in our vocabulary, so that no check could find anything."""


class QueryError(GuideGraphError):
    """A query that cannot be parsed, is not permitted, or lacks a parameter."""


class DeadlineError(QueryError):
    """A query that did not end within its time."""


class BusyError(GuideGraphError):
    """A question that cannot be taken up now, since others are being answered."""


class EndpointError(GuideGraphError):
    """A SPARQL endpoint that cannot be reached or answers with an error."""


class ValidationError(GuideGraphError):
    """A graph that cannot be validated at all (not one that fails validation)."""


class DocumentError(GuideGraphError):
    """A document whose text cannot be read or is unknown to the knowledge base."""


class UsageError(GuideGraphError):
    """An argument or option that makes no sense."""


class RowError(UsageError):
    """A row of a table that cannot be read, where none may be left out."""


class LinkError(KnowledgeError):
    """A mapping, a package of another terminology, or an external hierarchy that is missing or cannot be read."""


class SheetError(GuideGraphError):
    """A sheet with mistakes, each told at its cell; nothing was written."""

    def __init__(self, mistakes: Sequence[GuideGraphError]) -> None:
        self.mistakes = tuple(mistakes)
        first, more = self.mistakes[0], len(self.mistakes) - 1
        told = f"{first.what} ({more} more)" if more else first.what
        super().__init__(told, where=first.where, mend=first.mend)
