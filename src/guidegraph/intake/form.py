"""A profile written in the form that people read and change: the YAML (or JSON) of docs/profile.md."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from guidegraph import namespaces as ns
from guidegraph.intake.report import shown
from guidegraph.model import Another, CareFact, CodeReading, Problem, Profile, StopFact, TrialFact
from guidegraph.profile import Vocabulary
from guidegraph.profile.coded import WORDS
from guidegraph.profile.problems import own, without
from guidegraph.termreadings import CARE, SUPPLIED, TAKEN

#: The kinds of term in each list; conditions and findings may stand in either.
_KINDS = {
    ns.GG + "hasCondition": ("condition", "finding"),
    ns.GG + "hasFinding": ("condition", "finding"),
    ns.GG + "takesMedication": ("intervention",),
}
_ORDER = ("conditions", "findings", "medications", "trials", "stopped_medications", "done", "supplies")


def plain(profile: Profile, vocabulary: Vocabulary) -> dict[str, Any]:
    """The profile as a mapping of the same form as the YAML; numbers are decimals.

    Facts that have a key of their own (``sex``) use it. Others are written as the codes that they were read from, so
    that an answer shows how, or as our own CURIEs.
    """
    data: dict[str, Any] = {"id": profile.id}
    if profile.label:
        data["label"] = profile.label
    problems = [own(profile, vocabulary)] if profile.about else list(profile.problems)
    if problems:
        data["problems"] = [_problem(profile, problem, vocabulary) for problem in problems]
        profile = without(profile, problems, vocabulary)
    if profile.not_tolerated:
        data["not_tolerated"] = [*_not_tolerated(profile)]
    attended = {"examined": sorted(profile.examined), "acted_on": sorted(profile.acted_on)}
    if profile.examined or profile.acted_on:
        data["alerts"] = {key: [ns.shorten(one) for one in alerts] for key, alerts in attended.items() if alerts}
    direct, used = _direct(profile, vocabulary)
    data |= direct
    for row in sorted((r for r in vocabulary.of_kind("number") if r.iri in profile.values), key=lambda r: r.key):
        data[row.key] = profile.values[row.iri]
    rows = {row.key: row for row in vocabulary.of_kind("category")}
    codes = _Codes(profile, vocabulary)
    for key in sorted(rows, key=lambda k: (_ORDER.index(k) if k in _ORDER else len(_ORDER), k)):
        listed = _list(profile, rows[key].iri, used, codes)
        if listed:
            data[key] = listed
    return data


def _not_tolerated(profile: Profile) -> Iterator[Any]:
    """What was not tolerated, once for each of the words in which somebody says so."""
    said = {(cls, reading.label) for reading in profile.readings if reading.label for cls in reading.not_tolerated}
    for cls in sorted(profile.not_tolerated):
        words = sorted(label for one, label in said if one == cls)
        yield from ({"of": ns.shorten(cls), "said": label} for label in words)
        yield from () if words else (ns.shorten(cls),)


def _problem(profile: Profile, problem: Problem, vocabulary: Vocabulary) -> dict[str, Any]:
    """A problem of a profile, with what belongs to it under the keys of a problem."""
    codes = _Codes(profile, vocabulary)
    of = [_code_of(cls, codes) for cls in sorted(problem.of)]
    data: dict[str, Any] = {"of": of[0] if len(of) == 1 else of}
    rows = sorted((row for row in vocabulary.rows if row.problem_key), key=lambda row: (row.kind, row.problem_key))
    for row in rows:
        if row.kind == "number" and row.iri in problem.values:
            data[row.problem_key] = problem.values[row.iri]
        elif row.kind == "category":
            had = Profile(trials_present=problem.trials_present, trials_absent=problem.trials_absent)
            listed = _list(replace(had, complete=problem.complete), row.iri, set(), codes)
            data |= {row.problem_key: listed} if listed else {}
        elif any(row.iri in classes for classes in problem.present.values()):
            data[row.problem_key] = row.problem_value
        elif any(row.iri in classes for classes in problem.absent.values()) and row.problem_denials:
            data[row.problem_key] = row.problem_denials[0]
    return data


def _code_of(cls: str, codes: _Codes) -> str:
    """The one code that says this condition and no other, else our own term."""
    readings = sorted(codes.readings.items())
    return next((_written(r) for _, r in readings if codes.classes(r, ("condition",)) == {cls}), ns.shorten(cls))


def _direct(profile: Profile, vocabulary: Vocabulary) -> tuple[dict[str, Any], set[tuple[bool, str]]]:
    data: dict[str, Any] = {}
    used: set[tuple[bool, str]] = set()
    for present, table in ((True, profile.present), (False, profile.absent)):
        for iri in sorted(cls for classes in table.values() for cls in classes):
            row = vocabulary.by_iri.get(iri)
            if row is None or not row.key or row.kind not in ("condition", "finding") or row.key in data:
                continue
            if row.key_value and present:
                data[row.key] = row.key_value
            elif not row.key_value:
                data[row.key] = present
            else:
                continue
            used.add((present, iri))
    return dict(sorted(data.items())), used


def _list(profile: Profile, prop: str, used: set[tuple[bool, str]], codes: _Codes) -> dict[str, Any]:
    written: dict[str, Any] = {}
    if prop == ns.GG + "hasTrial":
        present: list[Any] = [_event(t, codes) for t in sorted(profile.trials_present, key=repr)]
        absent: list[Any] = [_event(t, codes) for t in sorted(profile.trials_absent, key=repr)]
    elif prop == ns.GG + "stoppedMedication":
        present = [_event(s, codes) for s in sorted(profile.stops_present, key=repr)]
        absent = [_event(s, codes) for s in sorted(profile.stops_absent, key=repr)]
    elif prop in CARE:
        present = [_care(one, codes, True) for one in sorted(profile.care_present, key=repr) if one.prop == prop]
        absent = [_care(one, codes, False) for one in sorted(profile.care_absent, key=repr) if one.prop == prop]
    else:
        present = codes.entries({c for c in profile.present.get(prop, ()) if (True, c) not in used}, prop)
        absent = [ns.shorten(c) for c in sorted(profile.absent.get(prop, ())) if (False, c) not in used]
    if prop == TAKEN and profile.doses:
        dosed = {dose.of for dose in profile.doses}
        kept = codes.entries({c for c in profile.present.get(prop, ()) if c not in dosed}, prop)
        present = [
            *kept,
            *(
                {"of": ns.shorten(d.of), "dose": d.amount, "unit": d.unit, "per_day": d.per_day}
                for d in sorted(profile.doses)
            ),
        ]
    present = [*present, *_others(profile, prop)]
    texts, unread = sorted({text for about, text in profile.not_understood if about == prop}), "not_understood"
    if prop == ns.GG + "hasFinding":
        # What is not understood among conditions counts for findings too: it need not be written twice.
        texts = [text for text in texts if (ns.GG + "hasCondition", text) not in profile.not_understood]
        unread = "unread_values"
    if present or prop in profile.complete:
        written["present"] = present
    if absent:
        written["absent"] = absent
    if prop in profile.complete:
        written["complete"] = True
    if texts:
        written[unread] = texts
    return written


def _others(profile: Profile, prop: str) -> list[Any]:
    """The entries of a list that are known and none of our terms, as the codes that they were read from.

    Such a condition counts for the findings too: it need not be written twice.
    """
    found = {_entry(other) for other in profile.others if other.prop == prop}
    if prop == ns.GG + "hasFinding":
        found -= {_entry(other) for other in profile.others if other.prop == ns.GG + "hasCondition"}
    return [code if prop in _KINDS else {"of": code} for code in sorted(found)]


def _entry(other: Another) -> str:
    """What is written for an entry: its code, or the name of the lexicon where that has several codes or none."""
    return _code(other.code, other.label)


def _written(reading: CodeReading) -> str:
    """What is written for what was read, likewise."""
    return _code(reading.curie, reading.label)


def _code(code: str, label: str) -> str:
    return label if ";" in code or code.startswith("lexicon:") else code


class _Codes:
    """Writes present facts as the codes that they were read from, so that an answer can show how they were read."""

    def __init__(self, profile: Profile, vocabulary: Vocabulary) -> None:
        # The words of a record stand with what was not tolerated.
        codes = (reading for reading in profile.readings if not reading.curie.startswith(f"{WORDS}:"))
        self.readings = {reading.curie: reading for reading in codes}
        self._terms = vocabulary
        self._present = profile.present

    def classes(self, reading: CodeReading, kinds: tuple[str, ...]) -> set[str]:
        """The classes of some kinds that a code brings."""
        rows = (self._terms.by_iri.get(c) for c in reading.present)
        return set(self._terms.telling([row.iri for row in rows if row is not None and row.kind in kinds], True))

    def entries(self, classes: set[str], prop: str) -> list[str]:
        """The facts of a list: codes whose every class is a fact of the patient, then the rest as our own terms."""
        kinds = _KINDS.get(prop, ())
        written, rest = [], set(classes)
        facts = {c for one in _KINDS if set(_KINDS[one]) == set(kinds) for c in self._present.get(one, ())}
        for _, reading in sorted(self.readings.items()):
            stated = self.classes(reading, kinds)
            if stated and stated <= facts and min(stated) in classes:
                written.append(_written(reading))
                rest -= stated
        return [*written, *(ns.shorten(c) for c in sorted(rest))]

    def event(self, of: str) -> str:
        """The one code that says this intervention and no other, else our own term."""
        for _, reading in sorted(self.readings.items()):
            if self.classes(reading, ("intervention",)) == {of}:
                return _written(reading)
        return ns.shorten(of)


def _event(event: TrialFact | StopFact, codes: _Codes) -> dict[str, Any]:
    written: dict[str, Any] = {"of": codes.event(event.of)}
    if isinstance(event, StopFact):
        return written if event.days is None else {**written, "days": event.days}
    if event.weeks is not None:
        written["weeks"] = event.weeks
    if event.outcome:
        written["outcome"] = ns.shorten(event.outcome)
    return written


def _care(event: CareFact, codes: _Codes, present: bool) -> dict[str, Any]:
    written: dict[str, Any] = {"of": codes.event(event.of)}
    if event.days and present and event.days[0] != event.days[1]:
        written |= {"days_from": event.days[0], "days_to": event.days[1]}
    elif event.days:
        written["days"] = event.days[1]
    for key, findings in (("shows", event.shows), ("lacks", event.lacks)):
        if findings:
            written[key] = [ns.shorten(cls) for cls in findings]
    if event.value is not None:
        written["supplied" if event.prop == SUPPLIED else "value"] = event.value
    return written


def to_yaml(profile: Profile, vocabulary: Vocabulary, head: str = "") -> str:
    """The profile as YAML with the labels of its terms as comments; ``head`` is a comment at its top."""
    lines = [f"# {line}" for line in head.splitlines()]
    labels = {
        r.curie: "; ".join(filter(None, (r.label, *(vocabulary.label(c) for c in r.present)))) for r in profile.readings
    }
    return "\n".join([*lines, *_lines(plain(profile, vocabulary), "", vocabulary, labels)]) + "\n"


def _lines(data: Mapping[str, Any], indent: str, vocabulary: Vocabulary, labels: Mapping[str, str]) -> list[str]:
    """A mapping as lines of YAML: an entry a line, what a term is called behind it."""
    lines = []
    for key, value in data.items():
        if isinstance(value, dict):
            lines += [f"{indent}{key}:", *_lines(value, f"{indent}  ", vocabulary, labels)]
        elif isinstance(value, list):
            lines.append(f"{indent}{key}:{'' if value else ' []'}")
            lines += [line for item in value for line in _item(item, f"{indent}  ", vocabulary, labels)]
        else:
            named = _named(value, vocabulary, labels) if key == "of" else ""
            lines.append(f"{indent}{key}: {_scalar(value)}{named}")
    return lines


def _item(item: Any, indent: str, vocabulary: Vocabulary, labels: Mapping[str, str]) -> list[str]:
    if not isinstance(item, dict):
        return [f"{indent}- {_scalar(item)}{_named(item, vocabulary, labels)}"]
    if any(isinstance(value, dict | list) for value in item.values()):
        first, *rest = _lines(item, f"{indent}  ", vocabulary, labels)
        return [f"{indent}- {first.strip()}", *rest]
    inner = ", ".join(f"{key}: {_scalar(value)}" for key, value in item.items())
    return [f"{indent}- {{{inner}}}{_named(item['of'], vocabulary, labels)}"]


def _named(curie: str, vocabulary: Vocabulary, labels: Mapping[str, str]) -> str:
    row = vocabulary.by_iri.get(ns.expand(curie) or curie)
    label = row.label if row else labels.get(curie, "")
    return f"  # {shown(label)}" if label else ""


def _scalar(value: Any) -> str:
    """A scalar in YAML: a text is quoted, as JSON quotes it, unless it is a CURIE or a plain word."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    bare = value.replace(":", "").replace("-", "")
    if bare.isascii() and bare.isalnum() and bare[0].isalpha() and value not in ("true", "false") and value[-1] != ":":
        return str(value)
    return json.dumps(value, ensure_ascii=True)


def to_json(profile: Profile, vocabulary: Vocabulary) -> str:
    """The profile as JSON; numbers keep every digit."""
    marks: dict[str, str] = {}

    def written(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: written(item) for key, item in value.items()}
        if isinstance(value, list):
            return [written(item) for item in value]
        if isinstance(value, Decimal):
            mark = f"\ue000{len(marks)}\ue000"
            marks[json.dumps(mark)] = f"{value:f}"
            return mark
        return value

    text = json.dumps(written(plain(profile, vocabulary)), indent=2)
    for mark, number in marks.items():
        text = text.replace(mark, number)
    return text + "\n"
