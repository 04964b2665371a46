"""The text of a document that places are offsets of: a text file as it is, or what an HTML page or a PDF file says.

Offsets count characters from 0. The text of a page is its blocks, one a line with an empty line between, an entry of a
list behind a bullet; that of a PDF file is what its pages say, an empty line between two. Whoever locates a passage and
whoever verifies it read the same text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from guidegraph.errors import DocumentError
from guidegraph.files import decoded, read_bytes

MAX_BYTES = 20_000_000
_HTML, _PDF = (".html", ".htm", ".xhtml"), (".pdf",)
_MARKUP = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
#: How files of other programs begin, which are no text.
_OTHERS = {
    b"PK\x03\x04": "a file of a word processor, a table or an archive",
    b"\xd0\xcf\x11\xe0": "a file of an office program",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"{\\rtf": "a file of a word processor",
    b"\x1f\x8b": "an archive",
}
_SILENT = ("script", "style", "template", "noscript", "head", "svg")
_BLOCKS = frozenset((
    "address", "article", "aside", "blockquote", "body", "dd", "details", "div", "dl", "dt", "fieldset", "figcaption",
    "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "li", "main", "nav", "ol",
    "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
))  # fmt: skip
_LEVEL = re.compile(r"h([1-6])")
_NUMBERED = re.compile(r"(\d+(?:\.\d+)*)\.?\s+\S")
_HASHES = re.compile(r"(#{1,6})\s+(.*?)\s*#*\Z")
#: How an entry of a list begins in text.
BULLET = re.compile(r"\s*(?:[\u2022\u25cf\u25aa\u25e6\u2023\u00b7*\u2013-]|\(?[0-9]{1,2}[.)]|\(?[a-z][.)])\s+")
_LONGEST_HEADING = 150


@dataclass(frozen=True)
class Heading:
    """A heading: its text, how deep it stands from 1, and its offset."""

    text: str
    level: int
    start: int


@dataclass(frozen=True)
class DocumentText:
    """The text of a document with its headings and, in a PDF file, the offsets at which its pages begin.

    ``note`` says what is not certain: levels of headings that are read from the layout, pages without text.
    """

    text: str
    headings: tuple[Heading, ...]
    pages: tuple[int, ...] = ()
    note: str = ""

    def path(self, offset: int) -> tuple[str, ...]:
        """The headings above an offset, outermost first."""
        line = self.text.rfind("\n", 0, offset) + 1
        above: list[Heading] = []
        own = next((one.level for one in self.headings if line <= one.start <= offset), None)
        for heading in self.headings:
            if heading.start >= line:
                break
            above = [*(one for one in above if one.level < heading.level), heading]
        return tuple(heading.text for heading in above if own is None or heading.level < own)

    def page(self, offset: int) -> int | None:
        """The number of the page, from 1."""
        return bisect_right(self.pages, offset) if self.pages else None

    def item(self, offset: int) -> int | None:
        """Which entry of a list below its heading an offset is in, from 1; None outside of lists."""
        start = max((h.start for h in self.headings if h.start < offset), default=-1)
        line = self.text.rfind("\n", 0, offset) + 1
        lines = re.finditer(r"[^\n]+", self.text[start + 1 : offset + 1])
        items = sum(1 for one in lines if BULLET.match(one.group() + " x"))
        return items or None if BULLET.match(self.text[line:] + " x") else None


def read_document(path: Path) -> DocumentText:
    """The text of a document: plain text, Markdown, HTML or PDF.

    Raises:
        DocumentError: missing, too large, empty, of another kind, in no known encoding, or a PDF file that is broken,
            locked or only pictures of pages.
    """
    content = read_bytes(path, MAX_BYTES, DocumentError, mend="Name the document, or its text, in a file.")
    kind, where = path.suffix.lower(), str(path)
    if content.startswith(b"%PDF") or kind in _PDF:
        found = _pdf(content, where)
    elif kind in _HTML or _MARKUP.match(content[:1000]):
        found = _html(content)
    else:
        for begin, what in _OTHERS.items():
            if content.startswith(begin):
                mend = "Save it as PDF, HTML or plain text."
                raise DocumentError(f"this is {what}, which is not read", where=where, mend=mend)
        found = _plain(decoded(content, DocumentError, where))
    if not found.text.strip():
        raise DocumentError("the document is empty", where=where, mend="Give the document's text.")
    return found


# ---------------------------------------------------------------- plain text


def _plain(text: str) -> DocumentText:
    headings = tuple(_headings(text))
    guessed = any(not _HASHES.match(text[h.start : h.start + 8] + "x") for h in headings)
    note = "The headings are read from the layout of plain text: see whether their order is that of the document."
    return DocumentText(text, headings, note=note if guessed else "")


def _headings(text: str) -> Iterator[Heading]:
    """Lines that stand alone like headings: marked by #, numbered, or short without an end of sentence.

    Of unmarked ones, one that another follows at once is above it, and those behind it are beside that one.
    """
    found: list[tuple[str, int, int | None, bool]] = []
    lines = list(re.finditer(r"[^\n]*(?:\n|\Z)", text))
    for at, line in enumerate(lines):
        words = line.group().strip()
        if not words or (BULLET.match(line.group()) and not _numbered(words)):
            continue
        start = line.start() + len(line.group()) - len(line.group().lstrip())
        if match := _HASHES.match(words):
            found.append((match[2], start, len(match[1]), False))
        elif _alone(lines, at) and len(words) <= _LONGEST_HEADING and words[-1] not in ".,;:?!" and words[0].isalnum():
            numbers = _numbered(words)
            following = next((m.group() for m in lines[at + 1 :] if m.group().strip()), "")
            parent = bool(following) and _like_heading(following.strip()) and not BULLET.match(following)
            found.append((words, start, numbers.count(".") + 1 if numbers else None, parent))
    below = False
    for words, start, level, parent in found:
        if level is None:
            level = 1 if parent or not below else 2
            below = below or parent
        yield Heading(words, level, start)


def _numbered(words: str) -> str:
    match = _NUMBERED.match(words)
    return match[1] if match and len(words) <= _LONGEST_HEADING and words[-1] not in ".;" else ""


def _like_heading(words: str) -> bool:
    return len(words) <= _LONGEST_HEADING and words[-1] not in ".,;:?!" and words[0].isalnum()


def _alone(lines: list[re.Match[str]], at: int) -> bool:
    """Whether a line has an empty one, or nothing, on both sides."""
    before = at == 0 or not lines[at - 1].group().strip()
    return before and (at + 1 >= len(lines) or not lines[at + 1].group().strip())


# ---------------------------------------------------------------- HTML


def _html(content: bytes) -> DocumentText:
    try:
        from bs4 import BeautifulSoup
    except ImportError:
        raise _without("HTML pages", "beautifulsoup4") from None
    soup = BeautifulSoup(content, "html.parser")
    writer = _Blocks()
    writer.walk(soup)
    text, headings = writer.done()
    return DocumentText(text, headings)


class _Blocks:
    """The blocks of a page, one a line."""

    def __init__(self) -> None:
        self._lines: list[tuple[str, int]] = []
        self._open: list[str] = []

    def walk(self, node: Any, bullet: str = "", level: int = 0) -> None:
        from bs4.element import NavigableString, PreformattedString

        for child in node.children:
            if isinstance(child, NavigableString):
                if not isinstance(child, PreformattedString):
                    self._open.append(str(child))
                continue
            name = child.name.lower()
            if name in _SILENT or child.has_attr("hidden"):
                continue
            if name == "br":
                self._close(bullet, level)
            elif name in _BLOCKS:
                self._close(bullet, level)
                heading = _LEVEL.fullmatch(name)
                self.walk(child, "\u2022 " if name == "li" else "", int(heading[1]) if heading else 0)
                self._close("\u2022 " if name == "li" else "", int(heading[1]) if heading else 0)
            else:
                self.walk(child, bullet, level)

    def _close(self, bullet: str, level: int) -> None:
        words = " ".join("".join(self._open).split())
        self._open = []
        if words:
            self._lines.append((bullet + words, level))

    def done(self) -> tuple[str, tuple[Heading, ...]]:
        self._close("", 0)
        headings, offset = [], 0
        for line, level in self._lines:
            if level:
                headings.append(Heading(line, level, offset))
            offset += len(line) + 2
        return "\n\n".join(line for line, _ in self._lines) + "\n", tuple(headings)


# ---------------------------------------------------------------- PDF


def _pdf(content: bytes, where: str) -> DocumentText:
    try:
        import pypdf
    except ImportError:
        raise _without("PDF files", "pypdf") from None
    import logging

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = pypdf.PdfReader(BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            mend = "Save it without its password, or copy its text into a file."
            raise DocumentError("the PDF file is locked by a password", where=where, mend=mend)
        pages = [page.extract_text().strip("\n") for page in reader.pages]
        marks = _bookmarks(reader)
    except DocumentError:
        raise
    except Exception as error:  # a broken file makes pypdf raise whatever its parts raise
        what = f"the PDF file cannot be read: {type(error).__name__}: {error}".split("\n")[0][:200]
        raise DocumentError(what, where=where, mend="Save it anew, or copy its text into a file.") from None
    if not any(page.strip() for page in pages):
        what = f"the PDF file has no text on its {len(pages)} pages; they are pictures" if pages else "no pages"
        raise DocumentError(what, where=where, mend="Run a text recognition over it, or copy its text into a file.")
    starts, offset = [], 0
    for page in pages:
        starts.append(offset)
        offset += len(page) + 2
    text = "\n\n".join(pages) + "\n"
    headings = tuple(_of_bookmarks(text, starts, marks)) or tuple(_headings(text))
    bare = [str(number) for number, page in enumerate(pages, start=1) if not page.strip()]
    notes = [f"No text on page {', '.join(bare)}."] if bare else []
    if headings and not marks:
        notes.append("The headings are read from the layout: see whether their order is that of the document.")
    return DocumentText(text, headings, tuple(starts), " ".join(notes))


def _bookmarks(reader: Any) -> list[tuple[str, int, int]]:
    """Title, level and page of each bookmark."""
    found: list[tuple[str, int, int]] = []

    def walk(entries: Any, level: int) -> None:
        for entry in entries:
            if isinstance(entry, list):
                walk(entry, level + 1)
            elif (page := reader.get_destination_page_number(entry)) is not None:
                found.append((" ".join(str(entry.title).split()), level, page))

    walk(reader.outline, 1)
    return found


def _of_bookmarks(text: str, starts: list[int], marks: list[tuple[str, int, int]]) -> Iterator[Heading]:
    """The headings that bookmarks name, where their page says them."""
    at = 0
    for title, level, page in marks:
        words = r"\s+".join(map(re.escape, title.split()))
        match = re.compile(words, re.IGNORECASE).search(text, max(at, starts[page] if page < len(starts) else 0))
        if match is not None and words:
            at = match.end()
            yield Heading(title, level, match.start())


def _without(what: str, package: str) -> DocumentError:
    return DocumentError(f"reading {what} needs {package}", mend="Install guidegraph[authoring].")
