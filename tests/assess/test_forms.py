"""The types of the published JSON forms are what the schemas say."""

from __future__ import annotations

import json
import types
import typing
from typing import Any

import pytest

import guidegraph as gg
from guidegraph import comparisons, dataforms, derived, forms
from guidegraph.assess import entry
from guidegraph.audit import diffs
from guidegraph.authoring import reviewing
from guidegraph.knowledge import documents
from guidegraph.model import plain_copy
from tests.conftest import AS_OF
from tests.support.statuses import SCHEMAS

#: Each published schema with the type of the whole.
PUBLISHED = {
    "therapies": forms.Answer,
    "explain": derived.Explanation,
    "glance": derived.Glance,
    "data": dataforms.Data,
    "unfolded": dataforms.Unfolded,
    "timeline": derived.Timeline,
    "plan": derived.Plan,
    "disagreements": comparisons.Disagreements,
    "compare": comparisons.PublishedPair,
    "matrix": comparisons.PublishedMatrix,
    "changes": comparisons.PublishedChanges,
    "diff": diffs.PublishedDiff,
    "reviews": reviewing.PublishedReviews,
    "releases": derived.PublishedReleases,
    "documents": documents.PublishedDocuments,
    "document": documents.PublishedDocument,
}
_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


def differences(form: Any, schema: Any, root: Any, where: str, seen: frozenset[str] = frozenset()) -> list[str]:
    """Where a type and a schema disagree: on keys, on which may be missing, on what a value may be."""
    while "$ref" in schema:
        # A form inside itself, as a branch of a proof, is compared once.
        if schema["$ref"] in seen and typing.is_typeddict(form):
            return []
        seen, schema = seen | {schema["$ref"]}, root["$defs"][schema["$ref"].rpartition("/")[2]]
    if None in schema.get("enum", ()):
        return [] if form == str | None else [f"{where}: {form} and an enumeration with null"]
    if form == comparisons.Side | comparisons.Silent:
        parts = zip(typing.get_args(form), schema["oneOf"], strict=True)
        return [d for part, option in parts for d in differences(part, option, root, where, seen)]
    if "const" in schema:
        return [] if type(schema["const"]) is form else [f"{where}: {form} and {schema}"]
    if isinstance(form, types.UnionType) or typing.get_origin(form) is typing.Union:
        parts = set(typing.get_args(form))
        options = schema.get("anyOf") or schema.get("oneOf") or [{**schema, "type": t} for t in schema.get("type", [])]
        if len(options) != len(parts) or {"type": "null"} not in [{"type": o.get("type")} for o in options]:
            return [f"{where}: {form} and {schema}"]
        (rest,) = parts - {type(None)}
        (option,) = [o for o in options if o.get("type") != "null"]
        return differences(rest, option, root, where, seen)
    if typing.is_typeddict(form):
        told = typing.get_type_hints(form, include_extras=True)
        hints = typing.get_type_hints(form)
        required = {key for key, hint in told.items() if typing.get_origin(hint) is not typing.NotRequired}
        wrong = []
        if set(hints) != set(schema.get("properties", ())):
            wrong.append(f"{where}: keys {sorted(set(hints) ^ set(schema.get('properties', ())))}")
        if required != set(schema.get("required", ())):
            wrong.append(f"{where}: required {sorted(required ^ set(schema.get('required', ())))}")
        if schema.get("additionalProperties") is not False:
            wrong.append(f"{where}: other keys are allowed")
        for key in set(hints) & set(schema.get("properties", ())):
            wrong += differences(hints[key], schema["properties"][key], root, f"{where}.{key}", seen)
        return wrong
    if typing.get_origin(form) is list:
        if schema.get("type") != "array":
            return [f"{where}: {form} and {schema}"]
        return differences(typing.get_args(form)[0], schema["items"], root, f"{where}[]", seen)
    if typing.get_origin(form) is dict:
        if schema.get("type") != "object" or "properties" in schema:
            return [f"{where}: {form} and {schema}"]
        return differences(typing.get_args(form)[1], schema["additionalProperties"], root, f"{where}{{}}", seen)
    if "enum" in schema:
        return [] if {type(value) for value in schema["enum"]} == {form} else [f"{where}: {form} and an enumeration"]
    return [] if schema.get("type") == _PLAIN.get(form) else [f"{where}: {form} and {schema}"]


@pytest.mark.parametrize("name", PUBLISHED)
def test_each_form_is_what_its_schema_says(name: str) -> None:
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
    assert not differences(PUBLISHED[name], schema, schema, name)


def test_a_difference_is_found() -> None:
    schema = json.loads((SCHEMAS / "timeline.schema.json").read_text(encoding="utf-8"))
    schema["properties"]["rows"]["items"]["properties"]["label"] = {"type": "integer"}
    schema["properties"]["steps"]["items"] = {"type": "string"}
    del schema["properties"]["marks"]
    assert len(differences(derived.Timeline, schema, schema, "timeline")) == 3


def test_a_copy_shares_nothing_that_can_change() -> None:
    data = {"a": [{"b": "c"}, ["d"]], "e": None}
    copied = plain_copy(data)
    assert copied == data
    copied["a"][0]["b"] = "other"  # type: ignore[index]
    copied["a"][1].append("more")  # type: ignore[index, union-attr]
    assert data == {"a": [{"b": "c"}, ["d"]], "e": None}


def test_a_therapy_has_the_parts_of_its_form_and_each_is_worded_when_it_is_read(
    kb: gg.KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert list(entry._PARTS) == list(forms.Therapy.__annotations__)

    def read(of: entry.Entry) -> Any:
        raise LookupError(of.therapy)

    monkeypatch.setitem(entry._PARTS, "grounds", read)
    answer = kb.therapies("example:acute-uncomplicated", as_of=AS_OF)
    # Neither what one acts on nor the data says reasons in sentences.
    assert answer.glance()["bands"]
    assert answer.data()["therapies"]
    with pytest.raises(LookupError):
        answer.to_dict()
