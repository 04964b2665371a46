"""The report of a cohort: who is recommended what, what should be recorded, whom disagreements and changes concern."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from guidegraph.api.cohort import CohortOptions, patient_rows, request
from guidegraph.disagree.controversies import components
from guidegraph.errors import UsageError
from guidegraph.knowledge import describe

if TYPE_CHECKING:
    import polars as pl

    from guidegraph.api.base import KnowledgeBase
    from guidegraph.cohort.asking import Request
    from guidegraph.cohort.forms import Asked, ReportForm
    from guidegraph.cohort.looked import Worked
    from guidegraph.cohort.outputs import Made
    from guidegraph.cohort.reports import Parts
    from guidegraph.cohort.rows import Rows
    from guidegraph.comparisons import Controversy
    from guidegraph.knowledge.criteria import Criteria

_PATIENTS = "Name the table or records of the patients in place of their answers"


@dataclass(frozen=True)
class Change:
    """What patients are asked a second time: of which knowledge and as of which day, the same ones if None."""

    kb: KnowledgeBase | None = None
    as_of: date | None = None


def cohort_report(
    kb: KnowledgeBase,
    source: str | Path,
    progress: Callable[[int], None] = lambda rows: None,
    *,
    change: Change | None = None,
    show_small: bool = False,
    **options: Unpack[CohortOptions],
) -> ReportForm:
    """The report of patients, or of the answers that were written for them (docs/cohort-report.md).

    Args:
        kb: what is known.
        source: patients (:func:`guidegraph.api.cohort.patient_rows`), or a file of answers, from which follows all but
            the unknown facts and what a change moves.
        progress: is told how many patients are done.
        change: what else the patients are asked, so that the report tells what moves.
        show_small: tell counts as they are; else those of 1 to 4 are masked and all others rounded down.
        options: what is asked, as for :func:`guidegraph.api.cohort.answer_table`, but for ``statements``, ``long`` and
            ``strict``. Of a file of answers only ``therapies``: the others are its own.

    Raises:
        TermError: a therapy is unknown or ambiguous.
        UsageError: the source or an option cannot be used, there is no patient, there are too few to mask small counts,
            or a file of answers was made by other knowledge.
    """
    from guidegraph.cohort.outputs import answers_in
    from guidegraph.cohort.reports import report
    from guidegraph.cohort.small import telling

    path = Path(source)
    if not answers_in(path):
        parts = _of_patients(kb, path, progress, change, options)
    elif change is None:
        parts = _of_answers(kb, path, progress, options)
    else:
        raise UsageError("a file of answers cannot be asked anew", where=str(source), mend=f"{_PATIENTS}.")
    return report(kb.records, parts, telling(show_small))


def _of_answers(kb: KnowledgeBase, source: Path, progress: Callable[[int], None], options: CohortOptions) -> Parts:
    """What a file of answers comes to, added up."""
    from guidegraph.cohort.outputs import Written
    from guidegraph.cohort.reports import Parts
    from guidegraph.cohort.tallies import Tally
    from guidegraph.knowledge.criteria import compile_criteria

    said = [
        name
        for name in ("as_of", "jurisdiction", "standing", "only", "problem", "columns", "table")
        if options.get(name)
    ]
    if said:
        option = f"--{said[0].replace('_', '-')}"
        raise UsageError("a file of answers was asked already", where=option, mend=f"{_PATIENTS}, or leave it out.")
    written = Written(source)
    made = written.made
    if made.knowledge != kb.digest:
        what = f"made by other knowledge: {made.knowledge}, and this one is {kb.digest}"
        raise UsageError(what, where=str(source), mend="Open that one (--knowledge, --domain), or write it anew.")
    wanted = request(kb, {"therapies": options.get("therapies", ())}).therapies
    therapies = [iri for iri in written.therapies if not wanted or iri in wanted]
    if not therapies:
        raise UsageError("the file has none of these therapies", where=str(source), mend="Leave --therapy out.")
    day = date.fromisoformat(made.as_of)
    told = [] if not written.statements else _controversies(kb, day)
    criteria = compile_criteria(kb.knowledge, day, made.jurisdiction, frozenset(made.voices))
    documents = _documents(kb, set(written.statements) - criteria.inactive)
    tally = Tally(therapies, documents, {c["text"]: pairs for c, pairs in told})
    done = 0
    for answered in written.batches():
        tally.add(answered)
        progress(done := done + answered.sheet.patients)
    missing = [f"Which unknown fact blocks most patients: answers do not hold facts. {_PATIENTS}."]
    if not written.statements:
        missing.append(
            "Controversies and documents: the file has no statements. Write it with --statements, or name the patients."
        )
    return Parts(
        source.name, _asked(kb, day, made), tally, made.contradicted, made.left_out,
        controversies=[c for c, _ in told] if written.statements else None, missing=missing,
    )  # fmt: skip


class _Side:
    """One way of asking some patients.

    Attributes:
        kb, day: what is known, and the day that is asked about.
        criteria: everything that decides statuses.
        rows: the patients.
    """

    def __init__(self, kb: KnowledgeBase, day: date, rows: Rows, asked: Request) -> None:
        from guidegraph.knowledge.criteria import compile_criteria

        kb.knowledge.one_clock()
        self.kb, self.day, self._asked = kb, day, asked
        self.rows = rows
        self.criteria: Criteria = compile_criteria(kb.knowledge, day, asked.jurisdiction, asked.voices)

    def batches(self) -> Iterator[tuple[pl.Series, Worked]]:
        """Who the patients are, and what they come to, in their order."""
        from guidegraph.cohort.looked import Worked

        for batch in self.rows.batches(self.criteria, self.kb.vocabulary):
            yield batch.identifiers, Worked(self.criteria, batch)

    @property
    def asked(self) -> Asked:
        """What is asked, in the published form."""
        return _asked(self.kb, self.day, self._asked)


def _of_patients(
    kb: KnowledgeBase,
    source: Path,
    progress: Callable[[int], None],
    change: Change | None,
    options: CohortOptions,
) -> Parts:
    """What patients come to, added up."""
    asked = request(kb, options)
    with ExitStack() as opened:

        def side(kb: KnowledgeBase, day: date) -> _Side:
            return _Side(kb, day, opened.enter_context(patient_rows(kb, source, day, options)), asked)

        now = side(kb, asked.as_of)
        after = side(change.kb or kb, change.as_of or asked.as_of) if change is not None else None
        return _parts(now, after, source, asked, progress)


def _parts(side: _Side, after: _Side | None, source: Path, asked: Request, progress: Callable[[int], None]) -> Parts:
    """What patients who are asked in one way or two come to."""
    from guidegraph.cohort.asking import no_patient
    from guidegraph.cohort.bits import count
    from guidegraph.cohort.blocking import Blocking
    from guidegraph.cohort.flows import Flow
    from guidegraph.cohort.reports import Parts
    from guidegraph.cohort.tallies import Tally

    kb = side.kb
    criteria = side.criteria
    therapies = [t.iri for t in criteria.therapies if not asked.therapies or t.iri in asked.therapies]
    told = _controversies(kb, asked.as_of)
    documents = _documents(kb, [s for s in criteria.population if s not in criteria.inactive])
    parts = Parts(source.name, side.asked, Tally(therapies, documents, {c["text"]: pairs for c, pairs in told}))
    parts.blocking, parts.controversies = Blocking(kb.knowledge, criteria), [c for c, _ in told]
    if after is not None:
        parts.flow, parts.after, parts.later = (
            Flow(criteria, after.criteria, asked.therapies), after.asked, after.kb.records,
        )  # fmt: skip
    done = 0
    for worked, later in _side_by_side(side, after, source):
        parts.contradicted += count(worked.contradicted)
        parts.left_out += count(worked.sheet.rest(worked.readable))
        parts.tally.add(worked)
        parts.blocking.add(worked, frozenset(therapies))
        if parts.flow is not None and later is not None:
            parts.flow.add(worked, later)
        progress(done := done + worked.sheet.patients)
    if not done:
        raise no_patient(str(source), side.rows.unread.values())
    parts.unread = list(side.rows.unread.values())
    return parts


def _side_by_side(side: _Side, after: _Side | None, source: Path) -> Iterator[tuple[Worked, Worked | None]]:
    """The same patients both ways, or one way.

    Raises:
        UsageError: they are not the same.
    """
    if after is None:
        yield from ((worked, None) for _, worked in side.batches())
        return
    for one, other in zip_longest(side.batches(), after.batches()):
        if one is None or other is None or not one[0].equals(other[0]):
            mend = "Leave the source alone while it is read."
            raise UsageError("the patients are not the same in both readings", where=str(source), mend=mend)
        yield one[1], other[1]


def _asked(kb: KnowledgeBase, day: date, asked: Request | Made) -> Asked:
    return {
        "as_of": day.isoformat(),
        "jurisdiction": asked.jurisdiction,
        "voices": sorted(asked.voices),
        "problem": kb.records.label(asked.problem) if asked.problem else None,
        "version": kb.version,
        "digest": kb.digest,
    }


def _documents(kb: KnowledgeBase, statements: Iterable[str]) -> dict[str, list[str]]:
    """Some statements (IRIs) by the documents that they are stated in."""
    found: dict[str, list[str]] = defaultdict(list)
    for statement in sorted(statements):
        for document in kb.records.all(statement, "statedIn"):
            found[document].append(statement)
    return dict(found)


def _controversies(kb: KnowledgeBase, day: date) -> list[tuple[Controversy, list[tuple[str, str]]]]:
    """The controversies of a day, each with the pairs of statements (IRIs) that are opposed in it."""
    of = {s: one for one in components(kb.disagree.findings(day)) for s in one.statements}
    told = []
    for controversy in kb.disagreements(as_of=day)["controversies"]:
        first = describe.iri_of(controversy["sides"]["for"][0]["id"])
        told.append((controversy, [(pair.a, pair.b) for pair in of[first].pairs]))
    return told
