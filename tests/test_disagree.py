"""Kinds, verdicts, evidence, policies and laws of disagreements, on the shipped graph and on small ones."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
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
from guidegraph.disagree.sources import corrected_covered_area
from guidegraph.errors import GuideGraphError, UsageError

AS_OF = date(2026, 11, 24)
PREFIXES = "".join(f"@prefix {p}: <{iri}> .\n" for p, iri in ns.PREFIXES.items())
SCIATICA = "[ a owl:Restriction ; owl:onProperty gg:hasCondition ; owl:someValuesFrom ggt:Sciatica ]"
WEEKS = (
    "[ a owl:Restriction ; owl:onProperty gg:symptomWeeks ; owl:someValuesFrom [ a rdfs:Datatype ; "
    "owl:onDatatype xsd:decimal ; owl:withRestrictions ( [ xsd:%s %s ] ) ] ]"
)


def both(*expressions: str) -> str:
    return f"[ a owl:Class ; owl:intersectionOf ( {' '.join(expressions)} ) ]"


def trial(of: str) -> str:
    event = both(
        f"[ a owl:Restriction ; owl:onProperty gg:ofIntervention ; owl:someValuesFrom ggt:{of} ]",
        "[ a owl:Restriction ; owl:onProperty gg:hasOutcome ; owl:hasValue gg:Failed ]",
    )
    return f"[ a owl:Restriction ; owl:onProperty gg:hasTrial ; owl:someValuesFrom {event} ]"


Rec = dict[str, str]


def rec(stance: str = "For", **more: str) -> Rec:
    """A recommendation; keys are properties of the model, ``expression`` the population's class expression."""
    return {"stance": f"gg:{stance}", "intervention": "ggt:Traction", "indication": "ggt:Sciatica", **more}


def document(name: str, *recs: Rec, about: str = "", issued: str = "2020", strength: str = "") -> str:
    """One document as TriG, its recommendations numbered from 1."""
    lines = [
        PREFIXES,
        f"@prefix s: <{ns.BASE}statement/{name}/> .\nggg:{name} {{",
        f'ggd:{name} a gg:Document ; rdfs:label "{name}"@en ; gg:documentKind gg:Guideline ;',
        f'  dcterms:issued "{issued}"^^xsd:gYear {about} .',
    ]
    for number, row in enumerate(recs, 1):
        expression = row.get("expression", SCIATICA)
        graded = row.get("strength", strength)
        props = " ; ".join(f"gg:{k} {v}" for k, v in row.items() if k not in ("expression", "strength"))
        lines.append(
            f'ggp:{name}{number} a owl:Class , gg:Population ; rdfs:label "{name}"@en ; owl:equivalentClass {expression} .'
        )
        lines.append(
            f's:r{number} a gg:Recommendation ; rdfs:label "{name} {number}"@en ; gg:statedIn ggd:{name} ; gg:population ggp:{name}{number} ; {props} .'
        )
        if graded:
            lines.append(f"s:g{number} a gg:StrengthReading ; gg:ofStatement s:r{number} ; gg:strength gg:{graded} .")
    return "\n".join([*lines, "}"])


