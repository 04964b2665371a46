"""Which of our classes a code of another terminology stands above, below, or shares patients or substances with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from guidegraph.terminologies.codes import Codes
from guidegraph.terminologies.modules import Module

#: The classes above one of ours, itself among them.
Ancestors = Callable[[str], frozenset[str]]


@dataclass(frozen=True)
class Related:
    """Classes of ours (IRIs, sorted) around a class of another terminology.

    Attributes:
        above: whoever has the code has these; those that tell most.
        below: what is one of these has the code; those that tell most.
        overlapping: neither is known, but they share something: the code only resembles it, or codes that mean a part
            of it are below the code.
    """

    above: tuple[str, ...] = ()
    below: tuple[str, ...] = ()
    overlapping: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.above or self.below or self.overlapping)


def related(codes: Codes, curie: str, ancestors: Ancestors) -> Related:
    """The classes of ours around a code, by the mapping tables and the linked hierarchies of its terminology."""
    reading = codes.read(curie)
    shared = {row.subject for row in codes.rows(curie)}
    for lower in _below(codes, curie):
        shared.update(row.subject for row in codes.rows(lower) if row.predicate != "broad")
    higher = {iri for present in reading.present for iri in ancestors(present)}
    rest = {s for s in shared if s not in higher and ancestors(s).isdisjoint(reading.absent)}
    return Related(reading.present, reading.absent, tuple(sorted(rest)))


def linked_beyond(codes: Codes, subject: str, ancestors: Ancestors) -> Related:
    """The classes that linked hierarchies put above or below a class of ours, and our own order does not."""
    above: set[str] = set()
    below: set[str] = set()
    for row in codes.mappings(subject):
        if row.predicate == "exact" and row.curie:
            around = codes.around(row.curie)
            above.update(around.present)
            below.update(around.absent)
    known = ancestors(subject)
    return Related(tuple(sorted(above - known)), tuple(sorted(iri for iri in below if subject not in ancestors(iri))))


def _below(codes: Codes, curie: str) -> Iterator[str]:
    """All codes below a code, in the linked hierarchies of its terminology."""
    prefix, _, code = curie.partition(":")
    for hierarchy in codes.linked(prefix):
        if code in hierarchy.terms:
            yield from (f"{prefix}:{lower}" for lower in _descendants(codes, hierarchy, code))


def _descendants(codes: Codes, hierarchy: Module, code: str) -> Iterator[str]:
    below, start = codes.children(hierarchy), hierarchy.terms[code]
    seen, left = {code}, [code]
    while left:
        for lower in below.get(left.pop(), ()):
            if lower not in seen and not start.rules_out(lower):
                seen.add(lower)
                left.append(lower)
                yield lower
