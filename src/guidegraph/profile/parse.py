"""From values as they are written to a Profile, every term resolved and every fault told with its place."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence as ListOf
from dataclasses import replace
from decimal import Decimal
from difflib import get_close_matches
from typing import NoReturn

from guidegraph import namespaces as ns
from guidegraph.errors import ProfileError
from guidegraph.model import CareFact, DoseFact, Problem, Profile, StopFact, TermRow, TrialFact
from guidegraph.profile.coded import CodedFacts
from guidegraph.profile.problems import together
from guidegraph.profile.strict import Mapping, Scalar, Sequence, Value
from guidegraph.profile.terms import KINDS, Vocabulary
from guidegraph.termreadings import CARE, SUPPLIED

#: A plain number: no sign, exponent, leading zero or digits of other scripts.
_PLAIN = re.compile(r"(0|[1-9][0-9]{0,8})(\.[0-9]{1,9})?\Z")
_WEEKS, _DAYS = Decimal(10_000), Decimal(100_000)
_TRIAL, _STOP, _MEDICATION = ns.GG + "hasTrial", ns.GG + "stoppedMedication", ns.GG + "takesMedication"
_DOSE_EXAMPLE = "{of: DRUG, dose: 50, unit: mg, per_day: 3}"
#: How an entry says when it was: days since, or the fewest and the most where the day is known in part.
_SINCE = ("days", "days_from", "days_to")
_BAD, _BAD_EXAMPLE = "not_tolerated", "{of: THERAPY, said: allergy to it}"
#: The key of the alerts that somebody has attended to, and what may be said of them.
_ALERTS, _ATTENDED = "alerts", ("examined", "acted_on")
_PROBLEMS, _PROBLEM_EXAMPLE = "problems", "{of: CONDITION, weeks: 2, pain_score: 5}"
_OF_KIND = {kind: prop for prop, kind in KINDS.items() if kind != "intervention"}


def parse_value(value: Value, vocabulary: Vocabulary) -> Profile:
    """The profile that a mapping of keys states, read from a file or given in code.

    Raises:
        ProfileError: a key or value that no profile has; the message has its place.
        TermError: a term is unknown or ambiguous.
    """
    return _Parser(vocabulary).profile(value)


def _number(value: Value, key: str, low: Decimal | None, high: Decimal | None, unit: str = "") -> Decimal:
    """The exact decimal that a value states, between ``low`` and ``high`` (both included, where given).

    Raises:
        ProfileError: not a plain decimal number (such as 12 or 12.5), or not plausible for the key.
    """
    if not isinstance(value, Scalar):
        raise ProfileError(f"{key} must be one number", where=value.where, mend="Write it as 12 or 12.5.")
    if value.quoted:
        raise ProfileError(
            f"{key} is text, not a number: {value.text[:40]!r}",
            where=value.where,
            mend="Write it without quotation marks.",
        )
    if not value.text.strip():
        raise ProfileError(f"{key} has no value", where=value.where, mend="Leave the key out when it is not known.")
    if not _PLAIN.match(value.text):
        raise ProfileError(
            f"{key} is not a plain number: {value.text[:40]!r}",
            where=value.where,
            mend="Write digits with at most one point, such as 12 or 12.5; no sign, exponent or leading zero.",
        )
    check_range(Decimal(value.text), key, low, high, unit, where=value.where)
    return Decimal(value.text)


def check_range(
    value: Decimal, key: str, low: Decimal | None, high: Decimal | None, unit: str = "", *, where: str = ""
) -> None:
    """Check that a number lies in a range, both ends included.

    Raises:
        ProfileError: it does not.
    """
    if (low is None or value >= low) and (high is None or value <= high):
        return
    ends = [f"{end:f}".rstrip("0").rstrip(".") if "." in f"{end:f}" else f"{end:f}" for end in (low or 0, high or 0)]
    place = f"between {ends[0]} and {ends[1]}" if high is not None else f"at or above {ends[0]}"
    mend = f"It lies {place}{' ' + unit if unit else ''}."
    raise ProfileError(f"{key} {value:f} is not plausible", where=where, mend=mend)


def _of_term(value: Value, term: TermRow) -> Decimal:
    """The number of a profile key, within the plausible range that the ontology gives its property."""
    return _number(value, term.key, term.low, term.high, term.unit)


def _boolean(value: Value, key: str) -> bool:
    text = value.text if isinstance(value, Scalar) and not value.quoted else None
    if text not in ("true", "false"):
        raise ProfileError(
            f"{key} must be true or false", where=value.where, mend="Leave the key out when it is not known."
        )
    return text == "true"


def _words(value: Value, key: str) -> str:
    if not isinstance(value, Scalar):
        raise ProfileError(f"{key} must be text", where=value.where, mend=f"Write {key}: some text.")
    if not value.text.strip():
        raise ProfileError(f"{key} is empty", where=value.where, mend="Name something, or leave it out.")
    return value.text


def _items(row: TermRow, value: Value) -> tuple[Value, ...]:
    if not isinstance(value, Sequence):
        raise ProfileError(
            f"{row.key} must be a list", where=value.where, mend="Write [one, two] or a line with - for each."
        )
    return value.items


class _Parser:
    """Reads one profile; the keys come from the vocabulary."""

    def __init__(self, vocabulary: Vocabulary, coded: CodedFacts | None = None) -> None:
        self._terms = vocabulary
        self._coded = coded or CodedFacts(vocabulary)
        self._numbers = {row.key: row for row in vocabulary.rows if row.kind == "number" and row.key}
        self._categories = {row.key: row for row in vocabulary.rows if row.kind == "category" and row.key}
        self._direct: dict[str, list[TermRow]] = defaultdict(list)
        for row in vocabulary.rows:
            if row.key and row.kind in _OF_KIND:
                self._direct[row.key].append(row)
        self._present: dict[str, set[str]] = defaultdict(set)
        self._absent: dict[str, set[str]] = defaultdict(set)
        self._values: dict[str, Decimal] = {}
        self._trials: tuple[set[TrialFact], set[TrialFact]] = (set(), set())
        self._stops: tuple[set[StopFact], set[StopFact]] = (set(), set())
        self._care: tuple[set[CareFact], set[CareFact]] = (set(), set())
        self._doses: set[DoseFact] = set()
        self._complete: set[str] = set()

    def profile(self, value: Value) -> Profile:
        if not isinstance(value, Mapping):
            raise ProfileError("a profile is a mapping of keys", where=value.where, mend="Write key: value lines.")
        head = {"id": "patient", "label": ""}
        problems, bad, where = list[Problem](), list[str](), ""
        examined, acted_on = frozenset[str](), frozenset[str]()
        for key, item in value.items:
            if key.text in head:
                head[key.text] = _words(item, key.text)
            elif key.text == _PROBLEMS:
                where = key.where
                problems = self._problems(item)
            elif key.text == _BAD:
                bad = [c for one in _items(TermRow("", "", "", key=_BAD), item) for c in self._bad(one)]
            elif key.text == _ALERTS:
                examined, acted_on = self._attended(item)
            else:
                self._entry(key, item)
        profile = Profile(
            head["id"],
            head["label"],
            {p: frozenset(c) for p, c in sorted(self._present.items())},
            {p: frozenset(c) for p, c in sorted(self._absent.items())},
            dict(sorted(self._values.items())),
            frozenset(self._trials[0]),
            frozenset(self._trials[1]),
            frozenset(self._stops[0]),
            frozenset(self._stops[1]),
            frozenset(self._complete),
            self._coded.not_understood,
            self._coded.readings,
            not_tolerated=self._coded.not_tolerated.union(bad),
            examined=examined,
            acted_on=acted_on,
            others=self._coded.others,
            care_present=frozenset(self._care[0]),
            care_absent=frozenset(self._care[1]),
            doses=frozenset(self._doses),
        )
        return together(profile, problems, self._terms, where)

    def _bad(self, item: Value) -> ListOf[str]:
        """A therapy that was not tolerated, perhaps with the words of a record that says so."""
        if not isinstance(item, Mapping):
            return self._classes(item, _BAD, ("intervention",), _TRIAL, True)
        parts = self._parts(item, ("of", "said"), _BAD_EXAMPLE)
        said = _words(parts["said"], "said") if "said" in parts else ""
        return self._coded.said(said, self._of(parts, _TRIAL, True))

    def _attended(self, value: Value) -> tuple[frozenset[str], frozenset[str]]:
        """The alerts that were examined, and those that were acted on."""
        if not isinstance(value, Mapping):
            mend = f"Write {_ALERTS}: {{{_ATTENDED[0]}: [ALERT]}}."
            raise ProfileError(f"{_ALERTS} must have {' or '.join(_ATTENDED)}", where=value.where, mend=mend)
        found: dict[str, frozenset[str]] = {}
        for key, item in value.items:
            if key.text not in _ATTENDED:
                self._unknown(key, list(_ATTENDED))
            entries = _items(TermRow("", "", "", key=key.text), item)
            named = (self._terms.alerts(_words(one, key.text), where=one.where) for one in entries)
            found[key.text] = frozenset(iri for alerts in named for iri in alerts)
        examined, acted_on = (found.get(key, frozenset()) for key in _ATTENDED)
        return examined, acted_on

    def _problems(self, value: Value) -> list[Problem]:
        if not isinstance(value, Sequence):
            mend = f"Write - {_PROBLEM_EXAMPLE} for each."
            raise ProfileError("problems must be a list", where=value.where, mend=mend)
        return [_Parser(self._terms, self._coded)._problem(item) for item in value.items]

    def _problem(self, value: Value) -> Problem:
        """What one problem is, and what is stated of it alone; the keys come from the vocabulary."""
        rows = {row.problem_key: row for row in self._terms.rows if row.problem_key and row.kind != "condition"}
        parts = self._parts(value, ("of", *sorted(rows)), _PROBLEM_EXAMPLE)
        named = parts["of"].items if isinstance(parts["of"], Sequence) else (parts["of"],)
        of = {cls for one in named for cls in self._classes(one, "of", ("condition",), _OF_KIND["condition"], True)}
        if not of:
            why = "what the problem is, is not understood"
            raise ProfileError(why, where=value.where, mend="Name a condition that guidegraph profile terms lists.")
        for key, item in parts.items():
            if key != "of":
                self._of_problem(replace(rows[key], key=key), item)
        return Problem(
            frozenset(of),
            {p: frozenset(c) for p, c in sorted(self._present.items())},
            {p: frozenset(c) for p, c in sorted(self._absent.items())},
            dict(sorted(self._values.items())),
            frozenset(self._trials[0]),
            frozenset(self._trials[1]),
            frozenset(self._complete),
        )

    def _of_problem(self, row: TermRow, item: Value) -> None:
        if row.kind == "number":
            self._values[row.iri] = _of_term(item, row)
        elif row.kind == "category":
            self._category(row, item)
        else:
            word = _words(item, row.key)
            if word.casefold() not in (row.problem_value, *row.problem_denials):
                known = ", ".join((row.problem_value, *row.problem_denials))
                raise ProfileError(
                    f"{row.key} {word[:40]!r} is not known", where=item.where, mend=f"Write one of: {known}."
                )
            side = self._present if word.casefold() == row.problem_value else self._absent
            side[_OF_KIND[row.kind]].add(row.iri)

    def _entry(self, key: Scalar, item: Value) -> None:
        if key.text in self._numbers:
            row = self._numbers[key.text]
            self._values[row.iri] = _of_term(item, row)
        elif key.text in self._direct:
            self._fact(key, item)
        elif key.text in self._categories:
            self._category(self._categories[key.text], item)
        else:
            self._unknown(
                key, ["id", "label", _PROBLEMS, _BAD, _ALERTS, *self._numbers, *self._direct, *self._categories]
            )

    def _unknown(self, key: Scalar, known: list[str]) -> NoReturn:
        near = get_close_matches(key.text, known, n=3, cutoff=0.5) or sorted(known)
        raise ProfileError(f"unknown key {key.text[:60]!r}", where=key.where, mend=f"Nearest: {', '.join(near)}.")

    def _fact(self, key: Scalar, item: Value) -> None:
        rows = self._direct[key.text]
        choices = {row.key_value: row for row in rows}
        if "" in choices:
            row = choices[""]
            side = self._present if _boolean(item, key.text) else self._absent
        else:
            text = _words(item, key.text)
            if text.casefold() not in choices:
                raise ProfileError(
                    f"{key.text} {text[:40]!r} is not known",
                    where=item.where,
                    mend=f"Write one of: {', '.join(sorted(choices))}.",
                )
            row, side = choices[text.casefold()], self._present
        side[_OF_KIND[row.kind]].add(row.iri)

    def _category(self, row: TermRow, item: Value) -> None:
        if isinstance(item, Sequence):
            self._list(row, item, True)
            return
        if not isinstance(item, Mapping):
            raise ProfileError(
                f"{row.key} must be a list or have present, absent, complete",
                where=item.where,
                mend=f"Write {row.key}: [...].",
            )
        for key, value in item.items:
            if key.text == "complete":
                if _boolean(value, f"{row.key}.complete"):
                    self._complete.add(row.iri)
            elif key.text in ("present", "absent"):
                self._list(row, value, key.text == "present")
            elif key.text in ("not_understood", "unread_values"):
                for entry in _items(row, value):
                    # A value that was measured and not understood may be a finding, never a condition.
                    self._coded.miss(row.iri, _words(entry, key.text), alone=key.text == "unread_values")
            else:
                self._unknown(key, ["present", "absent", "complete", "not_understood", "unread_values"])

    def _list(self, row: TermRow, value: Value, present: bool) -> None:
        side = 0 if present else 1
        for item in _items(row, value):
            if row.iri == _TRIAL:
                self._trials[side].update(self._trial(item, row.iri, present))
            elif row.iri == _STOP:
                self._stops[side].update(self._stop(item, row.iri, present))
            elif row.iri in CARE:
                self._care[side].update(self._event(item, row.iri, present))
            elif row.iri == _MEDICATION and present and isinstance(item, Mapping):
                self._dose(item, row.iri)
            else:
                # People cannot know which we hold a condition and which a finding: either key takes both.
                kinds = ("intervention",) if row.iri == _MEDICATION else tuple(_OF_KIND)
                for cls in self._classes(item, row.key, kinds, row.iri, present):
                    prop = _OF_KIND.get(self._terms.by_iri[cls].kind, row.iri)
                    (self._present if present else self._absent)[prop].add(cls)

    def _classes(self, item: Value, key: str, kinds: tuple[str, ...], prop: str, present: bool) -> ListOf[str]:
        return self._coded.classes(_words(item, key), kinds, prop, present=present, where=item.where)

    def _parts(self, item: Value, allowed: tuple[str, ...], example: str) -> dict[str, Value]:
        if not isinstance(item, Mapping):
            raise ProfileError("an entry of this list is a mapping", where=item.where, mend=f"Write {example}.")
        for key, _ in item.items:
            if key.text not in allowed:
                self._unknown(key, list(allowed))
        parts = {key.text: value for key, value in item.items}
        if "of" not in parts:
            raise ProfileError("the entry does not say of what", where=item.where, mend=f"Write {example}.")
        return parts

    def _trial(self, item: Value, prop: str, present: bool) -> list[TrialFact]:
        allowed = ("of", "weeks", "outcome") if present else ("of", "outcome")
        parts = self._parts(item, allowed, "{of: THERAPY, weeks: 6, outcome: failed}")
        outcome = parts.get("outcome")
        led = self._terms.resolve(_words(outcome, "outcome"), ("outcome",), where=outcome.where) if outcome else None
        weeks = _number(parts["weeks"], "weeks", Decimal(0), _WEEKS) if "weeks" in parts else None
        # A trial of a thing that is of several classes is a trial of each.
        return [TrialFact(of, led, weeks) for of in self._of(parts, prop, present)]

    def _dose(self, item: Mapping, prop: str) -> None:
        """A drug with its dose, the unit of that, and how often a day it is taken."""
        parts = self._parts(item, ("of", "dose", "unit", "per_day"), _DOSE_EXAMPLE)
        given = [key for key in ("dose", "unit", "per_day") if key in parts]
        if given and len(given) < 3:
            raise ProfileError(
                "a dose has a unit and how often a day", where=item.where, mend=f"Write {_DOSE_EXAMPLE}."
            )
        classes = tuple(self._of(parts, prop, True))
        self._present[prop].update(classes)
        if given:
            amount, times = (_number(parts[key], key, Decimal(0), _DAYS) for key in ("dose", "per_day"))
            unit = _words(parts["unit"], "unit")
            wanted = sorted({d.unit for d in self._terms.derivations if d.over == prop} - {unit})
            if wanted:
                what = f"a dose is summed in {' or '.join(wanted)}, and this one is in {unit[:20]}"
                raise ProfileError(what, where=parts["unit"].where, mend=f"Write it in {wanted[0]}.")
            doses = {DoseFact(of, amount, unit, times) for of in classes}
            if doses & self._doses:
                mend = "Write it once, with how often a day it is taken in all."
                raise ProfileError("the same dose of a drug stands twice", where=item.where, mend=mend)
            self._doses |= doses

    def _stop(self, item: Value, prop: str, present: bool) -> list[StopFact]:
        parts = self._parts(item, ("of", "days"), "{of: DRUG, days: 10}")
        days = _number(parts["days"], "days", Decimal(0), _DAYS) if "days" in parts else None
        return [StopFact(of, days) for of in self._of(parts, prop, present)]

    def _event(self, item: Value, prop: str, present: bool) -> list[CareFact]:
        """What was done or supplied, or (within so many days) was not."""
        amount = "supplied" if prop == SUPPLIED else "value"
        shown = () if prop == SUPPLIED else ("shows",)
        seen = (*shown, *(("lacks",) if shown else ()), "days_from", "days_to", amount)
        parts = self._parts(item, ("of", "days", *(seen if present else shown)), "{of: TEST, days: 10}")
        number = {key: _number(parts[key], key, Decimal(0), _DAYS) for key in _SINCE if key in parts}
        if number and set(number) not in ({"days"}, {"days_from", "days_to"}):
            mend = "Write days alone, or days_from and days_to where the day is known in part."
            raise ProfileError("the days since are not one number or one span", where=item.where, mend=mend)
        days = (number.get("days_from", Decimal(0)), number["days_to"]) if "days_to" in number else None
        if "days" in number:
            days = (number["days"] if present else Decimal(0), number["days"])
        if days and days[0] > days[1]:
            raise ProfileError("days_from is more than days_to", where=item.where, mend="Write the smaller one first.")
        value = _number(parts[amount], amount, Decimal(0), None) if amount in parts else None
        shows, lacks = (self._findings(parts[key], key) if key in parts else () for key in ("shows", "lacks"))
        if not present and len(shows) > 1:
            raise ProfileError("what was not done shows one thing", where=item.where, mend="Write an entry for each.")
        return [CareFact(prop, of, days, shows, lacks, value) for of in self._of(parts, prop, present)]

    def _findings(self, value: Value, key: str) -> tuple[str, ...]:
        """The findings that a test showed, or did not; the list of findings says what the newest word is."""
        items = value.items if isinstance(value, Sequence) else (value,)
        return tuple(sorted({self._terms.resolve(_words(one, key), ("finding",), where=one.where) for one in items}))

    def _of(self, parts: dict[str, Value], prop: str, present: bool) -> ListOf[str]:
        return self._classes(parts["of"], "of", ("intervention",), prop, present)