@pytest.fixture(scope="module")
def bare(repo_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the ontology and no documents."""
    root = tmp_path_factory.mktemp("bare")
    shutil.copytree(repo_root / "ontology", root / "ontology")
    (root / "graph").mkdir()
    return root


@pytest.fixture
def world(bare: Path, tmp_path: Path) -> Callable[..., Any]:
    def build(*documents: str) -> Any:
        paths = []
        for number, text in enumerate(documents):
            path = tmp_path / f"{number}.trig"
            path.write_text(text)
            paths.append(path)
        return gg.api.open_knowledge(bare, extra=paths)

    return build


def rows(kb: Any, as_of: date = AS_OF, **more: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = kb.disagreements(as_of=as_of, include_apparent=True, **more)["disagreements"]
    return found


def told(kb: Any, as_of: date = AS_OF) -> list[tuple[str, str, str]]:
    return [(r["kind"], r["overlap"], r["verdict"]) for r in rows(kb, as_of)]


PACKAGE, TRIAL_ONLY = "ggt:WithinPackageWithExercise", "ggt:InsideResearchTrial"
CASES: dict[str, tuple[Rec, Rec, list[tuple[str, str, str]]]] = {
    "direction": (rec(), rec("Against"), [("direction", "same", "real")]),
    "subclass": (rec(intervention="ggt:NSAID"), rec("Against", intervention="ggt:Ibuprofen"), [("direction", "same", "real")]),
    "common subclass": (
        rec(intervention="ggt:EpiduralLocalAnestheticInjection"),
        rec("Against", intervention="ggt:EpiduralSteroidInjection"),
        [("direction", "same", "real")],
    ),
    "unrelated interventions": (rec(), rec("Against", intervention="ggt:NSAID"), []),
    "another horizon": (
        rec(horizon="gg:ShortTerm"), rec("Against", horizon="gg:LongTerm"), [("horizon", "same", "horizon")],
    ),
    "same horizon": (rec(horizon="gg:ShortTerm"), rec("Against", horizon="gg:ShortTerm"), [("direction", "same", "real")]),
    "one states no horizon": (rec(), rec("Against", horizon="gg:LongTerm"), [("direction", "same", "real")]),
    "another outcome": (
        rec(outcome="ggt:PainRelief"), rec("Against", outcome="ggt:FunctionOutcome"), [("horizon", "same", "horizon")],
    ),
    "an outcome below the other": (
        rec(outcome="ggt:PainRelief"), rec("Against", outcome="ggt:PainOutcome"), [("direction", "same", "real")],
    ),
    "windows that meet": (
        rec(horizon="ggt:TwoToSixWeeks"), rec("Against", horizon="ggt:AtThreeWeeks"), [("direction", "same", "real")],
    ),
    "windows apart": (
        rec(horizon="ggt:TwoToSixWeeks"), rec("Against", horizon="ggt:BeyondThreeMonths"), [("horizon", "same", "horizon")],
    ),
    "alone against, within a package for": (
        rec(attachedCondition=PACKAGE), rec("Against", onlyWithout=PACKAGE), [("condition", "same", "condition")],
    ),
    "against, within a package for": (rec(attachedCondition=PACKAGE), rec("Against"), [("direction", "same", "real")]),
    "one attaches a condition": (rec(attachedCondition=PACKAGE), rec(), [("condition", "same", "condition")]),
    "both attach it": (rec(attachedCondition=PACKAGE), rec(attachedCondition=PACKAGE), []),
    "insufficient evidence": (rec(), rec("InsufficientEvidence"), [("stance", "same", "stance")]),
    "declined": (rec("Against"), rec("NoRecommendation"), [("stance", "same", "stance")]),
    "neither takes a side": (rec("InsufficientEvidence"), rec("NoRecommendation"), []),
    "line": (rec(line="1"), rec(line="2"), [("sequence", "same", "condition")]),
    "one states no line": (rec(line="1"), rec(), []),
    "required trial": (
        rec(expression=both(SCIATICA, trial("NSAID"))), rec(expression=both(SCIATICA, trial("ConservativeCare"))),
        [("sequence", "overlaps", "condition")],
    ),
    "strength": (rec(strength="Strong"), rec(strength="Conditional"), [("strength", "same", "grading-only")]),
    "one states no strength": (rec(strength="Strong"), rec(), []),
    "certainty": (rec(certainty="gg:Low"), rec(certainty="gg:High"), [("certainty", "same", "grading-only")]),
    "certainty not stated": (rec(certainty="gg:Low"), rec(certainty="gg:CertaintyNotStated"), []),
    "agree": (rec(), rec(), []),
    "other patients": (
        rec(expression=both(SCIATICA, WEEKS % ("maxExclusive", "12.0"))),
        rec("Against", expression=both(SCIATICA, WEEKS % ("minInclusive", "13.0"))),
        [("direction", "disjoint", "apparent")],
    ),
    "a slice": (
        rec(), rec("Against", expression=both(SCIATICA, WEEKS % ("minInclusive", "12.0"))), [("direction", "contains", "real")],
    ),
    "another indication": (
        rec(),
        rec("Against", indication="ggt:FacetJointPain", expression=SCIATICA.replace("Sciatica", "FacetJointPain")),
        [("direction", "not excluded", "not-excluded")],
    ),
    "graded apart, other patients": (
        rec(strength="Strong", expression=both(SCIATICA, WEEKS % ("maxExclusive", "12.0"))),
        rec(strength="Conditional", expression=both(SCIATICA, WEEKS % ("minInclusive", "13.0"))),
        [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_kind_and_verdict(world: Callable[..., Any], name: str) -> None:
    one, other, expected = CASES[name]
    assert told(world(document("one", one), document("two", other))) == expected


@pytest.mark.parametrize("name", CASES)
def test_the_sides_may_be_exchanged(world: Callable[..., Any], name: str) -> None:
    one, other, expected = CASES[name]
    assert told(world(document("one", other), document("two", one))) == expected


def test_one_document_contradicts_itself_only_where_it_opposes_itself(world: Callable[..., Any]) -> None:
    assert told(world(document("one", rec(), rec("Against")))) == [("direction", "same", "real")]
    assert told(world(document("one", rec(strength="Strong"), rec(strength="Conditional")))) == []


def test_what_has_ended_is_superseded_and_before_its_end_real(world: Callable[..., Any]) -> None:
    ended = '; gg:withdrawnOn "2024-05-01"^^xsd:date'
    kb = world(document("one", rec(), about=ended), document("two", rec("Against")))
    assert told(kb) == [("direction", "same", "superseded")]
    assert told(kb, date(2024, 4, 30)) == [("direction", "same", "real")]
    assert told(kb, date(2019, 1, 1)) == []


def scope(considers: str, expression: str) -> str:
    return (
        f"{PREFIXES}@prefix s: <{ns.BASE}statement/quiet/> .\nggg:quiet {{\n"
        'ggd:quiet a gg:Document ; rdfs:label "quiet"@en ; gg:documentKind gg:Guideline ; dcterms:issued "2020"^^xsd:gYear .\n'
        f"s:scope a gg:Scope ; gg:inDocument ggd:quiet ; gg:population ggp:Quiet ; gg:indication ggt:Sciatica ; {considers} .\n"
        f'ggp:Quiet a owl:Class , gg:Population ; rdfs:label "quiet"@en ; owl:equivalentClass {expression} .\n}}'
    )


@pytest.mark.parametrize(
    ("considers", "expression", "verdicts"),
    [
        ("gg:considers ggt:NSAID", SCIATICA, ["silence"]),
        ("gg:leavesOut gg:PhysicalIntervention", SCIATICA, ["silence"]),
        ("gg:considers ggt:Traction", SCIATICA, []),
        ('gg:basis "scope not stated"', SCIATICA, []),
        # The scope does not cover all the patients.
        ("gg:considers ggt:NSAID", both(SCIATICA, WEEKS % ("maxExclusive", "12.0")), []),
    ],
)
def test_silence_only_where_the_scope_is_stated_and_covers(
    world: Callable[..., Any], considers: str, expression: str, verdicts: list[str]
) -> None:
    found = rows(world(document("one", rec()), scope(considers, expression)))
    assert [r["verdict"] for r in found] == verdicts
    if found:
        assert found[0]["b"] == {"stance": "silent", "document": found[0]["b"]["document"]}
        assert found[0]["b"]["document"]["id"] == "ggd:quiet"


def digests(count: int) -> list[str]:
    studies = "; gg:restsOn ggd:study-1 , ggd:study-2"
    return [
        document(f"digest{n}", rec(), about=f'; dcterms:publisher "One House" {studies}') for n in range(1, count + 1)
    ]


def test_five_digests_of_one_publisher_are_one_voice_and_two_studies(world: Callable[..., Any]) -> None:
    found = rows(world(document("other", rec("Against"), about='; dcterms:publisher "Another"'), *digests(5)))
    assert len(found) == 5
    for row in found:
        side = "a" if row["a"]["stance"] == "for" else "b"
        support = row["support"][side]
        assert len(support["documents"]) == 5 and support["voices"] == 1
        assert [s["id"] for s in support["studies"]] == ["ggd:study-1", "ggd:study-2"]


def test_shared_studies_are_counted(world: Callable[..., Any]) -> None:
    one = document("one", rec(), about="; gg:restsOn ggd:review")
    two = document("two", rec("Against"), about="; gg:restsOn ggd:study-2 , ggd:study-3")
    review = f"{PREFIXES} ggg:r {{ ggd:review gg:includesStudy ggd:study-1 , ggd:study-2 . }}"
    row = rows(world(one, two, review))[0]
    assert [s["id"] for s in row["shared_evidence"]["studies"]] == ["ggd:study-2"]
    assert row["shared_evidence"]["cca"] == round(1 / 3, 4)
    assert "evidence base" in row["explained_by"]


def test_corrected_covered_area_is_that_of_the_paper() -> None:
    assert corrected_covered_area([{"a", "b"}, {"a", "b"}]) == 1
    assert corrected_covered_area([{"a"}, {"b"}]) == 0
    # Three reviews, four studies, seven inclusions: (7 - 4) / (4 * 3 - 4).
    assert corrected_covered_area([{"a", "b"}, {"a", "b", "c"}, {"c", "d"}]) == 3 / 8
    assert corrected_covered_area([{"a"}, set()]) is None


def test_a_report_is_one_voice_with_its_primary(world: Callable[..., Any]) -> None:
    primary = document("primary", rec(), about='; dcterms:publisher "P"')
    link = f"; gg:reports ggd:primary ; gg:primaryStatement <{ns.BASE}statement/primary/r1>"
    report = document("report", rec()).replace(" ; gg:stance gg:For", f"{link} ; gg:stance gg:For")
    against = document("against", rec("Against"))
    assert len(rows(world(primary, report, against))) == 1
    # Without its primary the report speaks for itself.
    assert len(rows(world(report, against))) == 1


def test_policy_orders_the_sides_and_resolves_nothing(world: Callable[..., Any]) -> None:
    kb = world(document("aged", rec(strength="Strong"), issued="2010"), document("new", rec("Against"), issued="2020"))
    assert rows(kb, policy="recency")[0]["a"]["document"]["id"] == "ggd:new"
    assert rows(kb, policy="strength")[0]["a"]["document"]["id"] == "ggd:aged"
    assert kb.disagreements(policy="recency")["policy"] == "recency"
    assert {r["verdict"] for r in rows(kb, policy="recency")} == {"real"}
    with pytest.raises(UsageError, match="recency"):
        kb.disagreements(policy="newest")


# ---------------------------------------------------------------- the shipped graph


def key(row: dict[str, Any]) -> tuple[str, str]:
    return (row["a"].get("id", ""), row["b"].get("id") or row["b"]["document"]["id"])


@pytest.fixture(scope="module")
def shipped(kb: Any) -> list[dict[str, Any]]:
    return rows(kb)


def test_the_articles_own_divergence_is_told_in_one_sentence(shipped: list[dict[str, Any]]) -> None:
    pair = ("statement/bmj-2025/BMJ-R1", "statement/droracle-sciatica-2025/epidural-steroid")
    row = next(r for r in shipped if key(r) == pair)
    assert (row["kind"], row["verdict"]) == ("direction", "real")
    for words in (
        "at least 13",
        "not: cancer",
        "BMJ 2025",
        "advises against",
        "strength strong",
        "ASA 2010",
        "recommends",
    ):
        assert words in row["text"], words
    assert row["contested"][0]["document"] == "ggd:bmj-2025"


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


@pytest.mark.parametrize(
    "path", sorted((Path(__file__).parents[1] / "graph/profiles").glob("*.yaml")), ids=lambda p: p.stem
)
def test_a_patients_disagreements_are_the_full_list_filtered(
    kb: Any, shipped: list[dict[str, Any]], path: Path
) -> None:
    found = {key(r) for r in kb.disagreements(profile=path, as_of=AS_OF)["disagreements"]}
    truth = kb.assess(kb.profile(path), AS_OF).truth
    scopes = {s.removeprefix(ns.BASE): scope.population for s, scope in kb.disagreement.scopes.items()}

    def concerns(row: dict[str, Any]) -> bool:
        values = [truth(scopes[side]) for side in key(row)]
        if row["verdict"] == "apparent":
            return False
        if row["verdict"] == "not-excluded":
            return values == ["true", "true"]
        return "false" not in values and "true" in values

    assert found == {key(r) for r in shipped if concerns(r)}
    assert len(found) < len(shipped)


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


def test_another_indication_makes_it_caution_not_contested(world: Callable[..., Any]) -> None:
    other = SCIATICA.replace("Sciatica", "FacetJointPain")
    kb = world(
        document("one", rec(), about="; gg:scopeStates gg:AgeScope , gg:PregnancyScope"),
        document("two", rec("Against", indication="ggt:FacetJointPain", expression=other)),
    )
    answer = kb.therapies({"conditions": ["sciatica", "facet joint pain"]}, as_of=AS_OF)
    assert answer.status("traction") == "caution"
    entry = next(t for t in answer.to_dict()["therapies"] if t["label"] == "traction")
    assert [r["id"] for r in entry["both_apply"]] == ["statement/two/r1"]
    assert any(r.startswith("both apply, for different indications") for r in entry["reasons"])
    found = kb.disagreements(profile={"conditions": ["sciatica", "facet joint pain"]}, as_of=AS_OF)["disagreements"]
    assert [r["verdict"] for r in found] == ["not-excluded"] and found[0]["text"].startswith("Both apply")


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


SAFE = st.sampled_from(["real", "superseded", "apparent", "nonsense", ""])


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
    text = (Path(__file__).parents[1] / "queries/disagree/findings.rq").read_text()
    found = gg.api.run_query(kb, text, None, ["asOf=2026-11-24"])
    assert len(found.rows) == len(kb.disagree.findings(AS_OF)) and "verdict" in found.columns
    assert isinstance(found.rows[0][1], ox.NamedNode)


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
