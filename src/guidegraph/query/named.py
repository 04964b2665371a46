"""Terms of ours that a query names and its data do not have: one misspelt makes an empty answer look like a "none"."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.profile.names import nearest, normal
from guidegraph.query import guard
from guidegraph.remote.terms import TOKEN

_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SHOWN = 6
_ESCAPED = re.compile(r"\\(.)")


def unheard(store: ox.Store, text: str) -> tuple[str, ...]:
    """A sentence for each term in our namespaces that a query names and no quad of the store has, with those near it.

    What a CONSTRUCT makes may be new, so its text is read from WHERE on. Nothing but the advice rests on the tokens.
    """
    missing = [iri for iri in dict.fromkeys(_named(text)) if not _held(store, ox.NamedNode(iri))]
    if not missing:
        return ()
    nodes = {node.value for quad in store for node in quad if isinstance(node, ox.NamedNode)}
    return tuple(_told(nodes, iri) for iri in missing)


def _named(text: str) -> Iterator[str]:
    """The IRIs in our namespaces, written whole or by a prefix, in their order."""
    prefixes, declared = dict(ns.PREFIXES), ""
    # The words CONSTRUCT and WHERE bound what is made; a CONSTRUCT WHERE makes what it asks for.
    made = guard.form_of(text) == "CONSTRUCT"
    tokens = [m for m in TOKEN.finditer(text) if m.lastgroup != "space"]
    for before, token in zip([None, *tokens], tokens, strict=False):
        written, kind = token.group(), token.lastgroup
        if kind == "word" and before is not None and before.group().upper() == "PREFIX":
            declared = written.removesuffix(":")
        elif kind == "iri" and before is not None and before.group() == f"{declared}:":
            prefixes[declared] = written[1:-1]
        elif kind == "word" and written.upper() == "WHERE":
            made = False
        elif kind in ("word", "iri") and not made:
            iri = written[1:-1] if kind == "iri" else ns.expand(_ESCAPED.sub(r"\1", written), prefixes)
            if iri is not None and iri.startswith(ns.BASE):
                yield iri


def _held(store: ox.Store, node: ox.NamedNode) -> bool:
    if store.contains_named_graph(node):
        return True
    patterns = ((node, None, None), (None, node, None), (None, None, node))
    return any(next(store.quads_for_pattern(*pattern), None) is not None for pattern in patterns)


def _told(nodes: Collection[str], iri: str) -> str:
    name = ns.shorten(iri)
    space = iri[: max(iri.rfind("/"), iri.rfind("#")) + 1]
    pool: dict[str, list[str]] = {}
    for value in sorted(value for value in nodes if value.startswith(space) and value != space):
        pool.setdefault(_words(value[len(space) :]), []).append(ns.shorten(value))
    asked = _words(iri[len(space) :])
    # A value is often named without the list that it is of: gg:High where gg:CertaintyHigh was written.
    within = [label for words in pool if set(words.split()) < set(asked.split()) for label in pool[words]]
    near = list(dict.fromkeys([*within, *nearest(asked, pool)]))[:_SHOWN]
    return f"nothing in these data is named {name}" + (f". Near it: {', '.join(near)}." if near else ".")


def _words(local: str) -> str:
    return normal(_CAPITAL.sub(" ", local))
