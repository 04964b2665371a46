"""Values of profiles: places kept, nothing guessed, bounded by structure and in time."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from typing import Any

import pytest

from guidegraph.errors import ProfileError
from guidegraph.profile import parse_profile_text, read_profile
from guidegraph.profile.strict import Mapping, from_plain, read_json, read_yaml

#: A text that neither form of it may be read as, and what is said.
BOTH = {
    "half a character in a value": (r'{"id": "a\ud800"}', "U\\+D800|escape"),
    "half a character in a key": (r'{"a\udfff": 1}', "U\\+DFFF|escape"),
    "NUL": (r'{"id": "a\u0000b"}', "U\\+0000"),
    "a control character": (r'{"label": "a\u001b[31m"}', "U\\+001B"),
    "no character": (r'{"label": "a\uffff"}', "U\\+FFFF"),
    "the same key escaped": (r'{"age": 4, "\u0061ge": 5}', "twice"),
    "deep": ('{"conditions": ' + "[" * 40 + "]" * 40 + "}", "deep"),
    "very deep": ('{"conditions": ' + "[" * 20_000 + "]" * 20_000 + "}", "deep|nesting depth"),
    "deep in mappings": ('{"a": ' * 40 + "1" + "}" * 40, "deep"),
    "many": ('{"conditions": [' + "1," * 30_000 + "1]}", "too many"),
    "many keys": ("{" + ",".join(f'"k{i}": 1' for i in range(15_000)) + "}", "too many"),
    "large": ('{"label": "' + "x" * 1_000_001 + '"}', "too large"),
}


@pytest.mark.parametrize("form", ["json", "yaml"])
@pytest.mark.parametrize("name", BOTH)
def test_json_and_yaml_have_the_same_bounds(kb: Any, name: str, form: str) -> None:
    text, told = BOTH[name]
    with pytest.raises(ProfileError, match=told) as caught:
        parse_profile_text(text, form, kb.vocabulary, where="p")
    assert caught.value.mend and len(str(caught.value)) < 400


def test_depth_is_counted_by_structure_and_not_by_characters_of_keys_or_texts(kb: Any) -> None:
    slashes = "/" * 100 + "[" * 100 + "{" * 100
    for text in (json.dumps({"label": slashes}), json.dumps({slashes: 1})):
        for read in (read_json, read_yaml):
            assert isinstance(read(text, "p"), Mapping)
    assert kb.profile({"label": slashes}).label == slashes


def test_a_long_key_is_not_repeated_in_every_place(kb: Any) -> None:
    key = "k" * 400_000
    for wrong in ({key: [0] * 10_000}, {key: {key: 1}}):
        with pytest.raises(ProfileError) as caught:
            kb.profile(wrong)
        assert len(str(caught.value)) < 500
    with pytest.raises(ProfileError, match="twice") as caught:
        read_json(f'{{"{key[1:]}": 1, "{key[1:]}": 2}}', "p")
    assert len(str(caught.value)) < 300


def test_a_duplicate_key_is_found_in_a_time_that_grows_as_the_text_does() -> None:
    def work(keys: int) -> float:
        text = "{" + ",".join(f'"key{i}": 0' for i in range(keys)) + f', "key{keys - 1}": 1}}'
        times = []
        for _ in range(5):
            begun = time.process_time()
            with pytest.raises(ProfileError, match="is there twice"):
                read_json(text, "p")
            times.append(time.process_time() - begun)
        return min(times)

    # Eight times as many keys: eight times the work, where comparing each with each has 64 times.
    assert work(9_000) < 24 * work(1_125)


#: Values in code that no profile has, and what is said of them.
PLAIN: dict[str, tuple[Any, str]] = {
    "not a number": ({"age": float("nan")}, "not a plain number"),
    "infinite": ({"age": float("inf")}, "not a plain number"),
    "no Decimal": ({"age": Decimal("NaN")}, "not a plain number"),
    "Decimal beyond all measure": ({"age": Decimal("1E+999999999")}, "not a plain number"),
    "Decimal below all measure": ({"age": Decimal("1E-999999999")}, "not a plain number"),
    "integer beyond all measure": ({"age": 10**5000}, "not a plain number"),
    "exponent": ({"age": 1e-7}, "not a plain number"),
    "negative": ({"age": -1}, "not a plain number"),
    "digits of other scripts": (json.loads('{"age": "\uff14\uff15"}'), "text, not a number"),
    "two keys that are written alike": ({1: 2, "1": 3}, "twice|unknown key"),
    "bytes": ({"label": b"x"}, "type bytes"),
    "an object": ({"conditions": object()}, "type object"),
    "half a character": ({"label": "\ud800"}, "U\\+D800"),
    "a resource of FHIR": ({"resourceType": "Patient"}, "FHIR"),
}


@pytest.mark.parametrize("name", PLAIN)
def test_values_in_code_are_held_to_the_same(kb: Any, name: str) -> None:
    value, told = PLAIN[name]
    with pytest.raises(ProfileError, match=told) as caught:
        kb.profile(value)
    assert caught.value.mend


def test_a_circle_of_values_ends(kb: Any) -> None:
    circle: dict[str, Any] = {}
    circle["conditions"] = [circle]
    with pytest.raises(ProfileError, match="deep"):
        kb.profile(circle)


def test_large_whole_numbers_stay_exact() -> None:
    found = from_plain({"a": 2**60 + 1, "b": Decimal("1E+3"), "c": 45.0}, "p")
    assert isinstance(found, Mapping)
    assert [getattr(value, "text", "") for _, value in found.items] == [str(2**60 + 1), "1000", "45.0"]


@pytest.mark.parametrize("source", [5, None, [], object(), b"age: 4"])
def test_what_is_no_source_is_told(kb: Any, source: Any) -> None:
    with pytest.raises(ProfileError, match="is no profile"):
        read_profile(source, kb.vocabulary)
