"""Descriptions, ontology pages, redirects and citation: what makes the knowledge base findable."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pyoxigraph as ox
import pytest
import rdflib
import yaml
from rdflib.namespace import DCTERMS, RDF, SH, VOID

from guidegraph import namespaces as ns
from guidegraph.errors import KnowledgeError
from guidegraph.export import description, graphs
from guidegraph.export.linksets import linksets
from guidegraph.store import DERIVED
from tests.optional import cache, needs, wheel

Run = Callable[..., CompletedProcess[str]]
DATASET = rdflib.URIRef(description.DATASET)
DCAT = "http://www.w3.org/ns/dcat#"


def listed(name: str) -> set[str]:
    """The terms of a vocabulary as rdflib lists them."""
    return {str(term) for term in dir(getattr(rdflib, name))}


@pytest.fixture(scope="module")
def described(kb: Any, repo_root: Path) -> rdflib.Graph:
    return rdflib.Graph().parse(data=description.turtle(kb.engine, repo_root), format="turtle")


# ---------------------------------------------------------------- VoID, DCAT, schema.org


def test_every_term_is_a_term_of_its_vocabulary(described: rdflib.Graph) -> None:
    used = {*described.predicates(), *described.objects(None, RDF.type)}
    assert len(used) > 25
    known = set().union(*map(listed, ("DCAT", "DCTERMS", "FOAF", "OWL", "RDF", "RDFS", "SH", "VOID")))
    # rdflib keeps void:class apart, since it is a word of Python, and lists DCAT 2: dcat:version came with DCAT 3.
    assert "class" in rdflib.VOID._extras
    assert {str(term) for term in used} <= known | {f"{DCAT}version", f"{VOID}class"}


def test_the_figures_are_those_of_the_store(kb: Any, described: rdflib.Graph) -> None:
    quads = graphs.everything(kb.store)
    assert int(str(described.value(DATASET, VOID.triples))) == len(quads)
    assert int(str(described.value(DATASET, VOID.distinctSubjects))) == len({q.subject for q in quads})
    named = {q.graph_name.value for q in quads}
    links = set(described.subjects(RDF.type, VOID.Linkset))
    subsets = {str(s) for s in set(described.objects(DATASET, VOID.subset)) - links}
    assert subsets == named and not subsets & set(DERIVED)
    for graph in named:
        wanted = sum(q.graph_name.value == graph for q in quads)
        assert int(str(described.value(rdflib.URIRef(graph), VOID.triples))) == wanted
    types = [q for q in quads if q.predicate.value == ns.RDF + "type" and isinstance(q.object, ox.NamedNode)]
    partitions = {
        str(described.value(p, VOID["class"])): int(str(described.value(p, VOID.entities)))
        for p in described.objects(DATASET, VOID.classPartition)
    }
    assert set(partitions) == {q.object.value for q in types}
    for kind in ("Recommendation", "Contraindication", "Document"):
        assert partitions[ns.GG + kind] == len({q.subject for q in types if q.object.value == ns.GG + kind})
    properties = {str(described.value(p, VOID.property)) for p in described.objects(DATASET, VOID.propertyPartition)}
    assert properties == {q.predicate.value for q in quads}
    assert int(str(described.value(DATASET, VOID.properties))) == len(properties)


def test_examples_and_dates_are_of_the_data(kb: Any, described: rdflib.Graph) -> None:
    examples = list(described.objects(DATASET, VOID.exampleResource))
    assert len(examples) == 5
    for example in examples:
        assert any(kb.store.quads_for_pattern(ox.NamedNode(str(example)), None, None, None))
    days = {q.object.value for q in kb.store.quads_for_pattern(None, ox.NamedNode(ns.DCTERMS + "created"), None, None)}
    assert str(described.value(DATASET, DCTERMS.issued)) == min(days)
    assert str(described.value(DATASET, DCTERMS.modified)) == max(days)
    assert not list(described.objects(None, rdflib.URIRef(f"{DCAT}contactPoint"))), "no contact is stated"


def test_the_queries_of_the_description_run(kb: Any, described: rdflib.Graph) -> None:
    texts = [str(t) for t in described.objects(None, SH.select)]
    assert len(texts) > 5
    for text in texts:
        assert list(kb.store.query(text, use_default_graph_as_union=True)) is not None


def test_the_shape_of_a_catalogue(described: rdflib.Graph, repo_root: Path) -> None:
    """What DCAT-AP 3 makes mandatory, and what every distribution of ours must say (tests/findable/dcat.ttl)."""
    import pyshacl

    shapes = rdflib.Graph().parse(repo_root / "tests/findable/dcat.ttl")
    conforms, _, text = pyshacl.validate(described, shacl_graph=shapes)
    assert conforms, text
    for subject, predicate in ((DATASET, DCTERMS.title), (DATASET, DCTERMS.description), (DATASET, DCTERMS.license)):
        worse = rdflib.Graph() + described
        worse.remove((subject, predicate, None))
        assert not pyshacl.validate(worse, shacl_graph=shapes)[0], predicate


def test_the_same_bytes_every_time(cli: Run, kb: Any, repo_root: Path) -> None:
    for form, text in (("turtle", description.turtle), ("schema-org", description.schema_org)):
        done = cli("export", "description", "--format", form, PYTHONHASHSEED="7")
        assert done.returncode == 0 and done.stdout == text(kb.engine, repo_root)


def test_schema_org_uses_its_terms(kb: Any, repo_root: Path) -> None:
    told = json.loads(description.schema_org(kb.engine, repo_root))

    def terms(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            yield from (key for key in node if not key.startswith("@"))
            yield from ([node["@type"]] if "@type" in node else [])
        for value in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            yield from terms(value)

    used = set(terms(told))
    assert {"Dataset", "license", "hasPart", "distribution"} <= used
    assert {f"https://schema.org/{term}" for term in used} <= listed("SDO")
    assert len(told["hasPart"]) > 80 and told["version"] == kb.version and told["license"].startswith("https://")


TERMINOLOGIES = "MONDO:\n  title: Mondo Disease Ontology\n  iri: http://purl.obolibrary.org/obo/MONDO_\n"
TABLE = """#curie_map: {}
subject_id\tpredicate_id\tobject_id\tobject_label
ggt:A\tskos:exactMatch\tMONDO:1\tx
ggt:B\tskos:exactMatch\tMONDO:2\ty
ggt:C\tskos:broadMatch\tMONDO:3\tz
ggt:D\tskos:exactMatch\tsssom:NoTermFound\t
"""


def test_tables_of_links_are_linksets(tmp_path: Path) -> None:
    (tmp_path / "terminologies.yaml").write_text(TERMINOLOGIES, encoding="utf-8")
    assert list(linksets(tmp_path, description.DATASET)) == []
    (tmp_path / "mondo.sssom.tsv").write_text(TABLE, encoding="utf-8")
    graph = rdflib.Graph()
    graph.parse(
        data=ox.serialize(linksets(tmp_path, description.DATASET), format=ox.RdfFormat.N_TRIPLES) or b"", format="nt"
    )
    counts = {
        str(graph.value(s, VOID.linkPredicate)): int(str(graph.value(s, VOID.triples)))
        for s in graph.subjects(RDF.type, VOID.Linkset)
    }
    assert counts == {ns.SKOS + "exactMatch": 2, ns.SKOS + "broadMatch": 1}
    assert {str(o) for o in graph.objects(None, VOID.uriSpace)} == {"http://purl.obolibrary.org/obo/MONDO_"}


@pytest.mark.parametrize(
    ("table", "told"),
    [("subject_id\tobject_id\n", "no column predicate_id"), (TABLE.replace("MONDO", "NOPE"), "no terminology")],
)
def test_a_broken_table_of_links_is_an_error(tmp_path: Path, table: str, told: str) -> None:
    (tmp_path / "terminologies.yaml").write_text(TERMINOLOGIES, encoding="utf-8")
    (tmp_path / "x.sssom.tsv").write_text(table, encoding="utf-8")
    with pytest.raises(KnowledgeError, match=told):
        list(linksets(tmp_path, description.DATASET))


# ---------------------------------------------------------------- the site


class Page(HTMLParser):
    """Anchors of a page, links to anchors on it, and the text of each entity."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: set[str] = set()
        self.texts: dict[str, str] = {}
        self._entity = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if said.get("id"):
            self.ids.append(str(said["id"]))
        if (said.get("href") or "").startswith("#"):
            self.links.add(str(said["href"])[1:])
        if tag == "div" and "entity" in (said.get("class") or ""):
            self._entity = str(said["id"])
            self.texts[self._entity] = ""

    def handle_data(self, data: str) -> None:
        if self._entity:
            self.texts[self._entity] += f" {data}"


