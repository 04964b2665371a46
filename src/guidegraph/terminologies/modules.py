"""Linked hierarchies on a user's machine: one TriG file with one named graph each, in a folder of their own.

A file is read strictly: it may describe its own graph and terms of one terminology, by the predicates listed here, and
nothing else, so that no such file can add a statement, a population or an axiom about a term of ours.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.errors import LinkError
from guidegraph.files import user_home, write_files
from guidegraph.reading import read_quads
from guidegraph.terminologies.model import ExternalTerm

LINKED_HIERARCHY = ns.GG + "LinkedHierarchy"
SUFFIX = ".trig"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_HEAD, _HEAD_BYTES = re.compile(rb'gg:terminologyPrefix "([^"\\]*)"'), 4096
_REWRITE = "guidegraph link writes it anew."

_TYPE, _CLASS = ns.RDF + "type", ns.OWL + "Class"
_LABEL, _NOTATION, _SYNONYM = ns.RDFS + "label", ns.SKOS + "notation", ns.SKOS + "altLabel"
_PARENT, _BROADER = ns.RDFS + "subClassOf", ns.SKOS + "broader"
_OBSOLETE, _REPLACED = ns.OWL + "deprecated", ns.DCTERMS + "isReplacedBy"
_EXCLUDES, _VALID = ns.GG + "excludesCode", ns.GG + "validCode"
_COMBINATION, _KIND = ns.GG + "combinationProduct", ns.GG + "codeKind"
_PREFIX, _TITLE, _VERSION = ns.GG + "terminologyPrefix", ns.DCTERMS + "title", ns.OWL + "versionInfo"
_LICENCE, _SOURCE, _DESCRIPTION = ns.DCTERMS + "license", ns.DCTERMS + "source", ns.DCTERMS + "description"

#: What a file may say of a term, by whether the value is another term, and what of its graph.
_OF_TERMS = {_PARENT, _BROADER, _REPLACED}
_OF_VALUES = {_LABEL, _NOTATION, _SYNONYM, _OBSOLETE, _EXCLUDES, _VALID, _COMBINATION, _KIND}
_OF_GRAPH = {_PREFIX, _TITLE, _VERSION, _LICENCE, _SOURCE, _DESCRIPTION}


@dataclass(frozen=True)
class Module:
    """A linked hierarchy: its terms by code, and where they come from. ``description`` says what was extracted."""

    name: str
    prefix: str
    title: str
    version: str
    licence: str
    source: str
    graph: str
    digest: str
    terms: Mapping[str, ExternalTerm]
    description: str = ""

    @cached_property
    def _above(self) -> dict[str, tuple[str, ...]]:
        return {}

    @cached_property
    def by_label(self) -> Mapping[str, Sequence[str]]:
        """The codes of each label, in lower case."""
        found: dict[str, list[str]] = {}
        for term in self.terms.values():
            found.setdefault(term.label.casefold(), []).append(term.code)
        return found

    def ancestors(self, code: str) -> tuple[str, ...]:
        """The codes above a code, the nearest first, then by code. A combination product has none: it is no kind of
        the groups above it. None for a code that is not here."""
        if code not in self._above:
            self._above[code] = self._climb(code)
        return self._above[code]

    def _climb(self, code: str) -> tuple[str, ...]:
        found: dict[str, None] = {code: None}
        level = [code]
        while level:
            above = (p for c in level if (t := self.terms.get(c)) and not t.combination for p in t.parents)
            level = sorted({parent for parent in above if parent in self.terms and parent not in found})
            found.update(dict.fromkeys(level))
        return tuple(found)[1:]


def modules_folder(knowledge: Path | None = None) -> Path:
    """The folder of linked hierarchies: that of a knowledge folder, else the user's own.

    The user's own is links/ in $GUIDEGRAPH_HOME, else in guidegraph/ of $XDG_DATA_HOME, else of ~/.local/share.
    """
    if knowledge is not None:
        return knowledge / "links"
    home = os.environ.get("GUIDEGRAPH_HOME")
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(home) if home else Path(data or user_home() / ".local" / "share") / "guidegraph") / "links"


def module_files(folder: Path) -> list[Path]:
    """The files of linked hierarchies in a folder, sorted by name. Empty where there is no such folder."""
    return sorted(path for path in folder.glob(f"*{SUFFIX}") if not path.name.startswith("."))


def strange_files(folder: Path) -> list[str]:
    """The names of what lies in a folder of linked hierarchies and is not read as one, sorted."""
    known = {path.name for path in module_files(folder)}
    there = folder.iterdir() if folder.is_dir() else ()
    return sorted(path.name for path in there if path.name not in known and not path.name.startswith("."))


def module_prefix(path: Path) -> str:
    """The prefix of a linked hierarchy as the head of its file tells it, "" where it does not; cheap."""
    try:
        with path.open("rb") as file:
            prefix = _HEAD.search(file.read(_HEAD_BYTES))
    except OSError:  # told by whoever reads it whole
        return ""
    return prefix[1].decode("utf-8", "replace") if prefix else ""


def module_file(folder: Path, name: str) -> Path:
    """The file of the linked hierarchy of a name, whether it is there or not.

    Raises:
        LinkError: the text is no name.
    """
    if not _NAME.fullmatch(name):
        raise LinkError(f"{name[:80]!r} is no name", mend="Use small letters, digits, dots and dashes.")
    return folder / f"{name}{SUFFIX}"


def code_iri(base: str, code: str) -> str:
    """The IRI of a code's class: what is no letter, digit, or one of ``-._~`` is percent-encoded."""
    return base + quote(code, safe="-._~")


