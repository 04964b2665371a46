"""Observations: numbers with units, signs and symptoms with a yes or no, questions with coded answers; components."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import cached_property
from typing import Any

from guidegraph.intake.builder import AGE, MEASURED, ProfileBuilder
from guidegraph.intake.concepts import Code, Concepts, Meaning
from guidegraph.intake.dates import Moment
from guidegraph.intake.fhir.clinical import Clinical
from guidegraph.intake.fhir.record import Record
from guidegraph.intake.fhir.resource import NotUnderstoodError, Resource
from guidegraph.intake.fhir.table import Table
from guidegraph.intake.report import OTHER_REASON, Source, shown
from guidegraph.termreadings import UNDERWENT

_STATES = ("condition", "finding")
#: Values that are measured.
_MEASURES = ("valueQuantity", "valueInteger", "valueRange", "valueRatio", "valueSampledData")
_NOT_VALID = {
    "error": "it was recorded in error",
    "void": "it was cancelled: there is no result",
}
_Value = tuple[str, Any]


class Observations:
    """Reads observations into a builder."""

    def __init__(
        self, builder: ProfileBuilder, concepts: Concepts, table: Table, record: Record, clinical: Clinical
    ) -> None:
        self._builder, self._concepts, self._table = builder, concepts, table
        self._record, self._clinical = record, clinical
        self._reasons: frozenset[str] = frozenset()

    def read(self, res: Resource) -> None:
        """Read one Observation with its components.

        Raises:
            NotUnderstoodError: the resource is malformed.
        """
        status = res.status("status")
        if status is None:
            raise NotUnderstoodError("it has no status")
        concept = res.part("code")
        if concept is None:
            raise NotUnderstoodError("it has no code")
        if status[1] in _NOT_VALID:
            self._builder.ignore(self._source(res, self._meaning(res, concept), None), _NOT_VALID[status[1]])
            return
        try:
            self._reasons = self._conditions(res)
        except NotUnderstoodError:
            # It says nothing of the patient, so it hides nothing of theirs either.
            self._reasons = frozenset()
            source = self._source(res, self._meaning(res, concept), None)
            self._builder.misunderstood(res.kind.lists, source, "it is about something else than the patient (focus)")
            return
        when = res.moment("when")
        components = res.data.get("component") or []
        if not isinstance(components, list):
            raise NotUnderstoodError("its components are not a list")
        unsettled = "" if status[1] == "valid" else f"its status is {status[0]}: no valid result yet"
        values = _values(res.data)
        if (
            values
            or any(res.data.get(key) is not None for key in ("dataAbsentReason", "interpretation"))
            or not res.has("members")
        ):
            self._node(res, res.data, concept, when, unsettled)
        elif not components:
            self._builder.ignore(self._source(res, self._meaning(res, concept), when), "it only groups others")
        for component in components:
            inner = component.get("code")
            if inner is None:
                raise NotUnderstoodError("a component has no code")
            self._node(res, component, inner, when, unsettled)

    def about(self, codes: list[Code], meaning: Meaning) -> set[str]:
        """The classes and numbers that an observation of a code is about, whatever it says of them."""
        question = self._question(codes)
        asked = {question[0]} if question else set()
        return set(self._builder.of_kind({*meaning.present, *meaning.absent, *asked}, *_STATES, "number"))

    def _meaning(self, res: Resource, concept: Any) -> Meaning:
        return self._concepts.read(res.codings(concept), res.text_of(concept))

    def _source(self, res: Resource, meaning: Meaning, when: Moment | None, value: str = "") -> Source:
        return replace(res.source(meaning, when, value, timed=True), reasons=self._reasons)

    def _conditions(self, res: Resource) -> frozenset[str]:
        """The conditions of the patient that an observation is about: those in its focus, else those that it is
        evidence of; none where it is about the patient.

        Raises:
            NotUnderstoodError: its focus is something else.
        """
        focus = res.part("elsewhere")
        if focus is None:
            named = self._evidence.get(res.ref, set())
            return next(iter(named)) if len(named) == 1 else frozenset()
        found: set[str] = set()
        for reference in focus if isinstance(focus, list) else [focus]:
            if not self._record.is_patient(reference):
                found.update(self._clinical.named(res, reference) or {OTHER_REASON})
        return frozenset(found)

    @cached_property
    def _evidence(self) -> Mapping[str, set[frozenset[str]]]:
        """What each observation is evidence of, by its reference: for each entry that names it the conditions."""
        found: dict[str, set[frozenset[str]]] = defaultdict(set)
        for res in self._record.resources():
            if res.name != "Condition" or res.in_error:
                continue
            try:
                classes = self._builder.of_kind(self._clinical.meaning(res).present, "condition") or [OTHER_REASON]
                for reference in _references(res.part("evidence")):
                    found[self._record.normal(reference)].add(frozenset(classes))
            except NotUnderstoodError:
                continue  # it is told where the condition is read
        return found

    def _node(self, res: Resource, node: dict[str, Any], concept: Any, when: Moment | None, unsettled: str) -> None:
        meaning, codes = self._meaning(res, concept), res.codings(concept)
        values = _values(node)
        value = next(iter(values.items()), ("", None))
        source = self._source(res, meaning, when, _told(*value))
        if any((code.system, code.code) in self._table.sexes.observations for code in codes):
            self._sex(res, value, source)
            return
        about = self.about(codes, meaning)
        measured = value[0] in _MEASURES or bool(self._builder.of_kind(about, "number")) or self._measures(res)
        lists = MEASURED if measured else res.kind.lists
        why, word, unread = "", "", ""
        if not about and self._test(res, node, value, meaning, source, unsettled):
            return
        if not about:
            why = meaning.why or "its code is no number or state of ours"
            if not meaning.understood:
                self._builder.misunderstood(lists, source, why, "Map the code, or write the fact into the profile.")
                return
        elif unsettled:
            self._builder.doubt(about, lists, source, unsettled, "Wait for the final result.")
            return
        elif len(values) > 1:
            why = f"it has {len(values)} values"
        elif node.get("dataAbsentReason") is not None:
            why = f"it has no value ({_told('', node['dataAbsentReason']) or 'absent'})"
        else:
            word, unread = self._interpreted(res, node)
            why = "" if values or word else f"it has no value{f', but {unread}' if unread else ''}"
        numbers = self._builder.of_kind(meaning.present, "number")
        if why:
            self._builder.misunderstood(lists, source, why, about=about)
        elif numbers:
            self._number(numbers, value, source, res)
        else:
            self._state(res, value, word, unread, meaning, source, codes)

    def _test(
        self, res: Resource, node: dict[str, Any], value: _Value, meaning: Meaning, source: Source, unsettled: str
    ) -> bool:
        """Whether an observation is of a test of ours, which was done, whatever came of it; then that is read."""
        tests = self._builder.of_kind(meaning.present, "intervention")
        if not tests or not self._builder.events.asks(UNDERWENT):
            return False
        if unsettled or node.get("dataAbsentReason") is not None:
            why = unsettled or "it has no value: whether it was done is not told"
            self._builder.doubt((), ("done",), source, why, "Wait for the final result.")
            return True
        number = res.quantity(value[1])[0] if value[0] == "valueQuantity" else None
        seen = {name: self._extended(res, name) for name in ("showed", "lacked")}
        period = res.data.get("effectivePeriod")
        if isinstance(period, dict) and period.get("start") is not None and source.when is not None:
            first = res.time(period["start"])
            source = replace(source, when=Moment(f"{first.text} to {source.when.text}", first.first, source.when.last))
        self._builder.events.done(tests, source, shows=seen["showed"], lacks=seen["lacked"], value=number)
        return True

    def _extended(self, res: Resource, name: str) -> list[str]:
        """The findings that an exported test says it showed or did not."""
        extensions = res.data.get("extension")
        found: set[str] = set()
        for one in extensions if isinstance(extensions, list) else ():
            if isinstance(one, dict) and one.get("url") == self._table.events["extensions"] + name:
                found.update(self._concepts.read(res.codings({"coding": [one.get("valueCoding")]})).present)
        return self._builder.of_kind(found, "finding")

    def _measures(self, res: Resource) -> bool:
        categories = res.data.get("category")
        for category in categories if isinstance(categories, list) else ():
            if any(code.code in res.kind.row["measuring"] for code in res.codings(category)):
                return True
        return False

    def _sex(self, res: Resource, value: _Value, source: Source) -> None:
        codes = [code.code for code in res.codings(value[1])] if value[0] == "valueCodeableConcept" else [str(value[1])]
        words = {self._table.sexes.codes.get(code) for code in codes}
        if words == {""}:
            self._builder.ignore(source, "it says that the sex is not known")
        else:
            self._builder.sex((words.pop() if len(words) == 1 else None) or "", source, "stated by an observation")

    def _interpreted(self, res: Resource, node: dict[str, Any]) -> tuple[str, str]:
        """What the interpretations of an observation say (yes, no, doubt; "" where that is not one thing), and in words
        that one of them is a text alone, or of another terminology."""
        concepts = node.get("interpretation") or []
        words: set[str] = set()
        systems, texts = {system for system, _ in self._table.interpretations}, []
        for concept in concepts if isinstance(concepts, list) else []:
            codes = res.codings(concept)
            words |= {self._table.interpretations.get((code.system, code.code), "") for code in codes}
            texts += [] if systems.intersection(code.system for code in codes) else [res.words_of(concept)]
        unread = f"its interpretation is not understood ({'; '.join(texts)})" if texts else ""
        return (words.pop() if len(words) == 1 else ""), unread

    def _number(self, numbers: list[str], value: _Value, source: Source, res: Resource) -> None:
        kind, content = value
        try:
            if len(numbers) != 1:
                raise NotUnderstoodError("its code is of more than one number")
            if self._builder.row(numbers[0]).key == AGE:
                self._builder.ignore(source, "the age is read from the birth date alone")
                return
            if kind == "valueQuantity":
                number, unit, coded = res.quantity(content)
            elif kind == "valueInteger" and _whole(content):
                number, unit, coded = content, "1", True
            else:
                why = f"its {kind} is no number with a unit" if kind else "it has an interpretation alone, no number"
                raise NotUnderstoodError(why, "Write the number into the profile.")
        except NotUnderstoodError as why:
            self._builder.events.done((), source, about=numbers if kind else ())
            self._builder.misunderstood(MEASURED, source, str(why), why.mend, about=numbers)
            return
        self._builder.measured(numbers[0], number, unit, source, coded=coded)

    def _question(self, codes: list[Code]) -> tuple[str, Mapping[tuple[str, str], str]] | None:
        asked = [self._table.questions[c.system, c.code] for c in codes if (c.system, c.code) in self._table.questions]
        return asked[0] if len(asked) == 1 else None

    def _state(
        self,
        res: Resource,
        value: _Value,
        interpreted: str,
        unread: str,
        meaning: Meaning,
        source: Source,
        codes: list[Code],
    ) -> None:
        states = self._builder.of_kind(meaning.present, *_STATES)
        lacking = self._builder.of_kind(meaning.absent, *_STATES)
        why, question, word = meaning.why, self._question(codes), ""
        if question is not None:
            word = self._answer(res, value, question[1])
            if word or not (states or lacking):
                states = lacking = self._builder.of_kind({question[0]}, *_STATES)
                source = replace(source, steps=("an answer to this question [table fhir-paths]",))
                meaning, why = replace(meaning, absent_steps=source.steps, why=""), ""
        word = word or self._answer(res, value, self._table.answers)
        if word and interpreted and word != interpreted:
            word, why = "doubt", "its interpretation says something else than its value"
        elif not word and value[0] not in ("valueCodeableConcept", "valueBoolean"):
            word = interpreted
            unread = unread or ("its value is a text, which is not read" if value[0] == "valueString" and word else "")
        if not word:
            why = unread or "its value is not understood"
        elif word == "no" and unread and value[0] != "valueString":
            # A text may say the opposite: what is there is not denied beside it.
            self._builder.doubt({*states, *lacking}, res.kind.lists, source, unread)
            return
        elif word == "no" and (res.has("narrows") or (self._reasons and not self._builder.of_problem(lacking))):
            why = "it is negative at one site, or of one condition, which says nothing of others"
            self._builder.doubt({*states, *lacking}, res.kind.lists, source, why)
            return
        elif word == "no":
            source = replace(source, steps=meaning.absent_steps or source.steps)
            why = why or "its code does not say that much"
        why = "; ".join(dict.fromkeys(filter(None, (why, unread)))) if word == "yes" else why
        self._builder.answered(word, states, lacking, source, res.kind.lists, why, performed=bool(value[0]))

    def _answer(self, res: Resource, value: _Value, answers: Mapping[tuple[str, str], str]) -> str:
        """yes, no or doubt, "" where the value is none of them or its codes differ."""
        kind, content = value
        if kind == "valueBoolean":
            return {True: "yes", False: "no"}[content] if isinstance(content, bool) else ""
        return res.first_of(content, answers) if kind == "valueCodeableConcept" else ""


def _references(evidence: Any) -> Iterator[str]:
    """What the evidence of a condition refers to: in R4 by its details, in R5 by itself."""
    for one in evidence if isinstance(evidence, list) else ():
        details = one.get("detail", [one.get("reference")]) if isinstance(one, dict) else ()
        for reference in details if isinstance(details, list) else ():
            if isinstance(reference, dict) and isinstance(reference.get("reference"), str):
                yield reference["reference"]


def _values(node: dict[str, Any]) -> dict[str, Any]:
    return {key: node[key] for key in sorted(node) if key.startswith("value") and node[key] is not None}


def _whole(value: Any) -> bool:
    return isinstance(value, Decimal) and value == value.to_integral_value()


def _told(kind: str, value: Any) -> str:
    """A value in words, for the report."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        if kind == "valueQuantity":
            parts = [value.get("comparator"), value.get("value"), value.get("code") or value.get("unit")]
            return shown(" ".join(str(part) for part in parts if part is not None), 60)
        codings = value.get("coding")
        first = codings[0] if isinstance(codings, list) and codings and isinstance(codings[0], dict) else value
        return shown(first.get("display") or first.get("code") or first.get("text") or kind, 60)
    return shown(value, 60) if kind else ""
