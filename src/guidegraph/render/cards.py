"""Answers as the cards of CDS Hooks 2.0: the glance, both sides of what is contested, and what an order comes to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NotRequired, TypedDict

from guidegraph import namespaces as ns
from guidegraph.knowledge.describe import source_words
from guidegraph.render.glance import glance_markdown
from guidegraph.render.screen import escaped
from guidegraph.words import SHORT_DISCLAIMER, clean

if TYPE_CHECKING:
    from guidegraph.derived import Glance, GlanceFamily, Plan, Planned
    from guidegraph.forms import Alert, Recommendation

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

    ``plan`` is None where nothing was ordered. Of a therapy (CURIE) that is ordered or contested ``voices`` are the
    recommendations that count for this patient, for it and against it, and ``unknown`` the absolute contraindications
    that are neither known to hold nor known not to; ``unfiled`` are the ordered therapies without contraindications on
    file, which is not that there are none.
    """

    glance: Glance
    plan: Plan | None = None
    voices: Mapping[str, Sequence[Recommendation]] = field(default_factory=dict)
    unknown: Mapping[str, Sequence[str]] = field(default_factory=dict)
    unfiled: frozenset[str] = frozenset()

    @property
    def held(self) -> list[Alert]:
        """The alerts that hold and that nobody attended to."""
        return [alert for alert in self.glance["alerts"] if alert["truth"] == "true" and not alert["attended"]]

    @property
    def signs(self) -> list[str]:
        """The signs of alerts that nobody asked about."""
        alerts = (alert for alert in self.glance["alerts"] if alert["truth"] == "unknown")
        return list(dict.fromkeys(s["label"] for alert in alerts for s in alert["signs"] if s["truth"] == "unknown"))

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
            cards.append(self._glance(answered, at))
            for family in contested(answered.glance):
                name, voices = f"contested {at} {family['therapy']}", answered.voices.get(family["therapy"], ())
                told = f"Sources disagree: {family['label']}"
                page = page_of(family["therapy"])
                cards.append(self.card(name, told, sides_of(voices), "info", self.sides(voices, answers), page))
        return cards

    def card(
        self, name: str, summary: str, detail: Iterable[str], indicator: str, source: Source, page: str = ""
    ) -> Card:
        """A card: ``name`` tells it from the others of one call, ``page`` is the part of an address that says more."""
        told = "\n".join(detail)
        told = told if SHORT_DISCLAIMER.rstrip(".") in told else f"{told}\n*{escaped(SHORT_DISCLAIMER)}*"
        link: Link = {
            "label": "More in GuideGraph" if page else "Open GuideGraph",
            "url": f"{self.base}/{page}",
            "type": "absolute",
        }
        return {
            "uuid": self.identify(name),
            "summary": short(summary),
            "detail": told,
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
        rows = {row["id"]: row for answered in answers for row in answered.held}
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
        counted = "1 entry of the record is" if len(missed) == 1 else f"{len(missed)} entries of the record are"
        summary = f"{counted} not understood, so that what is said there is not known"
        detail = listed("Not understood", map(escaped, missed), None)
        return [self.card("not understood", summary, detail, "warning", self.ours(answers))]

    def _glance(self, answered: Answered, at: int) -> Card:
        glance, held = answered.glance, answered.held
        counts = {band["band"]: len(band["families"]) for band in glance["bands"]}
        told = [f"ALERT {alert['label']}" for alert in held]
        told += ["record not read whole"] if glance["not_understood"] else []
        told += [f"{len(answered.signs)} signs to rule out first"] if answered.signs and not held else []
        told += [f"{counts['do-not-give']} not to give"] if counts.get("do-not-give") else []
        told += [f"{len(glance['taken_now'])} taken now to review"] if glance["taken_now"] else []
        told += [f"{counts['recommended']} recommended"] if counts.get("recommended") else []
        told += [f"{counts['disagree']} where sources disagree"] if counts.get("disagree") else []
        urgent = "critical" if held else "warning" if glance["taken_now"] or glance["not_understood"] else "info"
        problem = glance["problem"][:1].upper() + glance["problem"][1:]
        summary = f"{problem}: {', '.join(told) or 'nothing to tell'}"
        return self.card(f"glance {at}", summary, [glance_markdown(glance, "")], urgent, self.ours([answered]))

    def sides(self, voices: Sequence[Recommendation], answers: Sequence[Answered]) -> Source:
        """The first voice of each side as the source."""
        firsts = [next((v for v in voices if v["stance"] == stance), None) for stance in ("for", "against")]
        named = [voice["document"] for voice in firsts if voice is not None]
        if not named:
            return self.ours(answers)
        return self.source((d["id"] for d in named), " / ".join(dict.fromkeys(d["label"] for d in named)))


def contested(glance: Glance) -> list[GlanceFamily]:
    """The first of what sources disagree on, which have a card of their own."""
    bands = (band for band in glance["bands"] if band["band"] == "disagree")
    return [family for band in bands for family in band["families"]][:_CONTESTED]


def listed(heading: str, rows: Iterable[str], most: int | None = 12) -> list[str]:
    """Rows under a heading; beyond ``most`` they are counted, unless that is None. Nothing where there is none."""
    every = list(dict.fromkeys(rows))
    if not every:
        return []
    shown = every[:most]
    more = [f"- and {len(every) - len(shown)} more"] if len(every) > len(shown) else []
    return [f"**{heading}**", "", *(f"- {row}" for row in shown), *more, ""]


def sides_of(voices: Sequence[Recommendation]) -> list[str]:
    """Who is for a therapy and who is against it: each with whom it means, its strength and where it stands."""

    def told(voice: Recommendation) -> str:
        strength = voice["strength_wording"] if voice["strength"] == "none stated" else voice["strength"]
        attached = "".join(f"; {text}" for text in voice["attached"])
        by = source_words(voice["document"], voice["reports"]).rstrip(",")
        by += ", unreviewed" if voice["document"]["review"] == "pending" else ""
        return f"{escaped(voice['label'] + attached)} *({escaped(f'{by}; {strength}')})*"

    return [
        *listed("For", (told(voice) for voice in voices if voice["stance"] == "for")),
        *listed("Against", (told(voice) for voice in voices if voice["stance"] == "against")),
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
