"""Populations in words: every shipped one, and made ones, come back the same; what cannot be read says where and why."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import guidegraph
from guidegraph import assets, store
from guidegraph import namespaces as ns
from guidegraph.authoring.populations import (
    Expression,
    PopulationVocabulary,
    definition_triples,
    expressions,
    read_population,
    write_population,
)
from guidegraph.disagree.words import manchester, simplest
from guidegraph.errors import PopulationError, UsageError
from guidegraph.knowledge.branch import Event, Held, Literal, Range
from guidegraph.termreadings import HIGHEST, LOWEST, Bound

KB = guidegraph.open()
VOCABULARY = PopulationVocabulary.of(KB.knowledge)
TERMS = VOCABULARY.terms
_TYPE, _EQUIVALENT = ox.NamedNode(ns.RDF + "type"), ox.NamedNode(ns.OWL + "equivalentClass")
POPULATIONS = sorted(
    (q.subject for q in KB.store.quads_for_pattern(None, _TYPE, ox.NamedNode(ns.GG + "Population"), None)), key=str
)
# Without the derived index, which says more of the same nodes.
STORE = store.load_knowledge(assets.root())
SHIPPED = expressions(STORE, POPULATIONS)


def canonical(triples: Iterable[ox.Triple]) -> list[str]:
    # A store brings numbers to one form, as the digest of the knowledge does.
    held = ox.Store()
    held.extend(ox.Quad(*triple) for triple in triples)
    dataset = ox.Dataset(held)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return sorted(map(str, dataset))


def described(population: ox.NamedNode) -> list[ox.Triple]:
    found, waiting = [], list(STORE.quads_for_pattern(population, _EQUIVALENT, None, None))
    while waiting:
        quad = waiting.pop()
        found.append(quad.triple)
        if isinstance(quad.object, ox.BlankNode):
            waiting += STORE.quads_for_pattern(quad.object, None, None, None)
    return found


def test_every_shipped_definition_comes_back_from_its_value() -> None:
    assert len(POPULATIONS) > 300
    for population in POPULATIONS:
        made = definition_triples(SHIPPED[population.value], population)
        assert canonical(made) == canonical(described(population)), population


@pytest.mark.parametrize("gentle", [False, True])
def test_every_shipped_population_comes_back_from_its_words(gentle: bool) -> None:
    for iri, expression in SHIPPED.items():
        text = write_population(expression, VOCABULARY, gentle=gentle)
        assert read_population(text, VOCABULARY) == expression, (iri, text)


def test_what_disagreements_write_in_manchester_syntax_is_read() -> None:
    forms = KB.disagreement.grader.forms
    for iri, expression in list(SHIPPED.items())[::8]:
        if len(expression.branches) == 1 and all(what.prop for what, _ in expression.literals()):
            text = manchester(simplest(forms.population(iri)))
            # The order is that of the disagreement's own writer, so the literals are compared.
            back = read_population(text, VOCABULARY)
            assert set(back.literals()) == set(expression.literals()), text


# ---------------------------------------------------------------- made ones

_CLASSES = {kind: [row.iri for row in TERMS.of_kind(kind)] for kind in ("condition", "finding", "intervention")}
_NUMBERS = TERMS.of_kind("number")
_OUTCOMES = ["", *(row.iri for row in TERMS.of_kind("outcome"))]


def gg(name: str) -> str:
    return ns.GG + name


def numbers(low: int, high: int) -> st.SearchStrategy[Decimal]:
    return st.integers(low * 10, high * 10).map(lambda n: Decimal(n) / 10)


@st.composite
def ranges(draw: st.DrawFn) -> Range:
    row = draw(st.sampled_from(_NUMBERS))
    ends = sorted(draw(st.lists(numbers(int(row.low), int(row.high)), min_size=2, max_size=2, unique=True)))
    low = draw(st.sampled_from([LOWEST, (ends[0], 0), (ends[0], 1)]))
    high = draw(st.sampled_from([HIGHEST, (ends[1], 0), (ends[1], 1)]))
    if low == LOWEST and high == HIGHEST:
        low = (ends[0], 0)
    return Range(row.iri, low, high)


@st.composite
def ends(draw: st.DrawFn, bounded: bool) -> tuple[Bound, Bound]:
    least, most = sorted(draw(st.lists(numbers(0, 900), min_size=2, max_size=2, unique=True)))
    low = draw(st.sampled_from([LOWEST, (least, 0), (least, 1)])) if bounded else LOWEST
    high = draw(st.sampled_from([HIGHEST, (most, 0), (most, 1)])) if bounded else HIGHEST
    return ((least, 0) if bounded and (low, high) == (LOWEST, HIGHEST) else low), high


@st.composite
def events(draw: st.DrawFn) -> Event:
    cls, bounded = draw(st.sampled_from(_CLASSES["intervention"])), draw(st.booleans())
    number = draw(numbers(0, 900))
    if draw(st.booleans()):
        outcome = draw(st.sampled_from(_OUTCOMES))
        return Event(gg("hasTrial"), cls, outcome, bounded, (number, 0) if bounded else LOWEST, HIGHEST)
    if draw(st.booleans()):
        high = (number + 1, draw(st.integers(0, 1))) if bounded else HIGHEST
        return Event(gg("stoppedMedication"), cls, "", bounded, LOWEST, high)
    low, high = draw(ends(bounded))
    valued = draw(st.booleans())
    least, most = draw(ends(valued))
    prop = draw(st.sampled_from(["underwent", "wasSupplied"]))
    showed = draw(st.sampled_from(["", *_CLASSES["finding"]])) if prop == "underwent" else ""
    return Event(gg(prop), cls, "", bounded, low, high, showed, valued, least, most)


def held(prop: str, kind: str) -> st.SearchStrategy[Held]:
    return st.sampled_from(_CLASSES[kind]).map(lambda iri: Held(gg(prop), iri))


ATOMS = st.one_of(
    held("hasCondition", "condition"),
    held("hasFinding", "finding"),
    held("takesMedication", "intervention"),
    events(),
    ranges(),
    st.sampled_from([p.value for p in POPULATIONS]).map(lambda iri: Held("", iri)),
)


def _distinct(literals: list[Literal]) -> list[Literal]:
    """One literal of each number, and none that another may contradict."""
    kept: list[Literal] = []
    for what, positive in literals:
        rest = [other for other, _ in kept if other.prop == what.prop]
        if isinstance(what, Range) and rest:
            continue
        above = TERMS.ancestors(getattr(what, "cls", ""))
        if all(isinstance(o, Range) or (o.cls not in above and what.cls not in TERMS.ancestors(o.cls)) for o in rest):
            kept.append((what, positive or isinstance(what, Range)))
    return kept


BRANCHES = st.lists(st.tuples(ATOMS, st.booleans()), min_size=1, max_size=4).map(_distinct).map(tuple)
EXPRESSIONS = st.lists(BRANCHES, min_size=1, max_size=4, unique=True).map(lambda branches: Expression(tuple(branches)))


@pytest.mark.slow
@pytest.mark.parametrize("gentle", [False, True])
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(expression=EXPRESSIONS)
def test_what_is_written_is_read_back(expression: Expression, gentle: bool) -> None:
    text = write_population(expression, VOCABULARY, gentle=gentle)
    assert read_population(text, VOCABULARY) == expression
    population = ox.NamedNode("urn:p")
    quads = [ox.Quad(*triple) for triple in definition_triples(expression, population)]
    assert expressions(quads, [population]) == {"urn:p": expression}


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(text=st.text(st.sampled_from("abz not:;,()[]<>='\"0.12 andor"), max_size=60))
def test_no_text_gives_a_traceback(text: str) -> None:
    try:
        assert read_population(text, VOCABULARY).branches
    except PopulationError as error:
        assert error.mend and 1 <= error.column <= len(text) + 1


# ---------------------------------------------------------------- one meaning, several forms

SAME = {
    "'low back pain' and not 'cauda equina syndrome' and 'duration of symptoms (weeks)' some [>= 12]": [
        "low back pain; not: cauda equina syndrome; symptom weeks >= 12",
        "Low Back Pain; without: Cauda Equina Syndrome; symptom weeks at least 12;",
        "LowBackPain and not ggt:CaudaEquinaSyndrome and symptomWeeks some xsd:decimal[>= 12.0]",
        "Patient that hasCondition some LowBackPain and (not hasCondition some CaudaEquinaSyndrome) and 12 <= symptomWeeks",
        "low back pain; not cauda equina syndrome; duration of symptoms 12 weeks or more",
        "has condition: low back pain; not: cauda equina syndrome; symptom weeks: from 84 days",
        "“low back pain”; not: ‘cauda equina syndrome’; symptom weeks ≥ 12",
    ],
    "'duration of symptoms (weeks)' some [>= 6, <= 12]": [
        "symptom weeks 6 to 12", "symptom weeks 6-12 weeks", "symptom weeks between 6 and 12", "6 <= symptom weeks <= 12",
        "symptom weeks >= 6 and <= 12", "symptom weeks from 6 to 12",
    ],
    "'duration of symptoms (weeks)' some [>= 6, < 12]": ["symptom weeks 6 to under 12", "symptom weeks some [>= 6, < 12]"],
    "'duration of symptoms (weeks)' some [>= 13, < 26]": ["symptom weeks >= 3 months and < 6 months", "symptom weeks 3 to under 6 months"],
    "'age (years)' some [>= 1.5]": ["age >= 18 months", "age at least 1.5 years"],
    "'has had trial' some ('of intervention' some 'exercise therapy' and 'has outcome' value 'failed' and 'length of trial (weeks)' some [>= 6])": [
        "failed: exercise therapy (at least 6 weeks)", "tried: exercise therapy (failed, >= 6 weeks)",
        "trial of exercise therapy (failed, at least 42 days)", "failed exercise therapy for at least 6 weeks",
        "hasTrial some (ofIntervention some ExerciseTherapy and hasOutcome value failed and trialWeeks some [>= 6])",
    ],
    "'has stopped medication' some ('of intervention' some 'acetaminophen' and 'days since the drug was stopped' some [<= 14])": [
        "stopped: acetaminophen within 14 days", "stopped: paracetamol (within 2 weeks)", "stopped: paracetamol (at most 14 days ago)",
    ],
    "'has undergone' some ('of intervention' some 'acetaminophen' and 'value of the result' some [< 30] and 'days since' some [<= 91])": [
        "done: acetaminophen (result < 30, within 3 months)", "underwent some (ofIntervention some Acetaminophen and daysSince some [<= 91] and resultValue some [< 30])",
        "has undergone: acetaminophen (within 13 weeks, value of the result under 30)",
    ],
    "'was supplied with' some ('of intervention' some 'acetaminophen' and 'days of supply' some [>= 28] and 'days since' some [>= 30, < 90])": [
        "supplied: acetaminophen (days of supply >= 28, 30 to under 90 days ago)", "supplied: paracetamol (days since >= 30 and < 90, days of supply at least 4 weeks)",
    ],
    "'takes medication' some 'nonsteroidal anti-inflammatory drug' or 'takes medication' some 'acetaminophen'": [
        "takes: NSAID or paracetamol", "takes: (NSAID or acetaminophen)", "takesMedication some (NSAID or Acetaminophen)",
    ],
    "not 'takes medication' some 'nonsteroidal anti-inflammatory drug' and not 'takes medication' some 'acetaminophen'": [
        "not: takes: NSAID or acetaminophen", "not (takes: NSAID or takes: acetaminophen)", "not: takes: NSAID, acetaminophen",
    ],
    "not 'sciatica' and not 'low back pain'": ["not: sciatica, low back pain", "not: sciatica or low back pain", "not (sciatica or low back pain)"],
    "not 'sciatica' or 'age (years)' some [< 18]": ["not (sciatica and age >= 18)"],
    "('sciatica' and 'pregnancy') or ('low back pain' and 'pregnancy')": ["sciatica or low back pain; pregnant", "(sciatica or low back pain) and pregnancy"],
    "'female sex' and 'sciatica'": ["sex: female; sciatica"],
    "'patients under 18 years' and 'sciatica'": ["population: patients under 18 years; sciatica", "ggp:Minor; sciatica", "<https://w3id.org/guidegraph/population/Minor>; sciatica"],
}  # fmt: skip


@pytest.mark.parametrize(("plain", "other"), [(plain, other) for plain, others in SAME.items() for other in others])
def test_one_meaning_in_several_forms(plain: str, other: str) -> None:
    expression = read_population(other, VOCABULARY)
    assert write_population(expression, VOCABULARY) == plain
    assert read_population(plain, VOCABULARY) == expression


# ---------------------------------------------------------------- mistakes

#: A text, the column of its mistake, what is said of it, and a part of the mend.
WRONG = [
    ("sciatica; caudal equina syndrome", 11, "is not a known term", "cauda equina syndrome"),
    ("low back pain and 'sciatca'", 19, "is not a known term", "sciatica"),
    ("ibuprofen; sciatica", 1, "is an intervention", "takes: X; stopped: X (within N days); tried: X; failed: X"),
    ("not ibuprofen", 5, "is an intervention", "takes: X"),
    ("takes: sciatica", 8, "of another kind (condition)", "intervention"),
    ("sciatica; hasFinding some 'low back pain'", 27, "of another kind (condition)", "finding"),
    ("fever", 1, "no exact name", "Which do you mean?"),
    ("population: sciatica, from age 16", 13, "more than one population", "ggp:"),
    ("sciatica; age >= 200", 18, "not plausible", "between 0 and 130 years"),
    ("sciatica; age >= -5", 18, "not negative", "without a sign"),
    ("age >= 12,5", 8, "not a plain number", "12.5"),
    ("age >= twelve", 5, "no number behind it", "digits"),
    ("age", 1, "has no range", ">= N"),
    ("age 18", 5, "no comparison", ">="),
    ("pain score >= 5 weeks", 15, "no unit of", "number alone"),
    ("eGFR < 30 mL/min", 8, "no unit of", "mL/min/{1.73_m2}"),
    ("symptom weeks >= 1 month", 18, "no exact number of weeks", "3 months are 13 weeks"),
    ("symptom weeks >= 3 and < 6 months", 18, "unit of 3 is not said", "behind each"),
    ("age >= 65 and < 18", 5, "no number lies", "smaller one first"),
    ("sciatica; age >= 65; age < 18", 22, "no number lies in all ranges", "or between"),
    ("age some [>= 6, > 7]", 17, "two lower ends", "one of them"),
    ("sciatica and not sciatica", 18, "nobody has", "Take one"),
    ("not not sciatica", 1, "negation of a negation", "Take both"),
    ("not: not: sciatica", 6, "negation of a negation", "Take both"),
    ("not (not sciatica)", 1, "negation of a negation", "Take both"),
    ("not: sciatica and low back pain", 1, "none holds, or that not all do", "not (A and B)"),
    ("not pregnancy weeks >= 30", 5, "not everybody has", "in place of not"),
    ("(sciatica; age >= 16", 1, "is not closed", "')'"),
    ("sciatica)", 9, "closes no bracket", "Open it"),
    ("(sciatica]", 10, "is closed by ']'", "')'"),
    ("'sciatica", 1, "quotation mark is not closed", "both ends"),
    ("sciatica, low back pain", 9, "may mean and, or or", "semicolon"),
    ("sciatica low back pain", 10, "nothing stands between", "semicolon"),
    ("sciatica and", 13, "something is missing", "belongs there"),
    ("or sciatica", 1, "cannot begin", "criterion"),
    ("Patient", 1, "every patient", "what the patients are to have"),
    ("", 1, "no words", "Say"),
    ("hasCondition only Radiculopathy", 14, "cannot be said of a population", "some"),
    ("{sciatica}", 1, "enumeration", "or"),
    ("failed: acetaminophen (at most 6 weeks)", 24, "bounded from below", ">= N"),
    ("stopped: acetaminophen (at least 14 days)", 25, "bounded from above", "<= N"),
    ("failed: acetaminophen (result < 3)", 24, "is not said of", "Take it away"),
    ("ofIntervention some NSAID", 21, "not of a patient", "hasTrial some"),
    ("hasTrial some (hasOutcome value failed)", 1, "does not say of what", "ofIntervention some X"),
    ("hasCondition some (sciatica and 'low back pain')", 1, "takes one term", "and"),
    ("sciatica or lumbosacral radicular syndrome", 1, "the name of one term, and of two", "quotation marks"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "column", "what", "mend"), WRONG)
def test_a_mistake_is_told_with_its_column_and_the_mend(text: str, column: int, what: str, mend: str) -> None:
    with pytest.raises(PopulationError) as caught:
        read_population(text, VOCABULARY)
    assert what in caught.value.what and mend in caught.value.mend, str(caught.value)
    assert caught.value.column == column, str(caught.value)


def test_too_many_alternatives_are_refused() -> None:
    pairs = [f"({a} or {b})" for a, b in zip(*[iter(repr(TERMS.label(c)) for c in _CLASSES["condition"][:16])] * 2)]  # noqa: B905
    with pytest.raises(PopulationError, match="more than 64 alternatives"):
        read_population(" and ".join(pairs), VOCABULARY)


def test_what_the_documentation_shows_is_so(repo_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (repo_root / "docs/populations-in-words.md").read_text(encoding="utf-8")
    table = text.split("| --- | --- | --- |")[1].split("\n\n")[0]
    examples = re.findall(r"`([^`]+)`", table)
    assert len(examples) > 25
    for example in examples:
        assert read_population(example, VOCABULARY).branches, example
    blocks = re.findall(r"^```\w*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    forms = blocks[0].strip().splitlines()
    assert len({write_population(read_population(form, VOCABULARY), VOCABULARY) for form in forms}) == 1
    exec(blocks[1], {})
    assert capsys.readouterr().out == blocks[2].lstrip()
    with pytest.raises(PopulationError) as caught:
        read_population("sciatica; caudal equina syndrome", VOCABULARY)
    assert str(caught.value) == blocks[3].strip()


def test_without_lark_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from guidegraph.authoring import populations

    monkeypatch.setitem(sys.modules, "lark", None)
    populations._grammar.cache_clear()
    with pytest.raises(UsageError, match=r"needs lark. Install guidegraph\[authoring\]"):
        read_population("sciatica", VOCABULARY)
    populations._grammar.cache_clear()
