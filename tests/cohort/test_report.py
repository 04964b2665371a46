"""The report of a cohort: its numbers are re-added from the answers by a second way, and its facts from each patient's."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyoxigraph as ox
import pytest

from guidegraph import namespaces as ns
from guidegraph.api.base import KnowledgeBase
from guidegraph.api.cohort import answer_table
from guidegraph.api.cohortreport import Change, cohort_report
from guidegraph.assess.assessing import assess
from guidegraph.assess.assessment import ABSOLUTE, FOR, TRUE
from guidegraph.assess.questions import questions
from guidegraph.errors import ProfileError, UsageError
from guidegraph.knowledge import describe
from guidegraph.knowledge.criteria import compile_criteria
from guidegraph.model import STATUSES
from tests.cohort.test_tables import profile, rows
from tests.conftest import AS_OF
from tests.support.cohorts import drawn, waiting

pl = pytest.importorskip("polars")

THEN = date(2017, 6, 1)
PATIENTS = 150


@pytest.fixture(scope="module")
def folder(kb: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with patients, and their answers on two days, wide with statements and long."""
    made = tmp_path_factory.mktemp("cohort")
    patients = made / "patients.parquet"
    pl.DataFrame(rows(PATIENTS, 5), infer_schema_length=None).write_parquet(patients)
    answer_table(kb, patients, made / "now.parquet", as_of=AS_OF, statements=True)
    answer_table(kb, patients, made / "then.parquet", as_of=THEN, statements=True)
    answer_table(kb, patients, made / "long.parquet", as_of=AS_OF, long=True)
    return made


@pytest.fixture(scope="module")
def exact(kb: Any, folder: Path) -> dict[str, Any]:
    """The report of the patients, with what moves since the earlier day, as it is."""
    change = Change(None, AS_OF)
    return {**cohort_report(kb, folder / "patients.parquet", as_of=THEN, change=change, show_small=True)}


@pytest.fixture(scope="module")
def today(kb: Any, folder: Path) -> dict[str, Any]:
    """The report of the patients today, as it is."""
    return {**cohort_report(kb, folder / "patients.parquet", as_of=AS_OF, show_small=True)}


def by_therapy(report: dict[str, Any]) -> dict[str, dict[str, int]]:
    """The counts of every therapy, members and those that are so for everybody included."""
    found = {
        one["id"]: {status: count for status, count in row["statuses"].items() if count}
        for row in report["therapies"]
        for one in (row, *row["members"])
    }
    for row in report["steady"]:
        found |= {one["id"]: {row["status"]: report["patients"]["answered"]} for one in row["therapies"]}
    return found


def therapies_of(frame: Any) -> list[str]:
    return [name for name, kind in frame.schema.items() if kind == pl.Enum(list(STATUSES))]


@pytest.mark.slow
def test_statuses_are_those_of_the_answers(folder: Path, today: dict[str, Any]) -> None:
    frame = pl.read_parquet(folder / "now.parquet")
    counted = {
        name: dict(frame.group_by(name).len().drop_nulls().cast({name: pl.String}).iter_rows())
        for name in therapies_of(frame)
    }
    assert by_therapy(today) == counted
    assert len(counted) > 90
    assert today["patients"] == {
        "answered": frame["contradiction"].null_count(),
        "contradicted": frame["contradiction"].len() - frame["contradiction"].null_count(),
        "left_out": 0,
    }
    assert today["patients"]["contradicted"] > 5
    names = therapies_of(frame)
    for status, count in today["ever"].items():
        has = pl.any_horizontal((pl.col(name) == status).fill_null(False) for name in names)
        assert count == frame.filter(has).height, status


@pytest.mark.slow
def test_a_file_of_answers_tells_the_same(kb: Any, folder: Path, today: dict[str, Any]) -> None:
    read = cohort_report(kb, folder / "now.parquet", show_small=True)
    for part in ("patients", "ever", "steady", "controversies", "asked"):
        assert read[part] == today[part], part
    documents = {row["id"]: {**row, "decides": None} for row in today["documents"]}
    assert {row["id"]: row for row in read["documents"] or ()} == documents
    assert [{**row, "signs_only": None} for row in today["therapies"]] == read["therapies"]
    assert read["facts"] is None
    assert len(read["missing"]) == 1
    long = cohort_report(kb, folder / "long.parquet", show_small=True)
    assert (long["therapies"], long["ever"], long["patients"]) == (read["therapies"], read["ever"], read["patients"])
    assert long["documents"] is None
    assert len(long["missing"]) == 2


