"""The page of a patient as it is read: printed, narrow, dark, at twice its size, by keyboard, by who cannot see it."""

from __future__ import annotations

import re

import pytest

from guidegraph.domains import first
from tests.support.browser import OpenPage, settled, sideways, violations

VIEWS = [(1280, False), (1280, True), (360, False), (360, True)]
CHRONIC, ACUTE = "/?example=chronic-failed-care", "/?example=acute-uncomplicated"
#: The longest answers; the others are printed where there is time.
LONGEST = ("acute-uncomplicated", "anticoagulated-older", "chronic-failed-care", "stopped-mao-inhibitor")
EXAMPLES = [
    pytest.param(path.stem, marks=() if path.stem in LONGEST else pytest.mark.slow)
    for path in first().examples.values()
]


@pytest.mark.slow
@pytest.mark.parametrize("example", EXAMPLES)
def test_the_answer_prints_on_one_page(open_page: OpenPage, example: str) -> None:
    page = open_page(f"/?example={example}")
    printed = page.pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", printed)) == 1


@pytest.mark.slow
@pytest.mark.parametrize(("width", "dark"), VIEWS)
def test_nothing_keeps_anyone_from_reading_it(open_page: OpenPage, width: int, dark: bool) -> None:
    for path in (
        f"{CHRONIC}&open=ggt:EpiduralSteroidInjection&show=weeks&show=rest",
        "/?example=cauda-equina-week-1",
        "/?example=nobody",
    ):
        page = open_page(path, width=width, dark=dark)
        assert violations(page) == []
        assert sideways(page) == 0


@pytest.mark.slow
def test_every_state_can_be_read(open_page: OpenPage) -> None:
    page = open_page(f"{ACUTE}&open=ggt:NSAID&show=weeks", refused=(422,))
    page.get_by_role("checkbox", name="plan ibuprofen").first.check()
    settled(page)
    page.get_by_role("button", name="bleeding disorder: yes").click()
    page.locator("#moved").wait_for()
    assert violations(page) == []
    page.get_by_label("Age", exact=True).fill("900")
    page.get_by_role("button", name="Update the answer").click()
    page.locator("#fault-number-age").wait_for()
    assert violations(page) == []


@pytest.mark.slow
def test_it_can_be_read_at_twice_its_size(open_page: OpenPage) -> None:
    page = open_page(CHRONIC, width=640, height=450)
    assert sideways(page) == 0


@pytest.mark.slow
def test_the_keyboard_alone_answers_a_question(open_page: OpenPage) -> None:
    page = open_page(CHRONIC)
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    for _ in range(200):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement.getAttribute('aria-label')") == "active peptic ulcer: yes":
            break
    page.keyboard.press("Enter")
    page.locator("#moved").wait_for()
    assert page.evaluate("() => document.activeElement.id") == "moved"


@pytest.mark.slow
@pytest.mark.parametrize(("width", "dark"), VIEWS)
def test_the_plain_answer_is_accessible(open_page: OpenPage, width: int, dark: bool) -> None:
    page = open_page("/?example=cauda-equina-week-1&reader=plain", width=width, dark=dark)
    assert page.locator(".plainly .stop").count() >= 2
    assert violations(page) == []
    assert sideways(page) == 0
