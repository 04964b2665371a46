"""Documents as commands name them."""

from __future__ import annotations

from difflib import get_close_matches

from guidegraph import namespaces as ns
from guidegraph.errors import TermError, UsageError
from guidegraph.knowledge import describe
from guidegraph.knowledge.records import Records, gg
from guidegraph.profile import Vocabulary

_EVIDENCE = ("EvidenceItem", "DiagnosticAccuracy")


def _of_types(records: Records, *names: str) -> list[str]:
    wanted = {gg(name) for name in names}
    return sorted(iri for iri, props in records.nodes.items() if wanted & set(props.get(ns.RDF + "type", ())))


def documents(records: Records) -> list[str]:
    """The documents of a knowledge base, sorted."""
    return _of_types(records, "Document")


def recommendations(records: Records) -> list[str]:
    """The IRIs of all recommendations, sorted."""
    return _of_types(records, "Recommendation")


def evidence_items(records: Records) -> list[str]:
    """The IRIs of all evidence items, sorted."""
    return _of_types(records, *_EVIDENCE)


def find_document(records: Records, text: str) -> str:
    """The IRI of a document, named by CURIE, IRI, id or a part of its label that only it has.

    Raises:
        UsageError: nothing or more than one document fits.
    """
    known = documents(records)
    wanted = ns.expand(text) or text
    exact = [d for d in known if wanted in (d, d.removeprefix(ns.GGD))]
    low = " ".join(text.lower().split())
    fitting = exact or [d for d in known if low and low in records.label(d).lower()]
    if len(fitting) == 1:
        return fitting[0]
    ids = [describe.name(d) for d in (fitting or known)]
    near = (fitting and ids) or get_close_matches(f"ggd:{low}", ids, n=5, cutoff=0.3) or ids[:5]
    told = "more than one document" if fitting else "no document"
    raise UsageError(f"{told} fits {text[:60]!r}", mend=f"Say one of: {', '.join(near[:8])}.")


def find_node(records: Records, vocabulary: Vocabulary, text: str) -> str:
    """The IRI of a statement or document (by IRI, CURIE, id, or an ending that only it has), or of an intervention.

    Raises:
        UsageError: nothing or more than one thing fits.
    """
    wanted = text.strip()
    stated = {
        iri
        for iri, props in records.nodes.items()
        if props.get(gg("statedIn")) or gg("Document") in props.get(ns.RDF + "type", ())
    }
    for candidate in (wanted, ns.expand(wanted), ns.BASE + wanted, f"{ns.BASE}statement/{wanted}", ns.GGD + wanted):
        if candidate in stated:
            return str(candidate)
    try:
        return vocabulary.resolve(wanted, ("intervention",))
    except TermError as error:
        return _by_ending(wanted, stated, error)


def _by_ending(wanted: str, stated: set[str], error: TermError) -> str:
    ending = sorted(iri for iri in stated if iri.endswith("/" + wanted)) if wanted else []
    if len(ending) == 1:
        return ending[0]
    if ending:
        several = ", ".join(map(describe.name, ending[:6]))
        raise UsageError(f"{wanted!r} names more than one statement", mend=f"Write one of: {several}.")
    names = {describe.name(iri).rpartition("/")[2]: describe.name(iri) for iri in stated}
    near = [names[n] for n in get_close_matches(wanted, names, n=3, cutoff=0.6)]
    mend = f"Nearest: {', '.join(near)}." if near else error.mend
    raise UsageError(f"no statement, document or therapy is named {wanted[:60]!r}", mend=mend) from None


def find_statement(records: Records, vocabulary: Vocabulary, text: str) -> str:
    """The IRI of a statement, named as :func:`find_node` has it.

    Raises:
        UsageError: nothing or more than one thing fits, or it is no statement.
    """
    iri = find_node(records, vocabulary, text)
    if not records.nodes.get(iri, {}).get(gg("statedIn")):
        raise UsageError(f"{text[:60]!r} is no statement", mend="Name one by its IRI or its id.")
    return iri


def find_population(records: Records, text: str) -> str:
    """The IRI of a population, named by IRI, CURIE, local name or label.

    Raises:
        UsageError: nothing or more than one thing fits.
    """
    wanted = text.strip()
    known = records.branches
    for candidate in (wanted, ns.expand(wanted), ns.GGP + wanted):
        if candidate in known:
            return str(candidate)
    labels = {iri: records.label(iri) for iri in known}
    fitting = sorted(iri for iri, label in labels.items() if label.casefold() == wanted.casefold())
    if len(fitting) == 1:
        return fitting[0]
    names = {ns.shorten(iri).partition(":")[2] or iri: ns.shorten(iri) for iri in known}
    near = [names[n] for n in get_close_matches(wanted, names, n=3, cutoff=0.5)]
    what = "more than one population is" if fitting else "no population is"
    nearest = ", ".join(map(ns.shorten, fitting)) or ", ".join(near)
    mend = f"Nearest: {nearest}." if nearest else "Name one by its IRI."
    raise UsageError(f"{what} named {wanted[:60]!r}", mend=mend)
