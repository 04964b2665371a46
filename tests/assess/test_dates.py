"""What is in effect at a day: dates known in part, dates that cannot be read, documents that supersede each other."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import guidegraph as gg
from guidegraph import namespaces as ns
from guidegraph import render
from guidegraph.export.fhir.answer import therapies_fhir
from tests.support.paths import words

LATE = date(2030, 1, 1)
PATIENT = {"age": 50, "sex": "male", "symptom_weeks": 20, "conditions": ["sciatica"]}
PREFIXES = "".join(f"@prefix {p}: <{iri}> .\n" for p, iri in ns.PREFIXES.items())
THERAPY = "crossed straight-leg-raise test"
_BLOCK = """
ggg:{name} {{
  ggd:{name} a gg:Document ; rdfs:label "{name}" ; gg:documentKind gg:Guideline ; gg:scopeStates gg:AgeScope , gg:PregnancyScope {dates} .
  <{base}statement/{name}/r> a gg:Recommendation ; rdfs:label "{name} recommends" ; gg:statedIn ggd:{name} ; gg:stance gg:For ;
    gg:intervention ggt:CrossedStraightLegRaiseTest ; gg:population ggp:All ; gg:indication ggt:Sciatica {own} .
  <{base}statement/{name}/c> a gg:Contraindication ; rdfs:label "{name} warns" ; gg:statedIn ggd:{name} ; gg:kind gg:Relative ;
    gg:intervention ggt:CrossedStraightLegRaiseTest ; gg:population ggp:All ; gg:reason "told" .
  ggp:All a owl:Class , gg:Population ; rdfs:label "all" ; owl:equivalentClass
    [ a owl:Restriction ; owl:onProperty gg:hasCondition ; owl:someValuesFrom ggt:Sciatica ] .
}}
"""
Opened = Callable[..., Any]


def block(name: str, dates: str = "", own: str = "") -> str:
    """A document with a recommendation and a warning."""
    shown = "".join(f" ; {text}" for text in (dates,) if text)
    return _BLOCK.format(name=name, base=ns.BASE, dates=shown, own=f"; {own}" if own else "")


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    """Opens documents of a user's own with the ontology alone."""

    def open_them(*blocks: str) -> Any:
        file = tmp_path / "own.trig"
        file.write_text(PREFIXES + "".join(blocks), encoding="utf-8")
        return gg.open_files([file], words("conditions", "findings", "interventions-drugs", "interventions-other"))

    return open_them


def counts(kb: Any, name: str, day: date, what: str = "r") -> bool:
    """Whether a statement of a document counts at a day."""
    return bool(kb.assess(kb.profile(PATIENT), day).truth(f"{ns.BASE}statement/{name}/{what}") == "true")


def kept(kb: Any, name: str, *days: str) -> list[bool]:
    return [counts(kb, name, date.fromisoformat(day)) for day in days]


@pytest.mark.parametrize(
    ("stated", "first"),
    [
        ('"2024-05-20"^^xsd:date', "2024-05-20"),
        ('"2024-05-20"', "2024-05-20"),
        ('"2024-05-20Z"^^xsd:date', "2024-05-20"),
        ('"2024-05-20T10:00:00+02:00"^^xsd:dateTime', "2024-05-20"),
        ('"2024-05"^^xsd:gYearMonth', "2024-05-01"),
        ('"2024-05Z"^^xsd:gYearMonth', "2024-05-01"),
        ('"2024"^^xsd:gYear', "2024-01-01"),
        ('"2024-05:00"^^xsd:gYear', "2024-01-01"),
        ("2024", "2024-01-01"),
    ],
)
@pytest.mark.parametrize("place", ["document", "statement"])
def test_what_was_withdrawn_does_not_count_from_its_first_possible_day(
    opened: Opened, stated: str, first: str, place: str
) -> None:
    issue, withdrawn = 'dcterms:issued "2020-01-01"^^xsd:date', f"gg:withdrawnOn {stated}"
    kb = opened(block("doc", f"{issue} ; {withdrawn}") if place == "document" else block("doc", issue, withdrawn))
    day = date.fromisoformat(first)
    before = date.fromordinal(day.toordinal() - 1)
    assert counts(kb, "doc", before) and not counts(kb, "doc", day) and not counts(kb, "doc", LATE)
    assert kb.therapies(PATIENT, as_of=LATE).to_dict()["unread"] == []


