"""What the primaries in the graph say of each claim of a document: one verdict a claim, with the pairs that show it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from guidegraph.knowledge import describe
from guidegraph.knowledge.records import Records, gg

VERDICTS = ("contradicted", "contested", "population shifted", "outdated", "qualified", "corroborated", "not addressed")
_CLAIMS = ("Recommendation", "EvidenceItem", "DiagnosticAccuracy", "Comparison", "Alert", "Advice", "Background")
#: Background is a claim where it speaks of an intervention.
_TOLD = "Background"
#: That primaries take both sides: no relation of its own, since each is told by another one.
_BOTH = "bothSides"
_WORDS = {
    "contradictedBy": "contradicts it",
    "qualifiedBy": "qualifies it",
    "supportedBy": "supports it",
    "shiftedFrom": "agrees, but speaks of other patients",
    "elsewhere": "says otherwise, but of other patients",
    "outdatedBy": "agreed, but is no longer in effect",
}
#: Sources that a sentence names; what is left out is told among the sources.
_NAMED = 3
#: Without a primary of its own, a claim takes the first of these that holds.
_ORDER = (
    ("contradictedBy", "contradicted"),
    ("qualifiedBy", "qualified"),
    ("supportedBy", "corroborated"),
    ("shiftedFrom", "population shifted"),
    ("outdatedBy", "outdated"),
)

Relations = Iterable[tuple[str, str, str]]


def verdict(relations: Mapping[str, Sequence[str]], reported: Sequence[str]) -> str:
    """The verdict on a claim.

    Args:
        relations: for each relation the statements of primaries that stand in it to the claim.
        reported: the primary's own statements that the claim reports: it is measured against these first.
    """
    if reported:
        own = {name: [s for s in found if s in reported] for name, found in relations.items()}
        for name, word in (*_ORDER[:1], *_ORDER[3:], *_ORDER[1:3]):
            if own.get(name):
                return word
    if relations.get("contradictedBy") and relations.get(_BOTH):
        return "contested"
    return next((word for name, word in _ORDER if relations.get(name)), "not addressed")


class Corroboration:
    """Tells for each claim of one document what primaries say of it."""

    def __init__(self, records: Records, relations: Relations) -> None:
        self._records = records
        self._found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for item, relation, other in relations:
            self._found[item][relation].append(other)

    def report(self, document: str) -> dict[str, Any]:
        """The claims of a document in the order of its text, each with verdict, reasons and sources."""
        items = [self._item(s) for s in self._claims(document)]
        counts = {name: sum(row["verdict"] == name for row in items) for name in VERDICTS}
        return {"document": describe.document(self._records, document), "counts": counts, "items": items}

    def _claims(self, document: str) -> list[str]:
        wanted = {gg(name) for name in _CLAIMS}
        nodes = self._records.nodes
        found = [
            s
            for s, props in nodes.items()
            if document in props.get(gg("statedIn"), ())
            and wanted & set(props.get(_TYPE, ()))
            and (gg(_TOLD) not in props.get(_TYPE, ()) or props.get(gg("intervention")))
        ]
        return sorted(found, key=self._place)

    def _place(self, statement: str) -> tuple[int, str]:
        start = self._records.one(self._records.one(statement, "locator"), "startOffset")
        return (int(start) if start else 0, statement)

    def _item(self, statement: str) -> dict[str, Any]:
        records = self._records
        first = records.one(statement, "restates") or statement
        relations = self._found.get(first, {})
        reported = list(records.all(first, "primaryStatement"))
        word = verdict(relations, reported)
        pairs = [
            self._pair(name, other, other in reported)
            for name in _WORDS
            for other in sorted(relations.get(name, ()), key=lambda s: (s not in reported, s))
        ]
        return {
            "id": describe.name(statement),
            "claim": records.label(statement),
            "kind": self._kind(statement),
            "stance": records.code(records.one(statement, "stance"), "") or None,
            "population": records.label(records.population(statement)) if records.population(statement) else None,
            "locator": describe.locator(records, statement),
            "restates": describe.name(first) if first != statement else None,
            "citations": [self._citation(c) for c in records.all(statement, "cites")],
            "reports": [describe.document(records, d) for d in records.all(statement, "reports")],
            "verdict": word,
            "why": self._why(word, pairs),
            "sources": pairs,
        }

    def _kind(self, statement: str) -> str:
        types = {t.rpartition("/")[2] for t in self._records.nodes[statement].get(_TYPE, ())}
        return next(name for name in _CLAIMS if name in types)

    def _citation(self, citation: str) -> dict[str, Any]:
        records = self._records
        number = records.one(citation, "number")
        target = records.one(records.one(citation, "pointsAt"), "refersTo")
        return {
            "number": int(number) if number.isdigit() else None,
            "listed": bool(records.one(citation, "pointsAt")),
            "document": describe.name(target) if target else None,
            "label": records.label(target) if target else None,
        }

    def _pair(self, relation: str, other: str, reported: bool) -> dict[str, Any]:
        records = self._records
        document = records.one(other, "statedIn")
        population = records.population(other)
        return {
            "relation": relation,
            "id": describe.name(other),
            "label": records.label(other),
            "document": describe.document(records, document, records.issued_of(other)),
            "stance": records.code(records.one(other, "stance"), "") or None,
            "finding": records.code(records.one(other, "benefitOrHarm"), "") or None,
            "population": records.label(population) if population else None,
            "attached": describe.attached(records, other),
            "reported": reported,
        }

    @staticmethod
    def _why(word: str, pairs: Sequence[dict[str, Any]]) -> str:
        """Who contradicts, qualifies and supports the claim; first the primary that it reports, if it does."""
        if not pairs:
            return "No primary in effect in the graph speaks of it."
        own = [p for p in pairs if p["reported"]]
        rest = _sentence([p for p in pairs if not p["reported"]])
        if own:
            source = describe.source_words(own[0]["document"])
            said = " and ".join(dict.fromkeys(_WORDS[p["relation"]] for p in own))
            return f"Measured against {source}, which it reports and which {said}." + (
                f" Besides: {rest}" if rest else ""
            )
        lead = "No primary in effect in the graph speaks of it for these patients. " if word == "not addressed" else ""
        return lead + rest


def _sentence(pairs: Sequence[dict[str, Any]]) -> str:
    """Who stands in which relation to the claim, the gravest first."""
    told = []
    for relation, words in _WORDS.items():
        names = list(dict.fromkeys(describe.source_words(p["document"]) for p in pairs if p["relation"] == relation))
        if names:
            told.append(f"{_joined(names)} {words if len(names) == 1 else _plural(words)}")
    return f"{'; '.join(told)}." if told else ""


_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"


def _joined(names: Sequence[str]) -> str:
    if len(names) > _NAMED:
        return f"{', '.join(names[: _NAMED - 1])} and {len(names) - _NAMED + 1} more"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _plural(words: str) -> str:
    for one, many in (("contradicts", "contradict"), ("qualifies", "qualify"), ("supports", "support")):
        words = words.replace(one, many)
    return (
        words.replace("agrees,", "agree,")
        .replace("says", "say")
        .replace("speaks", "speak")
        .replace("but is no", "but are no")
    )
