"""What the audit's queries need and SPARQL cannot find: grades of overlap, windows, and passages compared with a text.

Everything goes into one graph of its own, which lasts as long as the audit.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.audit.kinds import FOLDER
from guidegraph.errors import GuideGraphError
from guidegraph.knowledge.branch import Branch, Range
from guidegraph.knowledge.disagreement import DisagreementIndex
from guidegraph.knowledge.engine import Engine, steps
from guidegraph.knowledge.normal import DISJOINT, NOT_EXCLUDED, SAME, Scope
from guidegraph.knowledge.records import gg
from guidegraph.reading import unreadable_values
from guidegraph.store import knowledge_graphs
from guidegraph.termreadings import HIGHEST, LOWEST

GRAPH = ox.NamedNode(ns.AUDIT_GRAPH)
_REQUEST = ox.NamedNode(ns.AUD + "request")
#: The number of a patient that the windows of headings speak of.
_WEEKS = gg("symptomWeeks")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?", re.ASCII)


def aud(name: str) -> ox.NamedNode:
    """A term of the audit's facts."""
    return ox.NamedNode(ns.AUD + name)


class Facts:
    """Prepares the facts of one audit in the store of an engine."""

    def __init__(self, engine: Engine, index: DisagreementIndex) -> None:
        self._engine = engine
        self._index = index
        #: Steps that could not be run, with the reason.
        self.failed: dict[str, str] = {}

    @contextmanager
    def prepared(
        self, as_of: date, maximum_age: int | None, states: Iterable[tuple[str, str]] = ()
    ) -> Iterator[dict[str, str]]:
        """Run the steps; gives the failed ones with their reasons until the block ends, then clears up.

        Args:
            as_of: the day of the audit.
            maximum_age: years after which a document is older than the reader accepts, or None.
            states: (place, what became of its passage) from comparing a document with its text.
        """
        try:
            day = ox.Literal(as_of.isoformat(), datatype=ox.NamedNode(ns.XSD + "date"))
            self._add((_REQUEST, aud("asOf"), day))
            if maximum_age is not None:
                self._add((_REQUEST, aud("maximumAge"), ox.Literal(maximum_age)))
            for place, told in states:
                self._add((ox.NamedNode(place), aud("state"), ox.Literal(told)))
            self._unreadable()
            computed: dict[str, Callable[[], None]] = {
                f"{FOLDER}/00-size": lambda: None,
                f"{FOLDER}/21-patients": lambda: None,
                f"{FOLDER}/22-pairs": self._grades,
                f"{FOLDER}/23-windows": self._windows,
                f"{FOLDER}/24-populations": lambda: None,
                f"{FOLDER}/50-relations": lambda: None,
            }
            for step in steps(FOLDER):
                if step.name.rpartition("/")[2][0].isdigit():
                    self._step(step.name, computed.get(step.name))
            yield self.failed
        finally:
            self._engine.store.clear_graph(GRAPH)

    def _step(self, name: str, computed: Callable[[], None] | None) -> None:
        try:
            if computed is None:
                self._engine.construct(name, GRAPH)
            else:
                computed()
        except GuideGraphError as error:
            self.failed[name] = str(error)
        except (SyntaxError, ValueError, OSError, RuntimeError) as error:
            self.failed[name] = " ".join(str(error).split())[:200]

    def _add(self, *triples: tuple[ox.NamedNode, ox.NamedNode, ox.NamedNode | ox.Literal]) -> None:
        self._engine.store.extend([ox.Quad(s, p, o, GRAPH) for s, p, o in triples])

    def _unreadable(self) -> None:
        """The values that cannot be read, told of what says them or of the named node around it."""
        store = self._engine.store
        quads = (q for graph in knowledge_graphs(store) for q in store.quads_for_pattern(None, None, None, graph))
        for quad, reason in list(unreadable_values(quads)):
            told = ox.Literal(f"{ns.shorten(quad.predicate.value)}: {reason}")
            store.add(ox.Quad(self._named(quad.subject), aud("unreadable"), told, GRAPH))

    def _named(self, node: Any) -> Any:
        """The nearest node with a name that a node is a part of; the node itself if there is none."""
        part, seen = node, {node}
        while isinstance(part, ox.BlankNode):
            quads = self._engine.store.quads_for_pattern(None, None, part, None)
            above = sorted((q.subject for q in quads if q.subject not in seen), key=str)
            if not above:
                return node
            part = above[0]
            seen.add(part)
        return part

    def _scopes(self) -> dict[str, Scope]:
        """Own population and indications of each statement that is compared."""
        found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for statement, prop, value in self._engine.select(f"{FOLDER}/21-patients"):
            found[statement][prop].append(value)
        return {
            statement: Scope(props.get(gg("population"), [""])[0], tuple(sorted(props.get(gg("indication"), ()))))
            for statement, props in found.items()
            # Nobody's population meets none, and is reported as such.
            if self._index.grader.forms.population(props.get(gg("population"), [""])[0])
        }

    def _grades(self) -> None:
        """Whether the patients of the two statements of a pair meet.

        Evidence often states only the condition that was studied; then the indications tell. Nothing is known of a
        pair whose side states neither.
        """
        scopes, triples, grader = self._scopes(), [], self._index.grader
        for item, other in self._engine.select(f"{FOLDER}/22-pairs"):
            if item not in scopes or other not in scopes:
                continue
            mine, theirs = scopes[item], scopes[other]
            one, two = ox.NamedNode(item), ox.NamedNode(other)
            if mine.population and theirs.population:
                grade = grader.grade(mine, theirs).grade
                apart = grade in (DISJOINT, NOT_EXCLUDED)
                if grade == SAME:
                    triples.append((one, aud("same"), two))
            elif mine.indications and theirs.indications:
                apart = not grader.related(mine.indications, theirs.indications)
            else:
                continue
            triples.append((one, aud("apart" if apart else "meets"), two))
        self._add(*triples)

    def _windows(self) -> None:
        """Populations that nobody fits, and statements that nobody fits inside the window of their section."""
        forms = self._index.grader.forms
        empty = [p for p in self._engine.select(f"{FOLDER}/24-populations") if not forms.population(p[0])]
        self._add(*((ox.NamedNode(p), aud("nobody"), ox.Literal(True)) for (p,) in empty))
        nobody = {p for (p,) in empty}
        for statement, population, section, start, end in self._engine.select(f"{FOLDER}/23-windows"):
            if population in nobody:
                continue
            weeks = [Decimal(text) if _NUMBER.fullmatch(text) else None for text in (start, end)]
            if any(text and number is None for text, number in zip((start, end), weeks, strict=True)):
                told = f"an end of its window is no number: {start[:60]!r} to {end[:60]!r}"
                self._add((ox.NamedNode(section), aud("unreadable"), ox.Literal(told)))
                continue
            low = (weeks[0], 0) if weeks[0] is not None else LOWEST
            high = (weeks[1], 0) if weeks[1] is not None else HIGHEST
            inside = Branch().add((Range(_WEEKS, low, high), True))
            if inside is None or not forms.meets(forms.population(population), (inside,)):
                self._add((ox.NamedNode(statement), aud("outsideWindow"), ox.NamedNode(section)))
