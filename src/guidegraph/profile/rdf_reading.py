"""Profiles read from RDF: Turtle and JSON-LD in the form of docs/model.md, everything else refused."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.errors import ProfileError
from guidegraph.model import Profile, StopFact, TrialFact
from guidegraph.profile.strict import MAX_CHARACTERS
from guidegraph.profile.terms import CodedFacts, Vocabulary
from guidegraph.reading import parse_quads

_FORMATS = {"turtle": ox.RdfFormat.TURTLE, "trig": ox.RdfFormat.TRIG, "jsonld": ox.RdfFormat.JSON_LD}
_SIMPLE = ("hasCondition", "hasFinding", "takesMedication")
_TYPE = ox.NamedNode(ns.RDF + "type")
_FIRST, _REST, _NIL = (ox.NamedNode(ns.RDF + n) for n in ("first", "rest", "nil"))


def _gg(name: str) -> ox.NamedNode:
    return ox.NamedNode(ns.GG + name)


def read_rdf(text: str, form: str, vocabulary: Vocabulary, where: str) -> Profile:
    """Read a profile from Turtle or JSON-LD.

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
    def __init__(self, triples: list[ox.Triple], vocabulary: Vocabulary, where: str) -> None:
        self._terms, self._where = vocabulary, where
        self._coded = CodedFacts(vocabulary)
        self._by: dict[Any, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
        for t in triples:
            self._by[t.subject][t.predicate.value].append(t.object)
        patients = [s for s, props in self._by.items() if _gg("Patient") in props.get(_TYPE.value, [])]
        if len(patients) != 1:
            raise self._fault(f"{len(patients)} patients in the graph", "A profile is about one gg:Patient.")
        self._patient = patients[0]

    def _fault(self, what: str, mend: str) -> ProfileError:
        return ProfileError(what, where=self._where, mend=mend)

    def _cls(self, node: Any, *kinds: str) -> str:
        iri = str(getattr(node, "value", node))
        row = self._terms.by_iri.get(iri)
        if row is None or row.kind not in kinds:
            raise self._fault(f"{ns.shorten(iri)} is no known {' or '.join(kinds)}", "Use a class of the ontology.")
        return iri

    def _decimal(self, node: Any, prop: str) -> Decimal:
        text = str(getattr(node, "value", node))
        if not re.match(r"[0-9]{1,9}(\.[0-9]{1,9})?\Z", text) or isinstance(node, ox.NamedNode | ox.BlankNode):
            raise self._fault(
                f"{ns.shorten(prop)} {text[:40]!r} is no plain number", "Write an xsd:decimal such as 12.5."
            )
        value = Decimal(text)
        row = self._terms.by_iri.get(prop)
        if row and ((row.low is not None and value < row.low) or (row.high is not None and value > row.high)):
            raise self._fault(f"{row.key} {text} is not plausible", f"It lies between {row.low} and {row.high}.")
        return value

    def _one(self, node: Any, name: str, default: Any = None) -> Any:
        found = self._by[node].get(ns.GG + name, [])
        if len(found) > 1:
            raise self._fault(f"two values of gg:{name}", "Keep one.")
        return found[0] if found else default

    def _classes(self, node: Any, kind: str, prop: str, present: bool) -> Sequence[str]:
        """The classes of ours that a class stands for: itself, or what a code of another terminology says."""
        iri = str(getattr(node, "value", node))
        if isinstance(node, ox.NamedNode) and self._terms.reading(iri) is not None:
            return self._coded.classes(iri, (kind,), prop, present=present, where=self._where)
        return (self._cls(node, kind),)

    def _type(self, node: Any, kind: str, prop: str) -> Sequence[str]:
        types = [t for t in self._by[node].get(_TYPE.value, []) if t not in (_gg("Trial"), _gg("DrugStop"))]
        if len(types) != 1:
            raise self._fault("a fact needs exactly one class", "Write [ a ggt:SomeClass ].")
        return self._classes(types[0], kind, prop, True)

    def profile(self) -> Profile:
        present: dict[str, set[str]] = defaultdict(set)
        values: dict[str, Decimal] = {}
        trials: set[TrialFact] = set()
        stops: set[StopFact] = set()
        kinds = {_SIMPLE[0]: "condition", _SIMPLE[1]: "finding", _SIMPLE[2]: "intervention"}
        denied = self._denied()
        for prop, nodes in self._by[self._patient].items():
            name = prop.removeprefix(ns.GG)
            for node in nodes:
                if prop == _TYPE.value or name in ("completeFor", "notUnderstood"):
                    continue
                if name in kinds:
                    present[prop].update(self._type(node, kinds[name], prop))
                elif name == "hasTrial":
                    trials.update(self._trial(node, prop))
                elif name == "stoppedMedication":
                    stops.update(self._stop(node, prop))
                elif prop in self._terms.by_iri and self._terms.by_iri[prop].kind == "number":
                    if len(nodes) > 1:
                        raise self._fault(f"two values of {ns.shorten(prop)}", "Keep one.")
                    values[prop] = self._decimal(node, prop)
                else:
                    raise self._fault(f"{ns.shorten(prop)} has no place in a profile", "docs/model.md shows the form.")
        complete = frozenset(n.value for n in self._by[self._patient].get(ns.GG + "completeFor", []))
        return Profile(
            present={p: frozenset(c) for p, c in sorted(present.items())},
            absent=denied[0],
            values=dict(sorted(values.items())),
            trials_present=frozenset(trials),
            trials_absent=frozenset(denied[1]),
            stops_present=frozenset(stops),
            stops_absent=frozenset(denied[2]),
            complete=complete,
            not_understood=tuple(sorted({*self._not_understood(), *self._coded.not_understood})),
            readings=self._coded.readings,
        )

    def _not_understood(self) -> tuple[tuple[str, str], ...]:
        """The entries (property, text) that could not be read as terms, in the order in which they are written."""
        entries = self._by[self._patient].get(ns.GG + "notUnderstood", [])
        rows = [(self._one(e, "completeFor"), self._by[e].get(ns.RDFS + "label", [None])[0]) for e in entries]
        if any(prop is None or label is None for prop, label in rows):
            raise self._fault("an entry not understood without its list or text", "docs/model.md shows the form.")
        return tuple(sorted((prop.value, label.value) for prop, label in rows))

    def _trial(self, node: Any, prop: str) -> list[TrialFact]:
        outcome, weeks = self._one(node, "hasOutcome"), self._one(node, "trialWeeks")
        led = self._cls(outcome, "outcome") if outcome else None
        long = self._decimal(weeks, ns.GG + "trialWeeks") if weeks else None
        return [TrialFact(of, led, long) for of in self._type(self._one(node, "ofIntervention"), "intervention", prop)]

    def _stop(self, node: Any, prop: str) -> list[StopFact]:
        days = self._one(node, "daysSinceStop")
        ago = self._decimal(days, ns.GG + "daysSinceStop") if days else None
        return [StopFact(of, ago) for of in self._type(self._one(node, "ofIntervention"), "intervention", prop)]

    def _denied(self) -> tuple[dict[str, frozenset[str]], set[TrialFact], set[StopFact]]:
        absent: dict[str, set[str]] = defaultdict(set)
        trials: set[TrialFact] = set()
        stops: set[StopFact] = set()
        for node in self._by[self._patient].get(_TYPE.value, []):
            if node == _gg("Patient"):
                continue
            whole = self._by[node].get(ns.OWL + "complementOf", [])
            if len(whole) != 1:
                raise self._fault(f"type {node} of the patient", "A denied fact is a complementOf a restriction.")
            prop, filler = self._restriction(whole[0])
            name = prop.removeprefix(ns.GG)
            if name == "hasTrial":
                trials.update(self._denied_trial(filler, prop))
            elif name == "stoppedMedication":
                stops.update(self._denied_stop(filler, prop))
            elif name in _SIMPLE:
                kind = {"hasCondition": "condition", "hasFinding": "finding"}.get(name, "intervention")
                absent[prop].update(self._classes(filler, kind, prop, False))
            else:
                raise self._fault(f"{ns.shorten(prop)} cannot be denied", "Leave the number out when it is not known.")
        return {p: frozenset(c) for p, c in sorted(absent.items())}, trials, stops

    def _restriction(self, node: Any) -> tuple[str, Any]:
        on = self._by[node].get(ns.OWL + "onProperty", [])
        filler = self._by[node].get(ns.OWL + "someValuesFrom", []) or self._by[node].get(ns.OWL + "hasValue", [])
        if len(on) != 1 or len(filler) != 1:
            raise self._fault("a restriction without property or filler", "docs/model.md shows the form.")
        return on[0].value, filler[0]

    def _parts(self, node: Any) -> dict[str, Any]:
        heads = self._by[node].get(ns.OWL + "intersectionOf", [])
        parts, head = ([] if heads else [node]), (heads[0] if heads else _NIL)
        while head != _NIL:
            cell = self._by[head]
            if not cell.get(_FIRST.value) or not cell.get(_REST.value) or len(parts) > 4:
                raise self._fault("a broken list", "docs/model.md shows the form.")
            parts.append(cell[_FIRST.value][0])
            head = cell[_REST.value][0]
        return dict(self._restriction(part) for part in parts)

    def _denied_trial(self, node: Any, prop: str) -> list[TrialFact]:
        parts = self._parts(node)
        outcome = parts.get(ns.GG + "hasOutcome")
        led = self._cls(outcome, "outcome") if outcome else None
        of = self._classes(parts.get(ns.GG + "ofIntervention"), "intervention", prop, False)
        return [TrialFact(one, led) for one in of]

    def _denied_stop(self, node: Any, prop: str) -> list[StopFact]:
        parts = self._parts(node)
        of = self._classes(parts.get(ns.GG + "ofIntervention"), "intervention", prop, False)
        datatype = parts.get(ns.GG + "daysSinceStop")
        if datatype is None:
            return [StopFact(one) for one in of]
        facets = self._by[datatype].get(ns.OWL + "withRestrictions", [None])[0]
        facet = self._by[facets].get(_FIRST.value, [None])[0]
        bound = self._by[facet].get(ns.XSD + "maxInclusive", [])
        if len(bound) != 1:
            raise self._fault("a denied stop has one xsd:maxInclusive", "docs/model.md shows the form.")
        ago = self._decimal(bound[0], ns.GG + "daysSinceStop")
        return [StopFact(one, ago) for one in of]
