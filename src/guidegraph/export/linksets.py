"""Tables of links (SSSOM) as linksets of VoID: how many links of each kind lead to each terminology."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyoxigraph as ox
import yaml

from guidegraph import namespaces as ns
from guidegraph.errors import KnowledgeError

_VOID = "http://rdfs.org/ns/void#"
_NEEDED = ("subject_id", "predicate_id", "object_id")
_NOTHING = "sssom:NoTermFound"


def linksets(folder: Path, dataset: str) -> Iterable[ox.Triple]:
    """The linksets of the tables ``*.sssom.tsv`` of a folder; none where there is no table.

    Args:
        folder: with the tables and terminologies.yaml, which gives title and IRI of each terminology.
        dataset: the IRI of the dataset that the links begin in.

    Raises:
        KnowledgeError: a table cannot be read, lacks a column, or leads to a terminology that is not described.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for path in sorted(folder.glob("*.sssom.tsv")):
        counts.update(_links(path))
    if not counts:
        return []
    known = yaml.safe_load((folder / "terminologies.yaml").read_text(encoding="utf-8"))
    return [
        t for (prefix, predicate), n in sorted(counts.items()) for t in _linkset(known, dataset, prefix, predicate, n)
    ]


def _links(path: Path) -> Iterator[tuple[str, str]]:
    try:
        lines = [x for x in path.read_text(encoding="utf-8").splitlines() if x.strip() and not x.startswith("#")]
    except (OSError, UnicodeDecodeError) as error:
        raise KnowledgeError(f"cannot be read: {error}", where=str(path), mend="Write it in UTF-8.") from None
    reader = csv.DictReader(lines, delimiter="\t")
    missing = [name for name in _NEEDED if name not in (reader.fieldnames or ())]
    if missing:
        raise KnowledgeError(f"no column {missing[0]}", where=str(path), mend="Write it as an SSSOM table.")
    for row in reader:
        if row["object_id"] and row["object_id"] != _NOTHING and row["predicate_id"]:
            yield row["object_id"].partition(":")[0], row["predicate_id"]


def _linkset(
    known: dict[str, dict[str, str]], dataset: str, prefix: str, predicate: str, n: int
) -> Iterator[ox.Triple]:
    if prefix not in known:
        raise KnowledgeError(
            f"no terminology has the prefix {prefix[:40]!r}",
            where="ontology/links",
            mend="Describe it in terminologies.yaml.",
        )
    name, colon, local = predicate.partition(":")
    here = ox.NamedNode(f"{dataset}/links/{prefix}-{local or name}")
    target = ox.NamedNode(f"{dataset}/terminology/{prefix}")

    def say(subject: ox.NamedNode, prop: str, value: ox.NamedNode | ox.Literal) -> ox.Triple:
        return ox.Triple(subject, ox.NamedNode(prop), value)

    yield say(ox.NamedNode(dataset), _VOID + "subset", here)
    yield say(here, ns.RDF + "type", ox.NamedNode(_VOID + "Linkset"))
    yield say(here, _VOID + "subjectsTarget", ox.NamedNode(dataset))
    yield say(here, _VOID + "objectsTarget", target)
    yield say(here, _VOID + "linkPredicate", ox.NamedNode(ns.PREFIXES.get(name, name + colon) + local))
    yield say(here, _VOID + "triples", ox.Literal(n))
    yield say(target, ns.RDF + "type", ox.NamedNode(_VOID + "Dataset"))
    yield say(target, ns.DCTERMS + "title", ox.Literal(known[prefix]["title"], language="en"))
    yield say(target, _VOID + "uriSpace", ox.Literal(known[prefix]["iri"]))
