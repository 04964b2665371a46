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
from guidegraph.errors import DocumentError, UsageError
from guidegraph.export.closure import Closure
from guidegraph.export.nanopub import NP, NPX, Key, Nanopub, normal_form, retraction
from guidegraph.export.nanopubcheck import check_file, verdict
from guidegraph.export.publishing import earlier, read
from tests.support.nanopubs import original
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


@pytest.mark.slow
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


def test_the_normal_form_is_that_of_the_library(kb: Any) -> None:
    from nanopub.trustyuri.rdf import RdfHasher
    from rdflib import Literal, URIRef

    (one,) = kb.nanopubs([kb.statement("statement/droracle-sciatica-2025/nsaid")])
    odd = [ox.Literal("a\r\n\\b\n\u2028\U0001f600"), ox.Literal("a", language="de-AT"), ox.Literal("a")]
    subject, graph = ox.NamedNode(one.uri + "#x"), ox.NamedNode(one.uri + "#assertion")
    quads = [*one.quads, *(ox.Quad(subject, ox.NamedNode("https://e.org/p"), o, graph) for o in odd)]

    def term(value: Any) -> Any:
        if isinstance(value, ox.Literal):
            return Literal(value.value, lang=value.language, datatype=None if value.language else value.datatype.value)
        return URIRef(value.value)

    rows = [tuple(term(t) for t in (q.graph_name, q.subject, q.predicate, q.object)) for q in quads]
    code = one.uri.rpartition("/")[2]
    assert normal_form(quads, code) == RdfHasher.normalize_quads(rows, hashstr=code)


@pytest.mark.slow
def test_the_same_statement_has_the_same_uri(cli: Run) -> None:
    one = cli("export", "nanopub", "BMJ-R1", PYTHONHASHSEED="1", TZ="UTC")
    two = cli("export", "nanopub", "BMJ-R1", PYTHONHASHSEED="2", TZ="Asia/Tokyo")
    assert one.returncode == 0, one.stderr
    assert one.stdout == two.stdout and "np/RA" in one.stdout


def test_a_statement_keeps_its_uri_from_release_to_release() -> None:
    """A change of this URI would make every earlier export look changed."""
    (one,) = api.open_files([CLEAN]).nanopubs([TOLD])
    assert one.uri.endswith("/RAkWFDLVpDiNI41oLMd55pYSm12lY0XHuNVfQurldLUA4")


@pytest.mark.slow
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


@pytest.mark.slow
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


# ---------------------------------------------------------------- verified on reading


def key_file(folder: Path, name: str = "key.pem") -> Path:
    from Crypto.PublicKey import RSA

    path = folder / name
    path.write_bytes(RSA.generate(2048).export_key())
    return path


def written(folder: Path, **more: Any) -> tuple[Nanopub, Path]:
    (one,) = api.open_files([CLEAN]).nanopubs([TOLD], **more)
    path = folder / one.file
    path.write_text(one.trig(), encoding="utf-8")
    return one, path


ORCID = "https://orcid.org/0000-0000-0000-0000"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("strongly", "weakly"),
        ("gg:For ", "gg:Against "),
        ("@en", "@de"),
        ("T00:00:00Z", "T00:00:01Z"),
    ],
)
@pytest.mark.parametrize("signed", [False, True])
def test_an_altered_file_is_refused(tmp_path: Path, old: str, new: str, signed: bool) -> None:
    key = Key(key_file(tmp_path), ORCID) if signed else None
    one, path = written(tmp_path, key=key)
    assert read(path).uri == one.uri and check_file(path)[0].valid and check_file(path)[0].signed is signed
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(DocumentError, match="it was altered"):
        read(path)
    with pytest.raises(DocumentError, match="it was altered"):
        earlier(tmp_path)


