"""The glance in plain words: the same bands, therapies, counts and signs, in words that everybody reads."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema
import pytest
from typer.testing import CliRunner

from guidegraph import namespaces as ns
from guidegraph.assess.bands import HEADINGS
from guidegraph.cli.app import app
from guidegraph.errors import UsageError
from guidegraph.knowledge.lay import lay_words
from guidegraph.knowledge.records import Records, gg
from guidegraph.model import STATUSES
from guidegraph.render import plain_html, plain_markdown, plain_text
from guidegraph.render.plain import plain_parts
from tests.support import generate
from tests.support.paths import ASKED, ASKED_NAMES
from tests.support.statuses import SCHEMAS

SCHEMA = json.loads((SCHEMAS / "glance.schema.json").read_text(encoding="utf-8"))
#: Reading ease (Flesch) below which no plain glance and no group of lay labels falls: 70 to 80 is fairly easy.
EASY = 70
#: What of a family and an alert is no word: the same for both readers.
FAMILY = ("therapy", "therapies", "status", "within", "more_voices", "more_facts", "in_weeks", "voices", "against")
#: Letters of the alphabet that sound as vowels.
VOWELS = re.compile("[aeiouy]+")


def told(answer: Any) -> tuple[Any, Any]:
    """The glance for professionals and the one in plain words."""
    return answer.glance(), answer.glance("plain")


@pytest.fixture(scope="module", params=range(len(ASKED)), ids=ASKED_NAMES)
def both(request: Any, ask: Any) -> Any:
    path, problem = ASKED[request.param]
    return told(ask(path, problem=problem))


def same(one: Any, other: Any) -> None:
    """Everything that is no word is the same, in the same order; of what is words, there are as many."""
    assert [b["band"] for b in one["bands"]] == [b["band"] for b in other["bands"]]
    for mine, plain in zip(one["bands"], other["bands"], strict=True):
        assert [[f[key] for key in FAMILY] for f in mine["families"]] == [
            [f[key] for key in FAMILY] for f in plain["families"]
        ]
        for a, b in zip(mine["families"], plain["families"], strict=True):
            for key in ("members", "facts", "only_with", "establish", "marks"):
                assert len(a[key]) == len(b[key]), (a["therapy"], key)
            assert [fact["by"] for fact in a["facts"]] == [fact["by"] for fact in b["facts"]]
    for key in ("as_of", "profile", "rest", "knowledge", "not_understood", "others"):
        assert one[key] == other[key]
    for key in ("patient", "read", "flags", "notes", "unused"):
        assert len(one[key]) == len(other[key]), key
    for key, kept in (
        ("alerts", ("id", "truth", "attended", "documents")),
        ("taken_now", ("intervention",)),
        ("other_problems", ("id", "recommendations")),
        ("ask_next", ("key", "families")),
    ):
        assert [[row[k] for k in kept] for row in one[key]] == [[row[k] for k in kept] for row in other[key]]
    for mine, plain in zip(one["alerts"], other["alerts"], strict=True):
        assert [[s[k] for k in ("fact", "truth")] for s in mine["signs"]] == [
            [s[k] for k in ("fact", "truth")] for s in plain["signs"]
        ]
        assert [len(mine[k]) for k in ("facts", "calls_for")] == [len(plain[k]) for k in ("facts", "calls_for")]


def test_both_readers_are_told_the_same(both: Any) -> None:
    professional, plain = both
    same(professional, plain)
    assert (professional["reader"], plain["reader"]) == ("professional", "plain")
    assert not professional["words"]
    for glance in both:
        jsonschema.validate(glance, SCHEMA)


def flat(text: str) -> str:
    return " ".join(text.split())


def test_nothing_is_cut(both: Any) -> None:
    """Every family, sign and flag of the glance is in the text, in its order, but for what an emergency folds."""
    _, plain = both
    text = flat(plain_text(plain)).lower()
    emergency = [a for a in plain["alerts"] if a["truth"] == "true" and not a["attended"]]
    bands = [b for b in plain["bands"] if not emergency or b["band"] in ("alert", "do-not-give")]
    for band in bands:
        at = text.index(flat(band["heading"]).lower())
        for family in band["families"]:
            at = text.index(flat(f"- {family['label']}.").lower(), at)
    for alert in plain["alerts"]:
        for sign in alert["signs"]:
            assert alert["truth"] != "unknown" or sign["key"] == sign["fact"] or sign["label"].lower() in text
        assert alert["truth"] != "true" or all(fact.lower() in text for fact in alert["facts"])
    assert all(flag.lower() in text for flag in plain["flags"])
    folded = sum(len(band["families"]) for band in plain["bands"] if band not in bands)
    assert not folded or flat(plain["words"]["folded"].format(folded)).lower() in text


def test_it_is_for_the_talk_with_a_doctor(both: Any) -> None:
    _, plain = both
    for show in (plain_text, plain_markdown, plain_html):
        written = show(plain)
        top = plain["words"]["top"]
        assert top.lower() in written.lower()[: written.lower().index(plain["problem"].lower()[:20])]
        assert show is plain_html or all(len(line) <= 80 for line in plain_text(plain).splitlines())
    if any(a["truth"] == "true" and not a["attended"] for a in plain["alerts"]):
        written = flat(plain_text(plain))
        assert written.index(plain["words"]["alert-now"]) < written.index(plain["words"]["band-alert"])


def syllables(word: str) -> int:
    """Vowels of a word as they sound: a silent e at the end is none."""
    letters = word.lower()
    silent = re.search("[^aeiouyl]e$|[^aeiouytd]ed$|[^aeiouysxzhcg]es$", letters) is not None
    return max(1, len(VOWELS.findall(letters)) - silent)


def ease(sentences: list[str]) -> float:
    """Reading ease by Flesch, A new readability yardstick (J Appl Psychol 1948;32:221-233).

    By vowels: the known library for it loads a dictionary from the net before it counts. As he counts, a colon or a
    semicolon ends a unit of thought as a full stop does."""
    words = [word for text in sentences for word in re.findall("[A-Za-z']+", text)]
    return 206.835 - 1.015 * len(words) / len(sentences) - 84.6 * sum(map(syllables, words)) / len(words)


def test_the_measure_of_reading_ease_can_fail() -> None:
    assert ease(["The cat sat on the mat."]) > 100
    assert ease(["Lumbosacral radiculopathy necessitates multidisciplinary rehabilitation."]) < 0
    assert [syllables(w) for w in ("the", "table", "named", "wanted", "kidneys", "pressure", "area")] == [
        1,
        2,
        1,
        2,
        2,
        2,
        2,
    ]


def sentences(glance: Any) -> list[str]:
    """The sentences of a plain glance, an entry of a list each one; names of documents are not its words."""
    names = {v["short"] for b in glance["bands"] for f in b["families"] for v in (*f["voices"], *f["against"])}
    names |= {by for b in glance["bands"] for f in b["families"] for fact in f["facts"] for by in fact["by"]}
    found = []
    for part in plain_parts(glance):
        for row in part.rows:
            text = row.text
            for name in sorted(names, key=len, reverse=True):
                text = text.replace(name, "")
            found += [one for one in re.split(r"[.;:!?]", text) if re.search("[A-Za-z]", one)]
    return found


def test_it_reads_easily(both: Any) -> None:
    assert ease(sentences(both[1])) >= EASY


def test_headings_and_sentences_read_easily(kb: Any) -> None:
    said = list(kb.knowledge.lay_in("en").sentences.values())
    assert ease([one for text in said for one in re.split(r"[.;:!?]", text) if one.strip(" {}")]) >= EASY


def named(monkeypatch: pytest.MonkeyPatch, answers: Any) -> set[str]:
    """Everything that is put into words by a label for the plain glances of some answers."""
    found: set[str] = set()
    label = Records.label

    def noting(self: Records, iri: str) -> str:
        found.add(iri)
        return label(self, iri)

    for answer in answers:
        answer.glance()
    with monkeypatch.context() as noted:
        noted.setattr(Records, "label", noting)
        for answer in answers:
            answer.glance("plain")
    return found


@pytest.mark.slow
def test_every_term_has_plain_words(kb: Any, ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all examples and 100 generated patients, in every place of the glance; and both readers are told the same."""
    labels = kb.knowledge.lay_in("en").labels
    generated = [ask(generate.profile(kb, seed)) for seed in range(100)]
    found = named(monkeypatch, [*(ask(path, problem=problem) for path, problem in ASKED), *generated])
    terms = {iri for iri in found if "/term/" in iri or iri.startswith(ns.GGA)}
    # An outcome is named by the whole answer alone.
    terms -= {iri for iri in terms if gg("Outcome") in kb.records.nodes.get(iri, {}).get(ns.RDF + "type", ())}
    assert len(terms) > 300
    assert sorted(terms - set(labels)) == []
    for answer in generated:
        same(*told(answer))


