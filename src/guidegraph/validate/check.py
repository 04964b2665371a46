"""Checks a whole knowledge base: shapes, checks across nodes, and the reasoner, in one report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import pyoxigraph as ox

from guidegraph import assets
from guidegraph.namespaces import ONTOLOGY_GRAPH, RDFS, shorten
from guidegraph.reading import read_quads
from guidegraph.reason import WindowConflict, classify, windows_unsatisfiable
from guidegraph.reason.hermit import java_command
from guidegraph.store import knowledge_files
from guidegraph.termreadings import axioms
from guidegraph.validate.components import component_defects
from guidegraph.validate.definitions import restatements
from guidegraph.validate.engine import CHECK, VALUE_RULE, run_check, shown, validate_files
from guidegraph.validate.populations import unlinked
from guidegraph.validate.report import ValidationReport
from guidegraph.validate.reviews import review_defects
from guidegraph.validate.sweep import Defect, defects, swept_folder

Severity = Literal["error", "warning", "note"]
_ORDER: dict[str, int] = {"error": 0, "warning": 1, "note": 2}


@dataclass(frozen=True)
class Finding:
    """One defect, or one thing to know.

    ``kind`` is ``shape``, ``check``, ``sweep``, ``reasoner`` or ``internal-inconsistency``; ``rule`` the shape, check
    or test that found it; an ``error`` fails the check, a ``warning`` or ``note`` does not.
    """

    kind: str
    severity: Severity
    rule: str
    node: str
    label: str
    message: str
    mend: str
    file: str = ""

    def to_dict(self) -> dict[str, str]:
        """The finding as plain values for JSON."""
        return asdict(self)

    def sort_key(self) -> tuple[object, ...]:
        """Errors first, then by kind, rule, file and node."""
        return (_ORDER[self.severity], self.kind, self.rule, self.file, self.node, self.message)


@dataclass(frozen=True)
class CheckReport:
    """All findings on a knowledge base, in a fixed order, and what was looked at."""

    findings: tuple[Finding, ...]
    files: tuple[str, ...]
    checks: tuple[str, ...]
    reasoner: bool

    @property
    def passed(self) -> bool:
        """Whether no finding is an error."""
        return all(finding.severity != "error" for finding in self.findings)

    def with_defects(self, found: Iterable[Defect]) -> CheckReport:
        """The report with further defects of the sweep."""
        return replace(self, findings=tuple(sorted([*self.findings, *map(_from_defect, found)], key=Finding.sort_key)))

    def without_warnings_on(self, files: Iterable[Path]) -> CheckReport:
        """The report without warnings on what some files declare: who looks at one domain alone sees shared terms that
        nobody there speaks of, which says nothing against them.

        Raises:
            ValidationError: a file cannot be read.
        """
        theirs = {shown(quad.subject) for path in files for quad in read_quads(path)}
        kept = (one for one in self.findings if one.severity != "warning" or one.node not in theirs)
        return replace(self, findings=tuple(kept))

    def to_dict(self) -> dict[str, Any]:
        """The report as plain values for JSON."""
        return {
            "passed": self.passed,
            "files": list(self.files),
            "checks": list(self.checks),
            "reasoner": self.reasoner,
            "findings": [finding.to_dict() for finding in self.findings],
        }


_NOT_ASKED = Finding(
    kind="reasoner",
    severity="warning",
    rule="not-asked",
    node="",
    label="",
    message="The reasoner was not asked, since there are numbers or dates that cannot be read.",
    mend="Correct these first.",
)


def check_knowledge(
    *,
    ontology: Sequence[Path] | None = None,
    documents: Sequence[Path] | None = None,
    profiles: Sequence[Path] = (),
    shapes: Sequence[Path] | None = None,
    queries: Sequence[Path] | None = None,
    reasoner: bool = True,
) -> CheckReport:
    """Check ontology and documents (by default the shipped ones), and profiles in RDF if any are given.

    All files are looked at together, by the reasoner without the profiles, and not while a value cannot be read. Where
    the table of the sweep lies beside the ontology, the ontology is held against it.

    Raises:
        ValidationError: a file cannot be read, or the shapes cannot be used.
        KnowledgeError: a check cannot be run, or the reasoner fails.
    """
    if reasoner:
        java_command()  # told at once if it is missing
    shipped = knowledge_files(assets.root())
    ontology = shipped[0] if ontology is None else list(ontology)
    documents = shipped[1] if documents is None else list(documents)
    queries = check_files() if queries is None else list(queries)
    files = [*ontology, *documents, *profiles]
    swept = swept_folder(ontology)
    findings = _from_shapes(validate_files(files, shapes=shapes, ontology=ontology))
    unreadable = any(finding.rule == VALUE_RULE for finding in findings)
    store, own = ox.Store(), ox.Store()
    knowledge: list[ox.Quad] = []
    for path in files:
        quads = read_quads(path)
        if path in ontology:
            quads_here = list(_in_own_graph(quads))
            store.extend(quads_here)
            # The table of the sweep is about the terms that lie beside it, not about those of a domain.
            if swept and path.is_relative_to(swept):
                own.extend(quads_here)
        else:
            store.extend(quads)
        if path not in profiles:
            knowledge += quads
    findings += [finding for path in queries for finding in from_query(store, path)]
    findings += [_from_defect(defect, "check", "warning") for defect in unlinked(store)]
    findings += [_from_defect(defect, "check") for defect in review_defects(store)]
    if swept:
        findings += map(_from_defect, [*defects(own, swept), *component_defects(own, swept), *restatements(own, swept)])
    if reasoner:
        findings += [_NOT_ASKED] if unreadable else _from_reasoner(store, [*knowledge, *axioms(store)])
    return CheckReport(
        tuple(sorted(findings, key=Finding.sort_key)),
        tuple(_shown(path) for path in files),
        tuple(path.stem for path in queries),
        reasoner,
    )


def check_files() -> list[Path]:
    """The shipped checks over the whole knowledge base; those that need a document's text are not among them."""
    return [path for path in assets.files("queries", "check/*.rq") if not path.stem.startswith("verify-")]


