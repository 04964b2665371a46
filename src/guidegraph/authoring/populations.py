"""Populations in words: read from what a methodologist writes, and written so that they read back the same.

One grammar for two forms (docs/populations-in-words.md): Manchester syntax with labels, and a gentle one.
"""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from guidegraph.authoring.owlform import Expression, definition_triples, expressions
from guidegraph.authoring.vocabulary import CLINICAL, NAMED, NUMBER, OUTCOME, PROPERTY, PopulationVocabulary
from guidegraph.errors import PopulationError, UsageError
from guidegraph.knowledge.branch import Event, Held, Literal, Range
from guidegraph.knowledge.manchester import NUMBER_OF, VALUE_OF, Syntax
from guidegraph.knowledge.records import gg
from guidegraph.profile.terms import KINDS
from guidegraph.termreadings import HIGHEST, LOWEST, Bound, plain

if TYPE_CHECKING:
    from lark import Lark, Token

__all__ = [
    "Expression",
    "PopulationVocabulary",
    "definition_triples",
    "expressions",
    "read_population",
    "write_population",
]

_LONGEST = 4000
_PART_NUMBERS = frozenset((*NUMBER_OF.values(), *VALUE_OF.values()))
_TRIAL = gg("hasTrial")
_NUMBER_MEND = "Write what it is a number of, and >=, <=, > or <."
#: What the gentle form says of an intervention that was no trial.
_EVENTS = {gg("stoppedMedication"): "stopped", gg("underwent"): "done", gg("wasSupplied"): "supplied"}
#: Where a terminal is not what should stand there, by what stood before.
_AFTER = {
    "NUMBER": ("{} has no range", "Write its range behind it, such as {} >= N, or N to M."),
    "PROPERTY": ("{} says nothing without a term", "Write {} some X."),
    "HEAD": ("{} says nothing without a term", "Write {}: X."),
    "DIGITS": ("{} has no comparison, or is a number of nothing", "Write what it is a number of, and >=, <=, > or <."),
    "UNIT": (
        "a number of {} has no comparison, or is one of nothing",
        "Write what it is a number of, and >=, <=, > or <.",
    ),
    "COMPARE": ("{} has no number behind it", "Write one in digits, such as 12 or 12.5."),
}


@cache
def _grammar() -> Lark:
    try:
        from lark import Lark
    except ImportError:
        mend = "Install guidegraph[authoring]."
        raise UsageError("reading populations in words needs lark", mend=mend) from None

    text = resources.files("guidegraph.authoring").joinpath("population.lark").read_text(encoding="utf-8")
    return Lark(text, parser="lalr", lexer="basic")


def read_population(text: str, vocabulary: PopulationVocabulary) -> Expression:
    """Who is of a population, from words.

    Args:
        text: Manchester syntax with labels, or the gentle form.
        vocabulary: what the words mean.

    Raises:
        PopulationError: it cannot be read, or nobody could be of it; ``column`` says where in the text (from 1).
        UsageError: lark is not installed.
    """
    grammar = _grammar()
    from lark.exceptions import UnexpectedToken, VisitError

    from guidegraph.authoring.meaning import Meaning
    from guidegraph.authoring.normalform import Normalizer
    from guidegraph.authoring.words import Words

    if not text.strip():
        raise PopulationError("no words", mend="Say what the patients are to have.", column=1)
    if len(text) > _LONGEST:
        mend = "Name parts of it as populations of their own."
        raise PopulationError(f"more than {_LONGEST} letters", mend=mend, column=1)
    tokens = list(Words(text, vocabulary).tokens())
    while tokens and tokens[-1].type == "_SEMICOLON":
        tokens.pop()
    parser = grammar.parse_interactive()
    before: Token | None = None
    for token in tokens:
        try:
            parser.feed_token(token)
        except UnexpectedToken:
            raise _unexpected(text, before, token, vocabulary) from None
        before = token
    try:
        tree = parser.feed_eof()  # type: ignore[no-untyped-call]
    except UnexpectedToken:
        raise _unexpected(text, before, None, vocabulary) from None
    try:
        return Normalizer(vocabulary).expression(Meaning(vocabulary).transform(tree))
    except VisitError as error:
        raise error.orig_exc from None


