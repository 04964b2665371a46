"""Running one query over a knowledge base or at an endpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from guidegraph import namespaces as ns
from guidegraph.api.base import KnowledgeBase
from guidegraph.errors import UsageError
from guidegraph.model import Parameter, Result

if TYPE_CHECKING:
    import pyoxigraph as ox

    from guidegraph.query.run import Term


def run_query(
    kb: KnowledgeBase | None,
    text: str,
    declared: Sequence[Parameter] | None,
    params: Sequence[str],
    *,
    data: Sequence[str | Path] = (),
    endpoint: str | None = None,
    allow_remote: bool = False,
    seconds: float = 60.0,
) -> Result:
    """Run one query over a knowledge base, or at a SPARQL endpoint.

    Args:
        kb: the knowledge base; may be None for an endpoint or files when no parameter needs a term resolved.
        declared: the parameters of the query, which the given ones must match; None where nothing declares them,
            so that any variable of the query may be given.
        params: ``name=value`` texts.
        data: files that are asked alone, in place of the knowledge base, which then only resolves terms.
        endpoint: the address of a SPARQL 1.1 endpoint that runs it in place of the knowledge base.
        allow_remote: let the query reach out (SERVICE, FROM).
        seconds: how long a query that is not ours may take here.

    Raises:
        QueryError, EndpointError, UsageError: see :mod:`guidegraph.query.run` and :mod:`guidegraph.store`.
    """
    # Most commands run no query, and start sooner without the guard, the catalogue and the reader of codes.
    from guidegraph.api.asked import looked_around
    from guidegraph.query import run
    from guidegraph.query.catalogue import is_shipped
    from guidegraph.query.sealed import Limits
    from guidegraph.store import files_alone

    text = text.removeprefix("\ufeff")
    given = run.parse_parameters(params)
    known = run.undeclared(text, given) if declared is None else declared
    # A text parameter may look like a code and is only text.
    iris = [p.name for p in known if p.kind in ("iri", run.ANY) and p.name in given]
    readings = {n: r for n in iris if kb is not None and (r := kb.vocabulary.reading(given[n])) is not None}
    given.update({name: reading.exact or reading.iri or given[name] for name, reading in readings.items()})
    terms = run.bind(known, given, kb.resolve if kb else None)
    run.used(text, terms)
    alone = files_alone(data) if data else None

    def asked(more: Mapping[str, Term]) -> Result:
        bound = {**terms, **more}
        if endpoint is not None:
            return run.run_at(endpoint, text, bound, allow_remote=allow_remote, limits=Limits(seconds))
        if alone is not None:
            return _with_notes(
                alone, text, run.run(alone, text, bound, allow_remote=allow_remote, limits=Limits(seconds))
            )
        if kb is None:
            raise UsageError("a query needs a knowledge base or an endpoint", mend="Open one with guidegraph.open().")
        if "idx:" in text or ns.IDX in text:
            # A query over the index may ask for any pair of statements that differ.
            kb.knowledge.disagreement.complete()
        if not is_shipped(text):
            # A query of ours asks for no mapping: codes are read before it, by the rules of docs/codes.md.
            kb.knowledge.load_links()
        found = run.run(kb.store, text, bound, allow_remote=allow_remote, limits=Limits(seconds))
        return _with_notes(kb.store, text, found)

    if kb is None or declared is None or not is_shipped(text):
        return asked({})
    return looked_around(kb.knowledge, text, declared, terms, readings, asked)


def _with_notes(store: ox.Store, text: str, found: Result) -> Result:
    """What a stranger's query found, with what it names and the store does not have."""
    from guidegraph.query.catalogue import is_shipped
    from guidegraph.query.named import unheard

    return found if is_shipped(text) else replace(found, notes=unheard(store, text))
