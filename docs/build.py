"""Builds the site that the project's IRIs lead to: python docs/build.py FOLDER [--python PYTHON]

Ontology pages by pyLODE, the ontology and every document's graph in several forms, the JSON-LD context, the description
of the dataset and the shipped queries, laid out as docs/w3id/.htaccess expects. pyLODE needs Python 3.12 and stands in
an environment of its own: pip install -r docs/requirements.txt there, and name its Python by --python.
"""

from __future__ import annotations

import argparse
import html
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pyoxigraph as ox

import guidegraph as gg
from guidegraph import assets
from guidegraph import namespaces as ns
from guidegraph.disagree.words import manchester, simplest, words
from guidegraph.export import description, jsonld, rdf
from guidegraph.export.owlxml import owl_xml
from guidegraph.query.catalogue import catalogue

_TYPE, _LABEL, _DEFINITION = (ox.NamedNode(i) for i in (ns.RDF + "type", ns.RDFS + "label", ns.SKOS + "definition"))
_PLACE, _BASIS = (ox.NamedNode(ns.GG + name) for name in ("place", "basis"))
_ONTOLOGY = ox.NamedNode(ns.OWL + "Ontology")
_ENTITY = re.compile(r'<div class="property entity" id="([^"]*)">(?:(?!<code>).)*<code>([^<]*)</code>', re.DOTALL)


def anchor(iri: str) -> str:
    """The anchor of a term of ours on its page: term-NAME for .../term/NAME, "" for other IRIs."""
    return iri.removeprefix(ns.BASE).replace("/", "-") if iri.startswith(ns.BASE) else ""


def page(triples: set[ox.Triple], iri: str, title: str, what: str, pylode: list[str]) -> str:
    """One page by pyLODE, with anchors made of IRIs and the individuals that pyLODE leaves out.

    Raises:
        RuntimeError: pyLODE fails.
    """
    parts = {t.subject for t in triples if t.object == _ONTOLOGY}
    kept = {t for t in triples if t.subject not in parts} | _header(iri, title, what, triples)
    with tempfile.TemporaryDirectory() as folder:
        source, made = Path(folder) / "page.ttl", Path(folder) / "page.html"
        source.write_text(rdf.turtle(ox.Quad(*t) for t in kept), encoding="utf-8")
        line = [*pylode, "-p", "ontpub", "-o", str(made), str(source)]
        done = subprocess.run(line, capture_output=True, text=True, check=False)
        if done.returncode or not made.is_file():
            raise RuntimeError(f"pyLODE failed: {(done.stderr or done.stdout)[-500:]}")
        return anchored(_individuals(made.read_text(encoding="utf-8"), kept))


def _header(iri: str, title: str, what: str, triples: set[ox.Triple]) -> set[ox.Triple]:
    here = ox.NamedNode(iri)
    said = {
        ox.Triple(here, _TYPE, _ONTOLOGY),
        ox.Triple(here, ox.NamedNode(ns.DCTERMS + "title"), ox.Literal(title, language="en")),
        ox.Triple(here, ox.NamedNode(ns.DCTERMS + "description"), ox.Literal(what, language="en")),
    }
    shown = (ns.DCTERMS + "license", ns.OWL + "versionInfo")
    return said | {
        ox.Triple(here, t.predicate, t.object)
        for t in triples
        if t.subject == ox.NamedNode(ns.BASE + "ontology/core") and t.predicate.value in shown
    }


def anchored(text: str) -> str:
    """The page with the anchors that docs/w3id/.htaccess leads to, each once, and the links on it to them."""
    names: dict[str, str] = {}
    seen: set[str] = set()

    def named(match: re.Match[str]) -> str:
        name = anchor(html.unescape(match[2])) or match[1]
        names.setdefault(match[1], name)
        if name in seen:  # a functional property is listed twice
            name += "-again"
        seen.add(name)
        return match[0].replace(f'id="{match[1]}"', f'id="{name}"', 1)

    text = _ENTITY.sub(named, text)
    there = set(re.findall(r'\bid="([^"]*)"', text))

    def linked(match: re.Match[str]) -> str:
        # What has no entity of pyLODE's, as the individuals, is known by the name that is printed. pyLODE takes codes
        # of others, which the page does not have, for its own, and leads off the page to terms of ours that are on it.
        before, target, after, printed = match[1], match[2], match[3], html.unescape(match[4])
        name = names.get(target.removeprefix("#")) or anchor(html.unescape(target)) or anchor(ns.expand(printed) or "")
        for found in (name, target.removeprefix("#")):
            if found in there:
                return f'<a{before} href="#{found}"{after}>{match[4]}'
        return f"<a{before}{after}>{match[4]}" if target.startswith("#") else match[0]

    return re.sub(r'<a((?: [^>]*?)?) href="([^"]*)"([^>]*)>([^<]*)', linked, text)


