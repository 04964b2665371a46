"""What changed between two days: statements that began or ended, directions that turned, disagreements with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from guidegraph import comparisons as forms
from guidegraph.disagree.engine import Disagreements
from guidegraph.disagree.finding import APART, Finding
from guidegraph.disagree.sources import Addressed, addressed, in_effect
from guidegraph.errors import UsageError
from guidegraph.knowledge import describe
from guidegraph.knowledge.engine import Engine
from guidegraph.knowledge.records import Records
from guidegraph.readforms import Imprecise

#: For each shipped patient the status of each therapy at a day.
Statuses = Callable[[date], Mapping[str, Mapping[str, str]]]
_Pairs = Mapping[tuple[str, str], Finding]
_SIDES = ("for", "against")


class Changes:
    """Changes of one knowledge base between two days."""

    def __init__(self, engine: Engine, records: Records, disagree: Disagreements) -> None:
        self._engine = engine
        self._records = records
        self._disagree = disagree

    def between(self, start: date, end: date, statuses: Statuses) -> forms.Changes:
        """What began, ceased and reversed, in the published form (schema/changes.schema.json).

        Args:
            start: the first day.
            end: the last day; changes of that day are in.
            statuses: see :data:`Statuses`.

        Raises:
            UsageError: the last day is before the first.
        """
        if end < start:
            raise UsageError(f"{end} is before {start}", where="--to", mend="Give the earlier day to --from.")
        rows = addressed(self._engine)
        before, after = ({r.rec: r for r in in_effect(rows, day)} for day in (start, end))
        everything = self._disagree.findings(end)
        was, now = ({(f.a, f.b): f for f in findings} for findings in (self._disagree.findings(start), everything))
        return {
            "from": start.isoformat(),
            "to": end.isoformat(),
            "documents": self._documents(rows, start, end),
            "began": [self._statement(after[r]) for r in sorted(after) if r not in before],
            "ceased": [self._statement(before[r]) for r in sorted(before) if r not in after],
            "reversed": self._reversed(before, after),
            "disagreements_began": self._pairs(now, was, everything),
            "disagreements_ceased": self._pairs(was, now, everything),
            "disagreements_changed": [
                {**row, "was": was[pair].verdict}
                for pair, f in sorted(now.items())
                if pair in was and was[pair].verdict != f.verdict
                for row in self._disagree.tell([f], everything)
            ],
            "patients": _patients(statuses(start), statuses(end), self._records),
            "imprecise": self._imprecise(rows, start, end),
        }

    def _pairs(
        self,
        there: Mapping[tuple[str, str], Finding],
        gone: Mapping[tuple[str, str], Finding],
        everything: list[Finding],
    ) -> list[forms.Disagreement]:
        new = (f for pair, f in sorted(there.items()) if pair not in gone)
        chosen = [f for f in new if f.verdict not in APART and not f.boundary]
        return self._disagree.tell(chosen, everything)

    def _documents(self, rows: list[Addressed], start: date, end: date) -> list[forms.DatedDocument]:
        """The documents with a statement that began or ended, with why."""
        reasons: dict[str, set[str]] = {}
        for row in rows:
            if start.isoformat() < row.begins <= end.isoformat():
                begun = self._records.intervals[row.rec].beginning
                reasons.setdefault(row.document, set()).add(f"issued, in effect from {begun}")
            if row.ends and start.isoformat() < row.ends <= end.isoformat():
                reasons.setdefault(row.document, set()).add(self._why(row))
        return [{**describe.document(self._records, d), "why": sorted(reasons[d])} for d in sorted(reasons)]

    def _imprecise(self, rows: list[Addressed], start: date, end: date) -> list[Imprecise]:
        """What may have begun or ended on the other side of one of the days, by the day that it concerns."""
        told = [
            (day, row) for day in (start, end) for row in describe.imprecise(self._records, day, {r.rec for r in rows})
        ]
        return [{**row, "text": f"{row['text']} (asked for {day})"} for day, row in told]

    def _why(self, row: Addressed) -> str:
        ending = self._records.intervals[row.rec].ending
        for node in (row.rec, row.document):
            replaced = [self._records.label(d) for d in self._records.all(node, "supersededBy")]
            if replaced:
                return f"superseded on {ending} by {' and '.join(replaced)}"
            for prop, word in (("supersededOn", "superseded"), ("withdrawnOn", "withdrawn"), ("lapsesOn", "lapsed")):
                if self._records.one(node, prop):
                    return f"{word} on {ending}"
        return f"ended on {ending}"

    def _statement(self, row: Addressed) -> forms.Statement:
        return {
            "id": describe.name(row.rec),
            "label": self._records.label(row.rec),
            "stance": row.stance,
            "document": describe.document(self._records, row.document, self._records.issued_of(row.rec)),
        }

    def _reversed(self, before: Mapping[str, Addressed], after: Mapping[str, Addressed]) -> list[forms.Reversal]:
        """Statements that ceased whose own document, or the one that replaced it, now takes the other side."""
        turned: list[forms.Reversal] = []
        for old in (before[r] for r in sorted(before) if r not in after):
            heirs = {old.document, *self._records.all(old.document, "supersededBy")}
            heirs |= set(self._records.all(old.rec, "supersededBy"))
            for new in (after[r] for r in sorted(after) if r not in before):
                sides = {old.stance, new.stance} == set(_SIDES)
                if sides and new.document in heirs and self._records.related(old.intervention, new.intervention):
                    turned.append({"was": self._statement(old), "now": self._statement(new)})
        return turned


def _patients(
    was: Mapping[str, Mapping[str, str]], now: Mapping[str, Mapping[str, str]], records: Records
) -> list[forms.ChangedPatient]:
    """For each patient the therapies whose status differs."""
    rows: list[forms.ChangedPatient] = []
    for patient in sorted(now):
        changed: list[forms.ChangedStatus] = [
            {"intervention": describe.name(t), "label": records.label(t), "was": was[patient].get(t), "now": status}
            for t, status in sorted(now[patient].items(), key=lambda item: records.label(item[0]))
            if was[patient].get(t) != status
        ]
        rows.append({"profile": patient, "therapies": changed})
    return rows
