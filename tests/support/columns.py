"""The table of columns of docs/authoring.md, from the one table of the code: python -m tests.support.columns writes it anew."""

from __future__ import annotations

from guidegraph import namespaces as ns
from guidegraph.api import open_knowledge
from guidegraph.authoring.columns import Column, Section, sections
from guidegraph.authoring.declaring import Declarations
from guidegraph.authoring.naming import Names
from tests.support.paths import ROOT

PAGE = ROOT / "docs" / "authoring.md"
START, END = "<!-- columns: written by python -m tests.support.columns -->\n", "<!-- end of columns -->"


#: A longer list is not told on the page.
_MOST = 12


def held(column: Column, names: Names) -> str:
    """What a cell of a column holds, the entries of its list with it."""
    entries = list(names.entries(ns.expand(column.of[0]) or "").values()) if column.kind == "entry" else []
    if not 0 < len(entries) <= _MOST:
        return column.holds
    several = "; several on lines of their own" if column.several else ""
    return ", ".join(f"`{entry}`" for entry in entries) + several


def table(section: Section, names: Names) -> str:
    """A section as a table of Markdown."""
    rows = [f"### {section.name}", "", section.says, "", "| column | holds | |", "| --- | --- | --- |"]
    for column in section.columns:
        name = f"**{column.heading}**" if column.required else column.heading
        rows.append(f"| {name} | {held(column, names)} | {column.says.replace('|', chr(92) + '|')} |")
    return "\n".join(rows)


def tables() -> str:
    """All sections."""
    names = Names(open_knowledge().knowledge, Declarations())
    return "\n\n".join(table(section, names) for section in sections().values()) + "\n\n"


def page(text: str) -> str:
    """The page with its tables as the code has them."""
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n{tables()}{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
