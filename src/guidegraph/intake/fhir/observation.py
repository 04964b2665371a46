"""Observations: numbers with units, signs and symptoms with a yes or no, questions with coded answers; components."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from guidegraph.intake.builder import ProfileBuilder
from guidegraph.intake.concepts import Code, Concepts, Meaning
from guidegraph.intake.dates import Moment
from guidegraph.intake.facts import Source
from guidegraph.intake.fhir.resource import NotUnderstoodError, Resource
from guidegraph.intake.fhir.table import Table
from guidegraph.intake.report import shown

AGE = "age"
_STATES = ("condition", "finding")


class Observations:
    """Reads observations into a builder."""

    def __init__(self, builder: ProfileBuilder, concepts: Concepts, table: Table) -> None:
        self._builder, self._concepts, self._table = builder, concepts, table

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
        if status[1] != "valid":
            why = "it was recorded in error" if status[1] == "error" else f"its status is {status[0]}: no valid result"
            self._builder.ignore(self._source(res, self._meaning(res, concept), None), why)
            return
        if res.has("elsewhere"):
            raise NotUnderstoodError("it is about something else than the patient (focus)")
        when = res.moment("when")
        components = res.data.get("component") or []
        if not isinstance(components, list):
            raise NotUnderstoodError("its components are not a list")
        values = _values(res.data)
        if values or res.data.get("dataAbsentReason") is not None or not res.has("members"):
            self._node(res, res.data, concept, when)
        elif not components:
            self._builder.ignore(self._source(res, self._meaning(res, concept), when), "it only groups others")
        for component in components:
            inner = component.get("code")
            if inner is None:
                raise NotUnderstoodError("a component has no code")
            self._node(res, component, inner, when)

    def _meaning(self, res: Resource, concept: Any) -> Meaning:
        return self._concepts.read(res.codings(concept), res.text_of(concept))

    def _source(self, res: Resource, meaning: Meaning, when: Moment | None, value: str = "") -> Source:
        text = f"{meaning.text} = {value}" if value else meaning.text
        return Source(res.ref, text, when, meaning.steps, meaning.readings, meaning.text)

    def _node(self, res: Resource, node: dict[str, Any], concept: Any, when: Moment | None) -> None:
        meaning = self._meaning(res, concept)
        values = _values(node)
        value = next(iter(values.items()), ("", None))
        source = self._source(res, meaning, when, _told(*value))
        lists = res.kind.lists
        if not meaning.understood and not self._question(res.codings(concept)):
            self._builder.misunderstood(lists, source, meaning.why)
            return
        numbers = self._builder.of_kind(meaning.present, "number")
        states = self._builder.of_kind(meaning.present, *_STATES)
        lacking = self._builder.of_kind(meaning.absent, *_STATES)
        question = self._question(res.codings(concept))
        if not (numbers or states or lacking or question):
            self._builder.misunderstood(lists, source, meaning.why or "its code is no number or state of ours")
        elif node.get("dataAbsentReason") is not None or not values:
            self._builder.misunderstood(lists, source, "it has no value")
        elif len(values) > 1:
            self._builder.misunderstood(lists, source, f"it has {len(values)} values")
        elif numbers:
            self._number(res, numbers, value, source)
        else:
            self._state(res, states, lacking, question, value, meaning, source)

    def _number(self, res: Resource, numbers: list[str], value: tuple[str, Any], source: Source) -> None:
        if len(numbers) != 1:
            self._builder.misunderstood(res.kind.lists, source, "its code is of more than one number")
            return
        if self._builder.row(numbers[0]).key == AGE:
            self._builder.ignore(source, "the age is read from the birth date alone")
            return
        kind, content = value
        try:
            if kind == "valueQuantity":
                number, unit = res.quantity(content)
            elif kind == "valueInteger" and _whole(content):
                number, unit = content, "1"
            else:
                raise NotUnderstoodError(f"its {kind} is no number with a unit")
        except NotUnderstoodError as why:
            self._builder.misunderstood(res.kind.lists, source, str(why))
            return
        self._builder.measured(numbers[0], number, unit, source, keys=res.kind.lists)

    def _question(self, codes: list[Code]) -> tuple[str, dict[tuple[str, str], str]] | None:
        found = [self._table.questions[c.system, c.code] for c in codes if (c.system, c.code) in self._table.questions]
        return (found[0][0], dict(found[0][1])) if len(found) == 1 else None

    def _state(
        self,
        res: Resource,
        states: list[str],
        lacking: list[str],
        question: tuple[str, dict[tuple[str, str], str]] | None,
        value: tuple[str, Any],
        meaning: Meaning,
        source: Source,
    ) -> None:
        about: set[str] = set()
        word, note = "", meaning.why
        if question is not None:
            word = self._answer(res, value, question[1])
            about = set(self._builder.of_kind({question[0]}, *_STATES)) if word else set()
        if about:
            source = replace(source, steps=("an answer to this question [table fhir-paths]",))
            meaning, note = replace(meaning, absent_steps=source.steps, why=""), ""
        else:
            word = self._answer(res, value, self._table.answers)
        present = sorted(about) or states
        absent = sorted(about) or lacking
        if word == "yes" and present:
            for cls in present:
                self._builder.fact(cls, True, source, timed=True, note=note)
        elif word == "no" and res.has("narrows"):
            told = "it is negative at one site, which says nothing of others"
            self._builder.doubt(absent, res.kind.lists, source, told)
        elif word == "no" and absent:
            steps = meaning.absent_steps or source.steps
            for cls in absent:
                self._builder.fact(cls, False, replace(source, steps=steps), timed=True)
        elif word == "doubt":
            self._builder.doubt(present, res.kind.lists, source, "the answer leaves it open")
        else:
            why = (meaning.why or "its code does not say that much") if word else "its value is not understood"
            self._builder.misunderstood(res.kind.lists, source, why)

    def _answer(self, res: Resource, value: tuple[str, Any], answers: Any) -> str:
        """yes, no or doubt, "" where the value is none of them or its codes differ."""
        kind, content = value
        if kind == "valueBoolean":
            return {True: "yes", False: "no"}[content] if isinstance(content, bool) else ""
        if kind != "valueCodeableConcept":
            return ""
        words = {answers.get((code.system, code.code), "") for code in res.codings(content)}
        return words.pop() if len(words) == 1 else ""


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
            parts = [value.get(key) for key in ("comparator", "value", "code")]
            return shown(" ".join(str(part) for part in parts if part is not None), 60)
        codings = value.get("coding")
        first = codings[0] if isinstance(codings, list) and codings and isinstance(codings[0], dict) else value
        return shown(first.get("display") or first.get("code") or first.get("text") or kind, 60)
    return shown(value, 60) if kind else ""
