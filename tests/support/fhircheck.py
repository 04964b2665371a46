"""Whether FHIR resources are valid: by the classes of fhir.resources, by closed code lists, and by a few invariants."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from typing import Any

from tests.support.optional import needs

#: fhir.resources has R4B classes, which every R4 example of HL7 fits, and R5 classes at its root.
PACKAGES = {"R4": "fhir.resources.R4B", "R5": "fhir.resources"}


def validate(resource: dict[str, Any], version: str) -> Any:
    """The resource as an object of fhir.resources; fails where it is not valid."""
    needs(find_spec("fhir"), "fhir.resources is not installed")
    kind = resource["resourceType"]
    module = importlib.import_module(f"{PACKAGES[version]}.{kind.lower()}")
    found = getattr(module, kind).model_validate(resource)
    for path, value, known in coded(found, kind):
        assert value in known, (path, value, known)
    for node in walk(resource):
        assert not (set(node) & {"", None}), node
        assert all(value not in (None, "", [], {}) for value in node.values()), node
        if "url" in node and len(node) > 1 and node["url"].startswith("http") and "extension" in node:
            assert not any(key.startswith("value") for key in node), ("an extension has parts or a value", node)
    invariants(resource, version)
    return found


@cache
def _fields(kind: type) -> list[tuple[str, list[str]]]:
    """The fields of a class of fhir.resources, each with its closed list of codes, where it has one."""
    found = []
    for name, field in kind.model_fields.items():  # type: ignore[attr-defined]
        extra = field.json_schema_extra
        known = (extra.get("enum_values") if isinstance(extra, dict) else None) or []
        found.append((name, [] if "etc." in known else known))
    return found


def coded(model: Any, path: str) -> Iterator[tuple[str, str, list[str]]]:
    """Every value of a closed list of codes, with the list."""
    for name, known in _fields(type(model)):
        value = getattr(model, name, None)
        if value is None:
            continue
        for item in value if isinstance(value, list) else [value]:
            if known and isinstance(item, str):
                yield f"{path}.{name}", item, known
            elif hasattr(type(item), "model_fields"):
                yield from coded(item, f"{path}.{name}")


def walk(value: Any) -> Iterator[dict[str, Any]]:
    """Every object inside a JSON value, itself included."""
    if isinstance(value, dict):
        yield value
        for item in value.values():
            yield from walk(item)
    elif isinstance(value, list):
        for item in value:
            yield from walk(item)


def invariants(resource: dict[str, Any], version: str) -> None:
    """Rules that classes do not check: rqg-1, dom-3 (contained is used), bdl-7, references that lead somewhere, ids."""
    kind = resource["resourceType"]
    assert len(resource.get("id", "")) <= 64
    if kind in ("RequestGroup", "RequestOrchestration"):
        for action in resource["action"]:
            assert ("resource" in action) != ("action" in action), action
    if kind == "Bundle":
        addresses = [entry["fullUrl"] for entry in resource["entry"]]
        assert len(set(addresses)) == len(addresses)
        for entry in resource["entry"]:
            invariants(entry["resource"], version)
            for node in walk(entry["resource"]):
                target = node.get("reference")
                if isinstance(target, str) and target.startswith("urn:"):
                    assert target in addresses, target
    told = [node["reference"] for node in walk(resource) if isinstance(node.get("reference"), str)]
    inside = {f"#{one['id']}" for one in resource.get("contained", [])}
    if kind != "Bundle":
        assert {target for target in told if target.startswith("#")} == inside
