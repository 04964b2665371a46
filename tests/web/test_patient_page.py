"""The page of a patient in a browser."""

from __future__ import annotations

import pytest

from tests.support.browser import OpenPage, sideways, violations

VIEWS = [(1280, False), (1280, True), (360, False), (360, True)]


def test_the_first_page_answers_an_example(open_page: OpenPage) -> None:
    page = open_page("/")
    assert page.get_by_role("heading", level=1).is_visible()
    assert page.get_by_text("RECOMMENDED").or_(page.get_by_text("Recommended")).first.is_visible()


@pytest.mark.parametrize(("width", "dark"), VIEWS)
def test_nothing_keeps_anyone_from_reading_it(open_page: OpenPage, width: int, dark: bool) -> None:
    page = open_page("/", width=width, dark=dark)
    assert violations(page) == []
    assert sideways(page) == 0
