"""The rows of the section ``mappings`` as tables of a links folder (SSSOM/TSV), one a terminology."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from guidegraph import assets
from guidegraph import namespaces as ns
from guidegraph.authoring.cells import TOLD, CellError, Row
from guidegraph.authoring.declaring import Declarations, Declared
from guidegraph.authoring.naming import MATCHES, Names
from guidegraph.authoring.rules import row_faults
from guidegraph.authoring.values import values
from guidegraph.errors import KnowledgeError, TermError
from guidegraph.files import read_text
from guidegraph.profile.names import nearest, normal
from guidegraph.reading import MAXIMUM_BYTES
from guidegraph.terminologies.model import Terminology
from guidegraph.terminologies.rows import ITSELF, SUBTREE
from guidegraph.terminologies.sources.lists import luhn, verhoeff
from guidegraph.terminologies.tables import SUFFIX, read_rows, read_terminologies

#: The columns of a table, as those of the shipped links have them.
COLUMNS = (
    "subject_id", "subject_label", "predicate_id", "object_id", "object_label", "mapping_justification", "author_id",
    "mapping_date", "object_source", "object_source_version", "confidence", "comment", "object_scope",
)  # fmt: skip
_CHECKS: dict[str, Callable[[str], bool]] = {"SNOMEDCT": verhoeff, "LOINC": luhn}
_CURATED = "semapv:ManualMappingCuration"
_WHAT = (
    "Exact means the same patients or substances as the definition of our term, broad that the code means more, "
    "narrow that it means less, close that neither is certain."
)


def mapping_tables(
    declared: Declarations, names: Names, encoder: str, folder: Path | None
) -> tuple[dict[str, str], list[CellError]]:
    """The tables that the rows of ``mappings`` make, by their names, and what is wrong in these rows.

    Rows of a table that lies in the folder already stay, but for those of terms that the sheet maps in it.

    Args:
        declared: the rows of the sheet.
        names: what cells name.
        encoder: who mapped where no cell says so.
        folder: the domain folder.
    """
    links = assets.folder("ontology") / "links"
    registry = read_terminologies(links)
    rows: dict[str, list[dict[str, str]]] = {}
    sources: dict[str, str] = {}
    mistakes: list[CellError] = []
    for one in declared.by_section.get("mappings", ()):
        try:
            mistakes += row_faults(one.row)
            made = _row(one, names, declared, encoder, registry)
            prefix = made["object_id"].partition(":")[0]
            if prefix not in sources:
                sources[prefix] = _source(links, prefix, registry)
            made["object_source"] = sources[prefix]
            pair = (made["subject_id"], made["object_id"])
            if any((held["subject_id"], held["object_id"]) == pair for held in rows.get(prefix, ())):
                raise one.row.mistake("code", f"{made['object_id']} is there twice for this term", "Keep one.")
            _alone(one.row, made, rows.get(prefix, ()))
            rows.setdefault(prefix, []).append(made)
        except CellError as mistake:
            if mistake.what != TOLD:
                mistakes.append(mistake)
    return {
        f"{prefix.lower()}{SUFFIX}": _table(registry[prefix], held, folder) for prefix, held in sorted(rows.items())
    }, mistakes


def _alone(row: Row, made: Mapping[str, str], others: Iterable[Mapping[str, str]]) -> None:
    """See that a code that means just the same is that of one term."""
    for other in others:
        same = other["object_id"] == made["object_id"]
        if same and {other["predicate_id"], made["predicate_id"]} == {MATCHES["exact"]}:
            what = f"{made['object_id']} is the exact match of {other['subject_label']!r} too"
            raise row.mistake("match", what, "Of two terms one means more or less: write broad, narrow or close.")


def _checked(row: Row, prefix: str, code: str) -> None:
    check = _CHECKS.get(prefix)
    digits = code.replace("-", "")
    if check is not None and not (digits.isdecimal() and check(digits)):
        raise row.mistake("code", f"the check digit of {code[:40]!r} does not fit", "Look the code up again.")
    scope = row.text("scope")
    if scope and scope not in (SUBTREE, ITSELF):
        raise row.mistake("scope", f"{scope[:40]!r} is no scope", f"Write {SUBTREE} or {ITSELF}, or leave it empty.")


def _row(
    one: Declared, names: Names, declared: Declarations, encoder: str, registry: Mapping[str, Terminology]
) -> dict[str, str]:
    row = one.row
    made = dict.fromkeys(COLUMNS, "")
    for column in row.section.columns:
        cell = row.cell(column.heading)
        if column.heading in row.cells:
            found = values(cell, names, "")
            made[column.prop] = found[0].value.removesuffix(".0") if column.kind == "decimal" else found[0].value
        elif column.required:
            raise row.missing(column)
        else:
            made[column.prop] = column.default
    known = list(registry)
    prefix = made["object_id"].partition(":")[0]
    if prefix not in known:
        near = nearest(prefix, {normal(name): [name] for name in known})
        told = f"Nearest: {', '.join(near)}." if near else f"Known are: {', '.join(known)}."
        raise row.mistake("code", f"no terminology has the prefix {prefix!r}", told)
    _checked(row, prefix, made["object_id"].partition(":")[2])
    made["subject_label"] = names.term_label(made["subject_id"])
    made["subject_id"] = ns.shorten(made["subject_id"])
    made["mapping_justification"] = _CURATED
    created = [d.row.text("encoded on") for d in declared.documents.values()]
    made["mapping_date"] = made["mapping_date"] or next(iter(created), "")
    if not made["mapping_date"]:
        raise row.mistake("mapped on", "nothing says when it was mapped", "Write the day: 2026-11-27.")
    if not made["author_id"]:
        made["author_id"] = _author(one, names, declared, encoder)
    made["author_id"] = ns.shorten(made["author_id"])
    return made


def _author(one: Declared, names: Names, declared: Declarations, encoder: str) -> str:
    cells = [d.row.text("encoder") for d in declared.documents.values()]
    text = next(filter(None, cells), encoder)
    if not text:
        told = "Write a name or an ORCID, or add --encoder NAME."
        raise one.row.mistake("mapped by", "nobody is named who mapped it", told)
    try:
        return names.agent(text.split("\n")[0])
    except TermError as error:
        raise one.row.mistake("mapped by", error.what, error.mend) from None


def _source(links: Path, prefix: str, registry: Mapping[str, Terminology]) -> str:
    """What the shipped table of a terminology calls its source, "" where there is none."""
    path = links / f"{prefix.lower()}{SUFFIX}"
    if not path.exists():
        return ""
    return next((row["object_source"] for row in read_rows(path, registry).rows if row["object_source"]), "")


def _table(terminology: Terminology, rows: list[dict[str, str]], folder: Path | None) -> str:
    name = f"{terminology.prefix.lower()}{SUFFIX}"
    title = f"Terms in {terminology.title}"
    path = folder / "links" / name if folder is not None else None
    mapped = {row["subject_id"] for row in rows}
    if path is not None and path.exists():
        header, kept = _read(path)
        rows = [row for row in kept if row["subject_id"] not in mapped] + rows
        title = header or title
    prefixes = {
        "gg": ns.GG, "ggo": ns.BASE + "ontology/", "ggs": ns.BASE + "links/source/", "ggt": ns.GGT,
        terminology.prefix: terminology.iri, "orcid": "https://orcid.org/", "semapv": "https://w3id.org/semapv/vocab/",
        "skos": ns.SKOS, "sssom": "https://w3id.org/sssom/",
    }  # fmt: skip
    head = [
        f"#mapping_set_id: {ns.BASE}links/{name}",
        f"#mapping_set_title: {title}",
        f"#mapping_set_description: {_WHAT}",
        "#extension_definitions:",
        "#  - slot_name: object_scope",
        f"#    property: {ns.GG}objectScope",
        "#    type_hint: xsd:string",
        "#license: https://creativecommons.org/licenses/by/4.0/",
        "#curie_map:",
        *(f"#  {prefix}: {iri}" for prefix, iri in prefixes.items()),
    ]
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, delimiter="\t", lineterminator="\n")
    writer.writeheader()
    for row in sorted(rows, key=lambda row: (row["subject_id"], row["object_id"])):
        writer.writerow({**row, "author_id": re.sub(r"^https://orcid\.org/", "orcid:", row["author_id"])})
    return "\n".join(head) + "\n" + out.getvalue()


def _read(path: Path) -> tuple[str, list[dict[str, str]]]:
    """The title and rows of a table that the folder has."""
    lines = read_text(path, MAXIMUM_BYTES, KnowledgeError).splitlines(keepends=True)
    title = next((line.partition(": ")[2].strip() for line in lines if line.startswith("#mapping_set_title")), "")
    body = "".join(line for line in lines if not line.startswith("#"))
    rows = csv.DictReader(io.StringIO(body), delimiter="\t")
    return title, [{name: row.get(name) or "" for name in COLUMNS} for row in rows]
