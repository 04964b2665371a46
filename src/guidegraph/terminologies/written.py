"""Names of conditions and findings as problem lists have them: abbreviated, with words about them, or several in one.

Which words these are is data (words.yaml of the lexicon).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from guidegraph.profile.names import SAID, folded, normal
from guidegraph.terminologies.names import read_groups

FILE = "words.yaml"
_KEYS = {"short", "small", "kinds", "narrowing", "said", "of_drugs", "not_tolerated", "any_drug"}
_MARKS = re.compile(r"[()\[\],;:.!]+")
#: The same marks, to be told from the words that they touch, and what stands between drugs of a list.
_SPACED = re.compile(r"([()\[\],;:!]|\.(?=\s|$))")
_LISTED = re.compile(r"\s*[,;()\[\]:]\s*|\s+(?:and|or)\s+")
_JOINED = re.compile(r"\s*[/+&,;]\s*|\s+(?:and|with|plus)\s+")
#: A year beside a name says when it was, not that it still is.
_YEAR = re.compile(r"(?:19|20)\d\d")
#: Words by which the order of the others says who has what: such a name is read as it stands.
_ORDERED = frozenset(
    ("with", "without", "and", "or", "not", "no", "non", "due", "to", "after", "than", "by", "from", "on", "for")
)
#: More words than this are no name.
_LONGEST = 12


@dataclass(frozen=True)
class Words:
    """The words about conditions of a lexicon: what is short for what, those whose place changes nothing, those that
    names end in and people leave out, those that narrow, by scope (guidegraph.profile.names.SAID) those that say that
    the patient does not just have it, and by term (CURIE) those that stand before and after the name of a drug.
    ``not_tolerated`` are those around a drug that say that it was not tolerated, as each of ``of_drugs`` does too;
    ``any_drug`` are words for whichever drug."""

    short: Mapping[str, str] = field(default_factory=dict)
    small: frozenset[str] = frozenset()
    kinds: tuple[str, ...] = ()
    narrowing: tuple[str, ...] = ()
    said: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    of_drugs: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=dict)
    not_tolerated: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    any_drug: frozenset[str] = frozenset()


@cache
def read_words(folder: Path) -> Words:
    """The words about conditions of a lexicon folder; none where it has no such file.

    Raises:
        KnowledgeError: the file cannot be read, or does not have the groups of words.
    """
    path = folder / FILE
    return read_groups(path, _KEYS, _made) if path.exists() else Words()


def _made(groups: Mapping[str, Any]) -> Words:
    if set(groups["said"]) != set(SAID):
        raise ValueError
    return Words(
        {normal(str(one)): normal(str(full)) for one, full in groups["short"].items()},
        frozenset(normal(str(word)) for word in groups["small"]),
        tuple(normal(str(word)) for word in groups["kinds"]),
        _longest(groups["narrowing"]),
        {scope: _longest(words) for scope, words in groups["said"].items()},
        {term: _around(of) for term, of in groups["of_drugs"].items()},
        _around(groups["not_tolerated"]),
        frozenset(normal(str(word)) for word in groups["any_drug"]),
    )


def _around(of: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return _longest(of["before"]), _longest(of["after"])


def _longest(words: Iterable[object]) -> tuple[str, ...]:
    """The words, longer ones first, so that none is read as its beginning."""
    return tuple(sorted({normal(str(word)) for word in words}, key=lambda word: (-len(word), word)))


def variants(name: str, words: Words, known: Mapping[frozenset[str], str]) -> Iterator[tuple[str, str]]:
    """A normal name in full, in another order, and without the words at its ends that narrow it, the longest first,
    each with what is left out.

    Args:
        name: what was written.
        words: the words about conditions.
        known: names by their words (:func:`aliases`).
    """
    tokens = _full(_MARKS.sub(" ", name), words)
    ends = [" ".join(tokens)]
    seen: set[str] = set()
    while ends:
        bare, *ends = ends
        if not bare or bare in seen or len(bare.split()) > _LONGEST:
            continue
        seen.add(bare)
        gone = _without(tokens, bare.split())
        narrower = gone and _names_both(bare, gone, words, known)
        for one in () if narrower else _spellings(bare, words, known):
            if one and one != name:
                yield one, gone
        for word in words.narrowing:
            if bare.startswith(f"{word} "):
                ends.append(bare.removeprefix(f"{word} "))
            if bare.endswith(f" {word}"):
                ends.append(bare.removesuffix(f" {word}"))


def _spellings(bare: str, words: Words, known: Mapping[frozenset[str], str]) -> Iterator[str]:
    """A name as it stands, in another order, and with a word that it may lack."""
    yield bare
    yield known.get(_key(bare, words), "")
    if " " not in bare:
        yield from (f"{bare} {kind}" for kind in words.kinds)


def _names_both(bare: str, gone: str, words: Words, known: Mapping[frozenset[str], str]) -> bool:
    """Whether a known name says what is left out of what is kept, too: then leaving it out may hide what was meant."""
    kept = frozenset(_full(folded(bare), words)).difference(words.small, words.kinds)
    left = frozenset(_full(folded(gone), words))
    return any(kept < key and key & left for key in known if not key <= kept | left)


def _full(text: str, words: Words) -> list[str]:
    return [part for token in text.split() for part in words.short.get(token, token).split()]


def _without(tokens: Sequence[str], kept: Sequence[str]) -> str:
    """The words before and after those that were kept."""
    for at in range(len(tokens) - len(kept) + 1):
        if list(tokens[at : at + len(kept)]) == list(kept):
            return " ".join([*tokens[:at], *tokens[at + len(kept) :]])
    return ""


def _key(name: str, words: Words) -> frozenset[str]:
    tokens = [token for token in _full(folded(name), words) if token not in words.small]
    # Two words or more, each once, and none that says which belongs to which.
    held = frozenset(tokens)
    return held if 1 < len(tokens) == len(held) and not held & _ORDERED else frozenset()


def aliases(names: Iterable[tuple[str, str]], words: Words) -> Mapping[frozenset[str], str]:
    """Normal names by their words; none for words that two things have in another order.

    Args:
        names: pairs of a normal name and whose it is.
        words: the words about conditions.
    """
    found: dict[frozenset[str], dict[str, str]] = {}
    for name, owner in names:
        if key := _key(name, words):
            found.setdefault(key, {}).setdefault(owner, name)
    return {key: min(held.values()) for key, held in found.items() if len(held) == 1}


def parts(name: str) -> list[str]:
    """The names that a normal name joins with a stroke, a comma, a plus or a word; none where it joins nothing."""
    found = [part.strip() for part in _JOINED.split(name) if part.strip()]
    return found if len(found) > 1 else []


def said(name: str, words: Words) -> Iterator[tuple[str, str]]:
    """What a normal name says of another thing than that the patient has it: the scope, and the name of the thing."""
    plain = " ".join(_full(_MARKS.sub(" ", name), words))
    for scope, phrases in words.said.items():
        for phrase in phrases:
            rest = plain.removeprefix(phrase) if phrase.endswith("?") else plain.removeprefix(f"{phrase} ")
            if rest != plain and rest.strip():
                yield scope, rest.strip()
    if plain.endswith("?") and len(plain) > 1:
        yield "perhaps", plain[:-1].strip()
    tokens = plain.split()
    if any(map(_YEAR.fullmatch, tokens)) and len(tokens) > 1:
        yield "past", " ".join(token for token in tokens if not _YEAR.fullmatch(token))


def of_drug(name: str, words: Words) -> Iterator[tuple[str, list[str]]]:
    """What a normal name says of drugs: the term (CURIE, "" where it says no more than that they were not tolerated),
    and the names of the drugs, each perhaps with words behind it (a reaction, a reason)."""
    tokens = _SPACED.sub(r" \1 ", name).split()
    plain = " ".join(token for token in tokens if not _MARKS.fullmatch(token))
    for term, (before, after) in (*words.of_drugs.items(), ("", words.not_tolerated)):
        for word in before:
            if plain.startswith(f"{word} "):
                yield term, _listed(_behind(tokens, word))
        for word in after:
            drug, found, _ = f"{plain} ".partition(f" {word} ")
            if found and drug:
                yield term, _listed(drug)


def _behind(tokens: Sequence[str], phrase: str) -> str:
    """What stands behind a phrase that tokens begin with, whatever marks stand in it."""
    rest, left = list(tokens), phrase.split()
    while left:
        if rest.pop(0) == left[0]:
            left.pop(0)
    return " ".join(rest)


def _listed(text: str) -> list[str]:
    found = (" ".join(_MARKS.sub(" ", part).split()) for part in _LISTED.split(text))
    return [part for part in found if part]
