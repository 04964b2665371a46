"""Redirects: a real Apache sends every kind of IRI to where it belongs."""

from __future__ import annotations

import http.client
import itertools
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from guidegraph import namespaces as ns
from guidegraph.export import rdf
from tests.support.optional import needs
from tests.support.redirects import CASES, HTML, SITE, TURTLE


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


def iris(kb: Any) -> set[str]:
    """Every IRI of ours in the knowledge."""
    quads = rdf.everything(kb.store)
    nodes = itertools.chain.from_iterable((q.subject, q.predicate, q.object, q.graph_name) for q in quads)
    return {n.value for n in nodes if isinstance(n, ox.NamedNode) and n.value.startswith(ns.BASE)}


def test_every_kind_of_iri_has_a_redirect(kb: Any) -> None:
    """The first folder of every IRI of ours in the graph is one that the redirects know."""
    kinds = {iri.removeprefix(ns.BASE).partition("/")[0] for iri in iris(kb)}
    assert kinds <= {path.partition("/")[0] for path, _, target in CASES if target}


@pytest.mark.slow
@pytest.mark.parametrize("accept", [HTML, TURTLE])
def test_every_iri_leads_somewhere(apache: str, kb: Any, accept: str) -> None:
    """What is defined on a page is led to by its own anchor there, whatever its name is made of."""
    server = http.client.HTTPConnection(apache.split("/")[2], timeout=30)
    lost = []
    for iri in sorted(iris(kb)):
        name = iri.removeprefix(ns.BASE)
        server.request("GET", f"/guidegraph/{name}", headers={"Accept": accept})
        answer = server.getresponse()
        answer.read()
        leads = answer.headers.get("Location", "")
        anchored = ("vocab", "term", "population", "reading", "assessment", "publisher")
        own = name.partition("/")[0] in anchored and "/" in name.strip("/")
        if answer.status != 303 or (accept == HTML and own and not leads.endswith("#" + name.replace("/", "-"))):
            lost.append((iri, answer.status, leads))
    assert not lost
