"""Which orders of drugs count as taken: the table of ontology/links/orders.yaml, or a user's in its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from guidegraph import assets
from guidegraph.errors import ProfileError, UsageError
from guidegraph.files import read_bytes
from guidegraph.profile.strict import PROFILE, Value, read_yaml
from guidegraph.profile.strict import Mapping as Entries
from guidegraph.profile.strict import Sequence as Items

_KIND, _ANY = "MedicationRequest", "any"
_KEYS = ("intents", "categories", "others")
_OTHERS = ("counts", "unknown")
_LARGEST_BYTES = 100_000


@dataclass(frozen=True)
class CountedOrders:
    """``intents`` by which a request is an order; ``categories`` (system, code) of those that count, None for any;
    ``known`` are the codes of the table's code system; ``others`` says whether an order with none of them counts."""

    intents: frozenset[str]
    categories: frozenset[tuple[str, str]] | None
    known: frozenset[tuple[str, str]]
    others: bool

    def counts(self, stated: frozenset[tuple[str, str]]) -> bool | None:
        """Whether an order with some categories counts; None where that is unknown."""
        if self.categories is None or stated & self.categories:
            return True
        return False if stated & self.known else self.others or None


@cache
def shipped() -> CountedOrders:
    """The shipped table."""
    return _made(_table(), {}, "orders.yaml")


_LIMITS = PROFILE._replace(what="table of orders", new="docs/fhir.md shows the form.")


def counted_orders(source: str | Path | Mapping[str, Any] | None, where: str = "--orders") -> CountedOrders:
    """The table of a user's file (or of a mapping) in the place of the shipped one.

    Raises:
        UsageError: it cannot be read, or says something that the table does not have; the message names the key.
    """
    if source is None:
        return shipped()
    if not isinstance(source, str | Path):
        return _made(_table(), source, where)
    name = Path(source).name
    content = read_bytes(Path(source), _LARGEST_BYTES, UsageError, where=name, mend="Give a file in YAML.")
    try:
        own = _plain(read_yaml(content.decode("utf-8"), name, _LIMITS))
    except UnicodeDecodeError:
        raise UsageError("no UTF-8 text", where=name, mend="docs/fhir.md shows the form.") from None
    except ProfileError as error:
        raise UsageError(error.what, where=error.where, mend=error.mend) from None
    return _made(_table(), own, name)


def _plain(value: Value) -> Any:
    """A value as it is written, without its places."""
    if isinstance(value, Entries):
        return {key.text: _plain(item) for key, item in value.items}
    return [_plain(item) for item in value.items] if isinstance(value, Items) else value.text


def _table() -> Mapping[str, Any]:
    import yaml

    path = assets.folder("ontology") / "links" / "orders.yaml"
    table: Mapping[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return table


def _made(table: Mapping[str, Any], own: Any, where: str) -> CountedOrders:
    if not isinstance(own, Mapping) or set(own) - {_KIND} or not isinstance(own.get(_KIND, {}), Mapping):
        raise UsageError(f"orders are told of {_KIND} alone", where=where, mend=f"Write {_KIND}: and its keys below.")
    row, stated = table[_KIND], own.get(_KIND, {})
    unknown = sorted(str(key) for key in stated if key not in _KEYS)
    if unknown:
        near = get_close_matches(unknown[0], _KEYS, n=1) or _KEYS
        raise UsageError(f"unknown key {unknown[0][:40]!r}", where=where, mend=f"Nearest: {', '.join(near)}.")
    chosen = {**row, **stated}
    known = frozenset((row["system"], code) for code in row["codes"])
    if chosen["others"] not in _OTHERS:
        raise UsageError("others is counts or unknown", where=where, mend=f"Write one of: {', '.join(_OTHERS)}.")
    intents = chosen["intents"]
    if not isinstance(intents, list) or not all(isinstance(one, str) for one in intents):
        raise UsageError("intents is no list of codes", where=where, mend="Write [order].")
    return CountedOrders(
        frozenset(intents), _categories(chosen["categories"], row, where), known, chosen["others"] == _OTHERS[0]
    )


def _categories(value: Any, row: Mapping[str, Any], where: str) -> frozenset[tuple[str, str]] | None:
    if value == _ANY:
        return None
    if not isinstance(value, list) or not value or not all(isinstance(one, str) for one in value):
        raise UsageError("categories is neither any nor a list of codes", where=where, mend="Write [community].")
    found = set()
    for one in value:
        system, bar, code = one.rpartition("|")
        if not bar and code not in row["codes"]:
            near = get_close_matches(code, row["codes"], n=1) or row["codes"]
            mend = f"Nearest: {', '.join(near)}. A code of another system is written SYSTEM|CODE."
            raise UsageError(f"unknown category {code[:40]!r}", where=where, mend=mend)
        found.add((system or row["system"], code))
    return frozenset(found)