@pytest.mark.slow
def test_documents_and_controversies_are_those_of_the_answers(kb: Any, folder: Path, today: dict[str, Any]) -> None:
    frame = pl.read_parquet(folder / "now.parquet")
    stated = defaultdict(list)
    for name, kind in frame.schema.items():
        if isinstance(kind, pl.Enum) and "inactive" in kind.categories.to_list():
            for document in kb.records.all(describe.iri_of(name), "statedIn"):
                stated[describe.name(document)].append(pl.col(name).eq("true"))
    counts = {d: frame.filter(pl.any_horizontal(held)).height for d, held in stated.items()}
    told = {row["id"]: row["patients"] for row in today["documents"]}
    assert told == {document: counts[document] for document in told}
    assert all(count == 0 for document, count in counts.items() if document not in told)
    assert sum(count > 0 for count in told.values()) > 10

    published = {c["text"]: c for c in kb.disagreements(as_of=AS_OF)["controversies"]}
    assert published.keys() == {row["text"] for row in today["controversies"]}
    for row in today["controversies"]:
        both, possible = [], []
        for pair in published[row["text"]]["pairs"]:
            if not pair["text"] or {pair["a"], pair["b"]} - set(frame.columns):
                continue
            a, b = pl.col(pair["a"]), pl.col(pair["b"])
            both.append(a.eq("true") & b.eq("true"))
            possible.append(a.is_in(["true", "unknown"]) & b.is_in(["true", "unknown"]))
        # Pairs that differ only in a member of a class are published as one.
        assert row["both"] >= frame.filter(pl.any_horizontal(both)).height
        assert row["possible"] >= row["both"]
        assert row["possible"] >= frame.filter(pl.any_horizontal(possible)).height
    assert any(row["both"] for row in today["controversies"])


def rests(one: Any, therapy: str) -> set[str]:
    """The statements that the status of a therapy of one patient rests on, by the table of statuses."""
    status = one.statuses[therapy]
    true = {role: {s for s in one.statements(therapy, role) if one.truth(s) == TRUE} for role in (ABSOLUTE, FOR)}
    if status == "contraindicated":
        return true[ABSOLUTE]
    opposed = {s for s in one.opposing(therapy) if one.truth(s) == TRUE}
    careful = {s for s in one.cautions(therapy) if one.truth(s) == TRUE} | set(one.apart.get(therapy, ()))
    return {
        "advised-against": opposed, "contested": opposed | true[FOR], "caution": careful | true[FOR],
        "provisional": true[FOR], "eligible": true[FOR],
    }.get(status, set())  # fmt: skip


@pytest.mark.slow
def test_documents_decide_what_statuses_rest_on(kb: Any, folder: Path, tmp_path: Path) -> None:
    facts = rows(60, 21)
    pl.DataFrame(facts, infer_schema_length=None).write_parquet(tmp_path / "some.parquet")
    told = cohort_report(kb, tmp_path / "some.parquet", as_of=AS_OF, show_small=True)
    therapies = [t.iri for t in compile_criteria(kb.knowledge, AS_OF).therapies]
    counted, kinds = Counter[str](), Counter[str]()
    for row in facts:
        try:
            one = assess(kb.knowledge, kb.profile(profile(row)), AS_OF)
        except ProfileError:
            continue
        held = {s for therapy in therapies for s in rests(one, therapy)}
        kinds.update(one.statuses[therapy] for therapy in therapies)
        counted.update({describe.name(d) for s in held for d in kb.records.all(s, "statedIn")})
    assert {"contraindicated", "contested", "caution"} <= kinds.keys()
    assert {row["id"]: row["decides"] for row in told["documents"] or () if row["decides"]} == counted
    assert any(0 < (row["decides"] or 0) < (row["patients"] or 0) for row in told["documents"] or ())


