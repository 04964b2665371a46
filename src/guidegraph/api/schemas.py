"""The published JSON Schemas of answers, and the same as the components of an OpenAPI document."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

from guidegraph.forms import Asked

_ENDING = ".schema.json"
#: Answers that are a part of another: its form and the type that names the part.
_PARTS = {"ask": ("therapies", Asked)}


@cache
def published() -> dict[str, dict[str, Any]]:
    """Every published schema by name; not to be changed."""
    folder = resources.files("guidegraph") / "schema"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(_ENDING)), key=lambda file: file.name)
    found = {file.name.removesuffix(_ENDING): json.loads(file.read_text(encoding="utf-8")) for file in files}
    for name, (whole, part) in _PARTS.items():
        found.setdefault(name, _part(name, found[whole], set(part.__annotations__)))
    return found


def _part(name: str, whole: dict[str, Any], keys: set[str]) -> dict[str, Any]:
    """The schema of some keys of an answer, with the definitions that these need."""
    properties = {key: value for key, value in whole["properties"].items() if key in keys}
    needed = _named(properties)
    while more := _named([whole["$defs"][key] for key in needed]) - needed:
        needed |= more
    return {
        **whole,
        "$id": whole["$id"].rpartition("/")[0] + "/" + name,
        "title": f"A part of the answer: {name}",
        "required": [key for key in whole["required"] if key in keys],
        "properties": properties,
        "$defs": {key: value for key, value in whole["$defs"].items() if key in needed},
    }


def _named(schema: Any) -> set[str]:
    """The definitions that a schema refers to."""
    if isinstance(schema, list):
        return set().union(*map(_named, schema))
    if not isinstance(schema, dict):
        return set()
    own = {schema["$ref"].rpartition("/")[2]} if isinstance(schema.get("$ref"), str) else set()
    return own.union(*map(_named, schema.values()))


def components(names: list[str]) -> dict[str, Any]:
    """These schemas as components of an OpenAPI document: each definition is one of its own, named after its whole."""
    found: dict[str, Any] = {}
    for name in names:
        whole = published()[name]
        found[name] = {
            key: _moved(value, name) for key, value in whole.items() if key not in ("$schema", "$id", "$defs")
        }
        for key, value in whole.get("$defs", {}).items():
            found[f"{name}.{key}"] = _moved(value, name)
    return found


def _moved(schema: Any, name: str) -> Any:
    if isinstance(schema, list):
        return [_moved(value, name) for value in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: f"#/components/schemas/{name}.{value.rpartition('/')[2]}"
        if key == "$ref" and isinstance(value, str)
        else _moved(value, name)
        for key, value in schema.items()
    }
