"""Checks a document's text against the digests of its places: what is the same, moved, changed or gone."""

from __future__ import annotations

import itertools
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from guidegraph.errors import DocumentError

SAME, MOVED, CHANGED, GONE = "same", "moved", "changed", "vanished"
_ALIKE = 0.6


@dataclass(frozen=True)
class Place:
    """A place of a document as it was encoded; offsets count characters from 0, the end is excluded."""

    id: str
    path: str
    item: str
    start: int
    end: int
    digest: str
    nodes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """What became of one place: same, moved (to ``start``), changed (other text at ``start``) or vanished."""

    place: Place
    state: str
    start: int | None = None
    end: int | None = None
    length_ratio: float | None = None


@dataclass(frozen=True)
class Verification:
    """The verdicts on all places of one document, and whether the whole text is the same."""

    document: str
    whole: bool
    verdicts: tuple[Verdict, ...] = field(default=())
    note: str = ""

    @property
    def ok(self) -> bool:
        """Whether every passage is where it was."""
        return all(v.state == SAME for v in self.verdicts)

    def to_dict(self) -> dict[str, Any]:
        """The report as plain values for JSON."""
        counts = {state: sum(v.state == state for v in self.verdicts) for state in (SAME, MOVED, CHANGED, GONE)}
        rows = [
            {
                "place": v.place.id,
                "heading_path": v.place.path,
                "item": v.place.item,
                "was": [v.place.start, v.place.end],
                "state": v.state,
                "now": [v.start, v.end] if v.start is not None else None,
                "length_ratio": v.length_ratio,
                "nodes": list(v.place.nodes),
            }
            for v in self.verdicts
        ]
        return {
            "document": self.document,
            "whole_text_same": self.whole,
            "note": self.note,
            "counts": counts,
            "places": rows,
        }


def places(rows: Iterable[tuple[str, ...]]) -> dict[str, tuple[str, list[Place]]]:
    """The rows of queries/answer/places.rq: for each document the digest of its text and its places in order."""
    digests: dict[str, str] = {}
    by_document: dict[str, dict[str, Place]] = defaultdict(dict)
    nodes: dict[str, list[str]] = defaultdict(list)
    for document, digest, place, path, item, start, end, passage, node in rows:
        digests[document] = digest
        if node:
            nodes[place].append(node)
        by_document[document][place] = Place(place, path, item, int(start), int(end), passage)
    return {
        document: (digests[document], [_with_nodes(p, nodes[p.id]) for p in table.values()])
        for document, table in by_document.items()
    }


def _with_nodes(place: Place, nodes: Sequence[str]) -> Place:
    return Place(place.id, place.path, place.item, place.start, place.end, place.digest, tuple(sorted(nodes)))


def hexdigest(text: str) -> str:
    """SHA-256 of a text in UTF-8, in hexadecimal."""
    return sha256(text.encode()).hexdigest()


def choose(text: str, known: dict[str, tuple[str, list[Place]]]) -> str:
    """The document that a text most likely is: the one with most passages found in it.

    Raises:
        DocumentError: no passage of any known document is in the text.
    """
    spans = _spans(text)
    scores = {doc: sum(p.digest in spans for p in passages) for doc, (_, passages) in known.items()}
    best = max(sorted(scores), key=lambda doc: scores[doc], default=None)
    if best is None or not scores[best]:
        raise DocumentError(
            "no known document has a passage of this text",
            mend="Give the text of one whose places are known, or name it: verify-document --document.",
        )
    return best


def _spans(text: str) -> dict[str, list[int]]:
    """Offsets of every piece of the text that a passage could be, by digest: lines, bullets and sentences."""
    offsets: dict[str, list[int]] = defaultdict(list)
    for start, end in _candidates(text):
        offsets[hexdigest(text[start:end])].append(start)
    return offsets


def _candidates(text: str) -> list[tuple[int, int]]:
    spans: set[tuple[int, int]] = set()
    for line in re.finditer(r"[^\n]+", text):
        content = re.match(r"\s*(?:•\s*)?(.*?)\s*\Z", line.group(), re.DOTALL)
        if content is None or not content.group(1):
            continue
        start, end = line.start() + content.start(1), line.start() + content.end(1)
        spans.add((start, end))
        cuts = [
            start,
            *(start + m.end() for m in re.finditer(r"[.?!:](?: \d(?:, \d)*\.?)?\s+(?=[A-Z])", text[start:end])),
            end,
        ]
        spans.update(
            (a, b - len(text[a:b]) + len(text[a:b].rstrip())) for a, b in itertools.pairwise(cuts) if text[a:b].strip()
        )
    return sorted(spans)


