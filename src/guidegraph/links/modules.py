"""Linked hierarchies on a user's machine: one TriG file with one named graph each, in a folder of their own."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.errors import KnowledgeError
from guidegraph.links.model import ExternalTerm
from guidegraph.reading import read_quads


@dataclass(frozen=True)
class Module:
    """A linked hierarchy: its terms by code, and where they come from."""

    name: str
    prefix: str
    title: str
    version: str
    licence: str
    source: str
    graph: str
    digest: str
    terms: Mapping[str, ExternalTerm]


def modules_folder(knowledge: Path | None = None) -> Path:
    """The folder of linked hierarchies: that of a knowledge folder, else the user's own."""
    if knowledge is not None:
        return knowledge / "links"
    home = os.environ.get("GUIDEGRAPH_HOME")
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(home) if home else Path(data or Path.home() / ".local" / "share") / "guidegraph") / "links"


def module_files(folder: Path) -> list[Path]:
    """The files of linked hierarchies in a folder, sorted by name."""
    return sorted(folder.glob("*.trig"))


def read_module(path: Path) -> Module:
    """Read a linked hierarchy.

    Raises:
        KnowledgeError: the file cannot be read, or is no linked hierarchy.
    """
    said: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    quads = read_quads(path, KnowledgeError, strange=False)
    for q in quads:
        if isinstance(q.subject, ox.NamedNode) and isinstance(q.object, ox.NamedNode | ox.Literal):
            said[q.subject.value][q.predicate.value].append(q.object.value)
    graph = next((s for s, p in said.items() if ns.GG + "LinkedHierarchy" in p.get(ns.RDF + "type", ())), None)
    if graph is None:
        raise KnowledgeError("no linked hierarchy", where=str(path), mend="guidegraph link NAME writes one.")

    def one(name: str) -> str:
        return min(said[graph].get(name, [""]))

    codes = {iri: min(props[ns.SKOS + "notation"]) for iri, props in said.items() if ns.SKOS + "notation" in props}
    return Module(
        path.stem,
        one(ns.GG + "terminologyPrefix"),
        one(ns.DCTERMS + "title"),
        one(ns.OWL + "versionInfo"),
        one(ns.DCTERMS + "license"),
        one(ns.DCTERMS + "source"),
        graph,
        "sha256:" + sha256(path.read_bytes()).hexdigest(),
        {code: _term(code, said[iri], codes) for iri, code in sorted(codes.items())},
    )


def _term(code: str, props: Mapping[str, list[str]], codes: Mapping[str, str]) -> ExternalTerm:
    def all_of(name: str) -> tuple[str, ...]:
        return tuple(sorted(props.get(name, ())))

    parents = tuple(codes[p] for p in (*all_of(ns.RDFS + "subClassOf"), *all_of(ns.SKOS + "broader")) if p in codes)
    valid = all_of(ns.GG + "validCode")
    return ExternalTerm(
        code,
        next(iter(all_of(ns.RDFS + "label")), ""),
        all_of(ns.SKOS + "altLabel"),
        parents,
        "true" in all_of(ns.OWL + "deprecated"),
        tuple(codes.get(p, p) for p in all_of(ns.DCTERMS + "isReplacedBy")),
        None if not valid else valid[0] == "true",
        all_of(ns.GG + "excludesCode"),
        "true" in all_of(ns.GG + "combinationProduct"),
    )