@pytest.mark.slow
def test_unknown_facts_are_the_questions_of_each_patient(kb: Any) -> None:
    from guidegraph.cohort.blocking import Blocking
    from guidegraph.cohort.facts import Gathered
    from guidegraph.cohort.looked import Worked
    from guidegraph.cohort.rows import Batch

    criteria = compile_criteria(kb.knowledge, AS_OF)
    profiles = []
    for seed in range(24):
        try:
            profiles.append((drawn(kb, seed), kb.profile(drawn(kb, seed))))
        except ProfileError:
            continue
    gathered = Gathered(len(profiles), criteria, kb.vocabulary)
    patients, pairs = Counter[str](), Counter[str]()
    therapies = frozenset(therapy.iri for therapy in criteria.therapies)
    for at, (stated, told) in enumerate(profiles):
        gathered.state(stated, at)
        one = assess(kb.knowledge, told, AS_OF)
        for question in questions(one, waiting(one, therapies)):
            if question["therapies"]:
                patients[question["fact"]] += 1
                pairs[question["fact"]] += question["therapies"]
    names = pl.Series("patient", range(len(profiles)))
    blocking = Blocking(kb.knowledge, criteria)
    blocking.add(Worked(criteria, Batch(names, gathered, np.zeros(len(profiles), dtype=bool))), therapies)
    assert {fact: one.patients for fact, one in blocking.facts.items()} == patients
    assert {fact: one.pairs for fact, one in blocking.facts.items()} == pairs
    assert len(patients) > 50
    assert len(profiles) > 9
    assert all(one.alone <= one.patients for one in blocking.facts.values())


@pytest.mark.slow
def test_what_moves_is_the_difference_of_two_answers(folder: Path, exact: dict[str, Any]) -> None:
    then, now = (pl.read_parquet(folder / f"{name}.parquet") for name in ("then", "now"))
    both = then.join(now, on="patient", suffix=" now")
    moved = {}
    for name in therapies_of(then):
        pairs = both.select(
            pl.col(name).cast(pl.String).alias("was"), pl.col(f"{name} now").cast(pl.String).alias("now")
        )
        found = pairs.drop_nulls().filter(pl.col("was") != pl.col("now")).group_by("was", "now").len()
        if found.height:
            moved[name] = {(was, later): count for was, later, count in found.iter_rows()}
    flow = exact["flow"]
    told = {
        one["id"]: {(move["was"], move["now"]): move["patients"] for move in row["moves"]}
        for row in flow["therapies"]
        for one in (row, *row["members"])
    }
    assert told == moved
    assert len(moved) > 20
    assert flow["patients"] == then["contradiction"].null_count()
    assert flow["unmoved"] == len(therapies_of(then)) - len(moved)
    between = Counter[tuple[str, str]]()
    for moves in moved.values():
        between.update(moves)
    assert {(row["was"], row["now"]): row["count"] for row in flow["between"]} == between


@pytest.mark.slow
def test_a_move_names_the_statements_that_turned(folder: Path, exact: dict[str, Any]) -> None:
    then, now = (pl.read_parquet(folder / f"{name}.parquet") for name in ("then", "now"))
    both = then.join(now, on="patient", suffix=" now")
    checked = 0
    for row in exact["flow"]["therapies"][:12]:
        for move in row["moves"][:3]:
            movers = both.filter(pl.col(row["id"]).eq(move["was"]) & pl.col(f"{row['id']} now").eq(move["now"]))
            assert move["otherwise"] < move["patients"]
            for turn in move["by"]:
                if (
                    "none" in (turn["was"], turn["now"])
                    or turn["statement"] not in then.columns
                    or turn["role"] in "gr"
                ):
                    continue  # for whom it bears on the therapy is no column
                name = turn["statement"]
                turned = movers.filter(pl.col(name).eq(turn["was"]) & pl.col(f"{name} now").eq(turn["now"]))
                assert turn["patients"] == turned.height, (row["id"], turn)
                checked += 1
    assert checked > 15


