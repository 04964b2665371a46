"""Answers as the cards of CDS Hooks 2.0: the glance, both sides of what is contested, and what an order comes to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NotRequired, TypedDict

from guidegraph import namespaces as ns
from guidegraph.render.glance import escaped, glance_markdown, voice_words
from guidegraph.words import SHORT_DISCLAIMER, clean

if TYPE_CHECKING:
    from guidegraph.derived import Glance, GlanceFamily, Plan, Planned
    from guidegraph.forms import Alert

#: Characters of a summary: the specification asks for fewer than 140.
LONGEST = 139
#: How urgent a card is, the least first.
INDICATORS = ("info", "warning", "critical")
#: Contested therapies that have a card of their own beside the glance, which tells of all.
_CONTESTED = 3
#: Why a card may be set aside, by the code that feedback gives.
REASONS = {
    "benefit-outweighs-risk": "The benefit outweighs the risk for this patient",
    "record-not-right": "The record is wrong or out of date: it does not hold for this patient",
    "tolerated-before": "The patient has had it and tolerated it",
    "will-be-monitored": "The patient will be monitored",
    "no-alternative": "There is no alternative",
    "patient-choice": "The patient was told and wishes it",
    "source-not-followed": "The source is not followed here",
}
REASON_SYSTEM = ns.BASE + "override-reason"


class Coding(TypedDict):
    """A code with its system and words."""

    system: str
    code: str
    display: str


class Source(TypedDict):
    """Who says what a card says."""

    label: str
    url: NotRequired[str]


class Action(TypedDict):
    """A change of the orders."""

    type: str
    description: str
    resourceId: str


class Suggestion(TypedDict):
    """A change that may be accepted with one click."""

    label: str
    uuid: str
    actions: list[Action]


class Link(TypedDict):
    """A page that says more."""

    label: str
    url: str
    type: str


class Card(TypedDict):
    """A card of CDS Hooks 2.0."""

    uuid: str
    summary: str
    detail: str
    indicator: str
    source: Source
    suggestions: NotRequired[list[Suggestion]]
    selectionBehavior: NotRequired[str]
    overrideReasons: NotRequired[list[Coding]]
    links: list[Link]


@dataclass(frozen=True)
class Answered:
    """What is known of one problem of the patient, and what the orders come to in it.

    ``plan`` is None where nothing was ordered; ``unknown`` are the absolute contraindications of each ordered therapy
    that are neither known to hold nor known not to.
    """

    glance: Glance
    plan: Plan | None = None
    unknown: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def row(self, therapy: str) -> Planned | None:
        """What the plan says of a therapy of it."""
        rows = self.plan["therapies"] if self.plan else []
        return next((row for row in rows if row["intervention"] == therapy and not row["taken"]), None)

    def family(self, therapy: str) -> GlanceFamily | None:
        """Where the glance speaks of a therapy."""
        families = (family for band in self.glance["bands"] for family in band["families"])
        return next((family for family in families if therapy in family["therapies"]), None)


@dataclass(frozen=True)
class Maker:
    """Makes cards.

    Attributes:
        identify: the identifier of the thing of that name within one call.
        base: the address of the server, without a slash at its end.
        documents: the address at which a document is read, by its id and by its label, "" where there is none.
    """

    identify: Callable[[str], str]
    base: str
    documents: Mapping[str, str]

    def patient(self, answers: Sequence[Answered]) -> list[Card]:
        """The glance of each problem, and both sides of what is contested in it."""
        cards: list[Card] = []
        for at, answered in enumerate(answers):
            cards.append(self._glance(answered.glance, at))
            bands = (band for band in answered.glance["bands"] if band["band"] == "disagree")
            families = [family for band in bands for family in band["families"]]
            cards += [self._contested(one, f"contested {at} {one['therapy']}") for one in families[:_CONTESTED]]
        return cards

    def card(
        self, name: str, summary: str, detail: Iterable[str], indicator: str, source: Source, page: str = ""
    ) -> Card:
        """A card: ``name`` tells it from the others of one call, ``page`` is the part of an address that says more."""
        link: Link = {
            "label": "More in GuideGraph" if page else "Open GuideGraph",
            "url": f"{self.base}/{page}",
            "type": "absolute",
        }
        return {
            "uuid": self.identify(name),
            "summary": short(summary),
            "detail": "\n".join([*detail, "", f"*{escaped(SHORT_DISCLAIMER)}*"]),
            "indicator": indicator,
            "source": source,
            "links": [link],
        }

    def ours(self, answers: Sequence[Answered]) -> Source:
        """The knowledge as a source."""
        knowledge = answers[0].glance["knowledge"]
        digest = knowledge["digest"].partition(":")[2][:8]
        return {"label": f"GuideGraph, knowledge {knowledge['version']} ({digest})", "url": ns.BASE}

    def source(self, named: Iterable[str], label: str) -> Source:
        """The source of that label; its address is the first that a document named has."""
        url = next((self.documents[name] for name in named if self.documents.get(name)), "")
        return {"label": clean(label), "url": url} if url else {"label": clean(label)}

    def alerts(self, answers: Sequence[Answered]) -> list[Card]:
        """A card for each alert that holds and that nobody attended to."""
        rows = {row["id"]: row for answered in answers for row in _held(answered.glance)}
        return [
            self.card(
                f"alert {row['id']}",
                f"ALERT: {row['label']}: {'; '.join(row['facts'])}",
                [*listed("Holds by", map(escaped, row["facts"])), *listed("Calls for", map(escaped, row["calls_for"]))],
                "critical",
                self.source((d["id"] for d in row["documents"]), row["documents"][0]["label"]),
                row["id"] if "/" in row["id"] else "",
            )
            for row in rows.values()
        ]

    def unread(self, answers: Sequence[Answered]) -> list[Card]:
        """A card with what of the record was not understood, if anything was."""
        missed = dict.fromkeys(text for answered in answers for text in answered.glance["not_understood"])
        if not missed:
            return []
        summary = f"{len(missed)} entries of the record are not understood: what they say is not known"
        detail = listed("Not understood", map(escaped, missed), None)
        return [self.card("not understood", summary, detail, "warning", self.ours(answers))]

    def _glance(self, glance: Glance, at: int) -> Card:
        held = _held(glance)
        counts = {band["band"]: len(band["families"]) for band in glance["bands"]}
        signs = {
            sign["key"]
            for alert in glance["alerts"]
            if alert["truth"] == "unknown"
            for sign in alert["signs"]
            if sign["truth"] == "unknown"
        }
        told = [f"ALERT {alert['label']}" for alert in held]
        told += ["record not read whole"] if glance["not_understood"] else []
        told += [f"{len(signs)} signs to rule out first"] if signs and not held else []
        told += [f"{counts['do-not-give']} not to give"] if counts.get("do-not-give") else []
        told += [f"{len(glance['taken_now'])} taken now to review"] if glance["taken_now"] else []
        told += [f"{counts['recommended']} recommended"] if counts.get("recommended") else []
        told += [f"{counts['disagree']} where sources disagree"] if counts.get("disagree") else []
        urgent = "critical" if held else "warning" if glance["taken_now"] or glance["not_understood"] else "info"
        problem = glance["problem"][:1].upper() + glance["problem"][1:]
        summary = f"{problem}: {', '.join(told) or 'nothing to tell'}"
        return self.card(f"glance {at}", summary, [glance_markdown(glance)], urgent, self.ours([Answered(glance)]))

    def _contested(self, family: GlanceFamily, name: str) -> Card:
        sides = [*family["voices"][:1], *family["against"][:1]]
        return self.card(
            name,
            f"Sources disagree: {family['label']}",
            sides_of(family),
            "info",
            self.source((voice["document"] for voice in sides), " / ".join(voice["short"] for voice in sides)),
            page_of(family["therapy"]),
        )


def _held(glance: Glance) -> list[Alert]:
    return [alert for alert in glance["alerts"] if alert["truth"] == "true" and not alert["attended"]]


def listed(heading: str, rows: Iterable[str], most: int | None = 12) -> list[str]:
    """Rows under a heading; beyond ``most`` they are counted, unless that is None. Nothing where there is none."""
    every = list(dict.fromkeys(rows))
    if not every:
        return []
    shown = every[:most]
    more = [f"- and {len(every) - len(shown)} more"] if len(every) > len(shown) else []
    return [f"**{heading}**", "", *(f"- {row}" for row in shown), *more, ""]


def sides_of(family: GlanceFamily) -> list[str]:
    """Both sides of a therapy: who is for it and who is against it, with what is known of either."""
    more = [f"and {family['more_voices']} more"] if family["more_voices"] else []
    side, other = ("Against", "For") if family["within"] == "avoid" else ("For", "Against")
    attached = [escaped(text) for text in family["only_with"]]
    return [
        *listed(side, [*(escaped(voice_words(v)) for v in family["voices"]), *more, *attached]),
        *listed(other, (escaped(voice_words(v)) for v in family["against"])),
        *listed("For whom", map(escaped, family["notes"])),
        *listed("To establish", map(escaped, family["establish"])),
    ]


def page_of(therapy: str) -> str:
    """The part of an address under which a term of ours is shown; "" for a code of another terminology."""
    iri = ns.expand(therapy) or therapy
    return iri.removeprefix(ns.BASE) if iri.startswith(ns.BASE) else ""


def short(text: str) -> str:
    """A summary: one line of at most :data:`LONGEST` characters, cut between words."""
    line = clean(text)
    if len(line) <= LONGEST:
        return line
    return line[: LONGEST - 3].rpartition(" ")[0].rstrip(",;:") + "..."
