"""Each file of the ontology stands by itself: what it names it declares or imports, and its closure is in OWL 2 DL."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pyoxigraph as ox
import pytest

from guidegraph import namespaces as ns
from guidegraph.export.owlxml import ONTOLOGY, owl_xml
from guidegraph.store import knowledge_files
from tests.support.paths import ROOT
from tests.support.redirects import CASES, HTML

FILES = {path.stem: [q.triple for q in ox.parse(path=str(path))] for path in sorted((ROOT / "ontology").glob("*.ttl"))}
KINDS = {
    ns.OWL + kind for kind in ("Class", "ObjectProperty", "DatatypeProperty", "AnnotationProperty", "NamedIndividual")
}
#: Documents, readings and graphs are named in provenance; they are no terms.
TERMS = (ns.GG, ns.GGT, ns.GGP, ns.GGO, ns.GGA)


def of(part: str, prop: str) -> set[str]:
    return {t.object.value for t in FILES[part] if t.predicate.value == prop}


def iri(part: str) -> str:
    ontology = ox.NamedNode(ns.OWL + "Ontology")
    return next(t.subject.value for t in FILES[part] if t.object == ontology)


def closure(part: str) -> set[str]:
    """The files that a file imports, and itself."""
    names = {iri(name): name for name in FILES}
    found, waiting = {part}, [part]
    while waiting:
        more = {names[i] for i in of(waiting.pop(), ns.OWL + "imports")} - found
        found |= more
        waiting += more
    return found


def test_the_root_imports_every_part_and_nothing_else() -> None:
    parts = {iri(part) for part in FILES} - {ONTOLOGY}
    assert iri("guidegraph") == ONTOLOGY and of("guidegraph", ns.OWL + "imports") == parts and len(parts) > 10
    assert closure("guidegraph") == set(FILES)


@pytest.mark.parametrize("part", FILES)
def test_what_a_file_names_is_declared_in_its_own_closure(part: str) -> None:
    inside = [t for name in closure(part) for t in FILES[name]]
    declared = {t.subject.value for t in inside if t.predicate.value == ns.RDF + "type" and t.object.value in KINDS}
    # A population that a document's graph defines is no part of the ontology: an annotation may speak of it.
    population = f"{ns.BASE}population/"
    said = [
        t
        for t in FILES[part]
        if t.predicate.value != ns.GG + "samePatientsAs"
        and not (t.predicate.value == ns.GG + "layLabel" and t.subject.value.startswith(population))
    ]
    used = {n.value for t in said for n in t if isinstance(n, ox.NamedNode) and n.value.startswith(TERMS)}
    assert used <= declared | set(TERMS)


@pytest.mark.parametrize("part", FILES)
def test_the_closure_of_each_file_is_owl_2_dl(part: str) -> None:
    horned = pytest.importorskip("pyhornedowl")
    profile = pytest.importorskip("pyhornedowl.profile")
    inside = [t for name in sorted(closure(part)) for t in FILES[name]]
    report = profile.check_profile(horned.open_ontology_from_string(owl_xml(inside), "owx"), "DL")
    assert report.conformant, [v.message for v in report.violations][:5]


def test_a_version_leads_to_its_version_and_one_release_has_one(repo_root: Path) -> None:
    """Each version IRI is the file's own with the version behind it, which the redirects lead to a folder of that version."""
    leads = {path: target for path, accept, target in CASES if accept == HTML}
    versions = defaultdict(set)
    for part in FILES:
        (version,) = of(part, ns.OWL + "versionIRI")
        (info,) = of(part, ns.OWL + "versionInfo")
        assert version == f"{iri(part)}/{info}"
        versions[info].add(part)
    assert set(versions) == {"0.1.0"}
    assert leads["ontology/core/0.1.0"] == "/version/0.1.0/ontology.html"
    assert re.search(r"version/\$1/ontology", (repo_root / "docs/w3id/.htaccess").read_text(encoding="utf-8"))


def test_no_file_is_read_twice() -> None:
    ontology, _ = knowledge_files(ROOT)
    assert sorted(path.stem for path in ontology) == sorted(FILES)
