"""The catalogue of queries: every file of queries/ with the header that documents it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from hashlib import sha256
from pathlib import Path

from guidegraph import assets
from guidegraph.errors import KnowledgeError, QueryError
from guidegraph.model import Parameter

#: The folders whose queries a user runs by name.
RUNNABLE = ("examples", "disagree")
#: Kinds of parameter values.
KINDS = ("iri", "string", "integer", "decimal", "date")
_KEYS = (
    "id",
    "title",
    "question",
    "why",
    "params",
    "columns",
    "needs",
    "only-with",
    "empty-means",
    "severity",
    "mend",
    "tests",
)
_PARAM = re.compile(r'(?P<name>[A-Za-z_]\w*) (?P<kind>\w+) "(?P<what>[^"]*)"')
_COLUMN = re.compile(r'(?P<name>[A-Za-z_]\w*) "(?P<what>[^"]*)"')


@dataclass(frozen=True)
class Query:
    """One query file with its header."""

    id: str
    title: str
    question: str
    why: str
    params: tuple[Parameter, ...]
    columns: tuple[tuple[str, str], ...]
    needs: str
    empty_means: str
    severity: str
    mend: str
    text: str
    path: Path

    @property
    def name(self) -> str:
        """The name by which a user asks for it."""
        return self.id.removeprefix("examples/")

    @property
    def is_step(self) -> bool:
        """Whether it is an internal step, whose rows others read: outside the runnable folders, or with a number."""
        folder, _, stem = self.id.rpartition("/")
        return folder not in RUNNABLE or stem[0].isdigit()

    @property
    def digest(self) -> str:
        """SHA-256 of the file's text."""
        return "sha256:" + sha256(self.text.encode()).hexdigest()


def header(text: str, where: str) -> dict[str, str]:
    """The keys of the leading ``#+`` lines; a line that starts with two blanks goes on with the last key.

    Raises:
        KnowledgeError: an unknown key, or a line that belongs to none.
    """
    values: dict[str, str] = {}
    last = ""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith("#+"):
            break
        rest = line[2:]
        key, colon, value = rest.strip().partition(":")
        if rest.startswith("   ") and last:
            values[last] += " " + rest.strip()
        elif colon and key in _KEYS:
            last, values[key] = key, value.strip()
        else:
            raise KnowledgeError(
                f"header line not understood: {rest.strip()[:60]!r}",
                where=f"{where}:{number}",
                mend=f"Keys are: {', '.join(_KEYS)}.",
            )
    return values


def _parameters(text: str, where: str) -> tuple[Parameter, ...]:
    if text in ("", "none"):
        return ()
    params = tuple(Parameter(m["name"], m["kind"], m["what"]) for m in _PARAM.finditer(text))
    if not params or any(p.kind not in KINDS for p in params):
        raise KnowledgeError(
            "params not understood", where=where, mend=f'Write: name kind "what", kinds {", ".join(KINDS)}.'
        )
    return params


@dataclass(frozen=True)
class Source:
    """A query to be run: its text, and what its header says where it has one.

    ``params`` is None without a header, ``needs`` empty where the query asks whatever it is given.
    """

    text: str
    params: tuple[Parameter, ...] | None = None
    needs: str = ""
    empty_means: str = ""


def source_of(text: str, where: str) -> Source:
    """A user's text as a query to be run.

    Raises:
        KnowledgeError: its header cannot be understood.
    """
    keys = header(text, where)
    if not keys:
        return Source(text)
    params = _parameters(keys.get("params", "none"), where)
    return Source(text, params, keys.get("needs", ""), keys.get("empty-means", ""))


def read_query(path: Path, name: str) -> Query:
    """Read one query file with its header.

    Raises:
        KnowledgeError: the file cannot be read, or its header lacks id, title, question, columns or empty-means.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise KnowledgeError(f"query cannot be read: {error}", where=str(path), mend="Save it as UTF-8 text.") from None
    keys = header(text, str(path))
    missing = [k for k in ("id", "title", "question", "columns", "empty-means") if k not in keys]
    if missing or keys.get("id") != name:
        fault = f"lacks {', '.join(missing)}" if missing else f"has id {keys['id']!r} in place of {name!r}"
        raise KnowledgeError(f"header {fault}", where=str(path), mend="docs/queries.md shows the header.")
    columns = tuple((m["name"], m["what"]) for m in _COLUMN.finditer(keys["columns"]))
    return Query(
        keys["id"],
        keys["title"],
        keys["question"],
        keys.get("why", ""),
        _parameters(keys.get("params", "none"), str(path)),
        columns,
        keys.get("needs", ""),
        keys["empty-means"],
        keys.get("severity", ""),
        keys.get("mend", ""),
        text,
        path,
    )


@cache
def _shipped_texts() -> frozenset[str]:
    return frozenset(path.read_text(encoding="utf-8") for path in assets.files("queries", "*.rq"))


def is_shipped(text: str) -> bool:
    """Whether a text is, to the letter, a query of ours, which needs no guard."""
    return text in _shipped_texts()


def catalogue(folders: Iterable[str] = RUNNABLE) -> list[Query]:
    """The queries of some folders of queries/, sorted by name."""
    base = assets.folder("queries")
    paths = [path for folder in folders for path in assets.files("queries", f"{folder}/*.rq")]
    return [read_query(path, path.relative_to(base).with_suffix("").as_posix()) for path in paths]


def folders() -> list[str]:
    """The folders of queries/ that hold queries, those that a user runs first."""
    base = assets.folder("queries")
    known = {path.relative_to(base).parts[0] for path in assets.files("queries", "*.rq")}
    return [*RUNNABLE, *sorted(known - set(RUNNABLE))]


def find(name: str, folders: Iterable[str]) -> Query:
    """The query of that name: ``folder/stem``, or the stem alone where it is the only one.

    Raises:
        QueryError: no query has the name (the nearest are told).
    """
    queries = catalogue(folders)
    matching = [q for q in queries if name in (q.id, q.id.rpartition("/")[2])]
    if len(matching) == 1:
        return matching[0]
    names = [q.name for q in queries]
    near = get_close_matches(name, names, n=3, cutoff=0.3)
    raise QueryError(
        f"no query {name[:60]!r}", mend=f"Nearest: {', '.join(near)}." if near else "guidegraph queries lists them."
    )
