"""The table of paths: which elements a resource may have, where its parts are, and what its statuses mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from guidegraph import assets
from guidegraph import namespaces as ns

VERSIONS = ("R4", "R5")
_PATHS = (
    "subject",
    "code",
    "type",
    "begins",
    "ends",
    "ended",
    "narrows",
    "when",
    "elsewhere",
    "members",
    "changed",
    "outcome",
)
Path = tuple[str, ...]


@dataclass(frozen=True)
class Status:
    """A status: where it is, the code system of its codes ("" for a bare code), and what each means."""

    paths: tuple[Path, ...]
    system: str
    means: Mapping[str, str]


@dataclass(frozen=True)
class Kind:
    """How one type of resource is read: paths by part, statuses by name, and the rest of its row."""

    name: str
    lists: tuple[str, ...]
    paths: Mapping[str, tuple[Path, ...]]
    statuses: Mapping[str, Status]
    row: Mapping[str, Any]


@dataclass(frozen=True)
class Table:
    """ontology/links/fhir-paths.yaml."""

    kinds: Mapping[str, Kind]
    aliases: Mapping[str, str]
    elements: Mapping[tuple[str, str], frozenset[str]]
    only: Mapping[str, Mapping[str, frozenset[str]]]
    answers: Mapping[tuple[str, str], str]
    questions: Mapping[tuple[str, str], tuple[str, Mapping[tuple[str, str], str]]]
    outcomes: Mapping[tuple[str, str], str]


def _split(paths: list[str]) -> tuple[Path, ...]:
    return tuple(tuple(path.split(".")) for path in paths)


def _status(row: Mapping[str, Any]) -> Status:
    return Status(_split(row["path"]), row.get("system", ""), dict(row["means"]))


def _kind(name: str, row: Mapping[str, Any]) -> Kind:
    paths = {key: _split(row[key]) for key in _PATHS if isinstance(row.get(key), list)}
    if "medication" in row:
        paths |= {key: _split(row["medication"][key]) for key in ("concept", "reference")}
    if isinstance(row.get("type"), dict):
        paths["type"] = _split(row["type"]["path"])
    statuses = {key: _status(value) for key, value in row.items() if isinstance(value, dict) and "means" in value}
    return Kind(name, tuple(row["lists"]), paths, statuses, row)


def _codes(rows: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    return {(row["system"], row["code"]): word for word in ("yes", "no", "doubt") for row in rows.get(word, ())}


def make(data: Mapping[str, Any]) -> Table:
    """The table from its YAML."""
    always = frozenset(data["always"])
    elements: dict[tuple[str, str], frozenset[str]] = {}
    for name, row in data["elements"].items():
        for version in VERSIONS:
            known = always | frozenset(row.get("both", ())) | frozenset(row.get(version, ()))
            elements[version, name] = known | {f"_{key}" for key in known}
    only = {
        version: {name: frozenset(row.get(version, ())) for name, row in data["elements"].items()}
        for version in VERSIONS
    }
    questions = {
        (row["system"], row["code"]): (ns.expand(row["about"]) or "", _codes(row)) for row in data["questions"]
    }
    return Table(
        {name: _kind(name, row) for name, row in data["resources"].items()},
        dict(data["aliases"]),
        elements,
        only,
        _codes(data["answers"]),
        questions,
        {(row["system"], row["code"]): ns.expand(row["outcome"]) or "" for row in data["outcomes"]},
    )


@cache
def table() -> Table:
    """The shipped table."""
    import yaml

    path = assets.folder("ontology") / "links" / "fhir-paths.yaml"
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return make(yaml.load(path.read_text(encoding="utf-8"), Loader=loader))
