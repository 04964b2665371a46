"""What a code of another terminology says in our terms: by its mapping, else by its nearest mapped ancestor.

The walk up an external hierarchy ends at the first row that stands for its subtree: above it our own hierarchy holds,
so that a hierarchy that contradicts ours never adds a fact about a patient (docs/links.md). A row without that mark
says nothing of what is below its code: it is told, and the walk goes on.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from urllib.parse import unquote

from guidegraph.terminologies.another import Coverage, Elsewhere, elsewhere
from guidegraph.terminologies.model import HAS, CodeReading, ExternalTerm, Terminology, claims
from guidegraph.terminologies.model import Mapping as Row
from guidegraph.terminologies.modules import Module, code_iri

#: Predicates by which whoever has the code has our class, and by which whoever lacks the code lacks it.
_LACKS = ("exact", "broad")
_CURIE = re.compile(r"([A-Za-z][\w.-]*):(\S.*)\Z")
_MEANS = {"exact": "means the same as", "narrow": "is a kind of", "broad": "is wider than", "close": "only resembles"}
_DENIES = {"exact": "does not mean", "narrow": "is no kind of", "broad": "is not wider than", "close": "is not like"}
#: What a negated row denies of the walks: that whoever has the code has our class, that whoever lacks it lacks it.
_NOT_HAS, _NOT_LACKS = ("narrow", "close"), ("broad", "close")


#: Those of some terms of ours that, present or absent, tell more than the others.
Telling = Callable[[Sequence[str], bool], Sequence[str]]


class Codes:
    """Reads codes of other terminologies through mappings and linked hierarchies.

    Args:
        rows: the mapping tables.
        terminologies: the registry by prefix.
        hierarchies: gives the linked hierarchies of a prefix; asked only where the tables do not know a code.
        label: gives the label of a term of ours.
        telling: gives those of some terms of ours that tell more than the others, present or absent.
        coverage: what was reviewed as covering, by prefix; where nothing was, no code is understood as another thing.
        lexica: gives the codes of a prefix that the lexicon of names places; asked where no linked hierarchy has one.
    """

    def __init__(
        self,
        rows: Iterable[Row],
        terminologies: Mapping[str, Terminology],
        hierarchies: Callable[[str], Sequence[Module]],
        label: Callable[[str], str],
        telling: Telling = lambda classes, present: classes,
        coverage: Mapping[str, Coverage] | None = None,
        lexica: Callable[[str], Sequence[Module]] = lambda prefix: (),
    ) -> None:
        self._telling = telling
        self._coverage = coverage or {}
        self._lexica = lexica
        self.terminologies = terminologies
        self._hierarchies = hierarchies
        self._label = label
        self._prefixes = {prefix.casefold(): prefix for prefix in terminologies}
        self._systems = {name: t.prefix for t in terminologies.values() for name in (*t.fhir, *t.omop, t.prefix)}
        self._rows: dict[str, list[Row]] = defaultdict(list)
        self._denied: dict[str, list[Row]] = defaultdict(list)
        self._of: dict[str, list[Row]] = defaultdict(list)
        self._to: dict[str, list[Row]] = defaultdict(list)
        given = tuple(rows)
        for row in claims(given):
            self._of[row.subject].append(row)
            if row.curie:
                self._rows[row.curie].append(row)
                self._to[row.curie.partition(":")[0]].append(row)
        for row in given:
            if row.negated:
                self._denied[row.curie].append(row)
        self._known: dict[str, CodeReading] = {}
        self._children: dict[str, Mapping[str, Sequence[str]]] = {}

    def prefix_of(self, system: str) -> str | None:
        """The CURIE prefix of a FHIR system URI or an OMOP vocabulary id, None for one that is not in the registry."""
        return self._systems.get(system)

    def curie(self, text: str) -> str | None:
        """The CURIE that a text (a CURIE or a class's IRI) is, with the registry's prefix; None for any other text."""
        for known in self.terminologies.values():
            if text.startswith(known.iri) and len(text) > len(known.iri):
                return f"{known.prefix}:{unquote(text[len(known.iri) :])}"
        found = _CURIE.match(text.strip())
        prefix = self._prefixes.get(found[1].casefold()) if found else None
        return f"{prefix}:{found[2].strip()}" if found and prefix else None

    def iri(self, curie: str) -> str:
        """The IRI of a code's class."""
        prefix, _, code = curie.partition(":")
        return code_iri(self.terminologies[prefix].iri, code)

    def mappings(self, subject: str) -> tuple[Row, ...]:
        """The mappings of a term of ours, the exact ones first; an empty CURIE says that nothing was found."""
        return tuple(sorted(self._of.get(subject, ()), key=lambda row: (list(_MEANS).index(row.predicate), row)))

    def read(self, curie: str) -> CodeReading:
        """What a code says of a patient, with the steps that lead there (see :class:`CodeReading`)."""
        known = self._known.get(curie)
        if known is None:
            known = self._known[curie] = self._read(self.curie(curie) or curie)
        return known

    def around(self, curie: str) -> CodeReading:
        """What a mapped code says by those above and below it in the linked hierarchies, its own rows left out."""
        prefix, _, code = curie.partition(":")
        up, down = _Walk(self, prefix, code, own=False), _Walk(self, prefix, code, own=False)
        return CodeReading(curie, present=up.up(), absent=down.down())

    def _read(self, curie: str) -> CodeReading:
        prefix, _, code = curie.partition(":")
        if prefix not in self.terminologies:
            return CodeReading(curie, steps=(f"{prefix or 'no prefix'} is no terminology that is mapped",))
        up, down = _Walk(self, prefix, code), _Walk(self, prefix, code)
        present, absent = self.telling(up.up(), True), self.telling(down.down(), False)
        steps = tuple(dict.fromkeys(up.steps)) if present else up.why()
        denied = tuple(dict.fromkeys(down.steps)) if absent else steps
        sources = tuple(sorted(up.sources | down.sources))
        below = self.telling(up.below, True)
        reading = CodeReading(curie, up.label(), present, absent, steps, self.iri(curie), denied, sources, below)
        other = None if present else up.elsewhere(self._coverage.get(prefix), self._to[prefix])
        if other is None:
            return reading
        if other.refusal:
            return replace(reading, steps=tuple(dict.fromkeys((*steps, other.refusal))))
        kind = f"{up.curie()} ({up.label()}) is something else than our terms {up.cite()}"
        return replace(
            reading,
            steps=(*up.moved, kind),
            sources=tuple(sorted({*sources, up.source()})),
            another=self._coverage[prefix].lists,
            denies=other.denies,
            may=other.may,
        )

    def telling(self, classes: Collection[str], present: bool) -> tuple[str, ...]:
        """Those of some classes that tell more than the others, sorted."""
        return tuple(sorted(self._telling(sorted(classes), present)))

    def rows(self, curie: str) -> list[Row]:
        """The mapping rows of a code that claim a match which no row denies."""
        return self._rows.get(curie, [])

    def denials(self, curie: str) -> list[Row]:
        """The negated mapping rows of a code: no match, and so never a reading of it."""
        return self._denied.get(curie, [])

    def tell(self, row: Row) -> str:
        """A mapping row in words, with its source."""
        label = f" ({row.label})" if row.label else ""
        means = (_DENIES if row.negated else _MEANS)[row.predicate]
        return f"{row.curie}{label} {means} {self._label(row.subject)} [mapping table {row.table}]"

    def children(self, hierarchy: Module) -> Mapping[str, Sequence[str]]:
        """The codes directly below each code of a hierarchy, without combination products and obsolete codes."""
        if hierarchy.name not in self._children:
            below: dict[str, list[str]] = defaultdict(list)
            for term in hierarchy.terms.values():
                if not term.combination and not term.obsolete:
                    for parent in term.parents:
                        below[parent].append(term.code)
            self._children[hierarchy.name] = {parent: sorted(codes) for parent, codes in below.items()}
        return self._children[hierarchy.name]

    def hierarchies(self, prefix: str) -> Iterator[Module]:
        """What places the codes of a prefix: linked hierarchies, then the lexicon of names."""
        yield from self.linked(prefix)
        yield from self._lexica(prefix)

    def linked(self, prefix: str) -> Sequence[Module]:
        """The linked hierarchies of a prefix."""
        return self._hierarchies(prefix)


class _Walk:
    """One reading of one code."""

    def __init__(self, codes: Codes, prefix: str, code: str, *, own: bool = True) -> None:
        self._codes, self._prefix, self._code = codes, prefix, code
        self._own = codes.rows(f"{prefix}:{code}") if own else []
        self._denials = codes.denials(f"{prefix}:{code}")
        #: What rows of codes above it deny of it, too.
        self._inherited: list[Row] = []
        self.steps: list[str] = []
        self.sources: set[str] = set()
        #: The classes that whoever has what is below the code has, too.
        self.below: set[str] = set()
        self._unreviewed: list[str] = []
        #: The steps from an obsolete code to its successor.
        self.moved: tuple[str, ...] = ()
        self._found: tuple[Module, ExternalTerm] | None = None
        # A code that the tables place among our classes needs no hierarchy, which takes a while to read.
        if not any(row.predicate in HAS for row in self._own):
            places = codes.hierarchies(prefix) if own else codes.linked(prefix)
            self._found = next(((h, h.terms[code]) for h in places if code in h.terms), None)
        if self._found and not self._own:
            self._replace()

    def _curie(self, code: str) -> str:
        return f"{self._prefix}:{code}"

    def _replace(self) -> None:
        """An obsolete code with one successor is read as that."""
        assert self._found is not None
        hierarchy, term = self._found
        if term.obsolete and len(term.replaced_by) == 1 and term.replaced_by[0] in hierarchy.terms:
            new = term.replaced_by[0]
            self.steps.append(
                f"{self._curie(term.code)} is obsolete, replaced by {self._curie(new)} {_cite(hierarchy)}"
            )
            self.moved = tuple(self.steps)
            self._code, self._found = new, (hierarchy, hierarchy.terms[new])
            self._own = self._codes.rows(self._curie(new))
            self._denials = [*self._denials, *self._codes.denials(self._curie(new))]

    def curie(self) -> str:
        """The code that is read."""
        return self._curie(self._code)

    def cite(self) -> str:
        """The hierarchy that has the code, as a step cites it."""
        return _cite(self._found[0]) if self._found else ""

    def source(self) -> str:
        """The name of the hierarchy that has the code."""
        return self._found[0].name if self._found else ""

    def elsewhere(self, coverage: Coverage | None, rows: Sequence[Row]) -> Elsewhere | None:
        """What the code says of the terms that it is none of; None where it is not found, or is below a mapped code."""
        if coverage is None or self._found is None or self._unreviewed or self._own_or_denied():
            return None
        hierarchy, term = self._found
        return elsewhere(coverage, term, hierarchy, rows)

    def _own_or_denied(self) -> bool:
        return any(row.predicate in HAS for row in (*self._own, *self._denials, *self._inherited))

    def label(self) -> str:
        """The terminology's own label of the code, "" where nobody tells it."""
        rows = self._own or self._denials
        return rows[0].label if rows else self._found[1].label if self._found else ""

    def up(self) -> tuple[str, ...]:
        """The classes of ours that whoever has the code has."""
        direct = [row for row in self._own if row.predicate in HAS]
        if direct or not self._found:
            self.below.update(row.subject for row in direct if row.subtree)
            return self._take(direct, True)
        classes = self._climb(*self._found)
        self.below.update(classes)
        return classes

    def _denied_above(self, hierarchy: Module, start: ExternalTerm) -> Iterator[Row]:
        """The negated rows of codes above a code that stand for all below theirs."""
        seen, left = {start.code}, [start]
        while left:
            for code in left.pop().parents:
                if code in hierarchy.terms and code not in seen:
                    seen.add(code)
                    left.append(hierarchy.terms[code])
                    yield from (row for row in self._codes.denials(self._curie(code)) if row.subtree)

    def _climb(self, hierarchy: Module, start: ExternalTerm) -> tuple[str, ...]:
        classes: set[str] = set()
        self._inherited = list(self._denied_above(hierarchy, start))
        seen, left = {start.code}, [start]
        while left:
            term = left.pop(0)
            if term.combination or term.obsolete:
                continue
            for code in term.parents:
                higher = hierarchy.terms.get(code)
                if higher is None or code in seen or higher.rules_out(start.code):
                    continue
                seen.add(code)
                rows = self._undenied(code, HAS, _NOT_HAS)
                whole = [row for row in rows if row.subtree]
                if whole:
                    self._step(hierarchy, start, higher)
                    classes.update(self._take(whole, True))
                else:
                    self._unreviewed += [f"{self._between(start, higher)}, and {self._alone(row)}" for row in rows]
                    left.append(higher)
        return tuple(sorted(classes))

    def _alone(self, row: Row) -> str:
        """That a row stands for its code alone, and what would let it stand for more."""
        return f"{self._codes.tell(row)}, for that code alone until somebody has reviewed what is below it"

    def down(self) -> tuple[str, ...]:
        """The classes of ours that whoever lacks the code lacks."""
        direct = [row for row in self._own if row.predicate in _LACKS]
        classes = set(self._take(direct, False))
        if self._found and not any(row.predicate == "exact" for row in direct):
            classes.update(self._descend(*self._found))
        return tuple(sorted(classes))

    def _descend(self, hierarchy: Module, start: ExternalTerm) -> set[str]:
        below = self._codes.children(hierarchy)
        classes: set[str] = set()
        seen, left = {start.code}, [start.code]
        while left:
            for code in below.get(left.pop(0), ()):
                if code in seen or start.rules_out(code):
                    continue
                seen.add(code)
                rows = self._undenied(code, _LACKS, _NOT_LACKS)
                if rows:
                    self._step(hierarchy, hierarchy.terms[code], start)
                    classes.update(self._take(rows, False))
                else:
                    left.append(code)
        return classes

    def _undenied(self, code: str, claims: Sequence[str], denials: Sequence[str]) -> list[Row]:
        """The rows of a code that the walk may end at: those whose class no row denies of the code that is read."""
        rows = [row for row in self._codes.rows(self._curie(code)) if row.predicate in claims]
        denied = {row.subject: row for row in (*self._inherited, *self._denials) if row.predicate in denials}
        for row in rows:
            if row.subject in denied:
                self.steps.append(self._codes.tell(denied[row.subject]))
                self.sources.add(f"{denied[row.subject].table}.sssom.tsv")
        return [row for row in rows if row.subject not in denied]

    def _step(self, hierarchy: Module, lower: ExternalTerm, higher: ExternalTerm) -> None:
        self.sources.add(hierarchy.name)
        self.steps.append(f"{self._between(lower, higher)} {_cite(hierarchy)}")

    def _between(self, lower: ExternalTerm, higher: ExternalTerm) -> str:
        # Of groups above a code the lexicon has no label.
        one, other = (f"{self._curie(t.code)} ({t.label})" if t.label else self._curie(t.code) for t in (lower, higher))
        return f"{one} is below {other}"

    def _take(self, rows: Sequence[Row], present: bool) -> tuple[str, ...]:
        """The classes of some rows that tell more than the others of them, with the step to each."""
        classes = self._codes.telling({row.subject for row in rows}, present)
        kept = [row for row in rows if row.subject in classes]
        self.steps += [self._codes.tell(row) for row in kept]
        self.sources.update(f"{row.table}.sssom.tsv" for row in kept)
        return classes

    def why(self) -> tuple[str, ...]:
        """Why the code says nothing in our terms."""
        if self._found and self._found[1].combination:
            return (*self.steps, "it is a combination product, which is no kind of its group: name its ingredients")
        if self._found and self._found[1].obsolete:
            return (*self.steps, f"it is obsolete {_cite(self._found[0])}")
        if self._own or self._denials or self._inherited:
            told = map(self._codes.tell, (*self._own, *self._denials, *self._inherited))
            return tuple(dict.fromkeys((*self.steps, *told)))
        if self._unreviewed:
            return tuple(dict.fromkeys((*self.steps, *self._unreviewed)))
        linked = self._codes.linked(self._prefix)
        if not linked:
            return ("it is in no mapping table, and no hierarchy of its terminology is linked",)
        cited = ", ".join(_cite(h) for h in linked)
        if self._found:
            return (f"neither it nor anything above it is mapped {cited}",)
        return (f"it is in no mapping table and in no linked hierarchy {cited}",)


def _cite(hierarchy: Module) -> str:
    return f"[{hierarchy.title}, {hierarchy.version}]" if hierarchy.version else f"[{hierarchy.title}]"
