"""Links hierarchies of other terminologies to a knowledge base."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from guidegraph import assets
from guidegraph.errors import LinkError, UsageError
from guidegraph.reading import read_quads
from guidegraph.terminologies.conflicts import Classes, Conflict, hierarchy_conflicts, sort, table_conflicts
from guidegraph.terminologies.consistency import Consistency, consistency
from guidegraph.terminologies.extract import Extraction, extract
from guidegraph.terminologies.model import Mapping, Terminology
from guidegraph.terminologies.modules import (
    SUFFIX,
    Module,
    module_file,
    module_files,
    modules_folder,
    read_module,
    write_module,
)
from guidegraph.terminologies.sources import SOURCES, Source, source
from guidegraph.terminologies.tables import read_tables, read_terminologies


@dataclass(frozen=True)
class Linked:
    """What came of linking: the file, what was extracted, and what the reasoner says (None if it was not asked)."""

    path: Path
    extraction: Extraction
    conflicts: tuple[Conflict, ...]
    consistency: Consistency | None


class Linker:
    """Links hierarchies to one knowledge base.

    Args:
        root: a folder with ontology/ and graph/, whose links/ holds its hierarchies; the shipped one, with the user's
            own folder of hierarchies, if None.

    Raises:
        LinkError: there is no such folder.
    """

    def __init__(self, root: Path | None = None) -> None:
        self.root = assets.root() if root is None else root
        if not (self.root / "ontology").is_dir():
            raise LinkError(
                "no folder ontology/", where=str(self.root), mend="Name a folder with ontology/ and graph/."
            )
        self.folder = modules_folder(root)
        self._links = self.root / "ontology" / "links"

    @property
    def mappings(self) -> Sequence[Mapping]:
        """The rows of all mapping tables."""
        return read_tables(self._links)

    def terminology(self, prefix: str) -> Terminology:
        """The entry of a prefix in the knowledge base's registry, or the shipped one.

        Raises:
            LinkError: neither has it.
        """
        for folder in (self._links, assets.folder("ontology") / "links"):
            if prefix in (found := read_terminologies(folder)):
                return found[prefix]
        raise LinkError(
            f"no terminology {prefix!r}", mend="Give its --iri, or add it to ontology/links/terminologies.yaml."
        )

    def ontology(self) -> list[ox.Quad]:
        """All quads of the ontology files."""
        return [q for path in sorted((self.root / "ontology").rglob("*.ttl")) for q in read_quads(path, strange=False)]

    def modules(self) -> list[Module]:
        """The linked hierarchies, sorted by name."""
        return [read_module(path) for path in module_files(self.folder)]

    def link(self, found: Source, *, name: str = "", base: str = "", reasoner: bool = True) -> Linked:
        """Extract what the mappings need of a source, write it, and ask the reasoner.

        Args:
            found: the source.
            name: the name to link it under; the source's own if "".
            base: what stands before a code in the IRI of its class; that of the terminology if "".
            reasoner: whether to ask HermiT.

        Raises:
            LinkError: no mapping names the terminology, or the file cannot be written.
            KnowledgeError: the reasoner cannot be run.
        """
        base = base or self.terminology(found.prefix).iri
        extraction = extract(found, self.mappings, name)
        module = extraction.module
        path = write_module(self.folder, module, base)
        quads = self.ontology()
        told = tuple(hierarchy_conflicts(self.mappings, Classes(quads), module))
        said = consistency(quads, self.mappings, module, base) if reasoner else None
        return Linked(path, extraction, told, said)

    def conflicts(self, name: str = "") -> tuple[list[Conflict], list[str]]:
        """Conflicts of the mapping tables, and with each linked hierarchy or that of one name; and the names compared.

        A source that is installed but not linked is compared as well when it is named.

        Raises:
            LinkError: there is no linked hierarchy and no installed source of that name.
        """
        classes, rows = Classes(self.ontology()), self.mappings
        modules = self.modules() if not name else [self._module(name)]
        if name:
            start = modules[0].prefix + ":"
            rows = [row for row in rows if row.curie.startswith(start)]
        found = table_conflicts(rows, classes)
        for module in modules:
            found += hierarchy_conflicts(rows, classes, module)
        return sort(found), [module.name for module in modules]

    def _module(self, name: str) -> Module:
        if (path := module_file(self.folder, name)).is_file():
            return read_module(path)
        if name not in SOURCES:
            known = sorted({*SOURCES, *(file.name.removesuffix(SUFFIX) for file in module_files(self.folder))})
            raise UsageError(f"no linked hierarchy or source {name!r}", mend=f"Use one of: {', '.join(known)}.")
        return extract(source(name), self.mappings).module


def own_file(path: Path, prefix: str, linker: Linker, iri: str = "") -> tuple[Source, str]:
    """A user's own ontology file as a source, and what stands before a code in the IRI of its class.

    Raises:
        LinkError: the prefix is missing, or is in no registry and no IRI is given.
    """
    from guidegraph.terminologies.sources.files import FileSource

    if not prefix:
        raise LinkError("a file needs the prefix of its codes", where=str(path), mend="Add --prefix, such as MONDO.")
    title = ""
    if not iri:
        entry = linker.terminology(prefix)
        iri, title = entry.iri, entry.title
    return FileSource(path, prefix, iri, title), iri