@pytest.mark.parametrize("name", ["lapsesOn", "supersededOn"])
@pytest.mark.parametrize(
    ("stated", "last"),
    [
        ('"2024"^^xsd:gYear', "2024-12-31"),
        ('"2024-02"^^xsd:gYearMonth', "2024-02-29"),
        ('"2023-02"^^xsd:gYearMonth', "2023-02-28"),
    ],
)
def test_what_lapses_or_is_superseded_counts_until_the_last_day(
    opened: Opened, name: str, stated: str, last: str
) -> None:
    kb = opened(block("doc", f'dcterms:issued "2020-01-01"^^xsd:date ; gg:{name} {stated}'))
    day = date.fromisoformat(last)
    assert counts(kb, "doc", date.fromordinal(day.toordinal() - 1)) and not counts(kb, "doc", day)


UNREADABLE = ['"May 2024"', '"2024-02-30"^^xsd:date', '"2024-13"^^xsd:gYearMonth', '"20240520"', '"24"', '""', '"２０２４"', "true"]  # fmt: skip


@pytest.mark.parametrize("stated", UNREADABLE)
@pytest.mark.parametrize("name", ["withdrawnOn", "lapsesOn", "supersededOn"])
def test_what_ends_on_a_day_that_cannot_be_read_never_counts_and_is_told(
    opened: Opened, name: str, stated: str
) -> None:
    kb = opened(block("doc", f'dcterms:issued "2020-01-01"^^xsd:date ; gg:{name} {stated}'))
    assert not any(counts(kb, "doc", day, what) for day in (date(2020, 1, 1), date(2023, 1, 1), LATE) for what in "rc")
    answer = kb.therapies(PATIENT, as_of=date(2023, 1, 1)).to_dict()
    (row,) = answer["unread"]
    assert (row["id"], row["property"], row["value"]) == (
        "ggd:doc",
        f"gg:{name}",
        stated.split('"')[-2] if '"' in stated else stated,
    )
    assert {r["because"] for r in answer["not_in_effect"]} == {"a date that cannot be read"}
    explained = kb.explain(PATIENT, THERAPY, as_of=date(2023, 1, 1))
    assert explained["unread"] == answer["unread"]
    for shown in (render.therapies_text, render.therapies_markdown, render.therapies_html):
        assert f"gg:{name}" in shown(answer)
    assert f"gg:{name}" in render.explain_text(explained)
    # The disagreements see it as ended too.
    assert all(
        row["ended"] for row in kb.matrix(as_of=date(2023, 1, 1), at_least=1)["interventions"][0]["cells"][0]["says"]
    )


def test_what_is_recommended_from_a_day_that_cannot_be_read_never_counts_but_its_warnings_do(opened: Opened) -> None:
    kb = opened(block("doc", 'dcterms:issued "May 2024"'))
    assert not counts(kb, "doc", LATE) and counts(kb, "doc", LATE, "c")
    (row,) = kb.therapies(PATIENT, as_of=LATE).to_dict()["unread"]
    assert row["property"] == "dcterms:issued" and row["value"] == "May 2024"


def test_a_document_without_a_day_of_issue_counts(opened: Opened) -> None:
    kb = opened(block("doc"))
    assert counts(kb, "doc", LATE) and not kb.therapies(PATIENT, as_of=LATE).to_dict()["unread"]


def issued(year: int, newer: str = "") -> str:
    return f'dcterms:issued "{year}"^^xsd:gYear' + (f" ; gg:supersededBy ggd:{newer}" if newer else "")