def _individuals(text: str, triples: set[ox.Triple]) -> str:
    """The page with a section of the named individuals and the readings."""
    wanted = (ox.NamedNode(ns.OWL + "NamedIndividual"), ox.NamedNode(ns.GG + "TermReading"))
    found: Any = sorted({t.subject for t in triples if t.predicate == _TYPE and t.object in wanted}, key=str)
    rows = []
    for node in found:
        label, definition, kind = (_value(triples, node, p) for p in (_LABEL, _DEFINITION, _TYPE))
        # A reading has no definition: it is one, and stands where it says.
        definition = definition or _value(triples, node, _PLACE) or _value(triples, node, _BASIS)
        of = html.escape(ns.shorten(kind)) if kind else ""
        if anchor(kind):
            of = f'<a href="#{anchor(kind)}">{of}</a>'
        rows.append(
            f'<div class="property entity" id="{anchor(node.value)}"><h3>{html.escape(label)}</h3><table>'
            f"<tr><th>IRI</th><td><code>{html.escape(node.value)}</code></td></tr>"
            f"<tr><th>Description</th><td><p>{html.escape(definition)}</p></td></tr>"
            f"<tr><th>Class</th><td>{of}</td></tr></table></div>"
        )
    if not rows:
        return text
    section = f'<div class="section" id="individuals"><h2>Named Individuals</h2>{"".join(rows)}</div>'
    place = re.search(r'<div[^>]*id="namespaces"', text)
    if place is None:
        raise RuntimeError("pyLODE's page has no namespaces, before which the individuals go")
    return text[: place.start()] + section + text[place.start() :]


def _value(triples: set[ox.Triple], node: Any, prop: ox.NamedNode) -> str:
    values: list[Any] = [t.object for t in triples if t.subject == node and t.predicate == prop]
    return next((v.value for v in sorted(values, key=str) if not str(v.value).startswith(ns.OWL)), "")


def defined(kb: gg.KnowledgeBase, populations: set[ox.Triple]) -> set[ox.Triple]:
    """The populations with their class expressions in words and in Manchester syntax.

    pyLODE cannot write the ranges of numbers, so the expressions themselves are left out of its page.
    """
    kind = ox.NamedNode(ns.GG + "Population")
    found: set[ox.Triple] = {t for t in populations if t.predicate == _LABEL}
    for node in {t.subject for t in populations if t.object == kind}:
        form = simplest(kb.disagreement.grader.forms.population(node.value))  # type: ignore[union-attr]
        text = f"{words(form, kb.knowledge.phrases)}. In OWL: {manchester(form)}"
        found |= {
            ox.Triple(node, _TYPE, ox.NamedNode(ns.OWL + "Class")),
            ox.Triple(node, _DEFINITION, ox.Literal(text, language="en")),
        }
    return found


def documents(kb: gg.KnowledgeBase) -> dict[str, tuple[str, list[ox.Quad]]]:
    """For each document with a graph its id, label and quads."""
    encodes = ox.NamedNode(ns.GG + "encodes")
    found: Any = {q.object for q in kb.store.quads_for_pattern(None, encodes, None, None)}
    return {
        node.value.removeprefix(ns.GGD): (kb.records.label(node.value), rdf.document(kb.store, node.value))
        for node in sorted(found, key=str)
    }


