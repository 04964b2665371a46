"""The chain from a statement to its passage, document, citations, primary and evidence; where it breaks is shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from guidegraph import namespaces as ns
from guidegraph.knowledge import describe
from guidegraph.knowledge.encodings import encodings
from guidegraph.knowledge.records import NOT_STATED, Records, gg

STATEMENT, PASSAGE, DOCUMENT = "statement", "passage", "document"
CITATION, EVIDENCE, THERAPY = "citation", "evidence", "therapy"
_TYPE = ns.RDF + "type"
#: A chain this long has been followed far enough for any reader.
_DEEPEST = 12


@dataclass
class Node:
    """One link of a chain: what it is, how it hangs on the link above, and where the chain breaks at it."""

    iri: str
    kind: str
    label: str
    relation: str = ""
    details: list[str] = field(default_factory=list)
    breaks: list[str] = field(default_factory=list)
    children: list[Node] = field(default_factory=list)
    #: Stands for something that is not there.
    missing: bool = False
    #: Leads back to a link above it.
    circular: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The link and what hangs on it as plain values for JSON."""
        return {
            "id": describe.name(self.iri),
            "iri": self.iri,
            "kind": self.kind,
            "label": self.label,
            "relation": self.relation or None,
            "details": list(self.details),
            "breaks": list(self.breaks),
            "children": [child.to_dict() for child in self.children],
        }

    def walk(self) -> Iterable[Node]:
        """This link and all that hang on it, from the top."""
        yield self
        for child in self.children:
            yield from child.walk()


