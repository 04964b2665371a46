"""Links hierarchies of other terminologies to a knowledge base.

Of another terminology is taken what the mappings need: the mapped terms, all above them and all below them. All above,
since a question that names a wider class of the other terminology must reach ours; all below, since a record may hold a
narrower code than the mapped one. Where it is reviewed which of our terms it covers (covering.yaml), everything is
taken that a profile may name, so that a code can be known to be none of ours. Terms that a mapped obsolete code was
replaced by count as mapped, and an obsolete term that one of the taken terms replaced is taken, so that an old code
leads on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyoxigraph as ox

from guidegraph import assets
from guidegraph import namespaces as ns
from guidegraph.domains import select
from guidegraph.errors import LinkError, UsageError
from guidegraph.reading import read_quads
from guidegraph.store import domain_files
from guidegraph.terminologies.another import Coverage, read_coverage
from guidegraph.terminologies.conflicts import Classes, Conflict, hierarchy_conflicts, sort, table_conflicts
from guidegraph.terminologies.consistency import Consistency, consistency
from guidegraph.terminologies.model import ExternalTerm, Mapping, Terminology, claims
from guidegraph.terminologies.modules import (
    SUFFIX,
    Module,
    module_file,
    module_files,
    modules_folder,
    read_module,
    write_module,
)
from guidegraph.terminologies.sources import Source, entries, source
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
        domains: names or folders of its domains whose mappings and terms count; its first one if none is named.

    Raises:
        LinkError: there is no such folder.
    """

    def __init__(self, root: Path | None = None, domains: Sequence[str | Path] = ()) -> None:
        self.root = assets.root() if root is None else root
        if not (self.root / "ontology").is_dir():
            raise LinkError(
                "no folder ontology/", where=str(self.root), mend="Name a folder with ontology/ and graph/."
            )
        self.folder = modules_folder(root)
        self._selected = select(domains, root)
        self._links = self.root / "ontology" / "links"

    def coverage(self, prefix: str) -> Coverage | None:
        """What was reviewed as covering of a terminology, None where nothing was."""
        return read_coverage(self._links).get(prefix)

    @property
    def mappings(self) -> Sequence[Mapping]:
        """The rows of all mapping tables."""
        return read_tables(*self._selected.links)

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
        paths = [*sorted((self.root / "ontology").rglob("*.ttl"))]
        paths += [path for folder in self._selected.folders for path in domain_files(folder)[0]]
        return [q for path in paths for q in read_quads(path, strange=False)]

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
        extraction = extract(found, self.mappings, name, self.coverage(found.prefix))
        module = extraction.module
        path = write_module(self.folder, module, base)
        quads = self.ontology()
        told = tuple(hierarchy_conflicts(self.mappings, Classes(quads), module))
        said = consistency(quads, self.mappings, replace(module, terms=extraction.needed), base) if reasoner else None
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
        if name not in entries():
            known = sorted({*entries(), *(file.name.removesuffix(SUFFIX) for file in module_files(self.folder))})
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


#: Terms of another terminology by their codes.
TermsByCode = dict[str, ExternalTerm]


@dataclass(frozen=True)
class Extraction:
    """A module, and what its mappings lack in the source: codes that it does not have, and circles in its hierarchy.

    ``needed`` are those of its terms that the mappings need: the mapped ones with all above and below them.
    """

    module: Module
    needed: TermsByCode
    mapped: tuple[str, ...]
    missing: tuple[str, ...]
    circles: tuple[tuple[str, ...], ...]


def mapped_codes(mappings: Iterable[Mapping], prefix: str) -> list[str]:
    """The codes of one terminology that the mappings name, sorted; what they deny is not mapped."""
    start = prefix + ":"
    return sorted({row.curie.removeprefix(start) for row in claims(mappings) if row.curie.startswith(start)})