def index(rows: dict[str, tuple[str, list[ox.Quad]]], version: str) -> str:
    """The landing page: what there is, in which forms, and the documents."""
    items = "".join(
        f'<li id="{name}">{html.escape(label)}: <a href="graph/{name}.ttl">Turtle</a>, '
        f'<a href="graph/{name}.trig">TriG</a>, <a href="graph/{name}.jsonld">JSON-LD</a></li>\n'
        for name, (label, _) in rows.items()
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>GuideGraph</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<style>body{font:16px/1.5 sans-serif;max-width:50em;margin:2em auto;padding:0 1em}</style>\n"
        '<link rel="alternate" type="application/ld+json" href="dataset.jsonld"></head><body>\n'
        f"<h1>GuideGraph {html.escape(version)}</h1>\n<p>A knowledge graph of clinical guideline recommendations. "
        "It is decision support for professionals, not advice.</p>\n<ul>"
        '<li><a href="ontology.html">Ontology</a>: <a href="ontology.ttl">Turtle</a>, '
        '<a href="ontology.rdf">RDF/XML</a>, <a href="ontology.owx">OWL/XML</a>, '
        '<a href="ontology.jsonld">JSON-LD</a></li>\n'
        '<li><a href="populations.html">Populations</a></li>\n'
        '<li>Description of the dataset: <a href="dataset.ttl">VoID and DCAT</a>, '
        '<a href="dataset.jsonld">schema.org</a></li>\n'
        '<li><a href="context.jsonld">JSON-LD context</a></li></ul>\n'
        f"<h2>Documents</h2>\n<ul>\n{items}</ul>\n</body></html>\n"
    )


def build(folder: Path, pylode: list[str]) -> None:
    """Write the whole site into a folder.

    Raises:
        RuntimeError: pyLODE fails.
    """
    kb = gg.open()
    terms: set[ox.Triple] = {q.triple for q in rdf.ontology(kb.store)}
    populations = rdf.populations(kb.store)
    whole = terms | populations
    version = f"version/{kb.version}"
    for name in ("graph", "query", version):
        (folder / name).mkdir(parents=True, exist_ok=True)
    rows = documents(kb)
    files = {
        "index.html": index(rows, kb.version),
        "context.jsonld": (assets.folder("ontology") / "context.jsonld").read_text(encoding="utf-8"),
        "dataset.ttl": description.turtle(kb.engine, kb.links.folders),
        "dataset.jsonld": description.schema_org(kb.engine, kb.links.folders),
        "ontology.ttl": rdf.turtle(ox.Quad(*t) for t in whole),
        "ontology.jsonld": jsonld.json_ld(ox.Quad(*t) for t in whole),
        "ontology.owx": owl_xml(whole),
        "ontology.rdf": (ox.serialize(sorted(whole, key=str), format=ox.RdfFormat.RDF_XML) or b"").decode(),
        **{f"query/{q.id.rpartition('/')[2]}.rq": q.text for q in catalogue(("examples",))},
    }
    for name, (_, quads) in rows.items():
        files[f"graph/{name}.ttl"] = rdf.turtle(ox.Quad(q.subject, q.predicate, q.object) for q in quads)
        files[f"graph/{name}.trig"] = rdf.trig(quads)
        files[f"graph/{name}.jsonld"] = jsonld.json_ld(quads)
    what = "Patients, recommendations, contraindications, evidence, documents; conditions, findings, interventions."
    files["ontology.html"] = page(terms - populations, ns.BASE + "ontology", "GuideGraph ontology", what, pylode)
    what = "The classes of patients that statements of documents speak of."
    told = defined(kb, populations)
    files["populations.html"] = page(told, ns.BASE + "population/", "GuideGraph populations", what, pylode)
    # A version IRI leads to what this version was: keep the folders of earlier versions when the site is built anew.
    files |= {f"{version}/{name}": text for name, text in files.items() if name.startswith("ontology.")}
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Build the site that the project's IRIs lead to.")
    parser.add_argument("folder", type=Path, help="where the site goes; made if absent")
    parser.add_argument(
        "--python", default=sys.executable, help="the Python that pyLODE is installed for (default: this one)"
    )
    options = parser.parse_args()
    try:
        build(options.folder, [options.python, str(Path(__file__).with_name("quick_pylode.py"))])
    except (RuntimeError, OSError) as error:
        sys.exit(f"error: {error}")
