"""The shipped mappings in use: example profiles in codes, drugs that only ATC knows, questions that MONDO widens."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

import guidegraph as gg
from guidegraph import api
from guidegraph import namespaces as ns
from guidegraph.errors import QueryError
from guidegraph.model import Profile
from guidegraph.profile.coded import CodedFacts
from guidegraph.query import catalogue
from guidegraph.terminologies.sources import available
from tests.support.optional import needs
from tests.support.paths import ASKED, ASKED_NAMES, PROFILES

DAY = date(2026, 11, 24)
#: Present facts need a code that means our term or less, denied ones a code that means it or more.
FITS = {True: ("exact", "narrow"), False: ("exact", "broad")}
LISTS = ("conditions", "findings", "medications")
#: Which tables a hospital's record and a research data set would use.
HOSPITAL, RESEARCH = ("ICD10CM", "ATC"), ("MONDO", "HP", "RXNORM")


def stated(kb: Any, code: str, present: bool) -> Sequence[str]:
    kinds = ("condition", "finding", "intervention")
    return CodedFacts(kb.vocabulary).classes(code, kinds, ns.GG + "hasCondition", present=present)


def coded(kb: Any, path: Path, prefixes: tuple[str, ...]) -> tuple[dict[str, Any], list[str], list[str]]:
    """An example profile with each fact in a code where one fits, the codes, and the facts that stay in words."""
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    codes: list[str] = []
    words: list[str] = []

    def turned(text: str, present: bool, exact: bool = False) -> str:
        iri = kb.vocabulary.resolve(text, ("condition", "finding", "intervention"))
        fitting = ("exact",) if exact else FITS[present]
        rows = [m for m in kb.links.codes.mappings(iri) if m.predicate in fitting]
        rows = [m for prefix in prefixes for m in rows if m.curie.startswith(f"{prefix}:")]
        # A code that also stands for another class of ours would state more than the words did.
        plain = [m for m in rows if list(stated(kb, m.curie, present)) == [iri]]
        if not plain:
            words.append(text)
            return text
        codes.append(plain[0].curie)
        return plain[0].curie

    for key in LISTS:
        value = found.get(key)
        sides = {"present": value} if isinstance(value, list) else (value or {})
        for side in ("present", "absent"):
            if side in sides:
                sides[side] = [turned(t, side == "present", key == "medications") for t in sides[side]]
        if value is not None:
            found[key] = sides
    return found, codes, words


@pytest.mark.slow
@pytest.mark.parametrize("prefixes", [HOSPITAL, RESEARCH], ids=lambda p: "+".join(p))
@pytest.mark.parametrize(("path", "problem"), ASKED, ids=ASKED_NAMES)
def test_profiles_in_codes_answer_as_in_words(
    kb: Any, path: Path, problem: str | None, prefixes: tuple[str, ...]
) -> None:
    profile, codes, _ = coded(kb, path, prefixes)
    one, other = (kb.therapies(p, as_of=DAY, problem=problem).to_dict() for p in (path, profile))
    assert other["not_understood"] == [] and {r["code"] for r in other["readings"]} == set(codes)
    for key in ("alerts", "questions", "not_in_effect"):
        assert one[key] == other[key]
    assert [(e["intervention"], e["status"], e["reasons"], e["confirm"]) for e in one["therapies"]] == [
        (e["intervention"], e["status"], e["reasons"], e["confirm"]) for e in other["therapies"]
    ]


def test_most_facts_of_the_examples_have_a_code(kb: Any) -> None:
    for prefixes in (HOSPITAL, RESEARCH):
        found = [coded(kb, path, prefixes) for path in PROFILES]
        codes, words = sum(len(c) for _, c, _ in found), sum(len(w) for _, _, w in found)
        assert codes > words, (prefixes, sorted({w for _, _, ws in found for w in ws}))


@pytest.fixture(scope="module")
def link(cli: Any, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Link a source into a folder of its own, once."""
    folders: dict[str, Path] = {}

    def linked(name: str) -> Path:
        reason = available()[name]
        needs(not reason, reason)
        if name not in folders:
            folders[name] = tmp_path_factory.mktemp(name)
            done = cli("link", name, "--no-reasoner", GUIDEGRAPH_HOME=str(folders[name]))
            assert done.returncode == 0, done.stderr
        return folders[name]

    return linked


def opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> gg.KnowledgeBase:
    monkeypatch.setenv("GUIDEGRAPH_HOME", str(folder))
    return gg.open()


def unnamed(kb: gg.KnowledgeBase, cls: str, kind: str) -> Iterator[str]:
    """Codes of a linked hierarchy that no table names, and that count as a class of ours."""
    module = next(m for m in kb.links.modules if m.prefix == kind)
    named = {row.curie for iri in kb.vocabulary.by_iri for row in kb.links.codes.mappings(iri)}
    own = {row.curie for row in kb.links.codes.mappings(cls)}
    # Only what is below a code of the class can count as it, and reading all of a hierarchy takes long.
    below = (c for c in sorted(module.terms) if any(f"{kind}:{above}" in own for above in module.ancestors(c)))
    found = (f"{kind}:{code}" for code in below if f"{kind}:{code}" not in named)
    return (c for c in found if kb.links.codes.read(c).present == (cls,))


