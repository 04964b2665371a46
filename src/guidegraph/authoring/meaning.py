"""From the tree of the grammar to what it means: literals under and, or and not, each with its column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from lark import Token, Transformer, v_args

from guidegraph.authoring.amounts import Amount, Limit, bounds
from guidegraph.authoring.owlform import event
from guidegraph.authoring.vocabulary import CLINICAL, NAMED, NUMBER, OUTCOME, PROPERTY, PopulationVocabulary
from guidegraph.errors import PopulationError
from guidegraph.knowledge.branch import Event, Held, Range
from guidegraph.knowledge.manchester import NUMBER_OF, VALUE_OF
from guidegraph.knowledge.records import gg
from guidegraph.profile.names import shortened
from guidegraph.profile.terms import KINDS
from guidegraph.termreadings import HIGHEST, LOWEST

_TAKES, _TRIAL, _STOP = gg("takesMedication"), gg("hasTrial"), gg("stoppedMedication")
_DONE, _SUPPLIED = gg("underwent"), gg("wasSupplied")
_OF, _OUTCOME, _SHOWED = gg("ofIntervention"), gg("hasOutcome"), gg("showed")
_HEADS = {"takes": _TAKES, "taking": _TAKES, "stopped": _STOP, "tried": _TRIAL, "trial": _TRIAL, "has": "",
          "done": _DONE, "supplied": _SUPPLIED}  # fmt: skip
_PART_NUMBERS = frozenset((*NUMBER_OF.values(), *VALUE_OF.values()))
#: What may be said inside of an event beside its intervention and numbers.
_ASIDE = {_TRIAL: _OUTCOME, _DONE: _SHOWED}
_FORMS = (
    "takes: X; stopped: X (within N days); tried: X; failed: X (at least N weeks); done: X; supplied: X; "
    "or not before one of these"
)


@dataclass(frozen=True)
class Leaf:
    """An atom."""

    what: Held | Event | Range
    column: int


@dataclass(frozen=True)
class Name:
    """A term that stands alone: what is said of it follows from its kind, or from what stands before it."""

    text: str
    column: int


@dataclass(frozen=True)
class Part:
    """What is said inside of a trial or stop."""

    prop: str
    value: Any
    column: int


@dataclass(frozen=True)
class Negation:
    """What does not hold."""

    inner: Node
    column: int


@dataclass(frozen=True)
class All:
    """What holds together."""

    members: tuple[Node, ...]


@dataclass(frozen=True)
class Any_:  # noqa: N801 - beside All
    """Of which one holds."""

    members: tuple[Node, ...]


@dataclass(frozen=True)
class Everybody:
    """The genus, which every population has."""


Node = Leaf | Name | Part | Negation | All | Any_ | Everybody


@dataclass(frozen=True)
class _Head:
    """What is said of the terms behind it: a property, and the outcome of a trial."""

    prop: str
    outcome: str
    column: int
    words: str


def _joined(kind: type[All] | type[Any_], members: Sequence[Node]) -> Node:
    return members[0] if len(members) == 1 else kind(tuple(members))


@v_args(inline=True)
class Meaning(Transformer[Token, Any]):
    """Turns the tree of one text into nodes."""

    def __init__(self, vocabulary: PopulationVocabulary) -> None:
        super().__init__(visit_tokens=False)
        self._vocabulary = vocabulary

    # ------------------------------------------------------------ and, or, not

    def start(self, node: Node) -> Node:
        return node

    def items(self, *members: Node) -> Node:
        return _joined(All, members)

    def bracket(self, node: Node) -> Node:
        return node

    def disjunction(self, *members: Node) -> Node:
        return _joined(Any_, self._inherited(members))

    def conjunction(self, *parts: Any) -> Node:
        return _joined(All, self._inherited([p for p in parts if not isinstance(p, Token)]))

    def negation(self, sign: Token, inner: Node) -> Node:
        return self._negated(sign, inner)

    def neither(self, sign: Token, *members: Node) -> Node:
        for member in members:
            if isinstance(member, All):
                what = "'not:' before several things with 'and' may mean that none holds, or that not all do"
                mend = "Write 'not: A or B' where none may hold, 'not (A and B)' where not both may."
                raise PopulationError(what, mend=mend, column=_column(sign))
        return self._negated(sign, _joined(Any_, self._inherited(members)))

    def _negated(self, sign: Token, inner: Node) -> Node:
        if isinstance(inner, Negation):
            raise PopulationError(
                "a negation of a negation", mend="Take both away, or one of them.", column=_column(sign)
            )
        return Negation(inner, _column(sign))

    def _inherited(self, members: Sequence[Node]) -> list[Node]:
        """Terms of an intervention that stand alone behind one with a head ("takes: A or B") have its head."""
        found: list[Node] = []
        for member in members:
            before = found[-1] if found else None
            positive = member.inner if isinstance(member, Negation) else member
            if isinstance(positive, Name) and isinstance(before, Leaf) and self._kind(positive) == "intervention":
                last = before.what
                if isinstance(last, Held) and last.prop == _TAKES:
                    leaf: Node = Leaf(Held(_TAKES, self._term(positive, "intervention")), positive.column)
                elif isinstance(last, Event) and not last.bounded:
                    leaf = Leaf(last._replace(cls=self._term(positive, "intervention")), positive.column)
                else:
                    leaf = positive
                member = replace(member, inner=leaf) if isinstance(member, Negation) else leaf
            found.append(member)
        return found

    def _kind(self, name: Name) -> str:
        try:
            return self._vocabulary.terms.by_iri[self._term(name, *CLINICAL)].kind
        except PopulationError:
            return ""

    # ------------------------------------------------------------ names

    def _term(self, name: Name, *kinds: str) -> str:
        return self._vocabulary.term(name.text, kinds, name.column)

    def term(self, token: Token) -> Name:
        return Name(str(token), _column(token))

    def named(self, token: Token) -> Leaf:
        return Leaf(Held("", self._vocabulary.one(str(token), NAMED, _column(token))), _column(token))

    def population(self, _: Token, token: Token) -> Leaf:
        return self.named(token)

    def everybody(self, _: Token) -> Everybody:
        return Everybody()

    def alone(self, name: Name) -> Leaf:
        """A term without a property: a condition or finding.

        Raises:
            PopulationError: it is an intervention, of which nothing is said, or no known term.
        """
        iri = self._term(name, *CLINICAL)
        kind = self._vocabulary.terms.by_iri[iri].kind
        if kind == "intervention":
            what = f"{shortened(self._vocabulary.label(iri))} is an intervention, and what of it holds is not said"
            raise PopulationError(what, mend=f"Write one of: {_FORMS}.", column=name.column)
        prop = next(prop for prop, known in KINDS.items() if known == kind)
        return Leaf(Held(prop, iri), name.column)

    # ------------------------------------------------------------ restrictions

    def some(self, token: Token, filler: Node) -> Node:
        prop = self._vocabulary.one(str(token), PROPERTY, _column(token))
        return self._restricted(_Head(prop, "", _column(token), str(token)), filler)

    def _restricted(self, head: _Head, filler: Node) -> Node:
        """A property over a filler; over alternatives it is alternatives."""
        if isinstance(filler, Any_):
            return Any_(tuple(self._restricted(head, one) for one in filler.members))
        if head.prop in NUMBER_OF and not (isinstance(filler, Name) and (head.outcome or head.words in _HEADS)):
            return self._event(head, filler)
        if head.prop in (_OF, _SHOWED):
            if isinstance(filler, Name):
                kind = "intervention" if head.prop == _OF else "finding"
                return Part(head.prop, self._term(filler, kind), filler.column)
        elif isinstance(filler, Name):
            return self._of_class(head, filler)
        what = f"{head.words!r} takes one term, or terms with 'or' between them"
        raise PopulationError(what, mend="Write what else is meant beside it, with 'and'.", column=head.column)

    def _of_class(self, head: _Head, name: Name) -> Leaf:
        if not head.prop:
            return self.alone(name)
        takes = self._vocabulary.properties[head.prop].takes or KINDS.get(head.prop, "")
        if head.prop in NUMBER_OF:
            made = event(head.prop, self._term(name, "intervention"), head.outcome, "", {})
            return Leaf(made, head.column)
        return Leaf(Held(head.prop, self._term(name, *([takes] if takes else CLINICAL))), head.column)

    def _event(self, head: _Head, filler: Node) -> Leaf:
        parts = filler.members if isinstance(filler, All) else (filler,)
        said: dict[str, Part] = {}
        for part in parts:
            if not isinstance(part, Part) or part.prop in said:
                what = f"{head.words!r} says of what it is, its outcome and its numbers, each once"
                mend = f"Write {head.words} some (ofIntervention some X and ...)."
                raise PopulationError(what, mend=mend, column=head.column)
            said[part.prop] = part
        if _OF not in said:
            mend = "Write ofIntervention some X inside of it."
            raise PopulationError(f"{head.words!r} does not say of what", mend=mend, column=head.column)
        time = NUMBER_OF[head.prop]
        for prop, part in said.items():
            if prop not in (_OF, time, VALUE_OF.get(head.prop), _ASIDE.get(head.prop)):
                what = f"{self._vocabulary.label(prop)!r} is not said of {head.words!r}"
                raise PopulationError(what, mend="Take it away.", column=part.column)
        aside = {prop: said[prop].value if prop in said else "" for prop in (_OUTCOME, _SHOWED)}
        ranges = {prop: part.value for prop, part in said.items() if prop in _PART_NUMBERS}
        made = event(head.prop, said[_OF].value, aside[_OUTCOME], aside[_SHOWED], ranges)
        return Leaf(self._bounded(made, said[time].column if time in said else head.column), head.column)

    def _bounded(self, made: Event, column: int) -> Event:
        """The event, if it is bounded on the side on which it may be."""
        if made.bounded and made.prop == _TRIAL and (made.high != HIGHEST or made.low[1]):
            what = "the length of a trial is bounded from below, its end included"
            raise PopulationError(what, mend="Write at least N weeks (>= N) alone.", column=column)
        if made.bounded and made.prop == _STOP and made.low != LOWEST:
            what = "the days since a drug was stopped are bounded from above"
            raise PopulationError(what, mend="Write within N days (<= N), or less than N days.", column=column)
        return made

    def value(self, token: Token, outcome: Token) -> Part:
        prop = self._vocabulary.one(str(token), PROPERTY, _column(token))
        if prop != _OUTCOME:
            mend = "Write some before a class."
            raise PopulationError(f"{str(token)!r} has no such value", mend=mend, column=_column(token))
        return Part(prop, self._outcome(outcome), _column(token))

    def _outcome(self, token: Token) -> str:
        return self._vocabulary.one(str(token), OUTCOME, _column(token))

    # ------------------------------------------------------------ the gentle form

    def head(self, token: Token) -> _Head:
        words, column = str(token), _column(token)
        if token.type == OUTCOME:
            return _Head(_TRIAL, self._outcome(token), column, words)
        if token.type == PROPERTY:
            return _Head(self._vocabulary.one(words, PROPERTY, column), "", column, words)
        return _Head(_HEADS[words], "", column, words)

    def target(self, what: Token | Node) -> Node:
        return self.term(what) if isinstance(what, Token) else what

    def headed(self, head: _Head, target: Node, parameters: Sequence[Any] = ()) -> Node:
        if not parameters:
            # "has had trial: X" says the same as "tried: X".
            words = "tried" if head.prop in NUMBER_OF else head.words
            return self._restricted(replace(head, words=words), target)
        if head.prop not in NUMBER_OF:
            mend = "Write it apart, behind a semicolon."
            raise PopulationError(f"{head.words!r} has no outcome and no number", mend=mend, column=head.column)
        if isinstance(target, Any_):
            return Any_(tuple(self.headed(head, one, parameters) for one in target.members))
        if not isinstance(target, Name):
            mend = f"Write {head.words}: X."
            raise PopulationError(f"{head.words!r} takes one term", mend=mend, column=head.column)
        parts: list[Node] = [Part(_OF, self._term(target, "intervention"), target.column)]
        outcomes = [(head.outcome, head.column)] if head.outcome else []
        limits: list[Limit] = []
        for parameter in parameters:
            if isinstance(parameter, Part):
                parts.append(parameter)
            elif isinstance(parameter, Token):
                outcomes.append((self._outcome(parameter), _column(parameter)))
            else:
                limits += parameter
        if len(outcomes) > 1:
            mend = "Write a trial for each, with and between."
            raise PopulationError("a trial has one outcome", mend=mend, column=outcomes[-1][1])
        parts += [Part(_OUTCOME, outcome, column) for outcome, column in outcomes]
        if limits:
            number = NUMBER_OF[head.prop]
            parts.append(Part(number, bounds(limits, number, self._vocabulary), limits[0].column))
        return self._event(head, All(tuple(parts)))

    def parameters(self, *parameters: Any) -> list[Any]:
        return [one for parameter in parameters for one in (parameter if _is_list(parameter) else [parameter])]

    def parameter(self, what: Token | list[Limit]) -> Any:
        return [what]

    def numbered(self, token: Token, limits: list[Limit]) -> list[Node]:
        return [self.ranged(token, limits)]

    def showing(self, token: Token, name: Token) -> list[Node]:
        prop = self._vocabulary.one(str(token), PROPERTY, _column(token))
        return [self._restricted(_Head(prop, "", _column(token), str(token)), self.term(name))]

    # ------------------------------------------------------------ numbers

    def ranged(self, token: Token, limits: list[Limit]) -> Node:
        prop = self._vocabulary.one(str(token), NUMBER, _column(token))
        low, high = bounds(limits, prop, self._vocabulary)
        if prop in _PART_NUMBERS:
            return Part(prop, (low, high), _column(token))
        return Leaf(Range(prop, low, high), _column(token))

    def turned(self, amount: Amount, sign: Token, number: Token, *behind: Any) -> Node:
        turned = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "="}[str(sign)]
        limits = [Limit(turned, amount, amount.column)]
        limits += [Limit(str(behind[0]), behind[1], _column(behind[0]))] if behind else []
        return self.ranged(number, limits)

    def facets(self, *limits: Any) -> list[Limit]:
        return [one for limit in limits if not isinstance(limit, Token) for one in limit]

    def bound(self, sign: Token, amount: Amount) -> list[Limit]:
        return [Limit(str(sign), amount, _column(sign))]

    def suffixed(self, amount: Amount, suffix: Token) -> list[Limit]:
        return [Limit(str(suffix), amount, amount.column)]

    def both(self, *parts: Any) -> list[Limit]:
        sign, amount, *_, second, other = parts
        return [Limit(str(sign), amount, _column(sign)), Limit(str(second), other, _column(second))]

    def up_to(self, sign: Token, amount: Amount, other: Amount) -> list[Limit]:
        return [Limit(str(sign), _in_unit(amount, other), _column(sign)), Limit("<=", other, other.column)]

    def from_to(self, amount: Amount, other: Amount) -> list[Limit]:
        return [Limit(">=", _in_unit(amount, other), amount.column), Limit("<=", other, other.column)]

    def from_under(self, amount: Amount, sign: Token, other: Amount) -> list[Limit]:
        return [Limit(">=", _in_unit(amount, other), amount.column), Limit(str(sign), other, _column(sign))]

    def between(self, _: Token, amount: Amount, __: Token, other: Amount) -> list[Limit]:
        return self.from_to(amount, other)

    def amount(self, digits: Token, unit: Token | None = None) -> Amount:
        return Amount(str(digits), str(unit or ""), _column(digits))


def _in_unit(amount: Amount, other: Amount) -> Amount:
    """The first of "6 to 12 weeks": the unit is that of both."""
    return amount if amount.unit or not other.unit else amount._replace(unit=other.unit)


def _column(token: Token) -> int:
    return token.column or 0


def _is_list(value: object) -> bool:
    return isinstance(value, list) and not (value and isinstance(value[0], Limit))