def newest_python() -> str | None:
    """A Python that pyLODE runs on (3.12 or newer), or None."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = [shutil.which(f"python3.{minor}") for minor in (14, 13, 12)]
    found += [str(p) for p in sorted(pyenv.glob("3.1[234].*/bin/python"), reverse=True)]
    for candidate in found if sys.version_info < (3, 12) else [sys.executable]:
        if (
            candidate
            and subprocess.run(
                [candidate, "-c", "import sys; sys.exit(sys.version_info < (3, 12))"], check=False, capture_output=True
            ).returncode
            == 0
        ):
            return candidate
    return None


@pytest.fixture(scope="session")
def site(repo_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site; pyLODE stands in an environment of its own."""
    import fcntl

    python = newest_python()
    needs(python, "pyLODE needs Python 3.12 or newer, and none is at hand")
    pytest.importorskip("pyld")
    home = cache() / "pylode-3.6.0"
    with (cache() / "pylode.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "done").exists():
            subprocess.run(
                [str(python), "-m", "venv", "--clear", str(home)], check=True, timeout=120, capture_output=True
            )
            line = [str(home / "bin/pip"), "install", "-q", "-r", str(repo_root / "docs/requirements.txt")]
            done = subprocess.run(line, check=False, timeout=600, capture_output=True, text=True)
            needs(done.returncode == 0, f"pyLODE cannot be installed: {done.stderr[-200:]}")
            (home / "done").touch()
    folder = tmp_path_factory.mktemp("site")
    line = [sys.executable, str(repo_root / "docs/build.py"), str(folder), "--pylode", str(home / "bin/pylode")]
    done = subprocess.run(line, check=False, timeout=900, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-1000:]
    return folder


def ours(kb: Any) -> dict[str, tuple[str, str]]:
    """Every term of ours that the ontology defines: its IRI, label and definition."""
    found: dict[str, tuple[str, str]] = {}
    for quad in graphs.ontology(kb.store):
        if quad.predicate.value == ns.RDFS + "label" and quad.subject.value.startswith(ns.BASE):
            definition = next(
                iter(kb.store.quads_for_pattern(quad.subject, ox.NamedNode(ns.SKOS + "definition"), None, None)), None
            )
            found[quad.subject.value] = (quad.object.value, definition.object.value if definition else "")
    return found


def holds_what_the_redirects_lead_to(site: Path) -> None:
    """Every target of a redirect is a file of the site, and every graph of it can be read."""
    names = {p.relative_to(site).as_posix() for p in site.rglob("*") if p.is_file()}
    wanted = {target.removeprefix("/").partition("#")[0] or "index.html" for _, _, target in CASES if target}
    assert wanted <= names
    for path in site.rglob("*"):
        form = {".ttl": ox.RdfFormat.TURTLE, ".trig": ox.RdfFormat.TRIG, ".rdf": ox.RdfFormat.RDF_XML}.get(path.suffix)
        if form:
            assert list(ox.parse(path=str(path), format=form)), path


@pytest.mark.slow
def test_the_site(kb: Any, site: Path) -> None:
    """Every term has its anchor, label and definition; the redirects lead to files. One test, since building takes long."""
    holds_what_the_redirects_lead_to(site)
    pages = {name: Page((site / name).read_text(encoding="utf-8")) for name in ("ontology.html", "populations.html")}
    terms = ours(kb)
    assert len(terms) > 500
    for iri, (label, definition) in terms.items():
        page = pages["populations.html" if iri.startswith(ns.GGP) else "ontology.html"]
        text = " ".join(page.texts[iri.removeprefix(ns.BASE).replace("/", "-")].split())
        assert " ".join(label.split()) in text, iri
        assert definition or iri.startswith(ns.GGP), iri
        if not iri.startswith(ns.GGP):
            assert re.sub(r"\W", "", definition) in re.sub(r"\W", "", text), iri
    for name, page in pages.items():
        assert len(page.ids) == len(set(page.ids)), name
        assert page.links <= set(page.ids), name
    populations = {
        t.subject.value for t in graphs.populations(kb.store) if t.object == ox.NamedNode(ns.GG + "Population")
    }
    for iri in populations:
        assert "In OWL: (" in pages["populations.html"].texts[iri.removeprefix(ns.BASE).replace("/", "-")]


# ---------------------------------------------------------------- redirects

TURTLE, JSONLD, TRIG, HTML, ANY = (
    "text/turtle",
    "application/ld+json",
    "application/trig",
    "text/html,application/xhtml+xml,*/*;q=0.8",
    "*/*",
)
CASES = [
    ("", HTML, "/"),
    ("", ANY, "/"),
    ("ontology", HTML, "/ontology.html"),
    ("ontology", ANY, "/ontology.html"),
    ("ontology", TURTLE, "/ontology.ttl"),
    ("ontology", JSONLD, "/ontology.jsonld"),
    ("ontology", "application/rdf+xml, application/xml;q=0.5", "/ontology.rdf"),
    ("ontology", "application/owl+xml", "/ontology.owx"),
    ("ontology", TRIG, "/ontology.ttl"),
    ("ontology/core", TURTLE, "/ontology.ttl"),
    ("ontology/core/0.1.0", HTML, "/ontology.html"),
    ("vocab/Recommendation", HTML, "/ontology.html#vocab-Recommendation"),
    ("vocab/Recommendation", TURTLE, "/ontology.ttl"),
    ("vocab/", TURTLE, "/ontology.ttl"),
    ("term/Radiculopathy", HTML, "/ontology.html#term-Radiculopathy"),
    ("term/Radiculopathy", JSONLD, "/ontology.jsonld"),
    ("population/Minor", HTML, "/populations.html#population-Minor"),
    ("population/Minor", TURTLE, "/ontology.ttl"),
    ("assessment/Status", HTML, "/ontology.html#assessment-Status"),
    ("document/bmj-2025", HTML, "/#bmj-2025"),
    ("document/bmj-2025", TURTLE, "/graph/bmj-2025.ttl"),
    ("graph/bmj-2025", TRIG, "/graph/bmj-2025.trig"),
    ("graph/bmj-2025", "application/owl+xml", "/graph/bmj-2025.ttl"),
    ("graph/ontology", TRIG, "/ontology.ttl"),
    ("statement/acp-2017/ACP17-A-HEAT", TURTLE, "/graph/acp-2017.ttl"),
    ("statement/acp-2017/ACP17-A-HEAT", JSONLD, "/graph/acp-2017.jsonld"),
    ("statement/acp-2017/ACP17-A-HEAT", HTML, "/#acp-2017"),
    ("context", JSONLD, "/context.jsonld"),
    ("context", HTML, "/context.jsonld"),
    ("dataset", TURTLE, "/dataset.ttl"),
    ("dataset", JSONLD, "/dataset.jsonld"),
    ("catalog", HTML, "/"),
    ("query/red-flags", ANY, "/query/red-flags.rq"),
    ("no-such-thing", HTML, ""),
    ("statement/../secret", TURTLE, ""),
    ("termX/Radiculopathy", HTML, ""),
]  # fmt: skip
SITE = "https://guidegraph.example"


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """Shows a redirect in place of following it."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


def _modules() -> Path | None:
    return next((p for p in (Path("/usr/lib/apache2/modules"), Path("/usr/lib64/httpd/modules")) if p.is_dir()), None)


@pytest.fixture(scope="module")
def apache(repo_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Apache that serves docs/w3id as w3id.org would, on a port of this machine."""
    program, modules = shutil.which("apache2") or shutil.which("httpd") or "/usr/sbin/apache2", _modules()
    needs(Path(program).exists() and modules, "Apache is not installed (Debian: apache2)")
    folder = tmp_path_factory.mktemp("apache")
    (folder / "www/guidegraph").mkdir(parents=True)
    shutil.copy(repo_root / "docs/w3id/.htaccess", folder / "www/guidegraph/.htaccess")
    folder.chmod(0o755)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    loaded = "".join(
        f"LoadModule {name}_module {modules}/mod_{name}.so\n"
        for name in ("mpm_event", "authz_core", "rewrite", "unixd")
        if (Path(str(modules)) / f"mod_{name}.so").exists()
    )
    user = "User www-data\nGroup www-data\n" if os.getuid() == 0 else ""
    for parent in [folder, *folder.parents]:
        if parent.stat().st_uid == os.getuid() and parent not in (Path("/"), Path("/tmp")):
            parent.chmod(parent.stat().st_mode | 0o055)
    (folder / "httpd.conf").write_text(
        f"{loaded}{user}ServerName localhost\nListen 127.0.0.1:{port}\nPidFile {folder}/pid\nErrorLog {folder}/error.log\n"
        f"DocumentRoot {folder}/www\n<Directory {folder}/www>\nAllowOverride All\nOptions +FollowSymLinks\nRequire all granted\n</Directory>\n",
        encoding="utf-8",
    )
    running = subprocess.Popen([program, "-f", str(folder / "httpd.conf"), "-D", "FOREGROUND"], stderr=subprocess.PIPE)
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            needs(running.poll() is None, "Apache does not start here")
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/guidegraph/"
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(timeout=30)


@pytest.mark.parametrize(("path", "accept", "target"), CASES, ids=[f"{p or 'root'}-{a[:20]}" for p, a, _ in CASES])
def test_redirects(apache: str, path: str, accept: str, target: str) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirect)
    request = urllib.request.Request(apache + path, headers={"Accept": accept})
    with pytest.raises(urllib.error.HTTPError) as told:
        opener.open(request, timeout=10)
    if target:
        assert (told.value.code, told.value.headers["Location"]) == (303, SITE + target)
    else:
        assert told.value.code in (400, 404)


