"""The answer for one patient, as rows, data, a graph or a page."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.assess import answer as _answer
from guidegraph.assess.assessing import find_therapy
from guidegraph.assess.assessment import FOR, TRUE, Assessment
from guidegraph.disagree.engine import Disagreements
from guidegraph.errors import UsageError
from guidegraph.knowledge.opened import Knowledge, software
from guidegraph.profile import digest as profile_digest

if TYPE_CHECKING:
    import rdflib


def behind(disagreements: Disagreements, found: Assessment, therapy: str) -> list[dict[str, Any]]:
    """The disagreements behind a contested status of an assessment; none for another status."""
    if found.statuses[therapy] != "contested":
        return []
    held = [s for s in found.statements(therapy, FOR) if found.truth(s) == TRUE]
    opposing = [s for s in found.opposing(therapy) if found.truth(s) == TRUE]
    return disagreements.behind(held, opposing, found.truth)


class Answer:
    """The answer for one patient: every therapy that a statement reaches, with its status and the reasons.

    Attributes:
        found: the assessment behind it.
    """

    def __init__(self, knowledge: Knowledge, disagreements: Disagreements, found: Assessment) -> None:
        self._knowledge = knowledge
        self._disagreements = disagreements
        self.found = found

    @cached_property
    def _data(self) -> dict[str, Any]:
        data = _answer.answer(
            self.found,
            profile_digest=profile_digest(self.found.profile),
            knowledge={
                "digest": self._knowledge.digest,
                "version": self._knowledge.version,
                "links": self._knowledge.link_digests((*self.found.profile.readings, *self.found.linked.values())),
            },
            software=software(),
            queries=self._knowledge.query_digests(),
        )
        for therapy, entry in zip(_answer.ranked(self.found), data["therapies"], strict=True):
            entry["disagreements"] = behind(self._disagreements, self.found, therapy)
        return data

    def to_dict(self) -> dict[str, Any]:
        """The answer in the published JSON form; a copy that may be changed."""
        copy: dict[str, Any] = json.loads(json.dumps(self._data))
        return copy

    def saved(self) -> str:
        """The answer with everything that reproduces it, as Turtle, for :meth:`KnowledgeBase.replay`.

        It holds the patient's facts.
        """
        from guidegraph.assess.saved import write_saved

        return write_saved(self._knowledge, self.found, self._data)

    @property
    def statuses(self) -> dict[str, str]:
        """The status of each therapy, by the therapy's CURIE."""
        return {self.found.name(therapy): status for therapy, status in sorted(self.found.statuses.items())}

    def status(self, therapy: str) -> str:
        """The status of one therapy, named by label, synonym, CURIE or IRI.

        Raises:
            TermError: the text names no intervention, or more than one.
            UsageError: no statement reaches the intervention.
        """
        return self.found.statuses[find_therapy(self._knowledge, therapy, self.found)]

    def rows(self) -> list[dict[str, Any]]:
        """One plain row a therapy: intervention, label, category, status, line, for, against, contraindications."""
        return [
            {
                "intervention": entry["intervention"],
                "label": entry["label"],
                "category": entry["category"],
                "status": entry["status"],
                "line": entry["line"],
                "for": sum(rec["truth"] == "true" for rec in entry["for"]),
                "against": sum(rec["truth"] == "true" for rec in entry["against"]),
                "contraindications": sum(
                    row["truth"] == "true" and not row["note"] for row in entry["contraindications"]
                ),
                "to_confirm": len(entry["confirm"]),
            }
            for entry in self._data["therapies"]
        ]

    def table(self, frame: str = "rows") -> Any:
        """The therapies as rows, or as a frame: ``frame`` is "rows", "pandas" or "polars".

        Raises:
            UsageError: the frame is unknown, or its library is not installed.
        """
        if frame == "rows":
            return self.rows()
        if frame not in ("pandas", "polars"):
            raise UsageError(f"unknown table form {frame!r}", mend="Use rows, pandas or polars.")
        try:
            module = __import__(frame)
        except ImportError as error:
            raise UsageError(f"{frame} is not installed", mend=f"Install it: pip install {frame}") from error
        return module.DataFrame(self.rows())

    @cached_property
    def graph(self) -> rdflib.Graph:
        """The assessment as an rdflib graph: the profile, truth values, statuses and reasons."""
        import rdflib

        with self._knowledge.session(
            self.found.profile, self.found.as_of, self.found.jurisdiction, self.found.linked
        ) as session:
            dataset = ox.Dataset(ox.Quad(q.subject, q.predicate, q.object) for q in session.quads())
        dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
        text = ox.serialize(sorted(dataset, key=str), format=ox.RdfFormat.N_QUADS)
        graph = rdflib.Graph()
        for prefix, iri in ns.PREFIXES.items():
            graph.bind(prefix, iri)
        return graph.parse(data=text, format="nt")

    def _repr_html_(self) -> str:
        from guidegraph.render import notebook_html

        return notebook_html(self._data)

    def __repr__(self) -> str:
        counts: dict[str, int] = {}
        for status in self.found.statuses.values():
            counts[status] = counts.get(status, 0) + 1
        told = ", ".join(f"{counts[s]} {s}" for s in sorted(counts))
        return f"<Answer for {self.found.profile.id!r} as of {self.found.as_of}: {told}>"
