"""The one entrance for profiles, whatever they come from: terms resolved, implications applied, contradictions told."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import product
from pathlib import Path
from typing import IO, Any, NoReturn

from guidegraph import assets
from guidegraph import namespaces as ns
from guidegraph.errors import ProfileError
from guidegraph.files import read_text
from guidegraph.model import Profile
from guidegraph.profile.parse import check_range, parse_value
from guidegraph.profile.problems import parts
from guidegraph.profile.rdf_reading import read_rdf
from guidegraph.profile.strict import MAX_CHARACTERS, from_plain, read_json, read_yaml
from guidegraph.profile.terms import KINDS, Vocabulary

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
_PERSON = re.compile(r"person(?:\.(?:csv|parquet)(?:\.gz)?)?\Z", re.IGNORECASE)


def read_profile(source: ProfileSource, vocabulary: Vocabulary, implications: Sequence[Implication] = ()) -> Profile:
    """Read a profile and apply what its facts imply.

    Args:
        source: a file (its ending says the form, or without one its content), ``example:NAME``, a stream such as
            standard input, a mapping of the same form as the YAML, or a Profile, such as a record of a patient gives.
        vocabulary: resolves terms and codes.
        implications: what facts bring or exclude.

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
        profile = _read_file(source, vocabulary)
    elif hasattr(source, "read"):
        where = "standard input"
        text = read_text(source, 4 * MAX_CHARACTERS, ProfileError, where=where, mend=_MEND)
        profile = parse_profile_text(text, "", vocabulary, where=where)
    else:
        raise ProfileError(f"a value of type {type(source).__name__} is no profile", mend="Give a file or a mapping.")
    return apply_implications(profile, implications, vocabulary)


def _read_file(source: str | Path, vocabulary: Vocabulary) -> Profile:
    name = str(source)
    path = _example(name) if name.startswith(_EXAMPLE) else Path(source)
    ending = path.suffix.lower()
    try:
        folder = path.is_dir()
        tables = [one.name for one in path.iterdir() if _PERSON.match(one.name)] if folder else []
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


def _example(name: str) -> Path:
    known = {path.stem: path for path in assets.files("graph", "profiles/*.yaml")}
    wanted = name.removeprefix(_EXAMPLE)
    if wanted not in known:
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
    named += [(trial.outcome, "outcome") for trial in trials if trial.outcome is not None]
    named += [(prop, "number") for prop in profile.values]
    named += [(of, "condition") for of in profile.about] + [(of, "intervention") for of in profile.not_tolerated]
    for iri, kind in named:
        row = vocabulary.by_iri.get(iri)
        if row is None or row.kind != kind:
            raise ProfileError(f"{ns.shorten(iri)} is no known {kind}", where=profile.id, mend="Use one of ours.")
    for prop, value in profile.values.items():
        row = vocabulary.by_iri[prop]
        if not value.is_finite():
            raise ProfileError(f"{row.key} {value} is no number", where=profile.id, mend="Leave out what is not known.")
        check_range(value, row.key, row.low, row.high, row.unit, where=profile.id)


@dataclass(frozen=True)
class Implication:
    """A listed implication: a fact of ``given`` and ``cls`` ("" for a number) brings or excludes another fact."""

    given: str
    cls: str
    then: str
    other: str
    excluded: bool


def implication_rows(rows: Iterable[tuple[str, ...]]) -> list[Implication]:
    """The rows (given, class, then, other, excluded) of queries/index/implications.rq as Implications.

    An exclusion holds both ways: who has the one lacks the other.
    """
    listed = [Implication(given, cls, then, other, flag == "true") for given, cls, then, other, flag in rows]
    reverse = [Implication(r.then, r.other, r.given, r.cls, True) for r in listed if r.excluded and r.cls]
    return list(dict.fromkeys([*listed, *reverse]))


def _holds(profile: Profile, rule: Implication, vocabulary: Vocabulary) -> bool:
    if not rule.cls:
        return rule.given in profile.values
    return any(rule.cls in vocabulary.ancestors(c) for c in profile.present.get(rule.given, ()))


def apply_implications(profile: Profile, rules: Sequence[Implication], vocabulary: Vocabulary) -> Profile:
    """The profile with everything that its facts imply, checked for contradictions.

    Raises:
        ProfileError: something is both present and absent, said so or implied.
    """
    changed = True
    while changed:
        changed = False
        for rule in rules:
            if not _holds(profile, rule, vocabulary):
                continue
            table = profile.absent if rule.excluded else profile.present
            if rule.other not in table.get(rule.then, frozenset()):
                grown = {**table, rule.then: table.get(rule.then, frozenset()) | {rule.other}}
                profile = replace(profile, absent=grown) if rule.excluded else replace(profile, present=grown)
                changed = True
    for part in parts(profile):
        check(part, vocabulary)
    return profile


def check(profile: Profile, vocabulary: Vocabulary) -> None:
    """Check that no fact is both present and absent, directly or through the class hierarchy.

    Raises:
        ProfileError: names both facts.
    """
    for prop, classes in sorted(profile.present.items()):
        for one, other in product(sorted(classes), sorted(profile.absent.get(prop, ()))):
            if other in vocabulary.ancestors(one):
                _clash(vocabulary, _key(vocabulary, prop), one, other)
    for had, denied in product(sorted(profile.trials_present, key=repr), sorted(profile.trials_absent, key=repr)):
        if denied.of in vocabulary.ancestors(had.of) and denied.outcome in (None, had.outcome):
            _clash(vocabulary, "trials", had.of, denied.of)
    for stop, never in product(sorted(profile.stops_present, key=repr), sorted(profile.stops_absent, key=repr)):
        known = never.days is None or (stop.days is not None and stop.days <= never.days)
        if known and never.of in vocabulary.ancestors(stop.of):
            _clash(vocabulary, "stopped_medications", stop.of, never.of)


def _key(vocabulary: Vocabulary, prop: str) -> str:
    row = vocabulary.by_iri.get(prop)
    return row.key if row and row.key else ns.shorten(prop)


def _clash(vocabulary: Vocabulary, key: str, present: str, absent: str) -> NoReturn:
    one, other = vocabulary.label(present), vocabulary.label(absent)
    how = "it is" if present == absent else f"{one!r} is a kind of {other!r}, which is"
    raise ProfileError(
        f"the profile contradicts itself: {one!r} is present, and {how} absent (stated or implied)",
        where=key,
        mend="Take one of the two out.",
    )
