"""Domains: folders of documents, terms, examples and links that load alone or together, on a shared ontology."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path

import pyoxigraph as ox

from guidegraph import assets, store
from guidegraph import namespaces as ns
from guidegraph.errors import GuideGraphError, KnowledgeError, UsageError
from guidegraph.files import read_text
from guidegraph.profile import strict
from guidegraph.profile.names import normal
from guidegraph.reading import read_quads

FILE = "domain.yaml"
#: Where the domains of a knowledge folder lie that are loaded only when they are named, inside its graph/.
FOLDER = "domains"
_LISTS = ("needs", "warnings")
_KEYS = ("id", "label", "description", *_LISTS)
_SHAPE = (
    "It has a line each for id, label and description, and where meant needs: [NAME, ...] and warnings: [NAME, ...]."
)
_TYPE = ox.NamedNode(ns.RDF + "type")
_NAMES = (ns.RDFS + "label", ns.SKOS + "altLabel")


@dataclass(frozen=True)
class Domain:
    """A domain: what its ``domain.yaml`` says, and its folder.

    ``needs`` are loaded with it, of ``warnings`` the documents that warn of therapies and recommend none: what must not
    be given must not, whatever it is given for.
    """

    name: str
    label: str
    description: str
    folder: Path
    needs: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def links(self) -> Path:
        """The folder of its mapping tables."""
        return self.folder / "links"

    @property
    def examples(self) -> Mapping[str, Path]:
        """Its example profiles by name."""
        return {path.stem: path for path in sorted((self.folder / "profiles").glob("*.yaml"))}

    def counts(self) -> dict[str, int]:
        """How much it holds, beside what is shared: documents, recommendations, terms, example profiles.

        Raises:
            KnowledgeError: a file cannot be read.
        """
        loaded = ox.Store()
        for path in (file for files in store.domain_files(self.folder) for file in files):
            loaded.bulk_extend(read_quads(path, KnowledgeError, strange=False))

        def of(kind: str) -> set[str]:
            subjects = (q.subject for q in loaded.quads_for_pattern(None, _TYPE, ox.NamedNode(kind)))
            return {subject.value for subject in subjects if isinstance(subject, ox.NamedNode)}

        classes = of(ns.OWL + "Class") - of(ns.GG + "Population")
        return {
            "documents": len(of(ns.GG + "KnowledgeGraph")),
            "recommendations": len(of(ns.GG + "Recommendation")),
            "terms": len(classes),
            "examples": len(self.examples),
        }


@dataclass(frozen=True)
class Selection:
    """What is loaded of a knowledge folder: the ontology that all domains share, and some domains.

    Args:
        root: a folder with ontology/ and graph/; the shipped one if None.
        domains: the domains in the order in which they are loaded, each after those that it needs.
        warning: the domains of which only what warns of therapies is loaded.
    """

    root: Path | None
    domains: tuple[Domain, ...]
    warning: tuple[Domain, ...] = ()

    @property
    def base(self) -> Path:
        """The knowledge folder."""
        return assets.root() if self.root is None else self.root

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders of the domains."""
        return tuple(domain.folder for domain in self.domains)

    @property
    def links(self) -> tuple[Path, ...]:
        """The folders of mapping tables: the shared ones, then those of the domains that have some."""
        return (self.base / "ontology" / "links", *(d.links for d in self.domains if d.links.is_dir()))

    @cached_property
    def examples(self) -> Mapping[str, Path]:
        """The example profiles of the domains by name.

        Raises:
            KnowledgeError: two domains have one of the same name.
        """
        found: dict[str, Path] = {}
        for domain in self.domains:
            # A folder that was pulled has no examples: those of the shipped first domain stand in for its own.
            own = domain.examples or (first().examples if domain.folder == self.base / "graph" else {})
            for name in sorted(own.keys() & found.keys()):
                raise KnowledgeError(
                    f"an example profile {name!r} is in {found[name].parent} as well",
                    where=str(own[name]),
                    mend="Rename one of the two files.",
                )
            found.update(own)
        return found

    def elsewhere(self, text: str) -> Domain | None:
        """The shipped domain, of those that are not loaded, that has a term of this name or IRI."""
        return next((d for d in self._others() if text in (names := _names(d)) or normal(text) in names), None)

    def example_elsewhere(self, name: str) -> Domain | None:
        """The shipped domain, of those that are not loaded, that has an example profile of this name."""
        return next((domain for domain in self._others() if name in domain.examples), None)

    def _others(self) -> Iterator[Domain]:
        loaded = {domain.folder.resolve() for domain in self.domains}
        for domain in available(assets.root()).values():
            if domain.folder.resolve() not in loaded:
                yield domain


def _names(domain: Domain) -> frozenset[str]:
    """The IRIs, CURIEs and normal names of the terms that a domain defines."""
    quads = [quad for path in store.domain_files(domain.folder)[0] for quad in read_quads(path, KnowledgeError)]
    iris = {q.subject.value for q in quads if q.predicate == _TYPE and isinstance(q.subject, ox.NamedNode)}
    labels = (q.object for q in quads if q.predicate.value in _NAMES)
    named = {normal(label.value) for label in labels if isinstance(label, ox.Literal)}
    return frozenset({*iris, *map(ns.shorten, iris), *named})


def title(example: Path) -> str:
    """What an example profile is, in the words of its label; "" where it has none."""
    lines = example.read_text(encoding="utf-8").splitlines()
    return next((line.removeprefix("label:").strip() for line in lines if line.startswith("label:")), "")


def first(root: Path | None = None) -> Domain:
    """The first domain of a knowledge folder, which is loaded where none is named: its graph/, without domains/.

    Raises:
        KnowledgeError: what its domain.yaml says is no description of a domain.
    """
    folder = (assets.root() if root is None else root) / "graph"
    if (folder / FILE).is_file():
        return read_domain(folder)
    return Domain(folder.name, f"the documents of {folder.parent.name or folder.parent}", "", folder)


