"""The names of the forms of output; a file of its own, since the command line needs them before any library."""

from __future__ import annotations

from enum import StrEnum


class GraphFormat(StrEnum):
    """Forms in which a graph is written."""

    turtle = "turtle"
    trig = "trig"
    jsonld = "jsonld"
    owlxml = "owlxml"
    nquads = "nquads"


class DescriptionFormat(StrEnum):
    """Forms in which the dataset is described."""

    turtle = "turtle"
    schema_org = "schema-org"
