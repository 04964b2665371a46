"""The built site: every term has its anchor, and the redirects lead to files of it."""

from __future__ import annotations

import importlib.util
import itertools
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from guidegraph import namespaces as ns
from guidegraph.export import rdf
from tests.support.optional import cache, needs
from tests.support.redirects import CASES


class Page(HTMLParser):
    """Anchors of a page, links to anchors on it, and the text of each entity."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: set[str] = set()
        self.away: set[str] = set()
        self.texts: dict[str, str] = {}
        self._entity = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if said.get("id"):
            self.ids.append(str(said["id"]))
        if (said.get("href") or "").startswith("#"):
            self.links.add(str(said["href"])[1:])
        elif tag == "a":
            self.away.add(said.get("href") or "")
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
    line = [sys.executable, str(repo_root / "docs/build.py"), str(folder), "--python", str(home / "bin/python")]
    done = subprocess.run(line, check=False, timeout=900, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-1000:]
    return folder


def ours(kb: Any) -> dict[str, tuple[str, str]]:
    """Every term of ours that the ontology defines: its IRI, label and definition."""
    found: dict[str, tuple[str, str]] = {}
    for quad in rdf.ontology(kb.store):
        if quad.predicate.value == ns.RDFS + "label" and quad.subject.value.startswith(ns.BASE):
            # A reading is a definition itself, and stands at its place.
            said = (ns.SKOS + "definition", ns.GG + "place", ns.GG + "basis")
            rows = (kb.store.quads_for_pattern(quad.subject, ox.NamedNode(name), None, None) for name in said)
            definition = next(itertools.chain.from_iterable(rows), None)
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


def anchored(repo_root: Path, text: str) -> Page:
    """A page as docs/build.py makes it of what pyLODE writes."""
    spec = importlib.util.spec_from_file_location("build_site", repo_root / "docs/build.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return Page(module.anchored(text))


def test_every_link_to_a_term_on_the_page_leads_to_its_anchor(repo_root: Path) -> None:
    """By pyLODE's own anchor, by an IRI that leads off the page, or by the name that is printed; others stay as they are."""
    entity = '<div class="property entity" id="{}"><table><code>{}</code></table></div>'
    text = (
        entity.format("Drug1", ns.GG + "Drug")
        + entity.format("vocab-Weak", ns.GG + "Weak")
        + "".join(
            f'<a class="x" href="{target}" title="y">{printed}</a>'
            for target, printed in (
                ("#Drug1", "drug"),
                ("#weak", "gg:Weak"),
                (ns.GG + "Weak", "weak"),
                (ns.GGT + "Elsewhere", "elsewhere"),
                ("https://other.org/x", "other"),
                ("#gone", "code of others"),
            )
        )
    )
    page = anchored(repo_root, text)
    assert page.ids == ["vocab-Drug", "vocab-Weak"] and page.links == {"vocab-Drug", "vocab-Weak"}
    assert page.away == {ns.GGT + "Elsewhere", "https://other.org/x", ""}


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
        # What is on the page is not looked for elsewhere.
        assert not {iri for iri in page.away if iri.removeprefix(ns.BASE).replace("/", "-") in page.ids}, name
    populations = {t.subject.value for t in rdf.populations(kb.store) if t.object == ox.NamedNode(ns.GG + "Population")}
    for iri in populations:
        assert "In OWL: (" in pages["populations.html"].texts[iri.removeprefix(ns.BASE).replace("/", "-")]