def test_all_that_can_stand_in_a_glance_has_plain_words(kb: Any) -> None:
    lay, records = kb.knowledge.lay_in("en"), kb.records
    kinds = ("intervention", "condition", "finding", "number", "outcome")
    terms = [row for row in kb.vocabulary.rows if row.kind in kinds]
    assert [row.iri for row in terms if row.iri not in lay.labels] == []
    assert [status for status in STATUSES if ns.GGA + status not in lay.labels] == []
    assert [band for band in HEADINGS if f"band-{band}" not in lay.sentences] == []
    for kind in (
        "Alert",
        "FlagToWeigh",
        "CoverageRule",
        "AttachedCondition",
        "Horizon",
        "Strength",
        "Standing",
        "Stance",
    ):
        nodes = [iri for iri, props in records.nodes.items() if gg(kind) in props.get(ns.RDF + "type", ())]
        assert nodes and [iri for iri in nodes if iri not in lay.labels] == [], kind


def test_a_term_is_not_called_by_another_terms_words(kb: Any) -> None:
    """A plain reader never takes two terms for one: facts that would read alike would be counted as one."""
    labels = kb.knowledge.lay_in("en").labels
    kinds = ("intervention", "condition", "finding")
    told = [labels[row.iri] for row in kb.vocabulary.rows if row.kind in kinds]
    assert len(told) == len(set(told))


