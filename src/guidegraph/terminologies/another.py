"""Which terms of ours a code is known not to mean that is found in its terminology and is none of them.

A denial rests on it, so it is guarded (docs/codes.md): a code denies a term only where the term's mapping in the
terminology is reviewed as covering (ontology/links/covering.yaml), and only if it stands neither at, below nor above a
code that the term is mapped to, nor near one that the reviewer left open. What says several things, or nothing
definite, is not understood at all.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from guidegraph import namespaces as ns
from guidegraph.errors import KnowledgeError
from guidegraph.files import read_text
from guidegraph.reading import MAXIMUM_BYTES
from guidegraph.terminologies.model import ExternalTerm
from guidegraph.terminologies.model import Mapping as Row
from guidegraph.terminologies.modules import Module

COVERING = "covering.yaml"
_FIELDS = {"order", "lists", "levels", "parts", "vague", "named", "never", "near", "terms"}
_OF_TERM = {"why", "near", "looked"}
_MEND = "Write it as docs/mappings.md shows."


@dataclass(frozen=True)
class Covered:
    """A term of ours whose mapping in one terminology is reviewed as covering.

    ``near`` are codes outside the mapped ones that the reviewer left open, with all below them: what stands at, below
    or above one leaves the term unknown. ``looked`` are codes outside that were looked at and are something else, each
    with the reason; ``why`` is that of the review.
    """

    why: str
    near: tuple[str, ...] = ()
    looked: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Coverage:
    """What was reviewed of one terminology, so that a code of it may be understood as another thing.

    ``order`` says by what it orders its codes; ``lists`` are the properties in whose lists its codes may stand;
    ``levels`` the lengths of the codes above a code that are its beginnings, where the terminology is so built.
    ``parts`` are words (a pattern) of labels that say more than one thing, ``vague`` of those that say nothing
    definite, but for the codes of ``named``, each part of which was looked at; ``never`` the codes (a pattern) that are
    never so understood. ``terms`` are the terms of ours that it covers, by IRI.
    """

    order: str
    lists: tuple[str, ...]
    levels: tuple[int, ...] = ()
    parts: str = ""
    vague: str = ""
    named: frozenset[str] = frozenset()
    never: str = ""
    terms: Mapping[str, Covered] = field(default_factory=dict)

    def wanted(self, code: str) -> bool:
        """Whether a code of the terminology can be understood as another thing at all."""
        return not (self.never and re.fullmatch(self.never, code))

    def refusal(self, term: ExternalTerm) -> str:
        """Why a code is not understood as another thing, whatever it stands beside; "" if it may be."""
        if not self.wanted(term.code):
            return "codes of its kind say too little of what the patient has or takes"
        if not term.label:
            return "nobody tells what it is called"
        if term.obsolete:
            return "it is obsolete"
        parts = term.code not in self.named and self.parts and re.search(self.parts, term.label, re.IGNORECASE)
        if term.combination or parts:
            return "it says more than one thing, so none of its parts is known to be something else"
        if self.vague and term.code not in self.named and re.search(self.vague, term.label, re.IGNORECASE):
            return "it says nothing definite, so it may be anything of its kind"
        return ""

    def above(self, code: str) -> tuple[str, ...]:
        """The codes that begin a code at the levels of the terminology, the nearest first."""
        return tuple(code[:length] for length in sorted(self.levels, reverse=True) if length < len(code))


@dataclass(frozen=True)
class Elsewhere:
    """What a code is known not to be (``denies``), and what it may be (``may``); ``refusal`` is why it is not read."""

    denies: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    refusal: str = ""


def elsewhere(coverage: Coverage, term: ExternalTerm, hierarchy: Module, rows: Iterable[Row]) -> Elsewhere:
    """What a code of a terminology says of our terms that it is none of.

    Args:
        coverage: what was reviewed of the terminology.
        term: the code, which the hierarchy has.
        hierarchy: a hierarchy of the terminology, which has all codes that the rows name and that exist.
        rows: the mappings to the terminology; a row that is denied is none.
    """
    refusal = coverage.refusal(term)
    if refusal:
        return Elsewhere(refusal=refusal)
    above = {term.code, *hierarchy.ancestors(term.code)}

    def touches(code: str) -> bool:
        built = bool(coverage.levels) and (code.startswith(term.code) or term.code.startswith(code))
        return built or code in above or term.code in hierarchy.ancestors(code)

    # One substance has a code in each group that it is used in: what has the name of a kind of a term may be one.
    label = term.label.casefold()
    twins = {up for code in hierarchy.by_label.get(label, ()) for up in (code, *hierarchy.ancestors(code))}
    may = {subject for subject, covered in coverage.terms.items() if any(map(touches, covered.near))}
    missing: set[str] = set()
    for row in rows:
        code = row.curie.partition(":")[2]
        if touches(code) or code in twins or label == row.label.casefold():
            may.add(row.subject)
        elif code not in hierarchy.terms:
            missing.add(row.subject)
    return Elsewhere(tuple(sorted(set(coverage.terms) - may - missing)), tuple(sorted(may)))


def lexicon(
    prefix: str, title: str, terms: Iterable[ExternalTerm], coverage: Coverage, codes: Collection[str]
) -> Module:
    """Codes that a list of names gives as a hierarchy, for whoever has not linked the terminology.

    Args:
        prefix: the terminology.
        title: what the list is called, as readings cite it.
        terms: the codes that it names. One without parents has the codes that begin it, by the terminology's levels.
        coverage: what was reviewed of the terminology.
        codes: the codes that mapping tables name, whose place is to be known too.
    """
    found = {term.code: term for term in terms}
    for code in codes:
        found.setdefault(code, ExternalTerm(code, ""))
    for code in list(found):
        for above in coverage.above(code):
            found.setdefault(above, ExternalTerm(above, ""))
    placed = {
        code: term if term.parents else replace(term, parents=coverage.above(code)[:1]) for code, term in found.items()
    }
    return Module(f"names-{prefix.lower()}", prefix, title, "", "", "", "", "", placed)


@cache
def read_coverage(folder: Path) -> Mapping[str, Coverage]:
    """What was reviewed as covering, by prefix; empty where a links folder has no such file.

    Raises:
        KnowledgeError: the file cannot be read, or says what no such file says.
    """
    import yaml

    path = folder / COVERING
    if not path.exists():
        return {}
    try:
        given = yaml.safe_load(read_text(path, MAXIMUM_BYTES, KnowledgeError, mend="Give a UTF-8 text file."))
        return {prefix: _coverage(values) for prefix, values in sorted(given.items())}
    except KeyError as error:
        raise KnowledgeError(f"{error.args[0]!r} is missing", where=str(path), mend=_MEND) from None
    except (yaml.YAMLError, AttributeError, TypeError, ValueError, re.error) as error:
        told = str(error).partition("\n")[0][:200]
        raise KnowledgeError(f"cannot be read: {told}", where=str(path), mend=_MEND) from None


def _coverage(values: Mapping[str, Any]) -> Coverage:
    _known(values, _FIELDS)
    for name in ("parts", "vague", "never"):
        re.compile(values.get(name, ""))
    shared = {str(name): tuple(map(str, codes)) for name, codes in values.get("near", {}).items()}
    return Coverage(
        str(values["order"]),
        tuple(_iri(curie) for curie in values["lists"]),
        tuple(map(int, values.get("levels", ()))),
        values.get("parts", ""),
        values.get("vague", ""),
        frozenset(map(str, values.get("named", ()))),
        values.get("never", ""),
        {_iri(curie): _covered(of, shared) for curie, of in values["terms"].items()},
    )


def _covered(values: Mapping[str, Any], shared: Mapping[str, tuple[str, ...]]) -> Covered:
    _known(values, _OF_TERM)
    near = [code for one in values.get("near", ()) for code in shared.get(str(one), (str(one),))]
    looked = {str(code): str(why) for code, why in values.get("looked", {}).items()}
    return Covered(str(values["why"]), tuple(dict.fromkeys(near)), looked)


def _known(values: Mapping[str, Any], fields: Collection[str]) -> None:
    strange = sorted(set(values) - set(fields))
    if strange:
        raise ValueError(f"{strange[0]!r} is no key here: use {', '.join(sorted(fields))}")


def _iri(curie: str) -> str:
    iri = ns.expand(curie)
    if iri is None:
        raise ValueError(f"{curie!r} is no CURIE of ours")
    return iri
