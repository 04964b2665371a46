"""One therapy of an answer, with everything that is said for and against it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from guidegraph.assess.alerts import attended
from guidegraph.assess.assessment import ABSOLUTE, AGAINST, FALSE, FOR, GENERALLY, OTHER, TRUE, Assessment
from guidegraph.assess.problem import indications
from guidegraph.assess.questions import Open, alert_signs_only, to_establish
from guidegraph.assess.voices import against_but_for_coverage, described, ended, ordered, speakers, voices
from guidegraph.assess.warned import contraindications, harms, holding, stated_elsewhere
from guidegraph.knowledge import describe

if TYPE_CHECKING:
    from guidegraph.forms import Ground, Member, PairDisagreement, Tried

#: The mark of a therapy of which nothing is recorded that contraindicates it.
UNFILED = "contraindications not on file"
#: The disagreements between true statements for a therapy and true ones against it.
Behind = Callable[[Iterable[str], Iterable[str]], "list[PairDisagreement]"]
#: The kind of the ground of a therapy for which only recommendations for another problem speak.
OTHER_PROBLEM = "other problem"


def line(assessment: Assessment, statements: Iterable[str]) -> int | None:
    """The first line of treatment that some statements name, None where none names one."""

    def first() -> int | None:
        lines = (describe.line(assessment.records, s) for s in named)
        return min((number for number in lines if number is not None), default=None)

    named = tuple(statements)
    return assessment.once(("line", named), first)


def _because(assessment: Assessment, statement: str) -> str:
    """Why a statement is true or false for the patient: its deciding literals, in words."""
    return assessment.once(("because", statement), lambda: _decided(assessment, statement))


def _decided(assessment: Assessment, statement: str) -> str:
    if assessment.truth(statement) == TRUE:
        return holding(assessment, statement) or attended(assessment, statement) or ""
    branches = assessment.records.branches.get(assessment.records.criterion(statement), ())
    failed = [assessment.words(a, p) for b in branches for a, p in b if assessment.literal_truth(a, p) == FALSE]
    return "; ".join(dict.fromkeys(failed))


def _ground(assessment: Assessment, statement: str, kind: str, verb: str = "") -> Ground:
    return assessment.once(("ground", statement, kind, verb), lambda: _sentence(assessment, statement, kind, verb))


def _sentence(assessment: Assessment, statement: str, kind: str, verb: str) -> Ground:
    records = assessment.records
    document = records.one(statement, "statedIn")
    issued = records.issued_of(statement)
    year = f", {issued[:4]}" if issued[:4].isdigit() else ""
    reported = "; ".join(records.label(d) for d in records.all(statement, "reports"))
    source = f"{records.label(document)}{year}" + (f", reporting {reported}" if reported else "")
    because = _because(assessment, statement)
    said = f"{verb or kind}: {records.label(statement)} [{source}]" + (f" - {because}" if because else "")
    return {"kind": kind, "statement": describe.name(statement), "text": said}


def _grounds(assessment: Assessment, therapy: str) -> list[Ground]:
    """Why the therapy has its status, sentence by sentence: everything true, and for "not indicated" what failed."""
    rows: list[Ground] = []

    def add(statements: Iterable[str], truth: str, kind: str, verb: str = "") -> None:
        if held := [s for s in statements if assessment.truth(s) == truth]:
            spoken = ordered(assessment, speakers(assessment.records, held))
            rows.extend(_ground(assessment, s, _aside(assessment, therapy, s) or kind, verb) for s in spoken)

    if therapy in assessment.linked:
        reading = assessment.linked[therapy]
        classes = ", ".join(assessment.records.label(c) for c in reading.present)
        rows.append(
            {"kind": "counts as", "statement": None, "text": f"counts as {classes}: {'; '.join(reading.steps)}"}
        )
    for role, kind in ((ABSOLUTE, "contraindicated"), (AGAINST, "advised against"), (FOR, "recommended")):
        add(assessment.statements(therapy, role), TRUE, kind)
    cautions = assessment.held(assessment.cautions(therapy))
    rows += [_ground(assessment, c, _caution_word(assessment, c)) for c in cautions]
    for label in harms(assessment, therapy):
        rows.append({"kind": "not tolerated", "statement": None, "text": f"not tolerated: {label}"})
    add(assessment.statements(therapy, OTHER), TRUE, "looked", "looked and took no side")
    recommended, opposed = assessment.statements(therapy, FOR), assessment.statements(therapy, AGAINST)
    if assessment.statuses[therapy] == "not-indicated":
        add(recommended, FALSE, "failed", "recommended only for other patients, which fails on")
        add(opposed, FALSE, "failed", "advised against only for other patients, which fails on")
        elsewhere = [s for s in _reaching(assessment, therapy) if s in assessment.elsewhere]
        for statement in ordered(assessment, elsewhere):
            said = f"speaks of another problem ({indications(assessment.records, statement)})"
            rows.append(_ground(assessment, statement, OTHER_PROBLEM, said))
        if not recommended and not opposed and not elsewhere:
            said = "no document in the knowledge base recommends it or advises against it"
            rows.append({"kind": "silence", "statement": None, "text": said})
    general = [s for s in assessment.statements(therapy, GENERALLY) if assessment.truth(s) != FALSE]
    if not recommended and general:
        general_of = {assessment.records.label(assessment.records.one(s, "intervention")) for s in general}
        named = assessment.records.label(therapy)
        said = f"recommended for {', '.join(sorted(general_of))} in general; no source here names {named}"
        rows.append({"kind": "in general", "statement": None, "text": said})
    if therapy in assessment.unfiled:
        said = f"{UNFILED}: none is recorded for it or its class"
        rows.append({"kind": "not on file", "statement": None, "text": said})
    return rows


def _reaching(assessment: Assessment, therapy: str) -> list[str]:
    """The statements for and against a therapy, whether they count or not."""
    edges = assessment.records.edges.get(therapy, {})
    return [statement for role in (FOR, AGAINST) for statement in edges.get(role, ())]


def _aside(assessment: Assessment, therapy: str, statement: str) -> str:
    """Why a true statement against a therapy is not counted as one, "" where it is."""
    if assessment.truth(statement) != TRUE:
        return ""
    if statement in assessment.in_general.get(therapy, ()):
        return "advised against in general, which does not hold up what the alert calls for"
    if statement in assessment.limits.get(therapy, ()):
        return "limited by"
    return "both apply, for different indications" if statement in assessment.apart.get(therapy, ()) else ""


def _caution_word(assessment: Assessment, caution: str) -> str:
    if caution in assessment.records.alerts:
        return "alert"
    kind = assessment.records.code(assessment.records.one(caution, "kind"), "")
    return f"{kind} contraindication" if kind == "relative" else kind or "not covered"


def _members(assessment: Assessment, therapy: str) -> list[Member]:
    members = assessment.records.edges.get(therapy, {}).get("member", ())
    rows: list[Member] = [
        {
            "intervention": assessment.name(m),
            "label": assessment.records.label(m),
            "status": assessment.statuses[m],
        }
        for m in members
        if m in assessment.statuses
    ]
    return sorted(rows, key=lambda row: (row["label"], row["intervention"]))


def _behind(assessment: Assessment, therapy: str, held: list[str], behind: Behind) -> list[PairDisagreement]:
    if assessment.statuses[therapy] != "contested":
        return []
    return behind(held, assessment.held(assessment.opposing(therapy)))


def _marks(assessment: Assessment, therapy: str) -> list[str]:
    """What is printed with a therapy and changes no status."""
    rules = sorted(assessment.coverage_marks.get(therapy, ()), key=assessment.filed.records.label)
    marks = [assessment.records.label(rule) for rule in rules]
    return [*marks, assessment.said("unfiled", UNFILED)] if therapy in assessment.unfiled else marks


class Entry(Mapping[str, Any]):
    """One therapy of an answer as :class:`guidegraph.forms.Therapy` has it: each part is put into words when somebody
    reads it, since a glance and the data of an answer leave out most of what is said of most therapies.

    What is inside is shared: copy it before it is given away.

    Args:
        unknown: its open facts (:func:`~guidegraph.assess.questions.open_statements`).
        behind: finds the disagreements behind its status.
        boundary: the terms on which definitions differ, where it is positive only there.
        tried: its trials (:func:`~guidegraph.assess.course.every_trial`).
    """

    def __init__(
        self,
        assessment: Assessment,
        therapy: str,
        unknown: Iterable[Open],
        behind: Behind,
        boundary: Iterable[str] = (),
        tried: Iterable[Tried] = (),
    ) -> None:
        self.assessment, self.therapy = assessment, therapy
        self.unknown, self.behind, self.boundary, self.tried = unknown, behind, boundary, tried
        self._told: dict[str, Any] = {}

    def __getitem__(self, key: str) -> Any:
        told = self._told
        if key not in told:
            told[key] = _PARTS[key](self)
        return told[key]

    def __iter__(self) -> Iterator[str]:
        return iter(_PARTS)

    def __len__(self) -> int:
        return len(_PARTS)

    def count(self, key: str) -> int:
        """How many rows a part of recommendations or warnings has, which need not be put into words for that."""
        if key in _SPEAKING and key not in self._told:
            speaking = _SPEAKING[key](self)
            return len(speakers(self.assessment.records, speaking)) if speaking else 0
        return len(self[key])

    def statements(self, role: str) -> tuple[str, ...]:
        """The statements that reach the therapy in a role."""
        return self.assessment.statements(self.therapy, role)

    def held(self) -> list[str]:
        """The true statements for the therapy."""
        return self.assessment.held(self.statements(FOR))

    def voices(self, key: str) -> Any:
        """The voices that speak in a part."""
        speaking = _SPEAKING[key](self)
        return voices(self.assessment, self.therapy, speaking) if speaking else []

    def called(self) -> tuple[str, str]:
        """The label and the category of the therapy."""
        records = self.assessment.records
        label, category = records.classes.get(self.therapy, (records.label(self.therapy), ""))
        return label, category or "other"

    def coded(self) -> Any:
        """How the therapy was read, where it is a code of another terminology."""
        reading = self.assessment.linked.get(self.therapy)
        return describe.reading(reading, self.assessment.records.label) if reading else None


def _confirm(entry: Entry) -> list[str]:
    return [f"{f['label']} ({'; '.join(f['why'])})" if f["why"] else f["label"] for f in entry["establish"]]


def _evidence(entry: Entry) -> list[Any]:
    assessment, stated = entry.assessment, entry.statements("evidence")

    def told() -> list[Any]:
        return [described(assessment, describe.evidence, s) for s in ordered(assessment, stated)]

    return assessment.once(("evidence", stated), told) if stated else []


def _comparisons(entry: Entry) -> list[Any]:
    assessment, placed = entry.assessment, ordered(entry.assessment, entry.statements("compared"))
    return [described(assessment, describe.comparison, s, assessment.truth(s)) for s in placed]


#: Which recommendations speak in each part of voices.
_SPEAKING: dict[str, Callable[[Entry], Collection[str]]] = {
    "for": lambda e: e.statements(FOR),
    "against": lambda e: e.assessment.opposing(e.therapy),
    "other_stances": lambda e: e.statements(OTHER),
    "in_general": lambda e: e.statements(GENERALLY),
    "limits": lambda e: e.assessment.limits.get(e.therapy, ()),
    "both_apply": lambda e: e.assessment.apart.get(e.therapy, ()),
}
#: How each part of a therapy is made, in the order of the published form.
_PARTS: dict[str, Callable[[Entry], Any]] = {
    "intervention": lambda e: e.assessment.name(e.therapy),
    "label": lambda e: e.called()[0],
    "coded": Entry.coded,
    "category": lambda e: e.called()[1],
    "status": lambda e: e.assessment.statuses[e.therapy],
    "alert_signs_only": lambda e: alert_signs_only(e.assessment, e.therapy),
    "called_for": lambda e: sorted(e.assessment.records.label(alert) for alert in e.assessment.urgent(e.therapy)),
    "line": lambda e: line(e.assessment, e.held() or e.statements(FOR)),
    "for": lambda e: e.voices("for"),
    "against": lambda e: e.voices("against"),
    "other_stances": lambda e: e.voices("other_stances"),
    "in_general": lambda e: e.voices("in_general"),
    "contraindications": lambda e: contraindications(e.assessment, e.therapy),
    "stated_elsewhere": lambda e: stated_elsewhere(e.assessment, e.therapy),
    "limits": lambda e: e.voices("limits"),
    "both_apply": lambda e: e.voices("both_apply"),
    "against_but_for_coverage": lambda e: against_but_for_coverage(e.assessment, e.therapy),
    "ended": lambda e: ended(e.assessment, e.therapy),
    "boundary": lambda e: list(e.boundary),
    "marks": lambda e: _marks(e.assessment, e.therapy),
    "tried": lambda e: list(e.tried),
    "evidence": _evidence,
    "comparisons": _comparisons,
    "members": lambda e: _members(e.assessment, e.therapy),
    "confirm": _confirm,
    "establish": lambda e: to_establish(e.assessment, e.unknown),
    "reasons": lambda e: [ground["text"] for ground in e["grounds"]],
    "grounds": lambda e: _grounds(e.assessment, e.therapy),
    "disagreements": lambda e: _behind(e.assessment, e.therapy, e.held(), e.behind),
}
