"""What can be asked of a knowledge base by name with plain values: the interface for programs, and tools for models."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from guidegraph.api.answer import Answer
from guidegraph.api.arguments import Argument, checked, object_schema
from guidegraph.api.base import KnowledgeBase
from guidegraph.disagree.selection import STRENGTHS
from guidegraph.errors import UsageError
from guidegraph.knowledge import documents
from guidegraph.knowledge.lay import READERS
from guidegraph.model import Profile

if TYPE_CHECKING:
    from guidegraph.intake.fhir.read import Reading

Given = Mapping[str, Any]

_PROFILE = Argument(
    "profile",
    "profile",
    "The patient: a profile as docs/profile.md has it, a FHIR resource or Bundle, or example:NAME.",
    required=True,
    of_patient=True,
)
_RECORD = Argument("record", "record", "How the profile is read, where it is FHIR.", of_patient=True)
_AS_OF = Argument("as_of", "day", "Count what was in effect on this day, YYYY-MM-DD; today if it is left out.")
_PROBLEM = Argument(
    "problem", "text", "The condition that is asked about, where the profile names several problems.", of_patient=True
)
#: What every question about a patient takes, as :class:`guidegraph.assess.assessing.Asking` has it.
_ASKING = (
    _AS_OF,
    Argument("jurisdiction", "text", "Count only the labels of this country, such as GB, US or EU; all if left out."),
    _PROBLEM,
    Argument("standing", "choice", "Count only what guidelines recommend themselves.", options=("guideline",)),
    Argument("only", "choice", "Count only what a second person approved the encoding of.", options=("approved",)),
)
_ALSO = Argument("also", "texts", "Further drugs or procedures to answer for, as codes of other terminologies.")
_OF_PATIENT = (_PROFILE, _RECORD, *_ASKING)


class Written(str):
    """An answer that is text of JSON already."""


@dataclass(frozen=True)
class Operation:
    """Something to ask.

    Attributes:
        name: its name.
        title: what it is, in a few words.
        about: what it answers, a sentence or two.
        arguments: what it takes.
        run: what answers it, given checked arguments.
        path: where the interface for programs has it; an argument in braces is part of the path.
        form: the name of the published form of its answer, where that is another than its own.
    """

    name: str
    title: str
    about: str
    arguments: tuple[Argument, ...]
    run: Callable[[KnowledgeBase, Given], Any]
    path: str
    form: str = ""

    def ask(self, kb: KnowledgeBase, given: Given) -> str:
        """The answer in its published form, as text of JSON in one line or more.

        Raises:
            UsageError: an argument is unknown, missing or of the wrong kind.
            GuideGraphError: as the method of :class:`KnowledgeBase` that answers it.
        """
        told = self.run(kb, checked(self.arguments, given))
        # What an answer shares with others is nobody's to change: it is written before it is given away.
        return told if isinstance(told, Written) else json.dumps(told, ensure_ascii=False, separators=(",", ":"))

    @property
    def answers(self) -> str:
        """The name of the published form of its answer."""
        return self.form or self.name

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of what it takes."""
        return object_schema(self.arguments)

    @property
    def apart(self) -> tuple[Argument, ...]:
        """What it takes without a patient, which alone may stand in a web address."""
        return tuple(argument for argument in self.arguments if not argument.of_patient)

    @property
    def methods(self) -> list[str]:
        """The methods of HTTP that ask it: GET without a patient, POST with one."""
        about = [argument for argument in self.arguments if argument.kind == "profile"]
        return [*(["GET"] if not any(a.required for a in about) else []), *(["POST"] if about else [])]


def _day(given: Given) -> date | None:
    day: date | None = given.get("as_of")
    return day


def _patient(kb: KnowledgeBase, given: Given) -> Profile:
    reading = _record(kb, given)
    return reading.profile if reading is not None else kb.profile(given["profile"])


def _record(kb: KnowledgeBase, given: Given) -> Reading | None:
    """How the patient's record was read, where it is FHIR.

    Raises:
        UsageError: it is none, and how it is to be read is said.
    """
    source = given.get("profile")
    if not isinstance(source, Mapping) or "resourceType" not in source:
        if given.get("record"):
            raise UsageError("no FHIR record is given that it could be about", where="record", mend="Leave it out.")
        return None
    return kb.profile_from_fhir(source, as_of=_day(given), where="profile", **given.get("record", {}))


def _chosen(given: Given, arguments: tuple[Argument, ...] = _ASKING) -> dict[str, Any]:
    """Those of these arguments that were given."""
    return {argument.name: given[argument.name] for argument in arguments if argument.name in given}


def _answer(kb: KnowledgeBase, given: Given) -> Answer:
    return kb.therapies(_patient(kb, given), also=given.get("also", ()), **_chosen(given))


