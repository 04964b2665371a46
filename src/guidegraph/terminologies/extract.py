"""Takes out of another terminology what the mappings need: the mapped terms, all above them and all below them.

All above, since a question that names a wider class of the other terminology must reach ours; all below, since a record
may hold a narrower code than the mapped one. Terms that a mapped obsolete code was replaced by count as mapped, and an
obsolete term that one of the taken terms replaced is taken, so that an old code leads on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from guidegraph import namespaces as ns
from guidegraph.errors import LinkError
from guidegraph.terminologies.model import ExternalTerm, Mapping, claims
from guidegraph.terminologies.modules import Module
from guidegraph.terminologies.sources.base import Source


@dataclass(frozen=True)
class Extraction:
    """A module, and what its mappings lack in the source: codes that it does not have, and circles in its hierarchy."""

    module: Module
    mapped: tuple[str, ...]
    missing: tuple[str, ...]
    circles: tuple[tuple[str, ...], ...]


def mapped_codes(mappings: Iterable[Mapping], prefix: str) -> list[str]:
    """The codes of one terminology that the mappings name, sorted; what they deny is not mapped."""
    start = prefix + ":"
    return sorted({row.curie.removeprefix(start) for row in claims(mappings) if row.curie.startswith(start)})


def extract(source: Source, mappings: Iterable[Mapping], name: str = "") -> Extraction:
    """The part of a source that the mappings need, as a module that is not yet written (its digest is "").

    Args:
        source: the other terminology.
        mappings: the mapping tables, of any terminologies.
        name: the name to link it under; the source's own if "".

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
    terms = _closure(source, found)
    module = _module(source, name or source.name, terms, len(found))
    missing = tuple(code for code in wanted if code not in found)
    return Extraction(module, tuple(found), missing, _circles(terms))


def _closure(source: Source, found: dict[str, ExternalTerm]) -> dict[str, ExternalTerm]:
    start = [*found, *(code for term in found.values() for code in term.replaced_by)]
    terms: dict[str, ExternalTerm] = {}
    _spread(source, start, lambda code, term: source.children(code), terms)
    _spread(source, start, lambda code, term: term.parents, terms)
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


def _module(source: Source, name: str, terms: dict[str, ExternalTerm], mapped: int) -> Module:
    told = (
        f"The {mapped} mapped terms that the source has, with all their ancestors and all their descendants, and the "
        f"obsolete terms that these replaced: {len(terms)} of its terms."
    )
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
