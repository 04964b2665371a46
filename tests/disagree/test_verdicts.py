"""Kinds, verdicts, evidence and policies of disagreements, on small graphs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from guidegraph import namespaces as ns
from guidegraph.disagree.finding import VERDICTS
from guidegraph.disagree.sources import corrected_covered_area
from guidegraph.errors import UsageError

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


def rows(kb: Any, as_of: date = AS_OF, **more: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = kb.disagreements(as_of=as_of, verdicts=VERDICTS, **more)["disagreements"]
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
    "a point inside the other window": (
        rec(horizon="ggt:AtThreeWeeks"), rec("Against", horizon="ggt:AtThreeWeeks"), [("direction", "same", "real")],
    ),
    "words of time against a number": (
        rec(horizon="gg:ShortTerm"), rec("Against", horizon="ggt:BeyondThreeMonths"), [("horizon", "same", "horizon")],
    ),
    "long term begins after half a year": (
        rec(horizon="gg:LongTerm"), rec("Against", horizon="ggt:SixMonthsOrMore"), [("direction", "same", "real")],
    ),
    "windows that meet, other outcomes": (
        rec(horizon="ggt:TwoToSixWeeks", outcome="ggt:PainRelief"),
        rec("Against", horizon="gg:ShortTerm", outcome="ggt:FunctionOutcome"),
        [("direction", "same", "real")],
    ),
    "the same window, other outcomes": (
        rec(horizon="gg:ShortTerm", outcome="ggt:PainRelief"),
        rec("Against", horizon="ggt:ThreeMonthsOrLess", outcome="ggt:FunctionOutcome"),
        [("horizon", "same", "horizon")],
    ),
    "one of two windows meets": (
        rec(horizon="gg:ShortTerm , gg:LongTerm"), rec("Against", horizon="ggt:BeyondThreeMonths"),
        [("direction", "same", "real")],
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


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_the_sides_may_be_exchanged(world: Callable[..., Any], name: str) -> None:
    one, other, expected = CASES[name]
    assert told(world(document("one", other), document("two", one))) == expected


@pytest.mark.slow
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
        document(f"digest{n}", rec(), about=f"; dcterms:publisher <https://example.org/one-house> {studies}")
        for n in range(1, count + 1)
    ]


def test_five_digests_of_one_publisher_are_one_voice_and_two_studies(world: Callable[..., Any]) -> None:
    found = rows(
        world(document("other", rec("Against"), about="; dcterms:publisher <https://example.org/another>"), *digests(5))
    )
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
    assert row["explained_by"] == [
        "evidence that a does not rest on: ggd:study-3 (date not stated)",
        "evidence that b does not rest on: ggd:study-1 (date not stated)",
    ]


def test_corrected_covered_area_is_that_of_the_paper() -> None:
    assert corrected_covered_area([{"a", "b"}, {"a", "b"}]) == 1
    assert corrected_covered_area([{"a"}, {"b"}]) == 0
    # Three reviews, four studies, seven inclusions: (7 - 4) / (4 * 3 - 4).
    assert corrected_covered_area([{"a", "b"}, {"a", "b", "c"}, {"c", "d"}]) == 3 / 8
    assert corrected_covered_area([{"a"}, set()]) is None


def test_a_report_is_one_voice_with_its_primary(world: Callable[..., Any]) -> None:
    primary = document("primary", rec(), about="; dcterms:publisher <https://example.org/p>")
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


@pytest.mark.slow
def test_two_editions_of_one_document_are_no_pair(world: Callable[..., Any]) -> None:
    ended = '; gg:supersededBy ggd:second ; gg:supersededOn "2022-01-01"^^xsd:date'
    first, second = document("first", rec(), about=ended), document("second", rec("Against"), issued="2022")
    assert told(world(first, second, document("other", rec("Against")))) == [("direction", "same", "superseded")]
    between = document(
        "second", rec("Against"), about='; gg:supersededBy ggd:third ; gg:supersededOn "2023"^^xsd:gYear'
    )
    assert told(world(first, between, document("third", rec(), issued="2023"))) == []


@pytest.mark.slow
def test_what_a_document_said_before_it_said_otherwise_is_no_pair(world: Callable[..., Any]) -> None:
    both_times = document("one", rec(), rec("Against"))
    was = both_times.replace("s:r1 a gg:Rec", 's:r1 gg:supersededOn "2021-01-01"^^xsd:date . s:r1 a gg:Rec')
    turned = was.replace("s:r2 a gg:Rec", 's:r2 dcterms:issued "2021-01-01"^^xsd:date . s:r2 a gg:Rec')
    assert told(world(both_times)) == [("direction", "same", "real")]
    assert told(world(turned)) == []


def test_what_is_superseded_is_counted_and_listed_when_asked_for(world: Callable[..., Any]) -> None:
    ended = '; gg:withdrawnOn "2024-05-01"^^xsd:date'
    kb = world(document("one", rec(), about=ended), document("two", rec("Against")))
    for found in (kb.disagreements(as_of=AS_OF), kb.disagreements(as_of=AS_OF, include_apparent=True)):
        assert found["disagreements"] == [] and found["counts"]["superseded"] == 1
    assert len(kb.disagreements(as_of=AS_OF, verdicts=["superseded"])["disagreements"]) == 1


IMAGING = ("ggt:MRI", "ggt:CT")


def test_members_of_one_class_are_one_finding(world: Callable[..., Any]) -> None:
    members = [rec(intervention=i) for i in IMAGING]
    found = rows(
        world(document("one", *members), document("two", rec("Against", intervention="ggt:DiagnosticImaging")))
    )
    assert [(r["label"], sorted(m["label"] for m in r["members"])) for r in found] == [
        ("diagnostic imaging", ["computed tomography", "magnetic resonance imaging"])
    ]
    assert "computed tomography" in found[0]["text"] and "magnetic resonance imaging" in found[0]["text"]


@pytest.mark.parametrize(
    "other",
    [
        {"intervention": "ggt:CT", "strength": "Strong"},
        {"intervention": "ggt:CT", "expression": both(SCIATICA, WEEKS % ("minInclusive", "12.0"))},
        {"intervention": "ggt:CT", "attachedCondition": "ggt:SpecialistSetting"},
    ],
)
def test_what_differs_in_more_than_the_member_stays_apart(world: Callable[..., Any], other: dict[str, str]) -> None:
    against = [rec("Against", intervention=i) for i in IMAGING]
    found = rows(world(document("one", rec(intervention="ggt:MRI"), rec(**other)), document("two", *against)))
    assert [r["members"] for r in found if r["kind"] == "direction"] == [[], []]


def test_members_without_a_common_class_stay_apart(world: Callable[..., Any]) -> None:
    pair = [rec(intervention="ggt:Traction"), rec(intervention="ggt:NSAID")]
    against = [{**r, "stance": "gg:Against"} for r in pair]
    assert [r["members"] for r in rows(world(document("one", *pair), document("two", *against)))] == [[], []]


# ---------------------------------------------------------------- the shipped graph


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
