"""Whether a resource has only elements of FHIR 4.0.1, by the model information that an independent CQL engine reads.

fhir.resources has classes for R4B but none for R4 itself.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

_SPACE = {"m": "urn:hl7-org:elm-modelinfo:r1"}


@cache
def classes(path: Path) -> dict[str, tuple[str, dict[str, list[str]]]]:
    """Base type and elements (with their types) of each class of a model information file."""
    found = {}
    for row in ElementTree.parse(path).getroot().findall("m:typeInfo", _SPACE):
        elements = {e.get("name", ""): list(types(e)) for e in row.findall("m:element", _SPACE)}
        found[f"{row.get('namespace')}.{row.get('name')}"] = (row.get("baseType", ""), elements)
    return found


def types(element: ElementTree.Element) -> Iterator[str]:
    """The types that an element may have."""
    specifier = element.find("m:elementTypeSpecifier", _SPACE)
    for node in (element, *([] if specifier is None else [specifier, *specifier])):
        if node.get("elementType"):
            yield node.get("elementType", "")
        elif node.get("name") and node is not element:
            yield f"{node.get('namespace') or 'FHIR'}.{node.get('name')}"


def strangers(value: Any, model: Path, kind: str = "") -> Iterator[str]:
    """The elements of a JSON value that its class does not have, in words."""
    if isinstance(value, list):
        for item in value:
            yield from strangers(item, model, kind)
    if not isinstance(value, dict):
        return
    kind = f"FHIR.{value['resourceType']}" if "resourceType" in value else kind
    known = elements(kind, model)
    for key, item in value.items():
        if key == "resourceType":
            continue
        choices = [k for k in known if key.startswith(k) and (key == k or key[len(k)].isupper())]
        base = max(choices, key=len, default="")
        suffix = key.removeprefix(base).lower()
        fitting = [t for t in known.get(base, []) if not suffix or t.rpartition(".")[2].lower() == suffix]
        if fitting:
            yield from strangers(item, model, fitting[0])
        else:
            yield f"{kind} has no {key}"


def elements(kind: str, model: Path) -> dict[str, list[str]]:
    """The elements of a class, its own and those of its bases."""
    found: dict[str, list[str]] = {}
    while kind in classes(model):
        kind, own = classes(model)[kind][0], {**classes(model)[kind][1], **found}
        found = own
    return found
