"""All of a document in FHIR: what no element takes stands beside it, column by column, so that it comes back.

The rows that a document comes to as a sheet are held against those that its resources are read as. What differs stands
in our extension column of the resource; a row that no resource is made for is a Basic resource that has its columns.

Source: Basic of hl7.fhir.r5.core 5.0.0 (npm), which is there for what FHIR does not define; R4 has the same elements.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from guidegraph import namespaces as ns
from guidegraph.authoring.columns import Section, sections
from guidegraph.authoring.fhirnodes import BASIC, COLUMN, SECTIONS, Node, section_code
from guidegraph.authoring.fhirrows import reader_of
from guidegraph.authoring.taking import Table, take
from guidegraph.authoring.takingterms import take_whole
from guidegraph.errors import UsageError
from guidegraph.knowledge.opened import Knowledge

Json = dict[str, Any]


def carried(
    resources: Sequence[Json],
    knowledge: Knowledge,
    documents: Iterable[str],
    identity: Callable[[str], str],
    *,
    files: Sequence[Path] = (),
    folders: Sequence[Path] = (),
) -> tuple[list[Json], list[str]]:
    """What must stand beside the resources of documents so that all of them comes back: Basic resources, made here;
    the extensions are put into the resources.

    Args:
        resources: what is written of their statements.
        knowledge: it holds them.
        documents: their IRIs.
        identity: the id of a resource for the address of a row.
        files, folders: as for :func:`guidegraph.authoring.takingterms.take_whole`.

    Returns:
        the Basic resources, and of each document that cannot be carried whole a line that says why.
    """
    whole, told = list(documents), list[str]()
    try:
        _plain(take(knowledge, whole, files))
    except UsageError:
        whole, told = _takeable(knowledge, whole, files)
    if not whole:
        return [], told
    table, lacking = take_whole(knowledge, whole, files, folders, several=True)
    told += [f"{name}: no sheet has rows for it, so it is not written" for name in lacking if name.endswith(".ttl")]
    return list(_beside(resources, table, knowledge, identity)), told


def _takeable(knowledge: Knowledge, documents: Iterable[str], files: Sequence[Path]) -> tuple[list[str], list[str]]:
    """The documents that rows can hold, and why the others cannot be held."""
    whole, told = [], []
    for document in documents:
        try:
            _plain(take(knowledge, [document], files))
            whole.append(document)
        except UsageError as error:
            told.append(f"all of {ns.shorten(document)} that its resources do not say: {error}")
    return whole, told


def _plain(table: Table) -> None:
    """See that FHIR can hold each text: it has no control characters.

    Raises:
        UsageError: it cannot hold one.
    """
    for section, rows in table.items():
        for row in rows:
            for heading, texts in row.items():
                if any(unicodedata.category(c) == "Cc" for text in texts for c in text):
                    where = f"{section}, {heading} of {''.join(row.get('id', ()))}"
                    raise UsageError("FHIR has no control characters", where=where, mend="Take them out.")


def _beside(
    resources: Sequence[Json], table: Table, knowledge: Knowledge, identity: Callable[[str], str]
) -> Iterator[Json]:
    basics = {id(row): _basic(sections()[name], row, identity) for name, rows in table.items() for row in rows}
    documents = [basics[id(row)] for row in table["document"]]
    reader = reader_of([Node(one, str(at), set()) for at, one in enumerate([*documents, *resources])], knowledge)
    known = {(name, *_key(row)): row for name, rows in table.items() for row in rows}
    labels = {(row["document"][0], label): row["id"][0] for row in table["populations"] for label in row["label"]}
    figures = _figures(table)
    for section, read, node in reader.sources:
        if section == "document":
            continue
        document, name = (read[heading][0][0] for heading in ("document", "evidence" if section == "figures" else "id"))
        if section == "figures":
            waiting = figures.get((document, name), [])
            row = waiting.pop(0) if waiting else None
        else:
            row = known.get((section, document, name))
        if row is None:
            continue  # of a document that cannot be carried
        basics.pop(id(row), None)
        extensions = [
            _column(h, row.get(h, [])) for h in _headings(section, row, read) if not _same(h, row, read, labels)
        ]
        if extensions:
            node.value["extension"] = [*node.value.get("extension", []), *extensions]
    yield from basics.values()


def _key(row: dict[str, list[str]]) -> tuple[str, str]:
    return "".join(row.get("document", ())), "".join(row.get("id", ()))


def _figures(table: Table) -> dict[tuple[str, str], list[dict[str, list[str]]]]:
    """The figures of each item of evidence, in the order in which they are written: that of their names."""
    found: dict[tuple[str, str], list[dict[str, list[str]]]] = {}
    for row in sorted(table["figures"], key=_key):
        found.setdefault((row["document"][0], row["evidence"][0]), []).append(row)
    return found


def _headings(section: str, *rows: Any) -> list[str]:
    """The columns that one of some rows fills, in the order of the sheet."""
    return [c.heading for c in sections()[section].columns if any(c.heading in row for row in rows)]


def _same(heading: str, row: dict[str, list[str]], read: Any, labels: dict[tuple[str, str], str]) -> bool:
    was, now = row.get(heading, []), list(read[heading][0]) if heading in read else []
    if heading == "population" and was:
        # FHIR names a population by its id, since a label may be that of several.
        return now == [f"ggp:{labels.get((row['document'][0], was[0]), was[0])}"]
    return sorted(was) == sorted(now)


def _column(heading: str, texts: Sequence[str]) -> Json:
    parts = [{"url": "heading", "valueString": heading}, *({"url": "value", "valueString": text} for text in texts)]
    return {"url": COLUMN, "extension": parts}


def _basic(section: Section, row: dict[str, list[str]], identity: Callable[[str], str]) -> Json:
    """A row as a resource of its own."""
    code = section_code(section.name)
    address = "/".join((code, *_key(row), *(() if "id" in row else sorted(map(repr, row.items())))))
    return {
        "resourceType": BASIC,
        "id": identity(address),
        "extension": [_column(heading, row[heading]) for heading in _headings(section.name, row)],
        "code": {"coding": [{"system": SECTIONS, "code": code, "display": section.name}]},
    }


def section_system(release: str) -> Json:
    """The code system of what Basic resources are: the sections of a sheet."""
    concepts = [{"code": section_code(s.name), "display": s.name, "definition": s.says} for s in sections().values()]
    return {
        "resourceType": "CodeSystem",
        "id": SECTIONS.rpartition("/")[2],
        "url": SECTIONS,
        "version": release,
        "name": "SheetSection",
        "status": "active",
        "caseSensitive": True,
        "content": "complete",
        "concept": concepts,
    }
