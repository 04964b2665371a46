"""How one statement differs between two versions, in a methodologist's words: side, threshold, patients, strength."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypedDict

from guidegraph import namespaces as ns
from guidegraph.audit.matching import Meant, Version, codes, compare_populations, meant_words, stated, without
from guidegraph.disagree.words import Simplest, simplest
from guidegraph.knowledge import describe
from guidegraph.knowledge.branch import Branch, Event, Held, Literal, Range
from guidegraph.knowledge.normal import DISJOINT, OVERLAPS, SAME, Union
from guidegraph.knowledge.phrases import joined, range_words

#: What may differ, gravest first, with the heading of what differs so at most.
ASPECTS = {
    "reversed": "Reversed",
    "stance": "Another side",
    "added": "Added",
    "ended": "Ended",
    "threshold": "Threshold moved",
    "population": "Other patients",
    "intervention": "Other intervention",
    "strength": "Strength or certainty changed",
    "finding": "Other finding",
    "how": "How it is given, for what, in which line",
    "evidence": "Other evidence",
    "dates": "Dates",
    "scope": "Threshold of all recommendations moved",
    "wording": "Wording and place only",
}
_VERBS = {
    "for": "recommended",
    "against": "advised against",
    "insufficient-evidence": "evidence found insufficient",
    "no-recommendation": "no recommendation made",
}
_HOW = {
    "dose": "dose",
    "route": "route",
    "duration": "duration",
    "urgency": "urgency",
    "coPrescription": "given together with",
    "monitoring": "monitoring",
    "line": "line of therapy",
    "outcome": "outcome",
    "horizon": "time",
    "comparator": "compared with",
    "callsFor": "calls for",
    "jurisdiction": "country",
    "consentOrProcedure": "bound to consent or procedure",
    "monotherapy": "alone",
    "membersNotNamed": "names no member of its class",
}
_FINDING = {"benefitOrHarm": "benefit or harm", "effect": "effect", "value": "value", "finds": "finds"}
#: Properties whose values are sentences.
_FREE = {"effect", "value", "dose", "duration", "monitoring"}
_EVIDENCE = {"restsOn": "rests on", "primaryStatement": "tells of", "reports": "reports"}
_WORDING = {
    "strengthWording": "strength in its words",
    "populationWording": "patients in its words",
    "certaintyWording": "certainty in its words",
    "kindWording": "kind in its words",
    "reason": "reason",
}
#: Conjunctions beyond which a difference of populations is not worked out: it could not be told either.
_MOST = 16
#: Criteria that a sentence names before it counts the rest.
_CRITERIA = 4


class Change(TypedDict):
    """One thing that differs: which aspect, a sentence, and what it was and is in words, "" where there was nothing."""

    aspect: str
    text: str
    was: str
    now: str


class _Pair(NamedTuple):
    old: Version
    new: Version
    was: str
    now: str
    meant: Meant


def changes(old: Version, new: Version, was: str, now: str, meant: Meant | None = None) -> list[Change]:
    """What differs between a statement of the earlier version and its heir, gravest first.

    Args:
        old: the earlier version.
        new: the later one.
        was: the statement.
        now: its heir.
        meant: whom all recommendations of each version mean, which is apart from what changed of this one.
    """
    pair = _Pair(old, new, was, now, meant or {})
    rows = [*_sides(pair), *_patients(pair), *_intervention(pair), *_grades(pair), *_listed(pair), *_dates(pair)]
    return sorted(rows + list(_wordings(pair)), key=lambda row: list(ASPECTS).index(row["aspect"]))


def _change(aspect: str, text: str, was: str = "", now: str = "") -> Change:
    return {"aspect": aspect, "text": text, "was": was, "now": now}


def _moved(aspect: str, name: str, was: str, now: str) -> Change:
    if not was:
        return _change(aspect, f"{name}: now {now}, not stated before", was, now)
    if not now:
        return _change(aspect, f"{name}: no longer stated, {was} before", was, now)
    return _change(aspect, f"{name}: from {was} to {now}", was, now)


def _sides(pair: _Pair) -> Iterator[Change]:
    a, b = codes(pair.old.records, pair.was), codes(pair.new.records, pair.now)
    if a["stance"] != b["stance"]:
        was, now = (_VERBS.get(c["stance"], c["stance"] or "no side taken") for c in (a, b))
        turned = {a["stance"], b["stance"]} == {"for", "against"}
        yield _change("reversed" if turned else "stance", f"{now} now, {was} before", a["stance"], b["stance"])
    if a["kind"] != b["kind"]:
        yield _moved("stance", "kind", a["kind"], b["kind"])


def _grades(pair: _Pair) -> Iterator[Change]:
    a, b = codes(pair.old.records, pair.was), codes(pair.new.records, pair.now)
    for name in ("strength", "certainty"):
        if a[name] != b[name] and {a[name], b[name]} != {"", "none stated"}:
            yield _moved("strength", name, a[name], b[name])


def _intervention(pair: _Pair) -> Iterator[Change]:
    a, b = pair.old.records.all(pair.was, "intervention"), pair.new.records.all(pair.now, "intervention")
    if set(a) == set(b) or not a or not b:
        return
    was, now = (joined(sorted(map(v.records.label, s))) for v, s in ((pair.old, a), (pair.new, b)))
    above = pair.new.records.ancestors
    if all(any(y in above.get(x, ()) for y in a) for x in b):
        how = "narrower: a kind of what it spoke of"
    elif all(any(x in above.get(y, ()) for x in b) for y in a):
        how = "wider: what it spoke of is a kind of it"
    else:
        how = "neither is a kind of the other"
    yield _change("intervention", f"speaks of {now}, before of {was} ({how})", was, now)


# ---------------------------------------------------------------- patients


def _patients(pair: _Pair) -> Iterator[Change]:
    apart = {literal for rows in pair.meant.values() for literal in rows if literal is not None}
    was, now = (without(v.population(s), apart) for v, s in _both(pair))
    yield from _scopes(pair)
    grade = compare_populations(pair.new, was, now)
    if grade != SAME:
        before, after = simplest(was), simplest(now)
        rows = list(_criteria(pair, before, after))
        rest = "; ".join(row["text"] for row in rows if row["aspect"] != "threshold")
        relation = _relation(pair, grade, was, now)
        # Who is in or out says what became of the criteria already.
        named = grade == DISJOINT or "now: " in relation
        told = relation if named or not rest else f"{relation}; {rest}"
        yield from (row for row in rows if row["aspect"] == "threshold")
        yield _change("population", told, pair.old.whom(was), pair.new.whom(now))
    a, b = stated(pair.old.records, pair.was, "indication"), stated(pair.new.records, pair.now, "indication")
    if a != b and (a and b):
        yield _moved("population", "indication", a, b)
    for name, word in (("attachedCondition", "holds only with"), ("onlyWithout", "holds only without")):
        a, b = stated(pair.old.records, pair.was, name), stated(pair.new.records, pair.now, name)
        if a != b:
            yield _moved("population", word, a, b)


def _scopes(pair: _Pair) -> Iterator[Change]:
    """What moved for all recommendations, and so for this one, where it asks for it in both versions."""
    asked = [{one for branch in v.population(s) for one in branch.literals()} for v, s in _both(pair)]
    for prop, rows in pair.meant.items():
        if all(one is None or one in held for one, held in zip(rows, asked, strict=True)):
            was, now = meant_words(rows)
            name = pair.new.knowledge.phrases.label(prop)
            yield _change("scope", f"{name}: {was or 'not stated'} before, now {now or 'not stated'}", was, now)


def _relation(pair: _Pair, grade: str, was: Union, now: Union) -> str:
    """How the patients relate, with who is in now that was not, and who is out."""
    gained = lost = ""
    if grade in ("wider", OVERLAPS):
        gained = difference(pair.new, now, was)
    if grade in ("narrower", OVERLAPS):
        lost = difference(pair.new, was, now)
    told = {
        "narrower": "Narrower: fewer patients",
        "wider": "Wider: more patients",
        OVERLAPS: "Shifted: some come, some go",
        DISJOINT: "None of the patients it meant before",
    }[grade]
    if grade == DISJOINT:
        return f"{told}: now {pair.new.whom(now, _CRITERIA)}, before {pair.old.whom(was, _CRITERIA)}"
    told += f"; in now: {gained}" if gained else ""
    return told + (f"; out now: {lost}" if lost else "")


def gap(version: Version, one: Union, other: Union) -> Union:
    """Who fits one population and not the other; nobody where that cannot be told in few words."""
    forms = version.knowledge.disagreement.grader.forms
    left = one if max(len(one), len(other)) <= _MOST else ()
    for branch in other if left else ():
        left = forms.conjoin(left, forms.complement((branch,)))
        if len(left) > _MOST:
            return ()
    return forms.meet(left, (Branch(),))


def difference(version: Version, one: Union, other: Union) -> str:
    """Who fits one population and not the other, in words; "" where that cannot be told in few words."""
    union = gap(version, one, other)
    if not union:
        return ""
    phrases = version.knowledge.phrases
    # What the first asks for anyway is told already: the reader wants what makes the difference.
    known = {literal for branch in one for literal in branch.literals()}
    told: dict[str, None] = {}
    for branch in union:
        own = [literal for literal in branch.literals() if literal not in known]
        if not own:
            return version.whom(union, _CRITERIA)
        people = next((literal for literal in own if phrases.is_person(literal)), None)
        person = phrases.positive(people[0]) if people else "those"
        rest = [literal for literal in own if literal != people]
        held, lacked = ([phrases.positive(what) for what, side in rest if side is which] for which in (True, False))
        text = person + (f" with {joined(held)}" if held else "")
        told[text + (f"{' but' if held else ''} without {joined(lacked, 'or')}" if lacked else "")] = None
    shown = list(told)[:_CRITERIA]
    return "; ".join(shown) + (f"; and {len(told) - len(shown)} further groups" if len(told) > len(shown) else "")


def _criteria(pair: _Pair, was: Simplest, now: Simplest) -> Iterator[Change]:
    """Thresholds that moved, and criteria that came and went."""
    old, new = pair.old.knowledge.phrases, pair.new.knowledge.phrases
    gone = [one for one in was.shared if one not in now.shared]
    come = [one for one in now.shared if one not in was.shared]
    for one in list(gone):
        heir = next((other for other in come if _same_number(one, other)), None)
        if heir is None:
            continue
        gone.remove(one)
        come.remove(heir)
        yield _threshold(pair, one, heir)
    for one in list(gone):
        kin = next((other for other in come if _kin(pair.new, one, other)), None)
        if kin is None:
            continue
        gone.remove(one)
        come.remove(kin)
        yield _change("population", f"{new.literal(kin)} in place of {old.literal(one)}")
    for literals, phrases, held, lacked in (
        (gone, old, "no longer asks for", "no longer excludes"),
        (come, new, "now asks for", "now excludes"),
    ):
        for word, positive in ((held, True), (lacked, False)):
            told = [phrases.positive(what) for what, side in literals if side is positive]
            if told:
                yield _change("population", f"{word} {joined(told)}")
    lost, found = ([f for f in one.factors if f not in other.factors] for one, other in ((was, now), (now, was)))
    for word, factors, phrases in (("no longer asks for", lost, old), ("now asks for", found, new)):
        for factor in factors:
            choices = [joined([phrases.literal(one) for one in choice]) for choice in factor.choices]
            yield _change("population", f"{word} one of: {'; '.join(choices)}")


def _same_number(one: Literal, other: Literal) -> bool:
    (a, x), (b, y) = one, other
    if x != y:
        return False
    if isinstance(a, Range) and isinstance(b, Range):
        return a.prop == b.prop and a.valued and b.valued
    same = isinstance(a, Event) and isinstance(b, Event) and (a.prop, a.cls, a.outcome) == (b.prop, b.cls, b.outcome)
    return same and isinstance(a, Event) and isinstance(b, Event) and a.bounded and b.bounded


def _threshold(pair: _Pair, one: Literal, heir: Literal) -> Change:
    (a, _), (b, _) = one, heir
    assert isinstance(a, Range | Event) and isinstance(b, Range | Event)
    was, now = range_words(a.low, a.high), range_words(b.low, b.high)
    if isinstance(a, Range):
        name = pair.new.knowledge.phrases.label(a.prop)
    else:
        name = f"{'trial of' if a.prop.endswith('hasTrial') else 'stopped'} {pair.new.records.label(a.cls)}"
    return _change("threshold", f"{name}: {was} before, now {now}", was, now)


def _kin(version: Version, one: Literal, other: Literal) -> bool:
    """Whether two criteria are one, of which the later names a wider or narrower class."""
    (a, x), (b, y) = one, other
    if x != y:
        return False
    logic = version.knowledge.disagreement.grader.forms.logic
    if isinstance(a, Held) and isinstance(b, Held):
        return logic.covers(a, b) or logic.covers(b, a)
    if isinstance(a, Event) and isinstance(b, Event) and a.prop == b.prop:
        above = logic.above
        return a.cls in above.get(b.cls, (b.cls,)) or b.cls in above.get(a.cls, (a.cls,))
    return False


# ---------------------------------------------------------------- the rest


def _listed(pair: _Pair) -> Iterator[Change]:
    for aspect, table in (("how", _HOW), ("finding", _FINDING)):
        for prop, name in table.items():
            a, b = stated(pair.old.records, pair.was, prop), stated(pair.new.records, pair.now, prop)
            if a != b:
                quoted = '"{}"' if prop in _FREE else "{}"
                yield _moved(aspect, name, quoted.format(a) if a else "", quoted.format(b) if b else "")
    for prop, name in _EVIDENCE.items():
        was, now = ({v.records.label(d) for d in v.records.all(s, prop)} for v, s in _both(pair))
        told = [f"no longer {name} {joined(sorted(was - now))}"] if was - now else []
        told += [f"now {name} {joined(sorted(now - was))}"] if now - was else []
        if told:
            yield _change("evidence", "; ".join(told), "; ".join(sorted(was)), "; ".join(sorted(now)))


def _both(pair: _Pair) -> Sequence[tuple[Version, str]]:
    return (pair.old, pair.was), (pair.new, pair.now)


def _dates(pair: _Pair) -> Iterator[Change]:
    for prop, name in ((ns.DCTERMS + "issued", "issued"),):
        a, b = ("; ".join(v.records.nodes.get(s, {}).get(prop, ())) for v, s in _both(pair))
        if a != b:
            yield _moved("dates", name, a, b)
    for name in ("supersededOn", "withdrawnOn", "supersededBy"):
        a, b = (stated(v.records, s, name) for v, s in _both(pair))
        if a != b:
            yield _moved("dates", describe.name(ns.GG + name).partition(":")[2], a, b)


def _wordings(pair: _Pair) -> Iterator[Change]:
    a, b = (v.records.label(s) for v, s in _both(pair))
    if a != b:
        yield _moved("wording", "in our words", f'"{a}"', f'"{b}"')
    for prop, name in _WORDING.items():
        a, b = (stated(v.records, s, prop) for v, s in _both(pair))
        if a != b:
            yield _moved("wording", name, f'"{a}"' if a else "", f'"{b}"' if b else "")
    a, b = (describe.locator(v.records, s) for v, s in _both(pair))
    if a != b:
        yield _moved("wording", "place", a, b)
