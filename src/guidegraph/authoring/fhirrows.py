"""FHIR resources as rows of a sheet: recommendations of PlanDefinition, evidence of Evidence, whom they concern.

Read are the resources that export fhir writes, and those of Evidence Based Medicine on FHIR as far as they state what
a row needs. A cell's place is its path. What no row takes is told line by line; nothing is filled in.

Source: PlanDefinition, ActivityDefinition, Evidence, EvidenceVariable, Group of hl7.fhir.r5.core 5.0.0 and R4.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from guidegraph import namespaces as ns
from guidegraph.authoring.columns import sections
from guidegraph.authoring.fhirheads import Heads
from guidegraph.authoring.fhirnodes import (
    BASIC,
    OURS,
    FhirRows,
    Node,
    Values,
    criteria,
    leaf_actions,
    read_resources,
    unread,
)
from guidegraph.knowledge.opened import Knowledge

_CORE = "http://hl7.org/fhir/StructureDefinition/"
_STRENGTH, _QUALITY = _CORE + "cqf-strengthOfRecommendation", _CORE + "cqf-qualityOfEvidence"
_DIRECTION = "http://hl7.org/fhir/uv/cpg/StructureDefinition/cpg-directionOfRecommendation"
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
    reader = reader_of(resources, knowledge)
    for resource in resources:
        kind = resource.get("resourceType", "")
        if kind not in (*_BESIDE, "PlanDefinition", "Evidence", *reader.used) and not reader.is_row(resource):
            reader.found.left.append(f"{resource.path}: {kind} is not read")
        elif kind in ("PlanDefinition", "Evidence"):
            for place, value in unread(resource, read):
                reader.found.left.append(f"{place}: no column takes {value[:80]!r}")
        elif kind in _BESIDE and kind not in ("ActivityDefinition", "ArtifactAssessment"):
            reader.found.left.append(f"{resource.path}: {kind} defines words of others, and is not read")
    for name, rows in reader.found.rows.items():
        silent = [c.heading for c in sections()[name].columns if not any(c.heading in row for row in rows)]
        if not reader.whole(name):
            reader.found.left.append(f"{name}: nothing is said of {', '.join(silent)}")
    return reader.found


def reader_of(resources: Sequence[Node], knowledge: Knowledge) -> _Reader:
    """What reads resources, when it has read them: its rows are in ``found``, each with its node in ``sources``."""
    reader = _Reader(resources, knowledge)
    # What documents say of themselves comes first, so that no statement makes them anew.
    for resource in sorted(resources, key=lambda one: one.get("resourceType") != BASIC):
        reader.resource(resource)
    reader.dates()
    reader.columns()
    return reader


class _Reader(Heads):
    def resource(self, node: Node) -> None:
        """Take in what a resource states."""
        kind = node.get("resourceType")
        if kind == "PlanDefinition":
            for action in leaf_actions(node):
                self._recommendation(node, action)
        elif kind == "Evidence":
            self._evidence(node)
        elif self.is_row(node):
            self._basic(node)

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
        self._add("recommendations", row, node)

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
        for own in action.extension(OURS + "added-to", modifier=True):
            row["combined with"] = ([*row.get("combined with", ([], ""))[0], own.valued().concept()], own.path)
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
            kinds = [code for _, code in certainty.one("type").codes()]
            if kinds and "Overall" not in kinds:
                continue  # a part of it, such as the risk of bias
            certainty.one("type").mark()
            if entry := self._entry("gg:Certainty", certainty.one("rating")):
                row["certainty"] = ([entry], certainty.path)
            worded = certainty.one("rating", "text")
            row["certainty in the document's words"] = ([worded.text()], worded.path)
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
        self._add("accuracy" if tested else "evidence", row, node)
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
        self._add("figures", row, statistic)
