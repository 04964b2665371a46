"""Where a passage stands in a document: offsets, digest, headings, item and page, found by its words.

White space, hyphens between letters, quotation marks and capitals are no difference; digits and all other words are.
The digest is of what the document says there, never of what was typed.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import Counter
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from io import StringIO
from pathlib import Path
from typing import Any

from guidegraph.authoring.columns import sections
from guidegraph.errors import DocumentError, UsageError
from guidegraph.validate.passages import hexdigest
from guidegraph.validate.texts import BULLET, DocumentText, read_document

_QUOTES = {
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u00b4`", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb\u2033", '"'),
}
_DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2212"
_INVISIBLE = "\u00ad\u200b\u200c\u200d\ufeff"
_AROUND, _SHOWN, _BESIDE = 40, 12, 4
#: The part of the words that a passage must share to be told as the nearest one.
_LEAST = 0.4
_NUMBER = re.compile(r"\s*(\d+(?:\.\d+)+)\.?\s")
_WORD = re.compile(r"\S+")


@dataclass(frozen=True)
class Place:
    """A passage of a document, as a row of the section places has it; offsets count characters from 0."""

    number: str
    heading_path: str
    item: int | None
    start: int
    end: int
    digest: str
    page: int | None
    passage: str
    before: str
    after: str


@dataclass(frozen=True)
class Located:
    """All places of the words in a document, the digest of its whole text, and what is not certain."""

    document_digest: str
    places: tuple[Place, ...]
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """As plain values for JSON."""
        rows = [asdict(place) for place in self.places]
        return {"document_digest": self.document_digest, "places": rows, "note": self.note}


def locate(path: Path, words: str, *, occurrence: int | None = None, whole: bool = False) -> Located:
    """Find the words of a passage in a document.

    Args:
        path: the document: plain text, Markdown, HTML or PDF.
        words: the words of the passage, in the document's own order.
        occurrence: which one, from 1, where they stand several times; all are told if None.
        whole: whether the place is the whole line or entry of a list that the words stand in.

    Raises:
        DocumentError: the document cannot be read, or does not say the words; the nearest passage is told.
        UsageError: no words, or an occurrence that there is not.
    """
    if not "".join(words.split()):
        raise UsageError("no words of a passage", mend="Give some of its words, between quotation marks.")
    document = read_document(path)
    spans = _spans(document.text, words)
    if not spans:
        raise _nowhere(document, words, path)
    if whole:
        spans = list(dict.fromkeys(_line(document.text, start, end) for start, end in spans))
    if occurrence is not None and not 1 <= occurrence <= len(spans):
        times = f"stands {len(spans)} times" if len(spans) > 1 else "stands once"
        raise UsageError(f"no occurrence {occurrence}: the passage {times}", mend=f"Say 1 to {len(spans)}.")
    chosen = spans if occurrence is None else [spans[occurrence - 1]]
    return Located(hexdigest(document.text), tuple(_place(document, *span) for span in chosen), document.note)


def _place(document: DocumentText, start: int, end: int) -> Place:
    text = document.text
    number = _NUMBER.match(text[text.rfind("\n", 0, start) + 1 : end + 1])
    return Place(
        number[1] if number else "",
        " > ".join(document.path(start)),
        document.item(start),
        start,
        end,
        hexdigest(text[start:end]),
        document.page(start),
        text[start:end],
        " ".join(text[max(0, start - _AROUND) : start].split()),
        " ".join(text[end : end + _AROUND].split()),
    )


def _line(text: str, start: int, end: int) -> tuple[int, int]:
    """The line around a passage, without the mark of an entry of a list."""
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", end)
    line = text[first : len(text) if last < 0 else last]
    bullet = BULLET.match(line)
    begin = bullet.end() if bullet and first + bullet.end() <= start else len(line) - len(line.lstrip())
    return first + begin, first + len(line.rstrip())


def places_csv(*passages: Located) -> str:
    """The place of each passage as a row of the section places of a sheet, below the headings of its columns.

    Several rows have an id each (p1, p2, ...): below one heading they would else be called alike.

    Raises:
        UsageError: the words of one stand several times, so that there is no one row.
    """
    headings = [column.heading for column in sections()["places"].columns]
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(headings)
    for number, located in enumerate(passages, start=1):
        row = asdict(_only(located))
        cells = {heading: row.get(heading.replace(" ", "_")) for heading in headings}
        cells["passage"] = None  # its digest stands beside
        if len(passages) > 1:
            cells["id"] = f"p{number}"
        # Every column of the section, so that the row stands right below its headings.
        writer.writerow(["" if cells[heading] is None else cells[heading] for heading in headings])
    return out.getvalue()


def _only(located: Located) -> Place:
    if len(located.places) != 1:
        told = [
            f"{number} below {place.heading_path or 'no heading'}: ...{place.before} [...] {place.after}..."
            for number, place in enumerate(located.places, start=1)
        ]
        mend = f"Say which one with --occurrence N: {'; '.join(told)}"
        raise UsageError(f"the passage stands {len(located.places)} times", mend=mend)
    return located.places[0]


# ---------------------------------------------------------------- finding


def _folded(text: str, *, spaced: bool) -> tuple[str, list[int]]:
    """A text without the differences that do not count, and for each of its characters the offset in the text."""
    out: list[str] = []
    offsets: list[int] = []

    def put(character: str, offset: int) -> None:
        out.append(character)
        offsets.append(offset)

    at = 0
    while at < len(text):
        character = text[at]
        if character in _INVISIBLE:
            at += 1
        elif character in _DASHES:
            stop = at + 1
            while stop < len(text) and text[stop].isspace():
                stop += 1
            letters = bool(out) and out[-1].isalpha() and stop < len(text) and text[stop].isalpha()
            if letters and ("\n" in text[at:stop] or stop == at + 1):
                at = stop  # a word cut at the end of its line, or one of two parts
            else:
                put("-", at)
                at += 1
        elif character.isspace():
            stop = at
            while stop < len(text) and text[stop].isspace():
                stop += 1
            digits = bool(out) and out[-1].isdigit() and stop < len(text) and text[stop].isdigit()
            if out and out[-1] != " " and (spaced or digits):
                put(" ", at)
            at = stop
        else:
            for one in unicodedata.normalize("NFKC", _QUOTES.get(character, character)).casefold():
                put(one, at)
            at += 1
    return "".join(out), offsets


def _spans(text: str, words: str) -> list[tuple[int, int]]:
    """Where the words stand, first with the same ends of words, else with none."""
    for spaced in (True, False):
        folded, offsets = _folded(text, spaced=spaced)
        wanted = _folded(words.strip(), spaced=spaced)[0].strip()
        spans, at = [], folded.find(wanted)
        while wanted and at >= 0:
            stop = at + len(wanted)
            span = offsets[at], offsets[stop - 1] + 1
            if not any(_within_word(text, end) for end in span):
                spans.append(span)
            at = folded.find(wanted, at + 1)
        if spans:
            return spans
    return []


def _within_word(text: str, at: int) -> bool:
    """Whether an offset lies between two letters or two digits: "6" is not found in "16"."""
    pair = text[at - 1 : at + 1] if at else ""
    return len(pair) == 2 and (pair.isalpha() or pair.isdigit())


# ---------------------------------------------------------------- not found


def _bare(word: str) -> str:
    """A word without the marks around it."""
    return _folded(word, spaced=True)[0].strip(".,;:!?()[]'\"")


def _nowhere(document: DocumentText, words: str, path: Path) -> DocumentError:
    """That the words stand nowhere, with the passage nearest to them and what differs."""
    asked = [_bare(m.group()) for m in _WORD.finditer(words)]
    said = [(m.start(), m.end(), _bare(m.group())) for m in _WORD.finditer(document.text)]
    said = [one for one in said if any(character.isalnum() for character in one[2])]
    size, wanted = len(asked), Counter(asked)
    held: Counter[str] = Counter()
    best, score, shared = 0, -1, 0
    for at, (_, _, word) in enumerate(said):
        held[word] += 1
        shared += held[word] <= wanted[word]
        if at >= size:
            gone = said[at - size][2]
            shared -= held[gone] <= wanted[gone]
            held[gone] -= 1
        if shared > score:
            best, score = max(0, at - size + 1), shared
    what = "the document does not say these words"
    if not said or score < max(1, _LEAST * size):
        mend = "See whether it is the right document; write the words as it has them."
        return DocumentError(what, where=str(path), mend=mend)
    window = said[max(0, best - _BESIDE) : best + size + _BESIDE]
    changes = SequenceMatcher(None, asked, [word for *_, word in window], autojunk=False).get_opcodes()
    # What the document says before and behind is no difference.
    first = changes[0][4] if changes[0][0] == "insert" else 0
    tag, a, b, c, d = changes[-1]
    last = c if tag == "insert" else min(d, c + b - a)
    differences = []
    for tag, a, b, c, d in changes:
        mine = " ".join(words.split()[a:b])
        d = min(d, last)
        theirs = document.text[window[c][0] : window[d - 1][1]] if d > c else ""
        if tag == "replace":
            differences.append(f"{theirs!r} in place of {mine!r}")
        elif tag == "delete":
            differences.append(f"no {mine!r}")
        elif tag == "insert" and first <= c < last:
            differences.append(f"{theirs!r} besides")
    window = window[first:last]
    near = " ".join(document.text[window[0][0] : window[-1][1]].split())
    page = document.page(window[0][0])
    shown = f"{near[:300]!r}" + (f" on page {page}" if page else "")
    told = "; ".join(" ".join(one.split()) for one in differences[:_SHOWN]) or "other marks between the words"
    mend = f"Nearest at {window[0][0]}: {shown}. There the document has {told}."
    return DocumentError(what, where=str(path), mend=mend)
