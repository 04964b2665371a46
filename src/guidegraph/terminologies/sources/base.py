"""What all adapters share: the protocol, the entry of a package in ontology/links/sources.yaml, finding its files."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from guidegraph.errors import LinkError
from guidegraph.terminologies.model import ExternalTerm


@dataclass(frozen=True)
class Entry:
    """What ontology/links/sources.yaml says of a package."""

    name: str
    prefix: str
    title: str
    reader: str
    package: str
    install: str
    licence: str
    origin: str = "PyPI"
    module: str = ""
    places: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    conventions: Mapping[str, str] = field(default_factory=dict)

    def missing(self, what: str = "is not installed") -> LinkError:
        """The error that names the command that mends it."""
        return LinkError(
            f"the package {self.package} ({self.origin}), which carries {self.title}, {what}",
            where=self.name,
            mend=f"Install it: {self.install}",
        )

    def folders(self) -> list[Path]:
        """The folders that may hold the files: of the Python module, or the places named, those that exist."""
        if self.module:
            return _module_folders(self.module)
        prefix = Path(sys.prefix)
        named = [prefix / place for place in self.places]
        if "node_modules" in self.places:
            paths = [Path(p) for p in os.environ.get("NODE_PATH", "").split(os.pathsep) if p]
            named = [*paths, Path("node_modules"), *named]
        return [folder for folder in named if folder.is_dir()]

    def find(self, pattern: str) -> list[Path]:
        """The files of the first folder that has any of a pattern, sorted by name."""
        for folder in self.folders():
            if found := sorted(path for path in folder.glob(pattern) if path.is_file()):
                return found
        return []

    def file(self, index: int = 0) -> Path:
        """The newest file (the last by name) of one of the patterns.

        Raises:
            LinkError: the package is not installed, or has no such file.
        """
        found = self.find(self.files[index])
        if not found:
            raise self.missing("has no such file" if self.folders() and self.module else "is not installed")
        return found[-1]

    def package_version(self) -> str:
        """The version of the installed package, "" where it has none that Python knows."""
        try:
            return version(self.package)
        except (PackageNotFoundError, ValueError):
            return ""

    def versioned(self, release: str = "") -> str:
        """The release of the data, if stated, and the package with its version."""
        package = f"{self.package} {self.package_version()}".strip()
        return f"{release} ({package})" if release else f"release not stated ({package})"


def _module_folders(module: str) -> list[Path]:
    """The folders of a module, found without importing its parents (which may need packages of their own)."""
    first, *rest = module.split(".")
    try:
        spec = find_spec(first)
    except (ImportError, ValueError):
        return []
    below = (Path(place, *rest) for place in (spec.submodule_search_locations or ()) if spec) if spec else ()
    return [folder for folder in below if folder.is_dir()]


@cache
def entries() -> dict[str, Entry]:
    """All entries of ontology/links/sources.yaml by name."""
    import yaml

    from guidegraph import assets

    text = (assets.folder("ontology") / "links" / "sources.yaml").read_text(encoding="utf-8")
    return {name: _entry(name, values) for name, values in yaml.safe_load(text).items()}


def _entry(name: str, values: dict[str, Any]) -> Entry:
    values = dict(values)
    return Entry(
        name=name,
        origin=values.pop("from", "PyPI"),
        places=tuple(values.pop("places", ())),
        files=tuple(values.pop("files", ())),
        **values,
    )


@dataclass
class FileTerms:
    """The terms that a user's file holds under one prefix, and what it says of itself."""

    terms: dict[str, ExternalTerm] = field(default_factory=dict)
    version: str = ""
    title: str = ""
    licence: str = ""


class Source:
    """Another terminology. Codes are written without prefix; a term is built when it is first asked for.

    ``version`` is the release of the data where it is stated, and what carries it; ``licence`` that of the data.
    """

    def __init__(self, name: str, prefix: str, title: str, package: str, licence: str) -> None:
        self.name, self.prefix, self.title, self.package, self.licence = name, prefix, title, package, licence
        self._terms: dict[str, ExternalTerm | None] = {}

    @cached_property
    def version(self) -> str:
        """The release of the data, and what carries it."""
        raise NotImplementedError

    def term(self, code: str) -> ExternalTerm | None:
        """The term of a code, None where the terminology has no such code."""
        if code not in self._terms:
            self._terms[code] = self.build(code)
        return self._terms[code]

    def children(self, code: str) -> tuple[str, ...]:
        """The codes directly below a code, sorted; none for a code that does not exist."""
        return self._below.get(code, ())

    @cached_property
    def _below(self) -> dict[str, tuple[str, ...]]:
        below: dict[str, list[str]] = {}
        for code in self.codes():
            for parent in self.parents(code):
                below.setdefault(parent, []).append(code)
        return {parent: tuple(sorted(codes)) for parent, codes in below.items()}

    # What a source has to say:

    def build(self, code: str) -> ExternalTerm | None:
        """Build the term of a code."""
        raise NotImplementedError

    def codes(self) -> Iterator[str]:
        """All codes, each once, in the order of the source."""
        raise NotImplementedError

    def parents(self, code: str) -> Iterable[str]:
        """The codes directly above a code that exists."""
        term = self.term(code)
        return term.parents if term else ()


class Adapter(Source):
    """A source in an installed package."""

    def __init__(self, entry: Entry) -> None:
        super().__init__(entry.name, entry.prefix, entry.title, entry.package, entry.licence)
        self.entry = entry

    @cached_property
    def version(self) -> str:
        """The release of the data, and the version of the package."""
        return self.entry.versioned(self.release())

    def release(self) -> str:
        """The release of the data as the package states it, "" where it does not."""
        return ""


def distinct(names: Iterable[str], label: str) -> tuple[str, ...]:
    """Synonyms without blanks, doubles and the label itself, sorted."""
    return tuple(sorted({name.strip() for name in names if name and name.strip()} - {label}))


def release_in(path: Path, pattern: str) -> str:
    """The release that a file's name states."""
    found = re.search(pattern, path.name)
    return found.group(1) if found else ""
