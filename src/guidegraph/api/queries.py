"""Running one query over a knowledge base or at an endpoint."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from guidegraph import namespaces as ns
from guidegraph.api.base import KnowledgeBase
from guidegraph.errors import UsageError
from guidegraph.model import Parameter, Result
from guidegraph.store import files_alone


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
    # Most commands run no query of a user, and start sooner without its guard.
    from guidegraph.query import run
    from guidegraph.query.sealed import Limits

    text = text.removeprefix("\ufeff")
    given = run.parse_parameters(params)
    known = run.undeclared(text, given) if declared is None else declared
    if kb is not None:
        # A text parameter may look like a code and is none.
        iris = {p.name for p in known if p.kind in ("iri", run.ANY)}
        given = {name: (kb.knowledge.external(text) if name in iris else None) or text for name, text in given.items()}
    terms = run.bind(known, given, kb.resolve if kb else None)
    run.used(text, terms)
    limits = Limits(seconds)
    if endpoint is not None:
        return run.run_at(endpoint, text, terms, allow_remote=allow_remote, limits=limits)
    if data:
        return run.run(files_alone(data), text, terms, allow_remote=allow_remote, limits=limits)
    if kb is None:
        raise UsageError("a query needs a knowledge base or an endpoint", mend="Open one with guidegraph.open().")
    if "idx:" in text or ns.IDX in text:
        # A query over the index may ask for any pair of statements that differ.
        kb.knowledge.disagreement.complete()
    kb.knowledge.load_links()
    return run.run(kb.store, text, terms, allow_remote=allow_remote, limits=limits)
