"""The answer for one patient, as rows, data, a graph or a page."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.assess import answer as _answer
from guidegraph.assess.assessing import boundaries, every_voice, find_therapy
from guidegraph.assess.assessment import ABSOLUTE, FOR, UNKNOWN, Assessment
from guidegraph.disagree.engine import Disagreements
from guidegraph.errors import UsageError
from guidegraph.knowledge import describe
from guidegraph.knowledge.lay import ENGLISH, PROFESSIONAL, READERS, primary
from guidegraph.knowledge.opened import Knowledge, software
from guidegraph.model import plain_copy
from guidegraph.profile import digest as profile_digest

if TYPE_CHECKING:
    import rdflib

    from guidegraph import forms
    from guidegraph.dataforms import Data
    from guidegraph.derived import Glance


class Answer:
    """The answer for one patient: every therapy that a statement reaches, with its status and the reasons.

    Attributes:
        assessment: the assessment behind it.
    """

    def __init__(self, knowledge: Knowledge, disagreements: Disagreements, assessment: Assessment) -> None:
        self._knowledge = knowledge
        self._disagreements = disagreements
        self.assessment = assessment

    @cached_property
    def _data(self) -> forms.Assessed:
        """What the views read, made once; what it holds is shared with other answers."""
        return self._answered(self.assessment)

    def _answered(self, assessment: Assessment) -> forms.Assessed:
        knowledge = self._knowledge
        return _answer.answer(
            assessment,
            profile_digest=profile_digest(assessment.profile),
            knowledge={
                "digest": knowledge.digest,
                "version": knowledge.version,
                "links": knowledge.link_digests((*assessment.profile.readings, *assessment.linked.values())),
            },
            software=software(),
            queries=knowledge.query_digests(),
            behind=self._disagreements.behind,
            boundary=boundaries(knowledge, assessment),
            baseline=every_voice(knowledge, assessment) if assessment.asked.voices else None,
        )

    @cached_property
    def whole(self) -> forms.Answer:
        """The whole answer in the published JSON form, for who only reads: it is shared with other answers."""
        told: forms.Assessed = {
            **self._data,
            "therapies": [cast("forms.Therapy", dict(t)) for t in self._data["therapies"]],
        }
        return {**told, "sources": describe.sources(self.assessment.records, told)}

    def to_dict(self) -> forms.Answer:
        """The whole answer in the published JSON form; a copy that may be changed."""
        return plain_copy(self.whole)

    def asked(self) -> forms.Asked:
        """The part of the answer that the questions are shown with; a copy."""
        from guidegraph.forms import Asked

        part: Any = {key: value for key, value in self._data.items() if key in Asked.__annotations__}
        told: forms.Asked = plain_copy(part)
        return told

    @cached_property
    def _glance(self) -> Glance:
        from guidegraph.assess.glance import glance

        return glance(self.assessment, self._data)

    @cached_property
    def _glances(self) -> dict[tuple[str, str], Glance]:
        """The glances in other words that were asked for, by reader and language."""
        return {}

    def _glance_in(self, reader: str, language: str) -> Glance:
        from guidegraph.assess.glance import glance_in, in_other_words

        words = self._knowledge.lay_in(language, reader)
        key = reader, words.language
        if key not in self._glances:
            told = in_other_words(words, self.assessment)
            self._glances[key] = glance_in(words, told, self._answered(told))
        return self._glances[key]

    def glance(self, reader: str = "professional", language: str = "en") -> Glance:
        """What one acts on in half a minute: every therapy in one band, in the published JSON form; a copy.

        Args:
            reader: "professional", or "plain" for everyday words that say the same in the same order.
            language: of the words, as a tag such as "de"; what that does not have stands in English and is told.

        Raises:
            UsageError: the reader is neither, or nothing is said in that language.
        """
        if reader not in READERS:
            mend = f"Use {' or '.join(READERS)}."
            raise UsageError(f"no answer is written for {reader!r}", where="reader", mend=mend)
        english = reader == PROFESSIONAL and primary(language) == ENGLISH
        return plain_copy(self._glance if english else self._glance_in(reader, language))

    def data(self) -> Data:
        """The answer for programs, everything in it once (schema/data.schema.json); a copy."""
        return plain_copy(self._lean)

    def json(self) -> str:
        """The answer's data as text of JSON: what :meth:`data` gives, without the time for a copy of it."""
        from guidegraph.words import to_lines

        return to_lines(self._lean)

    @cached_property
    def _lean(self) -> Data:
        from guidegraph.assess.data import data

        return data(self.assessment, self._data, self._glance)

    def saved(self) -> str:
        """The answer with everything that reproduces it, as Turtle, for :meth:`KnowledgeBase.replay`.

        It holds the patient's facts.
        """
        from guidegraph.assess.saved import write_saved

        return write_saved(self._knowledge, self.assessment, self._data)

    @property
    def statuses(self) -> dict[str, str]:
        """The status of each therapy, by the therapy's CURIE."""
        return {self.assessment.name(therapy): status for therapy, status in sorted(self.assessment.statuses.items())}

    def status(self, therapy: str) -> str:
        """The status of one therapy, named by label, synonym, CURIE or IRI.

        Raises:
            TermError: the text names no intervention, or more than one.
            UsageError: no statement reaches the intervention.
        """
        return self.assessment.statuses[find_therapy(self._knowledge, therapy, self.assessment)]

    def counted(self, therapy: str) -> list[forms.Recommendation]:
        """The voices for and against a therapy (IRI) that count for the patient, in the published JSON form; a copy."""
        from guidegraph.assess.voices import voices

        assessment = self.assessment
        sides = (assessment.statements(therapy, FOR), assessment.opposing(therapy))
        true = [assessment.held(side) for side in sides]
        return plain_copy([voice for side in true for voice in voices(assessment, therapy, side)])

    def unexcluded(self, therapy: str) -> list[str]:
        """The absolute contraindications of a therapy (IRI) that are not known to hold, nor known not to; labels."""
        stated = self.assessment.statements(therapy, ABSOLUTE)
        return sorted({self.assessment.records.label(s) for s in stated if self.assessment.truth(s) == UNKNOWN})

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

        with self._knowledge.session(self.assessment.profile, self.assessment.asked, self.assessment.linked) as session:
            dataset = ox.Dataset(ox.Quad(q.subject, q.predicate, q.object) for q in session.quads())
        dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
        text = ox.serialize(sorted(dataset, key=str), format=ox.RdfFormat.N_QUADS)
        graph = rdflib.Graph()
        for prefix, iri in ns.PREFIXES.items():
            graph.bind(prefix, iri)
        return graph.parse(data=text, format="nt")

    def _repr_html_(self) -> str:
        from guidegraph.render import notebook_html

        return notebook_html(self.whole, self._glance)

    def __repr__(self) -> str:
        counts: dict[str, int] = {}
        for status in self.assessment.statuses.values():
            counts[status] = counts.get(status, 0) + 1
        told = ", ".join(f"{counts[s]} {s}" for s in sorted(counts))
        return f"<Answer for {self.assessment.profile.id!r} as of {self.assessment.as_of}: {told}>"
