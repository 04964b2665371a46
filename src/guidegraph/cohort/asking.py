"""What is asked of a cohort, what decides about it, and what became of it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from guidegraph.cohort.cells import Unread
from guidegraph.cohort.columns import Column
from guidegraph.cohort.sayings import KEY
from guidegraph.errors import UsageError
from guidegraph.knowledge.criteria import Criteria, compile_criteria
from guidegraph.knowledge.facts import FactBook
from guidegraph.knowledge.opened import Knowledge
from guidegraph.profile import Vocabulary


@dataclass(frozen=True)
class Request:
    """What is asked of a cohort.

    Attributes:
        as_of: the day at which statements must be in effect.
        jurisdiction: count only the labels of this country; all if None.
        voices: which recommendations alone count (:class:`guidegraph.knowledge.engine.Request`).
        therapies: only these (IRIs); all if empty.
        statements: whether the truth of every statement is told beside the statuses.
        long: whether each row is a patient and a therapy.
        facts, blocking: whether what is understood, and the unknown facts that keep therapies open, are listed.
        strict: whether a row that cannot be read stops everything.
        afresh: whether to start anew, even where an earlier run of the same was cut short.
        problem: of records, the condition (IRI) that is asked about; the only one of each if "".
    """

    as_of: date
    jurisdiction: str | None = None
    voices: frozenset[str] = frozenset()
    therapies: frozenset[str] = frozenset()
    statements: bool = False
    long: bool = False
    facts: bool = False
    blocking: bool = False
    strict: bool = False
    afresh: bool = False
    problem: str = ""


@dataclass
class Report:
    """What became of a table.

    Attributes:
        patients: rows that were answered.
        left_out: rows that could not be read; of a long table patients of whom a row could not be, of records these.
        resumed: rows of these that an earlier run had answered, which was cut short.
        contradicted: patients of these whose facts contradict each other, who have no status.
        columns: what each column was read as.
        unread: cells and entries that were not understood, with examples.
        statuses: by therapy how many patients have each status.
        files: where rows come from several files, each with the number of its first row, in order.
    """

    patients: int = 0
    left_out: int = 0
    contradicted: int = 0
    columns: Sequence[Column] = ()
    unread: Sequence[Unread] = ()
    statuses: dict[str, dict[str, int]] = field(default_factory=dict)
    resumed: int = 0
    files: Sequence[tuple[int, str]] = ()

    @property
    def unit(self) -> str:
        """What is left out where it cannot be read: a row, of a long table a patient, of records a record."""
        kinds = {column.kind for column in self.columns}
        return "record" if not kinds else "patient" if KEY in kinds else "row"

    def place(self, row: int) -> str:
        """What a row is called: by its number, and its file where there are several."""
        at = bisect_right([first for first, _ in self.files], row) - 1
        return f"row {row - self.files[at][0] + 1:,} of {self.files[at][1]}" if self.files else f"row {row:,}"


def no_patient(where: str, unread: Iterable[Unread]) -> UsageError:
    """Why there is nobody to answer for: nobody was there, or what there was could not be read."""
    first = next((one for one in unread if one.lost), None)
    if first is None:
        return UsageError("there is no patient", where=where, mend="Give at least one.")
    at = next((f" ({text!r})" for _, text in first.examples), "")
    what = f"there is no patient that can be read: {first.column}: {first.what}{at}"
    return UsageError(what, where=where, mend="Correct it, or give another.")


@dataclass(frozen=True)
class Question:
    """What decides about patients, without the knowledge that it was compiled from.

    Attributes:
        asked: what is asked.
        criteria: the criteria that it is asked of.
        vocabulary: the terms.
        knowledge: the digest of the knowledge.
        book: the words for facts, where lists are asked for.
    """

    asked: Request
    criteria: Criteria
    vocabulary: Vocabulary
    knowledge: str
    book: FactBook | None = None


def question(knowledge: Knowledge, asked: Request) -> Question:
    """What decides about patients of whom something is asked.

    Raises:
        KnowledgeError, UsageError: it cannot be answered for many patients.
    """
    knowledge.one_clock()
    criteria = compile_criteria(knowledge, asked.as_of, asked.jurisdiction, asked.voices)
    book = knowledge.book if asked.facts or asked.blocking else None
    return Question(asked, criteria, knowledge.vocabulary, knowledge.digest, book)
