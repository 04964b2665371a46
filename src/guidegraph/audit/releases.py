"""What moved between two releases of the knowledge: terms, statements, documents, and statuses of the examples."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.assess.assessing import assess
from guidegraph.assess.assessment import FALSE, Assessment
from guidegraph.derived import GoneTerm, Moved, MovedPatient, MovedStatus, PublishedReleases
from guidegraph.errors import GuideGraphError
from guidegraph.knowledge import describe
from guidegraph.knowledge.opened import Knowledge
from guidegraph.profile.problems import titled
from guidegraph.store import knowledge_graphs

#: Properties and their values as text; what hangs on a blank node stands in brackets.
_Said = Mapping[str, frozenset[str]]
_TYPE, _LABEL = ox.NamedNode(ns.RDF + "type"), ox.NamedNode(ns.RDFS + "label")
#: What declares a term.
_KINDS = frozenset(
    f"owl:{kind}" for kind in ("Class", "ObjectProperty", "DatatypeProperty", "AnnotationProperty", "NamedIndividual")
)
ADDED, REMOVED, CHANGED = "added", "removed", "changed"


def releases(was: Knowledge, now: Knowledge, as_of: date) -> PublishedReleases:
    """What moved, in the published form (schema/releases.schema.json).

    Args:
        was: the earlier release.
        now: the later one.
        as_of: the day at which the statuses of the example patients are compared.
    """
    before, after = _nodes(was), _nodes(now)
    gone = [iri for iri in sorted(before) if _used(iri, before) and not _used(iri, after)]
    return {
        "as_of": as_of.isoformat(),
        "was": {"version": was.version, "digest": was.digest},
        "now": {"version": now.version, "digest": now.digest},
        "deprecated": [_gone(iri, after[iri]) for iri in gone if _declared(after.get(iri, {}))],
        "vanished": [_gone(iri, before[iri]) for iri in gone if not _declared(after.get(iri, {}))],
        "moved": _moved(before, after),
        "patients": [patient for name in now.examples for patient in _patients(name, was, now, as_of)],
        "made_from": now.made_from(),
    }


def _declared(said: _Said) -> bool:
    """Whether a node is declared as a class, property or named individual."""
    return not _KINDS.isdisjoint(said.get(_TYPE.value, frozenset()))


def _used(iri: str, nodes: Mapping[str, _Said]) -> bool:
    """Whether a node is a term of the ontology that is in use. Populations belong to their statements."""
    said = nodes.get(iri, {})
    population = "gg:Population" in said.get(_TYPE.value, frozenset())
    return _declared(said) and not population and "true" not in said.get(ns.OWL + "deprecated", frozenset())


def _gone(iri: str, said: _Said) -> GoneTerm:
    def one(prop: str) -> str:
        return min(said.get(prop, frozenset({""})))

    return {
        "id": describe.name(iri),
        "label": one(_LABEL.value),
        "since": one(ns.GG + "deprecatedSince"),
        "reason": one(ns.GG + "deprecationReason"),
        "replaced_by": sorted(said.get(ns.DCTERMS + "isReplacedBy", frozenset())),
    }


def _nodes(knowledge: Knowledge) -> dict[str, _Said]:
    """What is said of each node of ours, in any graph of the knowledge."""
    by_subject: dict[Any, list[ox.Quad]] = defaultdict(list)
    for graph in knowledge_graphs(knowledge.store):
        for quad in knowledge.store.quads_for_pattern(None, None, None, graph):
            by_subject[quad.subject].append(quad)

    def text(node: Any, above: frozenset[Any]) -> str:
        if isinstance(node, ox.NamedNode):
            return ns.shorten(node.value)
        if not isinstance(node, ox.BlankNode):
            return str(node.value)
        if node in above:
            return "[...]"
        inside = (f"{ns.shorten(q.predicate.value)} {text(q.object, above | {node})}" for q in by_subject[node])
        return f"[{'; '.join(sorted(inside))}]"

    found: dict[str, _Said] = {}
    for subject, rows in by_subject.items():
        if isinstance(subject, ox.NamedNode) and subject.value.startswith(ns.BASE):
            said: dict[str, set[str]] = defaultdict(set)
            for quad in rows:
                said[quad.predicate.value].add(text(quad.object, frozenset()))
            found[subject.value] = {prop: frozenset(values) for prop, values in said.items()}
    return found


def _moved(was: Mapping[str, _Said], now: Mapping[str, _Said]) -> list[Moved]:
    rows: list[Moved] = []
    for iri in sorted(was.keys() | now.keys()):
        old, new = was.get(iri, {}), now.get(iri, {})
        if old == new:
            continue
        either = new or old
        rows.append(
            {
                "kind": min(either.get(_TYPE.value, frozenset({""})), key=lambda kind: (kind.startswith("owl:"), kind)),
                "id": describe.name(iri),
                "label": min(either.get(_LABEL.value, frozenset({""}))),
                "change": CHANGED if old and new else ADDED if new else REMOVED,
                "properties": [
                    {
                        "property": ns.shorten(prop),
                        "was": sorted(old.get(prop, frozenset()) - new.get(prop, frozenset())),
                        "now": sorted(new.get(prop, frozenset()) - old.get(prop, frozenset())),
                    }
                    for prop in sorted(old.keys() | new.keys())
                    if old and new and old.get(prop) != new.get(prop)
                ],
            }
        )
    return sorted(rows, key=lambda row: (row["kind"], row["change"], row["id"]))


def _patients(example: str, was: Knowledge, now: Knowledge, as_of: date) -> Iterator[MovedPatient]:
    """An example patient, for each of several problems, with the therapies whose status differs."""
    try:
        before, after = (
            {
                title: assess(k, one, as_of)
                for title, one in titled(k.profile(f"example:{example}"), k.vocabulary, example).items()
            }
            for k in (was, now)
        )
    except GuideGraphError as error:
        yield {"profile": example, "therapies": [], "error": str(error)}
        return
    for title in sorted(before.keys() & after.keys()):
        yield {"profile": title, "therapies": moved_statuses(before[title], after[title])}


def moved_statuses(old: Assessment, new: Assessment) -> list[MovedStatus]:
    """The therapies whose status differs between two assessments, with what bears on them in one only."""
    rows: list[MovedStatus] = []
    for therapy in sorted(old.statuses.keys() | new.statuses.keys()):
        was, now = old.statuses.get(therapy), new.statuses.get(therapy)
        if was != now:
            label = (new if now else old).records.label(therapy)
            by = sorted(describe.name(statement) for statement in _bearing(old, therapy) ^ _bearing(new, therapy))
            rows.append({"intervention": describe.name(therapy), "label": label, "was": was, "now": now, "by": by})
    return rows


def _bearing(assessment: Assessment, therapy: str) -> frozenset[str]:
    """The statements that reach a therapy and are not false."""
    roles = assessment.records.edges.get(therapy, {})
    reaching = {statement for role in roles for statement in assessment.statements(therapy, role)}
    return frozenset(statement for statement in reaching if assessment.truth(statement) != FALSE)
