"""Patient profiles: read strictly, resolved to terms, checked, written as RDF."""

from __future__ import annotations

from guidegraph.profile.causes import Cause, cause_text
from guidegraph.profile.entrance import (
    ProfileSource,
    apply_implications,
    parse_profile_text,
    read_profile,
)
from guidegraph.profile.rdf import digest, settled_triples, to_triples
from guidegraph.profile.rdf_reading import from_triples
from guidegraph.profile.settling import Settled, perhaps, settle, yielding
from guidegraph.profile.template import template
from guidegraph.profile.terms import Vocabulary, term_rows
from guidegraph.termreadings import Implication

__all__ = [
    "Cause",
    "Implication",
    "ProfileSource",
    "Settled",
    "Vocabulary",
    "apply_implications",
    "cause_text",
    "digest",
    "from_triples",
    "parse_profile_text",
    "perhaps",
    "read_profile",
    "settle",
    "settled_triples",
    "template",
    "term_rows",
    "to_triples",
    "yielding",
]
