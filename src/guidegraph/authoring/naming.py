"""What the cells of a sheet name: terms, entries of lists, populations, documents, statements, places and people."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.agents import read_agent
from guidegraph.authoring.declaring import Declarations
from guidegraph.authoring.vocabulary import NEW_TERM
from guidegraph.domains import available
from guidegraph.errors import TermError, UnknownTermError, UsageError
from guidegraph.files import read_text
from guidegraph.knowledge.opened import Knowledge
from guidegraph.model import TermRow
from guidegraph.profile import Vocabulary
from guidegraph.profile.names import nearest, normal

#: Kinds of terms that are no classes, with the class whose members they are.
INDIVIDUALS = {
    "outcome": ns.GG + "Outcome",
    "horizon": ns.GG + "Horizon",
    "attached condition": ns.GG + "AttachedCondition",
}
#: The classes below which the kinds of terms stand.
ROOTS = {name: ns.GG + name.capitalize() for name in ("condition", "finding", "intervention")}
#: Names of matches, with the property of a mapping that each is.
MATCHES = {name: f"skos:{name}Match" for name in ("exact", "narrow", "broad", "close", "related")}
_TYPE = ox.NamedNode(ns.RDF + "type")
_LABEL = ox.NamedNode(ns.RDFS + "label")
#: How another document comes to be known.
_FIRST = "What another document says is known when its sheet was imported into the same folder, or by --domain."
_MOST = 64 * 1024 * 1024
#: The kind of a number of a profile, which has no root among classes.
_NUMBER = "number"
#: A label with the id that it stands for behind it.
_WITH_ID = re.compile(r"(.*?)\s*[\[(]([A-Za-z]+:[^\s\])]+)[\])]\Z", re.DOTALL)


def unknown(what: str, near: Iterable[str], known: Iterable[str] = ()) -> TermError:
    """The error that nothing has a name, with the nearest names or those that are known."""
    shown, listed = list(near), list(known)
    told = f"Nearest: {'; '.join(shown)}." if shown else f"Known are: {'; '.join(listed[:12])}." if listed else ""
    return TermError(what, mend=told)


class Names:
    """Resolves what a cell names, over some knowledge and the rows of the sheet.

    Args:
        knowledge: what is known besides the sheet.
        declared: the rows of the sheet.
        terms: the terms that the sheet and its folder add.
        labels: the labels of outcomes, horizons and attached conditions that they add, by IRI and class.
        totals: the numbers that they add and every patient has.
    """

    def __init__(
        self,
        knowledge: Knowledge,
        declared: Declarations,
        terms: Iterable[TermRow] = (),
        labels: Mapping[str, Mapping[str, str]] | None = None,
        totals: frozenset[str] = frozenset(),
    ) -> None:
        self.knowledge = knowledge
        self.declared = declared
        self.totals = totals
        self._store = knowledge.store
        self._added = {kind: dict(held) for kind, held in (labels or {}).items()}
        self.vocabulary: Vocabulary = knowledge.vocabulary.extended(terms)
        #: People who are named by a name alone: their labels, by the IRIs that were made for them.
        self.people: dict[str, str] = {}

    # ------------------------------------------------------------ lists

    def _members(self, cls: str) -> dict[str, str]:
        """The labels of the members of a class, by IRI."""
        found = {}
        for quad in self._store.quads_for_pattern(None, _TYPE, ox.NamedNode(cls), None):
            label = self.label(quad.subject)
            if isinstance(quad.subject, ox.NamedNode) and label:
                found[quad.subject.value] = label
        return dict(sorted({**found, **self._added.get(cls, {})}.items(), key=lambda item: (item[1], item[0])))

    def label(self, node: object) -> str:
        """The label that the knowledge gives a node, "" if none."""
        if not isinstance(node, ox.NamedNode):
            return ""
        labels = (q.object for q in self._store.quads_for_pattern(node, _LABEL, None, None))
        return min((str(o.value) for o in labels if isinstance(o, ox.Literal)), default="")

    def entries(self, cls: str) -> dict[str, str]:
        """The entries of a list, or the members of a kind that is no class of terms: labels by IRI."""
        held = self._lists.get(cls)
        if held is None:
            held = self._lists[cls] = self._members(cls)
        return held

    @cached_property
    def _lists(self) -> dict[str, dict[str, str]]:
        return {}

    def entry(self, cls: str, text: str, what: str = "an entry of its list") -> str:
        """The IRI of the entry of a list that a text names, by label, code or id.

        Raises:
            TermError: none is called so.
        """
        held = self.entries(cls)
        wanted = normal(text)
        code = ox.NamedNode(ns.GG + "code")
        fitting = [iri for iri, label in held.items() if normal(label) == wanted or ns.shorten(iri) == text]
        for iri in held if not fitting else ():
            codes = (q.object for q in self._store.quads_for_pattern(ox.NamedNode(iri), code, None, None))
            if any(isinstance(o, ox.Literal) and normal(o.value) == wanted for o in codes):
                fitting.append(iri)
        if len(fitting) == 1:
            return fitting[0]
        near = nearest(text, {normal(label): [label] for label in held.values()})
        if fitting:
            raise unknown(f"{text[:60]!r} is more than one thing", [f"{held[i]} [{ns.shorten(i)}]" for i in fitting])
        raise unknown(f"{text[:60]!r} is not {what}", near, held.values())

    # ------------------------------------------------------------ terms

    def term(self, text: str, kinds: tuple[str, ...]) -> str:
        """The IRI of the one term of some kinds that a text names: a label, a synonym, an id, or a label [id].

        Raises:
            TermError: none or several do, or the label is not that of the id.
        """
        found = _WITH_ID.match(text)
        if found and ns.expand(found[2]) is not None:
            iri = self._term(found[2], kinds)
            named = {normal(name) for name in (self.term_label(iri), *self._names(iri))}
            if found[1].strip() and normal(found[1]) not in named:
                raise unknown(
                    f"{found[2]} is called {self.term_label(iri)!r}, not {found[1].strip()[:60]!r}",
                    [self.term_label(iri)],
                )
            return iri
        return self._term(text, kinds)

    def _names(self, iri: str) -> tuple[str, ...]:
        row = self.vocabulary.by_iri.get(iri)
        return row.names if row else ()

    def _term(self, text: str, kinds: tuple[str, ...]) -> str:
        for kind in kinds:
            if kind in INDIVIDUALS:
                held = self.entries(INDIVIDUALS[kind])
                named = [iri for iri, label in held.items() if normal(label) == normal(text) or ns.expand(text) == iri]
                if len(named) == 1:
                    return named[0]
        classes = tuple(kind for kind in kinds if kind in ROOTS or kind == _NUMBER)
        if classes:
            try:
                return self.vocabulary.resolve(text, classes)
            except UnknownTermError as error:
                raise TermError(error.what, mend=f"{error.mend} {NEW_TERM}") from None
        pool = {normal(label): [label] for kind in kinds for label in self.entries(INDIVIDUALS[kind]).values()}
        what = " or ".join(f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}" for kind in kinds)
        near = [label for held in pool.values() for label in held]
        raise unknown(f"{text[:60]!r} is not {what} that is known", nearest(text, pool), near)

    def term_label(self, iri: str) -> str:
        """The label of a term."""
        row = self.vocabulary.by_iri.get(iri)
        added = next((held[iri] for held in self._added.values() if iri in held), "")
        return row.label if row else added or self.label(ox.NamedNode(iri))

    def number(self, text: str) -> str:
        """The IRI of the number of a profile that a text names, by label, short name or key.

        Raises:
            TermError: none is called so.
        """
        held = self._numbers(text)
        if len(held) == 1:
            return held[0].iri
        rows = self.vocabulary.of_kind("number")
        labels = {normal(row.label): [row.label] for row in rows}
        raise unknown(f"{text[:60]!r} is no number of a profile", nearest(text, labels), [row.label for row in rows])

    def number_row(self, text: str) -> TermRow | None:
        """The number of a profile that a text names, None if none or more than one is called so."""
        held = self._numbers(text) if text else []
        return held[0] if len(held) == 1 else None

    def _numbers(self, text: str) -> list[TermRow]:
        rows = self.vocabulary.of_kind("number")
        pool: dict[str, list[TermRow]] = defaultdict(list)
        for row in rows:
            for name in {normal(n) for n in (*row.names, row.short, row.key, row.problem_key) if n}:
                pool[name].append(row)
        return pool.get(normal(text), [row for row in rows if ns.shorten(row.iri) == text])

    # ------------------------------------------------------------ documents, statements, populations

    @cached_property
    def _documents(self) -> set[str]:
        kind = ox.NamedNode(ns.GG + "Document")
        stated = self._store.quads_for_pattern(None, _TYPE, kind, None)
        own = {ns.GGD + name for name in self.declared.documents}
        return {q.subject.value for q in stated if isinstance(q.subject, ox.NamedNode)} | own

    def short_labels(self) -> dict[str, list[str]]:
        """The documents of the knowledge by short label, as IRIs."""
        found: dict[str, list[str]] = defaultdict(list)
        for quad in self._store.quads_for_pattern(None, ox.NamedNode(ns.GG + "shortLabel"), None, None):
            if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.Literal):
                found[quad.object.value].append(quad.subject.value)
        return dict(found)

    def graphs(self, iri: str) -> set[str]:
        """The named graphs of the knowledge that declare something."""
        quads = self._store.quads_for_pattern(ox.NamedNode(iri), _TYPE, None, None)
        return {quad.graph_name.value for quad in quads if isinstance(quad.graph_name, ox.NamedNode)}

    def issued(self, text: str) -> str:
        """The date of issue of a document of the knowledge by its id, "" if it has none."""
        node = ox.NamedNode(ns.GGD + text.removeprefix("ggd:")) if _iri(ns.GGD + text) else None
        held = self._store.quads_for_pattern(node, ox.NamedNode(ns.DCTERMS + "issued"), None, None) if node else ()
        return min((str(q.object.value) for q in held if isinstance(q.object, ox.Literal)), default="")

    def document(self, text: str) -> str:
        """The IRI of a document by its id.

        Raises:
            TermError: none has it.
        """
        iri = ns.GGD + text.removeprefix("ggd:").removeprefix(ns.GGD)
        if iri in self._documents:
            return iri
        ids = [known.removeprefix(ns.GGD) for known in sorted(self._documents)]
        near = nearest(text, {normal(name): [name] for name in ids})
        raise self._elsewhere(f"no document has the id {text[:60]!r}", near, iri.removeprefix(ns.GGD))

    def _elsewhere(self, what: str, near: Iterable[str], document: str) -> TermError:
        """The error that another document is not known, with where it is to be had."""
        error = unknown(what, near)
        having = [name for name, path in self._shipped if path.stem == document]
        if having:
            return TermError(what, mend=f"The domain {having[0]} has {document}: add --domain {having[0]}.")
        return TermError(what, mend=f"{error.mend} {_FIRST}".strip())

    @cached_property
    def _shipped(self) -> list[tuple[str, Path]]:
        """The documents of the domains, each with the name of its domain."""
        folders = available(self.knowledge.selected.base).items()
        return [(name, path) for name, one in folders for path in sorted((one.folder / "documents").glob("*.trig"))]

    def no_population(self, text: str) -> tuple[str, str]:
        """What is told of the id of a population that is not known, and the mend: who has it, if a domain does."""
        named = f"ggp:{text.removeprefix('ggp:')} a "
        having = next((held for held in self._shipped if named in read_text(held[1], _MOST, TermError)), None)
        told = f"{having[1].stem} of the domain {having[0]} has it: add --domain {having[0]}." if having else _FIRST
        return f"no population has the id {text[:70]!r}", told

    def statement(self, document: str, text: str) -> str:
        """The IRI of a statement: an id within the document, ``document/id``, or a document's id.

        Raises:
            TermError: nothing has it.
        """
        base = ns.BASE + "statement/"
        for iri in (f"{base}{document}/{text.removeprefix('s:')}", base + text, ns.GGD + text.removeprefix("ggd:")):
            node = ox.NamedNode(iri) if _iri(iri) else None
            if iri in self.declared.by_iri or (node and self._stands(node)):
                return iri
        stated = (one for one in self.declared.by_iri.values() if one.row.section.column("checked by"))
        own = [one.id for one in stated if one.document == document]
        near = nearest(text, {normal(name): [name] for name in own})
        what = f"no statement or document has the id {text[:60]!r}"
        if "/" in text or not own:
            raise self._elsewhere(what, near, text.partition("/")[0].removeprefix("ggd:"))
        raise unknown(what, near, own)

    def own(self, section: str, document: str, text: str, *headings: str) -> str:
        """The IRI of a row of a section of a document, by its id or what stands below some headings.

        Raises:
            TermError: none or several rows are called so.
        """
        rows = list(self.declared.of(section, document))
        fitting = [one for one in rows if one.id == text]
        for heading in headings if not fitting else ():
            fitting = [one for one in rows if normal(one.row.text(heading)) == normal(text)]
            if fitting:
                break
        if len(fitting) == 1:
            return fitting[0].iri
        what = f"the section {section!r} has no row {text[:60]!r} of {document}"
        if fitting:
            raise unknown(f"{text[:60]!r} is more than one row of {section!r}", [one.id for one in fitting])
        names = {normal(name): [one.id] for one in rows for name in (one.id, *map(one.row.text, headings)) if name}
        if not rows:
            raise TermError(what, mend=f"Add a row for it to the section {section!r}, or leave this empty.")
        raise unknown(what, nearest(text, names), [one.id for one in rows])

    def population(self, document: str, text: str) -> str:
        """The IRI of a population that is named: of the document by label or id, of another by its id; "" if none is.

        Raises:
            TermError: several of the document have the label.
        """
        rows = list(self.declared.of("populations", document))
        wanted = text.removeprefix("ggp:")
        fitting = [one for one in rows if wanted == one.id] or [
            one for one in rows if normal(one.row.text("label")) == normal(text)
        ]
        if len(fitting) > 1:
            raise unknown(f"{text[:60]!r} is more than one population", [one.id for one in fitting])
        if fitting:
            return fitting[0].iri
        iri = ns.GGP + wanted
        if iri in self.declared.by_iri:
            return iri
        return iri if iri in self.knowledge.records.branches and self._stands(ox.NamedNode(iri)) else ""

    def _stands(self, node: ox.NamedNode) -> bool:
        """Whether the knowledge has a node, in another graph than those of documents that the sheet writes anew."""
        replaced = {ns.GGG + document for document in self.declared.documents}
        quads = self._store.quads_for_pattern(node, _TYPE, None, None)
        return any(getattr(quad.graph_name, "value", "") not in replaced for quad in quads)

    def near_populations(self, document: str, text: str) -> list[str]:
        """The labels of populations of a document that are near a text."""
        labels = [one.row.text("label") for one in self.declared.of("populations", document)]
        return nearest(text, {normal(label): [label] for label in labels})[:2]

    # ------------------------------------------------------------ bodies and people

    def publisher(self, text: str) -> str:
        """The IRI of a body that publishes documents, by its label or id.

        Raises:
            TermError: none is called so.
        """
        own = {one.iri: one.row.text("label") for one in self.declared.by_section.get("publishers", ())}
        held = {**self.entries(ns.PROV + "Organization"), **own}
        wanted = (normal(text), text.removeprefix("ggo:"))
        fitting = [i for i, label in held.items() if normal(label) == wanted[0] or i.removeprefix(ns.GGO) == wanted[1]]
        if len(fitting) == 1:
            return fitting[0]
        near = nearest(text, {normal(label): [label] for label in held.values()})
        told = f"Nearest: {'; '.join(near)}. " if near else ""
        raise TermError(
            f"{text[:60]!r} is no publisher that is known", mend=f"{told}A new one is a row of 'publishers'."
        )

    def agent(self, text: str) -> str:
        """The IRI of a person or body: an ORCID, an address, one that is known by its label, or a name of its own.

        Raises:
            TermError: it is none of these, such as an ORCID with a wrong digit.
        """
        if re.match(r"https?://", text) and "orcid.org" not in text:
            if not _iri(text):
                raise TermError(f"{text[:60]!r} is not an address", mend="Write it without spaces.")
            return text
        known = {**self.entries(ns.PROV + "Agent"), **self.entries(ns.GG + "Encoder")}
        for iri, label in known.items():
            if normal(label) == normal(text) or ns.shorten(iri) == text:
                return iri
        try:
            agent = read_agent(text, "")
        except UsageError as error:
            raise TermError(error.what, mend=error.mend) from None
        if agent.names:
            self.people.setdefault(agent.iri, agent.names[0])
        return agent.iri


def _iri(text: str) -> bool:
    try:
        ox.NamedNode(text)
    except ValueError:
        return False
    return True
