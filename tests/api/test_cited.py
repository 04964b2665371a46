"""The sources that an answer names: each once, with where people find it, and never a copy on another's site."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from guidegraph import namespaces as ns
from guidegraph.render.disagreement import compare_text, disagreements_markdown, disagreements_text
from guidegraph.render.html import therapies_html
from guidegraph.render.markdown import therapies_markdown
from guidegraph.render.text import explain_text, therapies_text
from tests.support.paths import ROOT

PROFILE = "example:acute-uncomplicated"


def named(told: Any) -> Iterator[str]:
    """The documents that some data names, wherever."""
    if isinstance(told, dict):
        if "issued_precision" in told:
            yield told["id"]
        for key, value in told.items():
            yield from named(value) if key != "sources" else ()
    elif isinstance(told, list):
        for one in told:
            yield from named(one)


@pytest.fixture(scope="module")
def told(kb: Any) -> dict[str, Any]:
    return {
        "therapies": kb.therapies(PROFILE).to_dict(),
        "explain": kb.explain(PROFILE, "NSAID"),
        "disagreements": kb.disagreements(),
        "compare": kb.compare("nice-ng59", "acp-2017"),
    }


@pytest.mark.parametrize("kind", ["therapies", "explain", "disagreements", "compare"])
def test_every_document_that_is_named_is_a_source_once(told: Any, kind: str) -> None:
    listed = [row["id"] for row in told[kind]["sources"]]
    assert listed and sorted(listed) == sorted(set(named(told[kind])))
    schema = json.loads((ROOT / f"src/guidegraph/schema/{kind}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(json.loads(json.dumps(told[kind])))


def test_a_source_has_an_address_or_says_where_one_was_sought(kb: Any, told: Any) -> None:
    rows = {row["id"]: row for kind in told.values() for row in kind["sources"]}
    copies = {copy for iri in map(ns.expand, rows) for copy in kb.records.all(iri or "", "copyAt")}
    assert len(copies) > 10 and any(not row["addresses"] for row in rows.values())
    for row in rows.values():
        assert row["addresses"] or row["sought"], row["label"]
        assert not copies.intersection(row["addresses"]), row["label"]


def test_every_form_prints_them(told: Any) -> None:
    forms = {
        "therapies": [therapies_text, therapies_markdown, therapies_html],
        "explain": [explain_text],
        "disagreements": [disagreements_text, disagreements_markdown],
        "compare": [compare_text],
    }
    for kind, renders in forms.items():
        for render in renders:
            shown = " ".join(render(told[kind]).split())
            assert f"Sources ({len(told[kind]['sources'])})" in shown or "<h4>Sources</h4>" in shown
            for row in told[kind]["sources"]:
                for address in row["addresses"]:
                    assert address in shown.replace("&amp;", "&"), (kind, address)
