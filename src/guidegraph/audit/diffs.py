"""Two versions of what is recommended, compared: what was added, ended and changed, and whose statuses that moves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import NotRequired, TypedDict

from guidegraph.assess.assessing import assess
from guidegraph.audit.differing import ASPECTS, Change, changes, gap
from guidegraph.audit.matching import (
    Meant,
    Version,
    codes,
    matched,
    meant_alike,
    meant_words,
    name_of,
    on_the_same,
    stated,
    turned,
)
from guidegraph.audit.releases import moved_statuses
from guidegraph.derived import MovedStatus
from guidegraph.errors import GuideGraphError, UsageError
from guidegraph.forms import MadeFrom
from guidegraph.knowledge import describe
from guidegraph.knowledge.branch import Branch, Held
from guidegraph.knowledge.normal import Union
from guidegraph.model import POSITIVE, Profile, StopFact, TrialFact
from guidegraph.profile.problems import titled
from guidegraph.readforms import Named
from guidegraph.termreadings import HIGHEST, LOWEST, Bound

#: Profiles that are made from what changed, at most.
_GENERATED = 40
#: The status of what nothing recommends to a patient.
_NOTHING = "not-indicated"
#: Criteria that the title of such a profile names before it counts the rest.
_CRITERIA = 4
_HALF = Decimal("0.5")
_ENDS = {"supersededBy": "superseded by", "supersededOn": "superseded on", "withdrawnOn": "withdrawn on"}


class Side(TypedDict):
    """A statement of one of the versions, with whom it means."""

    id: str
    label: str
    stance: str
    strength: str
    certainty: str
    whom: str


class Entry(TypedDict):
    """A statement that was added, ended or changed; ``beside``: what the other version has on the same intervention."""

    aspect: str
    kind: str
    about: list[str]
    was: Side | None
    now: Side | None
    changes: list[Change]
    beside: list[str]


class Group(TypedDict):
    """What differs at most in one aspect, in the order of what matters most."""

    aspect: str
    heading: str
    entries: list[Entry]


class MovedFor(TypedDict):
    """One patient whose statuses moved; ``made`` says that the profile was made from what changed."""

    profile: str
    made: bool
    therapies: list[MovedStatus]
    error: NotRequired[str]


class Move(Named):
    """A therapy whose status moved alike for some patients; ``by`` are the statements that bear on it in one only."""

    was: str
    now: str
    patients: int
    by: list[str]


class PatientsMoved(TypedDict):
    """Whose statuses moved, of how many patients; ``moves`` gathers them, what the versions speak of itself first."""

    examples: int
    generated: int
    moved: int
    moves: list[Move]
    patients: list[MovedFor]


class OneVersion(TypedDict):
    """A version: its name, the day at which it is asked, its documents and how many statements it has."""

    name: str
    day: str
    documents: list[str]
    statements: int


class PublishedDiff(TypedDict):
    """Two versions compared (schema/diff.schema.json)."""

    old: OneVersion
    new: OneVersion
    groups: list[Group]
    unchanged: int
    documents: list[str]
    note: str | None
    patients: PatientsMoved | None
    made_from: MadeFrom


def diff(old: Version, new: Version, profiles: Sequence[tuple[str, Profile]] | None) -> PublishedDiff:
    """What differs between two versions, in the published form.

    Args:
        old: the earlier version.
        new: the later one.
        profiles: patients by title whose statuses are compared, beside those made from what changed; none if None.

    Raises:
        UsageError: a version states nothing.
    """
    for version in (old, new):
        if not version.statements:
            raise UsageError(
                "none of its statements is in the graph, so that nothing can be told of what it keeps or gives up",
                where=version.name,
                mend="Name a version with statements; guidegraph trace shows what a document has.",
            )
    pairs, ended, added = matched(old, new)
    pairs += turned(old, new, ended, added)
    meant = meant_alike(old, new)
    entries: list[Entry] = []
    touched: list[tuple[str, str]] = []
    unchanged = 0
    for was, now in pairs:
        found = changes(old, new, was, now, meant)
        if found:
            entries.append(_entry(old, new, was, now, found))
            touched += [(was, now)] if found[0]["aspect"] != "wording" else []
        else:
            unchanged += 1
    entries += [_entry(old, new, was, "", []) for was in ended]
    entries += [_entry(old, new, "", now, []) for now in added]
    touched += [*((was, "") for was in ended), *(("", now) for now in added)]
    headings = ASPECTS if set(old.documents) & set(new.documents) else ASPECTS | _APART
    groups: list[Group] = [
        {"aspect": aspect, "heading": heading if acts else f"{heading} ({_BESIDE})", "entries": rows}
        for acts in (True, False)
        for aspect, heading in headings.items()
        if (rows := sorted((e for e in entries if e["aspect"] == aspect and (e["kind"] in _KINDS) is acts), key=_order))
    ]
    return {
        "old": _version(old),
        "new": _version(new),
        "groups": groups,
        "unchanged": unchanged,
        "documents": [*_documents(old, new), *_meant(new, meant)],
        "note": None if headings is ASPECTS else _NOTE,
        "patients": None if profiles is None else _patients(old, new, profiles, touched),
        "made_from": new.knowledge.made_from(),
    }


def _meant(new: Version, meant: Meant) -> Iterator[str]:
    for prop, rows in meant.items():
        was, now = meant_words(rows)
        told = f"{was or 'not stated'} before, now {now or 'not stated'}"
        yield f"threshold of all recommendations, told here only: {new.knowledge.phrases.label(prop)}: {told}"


def _version(version: Version) -> OneVersion:
    return {
        "name": version.name,
        "day": version.day.isoformat(),
        "documents": [describe.name(d) for d in version.documents],
        "statements": len(version.statements),
    }


#: Kinds of statements in the order in which they are told.
_KINDS = ("recommendation", "contraindication", "alert", "flag to weigh", "comparison")
_BESIDE = "evidence and background"
#: Of two documents, what one does not say the other need not have given up: it may not have been asked there.
_APART = {"added": "Only in the later one", "ended": "Only in the earlier one"}
_NOTE = (
    "These are two documents: what only the earlier one says was given up, is not taken up in the later one, or is not"
    " written down here of it; the graph does not say which."
)


def _order(entry: Entry) -> tuple[object, ...]:
    side = entry["now"] or entry["was"]
    assert side is not None
    rank = _KINDS.index(entry["kind"]) if entry["kind"] in _KINDS else len(_KINDS)
    return (rank, entry["kind"], entry["about"], side["label"], side["id"])


def _entry(old: Version, new: Version, was: str, now: str, found: list[Change]) -> Entry:
    version, statement = (new, now) if now else (old, was)
    kind = version.kind(statement).rpartition("/")[2]
    about = [version.records.label(i) for i in version.records.all(statement, "intervention")]
    return {
        "aspect": found[0]["aspect"] if found else "added" if now else "ended",
        "kind": "".join(f" {c.lower()}" if c.isupper() else c for c in kind).strip(),
        "about": about,
        "was": _side(old, was) if was else None,
        "now": _side(new, now) if now else None,
        "changes": found,
        "beside": [] if found else _beside(old if now else new, version, statement),
    }


def _side(version: Version, statement: str) -> Side:
    told = codes(version.records, statement)
    return {
        "id": describe.name(statement),
        "label": name_of(version, statement),
        "stance": told["stance"] or told["kind"],
        "strength": told["strength"],
        "certainty": told["certainty"],
        "whom": version.whom(version.population(statement)),
    }


def _beside(other: Version, version: Version, statement: str) -> list[str]:
    """What the other version says on the same intervention, or else on one above or below it: what is new to it need
    not be new to the subject."""
    wanted = set(version.records.all(statement, "intervention"))
    near = [s for s in other.statements if on_the_same(other, version, s, statement)]
    rows = [s for s in near if wanted & set(other.records.all(s, "intervention"))] or near
    told = (f"{codes(other.records, s)['stance']}: {name_of(other, s)}".removeprefix(": ") for s in rows)
    return sorted(told)


def _documents(old: Version, new: Version) -> Iterator[str]:
    """What differs of the documents: those that came and went, and dates and states of those in both."""
    if len(old.documents) == len(new.documents) == 1 and old.documents != new.documents:
        (a,), (b,) = old.documents, new.documents
        yield f"the earlier one issued {old.records.issued(a)}, the later one {new.records.issued(b)}"
        for version, document, word in ((old, a, "the earlier one"), (new, b, "the later one")):
            ends = ((name, stated(version.records, document, prop)) for prop, name in _ENDS.items())
            yield from (f"{word} {name} {told}" for name, told in ends if told)
        return
    both = set(old.documents) & set(new.documents)
    yield from (f"no longer there: {old.records.label(d)}" for d in sorted(set(old.documents) - both))
    yield from (f"new: {new.records.label(d)}" for d in sorted(set(new.documents) - both))
    for document in sorted(both):
        name = f"{new.records.label(document)}: " if len(both) > 1 else ""
        rows = [("issued", old.records.issued(document), new.records.issued(document))]
        rows += [(w, stated(old.records, document, p), stated(new.records, document, p)) for p, w in _ENDS.items()]
        moved = (row for row in rows if row[1] != row[2])
        yield from (f"{name}{word} {was or 'nothing'} before, {now or 'nothing'} now" for word, was, now in moved)


# ---------------------------------------------------------------- whose patients


def _patients(
    old: Version, new: Version, profiles: Sequence[tuple[str, Profile]], touched: Sequence[tuple[str, str]]
) -> PatientsMoved:
    made = generated(old, new, touched)
    stated = {describe.name(one) for v in (old, new) for one in v.statements}
    spoken = {describe.name(i) for v in (old, new) for s in v.statements for i in v.records.all(s, "intervention")}
    rows: list[MovedFor] = []
    examples = 0
    asked = [*((title, one, False) for title, one in profiles), *((title, one, True) for title, one in made)]
    for title, one, is_made in asked:
        try:
            was, now = (
                {t: assess(v.alone, p, v.day) for t, p in titled(one, v.alone.vocabulary, title).items()}
                for v in (old, new)
            )
        except GuideGraphError as error:
            rows.append({"profile": title, "made": is_made, "therapies": [], "error": str(error)})
            continue
        titles = sorted(was.keys() & now.keys())
        examples += 0 if is_made else len(titles)
        for name in titles:
            moved = [_told(row, stated) for row in moved_statuses(was[name], now[name])]
            # A therapy that a version does not know has no claim on anybody there: nothing moves where nothing held.
            moved = [row for row in moved if row["was"] != row["now"]]
            moved.sort(key=lambda row: (*_weight(row["intervention"], row["was"], row["now"], spoken), row["label"]))
            if moved:
                rows.append({"profile": name, "made": is_made, "therapies": moved})
    return {
        "examples": examples,
        "generated": len(made),
        "moved": sum(bool(row["therapies"]) for row in rows),
        "moves": _moves(rows, spoken),
        "patients": rows,
    }


def _told(row: MovedStatus, stated: Collection[str]) -> MovedStatus:
    by = [one for one in row["by"] if one in stated]
    return {**row, "was": row["was"] or _NOTHING, "now": row["now"] or _NOTHING, "by": by}


def _moves(rows: Sequence[MovedFor], spoken: Collection[str]) -> list[Move]:
    """The moves: what the versions speak of first, then what turned, what is no longer recommended, and the rest."""
    found: dict[tuple[str, str, str], Move] = {}
    for row in (one for patient in rows for one in patient["therapies"]):
        was, now = row["was"] or _NOTHING, row["now"] or _NOTHING
        move = found.setdefault(
            (row["intervention"], was, now),
            {"id": row["intervention"], "label": row["label"], "was": was, "now": now, "patients": 0, "by": []},
        )
        move["patients"] += 1
        move["by"] = sorted({*move["by"], *row["by"]})

    def key(move: Move) -> tuple[object, ...]:
        weight = _weight(move["id"], move["was"], move["now"], spoken)
        return (*weight, -move["patients"], move["label"], move["was"], move["now"])

    return sorted(found.values(), key=key)


def _weight(therapy: str, was: str | None, now: str | None, spoken: Collection[str]) -> tuple[bool, int]:
    """What the versions speak of first; within it what turned, then what is no longer recommended, then the rest."""
    turned = 0 if _NOTHING not in (was, now) else 1 if was in POSITIVE else 2
    return (therapy not in spoken, turned)


def generated(old: Version, new: Version, touched: Sequence[tuple[str, str]]) -> list[tuple[str, Profile]]:
    """Patients made from what changed, by a title: one that fits each branch of a population, and of who came and went.

    Numbers stand at the bound that lets the patient in; what is not named is unknown.
    """
    found: dict[str, tuple[str, Profile]] = {}
    for was, now in touched:
        before, after = old.population(was) if was else (), new.population(now) if now else ()
        unions: list[Union] = [gap(new, after, before), gap(new, before, after)] if before and after else []
        for branch in (one for union in (*unions, after, before) for one in union[:3]):
            key, made = repr(branch.literals()), fitting(branch)
            if key in found or len(found) == _GENERATED:
                continue
            try:
                new.alone.profile(made)
                old.alone.profile(made)
            except GuideGraphError:
                continue
            title = f"patient {len(found) + 1} ({new.whom((branch,), _CRITERIA)})"
            found[key] = (title, replace(made, id=f"patient-{len(found) + 1}"))
    return list(found.values())


def fitting(branch: Branch) -> Profile:
    """A patient who fits a branch, and of whom nothing else is known."""

    def classes(held: Iterable[Held]) -> dict[str, frozenset[str]]:
        table: dict[str, set[str]] = defaultdict(set)
        for prop, cls in held:
            if prop:
                table[prop].add(cls)
        return {prop: frozenset(all_of) for prop, all_of in table.items()}

    trials, stops = set[TrialFact](), set[StopFact]()
    for event in branch.events:
        number = _within(event.low, event.high) if event.bounded else None
        if event.prop.endswith("hasTrial"):
            trials.add(TrialFact(event.cls, event.outcome or None, number))
        else:
            stops.add(StopFact(event.cls, number))
    return Profile(
        present=classes(branch.has),
        absent=classes(branch.lacks),
        values={known.prop: _within(known.low, known.high) for known in branch.ranges if known.valued},
        trials_present=frozenset(trials),
        stops_present=frozenset(stops),
    )


def _within(low: Bound, high: Bound) -> Decimal:
    """A number of an interval: at its lower bound where that is in it, else at its upper, else between."""
    if low > LOWEST and not low[1]:
        return low[0]
    if high < HIGHEST:
        top = high[0] if high[1] else high[0] - _HALF
        return top if top >= 0 and (top, 0) >= low else (max(low[0], Decimal(0)) + high[0]) / 2
    return max(low[0], Decimal(0)) + _HALF if low > LOWEST else Decimal(0)
