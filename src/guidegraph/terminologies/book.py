"""The links of one knowledge base: its mapping tables, linked hierarchies, and the reader of codes over both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.terminologies.another import lexicon, read_coverage
from guidegraph.terminologies.codes import Codes, Telling
from guidegraph.terminologies.lexicon import SOURCE, TITLE
from guidegraph.terminologies.model import claims
from guidegraph.terminologies.modules import SUFFIX as MODULE
from guidegraph.terminologies.modules import (
    Module,
    module_files,
    module_prefix,
    module_quads,
    modules_folder,
    read_module,
)
from guidegraph.terminologies.names import read_codes
from guidegraph.terminologies.tables import read_tables, read_terminologies

_NOTATION, _PREFERRED = ox.NamedNode(ns.SKOS + "notation"), ox.NamedNode(ns.SKOS + "prefLabel")


class Links:
    """Mapping tables and linked hierarchies, read when first needed.

    Args:
        root: the knowledge folder whose linked hierarchies count; the user's own if None.
        tables: the folders of mapping tables; the first one has the registry of terminologies too.
        label: gives the label of a term of ours.
        telling: gives those of some terms of ours that tell more than the others (Vocabulary.telling).
    """

    def __init__(
        self, root: Path | None, tables: Sequence[Path], label: Callable[[str], str], telling: Telling
    ) -> None:
        self._root = root
        self.folders = tuple(tables)
        self._label = label
        self._telling = telling
        self._read: dict[Path, Module] = {}
        self._lexica: dict[str, Sequence[Module]] = {}

    @property
    def tables_folder(self) -> Path:
        """The folder of the registry of terminologies, with the mapping tables that all domains share."""
        return self.folders[0]

    @property
    def lexicon_folder(self) -> Path:
        """The folder of the lexicon of names."""
        return self.tables_folder.parent / "lexicon"

    @property
    def modules_folder(self) -> Path:
        """The folder of the linked hierarchies."""
        return modules_folder(self._root)

    @property
    def modules(self) -> Sequence[Module]:
        """The linked hierarchies, sorted by name."""
        return [self._module(path) for path in self._files]

    @cached_property
    def _files(self) -> Sequence[Path]:
        return module_files(self.modules_folder)

    def _module(self, path: Path) -> Module:
        if path not in self._read:
            self._read[path] = read_module(path)
        return self._read[path]

    @cached_property
    def codes(self) -> Codes:
        """Reads codes.

        Raises:
            KnowledgeError: the registry or a mapping table cannot be read.
        """
        folder = self.tables_folder
        tables, registry = read_tables(*self.folders), read_terminologies(folder)
        coverage = read_coverage(folder)
        return Codes(tables, registry, self._linked, self._label, self._telling, coverage, self._of_lexicon)

    def _linked(self, prefix: str) -> Sequence[Module]:
        # A large hierarchy takes a while to read, so only those that say early on that they are of the prefix are read.
        files = [path for path in self._files if module_prefix(path) in (prefix, "")]
        return [module for module in map(self._module, files) if module.prefix == prefix]

    def _of_lexicon(self, prefix: str) -> Sequence[Module]:
        """The codes of the lexicon as a hierarchy, asked where no linked one has a code."""
        if prefix not in self._lexica:
            coverage = read_coverage(self.tables_folder).get(prefix)
            terms = read_codes(self.lexicon_folder, prefix)
            rows = read_tables(*self.folders)
            named = [row.curie.partition(":")[2] for row in rows if row.curie.startswith(f"{prefix}:")]
            made = lexicon(prefix, TITLE, terms, coverage, named) if terms and coverage else None
            self._lexica[prefix] = [replace(made, name=SOURCE)] if made else []
        return self._lexica[prefix]

    def load(self, store: ox.Store) -> None:
        """Put the mappings as SKOS matches, one graph a table, and the graphs of the linked hierarchies into a store.

        Raises:
            LinkError: a linked hierarchy cannot be read, or says more than one may say.
        """
        # bulk_extend keeps the interpreter while it waits for a thread that reads, and that thread needs it.
        store.extend(self._matches())
        for path in self._files:
            store.extend(module_quads(path))

    def _matches(self) -> list[ox.Quad]:
        codes = self.codes
        rows: list[ox.Quad] = []
        for row in claims(read_tables(*self.folders)):
            if row.curie:
                graph = ox.NamedNode(ns.MAPPING_GRAPHS + row.table)
                code = ox.NamedNode(codes.iri(row.curie))
                match = ox.NamedNode(f"{ns.SKOS}{row.predicate}Match")
                rows.append(ox.Quad(ox.NamedNode(row.subject), match, code, graph))
                rows.append(ox.Quad(code, _NOTATION, ox.Literal(row.curie.partition(":")[2]), graph))
                rows.append(ox.Quad(code, _PREFERRED, ox.Literal(row.label), graph))
        return rows

    def digest(self, name: str) -> str:
        """The digest of a mapping table (by its file's name) or a linked hierarchy (by its name), "" if it is gone."""
        if name == SOURCE:
            tables = sorted(self.lexicon_folder.glob("*.tsv"))
            return "sha256:" + sha256(b"".join(path.read_bytes() for path in tables)).hexdigest() if tables else ""
        linked = [path for path in self._files if path.name == f"{name}{MODULE}"]
        # Tables of several domains may have one name: they are one table to who asks.
        paths = linked or [path for folder in self.folders if (path := folder / name).is_file()]
        return "sha256:" + sha256(b"".join(path.read_bytes() for path in paths)).hexdigest() if paths else ""
