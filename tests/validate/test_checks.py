"""Each check over the knowledge base finds its fault, and nothing where there is none."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from guidegraph.query.catalogue import read_query
from tests.support.paths import ROOT
from tests.validate.check_cases import CASES, PREFIXES

CHECKS = ROOT / "queries" / "check"


def rows(name: str, trig: str) -> set[tuple[str, str]]:
    """The rows of a check over some TriG, each term by its plain value."""
    store = ox.Store()
    store.load((PREFIXES + trig).encode(), format=ox.RdfFormat.TRIG)
    solutions = store.query(read_query(CHECKS / f"{name}.rq", f"check/{name}").text, use_default_graph_as_union=True)
    assert isinstance(solutions, ox.QuerySolutions)

    def plain(term: object) -> str:
        return "_:" if isinstance(term, ox.BlankNode) else str(getattr(term, "value", ""))

    return {(plain(row["node"]), plain(row["detail"])) for row in solutions}


def test_every_check_is_tested() -> None:
    names = {path.stem for path in CHECKS.glob("*.rq") if not path.stem.startswith("verify-")}
    assert names == set(CASES)


@pytest.mark.parametrize("name", sorted(CASES))
def test_finds_nothing_where_all_is_right(name: str) -> None:
    assert rows(name, CASES[name][0]) == set()


@pytest.mark.parametrize("name", sorted(CASES))
def test_finds_its_fault(name: str) -> None:
    assert rows(name, CASES[name][1]) == CASES[name][2]


@pytest.mark.parametrize("name", sorted(CASES))
def test_header_says_how_grave_and_how_to_mend(name: str) -> None:
    query = read_query(CHECKS / f"{name}.rq", f"check/{name}")
    assert query.severity in ("error", "warning", "note")
    assert query.mend.endswith(".") and query.why.endswith(".") and query.question.endswith("?")
    assert [column for column, _ in query.columns] == ["node", "detail"]
    assert query.params == ()
