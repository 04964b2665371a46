"""A translation is a file: a made-up language says every word of a glance, and what it lacks is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from typer.testing import CliRunner

import guidegraph as gg
from guidegraph.cli.app import app
from guidegraph.errors import UsageError
from guidegraph.knowledge.lay import lay_words
from guidegraph.namespaces import GG, GGA, RDF
from guidegraph.render import glance_markdown, plain_html, plain_markdown, plain_text
from guidegraph.render.plain import plain_parts
from tests.conftest import AS_OF
from tests.support import generate
from tests.support.paths import ASKED

#: A language that nobody speaks, by the tags that are kept for such, whose letters are none of English.
TAG = "qaa"
WORD = re.compile("[A-Za-z][A-Za-z'-]*")
#: What no file of words translates: digests, and the entries of a generated patient that are none of our terms.
NO_WORDS = re.compile(r"\b[0-9a-f]{8}\b|\b[Tt]hing \d+")


def other(text: str) -> str:
    return WORD.sub(lambda found: "ж" * len(found[0]), text)


def words(
    kb: Any,
    folder: Path,
    keep: Callable[[str, str], bool] = lambda node, code: True,
    said: Callable[[str], str] = other,
) -> Path:
    """The file of a made-up language: each label and sentence of the English one that is kept, in other letters."""
    lay = kb.engine.select("answer/lay")
    rows = [("layLabel", node, text, code) for node, _, text, code in lay]
    # What a plain reader is told a name of, professionals are told its label.
    rows += [("professionalLabel", node, label(kb, node), "") for node, _, _, code in lay if not code]
    rows += [("professionalLabel", node, text, code) for node, _, text, code in kb.engine.select("answer/words")]
    told = [f'<{node}> <{GG}{prop}> "{said(text)}"@{TAG} .' for prop, node, text, code in rows if keep(node, code)]
    (file := folder / "words.ttl").write_text("\n".join(told), encoding="utf-8")
    return file


def label(kb: Any, node: str) -> str:
    """What professionals are told of a node: its label, of the entry of a list its code."""
    records = kb.records
    if node in kb.vocabulary.by_iri:
        return str(kb.vocabulary.by_iri[node].label)
    listed = records.nodes.get(node, {}).get(f"{RDF}type", ())
    coded = {f"{GG}{kind}" for kind in ("Strength", "Standing", "Stance", "ReviewState")}
    if coded.isdisjoint(listed) and f"{GGA}Status" not in listed:
        return str(records.label(node))
    code = str(records.code(node))
    return {"pending": "unreviewed"}.get(code, code.replace("-", " "))


@pytest.fixture(scope="module")
def repeated(kb: Any, tmp_path_factory: Any) -> Any:
    """A language whose words are the English ones for professionals."""
    return gg.open(extra=[words(kb, tmp_path_factory.mktemp("words"), said=str)])


@pytest.fixture(scope="module")
def spoken(kb: Any, tmp_path_factory: Any) -> Any:
    return gg.open(extra=[words(kb, tmp_path_factory.mktemp("words"))])


def names(kb: Any, glance: Any) -> list[str]:
    """Names of documents and of the publishers of definitions, the longest first."""
    found = {kb.records.label(iri) for iri in kb.records.nodes if "/document/" in iri}
    found |= {kb.records.one(iri, "shortLabel") or "" for iri in kb.records.nodes if "/document/" in iri}
    found |= {row.source for row in kb.knowledge.book.readings}
    for band in glance["bands"]:
        for family in band["families"]:
            found |= {voice["short"] for voice in (*family["voices"], *family["against"])}
            found |= {by for fact in family["facts"] for by in fact["by"]}
    return sorted(filter(None, found), key=len, reverse=True)


def english(kb: Any, glance: Any) -> Iterator[str]:
    """The English words of a glance that are no names."""
    called = names(kb, glance)
    if glance["reader"] == "plain":
        texts = [row.text for part in plain_parts(glance) for row in part.rows]
    else:
        # Marks are letters in brackets, and where the rest is shown is an option of the command.
        texts = [re.sub(r"\[[a-z]\]", "", glance_markdown(glance, "").replace("\\", ""))]
    for told in texts:
        text = NO_WORDS.sub("", told)
        for name in called:
            text = text.replace(name, "")
        yield from WORD.findall(text)


def check(kb: Any, answer: Any) -> None:
    glance = answer.glance("plain", TAG)
    assert list(english(kb, glance)) == []
    assert (glance["language"], glance["untranslated"]) == (TAG, [])
    # The same is said, in the same order.
    told, plain = plain_parts(glance), plain_parts(answer.glance("plain"))
    assert [(part.heading, len(part.rows)) for part in told] == [(part.heading, len(part.rows)) for part in plain]
    glance, english_one = answer.glance(language=TAG), answer.glance()
    assert list(english(kb, glance)) == []
    assert (glance["reader"], glance["language"], glance["untranslated"]) == ("professional", TAG, [])
    # Rows are fewer where two words of the made-up language are one.
    assert [(b["band"], len(b["families"])) for b in glance["bands"]] == [
        (b["band"], len(b["families"])) for b in english_one["bands"]
    ]


@pytest.mark.parametrize(("path", "problem"), ASKED[::4])
def test_no_english_word_is_left(spoken: Any, path: Path, problem: str | None) -> None:
    check(spoken, spoken.therapies(path, problem=problem, as_of=AS_OF))


@pytest.mark.slow
def test_none_is_left_in_any_example_and_for_generated_patients(spoken: Any) -> None:
    for path, problem in ASKED:
        check(spoken, spoken.therapies(path, problem=problem, as_of=AS_OF))
    for seed in range(100):
        check(spoken, spoken.therapies(generate.profile(spoken, seed), as_of=AS_OF))


@pytest.mark.parametrize(("path", "problem"), ASKED)
def test_the_sentences_of_the_file_are_those_of_the_code(repeated: Any, path: Path, problem: str | None) -> None:
    """One who is told the English words from the file reads what is read without it, but for why a drug is not begun."""
    answer = repeated.therapies(path, problem=problem, as_of=AS_OF)
    again, written = answer.glance(language=TAG), answer.glance()
    assert again["words"] and not written["words"]
    again["taken_now"] = written["taken_now"]
    told, as_written = (shortened(repeated, glance_markdown(glance)) for glance in (again, written))
    assert told == as_written


def shortened(kb: Any, text: str) -> str:
    """A text with the short names of numbers: another language has one name of a number."""
    for row in kb.vocabulary.by_iri.values():
        if row.short:
            text = text.replace(row.label, row.short)
    return text


@pytest.mark.slow
def test_what_a_file_does_not_say_is_told(kb: Any, tmp_path: Path) -> None:
    """Three labels and two sentences are left out: they stand in English, and each is named on top."""
    missing = {"https://w3id.org/guidegraph/term/Naproxen", "https://w3id.org/guidegraph/term/Yoga", f"{GG}ageYears"}
    file = words(kb, tmp_path, lambda node, code: node not in missing and code not in ("closing", "untranslated"))
    opened = gg.open(extra=[file])
    answer = opened.therapies("example:anticoagulated-older", as_of=AS_OF)
    glance, plain = answer.glance("plain", TAG), answer.glance("plain")
    lay = kb.knowledge.lay_in("en")
    labels = {lay.labels[iri] for iri in missing}
    named = labels | {lay.sentences["closing"], lay.sentences["untranslated"]}
    assert set(glance["untranslated"]) == named
    top = plain_parts(glance)[0].rows[0].text
    assert top.startswith("In English") and all(one in top for one in named)
    # Professionals are told so too, by their own words.
    theirs = answer.glance(language=TAG)
    said = kb.knowledge.lay_in("en", "professional").sentences
    assert {*theirs["untranslated"]} == {"age", "naproxen", "yoga", said["closing"], said["untranslated"]}
    assert glance_markdown(theirs).startswith("in English") and said["closing"] in glance_markdown(theirs)
    # Whoever asks in English is told nothing of it, and what is not in a glance is not told as missing there.
    assert plain["untranslated"] == [] and "In English" not in plain_text(plain)
    alone = opened.therapies("example:age-only", as_of=AS_OF).glance("plain", TAG)["untranslated"]
    assert set(alone) <= named and lay.sentences["closing"] in alone
    found, left = set(WORD.findall(" ".join(named).casefold())), {word.casefold() for word in english(opened, glance)}
    assert left and left <= found


def test_each_form_says_its_language(spoken: Any) -> None:
    glance = spoken.therapies("example:age-only", as_of=AS_OF).glance("plain", f"{TAG}-x")
    page = plain_html(glance)
    assert f'<html lang="{TAG}">' in page and "To discuss" not in page + plain_markdown(glance) + plain_text(glance)
    assert '<html lang="en">' in plain_html(spoken.therapies("example:age-only", as_of=AS_OF).glance("plain"))


def test_a_language_without_words_is_refused(kb: Any) -> None:
    answer = kb.therapies("example:age-only", as_of=AS_OF)
    with pytest.raises(UsageError, match=r"no plain words in 'de'.*Use one of: en"):
        answer.glance("plain", "de")
    with pytest.raises(UsageError, match=r"no words for professionals in 'de'.*Use one of: en"):
        answer.glance("professional", "de")
    assert answer.glance("plain", "en-GB") == answer.glance("plain")
    assert answer.glance("professional", "en-GB") == answer.glance()


class Told:
    """Plain words as the query answers them, without a knowledge base: node, language, text, code."""

    def __init__(self, text: str) -> None:
        self.rows = [(f"{GG}LayBoth", "en", "{} and {}", "both"), (f"{GG}LayBoth", TAG, text, "both")]

    def select(self, _: str) -> list[tuple[str, ...]]:
        return self.rows


@pytest.mark.parametrize("text", ["ж", "ж {}", "ж {} {} {}", "ж {x} {y}", "ж {", "ж {0} {2}", "{:d} {:d}", "{0!r} {1}"])
def test_a_sentence_without_its_parts_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="'both' does not hold the parts of the English one"):
        lay_words(cast("Any", Told(text)), TAG)


@pytest.mark.parametrize("text", ["{} ж {}", "{0} ж {1}", "{1} ж {0}"])
def test_parts_may_stand_in_another_order(text: str) -> None:
    told = lay_words(cast("Any", Told(text)), TAG).said("both", "{} and {}", "one", "two")
    assert told == text.format("one", "two")


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["therapies", "example:age-only", *arguments])


@pytest.mark.slow
def test_the_command(kb: Any, tmp_path: Path) -> None:
    shown = run("--reader", "plain", "--language", TAG, "--extra", str(words(kb, tmp_path)))
    assert shown.exit_code == 0 and shown.output.startswith(other(kb.knowledge.lay_in("en").sentences["top"]).upper())


def test_the_command_refuses_what_no_file_says() -> None:
    refused = run("--language", "de", "--full")
    assert refused.exit_code == 2 and "only a glance is told in another language" in refused.output
    refused = run("--language", "de")
    assert refused.exit_code == 2 and "there are no words for professionals in 'de'" in refused.output
    refused = run("--reader", "plain", "--language", "de")
    assert refused.exit_code == 2 and "there are no plain words in 'de'" in refused.output
