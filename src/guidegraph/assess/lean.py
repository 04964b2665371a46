"""What the data of an answer says of one statement or document: nothing that its identifier or its document says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from guidegraph.assess.assessment import UNKNOWN
from guidegraph.knowledge import describe
from guidegraph.namespaces import BASE

if TYPE_CHECKING:
    from guidegraph.assess.assessment import Assessment

#: How the identifiers of statements and of documents begin in other forms of an answer.
_STATEMENT, _DOCUMENT = "statement/", "ggd:"
#: What an identifier has that stands whole, where others stand without their document.
_WHOLE = frozenset("/:")
#: What is not stated.
_UNSTATED = "not stated"
#: What of a row is another for each patient.
_MOVING = ("truth", "because", "standing", "reported_by")
#: What a row says otherwise here, or its key does.
_OTHERWISE = frozenset(("id", "through", "how", "degree_stated", "issued_precision", "document", *_MOVING))
#: A row's own word, and the word of its source, which is told where it is another.
_WORDED = {"strength": "strength_wording", "kind": "kind_wording"}
_NO_STRENGTH = "none stated"
#: That the words of a document were read in itself.
_VERIFIED = "verified"
#: How a label says a stance between the intervention and for whom.
_STANCES = {
    "for": "for",
    "against": "not for",
    "no-recommendation": "no recommendation in",
    "insufficient-evidence": "evidence insufficient in",
}


def lean(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row without what is not stated, empty, nought or false."""
    return {key: value for key, value in row.items() if value and value != _UNSTATED}


def statement_id(name: str) -> str:
    """The identifier of a statement in the data of an answer."""
    return name.removeprefix(_STATEMENT)


def document_id(name: str) -> str:
    """The identifier of a document in the data of an answer."""
    return name.removeprefix(_DOCUMENT)


class LastingRow(NamedTuple):
    """What a row says of whatever patient: its data, the documents that it names, and of a recommendation, for whom it
    is, in our words and in those of its source, and what its label calls the intervention and them."""

    data: dict[str, Any]
    documents: tuple[str, ...]
    whom: tuple[str, str]
    called: tuple[str, str] | None


class Described:
    """Rows of an answer as its data has them; what no patient changes is made once for a knowledge base."""

    def __init__(self, assessment: Assessment) -> None:
        self._records = assessment.records
        #: Rules of coverage: the documents of a therapy's recommendations carry them, another's for each therapy.
        self._rules = {describe.name(rule) for rules in assessment.coverage.values() for rule in rules}

    def issued(self, document: str) -> str:
        """The day of issue of a document."""
        return describe.document(self._records, describe.iri_of(document))["issued"]

    def short(self, document: str) -> str:
        """The short name of a document."""
        return describe.short_name(self._records, describe.iri_of(document))

    def kept(self, row: Mapping[str, Any]) -> LastingRow:
        """What a row says of whatever patient; what is inside is shared."""
        known, key = self._records.described, ("data", row["id"])
        if key not in known:
            known[key] = self._lasting(row)
        kept: LastingRow = known[key]
        return kept

    @staticmethod
    def moving(row: Mapping[str, Any]) -> dict[str, Any]:
        """What a row says of this patient; a truth that is not told is unknown."""
        made: dict[str, Any] = {}
        for name in _MOVING:
            if (value := row.get(name)) and (name != "truth" or value != UNKNOWN):
                made[name] = value
        if "reported_by" in made:
            made["reported_by"] = [document_id(document["id"]) for document in made["reported_by"]]
        return made

    def document(self, name: str) -> dict[str, Any]:
        """A document with its addresses; where it has a date of issue, that is as precise as it is known."""
        known, key = self._records.described, ("data", name)
        if key not in known:
            document = describe.document(self._records, describe.iri_of(name))
            (source,) = describe.sources(self._records, document)
            told = {"addresses": source["addresses"]}
            made: dict[str, Any] = {"id": document_id(name)}
            made |= lean({one: value for one, value in (document | told).items() if one not in _OTHERWISE})
            if made.get("verification", _UNSTATED) == _VERIFIED:
                del made["verification"]
            else:
                made["verification"] = document["verification"]
            known[key] = made
        return dict(known[key])

    def _lasting(self, row: Mapping[str, Any]) -> LastingRow:
        made: dict[str, Any] = {"id": statement_id(row["id"])}
        made |= lean({name: value for name, value in row.items() if name not in _OTHERWISE})
        whom = made.pop("population", ""), made.pop("population_wording", "")
        if how := lean(row.get("how") or {}):
            made["how"] = how
        if row["id"] not in self._rules:
            self._carried(made, row)
        if "reports" in made:
            made["reports"] = [document_id(document["id"]) for document in row["reports"]]
        if row.get("degree_stated") is False:
            made["degree_unstated"] = True
        for own, wording in _WORDED.items():
            if wording in row:
                self._worded(made, own, wording)
        if made.get("strength") == _NO_STRENGTH:
            del made["strength"]
        if "benefit_or_harm" in made:
            made["side"] = made.pop("benefit_or_harm")
        stated = [] if row["id"] in self._rules else [row["document"]]
        documents = tuple(document["id"] for document in (*stated, *row.get("reports", ())))
        return LastingRow(made, documents, whom, _called(row) if any(whom) else None)

    def _carried(self, made: dict[str, Any], row: Mapping[str, Any]) -> None:
        """The document of a row, and what that does not say of it: its own day of issue where a later update brought
        it, and its countries where they are others.
        """
        name = row["document"]["id"]
        whole = describe.document(self._records, describe.iri_of(name))
        made["document"] = document_id(name)
        made["id"] = _within(statement_id(row["id"]), made["document"])
        if row["document"]["issued"] != whole["issued"]:
            made["issued"] = row["document"]["issued"]
        if made.get("jurisdiction") == whole["jurisdiction"]:
            made.pop("jurisdiction", None)

    @staticmethod
    def _worded(made: dict[str, Any], own: str, wording: str) -> None:
        """The word of a source where it is not the row's own, and that it has none."""
        if wording not in made:
            made[wording] = _UNSTATED
        elif made[wording] == made[own]:
            del made[wording]


def _within(name: str, document: str) -> str:
    """An identifier without its document where it begins with that; else whole, as no other is."""
    begins, _, rest = name.partition("/")
    if begins == document and rest and _WHOLE.isdisjoint(rest):
        return rest
    return name if not _WHOLE.isdisjoint(name) else BASE + _STATEMENT + name


def _called(row: Mapping[str, Any]) -> tuple[str, str] | None:
    """What the label of a recommendation calls the intervention and the patients, where it is made of these."""
    named, _, called = row["label"].partition(f", {_STANCES[row['stance']]} ")
    return (named, called) if named and called else None
