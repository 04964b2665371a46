"""Replaying a saved answer: the same, or which input changed and which statuses moved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from guidegraph import store
from guidegraph.assess.assessing import assess
from guidegraph.assess.assessment import Assessment
from guidegraph.assess.saved import Inputs, answer_digest, inputs_of, read_saved, short_name
from guidegraph.audit.nodes import Nodes
from guidegraph.days import written_day
from guidegraph.errors import UsageError
from guidegraph.knowledge import describe
from guidegraph.knowledge.opened import Knowledge


def replay(knowledge: Knowledge, path: str | Path, answer: Callable[[Assessment], Mapping[str, Any]]) -> dict[str, Any]:
    """Recompute a saved answer and compare it, in the published JSON form (schema/replay.schema.json).

    Args:
        knowledge: what answers now.
        path: the saved answer.
        answer: the answer of an assessment in its published form.

    Raises:
        UsageError: the file cannot be read, or holds no saved answer.
        ProfileError: its profile names terms that the knowledge base does not know.
    """
    saved = read_saved(Path(path), knowledge.vocabulary)
    try:
        day = written_day(saved.inputs.as_of)
    except ValueError:
        raise UsageError(f"no day: {saved.inputs.as_of[:40]!r}", where=str(path), mend="Save it again.") from None
    voices = frozenset(saved.inputs.voices.split())
    profile, country = knowledge.profile(saved.profile), saved.inputs.jurisdiction or None
    found = assess(knowledge, profile, day, country, saved.also, voices)
    now = inputs_of(knowledge, found)
    statuses = [
        {
            "therapy": found.name(therapy),
            "label": found.records.label(therapy),
            "saved": saved.statuses.get(therapy),
            "now": found.statuses.get(therapy),
        }
        for therapy in sorted({*saved.statuses, *found.statuses})
        if saved.statuses.get(therapy) != found.statuses.get(therapy)
    ]
    again = answer_digest(answer(found))
    inputs = _changed(saved.inputs, now)
    return {
        "same": again == saved.answer and not inputs and not statuses and not saved.altered,
        "same_answer": again == saved.answer and not statuses,
        "altered": saved.altered,
        "as_of": saved.inputs.as_of,
        "profile": saved.profile.id,
        "inputs": inputs,
        "nodes": _nodes(knowledge.store, saved.inputs, now),
        "statuses": statuses,
    }


def _nodes(loaded: ox.Store, saved: Inputs, now: Inputs) -> list[dict[str, Any]]:
    """The nodes whose description changed, graph by graph; of what is gone only how much."""
    nodes, rows = Nodes(loaded), []
    for graph in sorted({*saved.graphs, *now.graphs}):
        if saved.graphs.get(graph) == now.graphs.get(graph):
            continue
        was, here = saved.nodes.get(graph, {}), now.nodes.get(graph, {})
        said = store.descriptions(loaded, ox.NamedNode(graph)) if here else {}
        for node in said:
            key = short_name(node)
            if was.get(key) != here[key]:
                label = nodes.label(ox.NamedNode(node)) if node else "axioms without a name"
                how = "changed" if key in was else "new"
                rows.append(_row(graph, node, label, how))
        gone = len(set(was) - set(here))
        if gone:
            rows.append(_row(graph, "", f"{gone} node{'' if gone == 1 else 's'}", "gone"))
    return rows


def _row(graph: str, node: str, label: str, how: str) -> dict[str, Any]:
    return {"graph": describe.name(graph), "node": describe.name(node) if node else None, "label": label, "how": how}


def _changed(saved: Inputs, now: Inputs) -> list[dict[str, Any]]:
    """The inputs that differ, each by its name with both values (None where one has it not)."""
    rows = [
        {"input": name, "saved": getattr(saved, name), "now": getattr(now, name)}
        for name in ("software", "profile", "graph")
        if getattr(saved, name) != getattr(now, name)
    ]
    return [*rows, *_differing("graph", saved.graphs, now.graphs), *_differing("query", saved.queries, now.queries)]


def _differing(kind: str, saved: Mapping[str, str], now: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {"input": f"{kind} {describe.name(name)}", "saved": saved.get(name), "now": now.get(name)}
        for name in sorted({*saved, *now})
        if saved.get(name) != now.get(name)
    ]
