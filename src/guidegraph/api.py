"""The Python interface: open a knowledge base, ask it about a patient, look at the answer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from guidegraph import assets, run, store, verify
from guidegraph import namespaces as ns
from guidegraph.assess import answer as _answer
from guidegraph.assess.assessment import Assessment, read_assessment
from guidegraph.assess.change import smallest_change
from guidegraph.assess.explain import explanation
from guidegraph.assess.questions import questions as _questions
from guidegraph.assess.timeline import timeline as _timeline
from guidegraph.disagree.build import DisagreementIndex
from guidegraph.errors import DocumentError, UsageError
from guidegraph.knowledge import describe
from guidegraph.knowledge.engine import Engine, steps
from guidegraph.knowledge.facts import FactBook
from guidegraph.knowledge.records import Records
from guidegraph.model import Parameter, Profile
from guidegraph.profile import (
    Vocabulary,
    apply_implications,
    implication_rows,
    read_profile,
    term_rows,
    to_triples,
)
from guidegraph.profile import digest as profile_digest
from guidegraph.run import Result

if TYPE_CHECKING:
    import rdflib

ProfileSource = str | Path | Mapping[str, Any] | Profile
#: The folders whose queries make an answer; their digests go with it.
_ANSWER_FOLDERS = ("index", "assess", "answer")


def software() -> str:
    """Name and version of this software."""
    return f"guidegraph {metadata.version('guidegraph')}"


class Answer:
    """The answer for one patient: every therapy that a statement reaches, with its status and the reasons.

    Attributes:
        found: the assessment behind it.
    """

    def __init__(self, kb: KnowledgeBase, found: Assessment) -> None:
        self._kb = kb
        self.found = found

    @cached_property
    def _data(self) -> dict[str, Any]:
        return _answer.answer(
            self.found,
            profile_digest=profile_digest(self.found.profile),
            knowledge={"digest": self._kb.digest, "version": self._kb.version},
            software=software(),
            queries=self._kb.query_digests(),
        )

    def to_dict(self) -> dict[str, Any]:
        """The answer in the published JSON form; a copy that may be changed."""
        copy: dict[str, Any] = json.loads(json.dumps(self._data))
        return copy

    @property
    def statuses(self) -> dict[str, str]:
        """The status of each therapy, by the therapy's CURIE."""
        return {describe.name(therapy): status for therapy, status in sorted(self.found.statuses.items())}

    def status(self, therapy: str) -> str:
        """The status of one therapy, named by label, synonym, CURIE or IRI.

        Raises:
            TermError: the text names no intervention, or more than one.
            UsageError: no statement reaches the intervention.
        """
        return self.found.statuses[self._kb.therapy(therapy, self.found)]

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

        with self._kb.session(self.found.profile, self.found.as_of, self.found.jurisdiction) as session:
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


