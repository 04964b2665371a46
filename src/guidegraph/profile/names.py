"""Names as people write them: when two are the same, what one that is not exact could mean, and which are near."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TypeVar

from guidegraph.model import TermRow

#: How a name relates to a term that it does not mean exactly, by the scope of the synonym (oboInOwl).
SCOPES = {"broad": "more than", "narrow": "less than", "related": "something near"}
#: What a name may say of a thing other than that the patient has it.
SAID = {
    "past": "that there once was",
    "perhaps": "perhaps",
    "relative": "that a relative has",
    "denied": "that there is no",
}
#: Spellings of one sound, British and American, and ends of words that make no other word.
_SPELLINGS = (("ae", "e"), ("oe", "e"), ("isation", "ization"), ("'", ""))
_NO_PLURAL = ("ss", "us", "is")
#: Least similarity of two spellings (Jaro and Winkler), and of two that sound the same.
_ALIKE, _SOUNDING = 0.86, 0.7
_LONGEST, _SHOWN = 80, 4

T = TypeVar("T")


@lru_cache(maxsize=65536)
def normal(text: str) -> str:
    """A name for comparison: lower case without accents, hyphens and runs of white space as one space."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("\u2019", "'"))
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return re.sub(r"[\s\-\u2010-\u2014_]+", " ", plain).strip()


def shortened(text: str) -> str:
    """A text as a message shows it."""
    return repr(text if len(text) <= 80 else text[:77] + "...")


@lru_cache(maxsize=65536)
def folded(name: str) -> str:
    """A normal name without plurals and differences of spelling that make no other word."""
    return " ".join(map(_word, name.split()))


def _word(word: str) -> str:
    for british, american in _SPELLINGS:
        word = word.replace(british, american)
    if len(word) > 3 and word.endswith("s") and not word.endswith(_NO_PLURAL):
        word = word[:-3] + "y" if word.endswith("ies") else word[:-1]
    return word[:-3] + "or" if word.endswith("our") else word


def by_folded(table: Mapping[str, Sequence[T]]) -> dict[str, list[T]]:
    """What normal names mean, by their folded form; each thing once."""
    found: dict[str, list[T]] = {}
    for name, things in table.items():
        held = found.setdefault(folded(name), [])
        held += [thing for thing in things if thing not in held]
    return found


def meaning(name: str, meant: Iterable[tuple[str, str]]) -> str:
    """What a name that is not exact could mean, as a sentence; ``meant`` are pairs of scope and label."""
    table: dict[str, list[str]] = {}
    for scope, label in meant:
        table.setdefault(scope, []).append(repr(label))
    told = [f"{words} {' and '.join(table[scope])}" for scope, words in {**SCOPES, **SAID}.items() if scope in table]
    return f"{name} is no exact name: it means {', and '.join(told)}"


def asked_back(shown: str, meant: Iterable[tuple[str, TermRow]]) -> str:
    """What a name that is not exact could mean."""
    return meaning(shown, ((scope, row.label) for scope, row in meant))


#: What to do about a name that says something else of a thing than that the patient has it, by its scope.
_INSTEAD = {
    "past": "Write {} only if the patient has it now; leave it out otherwise",
    "perhaps": "Leave it out until it is known: what is not written is unknown, never denied",
    "relative": "Leave it out: it says nothing of the patient",
    "denied": "Write {} among the absent ones of its list",
}


def which(meant: Iterable[tuple[str, TermRow]]) -> str:
    """Which terms to write instead of a name that is not exact."""
    rows = list(meant)
    labels = "; ".join(dict.fromkeys(row.label for _, row in rows))
    instead = [_INSTEAD[scope] for scope in dict.fromkeys(scope for scope, _ in rows) if scope in _INSTEAD]
    if instead:
        return f"{'. '.join(told.format(labels) for told in instead)}."
    return f"Which do you mean? Write {labels}, or the term that is meant."


def nearest(text: str, pool: Mapping[str, Sequence[str]]) -> list[str]:
    """What a text that is no known name was perhaps meant to be: names that look or sound like it, then those that
    share their rarest words with it.

    Args:
        text: what was written.
        pool: for each normal name, what to show for it.
    """
    # Only a text that is not known needs it.
    import jellyfish

    wanted = normal(text)[:_LONGEST]
    sound = jellyfish.metaphone(wanted) if wanted else ""
    scored = []
    for name in pool:
        alike = jellyfish.jaro_winkler_similarity(wanted, name)
        if alike >= _ALIKE or (alike >= _SOUNDING and sound and jellyfish.metaphone(name) == sound):
            scored.append((-alike, jellyfish.damerau_levenshtein_distance(wanted, name), name))
    words = {name: frozenset(folded(name).split()) for name in pool}
    common = Counter(word for held in words.values() for word in held)
    asked = frozenset(folded(wanted).split())
    weight = {name: sum(1 / common[w] for w in asked & held) for name, held in words.items() if asked & held}
    sharing = sorted(weight, key=lambda name: (-weight[name], len(name), name))
    close = [name for *_, name in sorted(scored)]
    # What the text names whole beside something else ("THIS on THAT") is nearer than what shares a word.
    inside = sorted((n for n, held in words.items() if held and held <= asked), key=lambda n: (-len(n), n))
    shown = [
        label for name in [*close[:1], *inside[:_SHOWN], *close[1:_SHOWN], *sharing[:_SHOWN]] for label in pool[name]
    ]
    return list(dict.fromkeys(shown))[:_SHOWN]
