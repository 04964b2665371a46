"""Parameters of a query for a remote endpoint: VALUES blocks of serialised terms where the query needs the values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import pyoxigraph as ox

from guidegraph.errors import QueryError

#: The tokens of SPARQL, as far as what is done here needs them.
TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)|(?P<iri><[^\s<>"{}|^`\\]*>)
    |(?P<string>\"\"\"(?:[^\\]|\\.)*?\"\"\"|'''(?:[^\\]|\\.)*?'''|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    |(?P<word>[?$]?[A-Za-z_][\w.-]*(?::[\w.%/-]*)?|:[\w.-]*)|(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
FORMS = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")
#: What reads a variable rather than matching it, and so needs its value in the very group where it stands.
_READERS = {"FILTER", "BIND"}


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
    found: list[_Group] = []
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
                found.append(stack[-1])
            opened, data = True, False
        elif token == "}" and kind == "other" and stack:
            stack.pop()
        elif stack:
            data = data or word == "VALUES"
            _noted(stack[-1], token.rstrip("."), word)
    return found


def _noted(group: _Group, token: str, word: str) -> None:
    group.first = group.first or word or token
    group.reads = group.reads or word in _READERS
    if token[0:1] in ("?", "$"):
        group.names.add(token[1:])
