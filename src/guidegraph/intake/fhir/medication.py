"""Requests for, statements on and administrations of drugs: taken now, stopped on a day, or neither."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from guidegraph.errors import UnitError
from guidegraph.intake.builder import ProfileBuilder
from guidegraph.intake.concepts import Concepts, Meaning
from guidegraph.intake.dates import Moment
from guidegraph.intake.fhir.clinical import MAP, Clinical
from guidegraph.intake.fhir.counted import CountedOrders, shipped
from guidegraph.intake.fhir.dosage import doses
from guidegraph.intake.fhir.record import Record
from guidegraph.intake.fhir.resource import NotUnderstoodError, Resource
from guidegraph.intake.report import Source
from guidegraph.intake.units import units

#: The lists of drugs that are taken, and of those that were.
TAKEN, STOPPED = ("medications",), ("stopped_medications",)
#: Before what is taken as a part of a Medication.
_INGREDIENT = "ingredient "
_NOT_TAKEN = {
    "planned": "not begun: {}",
    "uncounted": "not counted among what is taken: {}",
    "never": "not taken ({}); that another source gives it is not excluded",
}
#: Days; a longer or no time for which a drug is given is an error of the record.
_LONGEST = 3_653


class Medications:
    """Reads the resources about drugs into a builder."""

    def __init__(
        self,
        builder: ProfileBuilder,
        concepts: Concepts,
        record: Record,
        clinical: Clinical,
        orders: CountedOrders | None = None,
    ) -> None:
        self._builder, self._concepts, self._record, self._clinical = builder, concepts, record, clinical
        self._orders = orders or shipped()

    def read(self, res: Resource) -> None:
        """Read one resource.

        Raises:
            NotUnderstoodError: the resource is malformed.
        """
        meanings = self.drugs(res)
        word, status = self._word(res)
        begins, ends = self._begin(res), self._end(res)
        res.in_order(begins, ends)
        none = self._none(res)
        for meaning in meanings:
            source = res.source(meaning, begins)
            if none:
                self._clinical.none(res, none, source, sure=word == "now" or (word == "recorded" and ends is None))
            else:
                self._one(res, meaning, source, word, status, ends)

    def supply(self, res: Resource) -> None:
        """Read a MedicationDispense: a drug that was handed over, with the days that it lasts.

        Raises:
            NotUnderstoodError: the resource is malformed.
        """
        status = res.status("status")
        if status is None:
            raise NotUnderstoodError("it has no status")
        code, word = status
        days, supply = None, res.part("supply")
        if supply is not None:
            number, unit, coded = res.quantity(supply)
            try:
                days = units().convert(number, unit, "d", coded=coded).value
            except UnitError as error:
                raise NotUnderstoodError(error.what, error.mend) from None
            if not 0 < days <= _LONGEST:
                raise NotUnderstoodError(f"{days:f} days are no time for which a drug is given")
        for meaning in self.drugs(res):
            source = res.source(meaning, res.moment("when"))
            classes = self._builder.of_kind(meaning.present, "intervention")
            if word == "never":
                self._builder.ignore(source, f"nothing was handed over ({code})")
            elif not classes:
                self._builder.other(meaning.others, res.kind.lists, source, _why(meaning), MAP)
            elif word != "done":
                self._builder.doubt(classes, res.kind.lists, source, f"whether it was handed over is not said ({code})")
            else:
                self._builder.events.supplied(classes, days, source, note=meaning.why)

    def _none(self, res: Resource) -> str:
        """What the code says that there is none of, "" where it names a drug."""
        concept = next(res.values(res.kind.paths["concept"]), None)
        return "" if concept is None else res.first_of(concept, res.table.none)

    def _word(self, res: Resource) -> tuple[str, str]:
        """What the statuses say together, and the status in words."""
        status = res.status("status")
        if status is None:
            raise NotUnderstoodError("it has no status")
        code, word = status
        intent = res.data.get("intent")
        if res.kind.row.get("order"):
            if not isinstance(intent, str):
                raise NotUnderstoodError("it has no intent")
            if intent not in self._orders.intents and word != "error":
                return "planned", f"its intent is {intent}, not an order"
            counts, said = self._counted(res)
            if not counts:
                return ("doubt" if counts is None else "uncounted"), said
        if res.boolean("doNotPerform"):
            return "never", "it says not to give the drug"
        if word == "recorded" and "adherence" in res.kind.statuses:
            adherence = res.status("adherence")
            return (adherence[1], f"adherence {adherence[0]}") if adherence else ("recorded", f"status {code}")
        return word, f"status {code}"

    def _counted(self, res: Resource) -> tuple[bool | None, str]:
        """Whether an order counts by its categories, None where that is unknown; and these in words."""
        if self._orders.categories is None:
            return True, ""
        concepts = res.data.get("category") or []
        if not isinstance(concepts, list):
            raise NotUnderstoodError("its categories are not a list")
        codes = [code for concept in concepts for code in res.codings(concept)]
        named = ", ".join(code.code for code in codes) or "; ".join(res.words_of(concept) for concept in concepts)
        stated = frozenset((code.system, code.code) for code in codes)
        return self._orders.counts(stated), f"its category is {named or 'not told'}"

    def _periods(self, res: Resource) -> list[tuple[Moment | None, Moment | None, bool]]:
        """Of every dosage of an order, when it begins and ends, and whether it says how long it lasts but not when."""
        dosages = res.data.get(res.kind.row.get("bounds", ""))
        if dosages is None:
            return []
        if not isinstance(dosages, list):
            raise NotUnderstoodError("its dosages are not a list")
        periods = []
        for dosage in dosages:
            res.check_elements(dosage, "Dosage")
            timing = dosage.get("timing", {})
            res.check_elements(timing, "Timing")
            repeat = timing.get("repeat", {})
            res.check_elements(repeat, "Timing.repeat")
            period = repeat.get("boundsPeriod") or {}
            res.check_elements(period, "Period")
            start, end = (res.time(period[key]) if period.get(key) is not None else None for key in ("start", "end"))
            ordered = start or res.moment("recorded")
            longest = repeat.get("boundsRange") or {}
            limit = repeat.get("boundsDuration", longest.get("high") if isinstance(longest, dict) else longest)
            over = limit is not None and self._over(res, ordered, limit)
            periods.append((start, end, over or ("repeat" not in timing and self._gone(res, timing.get("event")))))
        return periods

    def _begin(self, res: Resource) -> Moment | None:
        """When it begins: of an order with dosages that all have a start, the first of these."""
        begins = res.moment("begins")
        starts = [start for start, *_ in self._periods(res)]
        first: Moment | None = None
        for start in starts:
            if start is None:
                return begins
            first = start if first is None or first.after(start) else first
        return begins or first

    def _end(self, res: Resource) -> Moment | None:
        """When it ends: the day of the stop, else the last end of all dosages; None where one of them has no end."""
        ends = res.moment("ends")
        if "bounds" not in res.kind.row:
            return ends
        changed = res.moment("changed")
        if changed is not None and res.data.get("status") == "stopped":
            return changed
        if ends is not None:
            return ends
        last: Moment | None = None
        for _, end, _ in self._periods(res):
            if end is None:
                return None
            last = end if last is None or end.after(last) else last
        return last

    def _gone(self, res: Resource, events: Any) -> bool:
        """Whether the single times at which a drug is given are all before the day of the profile."""
        if events is not None and not isinstance(events, list):
            raise NotUnderstoodError("the times of a dosage are not a list")
        times = [res.time(event).last.date() for event in events or ()]
        return bool(times) and max(times) < self._builder.as_of

    def _over(self, res: Resource, start: Moment | None, duration: Any) -> bool:
        """Whether a duration from a start is surely over by the day of the profile.

        Raises:
            NotUnderstoodError: it is no duration.
        """
        number, unit, coded = res.quantity(duration)
        try:
            days = units().convert(number, unit, "d", coded=coded).value
        except UnitError as error:
            raise NotUnderstoodError(error.what, error.mend) from None
        if not 0 < days <= _LONGEST:
            raise NotUnderstoodError(f"{days:f} days are no time for which a drug is given")
        return start is not None and (self._builder.as_of - start.last.date()).days > days

    def _run_out(self, res: Resource) -> str:
        """Why an order without an end is no plain current drug: what it gave has run out long since."""
        ordered, valid, supply = res.moment("recorded"), res.moment("valid"), res.part("supply")
        if valid is not None and valid.last.date() < self._builder.as_of:
            return f"nothing is dispensed for it since {valid.text}"
        periods = self._periods(res)
        if periods and all(
            over or (end is not None and end.last.date() < self._builder.as_of) for _, end, over in periods
        ):
            return f"its dosages of {ordered.text if ordered else 'then'} are over"
        if supply is None or valid is not None:
            return ""
        repeats = (res.data.get("dispenseRequest") or {}).get("numberOfRepeatsAllowed")
        times = 1 + repeats if isinstance(repeats, Decimal) and 0 <= repeats <= _LONGEST else Decimal(1)
        whole = {**supply, "value": supply["value"] * times} if isinstance(_value(supply), Decimal) else supply
        over = self._over(res, ordered, whole)
        return f"what it supplied, ordered on {ordered.text}, has run out" if over and ordered else ""

    def drugs(self, res: Resource) -> list[Meaning]:
        """What the drug is: its code, and those of its active ingredients that the code does not tell.

        Of a drug whose code is not understood each ingredient is told, also one that is not understood.
        """
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
        return self._of(res, references[0])

    def _of(
        self, res: Resource, reference: Any, parents: tuple[int, ...] = (), within: Resource | None = None
    ) -> list[Meaning]:
        """What a Medication or a Substance that is referred to is.

        Args:
            parents: the resources (by their data) that it is an ingredient of, which it cannot contain.
            within: the resource that contains the one that refers, if that is contained.
        """
        kinds = ("Medication", "Substance") if parents else ("Medication",)
        drug = self._record.target(res, reference, *kinds, within=within)
        if id(drug.data) in parents:
            raise NotUnderstoodError("its Medication is an ingredient of itself")
        if drug.data.get("status") not in (None, "active", "inactive"):
            raise NotUnderstoodError(f"its {drug.name} was recorded in error, or has a status that is not known")
        concept = drug.data.get("code")
        if drug.name == "Substance" and self._record.version == "R5" and concept is not None:
            drug.check_elements(concept, "CodeableReference")
            concept = concept.get("concept")
        own = [self._meaning(drug, concept)] if concept is not None else []
        contained = str(reference["reference"]).startswith("#")
        parts = self._ingredients(drug, (*parents, id(drug.data)), (within or res) if contained else None)
        if own and own[0].present:
            told = self._concepts.closure(own[0].present)
            return own + [part for part in parts if part.present and not part.present <= told]
        return parts or own or [Meaning(f"a {drug.name.lower()} without a code", why="it has no code")]

    def _ingredients(self, drug: Resource, parents: tuple[int, ...], within: Resource | None) -> list[Meaning]:
        """The active ingredients of a Medication, each by its code or by what it refers to; none is passed over."""
        rows = drug.data.get("ingredient") or []
        if not isinstance(rows, list):
            raise NotUnderstoodError("the ingredients are not a list")
        parts: list[Meaning] = []
        for row in rows if drug.name == "Medication" else ():
            drug.check_elements(row, "Medication.ingredient")
            if row.get("isActive") is not False:
                parts += self._ingredient(drug, row, parents, within)
        return [replace(meaning, text=_part(meaning.text)) for meaning in parts]

    def _ingredient(
        self, drug: Resource, row: dict[str, Any], parents: tuple[int, ...], within: Resource | None
    ) -> list[Meaning]:
        item, concept, reference = row.get("item"), row.get("itemCodeableConcept"), row.get("itemReference")
        if item is not None:
            drug.check_elements(item, "CodeableReference")
            concept, reference = item.get("concept"), item.get("reference")
        if concept is not None:
            return [self._meaning(drug, concept)]
        try:
            if reference is None:
                raise NotUnderstoodError("an ingredient of its Medication is not named")
            return self._of(drug, reference, parents, within)
        except NotUnderstoodError as error:
            # What is known of the others counts.
            return [Meaning(f"{_INGREDIENT}that is not known", why=str(error))]

    def _meaning(self, res: Resource, concept: Any) -> Meaning:
        return self._concepts.read(res.codings(concept), res.text_of(concept))

    def _one(
        self, res: Resource, meaning: Meaning, source: Source, word: str, status: str, ends: Moment | None
    ) -> None:
        builder, day = self._builder, self._builder.as_of
        begins = source.when
        classes = builder.of_kind(meaning.present, "intervention")
        if word in _NOT_TAKEN:
            builder.ignore(source, _NOT_TAKEN[word].format(status))
        elif begins is not None and begins.first.date() > day:
            builder.ignore(source, f"it begins on {begins.text}, after {day}")
        elif word != "doubt" and ends is not None and ends.last.date() < day:
            self._stopped(classes, meaning, source, ends, status)
        elif word == "ended":
            self._ended(res, classes, meaning, source, ends, status)
        elif not classes:
            # Whether it is taken or not, it is none of our drugs.
            builder.other(meaning.others, res.kind.lists, source, _why(meaning), MAP)
        elif word == "now" or (word == "recorded" and _open(res, begins) and _goes_on(ends, builder)):
            ran_out = "" if ends is not None else self._run_out(res)
            if ends is not None and not _goes_on(ends, builder):
                ran_out = f"whether it ended by {day} cannot be told ({ends.text})"
            if ran_out:
                builder.doubt(classes, (*TAKEN, *STOPPED), source, ran_out)
                return
            since = source.written or begins
            dated = f"of {since.text}, without an end" if since is not None and ends is None else ""
            for cls in classes:
                builder.fact(cls, True, source, note="; ".join(filter(None, (dated, meaning.why))))
                if builder.events.dose_unit:
                    self._dosed(res, cls, source, alone=len(classes) == 1)
        else:
            builder.doubt(classes, (*TAKEN, *STOPPED), source, f"whether it is taken now is not said ({status})")

    def _dosed(self, res: Resource, cls: str, source: Source, *, alone: bool) -> None:
        """The doses of a drug that is taken; those of a combination are not known by its parts."""
        events = self._builder.events
        try:
            if not alone or source.text.startswith(_INGREDIENT):
                raise NotUnderstoodError("how much of each part it holds is not read")
            events.dosed(cls, doses(res, events.dose_unit), source)
        except NotUnderstoodError as why:
            events.dosed(cls, (), source, str(why))

    def _stopped(self, classes: list[str], meaning: Meaning, source: Source, ends: Moment, status: str) -> None:
        day = ends.day
        source = replace(source, when=ends)
        if not classes:
            self._builder.other(meaning.others, STOPPED, source, f"ended ({status}); {_why(meaning)}", MAP)
        elif day is None:
            why = f"ended ({status}), on a day that is not given ({ends.text})"
            self._builder.doubt(classes, STOPPED, source, why)
        else:
            for cls in classes:
                self._builder.stop(cls, day, source, note=f"it ended on {day} ({status})")

    def _ended(
        self, res: Resource, classes: list[str], meaning: Meaning, source: Source, ends: Moment | None, status: str
    ) -> None:
        later = ends is not None or self._clinical.written_later(res)
        # Where it may have ended after the day, it may have been taken on it.
        lists = (*STOPPED, *(TAKEN if later else ()))
        if ends is not None and ends.day == self._builder.as_of:
            self._stopped(classes, meaning, source, ends, status)
        elif not classes:
            self._builder.other(meaning.others, lists, source, f"no longer taken ({status}); {_why(meaning)}", MAP)
        else:
            when = f"its end is given as {ends.text}" if ends else "the day is not recorded"
            self._builder.doubt(classes, lists, source, f"no longer taken ({status}); {when}")


def _part(text: str) -> str:
    """An ingredient in words."""
    return text if text.startswith(_INGREDIENT) else f"{_INGREDIENT}{text}"


def _value(quantity: Any) -> Any:
    return quantity.get("value") if isinstance(quantity, dict) else None


def _open(res: Resource, begins: Moment | None) -> bool:
    """Whether a statement gives a period, which may go on, not a single time."""
    return begins is not None and isinstance(res.data.get("effectivePeriod"), dict)


def _goes_on(ends: Moment | None, builder: ProfileBuilder) -> bool:
    """Whether a period without end, or with this end, goes on at the day of the profile."""
    return ends is None or ends.day == builder.as_of or ends.first.date() > builder.as_of


def _why(meaning: Meaning) -> str:
    return meaning.why or "its code is none of a drug of ours"
