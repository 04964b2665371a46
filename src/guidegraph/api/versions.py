"""Two versions to compare: files, folders of knowledge, domains, or documents of the opened knowledge at a day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.api.base import KnowledgeBase
from guidegraph.api.opening import open_files, open_knowledge
from guidegraph.days import written_day
from guidegraph.domains import FILE
from guidegraph.errors import ProfileError, UsageError
from guidegraph.knowledge.opened import Knowledge

if TYPE_CHECKING:
    from guidegraph.audit.diffs import PublishedDiff
    from guidegraph.audit.matching import Version
    from guidegraph.model import Profile

_ENCODES = ox.NamedNode(ns.GG + "encodes")
_ENDINGS = {".trig", ".ttl", ".nt", ".nq", ".jsonld"}


def diff(
    old: str,
    new: str,
    opened: Callable[[], KnowledgeBase],
    *,
    root: Path | None = None,
    domains: Sequence[str | Path] = (),
    as_of: date | None = None,
    patients: bool = True,
    profiles: Path | None = None,
) -> PublishedDiff:
    """What differs between two versions (see :func:`guidegraph.audit.diffs.diff`).

    Args:
        old: the earlier one: a file, a folder of knowledge or of a domain, or a document of the opened knowledge, as
            commands name it, with "@2020-01-31" behind it for what of it was in effect on that day.
        new: the later one.
        opened: opens the knowledge in which documents are looked up.
        root: the folder with the ontology for files; the shipped one if None.
        domains: domains whose terms files may use.
        as_of: the day at which both are asked; today if None. What had ended is asked on its last day.
        patients: whether statuses are compared.
        profiles: a folder of profiles in place of the examples.

    Raises:
        UsageError: a version or a profile folder cannot be told.
        KnowledgeError, ProfileError: a file cannot be read.
    """
    from guidegraph.audit.diffs import diff as compared

    known: list[KnowledgeBase] = []

    def base() -> KnowledgeBase:
        if not known:
            known.append(opened())
        return known[0]

    day = as_of or date.today()
    was, now = (_version(text, base, day, root, domains) for text in (old, new))
    chosen = [] if not patients else _profiles(now.knowledge, profiles)
    return compared(was, now, chosen if patients else None)


def _example(knowledge: Knowledge, name: str) -> Profile:
    try:
        return knowledge.profile(f"example:{name}")
    except ProfileError as error:
        # Nobody named this file: the error says where it lies, and how to do without.
        path = knowledge.examples[name]
        place = (error.where or path.name).replace(path.name, f"{path.parent.parent.name}/profiles/{path.name}", 1)
        mend = (
            f"{error.mend} It is an example profile of the later version: correct it, take it away, or add --profiles."
        )
        raise ProfileError(error.what, where=place, mend=mend.strip()) from None


def _profiles(knowledge: Knowledge, folder: Path | None) -> list[tuple[str, Profile]]:
    if folder is None:
        return [(name, _example(knowledge, name)) for name in knowledge.examples]
    if not folder.is_dir():
        raise UsageError("there is no such folder", where=str(folder), mend="Name a folder of profiles.")
    files = sorted(p for p in folder.iterdir() if p.suffix in (".yaml", ".yml", ".json", ".jsonld", ".ttl"))
    if not files:
        raise UsageError("no profile lies in this folder", where=str(folder), mend="Put .yaml files into it.")
    return [(path.stem, knowledge.profile(path)) for path in files]


def _version(
    text: str, base: Callable[[], KnowledgeBase], day: date, root: Path | None, domains: Sequence[str | Path]
) -> Version:
    path = Path(text)
    if path.is_dir():
        return _whole(text, _folder(path, root, domains).knowledge, day)
    if path.suffix in _ENDINGS:
        return _whole(text, open_files([path], root, domains=domains).knowledge, day)
    return _document(base().knowledge, text, day)


def _folder(path: Path, root: Path | None, domains: Sequence[str | Path]) -> KnowledgeBase:
    """A folder of knowledge, of a domain, or of files of documents.

    Raises:
        UsageError: it is none of these.
    """
    if (path / "ontology").is_dir() and (path / "graph").is_dir():
        return open_knowledge(path, domains=domains)
    if (path / FILE).is_file():
        return open_knowledge(root, domains=[path])
    files = sorted(path.rglob("*.trig"))
    if not files:
        raise UsageError("nothing to compare lies in this folder", where=str(path), mend="Name one with .trig files.")
    return open_files(files, root, domains=domains)


def _whole(name: str, knowledge: Knowledge, day: date) -> Version:
    """All that a knowledge states, and nothing else."""
    from guidegraph.audit.matching import Version

    records = knowledge.records
    stated = {node: d for node in records.nodes if (d := records.one(node, "statedIn"))}
    return Version(name, knowledge, knowledge, tuple(sorted(stated)), day, tuple(sorted(set(stated.values()))))


def _document(knowledge: Knowledge, text: str, day: date) -> Version:
    """What one document states, at a day if one is named behind "@"; that alone answers for patients."""
    from guidegraph.audit.matching import Version, in_effect
    from guidegraph.knowledge.named import find_document

    named, _, when = text.partition("@")
    records = knowledge.records
    iri = find_document(records, named)
    stated = sorted(node for node in records.nodes if iri in records.all(node, "statedIn"))
    name = records.label(iri)
    if when:
        try:
            day = written_day(when)
        except ValueError:
            raise UsageError(f"{when!r} is not a date", where=text, mend="Write it as 2026-01-31.") from None
        stated = in_effect(knowledge, stated, day)
        name = f"{name}, as of {day}"
    elif (interval := records.intervals.get(iri)) and interval.ends and interval.ended(day):
        # What ended is asked on the last day on which it counted.
        day = date.fromisoformat(interval.ends) - timedelta(days=1)
    return Version(name, knowledge, _alone(knowledge, iri), tuple(stated), day, (iri,))


def _alone(knowledge: Knowledge, document: str) -> Knowledge:
    """The ontology, and of the documents this one."""
    place = ox.Store()
    graphs = [q.subject for q in knowledge.store.quads_for_pattern(None, _ENCODES, ox.NamedNode(document), None)]
    for graph in (ox.NamedNode(ns.ONTOLOGY_GRAPH), *graphs):
        if isinstance(graph, ox.NamedNode):
            place.bulk_extend(knowledge.store.quads_for_pattern(None, None, None, graph))
    return Knowledge(place, knowledge.selected)
