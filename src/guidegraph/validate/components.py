"""What interventions contain: each that names another, in its name or definition, held against a table of decisions.

The decisions are ``components.tsv`` beside the ontology. See docs/sweep.md.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyoxigraph as ox

from guidegraph import assets
from guidegraph.namespaces import shorten
from guidegraph.query.catalogue import read_query
from guidegraph.query.run import run
from guidegraph.validate.sweep import Decision, Defect, Terms, read_decisions, read_terms, singular

TABLE = "components.tsv"
RELATIONS = ("contains", "may contain", "does not contain")
CONTAINS, MAY_CONTAIN = RELATIONS[:2]
_Words = tuple[str, ...]


def component_defects(store: ox.Store, folder: Path) -> list[Defect]:
    """Where the table in a folder and the components of the ontology in a store differ, and what nobody has decided.

    A folder without the table is not held to one.

    Raises:
        KnowledgeError: the table cannot be read.
    """
    if not (folder / TABLE).is_file():
        return []
    decisions, terms = read_decisions(folder / TABLE, RELATIONS), read_terms(store)
    known = [d for d in decisions if d.term in terms.kinds and d.other in terms.kinds]
    return [
        *_gone(decisions, terms),
        *(defect for decision in known for defect in _against(decision, terms)),
        *_unrecorded(known, terms),
        *_undecided(known, terms, named(store, terms)),
    ]


def named(store: ox.Store, terms: Terms) -> dict[tuple[str, str], str]:
    """For (an intervention, another that is neither above nor below it) the name of the other that the words of the
    first hold."""
    text = read_query(assets.folder("queries") / "sweep" / "names.rq", "sweep/names").text
    called: dict[_Words, set[str]] = defaultdict(set)
    said: dict[str, list[_Words]] = defaultdict(list)
    for term, how, words in run(store, text).rows:
        cut = _cut(words.value)
        if how.value != "definition":
            called[cut].add(term.value)
        if how.value != "wide":
            said[term.value].append(cut)
    longest = max(map(len, called), default=0)
    found: dict[tuple[str, str], str] = {}
    for term, texts in said.items():
        for name in {run_ for words in texts for run_ in _runs(words, longest)} & called.keys():
            for other in called[name]:
                if other not in terms.above(term) and term not in terms.above(other):
                    found[term, other] = min(" ".join(name), found.get((term, other), "~"))
    return found


def _cut(text: str) -> _Words:
    return tuple(singular(word) for word in re.findall(r"[a-z0-9]+", text.casefold()))


def _runs(words: _Words, longest: int) -> Iterator[_Words]:
    """Each run of words that stand one behind the other."""
    for start in range(len(words)):
        for end in range(start + 1, min(len(words), start + longest) + 1):
            yield words[start:end]


def _gone(decisions: Sequence[Decision], terms: Terms) -> Iterator[Defect]:
    for decision in decisions:
        for term in {decision.term, decision.other} - terms.kinds.keys():
            message = f"A decision names {shorten(term)}, which is no term of the ontology (line {decision.line})."
            yield Defect("component-term-gone", term, message, f"Take the row out of {TABLE}, or correct the name.")


def _against(decision: Decision, terms: Terms) -> Iterator[Defect]:
    """What the ontology says against a decision."""
    contains = decision.other not in terms.above(decision.term) and terms.entails(decision.term, decision.other)
    meets = terms.may_meet(decision.term, decision.other) or any(
        terms.entails(kind, decision.other) for kind in terms.below(decision.term)
    )
    mend = ""
    if contains != (decision.relation == CONTAINS):
        mend = "Write the axiom (gg:hasComponent), or decide otherwise."
    elif decision.relation == MAY_CONTAIN and not meets:
        mend = "Write gg:overlapsWith, so that no complete list that names the one denies the other."
    if mend:
        said = f"{shorten(decision.term)} {decision.relation} {shorten(decision.other)}"
        message = f"The table says: {said}; the ontology does not agree."
        yield Defect("component-contradicted", decision.term, message, mend)


def _unrecorded(decisions: Sequence[Decision], terms: Terms) -> Iterator[Defect]:
    """Components without their row, which would say why."""
    rows = {(d.term, d.other) for d in decisions}
    for term, others in sorted(terms.said["component"].items()):
        for other in sorted(others):
            if (term, other) not in rows:
                message = f"{shorten(term)} contains {shorten(other)}; the table gives no reason."
                yield Defect("component-unrecorded", term, message, f"Write the row with its reason into {TABLE}.")


def _undecided(decisions: Sequence[Decision], terms: Terms, found: dict[tuple[str, str], str]) -> Iterator[Defect]:
    """Interventions that name another of which nobody has said whether it is a part."""
    rows = {(d.term, d.other) for d in decisions}
    for (term, other), name in sorted(found.items()):
        decided = any((kind, other) in rows for kind in terms.above(term))
        if not decided and not terms.entails(term, other):
            message = f"{shorten(term)} names {shorten(other)} ({name!r}), and no row says whether it is a part of it."
            mend = f"Read both definitions and write a row into {TABLE}: one of {', '.join(RELATIONS)}."
            yield Defect("component-undecided", term, message, mend)