def test_the_redirects_keep_to_the_rules_of_w3id(repo_root: Path) -> None:
    """Redirects only, the target set in one line, no permanent redirect, no blank inside flags, patterns without a slash."""
    text = (repo_root / "docs/w3id/.htaccess").read_text(encoding="utf-8")
    assert sorted(p.name for p in (repo_root / "docs/w3id").iterdir()) == [".htaccess", "README.md"]
    lines = [x for x in text.splitlines() if x and not x.startswith("#")]
    assert lines[0] == "RewriteEngine on"
    assert all(x.split()[0] in ("RewriteEngine", "RewriteCond", "RewriteRule") for x in lines)
    assert sum(SITE in x for x in lines) == 1 and "http://" not in text
    for line in lines[1:]:
        words = line.split()
        assert len(words) <= 4 and not words[1].startswith(("/", "^/"))
        if words[0] == "RewriteRule" and words[2] != "-":
            assert words[2].startswith("%{ENV:SITE}/") and words[3].startswith("[R=303,") and words[3].endswith("L]")
    assert "Contact" in text and "GitHub username" in text


def test_every_kind_of_iri_has_a_redirect(kb: Any) -> None:
    """The first folder of every IRI of ours in the graph is one that the redirects know."""
    quads = graphs.everything(kb.store)
    nodes = itertools.chain.from_iterable((q.subject, q.predicate, q.object, q.graph_name) for q in quads)
    kinds = {
        n.value.removeprefix(ns.BASE).partition("/")[0]
        for n in nodes
        if isinstance(n, ox.NamedNode) and n.value.startswith(ns.BASE)
    }
    assert kinds <= {path.partition("/")[0] for path, _, target in CASES if target}


# ---------------------------------------------------------------- citation


def test_the_citation_file_is_valid(repo_root: Path) -> None:
    """CITATION.cff against the schema of the Citation File Format 1.2.0, as cffconvert carries it."""
    import jsonschema

    schema = json.loads(
        (wheel("cffconvert==2.0.0") / "cffconvert/schemas/1.2.0/schema.json").read_text(encoding="utf-8")
    )
    text = (repo_root / "CITATION.cff").read_text(encoding="utf-8")
    told = json.loads(json.dumps(yaml.safe_load(text), default=str))
    jsonschema.validate(told, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**told, "date-released": "yesterday"}, schema)


def test_the_citation_file_says_what_the_package_says(repo_root: Path, kb: Any) -> None:
    import tomllib

    told = yaml.safe_load((repo_root / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((repo_root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert told["version"] == project["version"] == kb.version
    assert " AND ".join(told["license"]) == project["license"]
    assert told["authors"][0]["name"] == project["authors"][0]["name"]
    assert str(told["date-released"]) in (repo_root / "CHANGELOG.md").read_text(encoding="utf-8")
