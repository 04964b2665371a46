"""A first screen: rows under headings, in text of 100 columns that shrinks to its lines, and in Markdown."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from guidegraph.sayings import Saying, as_written
from guidegraph.words import clean

WIDTH = 100
#: Lines that a first screen has at most, unless what is never cut needs more.
LINES = 30
_HEAD, LEFT, _GAP = 15, 50, 2
RIGHT = WIDTH - _HEAD - LEFT - _GAP


@dataclass
class Row:
    """One row of a part: the families named, what is said of all of them, and beside it who says it; ``cut``: how many
    families of it are left out."""

    names: list[str]
    said: str = ""
    voices: str = ""
    cut: int = 0

    @property
    def text(self) -> str:
        """The row without its voices."""
        return ", ".join([*self.names, *([f"+{self.cut}"] if self.cut else [])]) + self.said


@dataclass
class Part:
    """The rows under one heading; ``least``: lines that it keeps when others must shrink (0: it is never cut);
    ``cut``: how many families are left out with the rows at its end."""

    heading: str
    rows: list[Row]
    least: int = 0
    cut: int = 0


def screen_text(parts: list[Part], end: str, said: Saying = as_written) -> str:
    """The parts and what stands below them as text of 100 columns; families are left out until they fit."""
    fit(parts, end, said)
    return "\n".join([*(line for part in parts for line in _lines(part, said)), *_closing(end)]) + "\n"


def fit(parts: list[Part], end: str, said: Saying = as_written) -> None:
    """Leave families out of the parts until they fit a screen with what stands below them."""
    _fit(parts, LINES - len(_closing(end)), said)


def _closing(end: str) -> list[str]:
    return textwrap.wrap(clean(end), WIDTH, break_on_hyphens=False)


def screen_markdown(parts: Sequence[Part], end: str) -> str:
    """The parts as Markdown: a heading a part, a line a row, nothing cut."""
    lines: list[str] = []
    for part in parts:
        if part.heading:
            lines += [f"**{escaped(part.heading)}**", ""]
        for row in part.rows:
            by = f" *({escaped(row.voices)})*" if row.voices else ""
            lines.append(f"{'- ' if part.heading else ''}{escaped(row.text)}{by}")
            if not part.heading:
                lines.append("")
        lines += [""] if part.heading else []
    return "\n".join([*lines, escaped(end)]) + "\n"


def escaped(text: str) -> str:
    """A text in which nothing is Markdown."""
    return "".join(f"\\{c}" if c in "\\`*_[]<>|#" else c for c in clean(text))


def one_row(heading: str, text: str, least: int = 1) -> list[Part]:
    """A part of one row; none where there is nothing to say."""
    return [Part(heading, [Row([text])], least)] if text else []


def some(texts: Sequence[str], number: int, join: str = "; ") -> str:
    """The first of some texts, and how many others there are."""
    more = [f"+{len(texts) - number}"] if len(texts) > number else []
    return join.join([*texts[:number], *more])


def _fit(parts: list[Part], room: int, said: Saying) -> None:
    """Leave families out until the whole fits, of the part that has most lines for what it should keep.

    Parts keep their least while the whole does not fit for what is never cut, which alone may pass the limit.
    """
    high = [len(_lines(part, said)) for part in parts]
    for least, free in ((True, False), (False, True)):
        counted = [at for at, part in enumerate(parts) if part.least or not free or not part.heading]
        while sum(high[at] for at in counted) > room:
            able = [at for at, part in enumerate(parts) if part.least and _divisible(part)]
            able = [at for at in able if not least or high[at] > parts[at].least]
            if not able:
                break
            most = max(reversed(able), key=lambda at: high[at] / parts[at].least)
            _shrink(parts[most])
            high[most] = len(_lines(parts[most], said))


def _divisible(part: Part) -> bool:
    return len(part.rows) > 1 or len(part.rows[0].names) > 1


def _shrink(part: Part) -> None:
    """Leave out the last family of a part; what was left out of it is counted at its last row."""
    last = part.rows[-1]
    last.names.pop()
    last.cut += 1
    if not last.names:
        part.rows.pop()
        part.cut += last.cut


def _lines(part: Part, said: Saying) -> list[str]:
    """A part as lines: its heading, what is said, and who says it in a column of its own where there is any."""
    if not part.heading:
        return [line for row in part.rows for line in textwrap.wrap(clean(row.text), WIDTH, subsequent_indent="  ")]
    # The heading of another language may be too long to stand beside its rows.
    lines = [part.heading] if len(part.heading) >= _HEAD else []
    for row in part.rows:
        wide = LEFT if row.voices else WIDTH - _HEAD
        more = f"; {said('more', '+{} more', str(part.cut))}" if part.cut and row is part.rows[-1] else ""
        left = textwrap.wrap(clean(row.text + more), wide, break_on_hyphens=False) or [""]
        right = textwrap.wrap(clean(row.voices), RIGHT, break_on_hyphens=False)
        for at in range(max(len(left), len(right))):
            head = part.heading if not lines else ""
            told = left[at] if at < len(left) else ""
            by = right[at] if at < len(right) else ""
            lines.append(f"{head:{_HEAD}}{told:{LEFT + _GAP if by else 0}}{by}".rstrip())
    return lines