class KnowledgeBase:
    """Ontology, documents and queries, loaded and indexed once; safe to share between threads."""

    def __init__(self, loaded: ox.Store) -> None:
        self.store = loaded
        self.engine = Engine(loaded)
        self.records = Records(self.engine)
        self.disagreement = DisagreementIndex(self.engine, self.records)

    @cached_property
    def digest(self) -> str:
        """RDFC-1.0 digest of the knowledge (ontology and documents, without the derived index)."""
        return store.digest(self.store, leave_out=(ns.INDEX_GRAPH, ns.PROFILE_GRAPH, ns.ASSESSMENT_GRAPH))

    @cached_property
    def version(self) -> str:
        """The version of the knowledge, as the core ontology states it."""
        return self.engine.select("answer/version")[0][0]

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The terms that profiles and commands may use."""
        return Vocabulary(term_rows(self.engine.select("index/terms")))

    @cached_property
    def implications(self) -> Any:
        """The facts that bring or exclude other facts, as the ontology lists them."""
        return implication_rows(self.engine.select("index/implications"))

    @cached_property
    def book(self) -> FactBook:
        """The words for facts."""
        return FactBook(self.records, {row.iri: row for row in self.vocabulary.rows})

    def query_digests(self) -> list[dict[str, str]]:
        """Name and digest of every query that makes an answer."""
        return [{"name": s.name, "digest": s.digest} for folder in _ANSWER_FOLDERS for s in steps(folder)]

    def profile(self, source: ProfileSource) -> Profile:
        """Read a profile: a file, ``example:NAME``, a mapping, or a Profile; listed implications are applied.

        Raises:
            ProfileError: the profile cannot be read or contradicts itself.
            TermError: a term is unknown or ambiguous.
        """
        found = source if isinstance(source, Profile) else read_profile(source, self.vocabulary)
        return apply_implications(found, self.implications, self.vocabulary)

    def session(self, profile: Profile, as_of: date, jurisdiction: str | None) -> Any:
        """A running assessment of a profile, as a context manager (see :class:`Session`)."""
        return self.engine.session(to_triples(profile), as_of, jurisdiction)

    def assess(self, profile: Profile, as_of: date, jurisdiction: str | None = None) -> Assessment:
        """Assess a profile whose implications are applied."""
        with self.session(profile, as_of, jurisdiction) as session:
            return read_assessment(session, self.records, self.book, profile, as_of, jurisdiction)

    def therapies(
        self, profile: ProfileSource, *, as_of: date | None = None, jurisdiction: str | None = None
    ) -> Answer:
        """Which therapies are eligible for a patient, which are not and why, and what to find out next.

        Args:
            profile: see :meth:`profile`.
            as_of: the day at which statements must be in effect; today if None.
            jurisdiction: count only the labels of this country (ISO 3166-1 alpha-2, or EU); all if None.

        Raises:
            ProfileError: the profile cannot be read or contradicts itself.
            UsageError: no label of that jurisdiction is known.
        """
        self._check_jurisdiction(jurisdiction)
        return Answer(self, self.assess(self.profile(profile), as_of or date.today(), jurisdiction))

    def _check_jurisdiction(self, jurisdiction: str | None) -> None:
        known = sorted({code for node in self.records.nodes for code in self.records.all(node, "jurisdiction")})
        if jurisdiction is not None and jurisdiction not in known:
            raise UsageError(
                f"no document of jurisdiction {jurisdiction!r} is known",
                mend=f"Known are: {', '.join(known) or 'none'}.",
            )

    def therapy(self, text: str, found: Assessment) -> str:
        """The IRI of a therapy of an assessment, named by label, synonym, CURIE or IRI.

        Raises:
            TermError: the text names no intervention, or more than one.
            UsageError: no statement reaches the intervention.
        """
        iri = self.vocabulary.resolve(text, ("intervention",))
        if iri not in found.statuses:
            raise UsageError(
                f"no recommendation or contraindication reaches {self.records.label(iri)!r}",
                mend="guidegraph therapies lists every therapy that one reaches.",
            )
        return iri

    def resolve(self, text: str) -> str:
        """The IRI of any clinical class, named by label, synonym, CURIE or IRI.

        Raises:
            TermError: the text names nothing, or more than one thing.
        """
        return self.vocabulary.resolve(text, ("condition", "finding", "intervention"))

    def explain(
        self, profile: ProfileSource, therapy: str, *, as_of: date | None = None, jurisdiction: str | None = None
    ) -> dict[str, Any]:
        """The proof of one therapy's status and the smallest change that would make it eligible.

        Raises:
            ProfileError, TermError, UsageError: as :meth:`therapies` and :meth:`therapy`.
        """
        found = self.therapies(profile, as_of=as_of, jurisdiction=jurisdiction).found
        iri = self.therapy(therapy, found)
        change = smallest_change(found, iri, self._again(found))
        return explanation(found, iri, change)

    def ask(
        self, profile: ProfileSource, *, as_of: date | None = None, jurisdiction: str | None = None
    ) -> list[dict[str, Any]]:
        """The unknown facts, ranked by what they could change."""
        answer = self.therapies(profile, as_of=as_of, jurisdiction=jurisdiction)
        questions: list[dict[str, Any]] = _questions(answer.found)
        return questions

    def timeline(
        self, profile: ProfileSource, *, as_of: date | None = None, jurisdiction: str | None = None
    ) -> dict[str, Any]:
        """Statuses by week, at every week at which something can change."""
        found = self.therapies(profile, as_of=as_of, jurisdiction=jurisdiction).found
        return _timeline(found.profile, self.records, self._again(found))

    def verify_document(self, path: str | Path, document: str | None = None) -> verify.Verification:
        """Check a document's text against the digests of its places.

        Args:
            path: the text as a UTF-8 file.
            document: CURIE or IRI of the document; the one whose passages fit best if None.

        Raises:
            DocumentError: the file cannot be read, or the document is unknown or was encoded without its text.
        """
        known = verify.places(self.engine.select("answer/places"))
        text = verify.read_text(Path(path))
        iri = verify.choose(text, known) if document is None else ns.expand(document) or document
        if iri not in known:
            told = ", ".join(describe.name(d) for d in sorted(known)) or "none"
            raise DocumentError(f"no places of document {document!r} are known", mend=f"Known are: {told}.")
        digest, found = known[iri]
        return verify.verify(describe.name(iri), text, digest, found)

    def _again(self, found: Assessment) -> Any:
        def assess(profile: Profile) -> Assessment:
            settled = apply_implications(profile, self.implications, self.vocabulary)
            return self.assess(settled, found.as_of, found.jurisdiction)

        return assess


def open_knowledge(root: str | Path | None = None, *, extra: Sequence[str | Path] = ()) -> KnowledgeBase:
    """Open a knowledge base.

    Args:
        root: a folder with ontology/ and graph/; the shipped one if None.
        extra: further Turtle or TriG files of the user.

    Raises:
        KnowledgeError: a file cannot be read or parsed.
    """
    folder = Path(root) if root is not None else assets.root()
    return KnowledgeBase(store.load_knowledge(folder, extra=extra))


def run_query(
    kb: KnowledgeBase | None,
    text: str,
    declared: Sequence[Parameter] | None,
    params: Sequence[str],
    *,
    endpoint: str | None = None,
    allow_remote: bool = False,
) -> Result:
    """Run one query over a knowledge base, or at a SPARQL endpoint.

    Args:
        kb: the knowledge base; may be None for an endpoint when no parameter needs a term resolved.
        declared: the parameters of the query, which the given ones must match; None where nothing declares them,
            so that any variable of the query may be given.
        params: ``name=value`` texts.

    Raises:
        QueryError, EndpointError, UsageError: see :mod:`guidegraph.run` and :mod:`guidegraph.store`.
    """
    given = run.parse_parameters(params)
    known = run.undeclared(text, given) if declared is None else declared
    terms = run.bind(known, given, kb.resolve if kb else None)
    if endpoint is None:
        if kb is None:
            raise UsageError("a query needs a knowledge base or an endpoint", mend="Open one with guidegraph.open().")
        return run.run(kb.store, text, terms, allow_remote=allow_remote)
    form = run.check(text, allow_remote=allow_remote)
    prefixes = "".join(f"PREFIX {p}: <{iri}>\n" for p, iri in ns.PREFIXES.items() if f"PREFIX {p}:" not in text)
    return run.remote_result(form, endpoint, prefixes + run.with_values(text, terms))
