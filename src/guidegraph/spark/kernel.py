"""What a machine of a cluster needs to answer: the criteria, compiled once, and the words, as plain data.

It goes there pickled. JSON would turn the numbers that are keys into texts, and events would silently be unknown.
"""

from __future__ import annotations

import copy
import socket
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from guidegraph import assets
from guidegraph import namespaces as ns
from guidegraph.cohort.asking import Question, Request, question
from guidegraph.cohort.columns import Column, naming
from guidegraph.cohort.sayings import KEY
from guidegraph.domains import Selection
from guidegraph.errors import KnowledgeError
from guidegraph.knowledge.criteria import Criteria
from guidegraph.knowledge.facts import FactBook
from guidegraph.knowledge.naming import Naming
from guidegraph.knowledge.records import Records, gg
from guidegraph.profile import Vocabulary
from guidegraph.termreadings import Implication, TermReading

if TYPE_CHECKING:
    from guidegraph.knowledge.opened import Knowledge


class Told(NamedTuple):
    """What facts are called, and by which numbers they are asked for."""

    records: Records
    rules: Sequence[Implication]
    readings: Sequence[TermReading]


@dataclass(frozen=True)
class Kernel:
    """Answers batches of patients on another machine.

    Attributes:
        criteria: what decides.
        columns: what the columns mean.
        kind: the type of the column that says who a patient is.
        several: those who stand in several rows; not known of a DataFrame, whose rows bring it along.
        asked: what is asked.
        knowledge: the digest of the knowledge.
        naming: the terms; codes and everyday names are read from the tables that the machine's own package ships.
        tables: the digest of these tables where the job began.
        shipped: where the package had them there.
        told: what facts are called, where lists of them are asked for.
    """

    criteria: Criteria
    columns: Sequence[Column]
    kind: pl.DataType
    several: pl.Series
    asked: Request
    knowledge: str
    naming: Naming
    tables: str
    shipped: Path
    told: Told | None = None

    @property
    def of_facts(self) -> bool:
        """Whether a row is a fact, not a patient."""
        return any(column.kind == KEY for column in self.columns)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The terms, with the tables that are on this machine.

        Raises:
            KnowledgeError: they are other tables than those where the job began.
        """
        words = self.naming.of(_moved(self.naming.selected, self.shipped, assets.root()))
        if words.digest() != self.tables:
            raise KnowledgeError(
                "the tables of codes and names here are not those where the job began",
                where=socket.gethostname(),
                mend="Install the same guidegraph, and link the same hierarchies, on every machine.",
            )
        return words.vocabulary

    @property
    def question(self) -> Question:
        """What is asked, and what decides on this machine.

        Raises:
            KnowledgeError: as :attr:`vocabulary`.
        """
        told = self.told
        book = FactBook(told.records, self.vocabulary, told.rules, told.readings) if told is not None else None
        return Question(self.asked, self.criteria, self.vocabulary, self.knowledge, book)


def kernel(
    knowledge: Knowledge,
    columns: Sequence[Column],
    kind: pl.DataType,
    asked: Request,
    several: pl.Series | None = None,
) -> Kernel:
    """What other machines need to answer a request.

    Raises:
        KnowledgeError: the knowledge cannot be answered for many patients.
    """
    decides, words = question(knowledge, asked), knowledge.naming
    nobody = pl.Series(naming(columns), [], dtype=kind)
    return Kernel(
        decides.criteria,
        tuple(columns),
        kind,
        nobody if several is None else several,
        asked,
        decides.knowledge,
        words,
        words.digest(),
        assets.root(),
        Told(_worded(book.records), book.rules, book.readings) if (book := decides.book) is not None else None,
    )


def _worded(records: Records) -> Records:
    """The records as plain data: what facts are called, and which are asked for; nothing else can be asked of them."""
    kept = (ns.RDFS + "label", gg("consentOrProcedure"))
    plain = copy.copy(records)
    plain.__dict__.clear()
    plain.__dict__.update(
        nodes={iri: {p: rows[p] for p in kept if p in rows} for iri, rows in records.nodes.items()},
        classes=records.classes,
        ancestors=records.ancestors,
        atoms=records.atoms,
        implied=records.implied,
        _labels={},
    )
    return plain


def _moved(selected: Selection, old: Path, new: Path) -> Selection:
    """A selection whose shipped folders are elsewhere; folders of the user are where they were."""

    def moved(path: Path) -> Path:
        return new / path.relative_to(old) if path.is_relative_to(old) else path

    domains = tuple(replace(domain, folder=moved(domain.folder)) for domain in selected.domains)
    warning = tuple(replace(domain, folder=moved(domain.folder)) for domain in selected.warning)
    return Selection(None if selected.root is None else moved(selected.root), domains, warning)
