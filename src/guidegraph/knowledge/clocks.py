"""Statements whose branches set numbers of different problems: an answer has one clock, so they are refused."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations

from guidegraph.errors import KnowledgeError
from guidegraph.knowledge import describe
from guidegraph.knowledge.records import Records, gg
from guidegraph.profile import Vocabulary

_TRIAL, _CONDITION = gg("hasTrial"), gg("hasCondition")


def refuse_mixed(records: Records, vocabulary: Vocabulary) -> None:
    """Refuse knowledge with a recommendation one of whose branches sets a duration, score, severity or trial for one
    problem, and another branch others for another: of the problem asked about, both would be judged by one clock.

    Raises:
        KnowledgeError: there is such a statement; it names the first.
    """
    owned = {row.iri for row in vocabulary.rows if row.problem_key}
    for statement in sorted(records.indications):
        if len(records.indications[statement]) < 2:
            continue
        stated: dict[frozenset[str], set[frozenset[tuple[str, bool]]]] = defaultdict(set)
        for about, numbers in _branches(records, statement, owned):
            stated[about].add(numbers)
        for one, other in combinations(sorted(filter(None, stated), key=sorted), 2):
            related = any(records.same_problem(a, b) for a in one for b in other)
            if not related and stated[one] != stated[other]:
                named = " and of ".join(", ".join(sorted(map(records.label, side))) for side in (one, other))
                raise KnowledgeError(
                    f"{records.label(statement)} sets one duration, score, severity or trial of {named}, and an answer "
                    "is of one problem",
                    where=describe.name(statement),
                    mend="Write a statement of its own for each problem.",
                )


def _branches(
    records: Records, statement: str, owned: set[str]
) -> Iterator[tuple[frozenset[str], frozenset[tuple[str, bool]]]]:
    """Of each branch of a recommendation's population the indications that it requires, and the literals that belong
    to a problem."""
    indications = records.indications[statement]
    for branch in records.branches.get(records.criterion(statement), ()):
        atoms = [(records.atoms[atom], atom, positive) for atom, positive in branch if atom in records.atoms]
        required = {a.cls for a, _, positive in atoms if positive and a.prop == _CONDITION}
        about = frozenset(cls for cls in required if any(records.same_problem(cls, one) for one in indications))
        of_problem = {(iri, p) for a, iri, p in atoms if a.prop in owned or a.prop == _TRIAL or a.cls in owned}
        yield about, frozenset(of_problem)
