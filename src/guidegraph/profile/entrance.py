"""The one entrance for profiles, whatever they come from: terms resolved, implications applied, contradictions told."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any

from guidegraph import namespaces as ns
from guidegraph.errors import ProfileError
from guidegraph.files import read_text
from guidegraph.model import Profile
from guidegraph.profile.parse import check_range, parse_value
from guidegraph.profile.problems import parts
from guidegraph.profile.rdf_reading import read_rdf
from guidegraph.profile.settling import settle
from guidegraph.profile.strict import MAX_CHARACTERS, from_plain, read_json, read_yaml
from guidegraph.profile.terms import KINDS, Vocabulary
from guidegraph.termreadings import LISTED, Implication

ProfileSource = str | Path | Mapping[str, Any] | Profile | IO[Any]

_FORMATS = {
    ".yaml": "yaml",
    ".yml": "yaml",
    ".json": "json",
    ".jsonld": "jsonld",
    ".ttl": "turtle",
    ".nt": "turtle",
    ".trig": "trig",
}
#: What reads the forms that are no RDF.
_READERS = {"yaml": read_yaml, "json": read_json}
_EXAMPLE = "example:"
_MEND = "Give a profile in YAML, JSON, JSON-LD or Turtle of at most 4 MB, - or example:NAME."
#: How Turtle begins, and a key that only JSON-LD has, or only FHIR.
_TURTLE = re.compile(r"(?:\s|#[^\n]*\n)*(?:@prefix\s|@base\s|<[^<>\s]*>|PREFIX\s|BASE\s)", re.IGNORECASE)
_LINKED = re.compile(r'"@(?:context|graph|id|type)"\s*:')
_FHIR = re.compile(r'\s*[{\[].*?"resourceType"\s*:', re.DOTALL)
#: The name of the table of persons of an OMOP CDM.
PERSONS = re.compile(r"person(?:\.(?:csv|parquet)(?:\.gz)?)?\Z", re.IGNORECASE)


def read_profile(
    source: ProfileSource,
    vocabulary: Vocabulary,
    implications: Sequence[Implication] = (),
    examples: Mapping[str, Path] = MappingProxyType({}),
    elsewhere: Callable[[str], str] = lambda name: "",
) -> Profile:
    """Read a profile and apply what its facts imply.

    Args:
        source: a file (its ending says the form, or without one its content), ``example:NAME``, a stream such as
            standard input, a mapping of the same form as the YAML, or a Profile, such as a record of a patient gives.
        vocabulary: resolves terms and codes.
        implications: what facts bring or exclude.
        examples: the files of the example profiles by name.
        elsewhere: says where an example is that is none of these, "" if nowhere.

    Raises:
        ProfileError: it cannot be read, is no profile, or contradicts itself; the message has file, line and column.
        TermError: a term is unknown or ambiguous.
    """
    if isinstance(source, Profile):
        profile = _known(source, vocabulary)
    elif isinstance(source, Mapping):
        if "resourceType" in source:
            raise _record("mapping", "FHIR", "profile_from_fhir")
        profile = parse_value(from_plain(dict(source), "profile"), vocabulary)
    elif isinstance(source, str | Path):
        profile = _read_file(_example(source, examples, elsewhere), vocabulary, str(source))
    elif hasattr(source, "read"):
        where = "standard input"
        text = read_text(source, 4 * MAX_CHARACTERS, ProfileError, where=where, mend=_MEND)
        profile = parse_profile_text(text, "", vocabulary, where=where)
    else:
        raise ProfileError(f"a value of type {type(source).__name__} is no profile", mend="Give a file or a mapping.")
    return apply_implications(profile, implications, vocabulary)


def _read_file(path: Path, vocabulary: Vocabulary, name: str) -> Profile:
    ending = path.suffix.lower()
    try:
        folder = path.is_dir()
        tables = [one.name for one in path.iterdir() if PERSONS.match(one.name)] if folder else []
    except (OSError, ValueError):
        folder, tables = False, []
    if tables or ending == ".duckdb":
        raise _record(name, "OMOP", "guidegraph profile from-omop")
    if ending == ".ndjson":
        raise _record(name, "FHIR", "guidegraph profile from-fhir")
    if ending and not folder and ending not in _FORMATS:
        known = ", ".join(_FORMATS)
        raise ProfileError(f"unknown ending {path.suffix!r}", where=name, mend=f"A profile ends in one of: {known}.")
    text = read_text(path, 4 * MAX_CHARACTERS, ProfileError, where=name, mend=_MEND)
    return parse_profile_text(text, _FORMATS.get(ending, ""), vocabulary, where=path.name)


def _record(where: str, kind: str, reader: str) -> ProfileError:
    # Its report is to be seen, and the day that it is read for is its reader's to choose.
    return ProfileError(
        f"this is a record in {kind}, not a profile",
        where=where,
        mend=f"Make a profile of it: {reader}.",
    )


def _example(source: str | Path, known: Mapping[str, Path], elsewhere: Callable[[str], str]) -> Path:
    """The file that a source names, which may be an example."""
    if not str(source).startswith(_EXAMPLE):
        return Path(source)
    wanted = str(source).removeprefix(_EXAMPLE)
    if wanted not in known:
        if told := elsewhere(wanted):
            raise ProfileError(f"no example profile {wanted[:80]!r}", where=_EXAMPLE, mend=told)
        near = get_close_matches(wanted[:80], known, n=3, cutoff=0.3) or sorted(known)
        raise ProfileError(f"no example profile {wanted[:80]!r}", where=_EXAMPLE, mend=f"Nearest: {', '.join(near)}.")
    return known[wanted]


def parse_profile_text(text: str, form: str, vocabulary: Vocabulary, *, where: str) -> Profile:
    """Read a profile from text, without what its facts imply.

    Args:
        text: the text.
        form: yaml, json, jsonld, turtle or trig; told from the text if "".
        vocabulary: resolves terms and codes.
        where: names the text in messages.

    Raises:
        ProfileError, TermError: as :func:`read_profile`.
    """
    if form in ("", "json", "yaml") and _FHIR.match(text):
        raise _record(where, "FHIR", "guidegraph profile from-fhir")
    form = form or _form(text)
    if form == "json" and _LINKED.search(text):
        form = "jsonld"
    if form in _READERS:
        return parse_value(_READERS[form](text, where), vocabulary)
    return read_rdf(text, form, vocabulary, where)


def _form(text: str) -> str:
    """The form of a text whose name does not say it."""
    if _TURTLE.match(text):
        return "turtle"
    if not text.lstrip().startswith("{"):
        return "yaml"
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return "yaml"
    return "json"


def _known(profile: Profile, vocabulary: Vocabulary) -> Profile:
    """A profile that was made in code or from a record, held against the vocabulary."""
    for part in parts(profile):
        _check_terms(part, vocabulary)
    return profile


def _check_terms(profile: Profile, vocabulary: Vocabulary) -> None:
    named = [(cls, KINDS.get(prop, "term")) for t in (profile.present, profile.absent) for prop in t for cls in t[prop]]
    trials, stops = profile.trials_present | profile.trials_absent, profile.stops_present | profile.stops_absent
    named += [(of, "intervention") for of in [*(trial.of for trial in trials), *(stop.of for stop in stops)]]
    care = profile.care_present | profile.care_absent
    named += [(one.of, "intervention") for one in care]
    named += [(dose.of, "intervention") for dose in profile.doses]
    named += [(cls, "finding") for one in care for cls in (*one.shows, *one.lacks)]
    named += [(trial.outcome, "outcome") for trial in trials if trial.outcome is not None]
    named += [(prop, "number") for prop in profile.values]
    named += [(of, "condition") for of in profile.about | profile.beside]
    named += [(of, "intervention") for of in profile.not_tolerated]
    named += [(alert, "alert") for alert in profile.examined | profile.acted_on]
    for iri, kind in named:
        row = vocabulary.by_iri.get(iri)
        if row is None or row.kind != kind:
            raise ProfileError(f"{ns.shorten(iri)} is no known {kind}", where=profile.id, mend="Use one of ours.")
    for prop, value in profile.values.items():
        row = vocabulary.by_iri[prop]
        if not value.is_finite():
            raise ProfileError(f"{row.key} {value} is no number", where=profile.id, mend="Leave out what is not known.")
        check_range(value, row.key, row.low, row.high, row.unit, where=profile.id)


def apply_implications(profile: Profile, rules: Sequence[Implication], vocabulary: Vocabulary) -> Profile:
    """The profile with everything that the ontology's own list brings, checked for contradictions.

    What follows by readings and parts is settled at the assessment and is no part of the profile; here it only must
    not contradict what is stated.

    Raises:
        ProfileError: something is both present and absent, said so or implied.
    """
    for part in parts(profile):
        settle(part, rules, vocabulary)
    return with_listed(profile, rules, vocabulary)


def with_listed(profile: Profile, rules: Sequence[Implication], vocabulary: Vocabulary) -> Profile:
    """The profile with everything that the ontology's own list brings.

    Raises:
        ProfileError: by that alone something is both present and absent.
    """
    listed = [rule for rule in rules if rule.kind == LISTED]
    if not listed:
        return profile
    # What only a complete list denies stays out of the profile, since the list may be corrected.
    brought = settle(replace(profile, complete=frozenset()), listed, vocabulary).profile
    return replace(brought, complete=profile.complete)
