"""What is listed for each patient: what is understood of them, and which unknown facts keep therapies open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pl = pytest.importorskip("polars")
np = pytest.importorskip("numpy")

from guidegraph.api.cohort import answer_table  # noqa: E402
from guidegraph.assess.assessing import assess  # noqa: E402
from guidegraph.assess.questions import questions  # noqa: E402
from guidegraph.cohort import lists  # noqa: E402
from guidegraph.cohort.facts import Gathered  # noqa: E402
from guidegraph.cohort.looked import Worked  # noqa: E402
from guidegraph.cohort.rows import Batch  # noqa: E402
from guidegraph.errors import ProfileError  # noqa: E402
from guidegraph.knowledge.atoms import Atom  # noqa: E402
from guidegraph.knowledge.criteria import compile_criteria  # noqa: E402
from tests.conftest import AS_OF  # noqa: E402
from tests.support.cohorts import drawn, waiting  # noqa: E402


@pytest.fixture(scope="module")
def patients(kb: Any) -> Any:
    """The criteria, some patients as one is assessed, and the same as a batch."""
    criteria, found = compile_criteria(kb.knowledge, AS_OF), []
    for seed in range(40, 64):
        try:
            found.append((drawn(kb, seed), assess(kb.knowledge, kb.profile(drawn(kb, seed)), AS_OF)))
        except ProfileError:
            continue
    gathered = Gathered(len(found), criteria, kb.vocabulary)
    for at, (stated, _) in enumerate(found):
        gathered.state(stated, at)
    nobody = np.zeros(len(found), dtype=bool)
    return criteria, [one for _, one in found], Worked(criteria, Batch(pl.Series(range(len(found))), gathered, nobody))


def asked(one: Any, therapies: set[str]) -> list[str]:
    """The unknown facts that keep some therapies of one patient open."""
    return sorted({question["label"] for question in questions(one, waiting(one, therapies)) if question["therapies"]})


@pytest.mark.slow
def test_unknown_facts_are_the_questions_of_each_patient(kb: Any, patients: Any) -> None:
    criteria, ones, worked = patients
    some = [therapy for therapy in criteria.therapies if therapy.recommending][:25]
    nobody = np.zeros(len(ones), dtype=bool)
    told = lists.blocking(kb.knowledge.book, criteria, worked, some, nobody, False).to_list()
    assert told == [asked(one, {therapy.iri for therapy in some}) for one in ones]
    assert any(told)
    each = lists.blocking(kb.knowledge.book, criteria, worked, some, nobody, True).to_list()
    assert each == [asked(one, {therapy.iri}) for therapy in some for one in ones]


def test_what_is_understood_is_the_settled_profile(kb: Any, patients: Any) -> None:
    criteria, ones, worked = patients
    book = kb.knowledge.book
    told = lists.facts(book, criteria, worked, np.zeros(len(ones), dtype=bool)).to_list()
    for one, facts in zip(ones, told, strict=True):
        settled = one.settled.profile
        for held, table in ((True, settled.present), (False, settled.absent)):
            words = {book.label(Atom("", prop, cls), held) for prop, classes in table.items() for cls in classes}
            assert words <= set(facts)
        for number in settled.values.keys() & criteria.numbers.keys():
            assert sum(fact.startswith(f"{book.short(number)} ") for fact in facts) >= 1
        assert len(facts) == len(set(facts))
    assert len({tuple(facts) for facts in told}) == len(told)


def test_who_has_no_status_has_no_list(kb: Any, tmp_path: Path) -> None:
    """Lists stand with their patient, whoever is left out before."""
    (tmp_path / "p.csv").write_text(
        "patient,age,sciatica,pregnant,sex\na,x,true,,\nb,40,true,true,male\nc,40,true,,female\nd,,,,\n",
        encoding="utf-8",
    )
    out, two = tmp_path / "o.parquet", ("ggt:NSAID", "ggt:ExerciseTherapy")
    answer_table(kb, tmp_path / "p.csv", out, as_of=AS_OF, therapies=two, facts=True, blocking=True)
    wide = {row["patient"]: row for row in pl.read_parquet(out).iter_rows(named=True)}
    assert sorted(wide) == ["b", "c", "d"]
    assert wide["b"]["contradiction"] and wide["b"]["facts"] is None and wide["b"]["blocking"] is None
    assert "sciatica" in wide["c"]["facts"] and wide["d"]["facts"] == [] and wide["d"]["blocking"]
    answer_table(kb, tmp_path / "p.csv", out, as_of=AS_OF, therapies=two, blocking=True, long=True)
    rows = pl.read_parquet(out).rows(named=True)
    assert [(row["patient"], row["therapy"]) for row in rows] == [(p, t) for p in "bcd" for t in sorted(two)]
    for patient in "cd":
        mine = [set(row["blocking"]) for row in rows if row["patient"] == patient]
        assert set.union(*mine) == set(wide[patient]["blocking"])