def read_module(path: Path) -> Module:
    """Read a linked hierarchy.

    Raises:
        LinkError: the file cannot be read, is no linked hierarchy, or says more than one may say.
    """
    _, said, graph = _read(path)
    about = said.pop(graph)

    def one(name: str) -> str:
        return next(iter(about.get(name, ())), "")

    codes: dict[str, str] = {}
    for iri, values in said.items():
        if len(values.get(_NOTATION, ())) != 1:
            raise LinkError(f"{iri} has no skos:notation, or several", where=str(path), mend=_REWRITE)
        codes[iri] = values[_NOTATION][0]
    return Module(
        name=graph.removeprefix(ns.LINKED_GRAPHS),
        prefix=one(_PREFIX),
        title=one(_TITLE),
        version=one(_VERSION),
        licence=one(_LICENCE),
        source=one(_SOURCE),
        graph=graph,
        digest="sha256:" + sha256(path.read_bytes()).hexdigest(),
        terms={codes[iri]: _term(values, codes) for iri, values in said.items()},
        description=one(_DESCRIPTION),
    )


def module_quads(path: Path) -> list[ox.Quad]:
    """The quads of a linked hierarchy: those of its own graph, and nothing that no such file may say.

    Raises:
        LinkError: as :func:`read_module`.
    """
    return _read(path)[0]


def _read(path: Path) -> tuple[list[ox.Quad], dict[str, dict[str, list[str]]], str]:
    """The quads of a file, what it says of each subject, and the graph's IRI, after every check that needs no code."""
    where = str(path)
    said: dict[str, dict[str, list[str]]] = {}
    graphs: set[object] = set()
    types: set[tuple[str, str]] = set()
    named, last, of_last = ox.NamedNode, "", {}  # the file tells one term after the other
    quads = read_quads(path, LinkError)
    for subject, relation, value, graph_name in quads:
        graphs.add(graph_name.value if type(graph_name) is named else graph_name)
        form, predicate = type(value), relation.value
        if type(subject) is not named or form not in (named, ox.Literal):
            raise LinkError("a node without a name", where=where, mend=_REWRITE)
        iri, text = subject.value, value.value
        if iri != last:
            last, of_last = iri, said.setdefault(iri, {})
        if predicate == _TYPE:
            types.add((iri, text))
        elif (form is named) != (predicate in _OF_TERMS):
            raise LinkError(f"{predicate} of {iri} has a value that it may not", where=where, mend=_REWRITE)
        else:
            of_last.setdefault(predicate, []).append(text)
    graph = next((iri for iri, kind in types if kind == LINKED_HIERARCHY), None)
    if graph is None or graph != ns.LINKED_GRAPHS + path.name.removesuffix(SUFFIX) or graphs != {graph}:
        what = "this is not the linked hierarchy of its name, alone in one named graph"
        raise LinkError(what, where=where, mend=f"Keep the name that it was written under, or {_REWRITE}")
    for iri, kind in types:
        if kind != (LINKED_HIERARCHY if iri == graph else _CLASS):
            raise LinkError(f"{iri} is not a class", where=where, mend=_REWRITE)
    for iri, values in said.items():
        strange = values.keys() - (_OF_GRAPH if iri == graph else _OF_TERMS | _OF_VALUES)
        if strange or (iri != graph and iri.startswith(ns.BASE)):
            what = f"{min(strange)} is said" if strange else "something is said"
            raise LinkError(f"{what} of {iri}, which no linked hierarchy may", where=where, mend=_REWRITE)
        ours = next((v for name in _OF_TERMS for v in values.get(name, ()) if v.startswith(ns.BASE)), "")
        if ours:
            raise LinkError(f"{iri} is put below {ours}, a term of ours", where=where, mend=_REWRITE)
    return quads, said, graph


