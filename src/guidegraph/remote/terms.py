"""Terms in the text of a query: in the place of holes, and as VALUES blocks where a query needs its parameters.

A file of ``queries/endpoint`` names its holes as IRIs, ``<hole:graph>``, so that it is well-formed as it is. Terms are
written in their N-Triples form between the tokens of the text; no text of a stranger is ever parsed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyoxigraph as ox

from guidegraph import assets
from guidegraph.errors import QueryError
from guidegraph.namespaces import XSD

#: The tokens of SPARQL, as far as what is done here needs them. Nothing rests on it for safety: the guard asks the
#: engine whether it reads a stranger's text in the same way (:func:`guidegraph.query.guard.check`).
TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n\r]*)|(?P<iri><[^\s<>"{}|^`\\]*>)
    |(?P<string>\"\"\"(?:[^\\]|\\.)*?\"\"\"|'''(?:[^\\]|\\.)*?'''|"(?:[^"\\\n\r]|\\.)*"|'(?:[^'\\\n\r]|\\.)*')
    |(?P<word>(?:[^\W\d][\w.-]*)?:(?:[\w.:-]|%[0-9A-Fa-f]{2}|\\[-_~.!$&'()*+,;=/?\#@%])*|[?$]\w+|[^\W\d][\w.-]*)
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
FORMS = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")
#: What reads a variable rather than matching it, and so needs its value in the very group where it stands.
_READERS = {"FILTER", "BIND"}
Filling = ox.NamedNode | Sequence[ox.NamedNode] | Sequence[ox.Triple]
_HOLE = "hole:"
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|^`\\]*\Z")
_STATEMENT = re.compile(rf"<{_HOLE}(\w+)>\s+<{_HOLE}\1>\s+<{_HOLE}\1>\s*\.")


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
        if not token.startswith(f"<{_HOLE}"):
            return token
        name = token[len(_HOLE) + 1 : -1]
        if name not in fillings:
            raise QueryError(f"hole {name!r} is not filled", mend="Give its value.")
        used.add(name)
        return _written(fillings[name])

    # Three equal holes in a row are one hole for triples, which the tokens cannot show singly.
    written = TOKEN.sub(fill, _STATEMENT.sub(rf"<{_HOLE}\1>", text))
    if spare := sorted(set(fillings) - used):
        raise QueryError(f"no hole {spare[0]!r}", mend="Leave the value out.")
    return written


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


@dataclass
class _Group:
    """A pair of braces: where it begins, what it names and reads itself, and whether it may begin with VALUES."""

    start: int
    pattern: bool
    first: str = ""
    reads: bool = False
    names: set[str] = field(default_factory=set)


def with_values(text: str, terms: Mapping[str, ox.NamedNode | ox.Literal]) -> str:
    """A query for a remote endpoint with its parameters in VALUES blocks of serialised terms.

    A block begins the outermost pattern; Virtuoso takes one at the end of a SELECT only. It also begins every inner
    group that reads a parameter in a FILTER or BIND, since a value from outside is not there yet when those are looked
    at (SPARQL 1.1, section 18.2.2).

    Raises:
        QueryError: the query has no pattern of its own (CONSTRUCT WHERE) and ends in a VALUES block already.
    """
    if not terms:
        return text
    groups = _groups(text)
    if not groups:
        if re.search(r"VALUES[^{}]*\{[^{}]*\}\s*\Z", text, re.IGNORECASE):
            mend = "Move VALUES into WHERE."
            raise QueryError("the query ends in VALUES, so its parameters cannot be sent", mend=mend)
        return f"{text.rstrip()}\n{_block(sorted(terms), terms)}\n"
    wanted = {groups[0].start: sorted(terms)}
    for group in groups[1:]:
        names = sorted(group.names & set(terms))
        if names and group.reads and group.first != "SELECT":
            wanted[group.start] = names
    for place in sorted(wanted, reverse=True):
        text = f"{text[:place]} {_block(wanted[place], terms)} {text[place:]}"
    return text


def _block(names: list[str], terms: Mapping[str, ox.NamedNode | ox.Literal]) -> str:
    return f"VALUES ({' '.join('?' + n for n in names)}) {{ ({' '.join(str(terms[n]) for n in names)}) }}"


def _groups(text: str) -> list[_Group]:
    """The groups of a query, the outermost first; none for CONSTRUCT WHERE, whose pattern is a template too."""
    form, data, opened = "", False, False
    groups: list[_Group] = []
    stack: list[_Group] = []
    for match in TOKEN.finditer(text):
        kind, token = match.lastgroup, match.group()
        word = token.upper() if kind == "word" else ""
        if kind == "space":
            continue
        if not form:
            form = word if word in FORMS else ""
            continue
        if form == "CONSTRUCT" and word == "WHERE" and not opened:
            return []
        if token == "{" and kind == "other":
            # The first braces of a CONSTRUCT are its template, those after VALUES are data.
            template = form == "CONSTRUCT" and not opened
            stack.append(_Group(match.end(), not template and not data))
            if stack[-1].pattern:
                groups.append(stack[-1])
            opened, data = True, False
        elif token == "}" and kind == "other" and stack:
            stack.pop()
        elif stack:
            data = data or word == "VALUES"
            _noted(stack[-1], token.rstrip("."), word)
    return groups


def _noted(group: _Group, token: str, word: str) -> None:
    group.first = group.first or word or token
    group.reads = group.reads or word in _READERS
    if token[0:1] in ("?", "$"):
        group.names.add(token[1:])
