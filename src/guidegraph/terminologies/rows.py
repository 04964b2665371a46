"""What one row of a mapping table says, by the prefixes of its table, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from guidegraph import namespaces as ns
from guidegraph.days import written_day
from guidegraph.terminologies.model import HAS, Terminology

#: Prefix of the names of sources in object_source, and the name for what was read at a page.
SOURCE, PAGE = "ggs:", "page"
COLUMNS = ("subject_id", "predicate_id", "object_id")
#: The column that says that a match does not hold.
MODIFIER = "predicate_modifier"
#: The column that says for what a row stands: for its code with all below it, or (by a reviewer) for the code alone.
SCOPE = "object_scope"
SUBTREE, ITSELF = "subtree", "itself"
#: The column that says how sure the author of a row is of it.
CONFIDENCE = "confidence"
#: What the check of a table asks each row for.
_NEEDED = (
    "subject_id", "subject_label", "predicate_id", "object_id", "mapping_justification", "mapping_date",
    "object_source", "object_source_version",
)  # fmt: skip
PREDICATES = {f"skos:{name}Match": name for name in ("exact", "broad", "narrow", "close")}
_PREDICATES = {ns.SKOS + curie.partition(":")[2]: name for curie, name in PREDICATES.items()}
NOT_FOUND = "sssom:NoTermFound"
#: What SSSOM binds by itself. Source: SSSOM 1.1, "IRI prefixes".
BUILT_IN = {
    "linkml": "https://w3id.org/linkml/",
    "semapv": "https://w3id.org/semapv/vocab/",
    "sssom": "https://w3id.org/sssom/",
    **{prefix: ns.PREFIXES[prefix] for prefix in ("owl", "rdf", "rdfs", "skos", "xsd")},
}
_NOT_FOUND = BUILT_IN["sssom"] + "NoTermFound"
_CURIE = re.compile(r"([A-Za-z_][\w.-]*):(?!//)(\S+)")


@dataclass(frozen=True)
class Fault:
    """What is wrong with a row. One that is ``grave`` leaves open what the row says, so that nothing may be read."""

    rule: str
    what: str
    mend: str
    grave: bool = True


class Prefixes:
    """What the prefixes of one table mean, and the terminologies by the IRIs of their codes.

    Args:
        bound: the IRI of each prefix.
        terminologies: the registry.
    """

    def __init__(self, bound: Mapping[str, str], terminologies: Mapping[str, Terminology]) -> None:
        self.bound, self.terminologies = bound, terminologies
        self._fitting: dict[str, list[Terminology]] = {}

    def iri(self, curie: str) -> str:
        """The IRI that a CURIE stands for, "" where it is none or its prefix is not bound."""
        prefix, _, local = curie.partition(":")
        return self.bound[prefix] + local if local and prefix in self.bound else ""

    def code(self, curie: str) -> tuple[str, str]:
        """The terminology (its prefix in our registry) and the code that a CURIE stands for, "" twice for none."""
        prefix, _, local = curie.partition(":")
        base = self.bound.get(prefix)
        if base is None or not local:
            return "", ""
        if prefix not in self._fitting:
            known = (t for t in self.terminologies.values() if base.startswith(t.iri) or t.iri.startswith(base))
            self._fitting[prefix] = sorted(known, key=lambda t: -len(t.iri))
        iri = base + local
        for terminology in self._fitting[prefix]:
            if iri.startswith(terminology.iri) and iri != terminology.iri:
                code = iri[len(terminology.iri) :]
                return terminology.prefix, unquote(code) if "%" in code else code
        return "", ""


@dataclass(frozen=True)
class Row:
    """One row: its table's file, its line, its cells by column, and how many cells too many or too few it has.

    ``subject`` is the IRI of a term of ours, ``predicate`` exact, broad, narrow or close, ``prefix`` and ``code`` are
    those of the object in our registry: each "" where the cell holds nothing of the kind.
    """

    table: str
    line: int
    cells: Mapping[str, str]
    surplus: int
    prefixes: Prefixes
    subject: str
    predicate: str
    prefix: str
    code: str

    @classmethod
    def of(cls, table: str, line: int, cells: Mapping[str, str], surplus: int, prefixes: Prefixes) -> Row:
        """The row that some cells make."""
        subject, predicate = (prefixes.iri(cells.get(name, "")) for name in ("subject_id", "predicate_id"))
        ours = subject if subject.startswith((ns.GGT, ns.GG)) else ""
        code = prefixes.code(cells.get("object_id", ""))
        return cls(table, line, cells, surplus, prefixes, ours, _PREDICATES.get(predicate, ""), *code)

    def __getitem__(self, name: str) -> str:
        return self.cells.get(name, "")

    @property
    def negated(self) -> bool:
        """Whether the row says that its match does not hold."""
        return bool(self[MODIFIER])

    @property
    def found(self) -> bool:
        """Whether the row names a code."""
        return bool(self.prefix) or self.prefixes.iri(self["object_id"]) != _NOT_FOUND

    @property
    def plain(self) -> bool:
        """Whether nothing is wrong that would leave open what the row says: a quick look, since most rows are so."""
        return bool(
            self.subject
            and self.predicate
            and self.prefix
            and not (self.surplus or self.negated)
            and (self[SCOPE] in ("", ITSELF) or (self[SCOPE] == SUBTREE and self.predicate in HAS))
        )

    @property
    def curie(self) -> str:
        """The object with the prefix of our registry."""
        return f"{self.prefix}:{self.code}"

    def faults(self) -> Iterator[Fault]:
        """What makes the row no row of a table, grave or not, and how to mend it."""

        def grave(what: str, mend: str) -> Fault:
            return Fault("malformed-row", what, mend)

        if self.surplus:
            yield grave(
                f"{abs(self.surplus)} cells too {'many' if self.surplus > 0 else 'few'}", "Give each column one cell."
            )
            return
        for name in _NEEDED:
            if not self[name]:
                yield Fault("malformed-row", f"no {name}", "Fill it in.", name in COLUMNS)
        subject, predicate, obj, modifier = (self[name] for name in (*COLUMNS, MODIFIER))
        if subject and not self.subject:
            yield Fault("unknown-subject", f"{subject[:60]!r} is no term of ours", "Write ggt:Name or gg:name.")
        if predicate and not self.predicate:
            yield grave(f"predicate {predicate[:40]!r}", f"Use one of {', '.join(PREDICATES)}.")
        if modifier not in ("", "Not"):
            yield grave(f"predicate_modifier {modifier[:40]!r}", "Write Not, or leave the cell empty.")
        if obj and not _CURIE.fullmatch(obj):
            yield grave(f"{obj[:60]!r} is no CURIE", f"Write PREFIX:code, or {NOT_FOUND}.")
        elif obj and self.found and not self.prefix:
            yield self._strange(obj.partition(":")[0])
        elif modifier and not self.found:
            yield grave(f"it denies {obj}, which says nothing", "Name the code that is denied.")
        yield from self._scope()
        yield from self._slips()

    def _scope(self) -> Iterator[Fault]:
        """What is wrong with what a row says of the codes below its own."""
        scope = self[SCOPE]
        if scope not in ("", SUBTREE, ITSELF):
            mend = f"Write {SUBTREE} where all below the code was reviewed, or {ITSELF}."
            yield Fault("malformed-row", f"{SCOPE} {scope[:40]!r}", mend)
        elif scope == SUBTREE and self.predicate in (
            ("exact", "broad", "close") if self.negated else ("broad", "close")
        ):
            told = f"{SCOPE} {SUBTREE} of a row by which whoever has the code need not have our term"
            mend = (
                "Only an exact or narrow match, or that a code is no narrow one, can stand for what is below the code."
            )
            yield Fault("malformed-row", told, mend)

    def _strange(self, prefix: str) -> Fault:
        known = ", ".join(sorted(self.prefixes.terminologies))
        iri = self.prefixes.bound.get(prefix)
        if iri is None:
            what = f"{prefix[:20]!r} is bound to nothing, and so is no terminology"
            return Fault("unknown-prefix", what, f"Bind it in the curie_map, to the IRI of one of {known}.")
        what = f"{prefix[:20]!r} is bound to {iri[:80]}, which is no terminology here"
        return Fault("unknown-prefix", what, f"Use the IRI of one of {known}, or describe it in terminologies.yaml.")

    def _slips(self) -> Iterator[Fault]:
        """What leaves the meaning of the row as it is."""
        justification, day = self["mapping_justification"], self["mapping_date"]
        told = []
        if justification and not self.prefixes.iri(justification).startswith(BUILT_IN["semapv"]):
            told.append((f"justification {justification[:40]!r}", "Use a term of semapv."))
        if day and not _is_day(day):
            told.append((f"{day[:20]!r} is no date", "Write it as 2026-01-31."))
        if self[CONFIDENCE] and not _is_share(self[CONFIDENCE]):
            told.append((f"confidence {self[CONFIDENCE][:20]!r}", "Write a number from 0 to 1."))
        if self["reviewer_id"] and self["reviewer_id"] == self["author_id"]:
            told.append(
                (
                    f"{self['author_id'][:40]} reviews what they wrote",
                    "Leave reviewer_id empty until somebody else has read the row.",
                )
            )
        if self.found and not self["object_label"]:
            told.append(("no object_label", "Copy the label from the terminology."))
        if not self.found and not self["comment"]:
            told.append(("no comment", "Say where was looked, and with which words."))
        yield from (Fault("malformed-row", what, mend, False) for what, mend in told)


def _is_share(text: str) -> bool:
    """Whether a text is a number from 0 to 1, as SSSOM writes how sure one is."""
    return bool(re.fullmatch(r"0(?:\.[0-9]{1,6})?|1(?:\.0{1,6})?", text, re.ASCII))


def _is_day(text: str) -> bool:
    try:
        return bool(written_day(text))
    except ValueError:
        return False
