"""What draft orders come to for a patient, as cards of CDS Hooks: every order is in one card, the gravest first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from guidegraph.assess.entry import UNFILED
from guidegraph.model import DOUBTED
from guidegraph.render.cards import (
    INDICATORS,
    REASON_SYSTEM,
    REASONS,
    Action,
    Answered,
    Card,
    Coding,
    Maker,
    Source,
    Suggestion,
    listed,
    page_of,
    sides_of,
)
from guidegraph.render.glance import voice_words
from guidegraph.render.screen import escaped
from guidegraph.words import clean

if TYPE_CHECKING:
    from guidegraph.derived import Bearing, Planned
    from guidegraph.intake.fhir import Order


def order_cards(maker: Maker, answers: Sequence[Answered], orders: Sequence[Order]) -> list[Card]:
    """The cards of some orders; ``answers`` are those of the patient's problems, with all orders as their plan.

    An order that something speaks against, or of which something is left open, has a card of its own; the others
    share one, with those that could not be checked. What must be known whatever is ordered has cards, too.
    """
    cards = [*maker.alerts(answers), *maker.unread(answers), *_taken(maker, answers, orders)]
    clear: list[str] = []
    unread: list[str] = []
    for order in orders:
        found = _OfOrder(maker, answers, order)
        if order.therapies and (card := found.card()) is not None:
            cards.append(card)
        elif order.why:
            unread.append(f"**not checked:** {escaped(order.label)} ({escaped(order.why)})")
        else:
            clear.append(f"{escaped(_named(order))}: {escaped(found.recommended())}")
    if clear or unread:
        told = [f"{len(clear)} with nothing known against"] if clear else []
        told += [f"{len(unread)} not checked"] if unread else []
        detail = [f"- {line}" for line in (*unread, *clear)]
        urgent = "warning" if unread else "info"
        cards.append(maker.card("others", f"Orders: {', '.join(told)}", detail, urgent, maker.ours(answers)))
    return sorted(cards, key=lambda card: -INDICATORS.index(card["indicator"]))


def _taken(maker: Maker, answers: Sequence[Answered], orders: Sequence[Order]) -> list[Card]:
    """A card for each drug that the patient takes already and that the orders speak against."""
    therapies = {therapy for order in orders for therapy in order.therapies}
    mine = {row["label"] for answered in answers for one in therapies if (row := answered.row(one)) is not None}
    held: dict[str, dict[str, Bearing]] = {}
    for answered in answers:
        for row in answered.plan["therapies"] if answered.plan else ():
            brought = [bearing for bearing in row["held"] if row["taken"] and mine & set(bearing["by"])]
            if brought:
                held.setdefault(row["label"], {}).update({bearing["id"]: bearing for bearing in brought})
    cards = []
    for label, bearings in held.items():
        gravest = min(bearings.values(), key=lambda bearing: bearing["kind"] != "absolute")
        indicator = "critical" if gravest["kind"] == "absolute" else "warning"
        cards.append(
            maker.card(
                f"taken {label}",
                f"Taken now: {label} - {gravest['because']}",
                listed("With the orders", map(_bearing, bearings.values()), None),
                indicator,
                maker.source([gravest["source"]], gravest["source"]),
                gravest["id"],
            )
        )
        cards[-1]["overrideReasons"] = _reasons()
    return cards


def _reasons() -> list[Coding]:
    """Why a card may be set aside."""
    return [{"system": REASON_SYSTEM, "code": code, "display": words} for code, words in REASONS.items()]


class _OfOrder:
    """What is known of one order, in each problem of the patient."""

    def __init__(self, maker: Maker, answers: Sequence[Answered], order: Order) -> None:
        self._maker, self._answers, self._order = maker, answers, order
        of_each = [(answered, therapy) for answered in answers for therapy in order.therapies]
        self._rows: list[tuple[Answered, str, Planned]] = [
            (answered, therapy, row) for answered, therapy in of_each if (row := answered.row(therapy)) is not None
        ]
        held = _once(bearing for _, _, row in self._rows for bearing in row["held"])
        self._absolute = [bearing for bearing in held if bearing["kind"] == "absolute"]
        self._warned = [bearing for bearing in held if bearing["kind"] != "absolute"]
        self._harms = list(dict.fromkeys(text for _, _, row in self._rows for text in row["not_tolerated"]))
        self._of_plan = _once(bearing for _, _, row in self._rows for bearing in row["open"])
        self._unknown = list(
            dict.fromkeys(name for answered, therapy in of_each for name in answered.unknown.get(therapy, ()))
        )
        self._statuses = {row["after"] for _, _, row in self._rows}
        self._families = [family for answered, therapy in of_each if (family := answered.family(therapy)) is not None]
        voices = (voice for answered, therapy in of_each for voice in answered.voices.get(therapy, ()))
        self._voices = list({voice["id"]: voice for voice in voices}.values())

    def card(self) -> Card | None:
        """Its card, None where nothing speaks against it and nothing is left open, or where it is not read whole."""
        kind = self._kind()
        if kind is None:
            return None
        indicator, summary = kind
        first = self._first()
        page = first["id"] if first else page_of(self._order.therapies[0])
        card = self._maker.card(f"order {self._order.ref}", summary, self._detail(), indicator, self._source(), page)
        if indicator != "info":
            card["overrideReasons"] = _reasons()
        if indicator == "critical":
            card["suggestions"] = [self._removal()]
            card["selectionBehavior"] = "at-most-one"
        return card

    def recommended(self) -> str:
        """Its status in each problem, and who recommends what it gives."""
        told = []
        for answered, therapy, row in self._rows:
            family = answered.family(therapy)
            by = ", ".join(map(voice_words, family["voices"])) if family is not None else ""
            told.append(f"{_status(row['after'])}{f' ({by})' if by else ''}")
        return "; ".join([*dict.fromkeys(told), *self._marks()]) or _status(None)

    def _marks(self) -> list[str]:
        """What is to be known of its therapies besides."""
        told = [mark for family in self._families for mark in family["marks"]]
        unfiled = any(therapy in answered.unfiled for answered in self._answers for therapy in self._order.therapies)
        return list(dict.fromkeys([*told, *([UNFILED] if unfiled else [])]))

    def _kind(self) -> tuple[str, str] | None:
        """How urgent it is, and its summary."""
        label, statuses, doubled = self._order.label, self._statuses, self._doubled()
        # A summary that tells the words of an order alone would be of what these say.
        label = _named(self._order) if self._order.why else label
        if self._absolute or "contraindicated" in statuses:
            because = self._absolute[0]["because"] if self._absolute else ""
            return "critical", f"Contraindicated: {label}{f' - {because}' if because else ''}"
        if "contested" in statuses:
            return "warning", f"Sources disagree: {label}"
        if "advised-against" in statuses:
            return "warning", f"Advised against: {label}"
        if self._harms and not self._warned:
            return "warning", f"Not tolerated: {label} - {self._harms[0]}"
        if self._warned or "caution" in statuses:
            because = self._warned[0]["because"] if self._warned else ""
            return "warning", f"Caution with {label}{f' - {because}' if because else ''}"
        if doubled:
            return "warning", f"Given twice: {doubled[0]}"
        left_open = len(self._of_plan) + len(self._unknown)
        if self._order.why:
            # What is left open of what its codes have in common is the least of it.
            return None
        if left_open:
            return "info", f"Check before {label}: contraindications not excluded ({left_open})"
        if DOUBTED & statuses:
            facts = [fact for family in self._families for fact in family["establish"]]
            return "info", f"Check before {label}: {facts[0] if facts else 'signs to rule out first'}"
        return None

    def _detail(self) -> list[str]:
        statuses = (
            f"{escaped(answered.glance['problem'])}: {escaped(_status(row['after']))}"
            for answered, _, row in self._rows
        )
        return [
            *listed("Not read whole", map(escaped, filter(None, [self._order.why]))),
            *listed("Read as", map(escaped, filter(None, [self._order.read]))),
            *listed("Contraindicated", map(_bearing, self._absolute), None),
            *listed("Warned of", map(_bearing, self._warned)),
            *listed("Not tolerated", map(escaped, self._harms), None),
            *listed("Twice", map(escaped, self._doubled())),
            *sides_of(self._voices),
            *listed("To establish, with the other orders", map(_bearing, self._of_plan)),
            *listed("To establish", (escaped(fact) for family in self._families for fact in family["establish"])),
            *listed("Contraindications that are not excluded", map(escaped, self._unknown)),
            *listed("Signs to rule out first", (escaped("; ".join(a.signs)) for a in self._answers if a.signs)),
            *listed("To be known besides", map(escaped, self._marks())),
            *listed("Status", statuses),
        ]

    def _first(self) -> Bearing | None:
        """What the summary of its card tells, where that is a contraindication or warning."""
        sided = not self._absolute and {"contested", "advised-against"} & self._statuses
        return next(iter([] if sided else [*self._absolute, *self._warned]), None)

    def _source(self) -> Source:
        first = self._first()
        if first is not None:
            return self._maker.source([first["source"]], first["source"])
        return self._maker.sides(self._voices, self._answers)

    def _removal(self) -> Suggestion:
        told = f"Remove the order of {clean(self._order.label)}"
        action: Action = {"type": "delete", "description": told, "resourceId": self._order.ref}
        return {"label": told, "uuid": self._maker.identify(f"removal {self._order.ref}"), "actions": [action]}

    def _doubled(self) -> list[str]:
        """The therapies that it gives beside another of their class, or of a part of theirs."""
        mine = {row["label"] for _, _, row in self._rows}
        pairs = (pair for a in self._answers for pair in (a.plan["doubled"] if a.plan else ()))
        told = (
            f"{pair['a']} and {pair['b']}, both {'of the class' if pair['how'] == 'class' else 'with'} {pair['of']}"
            for pair in pairs
            if {pair["a"], pair["b"]} & mine
        )
        return list(dict.fromkeys(told))


def _named(order: Order) -> str:
    """An order in its words, with what it was read as where they do not say so."""
    return f"{order.label}{f' (read as {order.read})' if order.read else ''}"


def _status(status: str | None) -> str:
    return status.replace("-", " ") if status else "no statement here speaks of it"


def _once(bearings: Iterable[Bearing]) -> list[Bearing]:
    return list({bearing["id"]: bearing for bearing in bearings}.values())


def _bearing(bearing: Bearing) -> str:
    """A contraindication or warning with the fact by which it holds, and its source."""
    because = bearing["because"] or "; ".join(bearing["facts"])
    head = f"**{escaped(because)}:** " if because else ""
    by = f", with {escaped(', '.join(bearing['by']))}" if bearing["by"] else ""
    return f"{head}{escaped(bearing['label'])}{by} *({escaped(bearing['source'])})*"
