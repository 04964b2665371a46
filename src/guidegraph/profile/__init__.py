"""Patient profiles: read strictly, resolved to terms, checked, written as RDF."""

from __future__ import annotations

from guidegraph.profile.entrance import (
    Implication,
    ProfileSource,
    apply_implications,
    implication_rows,
    parse_profile_text,
    read_profile,
)
from guidegraph.profile.rdf import digest, to_triples
from guidegraph.profile.rdf_reading import from_triples
from guidegraph.profile.template import template
from guidegraph.profile.terms import Vocabulary, term_rows

__all__ = [
    "Implication",
    "ProfileSource",
    "Vocabulary",
    "apply_implications",
    "digest",
    "from_triples",
    "implication_rows",
    "parse_profile_text",
    "read_profile",
    "template",
    "term_rows",
    "to_triples",
]