def test_a_newer_edition_ends_the_older_one_on_its_day(opened: Opened) -> None:
    kb = opened(block("old", issued(2020, "new")), block("new", issued(2024)))
    assert kept(kb, "old", "2024-12-30", "2024-12-31") == [True, False] and counts(kb, "new", LATE)
    assert not kb.therapies(PATIENT, as_of=LATE).to_dict()["unread"]


def test_an_edition_superseded_by_one_without_a_day_does_not_count_and_is_told(opened: Opened) -> None:
    kb = opened(block("old", issued(2020, "new")), block("new"))
    assert not counts(kb, "old", LATE) and counts(kb, "new", LATE)
    assert [r["id"] for r in kb.therapies(PATIENT, as_of=LATE).to_dict()["unread"]] == ["ggd:old"]


@pytest.mark.parametrize(
    ("circle", "left"),
    [
        ({"one": (2020, "two"), "two": (2024, "one")}, {"two"}),
        ({"one": (2020, "two"), "two": (2022, "three"), "three": (2024, "one")}, {"three"}),
        ({"one": (2020, "two"), "two": (2020, "one")}, {"one", "two"}),
        ({"one": (2020, "one")}, {"one"}),
    ],
)
def test_documents_that_supersede_each_other_in_a_circle_are_told_and_do_not_all_end(
    opened: Opened, circle: dict[str, tuple[int, str]], left: set[str]
) -> None:
    kb = opened(*(block(name, issued(*rest)) for name, rest in circle.items()))
    assert {name for name in circle if counts(kb, name, LATE)} == left
    rows = kb.therapies(PATIENT, as_of=LATE).to_dict()["unread"]
    assert {row["id"] for row in rows} == {f"ggd:{name}" for name in circle}
    assert {row["property"] for row in rows} == {"gg:supersededBy"}


@pytest.mark.parametrize(
    ("stated", "first", "last", "words"),
    [
        ('"2017"^^xsd:gYear', "2017-01-01", "2017-12-31", "some day in 2017"),
        ('"2017-02"^^xsd:gYearMonth', "2017-02-01", "2017-02-28", "some day in February 2017"),
    ],
)
@pytest.mark.parametrize("place", ["document", "statement"])
def test_what_is_issued_in_a_year_or_month_counts_from_its_first_day_and_is_told_as_not_sure(
    opened: Opened, stated: str, first: str, last: str, words: str, place: str
) -> None:
    issue = f"dcterms:issued {stated}"
    kb = opened(block("doc", issue) if place == "document" else block("doc", "", issue))
    days = [date.fromisoformat(first), date.fromisoformat(last)]
    before, after = date.fromordinal(days[0].toordinal() - 1), date.fromordinal(days[1].toordinal() + 1)
    assert not counts(kb, "doc", before) and all(counts(kb, "doc", day) for day in (*days, after))
    subject = "ggd:doc" if place == "document" else "statement/doc/r"
    for day in days:
        answer, explained = kb.therapies(PATIENT, as_of=day).to_dict(), kb.explain(PATIENT, THERAPY, as_of=day)
        (row,) = answer["imprecise"]
        assert (row["id"], row["text"].partition(": ")[2]) == (subject, f"in effect from {words}")
        assert explained["imprecise"] == [row] == kb.timeline(PATIENT, as_of=day)["imprecise"]
        sent = json.loads(therapies_fhir(answer))["entry"][0]["resource"]
        (inputs,) = (part for part in sent["contained"] if part["resourceType"] == "Parameters")
        told = [p["valueString"] for p in inputs["parameter"] if p["name"] == "date-known-in-part"]
        assert told == [row["text"]] and any(row["text"] in note["text"] for note in sent["note"])
        assert kb.matrix(as_of=day, at_least=1)["imprecise"] == [row]
        for shown in (render.therapies_text, render.therapies_markdown, render.therapies_html):
            assert words in " ".join(shown(answer).split())
        assert words in " ".join(render.explain_text(explained).split())
    for day in (before, after):
        assert kb.therapies(PATIENT, as_of=day).to_dict()["imprecise"] == []


