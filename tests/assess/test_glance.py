"""The glance: every therapy in one band, what is never cut, how long it is, and what stands where."""

from __future__ import annotations

import json
import re
from datetime import date
from decimal import ROUND_UP, Decimal
from typing import Any

import jsonschema
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from guidegraph.assess.bands import GUIDELINE, HEADINGS
from guidegraph.cli.app import app
from guidegraph.model import STATUSES
from guidegraph.render import glance_markdown, glance_text
from guidegraph.render.screen import LINES, WIDTH
from guidegraph.termreadings import short
from tests.conftest import AS_OF
from tests.support import generate
from tests.support.paths import ASKED, ASKED_NAMES
from tests.support.statuses import SCHEMAS

SCHEMA = json.loads((SCHEMAS / "glance.schema.json").read_text(encoding="utf-8"))
FORM = jsonschema.Draft202012Validator(SCHEMA)
#: What alone may pass the limit of lines.
UNCUT = ("RULE OUT FIRST", "ALERT", "ACT AT ONCE", "DO NOT GIVE", "TAKES NOW", "NOT UNDERSTOOD", "NOT USED")


@pytest.fixture(scope="module")
def seen(ask: Any) -> Any:
    """The answer and the glance of an example."""
    held: dict[str, Any] = {}

    def one(name: str) -> Any:
        if name not in held:
            path, problem = ASKED[ASKED_NAMES.index(name)]
            answer = ask(path, problem=problem)
            held[name] = (answer.to_dict(), answer.glance())
        return held[name]

    return one


def families(glance: Any, *bands: str) -> list[Any]:
    return [f for band in glance["bands"] if not bands or band["band"] in bands for f in band["families"]]


def parts(text: str) -> dict[str, list[str]]:
    """The lines of a glance by the heading that they stand under; "" for those on top."""
    found: dict[str, list[str]] = {}
    head = ""
    for line in text.splitlines():
        if line[:15].strip().isupper():
            head = line[:15].strip()
        elif not line.startswith(" ") and head:
            head = "closing" if re.match(r"\[a\]|\d+ |Knowledge", line) or head == "closing" else head
        found.setdefault(head, []).append(line)
    return found


def check_shape(glance: Any, text: str) -> None:
    lines = text.splitlines()
    assert max(map(len, lines)) <= WIDTH
    uncut = sum(len(rows) for head, rows in parts(text).items() if head in UNCUT)
    assert len(lines) <= LINES or len(lines) - uncut <= LINES
    words = " ".join(text.split())
    for alert in glance["alerts"]:
        if alert["truth"] == "unknown":
            assert all(sign["label"] in words for sign in alert["signs"] if sign["truth"] == "unknown")
    flat = re.sub(r"\s+", "", text)
    for family in families(glance, "do-not-give", "alert"):
        assert re.sub(r"\s+", "", family["label"]) in flat
    assert all(re.sub(r"\s+", "", told) in flat for told in glance["not_understood"])


def check_whole(answer: Any, glance: Any) -> None:
    """Every therapy stands in one band or is counted with the rest."""
    shown = [t for family in families(glance) for t in family["therapies"]]
    assert len(shown) == len(set(shown))
    left = [t for t in answer["therapies"] if t["intervention"] not in shown]
    assert {t["status"] for t in left} == {row["status"] for row in glance["rest"]}
    assert all(sum(t["status"] == row["status"] for t in left) >= row["families"] > 0 for row in glance["rest"])
    # What somebody recommends and nothing forbids, and what is contested, is always shown.
    assert all(STATUSES[t["status"]].bands[-1] == "rest" for t in left)
    by = {t["intervention"]: t for t in answer["therapies"]}
    for family in families(glance):
        assert {by[t]["status"] for t in family["therapies"]} == {family["status"]}
        if family["within"] not in ("do-not-give", "tests", "tried", "alert"):
            assert family["within"] in STATUSES[family["status"]].bands
    FORM.validate(glance)


@pytest.mark.parametrize("name", ASKED_NAMES)
def test_an_example_is_whole_and_fits(seen: Any, name: str) -> None:
    answer, glance = seen(name)
    check_whole(answer, glance)
    check_shape(glance, glance_text(glance))


def check_generated(kb: Any, ask: Any, seed: int) -> None:
    answer = ask(generate.profile(kb, seed))
    glance = answer.glance()
    check_whole({"therapies": answer.rows()}, glance)
    check_shape(glance, glance_text(glance))


@pytest.mark.parametrize("seed", range(12))
def test_a_generated_patient_is_whole_and_fits(kb: Any, ask: Any, seed: int) -> None:
    check_generated(kb, ask, seed)


@pytest.mark.slow
def test_many_generated_patients_are_whole_and_fit(kb: Any, ask: Any) -> None:
    for seed in range(100, 600):
        check_generated(kb, ask, seed)


