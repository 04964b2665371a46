"""Nanopublications: valid by the nanopub library, nothing lost on the way back, superseding instead of editing."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pyoxigraph as ox
import pytest
import rdflib

from guidegraph import api, store
from guidegraph.export.closure import Closure
from guidegraph.export.nanopub import Key, Nanopub, earlier, original, read
from tests.support.paths import AUDIT

Run = Callable[..., CompletedProcess[str]]
library = pytest.importorskip("nanopub")


@pytest.fixture(autouse=True)
def literals_as_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """rdflib keeps literals as they are written: the nanopub library asks for that when imported, pySHACL takes it back."""
    monkeypatch.setattr(rdflib, "NORMALIZE_LITERALS", False)


CLEAN = AUDIT / "clean.trig"
TOLD = "https://example.org/statement/told"


def checked(one: Nanopub) -> Any:
    """The nanopublication as the library reads it, checked by the library."""
    # The library took a ConjunctiveGraph once, and takes a Dataset since; its own number is not that of the package.
    newer = tuple(int(n) for n in metadata.version("nanopub").split(".")[:2]) >= (2, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        graph = rdflib.Dataset() if newer else rdflib.ConjunctiveGraph()
        graph.parse(data=one.trig(), format="trig")
        found = library.Nanopub(rdf=graph)
        assert found.is_valid
        assert found.has_valid_trusty
    return found


def same(one: list[ox.Quad], other: list[ox.Quad]) -> bool:
    return store.digest_of(one) == store.digest_of(other)


def test_every_recommendation_is_valid_and_comes_back_whole(kb: Any) -> None:
    closure = Closure(kb.store)
    chosen = kb.recommendations()
    assert len(chosen) > 150
    uris = set()
    for number, one in enumerate(kb.nanopubs(chosen)):
        node = ox.NamedNode(one.statement)
        graph = closure.graph_of(node)
        quads = [ox.Quad(t.subject, t.predicate, t.object, graph) for _, t in closure.parts(node, graph)]
        assert same(original(one), quads), one.statement
        # The library needs 40 ms for each, so it checks each tenth.
        if number % 10 == 0:
            checked(one)
        uris.add(one.uri)
    assert len(uris) == len(chosen)


def test_what_a_statement_is_made_of_goes_along(kb: Any) -> None:
    (one,) = kb.nanopubs([kb.statement("statement/droracle-sciatica-2025/nsaid")])
    parts = {
        (str(q.graph_name).rpartition("#")[2].rstrip(">"), q.predicate.value.rpartition("/")[2]) for q in one.quads
    }
    assert {
        ("assertion", "stance"),
        ("assertion", "population"),
        ("provenance", "statedIn"),
        ("provenance", "passageDigest"),
    } <= parts
    assert {
        ("provenance", "pointsAt"),
        ("provenance", "strength"),
        ("pubinfo", "encodedBy"),
        ("pubinfo", "license"),
    } <= parts
    assert not any(isinstance(t, ox.BlankNode) for q in one.quads for t in (q.subject, q.object))


def test_a_tampered_one_is_refused_by_the_library(kb: Any) -> None:
    (one,) = kb.nanopubs([kb.statement("BMJ-R1")])
    quads = tuple(
        ox.Quad(q.subject, q.predicate, ox.NamedNode(q.object.value.replace("Against", "For")), q.graph_name)
        if q.predicate.value.endswith("/stance")
        else q
        for q in one.quads
    )
    assert quads != one.quads
    with pytest.raises(ValueError, match="not valid"):
        checked(Nanopub(one.uri, one.statement, quads))


def test_the_same_statement_has_the_same_uri(cli: Run) -> None:
    one = cli("export", "nanopub", "BMJ-R1", PYTHONHASHSEED="1", TZ="UTC")
    two = cli("export", "nanopub", "BMJ-R1", PYTHONHASHSEED="2", TZ="Asia/Tokyo")
    assert one.returncode == 0, one.stderr
    assert one.stdout == two.stdout and "np/RA" in one.stdout


def test_what_changes_supersedes_and_what_does_not_stays(cli: Run, tmp_path: Path) -> None:
    mine = tmp_path / "mine.trig"
    mine.write_text(CLEAN.read_text())
    done = cli("export", "nanopub", "--all", "--file", str(mine), "-o", str(tmp_path / "one"))
    assert done.returncode == 0 and "3 written" in done.stderr, done.stderr
    again = cli(
        "export",
        "nanopub",
        "--all",
        "--file",
        str(mine),
        "-o",
        str(tmp_path / "two"),
        "--previous",
        str(tmp_path / "one"),
    )
    assert "0 written" in again.stderr and "3 unchanged" in again.stderr
    mine.write_text(CLEAN.read_text().replace('gg:strengthWording "strongly"', 'gg:strengthWording "firmly"'))
    newer = cli(
        "export",
        "nanopub",
        "--all",
        "--file",
        str(mine),
        "-o",
        str(tmp_path / "one"),
        "--previous",
        str(tmp_path / "one"),
    )
    assert "1 written" in newer.stderr
    found = earlier(tmp_path / "one")
    assert set(found) == {TOLD, "https://example.org/statement/drops", "https://example.org/statement/salve"}
    old = [q.object for q in found[TOLD].quads if q.predicate.value.endswith("/supersedes")]
    assert len(old) == 1 and (tmp_path / "one" / f"{old[0].value.rpartition('/')[2]}.trig").is_file()
    checked(found[TOLD])
    assert len(list((tmp_path / "one").glob("*.trig"))) == 4


def test_signing_with_the_users_own_key(tmp_path: Path) -> None:
    from Crypto.PublicKey import RSA

    path = tmp_path / "key.pem"
    path.write_bytes(RSA.generate(2048).export_key())
    kb = api.open_files([CLEAN])
    (one,) = kb.nanopubs([TOLD], key=Key(path, "https://orcid.org/0000-0000-0000-0000"))
    assert checked(one).has_valid_signature
    file = tmp_path / one.file
    file.write_text(one.trig())
    assert read(file).uri == one.uri and same(original(read(file)), original(one))
