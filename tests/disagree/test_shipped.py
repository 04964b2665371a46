"""Disagreements of the shipped graph: what is told, laws, pages and pictures."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import guidegraph as gg
from guidegraph import namespaces as ns
from guidegraph.disagree.finding import VERDICTS
from guidegraph.disagree.sources import addressed
from guidegraph.errors import GuideGraphError, UsageError
from guidegraph.profile.problems import of_problem
from tests.disagree.test_verdicts import AS_OF, rows
from tests.support.paths import ASKED, ASKED_NAMES, ROOT


def key(row: dict[str, Any]) -> tuple[str, str]:
    return (row["a"].get("id", ""), row["b"].get("id") or row["b"]["document"]["id"])


@pytest.fixture(scope="module")
def shipped(kb: Any) -> list[dict[str, Any]]:
    return rows(kb)


@pytest.mark.slow
def test_the_articles_own_divergence_is_told_in_one_sentence(shipped: list[dict[str, Any]]) -> None:
    pair = ("statement/bmj-2025/BMJ-R1", "statement/droracle-sciatica-2025/epidural-steroid")
    row = next(r for r in shipped if key(r) == pair)
    assert (row["kind"], row["verdict"]) == ("direction", "real")
    for words in (
        "adults from 18",
        "BMJ 2025",
        "advises against",
        "(strong)",
        "ASA 2010",
        "recommends",
    ):
        assert words in row["text"], words
    assert "from 13 weeks" in row["overlap_text"] and "without cancer" in row["overlap_text"]
    assert row["contested"][0]["document"] == "ggd:bmj-2025"


@pytest.mark.slow
def test_before_the_guideline_the_divergence_is_gone_and_changes_says_why(kb: Any) -> None:
    early = rows(kb, date(2024, 12, 31))
    assert not any("BMJ-R1" in "".join(key(r)) for r in early)
    told = kb.changes(date(2024, 12, 31), AS_OF)
    why = {d["id"]: d["why"] for d in told["documents"]}
    assert why["ggd:bmj-2025"] == ["issued, in effect from 2025-02-19"]
    began = {key(r) for r in told["disagreements_began"]}
    assert ("statement/bmj-2025/BMJ-R1", "statement/droracle-sciatica-2025/epidural-steroid") in began
    touched = {p["profile"]: {t["label"] for t in p["therapies"]} for p in told["patients"]}
    assert "epidural steroid injection" in touched["chronic-failed-care"]


@pytest.mark.slow
def test_a_reversal_is_told(kb: Any) -> None:
    told = kb.changes(date(2020, 1, 1), date(2020, 12, 31))
    assert [(r["was"]["id"].rsplit("/")[-1], r["now"]["id"].rsplit("/")[-1]) for r in told["reversed"]] == [
        ("NG59-2016-neuropathic", "NG59-GABA")
    ]
    with pytest.raises(UsageError, match="before"):
        kb.changes(date(2020, 12, 31), date(2020, 1, 1))


def test_verdicts_of_the_shipped_graph(shipped: list[dict[str, Any]]) -> None:
    found = {r["verdict"] for r in shipped}
    # No shipped document with a stated scope covers all patients of another's statement: silence is tested above.
    assert found == set(VERDICTS) - {"silence"}
    assert len({(key(r), r["kind"]) for r in shipped}) == len(shipped)
    assert {len(r["text"].split()) <= 40 for r in shipped} == {True}


@pytest.mark.parametrize(("path", "problem"), ASKED, ids=ASKED_NAMES)
def test_a_patients_disagreements_are_the_full_list_filtered(
    kb: Any, shipped: list[dict[str, Any]], path: Path, problem: str | None
) -> None:
    found = {key(r) for r in kb.disagreements(profile=path, as_of=AS_OF, problem=problem)["disagreements"]}
    truth = kb.assess(of_problem(kb.profile(path), problem, kb.vocabulary), AS_OF).truth
    scopes = {s.removeprefix(ns.BASE): scope.population for s, scope in kb.disagreement.scopes.items()}

    def concerns(row: dict[str, Any]) -> bool:
        values = [truth(scopes[side]) for side in key(row)]
        if row["verdict"] in ("apparent", "superseded"):
            return False
        if row["verdict"] == "not-excluded":
            return values == ["true", "true"]
        return "false" not in values and "true" in values

    assert found == {key(r) for r in shipped if concerns(r)}
    assert len(found) < len(shipped)


@pytest.mark.slow
def test_a_removed_document_changes_only_what_involves_it(kb: Any, repo_root: Path, tmp_path: Path) -> None:
    for folder in ("ontology", "graph"):
        shutil.copytree(repo_root / folder, tmp_path / folder)
    (tmp_path / "graph/documents/acp-2017.trig").unlink()
    less = gg.open(tmp_path)
    before, after = ({key(r): r for r in rows(base)} for base in (kb, less))
    # ACP 2017 superseded the treatment part of the guideline of 2007: that is restored.
    touched = ("/acp-2017/", "/acp-aps-2007/")
    for pair in before.keys() | after.keys():
        if not any(name in side for name in touched for side in pair):
            assert before[pair]["verdict"] == after[pair]["verdict"]
    restored = [p for p in after if any("/acp-aps-2007/" in s for s in p) and after[p]["verdict"] == "real"]
    assert len(restored) > len([p for p in before if any("acp-aps" in s for s in p) and before[p]["verdict"] == "real"])


@pytest.mark.slow
def test_shuffled_and_renamed_triples_change_nothing(kb: Any, repo_root: Path, tmp_path: Path) -> None:
    for folder in ("ontology", "graph"):
        shutil.copytree(repo_root / folder, tmp_path / folder)
    for path in (tmp_path / "graph/documents").glob("*.trig"):
        text = path.read_text()
        path.write_text(text.replace("w3id.org/guidegraph/population/", "w3id.org/guidegraph/population/z-"))
    renamed = rows(gg.open(tmp_path))
    mine = [{**r, "overlap_manchester": ""} for r in rows(kb)]
    assert json.dumps(mine) == json.dumps([{**r, "overlap_manchester": ""} for r in renamed])


def test_contested_therapies_show_the_disagreement_behind(kb: Any) -> None:
    answer = kb.therapies("example:chronic-failed-care", as_of=AS_OF).to_dict()
    for entry in answer["therapies"]:
        if entry["status"] == "contested":
            assert entry["disagreements"], entry["label"]
            ids = [r["id"] for r in entry["for"] + entry["against"] if r["truth"] == "true"]
            # A report or a restatement is one voice with what it speaks for.
            nodes = [ns.BASE + i for i in ids]
            voices = [kb.records.one(n, p) for n in nodes for p in ("primaryStatement", "restates")]
            held = {*ids, *(v.removeprefix(ns.BASE) for v in voices)}
            assert all({d["a"], d["b"]} <= held for d in entry["disagreements"])
        else:
            assert not entry["disagreements"]
    told = kb.explain("example:chronic-failed-care", "epidural steroid injection", as_of=AS_OF)
    assert "real" in {d["verdict"] for d in told["therapy"]["disagreements"]}


def test_compare_and_matrix_hold_what_the_documents_say(kb: Any) -> None:
    found = kb.compare("bmj-2025", "nice-ng59", as_of=AS_OF)
    assert {r["a"]["document"]["id"] for r in found["disagreements"] + found["apart"]} == {"ggd:bmj-2025"}
    assert [r["label"] for r in found["disagreements"]] == ["radiofrequency denervation"]
    assert {r["verdict"] for r in found["apart"]} == {"apparent"}
    matrix = kb.matrix(as_of=AS_OF)
    nsaid = next(row for row in matrix["interventions"] if row["id"] == "ggt:NSAID")
    cells = {c["document"]: c for c in nsaid["cells"]}
    assert {r["stance"] for r in cells["ggd:nice-ng59"]["says"]} == {"for", "no-recommendation"}
    assert all(r["ended"] for r in cells["ggd:acp-2017"]["says"])
    traction = next(row for row in matrix["interventions"] if row["id"] == "ggt:Traction")
    missing = {c["document"]: c["missing"] for c in traction["cells"]}
    assert missing["ggd:dk-2025"] == "does not address" and missing["ggd:jospt-2021"] == "scope not stated"
    with pytest.raises(UsageError, match="same document"):
        kb.compare("bmj-2025", "ggd:bmj-2025")
    with pytest.raises(UsageError, match="more than one document"):
        kb.compare("cochrane", "bmj-2025")


def test_compare_tells_who_says_what_on_every_intervention_with_subgroups(kb: Any) -> None:
    found = kb.compare("nice-ng59", "acp-2017", as_of=date(2017, 6, 1))
    rows = {row["id"]: row for row in found["interventions"]}
    # Each subgroup that one document tells apart is a row of its own.
    assert [(r["stance"], r["strength"]) for r in rows["ggt:NSAID"]["b"]] == [("for", "strong"), ("for", "conditional")]
    opioid = {(r["stance"], r["on"]) for r in rows["ggt:Opioid"]["a"]}
    assert opioid == {("against", None), ("for", "weak opioid")}
    assert rows["ggt:Traction"]["a"] and rows["ggt:Traction"]["missing_b"] in ("does not address", "scope not stated")
    said = {r["id"] for row in found["interventions"] for side in ("a", "b") for r in row[side]}
    assert {
        r.rec.removeprefix(ns.BASE)
        for r in addressed(kb.engine)
        if r.document in DOCUMENTS and r.begins <= "2017-06-01"
    } == said
    # The overlap of "under 3 months" and "12 weeks or more" is a matter of counting.
    assert all(not r["boundary"] for r in found["disagreements"])
    assert any(r["boundary"] and r["label"] == "weak opioid" for r in found["apart"])


DOCUMENTS = (ns.GGD + "nice-ng59", ns.GGD + "acp-2017")
SAFE = st.sampled_from(["real", "superseded", "apparent", "nonsense", ""])


@pytest.mark.slow
@given(verdict=SAFE, day=st.dates(date(2005, 1, 1), date(2030, 1, 1)))
@settings(max_examples=15, deadline=None)
def test_any_date_and_verdict_is_answered_or_refused(kb: Any, verdict: str, day: date) -> None:
    try:
        found = kb.disagreements(verdicts=[verdict], as_of=day)["disagreements"]
    except GuideGraphError:
        assert verdict not in VERDICTS
        return
    assert {r["verdict"] for r in found} <= {verdict}
    for row in found:
        assert all(side["document"]["issued"][:4] <= str(day.year) for side in (row["a"], row["b"]))


def test_the_queries_can_be_run_alone(kb: Any) -> None:
    kb.disagree.findings(AS_OF)
    text = (ROOT / "queries/disagree/findings.rq").read_text()
    found = gg.api.run_query(kb, text, None, ["asOf=2026-11-24"])
    assert len(found.rows) == len(kb.disagree.findings(AS_OF)) and "verdict" in found.columns
    assert isinstance(found.rows[0][1], ox.NamedNode)


@pytest.mark.slow
def test_the_page_of_verdicts_is_what_the_command_says(repo_root: Path, cli: Any) -> None:
    done = cli("disagreements", "--include-apparent", "--as-of", AS_OF.isoformat(), "--format", "markdown")
    assert done.returncode == 0, done.stderr
    shown = (repo_root / "docs/verdicts.md").read_text(encoding="utf-8")
    assert shown == done.stdout, (
        "guidegraph disagreements --include-apparent --as-of 2026-11-24 -f markdown > docs/verdicts.md"
    )


def test_the_matrix_in_the_docs_is_what_the_command_draws(repo_root: Path, kb: Any) -> None:
    from guidegraph.render import matrix_svg

    assert (repo_root / "docs/matrix.svg").read_text(encoding="utf-8") == matrix_svg(kb.matrix(as_of=AS_OF))


def test_every_encoded_recommendation_is_in_the_table(repo_root: Path, kb: Any) -> None:
    text = (repo_root / "docs/primary-layer.md").read_text(encoding="utf-8")
    for row in kb.engine.select("disagree/addressed"):
        name = row[1].rsplit("/", 1)[-1]
        if "droracle" not in row[1] and "bmj-nice-2017" not in row[1]:
            assert f"`{name}`" in text, name


def test_pictures_tell_nothing_by_colour_alone(kb: Any) -> None:
    from guidegraph.render import matrix_html, matrix_svg, matrix_text

    data = kb.matrix(as_of=AS_OF)
    drawn = matrix_svg(data)
    # The same mark in two fillings, a stroke for what has ended, and every cell told in words.
    assert "<title>" in drawn and "ended" in drawn and "does not address" in drawn
    assert drawn == matrix_svg(kb.matrix(as_of=AS_OF))
    hostile = json.loads(json.dumps(data).replace("NICE NG59", "<script>alert(1)</script>"))
    assert "<script>" not in matrix_svg(hostile) and "<script>" not in matrix_html(hostile)
    assert "(++)" in matrix_text(data)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        (date(2025, 2, 18), date(2025, 2, 19), ("bmj-2025", "wang-2025")),
        (date(2025, 9, 24), date(2025, 9, 25), ("dk-2025",)),
        (date(2022, 12, 30), date(2022, 12, 31), ("va-dod-2017", "va-dod-2022", "acp-2017", "cochrane-steroids-2022")),
    ],
)
def test_a_day_changes_only_pairs_of_what_began_or_ended(
    kb: Any, before: date, after: date, changed: tuple[str, ...]
) -> None:
    was, now = ({key(r): r["verdict"] for r in rows(kb, d)} for d in (before, after))
    moved = {pair for pair in was.keys() | now.keys() if was.get(pair) != now.get(pair)}
    assert moved
    for pair in moved:
        assert any(f"/{name}/" in side for side in pair for name in changed), pair


def test_no_overlap_has_a_branch_inside_another_and_every_sentence_is_short(
    kb: Any, shipped: list[dict[str, Any]]
) -> None:
    forms, scopes = kb.disagreement.grader.forms, kb.disagreement.scopes
    several = 0
    for one, other in {(f.a, f.b) for f in kb.disagree.findings(AS_OF)}:
        union = forms.meet(*(forms.population(scopes[s].population) for s in (one, other)))
        several += len(union) > 1
        for at, branch in enumerate(union):
            for inner in (*union[:at], *union[at + 1 :]):
                assert not forms.inside((inner,), (branch,)), (one, other)
    assert several > 10
    told = kb.disagreements(as_of=AS_OF)["controversies"]
    texts = [row["text"] for row in (*shipped, *told)] + [m["text"] for c in told for m in c["meet"]]
    assert texts and max(len(text.split()) for text in texts) <= 40
