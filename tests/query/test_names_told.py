"""What is told of names that the data do not have, in a query of the user."""

from __future__ import annotations

from typing import Any

import pytest

from guidegraph import api
from guidegraph.errors import QueryError
from guidegraph.query import guard


def ask(kb: Any, text: str) -> Any:
    return api.run_query(kb, text, None, [])


@pytest.mark.parametrize(
    ("text", "missing", "near"),
    [
        ("SELECT * WHERE { ?r gg:certainty gg:CertaintyHigh }", "gg:CertaintyHigh", "gg:High"),
        ("SELECT * WHERE { ?r gg:strenght ?x }", "gg:strenght", "gg:strength"),
        ("PREFIX o: <https://w3id.org/guidegraph/term/> ASK { ?r gg:intervention o:Nsaid }", "ggt:Nsaid", "ggt:NSAID"),
        ("ASK { ?r gg:statedIn <https://w3id.org/guidegraph/document/nice-ng95> }", "ggd:nice-ng95", "ggd:nice-ng59"),
        ("SELECT * WHERE { GRAPH ggg:nice-ng95 { ?s ?p ?o } }", "ggg:nice-ng95", "ggg:nice-ng59"),
        ("CONSTRUCT { ?r gg:mine ?x } WHERE { ?r gg:stanze ?x }", "gg:stanze", "gg:stance"),
    ],
)  # fmt: skip
def test_a_name_that_the_data_do_not_have_is_told(kb: Any, text: str, missing: str, near: str) -> None:
    (note,) = ask(kb, text).notes
    told, _, nearest = note.partition(". Near it: ")
    assert told == f"nothing in these data is named {missing}" and near in nearest.rstrip(".").split(", ")


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * WHERE { ?r gg:stance gg:For # gg:nothing\n }",
        'SELECT * WHERE { ?r gg:strengthWording "gg:nothing" }',
        "PREFIX gg: <http://example.org/> SELECT * WHERE { ?r gg:nothing ?x }",
        "SELECT * WHERE { ?r <http://example.org/nothing> ?x }",
    ],
)
def test_comments_strings_and_names_of_others_are_not_told(kb: Any, text: str) -> None:
    assert not ask(kb, text).notes


def test_a_relative_iri_is_told_where_it_stands(kb: Any) -> None:
    with pytest.raises(QueryError, match="<#a> is a relative IRI") as caught:
        ask(kb, "SELECT * WHERE {\n  <urn:s> ?p <#a> }")
    assert caught.value.where == "line 2, column 14"
    # What a base alone does not mend is told as it is.
    with pytest.raises(QueryError, match="cannot be parsed"):
        ask(kb, "SELECT * WHERE { ?s ?p <#a> , }")


def test_a_base_is_told_where_it_is_needed_alone() -> None:
    base = "http://example.org/x"
    assert guard.based("ASK { <a> ?p ?o }", base) == f"BASE <{base}> ASK {{ <a> ?p ?o }}"
    # One that is a query without it, though it has a relative IRI beside a base of its own, and one that is none with it.
    for text in ("ASK { ?s ?p ?o }", "BASE <http://e/> ASK { <a> ?p ?o }", "ASK { <a> ?p ", "ASK { <urn:a> ?p ?o , }"):
        assert guard.based(text, base) == text