def _unexpected(
    text: str, before: Token | None, token: Token | None, vocabulary: PopulationVocabulary
) -> PopulationError:
    """What is wrong where a terminal is not what should stand there."""
    from guidegraph.authoring.words import SEPARATOR_MEND

    def shown(one: Token) -> str:
        return repr(text[one.start_pos : one.end_pos])

    if before is not None and before.type in _AFTER:
        what, mend = (words.format(shown(before).strip("'")) for words in _AFTER[before.type])
        if token is not None:
            what += f" (here stands {shown(token)})"
        return PopulationError(what, mend=mend, column=before.column or 0)
    if token is None:
        last = f" behind {shown(before)}" if before is not None else ""
        return PopulationError(f"something is missing{last}", mend="Say what belongs there.", column=len(text) + 1)
    column = token.column or 0
    if before is not None and before.type == "TERM":
        try:
            if token.type == "COMPARE":  # what is compared was meant as a number
                vocabulary.one(str(before), NUMBER, before.column or 0)
            vocabulary.term(str(before), CLINICAL, before.column or 0)
        except PopulationError as error:
            return error
    if token.type == "_COMMA":
        what = "a comma may mean and, or or"
        mend = (
            "Write a semicolon where all must hold, or where one must; put a name with a comma between quotation marks."
        )
        return PopulationError(what, mend=mend, column=column)
    denied = ("NOT", "NOT_COLON")
    if before is not None and token.type in denied and before.type in denied:
        return PopulationError("a negation of a negation", mend="Take both away, or one of them.", column=column)
    if token.type == "NOT_COLON":
        mend = "Write a semicolon before it, or not without the colon."
        return PopulationError(f"{shown(token)} begins a criterion of its own", mend=mend, column=column)
    if token.type in ("AND", "_OR", "_SEMICOLON") and before is not None and before.type == token.type:
        return PopulationError(f"{shown(token)} stands twice", mend="Take one away.", column=column)
    if before is None:
        return PopulationError(
            f"{shown(token)} cannot begin a population", mend="Begin with a criterion.", column=column
        )
    what = f"{shown(token)} cannot stand behind {shown(before)}"
    return PopulationError(what, mend=SEPARATOR_MEND, column=column)


# ---------------------------------------------------------------- writing


class _Labels(Syntax):
    """Manchester syntax for people: labels, and what a label alone says not said again."""

    datatype = ""

    def __init__(self, vocabulary: PopulationVocabulary) -> None:
        self._vocabulary = vocabulary

    def number(self, value: Decimal) -> str:
        return plain(value)

    def bracketed(self, text: str) -> str:
        return text

    def name(self, iri: str, prop: str = "") -> str:
        if iri in _PART_NUMBERS or (self._vocabulary.terms.by_iri.get(iri) and _is_number(iri, self._vocabulary)):
            return self._quoted(iri, NUMBER)
        if iri in self._vocabulary.properties:
            return self._quoted(iri, PROPERTY)
        if not prop:
            return self._quoted(iri, NAMED)
        if prop == gg("hasOutcome"):
            return self._quoted(iri, OUTCOME)
        return self._quoted(iri, *_kinds(prop, self._vocabulary))

    def _quoted(self, iri: str, *kinds: str) -> str:
        name = self._vocabulary.name(iri, *kinds)
        return _quoted(name) if name == self._vocabulary.label(iri) else name

    def atom(self, what: Held | Event | Range) -> str:
        if isinstance(what, Held) and not what.prop:
            return self._quoted(what.cls, NAMED)
        if isinstance(what, Held) and _alone(what, self._vocabulary):
            return self.name(what.cls, what.prop)
        return super().atom(what)


def _is_number(iri: str, vocabulary: PopulationVocabulary) -> bool:
    return vocabulary.terms.by_iri[iri].kind == "number"


def _kinds(prop: str, vocabulary: PopulationVocabulary) -> tuple[str, ...]:
    if prop in NUMBER_OF or prop == gg("ofIntervention"):
        return ("intervention",)
    if prop == gg("showed"):
        return ("finding",)
    takes = vocabulary.properties[prop].takes or KINDS.get(prop, "")
    return (takes,) if takes else CLINICAL


def _alone(what: Held, vocabulary: PopulationVocabulary) -> bool:
    """Whether the name of a term alone says this of it."""
    kind = vocabulary.terms.by_iri[what.cls].kind
    if kind == "intervention" or KINDS.get(what.prop) != kind:
        return False
    name = vocabulary.name(what.cls, kind)
    try:
        return vocabulary.term(name, CLINICAL, 0) == what.cls
    except PopulationError:
        return False


