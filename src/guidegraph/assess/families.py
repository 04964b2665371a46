"""How therapies hang together: what is above and inside each, and the families that an answer counts by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence

from guidegraph.assess.assessment import ABSOLUTE, FOR, Assessment
from guidegraph.knowledge.records import Records, gg
from guidegraph.namespaces import IDX


class Interventions:
    """How interventions hang together: classes above, parts, categories, and what meets an attached condition."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._reached: dict[str, set[str]] = {}
        rows = records.plans
        self._contains = {subject: props.get(IDX + "contains", ()) for subject, props in rows.items()}
        self.meeting: Mapping[str, Sequence[str]] = {s: p[gg("metBy")] for s, p in rows.items() if gg("metBy") in p}
        categories = {subject for subject, props in rows.items() if gg("categoryName") in props}
        #: Classes that say no more than what sort of thing an intervention is.
        self.wide = {up for cls in categories for up in self.above(cls)} | {gg("Intervention")}

    def above(self, cls: str) -> frozenset[str]:
        """The class and those above it."""
        return self._records.ancestors.get(cls, frozenset((cls,)))

    def parts(self, cls: str) -> set[str]:
        """The class and its parts, and theirs."""
        found, rest = {cls}, [cls]
        while rest:
            new = {part for up in self.above(rest.pop()) for part in self._contains.get(up, ())} - found
            found |= new
            rest += sorted(new)
        return found

    def reach(self, cls: str) -> set[str]:
        """The class and its parts, with all above them: what says of one of these says it of the class."""
        if cls not in self._reached:
            self._reached[cls] = {up for part in self.parts(cls) for up in self.above(part)}
        return self._reached[cls]

    @classmethod
    def of(cls, records: Records) -> Interventions:
        """Those of some records, found once."""
        known: Interventions = records.kept.get(cls) or records.kept.setdefault(cls, cls(records))
        return known


def deciding(assessment: Assessment, therapy: str) -> frozenset[str]:
    """The true statements and rules that make a therapy's status."""
    return assessment.once(("deciding", therapy), lambda: _deciding(assessment, therapy))


def _deciding(assessment: Assessment, therapy: str) -> frozenset[str]:
    status, against = assessment.statuses[therapy], assessment.opposing(therapy)
    if status == "contraindicated":
        said: Sequence[str] = assessment.statements(therapy, ABSOLUTE)
    elif status == "advised-against":
        said = against
    else:
        said = (*assessment.statements(therapy, FOR), *against, *assessment.cautions(therapy))
    return assessment.true.intersection(said)


def families(assessment: Assessment, beside: Mapping[str, str] | None = None) -> Mapping[str, str]:
    """The head of each therapy's family: the highest above it, or among its parts, of the same status and reasons.

    ``beside`` is what else the therapies of a family have alike.
    """
    statuses, more = assessment.statuses, beside or {}
    return heads(
        assessment.filed.records, {t: (statuses[t], more.get(t, ""), deciding(assessment, t)) for t in statuses}
    )


def heads(records: Records, alike: Mapping[str, Hashable]) -> dict[str, str]:
    """For each therapy the highest above it, or among its parts, that is like it; itself where there is none."""
    known = Interventions.of(records)
    reach = {therapy: known.reach(therapy) for therapy in alike}
    kept: dict[Hashable, list[str]] = defaultdict(list)
    found: dict[str, str] = {}
    for therapy in sorted(reach, key=lambda t: (len(reach[t]), records.label(t), t)):
        mine = kept[alike[therapy]]
        head = next((one for one in mine if one in reach[therapy]), therapy)
        if head == therapy:
            mine.append(therapy)
        found[therapy] = head
    return found
