"""An answer as data for programs: each statement, document and question once, and what refers to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any, cast

from guidegraph.assess.assessment import FALSE, Assessment
from guidegraph.assess.lean import Described, LastingRow, document_id, lean, statement_id
from guidegraph.assess.questions import to_establish_labels
from guidegraph.tables import VERSION, TableWriter

if TYPE_CHECKING:
    from guidegraph.assess.entry import Entry
    from guidegraph.dataforms import Data
    from guidegraph.derived import Glance
    from guidegraph.forms import Alert, Assessed, Flag, PairDisagreement, Question, Therapy

#: Where a therapy refers to what, but to its therapies and open facts: recommendations, and what else is stated of it.
_VOICES = ("for", "against", "other_stances", "in_general", "limits", "both_apply", "against_but_for_coverage", "ended")
_WARNINGS = ("contraindications", "stated_elsewhere")
_ROLES = {
    **dict.fromkeys(_VOICES, "statements"),
    **dict.fromkeys(_WARNINGS, "contraindications"),
    "evidence": "evidence",
    "comparisons": "comparisons",
}
#: What a therapy says of itself beside its status.
_OWN = ("coded", "line", "called_for", "boundary", "marks", "tried", "alert_signs_only")
#: What of a family in a band is told by its therapies and their statements.
_BY_THERAPIES = ("therapy", "label", "members", "status")
#: What of an answer has another form here; the rest stands here as there.
_OTHERWISE = frozenset(("knowledge", "therapies", "not_in_effect", "questions", "queries", "alerts", "flags"))
#: The tables: what most rows have, in the order of their cells; of which the values repeat; what refers to which rows.
_OF_DOCUMENTS = dict.fromkeys(("document", "reports", "reported_by"), "documents")
_OF_THERAPIES = dict.fromkeys(("intervention", "comparator"), "therapies")
_TABLES: dict[str, tuple[str, str, dict[str, str]]] = {
    "families": (
        "band therapies voices more_voices against",
        "band marks only_with establish facts",
        {"therapies": "therapies", "voices": "statements", "against": "statements"},
    ),
    "therapies": (
        "id label category status left_out band line open for against contraindications evidence open_unasked",
        "category band open contraindications evidence open_unasked marks",
        _ROLES
        | {"members": "therapies", "open": "questions", "open_unasked": "unasked", "disagreements": "disagreements"}
        | {"through": "statements", "warned_through": "contraindications"},
    ),
    "statements": (
        "id document intervention stance truth strength strength_wording standing population locator named label",
        "strength strength_wording standing certainty outcome horizon attached how because section",
        _OF_DOCUMENTS | _OF_THERAPIES | {"population": "populations"},
    ),
    "populations": ("label wording called", "called", {}),
    "comparisons": ("id document label intervention comparator truth locator", "", _OF_DOCUMENTS | _OF_THERAPIES),
    "contraindications": (
        "id document kind truth label reason kind_wording",
        "reason kind_wording class_reading route",
        _OF_DOCUMENTS,
    ),
    "evidence": ("id document label effect side certainty", "side certainty", _OF_DOCUMENTS),
    "documents": ("id label kind issued jurisdiction short addresses", "kind jurisdiction verification", {}),
    "disagreements": ("a b kind overlap verdict", "kind overlap verdict", {"a": "statements", "b": "statements"}),
    "questions": ("fact label key therapies families decides absolute", "key decides absolute trials", {}),
}
#: Those of what is stated.
_STATED = ("statements", "comparisons", "contraindications", "evidence")


def data(assessment: Assessment, answer: Assessed, glance: Glance) -> Data:
    """The data of an answer (schema/data.schema.json): what its bands rest on, and the status of every therapy.

    A key that is left out is "not stated", empty, false or what the schema says. What does not hold for the patient,
    and what speaks only of therapies that stand in no band, is counted here and told whole by
    schema/therapies.schema.json. It shares parts with the answer: copy it before it is changed.
    """
    once = _Once(assessment, answer)
    banded = {therapy: band["band"] for band in glance["bands"] for f in band["families"] for therapy in f["therapies"]}
    therapies = _table("therapies")
    for row in answer["therapies"]:
        therapies.add(once.therapy(row, banded.get(row["intervention"])))
    families = _table("families")
    for band in glance["bands"]:
        for family in band["families"]:
            families.add(once.family(family, band["band"]))
    made = {
        "version": VERSION,
        **{key: value for key, value in answer.items() if key not in _OTHERWISE},
        "alerts": [once.alert(row) for row in answer["alerts"]],
        "flags": [once.flag(row) for row in answer["flags"]],
        "knowledge": _knowledge(answer),
        "bands": [{"band": band["band"], "heading": band["heading"]} for band in glance["bands"]],
        "families": families.told(),
        "rest": glance["rest"],
        "ask_next": [once.asked[row["label"]] for row in glance["ask_next"]],
        "therapies": therapies.told(),
        "no_longer_counts": len(answer["not_in_effect"]),
        **once.tables(),
        "questions": _questions(answer["questions"]),
        "unasked": list(once.unasked),
    }
    return cast("Data", made)


def _table(name: str) -> TableWriter:
    columns, words, refers = _TABLES[name]
    return TableWriter(columns.split(), words.split(), refers)


def _knowledge(answer: Assessed) -> dict[str, Any]:
    """Which knowledge it was, the digests of the queries as one."""
    queries = "".join(f"{row['name']} {row['digest']}\n" for row in answer["queries"])
    known, links = answer["knowledge"], {row["name"]: row["digest"] for row in answer["knowledge"]["links"]}
    made = {"digest": known["digest"], "version": known["version"]}
    return made | {"queries": f"sha256:{sha256(queries.encode()).hexdigest()}"} | ({"links": links} if links else {})


def _questions(questions: Iterable[Question]) -> Any:
    """The questions; the signs of an alert stand at the alert, which its fact names."""
    table = _table("questions")
    for question in questions:
        made = lean(question)
        if question["alert"]:
            made["fact"] = statement_id(question["fact"])
            made.pop("signs", None)
        table.add(made)
    return table.told()


class _Once:
    """What is kept once of one answer while it is read through."""

    def __init__(self, assessment: Assessment, answer: Assessed) -> None:
        self._assessment, self._described = assessment, Described(assessment)
        #: The place and the label of each therapy.
        self._places = {row["intervention"]: at for at, row in enumerate(answer["therapies"])}
        self._labels = {row["intervention"]: row["label"] for row in answer["therapies"]}
        #: What is stated, by table, and the place of each row by its identifier in the whole answer.
        self._rows: dict[str, list[dict[str, Any]]] = {name: [] for name in _STATED}
        self._at: dict[str, dict[str, int]] = {name: {} for name in _STATED}
        #: For whom statements are: our words and those of a source, and what labels of statements call them.
        self._populations: dict[tuple[str, str], int] = {}
        self._calls: dict[tuple[str, str], str] = {}
        #: Statements that disagree, each pair with its place.
        self._pairs: dict[tuple[str, str], tuple[int, PairDisagreement]] = {}
        self._documents: set[str] = set()
        #: The short names of documents whose voices are printed.
        self._shorts: dict[str, str] = {}
        #: The place of the question for each fact that is open, for the signs of an alert that of the alert.
        self.asked: dict[str, int] = {}
        #: Open facts without a question, each with its place among them.
        self.unasked: dict[str, int] = {}
        self._opened: dict[tuple[str, ...], tuple[list[int], list[int]]] = {}
        # A sign may be a question of its own, too, which is then the one that asks it.
        for at, question in enumerate(answer["questions"]):
            self.asked.setdefault(question["label"], at)
        for at, question in enumerate(answer["questions"]):
            for sign in question["signs"]:
                self.asked.setdefault(sign["label"], at)

    def therapy(self, entry: Therapy, band: str | None) -> dict[str, Any]:
        """A therapy, by reference to what is said of it; one that stands in no band has how much that is."""
        row: Mapping[str, Any] = entry
        told = cast("Entry", entry)
        made: dict[str, Any] = {"id": row["intervention"], **{key: row[key] for key in ("label", "category", "status")}}
        if band is None:
            return lean({**made, "left_out": sum(map(told.count, (*_VOICES, *_WARNINGS)))})
        made |= {"band": band, **lean({key: row[key] for key in _OWN})}
        stated = {key: row[key] for key in _ROLES}
        for key, rows in stated.items():
            if rows and (places := [self._place(_ROLES[key], one) for one in rows if one.get("truth") != FALSE]):
                made[key] = places
        said = [one for key in (*_VOICES, *_WARNINGS) for one in stated[key]]
        asked, unasked = self._open(to_establish_labels(self._assessment, told.unknown))
        made |= lean(
            {
                "through": self._through("statements", (one for key in _VOICES for one in stated[key])),
                "warned_through": self._through("contraindications", (one for key in _WARNINGS for one in stated[key])),
                "members": [self._therapy(member["intervention"]) for member in row["members"]],
                "open": asked,
                "open_unasked": unasked,
                "disagreements": [self._pair(pair) for pair in row["disagreements"]],
                "left_out": sum(one["truth"] == FALSE for one in said),
            }
        )
        return made

    def _open(self, facts: tuple[str, ...]) -> tuple[list[int], list[int]]:
        """The questions that some open facts are asked through, and those of them that have none."""
        if facts not in self._opened:
            # What changes no status, or nobody can find out since definitions differ on it, has no question.
            unasked = [self.unasked.setdefault(one, len(self.unasked)) for one in facts if one not in self.asked]
            self._opened[facts] = list(dict.fromkeys(self.asked[one] for one in facts if one in self.asked)), unasked
        return self._opened[facts]

    def _through(self, table: str, said: Iterable[Mapping[str, Any]]) -> dict[str, list[int]]:
        """What is said of parts of a therapy, by part."""
        made: dict[str, list[int]] = {}
        for one in said:
            if one["through"] and one["truth"] != FALSE:
                made.setdefault(one["through"], []).append(self._place(table, one))
        return made

    def family(self, family: Mapping[str, Any], band: str) -> dict[str, Any]:
        """A family of a band: its therapies, highest first, and its voices by their statements."""
        made = {key: value for key, value in lean(family).items() if key not in _BY_THERAPIES}
        made |= {"band": band, "therapies": [self._therapy(one) for one in family["therapies"]]}
        if made["within"] == band:
            del made["within"]
        for key in ("voices", "against"):
            if key in made:
                made[key] = [self._voice(voice) for voice in made[key]]
        if "facts" in made:
            made["facts"] = [lean(fact) for fact in made["facts"]]
        return made

    def _therapy(self, name: str) -> int | str:
        """The place of a therapy, its identifier where it has none."""
        return self._places.get(name, name)

    def _voice(self, voice: Mapping[str, Any]) -> int:
        """The statement of a voice, which says the name it is printed by where its document has another."""
        place = self._at["statements"][voice["statement"]]
        short = self._described.short(voice["document"])
        self._shorts[voice["document"]] = short
        if voice["short"] != short:
            self._rows["statements"][place]["short"] = voice["short"]
        return place

    def alert(self, alert: Alert) -> dict[str, Any]:
        """An alert; its facts are its signs where it names no others."""
        made = lean(alert)
        made.pop("reasons", None)
        if alert["facts"] == [sign["label"] for sign in alert["signs"]]:
            made.pop("facts", None)
        return self._flag(made, alert)

    def flag(self, flag: Flag) -> dict[str, Any]:
        """A flag to weigh, with the documents that list it."""
        return self._flag(lean(flag), flag)

    def _flag(self, made: dict[str, Any], row: Alert | Flag) -> dict[str, Any]:
        names = [document["id"] for document in row["documents"]]
        self._documents.update(names)
        own = {document["issued"] for document in row["documents"]} - {self._described.issued(name) for name in names}
        if own:
            (made["issued"],) = own
        return made | {"id": statement_id(row["id"]), "documents": [document_id(name) for name in names]}

    def tables(self) -> dict[str, Any]:
        """What is stated, for whom, where it disagrees, and in which documents."""
        names = sorted(self._documents)
        places = {document_id(name): at for at, name in enumerate(names)}
        stated = {name: self._stated(name, places) for name in _STATED}
        populations = _table("populations")
        for label, wording in self._populations:
            called = self._calls.get((label, wording), label)
            populations.add(lean({"label": label, "wording": wording, "called": called if called != label else ""}))
        documents = _table("documents")
        for name in names:
            documents.add(self._described.document(name) | lean({"short": self._shorts.get(name, "")}))
        return {
            **stated,
            "populations": populations.told(),
            "documents": documents.told(),
            "disagreements": self._disagreements(),
        }

    def _stated(self, name: str, documents: Mapping[str, int]) -> Any:
        table = _table(name)
        for row in self._rows[name]:
            if "document" in row:
                row["document"] = documents[row["document"]]
            for key in ("reports", "reported_by"):
                if key in row:
                    row[key] = [documents[one] for one in row[key]]
            for key in _OF_THERAPIES:
                if key in row:
                    row[key] = self._therapy(row[key])
            table.add(row)
        return table.told()

    def _place(self, table: str, row: Mapping[str, Any]) -> int:
        """The place of a row of the whole answer in the table that has it."""
        at = self._at[table]
        place = at.get(row["id"])
        if place is None:
            place = at[row["id"]] = len(at)
            kept = self._described.kept(row)
            made = kept.data | self._described.moving(row)
            self._documents.update(kept.documents)
            self._documents.update(document["id"] for document in row.get("reported_by", ()))
            if any(kept.whom):
                self._name(made, kept, row)
            self._rows[table].append(made)
        return place

    def _name(self, made: dict[str, Any], kept: LastingRow, row: Mapping[str, Any]) -> None:
        """For whom a statement is, and its label by what that and its intervention are called."""
        made["population"] = self._populations.setdefault(kept.whom, len(self._populations))
        label = self._labels.get(row["intervention"])
        if kept.called is None or label is None:
            return
        named, called = kept.called
        if self._calls.setdefault(kept.whom, called) == called:
            del made["label"]
            if named != f"{label[:1].upper()}{label[1:]}":
                made["named"] = named

    def _pair(self, pair: PairDisagreement) -> int:
        """The place of two statements that disagree among those of the answer."""
        return self._pairs.setdefault((pair["a"], pair["b"]), (len(self._pairs), pair))[0]

    def _disagreements(self) -> Any:
        """The pairs of statements that disagree, by place; one that no therapy refers to by its identifier."""
        at = self._at["statements"]
        table = _table("disagreements")
        for ends, (_, pair) in self._pairs.items():
            a, b = (at.get(name, statement_id(name)) for name in ends)
            table.add({"a": a, "b": b, "kind": pair["kind"], "overlap": pair["overlap"], "verdict": pair["verdict"]})
        return table.told()