@pytest.mark.parametrize(
    ("name", "counted", "words"),
    [
        ("lapsesOn", True, "in effect until"),
        ("supersededOn", True, "in effect until"),
        ("withdrawnOn", False, "ended on"),
    ],
)
def test_what_ends_in_the_year_asked_for_is_told_as_not_sure(
    opened: Opened, name: str, counted: bool, words: str
) -> None:
    kb = opened(block("doc", f'dcterms:issued "2020-01-01"^^xsd:date ; gg:{name} "2024"^^xsd:gYear'))
    day = date(2024, 6, 1)
    assert counts(kb, "doc", day) is counted
    (row,) = kb.therapies(PATIENT, as_of=day).to_dict()["imprecise"]
    assert row["text"] == f"doc: {words} some day in 2024"
    assert not kb.therapies(PATIENT, as_of=date(2025, 1, 1)).to_dict()["imprecise"]


def test_of_two_dates_known_in_part_the_interval_is_as_wide_as_both_allow(opened: Opened) -> None:
    """A statement of some day of 2016 in a document of November 2016 began in November or December."""
    kb = opened(
        block("doc", 'dcterms:issued "2016-11"^^xsd:gYearMonth', 'dcterms:issued "2016"^^xsd:gYear'),
        block("old", 'dcterms:issued "2010"^^xsd:gYear ; gg:supersededBy ggd:doc ; gg:lapsesOn "2017"^^xsd:gYear'),
    )
    told = kb.records.intervals[f"{ns.BASE}statement/doc/r"]
    assert (told.begins, told.begins_last, told.beginning) == (
        "2016-11-01",
        "2016-12-31",
        "some day from 2016-11-01 to 2016-12-31",
    )
    old = kb.records.intervals[f"{ns.BASE}statement/old/r"]
    assert (old.ends, old.ends_first, old.ends_last) == ("2016-11-30", "2016-11-01", "2016-11-30")


def test_a_comparison_in_the_year_of_a_document_sees_it_and_says_so(opened: Opened) -> None:
    against = block("other", 'dcterms:issued "2016-11"^^xsd:gYearMonth').replace(
        "gg:stance gg:For", "gg:stance gg:Against"
    )
    kb = opened(block("doc", 'dcterms:issued "2017"^^xsd:gYear'), against)
    pair = kb.compare("ggd:doc", "ggd:other", as_of=date(2017, 6, 1))
    assert [row["verdict"] for row in pair["disagreements"]] == ["real"]
    assert [row["text"] for row in pair["imprecise"]] == ["doc: in effect from some day in 2017"]
    assert "some day in 2017" in render.compare_text(pair)
    found = kb.disagreements(as_of=date(2017, 6, 1))
    assert found["imprecise"] == pair["imprecise"] and "some day in 2017" in render.disagreements_text(found)
    assert kb.compare("ggd:doc", "ggd:other", as_of=date(2016, 12, 31))["disagreements"] == []
    changed = kb.changes(date(2016, 12, 31), date(2017, 6, 1))
    assert [(d["id"], d["why"]) for d in changed["documents"]] == [
        ("ggd:doc", ["issued, in effect from some day in 2017"])
    ]
    assert [row["text"] for row in changed["imprecise"]] == [
        "doc: in effect from some day in 2017 (asked for 2017-06-01)"
    ]
    assert "some day in 2017" in render.changes_text(changed)


def test_a_statement_is_told_with_the_date_of_the_update_that_brought_it(opened: Opened) -> None:
    kb = opened(block("doc", 'dcterms:issued "2016"^^xsd:gYear', 'dcterms:issued "2020-09"^^xsd:gYearMonth'))
    explained = kb.explain(PATIENT, THERAPY, as_of=LATE)
    dates = {row["role"]: row["document"]["issued"] for row in explained["proof"]}
    assert dates == {"for": "2020-09", "warning": "2016"}
    assert any("[doc, 2020]" in reason for reason in explained["therapy"]["reasons"])
    (term,) = kb.lookup(THERAPY)["terms"]
    assert {r["role"]: r["document"]["issued"] for r in term["statements"]} == {
        "recommended": "2020-09",
        "caution or warning": "2016",
    }
