"""How pairs of populations relate, by HermiT: the oracle of the grades of overlap."""

from __future__ import annotations

from collections.abc import Iterable

import pyoxigraph as ox

from guidegraph.reason.axioms import Axioms, subclass
from guidegraph.reason.hermit import check_classes
from guidegraph.reason.questions import _ASKED, Source, _text


def populations_together(
    ontology: Source | Axioms, pairs: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], tuple[bool, bool, bool]]:
    """How each pair (a, b) of populations relates: can meet, a lies inside b, b lies inside a.

    Each population and its complement is written once and named by every pair, so that thousands of pairs end in
    seconds. Raises ``KnowledgeError``.
    """
    axioms = ontology if isinstance(ontology, Axioms) else Axioms(ontology)
    wanted = list(pairs)
    number = {iri: at for at, iri in enumerate(sorted({iri for pair in wanted for iri in pair}))}
    lines = axioms.logical()
    for iri, at in number.items():
        node = axioms.population(iri)
        lines += subclass(f"{_ASKED}q{at}", [axioms.copy(node, lines)])
        lines += subclass(f"{_ASKED}n{at}", [axioms.negated(node, lines)])
    classes = []
    for a, b in wanted:
        for one, other in (("q", "q"), ("q", "n"), ("n", "q")):
            name = f"{_ASKED}{one}{number[a]}{other}{number[b]}"
            parts = [ox.NamedNode(f"{_ASKED}{one}{number[a]}"), ox.NamedNode(f"{_ASKED}{other}{number[b]}")]
            lines += subclass(name, parts)
            classes.append(name)
    verdicts = check_classes(_text(lines), classes)
    found = {}
    for a, b in wanted:
        meet, only_a, only_b = (
            verdicts[f"{_ASKED}{one}{number[a]}{other}{number[b]}"]
            for one, other in (("q", "q"), ("q", "n"), ("n", "q"))
        )
        found[a, b] = (meet, not only_a, not only_b)
    return found
