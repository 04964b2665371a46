"""The links of one knowledge base: its mapping tables, linked hierarchies, and the reader of codes over both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from guidegraph import assets
from guidegraph.links.codes import Codes
from guidegraph.links.modules import Module, module_files, modules_folder, read_module
from guidegraph.links.tables import read_tables, read_terminologies


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

    def digest(self, name: str) -> str:
        """The digest of a mapping table (by its file's name) or a linked hierarchy (by its name)."""
        table = self.tables_folder / name
        if table.is_file():
            return "sha256:" + sha256(table.read_bytes()).hexdigest()
        return next((module.digest for module in self.modules if module.name == name), "")
