"""What HL7's logical models say of the JSON of CDS Hooks: each element, how often it may stand, and of what kind it is.

There is no JSON Schema and no OpenAPI document of CDS Hooks 2.0: the OpenAPI document of the first specification
(cds-hooks/docs, cds-hooks.yaml) stops at 1.0. HL7 publishes logical models with it, for FHIR's validator (HL7/cds-hooks:
CDSHooksServices, CDSHooksResponse, CDSHooksFeedback and their invariants, CC0); these are their facts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_ABSOLUTE = r"[a-z][a-z0-9+.-]*:.+"
#: Kinds of values: a pattern of a text, or what else it is.
_KINDS: dict[str, str | type] = {
    "string": r"[\s\S]*\S[\s\S]*",
    "markdown": r"[\s\S]*\S[\s\S]*",
    "code": r"\S+( \S+)*",
    "uuid": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "url": _ABSOLUTE,
    "reference": r"([A-Za-z]+/)?[A-Za-z0-9.-]{1,64}",
    "instant": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)",
    "boolean": bool,
    "object": dict,
    "map": dict,
}
_CODING = "\n".join(f"{{}}.{name} 0..1 {kind}" for name, kind in [("system", "url"), ("version", "string")])
_CODING += "\n{}.code 0..1 code\n{}.display 0..1 string\n{}.userSelected 0..1 boolean"
_ACTION = """{}.type 1..1 code: create update delete
{}.description 0..1 string
{}.resource 0..1 object
{}.resourceId 0..1 reference"""


def _part(table: str, *places: str) -> str:
    return "\n".join(table.replace("{}", place) for place in places)


#: The elements of a body: path, how often, kind, and the values that are allowed.
MODELS = {
    "services": """services 0..* object
services.hook 1..1 string
services.title 0..1 string
services.id 1..1 code
services.description 1..1 string
services.usageRequirements 0..1 string
services.prefetch 0..1 map""",
    "response": f"""cards 0..* object
cards.uuid 0..1 uuid
cards.summary 1..1 string
cards.detail 0..1 markdown
cards.indicator 1..1 code: info warning critical
cards.source 1..1 object
cards.source.label 1..1 string
cards.source.url 0..1 url
cards.source.icon 0..1 url
cards.source.topic 0..1 object
cards.suggestions 0..* object
cards.suggestions.label 1..1 string
cards.suggestions.uuid 0..1 uuid
cards.suggestions.isRecommended 0..1 boolean
cards.suggestions.actions 0..* object
cards.suggestions.actionSelectionBehavior 0..1 code: all any at-most-one
cards.selectionBehavior 0..1 code: at-most-one any
cards.overrideReasons 0..* object
cards.links 0..* object
cards.links.label 1..1 string
cards.links.url 1..1 url
cards.links.type 1..1 code: absolute smart
cards.links.appContext 0..1 string
cards.links.autolaunchable 0..1 boolean
systemActions 0..* object
{_part(_ACTION, "cards.suggestions.actions", "systemActions")}
{_part(_CODING, "cards.source.topic", "cards.overrideReasons")}""",
    "feedback": f"""feedback 0..* object
feedback.card 1..1 uuid
feedback.outcome 1..1 code: accepted overridden
feedback.acceptedSuggestions 0..* object
feedback.acceptedSuggestions.id 1..1 uuid
feedback.overrideReason 0..1 object
feedback.overrideReason.reason 0..1 object
feedback.overrideReason.userComment 0..1 string
feedback.outcomeTimestamp 1..1 instant
{_part(_CODING, "feedback.overrideReason.reason")}""",
}
#: The rules that elements of a path obey, by the names that HL7 gives them.
RULES: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "cds-resp-1": (
        "cards",
        lambda card: (
            card.get("selectionBehavior") != "at-most-one"
            or sum(bool(row.get("isRecommended")) for row in card.get("suggestions", [])) <= 1
        ),
    ),
    "cds-resp-2": (
        "cards.suggestions.actions",
        lambda action: action["type"] != "delete" or ("resourceId" in action and "resource" not in action),
    ),
    "cds-resp-3": ("cards.links", lambda link: link["type"] == "smart" or "appContext" not in link),
    "cds-resp-4": ("cards.overrideReasons", lambda reason: "display" in reason),
    "cds-resp-5": (
        "cards.suggestions",
        lambda suggestion: all("description" in action for action in suggestion.get("actions", [])),
    ),
    "cds-resp-6": ("cards", lambda card: "suggestions" not in card or "selectionBehavior" in card),
    "below 140": ("cards", lambda card: len(card["summary"]) < 140),
    "cds-fb-2": ("feedback", lambda row: row["outcome"] != "accepted" or bool(row.get("acceptedSuggestions"))),
    "cds-fb-3": ("feedback.overrideReason", lambda why: "reason" in why or "userComment" in why),
}
#: Lists that stand even where they are empty; systemActions is left out then.
_PRESENT = {"services", "cards", "feedback"}


def faults(model: str, body: Any) -> list[str]:
    """What of a body the model does not allow, each with its place."""
    elements = {row.split(" ")[0]: row.partition(" ")[2] for row in MODELS[model].splitlines()}
    found = list(_faults(elements, body, ""))
    # A rule may look for what is missing.
    return found or [
        f"{path}: {name}" for name, (path, rule) in RULES.items() for row in _at(body, path) if not rule(row)
    ]


def _at(body: Any, path: str) -> Iterator[Any]:
    head, _, rest = path.partition(".")
    value = body.get(head, [])
    for row in value if isinstance(value, list) else [value]:
        yield from _at(row, rest) if rest else [row]


def _faults(elements: Mapping[str, str], body: Any, above: str) -> Iterator[str]:
    below = {path.removeprefix(above) for path in elements if path.startswith(above)}
    names = {name for name in below if "." not in name}
    for name in {*body} - names - {"extension"}:
        yield f"{above}{name}: no such element"
    for name in sorted(names):
        often, _, kind = elements[f"{above}{name}"].partition(" ")
        if name not in body:
            if often == "1..1" or name in _PRESENT:
                yield f"{above}{name}: missing"
            continue
        value = body[name]
        if often == "0..*" and not isinstance(value, list):
            yield f"{above}{name}: no list"
            continue
        if often == "0..*" and not value and name not in _PRESENT:
            yield f"{above}{name}: empty"
        for row in value if often == "0..*" else [value]:
            yield from _value(elements, row, f"{above}{name}", *kind.partition(": ")[::2])


def _value(elements: Mapping[str, str], value: Any, path: str, kind: str, allowed: str) -> Iterator[str]:
    wanted = _KINDS[kind]
    if isinstance(wanted, str):
        if not isinstance(value, str) or not re.fullmatch(wanted, value):
            yield f"{path}: {value!r} is no {kind}"
        elif allowed and value not in allowed.split(" "):
            yield f"{path}: {value!r} is none of {allowed}"
    elif type(value) is not wanted:
        yield f"{path}: {value!r} is no {kind}"
    elif kind == "map":
        for key, one in value.items():
            yield from _value(elements, one, f"{path}.{key}", "string", "")
    elif kind == "object" and any(other.startswith(f"{path}.") for other in elements):
        yield from _faults(elements, value, f"{path}.")
