"""What an opening works out is kept: the same knowledge and answers, and never for anything that has changed."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import grimp
import pyoxigraph as ox
import pytest

import guidegraph as gg
from guidegraph import api, assets, store
from guidegraph.domains import select
from guidegraph.knowledge import keeping, kept
from guidegraph.knowledge.criteria import compile_criteria
from guidegraph.knowledge.engine import query_text, steps
from tests.conftest import AS_OF
from tests.support.golden import golden
from tests.support.paths import ASKED, ASKED_NAMES


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which nothing is kept yet."""
    folder = tmp_path / "kept"
    monkeypatch.setenv("GUIDEGRAPH_CACHE", str(folder))
    return folder


def _opened(**named: object) -> gg.KnowledgeBase:
    """The shipped knowledge as a command opens it, and not as the tests share it."""
    return api.opening.open_knowledge(**named)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[gg.KnowledgeBase, Path]:
    """The shipped knowledge, worked out, and the file that keeps it."""
    with pytest.MonkeyPatch.context() as patched:
        folder = tmp_path_factory.mktemp("whole")
        patched.setenv("GUIDEGRAPH_CACHE", str(folder))
        opened = _opened()
    (file,) = folder.iterdir()
    return opened, file


def _graphs(kb: gg.KnowledgeBase) -> list[bytes]:
    """Everything in a store, index and all, whatever names its blank nodes have."""
    return store.canonical((kb.store.dump(format=ox.RdfFormat.N_QUADS) or b"").splitlines(keepends=True))


@pytest.mark.slow
@pytest.mark.parametrize(
    "domains",
    [
        (),
        pytest.param(("osteoarthritis",), marks=pytest.mark.slow),
        pytest.param(("sciatica", "osteoarthritis"), marks=pytest.mark.slow),
    ],
)
def test_the_second_opening_has_the_same_knowledge_index_and_rows(empty: Path, domains: tuple[str, ...]) -> None:
    first = _opened(domains=domains)
    (file,) = empty.iterdir()
    second = _opened(domains=domains)
    assert list(empty.iterdir()) == [file]
    assert _graphs(first) == _graphs(second)
    assert second.digest == first.digest == store.digest(second.store)
    for name in keeping.ROWS:
        assert second.engine.select(name) == first.engine.select(name), name
        assert any(second.engine.select(name)) == any(
            first.store.query(query_text(name), use_default_graph_as_union=True)
        ), name


