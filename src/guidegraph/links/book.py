"""The links of one knowledge base: its mapping tables, linked hierarchies, and the reader of codes over both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import pyoxigraph as ox

from guidegraph import assets
from guidegraph import namespaces as ns
from guidegraph.errors import KnowledgeError
from guidegraph.links.codes import Codes
from guidegraph.links.modules import Module, module_files, modules_folder, read_module
from guidegraph.links.tables import read_tables, read_terminologies
from guidegraph.reading import read_quads

_NOTATION, _PREFERRED = ox.NamedNode(ns.SKOS + "notation"), ox.NamedNode(ns.SKOS + "prefLabel")


class Links:
    """Mapping tables and linked hierarchies, read when first needed.

    Args:
        root: the knowledge folder whose links count; the shipped tables and the user's own linked hierarchies if None.
        label: gives the label of a term of ours.
    """

    def __init__(self, root: Path | None, label: Callable[[str], str]) -> None:
        self._root = root
        self._label = label

    @property
    def tables_folder(self) -> Path:
        """The folder of the registry of terminologies and the mapping tables."""
        return (assets.root() if self._root is None else self._root) / "ontology" / "links"

    @property
    def modules_folder(self) -> Path:
        """The folder of the linked hierarchies."""
        return modules_folder(self._root)

    @cached_property
    def modules(self) -> Sequence[Module]:
        """The linked hierarchies, sorted by name."""
        return [read_module(path) for path in module_files(self.modules_folder)]

    @cached_property
    def codes(self) -> Codes:
        """Reads codes.

        Raises:
            KnowledgeError: the registry or a mapping table cannot be read.
        """
        folder = self.tables_folder
        return Codes(read_tables(folder), read_terminologies(folder), self._linked, self._label)

    def _linked(self, prefix: str) -> Sequence[Module]:
        return [module for module in self.modules if module.prefix == prefix]

    def quads(self) -> list[ox.Quad]:
        """The mappings as SKOS matches, one graph a table, and the graphs of the linked hierarchies."""
        codes = self.codes
        rows: list[ox.Quad] = []
        for row in read_tables(self.tables_folder):
            if row.curie and row.curie.partition(":")[0] in codes.terminologies:
                graph = ox.NamedNode(ns.MAPPING_GRAPHS + row.table)
                code = ox.NamedNode(codes.iri(row.curie))
                match = ox.NamedNode(f"{ns.SKOS}{row.predicate}Match")
                rows.append(ox.Quad(ox.NamedNode(row.subject), match, code, graph))
                rows.append(ox.Quad(code, _NOTATION, ox.Literal(row.curie.partition(":")[2]), graph))
                rows.append(ox.Quad(code, _PREFERRED, ox.Literal(row.label), graph))
        for path in module_files(self.modules_folder):
            rows += read_quads(path, KnowledgeError, strange=False)
        return rows

    def digest(self, name: str) -> str:
        """The digest of a mapping table (by its file's name) or a linked hierarchy (by its name)."""
        table = self.tables_folder / name
        if table.is_file():
            return "sha256:" + sha256(table.read_bytes()).hexdigest()
        return next((module.digest for module in self.modules if module.name == name), "")