def test_every_band_but_the_rest_is_one_that_the_table_names() -> None:
    named = {band for status in STATUSES.values() for band in status.bands}
    assert named <= set(HEADINGS)
    assert set(HEADINGS) - named == {"alert", "tests", "tried"}


@pytest.mark.parametrize("name", ASKED_NAMES)
def test_what_is_left_out_is_counted(seen: Any, name: str) -> None:
    """In Markdown nothing is cut; in text names and counts come to the families of the band."""
    _, glance = seen(name)
    whole = glance_markdown(glance)
    if not any(a["truth"] == "true" for a in glance["alerts"]):
        assert all(f["label"].replace("_", "\\_") in whole for f in families(glance))
    found = parts(glance_text(glance))
    for band in glance["bands"]:
        if rows := found.get(band["heading"]):
            told = " ".join(" ".join(rows).split())
            labels = sorted((f["label"] for f in band["families"]), key=len, reverse=True)
            squeezed, named = re.sub(r"\s+", "", told), 0
            left = [re.sub(r"\s+", "", row[15:65]) for row in rows]
            squeezed = "".join(left)
            for label in labels:
                key = re.sub(r"\s+", "", label)
                if key in squeezed:
                    named, squeezed = named + 1, squeezed.replace(key, "", 1)
            cut = sum(int(n) for n in re.findall(r",\+(\d+)(?=[;\-]|$)", squeezed)) + sum(
                int(n) for n in re.findall(r";\+(\d+)more", squeezed)
            )
            assert named + cut >= len(labels), (band["band"], told)


def test_recommended_needs_a_guideline_and_weak_ground_has_none(seen: Any) -> None:
    for name in ASKED_NAMES:
        _, glance = seen(name)
        for family in families(glance, "recommended", "if-checked"):
            assert family["voices"][0]["standing"] == GUIDELINE
        for family in families(glance, "weak-ground"):
            assert GUIDELINE not in {voice["standing"] for voice in family["voices"]}


def test_an_emergency_folds_everything_but_what_bears_on_it(seen: Any) -> None:
    _, glance = seen("cauda-equina-week-1")
    text = glance_text(glance)
    assert text.index("ALERT") < text.index("ACT AT ONCE") < text.index("AFTERWARDS")
    assert not {"RECOMMENDED", "WEAK GROUND", "AVOID", "ASK NEXT"} & set(parts(text))
    (folded,) = re.findall(r"(\d+) families of therapies, folded", text)
    assert int(folded) == len(families(glance)) - len(families(glance, "alert", "do-not-give"))
    kept = glance_text({**glance, "alerts": [{**a, "attended": "acted on"} for a in glance["alerts"]]})
    assert {"IF CHECKED", "AVOID", "ASK NEXT"} <= set(parts(kept)) and "AFTERWARDS" not in parts(kept)


def test_what_must_not_be_given_says_by_which_fact_and_who_says_so(seen: Any) -> None:
    _, glance = seen("bleeding-ulcer")
    family = next(f for f in families(glance, "do-not-give") if f["therapy"] == "ggt:NSAID")
    assert any(fact["text"] == "active peptic ulcer" and fact["by"] for fact in family["facts"])
    assert "DO NOT GIVE" in parts(glance_text(glance))


def test_a_narrower_form_of_what_the_patient_has_is_checked_first(ask: Any) -> None:
    answer = ask({"age": 50, "conditions": ["sciatica", "peptic ulcer disease"]})
    family = next(f for f in families(answer.glance(), "do-not-give") if "ggt:NSAID" in f["therapies"])
    assert family["status"] != "contraindicated"
    # Documents that say so of the same facts are named once.
    told = [re.fullmatch(r"check first: absolute in (.+?) \((.+)\)", note) for note in family["notes"]]
    said = [(row[1].split(", "), row[2]) for row in told if row]
    assert any("active peptic ulcer" in facts for facts, _ in said)
    assert len({documents for _, documents in said}) == len(said)
    assert len([fact for facts, _ in said for fact in facts]) == len({fact for facts, _ in said for fact in facts})


def test_what_comes_later_says_from_when_and_who_says_so(ask: Any) -> None:
    glance = ask({"age": 45, "conditions": ["low back pain"], "symptom_weeks": 2}).glance()
    rows = families(glance, "not-now")
    assert all(row["in_weeks"] is not None and row["notes"] for row in rows)
    assert [row["in_weeks"] for row in rows] == sorted(row["in_weeks"] for row in rows)


def test_a_birthday_brings_no_therapy(seen: Any) -> None:
    _, glance = seen("adolescent")
    assert not families(glance, "not-now")
    assert glance_text(glance).startswith("Age 15 is outside the age range")


