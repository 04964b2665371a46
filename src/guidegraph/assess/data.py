"""An answer as data for programs: each statement, document and question once, and what refers to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any, cast

from guidegraph.assess.assessment import FALSE, Assessment
from guidegraph.knowledge import describe

if TYPE_CHECKING:
    from guidegraph.dataforms import Data, DataTherapy
    from guidegraph.derived import Glance
    from guidegraph.forms import Assessed, Therapy

#: The version of the form (schema/data.schema.json): its second number counts additions, its first all else.
VERSION = "2.1"
#: Where a therapy refers to recommendations, and to contraindications and warnings.
_VOICES = ("for", "against", "other_stances", "in_general", "limits", "both_apply", "against_but_for_coverage", "ended")
_WARNINGS = ("contraindications", "stated_elsewhere")
#: What a therapy says of itself beside its status.
_OWN = ("coded", "line", "called_for", "boundary", "marks", "tried", "alert_signs_only")
#: What of a row is another for each patient.
_MOVING = ("truth", "because", "standing", "reported_by")
#: What of an answer has another form here; the rest stands here as there.
_OTHERWISE = frozenset(("knowledge", "therapies", "not_in_effect", "questions", "queries"))


def data(assessment: Assessment, answer: Assessed, glance: Glance) -> Data:
    """The data of an answer (schema/data.schema.json): what its bands rest on, and the status of every therapy.

    A key that is left out is "not stated", empty or false, as the schema says of each. What does not hold for the
    patient, and what speaks only of therapies that stand in no band, is counted here and told whole by
    schema/therapies.schema.json. It shares parts with the answer: copy it before it is changed.
    """
    once = _Once(assessment, answer)
    banded = {therapy: band["band"] for band in glance["bands"] for f in band["families"] for therapy in f["therapies"]}
    therapies = {row["intervention"]: once.therapy(row, banded) for row in answer["therapies"]}
    made = {
        "version": VERSION,
        **{key: value for key, value in answer.items() if key not in _OTHERWISE},
        "knowledge": _knowledge(answer),
        "bands": [{**band, "families": [_family(row) for row in band["families"]]} for band in glance["bands"]],
        "rest": glance["rest"],
        "ask_next": [once.asked[row["label"]] for row in glance["ask_next"]],
        "therapies": therapies,
        "no_longer_counts": len(answer["not_in_effect"]),
        **{name: dict(sorted(kept.items())) for name, kept in once.kept.items()},
        "questions": once.questions,
    }
    return cast("Data", made)


def _knowledge(answer: Assessed) -> dict[str, Any]:
    """Which knowledge it was, the digests of the queries as one."""
    queries = "".join(f"{row['name']} {row['digest']}\n" for row in answer["queries"])
    known, links = answer["knowledge"], {row["name"]: row["digest"] for row in answer["knowledge"]["links"]}
    made = {"digest": known["digest"], "version": known["version"]}
    return made | {"queries": f"sha256:{sha256(queries.encode()).hexdigest()}"} | ({"links": links} if links else {})


def _family(family: Mapping[str, Any]) -> dict[str, Any]:
    made = _lean(family)
    return made | {key: [_lean(voice) for voice in made[key]] for key in ("voices", "against") if key in made}


def _lean(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row without what is not stated, empty or false."""
    # A false value is no zero, which would be equal to it.
    return {
        key: value for key, value in row.items() if value is not False and value not in ("not stated", "", None, [], {})
    }


