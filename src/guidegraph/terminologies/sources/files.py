"""A user's own ontology file as a source: OBO, OBO-JSON (obographs), or OWL in Turtle or RDF/XML.

A stranger may have written it: its size is limited, XML with a DOCTYPE is refused (entities expand without end),
nothing is fetched, and what cannot be read is an error with its place. Only named classes of one prefix and their
``is_a``/``rdfs:subClassOf`` are read; class expressions are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from io import StringIO
from pathlib import Path

from guidegraph.errors import LinkError
from guidegraph.files import decoded, read_bytes
from guidegraph.terminologies.model import ExternalTerm
from guidegraph.terminologies.sources.base import FileTerms, Source
from guidegraph.terminologies.sources.graphs import read_obographs, read_owl

#: A larger file is refused (bytes). The largest ontology in use here, MONDO as OBO-JSON, has about 100 MB.
MAXIMUM_BYTES = 512 * 1024 * 1024
KINDS = ".obo, .json (obographs), .ttl, .owl, .rdf or .xml"


class FileSource(Source):
    """A user's file as a source; it is read at once.

    Raises:
        LinkError: as :func:`read_ontology`.
    """

    def __init__(self, path: Path, prefix: str, iri: str, title: str = "") -> None:
        self._read = read = read_ontology(path, prefix, iri)
        super().__init__(path.stem, prefix, read.title or title or path.stem, path.name, read.licence or "not stated")

    @cached_property
    def version(self) -> str:
        """The version that the file states."""
        return f"{self._read.version or 'release not stated'} ({self.package})"

    def build(self, code: str) -> ExternalTerm | None:
        """The term of a code."""
        return self._read.terms.get(code)

    def codes(self) -> Iterator[str]:
        """All codes."""
        return iter(self._read.terms)


def read_ontology(path: Path, prefix: str, iri: str) -> FileTerms:
    """The terms of a file under one prefix.

    Args:
        path: the file; its ending tells its form.
        prefix: the prefix of the CURIEs, such as MONDO.
        iri: what stands before the code in the IRI of a class.

    Raises:
        LinkError: the file cannot be read, is of another kind, not well-formed, or has no term of that prefix.
    """
    where = str(path)
    ending = path.suffix.lower()
    if ending not in (".obo", ".json", ".ttl", ".owl", ".rdf", ".xml"):
        raise LinkError(f"the kind of file {ending!r} is not read", where=where, mend=f"Use {KINDS}.")
    data = read_bytes(path, MAXIMUM_BYTES, LinkError, mend="Check its name, or link a part of it.")
    text = decoded(data, LinkError, where)
    if ending == ".obo":
        terms = read_obo(text, where, prefix)
    else:
        terms = read_obographs(text, where, prefix, iri) if ending == ".json" else read_owl(text, where, iri)
    if not terms.terms:
        raise LinkError(
            f"the file has no class under {prefix}: ({iri})", where=where, mend="Name another --prefix or its --iri."
        )
    return terms


_TAG = re.compile(r"((?:[^:\\\s]|\\.)+):\s*(.*)")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
#: An id: what stands before a blank, a modifier or a comment.
_ID = re.compile(r"(?:[^\s{!\\]|\\.)+")
#: What may follow a value: modifiers in braces, whose values may hold anything in quotes, and a comment.
_MODIFIERS = r'\{(?:[^{}"\\]|\\.|"(?:[^"\\]|\\.)*")*\}'
_TAIL = re.compile(rf"\s*(?:{_MODIFIERS}\s*)?(?:!.*)?")
_END = re.compile(rf"\s*(?:(?<=\s){_MODIFIERS})?\s*(?:(?<=\s)!.*)?\Z")
_PART = re.compile(r"(?:[^\s\\]|\\.)+")
_ESCAPE = re.compile(r"\\(.)")
_SPECIAL = {"n": " ", "W": " ", "t": " "}


def read_obo(text: str, where: str, prefix: str) -> FileTerms:
    """The terms of a text in OBO 1.2 or 1.4.

    Raises:
        LinkError: a line is no tag with a value, an id is followed by what is no modifier and no comment, a term has no
            id, or an id stands for two terms.
    """
    terms = FileTerms()
    stanza: dict[str, list[tuple[str, str]]] = {}
    kind, start = "header", 1
    for number, line in _lines(text):
        if line.startswith("["):
            _close(kind, stanza, terms, f"{where}:{start}", prefix)
            kind, stanza, start = line.partition("]")[0].strip("["), {}, number
            continue
        if not line or line.startswith("!"):
            continue
        tag = _TAG.match(line)
        if tag is None:
            raise LinkError("not OBO: no tag with a value", where=f"{where}:{number}", mend="Write tag: value.")
        stanza.setdefault(tag.group(1), []).append((tag.group(2), f"{where}:{number}"))
    _close(kind, stanza, terms, f"{where}:{start}", prefix)
    return terms


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines with the number of each; one that ends in a backslash goes on in the next."""
    whole, start = "", 1
    for number, line in enumerate(StringIO(text, newline=None), 1):
        whole += line.rstrip("\n")
        if (len(whole) - len(whole.rstrip("\\"))) % 2:
            whole = whole[:-1]
            continue
        yield start, whole.strip()
        whole, start = "", number + 1
    if whole:
        yield start, whole.strip()