def test_the_words_of_a_language_are_its_own(kb: Any) -> None:
    assert lay_words(kb.engine, "en").own == set(kb.knowledge.lay_in("en").labels)
    with pytest.raises(UsageError, match="no plain words"):
        lay_words(kb.engine, "de")


def test_what_was_told_to_professionals_stays(kb: Any, ask: Any) -> None:
    """Plain words are kept apart: who asks afterwards is told the terms."""
    path, problem = ASKED[0]
    first = ask(path, problem=problem).glance()
    ask(path, problem=problem).glance("plain")
    assert ask(path, problem=problem).glance() == first


def test_no_other_reader(ask: Any) -> None:
    with pytest.raises(UsageError, match="no answer is written for 'nobody'"):
        ask(*ASKED[0][:1]).glance("nobody")


def test_the_command(kb: Any) -> None:
    def run(*arguments: str) -> Any:
        return CliRunner().invoke(app, ["therapies", "example:renal-impairment", "--as-of", "2026-11-24", *arguments])

    words = kb.knowledge.lay_in("en").sentences
    shown = run("--reader", "plain")
    assert shown.exit_code == 0 and shown.output.startswith(words["top"].upper())
    assert words["band-recommended"] in run("--reader", "plain", "-f", "markdown").output
    page = run("--reader", "plain", "-f", "html").output
    assert page.startswith("<!doctype html>") and f"<h1>{words['top']}</h1>" in page
    data = json.loads(run("--reader", "plain", "-f", "json").output)
    jsonschema.validate(data, SCHEMA)
    assert data["reader"] == "plain"
    assert json.loads(run("--glance", "-f", "json").output)["reader"] == "professional"
    for wrong in (("--full",), ("--ended",), ("-f", "fhir")):
        refused = run("--reader", "plain", *wrong)
        assert refused.exit_code == 2 and "only a glance is told in plain words" in refused.output
