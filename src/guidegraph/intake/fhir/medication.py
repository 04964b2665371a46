"""Requests for, statements on and administrations of drugs: taken now, stopped on a day, or neither."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from guidegraph.intake.builder import ProfileBuilder
from guidegraph.intake.concepts import Concepts, Meaning
from guidegraph.intake.dates import Moment
from guidegraph.intake.facts import Source
from guidegraph.intake.fhir.record import Record
from guidegraph.intake.fhir.resource import NotUnderstoodError, Resource

_STOPPED = ("stopped_medications",)


class Medications:
    """Reads the resources about drugs into a builder."""

    def __init__(self, builder: ProfileBuilder, concepts: Concepts, record: Record) -> None:
        self._builder, self._concepts, self._record = builder, concepts, record

    def read(self, res: Resource) -> None:
        """Read one resource.

        Raises:
            NotUnderstoodError: the resource is malformed.
        """
        meanings = self._drugs(res)
        word, told = self._word(res)
        begins, ends = res.moment("begins"), self._end(res)
        for meaning in meanings:
            source = Source(res.ref, meaning.text, None, meaning.steps, meaning.readings)
            self._one(res, meaning, source, word, told, begins, ends)

    def _word(self, res: Resource) -> tuple[str, str]:
        """What the statuses say together, and the status in words."""
        status = res.status("status")
        if status is None:
            raise NotUnderstoodError("it has no status")
        code, word = status
        intent = res.data.get("intent")
        if "intent" in res.kind.row:
            if not isinstance(intent, str):
                raise NotUnderstoodError("it has no intent")
            if intent not in res.kind.row["intent"] and word != "error":
                return "planned", f"its intent is {intent}, not an order"
        if res.boolean("doNotPerform"):
            return "never", "it says not to give the drug"
        if word == "recorded" and "adherence" in res.kind.statuses:
            adherence = res.status("adherence")
            return (adherence[1], f"adherence {adherence[0]}") if adherence else ("recorded", f"status {code}")
        return word, f"status {code}"

    def _end(self, res: Resource) -> Moment | None:
        ends = res.moment("ends")
        if "bounds" not in res.kind.row:
            return ends
        changed = res.moment("changed")
        if changed is not None and res.data.get("status") == "stopped":
            return changed
        return ends or self._bounds(res, res.data.get(res.kind.row["bounds"]))

    def _bounds(self, res: Resource, dosages: Any) -> Moment | None:
        """The last end of the periods of all dosages; None where one of them has no end."""
        if dosages is None:
            return None
        if not isinstance(dosages, list):
            raise NotUnderstoodError("its dosages are not a list")
        last: Moment | None = None
        for dosage in dosages:
            res.check_elements(dosage, "Dosage")
            timing = dosage.get("timing", {})
            res.check_elements(timing, "Timing")
            repeat = timing.get("repeat", {})
            res.check_elements(repeat, "Timing.repeat")
            period = repeat.get("boundsPeriod")
            if period is None:
                return None
            res.check_elements(period, "Period")
            if period.get("end") is None:
                return None
            end = res.time(period["end"])
            if last is None or end.after(last):
                last = end
        return last

    def _drugs(self, res: Resource) -> list[Meaning]:
        """What the drug is: its code, else its active ingredients, each of which is taken with it."""
        concepts, references = (
            list(res.values(res.kind.paths["concept"])),
            list(res.values(res.kind.paths["reference"])),
        )
        if len(concepts) + len(references) != 1:
            raise NotUnderstoodError("it does not name one medication")
        if isinstance(res.data.get("medication"), dict):
            res.check_elements(res.data["medication"], "CodeableReference")
        if concepts:
            return [self._meaning(res, concepts[0])]
        drug = self._record.target(res, references[0], "Medication")
        if drug.data.get("status") not in (None, "active", "inactive"):
            raise NotUnderstoodError("its Medication was recorded in error, or has a status that is not known")
        found = [self._meaning(drug, drug.data["code"])] if drug.data.get("code") is not None else []
        if found and found[0].present:
            return found
        return self._ingredients(drug) or found or [Meaning("a medication without a code", why="it has no code")]

    def _ingredients(self, drug: Resource) -> list[Meaning]:
        rows = drug.data.get("ingredient") or []
        if not isinstance(rows, list):
            raise NotUnderstoodError("the ingredients are not a list")
        found = []
        for row in rows:
            drug.check_elements(row, "Medication.ingredient")
            item = row.get("itemCodeableConcept")
            if item is None and isinstance(row.get("item"), dict):
                drug.check_elements(row["item"], "CodeableReference")
                item = row["item"].get("concept")
            if item is not None and row.get("isActive") is not False:
                meaning = self._meaning(drug, item)
                found.append(replace(meaning, text=f"ingredient {meaning.text}"))
        return found

    def _meaning(self, res: Resource, concept: Any) -> Meaning:
        return self._concepts.read(res.codings(concept), res.text_of(concept))

    def _one(
        self,
        res: Resource,
        meaning: Meaning,
        source: Source,
        word: str,
        told: str,
        begins: Moment | None,
        ends: Moment | None,
    ) -> None:
        builder, day = self._builder, self._builder.as_of
        classes = builder.of_kind(meaning.present, "intervention")
        if word in ("error", "planned", "never"):
            why = {
                "error": "it was recorded in error",
                "planned": f"not begun: {told}",
                "never": f"not taken ({told}); that another source gives it is not excluded",
            }
            builder.ignore(source, why[word])
        elif begins is not None and begins.first.date() > day:
            builder.ignore(source, f"it begins on {begins.text}, after {day}")
        elif word != "doubt" and ends is not None and ends.last.date() < day:
            self._stopped(classes, meaning, source, ends, told)
        elif word == "ended":
            self._ended(classes, meaning, source, ends, told)
        elif not classes:
            builder.misunderstood(res.kind.lists, source, _why(meaning))
        elif word == "now" or (word == "recorded" and _open(res, begins) and _goes_on(ends, builder)):
            if ends is not None and not _goes_on(ends, builder):
                builder.doubt(
                    classes, res.kind.lists, source, f"whether it ended by {day} cannot be told ({ends.text})"
                )
                return
            for cls in classes:
                builder.fact(cls, True, source, note=meaning.why)
        else:
            builder.doubt(classes, res.kind.lists, source, f"whether it is taken now is not said ({told})")

    def _stopped(self, classes: list[str], meaning: Meaning, source: Source, ends: Moment, told: str) -> None:
        day = ends.day
        if not classes:
            self._builder.misunderstood(_STOPPED, source, f"ended ({told}); {_why(meaning)}")
        elif day is None:
            self._builder.doubt(classes, _STOPPED, source, f"ended ({told}), on a day that is not given ({ends.text})")
        else:
            for cls in classes:
                self._builder.stop(cls, day, source, note=f"it ended on {day} ({told})")

    def _ended(self, classes: list[str], meaning: Meaning, source: Source, ends: Moment | None, told: str) -> None:
        if ends is not None and ends.day == self._builder.as_of:
            self._stopped(classes, meaning, source, ends, told)
        elif not classes:
            self._builder.misunderstood(_STOPPED, source, f"no longer taken ({told}); {_why(meaning)}")
        else:
            when = f"its end is given as {ends.text}" if ends else "the day is not recorded"
            self._builder.doubt(classes, _STOPPED, source, f"no longer taken ({told}); {when}")


def _open(res: Resource, begins: Moment | None) -> bool:
    """Whether a statement gives a period, which may go on, not a single time."""
    return begins is not None and isinstance(res.data.get("effectivePeriod"), dict)


def _goes_on(ends: Moment | None, builder: ProfileBuilder) -> bool:
    """Whether a period without end, or with this end, goes on at the day of the profile."""
    return ends is None or ends.day == builder.as_of or ends.first.date() > builder.as_of


def _why(meaning: Meaning) -> str:
    return meaning.why or "its code is none of a drug of ours"