def _unescaped(value: str) -> str:
    return " ".join(_ESCAPE.sub(lambda m: _SPECIAL.get(m.group(1), m.group(1)), value).split())


def _plain(value: str) -> str:
    """A value without its trailing modifiers and comment, unescaped."""
    at = 0
    while at < len(value) and not _END.match(value, at):
        part = _PART.match(value, at)
        at = part.end() if part else at + 1
    return _unescaped(value[:at])


def _id(value: str, where: str) -> str:
    """The id that a value begins with, "" where it is empty.

    Raises:
        LinkError: what follows it is no modifier and no comment, so that it may be no id at all.
    """
    name = _ID.match(value)
    if not _TAIL.fullmatch(value, name.end() if name else 0):
        raise LinkError("not OBO: an id that goes on", where=where, mend="Write id {modifiers} ! comment.")
    return _unescaped(name[0]) if name else ""


_Stanza = Mapping[str, Sequence[tuple[str, str]]]


def _close(kind: str, stanza: _Stanza, terms: FileTerms, where: str, prefix: str) -> None:
    if kind == "header":
        properties = [value for value, _ in stanza.get("property_value", ())]
        terms.version = _text(stanza, "data-version")
        terms.title = next((p for v in properties if (p := _property(v, "title"))), "")
        terms.licence = next((p for v in properties if (p := _property(v, "license"))), "")
        return
    if kind != "Term":
        return
    if len(stanza.get("id", ())) != 1:
        raise LinkError("a term needs one id", where=where, mend="Give it one id: line.")
    start = prefix + ":"
    curie = _id(*stanza["id"][0])
    if not curie.startswith(start):
        return
    code = curie.removeprefix(start)
    label = _text(stanza, "name")
    quoted = (_QUOTED.match(value) for value, _ in stanza.get("synonym", ()))
    synonyms = {_unescaped(match.group(1)) for match in quoted if match} - {label, ""}
    term = ExternalTerm(
        code=code,
        label=label,
        synonyms=tuple(sorted(synonyms)),
        parents=_codes(stanza.get("is_a", ()), start),
        obsolete=_text(stanza, "is_obsolete") == "true",
        replaced_by=_codes(stanza.get("replaced_by", ()), start),
    )
    _put(terms, term, where)
    for other in _codes(stanza.get("alt_id", ()), start):
        if other not in terms.terms:
            _put(terms, ExternalTerm(other, label, obsolete=True, replaced_by=(code,)), where)


def _text(stanza: _Stanza, tag: str) -> str:
    """The value of a tag that occurs once, "" where it does not occur."""
    return _plain(stanza[tag][0][0]) if tag in stanza else ""


def _property(value: str, name: str) -> str:
    """The value of an OBO property_value that is the Dublin Core property of a name."""
    predicate, _, rest = value.partition(" ")
    if not re.fullmatch(rf"\S*[:/#]{name}", predicate):
        return ""
    quoted = _QUOTED.match(rest.strip())
    return _unescaped(quoted.group(1) if quoted else rest.strip().partition(" ")[0])


def _codes(values: Iterable[tuple[str, str]], start: str) -> tuple[str, ...]:
    curies = {_id(value, where) for value, where in values}
    return tuple(sorted(curie.removeprefix(start) for curie in curies if curie.startswith(start)))


def _put(terms: FileTerms, term: ExternalTerm, where: str) -> None:
    there = terms.terms.get(term.code)
    # An alternative id that a term of its own describes later keeps that description.
    if there is not None and not (there.obsolete and there.replaced_by and not there.parents):
        raise LinkError(f"the id {term.code!r} is there twice", where=where, mend="Keep one term for an id.")
    terms.terms[term.code] = term