class _Once:
    """The maps of one answer while it is read through."""

    def __init__(self, assessment: Assessment, answer: Assessed) -> None:
        self._records = assessment.records
        #: Rules of coverage: the documents of a therapy's recommendations carry them, another's for each therapy.
        self._rules = {describe.name(rule) for rules in assessment.coverage.values() for rule in rules}
        self.kept: dict[str, dict[str, Any]] = {
            name: {} for name in ("statements", "comparisons", "contraindications", "evidence", "documents")
        }
        self.questions: dict[str, Any] = {}
        #: The key of the question for each fact that is open, for the signs of an alert that of the alert.
        self.asked: dict[str, str] = {}
        for at, question in enumerate(answer["questions"], start=1):
            key = f"q{at}"
            self.questions[key] = _lean(question)
            for label in (question["label"], *(sign["label"] for sign in question["signs"])):
                self.asked.setdefault(label, key)

    def therapy(self, entry: Therapy, banded: Mapping[str, str]) -> DataTherapy:
        """A therapy, by reference to what is said of it."""
        row: Mapping[str, Any] = entry
        made: dict[str, Any] = {key: row[key] for key in ("label", "category", "status")}
        said = [one for key in (*_VOICES, *_WARNINGS) for one in row[key]]
        band = banded.get(entry["intervention"])
        if band is None:
            return cast("DataTherapy", _lean({**made, "left_out": len(said)}))
        made |= {"band": band, **{key: row[key] for key in _OWN}}
        made |= {key: self._told(row[key], "statements") for key in _VOICES}
        made |= {key: self._told(row[key], "contraindications") for key in _WARNINGS}
        made["through"] = {one["id"]: one["through"] for one in said if one["through"] and one["truth"] != FALSE}
        made["evidence"] = self._told(entry["evidence"], "evidence")
        made["comparisons"] = self._told(entry["comparisons"], "comparisons")
        made["members"] = [member["intervention"] for member in entry["members"]]
        # What nobody can find out, since definitions differ on it, has no question: it is told in words.
        made["open"] = list(dict.fromkeys(self.asked.get(fact["label"], fact["label"]) for fact in entry["establish"]))
        made["disagreements"] = [pair["text"] for pair in entry["disagreements"]]
        made["left_out"] = sum(one["truth"] == FALSE for one in said)
        return cast("DataTherapy", _lean(made))

    def _told(self, rows: Iterable[Mapping[str, Any]], name: str) -> list[str]:
        """References to rows that may hold, each of which is kept once."""
        kept = self.kept[name]
        told = [row for row in rows if row.get("truth") != FALSE]
        for row in told:
            if row["id"] not in kept:
                kept[row["id"]] = self._row(row)
        return [row["id"] for row in told]

    def _row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        known = self._records.described
        key = ("data", row["id"])
        if key not in known:
            known[key] = self._lasting(row)
        made: dict[str, Any] = known[key] | _lean({name: row[name] for name in _MOVING if name in row})
        if "reported_by" in made:
            made["reported_by"] = [document["id"] for document in made["reported_by"]]
        if "document" in made:
            for document in (row["document"], *row.get("reports", ()), *row.get("reported_by", ())):
                self._document(document["id"])
        return made

    def _lasting(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """What a row says of whatever patient."""
        made = _lean({name: value for name, value in row.items() if name not in ("id", "through", "how", *_MOVING)})
        if how := _lean(row.get("how") or {}):
            made["how"] = how
        if row["id"] in self._rules:
            del made["document"]
        else:
            made |= {"document": row["document"]["id"], **self._own_day(row["document"])}
        if "reports" in made:
            made["reports"] = [document["id"] for document in row["reports"]]
        return made

    def _own_day(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """The day of issue of a statement that a later update of its document brought."""
        whole = describe.document(self._records, describe.iri_of(document["id"]))
        moved = document["issued"] != whole["issued"]
        return {key: document[key] for key in ("issued", "issued_precision")} if moved else {}

    def _document(self, name: str) -> None:
        known, key = self._records.described, ("data", name)
        if key not in known:
            document = describe.document(self._records, describe.iri_of(name))
            (source,) = describe.sources(self._records, document)
            places = {"addresses": source["addresses"], "sought": source["sought"]}
            known[key] = _lean({one: value for one, value in (document | places).items() if one != "id"})
        self.kept["documents"][name] = known[key]