class Tracer:
    """Follows chains in one knowledge base."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def statement(self, iri: str) -> Node:
        """The chain of one statement."""
        return self._statement(iri, "", ())

    def document(self, iri: str) -> Node:
        """A document with the chains of what it states, in the order of its text."""
        node = self._document(iri, "", (), "")
        stated = sorted(self._stated.get(iri, ()), key=self._place)
        node.children += [self._statement(s, "states", (iri,), below=True) for s in stated]
        return node

    def therapy(self, iri: str) -> Node:
        """A therapy with the chains of the recommendations and contraindications that name it."""
        wanted = {gg("Recommendation"), gg("Contraindication"), gg("EvidenceItem"), gg("Comparison")}
        node = Node(iri, THERAPY, self._records.label(iri))
        found = [
            s
            for s, props in self._records.nodes.items()
            if iri in props.get(gg("intervention"), ()) and wanted & set(props.get(_TYPE, ()))
        ]
        node.children = [self._statement(s, "spoken of by", ()) for s in sorted(found)]
        if not found:
            node.breaks.append("no statement in the graph names it")
        return node

    def _place(self, statement: str) -> tuple[int, str]:
        start = self._records.one(self._records.one(statement, "locator"), "startOffset")
        return (int(start) if start.isdigit() else 0, statement)

    def _known(self, iri: str) -> bool:
        return bool(self._records.nodes.get(iri, {}).get(_TYPE))

    def _statement(self, iri: str, relation: str, above: tuple[str, ...], *, below: bool = False) -> Node:
        records = self._records
        node = Node(iri, self._kind(iri), records.label(iri), relation)
        if not self._known(iri):
            node.breaks.append("described nowhere: the chain is cut here")
            return node
        if iri in above:
            node.breaks.append("leads back to itself: support in a circle")
            node.circular = True
            return node
        if len(above) >= _DEEPEST:
            node.breaks.append(f"not followed further: more than {_DEEPEST} links")
            return node
        path = (*above, iri)
        node.details = self._said(iri)
        document = records.one(iri, "statedIn")
        node.children.append(self._passage(iri, document))
        if not below:
            if document:
                node.children.append(self._document(document, "stated in", path, iri))
            else:
                node.breaks.append("no document states it")
        support = [
            *(self._statement(s, "tells of", path) for s in records.all(iri, "primaryStatement")),
            *(self._citation(c, path) for c in records.all(iri, "cites")),
            *self._reports(iri, path),
            *(self._rests(d, iri, path) for d in records.all(iri, "restsOn")),
        ]
        node.children += support
        if not support and node.kind == STATEMENT and not self._near_evidence(document):
            node.breaks.append("cites nothing and rests on nothing that the graph knows")
        return node

    def _kind(self, iri: str) -> str:
        types = self._records.nodes.get(iri, {}).get(_TYPE, ())
        return EVIDENCE if {gg("EvidenceItem"), gg("DiagnosticAccuracy")} & set(types) else STATEMENT

    def _near_evidence(self, document: str) -> bool:
        """Whether a document is itself a report of evidence or a label, on which nothing further is expected."""
        kind = self._records.one(document, "documentKind")
        return kind in {gg(name) for name in ("SystematicReview", "PrimaryStudy", "DrugLabel", "Regulatory")}

    def _said(self, iri: str) -> list[str]:
        records = self._records
        stance = records.code(records.one(iri, "stance"), "")
        strength = records.code(records.readings.get(iri, ""), "")
        certainty = records.code(records.one(iri, "certainty"), "")
        population = records.population(iri)
        rows = [
            ("", stance),
            ("strength ", strength),
            ("certainty ", certainty),
            ("found: ", records.one(iri, "benefitOrHarm") and records.one(iri, "effect")),
            ("for ", records.label(population) if population else ""),
            ("encoded by ", ", ".join(records.label(e) for e in records.all(iri, "encodedBy"))),
            ("checked by ", ", ".join(records.label(e) for e in records.all(iri, "checkedBy"))),
            ("", encodings(records).text(iri)),
        ]
        return [f"{lead}{text}" for lead, text in rows if text]

    def _passage(self, iri: str, document: str) -> Node:
        records = self._records
        place = records.one(iri, "locator")
        if not place:
            label = "no place in the document"
            mend = "the text was not at hand" if not records.one(document, "documentDigest") else "its text was at hand"
            return Node(
                f"{iri}#passage", PASSAGE, label, "read at", breaks=[f"no passage is pointed at ({mend})"], missing=True
            )
        path, _, last = describe.locator(records, iri).rpartition(", ")
        node = Node(place, PASSAGE, last, "read at", details=[path] if path else [])
        digest = records.one(place, "passageDigest")
        if digest:
            node.details.append(f"SHA-256 {digest[:12]}...")
        else:
            node.breaks.append("the passage has no digest, so a change goes unnoticed")
        if records.one(place, "inDocument") not in ("", document):
            node.breaks.append(f"the passage lies in {records.label(records.one(place, 'inDocument'))}")
        return node

    def _document(self, iri: str, relation: str, path: tuple[str, ...], statement: str) -> Node:
        records = self._records
        node = Node(iri, DOCUMENT, records.label(iri), relation)
        if not self._known(iri):
            node.breaks.append("described nowhere: the chain is cut here")
            return node
        stated = describe.document(records, iri)
        publishers = sorted(records.label(p) for p in records.nodes[iri].get(ns.DCTERMS + "publisher", ()))
        issued = stated["issued"]
        node.details = [f"{stated['kind']}, issued {issued}", *(f"published by {p}" for p in publishers)]
        node.details += [address.removeprefix("https://") for address in describe.addresses(records, iri)]
        node.details += [f"no address of its own is known: {why}" for why in records.all(iri, "addressSought")]
        copies = records.all(iri, "copyAt")
        for page in self._pages(statement, iri)[:2]:
            node.details.append(f"read at {'a copy: ' if page in copies else ''}{page}")
        node.details += [text for text in (encodings(records).text(iri),) if text]
        if issued == NOT_STATED:
            node.breaks.append("no date of issue")
        node.breaks += self._unverified(iri, statement)
        node.breaks += self._ended(iri)
        if records.one(records.one(iri, "reviewState"), "code") == "pending":
            node.breaks.append("its own review is pending")
        node.children += [self._rests(d, statement, (*path, iri)) for d in records.all(iri, "restsOn")]
        return node

    def _pages(self, statement: str, document: str) -> tuple[str, ...]:
        return self._records.all(statement, "verifiedAt") or self._records.all(document, "verifiedAt")

    def _unverified(self, document: str, statement: str) -> list[str]:
        records = self._records
        state = records.one(statement, "verification") or records.one(document, "verification")
        told = {
            gg("VerifiedSecondary"): "read only where a third party reports it",
            gg("NotVerified"): "not read: known only because another document cites or names it",
        }
        return [told[state]] if state in told else []

    def _ended(self, document: str) -> list[str]:
        records = self._records
        dates = (("superseded", "supersededOn"), ("withdrawn", "withdrawnOn"), ("lapses by its own rule", "lapsesOn"))
        newer = [f"superseded by {records.label(d)}" for d in records.all(document, "supersededBy")]
        return newer + [f"{word} {day}" for word, name in dates for day in records.all(document, name)]

    def _citation(self, citation: str, path: tuple[str, ...]) -> Node:
        records = self._records
        number = records.one(citation, "number")
        node = Node(citation, CITATION, f"citation {number}" if number else "citation", "cites")
        entry = records.one(citation, "pointsAt")
        target = records.one(entry, "refersTo")
        if not entry:
            node.breaks.append(f"the reference list has no entry {number}")
        elif not target:
            node.breaks.append("the entry refers to no described document")
        else:
            node.children.append(self._cited(target, path))
        return node

    def _cited(self, document: str, path: tuple[str, ...]) -> Node:
        records = self._records
        node = self._document(document, "refers to", path, "")
        if not self._known(document):
            return node
        own = records.nodes.get(records.one(path[-1], "statedIn"), {}).get(ns.DCTERMS + "publisher", ())
        if set(own) & set(records.nodes[document].get(ns.DCTERMS + "publisher", ())):
            node.breaks.append("the same publisher supports itself")
        if document not in self._stated:
            node.breaks.append("none of its own statements is in the graph")
            return node
        found = self._findings(document, records.one(path[-1], "intervention"))
        told = records.all(path[-1], "primaryStatement")
        reached = [self._statement(f, "found", (*path, document), below=True) for f in found if f not in told]
        node.children += reached
        if not found and not self._speaks(document, records.one(path[-1], "intervention")):
            node.breaks.append("nothing that it states in the graph is on this")
        return node

    @cached_property
    def _stated(self) -> Mapping[str, Sequence[str]]:
        """The statements of each document."""
        found: dict[str, list[str]] = defaultdict(list)
        for statement, props in self._records.nodes.items():
            for document in props.get(gg("statedIn"), ()):
                found[document].append(statement)
        return dict(found)

    def _reports(self, iri: str, path: tuple[str, ...]) -> list[Node]:
        """What a statement says it reports, where it does not point at the primary's own statement."""
        records = self._records
        told = {records.one(p, "statedIn") for p in records.all(iri, "primaryStatement")}
        nodes = []
        for document in records.all(iri, "reports"):
            if document in told:
                continue
            node = self._document(document, "reports", path, "")
            if document in self._stated:
                node.breaks.append("it is not said which of its statements is reported")
            else:
                node.breaks.append("none of its own statements is in the graph")
            if document in records.all(iri, "namesWithoutListing"):
                node.breaks.append("named in the text, but not in the reference list")
            nodes.append(node)
        return nodes

    def _rests(self, source: str, statement: str, path: tuple[str, ...]) -> Node:
        """A review, study or evidence item that something rests on, with its findings on the intervention."""
        records = self._records
        if source in path:
            told = ["leads back to itself: support in a circle"]
            return Node(source, DOCUMENT, records.label(source), "rests on", breaks=told, circular=True)
        if gg("Document") not in records.nodes.get(source, {}).get(_TYPE, ()):
            return self._statement(source, "rests on", path)
        node = self._document(source, "rests on", path, "")
        found = self._findings(source, records.one(statement, "intervention"))
        node.children += [self._statement(f, "found", (*path, source), below=True) for f in found]
        if not found:
            node.breaks.append("its findings on this are not in the graph")
        return node

    def _findings(self, document: str, intervention: str) -> list[str]:
        """What a document found on an intervention."""
        return [s for s in self._speaks(document, intervention) if self._kind(s) == EVIDENCE]

    def _speaks(self, document: str, intervention: str) -> list[str]:
        """What a document states on an intervention, or one above or below it; everything if none is named."""
        records = self._records
        return sorted(
            s
            for s in self._stated.get(document, ())
            if not intervention or records.related(records.one(s, "intervention"), intervention)
        )
