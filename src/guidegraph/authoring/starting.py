"""The folder that a new domain begins with: a made-up guideline as a workbook, what is made of it, and checks."""

from __future__ import annotations

from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory

from guidegraph.authoring.declaring import slug
from guidegraph.authoring.importing import import_sheet
from guidegraph.authoring.sheet import read_sheet
from guidegraph.authoring.taking import Table
from guidegraph.authoring.workbooks import lists_of, xlsx_bytes
from guidegraph.authoring.writing import yaml_text
from guidegraph.errors import UsageError
from guidegraph.knowledge.opened import Knowledge

#: The files of a starter beside what is made of its sheet, by their places in the folder.
_FILES = {
    "domain.yaml": "domain.yaml",
    "README.md": "README.md",
    "profiles/example.yaml": "profile.yaml",
    ".github/workflows/check.yml": "check.yml",
}
_WITHOUT = "'\"$`\\\n{}"


def starter(name: str, knowledge: Knowledge, *, title: str = "", encoder: str) -> dict[str, str | bytes]:
    """The files of a new domain, by their paths in its folder.

    Args:
        name: what the folder is called, of which the id of the domain is made.
        knowledge: what terms are known already.
        title: what the domain is called; its name if "".
        encoder: who writes it: a name or an ORCID.

    Raises:
        UsageError: no id can be made of the name, or title or encoder have quotes.
        SheetError: the encoder is no name.
    """
    identifier = slug(name)
    if not identifier:
        raise UsageError(f"no id can be made of {name!r}", mend="Name a folder with letters or digits.")
    for what, text in (("--title", title), ("--encoder", encoder)):
        if any(c in _WITHOUT for c in text) or not text.isprintable():
            raise UsageError(f"{text[:60]!r} has marks that files cannot hold", where=what, mend="Write words alone.")
    here = Path(__file__).with_name("starter")
    sheet = here / "sheet.yaml"
    words = {"id": identifier, "title": title or name, "encoder": encoder}
    files: dict[str, str | bytes] = {
        place: Template((here / source).read_text(encoding="utf-8")).substitute(words)
        for place, source in _FILES.items()
    }
    table = _table(sheet)
    # So that the workbook is right as it lies there, to check as well as to import with --encoder.
    table["document"][0]["encoder"] = [encoder]
    with TemporaryDirectory() as folder:
        filled = Path(folder) / sheet.name
        filled.write_text(yaml_text(table), encoding="utf-8")
        files.update(import_sheet(filled, knowledge).files)
    files["sheets/guideline.xlsx"] = xlsx_bytes(table, lists_of(knowledge), every=True)
    return files


def _table(path: Path) -> Table:
    """The rows of a sheet as they are written in it."""
    read = read_sheet(path)
    return {
        section: [{heading: list(cell.values()) for heading, cell in row.cells.items()} for row in rows]
        for section, rows in read.rows.items()
    }