def _quoted(name: str) -> str:
    if "'" not in name:
        return f"'{name}'"
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


class _Gently:
    """The gentle form: what people say, without the words of OWL."""

    def __init__(self, vocabulary: PopulationVocabulary, *, quoted: bool) -> None:
        self._vocabulary = vocabulary
        self._marked = quoted

    def _name(self, iri: str, *kinds: str) -> str:
        name = self._vocabulary.name(iri, *kinds)
        return _quoted(name) if self._marked and name == self._vocabulary.label(iri) else name

    def _number(self, prop: str) -> str:
        row = self._vocabulary.terms.by_iri.get(prop)
        for name in filter(None, (row.short, row.key.replace("_", " ")) if row else ()):
            try:
                if self._vocabulary.known(name) == NUMBER and self._vocabulary.one(name, NUMBER, 0) == prop:
                    return name
            except PopulationError:
                continue
        return self._name(prop, NUMBER)

    def _ends(self, low: Bound, high: Bound) -> str:
        ends = [f"{'>' if low[1] else '>='} {plain(low[0])}"] if low > LOWEST else []
        return " and ".join(ends + ([f"{'<=' if high[1] else '<'} {plain(high[0])}"] if high < HIGHEST else []))

    def atom(self, what: Held | Event | Range) -> str:
        if isinstance(what, Range):
            return f"{self._number(what.prop)} {self._ends(what.low, what.high)}"
        if isinstance(what, Event):
            return self._event(what)
        if not what.prop:
            return f"population: {self._name(what.cls, NAMED)}"
        name = self._name(what.cls, *_kinds(what.prop, self._vocabulary))
        if _alone(what, self._vocabulary):
            return name
        head = "takes" if what.prop == gg("takesMedication") else self._name(what.prop, PROPERTY)
        return f"{head}: {name}"

    def _event(self, what: Event) -> str:
        name = self._name(what.cls, "intervention")
        if what.prop == _TRIAL:
            head = self._name(what.outcome, OUTCOME) if what.outcome else "tried"
            return f"{head}: {name}" + (f" (at least {plain(what.low[0])} weeks)" if what.bounded else "")
        head, parts = _EVENTS[what.prop], list[str]()
        if what.showed:
            parts.append(f"{self._name(gg('showed'), PROPERTY)} {self._name(what.showed, 'finding')}")
        if what.valued:
            parts.append(f"{self._name(VALUE_OF[what.prop], NUMBER)} {self._ends(what.least, what.most)}")
        if what.bounded and what.low == LOWEST:
            parts.append(f"{'within' if what.high[1] else 'less than'} {plain(what.high[0])} days")
        elif what.bounded:
            parts.append(f"{self._name(NUMBER_OF[what.prop], NUMBER)} {self._ends(what.low, what.high)}")
        return f"{head}: {name}" + (f" ({', '.join(parts)})" if parts else "")

    def literal(self, literal: Literal) -> str:
        what, positive = literal
        return self.atom(what) if positive else f"not: {self.atom(what)}"


def write_population(expression: Expression, vocabulary: PopulationVocabulary, *, gentle: bool = False) -> str:
    """A population in words that :func:`read_population` reads back the same.

    Args:
        expression: who is of it.
        vocabulary: gives the names.
        gentle: whether in the gentle form, in place of Manchester syntax with labels.
    """
    if not gentle:
        syntax = _Labels(vocabulary)
        return _united(expression, [syntax.literals(branch) for branch in expression.branches], " and ")
    for quoted in (False, True):
        writer = _Gently(vocabulary, quoted=quoted)
        text = _united(expression, [[writer.literal(one) for one in b] for b in expression.branches], "; ")
        # A name may hold words of the language; then all names stand between quotation marks.
        with suppress(PopulationError):
            if quoted or read_population(text, vocabulary) == expression:
                break
    return text


def _united(expression: Expression, told: list[list[str]], between: str) -> str:
    if len(told) == 1:
        return between.join(told[0])
    denied = between == "; "
    own = [len(branch) > 1 or (denied and not branch[0][1]) for branch in expression.branches]
    texts = [between.join(parts) for parts in told]
    return " or ".join(f"({text})" if bracket else text for text, bracket in zip(texts, own, strict=True))
