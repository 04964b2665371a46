"""What to find out next: unknown facts, ranked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from typing import TYPE_CHECKING, NamedTuple

from guidegraph.assess.alerts import signs
from guidegraph.assess.assessment import ABSOLUTE, FOR, UNKNOWN, Assessment
from guidegraph.assess.course import trials_made
from guidegraph.assess.families import families
from guidegraph.knowledge import describe
from guidegraph.knowledge.atoms import Atom
from guidegraph.knowledge.facts import Fact
from guidegraph.knowledge.records import gg
from guidegraph.model import POSITIVE, STATUSES
from guidegraph.termreadings import TAKEN, plain

if TYPE_CHECKING:
    from guidegraph.forms import OpenFact, Question, Sign


#: What an answer may do to a therapy, by the letter of a statement's role, the gravest first.
_VERBS = {
    "c": "may rule out",
    "f": "may bring in",
    "g": "may speak against",
    "r": "may call for caution with",
}


class Open(NamedTuple):
    """A statement that could still change a therapy's status in a role, since facts that it hangs on are unknown."""

    role: str
    statement: str


@dataclass
class _Question:
    fact: Fact
    therapies: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    absolute: bool = False
    harm: int = 0  #: 2: may rule out a therapy that is recommended now; 1: a test that is
    collective: bool = False
    signs: list[Sign] = field(default_factory=list)


def _by_role(assessment: Assessment, therapy: str, matters: str) -> Iterable[tuple[str, str]]:
    """The statements of the roles that matter, each with the letter of its role."""
    if "c" in matters:
        yield from (("c", s) for s in assessment.statements(therapy, ABSOLUTE))
    if "f" in matters:
        yield from (("f", s) for s in assessment.statements(therapy, FOR))
    if "g" in matters:
        yield from (("g", s) for s in assessment.opposing(therapy))
    if "r" in matters:
        yield from (("r", s) for s in assessment.cautions(therapy))


def open_statements(assessment: Assessment, therapy: str) -> list[Open]:
    """The statements on a therapy of which facts are unknown, in a fixed order.

    Those that may contraindicate it, advise against it or call for caution, and those that could still change the
    status.
    """
    matters, truths = "".join(sorted({*"cgr", *STATUSES[assessment.statuses[therapy]].open})), assessment.truths
    rows = _by_role(assessment, therapy, matters)
    return [Open(role, one) for role, one in rows if one not in truths and assessment.open_atoms(one)]


def alert_signs_only(assessment: Assessment, therapy: str) -> bool:
    """Whether a therapy is provisional on nothing but unknown signs of alerts."""
    if assessment.statuses[therapy] != "provisional":
        return False
    alerts = assessment.records.alerts
    return assessment.once(("signs only", therapy), lambda: nothing_open_but(assessment, therapy, alerts))


def nothing_open_but(assessment: Assessment, therapy: str, spared: Container[str]) -> bool:
    """Whether nothing that may speak against a therapy is unknown but statements and rules that are spared."""
    return all(assessment.truth(s) != UNKNOWN for _, s in _by_role(assessment, therapy, "cgr") if s not in spared)


def every_open_statement(assessment: Assessment) -> dict[str, list[Open]]:
    """The statements of each therapy of which facts are unknown."""
    return {therapy: open_statements(assessment, therapy) for therapy in sorted(assessment.statuses)}


def asked(assessment: Assessment, iri: str) -> Fact | None:
    """What an unknown atom is asked through: its number while a reading takes it from one that is not stated, and what
    a patient must have to have a number at all before that number.

    None where the number is stated and definitions differ on it: nobody could tell.
    """
    return assessment.once(("asked", iri), lambda: _asked(assessment, iri))


def _asked(assessment: Assessment, iri: str) -> Fact | None:
    atom = assessment.atom(iri)
    if (atom.prop, atom.cls) in assessment.settled.disputed:
        return None
    present = assessment.settled.profile.present
    if not atom.cls:
        return assessment.book.owner(atom.prop, present) or assessment.book.fact(atom)
    number = assessment.book.asked_through(atom, assessment.profile.values, present)
    return assessment.book.number(number) if number else assessment.book.fact(atom)


