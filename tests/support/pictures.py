"""Write the pictures of the pages into docs/pictures: ``python -m tests.support.pictures [NAME...]``.

Each page at two widths, light and dark in turn, so that whoever changes a page looks at it.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack

import guidegraph as gg
from tests.support.browser import chromium_browser, serving
from tests.support.paths import ROOT

#: The pages by the name of their picture, and what of each is brought to the top of the window ("" for its top).
PAGES = {
    "patient": ("/?example=acute-uncomplicated&show=weeks", ""),
    "patient-open": ("/?example=chronic-failed-care&open=ggt:EpiduralSteroidInjection", ".band-disagree"),
    "patient-alert": ("/?example=cauda-equina-week-1", ""),
    "disagreements": ("/disagreements", ".controversy"),
    "matrix": ("/matrix?category=drug", ""),
    "documents": ("/documents", ""),
    "article": ("/page/document/droracle-sciatica-2025", ""),
    "statement": ("/page/statement/bmj-2025/BMJ-R1", ""),
    "term": ("/page/term/NSAID", ""),
    "provenance": ("/provenance?of=bmj-2025/BMJ-R1", ""),
    "audit": ("/audit?severity=error", ""),
    "search": ("/search?q=epidural", ""),
    "sparql": ("/sparql/editor", ""),
}
#: Width and height of a window, and whether it is dark.
WINDOWS = {"wide": (1280, 1000, False), "narrow": (360, 1000, True)}


def main(names: list[str]) -> None:
    """Write the pictures that are named, or all."""
    folder = ROOT / "docs/pictures"
    folder.mkdir(exist_ok=True)
    with ExitStack() as stack:
        site, browser = stack.enter_context(serving(gg.open())), stack.enter_context(chromium_browser())
        for name in names or PAGES:
            for size, (width, height, dark) in WINDOWS.items():
                page = browser.new_page(
                    viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
                )
                path, shown = PAGES[name]
                page.goto(site + path)
                page.wait_for_load_state("networkidle")
                if shown:
                    page.locator(shown).first.evaluate("one => one.scrollIntoView()")
                page.screenshot(path=folder / f"{name}-{size}.png")
                page.close()


if __name__ == "__main__":
    main(sys.argv[1:])
