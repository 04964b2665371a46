"""Profiles read from RDF: Turtle, TriG and JSON-LD in the form of docs/model.md, everything else refused."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.errors import ProfileError
from guidegraph.model import Another, CareFact, DoseFact, Problem, Profile, StopFact, TrialFact
from guidegraph.profile.coded import CodedFacts
from guidegraph.profile.parse import check_range
from guidegraph.profile.problems import together
from guidegraph.profile.strict import MAX_CHARACTERS, Scalar
from guidegraph.profile.terms import KINDS, Vocabulary
from guidegraph.reading import parse_quads
from guidegraph.termreadings import CARE, SUPPLIED, UNDERWENT

_FORMATS = {"turtle": ox.RdfFormat.TURTLE, "trig": ox.RdfFormat.TRIG, "jsonld": ox.RdfFormat.JSON_LD}
_MODEL = "docs/model.md shows the form."
_TYPE, _LABEL = ns.RDF + "type", ns.RDFS + "label"
_FIRST, _REST, _NIL = (ns.RDF + n for n in ("first", "rest", "nil"))
_PATIENT, _OF, _OUTCOME = ns.GG + "Patient", ns.GG + "ofIntervention", ns.GG + "hasOutcome"
_WEEKS, _DAYS = ns.GG + "trialWeeks", ns.GG + "daysSinceStop"
_TRIAL, _STOP = ns.GG + "hasTrial", ns.GG + "stoppedMedication"
_SHOWED, _SINCE = ns.GG + "showed", ns.GG + "daysSince"
_VALUE = {UNDERWENT: ns.GG + "resultValue", SUPPLIED: ns.GG + "daysOfSupply"}
_EVENT_OF = {UNDERWENT: "CareEvent", SUPPLIED: "Supply"}
_COMPLETE, _NOT_UNDERSTOOD = ns.GG + "completeFor", ns.GG + "notUnderstood"
_ANOTHER, _CODE, _DENIES, _MAY = (ns.GG + name for name in ("understoodAsAnother", "codeText", "isNot", "mayBe"))
_PROBLEM, _HAS_PROBLEM, _OF_CONDITION = ns.GG + "Problem", ns.GG + "hasProblem", ns.GG + "ofCondition"
_HAS_CONDITION, _MEDICATION, _BAD = ns.GG + "hasCondition", ns.GG + "takesMedication", ns.GG + "didNotTolerate"
_BESIDE, _EXAMINED, _ACTED_ON = (ns.GG + name for name in ("hasOtherProblem", "examinedAlert", "actedOnAlert"))
_PATIENTS = (_HAS_PROBLEM, _OF_CONDITION, _BAD, _BESIDE, _EXAMINED, _ACTED_ON)
_DOSE, _UNIT, _TIMES = (ns.GG + name for name in ("doseAmount", "doseUnit", "timesPerDay"))
_CARE_NAMES = (_DOSE, _UNIT, _TIMES, *CARE, _SHOWED, _SINCE, *_VALUE.values())
_NAMES = (*KINDS, _OF, _OUTCOME, _WEEKS, _DAYS, _TRIAL, _STOP, _COMPLETE, _NOT_UNDERSTOOD, *_CARE_NAMES, *_PATIENTS)
_PLAIN = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?\Z")
#: The datatypes whose plain lexical forms are exact numbers.
_EXACT = {ns.XSD + name for name in ("decimal", "integer", "nonNegativeInteger", "positiveInteger", "int", "long")}


def read_rdf(text: str, form: str, vocabulary: Vocabulary, where: str) -> Profile:
    """Read a profile from Turtle, TriG or JSON-LD.

    Raises:
        ProfileError: it cannot be parsed, or holds anything that docs/model.md's form of a profile does not have.
    """
    if len(text) > MAX_CHARACTERS:
        raise ProfileError(
            "too large for a profile", where=where, mend=f"At most {MAX_CHARACTERS} characters are read."
        )
    quads = parse_quads(text.encode(), _FORMATS[form], where, ProfileError)
    graph = next((q.graph_name for q in quads if not isinstance(q.graph_name, ox.DefaultGraph)), None)
    if graph is not None:
        raise ProfileError(f"named graph {graph}", where=where, mend="A profile has no named graphs: write it plain.")
    return from_triples([ox.Triple(q.subject, q.predicate, q.object) for q in quads], vocabulary, where)


def from_triples(triples: list[ox.Triple], vocabulary: Vocabulary, where: str = "profile") -> Profile:
    """The profile that triples in the form of docs/model.md state.

    Raises:
        ProfileError: a triple that the form does not have, a class or property that the vocabulary does not know.
    """
    return _RdfReader(triples, vocabulary, where).profile()


class _RdfReader:
    """Reads one profile, and knows at the end which triples it has not read."""

    def __init__(self, triples: list[ox.Triple], vocabulary: Vocabulary, where: str) -> None:
        self._terms, self._where = vocabulary, where
        self._coded = CodedFacts(vocabulary)
        self._objects: dict[Any, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
        self._read: set[tuple[Any, str]] = set()
        for t in triples:
            self._objects[t.subject][t.predicate.value].append(t.object)
        patient = ox.NamedNode(_PATIENT)
        patients = [s for s, props in self._objects.items() if patient in props.get(_TYPE, [])]
        if len(patients) != 1:
            raise self._fault(f"{len(patients)} patients in the graph", "A profile is about one gg:Patient.")
        self._patient = patients[0]

    def _fault(self, what: str, mend: str = _MODEL) -> ProfileError:
        return ProfileError(what, where=self._where, mend=mend)

    def _all(self, node: Any, prop: str) -> list[Any]:
        """All values of a property of a node, which are read with that."""
        self._read.add((node, prop))
        return self._objects[node][prop] if node in self._objects else []

    def _one(self, node: Any, prop: str) -> Any:
        values = self._all(node, prop)
        if len(values) > 1:
            raise self._fault(f"two values of {ns.shorten(prop)}", "Keep one.")
        return values[0] if values else None

    def _types(self, node: Any, *expected: str) -> list[Any]:
        """The types of a node beside those that its place in the form gives it."""
        return [t for t in self._all(node, _TYPE) if getattr(t, "value", None) not in expected]

    def _check_all_read(self) -> None:
        for node, props in self._objects.items():
            for prop in props:
                if (node, prop) in self._read:
                    continue
                numbers = [row.iri for row in self._terms.of_kind("number")]
                near = get_close_matches(prop[:200], [*_NAMES, *numbers], n=2, cutoff=0.85)
                named = ", ".join(map(ns.shorten, near))
                mend = f"Nearest: {named}." if named else _MODEL
                raise self._fault(f"{ns.shorten(prop)} of {node} has no place in a profile", mend)

    def _cls(self, node: Any, *kinds: str) -> str:
        row = self._terms.by_iri.get(node.value) if isinstance(node, ox.NamedNode) else None
        if row is None or row.kind not in kinds:
            shown = ns.shorten(node.value) if isinstance(node, ox.NamedNode) else str(node)[:80]
            raise self._fault(f"{shown} is no known {' or '.join(kinds)}", "Use a class of the ontology.")
        return row.iri

    def _decimal(self, node: Any, prop: str) -> Decimal | None:
        """The number that a literal states; None where there is none."""
        if node is None:
            return None
        exact = isinstance(node, ox.Literal) and node.datatype.value in _EXACT
        if not exact or not _PLAIN.match(node.value):
            raise self._fault(
                f"{ns.shorten(prop)} {str(node)[:80]} is no plain exact number",
                "Write an xsd:decimal such as 12.5; JSON-LD has it as a typed value in quotation marks.",
            )
        value = Decimal(node.value)
        row = self._terms.by_iri.get(prop)
        if row is not None:
            check_range(value, row.key, row.low, row.high, row.unit, where=self._where)
        return value

    def _classes(self, node: Any, kind: str, prop: str, present: bool) -> Sequence[str]:
        """The classes of ours that a class stands for: itself, or what a code of another terminology says."""
        if isinstance(node, ox.NamedNode) and self._terms.reading(node.value) is not None:
            return self._coded.classes(node.value, (kind,), prop, present=present, where=self._where)
        return (self._cls(node, kind),)

    def _type(self, node: Any, kind: str, prop: str) -> Sequence[str]:
        types = self._types(node)
        if len(types) != 1:
            raise self._fault("a fact needs exactly one class", "Write [ a ggt:SomeClass ].")
        return self._classes(types[0], kind, prop, True)

    def _named(self, node: Any, prop: str, kind: str, as_in: str) -> frozenset[str]:
        """The classes that a property names, each by an instance of it; codes are read as in a list of the patient."""
        return frozenset(cls for one in self._all(node, prop) for cls in self._type(one, kind, as_in))

    def profile(self) -> Profile:
        facts = self._facts(self._patient, _PATIENT)
        problems = [self._problem(node) for node in self._all(self._patient, _HAS_PROBLEM)]
        bad = self._named(self._patient, _BAD, "intervention", _MEDICATION)
        beside = self._named(self._patient, _BESIDE, "condition", _HAS_CONDITION)
        alerts = [frozenset(self._cls(n, "alert") for n in self._all(self._patient, p)) for p in (_EXAMINED, _ACTED_ON)]
        not_understood = {self._not_understood(node) for node in self._all(self._patient, _NOT_UNDERSTOOD)}
        others = {self._other(node) for node in self._all(self._patient, _ANOTHER)}
        self._check_all_read()
        profile = Profile(
            **facts,
            not_understood=tuple(sorted({*not_understood, *self._coded.not_understood})),
            readings=self._coded.readings,
            not_tolerated=bad,
            beside=beside,
            examined=alerts[0],
            acted_on=alerts[1],
            others=tuple(sorted({*others, *self._coded.others})),
        )
        return together(profile, problems, self._terms, self._where)

    def _facts(self, node: Any, cls: str) -> dict[str, Any]:
        """What is stated of a node, the patient or a problem, as fields of a profile."""
        present: dict[str, set[str]] = defaultdict(set)
        doses: set[DoseFact] = set()
        for prop, kind in KINDS.items():
            for fact in self._all(node, prop):
                classes = self._type(fact, kind, prop)
                present[prop].update(classes)
                if prop == _MEDICATION:
                    doses.update(self._dose(fact, classes))
        values = {
            row.iri: number
            for row in sorted(self._terms.of_kind("number"), key=lambda row: row.iri)
            if (number := self._decimal(self._one(node, row.iri), row.iri)) is not None
        }
        trials = [fact for event in self._all(node, _TRIAL) for fact in self._trial(event)]
        stops = [fact for event in self._all(node, _STOP) for fact in self._stop(event)]
        done = [fact for prop in CARE for event in self._all(node, prop) for fact in self._care(event, prop)]
        absent, no_trials, no_stops, not_done = self._denied(node, cls)
        return {
            "present": {p: frozenset(c) for p, c in sorted(present.items())},
            "absent": {p: frozenset(c) for p, c in sorted(absent.items())},
            "values": values,
            "trials_present": frozenset(trials),
            "trials_absent": frozenset(no_trials),
            "stops_present": frozenset(stops),
            "stops_absent": frozenset(no_stops),
            "doses": frozenset(doses),
            "care_present": frozenset(done),
            "care_absent": frozenset(not_done),
            "complete": frozenset(self._cls(prop, "category") for prop in self._all(node, _COMPLETE)),
        }

    def _dose(self, fact: Any, classes: Sequence[str]) -> Iterable[DoseFact]:
        """How much of a drug is taken each time, and how often a day."""
        amount, times = (self._decimal(self._one(fact, prop), prop) for prop in (_DOSE, _TIMES))
        unit = self._one(fact, _UNIT)
        if amount is None and times is None and unit is None:
            return []
        if amount is None or times is None or not isinstance(unit, ox.Literal):
            raise self._fault("a dose without its amount, unit or times a day")
        return [DoseFact(of, amount, Scalar(unit.value, True, self._where).text, times) for of in classes]

    def _problem(self, node: Any) -> Problem:
        facts = self._facts(node, _PROBLEM)
        of = self._named(node, _OF_CONDITION, "condition", _HAS_CONDITION)
        stated = {*facts["present"], *facts["absent"], *facts["values"], *facts["complete"]}
        stated |= {iri for table in ("present", "absent") for classes in facts[table].values() for iri in classes}
        own = {row.iri for row in self._terms.rows if row.problem_key} | {*KINDS}
        patients = [
            facts.pop(name) for name in ("stops_present", "stops_absent", "care_present", "care_absent", "doses")
        ]
        if not of or not stated <= own or any(patients):
            raise self._fault("a problem without gg:ofCondition, or with what belongs to the patient")
        return Problem(of, **facts)

    def _not_understood(self, node: Any) -> tuple[str, str]:
        """An entry (property, text) that could not be read as a term."""
        prop, label = self._one(node, _COMPLETE), self._one(node, _LABEL)
        if prop is None or not isinstance(label, ox.Literal):
            raise self._fault("an entry not understood without its list or text")
        return self._cls(prop, "category"), Scalar(label.value, True, self._where).text

    def _other(self, node: Any) -> Another:
        """An entry that is known and none of our terms: its list, code and name, and what it is not or may be."""
        prop, code, label = (self._one(node, name) for name in (_COMPLETE, _CODE, _LABEL))
        if prop is None or not isinstance(code, ox.Literal) or not isinstance(label, ox.Literal):
            raise self._fault("an entry that is none of our terms without its list, code or name")
        list_of = self._cls(prop, "category")
        named = [{self._cls(one, *set(KINDS.values())) for one in self._all(node, name)} for name in (_DENIES, _MAY)]
        texts = [Scalar(text.value, True, self._where).text for text in (code, label)]
        return Another(list_of, texts[0], texts[1], tuple(sorted(named[0])), tuple(sorted(named[1])))

    def _event(self, node: Any, cls: str, prop: str) -> Sequence[str]:
        """The interventions that a trial or stop was of."""
        if self._types(node, ns.GG + cls):
            raise self._fault(f"a value of {ns.shorten(prop)} is a gg:{cls} and nothing else")
        return self._type(self._one(node, _OF), "intervention", prop)

    def _trial(self, node: Any) -> Iterable[TrialFact]:
        outcome = self._outcome(self._one(node, _OUTCOME))
        weeks = self._decimal(self._one(node, _WEEKS), _WEEKS)
        return [TrialFact(of, outcome, weeks) for of in self._event(node, "Trial", _TRIAL)]

    def _outcome(self, node: Any) -> str | None:
        return None if node is None else self._cls(node, "outcome")

    def _stop(self, node: Any) -> Iterable[StopFact]:
        days = self._decimal(self._one(node, _DAYS), _DAYS)
        return [StopFact(of, days) for of in self._event(node, "DrugStop", _STOP)]

    def _care(self, node: Any, prop: str) -> Iterable[CareFact]:
        """What was done or supplied; the types of the event say what it did not show, and a span of days since."""
        lacks, days = list[str](), None
        for kind in self._types(node, ns.GG + _EVENT_OF[prop]):
            denied = self._one(kind, ns.OWL + "complementOf")
            on, filler = self._restriction(kind if denied is None else denied)
            if denied is not None and on == _SHOWED and not self._types(kind, ns.OWL + "Class"):
                lacks.append(self._cls(filler, "finding"))
            elif denied is None and on == _SINCE and days is None:
                low, high = self._facets(filler, "minInclusive", "maxInclusive")
                days = (low, high)
            else:
                raise self._fault(f"a value of {ns.shorten(prop)} is a gg:{_EVENT_OF[prop]} and nothing else")
        exact = self._decimal(self._one(node, _SINCE), _SINCE)
        if exact is not None:
            days = (exact, exact)
        shows = sorted(cls for one in self._all(node, _SHOWED) for cls in self._type(one, "finding", _SHOWED))
        value = self._decimal(self._one(node, _VALUE[prop]), _VALUE[prop])
        of = self._type(self._one(node, _OF), "intervention", prop)
        return [CareFact(prop, one, days, tuple(shows), tuple(sorted(lacks)), value) for one in of]

    def _denied(
        self, subject: Any, cls: str
    ) -> tuple[dict[str, set[str]], set[TrialFact], set[StopFact], set[CareFact]]:
        absent: dict[str, set[str]] = defaultdict(set)
        trials: set[TrialFact] = set()
        stops: set[StopFact] = set()
        care: set[CareFact] = set()
        for node in self._types(subject, cls):
            whole = self._one(node, ns.OWL + "complementOf")
            if whole is None or self._types(node, ns.OWL + "Class"):
                raise self._fault(
                    f"type {node} of a patient or problem", "A denied fact is a complementOf a restriction."
                )
            prop, filler = self._restriction(whole)
            if prop in KINDS:
                absent[prop].update(self._classes(filler, KINDS[prop], prop, False))
            elif prop == _TRIAL:
                parts = self._parts(filler, _OF, _OUTCOME)
                outcome = self._outcome(parts.get(_OUTCOME))
                trials.update(TrialFact(of, outcome) for of in self._denied_of(parts, prop))
            elif prop == _STOP:
                parts = self._parts(filler, _OF, _DAYS)
                days = self._within(parts[_DAYS]) if _DAYS in parts else None
                stops.update(StopFact(of, days) for of in self._denied_of(parts, prop))
            elif prop in CARE:
                parts = self._parts(filler, _OF, _SHOWED, _SINCE)
                since = (Decimal(0), self._within(parts[_SINCE])) if _SINCE in parts else None
                shows = (self._cls(parts[_SHOWED], "finding"),) if _SHOWED in parts else ()
                care.update(CareFact(prop, of, since, shows) for of in self._denied_of(parts, prop))
            else:
                raise self._fault(f"{ns.shorten(prop)} cannot be denied", "Leave the number out when it is not known.")
        return absent, trials, stops, care

    def _denied_of(self, parts: dict[str, Any], prop: str) -> Sequence[str]:
        return self._classes(parts.get(_OF), "intervention", prop, False)

    def _restriction(self, node: Any) -> tuple[str, Any]:
        """The property and the filler of a restriction: of a value where the value is an outcome, else of a class."""
        prop = self._one(node, ns.OWL + "onProperty")
        kind = "hasValue" if getattr(prop, "value", None) == _OUTCOME else "someValuesFrom"
        filler = self._one(node, ns.OWL + kind)
        if self._types(node, ns.OWL + "Restriction") or not isinstance(prop, ox.NamedNode) or filler is None:
            raise self._fault("a restriction without property or filler")
        return prop.value, filler

    def _parts(self, node: Any, *allowed: str) -> dict[str, Any]:
        """What is said of a denied event: one restriction, or the intersection of several on different properties."""
        whole = self._one(node, ns.OWL + "intersectionOf")
        if whole is not None and self._types(node, ns.OWL + "Class"):
            raise self._fault("an intersection that is more than that")
        restrictions = [self._restriction(part) for part in ([node] if whole is None else self._items(whole))]
        parts = dict(restrictions)
        if len(parts) < len(restrictions) or not set(parts) <= set(allowed):
            raise self._fault("a denied event of which too much is said")
        return parts

    def _items(self, head: Any) -> list[Any]:
        items: list[Any] = []
        while head != ox.NamedNode(_NIL):
            item, rest = self._one(head, _FIRST), self._one(head, _REST)
            if item is None or rest is None or len(items) > len(_NAMES) or self._types(head, ns.RDF + "List"):
                raise self._fault("a broken list")
            items.append(item)
            head = rest
        return items

    def _within(self, datatype: Any) -> Decimal:
        """The days of a denied event: within so many."""
        return self._facets(datatype, "maxInclusive")[0]

    def _facets(self, datatype: Any, *names: str) -> tuple[Decimal, ...]:
        """The bounds of a span of days, by the names of its facets."""
        facets = self._items(self._one(datatype, ns.OWL + "withRestrictions"))
        on = self._one(datatype, ns.OWL + "onDatatype")
        plain = not self._types(datatype, ns.RDFS + "Datatype") and on == ox.NamedNode(ns.XSD + "decimal")
        bounds = [self._decimal(self._one(f, ns.XSD + name), _DAYS) for f, name in zip(facets, names, strict=False)]
        known = tuple(bound for bound in bounds if bound is not None)
        if not plain or len(facets) != len(names) or len(known) != len(names):
            raise self._fault(f"the days of an event have {' and '.join(f'xsd:{name}' for name in names)} alone")
        return known