def differing(assessment: Assessment, atom: Atom) -> str:
    """That definitions of a term differ at the patient's number, in words."""
    rule = assessment.settled.disputed[atom.prop, atom.cls]
    number = assessment.book.short(rule.given)
    value = plain(assessment.profile.values[rule.given])
    why, label = assessment.book.why(rule.why), assessment.book.label(atom)
    return assessment.said("sources-differ", "{}: sources differ at {} {} ({})", label, number, value, why)


def questions(assessment: Assessment, unknown: Mapping[str, Iterable[Open]]) -> list[Question]:
    """What to find out: alerts first, then what may rule out a therapy that is recommended to the patient now, since
    there a fact that is not asked may harm, then a test that is (who does it asks as well); in each by how many
    families of therapies a fact could still change, absolute contraindications before others.

    The signs of an alert are one question, with an answer a sign. What is a matter of consent or procedure is shown
    with the therapy and not asked here; nor is what may speak against a therapy that nobody recommends to the patient,
    unless they take it: nobody would start it, whatever the answer.

    Args:
        unknown: the statements of each therapy of which facts are unknown.
    """
    records = assessment.records
    table = {f"alert {alert}": _alert(assessment, alert) for alert in records.alerts if assessment.open_atoms(alert)}
    alarming: dict[str, list[_Question]] = defaultdict(list)
    for question in table.values():
        for sign in question.signs:
            alarming[sign["fact"]].append(question)

    def entries(iri: str) -> list[_Question]:
        atom = assessment.atom(iri)
        if assessment.book.fact(atom).fact in alarming:
            return alarming[assessment.book.fact(atom).fact]
        fact = asked(assessment, iri)
        if fact is None:
            return []
        known = table.get(fact.fact)
        if known is None:
            whole = atom.prop == gg("hasTrial") and atom.cls in records.collectives
            known = table[fact.fact] = _Question(fact, collective=whole)
        return [known]

    @cache
    def asks(statement: str) -> list[_Question]:
        if records.one(statement, "consentOrProcedure") == "true":
            return []
        clock = assessment.clock(statement)
        return [q for atom in assessment.open_atoms(statement) if atom not in clock for q in entries(atom)]

    idle = _idle(assessment)
    for therapy, rows in unknown.items():
        changing = "" if therapy in idle else STATUSES[assessment.statuses[therapy]].open
        for role, statement in rows:
            if role in changing:
                for question in asks(statement):
                    question.therapies[therapy].add(role)
                    question.absolute |= role == "c"
                    if role == "c" and assessment.statuses[therapy] in POSITIVE:
                        question.harm = max(question.harm, 1 if records.shown_apart(therapy) else 2)
    heads = families(assessment)
    counted = [(q, len({heads[therapy] for therapy in q.therapies})) for q in table.values()]
    ranked = sorted(counted, key=_order)
    told: list[Question] = [
        {
            "fact": q.fact.fact,
            "label": q.fact.label,
            "key": q.fact.key,
            "therapies": len(q.therapies),
            "families": number,
            "decides": _decides(assessment, q, heads),
            "alert": bool(q.signs),
            "absolute": q.absolute,
            "trials": trials_made(assessment) if q.collective else [],
            "signs": q.signs,
        }
        for q, number in ranked
    ]
    # What may do the same stands together, where the first of it stands.
    first = {question["decides"]: at for at, question in reversed(list(enumerate(told)))}
    return sorted(told, key=lambda question: (not question["signs"], first[question["decides"]]))


def _order(row: tuple[_Question, int]) -> tuple[bool, int, int, bool, str, str]:
    question, count = row
    fact = question.fact
    return not question.signs, -question.harm, -count, not question.absolute, fact.filed, fact.fact


def _idle(assessment: Assessment) -> set[str]:
    """The therapies that nobody recommends to the patient, or may once more is known, and that they do not take."""
    above, taken = assessment.records.ancestors, assessment.profile.present.get(TAKEN, frozenset())
    started = {therapy for drug in taken for therapy in above.get(drug, (drug,))}
    return {
        therapy
        for therapy, status in assessment.statuses.items()
        if status == "not-indicated" and therapy not in started and taken.isdisjoint(above.get(therapy, ()))
    }


