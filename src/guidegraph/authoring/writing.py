"""The rows of a sheet written as a folder of CSV files or as YAML: the same rows, the same bytes."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from guidegraph.authoring.columns import Section, sections
from guidegraph.authoring.taking import Table

Rows = Sequence[Mapping[str, Sequence[str]]]


def used_sections(table: Table) -> list[tuple[Section, Rows]]:
    """The sections with rows, in the order of the table of columns."""
    return [(section, table[section.name]) for section in sections().values() if table.get(section.name)]


def used_headings(section: Section, rows: Rows) -> list[str]:
    """The columns that a section shows: those that are required, and those in which something stands."""
    held = {heading for row in rows for heading, texts in row.items() if texts}
    return [c.heading for c in section.columns if c.required or c.heading in held]


def cell_text(texts: Sequence[str]) -> str:
    """The values of a cell, each on a line."""
    return "\n".join(texts)


def csv_files(table: Table) -> dict[str, str]:
    """The CSV files of a sheet, by name."""
    files = {}
    for section, rows in used_sections(table):
        headings = used_headings(section, rows)
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(headings)
        writer.writerows([[cell_text(row.get(heading, ())) for heading in headings] for row in rows])
        files[f"{section.name}.csv"] = out.getvalue()
    return files


def yaml_text(table: Table) -> str:
    """A sheet as YAML: a key a section, a list of rows; several values are a list."""
    import yaml

    plain = {}
    for section, rows in used_sections(table):
        order = [column.heading for column in section.columns]
        plain[section.name] = [
            {h: list(row[h]) if len(row[h]) > 1 else row[h][0] for h in order if row.get(h)} for row in rows
        ]
    return str(yaml.dump(plain, Dumper=_dumper(), sort_keys=False, allow_unicode=True, width=116))


def _dumper() -> type:
    import yaml

    class Dumper(yaml.SafeDumper):  # type: ignore[misc]
        """Writes no value that YAML would read as something else than text without quotes, and indents lists."""

        def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
            super().increase_indent(flow, False)

        def ignore_aliases(self, data: object) -> bool:
            return True

    return Dumper
