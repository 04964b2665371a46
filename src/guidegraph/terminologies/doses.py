"""Names of drugs as prescriptions and patients write them: with a strength, a form and times, or several in one.

Which words these are is data (doses.yaml of the lexicon).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from guidegraph.errors import KnowledgeError
from guidegraph.files import read_text
from guidegraph.profile.names import normal
from guidegraph.reading import MAXIMUM_BYTES

FILE = "doses.yaml"
_GROUPS = ("units", "forms", "schedules", "fillers")
_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)*")
#: Strengths of the parts of a product, with or without a unit.
_STRENGTHS = re.compile(r"[0-9]+(?:[.,][0-9]+)*(?:[^\W\d]{1,10})?(?:/[0-9]+(?:[.,][0-9]+)*(?:[^\W\d]{1,10})?)+")
_ATTACHED = re.compile(r"([0-9]+(?:[.,][0-9]+)*)([^\W\d]{1,10})")
_JOINED = re.compile(r"\s*[/+&]\s*|\s+(?:and|with)\s+")
#: More words than this are no name.
_LONGEST = 20


@cache
def read_doses(folder: Path) -> Mapping[str, frozenset[str]]:
    """The words of doses of a lexicon folder, by group; none where it has no such file.

    Raises:
        KnowledgeError: the file cannot be read, or is no mapping of the groups to lists of words.
    """
    import yaml

    path = folder / FILE
    if not path.exists():
        return dict.fromkeys(_GROUPS, frozenset())
    mend = f"Write {', '.join(_GROUPS)}, each a list of words."
    try:
        groups = yaml.safe_load(read_text(path, MAXIMUM_BYTES, KnowledgeError))
    except yaml.YAMLError as error:
        raise KnowledgeError(f"no YAML: {error}", where=str(path), mend=mend) from None
    if not isinstance(groups, dict) or set(groups) != set(_GROUPS):
        raise KnowledgeError("other groups of words", where=str(path), mend=mend)
    return {name: frozenset(normal(str(word)) for word in groups[name]) for name in _GROUPS}


def without_dose(name: str, words: Mapping[str, frozenset[str]]) -> Iterator[tuple[str, str]]:
    """A normal name without the words of a dose at its end, the longest first, each with what is left out.

    A number without unit, form or time is part of the name, as in the names of some vitamins.
    """
    tokens = name.split()
    for at in range(len(tokens) - 1, 0, -1) if len(tokens) <= _LONGEST else ():
        if _is_dose(tokens[at:], words):
            yield " ".join(tokens[:at]), " ".join(tokens[at:])


def _is_dose(tokens: list[str], words: Mapping[str, frozenset[str]]) -> bool:
    said = words["forms"] | words["schedules"]
    telling = False
    for at, token in enumerate(tokens):
        if _NUMBER.fullmatch(token):
            if at + 1 == len(tokens) or tokens[at + 1] not in words["units"] | said | words["fillers"]:
                return False
        elif token in words["units"]:
            if at == 0 or not (_NUMBER.fullmatch(tokens[at - 1]) or _STRENGTHS.fullmatch(tokens[at - 1])):
                return False
            telling = True
        elif token in said or _strength(token, words["units"]):
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
