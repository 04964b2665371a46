"""A cohort's report in its published form: counts put beside names, small ones masked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from guidegraph.cohort import forms
from guidegraph.cohort.blocking import Blocked, Blocking
from guidegraph.cohort.cells import Unread
from guidegraph.cohort.flows import Flow, Moves, Turn, order
from guidegraph.cohort.small import UNDER, Told, least, masked, masked_row
from guidegraph.cohort.tallies import Tally
from guidegraph.comparisons import Controversy
from guidegraph.errors import UsageError
from guidegraph.knowledge import describe
from guidegraph.knowledge.opened import software
from guidegraph.knowledge.records import Records
from guidegraph.model import POSITIVE, STATUSES
from guidegraph.readforms import Named

Tell = Callable[[int], Told]
#: Statuses of what concerns nobody, or may: who has only these is told by name alone.
_IDLE = tuple(code for code, status in STATUSES.items() if status.bands[0] == "left-open")
#: Therapies that a row names.
_NAMED = 3


@dataclass
class Parts:
    """What a report is made of; a part that the source cannot tell is None, and ``missing`` says how to get it.

    ``source`` names the patients or answers. ``later`` are the records of the knowledge that they are asked a second
    time with.
    """

    source: str
    asked: forms.Asked
    tally: Tally
    contradicted: int = 0
    left_out: int = 0
    unread: Sequence[Unread] = ()
    blocking: Blocking | None = None
    controversies: Sequence[Controversy] | None = None
    flow: Flow | None = None
    after: forms.Asked | None = None
    later: Records | None = None
    missing: list[str] = field(default_factory=list)


def report(records: Records, parts: Parts, tell: Tell) -> forms.ReportForm:
    """The report.

    Args:
        records: the knowledge.
        parts: the counts.
        tell: how counts are told (:func:`guidegraph.cohort.small.telling`).

    Raises:
        UsageError: small counts are to be masked, and there are too few patients to hide any among.
    """
    fewest = least(len(STATUSES))
    if tell is masked and 0 < parts.tally.patients < fewest:
        what = f"fewer than {fewest} patients have statuses: too few to hide small counts among"
        raise UsageError(what, where=parts.source, mend="Tell them all by --show-small, to who may see them.")
    rows, steady = _therapies(records, parts.tally, parts.blocking, tell)
    return {
        "source": parts.source,
        "asked": parts.asked,
        "small_cells": {"under": UNDER, "rounded_to": UNDER} if tell is masked else None,
        "patients": {
            "answered": tell(parts.tally.patients),
            "contradicted": tell(parts.contradicted),
            "left_out": tell(parts.left_out),
        },
        "unclear": [{"column": one.column, "what": one.what, "count": tell(one.count)} for one in parts.unread],
        "ever": {status: tell(number) for status, number in parts.tally.ever.items()},
        "therapies": rows,
        "steady": steady,
        "facts": _facts(records, parts.blocking, tell) if parts.blocking is not None else None,
        "controversies": _controversies(parts, tell),
        "documents": _documents(records, parts.tally, tell) if parts.controversies is not None else None,
        "flow": _flow(records, parts, tell),
        "missing": parts.missing,
        "software": software(),
    }


def _rank(told: Told) -> int:
    """Where a count stands among others: a masked one above none and below all others."""
    return 1 if told is None else told


def _named(records: Records, iri: str) -> Named:
    return {"id": describe.name(iri), "label": records.label(iri)}


def _families(records: Records, alike: Iterable[Sequence[str]]) -> list[list[str]]:
    """Of therapies that are alike, those together that are below one of them, which stands first."""
    above, found = records.ancestors, []
    for members in alike:
        ordered = sorted(members, key=lambda iri: (records.label(iri), iri))
        heads = [iri for iri in ordered if not any(one != iri and one in above.get(iri, ()) for one in ordered)]
        of: dict[str, list[str]] = {head: [head] for head in heads}
        for iri in (one for one in ordered if one not in of):
            of[next(head for head in heads if head in above[iri])].append(iri)
        found += list(of.values())
    return found


def _therapies(
    records: Records, tally: Tally, blocking: Blocking | None, tell: Tell
) -> tuple[list[forms.TherapyRow], list[forms.Steady]]:
    """A row a family of therapies, those first that are recommended to most; apart what is so for everybody."""
    rows: list[forms.TherapyRow] = []
    steady: dict[str, list[Named]] = {status: [] for status in _IDLE}
    for members in _families(records, tally.alike()):
        counted = tally.statuses[members[0]]
        same = next((s for s in _IDLE if counted[s] == tally.patients), None)
        if same is not None:
            steady[same] += [_named(records, iri) for iri in members]
            continue
        head, *others = members
        rows.append(
            {
                **_named(records, head),
                "category": records.classes.get(head, ("", ""))[1] or "other",
                "members": [_named(records, iri) for iri in others],
                "statuses": masked_row(counted) if tell is masked else {**counted},
                "signs_only": tell(blocking.signs_only[head]) if blocking is not None else None,
            }
        )

    def key(row: forms.TherapyRow) -> tuple[int, int, str]:
        counts = {status: _rank(told) for status, told in row["statuses"].items()}
        moving = sum(number for status, number in counts.items() if status not in _IDLE)
        return -sum(counts[status] for status in POSITIVE), -moving, row["label"]

    told: list[forms.Steady] = [
        {"status": status, "therapies": sorted(found, key=lambda one: (one["label"], one["id"]))}
        for status, found in steady.items()
        if found
    ]
    return sorted(rows, key=key), told


def _facts(records: Records, blocking: Blocking, tell: Tell) -> forms.Facts:
    """The unknown facts, those first that keep most therapies open, added up over patients."""

    def key(one: Blocked) -> tuple[int, int, str]:
        return -_rank(tell(one.pairs)), -_rank(tell(one.patients)), one.fact.filed

    return {
        "patients": tell(blocking.patients),
        "rows": [_fact(records, one, tell) for one in sorted(blocking.facts.values(), key=key)],
    }


def _fact(records: Records, one: Blocked, tell: Tell) -> forms.FactRow:
    most = sorted(one.therapies.items(), key=lambda row: (-_rank(tell(row[1])), records.label(row[0])))
    return {
        "fact": one.fact.fact,
        "label": one.fact.label,
        "key": one.fact.key,
        "alert": one.alert,
        "patients": tell(one.patients),
        "alone": tell(one.alone),
        "provisional": tell(one.provisional),
        "absolute": tell(one.absolute),
        "therapies": len(one.therapies),
        "keeps_open": [{**_named(records, iri), "patients": tell(number)} for iri, number in most[:_NAMED]],
    }


def _controversies(parts: Parts, tell: Tell) -> list[forms.ControversyRow] | None:
    if parts.controversies is None:
        return None
    rows: list[forms.ControversyRow] = [
        {
            "title": one["title"],
            "text": one["text"],
            "both": tell(parts.tally.both[one["text"]]),
            "possible": tell(parts.tally.possible[one["text"]]),
        }
        for one in parts.controversies
    ]
    return sorted(rows, key=lambda row: (-_rank(row["both"]), -_rank(row["possible"]), row["text"]))


def _documents(records: Records, tally: Tally, tell: Tell) -> list[forms.DocumentRow]:
    rows: list[forms.DocumentRow] = [
        {
            **_named(records, iri),
            "name": describe.short_name(records, iri),
            "kind": records.code(records.one(iri, "documentKind")),
            "issued": records.issued(iri),
            "statements": tally.stated[iri],
            "patients": tell(number),
            "decides": tell(tally.decided[iri]) if tally.decided is not None else None,
        }
        for iri, number in tally.documents.items()
    ]
    return sorted(rows, key=lambda row: (-_rank(row["decides"]), -_rank(row["patients"]), row["label"], row["id"]))


# ---------------------------------------------------------------- what a change moves


def _flow(records: Records, parts: Parts, tell: Tell) -> forms.FlowForm | None:
    if parts.flow is None or parts.after is None or parts.later is None:
        return None
    both = (records, parts.later)
    alike: dict[object, list[str]] = {}
    for iri, moves in parts.flow.therapies.items():
        if moves.moves:
            alike.setdefault(moves.key, []).append(iri)
    families = _families(records, alike.values())
    rows = [_moved(both, members, parts.flow.therapies[members[0]], tell) for members in families]

    def key(row: forms.MovedTherapy) -> tuple[int, str]:
        return -sum(_rank(move["patients"]) for move in row["moves"]), row["label"]

    moved = sum(map(len, families))
    return {
        "before": parts.asked,
        "after": parts.after,
        "patients": tell(parts.flow.patients),
        "moved": tell(parts.flow.moved),
        "unmoved": len(parts.flow.therapies) - moved,
        "between": _between(rows),
        "therapies": sorted(rows, key=key),
    }


def _moved(both: tuple[Records, Records], members: Sequence[str], moves: Moves, tell: Tell) -> forms.MovedTherapy:
    def known(iri: str) -> Records:
        """The knowledge that has something: the later one where it has, since labels may have been mended."""
        return both[1] if iri in both[1].classes or iri in both[1].nodes else both[0]

    head, *others = members
    return {
        **_named(known(head), head),
        "members": [_named(known(iri), iri) for iri in others],
        "moves": [
            {
                "was": was,
                "now": now,
                "patients": tell(number),
                "by": [
                    _turn(known(turn[1]), turn, tell(count))
                    for turn, count in sorted(
                        moves.turns[was, now].items(), key=lambda row: (-_rank(tell(row[1])), row[0])
                    )
                ],
                "otherwise": tell(moves.unexplained[was, now]),
            }
            for (was, now), number in sorted(
                moves.moves.items(), key=lambda row: (-_rank(tell(row[1])), order(row[0][0]), order(row[0][1]))
            )
        ],
    }


def _turn(records: Records, turn: Turn, told: Told) -> forms.TurnRow:
    role, statement, was, now = turn
    documents = (describe.short_name(records, one, statement) for one in records.all(statement, "statedIn"))
    return {
        "statement": describe.name(statement),
        "label": records.label(statement),
        "role": role,
        "document": ", ".join(documents),
        "was": was,
        "now": now,
        "patients": told,
    }


def _between(rows: Sequence[forms.MovedTherapy]) -> list[forms.Between]:
    """From which status to which, added up over what is told of each therapy, so that nothing masked shows."""
    found: dict[tuple[str, str], forms.Between] = {}
    for row in rows:
        alike = 1 + len(row["members"])
        for move in row["moves"]:
            was, now = move["was"], move["now"]
            one = found.setdefault((was, now), {"was": was, "now": now, "count": 0, "hidden": 0})
            if move["patients"] is None:
                one["hidden"] += alike
            else:
                one["count"] += alike * move["patients"]
    return sorted(found.values(), key=lambda one: (-one["count"], order(one["was"]), order(one["now"])))
