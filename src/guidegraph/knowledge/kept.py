"""What an earlier opening worked out, as a file: the digest, rows of queries, the index, and the whole store."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.errors import GuideGraphError
from guidegraph.files import read_bytes, write_files

Rows = list[tuple[str, ...]]

#: Files of more are not read (bytes); so many are left in their folder: domains alone and together, of some versions.
_LARGEST, MOST = 256 * 1024 * 1024, 12
SUFFIX = ".kept"
_NAME = re.compile("[0-9a-f]{64}")
_INDEX = ox.NamedNode(ns.INDEX_GRAPH)


class KeptKnowledge(Mapping[str, Rows]):
    """What an earlier opening worked out: rows by the name of their query, each read when it is asked for.

    Attributes:
        digest: that of the knowledge.
        index: a store with the index alone, which is all that an assessment asks. A node without a name has another one
            in ``index``, in ``store`` and in the rows; each of the three is whole in itself.
    """

    def __init__(self, digest: str, rows: Mapping[str, bytes], index: bytes, graphs: bytes) -> None:
        self.digest, self.index = digest, _loaded(index)
        self._rows, self._graphs = rows, graphs
        self._store: ox.Store | None = None
        self._lock = threading.Lock()

    @property
    def store(self) -> ox.Store:
        """The knowledge with its index, loaded when it is first asked for."""
        with self._lock:
            if self._store is None:
                self._store, self._graphs = _loaded(self._graphs), b""
            return self._store

    def __getitem__(self, name: str) -> Rows:
        return [tuple(row) for row in json.loads(self._rows[name])]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


def _loaded(text: bytes) -> ox.Store:
    store = ox.Store()
    # It was written by a store: what the parser looks for besides takes a third of the time.
    store.bulk_load(input=text, format=ox.RdfFormat.TRIG, lenient=True)
    return store


def read(path: Path, names: Sequence[str]) -> KeptKnowledge | None:
    """What a file keeps, with the rows of some queries; None if there is none, or not a whole one of ours or root's."""
    try:
        if os.name == "posix" and path.stat().st_uid not in (0, os.getuid()):
            return None
        head, text = read_bytes(path, _LARGEST).split(b"\n", 1)
        if head != sha256(text).hexdigest().encode():
            return None
        digest, size, *lines, graphs = text.split(b"\n", len(names) + 2)
        rows = dict(zip(names, lines, strict=True))
        kept = KeptKnowledge(digest.decode(), rows, graphs[: int(size)], graphs[int(size) :])
    except (GuideGraphError, ValueError, SyntaxError, OSError):
        return None
    with suppress(OSError):
        os.utime(path)
    return kept


def write(path: Path, store: ox.Store, digest: str, rows: Mapping[str, Rows]) -> None:
    """Keep what was worked out, if the folder can be written, and let go of what has not been used for longest."""
    lines = [json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() for row in rows.values()]
    index = ox.serialize(store.quads_for_pattern(None, None, None, _INDEX), format=ox.RdfFormat.TRIG) or b""
    graphs = store.dump(format=ox.RdfFormat.TRIG) or b""
    text = b"\n".join([digest.encode(), str(len(index)).encode(), *lines, index + graphs])
    with suppress(GuideGraphError, OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_files({path: sha256(text).hexdigest().encode() + b"\n" + text})
        ours = [file for file in path.parent.glob(f"*{SUFFIX}") if _NAME.fullmatch(file.stem)]
        for old in sorted(ours, key=lambda file: file.stat().st_mtime)[:-MOST]:
            old.unlink(missing_ok=True)
