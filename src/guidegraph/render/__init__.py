"""Views of answers: text, Markdown, HTML, SVG, JSON; FHIR in a module of its own. A view computes nothing."""

from __future__ import annotations

from guidegraph.render.disagreement import (
    changes_markdown,
    changes_text,
    compare_markdown,
    compare_text,
    disagreements_markdown,
    disagreements_text,
)
from guidegraph.render.glance import glance_markdown, glance_text
from guidegraph.render.html import explain_html, notebook_html, therapies_html, timeline_html
from guidegraph.render.markdown import explain_markdown, questions_markdown, therapies_markdown, timeline_markdown
from guidegraph.render.matrix import matrix_html, matrix_svg, matrix_text
from guidegraph.render.releases import releases_markdown, releases_text
from guidegraph.render.svg import timeline_svg
from guidegraph.render.text import explain_text, questions_text, therapies_text, timeline_text
from guidegraph.words import to_json

__all__ = [
    "changes_markdown",
    "changes_text",
    "compare_markdown",
    "compare_text",
    "disagreements_markdown",
    "disagreements_text",
    "explain_html",
    "explain_markdown",
    "explain_text",
    "glance_markdown",
    "glance_text",
    "matrix_html",
    "matrix_svg",
    "matrix_text",
    "notebook_html",
    "questions_markdown",
    "questions_text",
    "releases_markdown",
    "releases_text",
    "therapies_html",
    "therapies_markdown",
    "therapies_text",
    "timeline_html",
    "timeline_markdown",
    "timeline_svg",
    "timeline_text",
    "to_json",
]
