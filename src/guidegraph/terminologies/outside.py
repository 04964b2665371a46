"""The check of what is reviewed as covering: what lies outside each term there, for the reviewer to look at."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from guidegraph.namespaces import shorten
from guidegraph.terminologies.another import COVERING, Coverage, Covered
from guidegraph.terminologies.model import HAS, Finding, Outside, Subject
from guidegraph.terminologies.rows import Row
from guidegraph.terminologies.sources import Source

#: How many codes of a kind are shown of each term, and how short a word says nothing.
_SHOWN, _SHORT = 6, 3
_WORD = re.compile(r"[^\W\d_]+")


def outside(
    coverage: Mapping[str, Coverage],
    rows: Iterable[Row],
    subjects: Mapping[str, Subject],
    names: Callable[[str], Sequence[str]],
    source: Callable[[str], Source | None],
) -> Iterator[Outside | Finding]:
    """For each covering term a sample of the codes outside it that may be its, and what contradicts the review.

    Args:
        coverage: what was reviewed, by the prefix of the terminology.
        rows: the rows of all mapping tables that claim a match.
        subjects: our terms.
        names: the label and synonyms of a term of ours.
        source: the installed source of a prefix, None where there is none.
    """
    by_prefix: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_prefix[row.prefix].append(row)
    for prefix, reviewed in coverage.items():
        at = source(prefix)
        place = _Place(at, reviewed) if at is not None else None
        for iri, covered in reviewed.terms.items():
            own = [row for row in by_prefix[prefix] if row.subject == iri]
            if iri not in subjects or not own:
                what = f"{shorten(iri)} is {'mapped to no code of ' + prefix if iri in subjects else 'no term of ours'}"
                yield _finding("covering-unmapped", what, "Map it first, or take it out.")
            elif place is not None:
                yield from _term(prefix, place, iri, covered, own, by_prefix[prefix], subjects)
                yield place.sample(prefix, subjects[iri].label, covered, own, names(iri))


def _finding(rule: str, what: str, mend: str, warning: bool = False) -> Finding:
    return Finding(COVERING, 1, rule, what, mend, warning)


def _term(
    prefix: str,
    place: _Place,
    iri: str,
    covered: Covered,
    own: Sequence[Row],
    rows: Sequence[Row],
    subjects: Mapping[str, Subject],
) -> Iterator[Finding]:
    for code in (*covered.near, *covered.looked):
        if not place.has(code):
            what = f"{prefix}:{code}, named for {shorten(iri)}, is not in {place.source.title}"
            yield _finding("covering-code", what, "Look the code up; another release may have it.", True)
    inside = place.inside(covered, own)
    for row in rows:
        below = row.subject == iri or iri in (subjects[row.subject].above if row.subject in subjects else ())
        if below and row.predicate in HAS and not place.reaches(row.code, inside):
            what = (
                f"{row['object_id']} is outside what covers {shorten(iri)}, and {row.predicate} for "
                f"{shorten(row.subject)}, which is a kind of it ({row.table}, line {row.line})"
            )
            yield _finding("covering", what, "Map the term to the code, leave it open (near), or take the term out.")


class _Place:
    """A terminology in which terms are covered: its codes by the words of their names."""

    def __init__(self, source: Source, coverage: Coverage) -> None:
        self.source, self._coverage = source, coverage
        self._labels: dict[str, str] = {}
        self._words: dict[str, set[str]] = defaultdict(set)
        for code in source.codes():
            term = source.term(code) if coverage.wanted(code) else None
            if term is not None and not coverage.refusal(term):
                self._labels[code] = term.label
                for word in _words([term.label, *term.synonyms]):
                    self._words[word].add(code)
        self._above: dict[str, frozenset[str]] = {}

    def has(self, code: str) -> bool:
        """Whether a code is there, or (where codes are built from those above them) the one above it."""
        above = self._coverage.above(code)[:1]
        return any(self.source.term(one) is not None for one in (code, *above))

    def above(self, code: str) -> frozenset[str]:
        """A code with all above it."""
        known = self._above.get(code)
        if known is None:
            term = self.source.term(code)
            higher = (self.above(parent) for parent in (term.parents if term else ()))
            known = self._above[code] = frozenset({code, *self._coverage.above(code)}).union(*higher)
        return known

    def inside(self, covered: Covered, own: Sequence[Row]) -> frozenset[str]:
        """The codes below which a term is, or may be."""
        return frozenset({*covered.near, *(row.code for row in own)})

    def reaches(self, code: str, inside: frozenset[str]) -> bool:
        """Whether a code is at, below or above one of some codes."""
        return bool(self.above(code) & inside) or any(code in self.above(one) for one in inside)

    def sample(self, prefix: str, label: str, covered: Covered, own: Sequence[Row], names: Sequence[str]) -> Outside:
        """What lies outside a term: codes that share a word with it, rare words first, and codes beside its own."""
        inside = self.inside(covered, own)
        said = {*names, *(row["object_label"] for row in own if row.predicate in HAS)}
        weight: dict[str, float] = defaultdict(float)
        for word in _words(said):
            codes = self._words.get(word, set())
            for code in codes:
                weight[code] += 1 / len(codes)
        parents = {parent for row in own if (term := self.source.term(row.code)) for parent in term.parents}
        beside = {code: 0.0 for parent in parents for code in self.source.children(parent)}
        left = inside | {*covered.looked}
        found = [
            sorted(
                (code for code in codes if code in self._labels and not self.reaches(code, left)),
                key=lambda code: (-codes[code], code),
            )
            for codes in (weight, beside)
        ]
        return Outside(prefix, label, len(found[0]), len(found[1]), self._shown(found[0]), self._shown(found[1]))

    def _shown(self, codes: Sequence[str]) -> tuple[str, ...]:
        return tuple(f"{code} {self._labels[code]}" for code in codes[:_SHOWN])


def _words(texts: Iterable[str]) -> set[str]:
    return {word for text in texts for word in _WORD.findall(text.casefold()) if len(word) > _SHORT}
