"""Views of answers: text, Markdown, HTML, SVG, JSON. A view computes nothing."""

from __future__ import annotations

from guidegraph.render.html import explain_html, notebook_html, therapies_html, timeline_html
from guidegraph.render.jsonform import to_json
from guidegraph.render.markdown import explain_markdown, questions_markdown, therapies_markdown, timeline_markdown
from guidegraph.render.svg import timeline_svg
from guidegraph.render.text import explain_text, questions_text, therapies_text, timeline_text

__all__ = [
    "explain_html",
    "explain_markdown",
    "explain_text",
    "notebook_html",
    "questions_markdown",
    "questions_text",
    "therapies_html",
    "therapies_markdown",
    "therapies_text",
    "timeline_html",
    "timeline_markdown",
    "timeline_svg",
    "timeline_text",
    "to_json",
]
