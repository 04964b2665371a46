"""Numbers worked out from the entries of a list: a total daily dose, the days supplied in a window.

A sum is exact where its list is complete and every entry that may count says how much; else it is at least what the
entries come to that surely count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from guidegraph import namespaces as ns
from guidegraph.errors import KnowledgeError, ProfileError
from guidegraph.model import Derivation, DoseFact, Profile
from guidegraph.profile.terms import Vocabulary
from guidegraph.termreadings import PART, SUPPLIED, TAKEN, Implication, plain

_MEND = "docs/model.md shows the form of a derivation."


class Derived(NamedTuple):
    """A derived number: its value, or where not ``exact`` the least that it can be, and what it was summed from."""

    value: Decimal
    exact: bool
    text: str


def derivation_rows(rows: Iterable[tuple[str, ...]]) -> tuple[Derivation, ...]:
    """The derivations of the rows of queries/index/derivations.

    Raises:
        KnowledgeError: one lacks its number, list, classes or source, or its units do not fit.
    """
    found: dict[str, Derivation] = {}
    addends: dict[str, dict[str, Decimal]] = defaultdict(dict)
    targets: dict[str, str] = {}
    for iri, number, over, cls, factor, unit, within, target, source, place, _ in rows:
        told = ", ".join(filter(None, (source, place)))
        found[iri] = Derivation(number, over, (), unit, _decimal(within, iri) if within else None, told)
        targets[iri] = target
        if cls:
            if cls in addends[iri]:
                raise _fault(iri, f"{ns.shorten(cls)} has two factors", "Keep one.")
            addends[iri][cls] = _decimal(factor, iri) if factor else Decimal(1)
    made = []
    for iri, one in sorted(found.items()):
        if not one.number or one.over not in (TAKEN, SUPPLIED) or not addends[iri] or not one.source:
            raise _fault(iri, "it lacks its number, list (medications or supplies), classes or source", _MEND)
        wanted = "d" if one.over == SUPPLIED else f"{one.unit}/d"
        if targets[iri] != wanted or (one.over == TAKEN) != bool(one.unit):
            what = f"the sum is in {wanted}, and its number in {targets[iri] or 'no unit'}"
            raise _fault(iri, what, "Give the number gg:ucumUnit and doses gg:doseUnit that fit.")
        made.append(one._replace(addends=tuple(sorted(addends[iri].items()))))
    numbers = [one.number for one in made]
    if len(set(numbers)) < len(numbers):
        raise _fault(sorted(found)[0], "two derivations give one number", "Keep one.")
    return tuple(made)


def _decimal(text: str, iri: str) -> Decimal:
    try:
        number = Decimal(text)
    except ArithmeticError:
        number = Decimal("NaN")
    if not number.is_finite() or number < 0:
        raise _fault(iri, f"{text[:40]!r} is no factor or number of days", "Write an xsd:decimal that is not negative.")
    return number


def _fault(iri: str, what: str, mend: str) -> KnowledgeError:
    return KnowledgeError(f"a derivation cannot be used: {what}", where=ns.shorten(iri), mend=mend)


def derived(profile: Profile, rules: Sequence[Implication], vocabulary: Vocabulary) -> Mapping[str, Derived]:
    """What each derived number of a patient comes to.

    Raises:
        ProfileError: the profile states another number than its entries come to.
    """
    found = {one.number: _sum(profile, one, rules, vocabulary) for one in vocabulary.derivations}
    for number, sum_ in found.items():
        stated = profile.values.get(number)
        if stated is not None and (stated < sum_.value or (sum_.exact and stated != sum_.value)):
            least = "" if sum_.exact else "at least "
            raise ProfileError(
                f"the profile contradicts itself: {vocabulary.short(number)} {plain(stated)} is stated, and its entries"
                f" come to {least}{plain(sum_.value)} ({sum_.text})",
                where=vocabulary.by_iri[number].key,
                mend="Take one of the two out.",
            )
    return found


def _sum(profile: Profile, derivation: Derivation, rules: Sequence[Implication], vocabulary: Vocabulary) -> Derived:
    total, parts = Decimal(0), list[str]()
    suspended = any(prop == derivation.over for prop, _ in profile.not_understood)
    others = any(other.prop == derivation.over for other in profile.others)
    exact = derivation.over in profile.complete and not suspended and not others
    entries = _supplies(profile, derivation) if derivation.over == SUPPLIED else _doses(profile, derivation)
    wholes: dict[str, set[str]] = defaultdict(set)
    for rule in rules:
        if rule.kind == PART and rule.given == TAKEN:
            wholes[rule.cls].add(rule.other)
    for cls, amount, told in entries:
        times = factor(cls, derivation, wholes, vocabulary)
        if times == 0:
            continue
        if times is None or amount is None:
            exact = False
            continue
        total += amount * times
        parts.append(f"{vocabulary.label(cls)} {told}{f' x {plain(times)}' if times != 1 else ''}")
    return Derived(total, exact, f"{' + '.join(sorted(parts)) or 'no entry'}; {derivation.source}")


def factor(
    cls: str, derivation: Derivation, wholes: Mapping[str, Collection[str]], vocabulary: Vocabulary
) -> Decimal | None:
    """What an entry counts: the factor of the nearest class at or above it, 0 where it can be none, None where nobody
    knows: it is broader than a class that counts, contains one, or two classes that count are equally near.

    ``wholes`` maps a combination to its parts.
    """
    above = vocabulary.ancestors(cls)
    fitting = [(one, times) for one, times in derivation.addends if one in above]
    nearest = {
        times
        for one, times in fitting
        if not any(one != other and one in vocabulary.ancestors(other) for other, _ in fitting)
    }
    narrower = any(cls != one and cls in vocabulary.ancestors(one) for one, _ in derivation.addends)
    if nearest and not narrower:
        return nearest.pop() if len(nearest) == 1 else None
    contained = {up for whole in above for part in wholes.get(whole, ()) for up in vocabulary.ancestors(part)}
    may = any(one in contained or vocabulary.may_meet(cls, one) for one, _ in derivation.addends)
    return None if may else Decimal(0)


def _doses(profile: Profile, derivation: Derivation) -> Iterator[tuple[str, Decimal | None, str]]:
    """The drugs that are taken, each with its amount a day in the unit of the derivation, where that is known."""
    stated: dict[str, list[DoseFact]] = defaultdict(list)
    for dose in sorted(profile.doses):
        stated[dose.of].append(dose)
    for cls in sorted(profile.present.get(TAKEN, ())):
        doses = stated.get(cls, [])
        if not doses or any(dose.unit != derivation.unit for dose in doses):
            yield cls, None, ""
        for dose in doses if all(dose.unit == derivation.unit for dose in doses) else ():
            yield cls, dose.amount * dose.per_day, f"{plain(dose.amount)} {dose.unit} x {plain(dose.per_day)} a day"


def _supplies(profile: Profile, derivation: Derivation) -> Iterator[tuple[str, Decimal | None, str]]:
    """The supplies that may lie in the window, each with the days that it lasts where it surely lies in it."""
    for event in sorted((e for e in profile.care_present if e.prop == SUPPLIED), key=repr):
        within = derivation.within
        if within is not None and event.days is not None and event.days[0] > within:
            continue
        sure = within is None or (event.days is not None and event.days[1] <= within)
        known = event.value is not None and sure
        yield event.of, event.value if known else None, f"{plain(event.value)} d" if event.value is not None else ""
