"""What the data of an answer says of one statement or document: nothing that its identifier or its document says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from guidegraph.assess.assessment import UNKNOWN
from guidegraph.knowledge import describe

if TYPE_CHECKING:
    from guidegraph.assess.assessment import Assessment

#: How the identifiers of statements and of documents begin in other forms of an answer.
_STATEMENT, _DOCUMENT = "statement/", "ggd:"
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
    "no-recommendation": "no recommendation for",
    "insufficient-evidence": "insufficient evidence for",
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


class Described:
    """Rows of an answer as its data has them; what no patient changes is made once for a knowledge base."""

    def __init__(self, assessment: Assessment) -> None:
        self._records = assessment.records
        #: Rules of coverage: the documents of a therapy's recommendations carry them, another's for each therapy.
        self._rules = {describe.name(rule) for rules in assessment.coverage.values() for rule in rules}

    def about(self, name: str) -> str:
        """What a statement is about, by its identifier; the statement itself where it names nothing."""
        known, key = self._records.described, ("about", name)
        if key not in known:
            about = self._records.one(describe.iri_of(name), "intervention")
            known[key] = describe.name(about) if about else statement_id(name)
        told: str = known[key]
        return told

    def issued(self, document: str) -> str:
        """The day of issue of a document."""
        return describe.document(self._records, describe.iri_of(document))["issued"]

    def short(self, document: str) -> str:
        """The short name of a document."""
        return describe.short_name(self._records, describe.iri_of(document))

    def documents(self, row: Mapping[str, Any]) -> list[str]:
        """The documents that a row names."""
        own = [] if row["id"] in self._rules else [row["document"]]
        return [document["id"] for document in (*own, *row.get("reports", ()), *row.get("reported_by", ()))]

    def row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A statement, contraindication, evidence item or comparison; a truth that is not told is unknown."""
        known = self._records.described
        key = ("data", row["id"])
        if key not in known:
            known[key] = self._lasting(row)
        made: dict[str, Any] = known[key] | lean({name: row[name] for name in _MOVING if name in row})
        if made.get("truth") == UNKNOWN:
            del made["truth"]
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
            made = lean({one: value for one, value in (document | told).items() if one not in _OTHERWISE})
            if made.get("verification", _UNSTATED) == _VERIFIED:
                del made["verification"]
            else:
                made["verification"] = document["verification"]
            known[key] = made
        return dict(known[key])

    def _lasting(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """What a row says of whatever patient."""
        made = lean({name: value for name, value in row.items() if name not in _OTHERWISE})
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
        if row["label"] == self._composed(row):
            del made["label"]
        if "benefit_or_harm" in made:
            made["side"] = made.pop("benefit_or_harm")
        return made

    def _carried(self, made: dict[str, Any], row: Mapping[str, Any]) -> None:
        """What a row's document does not say of it: which one it is where its identifier does not, its own day of
        issue where a later update brought it, and its countries where they are others.
        """
        name = row["document"]["id"]
        whole = describe.document(self._records, describe.iri_of(name))
        if statement_id(row["id"]).partition("/")[0] != document_id(name):
            made["document"] = document_id(name)
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

    def _composed(self, row: Mapping[str, Any]) -> str | None:
        """The label that a recommendation has by its intervention, stance and population."""
        if "stance" not in row:
            return None
        label = self._records.label(describe.iri_of(row["intervention"]))
        return f"{label[:1].upper()}{label[1:]}, {_STANCES[row['stance']]} {row['population']}"