def _explain(kb: KnowledgeBase, given: Given) -> Any:
    return kb.explain(_patient(kb, given), given["therapy"], **_chosen(given))


def _ask(kb: KnowledgeBase, given: Given) -> Any:
    return kb.therapies(_patient(kb, given), **_chosen(given)).asked()


def _plan(kb: KnowledgeBase, given: Given) -> Any:
    return kb.plan(_patient(kb, given), given["therapies"], **_chosen(given))


def _timeline(kb: KnowledgeBase, given: Given) -> Any:
    return kb.timeline(_patient(kb, given), **_chosen(given))


def _read(kb: KnowledgeBase, given: Given) -> Any:
    from guidegraph.intake.form import to_json

    reading = _record(kb, given)
    profile = reading.profile if reading is not None else kb.profile(given["profile"])
    report = reading.report.to_dict() if reading is not None else None
    return {"profile": json.loads(to_json(profile, kb.vocabulary)), "report": report}


_DIFFERING = (
    Argument("intervention", "text", "Only what is about this intervention, or one above or below it."),
    Argument("document", "text", "Only what this document is a side of: its id, or a part of its label."),
    Argument("verdicts", "texts", "Only disagreements of these verdicts, such as real."),
    Argument("include_apparent", "flag", "Also pairs whose patients exclude each other or are of unrelated problems."),
    Argument(
        "policy",
        "choice",
        "Which side is told first; nothing is resolved.",
        options=("recency", "strength", "certainty", "primary-first"),
    ),
)


def _disagreements(kb: KnowledgeBase, given: Given) -> Any:
    reading = _record(kb, given)
    profile = reading.profile if reading else kb.profile(given["profile"]) if "profile" in given else None
    options = _chosen(given, _DIFFERING)
    return kb.disagreements(profile=profile, as_of=_day(given), problem=given.get("problem"), **options)


def _audit(kb: KnowledgeBase, given: Given) -> Any:
    return dict(kb.audit(**{"severity": "note", **given}).data)


def _examples(kb: KnowledgeBase, given: Given) -> Any:
    rows = [(name, kb.profile(f"example:{name}")) for name in kb.knowledge.examples]
    return {"examples": [{"name": f"example:{name}", "label": profile.label} for name, profile in rows]}


_YEARS = (1, 9_999)
_PART = (
    Argument("at_least", "number", "Only interventions that so many documents address; 2 if left out."),
    Argument("category", "text", "Only interventions of this kind, such as drug."),
    Argument("family", "text", "Only interventions at or below this one, by label, synonym or CURIE."),
    Argument("documents", "texts", "Only these documents, each by its id or a part of its label that only it has."),
    Argument("issued_from", "number", "Only documents issued in this year or later.", bounds=_YEARS),
    Argument("issued_to", "number", "Only documents issued in this year or before.", bounds=_YEARS),
    Argument("strength", "choice", "Only statements of this strength.", options=STRENGTHS),
    Argument("in_effect", "flag", "Only documents and statements that have not ended."),
)


def _matrix(kb: KnowledgeBase, given: Given) -> Any:
    return kb.matrix(as_of=_day(given), **_chosen(given, _PART))


