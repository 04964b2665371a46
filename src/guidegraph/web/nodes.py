"""What pages show of any node of ours: all that is said of it, what speaks of it, and populations in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.api import KnowledgeBase
from guidegraph.disagree.words import manchester, simplest, words
from guidegraph.knowledge import describe
from guidegraph.knowledge.engine import query_text
from guidegraph.query.run import run
from guidegraph.web.links import is_iri, page_of, path_of

#: Addresses that people may be sent to: a document's own. Where a copy was read is provenance, and told as text.
_OWN = tuple(ns.GG + name for name in ("doi", "pmid", "publishedAt"))
_EVERY_PATIENT = "every patient"


@dataclass(frozen=True)
class Value:
    """A value as a page shows it: words, and where they lead to ("" for nowhere)."""

    text: str
    link: str = ""


@dataclass
class Said:
    """A property with its values."""

    property: str
    name: str
    values: list[Value] = field(default_factory=list)


@dataclass(frozen=True)
class Whom:
    """A population: in words, in OWL 2 Manchester syntax, and its id ("" for every patient)."""

    words: str
    manchester: str
    id: str = ""


def rows(kb: KnowledgeBase, query: str, iri: str) -> tuple[tuple[Any, ...], ...]:
    """The rows of one of our queries about a node; none where it cannot be one."""
    if not is_iri(iri):
        return ()
    return run(kb.store, query_text(query), {"node": ox.NamedNode(iri)}).rows


def _text(term: Any) -> str:
    return str(term.value) if term is not None else ""


def _shown(prop: str, value: Any, label: str) -> Value:
    if not isinstance(value, ox.NamedNode):
        return Value(_text(value))
    iri = value.value
    if path_of(iri) is not None:
        return Value(label or describe.name(iri), page_of(iri))
    return Value(label or ns.shorten(iri), iri if prop in _OWN and iri.startswith(("https://", "http://")) else "")


def said_of(kb: KnowledgeBase, iri: str) -> list[Said]:
    """All that is said of a node, by property; a label in several languages counts once a value."""
    told: dict[str, Said] = {}
    for prop, name, value, label in rows(kb, "pages/said", iri):
        row = told.setdefault(prop.value, Said(prop.value, _text(name) or ns.shorten(prop.value)))
        shown = _shown(prop.value, value, _text(label))
        if shown not in row.values:
            row.values.append(shown)
    return sorted(told.values(), key=lambda row: (row.name, row.property))


def mentions_of(kb: KnowledgeBase, iri: str) -> list[Said]:
    """What points at a node, by the property that does."""
    told: dict[str, Said] = {}
    for subject, label, prop, name in rows(kb, "pages/mentions", iri):
        row = told.setdefault(prop.value, Said(prop.value, _text(name) or ns.shorten(prop.value)))
        shown = Value(_text(label) or describe.name(subject.value), page_of(subject.value))
        if shown not in row.values:
            row.values.append(shown)
    return sorted(told.values(), key=lambda row: (row.name, row.property))


def whom(kb: KnowledgeBase, population: str) -> Whom:
    """A population (an IRI, "" for every patient) as it is told."""
    if not population:
        return Whom(_EVERY_PATIENT, "owl:Thing")
    teller = kb.disagree.teller()
    form = simplest(teller.grader.forms.population(population))
    return Whom(words(form, teller.phrases), manchester(form), describe.name(population))


def in_effect(kb: KnowledgeBase, iri: str) -> str:
    """From when to when a document or statement counts, in words; "" where no date is known."""
    interval = kb.records.intervals.get(iri)
    if interval is None or not interval.begins:
        return ""
    return f"from {interval.beginning}" + (f" until {interval.ending}" if interval.ends else "")


def labelled(kb: KnowledgeBase, iris: Iterable[str]) -> list[Value]:
    """Nodes by their labels, each with its page."""
    return [Value(kb.records.label(iri), page_of(iri)) for iri in iris]