def _term(values: Mapping[str, list[str]], codes: Mapping[str, str]) -> ExternalTerm:
    def several(name: str) -> tuple[str, ...]:
        return tuple(sorted(values[name])) if name in values else ()

    def linked(name: str) -> tuple[str, ...]:
        return tuple(sorted(codes[iri] for iri in values.get(name, ()) if iri in codes))

    valid = values.get(_VALID)
    return ExternalTerm(
        code=values[_NOTATION][0],
        label=values.get(_LABEL, [""])[0],
        synonyms=several(_SYNONYM),
        parents=linked(_BROADER) if _COMBINATION in values else linked(_PARENT),
        obsolete=values.get(_OBSOLETE) == ["true"],
        replaced_by=linked(_REPLACED),
        valid=valid[0] == "true" if valid else None,
        excludes=several(_EXCLUDES),
        combination=values.get(_COMBINATION) == ["true"],
        kind=values.get(_KIND, [""])[0],
    )


def write_module(folder: Path, module: Module, base: str) -> Path:
    """Write a linked hierarchy whole or not at all; the same module gives the same bytes.

    Args:
        folder: where to; it is made if it is not there.
        module: what to write; its digest is that of the file, and not looked at.
        base: what stands before a code in the IRI of its class.

    Raises:
        LinkError: the name is no name, or the file cannot be written.
    """
    path = module_file(folder, module.name)
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    write_files({path: module_text(module, base)}, LinkError)
    return path


def module_text(module: Module, base: str) -> str:
    """The TriG text of a module, in a fixed order."""
    graph = f"<{ns.LINKED_GRAPHS}{module.name}>"
    about = {
        "gg:terminologyPrefix": module.prefix,
        "dcterms:title": module.title,
        "owl:versionInfo": module.version,
        "dcterms:license": module.licence,
        "dcterms:source": module.source,
        "dcterms:description": module.description,
    }
    prefixes = [f"@prefix {p}: <{ns.PREFIXES[p]}> ." for p in ("gg", "owl", "rdfs", "skos", "dcterms")]
    lines = [*prefixes, "", f"{graph} {{", f"{graph} a gg:LinkedHierarchy"]
    lines += [f"    ; {predicate} {_literal(value)}" for predicate, value in about.items()]
    lines.append("    .")
    for code in sorted(module.terms):
        lines += _term_lines(module.terms[code], module.terms, base)
    return "\n".join([*lines, "}", ""])


def _literal(value: str) -> str:
    return str(ox.Literal(value))


def _term_lines(term: ExternalTerm, terms: Mapping[str, ExternalTerm], base: str) -> list[str]:
    parent = "skos:broader" if term.combination else "rdfs:subClassOf"
    pairs = [("rdfs:label", _literal(term.label)), ("skos:notation", _literal(term.code))]
    pairs += [("skos:altLabel", _literal(name)) for name in sorted(term.synonyms)]
    pairs += [(parent, f"<{code_iri(base, code)}>") for code in sorted(term.parents) if code in terms]
    pairs += [("dcterms:isReplacedBy", f"<{code_iri(base, code)}>") for code in sorted(term.replaced_by)]
    pairs += [("gg:excludesCode", _literal(code)) for code in sorted(term.excludes)]
    pairs += [("owl:deprecated", "true")] if term.obsolete else []
    pairs += [("gg:combinationProduct", "true")] if term.combination else []
    pairs += [] if term.valid is None else [("gg:validCode", "true" if term.valid else "false")]
    pairs += [("gg:codeKind", _literal(term.kind))] if term.kind else []
    head = f"<{code_iri(base, term.code)}> a owl:Class"
    return [head, *(f"    ; {predicate} {value}" for predicate, value in pairs), "    ."]


def remove_module(folder: Path, name: str) -> Path:
    """Remove a linked hierarchy and return the file that it was in.

    Raises:
        LinkError: there is none of that name, or it cannot be removed.
    """
    path = module_file(folder, name)
    try:
        path.unlink()
    except FileNotFoundError:
        known = ", ".join(file.name.removesuffix(SUFFIX) for file in module_files(folder)) or "none"
        raise LinkError(f"no linked hierarchy {name!r}", where=str(folder), mend=f"Linked are: {known}.") from None
    except OSError as error:
        raise LinkError(f"cannot remove: {error.strerror}", where=str(path), mend="Check who owns it.") from None
    return path
