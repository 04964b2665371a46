"""Controversies: the statements that real and horizon pairs connect, told once, with what only seems to disagree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from guidegraph.comparisons import Attached, Controversy, Meeting, MeetingWith, Moved, Voice, VoicesOfSides
from guidegraph.disagree.explained import NOTHING, Evidence, Explanations
from guidegraph.disagree.finding import APART, Finding, Merged, Teller
from guidegraph.disagree.merging import least_above
from guidegraph.disagree.picture import picture
from guidegraph.disagree.sentences import clipped, fitting, past_of, said_of
from guidegraph.disagree.sources import Addressed, in_effect
from guidegraph.disagree.words import manchester, simplest, whom, words
from guidegraph.knowledge import describe
from guidegraph.knowledge.normal import Union
from guidegraph.knowledge.phrases import joined
from guidegraph.readforms import Named, Picture

_SIDES = ("for", "against")
#: What a pair of these only seems to be: it is attached.
_SEEMING = ("condition", "stance", *APART)
#: Names of a list that a sentence holds at most; the rest is a count.
_NAMED = 3


Merge = Callable[[Sequence[Finding]], list[Merged]]


class Component(NamedTuple):
    """The statements that connecting pairs hold together, with these pairs."""

    statements: frozenset[str]
    pairs: tuple[Finding, ...]


def connecting(finding: Finding) -> bool:
    """Whether a pair makes a controversy: opposed about the same patients, or for another outcome or horizon."""
    return finding.verdict in ("real", "horizon") and not finding.boundary


def components(findings: Iterable[Finding]) -> list[Component]:
    """The connected statements, in the order of their first pair."""
    root: dict[str, str] = {}

    def top(statement: str) -> str:
        while root.setdefault(statement, statement) != statement:
            statement = root[statement]
        return statement

    pairs = [f for f in findings if connecting(f)]
    for pair in pairs:
        first, second = sorted((top(pair.a), top(pair.b)))
        root[second] = first
    held: dict[str, list[Finding]] = defaultdict(list)
    for pair in pairs:
        held[top(pair.a)].append(pair)
    return [Component(frozenset(s for f in group for s in (f.a, f.b)), tuple(group)) for group in held.values()]


def _listed(names: Sequence[str]) -> str:
    """Names, the first few in full and the rest as a count."""
    unique = list(dict.fromkeys(names))
    return _counted(unique, _NAMED - 1 if len(unique) > _NAMED else _NAMED)


def _counted(names: Sequence[str], whole: int) -> str:
    """So many names in full, and the rest as a count."""
    return joined(names if len(names) <= whole else [*names[:whole], f"{len(names) - whole} more"])


class Controversies:
    """Tells the controversies among some findings.

    Args:
        teller: tells the pairs.
        merge: merges findings that differ only in a member of one class.
        spoken: all recommendations, with when they began and ended.
        day: the day that is asked for.
    """

    def __init__(self, teller: Teller, merge: Merge, spoken: Sequence[Addressed], day: date) -> None:
        self._teller = teller
        self._merge = merge
        self._spoken = {row.rec: row for row in spoken}
        self._live = {row.rec for row in in_effect(spoken, day)}
        self._day = day
        self._records = teller.records
        self._explanations = Explanations(teller.records, teller.sources)

    def tell(self, findings: Sequence[Finding]) -> list[Controversy]:
        """The controversies in the published form, those with most voices first."""
        told = [self._controversy(one, findings) for one in components(findings)]
        return sorted(told, key=lambda c: (-len(c["sides"]["for"]) - len(c["sides"]["against"]), c["title"], c["text"]))

    def _controversy(self, one: Component, findings: Sequence[Finding]) -> Controversy:
        teller, records = self._teller, self._records
        narrower = sorted({teller.narrower(f) for f in one.pairs}, key=lambda i: (records.label(i), i))
        least = least_above(records, narrower)
        title = records.label(least) if least else joined([records.label(i) for i in narrower])
        indications = self._indications(one.pairs)
        around = [f for f in findings if _seems(f) and {f.a, f.b} & one.statements]
        sides = self._sides(one, around)
        agreeing = self._agreeing(one, sides, indications)
        voices = self._voices(sides)
        meet = self._meet(sides, one.pairs)
        named = [self._named(i) for i in indications]
        support = teller.sources.support
        return {
            "title": title,
            "interventions": [self._named(i) for i in narrower],
            "indications": named,
            "sides": voices,
            "agreeing": self._voices(agreeing),
            "meet": meet,
            "picture": self._picture(sides, one.pairs),
            "explained_by": self._explained(one.pairs),
            "rests_on": {"a": support(sides["for"]), "b": support(sides["against"])},
            "shared_evidence": teller.sources.shared(sides["for"], sides["against"]),
            "moved": self._moved([s for held in (*sides.values(), *agreeing.values()) for s in held]),
            "pairs": self._attached(one.pairs),
            "seeming": self._attached(around),
            "text": self._sentence(title, [n["label"] for n in named], voices),
        }

    def _named(self, iri: str) -> Named:
        return {"id": describe.name(iri), "label": self._records.label(iri)}

    def _stance(self, statement: str) -> str:
        return self._records.code(self._records.one(statement, "stance"), "")

    def _indications(self, pairs: Iterable[Finding]) -> list[str]:
        """The topmost of the narrower indications of the pairs."""
        above = self._records.ancestors
        narrower: set[str] = set()
        for pair in pairs:
            one, other = (self._teller.scopes[s].indications for s in (pair.a, pair.b))
            narrower |= {x for x in one for y in other if y in above.get(x, (x,))}
            narrower |= {y for x in one for y in other if x in above.get(y, (y,))}
        topmost = {i for i in narrower if not any(j != i and j in above.get(i, ()) for j in narrower)}
        return sorted(topmost, key=lambda i: (self._records.label(i), i))

    def _sides(self, one: Component, around: Iterable[Finding]) -> dict[str, list[str]]:
        """The statements of each side, guidelines first; those of the attached stance pairs have declined."""
        sides = {side: {s for s in one.statements if self._stance(s) == side} for side in _SIDES}
        stances = {s for f in around if f.verdict == "stance" for s in (f.a, f.b)}
        sides["declined"] = {s for s in stances - one.statements if self._stance(s) not in _SIDES}
        return {name: self._ordered(held) for name, held in sides.items()}

    def _agreeing(
        self, one: Component, sides: Mapping[str, Sequence[str]], indications: Sequence[str]
    ) -> dict[str, list[str]]:
        """The other statements in effect on the same interventions and indications that agree with a side."""
        records, scopes = self._records, self._teller.scopes
        about = {records.one(s, "intervention") for s in one.statements}
        found: dict[str, set[str]] = {name: set() for name in (*_SIDES, "declined")}
        for statement in self._live - one.statements - set(sides["declined"]):
            same = records.one(statement, "intervention") in about and self._teller.own(statement)
            if same and self._teller.grader.related(scopes[statement].indications, indications):
                stance = self._stance(statement)
                found[stance if stance in _SIDES else "declined"].add(statement)
        return {name: self._ordered(held) for name, held in found.items()}

    def _ordered(self, statements: Iterable[str]) -> list[str]:
        """Statements of the best standing first, then the strongest, then the newest."""
        records = self._records

        def key(statement: str) -> tuple[object, ...]:
            strength = records.rank(records.readings.get(statement, ""))
            issued = records.issued_of(statement)[:4]
            year = int(issued) if issued.isdigit() else 0
            return (-records.rank(records.standing(statement)), -strength, -year, statement)

        return sorted(statements, key=key)

    def _voices(self, sides: Mapping[str, Sequence[str]]) -> VoicesOfSides:
        return {
            "for": [self._voice(s) for s in sides["for"]],
            "against": [self._voice(s) for s in sides["against"]],
            "declined": [self._voice(s) for s in sides["declined"]],
        }

    def _voice(self, statement: str) -> Voice:
        side = self._teller.side(statement)
        reporting = (s for s in self._spoken if self._records.one(s, "primaryStatement") == statement)
        names = {describe.short_name(self._records, self._records.one(s, "statedIn"), s) for s in reporting}
        return {
            "id": side["id"],
            "name": self._teller.name(statement),
            "stance": side["stance"],
            "strength": side["strength"],
            "certainty": side["certainty"],
            "intervention": side["intervention"],
            "label": self._records.label(self._records.one(statement, "intervention")),
            "whom": words(simplest(self._population(statement)), self._teller.phrases),
            "outcome": side["outcome"],
            "horizon": side["horizon"],
            "attached": side["attached"],
            "standing": side["standing"],
            "reported_by": sorted(names),
        }

    def _population(self, statement: str) -> Union:
        return self._teller.grader.forms.population(self._teller.scopes[statement].population)

    def _meet(self, sides: Mapping[str, Sequence[str]], pairs: Iterable[Finding]) -> list[Meeting]:
        """For each voice of the shorter side, for whom it and those that it is at odds with both speak."""
        shorter = min(_SIDES, key=lambda side: (len(sides[side]), side))
        forms = self._teller.grader.forms
        told: list[Meeting] = []
        at_odds: dict[str, list[str]] = defaultdict(list)
        for pair in pairs:
            at_odds[pair.a].append(pair.b)
            at_odds[pair.b].append(pair.a)
        for statement in sides[shorter]:
            own = self._population(statement)
            others = self._ordered(at_odds[statement])
            regions = {other: forms.meet(own, self._population(other)) for other in others}
            union = forms.meet(own, tuple(branch for region in regions.values() for branch in region))
            each: list[MeetingWith] = [
                {
                    "voice": describe.name(other),
                    "name": self._teller.name(other),
                    "whom": words(simplest(region), self._teller.phrases),
                    "manchester": manchester(simplest(region)),
                }
                for other, region in regions.items()
            ]
            name = self._teller.name(statement)
            told.append(
                {
                    "voice": describe.name(statement),
                    "name": name,
                    "whom": words(simplest(union), self._teller.phrases),
                    "each": each,
                    "text": self._meeting(name, list(dict.fromkeys(row["name"] for row in each)), union, own),
                }
            )
        return told

    def _picture(self, sides: Mapping[str, Sequence[str]], pairs: Iterable[Finding]) -> Picture | None:
        """Where each voice speaks along the number that separates the sides best."""
        drawn = {s: self._population(s) for held in sides.values() for s in held}
        phrases = self._teller.phrases
        return picture(
            drawn,
            [(f.a, f.b) for f in pairs],
            self._teller.grader.forms.logic,
            lambda number: phrases.days(number) is not None,
            phrases.label,
            lambda union: words(simplest(union), phrases),
        )

    def _meeting(self, name: str, others: Sequence[str], union: Union, own: Union) -> str:
        """For whom a voice meets others: where that has several parts, those of its own patients that it has."""
        form = simplest(union)
        whole = any(len(choice) > 1 for factor in form.factors for choice in factor.choices)
        criteria = whom(simplest(own) if whole else form, self._teller.phrases)
        size = len(criteria.held) + len(criteria.lacked)

        def told(most: int) -> str:
            about = criteria.text(most)
            met = f"{clipped(name)} meets {clipped(_listed(others))}"
            return f"{met}, each in a part of its patients: {about}." if whole else f"{met} in {about}."

        return fitting(told(most) for most in range(size, -1, -1))

    def _explained(self, pairs: Iterable[Finding]) -> list[str]:
        """What only some could have seen or rest on, and who speaks of another time or outcome; each told once."""
        lacking: dict[tuple[str, str, str], set[str]] = defaultdict(set)
        told: list[str] = []
        for pair in pairs:
            name = {s: self._teller.name(s) for s in (pair.a, pair.b)}
            if pair.verdict == "horizon":
                told.append(self._explanations.otherwise(pair.a, pair.b, name[pair.a], name[pair.b]))
                continue
            for row in self._explanations.evidence(pair.a, pair.b):
                lacking[row.how, name.get(row.held_by, ""), name[row.side]] |= row.documents
        sides: dict[tuple[str, frozenset[str], str], list[str]] = defaultdict(list)
        for (how, held_by, side), documents in lacking.items():
            sides[how, frozenset(documents), held_by].append(side)
        for (how, evidence, held_by), names in sides.items():
            told.append(self._explanations.words(Evidence("", how, evidence, held_by), joined(sorted(names)), held_by))
        return sorted(set(told)) or [NOTHING]

    def _moved(self, statements: Iterable[str]) -> list[Moved]:
        """What a document said before it, or its next edition, changed side."""
        told = []
        records = self._records
        for new in (self._spoken[s] for s in sorted(set(statements)) if s in self._spoken):
            for old in self._spoken.values():
                heirs = {
                    old.document,
                    *records.all(old.document, "supersededBy"),
                    *records.all(old.rec, "supersededBy"),
                }
                turned = old.stance != new.stance and old.ended(self._day) and bool({new.document, new.rec} & heirs)
                later = old.begins < new.begins or old.document != new.document
                # What an edition says of one condition is no turn of what the one before said of another.
                same = records.related(old.intervention, new.intervention) and self._teller.grader.related(
                    *(self._teller.scopes[row.rec].indications for row in (old, new))
                )
                if turned and later and same:
                    told.append(self._turn(old, new))
        return told

    def _turn(self, old: Addressed, new: Addressed) -> Moved:
        name = describe.short_name(self._records, old.document, old.rec)
        now = describe.short_name(self._records, new.document, new.rec)
        about, turned = (clipped(self._records.label(row.intervention)) for row in (old, new))
        until = self._records.intervals[old.rec].ending
        return {
            "name": name,
            "was": old.stance,
            "until": old.ends,
            "now": new.stance,
            "since": new.begins,
            "text": f"{name} {past_of(old.stance)} {about} until {until}; {now} {said_of(new.stance)} {turned}.",
        }

    def _attached(self, findings: Sequence[Finding]) -> list[Attached]:
        return [
            {
                "a": describe.name(one.finding.a),
                "b": describe.name(one.finding.b),
                "names": [self._teller.name(s) for s in (one.finding.a, one.finding.b)],
                "why": self._teller.apart(one.finding),
                "kind": one.finding.kind,
                "overlap": one.finding.grade,
                "verdict": one.finding.verdict,
                "boundary": one.finding.boundary,
                "text": self._teller.text(one),
            }
            for one in self._merge(findings)
        ]

    @staticmethod
    def _sentence(title: str, indications: Sequence[str], sides: VoicesOfSides) -> str:
        """Who recommends it and who advises against it, in one sentence."""
        held, against = ([v["name"] for v in voices] for voices in (sides["for"], sides["against"]))

        def told(whom: str, most: int) -> str:
            left, right = (clipped(_listed(names), most) for names in (held, against))
            about = f"{clipped(title)} for {whom}" if whom else clipped(title)
            return f"{about}: recommended by {left}, advised against by {right}."

        shorter = clipped(_counted(indications, 1))
        return fitting(told(whom, most) for most in (12, 6) for whom in (_listed(indications), shorter))


def _seems(finding: Finding) -> bool:
    """Whether a pair only seems to belong to a controversy."""
    return finding.verdict in _SEEMING or (finding.boundary and finding.verdict in ("real", "horizon"))
