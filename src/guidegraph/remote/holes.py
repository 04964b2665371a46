"""Terms in the place of holes: how values reach a query or update of ``queries/endpoint``.

A file names its holes as IRIs, ``<hole:graph>``, so that it is well-formed as it is. A hole is filled by the N-Triples
form of a term, token by token: the text between the terms is the file's own, and no text of a stranger is ever parsed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pyoxigraph as ox

from guidegraph import assets
from guidegraph.errors import QueryError
from guidegraph.namespaces import XSD

Filling = ox.NamedNode | Sequence[ox.NamedNode] | Sequence[ox.Triple]
_PREFIX = "hole:"
#: Tokens of SPARQL, as far as a hole can be mistaken for something else: comments, IRIs and strings.
_TOKEN = re.compile(
    r"""\#[^\n]*|<[^\s<>"{}|^`\\]*>
    |\"\"\"(?:[^\\]|\\.)*?\"\"\"|'''(?:[^\\]|\\.)*?'''|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'""",
    re.VERBOSE | re.DOTALL,
)
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|^`\\]*\Z")
_STATEMENT = re.compile(rf"<{_PREFIX}(\w+)>\s+<{_PREFIX}\1>\s+<{_PREFIX}\1>\s*\.")


def text_of(name: str) -> str:
    """The text of a file of ``queries/``, by its name with the ending."""
    return (assets.folder("queries") / name).read_text(encoding="utf-8")


def filled(text: str, fillings: Mapping[str, Filling]) -> str:
    """A query or update with its holes filled.

    ``<hole:x>`` takes one IRI, or several IRIs for a list as VALUES has one; the statement
    ``<hole:x> <hole:x> <hole:x> .`` takes any number of triples.

    Raises:
        QueryError: a hole is not filled, a filling fits no hole, or a term cannot be written.
    """
    used: set[str] = set()

    def fill(match: re.Match[str]) -> str:
        token = match.group()
        if not token.startswith(f"<{_PREFIX}"):
            return token
        name = token[len(_PREFIX) + 1 : -1]
        if name not in fillings:
            raise QueryError(f"hole {name!r} is not filled", mend="Give its value.")
        used.add(name)
        return _written(fillings[name])

    # Three equal holes in a row are one hole for triples, which the tokens cannot show singly.
    found = _TOKEN.sub(fill, _STATEMENT.sub(rf"<{_PREFIX}\1>", text))
    if spare := sorted(set(fillings) - used):
        raise QueryError(f"no hole {spare[0]!r}", mend="Leave the value out.")
    return found


def _written(filling: Filling) -> str:
    if isinstance(filling, ox.NamedNode):
        return _iri(filling)
    return "\n".join(_triple(part) if isinstance(part, ox.Triple) else _iri(part) for part in filling)


def _iri(node: ox.NamedNode) -> str:
    if not isinstance(node, ox.NamedNode) or not _IRI.match(node.value):
        raise QueryError(f"{str(node)[:60]!r} cannot be written as an IRI", mend="Name it by a plain IRI.")
    return f"<{node.value}>"


def _triple(triple: ox.Triple) -> str:
    subject = triple.subject if isinstance(triple.subject, ox.BlankNode) else _iri(triple.subject)  # type: ignore[arg-type]
    return f"{subject} {_iri(triple.predicate)} {_object(triple.object)} ."


def _object(term: object) -> str:
    if isinstance(term, ox.NamedNode):
        return _iri(term)
    if isinstance(term, ox.Literal) and term.datatype.value == XSD + "decimal" and "." not in term.value:
        # The same number; Virtuoso would take it for an integer without its point.
        return f'"{term.value}.0"^^{_iri(term.datatype)}'
    return str(term)