_DOCUMENT = "A document by its id (as ggd:NAME or NAME) or a part of its label that only it has."
_READER = (
    Argument("reader", "choice", "For whom: plain is in everyday words, for the patient.", options=tuple(READERS)),
    Argument("language", "text", "The language of the words, a tag such as de: a file of labels has them."),
)
_OPERATIONS = (
    Operation(
        "glance",
        "The answer at a glance",
        "What one acts on for a patient: alerts first, what must not be given, what is recommended and by whom, what "
        "to check, where sources disagree, and what to ask next. Every therapy stands in one band.",
        (*_OF_PATIENT, _ALSO, *_READER),
        lambda kb, given: _answer(kb, given).glance(**_chosen(given, _READER)),
        "therapies/glance",
    ),
    Operation(
        "therapies",
        "The answer as data",
        "Every therapy that a statement reaches, with its status for the patient, its family and band, and what each "
        "rests on: statements, contraindications, evidence, documents and questions stand once, in tables. A cell is "
        "of the column at its place; a number in it is a place, from nought, in words of that column or in rows that "
        "it refers to, as words and refers of the table say.",
        (*_OF_PATIENT, _ALSO),
        lambda kb, given: Written(_answer(kb, given).json()),
        "therapies",
        "data",
    ),
    Operation(
        "full",
        "The whole answer",
        "Every therapy with each voice, reason, place and open fact written out, the same statement wherever it bears. "
        "Some fifteen times as long as the answer as data.",
        (*_OF_PATIENT, _ALSO),
        lambda kb, given: _answer(kb, given).whole,
        "therapies/full",
        "therapies",
    ),
    Operation(
        "explain",
        "Why a therapy has its status",
        "The proof of one therapy's status for a patient: each literal with its value and the fact behind it, the "
        "statements and their places; and the smallest change of facts that would make the therapy eligible.",
        (
            *_OF_PATIENT,
            Argument("therapy", "text", "The therapy by label, synonym, CURIE, IRI or code.", required=True),
        ),
        _explain,
        "explain",
    ),
    Operation(
        "ask",
        "What to find out next",
        "The unknown facts about a patient that could change a status, the most telling first.",
        _OF_PATIENT,
        _ask,
        "ask",
    ),
    Operation(
        "plan",
        "Therapies given together",
        "What becomes of therapies that are to be given together to a patient: what is then contraindicated or warned "
        "of, what doubles, which attached conditions the plan meets, statuses before and after.",
        (
            *_OF_PATIENT,
            Argument("therapies", "texts", "The therapies by label, synonym, CURIE, IRI or code.", required=True),
        ),
        _plan,
        "plan",
    ),
    Operation(
        "timeline",
        "Statuses by week",
        "The status of every therapy for a patient by week of symptoms, at every week at which something can change.",
        _OF_PATIENT,
        _timeline,
        "timeline",
    ),
    Operation(
        "profile",
        "How a patient is read",
        "A profile as it was understood, and for a FHIR record what became of every entry: used, ignored, or not "
        "understood and why.",
        (_PROFILE, _RECORD, _AS_OF),
        _read,
        "profile",
    ),
    Operation(
        "disagreements",
        "Where documents disagree",
        "Controversies and pairs of statements that differ, for whom, whether they are really about the same patients, "
        "and what explains them; with a profile only what concerns this patient.",
        (
            Argument("profile", "profile", "Only what concerns this patient.", of_patient=True),
            _RECORD,
            _AS_OF,
            _PROBLEM,
            *_DIFFERING,
        ),
        _disagreements,
        "disagreements",
    ),
    Operation(
        "compare",
        "Two documents side by side",
        "Where two documents differ and agree, what only one of them addresses, and which evidence they share.",
        (
            Argument("a", "text", _DOCUMENT, required=True),
            Argument("b", "text", "The other document.", required=True),
            _AS_OF,
        ),
        lambda kb, given: kb.compare(given["a"], given["b"], as_of=_day(given)),
        "compare",
    ),
    Operation(
        "matrix",
        "Interventions by documents",
        "Who says what on each intervention; rows and columns that say nothing of what is chosen are left out.",
        (_AS_OF, *_PART),
        _matrix,
        "matrix",
    ),
    Operation(
        "trace",
        "The chain of provenance",
        "The chain from a statement to its passage, document, citations, primary and evidence, with every break.",
        (
            Argument(
                "node",
                "text",
                "A statement or document by IRI, CURIE or id, or a therapy by label, synonym or CURIE.",
                required=True,
            ),
        ),
        lambda kb, given: dict(kb.trace(given["node"]).data),
        "trace",
    ),
    Operation(
        "audit",
        "What is wrong with the provenance",
        "Findings on the provenance of the statements, each with its evidence and how to mend it; with a document also "
        "what the primaries say of each of its claims.",
        (
            Argument("document", "text", f"Only findings on one document. {_DOCUMENT}"),
            Argument("severity", "choice", "Only findings so grave or graver.", options=("error", "warning", "note")),
            _AS_OF,
            Argument("maximum_age", "number", "Report documents that were issued more years ago.", bounds=(1, 200)),
        ),
        _audit,
        "audit",
    ),
    Operation(
        "lookup",
        "What a term or code means",
        "What a term or a code of another terminology is here: definition, hierarchy, mappings, and what is stated "
        "with it.",
        (Argument("term", "text", "A label, synonym, CURIE or IRI, or a code such as ATC:A01AA01.", required=True),),
        lambda kb, given: kb.lookup(given["term"]),
        "lookup",
    ),
    Operation(
        "documents",
        "All documents",
        "Every document of the knowledge: kind, date, verification, addresses, and how many statements it makes.",
        (),
        lambda kb, given: documents.documents(kb.knowledge),
        "documents",
    ),
    Operation(
        "document",
        "One document",
        "A document and what it states, in its order, with strength, certainty, population and place.",
        (Argument("document", "text", _DOCUMENT, required=True),),
        lambda kb, given: documents.document(kb.knowledge, given["document"]),
        "documents/{document}",
    ),
    Operation(
        "examples",
        "The example patients",
        "The profiles that are shipped: their names stand for them wherever a profile is asked for.",
        (),
        _examples,
        "examples",
    ),
)
#: Everything that can be asked, by name.
OPERATIONS: dict[str, Operation] = {operation.name: operation for operation in _OPERATIONS}
