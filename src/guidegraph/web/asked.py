"""What an address asks for, read once for every page: days, choices, numbers; what is wrong is told beside the form."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from starlette.requests import Request

from guidegraph.days import written_day
from guidegraph.errors import GuideGraphError, UsageError

#: Characters of one value of an address that are read at most.
_LONGEST = 400


class Asked:
    """The values of an address, and what of them could not be understood.

    Attributes:
        wrong: one sentence for each value that was not understood, by its name.
    """

    def __init__(self, request: Request) -> None:
        self._given = request.query_params
        self.wrong: dict[str, str] = {}

    def text(self, name: str) -> str:
        """A text without blanks around it, "" where none is given, or several are that differ."""
        several = set(self._given.getlist(name))
        if len(several) > 1:
            self.wrong[name] = "It is given more than once. Give it once."
            return ""
        return next(iter(several), "")[:_LONGEST].strip()

    def texts(self, name: str) -> list[str]:
        """All texts of a name that is given several times."""
        return [text[:_LONGEST].strip() for text in self._given.getlist(name) if text.strip()]

    def chosen(self, name: str, choices: tuple[str, ...] | list[str]) -> str:
        """One of some words, "" where none is given."""
        text = self.text(name)
        if text and text not in choices:
            self.wrong[name] = f"{text[:60]!r} is none of {', '.join(choices)}."
            return ""
        return text

    def ticked(self, name: str) -> bool:
        """Whether a box is ticked."""
        return bool(self.text(name))

    def day(self, name: str) -> date | None:
        """A day as 2026-01-31, None where none is given or it is none."""
        text = self.text(name)
        if not text:
            return None
        try:
            return written_day(text)
        except ValueError:
            self.wrong[name] = f"{text[:40]!r} is no day; write it as 2026-01-31."
            return None

    def year(self, name: str) -> int | None:
        """A year of four digits, None where none is given or it is none."""
        text = self.text(name)
        if text and not (len(text) == 4 and text.isascii() and text.isdigit()):
            self.wrong[name] = f"{text[:40]!r} is no year; write it as 2016."
            return None
        return int(text) if text else None

    def read(self, name: str, reader: Callable[[str], str]) -> str:
        """A text that names something, as the reader has it; "" where none is given or nothing is called so."""
        text = self.text(name)
        try:
            return reader(text) if text else ""
        except UsageError as error:
            self.wrong[name] = f"{error.what[:1].upper()}{error.what[1:]}. {error.mend}".strip()
        except GuideGraphError as error:
            self.wrong[name] = str(error)
        return ""

    def several(self, name: str, reader: Callable[[str], str]) -> set[str]:
        """All texts of a name, as the reader has them; what names nothing is left out and told."""
        found = set()
        for text in self.texts(name):
            try:
                found.add(reader(text))
            except GuideGraphError as error:
                self.wrong[name] = error.told
        return found

    @property
    def status(self) -> int:
        """The HTTP status of the answer: 422 where a value was not understood."""
        return 422 if self.wrong else 200
