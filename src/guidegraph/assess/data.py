"""An answer as data for programs: each statement, document and question once, and what refers to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any, cast

from guidegraph.assess.assessment import FALSE, Assessment
from guidegraph.assess.lean import Described, document_id, lean, statement_id

if TYPE_CHECKING:
    from guidegraph.dataforms import Data, DataTherapy
    from guidegraph.derived import Glance
    from guidegraph.forms import Alert, Assessed, Flag, PairDisagreement, Question, Therapy

#: The version of the form (schema/data.schema.json): its second number counts additions, its first all else.
VERSION = "3.0"
#: Where a therapy refers to recommendations.
_VOICES = ("for", "against", "other_stances", "in_general", "limits", "both_apply", "against_but_for_coverage", "ended")
#: Where it refers to groups, and in which of them.
_GROUPED = {"contraindications": "contraindications", "stated_elsewhere": "contraindications", "evidence": "evidence"}
_WARNINGS = ("contraindications", "stated_elsewhere")
#: What a therapy says of itself beside its status.
_OWN = ("coded", "line", "called_for", "boundary", "marks", "tried", "alert_signs_only")
#: What of a family in a band is told by its therapies and their statements.
_OF_THERAPIES = ("therapy", "label", "members", "status")
#: What of an answer has another form here; the rest stands here as there.
_OTHERWISE = frozenset(("knowledge", "therapies", "not_in_effect", "questions", "queries", "alerts", "flags"))


def data(assessment: Assessment, answer: Assessed, glance: Glance) -> Data:
    """The data of an answer (schema/data.schema.json): what its bands rest on, and the status of every therapy.

    A key that is left out is "not stated", empty, false or what the schema says. What does not hold for the patient,
    and what speaks only of therapies that stand in no band, is counted here and told whole by
    schema/therapies.schema.json. It shares parts with the answer: copy it before it is changed.
    """
    once = _Once(assessment, answer)
    banded = {therapy: band["band"] for band in glance["bands"] for f in band["families"] for therapy in f["therapies"]}
    therapies = {row["intervention"]: once.therapy(row, banded) for row in answer["therapies"]}
    once.group(therapies)
    made = {
        "version": VERSION,
        **{key: value for key, value in answer.items() if key not in _OTHERWISE},
        "alerts": [once.alert(row) for row in answer["alerts"]],
        "flags": [once.flag(row) for row in answer["flags"]],
        "knowledge": _knowledge(answer),
        "bands": [
            {**band, "families": [once.family(row, band["band"]) for row in band["families"]]}
            for band in glance["bands"]
        ],
        "rest": glance["rest"],
        "ask_next": [once.asked[row["label"]] for row in glance["ask_next"]],
        "therapies": therapies,
        "no_longer_counts": len(answer["not_in_effect"]),
        "statements": once.statements,
        "populations": once.populations(),
        "comparisons": once.comparisons,
        **once.groups,
        "documents": once.documents(),
        "questions": [_question(row) for row in answer["questions"]],
        "unasked": list(once.unasked),
        "disagreements": list(once.pairs.values()),
    }
    return cast("Data", made)


def _knowledge(answer: Assessed) -> dict[str, Any]:
    """Which knowledge it was, the digests of the queries as one."""
    queries = "".join(f"{row['name']} {row['digest']}\n" for row in answer["queries"])
    known, links = answer["knowledge"], {row["name"]: row["digest"] for row in answer["knowledge"]["links"]}
    made = {"digest": known["digest"], "version": known["version"]}
    return made | {"queries": f"sha256:{sha256(queries.encode()).hexdigest()}"} | ({"links": links} if links else {})


def _question(question: Question) -> dict[str, Any]:
    """A question; the signs of an alert stand at the alert, which its fact names."""
    made = lean(question)
    if question["alert"]:
        made["fact"] = statement_id(question["fact"])
        made.pop("signs", None)
    return made


class _Once:
    """What is kept once of one answer while it is read through."""

    def __init__(self, assessment: Assessment, answer: Assessed) -> None:
        self._described = Described(assessment)
        self.statements: dict[str, dict[str, Any]] = {}
        self.comparisons: dict[str, dict[str, Any]] = {}
        self.groups: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in dict.fromkeys(_GROUPED.values())}
        #: What stands in a group, by its identifier, with the therapies that refer to it, and as what.
        self._grouped: dict[str, dict[str, Mapping[str, Any]]] = {name: {} for name in self.groups}
        self._reach: dict[tuple[str, str], dict[tuple[str, str], None]] = {}
        self._populations: dict[tuple[str, str], str] = {}
        self.pairs: dict[tuple[str, str], dict[str, str]] = {}
        #: The statements of each document by their standing.
        self._standing: dict[str, dict[str, list[dict[str, Any]]]] = {}
        self._documents: set[str] = set()
        #: The short names of documents whose voices are printed.
        self._shorts: dict[str, str] = {}
        #: The place of the question for each fact that is open, for the signs of an alert that of the alert.
        self.asked: dict[str, int] = {}
        #: Open facts without a question, each with its place among them.
        self.unasked: dict[str, int] = {}
        # A sign may be a question of its own, too, which is then the one that asks it.
        for at, question in enumerate(answer["questions"]):
            self.asked.setdefault(question["label"], at)
        for at, question in enumerate(answer["questions"]):
            for sign in question["signs"]:
                self.asked.setdefault(sign["label"], at)

    def therapy(self, entry: Therapy, banded: Mapping[str, str]) -> DataTherapy:
        """A therapy, by reference to what is said of it; to groups when all of them are known (:meth:`group`)."""
        row: Mapping[str, Any] = entry
        made: dict[str, Any] = {key: row[key] for key in ("label", "category", "status")}
        said = [one for key in (*_VOICES, *_WARNINGS) for one in row[key]]
        therapy, band = entry["intervention"], banded.get(entry["intervention"])
        if band is None:
            return cast("DataTherapy", lean({**made, "left_out": len(said)}))
        made |= {"band": band, **{key: row[key] for key in _OWN}}
        made |= {key: [self._statement(one) for one in _holding(row[key])] for key in _VOICES}
        for key, name in _GROUPED.items():
            for one in _holding(row[key]):
                self._reach.setdefault((name, one["id"]), {})[therapy, key] = None
                self._grouped[name].setdefault(one["id"], one)
        made["through"] = {
            statement_id(one["id"]): one["through"] for one in said if one["through"] and one["truth"] != FALSE
        }
        made["comparisons"] = [self._comparison(one) for one in _holding(row["comparisons"])]
        made["members"] = [member["intervention"] for member in entry["members"]]
        facts = dict.fromkeys(fact["label"] for fact in entry["establish"])
        made["open"] = list(dict.fromkeys(self.asked[label] for label in facts if label in self.asked))
        # What changes no status, or nobody can find out since definitions differ on it, has no question.
        made["open_unasked"] = [
            self.unasked.setdefault(one, len(self.unasked)) for one in facts if one not in self.asked
        ]
        made["disagreements"] = [self._pair(pair) for pair in entry["disagreements"]]
        made["left_out"] = sum(one["truth"] == FALSE for one in said)
        return cast("DataTherapy", lean(made))

    def group(self, therapies: Mapping[str, DataTherapy]) -> None:
        """Put together what the same therapies refer to, under what it is stated of, and refer to that."""
        for name, rows in self._grouped.items():
            keys: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}
            taken: Counter[str] = Counter()
            for row in rows.values():
                reached = tuple(self._reach[name, row["id"]])
                about = self._described.about(row["id"])
                named = keys.setdefault(reached, {})
                if about not in named:
                    taken[about] += 1
                    named[about] = about if taken[about] == 1 else f"{about} ({taken[about]})"
                    for therapy, role in reached:
                        cast("dict[str, Any]", therapies[therapy]).setdefault(role, []).append(named[about])
                group = self.groups[name].setdefault(named[about], {})
                group[statement_id(row["id"])] = self._row(row)

    def family(self, family: Mapping[str, Any], band: str) -> dict[str, Any]:
        """A family of a band: its therapies, highest first, and its voices by their statements."""
        made = {key: value for key, value in lean(family).items() if key not in _OF_THERAPIES}
        if made["within"] == band:
            del made["within"]
        for key in ("voices", "against"):
            if key in made:
                made[key] = [self._voice(voice) for voice in made[key]]
        if "facts" in made:
            made["facts"] = [lean(fact) for fact in made["facts"]]
        return made

    def _voice(self, voice: Mapping[str, Any]) -> str:
        """The statement of a voice, which says the name it is printed by where its document has another."""
        told = statement_id(voice["statement"])
        short = self._described.short(voice["document"])
        self._shorts[voice["document"]] = short
        if voice["short"] != short:
            self.statements[told]["short"] = voice["short"]
        return told

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

    def documents(self) -> dict[str, dict[str, Any]]:
        """The documents that were named, with the standing of most of their statements, which these then leave out."""
        made = {}
        for name in sorted(self._documents):
            made[document_id(name)] = told = self._described.document(name)
            if name in self._shorts:
                told["short"] = self._shorts[name]
            if stood := self._standing.get(name):
                told["standing"] = max(sorted(stood), key=lambda standing: len(stood[standing]))
                for row in stood[told["standing"]]:
                    del row["standing"]
        return made

    def populations(self) -> dict[str, dict[str, str]]:
        """For whom statements are, in our words and in those of a source."""
        return {key: lean({"label": label, "wording": word}) for (label, word), key in self._populations.items()}

    def _statement(self, row: Mapping[str, Any]) -> str:
        told = statement_id(row["id"])
        if told not in self.statements:
            made = self.statements[told] = self._row(row)
            whom = made.pop("population", ""), made.pop("population_wording", "")
            if any(whom):
                made["population"] = self._populations.setdefault(whom, f"p{len(self._populations) + 1}")
            self._standing.setdefault(row["document"]["id"], {}).setdefault(row["standing"], []).append(made)
        return told

    def _comparison(self, row: Mapping[str, Any]) -> str:
        told = statement_id(row["id"])
        if told not in self.comparisons:
            self.comparisons[told] = self._row(row)
        return told

    def _pair(self, pair: PairDisagreement) -> int:
        """The place of two statements that disagree among those of the answer."""
        ends = statement_id(pair["a"]), statement_id(pair["b"])
        told = {"kind": pair["kind"], "overlap": pair["overlap"], "verdict": pair["verdict"]}
        self.pairs.setdefault(ends, {"a": ends[0], "b": ends[1], **told})
        return list(self.pairs).index(ends)

    def _row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        self._documents.update(self._described.documents(row))
        return self._described.row(row)


def _holding(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those of some rows that hold for the patient or may."""
    return [row for row in rows if row.get("truth") != FALSE]
