"""Real FHIR examples with faults: they are refused, or never make a fact that they do not state."""

from __future__ import annotations

import copy
import json
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from guidegraph.errors import GuideGraphError
from guidegraph.intake.form import to_json, to_yaml
from guidegraph.profile import parse_profile_text
from guidegraph.render.intake import intake_text
from tests.support.fhirreal import DAY, TYPES, Everything, Numbers, examples, justified, kinds, load, understand
from tests.support.paths import FHIR


def nodes(value: Any, path: tuple[Any, ...] = (), *, everywhere: bool = False) -> Iterator[tuple[Any, ...]]:
    """The paths of all parts of a resource; without its type and narrative unless everywhere."""
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        if everywhere or key not in ("text", "div", "resourceType"):
            yield from nodes(item, (*path, key), everywhere=everywhere)


WRONG: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    3.5,
    1e30,
    "",
    "x",
    "\u0000\ud800",
    "9" * 400,
    [],
    {},
    [[]],
    [None],
    {"x": 1},
    {"value": []},
    "2026-99-99",
    "0000",
]


def mutate(value: Any, rng: random.Random, *, everywhere: bool = False) -> Any:
    """The resource with one to three faults: wrong types, lost, renamed, doubled or misplaced parts."""
    value = copy.deepcopy(value)
    for _ in range(rng.randint(1, 3)):
        paths = list(nodes(value, everywhere=everywhere)) if isinstance(value, dict) else []
        if not paths:
            break
        *head, key = rng.choice(paths)
        parent = value
        for step in head:
            parent = parent[step]
        how = rng.randrange(6)
        if how == 0:
            parent[key] = copy.deepcopy(rng.choice(WRONG))
        elif how == 1:
            del parent[key]
        elif how == 2 and isinstance(key, str):
            parent[key[:-1] + rng.choice("xyz")] = parent.pop(key)
        elif how == 3:
            parent[key] = [parent[key]]
        elif how == 4:
            parent[key] = {"extension": [{"url": "http://x"}], "value": parent[key]}
        elif isinstance(parent, dict):
            parent["modifierExtension"] = [{"url": "http://x", "valueBoolean": True}]
    return value


@pytest.mark.slow
def test_500_malformed_resources_make_no_fact_that_they_do_not_state(kb: Any) -> None:
    rng = random.Random(20261124)
    pool = examples()
    # As many of each type, since most examples are laboratory results.
    by_type = {name: [v for v in pool if v["resourceType"] == name] for name in TYPES}
    outcomes: Counter[str] = Counter()
    for number in range(1200):
        name = TYPES[number % len(TYPES)]
        value = mutate(rng.choice(by_type[name]), rng)
        codes = Numbers() if name == "Observation" and number % 2 else Everything()
        try:
            found = understand(kb, value, codes)
        except GuideGraphError as error:
            assert len(str(error)) < 600 and "\n" not in str(error)
            outcomes["refused"] += 1
            continue
        told = kinds(found)
        assert told <= justified(value), json.dumps({k: v for k, v in value.items() if k not in ("text", "meta")})
        assert found.report.entries or not told
        outcomes["fact" if told else "told" if found.report.entries else "nothing"] += 1
        kb.profile(found.profile)
    assert outcomes["told"] > 300 and outcomes["fact"] > 100, outcomes


HAND_MADE = sorted(FHIR.glob("*.json"))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_malformed_bundles_are_refused_or_written_as_they_are_read(kb: Any, seed: int) -> None:
    """Faults anywhere in a whole bundle: one line, or a profile that reads back the same and a report that prints."""
    rng = random.Random(seed)
    pool = [load(path) for path in HAND_MADE]
    read = 0
    for _ in range(150):
        value = mutate(rng.choice(pool), rng, everywhere=True)
        try:
            found = kb.profile_from_fhir(
                value, as_of=DAY, complete=rng.sample(["conditions", "findings", "medications"], 2)
            )
        except GuideGraphError as error:
            assert len(str(error)) < 700
            continue
        read += 1
        intake_text(found.report.to_dict()).encode()
        kb.profile(found.profile)
        for text, form in (
            (to_yaml(found.profile, kb.vocabulary), "yaml"),
            (to_json(found.profile, kb.vocabulary), "json"),
        ):
            again = parse_profile_text(text, form, kb.vocabulary, where="written")
            for name in ("present", "absent", "values", "trials_present", "stops_present", "complete"):
                assert getattr(again, name) == getattr(found.profile, name), (name, text)
    assert read > 75


def other_types(value: Any) -> list[Any]:
    """Values of another JSON type than this."""

    def kind(item: Any) -> str:
        return "number" if type(item) in (int, float) else type(item).__name__

    return [wrong for wrong in WRONG if wrong is not None and kind(wrong) != kind(value)]


@pytest.mark.slow
def test_a_wrong_type_never_adds_a_fact(kb: Any) -> None:
    """Each part of an entry that states a fact, replaced by a wrong type: the same facts or fewer, never others."""
    pool = [v for v in examples() if kinds(understand(kb, v, Everything()))]
    rng = random.Random(7)
    tried = 0
    for value in rng.sample(pool, 40):
        before = understand(kb, value, Everything()).profile
        places = list(nodes(value))
        for path in rng.sample(places, min(12, len(places))):
            broken = copy.deepcopy(value)
            parent = broken
            for step in path[:-1]:
                parent = parent[step]
            parent[path[-1]] = copy.deepcopy(rng.choice(other_types(parent[path[-1]])))
            try:
                after = understand(kb, broken, Everything()).profile
            except GuideGraphError:
                continue
            tried += 1
            for table_ in ("present", "absent"):
                for prop, classes in getattr(after, table_).items():
                    assert classes <= getattr(before, table_).get(prop, frozenset()), (value.get("id"), path)
            assert not after.values or after.values == before.values
    assert tried > 200
