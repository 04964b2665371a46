"""The values of links: terminologies, mappings, terms of other hierarchies, readings of codes, findings of checks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from guidegraph.model import CodeReading

__all__ = ["HAS", "CodeReading", "ExternalTerm", "Mapping", "Terminology"]

#: The matches by which whoever has a code has our class.
HAS = ("exact", "narrow")


@dataclass(frozen=True)
class Terminology:
    """Another terminology: its CURIE prefix, the IRI before a code, and how records name the system."""

    prefix: str
    title: str
    iri: str
    fhir: tuple[str, ...] = ()
    omop: tuple[str, ...] = ()


@dataclass(frozen=True, order=True)
class Mapping:
    """One row of a mapping table: how a term of ours relates to a code of another terminology.

    ``subject`` is the IRI of our term; ``predicate`` is exact, broad (the code means more than our term), narrow (it
    means less) or close, as SKOS names the matches; ``curie`` the code, "" where none was found (sssom:NoTermFound).
    ``label`` is the other terminology's own label, ``table`` the file of the row. One that is ``negated`` says that the
    relation does not hold, and is no match. ``subtree`` says that somebody has reviewed what is below the code: all
    of it is of our term too, or, where the row is negated, none of it. Without it the row stands for its code alone.
    """

    subject: str
    predicate: str
    curie: str
    label: str = ""
    justification: str = ""
    source: str = ""
    version: str = ""
    date: str = ""
    comment: str = ""
    table: str = ""
    negated: bool = False
    subtree: bool = False


def claims(rows: Iterable[Mapping]) -> list[Mapping]:
    """The rows that claim a match, without those that another row denies: between the two nothing is known."""
    given = tuple(rows)
    denied = {(row.subject, row.predicate, row.curie) for row in given if row.negated}
    return [row for row in given if not row.negated and (row.subject, row.predicate, row.curie) not in denied]


@dataclass(frozen=True)
class ExternalTerm:
    """A term of another terminology, as its source gives it.

    ``code`` is without prefix. ``parents`` are codes of the same terminology. ``valid`` says whether records may use
    the code (a billable leaf, a valid category), None where the terminology does not say. ``excludes`` are the codes
    or ranges of codes that the terminology does not let stand beside it (Excludes1). ``combination`` says that it is a
    combination product, which is no kind of its parents. ``kind`` is the terminology's own semantic type, "" where
    it has none (such as "disease", "anatomy", "ingredient").
    """

    code: str
    label: str
    synonyms: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    obsolete: bool = False
    replaced_by: tuple[str, ...] = ()
    valid: bool | None = None
    excludes: tuple[str, ...] = ()
    combination: bool = False
    kind: str = ""

    def rules_out(self, code: str) -> bool:
        """Whether one of ``excludes`` names a code or one above it: by itself, with all below it, or by a range.

        Below a code stand those that begin with it; a range (``T36-T50``) holds the codes below both its ends.
        """
        return any(_within(code, pattern.strip()) for pattern in self.excludes)


def _within(code: str, pattern: str) -> bool:
    low, dash, high = pattern.partition("-")
    if dash and high:
        return low <= code[: len(low)] and code[: len(high)] <= high
    return bool(low) and code.startswith(low)


@dataclass(frozen=True)
class Subject:
    """A term of ours as the check needs it: label, kind, whether it is a combination, the terms above it, and how a
    drug acts (the IRI of a route, "" where its class does not say)."""

    label: str
    kind: str
    combination: bool = False
    above: frozenset[str] = frozenset()
    route: str = ""


@dataclass(frozen=True, order=True)
class Finding:
    """One finding: where it is, which rule it breaks, what is wrong and how to mend it. A warning breaks nothing."""

    table: str
    line: int
    rule: str
    what: str
    mend: str
    warning: bool = False


@dataclass(frozen=True, order=True)
class Sample:
    """A row that stands for its subtree: the term of ours, how many codes are below its code, and some of them."""

    table: str
    line: int
    code: str
    term: str
    below: int
    shown: tuple[str, ...]


@dataclass(frozen=True, order=True)
class Outside:
    """What lies outside a term that a terminology is reviewed to cover: how many codes share a word with it, how many
    are beside those that it is mapped to, and some of both."""

    prefix: str
    term: str
    alike: int
    beside: int
    shown_alike: tuple[str, ...]
    shown_beside: tuple[str, ...]


@dataclass
class Report:
    """What a check found, and what it could not check (by source: the reason, and how many rows)."""

    findings: list[Finding] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    outside: list[Outside] = field(default_factory=list)
    rows: int = 0
    checked: int = 0
    pages: int = 0
    not_found: int = 0
    denied: int = 0
    unchecked: Counter[str] = field(default_factory=Counter)
    reasons: dict[str, str] = field(default_factory=dict)

    @property
    def errors(self) -> int:
        """How many findings are no mere warnings."""
        return sum(not finding.warning for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """The report as plain values."""
        return {
            "rows": self.rows,
            "checked": self.checked,
            "no_term_found": self.not_found,
            "denied": self.denied,
            "not_recheckable_offline": self.pages,
            "unchecked": {
                name: {"rows": n, "reason": self.reasons[name]} for name, n in sorted(self.unchecked.items())
            },
            "errors": self.errors,
            "findings": [asdict(finding) for finding in self.findings],
            "outside": [
                {**asdict(one), "shown_alike": list(one.shown_alike), "shown_beside": list(one.shown_beside)}
                for one in self.outside
            ],
            "subtrees": [{**asdict(sample), "shown": list(sample.shown)} for sample in self.samples],
        }
