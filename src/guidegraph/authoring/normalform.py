"""From and, or and not to the form that a population holds: a union of conjunctions of atoms and negated atoms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from guidegraph.authoring.meaning import All, Everybody, Leaf, Meaning, Name, Negation, Node, Part
from guidegraph.authoring.owlform import Expression
from guidegraph.authoring.vocabulary import PopulationVocabulary
from guidegraph.errors import PopulationError
from guidegraph.knowledge.branch import Event, Held, Literal, Range
from guidegraph.knowledge.manchester import NUMBER_OF
from guidegraph.profile.names import shortened
from guidegraph.termreadings import HIGHEST, LOWEST, Bound

#: More alternatives than this could not be told to a reader.
MOST_BRANCHES = 64


class _Said(NamedTuple):
    """A literal and its column in the text."""

    literal: Literal
    column: int


Branch = tuple[_Said, ...]


class Normalizer:
    """Brings the nodes of one text into the form of populations."""

    def __init__(self, vocabulary: PopulationVocabulary) -> None:
        self._vocabulary = vocabulary
        self._meaning = Meaning(vocabulary)
        #: Whether alternatives were multiplied out, which may make one thing twice.
        self._multiplied = False

    def expression(self, node: Node) -> Expression:
        """What a text means, as a union of conjunctions in the order of the text.

        Raises:
            PopulationError: it says nothing of the patients, nobody could be of it, or it cannot be said in that form.
        """
        branches = self._expand(node, True)
        kept: list[tuple[Literal, ...]] = []
        refused: PopulationError | None = None
        for branch in branches:
            try:
                self._possible(branch)
            except PopulationError as error:
                refused = refused or error
                continue
            kept.append(tuple(said.literal for said in branch))
        if self._multiplied:
            kept = list(dict.fromkeys(tuple(dict.fromkeys(branch)) for branch in kept))
        if not kept and refused is not None:
            raise refused
        if not all(kept):
            mend = "Say what the patients are to have."
            raise PopulationError("this is every patient, which is no population", mend=mend, column=1)
        return Expression(tuple(kept))

    def _expand(self, node: Node, positive: bool) -> list[Branch]:
        if isinstance(node, Negation):
            return self._expand(node.inner, not positive)
        if isinstance(node, Everybody):
            if not positive:
                raise PopulationError("this is nobody", mend="Say what the patients are to lack.", column=1)
            return [()]
        if isinstance(node, Name):
            return self._expand(self._meaning.alone(node), positive)
        if isinstance(node, Part):
            label = self._vocabulary.label(node.prop)
            what = f"{label!r} is said of a trial, a stopped drug, a test or a supply, not of a patient"
            mend = "Write it inside of one: hasTrial some (ofIntervention some X and ...)."
            raise PopulationError(what, mend=mend, column=node.column)
        if isinstance(node, Leaf):
            return [(said,) for said in self._literals(node, positive)]
        if isinstance(node, All) is positive:
            return self._together(node.members, positive)
        return self._bounded([branch for one in node.members for branch in self._expand(one, positive)])

    def _literals(self, leaf: Leaf, positive: bool) -> list[_Said]:
        what = leaf.what
        if positive or not isinstance(what, Range):
            return [_Said((what, positive), leaf.column)]
        if what.prop not in self._vocabulary.total:
            said = f"not everybody has {self._vocabulary.label(what.prop)!r}, and who has none is outside every range"
            mend = "Write the range that is meant in place of not."
            raise PopulationError(f"a number is not negated here: {said}", mend=mend, column=leaf.column)
        outside = [Range(what.prop, LOWEST, what.low)] if what.low > (0, 0) else []
        outside += [Range(what.prop, what.high, HIGHEST)] if what.high < HIGHEST else []
        if not outside:
            raise PopulationError("nobody is outside this range", mend="Correct it.", column=leaf.column)
        return [_Said((one, True), leaf.column) for one in outside]

    def _together(self, members: Sequence[Node], positive: bool) -> list[Branch]:
        expanded = [self._expand(one, positive) for one in members]
        # What the author wrote side by side contradicts itself on purpose of nobody.
        self._possible(tuple(said for one in expanded if len(one) == 1 for said in one[0]))
        self._multiplied |= any(len(one) > 1 for one in expanded)
        branches: list[Branch] = [()]
        for one in expanded:
            branches = self._bounded([(*before, *after) for before in branches for after in one])
        return branches

    def _bounded(self, branches: list[Branch]) -> list[Branch]:
        if len(branches) > MOST_BRANCHES:
            what = f"multiplied out, this is more than {MOST_BRANCHES} alternatives"
            mend = "Name a part of it as a population of its own, and use that name."
            raise PopulationError(what, mend=mend, column=1)
        return branches

    # ------------------------------------------------------------ what contradicts itself

    def _possible(self, branch: Branch) -> None:
        """Refuse literals of which nobody has all.

        Raises:
            PopulationError: an atom and its negation, a class and not one above it, or ranges of one number apart.
        """
        held = [said for said in branch if said.literal[1]]
        ranges: dict[str, tuple[Bound, Bound]] = {}
        for (what, _), column in held:
            if isinstance(what, Range):
                low, high = ranges.get(what.prop, (LOWEST, HIGHEST))
                low, high = ranges[what.prop] = (max(low, what.low), min(high, what.high))
                if not low < high:
                    said = f"no number lies in all ranges of {self._vocabulary.label(what.prop)!r}"
                    raise PopulationError(said, mend="Correct one, or write or between them.", column=column)
        for (denied, positive), column in branch:
            for (what, _), _ in held if not positive else ():
                if self._denies(denied, what):
                    name, other = self._shown(what), self._shown(denied)
                    same = f"{name} and not {name}" if name == other else f"{name}, which is {other}, and not {other}"
                    raise PopulationError(f"nobody has {same}", mend="Take one of them away.", column=column)

    def _denies(self, denied: Held | Event | Range, what: Held | Event | Range) -> bool:
        if isinstance(denied, Held) and isinstance(what, Held):
            return denied.prop == what.prop and denied.cls in self._vocabulary.terms.ancestors(what.cls)
        if isinstance(denied, Event) and isinstance(what, Event):
            within = denied.low <= what.low and what.high <= denied.high
            within &= denied.least <= what.least and what.most <= denied.most
            within &= not denied.showed or denied.showed in self._vocabulary.terms.ancestors(what.showed)
            same = denied.prop == what.prop and denied.outcome in ("", what.outcome) and within
            return same and denied.cls in self._vocabulary.terms.ancestors(what.cls)
        return False

    def _shown(self, what: Held | Event | Range) -> str:
        iri = what.prop if isinstance(what, Range) else what.cls
        words = f"{self._vocabulary.label(what.prop)} " if what.prop in NUMBER_OF else ""
        return f"{words}{shortened(self._vocabulary.label(iri))}"
