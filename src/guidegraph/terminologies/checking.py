"""Checks mapping tables, row by row against the installed packages and row against row."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

from guidegraph.errors import LinkError
from guidegraph.namespaces import shorten
from guidegraph.terminologies.another import Coverage
from guidegraph.terminologies.model import HAS, ExternalTerm, Finding, Outside, Report, Sample, Subject, Terminology
from guidegraph.terminologies.outside import outside
from guidegraph.terminologies.rows import PAGE, SCOPE, SOURCE, SUBTREE, Row
from guidegraph.terminologies.sources import Source
from guidegraph.terminologies.tables import SUFFIX, read_rows, table_files

#: How many of the codes below a row's code are shown.
_SHOWN = 6
_BOUND = ("exact", "broad")


class Checker:
    """Checks tables. ``source`` gives the installed source of a name, or raises LinkError where it is not there."""

    def __init__(
        self,
        subjects: Mapping[str, Subject],
        terminologies: Mapping[str, Terminology],
        rules: Mapping[str, Any],
        sources: Mapping[str, str],
        source: Callable[[str], Source],
    ) -> None:
        self._subjects, self._terminologies, self._rules = subjects, terminologies, rules
        self._sources, self._source = sources, source
        self._open: dict[str, Source | None] = {}
        self.report = Report()

    def check(self, paths: Sequence[Path], beside: Sequence[Path] = ()) -> Report:
        """Check all rows of some tables.

        Args:
            paths: the tables that are checked.
            beside: other tables, which hold rows that the checked ones may contradict.

        Raises:
            KnowledgeError: a file is no table at all.
        """
        good: list[tuple[Row, ExternalTerm | None]] = []
        tables = [read_rows(path, self._terminologies) for path in beside]
        context = [row for table in tables for row in table.rows if row.plain and row.subject in self._subjects]
        for path in paths:
            table = read_rows(path, self._terminologies)
            for what, mend in table.doubts(self._terminologies):
                self.report.findings.append(Finding(table.name, 1, "curie-map", what, mend, True))
            for row in table.rows:
                self.report.rows += 1
                if self._form(row):
                    good.append((row, self._term(row)))
        self._together([row for row, _ in good])
        # What is denied claims nothing that other rows or the terminology could contradict.
        claimed = [(row, term) for row, term in good if row.found and not row.negated]
        self._terms([row for row, _ in claimed], context)
        self._hierarchies([(row, term) for row, term in claimed if term is not None], context)
        mine = {id(row) for row, term in claimed if term is not None}
        everything, follows = [*context, *(row for row, _ in claimed)], self._rules.get("follows", {})
        for told in subtrees(everything, self._subjects, partial(self._installed, mine), follows):
            if isinstance(told, Sample):
                self.report.samples.append(told)
            else:
                self.report.findings.append(told)
        self.report.findings = sorted(set(self.report.findings))
        return self.report

    def _installed(self, rows: Container[int], row: Row) -> Source | None:
        """The source of a checked row whose code is there."""
        return self._at(self._sources.get(row.prefix, row.prefix)) if id(row) in rows else None

    def covering(
        self, coverage: Mapping[str, Coverage], paths: Sequence[Path], names: Callable[[str], Sequence[str]]
    ) -> None:
        """Check what is reviewed as covering against the rows of some tables; ``names`` are those of a term of ours."""
        tables = [read_rows(path, self._terminologies) for path in paths]
        rows = [row for table in tables for row in table.rows if row.plain and row.found]
        for told in outside(coverage, rows, self._subjects, names, lambda p: self._at(self._sources.get(p, p))):
            (self.report.outside if isinstance(told, Outside) else self.report.findings).append(told)  # type: ignore[arg-type]
        self.report.findings = sorted(set(self.report.findings))

    def strange(self, folder: Path) -> None:
        """Tell what lies in a folder of mapping tables and is read by nobody."""
        known = {*table_files(folder), *folder.glob("*.yaml")}
        for path in sorted(path for path in folder.glob("[!.]*") if path not in known):
            what, mend = "this is no mapping table, and is not read", f"Name it *{SUFFIX}, or put it elsewhere."
            self.report.findings.append(Finding(path.name, 1, "strange-file", what, mend, True))

    def _say(self, row: Row, rule: str, what: str, mend: str, warning: bool = False) -> None:
        self.report.findings.append(Finding(row.table, row.line, rule, what, mend, warning))

    def _form(self, row: Row) -> bool:
        """Whether a row can be compared with a terminology at all; what hinders it is told."""
        wrong = list(row.faults())
        for fault in wrong:
            self._say(row, fault.rule, fault.what, fault.mend)
        if row.surplus:
            return False
        subject = self._subjects.get(row.subject)
        if subject is None:
            if row.subject:
                self._say(row, "unknown-subject", f"{row['subject_id'][:60]!r} is no term of ours", "Name one.")
        elif row["subject_label"] != subject.label:
            told = f"our label is {subject.label!r}, not {row['subject_label'][:80]!r}"
            self._say(row, "subject-label", told, "Copy the label, or name the term that was meant.")
        if not row.found:
            self.report.not_found += 1
            return not wrong and subject is not None
        self.report.denied += row.negated
        return bool(subject is not None and not wrong)

    def _at(self, name: str) -> Source | None:
        if name not in self._open:
            try:
                self._open[name] = self._source(name)
            except LinkError as error:
                self._open[name] = None
                self.report.reasons[name] = f"{error.what}. {error.mend}"
        return self._open[name]

    def _term(self, row: Row) -> ExternalTerm | None:
        """The term of a row's code, after all that can be said of the row alone."""
        if not row.found:
            return None
        told = row["object_source"].removeprefix(SOURCE)
        if told == PAGE:
            self.report.pages += 1
            return None
        name = self._sources.get(row.prefix, row.prefix)
        source = self._at(name)
        if source is None:
            self.report.unchecked[name] += 1
            return None
        self.report.checked += 1
        if told != name:
            self._say(
                row, "source", f"object_source {told[:40]!r}, read here in {name}", f"Write {SOURCE}{name}.", True
            )
        elif row["object_source_version"] != source.version:
            drift = f"read in {row['object_source_version'][:80]}, installed is {source.version}"
            self._say(row, "version-drift", drift, "Look at the row again and write the version read.", True)
        term = source.term(row.code)
        if term is None:
            mend = (
                "Look the term up and copy its code. Where it was read at a page, write "
                f"{SOURCE}{PAGE} as object_source and the day as object_source_version."
            )
            self._say(row, "no-such-code", f"{source.title} has no {row.code[:40]}", mend)
            return None
        self._label(row, term, source)
        if term.obsolete:
            new = ", ".join(f"{row.prefix}:{code}" for code in term.replaced_by)
            self._say(row, "obsolete", f"{row['object_id']} is obsolete", f"Use {new}." if new else "Use another.")
        if not row.negated:
            self._use(row, term)
        return term

    def _label(self, row: Row, term: ExternalTerm, source: Source) -> None:
        given = row["object_label"]
        if given == term.label:
            return
        if given in term.synonyms:
            what = f"{given[:80]!r} is a synonym there, the label is {term.label!r}"
            self._say(row, "synonym-as-label", what, "Copy the label.")
            return
        near = {code for parent in term.parents for code in source.children(parent)}
        near |= {*term.parents, *source.children(term.code)}
        owner = next((code for code in sorted(near) if (other := source.term(code)) and other.label == given), "")
        whose = f", which is that of {row.prefix}:{owner}" if owner else ""
        what = f"the label of {row['object_id']} is {term.label!r}, not {given[:80]!r}{whose}"
        self._say(row, "label", what, "Find out which of code and label was meant, and copy both.")

    def _use(self, row: Row, term: ExternalTerm) -> None:
        subject, prefix = self._subjects[row.subject], row.prefix
        if self._matches("groups", prefix, term.code, whole=True) and row.predicate in HAS:
            what = f"{row['object_id']} is a chapter or block, which no record has"
            self._say(row, "group", what, "Use a code below it; only a broad or close match may name it.")
        if term.combination and not subject.combination and row.predicate in _BOUND:
            what = f"{row['object_id']} ({term.label}) is for products of several substances"
            self._say(row, "combination", what, "Use the code of the single substance.")
        allowed = self._rules.get("kinds", {}).get(prefix, {}).get(subject.kind)
        excepted = term.code in self._rules.get("except", {}).get(prefix, {})
        # A supplementary kind is one word; the trees of a heading are single letters.
        kinds = {term.kind, *term.kind} if allowed else set()
        if allowed and not excepted and row.predicate != "close" and not kinds & set(allowed):
            what = f"{row['object_id']} ({term.label}) is of kind {term.kind or 'none'}, our term a {subject.kind}"
            self._say(row, "kind", what, f"Use a term of kind {', '.join(allowed)}.")
        bound = self._matches("sides", prefix, term.label)
        if bound and row.predicate in _BOUND and not self._matches("sides", prefix, subject.label):
            what = f"{row['object_id']} ({term.label}) is bound by {bound!r}, our term is not"
            self._say(row, "side-or-encounter", what, "The code means less: use skos:narrowMatch.")

    def _matches(self, rule: str, prefix: str, text: str, whole: bool = False) -> str:
        pattern = self._rules.get(rule, {}).get(prefix)
        found = (re.fullmatch if whole else re.search)(pattern, text, re.IGNORECASE) if pattern else None
        return found[0] if found else ""

    def _together(self, rows: Iterable[Row]) -> None:
        """What only several rows show: doubles, a match that is denied, and a code where none was said to be found."""
        pairs: dict[tuple[str, str], Row] = {}
        denials: dict[tuple[str, str, str], Row] = {}
        coded: dict[tuple[str, str], Row] = {}
        empty: list[Row] = []
        for row in rows:
            if not row.found:
                empty.append(row)
                continue
            if row.negated:
                first = denials.setdefault((row.subject, row.curie, row.predicate), row)
            else:
                coded.setdefault((row.subject, row.table), row)
                first = pairs.setdefault((row.subject, row.curie), row)
            if first is not row:
                what = f"{row['subject_id']} and {row['object_id']} stand in line {first.line} of {first.table} already"
                self._say(row, "double", what, "Keep one of the two.")
        for (subject, curie, predicate), row in denials.items():
            claim = pairs.get((subject, curie))
            if claim and claim.predicate == predicate:
                what = f"line {claim.line} of {claim.table} claims the match that this row denies"
                self._say(row, "denied", what, "Remove one of the two.")
        for row in empty:
            found = coded.get((row.subject, row.table))
            if found:
                what = f"line {found.line} has {found['object_id']} for this term"
                self._say(row, "found-after-all", what, "Remove one of the two.")

    def _terms(self, rows: Sequence[Row], context: Iterable[Row]) -> None:
        """One code for several terms of ours, which then follow from each other."""
        by_code: dict[str, list[Row]] = defaultdict(list)
        mine = set(map(id, rows))
        for row in (*context, *rows):
            by_code[row.curie].append(row)
        for group in by_code.values():
            self._routes([row for row in group if row.predicate in HAS], mine)
            for one in (row for row in group if row.predicate == "exact"):
                for other in group:
                    if other.subject == one.subject or not mine & {id(one), id(other)}:
                        continue
                    self._follow(one, other, other if id(other) in mine else one)

    def _routes(self, group: Sequence[Row], mine: Container[int]) -> None:
        """A code that has a drug of one route and one of another: who is listed with it would take both."""
        for one, other in combinations(group, 2):
            if routes_differ(self._subjects, one, other) and (id(one) in mine or id(other) in mine):
                told, beside = (other, one) if id(other) in mine else (one, other)
                what = (
                    f"{told['object_id']} is read as {told['subject_id']} and as {beside['subject_id']}, which act by "
                    f"different routes ({beside.table}, line {beside.line})"
                )
                self._say(
                    told, "routes", what, "Keep the one of the route that the code means; neither if it means both."
                )

    def _follow(self, one: Row, other: Row, told: Row) -> None:
        """``one`` is exact: so who has it has every term that the code is narrower than, and the other way round."""
        place = f"({other.table}, line {other.line})" if told is one else f"({one.table}, line {one.line})"
        if other.predicate == "exact":
            what = f"{one['object_id']} is exact for {one['subject_id']} and {other['subject_id']} {place}"
            self._say(told, "one-code-two-terms", what, "At most one of our terms can mean the same.")
            return
        low, high = (one, other) if other.predicate == "narrow" else (other, one)
        aside = shorten(low.subject) in self._rules.get("follows", {}).get(shorten(high.subject), {})
        stated = aside or high.subject in self._subjects[low.subject].above
        if other.predicate in ("narrow", "broad") and not stated:
            what = f"by {one['object_id']} {low['subject_id']} would be a kind of {high['subject_id']} {place}"
            self._say(told, "unrelated-terms", what, "Name the term that the code means, or correct the predicate.")

    def _hierarchies(self, rows: Sequence[tuple[Row, ExternalTerm]], context: Iterable[Row]) -> None:
        """Predicates of one term that the terminology's own order contradicts."""
        by_term: dict[tuple[str, str], list[Row]] = defaultdict(list)
        terms = {id(row): term for row, term in rows}
        for row in (*context, *(row for row, _ in rows)):
            by_term[row.subject, row.prefix].append(row)
        for (_, prefix), group in sorted(by_term.items()):
            if any(id(row) in terms for row in group):
                self._ordered(prefix, group, terms)

    def _ordered(self, prefix: str, group: Sequence[Row], terms: Mapping[int, ExternalTerm]) -> None:
        source = self._at(self._sources.get(prefix, prefix))
        for low in group:
            term = terms.get(id(low)) or (source.term(low.code) if source else None)
            above = set(self._ancestors(prefix, term)) if term else set()
            for high in group:
                mine = [row for row in (low, high) if id(row) in terms]
                if mine and high.code in above:
                    self._order(low, high, mine)
                both = (low.predicate, high.predicate) == ("exact", "narrow")
                if both and id(low) in terms and term and term.rules_out(high.code):
                    what = f"{low['object_id']} excludes {high['object_id']}, which is narrower than the same term"
                    self._say(low, "excludes", what, "The code means less: use skos:narrowMatch.")

    def _order(self, low: Row, high: Row, mine: Sequence[Row]) -> None:
        """``low`` is below ``high`` there: so it cannot be wider than our term while the other is not."""
        contradicts = (low.predicate, high.predicate) in {
            ("exact", "narrow"), ("exact", "exact"), ("broad", "narrow"), ("broad", "exact"),
        }  # fmt: skip
        if contradicts:
            what = f"{low['object_id']} is below {high['object_id']}, yet {low.predicate} against {high.predicate}"
            mend = "Swap or correct the predicates: what is above an exact code is broad, what is below it narrow."
            guilty = low if low.predicate == "broad" else high
            self._say(guilty if guilty in mine else mine[0], "predicate-order", what, mend)

    def _ancestors(self, prefix: str, term: ExternalTerm) -> Iterator[str]:
        source = self._at(self._sources.get(prefix, prefix))
        seen, left = {term.code}, list(term.parents)
        while source is not None and left:
            code = left.pop()
            if code not in seen:
                seen.add(code)
                yield code
                above = source.term(code)
                left.extend(above.parents if above else ())


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
    held: dict[str, list[Row]] = {}
    for row in rows:
        if row.predicate in HAS:
            held.setdefault(row.curie, []).append(row)
    for row in rows:
        at = source(row) if row[SCOPE] == SUBTREE and row.predicate in HAS else None
        if at is None:
            continue
        below = sorted(_below(at, row.code))
        yield Sample(row.table, row.line, row["object_id"], subjects[row.subject].label, len(below), _chosen(at, below))
        for code in below:
            for other in held.get(f"{row.prefix}:{code}", ()):
                if routes_differ(subjects, row, other):
                    what = (
                        f"{other['object_id']} is below {row['object_id']}, and read as {other['subject_id']}, which "
                        f"acts by another route ({other.table}, line {other.line})"
                    )
                    yield Finding(row.table, row.line, "routes", what, "Review what is below the code, or say itself.")
                if other.predicate != "exact":
                    continue
                aside = shorten(other.subject) in follows.get(shorten(row.subject), {})
                if other.subject != row.subject and row.subject not in subjects[other.subject].above and not aside:
                    what = (
                        f"{other['object_id']} is below {row['object_id']}, and exact for {other['subject_id']}, "
                        f"which is no kind of {shorten(row.subject)} ({other.table}, line {other.line})"
                    )
                    yield Finding(row.table, row.line, "subtree", what, "Review what is below the code, or say itself.")


def routes_differ(subjects: Mapping[str, Subject], one: Row, other: Row) -> bool:
    """Whether two rows are of drugs whose classes act by different routes."""
    routes = {subjects[row.subject].route for row in (one, other)}
    return len(routes) > 1 and "" not in routes


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