def available(root: Path) -> dict[str, Domain]:
    """The domains of a knowledge folder by name, the first one first.

    Raises:
        KnowledgeError: a domain.yaml is malformed, or names its domain otherwise than its folder is called.
    """
    domains = [first(root)]
    for path in sorted((root / "graph" / FOLDER).glob(f"*/{FILE}")):
        domain = read_domain(path.parent)
        if domain.name != path.parent.name:
            raise KnowledgeError(
                f"the id {domain.name!r} is not the name of the folder",
                where=str(path),
                mend=f"Write id: {path.parent.name}, or rename the folder.",
            )
        domains.append(domain)
    found: dict[str, Domain] = {}
    for domain in domains:
        if domain.name in found:
            raise _twice(found[domain.name], domain)
        found[domain.name] = domain
    return found


def read_domain(folder: Path) -> Domain:
    """The domain of a folder.

    Raises:
        KnowledgeError: it has no domain.yaml, or one that is malformed.
    """
    path = folder / FILE
    if not path.is_file():
        raise KnowledgeError(f"no {FILE}, so that this is no domain", where=str(folder), mend=_SHAPE)
    text = read_text(path, strict.MAX_CHARACTERS, KnowledgeError, mend=_SHAPE)
    try:
        value = strict.read_yaml(text, str(path), strict.PROFILE._replace(what="domain", new=_SHAPE))
    except GuideGraphError as error:
        raise KnowledgeError(error.what, where=error.where, mend=error.mend) from None
    if not isinstance(value, strict.Mapping):
        raise KnowledgeError("no mapping", where=str(path), mend=_SHAPE)
    said: dict[str, tuple[str, ...]] = {}
    for key, field in value.items:
        if key.text not in _KEYS:
            near = get_close_matches(key.text, _KEYS, n=1)
            mend = f"Did you mean {near[0]}?" if near else _SHAPE
            raise KnowledgeError(f"{key.text[:60]!r} is not a key here", where=key.where, mend=mend)
        items = field.items if isinstance(field, strict.Sequence) else (field,)
        texts = [item.text.strip() for item in items if isinstance(item, strict.Scalar)]
        listed = key.text in _LISTS
        if len(texts) < len(items) or not all(texts) or (not listed and isinstance(field, strict.Sequence)):
            kind = "a list of names" if listed else "a text"
            raise KnowledgeError(f"{key.text} is not {kind}", where=field.where, mend=_SHAPE)
        said[key.text] = tuple(texts)
    missing = [key for key in _KEYS[:3] if key not in said]
    if missing:
        raise KnowledgeError(f"no {' and no '.join(missing)}", where=str(path), mend=_SHAPE)
    name, label, description = (said[key][0] for key in _KEYS[:3])
    if name != normal(name).replace(" ", "-") or "/" in name:
        raise KnowledgeError(
            f"{name[:60]!r} cannot be the id of a domain",
            where=str(path),
            mend="Write it in small letters, with hyphens and without spaces.",
        )
    return Domain(name, label, description, folder, *(said.get(key, ()) for key in _LISTS))


def select(names: Sequence[str | Path] = (), root: Path | None = None) -> Selection:
    """The domains of some names or folders, with those that they need; the first one if none is named.

    Args:
        names: names of domains of the knowledge folder, or folders with a domain.yaml.
        root: the knowledge folder; the shipped one if None.

    Raises:
        UsageError: there is no such domain.
        KnowledgeError: a domain.yaml is malformed, domains need each other in a circle, or two have one name.
    """
    base = assets.root() if root is None else root
    if not names:
        return Selection(root, (first(root),))
    known = available(base)
    chosen: dict[str, Domain] = {}

    def add(domain: Domain, way: tuple[str, ...]) -> None:
        if domain.name in way:
            circle = " needs ".join((*way[way.index(domain.name) :], domain.name))
            raise KnowledgeError(
                f"domains need each other in a circle: {circle}",
                where=str(domain.folder / FILE),
                mend="Take one of these out of needs.",
            )
        if domain.name in chosen:
            if chosen[domain.name].folder.resolve() != domain.folder.resolve():
                raise _twice(chosen[domain.name], domain)
            return
        for need in domain.needs:
            add(_found(need, known, domain.folder), (*way, domain.name))
        chosen[domain.name] = domain

    for name in names:
        add(_found(name, known, None), ())
    warning = {
        domain.name: domain
        for one in chosen.values()
        for name in one.warnings
        if (domain := _found(name, known, one.folder)).name not in chosen
    }
    return Selection(root, tuple(chosen.values()), tuple(warning.values()))


def _found(name: str | Path, known: Mapping[str, Domain], beside: Path | None) -> Domain:
    """The domain of a name, or of a folder; one that another needs may lie beside that."""
    if str(name) in known:
        return known[str(name)]
    folder = Path(name) if beside is None else beside.parent / str(name)
    if folder.is_dir():
        return read_domain(folder)
    where = "" if beside is None else str(beside / FILE)
    near = get_close_matches(str(name)[:80], known, n=1)
    hint = f"Did you mean {near[0]}? " if near else ""
    raise UsageError(
        f"no domain {str(name)[:80]!r}",
        where=where,
        mend=f"{hint}There are: {', '.join(known)}; or name a folder with a {FILE}.",
    )


def _twice(one: Domain, other: Domain) -> KnowledgeError:
    return KnowledgeError(
        f"two domains have the id {one.name!r}: {one.folder} is another",
        where=str(other.folder / FILE),
        mend="Give one of them another id.",
    )
