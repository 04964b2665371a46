"""Conditions, allergies and procedures."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, time
from decimal import Decimal
from fractions import Fraction
from typing import Any

from guidegraph.intake.builder import ProfileBuilder
from guidegraph.intake.concepts import STATING, Concepts, Meaning
from guidegraph.intake.dates import Moment
from guidegraph.intake.fhir.record import Record
from guidegraph.intake.fhir.resource import NotUnderstoodError, Resource
from guidegraph.intake.fhir.table import Table
from guidegraph.intake.report import OTHER_REASON, Source, shown
from guidegraph.intake.units import decimal_of
from guidegraph.model import TrialFact

_STATES = ("condition", "finding")
_TRIALS, _UNKNOWN = ("trials",), "what was not tolerated is not understood"
_VAGUE = "its onset is no day, so how long it has lasted is not known"
#: How an allergy was read that is named by a drug.
SET_OFF = "an allergy to what sets it off [lexicon allergens]"
#: Characters of what a record says of an allergy that an answer shows.
_LONGEST = 80
MAP = "Map the code, or write the fact into the profile."


class Clinical:
    """Reads conditions, allergies and procedures into a builder."""

    def __init__(self, builder: ProfileBuilder, concepts: Concepts, table: Table, record: Record) -> None:
        self._builder, self._concepts, self._table, self._record = builder, concepts, table, record
        self._assembled: Sequence[Moment] = record.assembled

    def meaning(self, res: Resource) -> Meaning:
        """What the code of a resource says.

        Raises:
            NotUnderstoodError: there is no code, or it is malformed.
        """
        concept = res.part("code")
        if concept is None:
            raise NotUnderstoodError("it has no code")
        return self._concepts.read(res.codings(concept), res.text_of(concept))

    def state(self, res: Resource) -> None:
        """Read a Condition or an AllergyIntolerance.

        Raises:
            NotUnderstoodError: the resource is malformed.
        """
        coded = self.meaning(res)
        allergy, bad = self._is_allergy(res), self._not_tolerated(res, coded)
        meaning = self._set_off(res, coded) if allergy else replace(coded, present=frozenset(), absent=frozenset())
        verified, clinical = res.status("verification"), res.status("clinical")
        begins = res.moment("begins")
        res.in_order(begins, res.moment("ends"))
        source = res.source(meaning, begins)
        if "type" in res.kind.row:
            # In a list of what is not understood, a drug alone would read as one that is taken.
            source = replace(source, about=self._words(res, coded, meaning.text))
        none = res.first_of(res.part("code"), self._table.none)
        if not none and not allergy and not bad:
            self._intolerance(
                source, coded, over={"past", "no"} & {word for _, word in filter(None, (verified, clinical))}
            )
            return
        present = self._within(res, self._builder.of_kind(meaning.present, *_STATES))
        if none:
            self.none(
                res, none, source, sure=(clinical or ("", "now"))[1] == "now" and (verified or ("", "now"))[1] == "now"
            )
        elif others := self._denying(res):
            self._denied(res, others, meaning, source, sure=clinical is not None and clinical[1] == "now")
        elif (present or bad) and (said := self._against(res)):
            self._builder.doubt(present, res.kind.lists, source, f"its words take back what its code says: {said}")
        elif verified is not None and verified[1] == "no" and bad and not meaning.present:
            self._builder.ignore(source, "it is refuted, so it says nothing of what is not tolerated")
        elif verified is not None and verified[1] == "no":
            self._refuted(res, meaning, source)
        elif clinical is not None and clinical[1] == "past" and not (later := self.changed_later(res)):
            why = f"{clinical[0]}: not present now, which does not say that it never was"
            self._builder.over(present, source, why, res.moment("ends"))
        elif clinical is not None and clinical[1] == "past":
            self._builder.doubt(present, res.kind.lists, source, f"it is {clinical[0]}, {later}")
        elif not present and not bad and res.above:
            # Whatever it is of, there is one: that none is known is no longer sure.
            self._builder.misunderstood(res.kind.lists, source, self._why(res, meaning), MAP, about=res.above)
        elif not present and not bad:
            plain = not self._doubtful(res, verified, clinical)
            self._builder.other(meaning.others if plain else (), res.kind.lists, source, self._why(res, meaning), MAP)
        elif doubt := self._doubtful(res, verified, clinical):
            # Whose words are in doubt are not forgotten: the list of what the patient has is not complete.
            self._builder.doubt(present, res.kind.lists, source, doubt)
        else:
            if bad:
                self._builder.harms.tell(bad, source, self._words(res, coded))
            if bad and not coded.understood:
                why = f"{self._why(res, meaning)}; what it is called is read as far as it warns"
                lists = res.kind.lists if allergy else _TRIALS
                self._builder.misunderstood(lists, source, why, MAP, about=res.above if allergy else ())
                return
            if allergy and self._builder.of_kind(coded.present, "intervention"):
                # Whatever an allergy is to, it is one: the drug that its code means is none that is taken.
                present, source = present or sorted(res.above), replace(source, readings=())
            self._present(res, present, meaning, source, verified, clinical)

    def _intolerance(self, source: Source, meaning: Meaning, *, over: Collection[str]) -> None:
        """An intolerance of nothing that is a therapy of ours: of a drug that nobody knows, it may be of one."""
        if over or meaning.understood or meaning.others:
            self._builder.ignore(source, "an intolerance is not an allergy, and it is of none of our therapies")
        else:
            self._builder.misunderstood(_TRIALS, source, meaning.why or _UNKNOWN, MAP)

    def _not_tolerated(self, res: Resource, meaning: Meaning) -> list[str]:
        """The therapies that an allergy or intolerance says were not tolerated: what its code means, or what sets that
        off; of a condition, what its words say."""
        said = {cls for reading in meaning.readings for cls in reading.not_tolerated}
        if "within" in res.kind.row:
            said.update(self._builder.of_kind(meaning.present, "intervention"))
            said.update(() if said or self._is_allergy(res) else self._concepts.allergens.to(meaning.present))
            # A code that nobody knows has words: these are enough to warn.
            said.update(() if meaning.understood else self._concepts.named(self._texts(res)))
        return sorted(said)

    def _texts(self, res: Resource) -> list[str]:
        """The text of a code, and what it is called in the record."""
        concept = res.part("code")
        return [res.text_of(concept), *(code.label for code in res.codings(concept))] if concept is not None else []

    def _words(self, res: Resource, meaning: Meaning, named: str = "") -> str:
        """An allergy or intolerance in the words of the record, or of what is named."""
        known = [reading.label for reading in meaning.readings]
        named = named or next(filter(None, [*self._texts(res), *known]), meaning.text)
        note = res.part("type") if "type" in res.kind.row else None
        kind = note if isinstance(note, str) else "allergy or intolerance" if "type" in res.kind.row else ""
        return shown(f"{kind}: {named}" if kind else named, _LONGEST)

    def _set_off(self, res: Resource, meaning: Meaning) -> Meaning:
        """An allergy that is named by the drugs that set it off, as those of our allergies that are to them."""
        drugs = self._builder.of_kind(meaning.present, "intervention") if "within" in res.kind.row else []
        if not drugs:
            return meaning
        allergens, steps = self._concepts.allergens, (*meaning.steps, SET_OFF)
        # Of several drugs in one nobody says which it was.
        none = allergens.denied(self._builder.of_kind(meaning.absent, "intervention")) if len(drugs) == 1 else ()
        return replace(
            meaning, present=allergens.set_off(drugs), absent=frozenset(none), steps=steps, absent_steps=steps
        )

    def _against(self, res: Resource) -> str:
        """What the words of a code say that takes back what it says, "" if nothing."""
        concept = res.part("code")
        return self._concepts.words_against(res.codings(concept), res.text_of(concept))

    def _denying(self, res: Resource) -> set[str]:
        """The classes of the codes that answer a question with no or leave it open."""
        said = [self._table.stating.get((code.system, code.code)) for code in res.codings(res.part("code"))]
        return set(self._builder.of_kind({about for about, word in filter(None, said) if word != "yes"}, *_STATES))

    def _denied(self, res: Resource, classes: set[str], meaning: Meaning, source: Source, *, sure: bool) -> None:
        """Read an entry whose code says that there is not something: absent where nothing leaves it open."""
        verified = res.status("verification")
        words = {self._table.stating.get((c.system, c.code), ("", ""))[1] for c in res.codings(res.part("code"))}
        if words == {"no"} and sure and (verified or ("", "now"))[1] == "now" and not res.has("ended"):
            meaning = replace(meaning, absent=frozenset(classes), steps=(STATING,), absent_steps=(STATING,))
            self._refuted(res, meaning, source, "its code says that it is not so")
        else:
            about = {*classes, *self._builder.of_kind(meaning.present, *_STATES)}
            self._builder.doubt(about, res.kind.lists, source, "its code answers a question, and leaves it open")

    def none(self, res: Resource, of: str, source: Source, *, sure: bool) -> None:
        """A statement that there is none of something: of a list, a class, a part of a list, or no information."""
        if not sure:
            self._builder.ignore(source, "that none is known does not hold now, or is not certain")
        else:
            self._builder.none_known(of, source, res.kind.lists)

    def changed_later(self, res: Resource) -> str:
        """Why an entry that has ended may not have ended by the day of the profile, "" if nothing says so."""
        day, ended = self._builder.as_of, res.moment("ends")
        if ended is not None:
            return f"on {ended.text}: whether it was so by {day} cannot be told" if ended.last.date() > day else ""
        return self.written_later(res)

    def written_later(self, res: Resource) -> str:
        """Why what an entry says may not have been said by the day of the profile, "" if nothing says so."""
        day = self._builder.as_of
        for when in (res.saved, *self._assembled):
            if when is not None and when.last.date() > day:
                return f"on a day that is not given, and was written on {when.text}, after {day}"
        return ""

    def _present(
        self,
        res: Resource,
        classes: list[str],
        meaning: Meaning,
        source: Source,
        verified: tuple[str, str] | None,
        clinical: tuple[str, str] | None,
    ) -> None:
        # Of what has come back the record says when it began at first, not when it did this time.
        again = res.kind.row["clinical"].get("again", ())
        began = None if clinical is not None and clinical[0] in again else self._onset(res)
        vague = res.has("vague") and self._builder.asked_about(classes)
        notes = ("" if verified else "how sure it is, is not said", meaning.why, _VAGUE if vague else "")
        note = "; ".join(filter(None, notes))
        concept = res.part("severity")
        for cls in classes:
            self._builder.fact(cls, True, source, note=note, began=began)
            if concept is not None:
                severity = res.first_of(concept, self._table.severities)
                self._builder.severity(severity, cls, source, res.words_of(concept))

    def _onset(self, res: Resource) -> Moment | None:
        """When a condition began, where its entry gives a day, or days within which it did."""
        first = res.moment("begins")
        if first is None or "onsetPeriod" not in res.data:
            return first
        last = res.moment("onset")
        end = last.last if last is not None else datetime.combine(self._builder.as_of, time.max)
        return Moment(f"{first.text} to {last.text if last is not None else 'a day not given'}", first.first, end)

    def _doubtful(self, res: Resource, verified: tuple[str, str] | None, clinical: tuple[str, str] | None) -> str:
        """Why it is not certain that what an entry says is so now, "" if it is."""
        if verified is not None and verified[1] == "doubt":
            return f"it is {verified[0]}"
        if clinical is None:
            return "it does not say whether it is present now (no clinicalStatus)"
        if clinical[1] != "now":
            return f"{clinical[0]}: not present now, and not absent either"
        return f"it is {clinical[0]}, and yet it has ended" if res.has("ended") else ""

    def _refuted(self, res: Resource, meaning: Meaning, source: Source, said: str = "it is refuted") -> None:
        classes = self._within(res, self._builder.of_kind(meaning.absent, *_STATES))
        # It was refuted when that was written; when the condition would have begun only says that it was not before.
        begins = source.when
        after = begins is not None and begins.last.date() > self._builder.as_of
        steps = meaning.absent_steps or meaning.steps
        source = replace(source, when=begins if after else source.written, steps=steps)
        later = self.written_later(res)
        if not classes:
            less = meaning.present and not meaning.why
            why = "its code means less than ours, so nothing follows" if less else self._why(res, meaning)
            about = self._builder.of_kind(meaning.present, *_STATES)
            self._builder.misunderstood(res.kind.lists, source, f"refuted; {why}", MAP, about=about)
        elif res.has("narrows"):
            note = f"{said} for one site, severity or reaction, which says nothing of others"
            self._builder.doubt(classes, res.kind.lists, source, note)
        elif later:
            self._builder.doubt(classes, res.kind.lists, source, f"{said}, {later}")
        else:
            for cls in classes:
                self._builder.fact(cls, False, source, note=said)

    def _is_allergy(self, res: Resource) -> bool:
        if "type" not in res.kind.row:
            return True
        note, known = res.part("type"), res.kind.row["type"]
        if note is None:
            return True
        codes = [note] if isinstance(note, str) else [code.code for code in res.codings(note)]
        if not {known["allergy"], known["intolerance"]}.intersection(codes):
            said = shown(note) if isinstance(note, str) else res.words_of(note)
            raise NotUnderstoodError(f"its type is not understood ({said})")
        return known["allergy"] in codes

    def _within(self, res: Resource, classes: list[str]) -> list[str]:
        above = res.above
        return [c for c in classes if above <= self._concepts.closure(frozenset({c}))] if above else classes

    def _why(self, res: Resource, meaning: Meaning) -> str:
        if meaning.why:
            return meaning.why
        return (
            "its code is none of an allergy of ours, nor of a drug that sets one off"
            if "within" in res.kind.row
            else "its code is no state of ours"
        )

    def procedure(self, res: Resource) -> None:
        """Read a Procedure as a trial of therapy.

        Raises:
            NotUnderstoodError: the resource is malformed.
        """
        meaning = self.meaning(res)
        status = res.status("status")
        if status is None:
            raise NotUnderstoodError("it has no status")
        if res.has("elsewhere"):
            raise NotUnderstoodError("it is about something else than the patient (focus)")
        code, word = status
        begins, ends = res.moment("begins"), res.moment("ends")
        res.in_order(begins, ends)
        source = res.source(meaning, begins)
        classes = self._builder.of_kind(meaning.present, "intervention")
        if word == "never":
            self._builder.ignore(source, "it was not done this time; another may have been")
        elif word == "planned":
            self._builder.ignore(source, f"it has not begun ({code})")
        elif not classes:
            why = meaning.why or "its code is none of an intervention of ours"
            self._builder.misunderstood(res.kind.lists, source, why, MAP)
        elif word in ("doubt", "broken"):
            self._builder.doubt(classes, res.kind.lists, source, f"its status is {code}: no whole trial")
        elif word == "done" and ends is not None and ends.last.date() > self._builder.as_of:
            self._builder.doubt(classes, res.kind.lists, source, f"it was done {self.changed_later(res)}")
        else:
            outcome, note = self._outcome(res)
            weeks, source = self._weeks(res, word, outcome), replace(source, reasons=self._reasons(res))
            note = "; ".join(filter(None, (note, meaning.why)))
            for cls in classes:
                self._builder.trial(TrialFact(cls, outcome, weeks), source, note=note)
            if word == "done":
                over = Moment(begins.text, begins.first, (ends or begins).last) if begins else ends
                self._builder.events.done(classes, replace(source, when=over))

    def _reasons(self, res: Resource) -> frozenset[str]:
        """The conditions that a procedure was done for."""
        reasons: set[str] = set()
        for part in res.values(res.kind.paths.get("reasons", ())):
            for value in part if isinstance(part, list) else (part,):
                try:
                    reasons.update(self._reason(res, value) or {OTHER_REASON})
                except NotUnderstoodError:
                    reasons.add(OTHER_REASON)
        return frozenset(reasons)

    def _reason(self, res: Resource, value: Any) -> list[str]:
        """The conditions that a reason is: a concept, a reference, or in R5 either in an element of its own."""
        if not isinstance(value, dict):
            raise NotUnderstoodError("a reason is neither concept nor reference")
        inner = value.get("concept") or value.get("reference")
        value = inner if isinstance(inner, dict) else value
        if "reference" in value:
            return self.named(res, value)
        return self._builder.of_kind(self._concepts.read(res.codings(value)).present, "condition")

    def named(self, res: Resource, reference: Any) -> list[str]:
        """The classes of the Condition that a resource refers to.

        Raises:
            NotUnderstoodError: it refers to something else, or to nothing that is there.
        """
        target = self._record.target(res, reference, "Condition")
        if not self._record.of_patient(target):
            raise NotUnderstoodError("the condition that it names is of another patient")
        return self._builder.of_kind(self.meaning(target).present, "condition")

    def _outcome(self, res: Resource) -> tuple[str | None, str]:
        concept = res.part("outcome")
        if concept is None:
            return None, "its outcome is not recorded"
        codes = res.codings(concept)
        outcomes = {self._table.outcomes[c.system, c.code] for c in codes if (c.system, c.code) in self._table.outcomes}
        outcomes.update(self._builder.of_kind(self._concepts.read(codes).present, "outcome") if codes else ())
        if len(outcomes) == 1:
            return outcomes.pop(), ""
        unread = f"its outcome is not understood ({res.words_of(concept)})"
        return None, unread if not outcomes else "its outcomes differ, so none is read"

    def _weeks(self, res: Resource, word: str, outcome: str | None) -> Decimal | None:
        """The length of a trial: of one with an outcome or one that goes on, since others would count as going on."""
        begins, ends = res.moment("begins"), res.moment("ends")
        start = begins.day if begins else None
        stop = self._builder.as_of if word == "now" else ends.day if ends else None
        if start is None or stop is None or stop < start or (word != "now" and outcome is None):
            return None
        return decimal_of(Fraction((stop - start).days, 7))
