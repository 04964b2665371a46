"""A user's own ontology file as a source: OBO, OBO-JSON (obographs), or OWL in Turtle or RDF/XML.

A stranger may have written it: its size is limited, XML with a DOCTYPE is refused (entities expand without end),
nothing is fetched, and what cannot be read is an error with its place. Only named classes of one prefix and their
``is_a``/``rdfs:subClassOf`` are read; class expressions are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from guidegraph.errors import LinkError
from guidegraph.terminologies.model import ExternalTerm

#: A larger file is refused (bytes). The largest ontology in use here, MONDO as OBO-JSON, has about 100 MB.
MAXIMUM_BYTES = 512 * 1024 * 1024
#: What stands before a code where the terminology is not in terminologies.yaml (the OBO Foundry's identifier policy).
OBO_IRI = "http://purl.obolibrary.org/obo/"

KINDS = ".obo, .json (obographs), .ttl, .owl, .rdf or .xml"


@dataclass
class FileTerms:
    """The terms that a file holds under one prefix, and what it says of itself."""

    terms: dict[str, ExternalTerm] = field(default_factory=dict)
    version: str = ""
    title: str = ""
    licence: str = ""


class FileSource:
    """A user's file in the form of a source."""

    def __init__(self, path: Path, prefix: str, iri: str, title: str = "") -> None:
        self.name = path.stem
        self.prefix = prefix
        self.package = path.name
        self._path = path
        self._iri = iri
        self._title = title

    @cached_property
    def _read(self) -> FileTerms:
        return read_ontology(self._path, self.prefix, self._iri)

    @property
    def title(self) -> str:
        """The title that the file gives itself, or that of the terminology."""
        return self._read.title or self._title or self.name

    @property
    def version(self) -> str:
        """The version that the file states."""
        return f"{self._read.version or 'release not stated'} ({self.package})"

    @property
    def licence(self) -> str:
        """The licence that the file states."""
        return self._read.licence or "not stated"

    def term(self, code: str) -> ExternalTerm | None:
        """The term of a code, None where the file has no such code."""
        return self._read.terms.get(code)

    @cached_property
    def _below(self) -> dict[str, tuple[str, ...]]:
        below: dict[str, list[str]] = {}
        for term in self._read.terms.values():
            for parent in term.parents:
                below.setdefault(parent, []).append(term.code)
        return {parent: tuple(sorted(found)) for parent, found in below.items()}

    def children(self, code: str) -> tuple[str, ...]:
        """The codes directly below a code, sorted."""
        return self._below.get(code, ())

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
    try:
        if path.stat().st_size > MAXIMUM_BYTES:
            raise LinkError(
                f"the file is larger than {MAXIMUM_BYTES // 2**20} MiB", where=where, mend="Link a part of it."
            )
        data = path.read_bytes()
    except OSError as error:
        raise LinkError(
            f"the file cannot be read: {error.strerror or error}", where=where, mend="Check its name."
        ) from None
    found = _parse(data, ending, where, prefix, iri)
    if not found.terms:
        raise LinkError(
            f"the file has no class under {prefix}: ({iri})", where=where, mend="Name another --prefix or its --iri."
        )
    return found


def _parse(data: bytes, ending: str, where: str, prefix: str, iri: str) -> FileTerms:
    if ending in (".obo", ".json"):
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise LinkError(f"not UTF-8 at byte {error.start}", where=where, mend="Save it as UTF-8.") from None
        if ending == ".obo":
            return read_obo(text, where, prefix)
        from guidegraph.terminologies.sources.graphs import read_obographs

        return read_obographs(text, where, prefix, iri)
    from guidegraph.terminologies.sources.graphs import read_owl

    return read_owl(data, where, iri)


_TAG = re.compile(r"([A-Za-z0-9_\-]+):\s*(.*)")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(r"\\(.)")
_SPECIAL = {"n": " ", "W": " ", "t": " "}


def read_obo(text: str, where: str, prefix: str) -> FileTerms:
    """The terms of a text in OBO 1.2 or 1.4.

    Raises:
        LinkError: a line is no tag with a value, a term has no id, or an id stands for two terms.
    """
    found = FileTerms()
    stanza: dict[str, list[str]] = {}
    kind, start = "header", 1
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if line.startswith("["):
            _close(kind, stanza, found, f"{where}:{start}", prefix)
            kind, stanza, start = line.strip("[]"), {}, number
            continue
        if not line or line.startswith("!"):
            continue
        tag = _TAG.match(line)
        if tag is None:
            raise LinkError("not OBO: no tag with a value", where=f"{where}:{number}", mend="Write tag: value.")
        stanza.setdefault(tag.group(1), []).append(tag.group(2))
    _close(kind, stanza, found, f"{where}:{start}", prefix)
    return found


def _plain(value: str) -> str:
    """A value without its trailing comment and modifiers, unescaped."""
    value = re.split(r"\s+!(?:\s|$)", value, maxsplit=1)[0]
    value = re.sub(r"\s*\{[^{}]*\}\s*$", "", value)
    return " ".join(_ESCAPE.sub(lambda m: _SPECIAL.get(m.group(1), m.group(1)), value).split())


def _close(kind: str, stanza: Mapping[str, list[str]], found: FileTerms, where: str, prefix: str) -> None:
    if kind == "header":
        found.version = _plain(stanza.get("data-version", [""])[0])
        found.title = next((p for v in stanza.get("property_value", []) if (p := _property(v, "title"))), "")
        found.licence = next((p for v in stanza.get("property_value", []) if (p := _property(v, "license"))), "")
        return
    if kind != "Term":
        return
    if len(stanza.get("id", ())) != 1:
        raise LinkError("a term needs one id", where=where, mend="Give it one id: line.")
    start = prefix + ":"
    curie = _plain(stanza["id"][0])
    if not curie.startswith(start):
        return
    code = curie.removeprefix(start)
    label = _plain(stanza.get("name", [""])[0])
    quoted = (_QUOTED.match(value) for value in stanza.get("synonym", ()))
    synonyms = {_plain(match.group(1)) for match in quoted if match} - {label, ""}
    term = ExternalTerm(
        code=code,
        label=label,
        synonyms=tuple(sorted(synonyms)),
        parents=_codes(stanza.get("is_a", ()), start),
        obsolete=any(_plain(value) == "true" for value in stanza.get("is_obsolete", ())),
        replaced_by=_codes(stanza.get("replaced_by", ()), start),
    )
    _put(found, term, where)
    for other in _codes(stanza.get("alt_id", ()), start):
        if other not in found.terms:
            _put(found, ExternalTerm(other, label, obsolete=True, replaced_by=(code,)), where)


def _property(value: str, name: str) -> str:
    """The value of an OBO property_value that is the Dublin Core property of a name."""
    predicate, _, rest = value.partition(" ")
    if not re.fullmatch(rf"\S*[:/#]{name}", predicate):
        return ""
    quoted = _QUOTED.match(rest.strip())
    return _plain(quoted.group(1) if quoted else rest.strip().partition(" ")[0])


def _codes(values: list[str] | tuple[()], start: str) -> tuple[str, ...]:
    curies = {_plain(value) for value in values}
    return tuple(sorted(curie.removeprefix(start) for curie in curies if curie.startswith(start)))


def _put(found: FileTerms, term: ExternalTerm, where: str) -> None:
    there = found.terms.get(term.code)
    # An alternative id that a term of its own describes later keeps that description.
    if there is not None and not (there.obsolete and there.replaced_by and not there.parents):
        raise LinkError(f"the id {term.code!r} is there twice", where=where, mend="Keep one term for an id.")
    found.terms[term.code] = term
