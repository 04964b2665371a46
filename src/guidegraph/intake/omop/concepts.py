"""What the concepts and source codes of CDM rows say in our terms.

The code of the source comes first (it is what somebody wrote down), then the standard concept that it was mapped to,
then the source value, for whose vocabulary the user vouches. What no mapping knows is read by the nearest concept
above it, where the source has concept_ancestor.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from guidegraph import namespaces as ns
from guidegraph.intake.concepts import Code, CodeReader, Concepts
from guidegraph.intake.omop.source import Source
from guidegraph.intake.report import shown
from guidegraph.model import CodeReading
from guidegraph.profile import Vocabulary
from guidegraph.terminologies.allergens import Allergens

#: Prefixes of our own terms, which a site may use as its source codes.
_OURS = {"ggt": ns.GGT, "gg": ns.GG}
_INVALID = {"U": "replaced by another", "D": "deleted"}


#: Why a concept that stands there as different things is none.
_SEVERAL = "stands in the table concept several times, as different things"


@dataclass(frozen=True)
class Concept:
    """A row of the concept table; ``invalid`` is its invalid_reason, "" for a valid one."""

    id: int
    name: str
    domain: str
    vocabulary: str
    code: str
    invalid: str = ""

    @property
    def text(self) -> str:
        """The concept for people: its vocabulary, code and name."""
        return f"{self.vocabulary}:{self.code} ({self.name})"


@dataclass(frozen=True)
class Coded:
    """The codes of one row: source concept, standard concept and source value, as the row has them."""

    table: str
    concept: int | None
    source_concept: int | None = None
    source_value: str = ""


class Vocabularies:
    """Reads the concepts of one source; remembers them, since records repeat them.

    Args:
        source: the opened CDM.
        codes: reads the codes of other terminologies.
        terms: our vocabulary.
        prefixes: by table, the CURIE prefix of its source values.
        lexicon: the folder of everyday names, whose table tells what sets off each allergy.
    """

    def __init__(
        self,
        source: Source,
        codes: CodeReader,
        terms: Vocabulary,
        prefixes: Mapping[str, str],
        lexicon: Path | None = None,
    ) -> None:
        self._source = source
        self._codes = codes
        self._single = Concepts(terms, codes, lexicon=lexicon)
        self._prefixes = prefixes
        self._concepts: dict[int, Concept | None] = {}
        self._readings: dict[int, CodeReading] = {}
        self._rows: dict[Coded, tuple[str, CodeReading]] = {}
        self._cite = self._version() if "concept_ancestor" in source.tables else ""

    def learn(self, used: Iterable[int | None], others: Iterable[int | None] = ()) -> None:
        """Read the concepts that rows use, all in one go, and what stands above those that no mapping knows.

        ``others`` are concepts that are only looked at (units, answers), never read by what stands above them.
        """
        wanted, more = ({c for c in ids if c} for ids in (used, others))
        new = sorted((wanted | more) - set(self._concepts))
        if new and "concept" in self._source.tables:
            for row in self._source.rows("concepts", concepts=new):
                read, known = _concept(row, row["concept"]), self._concepts.get(row["concept"])
                several = known is not None and known != read
                self._concepts[read.id] = replace(read, invalid=_SEVERAL) if several else read
        for missing in new:
            self._concepts.setdefault(missing, None)
        fresh = sorted(wanted - set(self._readings))
        for concept in fresh:
            self._readings[concept] = self._plain(concept)
        bare = [c for c in fresh if self._climbs(c)]
        if bare and self._cite:
            self._climb(bare)

    def concept(self, concept: int | None) -> Concept | None:
        """The concept of an id, None where the source has no such concept."""
        return self._concepts.get(concept) if concept else None

    def curie(self, concept: int | None) -> str:
        """The CURIE of a valid concept, "" where there is none."""
        known = self.concept(concept)
        prefix = self._codes.prefix_of(known.vocabulary) if known and not known.invalid else None
        return f"{prefix}:{known.code}" if known and prefix else ""

    def meaning(self, concept: int | None) -> CodeReading:
        """What a concept says that is only looked at, such as an answer; nothing where there is none."""
        return self._plain(concept) if concept in self._concepts else CodeReading("")

    def named(self, reading: CodeReading) -> list[str]:
        """The drugs of ours that a concept is called by whose code nobody knows."""
        return [] if reading.understood else self._single.named([reading.label])

    @property
    def allergens(self) -> Allergens:
        """What sets off which allergy."""
        return self._single.allergens

    def words_against(self, text: str) -> str:
        """What the words of a source value say that takes back what its code says, "" where they do not."""
        return self._single.words_against((), text)

    def read(self, coded: Coded) -> tuple[str, CodeReading]:
        """The text of a row's code and what it says; concepts must have been learned."""
        known = self._rows.get(coded)
        if known is None:
            known = self._rows[coded] = self._read(coded)
        return known

    def _read(self, coded: Coded) -> tuple[str, CodeReading]:
        tried = [self._readings[c] for c in dict.fromkeys((coded.source_concept, coded.concept)) if c]
        value = coded.source_value.strip()
        prefix = self._prefixes.get(coded.table, "")
        if value and prefix and not any(reading.understood for reading in tried):
            tried.append(self._value(prefix, value))
        # What the source itself says is whole; the standard concept was chosen for it.
        original = next(iter(tried if coded.source_concept or not (value and prefix) else tried[-1:]), None)
        names = dict.fromkeys(shown(reading.name) for reading in tried)
        text = "; ".join(names) or (repr(shown(value, 60)) if value else "concept 0")
        failed: list[str] = []
        # What the patient has counts before what follows from lacking it: a code that only denies is second best.
        if original is not None and original.another and not any(reading.present for reading in tried):
            return text, original
        for reading in sorted(tried, key=lambda r: (not r.present, not r.understood)):
            if reading.understood:
                return text, reading
            failed += [f"{reading.curie}: {step}" for step in reading.steps]
        if not any((coded.concept, coded.source_concept)):
            failed.insert(0, "concept 0: the source's code has no standard concept")
        if value and not prefix:
            failed.append(f"the vocabulary of the source value {shown(value, 60)!r} is not told (--source-vocabulary)")
        return text, CodeReading(text, steps=tuple(dict.fromkeys(failed)))

    def _plain(self, concept: int) -> CodeReading:
        known = self._concepts[concept]
        if known is None:
            why = "is not in the table concept" if "concept" in self._source.tables else "cannot be looked up"
            mend = "" if "concept" in self._source.tables else ": there is no table concept"
            return CodeReading(f"concept {concept}", steps=(f"concept {concept} {why}{mend}",))
        if known.invalid == _SEVERAL:
            return CodeReading(f"concept {concept}", steps=(f"concept {concept} {_SEVERAL}",))
        if known.invalid:
            kind = _INVALID.get(known.invalid, "invalid")
            return CodeReading(
                f"{known.vocabulary}:{known.code}",
                known.name,
                steps=(f"the concept is invalid: {kind} (invalid_reason {known.invalid})",),
            )
        curie = self.curie(concept)
        if not curie:
            return CodeReading(
                f"{known.vocabulary}:{known.code}",
                known.name,
                steps=(f"{known.vocabulary} is no vocabulary that is mapped",),
            )
        reading = self._one(known.vocabulary, known.code)
        return reading if reading.label else replace(reading, label=known.name)

    def _one(self, system: str, code: str) -> CodeReading:
        return self._single.one(Code(system, code))[1]

    def _value(self, prefix: str, value: str) -> CodeReading:
        if prefix in _OURS:
            return self._one(_OURS[prefix], value)
        reading = self._one(prefix, value)
        step = f"the source value is read as a code of {prefix} (--source-vocabulary)"
        return replace(reading, steps=(step, *reading.steps))

    def _climbs(self, concept: int) -> bool:
        """Whether a concept may be read by what stands above it: a valid one that says nothing, no combination."""
        known = self._concepts[concept]
        if known is None or known.invalid or self._readings[concept].present:
            return False
        prefix = self._codes.prefix_of(known.vocabulary)
        linked: Any = getattr(self._codes, "linked", None)
        terms = [h.terms.get(known.code) for h in linked(prefix)] if linked and prefix else []
        return not any(term.combination for term in terms if term)

    def _climb(self, concepts: Sequence[int]) -> None:
        nearest: dict[int, int] = {}
        readings: dict[int, list[tuple[Concept, CodeReading]]] = {}
        for row in self._source.rows("ancestors", concepts=list(concepts)):
            concept, levels = row["concept"], row["levels"]
            if levels > nearest.get(concept, levels):
                continue
            ancestor = _concept(row, row["ancestor"])
            reading = self._one(ancestor.vocabulary, ancestor.code)
            # A mapping that nobody has reviewed for what is below its code says nothing of this concept.
            if reading.subtree and not ancestor.invalid:
                nearest[concept] = levels
                readings.setdefault(concept, []).append((ancestor, reading))
        for concept, above in readings.items():
            self._readings[concept] = self._above(concept, nearest[concept], above)

    def _above(self, concept: int, levels: int, above: Sequence[tuple[Concept, CodeReading]]) -> CodeReading:
        own, plain = self._concepts[concept], self._readings[concept]
        assert own is not None
        steps: list[str] = []
        for ancestor, reading in above:
            far = f"{levels} level{'s' if levels > 1 else ''}"
            steps += [f"{own.text} is {far} below {ancestor.text} {self._cite}", *reading.steps]
        sources = {source for _, reading in above for source in reading.sources}
        return replace(
            plain,
            label=own.name,
            present=tuple(sorted({iri for _, reading in above for iri in reading.subtree})),
            steps=tuple(dict.fromkeys(steps)),
            sources=tuple(sorted(sources | {"concept_ancestor"})),
            another=(),
            denies=(),
            may=(),
        )

    def _version(self) -> str:
        release = ""
        if "vocabulary" in self._source.tables:
            release = next((f", {row['vocabulary_version']}" for row in self._source.rows("vocabulary")), "")
        return f"[concept_ancestor of the source{release}]"


def _concept(row: Mapping[str, Any], concept: int) -> Concept:
    def cell(name: str) -> str:
        return shown((row[name] or "").strip())

    return Concept(
        concept,
        cell("concept_name"),
        cell("domain_id"),
        cell("vocabulary_id"),
        cell("concept_code"),
        cell("invalid_reason"),
    )
