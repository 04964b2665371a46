"""Mapping tables beside the terms that they map: their check and their coverage."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from guidegraph.domains import FILE
from guidegraph.knowledge.opened import Knowledge
from guidegraph.namespaces import GGT
from guidegraph.terminologies.another import read_coverage
from guidegraph.terminologies.checking import Checker
from guidegraph.terminologies.model import Report, Subject, claims
from guidegraph.terminologies.sources import entries, source
from guidegraph.terminologies.tables import SUFFIX, read_rules, read_table, read_terminologies, table_files

#: The kinds of our terms that mappings speak of, in the order of a table.
KINDS = ("condition", "finding", "drug", "intervention", "number")
_PREDICATES = ("exact", "narrow", "broad", "close")
#: The fewest targets that a well mapped term has.
_WELL = 2


def subjects(knowledge: Knowledge) -> dict[str, Subject]:
    """The terms of ours that a mapping may speak of, by IRI."""
    rows = knowledge.engine.select("links/subjects")
    above = {
        row.iri: frozenset(knowledge.vocabulary.ancestors(row.iri)) - {row.iri} for row in knowledge.vocabulary.rows
    }
    return {
        term: Subject(label, kind, combination == "yes", above.get(term, frozenset()), route)
        for term, kind, label, combination, route in rows
    }


def check_mappings(knowledge: Knowledge, files: Sequence[Path] = ()) -> Report:
    """Check mapping tables, by default all of the knowledge base, against the installed packages.

    Raises:
        KnowledgeError: a file is no table.
    """
    folder = knowledge.links.tables_folder
    known = entries()
    first: dict[str, str] = {}
    for name, entry in known.items():
        first.setdefault(entry.prefix, name)
    checker = Checker(subjects(knowledge), read_terminologies(folder), read_rules(folder), first, source)
    shipped, base = table_files(*knowledge.links.folders), table_files(folder)
    # A changed copy of a shipped table is checked in its place; a domain's own table of that name stands beside it.
    copies = {path.name for path in files if not (path.resolve().parent.parent / FILE).is_file()}
    named = {path.resolve() for path in files}
    gone = {path for path in base if path.name in copies}
    beside = [path for path in shipped if path not in gone and path.resolve() not in named] if files else []
    if not files:
        checker.strange(folder)
    report = checker.check(list(files) or shipped, beside)
    rows = knowledge.vocabulary.by_iri
    # What a terminology covers is checked with its own table.
    coverage = read_coverage(folder)
    if files:
        told = {path.name for path in gone}
        coverage = {p: reviewed for p, reviewed in coverage.items() if f"{p.lower()}{SUFFIX}" in told}
    checker.covering(coverage, [*beside, *(files or shipped)], lambda iri: rows[iri].names)
    return report


def coverage(knowledge: Knowledge) -> dict[str, Any]:
    """How many of our terms, by kind, each table maps, and how many stand in two tables or more.

    A row that says where no term was found counts for a table too, apart; one that denies a match counts for nothing.
    """
    ours = subjects(knowledge)
    mapped: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    looked: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    reached: dict[str, set[str]] = defaultdict(set)
    tables = []
    terminologies = read_terminologies(knowledge.links.tables_folder)
    for path in table_files(*knowledge.links.folders):
        everything = read_table(path, terminologies)
        rows = claims(everything)
        counts = Counter(row.predicate for row in rows if row.curie)
        table = path.name.partition(".")[0]
        for row in rows:
            if row.subject in ours:
                (mapped if row.curie else looked)[table][ours[row.subject].kind].add(row.subject)
                reached[row.subject].add(table)
        told = {name: counts[name] for name in _PREDICATES}
        missing = sum(not row.curie for row in rows)
        denied = sum(row.negated for row in everything)
        tables.append({"table": table, "rows": len(everything), **told, "no_term_found": missing, "denied": denied})
    kinds = []
    for kind in KINDS:
        # The categories of the vocabulary itself (drug, procedure ...) are no terms that need a code.
        terms = [i for i, subject in ours.items() if subject.kind == kind and (i.startswith(GGT) or kind == "number")]
        kinds.append(
            {
                "kind": kind,
                "terms": len(terms),
                "one": sum(bool(reached[iri]) for iri in terms),
                "two": sum(len(reached[iri]) >= _WELL for iri in terms),
                "mapped": {table["table"]: len(mapped[str(table["table"])][kind]) for table in tables},
                "no_term_found": {table["table"]: len(looked[str(table["table"])][kind]) for table in tables},
            }
        )
    return {"tables": tables, "kinds": kinds}
