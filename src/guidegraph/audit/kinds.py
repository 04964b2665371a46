"""Findings, and their kinds: one SPARQL file of queries/audit/ each, whose header says how grave it is and its mend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from guidegraph import assets
from guidegraph.errors import KnowledgeError
from guidegraph.query.catalogue import Query, read_query

FOLDER = "audit"
#: Severities, gravest first, and what each means.
SEVERITIES: dict[str, str] = {
    "error": "a reader who relies on the statement may be misled: its source is missing, gone, or says otherwise",
    "warning": "the statement may stand, but what it rests on is weaker than it looks",
    "note": "nothing is wrong; a careful reader should know it",
}


@dataclass(frozen=True)
class Kind:
    """One kind of finding."""

    name: str
    query: Query

    @property
    def steps(self) -> tuple[str, ...]:
        """The steps of queries/audit/ that must have run before it."""
        return tuple(n.strip() for n in self.query.needs.split(",") if n.strip().startswith(f"{FOLDER}/"))


def shipped() -> list[Path]:
    """The files of the shipped kinds; a file whose name begins with a digit is a step that prepares facts."""
    return [p for p in assets.files("queries", f"{FOLDER}/*.rq") if not p.stem[0].isdigit()]


def kinds(paths: Sequence[Path] | None = None) -> list[Kind]:
    """The kinds of some files, by default the shipped ones, gravest first and then by name.

    Raises:
        KnowledgeError: a file has no header, no severity of the three, or does not select ?node and ?evidence.
        QueryError: a file that is not ours is no query, is too large, or reaches out to another machine.
    """
    found = [_kind(path) for path in (shipped() if paths is None else paths)]
    return sorted(found, key=lambda kind: (list(SEVERITIES).index(kind.query.severity), kind.name))


def _kind(path: Path) -> Kind:
    query = read_query(path, f"{FOLDER}/{path.stem}")
    if query.severity not in SEVERITIES:
        raise KnowledgeError(
            f"severity {query.severity!r} is none", where=str(path), mend=f"Write {', '.join(SEVERITIES)}."
        )
    if not {"node", "evidence"} <= {name for name, _ in query.columns} or not query.mend:
        raise KnowledgeError(
            "a kind of finding selects ?node and ?evidence and says how it is mended",
            where=str(path),
            mend="docs/audit.md shows the header.",
        )
    return Kind(path.stem, query)


@dataclass(frozen=True)
class Finding:
    """One defect with its evidence.

    ``id`` is made of the kind, the node and the key alone, so that it is the same on every run and machine. ``node``
    and ``document`` are IRIs (``document`` "" where the node belongs to none, or to several); ``documents`` are those
    that the finding concerns; ``locator`` is the node's place in words, or "".
    """

    id: str
    kind: str
    title: str
    severity: str
    node: str
    key: str
    label: str
    document: str
    documents: tuple[str, ...]
    locator: str
    evidence: tuple[str, ...]
    mend: str

    def sort_key(self) -> tuple[object, ...]:
        """Gravest first, then by kind, document, node and key."""
        return (list(SEVERITIES).index(self.severity), self.kind, self.document, self.node, self.key)


def finding_id(kind: str, node: str, key: str) -> str:
    """The name of a finding: its kind and 12 hexadecimal digits of the SHA-256 of kind, node and key."""
    return f"{kind}:{sha256(chr(0).join((kind, node, key)).encode()).hexdigest()[:12]}"