def test_what_no_document_states_to_cover_is_not_told_as_its_warning(seen: Any) -> None:
    _, glance = seen("pregnant-28-weeks")
    family = next(f for f in families(glance, "weak-ground") if f["therapy"] == "ggt:Acetaminophen")
    assert [fact["text"] for fact in family["facts"]] == ["not stated to cover pregnancy"]


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments))


def test_the_command_shows_it_unless_told() -> None:
    line = ("therapies", "example:acute-uncomplicated", "--as-of", "2026-11-24")
    brief, full = run(*line).stdout, run(*line, "--full").stdout
    assert len(brief.splitlines()) <= LINES < 500 < len(full.splitlines())
    assert "RECOMMENDED" in brief and "(--full)" in brief
    assert json.loads(run(*line, "-f", "json", "--glance").stdout)["as_of"] == "2026-11-24"
    assert "therapies" in json.loads(run(*line, "-f", "json").stdout)
    assert "**RECOMMENDED**" in run(*line, "-f", "markdown").stdout
    for wrong in (("--glance", "--ended"), ("--glance", "-f", "html")):
        assert run(*line, *wrong).exit_code == 2


def test_each_of_several_problems_has_one() -> None:
    text = run("therapies", "example:two-problems", "--as-of", "2026-11-24").stdout
    assert "Low back pain for 260 weeks" in text and "Sciatica for 2 weeks" in text
    one = run("therapies", "example:two-problems", "--problem", "sciatica", "--as-of", "2026-11-24").stdout
    assert one in text and "Low back pain for" not in one
    assert run("therapies", "example:two-problems", "--full").exit_code == 2


def test_it_is_of_the_day(ask: Any) -> None:
    assert ask("example:age-only", as_of=date(2021, 5, 4)).glance()["as_of"] == "2021-05-04"


def test_a_question_says_what_its_answer_may_do(kb: Any) -> None:
    """The kidney of a patient who may get an NSAID: asked since it may rule it out, not only since it counts."""
    answer = kb.therapies("example:acute-uncomplicated", as_of=AS_OF)
    data = answer.to_dict()
    said = {q["label"]: q["decides"] for q in data["questions"]}
    assert said["estimated glomerular filtration rate"] == "may rule out nonsteroidal anti-inflammatory drug"
    assert said["lumbar disc herniation with radiculopathy"].startswith("may bring in ")
    assert all(bool(q["decides"]) is not bool(q["signs"]) for q in data["questions"] if q["families"])
    text = run("therapies", "example:acute-uncomplicated", "--as-of", "2026-11-24").stdout
    asked = " ".join(text.partition("ASK NEXT")[2].split())
    # What may do the same stands together behind it.
    assert asked.startswith("may rule out ibuprofen (+2): bleeding disorder, ")


def test_a_text_that_nobody_reviewed_says_so_and_advice_its_time(kb: Any) -> None:
    text = run("therapies", "example:chronic-failed-care", "--as-of", "2026-11-24").stdout
    weak = next(line for line in text.splitlines() if line.startswith("WEAK GROUND"))
    assert weak.endswith("Dr.Oracle 2025, unreviewed")
    # Advice about pain beyond three months is no word on the second week.
    acute = " ".join(run("therapies", "example:acute-uncomplicated", "--as-of", "2026-11-24").stdout.split())
    assert "epidural steroid injection (+1) - about: beyond 3 AAN 2007 months" in acute


@pytest.mark.parametrize("weeks", [{"of": "low back pain", "weeks": 200}, {"of": "low back pain"}])
def test_a_sign_that_is_there_is_told_though_its_alert_is_not_known(kb: Any, weeks: Any) -> None:
    """Sensory loss with pain of three weeks in one problem, of two years in the other: of which it is nobody knows."""
    sign = "perianal, perineal or genital sensory loss"
    profile = {"age": 60, "problems": [{"of": "sciatica", "weeks": 3}, weeks], "findings": [sign]}
    for problem in ("sciatica", "low back pain"):
        text = glance_text(kb.therapies(profile, as_of=AS_OF, problem=problem).glance())
        told = " ".join(text.partition("RULE OUT FIRST")[2].split())
        assert told.startswith(f"present: {sign}; not asked: ") and "duration of symptoms (weeks)" in told


@given(value=st.decimals(0, 1000, places=9))
@example(value=Decimal("20.428571429"))
@example(value=Decimal("12.95"))
@settings(deadline=None)
def test_a_number_reads_well_and_reaches_no_threshold(value: Decimal) -> None:
    """A duration that is counted from a date has nine places; 12.9571 weeks must not read as 13."""
    low, high = Decimal(short(value)), Decimal(short(value, ROUND_UP))
    assert low <= value <= high and high - low <= Decimal("0.1")
    for told in (low, high):
        assert (told == told.to_integral_value()) <= (value == value.to_integral_value())
    assert short(Decimal("20.428571429")) == "20.4" and short(Decimal("13")) == "13"