def _decides(assessment: Assessment, question: _Question, heads: Mapping[str, str]) -> str:
    """The gravest of what an answer could change, with the first therapy of which: by status, then best voice.

    A family stands for what it changes only where its head is changed; else a member is named that is: no question may
    seem to rule out a class of which it rules out one drug.
    """
    records, order = assessment.filed.records, list(STATUSES)

    def rank(therapy: str) -> tuple[int, int, str, str]:
        said = (records.weight(s)[0] for s in assessment.statements(therapy, FOR))
        return order.index(assessment.statuses[therapy]), -max(said, default=0), records.label(therapy), therapy

    for role, verb in _VERBS.items() if not question.signs else ():
        changed = {therapy for therapy, roles in question.therapies.items() if role in roles}
        if changed:
            named = assessment.records.label(min((heads[t] if heads[t] in changed else t for t in changed), key=rank))
            return assessment.said(f"question-{role}", f"{verb} {{}}", named)
    return ""


def _alert(assessment: Assessment, alert: str) -> _Question:
    """The question whether any sign of an alert is there."""
    told, filed = (one.records.label(alert) for one in (assessment, assessment.filed))
    fact = Fact(describe.name(alert), told, "", filed)
    return _Question(fact, signs=signs(assessment, alert))


def _nobody_knows(assessment: Assessment, iri: str, elsewhere: bool) -> str:
    """Why what an atom hangs on is not asked as a fact: definitions differ, or it may be about another problem."""
    if not elsewhere:
        return differing(assessment, assessment.atom(iri))
    label = assessment.book.label(assessment.atom(iri))
    return assessment.said("of-whatever", "{}, of whatever else of the patient that is about", label)


def _named(assessment: Assessment, statement: str) -> dict[str, tuple[str, str | None]]:
    """What a statement hangs on: the words that each open fact is told by, and the fact, None where nobody can tell; by
    the words that it is filed under."""
    made: dict[str, tuple[str, str | None]] = {}
    clock = assessment.clock(statement)
    for atom in assessment.open_atoms(statement):
        fact = None if atom in clock else asked(assessment, atom)
        filed, told = (
            (fact.filed, fact.label)
            if fact
            else (_nobody_knows(one, atom, atom in clock) for one in (assessment.filed, assessment))
        )
        made.setdefault(filed, (told, fact.fact if fact else None))
    return made


def _facts_of(assessment: Assessment, statement: str) -> dict[str, tuple[str, str | None]]:
    return assessment.once(("named", statement), partial(_named, assessment, statement))


def _statements(unknown: Iterable[Open]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(row.statement for row in unknown))


class _Opened(NamedTuple):
    """The open facts of some statements as each of them has it, and in order those that are no signs, then the rest."""

    facts: dict[str, tuple[str, str | None]]
    own: list[str]
    signs: list[str]


def _opened(assessment: Assessment, statements: tuple[str, ...]) -> _Opened:
    facts: dict[str, tuple[str, str | None]] = {}
    own: set[str] = set()
    for statement in reversed(statements):  # the first that names a fact has it told
        named = _facts_of(assessment, statement)
        facts.update(named)
        if statement not in assessment.records.alerts:
            own.update(named)
    return _Opened(facts, sorted(own), sorted(facts.keys() - own))


def to_establish(assessment: Assessment, unknown: Iterable[Open]) -> list[OpenFact]:
    """The facts to establish for a therapy, signs of alerts last, each with two of the statements it matters to.

    What it gives is shared by therapies that hang on the same statements: copy it before it is changed.
    """
    statements = _statements(unknown)
    return assessment.once(("establish", statements), partial(_established, assessment, statements))


def to_establish_labels(assessment: Assessment, unknown: Iterable[Open]) -> tuple[str, ...]:
    """The labels of the facts to establish for a therapy, each once, in the same order."""
    statements = _statements(unknown)
    return assessment.once(("establish labels", statements), partial(_labels, assessment, statements))


def _labels(assessment: Assessment, statements: tuple[str, ...]) -> tuple[str, ...]:
    facts, own, signs = _opened(assessment, statements)
    return tuple(dict.fromkeys(facts[filed][0] for filed in (*own, *signs)))


def _established(assessment: Assessment, statements: tuple[str, ...]) -> list[OpenFact]:
    why: dict[str, set[str]] = defaultdict(set)
    for statement in statements:
        name = assessment.records.label(statement)
        for filed in _facts_of(assessment, statement):
            why[filed].add(name)
    facts, own, signs = _opened(assessment, statements)
    return [
        {"fact": facts[filed][1], "label": facts[filed][0], "why": sorted(why[filed])[:2], "alert": alert}
        for alert, placed in ((False, own), (True, signs))
        for filed in placed
    ]