@pytest.mark.slow
def test_other_knowledge_moves_what_it_states_otherwise(kb: Any, folder: Path) -> None:
    gone = kb.document("nice-ng59")
    graphs = {
        quad.subject for quad in kb.store.quads_for_pattern(None, ox.NamedNode(ns.GG + "encodes"), ox.NamedNode(gone))
    }
    kept = ox.Store()
    kept.bulk_extend(q for q in kb.store if q.graph_name not in {*graphs, ox.NamedNode(ns.INDEX_GRAPH)})
    fewer = KnowledgeBase(kept, kb.knowledge.selected)
    report = cohort_report(kb, folder / "patients.parquet", as_of=AS_OF, change=Change(fewer, None), show_small=True)
    flow = report["flow"]
    assert flow is not None
    assert flow["before"]["digest"] != flow["after"]["digest"]
    assert flow["moved"] is not None
    assert flow["moved"] > PATIENTS // 4
    # What nothing reaches any more has no status, and each turn is of a statement that went.
    nothing = [row for row in flow["therapies"] if any(move["now"] == "none" for move in row["moves"])]
    assert nothing
    turns = [turn for row in flow["therapies"] for move in row["moves"] for turn in move["by"] if turn["now"] == "none"]
    assert len(turns) > 20
    own = {describe.name(node) for node in kb.records.nodes if gone in kb.records.all(node, "statedIn")}
    rests = {describe.name(node) for node in kb.records.nodes if kb.records.one(node, "primaryStatement")}
    assert {turn["statement"] for turn in turns if turn["role"] in "fgc"} <= own | rests


@pytest.mark.slow
def test_what_is_not_understood_is_counted_by_cells(kb: Any, tmp_path: Path) -> None:
    path = tmp_path / "few.csv"
    path.write_text("patient,age,conditions: atrial fibrillation\na,30,false\nb,40,false\nc,50,\n")
    report = cohort_report(kb, path, as_of=AS_OF, show_small=True, therapies=["ibuprofen"])
    assert [(one["column"], one["count"]) for one in report["unclear"]] == [("conditions: atrial fibrillation", 2)]


@pytest.mark.slow
def test_only_some_therapies(kb: Any, folder: Path) -> None:
    for source in ("now.parquet", "patients.parquet"):
        asked: Any = {} if source == "now.parquet" else {"as_of": AS_OF}
        report = cohort_report(kb, folder / source, therapies=["ibuprofen"], show_small=True, **asked)
        assert set(by_therapy({**report, "patients": {"answered": 0}})) == {"ggt:Ibuprofen"}


@pytest.mark.parametrize(
    ("source", "options", "said"),
    [
        ("now.parquet", {"as_of": AS_OF}, "--as-of: a file of answers was asked already"),
        ("now.parquet", {"jurisdiction": "US"}, "--jurisdiction: a file of answers was asked already"),
        ("now.parquet", {"change": Change(None, THEN)}, "cannot be asked anew"),
        ("now.parquet", {"therapies": ["sciatica"]}, "sciatica"),
        ("missing.parquet", {}, "no such file"),
        ("empty.csv", {}, "there is no patient"),
        ("bare.parquet", {}, "does not say by which knowledge it was made"),
        ("other.parquet", {}, "made by other knowledge: sha256:0"),
        ("version.parquet", {}, "the file is of another version"),
        ("broken.parquet", {}, "no file of answers"),
        ("statuses.parquet", {}, "no column of statuses as they are today"),
    ],
)
def test_errors(kb: Any, folder: Path, source: str, options: dict[str, Any], said: str) -> None:
    (folder / "empty.csv").write_text("patient,age\n")
    now = pl.read_parquet(folder / "now.parquet")
    mark = pl.read_parquet_metadata(folder / "now.parquet")["guidegraph"]
    now.write_parquet(folder / "bare.parquet")
    now.write_parquet(folder / "other.parquet", metadata={"guidegraph": mark.replace(kb.digest, "sha256:0")})
    now.write_parquet(folder / "version.parquet", metadata={"guidegraph": mark.replace("statuses 1", "statuses 9")})
    now.write_parquet(folder / "broken.parquet", metadata={"guidegraph": "{}"})
    now.select("patient", "contradiction").write_parquet(folder / "statuses.parquet", metadata={"guidegraph": mark})
    with pytest.raises((UsageError, ProfileError), match=said):
        cohort_report(kb, folder / source, **options)