def test_an_altered_file_is_refused_by_previous(cli: Run, tmp_path: Path) -> None:
    one, path = written(tmp_path)
    path.write_text(one.trig().replace("strongly", "weakly"), encoding="utf-8")
    done = cli("export", "nanopub", "--all", "--file", str(CLEAN), "-o", str(tmp_path), "--previous", str(tmp_path))
    assert done.returncode == 2 and "altered" in done.stderr and done.stderr.count("\n") == 1
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_a_forged_signature_is_told(tmp_path: Path) -> None:
    """Signed anew by the trusty code, so that only the signature is wrong."""
    from guidegraph.export.nanopub import trusty_code

    mine, other = (Key(key_file(tmp_path, name), ORCID) for name in ("a.pem", "b.pem"))
    kb = api.open_files([CLEAN])
    (one,), (two,) = (list(kb.nanopubs([TOLD], key=key)) for key in (mine, other))
    (foreign,) = [q.object for q in two.quads if q.predicate.value == NPX + "hasPublicKey"]
    quads = [
        ox.Quad(q.subject, q.predicate, foreign, q.graph_name) if q.predicate.value == NPX + "hasPublicKey" else q
        for q in one.quads
    ]
    code = one.uri.rpartition("/")[2]
    true = trusty_code(quads, code)
    path = tmp_path / "forged.nq"
    path.write_text("".join(f"{q} .\n" for q in quads).replace(code, true), encoding="utf-8")
    (found,) = check_file(path)
    assert found.trusty and found.signed and found.faults == ("its signature is not that of its key over its content",)


PLAIN = """@prefix np: <http://www.nanopub.org/nschema#> . @prefix x: <http://example.org/n/> . @prefix e: <http://e.org/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
x:H { x: a np:Nanopublication ; np:hasAssertion x:a ; np:hasProvenance x:p ; np:hasPublicationInfo x:i . }
x:a { e:mosquito e:transmits e:malaria . }
x:p { x:a e:from e:somewhere . }
x:i { x: e:by e:somebody . }
"""


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("", "", ""),
        ("x:p { x:a e:from e:somewhere", "x:p { e:somewhere e:of x:a", ""),
        ("a np:Nanopublication ;", "", "no nanopublication"),
        ("np:hasProvenance x:p", "np:hasProvenance x:p , x:q", "2 np:hasProvenance"),
        ("np:hasAssertion x:a ;", "", "no np:hasAssertion"),
        ("x:a { e:mosquito", "x:b { e:mosquito", "empty"),
        ("np:hasProvenance x:p", "np:hasProvenance x:a", "an IRI each"),
        ("np:hasProvenance x:p", "np:hasProvenance x:", "an IRI each"),
        ("x:p { x:a", "x:p { x:z", "does not speak of the assertion"),
        ("x:i { x:", "x:i { x:z", "does not speak of the nanopublication"),
        ("x:i {", "e:a e:b e:c . x:i {", "none of its four graphs"),
        ("x:i {", "x:other { e:a e:b e:c . } x:i {", "none of its four graphs"),
        ("e:malaria", '"two"^^xsd:integer', "integer"),
        ("e:malaria", '"1757-02-31"^^xsd:date', "1757-02-31"),
        ("e:malaria", '"of course"^^xsd:boolean', "of course"),
        ("x:i {", "x:i { x:sig <http://purl.org/nanopub/x/hasSignature> 'a' .", "lacks the key"),
        ("@prefix np", "@prefix np np", "not well-formed"),
    ],
)
def test_the_form_of_anybodys_nanopublication(cli: Run, tmp_path: Path, old: str, new: str, fault: str) -> None:
    path = tmp_path / "plain.trig"
    path.write_text(PLAIN.replace(old, new, 1), encoding="utf-8")
    (found,) = check_file(path)
    assert not found.trusty and (fault in "; ".join(found.faults) if fault else found.valid)