@pytest.mark.slow
def test_a_drug_that_only_atc_knows(
    link: Any, kb: Any, cli: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = link("atc")
    linked = opened(folder, monkeypatch)
    lexicon = {code for row in kb.knowledge.lexicon.rows for code in row.codes}
    found = [c for c in unnamed(linked, ns.GGT + "NSAID", "ATC") if len(c) == len("ATC:M01AH05")]
    drugs = [code for code in found if code not in lexicon]
    assert len(drugs) > 20
    ulcer = yaml.safe_load((PROFILES[0].parent / "bleeding-ulcer.yaml").read_text(encoding="utf-8"))
    # Each drug has an entry of its own, so that one answer holds them all; one of them alone has the same.
    whole = linked.therapies({**ulcer, "medications": drugs}, as_of=DAY).to_dict()
    alone = linked.therapies({**ulcer, "medications": drugs[-1:]}, as_of=DAY).to_dict()
    for answer, named in ((whole, drugs), (alone, drugs[-1:])):
        entries = {e["intervention"]: e for e in answer["therapies"] if e["intervention"].startswith("ATC:")}
        assert sorted(entries) == sorted(named) and not answer["not_understood"]
        for drug, entry in entries.items():
            assert entry["status"] == "contraindicated" and entry["coded"]["steps"], drug
            assert "is below ATC:" in entry["reasons"][0] and "[mapping table atc]" in entry["reasons"][0]
    # Without the hierarchy nothing is guessed.
    missed = kb.therapies({**ulcer, "medications": drugs}, as_of=DAY).to_dict()
    assert sorted(told.partition(": ")[0] for told in missed["not_understood"]) == sorted(drugs)
    assert not [e for e in missed["therapies"] if e["intervention"].startswith("ATC:")]
    patient = tmp_path / "patient.yaml"
    patient.write_text(yaml.safe_dump({**ulcer, "medications": [drugs[0]]}))
    done = cli("explain", str(patient), drugs[0], GUIDEGRAPH_HOME=str(folder))
    told = " ".join(done.stdout.split())
    assert done.returncode == 0 and ": Contraindicated" in told and "is below ATC:" in told, told[:300]
    plain = cli("therapies", str(patient), "--format", "table", GUIDEGRAPH_HOME=str(tmp_path))
    (line,) = [line for line in plain.stdout.splitlines()[:6] if line.startswith("NOT UNDERSTOOD")]
    assert drugs[0] in line


def test_combinations_of_the_classification_are_not_understood(link: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    linked = opened(link("atc"), monkeypatch)
    module = next(m for m in linked.links.modules if m.prefix == "ATC")
    both = [code for code, term in module.terms.items() if term.combination]
    assert both
    named = {row.curie for iri in linked.vocabulary.by_iri for row in linked.links.codes.mappings(iri)}
    for code in both:
        if f"ATC:{code}" not in named:
            assert not linked.links.codes.read(f"ATC:{code}").present, code


@pytest.mark.slow
def test_mondo_widens_a_question(link: Any, kb: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    linked = opened(link("mondo"), monkeypatch)
    module = next(m for m in linked.links.modules if m.prefix == "MONDO")
    sciatica = [m.curie for m in kb.links.codes.mappings(ns.GGT + "Sciatica") if m.curie.startswith("MONDO:")]
    above = {a for curie in sciatica for a in module.ancestors(curie.partition(":")[2])}
    neuropathies = sorted(c for c in above if "neuropathy" in module.terms[c].label)
    assert neuropathies
    query = catalogue.find("about-linked", ("examples",))

    def asked(base: Any, code: str) -> set[str]:
        result = api.run_query(base, query.text, query.params, [f"class=MONDO:{code}"])
        return {row[1].value for row in result.rows}

    for code in neuropathies:
        assert "sciatica" in asked(linked, code)
    unmapped = [c for c in neuropathies if not kb.links.codes.rows(f"MONDO:{c}")]
    assert unmapped
    for code in unmapped:
        with pytest.raises(QueryError, match="not understood"):
            asked(kb, code)


@pytest.mark.slow
def test_answers_say_what_they_were_read_by(link: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    linked = opened(link("atc"), monkeypatch)
    drug = next(unnamed(linked, ns.GGT + "NSAID", "ATC"))
    answer = linked.therapies({"age": 50, "medications": [drug]}, as_of=DAY)
    names = {row["name"] for row in answer.to_dict()["knowledge"]["links"]}
    assert names == {"atc", "atc.sssom.tsv"}
    assert isinstance(answer.assessment.profile, Profile) and json.dumps(answer.to_dict())
