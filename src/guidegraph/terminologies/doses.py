"""Names of drugs as people write them: with salt, strength, form, route and times, or several in one.

Which words these are is data (doses.yaml of the lexicon).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from guidegraph.profile.names import normal
from guidegraph.terminologies.names import read_groups

FILE = "doses.yaml"
_GROUPS = ("units", "forms", "schedules", "fillers", "before", "salts")
_KEYS = {*_GROUPS, "least_bare", "routes"}
_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)*")
#: Strengths of the parts of a product, with or without a unit.
_STRENGTHS = re.compile(r"[0-9]+(?:[.,][0-9]+)*(?:[^\W\d]{1,10})?(?:/[0-9]+(?:[.,][0-9]+)*(?:[^\W\d]{1,10})?)+")
_ATTACHED = re.compile(r"([0-9]+(?:[.,][0-9]+)*)([^\W\d]{1,10}(?:/[^\W\d]{1,10})?)")
#: How much of what is put on or in is the drug: told only beside a route.
_SHARE = re.compile(r"[0-9]+(?:[.,][0-9]+)?%")
_JOINED = re.compile(r"\s*[/+&]\s*|,\s+|\s+(?:and|with)\s+")
#: Brackets and the like around a dose; a comma inside a number is none.
_MARKS = re.compile(r"[();:\[\]]|,(?!\d)")
#: More words than this are no name.
_LONGEST = 20


@dataclass(frozen=True)
class Route:
    """A route by which drugs are given: the words that say it, the beginnings of the codes that stand for it, and
    whether a drug without such a code acts on the whole body by it."""

    words: tuple[str, ...]
    uses: tuple[str, ...]
    whole: bool = False


@dataclass(frozen=True)
class Doses:
    """The words of doses of a lexicon, by group; ``least_bare`` is the least number that is a strength without unit."""

    words: Mapping[str, frozenset[str]]
    routes: tuple[Route, ...] = ()
    least_bare: float = field(default=float("inf"))


@dataclass(frozen=True)
class Written:
    """The name of a drug without what was said of its dose, what was left out, and the route that was said."""

    name: str
    left: str
    route: Route | None = None


@cache
def read_doses(folder: Path) -> Doses:
    """The words of doses of a lexicon folder; none where it has no such file.

    Raises:
        KnowledgeError: the file cannot be read, or does not have the groups of words and the routes.
    """
    path = folder / FILE
    return read_groups(path, _KEYS, _made) if path.exists() else Doses(dict.fromkeys(_GROUPS, frozenset()))


def _made(groups: Mapping[str, Any]) -> Doses:
    words = {name: frozenset(normal(str(word)) for word in groups[name]) for name in _GROUPS}
    return Doses(words, tuple(_route(given) for given in groups["routes"].values()), float(groups["least_bare"]))


def _route(given: Mapping[str, Any]) -> Route:
    # Longer phrases first: a nasal spray is more than nasal.
    words = sorted({normal(str(word)) for word in given["words"]}, key=lambda word: (-len(word), word))
    return Route(tuple(words), tuple(map(str, given["uses"])), bool(given.get("whole", False)))


def without_dose(name: str, doses: Doses) -> Iterator[Written]:
    """A normal name without the words of a dose, the longest first, each with what is left out and the route told."""
    tokens = _MARKS.sub(" ", name).split()
    if len(tokens) > _LONGEST:
        return
    lead = _leading(tokens, doses)
    tokens, before = tokens[lead:], tokens[:lead]
    for at in range(len(tokens) if lead else len(tokens) - 1, 0, -1):
        left = [*before, *tokens[at:]]
        route, rest = _routed(left, doses)
        if not rest or _is_dose(rest, doses):
            yield Written(" ".join(tokens[:at]), " ".join(left), route)


def _leading(tokens: Sequence[str], doses: Doses) -> int:
    """How many words at the beginning say a form or a route."""
    at = 0
    phrases = [*doses.words["before"], *(word for route in doses.routes for word in route.words)]
    while at < len(tokens) - 1:
        two = " ".join(tokens[at : at + 3]), " ".join(tokens[at : at + 2])
        if tokens[at] in doses.words["forms"] or tokens[at] in phrases:
            at += 1
        elif two[0] in phrases and at + 3 < len(tokens):
            at += 3
        elif two[1] in phrases and at + 2 < len(tokens):
            at += 2
        else:
            break
    return at


def _routed(tokens: Sequence[str], doses: Doses) -> tuple[Route | None, list[str]]:
    """The route that some words tell, and the words without it."""
    text = f" {' '.join(tokens)} "
    told = [route for route in doses.routes if any(f" {word} " in text for word in route.words)]
    if len(told) != 1:
        # Two routes are one more than somebody can mean.
        return None, list(tokens)
    for word in told[0].words:
        text = text.replace(f" {word} ", " ")
    return told[0], [token for token in text.split() if not _SHARE.fullmatch(token)]


def _is_dose(tokens: Sequence[str], doses: Doses) -> bool:
    words = doses.words
    said = words["forms"] | words["schedules"] | words["salts"]
    told = said | {token for phrase in words["before"] for token in phrase.split()}
    telling = False
    for at, token in enumerate(tokens):
        if _NUMBER.fullmatch(token):
            follows = at + 1 < len(tokens) and tokens[at + 1] in words["units"] | told | words["fillers"]
            # One with two points, such as the number of a passage, is none that a drug is dosed by.
            bare = "." in token or float(token.replace(",", "")) >= doses.least_bare
            if not follows and not bare:
                return False
            telling = telling or bare
        elif token in words["units"]:
            if at == 0 or not (_NUMBER.fullmatch(tokens[at - 1]) or _STRENGTHS.fullmatch(tokens[at - 1])):
                return False
            telling = True
        elif token in told or _strength(token, words["units"]):
            telling = True
        elif token not in words["fillers"]:
            return False
    return telling


def _strength(token: str, units: frozenset[str]) -> bool:
    attached = _ATTACHED.fullmatch(token)
    return bool(_STRENGTHS.fullmatch(token)) or bool(attached and attached[2] in units)


def parts(name: str) -> list[str]:
    """The names that a normal name joins with a stroke, a plus or a word; none where it joins nothing."""
    found = [part for part in _JOINED.split(name) if part]
    return found if len(found) > 1 else []
