"""Views of answers: text, Markdown, HTML, SVG, JSON; FHIR in a module of its own. A view computes nothing."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from guidegraph.words import to_json

if TYPE_CHECKING:
    from guidegraph.render.cohort import cohort_csv, cohort_markdown
    from guidegraph.render.cohorthtml import cohort_body, cohort_html, cohort_style
    from guidegraph.render.diff import diff_markdown, diff_text
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
    from guidegraph.render.plain import plain_html, plain_markdown, plain_text
    from guidegraph.render.releases import releases_markdown, releases_text
    from guidegraph.render.screens import (
        audit_screen,
        audit_screen_markdown,
        compare_screen,
        compare_screen_markdown,
        disagreements_screen,
        disagreements_screen_markdown,
        questions_screen,
        questions_screen_markdown,
    )
    from guidegraph.render.svg import timeline_svg
    from guidegraph.render.text import explain_text, questions_text, therapies_text, timeline_text

__all__ = [
    "audit_screen",
    "audit_screen_markdown",
    "changes_markdown",
    "changes_text",
    "cohort_body",
    "cohort_csv",
    "cohort_html",
    "cohort_markdown",
    "cohort_style",
    "compare_markdown",
    "compare_screen",
    "compare_screen_markdown",
    "compare_text",
    "diff_markdown",
    "diff_text",
    "disagreements_markdown",
    "disagreements_screen",
    "disagreements_screen_markdown",
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
    "plain_html",
    "plain_markdown",
    "plain_text",
    "questions_markdown",
    "questions_screen",
    "questions_screen_markdown",
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

#: The module of each view: a process that shows one imports no other.
_MODULES = {
    "changes_markdown": "disagreement",
    "changes_text": "disagreement",
    "cohort_body": "cohorthtml",
    "cohort_csv": "cohort",
    "cohort_html": "cohorthtml",
    "cohort_markdown": "cohort",
    "cohort_style": "cohorthtml",
    "diff_markdown": "diff",
    "diff_text": "diff",
    "compare_markdown": "disagreement",
    "compare_text": "disagreement",
    "disagreements_markdown": "disagreement",
    "disagreements_text": "disagreement",
    "glance_markdown": "glance",
    "glance_text": "glance",
    "explain_html": "html",
    "notebook_html": "html",
    "therapies_html": "html",
    "timeline_html": "html",
    "explain_markdown": "markdown",
    "questions_markdown": "markdown",
    "therapies_markdown": "markdown",
    "timeline_markdown": "markdown",
    "matrix_html": "matrix",
    "matrix_svg": "matrix",
    "matrix_text": "matrix",
    "plain_html": "plain",
    "plain_markdown": "plain",
    "plain_text": "plain",
    "releases_markdown": "releases",
    "releases_text": "releases",
    "audit_screen": "screens",
    "audit_screen_markdown": "screens",
    "compare_screen": "screens",
    "compare_screen_markdown": "screens",
    "disagreements_screen": "screens",
    "disagreements_screen_markdown": "screens",
    "questions_screen": "screens",
    "questions_screen_markdown": "screens",
    "timeline_svg": "svg",
    "explain_text": "text",
    "questions_text": "text",
    "therapies_text": "text",
    "timeline_text": "text",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
