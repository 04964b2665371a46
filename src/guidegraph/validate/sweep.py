"""The sweep: every term read by its definition against the others of its kind, held against what the ontology says.

The decisions are a table, ``sweep.tsv`` beside the ontology; ``sweep-words.yaml`` lists the words that say nothing of
what a term is. See docs/sweep.md.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from pathlib import Path

import pyoxigraph as ox

from guidegraph import assets
from guidegraph.errors import KnowledgeError
from guidegraph.files import read_text
from guidegraph.namespaces import expand, shorten
from guidegraph.query.catalogue import read_query
from guidegraph.query.run import run

TABLE, WORDS = "sweep.tsv", "sweep-words.yaml"
COLUMNS = ["term", "relation", "other", "why", "source"]
RELATIONS = ("implies", "overlaps", "looks like", "shares a word", "stands alone")
IMPLIES, OVERLAPS, LOOKS_LIKE, WORD_ONLY, ALONE = RELATIONS
_LARGEST = 5_000_000
_PARTS = {"subclass", "broader"}
#: A class above a term that says itself whence it has it (gg:classFrom): the reason stands there.
LEXICON = "lexicon"


@dataclass(frozen=True)
class Decision:
    """One row of the table: what a term is to another by its definition, and why; ``line`` is its line in the file."""

    term: str
    relation: str
    other: str
    why: str
    source: str
    line: int = 0


@dataclass(frozen=True)
class Defect:
    """A place where table and ontology differ, or where a decision is missing."""

    rule: str
    node: str
    message: str
    mend: str


def read_decisions(path: Path, relations: Sequence[str] = RELATIONS) -> list[Decision]:
    """The decisions of a table, each with one of some relations.

    Raises:
        KnowledgeError: the file cannot be read, or a row is not one term, relation, other term, reason and source.
    """
    lines = read_text(path, _LARGEST, KnowledgeError).splitlines()
    rows = [(at, row) for at, row in enumerate(csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE), 1) if row]
    if not rows or rows[0][1] != COLUMNS:
        raise KnowledgeError("the table has other columns", where=str(path), mend=f"Write {', '.join(COLUMNS)}.")
    return [_decision(row, at, path, relations) for at, row in rows[1:]]


def _decision(row: Sequence[str], line: int, path: Path, relations: Sequence[str]) -> Decision:
    where, terms = f"{path}:{line}", [expand(cell) for cell in row[:3:2]]
    if len(row) != len(COLUMNS) or not all(cell.strip() for cell in row):
        raise KnowledgeError("a row lacks a cell", where=where, mend=f"Give it {', '.join(COLUMNS)}, parted by tabs.")
    if row[1] not in relations or None in terms:
        what = f"{row[1]!r} is no relation" if row[1] not in relations else "a term is no name with a known prefix"
        raise KnowledgeError(
            what, where=where, mend=f"Write one of {', '.join(relations)}, and terms like gg:Condition."
        )
    return Decision(terms[0] or "", row[1], terms[1] or "", row[3], row[4], line)


def read_words(path: Path) -> frozenset[str]:
    """The words that say nothing of what a term is, whatever the reason that the file gives them.

    Raises:
        KnowledgeError: the file cannot be read, or is no mapping of reasons to lists of words.
    """
    import yaml

    try:
        groups = yaml.safe_load(read_text(path, _LARGEST, KnowledgeError))
    except yaml.YAMLError as error:
        raise KnowledgeError(f"no YAML: {error}", where=str(path), mend="Write a list of words a reason.") from None
    if not isinstance(groups, dict) or not all(isinstance(words, list) for words in groups.values()):
        raise KnowledgeError("no lists of words", where=str(path), mend="Write a list of words a reason.")
    return frozenset(singular(str(word).casefold()) for words in groups.values() for word in words)


def singular(word: str) -> str:
    """A word without the ending of the plural."""
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > len("gas") else word


@dataclass
class Terms:
    """The terms of an ontology with their names, and what it says of two of them."""

    kinds: dict[str, str] = field(default_factory=dict)
    names: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    said: dict[str, dict[str, set[str]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))

    def above(self, term: str) -> frozenset[str]:
        """The term and all above it."""
        if term not in self._above:
            found, waiting = {term}, [term]
            while waiting:
                new = self.parents(waiting.pop()) - found
                found |= new
                waiting.extend(new)
            self._above[term] = frozenset(found)
        return self._above[term]

    @cached_property
    def _above(self) -> dict[str, frozenset[str]]:
        return {}

    def parents(self, term: str) -> set[str]:
        """The terms directly above it."""
        return {other for how in _PARTS for other in self.said[how].get(term, ())}

    @cached_property
    def _below(self) -> Mapping[str, set[str]]:
        below: dict[str, set[str]] = defaultdict(set)
        for term in self.kinds:
            for higher in self.above(term):
                below[higher].add(term)
        return below

    def entails(self, term: str, other: str) -> bool:
        """Whether who has the one has the other: it is below it, or brings it as a part or by a reading."""
        brought = {o for how in ("component", "reading") for t in self.above(term) for o in self.said[how].get(t, ())}
        return other in self.above(term) or any(self.entails(one, other) for one in brought - {term})

    def related(self, term: str) -> bool:
        """Whether the ontology says anything of it and another term."""
        more = any(term in table for how, table in self.said.items() if how not in ("subclass", LEXICON))
        return more or len(self._below[term]) > 1 or not self.kinds.keys().isdisjoint(self.above(term) - {term})

    def may_be(self, term: str, other: str) -> bool:
        """Whether it is recorded that what is of the one may be of the other."""
        recorded = {o for t in self.above(term) for o in self.said["may be"].get(t, ())}
        return any(other in self.above(one) for one in recorded)

    def below(self, term: str) -> frozenset[str]:
        """The term and all below it."""
        return frozenset(self._below[term])

    def may_meet(self, one: str, other: str) -> bool:
        """Whether a fact of one may be one of the other: a term is below both, or some kind of one may be the other."""
        return (
            not self._below[one].isdisjoint(self._below[other])
            or any(self.may_be(kind, other) for kind in self._below[one])
            or any(self.may_be(kind, one) for kind in self._below[other])
        )


def read_terms(store: ox.Store) -> Terms:
    """The terms of the ontology in a store."""
    found = Terms()
    for term, kind, name in _rows(store, "terms"):
        found.kinds[term] = kind
        found.names[term].append(name)
    for term, how, other in _rows(store, "relations"):
        found.said[how][term].add(other)
    return found


def _rows(store: ox.Store, name: str) -> Iterator[tuple[str, str, str]]:
    text = read_query(assets.folder("queries") / "sweep" / f"{name}.rq", f"sweep/{name}").text
    for one, other, third in run(store, text).rows:
        yield one.value, other.value, third.value


def defects(store: ox.Store, folder: Path) -> list[Defect]:
    """Where the table in a folder and the ontology in a store differ, and which pairs are undecided.

    Raises:
        KnowledgeError: the table or the list of words cannot be read.
    """
    decisions = read_decisions(folder / TABLE)
    terms = read_terms(store)
    known = [d for d in decisions if d.term in terms.kinds and (d.other in terms.kinds or d.relation == ALONE)]
    return [
        *_gone(decisions, terms),
        *_unswept(known, terms),
        *(defect for decision in known for defect in _against(decision, terms)),
        *_twice(known),
        *_unrecorded(known, terms),
        *_undecided(known, terms, read_words(folder / WORDS)),
    ]


def _gone(decisions: Iterable[Decision], terms: Terms) -> Iterator[Defect]:
    for decision in decisions:
        for term in (decision.term, decision.other):
            if term not in terms.kinds and (term == decision.term or decision.relation != ALONE):
                message = f"A decision names {shorten(term)}, which is no term of the ontology (line {decision.line})."
                yield Defect("sweep-term-gone", term, message, f"Take the row out of {TABLE}, or correct the name.")


def _unswept(decisions: Iterable[Decision], terms: Terms) -> Iterator[Defect]:
    """Terms that no row names: nobody has read them."""
    read = {term for d in decisions for term in (d.term, d.other)} | terms.said[LEXICON].keys()
    for term in sorted(terms.kinds.keys() - read):
        message = f"{shorten(term)} was read against no other term."
        mend = f"Read its definition against its kind, and write what it is to others into {TABLE}, or that it {ALONE}."
        yield Defect("sweep-unread", term, message, mend)


def _against(decision: Decision, terms: Terms) -> Iterator[Defect]:
    """What the ontology says against a decision."""
    one, other, relation = decision.term, decision.other, decision.relation
    below, above = relation != ALONE and terms.entails(one, other), terms.entails(other, one)
    mend = ""
    if relation == ALONE:
        mend = "Write what it is to the terms above or below it." if terms.related(one) else ""
    elif relation == IMPLIES and not below:
        mend = "Write the axiom (a class above, a component or a reading), or narrow the definition and change the row."
    elif relation != IMPLIES and (below or (above and relation != OVERLAPS)):
        mend = f"Write {IMPLIES} where it follows from the definition, or take the axiom back."
    elif relation == OVERLAPS and not (terms.may_be(one, other) if above else terms.may_meet(one, other)):
        mend = "Write gg:overlapsWith, or decide that the one is not the other."
    elif relation in (LOOKS_LIKE, WORD_ONLY) and terms.may_meet(one, other):
        mend = f"Write {OVERLAPS}, or take back what lets the one be the other."
    if mend:
        said = f"{shorten(one)} {relation} {shorten(other)}"
        yield Defect("sweep-contradicted", one, f"The table says: {said}; the ontology does not agree.", mend)


def _twice(decisions: Iterable[Decision]) -> Iterator[Defect]:
    """Pairs with two rows that differ; that some kinds of a class are below it and others may be is no difference."""
    said: dict[frozenset[str], set[str]] = defaultdict(set)
    for d in decisions:
        said[frozenset((d.term, d.other))].add(d.relation)
    for pair, relations in said.items():
        if len(relations) > 1 and relations != {IMPLIES, OVERLAPS}:
            both, what = " and ".join(sorted(map(shorten, pair))), " and ".join(sorted(relations))
            yield Defect("sweep-decided-twice", min(pair), f"{both}: the table says {what}.", "Keep one of the rows.")


def _unrecorded(decisions: Iterable[Decision], terms: Terms) -> Iterator[Defect]:
    """Axioms between two terms without their row, which would say why."""
    rows = {(d.term, d.other): d.relation for d in decisions}
    lexicon = terms.said[LEXICON]
    for how, table in sorted(terms.said.items()):
        wanted = OVERLAPS if how == "may be" else IMPLIES
        for term, others in sorted(table.items()):
            for other in sorted(others - lexicon.get(term, set())):
                if term in terms.kinds and other in terms.kinds and rows.get((term, other)) != wanted:
                    said = f"{shorten(term)} {wanted} {shorten(other)} ({how})"
                    message = f"The ontology says {said}; the table gives no reason."
                    yield Defect("sweep-unrecorded", term, message, f"Write the row with its reason into {TABLE}.")


def _undecided(decisions: Iterable[Decision], terms: Terms, stop: frozenset[str]) -> Iterator[Defect]:
    """Pairs of one kind that share a word of their names, of which nobody has said what they are to each other."""
    decided = {(d.term, d.other): d.relation for d in decisions}
    for (one, other), words in sorted(shared_words(terms, stop).items()):
        if _follows(one, other, terms) or _parted(one, other, decided, terms):
            continue
        names = " and ".join(sorted(words))
        message = f"{shorten(one)} and {shorten(other)} share {names}, and no row says what they are to each other."
        mend = f"Read both definitions and write a row into {TABLE}: one of {', '.join(RELATIONS)}."
        yield Defect("sweep-undecided", one, message, mend)


def shared_words(terms: Terms, stop: frozenset[str]) -> dict[tuple[str, str], set[str]]:
    """The pairs of terms of one kind that share words of their labels or synonyms, and which, without stop words."""
    using: dict[tuple[str, str], set[str]] = defaultdict(set)
    for term, names in terms.names.items():
        for word in {singular(w) for name in names for w in re.findall(r"[a-z]{2,}", name.casefold())} - stop:
            using[terms.kinds[term], word].add(term)
    pairs: dict[tuple[str, str], set[str]] = defaultdict(set)
    for (_, word), sharing in using.items():
        for pair in combinations(sorted(sharing), 2):
            pairs[pair].add(word)
    return pairs


def _follows(one: str, other: str, terms: Terms) -> bool:
    """Whether what the two are to each other follows from axioms and recorded overlaps, which have their own rows."""
    return terms.may_meet(one, other) or terms.entails(one, other) or terms.entails(other, one)


def _parted(one: str, other: str, decided: Mapping[tuple[str, str], str], terms: Terms) -> bool:
    """Whether a row parts the two, or two terms above them."""
    pairs = [(a, b) for a in terms.above(one) for b in terms.above(other)]
    return any(decided.get(pair) in (LOOKS_LIKE, WORD_ONLY) for a, b in pairs for pair in ((a, b), (b, a)))


def swept_folder(ontology: Iterable[Path]) -> Path | None:
    """The folder of the ontology's files that holds the table, None if none does."""
    return next((folder for folder in sorted({path.parent for path in ontology}) if (folder / TABLE).is_file()), None)


def agreed(decisions: Iterable[Decision], pairs: Mapping[tuple[str, str], Sequence[str]]) -> Iterator[Defect]:
    """Orders of two terms on which several other terminologies agree against ours, while no row says that our
    definitions differ.

    Args:
        decisions: the table.
        pairs: for (the lower, the higher) term the names of the terminologies that have this order.
    """
    decided = {frozenset((d.term, d.other)) for d in decisions}
    for (low, high), sources in sorted(pairs.items()):
        if len(sources) > 1 and frozenset((low, high)) not in decided:
            message = f"{' and '.join(sources)} have {shorten(low)} below {shorten(high)}; the ontology has not."
            mend = f"Read both definitions: write the axiom, or a row into {TABLE} that says why not."
            yield Defect("sweep-others-agree", low, message, mend)
