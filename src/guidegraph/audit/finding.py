"""One finding of an audit: what is at fault, what shows it, how it is mended."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from guidegraph.audit.kinds import SEVERITIES


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
