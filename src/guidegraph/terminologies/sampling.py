"""What stands below the codes of rows that stand for their subtree, for whoever reviews them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from guidegraph.namespaces import shorten
from guidegraph.terminologies.model import Finding, Sample, Subject
from guidegraph.terminologies.rows import SCOPE, SUBTREE, Row
from guidegraph.terminologies.sources import Source

#: How many of the codes below a row's code are shown.
_SHOWN = 6


def subtrees(
    rows: Sequence[Row],
    subjects: Mapping[str, Subject],
    source: Callable[[Row], Source | None],
    follows: Mapping[str, Mapping[str, str]],
) -> Iterator[Sample | Finding]:
    """For each row that stands for its subtree a sample of what is below its code, and what of it is something else.

    Args:
        rows: the rows, all of them: one contradicts another.
        subjects: our terms.
        source: the installed source of a row, None where there is none.
        follows: which terms may follow from which others although our order does not have it, with the reason.
    """
    exact: dict[str, list[Row]] = {}
    for row in rows:
        if row.predicate == "exact":
            exact.setdefault(row.curie, []).append(row)
    for row in rows:
        at = source(row) if row[SCOPE] == SUBTREE and row.predicate in ("exact", "narrow") else None
        if at is None:
            continue
        below = sorted(_below(at, row.code))
        yield Sample(row.table, row.line, row["object_id"], subjects[row.subject].label, len(below), _chosen(at, below))
        for code in below:
            for other in exact.get(f"{row.prefix}:{code}", ()):
                aside = shorten(other.subject) in follows.get(shorten(row.subject), {})
                if other.subject != row.subject and row.subject not in subjects[other.subject].above and not aside:
                    what = (
                        f"{other['object_id']} is below {row['object_id']}, and exact for {other['subject_id']}, "
                        f"which is no kind of {shorten(row.subject)} ({other.table}, line {other.line})"
                    )
                    yield Finding(row.table, row.line, "subtree", what, "Review what is below the code, or say itself.")


def _below(source: Source, code: str) -> Iterator[str]:
    """The codes below one, without combination products and obsolete codes, and what is below these."""
    seen, left = {code}, [code]
    while left:
        for lower in source.children(left.pop()):
            term = None if lower in seen else source.term(lower)
            if term is not None and not term.combination and not term.obsolete:
                seen.add(lower)
                left.append(lower)
                yield lower


def _chosen(source: Source, codes: Sequence[str]) -> tuple[str, ...]:
    """Some codes with their labels, spread evenly over all, so that the same package gives the same."""
    step = max(1, len(codes) // _SHOWN)
    terms = (source.term(code) for code in codes[::step][:_SHOWN])
    return tuple(f"{term.code} {term.label}" for term in terms if term is not None)
