"""Units, dates, codes and the collecting of facts, whatever record they come from."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from guidegraph import namespaces as ns
from guidegraph.errors import UnitError, UsageError
from guidegraph.intake.builder import ProfileBuilder
from guidegraph.intake.concepts import Code, Concepts
from guidegraph.intake.dates import age, moment
from guidegraph.intake.form import to_json, to_yaml
from guidegraph.intake.report import IntakeReport, Settings, Source
from guidegraph.intake.units import units
from guidegraph.model import CodeReading, TrialFact
from guidegraph.profile import apply_implications, parse_profile_text

EGFR = "mL/min/{1.73_m2}"
DAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("value", "unit", "target", "expected"),
    [
        ("0.5", "mL/s/{1.73_m2}", EGFR, "30"),
        ("5.4", "L/h/{1.73_m2}", EGFR, "90"),
        ("0.0015", "L/s/{1.73m2}", EGFR, "90"),
        ("90", "mL/(min.{1.73_m2})", EGFR, "90"),
        ("1.5", "cm3/s/{1.73_m2}", EGFR, "90"),
        ("42", "d", "wk", "6"),
        ("41", "d", "wk", "5.857142857"),
        ("504", "h", "wk", "3"),
        ("3", "mo", "wk", "13"),
        ("12", "mo", "wk", "52"),
        ("1.5", "a", "wk", "78"),
        ("1", "mo_j", "wk", "4.348214286"),
        ("731", "d", "a", "2.001368925"),
        ("7", "1", "{score}", "7"),
        ("6.50", "{score}", "{score}", "6.5"),
    ],
)
def test_units_convert_exactly(value: str, unit: str, target: str, expected: str) -> None:
    assert units().convert(Decimal(value), unit, target).value == Decimal(expected)


@pytest.mark.parametrize(
    ("value", "unit", "target"),
    [
        ("90", "mL/min", EGFR),
        ("90", "mL/min/m2", EGFR),
        ("90", "mL/min/{1.73_m2}", "mL/min"),
        ("1.2", "mg/dL", EGFR),
        ("70", "%", "{score}"),
        ("7", "{score}", "wk"),
        ("7", "1", "wk"),
        ("7", "", "wk"),
        ("7", "WK", "wk"),
        ("7", "D", "wk"),
        ("37", "Cel", "wk"),
        ("7", "d.", "wk"),
        ("7", "d d", "wk"),
        ("7", "7d", "wk"),
        ("7", "((((((((d))))))))", "wk"),
        ("7", "d99", "wk"),
        ("7", "0.d", "wk"),
        ("7", "d" * 100, "wk"),
        ("NaN", "d", "wk"),
        ("Infinity", "d", "wk"),
        ("1E+999999", "d", "wk"),
        ("1E+30", "wk", "wk"),
        ("1E+28", "{score}", "{score}"),
        ("1E+14", "Ga", "s"),
        ("9E+15", "a_j", "s"),
        ("1E-999999", "d", "wk"),
    ],
)
def test_units_never_guess(value: str, unit: str, target: str) -> None:
    with pytest.raises(UnitError):
        units().convert(Decimal(value), unit, target)


def test_a_user_may_take_one_unit_for_another() -> None:
    found = units().treating([("mL/min", EGFR)]).convert(Decimal(50), "mL/min", EGFR)
    assert found.value == 50 and "as you said" in found.note
    with pytest.raises(UnitError):
        units().convert(Decimal(50), "mL/min", EGFR)


def test_days_over_seven_cross_no_bound() -> None:
    for days in range(1, 1000):
        weeks = units().convert(Decimal(days), "d", "wk").value
        for bound in (Decimal(n) / 4 for n in range(600)):
            assert (weeks >= bound) == (4 * days >= bound * 28)


def test_moments_compare_only_where_they_can() -> None:
    assert moment("2026-03").after(moment("2026-02-28T23:59:59")) is True
    assert moment("2026").after(moment("2026-02-28")) is None
    assert moment("2026-01-01T01:00:00+02:00").after(moment("2025-12-31T23:30:00Z")) is False
    # Of a time without a zone only the day can be held against another clock.
    assert moment("2026-01-01T10:00:00").after(moment("2026-01-01T09:00:00Z")) is None
    assert moment("2026-01-01T09:00:00Z").after(moment("2026-01-01T10:00:00")) is None
    assert moment("2026-01-03T10:00:00").after(moment("2026-01-01T09:00:00Z")) is True
    assert moment("2026-01-02T10:00:00").after(moment("2026-01-01T09:00:00")) is True
    assert moment("2026-01-01T10:00:00Z").day == date(2026, 1, 1)
    assert moment("2026-01").day is None
    for wrong in (
        "",
        "2026-13",
        "2026-02-30",
        "26-01-01",
        "2026-1-1",
        "2026-01-01T25:00:00Z",
        2026,
        None,
        "2026-01-01T10",
        "٢٠٢٦",
    ):
        with pytest.raises(ValueError):
            moment(wrong)


def test_age_is_a_range_where_the_birth_date_is_partial() -> None:
    assert age(moment("1980-11-24"), DAY) == (46, 46)
    assert age(moment("1980-11-25"), DAY) == (45, 45)
    assert age(moment("1980-11"), DAY) == (45, 46)
    assert age(moment("1980"), DAY) == (45, 46)
    assert age(moment("1980-10"), DAY) == (46, 46)
    assert age(moment("2004-02-29"), date(2026, 2, 28)) == (21, 21)
    assert age(moment("2026"), DAY) == (0, 0)
    with pytest.raises(ValueError):
        age(moment("2026-11-25"), DAY)


class Fake:
    """Readings of a few invented codes."""

    def __init__(self, **readings: tuple[tuple[str, ...], tuple[str, ...]]) -> None:
        self.readings = readings

    def prefix_of(self, system: str) -> str | None:
        return {"http://x": "X"}.get(system)

    def read(self, curie: str) -> CodeReading:
        present, absent = self.readings.get(curie.removeprefix("X:"), ((), ()))
        step = (f"{curie} is mapped",) if present or absent else (f"{curie} is not mapped",)
        return CodeReading(curie, "", present, absent, step)


@pytest.fixture()
def iri(kb: Any) -> Any:
    return kb.resolve


def read(kb: Any, iri: Any, *codes: str, **more: Any) -> Any:
    low, sciatica, ulcer = iri("active peptic ulcer"), iri("sciatica"), iri("gastrointestinal bleeding ulcer")
    fake = Fake(
        ulcer=((low,), (low,)), bleeding=((ulcer,), (ulcer,)), sciatica=((sciatica,), (sciatica,)), broad=((), (low,))
    )
    return Concepts(kb.vocabulary, fake, **more).read([Code("http://x", c) for c in codes])


def test_codes_of_one_concept(kb: Any, iri: Any) -> None:
    ulcer, bleeding = iri("active peptic ulcer"), iri("gastrointestinal bleeding ulcer")
    assert ulcer in kb.vocabulary.ancestors(bleeding)
    both = read(kb, iri, "ulcer", "bleeding")
    assert (both.present, both.absent, both.why) == ({bleeding}, {bleeding}, "")
    one = read(kb, iri, "ulcer", "other")
    assert one.present == {ulcer} and not one.absent and "not every code" in one.why
    apart = read(kb, iri, "ulcer", "sciatica")
    assert not apart.present & {ulcer, iri("sciatica")} and not apart.absent and "disagree" in apart.why
    assert read(kb, iri, "broad").present == frozenset() and read(kb, iri, "broad").absent == {ulcer}
    assert read(kb, iri, "bleeding", "broad").absent == {bleeding}
    assert not read(kb, iri, "other").understood


def test_own_terms_and_text(kb: Any, iri: Any) -> None:
    concepts = Concepts(kb.vocabulary, Fake())
    assert concepts.read([Code(ns.GGT, "Sciatica")]).present == {iri("sciatica")}
    assert not concepts.read([Code(ns.GGT, "Nothing")]).understood
    assert not concepts.read([Code("", "Sciatica")]).understood
    assert not concepts.read([], "sciatica").understood
    assert Concepts(kb.vocabulary, Fake(), match_text=True).read([], "Sciatica").present == {iri("sciatica")}
    assert not Concepts(kb.vocabulary, Fake(), match_text=True).read([], "sciatica?").understood


def build(kb: Any, *, complete: frozenset[str] = frozenset(), **more: Any) -> ProfileBuilder:
    report = IntakeReport("test", str(DAY))
    settings = Settings(DAY, complete, **more)
    return ProfileBuilder(kb.vocabulary, report, settings, implications=kb.implications)


def at(ref: str, when: str = "", *, timed: bool = False) -> Source:
    return Source(ref, ref, moment(when) if when else None, timed=timed)


def test_contradictions_become_unknown_and_are_told(kb: Any, iri: Any) -> None:
    made = build(kb, complete=frozenset({"conditions"}))
    made.fact(iri("gastrointestinal bleeding ulcer"), True, at("a"))
    made.fact(iri("active peptic ulcer"), False, at("b"))
    made.fact(iri("sciatica"), True, at("c"))
    made.fact(iri("male sex"), True, at("d"))
    made.fact(iri("pregnancy"), True, at("e", "2026-06-01", timed=True))
    found = made.build("p")
    assert {c for classes in found.present.values() for c in classes} == {iri("sciatica")}
    assert not any(found.absent.values())
    assert {e.source for e in made.report.of("not understood")} == {"a", "b", "d", "e"}
    # The doubt suspends the completeness of the list, so that nothing in doubt counts as absent.
    assert {prop for prop, _ in found.not_understood} >= {ns.GG + "hasCondition"}
    apply_implications(found, kb.implications, kb.vocabulary)


def test_the_newest_observation_counts(kb: Any, iri: Any) -> None:
    made = build(kb)
    sign, prop = iri("muscle spasm"), ns.GG + "eGFR"
    made.fact(sign, True, at("a", "2025-01-01", timed=True))
    made.fact(sign, False, at("b", "2026-01-01", timed=True))
    made.measured(prop, Decimal(80), EGFR, at("c", "2026-05-01", timed=True))
    made.measured(prop, Decimal("0.5"), "mL/s/{1.73_m2}", at("d", "2026-06", timed=True))
    made.measured(prop, Decimal(20), EGFR, at("future", "2026-11-25", timed=True))
    made.measured(prop, Decimal(900), EGFR, at("wild", "2026-11-20", timed=True))
    made.measured(prop, Decimal(20), "mL/min", at("whole", "2026-11-20", timed=True))
    found = made.build("p")
    # The newest two cannot be read, so that the number is unknown: no older one stands in for them.
    assert found.absent == {ns.GG + "hasFinding": {sign}} and not found.present and not found.values
    assert [e.source for e in made.report.of("used")] == ["b"]
    assert {e.source for e in made.report.of("not understood")} == {"wild", "whole"}
    assert {e.source for e in made.report.of("ignored")} == {"a", "c", "d", "future"}


def test_values_without_an_order_leave_it_unknown(kb: Any) -> None:
    made = build(kb)
    for number, when in ((80, "2026-05"), (20, "2026-05-07")):
        made.measured(ns.GG + "eGFR", Decimal(number), EGFR, at(f"v{number}", when))
    assert not made.build("p").values
    assert len(made.report.of("not understood")) == 2


def test_what_grows_with_time_is_brought_to_the_day(kb: Any) -> None:
    prop = ns.GG + "symptomWeeks"
    made = build(kb, rates={prop: Decimal(1)})
    made.measured(prop, Decimal(10), "wk", at("a", "2026-11-10"))
    assert made.build("p").values == {prop: Decimal(12)}
    made = build(kb, rates={prop: Decimal(1)})
    made.measured(prop, Decimal(10), "wk", at("a", "2026-10"))
    assert not made.build("p").values and made.report.of("not understood")


def test_a_drug_taken_again_is_not_stopped(kb: Any, iri: Any) -> None:
    made = build(kb)
    made.stop(iri("ibuprofen"), date(2026, 11, 1), at("a"))
    made.stop(iri("MAO inhibitor"), date(2026, 11, 1), at("b"))
    made.stop(iri("MAO inhibitor"), date(2026, 11, 14), at("c"))
    made.fact(iri("ibuprofen"), True, at("d"))
    found = made.build("p")
    assert [(s.of, s.days) for s in found.stops_present] == [(iri("MAO inhibitor"), Decimal(10))]
    assert {e.source for e in made.report.of("ignored")} == {"a", "b"}


def test_what_may_be_so_is_not_denied_by_a_complete_list(kb: Any, iri: Any, ask: Any) -> None:
    def truths(doubtful: bool) -> Any:
        made = build(kb, complete=frozenset({"conditions", "findings"}))
        made.fact(iri("sciatica"), True, at("a"))
        if doubtful:
            made.doubt([iri("active peptic ulcer")], ("conditions", "findings"), at("b"), "provisional")
        return ask(made.build("p")).statuses

    assert truths(False) != truths(True)


def test_an_unknown_list_is_wrong_use(kb: Any) -> None:
    with pytest.raises(UsageError, match="no list of a profile"):
        build(kb, complete=frozenset({"drugs"}))


def test_written_profiles_are_read_back_the_same(kb: Any, iri: Any) -> None:
    made = build(kb, complete=frozenset({"medications"}))
    made.fact(iri("male sex"), True, at("a"))
    made.fact(iri("pregnancy"), False, at("a2"))
    made.fact(iri("sciatica"), True, at("b"))
    made.fact(iri("muscle spasm"), False, at("c"))
    made.measured(ns.GG + "symptomWeeks", Decimal(41), "d", at("d"))
    made.trial(TrialFact(iri("exercise therapy"), ns.GG + "Failed", Decimal("6.5")), at("e"))
    made.stop(iri("MAO inhibitor"), date(2026, 11, 1), at("f"))
    found = made.build("a: #1", 'it\'s "quoted"\n- x')
    for text, form in ((to_yaml(found, kb.vocabulary, "from a test"), "yaml"), (to_json(found, kb.vocabulary), "json")):
        assert parse_profile_text(text, form, kb.vocabulary, where="test") == found


@pytest.mark.slow
def test_a_profile_with_thousands_of_unknown_entries_can_be_read_again(kb: Any) -> None:
    made = build(kb, complete=frozenset({"findings"}))
    for number in range(30_000):
        made.misunderstood(
            ("findings",),
            Source(f"o{number}", f"code {number % 15_000} = {number}", about=f"code {number % 15_000}"),
            "unknown",
        )
    found = made.build("p")
    assert len(made.report.entries) == 30_000
    assert (ns.GG + "hasFinding", "14000 more entries") in found.not_understood
    assert parse_profile_text(to_yaml(found, kb.vocabulary), "yaml", kb.vocabulary, where="test") == found


def test_what_a_record_states_against_a_reading_becomes_unknown_and_is_told(kb: Any, iri: Any) -> None:
    severe, prop = iri("severe renal impairment"), ns.GG + "eGFR"
    made = build(kb)
    made.fact(severe, True, at("diagnosis"))
    made.measured(prop, Decimal(80), EGFR, at("value", "2026-05-01", timed=True))
    made.fact(iri("sciatica"), True, at("other"))
    found = made.build("p")
    assert not found.values and found.present == {ns.GG + "hasCondition": {iri("sciatica")}}
    assert {e.source for e in made.report.of("not understood")} == {"diagnosis", "value"}
    # What agrees is kept, and a value that was not understood brings nothing.
    made = build(kb)
    made.fact(severe, True, at("diagnosis"))
    made.measured(prop, Decimal(20), EGFR, at("value", "2026-05-01", timed=True))
    found = made.build("p")
    assert found.values == {prop: Decimal(20)} and found.present[ns.GG + "hasCondition"] == {severe}
    made = build(kb)
    made.fact(severe, False, at("denied", "2025-01-01", timed=True))
    made.measured(prop, Decimal(900), EGFR, at("wild", "2026-05-01", timed=True))
    assert not made.build("p").absent
    whole = iri("weak opioid with acetaminophen")
    made = build(kb)
    made.fact(whole, True, at("taken"))
    made.fact(iri("opioid"), False, at("none"))
    found = made.build("p")
    assert not found.present and not found.absent and len(made.report.of("not understood")) == 2