@pytest.mark.slow
def test_the_second_opening_answers_the_same_bytes(
    whole: tuple[gg.KnowledgeBase, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GUIDEGRAPH_CACHE", str(whole[1].parent))
    first, second = whole[0], _opened()
    for title, (path, problem) in zip(ASKED_NAMES, ASKED, strict=True):
        one, other = (kb.therapies(path, as_of=AS_OF, problem=problem) for kb in (first, second))
        assert one.json() == other.json(), title
        assert one.glance() == other.glance(), title
    found = [json.dumps(kb.disagreements(as_of=AS_OF, include_apparent=True)) for kb in (first, second)]
    assert found[0] == found[1]


@pytest.mark.slow
def test_the_second_opening_says_all_the_same(empty: Path) -> None:
    assert golden(_opened()) == golden(_opened())
    assert len(list(empty.iterdir())) == 1


@pytest.mark.slow
def test_an_answer_loads_the_index_alone(whole: tuple[gg.KnowledgeBase, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUIDEGRAPH_CACHE", str(whole[1].parent))
    second = _opened()
    with monkeypatch.context() as closed:
        closed.setattr(kept.KeptKnowledge, "store", property(lambda self: pytest.fail("the whole store was asked for")))
        for path, problem in ASKED:
            answer = second.therapies(path, as_of=AS_OF, problem=problem)
            assert answer.json() and answer.glance() and answer._repr_html_() and answer.asked
        # Branches have no order: they are nodes without a name.
        one, other = (compile_criteria(kb.knowledge, AS_OF) for kb in (whole[0], second))
        for name in ("clocks", "holding"):
            sides = ({s: set(found) for s, found in getattr(side, name).items()} for side in (one, other))
            assert next(sides) == next(sides)
        assert replace(one, clocks={}, holding={}) == replace(other, clocks={}, holding={})
        assert second.explain(ASKED[0][0], "ggt:Gabapentin", as_of=AS_OF, problem=ASKED[0][1])
    assert len(second.store) > len(second.engine.index) > 0


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: b"",
        lambda text: text[:40],
        lambda text: text[:-1],
        lambda text: text[:5000] + b"?" + text[5001:],
        lambda text: b"\n".join(text.split(b"\n", 2)[:1]),
        lambda text: b"0" * 64 + text[64:],
    ],
)  # fmt: skip
def test_a_damaged_file_is_as_good_as_none(
    whole: tuple[gg.KnowledgeBase, Path], tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    damaged = tmp_path / whole[1].name
    damaged.write_bytes(damage(whole[1].read_bytes()))
    assert kept.read(damaged, keeping.ROWS) is None


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root gives files away")
def test_a_file_of_another_user_is_not_used(whole: tuple[gg.KnowledgeBase, Path], tmp_path: Path) -> None:
    file = tmp_path / whole[1].name
    shutil.copy(whole[1], file)
    assert kept.read(file, keeping.ROWS) is not None
    os.chown(file, 1234, -1)
    assert kept.read(file, keeping.ROWS) is None


@pytest.mark.slow
def test_a_damaged_file_is_written_anew(whole: tuple[gg.KnowledgeBase, Path], empty: Path) -> None:
    empty.mkdir()
    file = empty / whole[1].name
    file.write_bytes(whole[1].read_bytes()[:-1])
    assert _opened().digest == whole[0].digest
    assert kept.read(file, keeping.ROWS) is not None


def _names(monkeypatch: pytest.MonkeyPatch, root: Path, package: Path) -> str:
    monkeypatch.setattr(assets, "root", lambda: root)
    monkeypatch.setattr(keeping, "_PACKAGE", package)
    steps.cache_clear()
    place = keeping.place(select(["osteoarthritis"]))
    assert place is not None
    return place.name


@pytest.mark.slow
def test_whatever_it_rests_on_changes_its_name(empty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, package = tmp_path / "assets", tmp_path / "package"
    for name in assets.FOLDERS:
        shutil.copytree(assets.folder(name), root / name)
    for name in keeping.MADE_BY:
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(Path(gg.__file__).parent / name, package / name)
    try:
        seen = [_names(monkeypatch, root, package)]
        assert _names(monkeypatch, root, package) == seen[0]
        own = root / "graph" / "domains" / "osteoarthritis"
        changed = [
            root / "ontology" / "lists.ttl",
            next((own / "documents").glob("*.trig")),
            next((own / "ontology").glob("*.ttl")),
            next((root / "graph" / "documents").glob("*.trig")),
            root / "queries" / "answer" / "records.rq",
            next((root / "queries" / "index").glob("*.rq")),
            next((root / "queries" / "disagree").glob("*.rq")),
            *(package / name for name in keeping.MADE_BY),
        ]
        for path in changed:
            path.write_bytes(path.read_bytes() + b"\n# changed\n")
            seen.append(_names(monkeypatch, root, package))
        next((own / "documents").glob("*.trig")).unlink()
        seen.append(_names(monkeypatch, root, package))
        assert len(set(seen)) == len(seen)
    finally:
        steps.cache_clear()


def test_all_that_works_it_out_is_counted() -> None:
    graph = grimp.build_graph("guidegraph")
    roots = ("guidegraph.knowledge.disagreement", "guidegraph.store")
    above = {*roots}.union(*map(graph.find_upstream_modules, roots))
    package = Path(gg.__file__).parent

    def file(module: str) -> str:
        path = package.joinpath(*module.split(".")[1:])
        return (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).relative_to(package).as_posix()

    files = {file(module) for module in above}
    assert files | {"knowledge/keeping.py"} == set(keeping.MADE_BY)


@pytest.mark.slow
def test_of_knowledge_that_is_not_shipped_nothing_is_kept(empty: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    for name in ("ontology", "graph"):
        shutil.copytree(assets.folder(name), copy / name)
    extra = tmp_path / "more.ttl"
    extra.write_text("@prefix gg: <https://w3id.org/guidegraph/vocab/> . <urn:x> a gg:Document .\n", encoding="utf-8")
    _opened(root=copy)
    _opened(extra=[extra])
    _opened(domains=[str(copy / "graph" / "domains" / "osteoarthritis")])
    assert not empty.exists()


@pytest.mark.slow
def test_nothing_is_kept_where_nothing_may_be(
    kb: gg.KnowledgeBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    for value in ("", str(tmp_path / "file" / "below")):
        monkeypatch.setenv("GUIDEGRAPH_CACHE", value)
        assert _opened().digest == kb.digest
    monkeypatch.delenv("GUIDEGRAPH_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    assert _opened().digest == kb.digest
    (file,) = (tmp_path / "caches" / "guidegraph").iterdir()
    assert kept.read(file, keeping.ROWS) is not None
    assert [path.name for path in tmp_path.iterdir() if path.name not in ("file", "caches")] == []


def test_what_has_not_been_used_for_longest_goes(whole: tuple[gg.KnowledgeBase, Path], empty: Path) -> None:
    empty.mkdir()
    file = empty / whole[1].name
    file.write_bytes(whole[1].read_bytes())
    rows = {name: list[tuple[str, ...]]() for name in keeping.ROWS}
    (empty / "theirs.kept").write_text("a file of somebody else's", encoding="utf-8")
    os.utime(empty / "theirs.kept", (0, 0))
    for n in range(kept.MOST + 3):
        other = ox.Store()
        other.add(ox.Quad(ox.NamedNode("urn:a"), ox.NamedNode("urn:b"), ox.Literal(str(n))))
        if n == kept.MOST - 1:
            assert kept.read(file, keeping.ROWS) is not None
        kept.write(empty / f"{n:064x}.kept", other, "sha256:0", rows)
    left = {path.name for path in empty.iterdir()}
    assert len(left) == kept.MOST + 1
    assert file.name in left and f"{kept.MOST + 2:064x}.kept" in left and f"{0:064x}.kept" not in left
    assert "theirs.kept" in left


def test_what_is_added_to_opened_knowledge_is_asked(
    whole: tuple[gg.KnowledgeBase, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GUIDEGRAPH_CACHE", str(whole[1].parent))
    kb = _opened()
    graph, iri = ox.NamedNode("urn:graph"), ox.NamedNode("urn:added")
    kind = ox.NamedNode("https://w3id.org/guidegraph/vocab/Document")
    rdf_type = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
    assert not any(row[0] == iri.value for row in kb.engine.select("answer/records"))
    kb.engine.add([ox.Quad(iri, rdf_type, kind, graph)])
    assert any(row[0] == iri.value for row in kb.engine.select("answer/records"))
