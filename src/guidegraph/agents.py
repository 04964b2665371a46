"""People and bodies who encode and review: their ORCID and names, and whether two of them are one person."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import reduce
from typing import Any

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.errors import UsageError

ORCID = "https://orcid.org/"
#: Where the names of people begin who are known by name only.
AGENTS = ns.BASE + "agent/"

_BODIES = {ns.PROV + "Organization", ns.PROV + "SoftwareAgent"}
_FORM = re.compile(r"(?:https?://orcid\.org/)?([0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{3}[0-9Xx])(?![\w-])", re.IGNORECASE)
_LIKE = re.compile(r"orcid|(?:\d[ -]?){8,}", re.IGNORECASE)
_TYPE, _LABEL, _SAME = (ox.NamedNode(iri) for iri in (ns.RDF + "type", ns.RDFS + "label", ns.OWL + "sameAs"))


@dataclass(frozen=True)
class Agent:
    """Somebody who encodes or reviews: IRI, names, ORCIDs, and whether it is no person but a body or software."""

    iri: str
    names: tuple[str, ...] = ()
    orcids: frozenset[str] = frozenset()
    body: bool = False

    @property
    def name(self) -> str:
        """The name that people are shown: the first, else the ORCID, else the IRI."""
        return self.names[0] if self.names else min(self.orcids, default=self.iri)


def check_digit(digits: str) -> str:
    """The check digit of the first 15 digits of an ORCID iD.

    Source: ISO/IEC 7064, MOD 11-2, as ORCID's "Structure of the ORCID Identifier" computes it.
    """
    total = reduce(lambda sum_, digit: (sum_ + int(digit)) * 2, digits, 0)
    result = (12 - total % 11) % 11
    return "X" if result == 10 else str(result)


def wrong_orcid(iri: str) -> str:
    """Why the IRI of an agent is no ORCID iD although it looks like one; "" for any other IRI."""
    if "orcid.org" not in iri:
        return ""
    found = _FORM.fullmatch(iri)
    if not found:
        return f"{iri} is not written as an ORCID iD is"
    digits = found[1].replace("-", "").upper()
    return "" if check_digit(digits[:15]) == digits[15] else f"the check digit of {iri} does not fit"


def read_agent(text: str, where: str = "--by") -> Agent:
    """The agent that a text names: an ORCID iD, a name, or both, as in "Ada Example (0000-0002-1825-0097)".

    Raises:
        UsageError: it is neither, or the check digit of the iD does not fit.
    """
    mend = "Write a name, an ORCID iD such as 0000-0002-1825-0097, or both: 'Name (0000-0002-1825-0097)'."
    found = _FORM.search(text)
    rest = text if not found else text[: found.start()] + text[found.end() :]
    name = " ".join(rest.strip(" \t\n()<>[],;").split())
    orcids = frozenset[str]()
    if found:
        iri = ORCID + found[1].upper()
        if wrong := wrong_orcid(iri):
            raise UsageError(wrong, where=where, mend="Look the iD up again; one digit of it is another.")
        orcids = frozenset((iri,))
    if _LIKE.search(name):
        raise UsageError(f"{text!r} is not written as an ORCID iD is", where=where, mend=mend)
    if not orcids and not any(c.isalpha() for c in name):
        raise UsageError(f"{text!r} names nobody", where=where, mend=mend)
    if not all(c.isprintable() for c in name):
        raise UsageError(f"{text!r} is no name", where=where, mend=mend)
    iri = min(orcids) if orcids else AGENTS + _slug(name)
    return Agent(iri, (name,) if name else (), orcids)


def _slug(name: str) -> str:
    words = "-".join(_words(name))
    return "".join(c if c.isalnum() or c == "-" else "-" for c in words)


def _words(name: str) -> list[str]:
    """The words of a name without accents, marks and case; what stands behind a comma comes first."""
    last, comma, first = name.partition(",")
    plain = unicodedata.normalize("NFKD", f"{first} {last}" if comma else name).casefold()
    kept = "".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c) and c not in "'’")
    return kept.split()


def agent_of(store: ox.Store, iri: str) -> Agent:
    """What a graph says of an agent; one without a label is named by the end of its IRI."""
    node = ox.NamedNode(iri)

    def values(one: ox.NamedNode, prop: ox.NamedNode) -> set[str]:
        objects: list[Any] = [q.object for q in store.quads_for_pattern(one, prop, None, None)]
        return {term.value for term in objects}

    others: list[Any] = [q.subject for q in store.quads_for_pattern(None, _SAME, node, None)]
    every = {iri} | values(node, _SAME) | {term.value for term in others}
    names, types = set[str](), set[str]()
    for one in map(ox.NamedNode, every):
        names |= values(one, _LABEL)
        types |= values(one, _TYPE)
    orcids = frozenset(one for one in every if one.startswith(ORCID))
    if not names and not orcids:
        names.add(re.split(r"[/#:]", iri.rstrip("/#"))[-1].replace("-", " ").replace("_", " "))
    # Who the vocabulary itself names are the people of a house together.
    return Agent(iri, tuple(sorted(names)), orcids, iri.startswith(ns.GG) or not types.isdisjoint(_BODIES))


def same_person(one: Agent, other: Agent) -> bool | None:
    """Whether two agents are one person; None where it cannot be told.

    The same iD, or the same name, is the same person, unless both have iDs that differ. An iD without a name and a
    name without an iD may be one; so may names that differ in initials only. A body is nobody who has an iD, and
    is told from a person by its name.
    """
    if one.iri == other.iri or one.orcids & other.orcids:
        return True
    if one.orcids and other.orcids:
        return False
    alike = [_alike(_words(a), _words(b)) for a in one.names for b in other.names]
    if True in alike:
        return True
    if one.body or other.body:
        return False
    return None if not alike or None in alike else False


def _alike(one: list[str], other: list[str]) -> bool | None:
    """Whether two names are the same words; None where one may be the other with initials."""
    if sorted(one) == sorted(other):
        return True
    short, long = sorted((sorted(one, key=len, reverse=True), sorted(other, key=len, reverse=True)), key=len)
    rest, whole = list(long), 0
    for word in short:
        fit = next((w for w in rest if w == word), None) or next(
            (w for w in rest if len(word) == 1 or len(w) == 1 if w[0] == word[0]), None
        )
        if fit is None:
            return False
        whole += fit == word and len(word) > 1
        rest.remove(fit)
    return None if whole else False
