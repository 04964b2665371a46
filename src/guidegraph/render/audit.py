"""An audit as text and Markdown, and in the forms that other programs read: SARIF 2.1.0, JUnit XML, a SHACL report."""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import groupby
from typing import Any
from xml.etree import ElementTree

from guidegraph.words import clean, plural, rule, wrap

#: Words for the verdicts on claims, gravest first, with a mark for text.
VERDICT_MARKS = {
    "contradicted": "[x]",
    "contested": "[/]",
    "population shifted": "[>]",
    "outdated": "[o]",
    "qualified": "[~]",
    "corroborated": "[+]",
    "not addressed": "[ ]",
}


def counted(data: dict[str, Any]) -> str:
    """How many findings of each severity, in words."""
    counts = data["summary"]["counts"]
    told = ", ".join(plural(counts[name], name) for name in counts)
    accepted = data["summary"]["accepted"]
    return told + (f"; {accepted} accepted in the baseline" if accepted else "")


def unrun(data: dict[str, Any]) -> list[str]:
    """The checks that could not be run, one sentence each."""
    return [f"could not run {row['kind']}: {row['reason']}" for row in data["summary"]["not_run"]]


def baseline_notes(data: dict[str, Any]) -> list[str]:
    """What is to be said of the baseline: entries that nothing fits any more, and acceptances that have ended."""
    rows = data["summary"]["baseline"]
    notes = [f"accepted, but found no more: {', '.join(rows['stale'])}"] if rows["stale"] else []
    return notes + ([f"acceptance has ended: {', '.join(rows['lapsed'])}"] if rows["lapsed"] else [])


def audit_text(data: dict[str, Any]) -> str:
    """The findings, gravest first and by kind, each with its evidence; then what was looked at."""
    lines: list[str] = []
    for kind, group in groupby(data["findings"], key=lambda row: (row["severity"], row["kind"])):
        rows = list(group)
        lines += rule(clean(f"{kind[0]}: {rows[0]['title']} ({len(rows)})"))
        lines += wrap(f"mend: {rows[0]['mend']}", "  ", "  ")
        for row in rows:
            where = f" - {row['document']}" if row["document"] and row["document"] != row["node"] else ""
            lines += wrap(f"{row['label']}{where}", "    ", "* ")
            if row["locator"]:
                lines += wrap(row["locator"], "      ", "    ")
            shown = row["evidence"][:6]
            for told in shown:
                lines += wrap(told, "        ", "      - ")
            if len(row["evidence"]) > len(shown):
                lines.append(f"      - and {len(row['evidence']) - len(shown)} more (--format json has all)")
            lines.append(f"    {clean(row['id'])}")
    if data["corroboration"]:
        lines += _corroboration_text(data["corroboration"])
    summary = data["summary"]
    lines.append("")
    for note in (*unrun(data), *baseline_notes(data)):
        lines += wrap(note)
    lines += wrap(
        f"{counted(data)} in {plural(summary['documents'], 'document')} with "
        f"{plural(summary['statements'], 'statement')}, as of {summary['as_of']}, "
        f"by {len(summary['kinds'])} kinds of check"
    )
    return "\n".join(lines) + "\n"


def _corroboration_text(data: dict[str, Any]) -> list[str]:
    lines = rule("What primaries in the graph say of each claim")
    for row in data["items"]:
        lines += wrap(f"{row['claim']}: {row['verdict']}", "    ", f"{VERDICT_MARKS[row['verdict']]} ")
        lines += wrap(row["why"], "    ", "    ")
    told = ", ".join(f"{count} {verdict}" for verdict, count in data["counts"].items())
    return [*lines, *wrap(told)]


def _cell(text: Any) -> str:
    return clean(text).replace("|", "\\|").replace("\n", " ")


def audit_markdown(data: dict[str, Any]) -> str:
    """The findings as Markdown: a table of kinds, then each kind with its findings."""
    summary = data["summary"]
    lines = [f"# Audit as of {summary['as_of']}", ""]
    if summary["document"]:
        lines += [f"Document: `{_cell(summary['document'])}`", ""]
    lines += [f"{counted(data)}; {summary['documents']} documents, {summary['statements']} statements.", ""]
    lines += [f"- {_cell(note)}" for note in (*unrun(data), *baseline_notes(data))]
    lines += ["", "| kind | severity | found |", "| --- | --- | --- |"]
    lines += [f"| {k['kind']} | {k['severity']} | {k['found']} |" for k in summary["kinds"]]
    if data["corroboration"]:
        lines += ["", *corroboration_markdown(data["corroboration"])]
    for kind, group in groupby(data["findings"], key=lambda row: row["kind"]):
        rows = list(group)
        lines += ["", f"## {rows[0]['title']}", "", f"`{kind}`, {rows[0]['severity']}. {rows[0]['mend']}", ""]
        for row in rows:
            lines.append(f"- **{_cell(row['label'])}** ({_cell(row['document'] or row['node'])}) `{row['id']}`")
            lines += [f"  - {_cell(told)}" for told in row["evidence"]]
    return "\n".join(lines) + "\n"


def corroboration_markdown(data: dict[str, Any]) -> list[str]:
    """The claims of a document as a table: claim, citation, verdict, why."""
    told = ", ".join(f"{count} {verdict}" for verdict, count in data["counts"].items())
    lines = ["## What primaries in the graph say of each claim", "", f"{told}.", ""]
    lines += ["| claim | cited | verdict | why |", "| --- | --- | --- | --- |"]
    for row in data["items"]:
        lines.append(f"| {_cell(row['claim'])} | {citations(row)} | {row['verdict']} | {_cell(row['why'])} |")
    return lines


def citations(row: dict[str, Any]) -> str:
    """The numbers that a claim cites; one that the list lacks is marked."""
    numbers = sorted(row["citations"], key=lambda c: (c["number"] is None, c["number"]))
    return ", ".join(f"{c['number']}{'' if c['listed'] else ' (not listed)'}" for c in numbers)


# ---------------------------------------------------------------- forms that other programs read

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
