"""What the columns of a table of patients mean: numbers, facts, lists of entries, each by a name of the vocabulary."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from guidegraph.errors import GuideGraphError, UsageError
from guidegraph.model import TermRow
from guidegraph.profile import Vocabulary

#: The kinds of column. FACT: true, false or empty for one term; EVENTS: what became of one therapy or drug; LISTED: the
#: entries of a list in one cell; WORD: a word of a key such as the sex; COMPLETE: whether a list is complete.
IDENTIFIER, NUMBER, FACT, EVENT, LISTED, WORD, COMPLETE, PROBLEM, IGNORED = (
    "patient", "number", "fact", "event", "list", "word", "complete", "problem", "ignore",
)  # fmt: skip
#: Headings of the column that says who a patient is.
PATIENTS = ("patient", "patient id", "id", "person id", "person")
#: The key of a profile whose list takes a term of a kind.
_KEYS = {"condition": "conditions", "finding": "findings", "intervention": "medications"}
_EVENTS = ("trials", "stopped_medications", "done", "supplies")


@dataclass(frozen=True)
class Column:
    """A column: its heading, what kind of thing its cells say, the key of a profile that says it, and the term.

    ``row`` is that of the number, for its unit and its plausible range.
    """

    name: str
    kind: str
    key: str = ""
    term: str = ""
    row: TermRow | None = None

    @property
    def meaning(self) -> str:
        """The column as a mapping of columns has it."""
        if self.kind == COMPLETE:
            return f"complete: {self.key}"
        if self.kind in (FACT, EVENT):
            return f"{self.key}: {self.term}"
        return self.key or self.kind


def naming(columns: Iterable[Column]) -> str:
    """The heading of the column that says who a patient is."""
    return next(column.name for column in columns if column.kind == IDENTIFIER)


class Columns:
    """Reads headings by a vocabulary.

    Args:
        vocabulary: the terms.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._numbers = {row.key: row for row in vocabulary.rows if row.kind == "number" and row.key}
        self._lists = {row.key for row in vocabulary.rows if row.kind == "category" and row.key}
        self._words = {row.key: row for row in vocabulary.rows if row.key and row.kind in _KEYS}

    def read(self, names: Sequence[str], meanings: Mapping[str, str], where: str) -> list[Column]:
        """The columns of a table.

        Args:
            names: its headings.
            meanings: what some of them mean, in the words of a heading ("ignore": nothing).
            where: names the table, for messages.

        Raises:
            UsageError: a heading means nothing, two name the patient or state the same, none names the patient, or a
                meaning is of no column.
        """
        check_meanings(names, meanings, where)
        columns = [self.column(name, meanings.get(name, name), where) for name in names]
        identifiers = [column.name for column in columns if column.kind == IDENTIFIER]
        if len(identifiers) != 1:
            what = f"{len(identifiers)} columns name the patient" if identifiers else "no column names the patient"
            raise UsageError(what, where=where, mend=f"Call one column {PATIENTS[0]!r}, or say so by --columns.")
        self._once(columns, where)
        return columns

    def entry(self, key: str, term: str, where: str) -> Column:
        """What a row of a long table speaks of: a key of a profile and, where it takes one, a term.

        Raises:
            UsageError: it says nothing known.
        """
        if not term:
            return self.column(key, key, where)
        said = self.column(term, f"{key}: {term}", where)
        if said.kind not in (FACT, EVENT, COMPLETE):
            raise UsageError(f"{key!r} takes no term", where=where, mend=f"Leave {term!r} out, or name a list.")
        return said

    def _once(self, columns: Iterable[Column], where: str) -> None:
        seen: dict[tuple[str, str, str], str] = {}
        for column in columns:
            if column.kind in (IGNORED, LISTED):
                continue
            what = (column.kind, column.key, self._meant(column.term))
            if what in seen:
                both = f"{seen[what]!r} and {column.name!r} both say {column.meaning!r}"
                raise UsageError(both, where=where, mend="Ignore one of them by --columns.")
            seen[what] = column.name

    def column(self, name: str, meaning: str, where: str) -> Column:
        """One column by what its heading says.

        Raises:
            UsageError: it says nothing known; the nearest are told.
        """
        text = " ".join(meaning.split())
        words = text.replace("_", " ").casefold()
        key = words.replace(" ", "_")
        if key == IGNORED:
            return Column(name, IGNORED)
        if words in PATIENTS:
            return Column(name, IDENTIFIER)
        if key == PROBLEM:
            return Column(name, PROBLEM, PROBLEM)
        if key in self._numbers:
            return Column(name, NUMBER, key, row=self._numbers[key])
        if key in self._words:
            return Column(name, WORD, key)
        if key in self._lists:
            return Column(name, LISTED, key)
        return self._of_term(name, text, where)

    def _of_term(self, name: str, text: str, where: str) -> Column:
        first, colon, rest = text.partition(":")
        key, rest = first.strip().casefold().replace(" ", "_"), rest.strip()
        if colon and key == COMPLETE:
            if (listed := rest.casefold().replace(" ", "_")) in self._lists:
                return Column(name, COMPLETE, listed)
            raise UsageError(f"no list {rest!r}", where=f"{where}, {name}", mend=f"Write one of {self._listed()}.")
        place = f"{where}, column {name}"
        if colon and key in self._lists:
            return Column(name, EVENT if key in _EVENTS else FACT, key, self._term(rest, place))
        try:
            iri = self._vocabulary.resolve(text, tuple(_KEYS), where=place)
        except GuideGraphError as error:
            mend = f"{error.mend} Say by --columns what it means, or ignore it.".strip()
            raise UsageError(f"the heading means nothing known: {error.what}", where=place, mend=mend) from None
        return Column(name, FACT, _KEYS[self._vocabulary.by_iri[iri].kind], self._vocabulary.label(iri))

    def _term(self, text: str, where: str) -> str:
        """A term that a profile could name, as it is written: a code stays a code."""
        if self._vocabulary.reading(text) is None:
            try:
                self._vocabulary.resolve(text, tuple(_KEYS), where=where)
            except GuideGraphError as error:
                raise UsageError(error.what, where=error.where, mend=error.mend) from None
        return text

    def _meant(self, term: str) -> str:
        """What a term names, by whatever name; a code is itself."""
        try:
            return self._vocabulary.resolve(term, tuple(_KEYS)) if term else ""
        except GuideGraphError:
            return term

    def _listed(self) -> str:
        return ", ".join(sorted(self._lists))

    def propose(self, names: Sequence[str]) -> list[tuple[str, str, str]]:
        """For each heading what it means, and where that is nothing, or another says it already, "ignore" and why."""
        rows: list[tuple[str, str, str]] = []
        seen: dict[tuple[str, str, str], str] = {}
        for name in names:
            try:
                column = self.column(name, name, "")
            except GuideGraphError as error:
                rows.append((name, IGNORED, error.told))
                continue
            what = (column.kind, column.key, self._meant(column.term))
            other = seen.setdefault(what, name) if column.kind not in (IGNORED, LISTED) else name
            same = f"{other!r} says {column.meaning!r} already"
            rows.append((name, column.meaning, "") if other == name else (name, IGNORED, same))
        return rows


def check_meanings(names: Sequence[str], meanings: Mapping[str, str], where: str) -> None:
    """Check that every meaning is of a column.

    Raises:
        UsageError: one is of none.
    """
    lost = sorted(set(meanings) - set(names))
    if lost:
        near = get_close_matches(lost[0], names, n=3, cutoff=0.5) or list(names[:5])
        raise UsageError(f"no column {lost[0]!r}", where=where, mend=f"It has {', '.join(near)}.")