def extract(
    source: Source, mappings: Iterable[Mapping], name: str = "", coverage: Coverage | None = None
) -> Extraction:
    """The part of a source that the mappings need, as a module that is not yet written (its digest is "").

    Args:
        source: the other terminology.
        mappings: the mapping tables, of any terminologies.
        name: the name to link it under; the source's own if "".
        coverage: what was reviewed as covering of the terminology; then all codes are taken that may be told apart.

    Raises:
        LinkError: no mapping names a code of the terminology, or the source has none of the codes that they name.
    """
    wanted = mapped_codes(mappings, source.prefix)
    if not wanted:
        raise LinkError(
            f"no mapping names a code of {source.prefix}",
            where=source.name,
            mend="Map a term of ours to one in ontology/links/*.sssom.tsv first.",
        )
    found = {code: term for code in wanted if (term := source.term(code))}
    if not found:
        raise LinkError(
            f"it has none of the {len(wanted)} codes that the mappings name, such as {source.prefix}:{wanted[0]}",
            where=source.name,
            mend="Check that it is the right terminology and --prefix.",
        )
    needed = _closure(source, found)
    terms = needed
    if coverage is not None:
        others = [code for code in source.codes() if coverage.wanted(code)]
        # Of what is none of ours only the name and the place are needed.
        every = _closure(source, found, others)
        terms = {code: term if code in needed else _bare(term) for code, term in every.items()}
    module = _module(source, name or source.name, terms, len(found), len(needed))
    missing = tuple(code for code in wanted if code not in found)
    return Extraction(module, needed, tuple(found), missing, _circles(terms))


def _bare(term: ExternalTerm) -> ExternalTerm:
    return replace(term, synonyms=(), excludes=(), kind="", valid=None)


def _closure(source: Source, found: TermsByCode, others: Iterable[str] = ()) -> TermsByCode:
    """The terms found with all above and all below them, and some others with all above them."""
    start = [*found, *(code for term in found.values() for code in term.replaced_by)]
    terms: TermsByCode = {}
    _spread(source, start, lambda code, term: source.children(code), terms)
    _spread(source, [*start, *others], lambda code, term: term.parents, terms)
    if any(source.children(code) or terms[code].parents for code in terms):
        for code in source.codes():
            term = None if code in terms else source.term(code)
            if term and term.obsolete and any(new in terms for new in term.replaced_by):
                terms[code] = term
    return {code: _inside(terms[code], terms) for code in sorted(terms)}


def _spread(
    source: Source,
    start: Iterable[str],
    on: Callable[[str, ExternalTerm], Iterable[str]],
    terms: dict[str, ExternalTerm],
) -> None:
    waiting, seen = list(start), set()
    while waiting:
        code = waiting.pop()
        term = None if code in seen else source.term(code)
        seen.add(code)
        if term is not None:
            terms[code] = term
            waiting.extend(on(code, term))


def _inside(term: ExternalTerm, terms: dict[str, ExternalTerm]) -> ExternalTerm:
    """The term with only those parents and successors that are in the module."""
    parents = tuple(code for code in term.parents if code in terms)
    replaced = tuple(code for code in term.replaced_by if code in terms)
    if parents == term.parents and replaced == term.replaced_by:
        return term
    return replace(term, parents=parents, replaced_by=replaced)


def _module(source: Source, name: str, terms: dict[str, ExternalTerm], mapped: int, needed: int) -> Module:
    told = (
        f"The {mapped} mapped terms that the source has, with all their ancestors and all their descendants, and the "
        f"obsolete terms that these replaced: {needed} of its terms."
    )
    if len(terms) > needed:
        told += f" And {len(terms) - needed} others, so that a code can be known to be none of ours."
    return Module(
        name,
        source.prefix,
        source.title,
        source.version,
        source.licence,
        source.package,
        ns.LINKED_GRAPHS + name,
        "",
        terms,
        told,
    )


def _circles(terms: dict[str, ExternalTerm]) -> tuple[tuple[str, ...], ...]:
    """The circles of the hierarchy, each as its codes from one back to it: terms that are above themselves."""
    state: dict[str, int] = {}
    circles: list[tuple[str, ...]] = []
    for root in terms:
        if root in state:
            continue
        path, waiting = [root], [iter(terms[root].parents)]
        state[root] = 1
        while waiting:
            code = next(waiting[-1], None)
            if code is None:
                waiting.pop()
                state[path.pop()] = 2
            elif code not in state and code in terms:
                state[code] = 1
                path.append(code)
                waiting.append(iter(terms[code].parents))
            elif state.get(code) == 1:
                circles.append((*path[path.index(code) :], code))
    return tuple(sorted(circles))
