"""The part of the matrix that is asked for holds what was chosen, all of it, and no empty row or column."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

import guidegraph as gg

DAY = date(2026, 11, 24)
CHOICES: dict[str, tuple[dict[str, Any], Any]] = {
    "category": ({"category": "drug"}, lambda row, doc, said: row["category"] == "drug"),
    "strength": ({"strength": "conditional"}, lambda row, doc, said: said["strength"] == "conditional"),
    "in effect": ({"in_effect": True}, lambda row, doc, said: not said["ended"] and not doc["ended"]),
    "years": (
        {"issued_from": 2007, "issued_to": 2017},
        lambda row, doc, said: doc["issued"][:4].isdigit() and 2007 <= int(doc["issued"][:4]) <= 2017,
    ),
    "documents": (
        {"documents": ["bmj-2025", "ggd:nice-ng59"]},
        lambda row, doc, said: doc["id"] in ("ggd:bmj-2025", "ggd:nice-ng59"),
    ),
    "two of them": (
        {"category": "procedure", "in_effect": True},
        lambda row, doc, said: row["category"] == "procedure" and not said["ended"] and not doc["ended"],
    ),
    "nothing": ({"issued_from": 9000}, lambda row, doc, said: False),
}


def said(data: Any) -> set[tuple[str, str, str]]:
    return {(r["id"], c["document"], s["id"]) for r in data["interventions"] for c in r["cells"] for s in c["says"]}


@pytest.mark.parametrize("name", CHOICES)
def test_the_part_is_what_was_chosen(kb: gg.KnowledgeBase, name: str) -> None:
    given, wanted = CHOICES[name]
    whole, part = kb.matrix(as_of=DAY, at_least=1), kb.matrix(as_of=DAY, at_least=1, **given)
    documents = {d["id"]: d for d in whole["documents"]}
    expected = {
        (row["id"], cell["document"], one["id"])
        for row in whole["interventions"]
        for cell in row["cells"]
        for one in cell["says"]
        if wanted(row, documents[cell["document"]], one)
    }
    assert said(part) == expected
    assert all(any(c["says"] for c in row["cells"]) for row in part["interventions"])
    assert {d["id"] for d in part["documents"]} == {document for _, document, _ in expected}
    assert all(
        [c["document"] for c in r["cells"]] == [d["id"] for d in part["documents"]] for r in part["interventions"]
    )


def test_a_family_is_what_stands_at_or_below(kb: gg.KnowledgeBase) -> None:
    part = kb.matrix(as_of=DAY, at_least=1, family="epidural injection")
    above = {
        row["id"]: kb.vocabulary.ancestors(kb.vocabulary.resolve(row["id"], ("intervention",)))
        for row in part["interventions"]
    }
    head = kb.vocabulary.resolve("epidural injection", ("intervention",))
    assert above
    assert all(head in ups for ups in above.values())
    rest = {r["id"] for r in kb.matrix(as_of=DAY, at_least=1)["interventions"]} - set(above)
    assert not any(head in kb.vocabulary.ancestors(kb.vocabulary.resolve(one, ("intervention",))) for one in rest)


def test_nothing_chosen_is_all_of_it(kb: gg.KnowledgeBase) -> None:
    assert kb.matrix(as_of=DAY) == kb.matrix(as_of=DAY, documents=(), category=None, in_effect=False)