def verify(document: str, text: str, digest: str, passages: Sequence[Place]) -> Verification:
    """Check every place of a document against a text of it.

    A passage is the same when the text at its offsets has its digest, moved when a passage with its digest lies
    elsewhere; otherwise the text between its neighbours that are still there is compared, and it is changed when
    something there is alike, else vanished. The passage itself is not stored, so it is judged by length
    and by place, not by words.
    """
    whole = hexdigest(text) == digest
    states = [_find(text, place) for place in passages]
    spans = None if all(states) else _moves(text, passages)
    verdicts: list[Verdict] = []
    for place, same in zip(passages, states, strict=True):
        if same:
            verdicts.append(Verdict(place, SAME, place.start, place.end, 1.0))
        elif spans is not None and (start := spans.get(place.id)) is not None:
            verdicts.append(Verdict(place, MOVED, start, start + place.end - place.start, 1.0))
        else:
            verdicts.append(Verdict(place, GONE))
    note = ""
    if not whole and "\r\n" in text and hexdigest(text.replace("\r\n", "\n")) == digest:
        note = "the text differs from the encoded one only in its line ends (CRLF)"
    return Verification(document, whole, tuple(_changed(text, verdicts)), note)


def _find(text: str, place: Place) -> bool:
    return hexdigest(text[place.start : place.end]) == place.digest


def _moves(text: str, passages: Sequence[Place]) -> dict[str, int]:
    """New offsets of passages that lie elsewhere, nearest first, by place."""
    words = [m.start() for m in re.finditer(r"\S+", text)]
    moved: dict[str, int] = {}
    for place in passages:
        length = place.end - place.start
        near = sorted(words, key=lambda start: (abs(start - place.start), start))
        for start in near:
            piece = text[start : start + length]
            if len(piece) == length and not piece[-1].isspace() and hexdigest(piece) == place.digest:
                moved[place.id] = start
                break
    return moved


def _changed(text: str, verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Turn a vanished passage into a changed one where its neighbours left room with text in it."""
    out = list(verdicts)
    ordered = _in_order(out)
    anchors = sorted((v.start, v.end) for v in out if v.start is not None and v.end is not None)
    taken: list[tuple[int, int]] = []
    for i, verdict in enumerate(out):
        if verdict.state != GONE:
            continue
        before = [out[k].end or 0 for k in ordered if k < i and out[k].place.end <= verdict.place.start]
        after = [out[k].start or 0 for k in ordered if k > i and out[k].place.start >= verdict.place.end]
        span = _text_between(text, max(before, default=0), min(after, default=len(text)), [*anchors, *taken])
        if span is None:
            continue
        length = verdict.place.end - verdict.place.start
        length_ratio = 2 * min(length, span[1] - span[0]) / (length + span[1] - span[0])
        if length_ratio >= _ALIKE:
            taken.append(span)
            out[i] = Verdict(verdict.place, CHANGED, span[0], span[1], round(length_ratio, 3))
    return out


def _in_order(verdicts: Sequence[Verdict]) -> list[int]:
    """Indices of the longest run of found passages that kept their order: what was moved alone is no neighbour."""
    best: dict[int, list[int]] = {}
    for i, verdict in enumerate(verdicts):
        if verdict.start is None:
            continue
        earlier = [best[k] for k in best if (verdicts[k].start or 0) <= verdict.start]
        best[i] = [*max(earlier, key=len, default=[]), i]
    return max(best.values(), key=len, default=[])


def _text_between(text: str, low: int, high: int, anchors: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
    """The first run of text between two offsets that no passage still in place covers."""
    covered = sorted(a for a in anchors if low <= a[0] and a[1] <= high)
    free = re.compile(r"[^\s•][^\n]*[^\s]|[^\s•]")
    at = low
    while match := free.search(text, at, high):
        index = bisect_right([a for a, _ in covered], match.start()) - 1
        if index >= 0 and match.start() < covered[index][1]:
            at = covered[index][1]
            continue
        return match.start(), match.end()
    return None