def _in_own_graph(quads: Iterable[ox.Quad]) -> Iterable[ox.Quad]:
    graph = ox.NamedNode(ONTOLOGY_GRAPH)
    return (ox.Quad(q.subject, q.predicate, q.object, graph) for q in quads)


def _shown(path: Path) -> str:
    """A path for the report: shipped files by their place in the knowledge folders, so that reports are alike."""
    try:
        return path.resolve().relative_to(assets.root().resolve()).as_posix()
    except ValueError:
        return path.as_posix()


def _from_shapes(report: ValidationReport) -> list[Finding]:
    severities: dict[str, Severity] = {"Violation": "error", "Warning": "warning", "Info": "note"}
    findings = []
    for result in report.results:
        if result.shape.startswith(CHECK):
            continue  # asked of all files below
        rule, _, mend = result.message.partition(". ")
        findings.append(
            Finding(
                kind="shape",
                severity=severities.get(result.severity, "error"),
                rule=result.shape.rpartition("/")[2] or result.constraint,
                node=result.node,
                label=", ".join(result.part_of),
                message=f"{rule}."
                + (f" The value is {result.value}." if result.value not in ("", result.node) else ""),
                mend=mend,
                file=_shown(Path(result.file)),
            )
        )
    return findings


def _label(store: ox.Store, node: object) -> str:
    if not isinstance(node, ox.NamedNode):
        return ""
    labels = (quad.object for quad in store.quads_for_pattern(node, ox.NamedNode(RDFS + "label"), None, None))
    return min((label.value for label in labels if isinstance(label, ox.Literal)), default="")


def from_query(store: ox.Store, path: Path) -> list[Finding]:
    """A finding for each row of a check, whose header says how grave it is and how it is mended."""
    query, rows = run_check(store, path)
    return [
        Finding(
            kind="check",
            severity=query.severity,  # type: ignore[arg-type]
            rule=path.stem,
            node=shown(row["node"]),
            label=_label(store, row["node"]),
            message=f"{query.title}: {shown(row['detail'])}. {query.why}".strip(),
            mend=query.mend,
        )
        for row in rows
    ]


def _from_defect(defect: Defect, kind: str = "sweep", severity: Severity = "error") -> Finding:
    return Finding(kind, severity, defect.rule, shorten(defect.node), "", defect.message, defect.mend)


def _from_reasoner(store: ox.Store, knowledge: Sequence[ox.Quad]) -> list[Finding]:
    state = classify(knowledge)
    if not state.consistent:
        return [
            Finding(
                kind="reasoner",
                severity="error",
                rule="consistent",
                node="",
                label="",
                message="The ontology contradicts itself: nothing can exist under its axioms.",
                mend="Take back the axioms or individuals that were changed last.",
            )
        ]
    findings = [
        Finding(
            kind="reasoner",
            severity="error",
            rule="satisfiable",
            node=shorten(iri),
            label=_label(store, ox.NamedNode(iri)),
            message="Nothing can belong to this class under the axioms of the ontology.",
            mend="Correct its definition, or the disjointness or range that it meets.",
        )
        for iri in state.unsatisfiable
    ]
    return findings + [_from_window(conflict) for conflict in windows_unsatisfiable(knowledge)]


def _from_window(conflict: WindowConflict) -> Finding:
    start = f"from week {conflict.from_weeks}" if conflict.from_weeks is not None else ""
    end = f"to before week {conflict.to_weeks}" if conflict.to_weeks is not None else ""
    window = " ".join(part for part in (start, end) if part)
    return Finding(
        kind="internal-inconsistency",
        severity="note",
        rule="section-window",
        node=shorten(conflict.statement),
        label=conflict.label,
        message=(
            f"The population {conflict.population_label!r} cannot be met within the section"
            f" {conflict.section_label!r} ({window}): the source contradicts itself."
        ),
        mend="Nothing, if the document says so: the statement keeps its own window. Else correct the encoding.",
        file=shorten(conflict.document),
    )