def test_a_trusty_uri_stands_for_no_node_without_a_name() -> None:
    code = "RA" + "a" * 43
    text = PLAIN.replace("example.org/n/", f"example.org/{code}/").replace("e:malaria", "[ e:a e:b ]")
    text = text.replace("x:", "x2:").replace("@prefix x2:", "@prefix x2:")
    quads = list(ox.parse(text.replace("x2: a", f"<http://example.org/{code}> a"), format=ox.RdfFormat.TRIG))
    assert any("without a name" in fault for fault in verdict(quads).faults)


def test_the_command_checks_each_file(cli: Run, tmp_path: Path) -> None:
    one, path = written(tmp_path)
    plain, two = tmp_path / "plain.trig", tmp_path / "two.trig"
    plain.write_text(PLAIN, encoding="utf-8")
    two.write_text(PLAIN + PLAIN.replace("n/", "m/").replace("x:p { x:a", "x:p { x:z"), encoding="utf-8")
    done = cli("nanopub", "check", str(path), str(plain))
    assert done.returncode == 0 and done.stdout.count("valid (") == 2 and "no trusty URI" in done.stdout
    done = cli("nanopub", "check", str(path), str(two), str(tmp_path / "absent.trig"))
    assert done.returncode == 1 and done.stdout.count("INVALID") == 2 and done.stdout.count("valid (") == 2
    assert one.uri in cli("nanopub", "check", str(path), "--format", "json").stdout


# ---------------------------------------------------------------- what vanished


@pytest.mark.slow
def test_what_vanished_is_told_and_retracted_on_request(cli: Run, tmp_path: Path) -> None:
    mine, first = tmp_path / "mine.trig", tmp_path / "one"
    mine.write_text(CLEAN.read_text().replace("s:salve", "s:balm"))
    export = ("export", "nanopub", "--all", "-o", str(first))
    assert "3 written" in cli(*export, "--file", str(CLEAN)).stderr
    previous = (*export, "--file", str(mine), "--previous", str(first))
    told = cli(*previous)
    gone = next(one for iri, one in earlier(first).items() if iri.endswith("/salve"))
    assert told.returncode == 0 and gone.statement in told.stderr and "--retract" in told.stderr
    done = cli(*previous, "--retract")
    assert done.returncode == 0 and "1 retracted" in done.stderr, done.stderr
    (made,) = [one for one in map(read, first.glob("*.trig")) if one.retracts]
    assert made.retracts == gone.uri and checked(made)
    assert not [iri for iri in earlier(first) if iri.endswith("/salve")]
    again = cli(*previous, "--retract")
    assert "retracted" not in again.stderr and "0 written" in again.stderr


@pytest.mark.slow
def test_a_signed_one_is_retracted_by_its_own_key_only(tmp_path: Path) -> None:
    mine, other = (Key(key_file(tmp_path, name), ORCID) for name in ("a.pem", "b.pem"))
    one, _ = written(tmp_path, key=mine)
    for key in (None, other):
        with pytest.raises(UsageError, match="only its own key"):
            retraction(one, key)
    made = retraction(one, mine)
    assert checked(made).has_valid_signature and verdict(made.quads).valid
    said = [(q.subject.value, q.object.value) for q in made.quads if q.predicate.value == NPX + "retracts"]
    assert said == [(ORCID, one.uri)] and retraction(one, mine) == made
    assert any(q.object == ox.NamedNode(NP + "Nanopublication") for q in made.quads)


def test_the_ends_of_lines_of_a_checkout_change_no_uri(tmp_path: Path) -> None:
    text = CLEAN.read_text().replace('gg:strengthWording "strongly"', 'gg:strengthWording """strongly\nso"""')
    uris = set()
    for name, ends in (("lf.trig", "\n"), ("crlf.trig", "\r\n")):
        path = tmp_path / name
        path.write_bytes(text.replace("\n", ends).encode())
        kb = api.open_files([path])
        uris.add(next(kb.nanopubs([TOLD])).uri)
    assert len(uris) == 1
