"""FHIR resources as rows of a sheet: recommendations of PlanDefinition, evidence of Evidence, whom they concern.

Read are the resources that export fhir writes, and those of Evidence Based Medicine on FHIR as far as they state what
a row needs. A cell's place is its path. What no row takes is told line by line; nothing is filled in.

Source: PlanDefinition, ActivityDefinition, Evidence, EvidenceVariable, Group of hl7.fhir.r5.core 5.0.0 and R4.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from guidegraph import namespaces as ns
from guidegraph.authoring.columns import sections
from guidegraph.authoring.fhirnodes import (
    FhirRows,
    Node,
    Values,
    addresses,
    criteria,
    document_of,
    leaf_actions,
    read_resources,
    unread,
)
from guidegraph.knowledge.opened import Knowledge

#: Where our own extensions live (guidegraph.export.fhir.parts.EXTENSION).
OURS = ns.BASE + "fhir/StructureDefinition/"
_CORE = "http://hl7.org/fhir/StructureDefinition/"
_STRENGTH, _QUALITY = _CORE + "cqf-strengthOfRecommendation", _CORE + "cqf-qualityOfEvidence"
_DIRECTION = "http://hl7.org/fhir/uv/cpg/StructureDefinition/cpg-directionOfRecommendation"
_NUMBER = re.compile(r"\d+(?:\.\d+)+")
_CQL_NAME = re.compile(r'"(.+)"')
#: Parts of our extension how, and the columns that take them.
_HOW = {
    "dose": "dose", "route": "route", "duration": "duration", "urgency": "urgency",
    "co-prescription": "prescribed with", "monitoring": "monitoring",
}  # fmt: skip
_ROLES = {
    "exposure": "intervention", "referenceExposure": "comparator", "measuredVariable": "outcome",
    "population": "population",
}  # fmt: skip
#: Measures of a test, which have columns of their own.
_RATES = ("sensitivity", "specificity")
_BESIDE = ("Library", "CodeSystem", "StructureDefinition", "ValueSet", "ArtifactAssessment", "ActivityDefinition")


def read_fhir(path: Path, knowledge: Knowledge) -> FhirRows:
    """The rows that a FHIR file comes to.

    Args:
        path: a Bundle or a resource in JSON, R4 or R5.
        knowledge: gives the codes of HL7 for the entries of our lists.

    Raises:
        UsageError: it cannot be read, or is no FHIR.
    """
    read: set[str] = set()
    resources = read_resources(path, read)
    reader = _Reader(resources, knowledge)
    for resource in resources:
        reader.resource(resource)
    for resource in resources:
        kind = resource.get("resourceType", "")
        if kind not in (*_BESIDE, "PlanDefinition", "Evidence", *reader.used):
            reader.found.left.append(f"{resource.path}: {kind} is not read")
        elif kind in ("PlanDefinition", "Evidence"):
            for place, value in unread(resource, read):
                reader.found.left.append(f"{place}: no column takes {value[:80]!r}")
        elif kind in _BESIDE and kind not in ("ActivityDefinition", "ArtifactAssessment"):
            reader.found.left.append(f"{resource.path}: {kind} defines words of others, and is not read")
    reader.dates()
    for name, rows in reader.found.rows.items():
        silent = [c.heading for c in sections()[name].columns if not any(c.heading in row for row in rows)]
        reader.found.left.append(f"{name}: nothing is said of {', '.join(silent)}")
    return reader.found


class _Reader:
    def __init__(self, resources: Iterable[Node], knowledge: Knowledge) -> None:
        self._resources = {address: node for node in resources for address in addresses(node)}
        rows = knowledge.engine.select("export/list-codes")
        self._codes = {(ns.shorten(kind), system, notation): code for kind, code, system, notation, _ in rows}
        self._labels = _labels(knowledge)
        self._documents: dict[str, Values] = {}
        self.used: set[str] = set()
        self.found = FhirRows()

    def _add(self, section: str, row: Values) -> Values:
        kept = {heading: cell for heading, cell in row.items() if any(cell[0])}
        self.found.rows.setdefault(section, []).append(kept)
        return kept

    def resource(self, node: Node) -> None:
        """Take in what a resource states."""
        kind = node.get("resourceType")
        if kind == "PlanDefinition":
            for action in leaf_actions(node):
                self._recommendation(node, action)
        elif kind == "Evidence":
            self._evidence(node)

    def dates(self) -> None:
        """The date of a document is that of its statements, where they have one; else each keeps its own."""
        for name, document in self._documents.items():
            stated = [
                row for rows in self.found.rows.values() for row in rows if row.get("document", ([], ""))[0] == [name]
            ]
            dated = [row["issued"] for row in stated if "issued" in row]
            if len({texts[0] for texts, _ in dated}) == 1:
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
        if cite is not None and (place := self._place(cite)):
            row["place"] = ([place], cite.path)
        return row

    def _place(self, cite: Node) -> str:
        """The printed number of a place; a longer place has a digest, which no resource has."""
        for extension in cite.extension(OURS + "locator"):
            if _NUMBER.fullmatch(str(extension.valued().value or "")):
                return extension.valued().text()
        return ""

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
            self._documents[name] = self._add("document", row)
        if cite is not None:
            for key in ("display", "citation", "document", "url", "publicationDate", "type", "label"):
                cite.one(key).mark()
        for key in ("publisher", "date", "jurisdiction", "status", "type", "library"):
            for part in node.many(key):
                part.mark()
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

    # ------------------------------------------------------------ recommendations

    def _recommendation(self, node: Node, action: Node) -> None:
        row = self._head(node, action)
        activity = self._resources.get(
            str(action.one("definitionCanonical").value or action.one("definitionUri").value)
        )
        action.one("definitionCanonical").mark()
        code = action.one("code")
        if not code.value and activity is not None:
            product = activity.one("productCodeableConcept")
            code = product if product.value else activity.one("code")
        row["intervention"] = ([code.concept()], code.path)
        row["indication"] = ([one.concept() for one in action.many("reason")], f"{action.path}.reason")
        goals = {str(goal.get("id")): goal for goal in node.many("goal")}
        wanted = [goals[g.text()] for g in action.many("goalId") if g.text() in goals]
        row["outcome"] = ([goal.one("description").concept() for goal in wanted], f"{node.path}.goal")
        for goal in wanted:
            goal.mark()
        self._stance(row, node, action, activity)
        self._strength(row, action)
        self._whom(row, node, action)
        self._own(row, action)
        for artifact in action.many("documentation"):
            artifact.mark()
        self._add("recommendations", row)

    def _stance(self, row: Values, node: Node, action: Node, activity: Node | None) -> None:
        said = ""
        for direction in action.extension(_DIRECTION):
            said = self._entry("gg:Stance", direction.valued()) or said
            direction.mark()
        for own in (*action.extension(OURS + "stance"), *action.extension(OURS + "not-for", modifier=True)):
            said = own.valued().concept() or said
            own.mark()
        # Whether an action is proposed or not is said by what it is to be.
        if not said and activity is not None:
            said = "against" if activity.one("doNotPerform").value is True else "for"
        row["stance"] = ([said], action.path)

    def _strength(self, row: Values, action: Node) -> None:
        for heading, words, kind, url in (
            ("strength", "strength in the document's words", "gg:Strength", _STRENGTH),
            ("certainty", "certainty in the document's words", "gg:Certainty", _QUALITY),
        ):
            unstated = "none stated" if heading == "strength" else "not stated"
            row[heading] = ([unstated], action.path)
            if heading == "strength":
                row[words] = (["not stated"], action.path)
            for rated in action.extension(url):
                concept = rated.valued()
                if entry := self._entry(kind, concept):
                    row[heading] = ([entry], concept.path)
                    shown = concept.one("coding", "code").value
                    if heading == "strength":
                        row["strength read so because"] = ([f"the resource codes it as {shown!r}"], concept.path)
                if said := concept.one("text").text():
                    row[words] = ([said], concept.path)
        coded = row["strength"][0] != ["none stated"]
        for own in action.extension(OURS + "strength-reading"):
            reading = own.valued().text()
            # Where no code says the strength, our reading may stand in place of the source's own words.
            if not coded and row["strength in the document's words"][0] == [reading]:
                row["strength in the document's words"] = (["not stated"], own.path)
            row["strength"] = ([self._label("gg:Strength", reading)], own.path)
        if "strength read so because" not in row:
            row["strength read so because"] = (["the resource has no code for it"], action.path)

    def _whom(self, row: Values, node: Node, action: Node) -> None:
        row["population in the document's words"] = ([action.one("description").text()], f"{action.path}.description")
        for condition in action.many("condition"):
            expression = condition.one("expression")
            if condition.get("kind") != "applicability":
                continue
            name = _CQL_NAME.fullmatch(str(expression.one("expression").value or ""))
            known = name[1] if name and ns.expand(name[1]) else ""
            row["population"] = ([known or str(expression.get("description") or "")], expression.path)
            condition.mark()
        for place in (action, node):
            for key in ("subjectReference", "subjectCanonical", "subjectCodeableConcept"):
                subject = place.one(key)
                address = subject.one("reference").value if key == "subjectReference" else subject.value
                target = self._resources.get(str(address)) if isinstance(address, str) else None
                if target is not None and "population" not in row:
                    row["population"] = (["; ".join(self._members(target))], target.path)
                    subject.mark()
                elif key == "subjectCodeableConcept" and subject.value and "population" not in row:
                    row["population"] = ([subject.concept()], subject.path)

    def _members(self, group: Node) -> list[str]:
        self.used.add(str(group.get("resourceType")))
        return criteria(group)

    def _own(self, row: Values, action: Node) -> None:
        for name, heading in (("line", "line"), ("implied", "implied"), ("horizon", "horizon")):
            for own in action.extension(OURS + name):
                row[heading] = ([own.valued().text()], own.path)
        for how in action.extension(OURS + "how"):
            for part in how.many("extension"):
                heading = _HOW.get(part.get("url", ""), "")
                if heading:
                    part.one("url").mark()
                    row[heading] = ([part.valued().text()], part.path)
        for own in action.extension(OURS + "attached-condition", modifier=True):
            kind, _, words = own.valued().text().partition(": ")
            if kind in ("only with", "only without"):
                row[kind] = ([*row.get(kind, ([], ""))[0], words], own.path)
        # What follows from elsewhere is no statement of its own.
        for name in ("window", "secondary-only"):
            for own in action.extension(OURS + name):
                own.mark()

    # ------------------------------------------------------------ evidence

    def _evidence(self, node: Node) -> None:
        row = self._head(node, node)
        effect = node.one("assertion")
        row["effect"] = ([effect.text() or node.one("description").text()], effect.path)
        node.one("citeAsMarkdown").mark()
        for variable in node.many("variableDefinition"):
            roles = [code for _, code in variable.one("variableRole").codes()]
            heading = next((_ROLES[role] for role in roles if role in _ROLES), "")
            words = variable.one("observed").concept() or variable.one("description").text()
            target = self._resources.get(str(variable.one("observed", "reference").value))
            if heading == "population" and target is not None:
                words = "; ".join(self._members(target))
            if heading:
                row[heading] = ([*row.get(heading, ([], ""))[0], words], variable.path)
                variable.mark()
        for name, heading in (("speaks of: ", "side"), ("horizon: ", "horizon")):
            texts, path = row["note"]
            row[heading] = ([t.removeprefix(name) for t in texts if t.startswith(name)], path)
            row["note"] = ([t for t in texts if not t.startswith(name)], path)
        row["side"] = ([self._label("gg:EvidenceSide", one) for one in row["side"][0]], row["side"][1])
        row["certainty"] = (["not stated"], node.path)
        for certainty in node.many("certainty"):
            if entry := self._entry("gg:Certainty", certainty.one("rating")):
                row["certainty"] = ([entry], certainty.path)
                certainty.mark()
        statistics = node.many("statistic")
        rates = {one.one("statisticType").concept(): one for one in statistics}
        tested = [rates.pop(name) for name in _RATES if name in rates]
        if tested:
            row["target"] = row.pop("outcome", ([], node.path))
            for one in tested:
                name = one.one("statisticType").concept()
                row[name] = ([one.one("quantity", "value").text()], one.path)
                one.mark()
            statistics = list(rates.values())
        self._add("accuracy" if tested else "evidence", row)
        for statistic in statistics:
            self._figure(row, statistic)

    def _figure(self, evidence: Mapping[str, tuple[list[str], str]], statistic: Node) -> None:
        kind, quantity = statistic.one("statisticType"), statistic.one("quantity")
        measure = self._entry("gg:Measure", kind) or self._label("gg:Measure", kind.concept())
        words = kind.one("text").text()
        side = re.search(r", favours (.+)$", str(statistic.get("description") or ""))
        bounds: Any = next((a.one("range") for a in statistic.many("attributeEstimate") if a.one("range").value), None)
        row = {
            "document": evidence["document"],
            "evidence": evidence["id"],
            "measure": ([measure], kind.path),
            "estimate": ([quantity.one("value").text()], quantity.path),
            "unit": ([self._label("gg:FigureUnit", quantity.one("unit").text())], quantity.path),
            "favours": ([self._label("gg:FavouredSide", side[1])] if side else [], statistic.path),
            "measure in the document's words": ([words] if words != measure else [], kind.path),
        }
        for heading, end in (("lower bound", "low"), ("upper bound", "high")):
            if bounds is not None:
                row[heading] = ([bounds.one(end, "value").text()], bounds.path)
        statistic.mark()
        self._add("figures", row)


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
