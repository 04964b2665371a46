"""A page has the same lists, tables, headings and code on the code host (CommonMark) as on the site (Python-Markdown)."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from tests.support.paths import ROOT
from tests.support.snippets import PAGES

_TAG = re.compile(r"<(h[1-6]|li|ol|ul|table|tr|pre|img)\b")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_it_reads_the_same(path: Path) -> None:
    markdown = pytest.importorskip("markdown")
    pytest.importorskip("pymdownx")
    text = path.read_text(encoding="utf-8")
    host = MarkdownIt("commonmark").enable("table").render(text)
    site = markdown.markdown(text, extensions=["tables", "attr_list", "md_in_html", "pymdownx.superfences"])
    site = re.sub(r"<table class=\"highlighttable\">|</?tr class[^>]*>", "", site)
    assert Counter(_TAG.findall(host)) == Counter(_TAG.findall(site))
