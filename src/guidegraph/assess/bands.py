"""The bands of a glance: the one place of each therapy on the page that a person acts on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from guidegraph.assess.assessment import ABSOLUTE, CAUTIONED, FALSE, FOR, TRUE, UNKNOWN, Assessment
from guidegraph.assess.questions import nothing_open_but
from guidegraph.assess.timeline import HORIZON
from guidegraph.knowledge.atoms import CLASSES, Atom
from guidegraph.knowledge.records import gg
from guidegraph.model import STATUSES

if TYPE_CHECKING:
    from guidegraph.forms import Recommendation, Therapy

#: The bands in their order, with their headings. Where several fit a therapy the first of ``_FIRST`` takes it, then
#: the order here.
HEADINGS = {
    "alert": "ACT AT ONCE",
    "do-not-give": "DO NOT GIVE",
    "recommended": "RECOMMENDED",
    "if-checked": "IF CHECKED",
    "weak-ground": "WEAK GROUND",
    "disagree": "DISAGREE",
    "left-open": "LEFT OPEN",
    "avoid": "AVOID",
    "not-now": "NOT NOW",
    "tried": "TRIED",
    "tests": "TESTS",
    "rest": "the rest",
}
#: The standing of a voice that is a guideline's own.
GUIDELINE = "guideline"
_SECONDARY = "secondary"
_LOOKED = ("no-recommendation", "insufficient-evidence")
_OPEN_HIGH = Decimal(999999999)
#: More ways in which a population can fail are not looked through.
_WAYS = 64


@dataclass(frozen=True)
class Later:
    """What a recommendation lacks that only time or a trial can bring: ``weeks`` from now (0: only a trial is
    lacking), what is lacking in words, and the statement that then holds."""

    weeks: Decimal
    lacking: tuple[str, ...]
    statement: str


def held(voices: Iterable[Recommendation], standing: str = "") -> list[Recommendation]:
    """The voices that are true for the patient, of one standing if asked."""
    return [v for v in voices if v["truth"] == TRUE and standing in ("", v["standing"])]


def half_known(assessment: Assessment, therapy: str) -> list[tuple[str, Atom]]:
    """The unknown absolute contraindications of a therapy that hang on a narrower form of what the patient has."""
    present, ancestors = assessment.settled.profile.present, assessment.records.ancestors
    found = []
    for statement in assessment.statements(therapy, ABSOLUTE):
        for iri in assessment.open_atoms(statement):
            atom = assessment.atom(iri)
            above = ancestors.get(atom.cls, frozenset()) - {atom.cls}
            held = above.intersection(present.get(atom.prop, ()))
            if atom.cls and held and not _another(assessment, held, atom.cls):
                found.append((statement, atom))
    return found


def _another(assessment: Assessment, held: frozenset[str], cls: str) -> bool:
    """Whether what the patient has was stated as something that a narrower class is known not to be, each time."""
    stated = [reading for reading in assessment.profile.readings if not held.isdisjoint(reading.present)]
    return bool(stated) and all(cls in reading.denies for reading in stated)


def of_this_patient(assessment: Assessment, therapy: str) -> bool:
    """Whether a guideline recommends a therapy for something that the patient states beside the problem."""
    records = assessment.records
    own = assessment.once(("own",), lambda: _own(assessment))
    return any(
        positive and assessment.atom(iri).cls in own
        for s in assessment.statements(therapy, FOR)
        if assessment.truth(s) == TRUE and records.code(records.standing(s)) == GUIDELINE
        for iri, positive in assessment.held_by(s)
    )


def warned(assessment: Assessment, therapy: str) -> bool:
    """Whether a warning on a therapy holds for the patient, or they did not tolerate it; lack of coverage is none."""
    cautions = assessment.statements(therapy, CAUTIONED)
    return therapy in assessment.not_tolerated or any(assessment.truth(s) == TRUE for s in cautions)


def _own(assessment: Assessment) -> set[str]:
    """What the patient states beside the problem, with the classes above it."""
    above, profile = assessment.records.ancestors, assessment.profile
    about = assessment.asked.about or profile.about
    stated = {cls for prop in CLASSES for cls in profile.present.get(prop, frozenset()) - about}
    own, problem = ({up for cls in some for up in above.get(cls, (cls,))} for some in (stated, about))
    return own - problem


def later(assessment: Assessment, therapy: str) -> list[Later]:
    """What guidelines would recommend once some weeks have passed or something was tried, soonest first.

    Only where every literal that fails is time or a trial, and none is unknown.
    """
    return assessment.once(("later", therapy), lambda: _later(assessment, therapy))


def _later(assessment: Assessment, therapy: str) -> list[Later]:
    records = assessment.records
    found: dict[Later, list[str]] = {}
    for statement in assessment.statements(therapy, FOR):
        if assessment.truth(statement) != FALSE or records.code(records.standing(statement)) != GUIDELINE:
            continue
        for atoms in _lacking(assessment, records.criterion(statement), frozenset()):
            waits = [_wait(assessment, atom) for atom in atoms]
            if atoms and all(wait is not None for wait in waits):
                placed = sorted(atoms, key=assessment.filed.book.label)
                words = tuple(assessment.book.label(atom) for atom in placed)
                one = Later(max(w for w in waits if w is not None), words, statement)
                found[one] = list(map(assessment.filed.book.label, placed))
    return sorted(found, key=lambda one: (one.weeks, found[one], one.statement))


def _lacking(assessment: Assessment, population: str, seen: frozenset[str]) -> Iterator[frozenset[Atom]]:
    """For each branch of a population in which nothing is unknown and no negation fails: the atoms that fail."""
    for branch in assessment.records.branches.get(population, ()):
        truths = [(iri, positive, assessment.literal_truth(iri, positive)) for iri, positive in branch]
        failing = [(iri, positive) for iri, positive, truth in truths if truth == FALSE]
        if any(truth == UNKNOWN for *_, truth in truths) or not all(positive for _, positive in failing):
            continue
        ways: list[frozenset[Atom]] = [frozenset()]
        for iri, _ in failing:
            atom = assessment.atom(iri)
            inner = [frozenset({atom})]
            if atom.names:
                inner = [] if atom.names in seen else list(_lacking(assessment, atom.names, seen | {population}))
            ways = [way | more for way in ways for more in inner][:_WAYS]
        yield from ways


def _wait(assessment: Assessment, atom: Atom) -> Decimal | None:
    """The weeks until an atom that fails holds if nothing else happens, 0 for a trial; None if time does not help."""
    if atom.prop == gg("hasTrial"):
        return Decimal(0)
    rate, value = assessment.records.rates.get(atom.prop), assessment.profile.values.get(atom.prop)
    low = max(atom.low, atom.above)
    # Only what is counted in weeks: a birthday brings no therapy.
    if atom.cls or rate != 1 or value is None or not value <= low < _OPEN_HIGH:
        return None
    wait = low - value
    return wait if wait <= HORIZON else None


def band(assessment: Assessment, therapy: str, entry: Therapy) -> tuple[str, str]:
    """The band of a therapy, and the one that its status alone would give ("rest" where nothing is to be done)."""
    own = _by_status(assessment, therapy, entry)
    if entry["called_for"]:
        return "alert", own
    if own == "do-not-give":
        return own, own
    if assessment.records.shown_apart(therapy) and own != "rest":
        return "tests", own
    if any(trial["itself"] for trial in entry["tried"]):
        return "tried", own
    return own, own


def _by_status(assessment: Assessment, therapy: str, entry: Therapy) -> str:
    """The first band of the therapy's status, in the order of the table, that fits it."""
    recommended = held(entry["for"])
    if recommended and half_known(assessment, therapy):
        return "do-not-give"
    spared = {*assessment.records.alerts, *assessment.coverage.get(therapy, ())}
    fits: dict[str, Callable[[], object]] = {
        "do-not-give": lambda: any(voice["truth"] in (TRUE, UNKNOWN) for voice in entry["for"]),
        "recommended": lambda: held(entry["for"], GUIDELINE) and nothing_open_but(assessment, therapy, spared),
        "if-checked": lambda: held(entry["for"], GUIDELINE),
        # Contested advice is avoided where guidelines give it and only secondary voices say otherwise.
        "avoid": lambda: (
            all(voice["standing"] == _SECONDARY for voice in recommended)
            and (not recommended or held(entry["against"], GUIDELINE))
        ),
        "left-open": lambda: _looked(entry),
        "not-now": lambda: later(assessment, therapy),
    }
    return next(code for code in STATUSES[entry["status"]].bands if code not in fits or fits[code]())


def _looked(entry: Therapy) -> bool:
    """Whether a guideline looked at a therapy and took no side, or one that did has ended unread."""
    looked = [voice for voice in held(entry["other_stances"], GUIDELINE) if voice["stance"] in _LOOKED]
    return bool(looked or [voice for voice in entry["ended"] if voice["truth"] == TRUE])


def bands(assessment: Assessment, entries: Mapping[str, Therapy]) -> dict[str, tuple[str, str]]:
    """The band of every therapy, with the one that it would have by its status alone.

    What would be recommended later is left to the rest where a member of it is recommended now.
    """
    found = {therapy: band(assessment, therapy, entry) for therapy, entry in entries.items()}
    now = {t for t, (where, _) in found.items() if where in ("recommended", "if-checked")}
    above = {up for t in now for up in assessment.records.ancestors.get(t, (t,))}
    return {t: ("rest", "rest") if row[0] == "not-now" and t in above else row for t, row in found.items()}
