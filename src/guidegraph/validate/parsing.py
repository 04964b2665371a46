"""Parse the text of a SPARQL constraint once instead of once for every node.

Our own shapes hold no ``sh:sparql``; a user's may. rdflib parses and translates the text of such a constraint again
for each focus node, which is most of the time that it takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def parsed_once() -> Iterator[None]:
    """Within the block, rdflib's SPARQL processor keeps each translated query (by text, base and prefixes)."""
    from rdflib.plugins.sparql.algebra import translateQuery
    from rdflib.plugins.sparql.parser import parseQuery
    from rdflib.plugins.sparql.processor import SPARQLProcessor

    plain = SPARQLProcessor.query
    kept: dict[Any, Any] = {}

    def query(self: Any, text: Any, bindings: Any = None, prefixes: Any = None, base: Any = None, **more: Any) -> Any:
        if isinstance(text, str):
            key = (text, base, tuple(sorted((p, str(n)) for p, n in (prefixes or {}).items())))
            if key not in kept:
                kept[key] = translateQuery(parseQuery(text), base, prefixes or {})
            text = kept[key]
        return plain(self, text, bindings, prefixes, base, **more)

    SPARQLProcessor.query = query  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        SPARQLProcessor.query = plain  # type: ignore[method-assign]
