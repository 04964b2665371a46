"""Chromium before the served application: pages at a width, in light or dark, with script or without, looked at by axe."""

from __future__ import annotations

import importlib.util
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import resources
from typing import Any

import pytest

import guidegraph as gg
from tests.support.optional import needs

#: A page of Chromium: ``open_page(path, width=..., dark=..., script=...)``.
OpenPage = Callable[..., Any]
#: How long the browser waits for what a test expects, in milliseconds.
PATIENCE = 10_000
_CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@contextmanager
def serving(kb: gg.KnowledgeBase, reports: Mapping[str, Any] | None = None) -> Iterator[str]:
    """The address of the application over some knowledge, served by a thread of this process."""
    import uvicorn

    from guidegraph.web.app import application
    from guidegraph.web.served import Served

    app = application(Served(kb, reports=reports or {}))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    end = time.monotonic() + 30
    while not server.started and time.monotonic() < end:
        time.sleep(0.02)
    assert server.started, "the server did not start"
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@contextmanager
def chromium_browser() -> Iterator[Any]:
    """Chromium, the one that is installed on this machine."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def site(kb: gg.KnowledgeBase) -> Iterator[str]:
    """The address of the application over the shipped knowledge."""
    pytest.importorskip("uvicorn")
    with serving(kb) as address:
        yield address


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Chromium, started once a module."""
    needs(importlib.util.find_spec("playwright"), "playwright is not installed")
    needs(_CHROMIUM, "chromium is not installed")
    with chromium_browser() as browser:
        yield browser


@pytest.fixture
def open_page(chromium: Any, site: str) -> Iterator[OpenPage]:
    """Open a path of the site in a fresh browser profile; what the console or the page's policy complains of fails.

    ``refused`` are statuses (such as 422) that the page is expected to get.
    """
    contexts: list[Any] = []
    complaints: list[str] = []

    def opened(path: str = "/", *, script: bool = True, refused: tuple[int, ...] = (), **looks: Any) -> Any:
        context = chromium.new_context(java_script_enabled=script, **_looks(**looks))
        contexts.append(context)
        page = _listening(context, complaints, refused)
        page.goto(site + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture(scope="module")
def _leaves(chromium: Any) -> Iterator[Callable[..., tuple[Any, list[str]]]]:
    """A page and its complaints for each look, in a profile that stays."""
    kept: dict[tuple[Any, ...], tuple[Any, list[str]]] = {}

    def leaf(**looks: Any) -> tuple[Any, list[str]]:
        key = tuple(sorted(looks.items()))
        if key not in kept:
            complaints: list[str] = []
            kept[key] = _listening(chromium.new_context(**_looks(**looks)), complaints, ()), complaints
        return kept[key]

    yield leaf
    for page, _ in kept.values():
        page.context.close()


@pytest.fixture
def leaf_to(_leaves: Callable[..., tuple[Any, list[str]]], site: str) -> Iterator[OpenPage]:
    """As ``open_page``, for who only looks: the next path is opened in the same profile, which takes a third of the time."""
    heard: list[list[str]] = []

    def opened(path: str = "/", **looks: Any) -> Any:
        page, complaints = _leaves(**looks)
        complaints.clear()
        heard.append(complaints)
        page.goto(site + path)
        return page

    yield opened
    assert not any(heard)


def _looks(*, width: int = 1280, height: int = 900, dark: bool = False) -> dict[str, Any]:
    """The window of a page as options of a context."""
    size = {"width": width, "height": height}
    return {"viewport": size, "color_scheme": "dark" if dark else "light", "reduced_motion": "reduce"}


def _listening(context: Any, complaints: list[str], refused: tuple[int, ...]) -> Any:
    """A new page of a context, which adds to what the console or the page's policy complains of."""
    context.set_default_timeout(PATIENCE)
    page = context.new_page()

    def heard(message: Any) -> None:
        told = message.text
        if message.type == "error" and not any(f"status of {status}" in told for status in refused):
            complaints.append(told)

    page.on("console", heard)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page


def violations(page: Any) -> list[str]:
    """What axe-core finds wrong with a page as it stands: the rule, and the first elements that break it."""
    try:
        axe = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    except ImportError:
        needs(False, "axe-playwright-python is not installed")
    page.evaluate(axe)
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [f"{row['id']}: {'; '.join(node['html'][:120] for node in row['nodes'][:3])}" for row in found]


def sideways(page: Any) -> int:
    """By how many pixels a page is wider than its window: what a reader must scroll sideways."""
    return int(page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def settled(page: Any) -> None:
    """Wait until the page shows the answer to what was last sent."""
    page.wait_for_load_state("networkidle")
    page.wait_for_function("() => !document.documentElement.classList.contains('busy')")
