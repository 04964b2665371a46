"""A folder of knowledge with one document, whose encoding nobody has reviewed yet, and what becomes of it."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

from guidegraph import api
from guidegraph.authoring.reviewing import review as take
from guidegraph.authoring.reviewing import reviews
from guidegraph.reviews import Reviews
from tests.support.audithelp import CLEAN
from tests.support.paths import words
from tests.support.reopened import contents, reopened

DAY = date(2024, 6, 2)
S, D = "https://example.org/statement/", "https://example.org/document/"
DROPS = S + "drops"


class Folder:
    """A folder of knowledge of one's own, opened anew whenever a file of it has changed, as commands do."""

    #: What approving left in the folder of reviews, by what there was and what was approved: the same for the same steps.
    _left: ClassVar[dict[object, dict[str, bytes]]] = {}

    def __init__(self, root: Path) -> None:
        self.root = root
        self.document = root / "graph/documents/clean.trig"
        self.reviews = root / "graph/reviews"

    def open(self) -> api.KnowledgeBase:
        return reopened(self.root)

    def take(self, state: str, subject: str = DROPS, by: str = "Berta", at: date = DAY, **more: Any) -> Any:
        # What was taken is added to the knowledge as well, so that it is nobody else's.
        return take(api.open_knowledge(self.root).knowledge, subject, state, by=by, at=at, **more)[1]

    def approve(self, subject: str = DROPS, by: str = "Berta", at: date = DAY) -> None:
        key = contents(self.root), subject, by, at
        if key not in self._left:
            for state in ("submitted", "under review", "approved"):
                self.take(state, subject, by, at)
            self._left[key] = {path.name: path.read_bytes() for path in self.reviews.iterdir()}
        self.reviews.mkdir(exist_ok=True)
        for name, text in self._left[key].items():
            (self.reviews / name).write_bytes(text)

    def change(self, old: str, new: str) -> None:
        text = self.document.read_text(encoding="utf-8")
        assert text.count(old) == 1, old
        self.document.write_text(text.replace(old, new), encoding="utf-8")

    def state(self, subject: str = DROPS) -> str:
        found = Reviews(self.open().store).standings.get(subject)
        return found.state if found else "none"

    def row(self, subject: str = DROPS) -> Any:
        (row,) = reviews(self.open().knowledge, subject)["reviews"]
        return row

    def approved(self) -> set[str]:
        index = self.open().engine.store.quads_for_pattern(None, None, None, None)
        return {q.subject.value.removeprefix(S) for q in index if q.predicate.value.endswith("/index/approved")}  # type: ignore[union-attr]

    @property
    def file(self) -> Path:
        (path,) = self.reviews.glob("guideline-*.trig")
        return path

    @classmethod
    def made(cls, root: Path) -> Folder:
        """A folder with the shipped words and the one document."""
        shutil.copytree(words(), root)
        (root / "graph/documents").mkdir()
        # Nobody has read it a second time yet.
        text = CLEAN.replace(" ; gg:checkedBy ex:berta", "")
        (root / "graph/documents/clean.trig").write_text(text, encoding="utf-8")
        return cls(root)
