"""What every resource of FHIR says of its row of a sheet: id, label, notes, document; and the columns beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from guidegraph import namespaces as ns
from guidegraph.authoring.columns import sections
from guidegraph.authoring.fhirnodes import (
    BASIC,
    OURS,
    SECTIONS,
    FhirRows,
    Node,
    Values,
    addresses,
    columns_of,
    document_of,
    printed_place,
    section_code,
)
from guidegraph.knowledge.opened import Knowledge


class Heads:
    """What is read of every resource: its row's head, the document that it cites, and columns beside its elements."""

    def __init__(self, resources: Sequence[Node], knowledge: Knowledge) -> None:
        self._resources = {address: node for node in resources for address in addresses(node)}
        rows = knowledge.engine.select("export/list-codes")
        self._codes = {(ns.shorten(kind), system, notation): code for kind, code, system, notation, _ in rows}
        self._labels = _labels(knowledge)
        self._documents: dict[str, Values] = {}
        self._carried: dict[str, Values] = {}
        self._parts: dict[str, str] = {section_code(name): name for name in sections()}
        self.used: set[str] = set()
        self.found = FhirRows()
        self.sources: list[tuple[str, Values, Node]] = []

    def _add(self, section: str, row: Values, node: Node) -> Values:
        kept = {heading: cell for heading, cell in row.items() if any(cell[0])}
        self.found.rows.setdefault(section, []).append(kept)
        self.sources.append((section, kept, node))
        return kept

    def is_row(self, node: Node) -> bool:
        """Whether a resource is a row of a sheet as it stands there."""
        return node.get("resourceType") == BASIC and any(part in self._parts for part in _codes(node))

    def _basic(self, node: Node) -> None:
        section = self._parts[next(part for part in _codes(node) if part in self._parts)]
        row = self._add(section, {}, node)
        if section == "document":
            row.update(columns_of(node))
            name = _one(row, "id")
            self._documents[name] = self._carried[name] = row

    def columns(self) -> None:
        """Put into each row what is said of it column by column, in place of what its elements say."""
        for section, row, node in self.sources:
            for heading, (texts, path) in columns_of(node).items():
                if sections()[section].column(heading) is None:
                    self.found.left.append(f"{path}: the section {section!r} has no column {heading[:40]!r}")
                elif texts:
                    row[heading] = (texts, path)
                else:
                    row.pop(heading, None)

    def whole(self, section: str) -> bool:
        """Whether each row of a section is of a document that is carried whole."""
        rows = ((_one(row, "document"), node) for name, row, node in self.sources if name == section)
        return all(document in self._carried or self.is_row(node) for document, node in rows)

    def dates(self) -> None:
        """The date of a document is that of its statements, where they have one; else each keeps its own."""
        for name, document in self._documents.items():
            stated = [
                row for rows in self.found.rows.values() for row in rows if row.get("document", ([], ""))[0] == [name]
            ]
            dated = [row["issued"] for row in stated if "issued" in row]
            if name in self._carried:
                for row in stated:
                    if "issued" in row and row["issued"][0] == document.get("issued", ([], ""))[0]:
                        row.pop("issued")
            elif len({texts[0] for texts, _ in dated}) == 1:
                document["issued"] = dated[0]
                for row in stated:
                    row.pop("issued", None)
            elif dated:
                self.found.left.append(
                    f"{name}: its statements have several dates; which is the document's is not said"
                )

    # ------------------------------------------------------------ what all statements have

    def _head(self, node: Node, titled: Node) -> Values:
        row: Values = {}
        label = titled.one("title") if titled.one("title").value else node.one("title")
        cite = next((a for a in node.many("relatedArtifact") if a.get("type") == "citation"), None)
        document = self._document(node, cite)
        row["document"] = ([document], (cite or node).path)
        identifier = str(node.one("identifier", "value").value or "")
        local = identifier.rpartition("/")[2] if identifier.startswith(ns.BASE + "statement/") else ""
        row["id"] = ([local or str(node.get("id", ""))], f"{node.path}.id")
        _put(row, "label", label)
        if label.path != node.one("title").path:
            node.one("title").mark()
        notes = node.one("description").text().split("\n") + [n.one("text").text() for n in node.many("note")]
        row["note"] = ([note for note in notes if note], f"{node.path}.description")
        began = node.one("effectivePeriod", "start")
        row["issued"] = ([began.text()], began.path)
        for artifact in node.many("relatedArtifact"):
            heading = {"reports": "reports", "rests on": "rests on"}.get(artifact.get("label", ""))
            url = document_of(artifact)
            if heading and url.startswith(ns.GGD):
                texts = row.get(heading, ([], ""))[0]
                row[heading] = ([*texts, url.removeprefix(ns.GGD)], artifact.path)
                artifact.mark()
        if cite is not None and (place := printed_place(cite)):
            row["place"] = ([place], cite.path)
        return row

    def _document(self, node: Node, cite: Node | None) -> str:
        """The id of the document that a statement cites; its row is made once."""
        source = cite if cite is not None else node
        url = document_of(source)
        title = str(source.get("display") or source.get("label") or node.get("publisher") or "document")
        name = (
            url.removeprefix(ns.GGD) if url.startswith(ns.GGD) else re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
        )
        if name not in self._documents:
            row: Values = {"id": ([name], source.path)}
            row["label"] = row["short label"] = ([title], source.path)
            citation = str(source.get("citation") or "")
            row["title"] = ([citation.partition("; ")[0]], f"{source.path}.citation")
            if url.startswith("http") and not url.startswith(ns.GGD):
                row["published at"] = ([url], source.path)
            row["encoder"] = ([str(node.get("publisher") or "")], f"{node.path}.publisher")
            row["encoded on"] = ([str(node.get("date") or "")[:10]], f"{node.path}.date")
            row["license"] = ([str(node.get("copyright") or "")], f"{node.path}.copyright")
            codes = [j.concept() for j in node.many("jurisdiction")]
            row["jurisdiction"] = (codes, f"{node.path}.jurisdiction")
            self._documents[name] = self._add("document", row, node)
        if cite is not None:
            for key in ("display", "citation", "document", "url", "publicationDate", "type", "label"):
                cite.one(key).mark()
        for key in ("publisher", "date", "jurisdiction", "status", "type", "library"):
            for part in node.many(key):
                part.mark()
        if name in self._carried:
            # They follow from what the columns of its rows say.
            for derived in (node.one("effectivePeriod", "end"), *(cite.extension(OURS + "locator") if cite else ())):
                derived.mark()
            for newer in node.many("relatedArtifact"):
                if newer.get("type") == "successor":
                    newer.mark()
        return name

    def _entry(self, kind: str, node: Node) -> str:
        """The entry of our list that a coding means, by the codes of HL7; "" for none."""
        for system, code in node.codes():
            if entry := self._codes.get((kind, system, code)):
                for coding in node.many("coding"):
                    coding.mark()
                return self._label(kind, entry)
        return ""

    def _label(self, kind: str, code: str) -> str:
        """The label of an entry of a list by its name in answers; the name itself where the list has none such."""
        return self._labels.get((kind, code), code)


def _codes(node: Node) -> list[str]:
    return [code for system, code in node.one("code").codes() if system == SECTIONS]


def _put(row: Values, heading: str, node: Node) -> None:
    if text := node.text():
        row[heading] = ([text], node.path)


def _labels(knowledge: Knowledge) -> dict[tuple[str, str], str]:
    """The labels of the entries of our lists, by list and name in answers."""
    found = {}
    for props in knowledge.records.nodes.values():
        for code in props.get(ns.GG + "code", ()):
            for kind in props.get(ns.RDF + "type", ()):
                found[ns.shorten(kind), code] = props.get(ns.RDFS + "label", (code,))[0]
    return found


def _one(row: Values, heading: str) -> str:
    return "".join(row.get(heading, ([], ""))[0][:1])
