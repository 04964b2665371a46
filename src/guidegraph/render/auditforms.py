"""An audit in the forms that other programs read: SARIF 2.1.0, JUnit XML, a SHACL report in Turtle."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any
from xml.etree import ElementTree

from guidegraph.words import clean

_LEVELS = {"error": "error", "warning": "warning", "note": "note"}
_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_SHACL = {"error": "Violation", "warning": "Warning", "note": "Info"}


def _message(row: dict[str, Any]) -> str:
    shown = "; ".join(row["evidence"][:8])
    more = f"; and {len(row['evidence']) - 8} more" if len(row["evidence"]) > 8 else ""
    return clean(f"{row['title']}: {row['label']}. {shown}{more}. {row['mend']}")


def audit_sarif(data: dict[str, Any], file: str = "") -> str:
    """The findings as a SARIF 2.1.0 log.

    Source: OASIS "Static Analysis Results Interchange Format (SARIF) Version 2.1.0". Graph nodes have no line, so a
    result has a logical location (the node) and its document or ``file`` as artifact.
    """
    summary = data["summary"]
    name, _, version = summary["software"].partition(" ")
    rules = [
        {
            "id": kind["kind"],
            "shortDescription": {"text": kind["title"]},
            "fullDescription": {"text": f"{kind['question']} {kind['why']}"},
            "help": {"text": kind["mend"]},
            "defaultConfiguration": {"level": _LEVELS[kind["severity"]]},
        }
        for kind in summary["kinds"]
    ]
    index = {kind["kind"]: at for at, kind in enumerate(summary["kinds"])}
    rows = [(row, None) for row in data["findings"]] + [(row, row["reason"]) for row in data["accepted"]]
    log = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": name, "version": version, "rules": rules}},
                "columnKind": "unicodeCodePoints",
                "invocations": [
                    {
                        "executionSuccessful": summary["complete"],
                        "toolExecutionNotifications": [
                            {"level": "error", "message": {"text": f"could not run {r['kind']}: {r['reason']}"}}
                            for r in summary["not_run"]
                        ],
                    }
                ],
                "results": [_sarif_result(row, index, file, reason) for row, reason in rows],
            }
        ],
    }
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _sarif_result(row: dict[str, Any], index: dict[str, int], file: str, reason: str | None) -> dict[str, Any]:
    location: dict[str, Any] = {
        "logicalLocations": [{"fullyQualifiedName": row["iri"], "name": clean(row["label"]), "kind": "member"}]
    }
    if file or row["document"]:
        location["physicalLocation"] = {"artifactLocation": {"uri": file or row["iri"]}}
    result: dict[str, Any] = {
        "ruleId": row["kind"],
        "ruleIndex": index[row["kind"]],
        "level": _LEVELS[row["severity"]],
        "message": {"text": _message(row)},
        "locations": [location],
        "partialFingerprints": {"guidegraphFinding/v1": row["id"]},
    }
    if reason is not None:
        result["suppressions"] = [{"kind": "external", "justification": clean(reason)}]
    return result


def audit_junit(data: dict[str, Any]) -> str:
    """The audit as JUnit XML: one test case a kind, failed where something was found, in error where it did not run."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in data["findings"]:
        found[row["kind"]].append(row)
    unrun = {row["kind"]: row["reason"] for row in data["summary"]["not_run"]}
    suite = ElementTree.Element(
        "testsuite",
        name="guidegraph audit",
        tests=str(len(data["summary"]["kinds"])),
        failures=str(len(found)),
        errors=str(len(unrun)),
    )
    for kind in data["summary"]["kinds"]:
        case = ElementTree.SubElement(
            suite, "testcase", classname=f"guidegraph.audit.{kind['severity']}", name=kind["kind"]
        )
        if kind["kind"] in unrun:
            ElementTree.SubElement(case, "error", message=clean(unrun[kind["kind"]]))
        elif rows := found.get(kind["kind"]):
            node = ElementTree.SubElement(
                case, "failure", message=f"{kind['title']}: {len(rows)}", type=kind["severity"]
            )
            node.text = "\n".join(f"{row['id']} {_message(row)}" for row in rows)
    ElementTree.indent(suite)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(suite, encoding="unicode") + "\n"


def audit_turtle(data: dict[str, Any]) -> str:
    """The findings as a SHACL validation report in Turtle, which readers of pySHACL's reports understand."""
    from rdflib import RDF, SH, BNode, Graph, Literal, Namespace, URIRef

    kinds = Namespace("https://w3id.org/guidegraph/audit/kind/")
    graph = Graph()
    graph.bind("sh", SH)
    graph.bind("kind", kinds)
    report = BNode("report")
    graph.add((report, RDF.type, SH.ValidationReport))
    graph.add((report, SH.conforms, Literal(not data["findings"] and data["summary"]["complete"])))
    for row in data["findings"]:
        node = URIRef(f"https://w3id.org/guidegraph/audit/finding/{row['id']}")
        graph.add((report, SH.result, node))
        graph.add((node, RDF.type, SH.ValidationResult))
        graph.add((node, SH.focusNode, URIRef(row["iri"])))
        graph.add((node, SH.resultSeverity, SH[_SHACL[row["severity"]]]))
        graph.add((node, SH.sourceConstraintComponent, SH.SPARQLConstraintComponent))
        graph.add((node, SH.sourceShape, kinds[row["kind"]]))
        graph.add((node, SH.resultMessage, Literal(_message(row), lang="en")))
    return str(graph.serialize(format="turtle"))
