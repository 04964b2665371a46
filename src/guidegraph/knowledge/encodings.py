"""Where the reviews of the encoding stand, as answers, pages and traces tell it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from guidegraph import namespaces as ns
from guidegraph.knowledge.records import Properties, Records

if TYPE_CHECKING:
    from guidegraph.forms import EncodingReview, Reviewed


class Encodings:
    """The reviews by the document or statement that was submitted, as the index has them."""

    def __init__(self, records: Records) -> None:
        rows = records.criteria.items()
        self.by_node: Mapping[str, EncodingReview] = {
            node: _review(records, node, row) for node, row in rows if ns.IDX + "encodingState" in row
        }

    def text(self, node: str) -> str:
        """The review of a document or statement itself in words, "" where it was never submitted."""
        return self.by_node[node]["text"] if node in self.by_node else ""


def encodings(records: Records) -> Encodings:
    """The reviews of some records, found once."""
    if Encodings not in records.kept:
        records.kept[Encodings] = Encodings(records)
    found: Encodings = records.kept[Encodings]
    return found


def encoding_review(records: Records, statement: str) -> EncodingReview | None:
    """Where the review of a statement's encoding stands; None where neither it nor its document was ever submitted.

    An approval of the document counts for its statements, unless one was rejected by itself.
    """
    known = encodings(records).by_node
    if not known:
        return None
    own, document = (known.get(node) for node in (statement, records.one(statement, "statedIn")))
    if document is not None:
        document = {**document, "text": f"its document's {document['text']}"}
    covered = document is not None and document["state"] == "approved"
    decided = own is not None and own["state"] in ("approved", "rejected")
    return own if own is not None and (decided or not covered) else document


def second_readers(records: Records, statement: str) -> list[str]:
    """Who read the encoding of a statement a second time: named there (IRIs), and by an approval that holds."""
    review = encoding_review(records, statement)
    found = set(records.all(statement, "checkedBy"))
    if review is not None and review["state"] == "approved":
        node = statement if review["of"] == "statement" else records.one(statement, "statedIn")
        found.update(records.criteria[node][ns.IDX + "encodingAgent"])
    return sorted(found)


def reviewed(records: Records, statement: str) -> Reviewed:
    """The key of a statement that was reviewed; nothing for any other."""
    review = encoding_review(records, statement)
    return {} if review is None else {"encoding_review": review}


def _review(records: Records, node: str, row: Properties) -> EncodingReview:
    def one(name: str) -> str:
        return row.get(ns.IDX + name, ("",))[0]

    changed = list(row.get(ns.IDX + "encodingChanged", ()))
    state, by = one("encodingState"), f"by {one('encodingBy')} on {one('encodingOn')}"
    told = f"approval given {by} has lapsed; changed since: {', '.join(changed)}" if changed else f"{state} {by}"
    made = {
        "state": state,
        "of": "statement" if records.one(node, "statedIn") else "document",
        "by": one("encodingBy"),
        "on": one("encodingOn"),
        "text": f"encoding {told}" if not changed else f"encoding's {told}",
    }
    more = {"note": one("encodingNote"), "changed": changed}
    return cast("EncodingReview", made | {key: value for key, value in more.items() if value})
