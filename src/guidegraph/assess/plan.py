"""A plan: the therapies that somebody means to give, checked together beside what the patient takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Unpack

from guidegraph.assess import assessing
from guidegraph.assess.assessment import ABSOLUTE, CAUTIONED, FOR, TRUE, UNKNOWN, Assessment
from guidegraph.assess.families import Interventions
from guidegraph.assess.problem import problem
from guidegraph.assess.warned import harms, holding
from guidegraph.derived import AttachedCondition, Bearing, Doubled, Plan, PlanChange, Planned
from guidegraph.errors import UsageError
from guidegraph.forms import MadeFrom
from guidegraph.knowledge import describe
from guidegraph.knowledge.opened import Knowledge
from guidegraph.knowledge.records import gg
from guidegraph.model import Profile

Assess = Callable[[Profile], Assessment]
#: Therapies of a plan.
MOST = 40
_TAKES = gg("takesMedication")


@dataclass(frozen=True)
class Choice:
    """A therapy of a plan: its IRI in answers, and the classes of ours that whoever has it has."""

    iri: str
    classes: tuple[str, ...]


def _choices(knowledge: Knowledge, texts: Iterable[str]) -> list[Choice]:
    """The therapies of a plan, each once, by label, synonym, CURIE, IRI or code.

    Raises:
        TermError: a text names no intervention, or more than one.
    """
    found: dict[str, Choice] = {}
    for text in texts:
        reading = assessing.coded_therapy(knowledge, text)
        if reading is not None:
            ours = reading.iri in knowledge.vocabulary.by_iri
            one = Choice(reading.iri, (reading.iri,) if ours else tuple(knowledge.kinds(reading)))
        else:
            iri = knowledge.vocabulary.resolve(text, ("intervention",))
            one = Choice(iri, (iri,))
        found.setdefault(one.iri, one)
    return list(found.values())


def planned(
    knowledge: Knowledge, profile: Profile, therapies: Sequence[str], **asked: Unpack[assessing.Asking]
) -> Plan:
    """What becomes of therapies that are given together to a patient whose implications are applied; see :func:`plan`.

    Raises:
        TermError: a text names no intervention, or more than one.
        UsageError: as :func:`guidegraph.assess.assessing.asked`; or the plan has too many therapies.
    """
    # Each is judged beside all others, which takes an assessment each: hundreds would keep a server busy for minutes.
    if len(set(therapies)) > MOST:
        raise UsageError(
            f"a plan has at most {MOST} therapies, and this one has {len(set(therapies))}", mend="Leave some out."
        )
    before = assessing.asked(knowledge, profile, therapies, **asked)
    made_from = knowledge.made_from(before.profile, before.linked.values())
    return plan(before, _choices(knowledge, therapies), assessing.again(knowledge, before), made_from)


def plan(before: Assessment, chosen: Sequence[Choice], assess: Assess, made_from: MadeFrom) -> Plan:
    """What becomes of therapies that are given together, in the published JSON form (schema/plan.schema.json).

    Each is judged as if the others were taken now; everything else as if all were.

    Args:
        before: the assessment without the plan.
        chosen: the therapies of the plan, each once.
        assess: assesses a changed profile in the same way.
        made_from: what reproduces it.
    """
    return _Planner(before, chosen, assess).plan(made_from)


class _Planner:
    def __init__(self, before: Assessment, chosen: Sequence[Choice], assess: Assess) -> None:
        self._before, self._chosen, self._assess, self._records = before, chosen, assess, before.records
        self._known = Interventions.of(before.records)
        held = before.profile.present.get(_TAKES, frozenset())
        mine = {cls for one in chosen for cls in one.classes}
        self._taken = [Choice(cls, (cls,)) for cls in sorted(held - mine)]

    def plan(self, made_from: MadeFrom) -> Plan:
        before, chosen = self._before, self._chosen
        whole = self._with(chosen)
        rows = [self._row(one, self._with([c for c in chosen if c != one]), False) for one in chosen]
        rows += [row for one in self._taken if (row := self._row(one, whole, True))["held"] or row["open"]]
        apart = {one.iri for one in (*chosen, *self._taken)}
        changes: list[PlanChange] = [
            {
                "intervention": before.name(therapy),
                "label": before.records.label(therapy),
                "before": status,
                "after": whole.statuses[therapy],
            }
            for therapy, status in before.statuses.items()
            if therapy not in apart and whole.statuses[therapy] != status
        ]
        return {
            "as_of": before.as_of.isoformat(),
            "profile": {"id": before.profile.id, "label": before.profile.label},
            "problem": problem(before),
            "therapies": rows,
            "doubled": list(self._doubled()),
            "changes": sorted(changes, key=lambda row: (row["label"], row["intervention"])),
            "made_from": made_from,
        }

    def _with(self, others: Sequence[Choice]) -> Assessment:
        """The assessment of the patient who takes some therapies beside what is taken already."""
        if not others:
            return self._before
        profile = self._before.profile
        given = {part for one in others for cls in one.classes for part in self._known.parts(cls)}
        above = {up for cls in given for up in self._known.above(cls)}
        taken = {**profile.present, _TAKES: profile.present.get(_TAKES, frozenset()) | given}
        # What the patient does not take now is no word on what is planned.
        denied = {**profile.absent, _TAKES: profile.absent.get(_TAKES, frozenset()) - above}
        return self._assess(replace(profile, present=taken, absent=denied))

    def _row(self, one: Choice, after: Assessment, taken: bool) -> Planned:
        before, others = self._before, [c for c in self._chosen if c != one]
        held, opened = [], []
        for role in (ABSOLUTE, CAUTIONED):
            for statement in after.statements(one.iri, role):
                row = self._bearing(statement, after, others)
                if after.truth(statement) == TRUE and (row["new"] or not taken):
                    held.append(row)
                elif after.truth(statement) == UNKNOWN and row["by"]:
                    opened.append(row)
        limits = after.limits.get(one.iri, frozenset()) if not taken else frozenset()
        return {
            "intervention": before.name(one.iri),
            "label": self._records.label(one.iri),
            "taken": taken,
            "before": before.statuses.get(one.iri),
            "after": after.statuses.get(one.iri),
            "held": _ordered(held),
            "open": _ordered(opened),
            "not_tolerated": harms(after, one.iri),
            "limits": sorted(self._records.label(s) for s in limits if after.truth(s) == TRUE),
            "conditions": [] if taken else list(self._conditions(one, after)),
        }

    def _bearing(self, statement: str, after: Assessment, others: Iterable[Choice]) -> Bearing:
        records = self._records
        spoken = self._spoken(records.criterion(statement), frozenset())
        kind = records.code(records.one(statement, "kind"), "")
        return {
            "id": describe.name(statement),
            "label": records.label(statement),
            "kind": kind,
            "source": records.label(records.one(statement, "statedIn")),
            "new": self._before.truth(statement) != after.truth(statement),
            "by": sorted({records.label(c.iri) for c in others if self._bears(c, spoken)}),
            "because": holding(after, statement) if after.truth(statement) == TRUE else "",
            "facts": sorted({after.book.fact(after.atom(a)).label for a in after.open_atoms(statement)}),
        }

    def _spoken(self, population: str, seen: frozenset[str]) -> set[str]:
        """The drugs whose taking a population asks for, through populations that it names."""
        found: set[str] = set()
        for branch in self._records.branches.get(population, ()):
            for iri, positive in branch:
                atom = self._before.atom(iri)
                if atom.names and atom.names not in seen:
                    found |= self._spoken(atom.names, seen | {population})
                elif positive and atom.prop == _TAKES:
                    found.add(atom.cls)
        return found

    def _bears(self, one: Choice, spoken: Iterable[str]) -> bool:
        """Whether a therapy, or a part of it, is or may be a drug that is spoken of."""
        mine = [part for cls in one.classes for part in self._known.parts(cls)]
        return any(cls in self._known.above(part) or part in self._known.above(cls) for cls in spoken for part in mine)

    def _conditions(self, one: Choice, after: Assessment) -> Iterable[AttachedCondition]:
        """The conditions that the true recommendations attach, with what of the plan meets each."""
        records = self._records
        for statement in after.statements(one.iri, FOR):
            for condition in records.all(statement, "attachedCondition") if after.truth(statement) == TRUE else ():
                wanted = self._known.meeting.get(condition, ())
                met = [
                    records.label(other.iri)
                    for other in (*self._chosen, *self._taken)
                    if other != one and not self._kin(one, other) and any(self._is(other, cls) for cls in wanted)
                ]
                yield {
                    "condition": records.label(condition),
                    "statement": records.label(statement),
                    "met_by": sorted(set(met)),
                }

    def _is(self, one: Choice, cls: str) -> bool:
        return any(cls in self._known.above(part) for own in one.classes for part in self._known.parts(own))

    def _kin(self, one: Choice, other: Choice) -> bool:
        above = self._known.above
        return any(b in above(a) or a in above(b) for a in one.classes for b in other.classes)

    def _doubled(self) -> Iterable[Doubled]:
        everything = [*self._chosen, *self._taken]
        for one, other in combinations(everything, 2):
            if one in self._taken:
                continue
            for how, classes in (("class", self._shared(one, other)), ("part", self._common(one, other))):
                names = sorted({self._records.label(cls) for cls in classes})
                if names:
                    a, b = sorted((self._records.label(one.iri), self._records.label(other.iri)))
                    yield {"a": a, "b": b, "how": how, "of": ", ".join(names)}
                    break

    def _shared(self, one: Choice, other: Choice) -> set[str]:
        """The lowest classes that two therapies have in common, categories such as drugs left out."""
        sets = [{up for cls in c.classes for up in self._known.above(cls)} for c in (one, other)]
        common = {cls for cls in sets[0] & sets[1] if cls not in self._known.wide}
        return {cls for cls in common if not any(cls != low and cls in self._known.above(low) for low in common)}

    def _common(self, one: Choice, other: Choice) -> set[str]:
        """The parts that one has and the other is, has or is a kind of."""
        sets = [{part for cls in c.classes for part in self._known.parts(cls)} for c in (one, other)]
        above = self._known.above
        pairs = ((a, b) for a in sets[0] for b in sets[1] if (a, b) != (one.iri, other.iri))
        found = {b if b in above(a) else a for a, b in pairs if b in above(a) or a in above(b)}
        return {cls for cls in found if not any(cls != low and cls in above(low) for low in found)}


def _ordered(rows: list[Bearing]) -> list[Bearing]:
    order = {"absolute": 0, "relative": 1}
    return sorted(rows, key=lambda row: (not row["new"], order.get(row["kind"], 2), row["label"], row["id"]))
