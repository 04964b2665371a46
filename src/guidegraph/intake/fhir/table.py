"""The table of paths: which elements a resource may have, where its parts are, and what its statuses mean."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
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
    "reasons",
    "onset",
    "vague",
    "severity",
    "evidence",
    "recorded",
    "supply",
    "valid",
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
class Sexes:
    """Where a record states a sex beside the administrative gender, and what the codes say ("" for silence)."""

    urls: frozenset[str]
    named: re.Pattern[str]
    observations: frozenset[tuple[str, str]]
    codes: Mapping[str, str]

    def states(self, url: object) -> bool:
        """Whether the extension of a URL states a sex."""
        return isinstance(url, str) and (url in self.urls or bool(self.named.search(url.rpartition("/")[2])))


@dataclass(frozen=True)
class Table:
    """ontology/links/fhir-paths.yaml.

    ``systems`` gives for other names of a code system (its OID) the one that the table uses; ``none`` what statements
    that there is none are about: a list, a class, "part" or "nothing"; ``past`` the classes whose meaning takes in the
    past; ``elsewhere`` the lists that entries of types which are not read leave incomplete; ``severities`` the values
    of a problem that a coded severity states; ``releases`` the elements by which an older release shows.
    """

    kinds: Mapping[str, Kind]
    aliases: Mapping[str, str]
    elements: Mapping[tuple[str, str], frozenset[str]]
    only: Mapping[str, Mapping[str, frozenset[str]]]
    answers: Mapping[tuple[str, str], str]
    questions: Mapping[tuple[str, str], tuple[str, Mapping[tuple[str, str], str]]]
    outcomes: Mapping[tuple[str, str], str]
    interpretations: Mapping[tuple[str, str], str]
    none: Mapping[tuple[str, str], str]
    severities: Mapping[tuple[str, str], str]
    past: frozenset[str]
    elsewhere: Mapping[str, Sequence[str]]
    sexes: Sexes
    releases: Mapping[str, Mapping[str, frozenset[str]]]
    no_reason: frozenset[str]
    systems: Mapping[str, str]
    events: Mapping[str, Any]

    @cached_property
    def stating(self) -> Mapping[tuple[str, str], tuple[str, str]]:
        """The codes that answer a question, which state the same by themselves: the class, and yes, no or doubt."""
        return {code: (about, word) for about, words in self.questions.values() for code, word in words.items()}


def _split(paths: list[str]) -> tuple[Path, ...]:
    # "extension URL element" is the element of the extension of that URL.
    return tuple(tuple(path.split(" " if " " in path else ".")) for path in paths)


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


def _sexes(row: Mapping[str, Any]) -> Sexes:
    codes = {code: word for word in ("female", "male", "silent") for code in row[word]}
    return Sexes(
        frozenset(row["urls"]),
        re.compile(row["named"], re.IGNORECASE),
        frozenset((one["system"], one["code"]) for one in row["observations"]),
        {code: "" if word == "silent" else word for code, word in codes.items()},
    )


def make(data: Mapping[str, Any], systems: Mapping[str, str]) -> Table:
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
    readings = data["answers"]["interpretation"]
    return Table(
        {name: _kind(name, row) for name, row in data["resources"].items()},
        dict(data["aliases"]),
        elements,
        only,
        _codes(data["answers"]),
        questions,
        {(row["system"], row["code"]): ns.expand(row["outcome"]) or "" for row in data["outcomes"]},
        {(readings["system"], code): word for word in ("yes", "no", "doubt") for code in readings[word]},
        {(row["system"], row["code"]): ns.expand(row["of"]) or row["of"] for row in data["none-known"]},
        {(row["system"], row["code"]): row["severity"] for row in data["severities"]},
        frozenset(ns.expand(curie) or "" for curie in data["past"]),
        {name: tuple(lists) for name, lists in data["elsewhere"].items()},
        _sexes(data["sex"]),
        {name: {kind: frozenset(signs) for kind, signs in row.items()} for name, row in data["releases"].items()},
        frozenset(data["empty"]["none"]),
        systems,
        dict(data["events"]),
    )


@cache
def table(events: bool = False) -> Table:
    """The shipped table; types of resources that state events alone are in it where criteria ask for ``events``."""
    whole = _whole()
    if events:
        return whole
    only = {*whole.events["read-where-asked"]}
    return replace(whole, kinds={name: kind for name, kind in whole.kinds.items() if name not in only})


@cache
def _whole() -> Table:
    import yaml

    links = assets.folder("ontology") / "links"
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    paths, registry = (
        yaml.load((links / name).read_text(encoding="utf-8"), Loader=loader)
        for name in ("fhir-paths.yaml", "terminologies.yaml")
    )
    systems = {other: row["fhir"][0] for row in registry.values() for other in row["fhir"][1:]}
    return make(paths, systems)
