"""Tables of patients: each row is answered as the same facts in a profile are."""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from guidegraph.api.cohort import answer_table
from guidegraph.errors import ProfileError, UsageError
from guidegraph.knowledge import describe
from tests.conftest import AS_OF

pl = pytest.importorskip("polars")

FACTS = {
    "conditions: sciatica": "sciatica",
    "conditions: low back pain": "low back pain",
    "conditions: cancer": "cancer",
    "conditions: pregnancy": "pregnancy",
    "medications: NSAID": "NSAID",
    "medications: ibuprofen": "ibuprofen",
    "findings: saddle anesthesia": "saddle anesthesia",
}
NUMBERS = {
    "age": (5, 15, 16, 17, 45, 64, 65, 80),
    "symptom_weeks": (1, 5.9, 6, 11, 12, 12.5, 13, 30),
    "egfr": (10, 29.9, 30, 60, 90),
}
TRIALS = (None, "failed", "succeeded", "not tolerated", "true", "false")


def rows(count: int, seed: int) -> list[dict[str, Any]]:
    """Random rows of a wide table."""
    pick = random.Random(seed)
    return [
        {
            "patient": f"p{at}",
            **{name: pick.choice((None, None, True, False)) for name in FACTS},
            **{name: pick.choice((None, *values)) for name, values in NUMBERS.items()},
            "trials: exercise therapy": pick.choice(TRIALS),
            "complete: medications": pick.choice((None, True)),
            "sex": pick.choice((None, "male", "female")),
            "conditions": pick.choice((None, "chronic kidney disease", "atrial fibrillation; sciatica")),
        }
        for at in range(count)
    ]


def profile(row: dict[str, Any]) -> dict[str, Any]:
    """The same facts as a profile."""
    told: dict[str, Any] = {name: Decimal(str(row[name])) for name in NUMBERS if row[name] is not None}
    for name, term in FACTS.items():
        if row[name] is not None:
            lists = told.setdefault(name.partition(":")[0], {"present": [], "absent": []})
            lists["present" if row[name] else "absent"].append(term)
    if row["conditions"]:
        told.setdefault("conditions", {"present": [], "absent": []})["present"] += row["conditions"].split("; ")
    if row["complete: medications"]:
        told.setdefault("medications", {"present": [], "absent": []})["complete"] = True
    if row["sex"]:
        told["sex"] = row["sex"]
    if (led := row["trials: exercise therapy"]) is not None:
        one = {"of": "exercise therapy"} | ({} if led in ("true", "false") else {"outcome": led})
        told["trials"] = {"absent" if led == "false" else "present": [one]}
    return told


def test_the_patients_are_never_replaced_by_their_answers(kb: Any, tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pl.DataFrame({"patient": ["a"], "age": [30]}).write_parquet(path)
    before = path.read_bytes()
    with pytest.raises(UsageError, match="would go where the patients are"):
        answer_table(kb, path, tmp_path / "." / "t.parquet")
    assert path.read_bytes() == before


WRITERS: dict[str, Callable[[Any, Path], None]] = {
    "t.parquet": lambda table, path: table.write_parquet(path),
    "t.csv": lambda table, path: table.write_csv(path),
    "t.tsv": lambda table, path: table.write_csv(path, separator="\t"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", WRITERS)
def test_a_row_is_answered_as_a_profile(kb: Any, tmp_path: Path, name: str) -> None:
    given = rows(60, 7)
    WRITERS[name](pl.DataFrame(given, infer_schema_length=None), tmp_path / name)
    report = answer_table(kb, tmp_path / name, tmp_path / "o.parquet", as_of=AS_OF, statements=True)
    answers = pl.read_parquet(tmp_path / "o.parquet").to_dicts()
    assert [row["patient"] for row in answers] == [row["patient"] for row in given]
    contradicted = 0
    speaking = pl.read_parquet(tmp_path / "o.parquet").columns
    statements = {s: describe.name(s) for s in kb.records.nodes if describe.name(s) in speaking} | {
        s: describe.name(s) for s in kb.records.criteria if describe.name(s) in speaking and "/term/" not in s
    }
    for row, answer in zip(given, answers, strict=True):
        try:
            one = kb.assess(kb.profile(profile(row)), AS_OF)
        except ProfileError:
            contradicted += 1
            assert answer["contradiction"]
            assert answer["ggt:NSAID"] is None
            continue
        assert answer["contradiction"] is None
        found = {c: v for c, v in answer.items() if c not in row and c != "contradiction"}
        assert found == {name: one.truth(s) for s, name in statements.items()} | {
            one.name(therapy): status for therapy, status in one.statuses.items()
        }
    assert contradicted
    assert (report.patients, report.left_out, report.contradicted) == (60, 0, contradicted)
    counted = report.statuses["ggt:NSAID"]
    assert sum(counted.values()) == 60 - contradicted


def test_long_and_chosen_therapies(kb: Any, tmp_path: Path) -> None:
    pl.DataFrame(rows(5, 3), infer_schema_length=None).write_parquet(tmp_path / "t.parquet")
    options: Any = {"as_of": AS_OF, "therapies": ["NSAID", "acupuncture"]}
    answer_table(kb, tmp_path / "t.parquet", tmp_path / "w.parquet", **options)
    answer_table(kb, tmp_path / "t.parquet", tmp_path / "l.parquet", long=True, **options)
    wide, long = pl.read_parquet(tmp_path / "w.parquet"), pl.read_parquet(tmp_path / "l.parquet")
    assert wide.columns == ["patient", "contradiction", "ggt:Acupuncture", "ggt:NSAID"]
    again = long.pivot("therapy", index=["patient", "contradiction"], values="status")
    assert again.equals(wide)


def test_nan_and_blank_are_unknown(kb: Any, tmp_path: Path) -> None:
    """NaN is above every bound to most engines: it must not make anybody old."""
    table = pl.DataFrame(
        {"patient": [1, 2, 3], "age": [float("nan"), None, 70.0], "conditions: cancer": ["", None, "false"]}
    )
    table.write_parquet(tmp_path / "t.parquet")
    answer_table(kb, tmp_path / "t.parquet", tmp_path / "o.parquet", as_of=AS_OF, statements=True)
    first, second, third = pl.read_parquet(tmp_path / "o.parquet").drop("patient").rows()
    assert first == second != third


FAULTS: dict[str, tuple[dict[str, list[Any]], str]] = {
    "a word for a truth": ({"conditions: cancer": ["maybe"]}, "neither true nor false"),
    "an implausible number": ({"age": [900]}, "not plausible"),
    "a negative number": ({"age": [-3]}, "not plausible"),
    "infinity": ({"age": [float("inf")]}, "not plausible"),
    "a word for a number": ({"age": ["old"]}, "no number"),
    "a decimal comma": ({"symptom_weeks": ["12,5"]}, "no number"),
    "an outcome that is none": ({"trials: exercise therapy": ["cured"]}, "not a known term"),
    "a sex that is none": ({"sex": ["x"]}, "not known"),
    "an unknown entry": ({"conditions": ["sciatika"]}, "sciatica"),
    "an unknown problem": ({"problem": ["no such thing at all"]}, "not a known term"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_cell_that_cannot_be_read(kb: Any, tmp_path: Path, name: str) -> None:
    cells, why = FAULTS[name]
    table = pl.DataFrame({"patient": ["good", "bad"], **{c: [None, *v] for c, v in cells.items()}}, strict=False)
    table.write_parquet(tmp_path / "t.parquet")
    report = answer_table(kb, tmp_path / "t.parquet", tmp_path / "o.parquet", as_of=AS_OF)
    assert pl.read_parquet(tmp_path / "o.parquet")["patient"].to_list() == ["good"]
    assert report.left_out == 1
    (unread,) = report.unread
    assert why in unread.what
    assert (unread.column, unread.count, unread.examples[0][0]) == (next(iter(cells)), 1, 2)
    with pytest.raises(UsageError, match="row 2, column"):
        answer_table(kb, tmp_path / "t.parquet", tmp_path / "s.parquet", as_of=AS_OF, strict=True)
    assert not (tmp_path / "s.parquet").exists()


def test_the_first_rows_that_cannot_be_read_are_told_whatever_stands_in_them(kb: Any, tmp_path: Path) -> None:
    words = ["true", "zz", "b", "b", "b", "b", "a", "a"]
    table = pl.DataFrame({"patient": range(len(words)), "conditions: cancer": words})
    table.write_parquet(tmp_path / "t.parquet")
    report = answer_table(kb, tmp_path / "t.parquet", tmp_path / "o.parquet", as_of=AS_OF)
    assert [(u.count, u.examples) for u in report.unread] == [(7, [(2, "zz"), (3, "b"), (4, "b")])]
    with pytest.raises(UsageError, match="row 2, column conditions: cancer: 'zz'"):
        answer_table(kb, tmp_path / "t.parquet", tmp_path / "s.parquet", as_of=AS_OF, strict=True)


def test_numbers_that_cannot_be_are_told_each_by_itself(kb: Any, tmp_path: Path) -> None:
    pl.DataFrame({"patient": [1, 2, 3], "age": [300, 40, 200]}).write_parquet(tmp_path / "t.parquet")
    report = answer_table(kb, tmp_path / "t.parquet", tmp_path / "o.parquet", as_of=AS_OF)
    assert [u.examples for u in report.unread] == [[(1, "300.0"), (3, "200.0")]]


def test_a_strict_run_is_stopped_by_what_cannot_be_read_not_by_what_is_passed_over(kb: Any, tmp_path: Path) -> None:
    table = pl.DataFrame({"patient": ["a"], "conditions": ["ICD10CM:X99.99"], "sex": ["x"]})
    table.write_parquet(tmp_path / "t.parquet")
    with pytest.raises(UsageError, match="row 1, column sex: 'x'"):
        answer_table(kb, tmp_path / "t.parquet", tmp_path / "s.parquet", as_of=AS_OF, strict=True)


def test_a_long_row_that_says_nothing_known_stops_a_strict_run_with_a_sentence(kb: Any, tmp_path: Path) -> None:
    long = {"patient": ["a", "b"], "key": ["age", "nothing"], "term": ["", "cancer"], "value": ["60", "true"]}
    pl.DataFrame(long).write_parquet(tmp_path / "t.parquet")
    with pytest.raises(UsageError, match="row 2"):
        answer_table(kb, tmp_path / "t.parquet", tmp_path / "s.parquet", as_of=AS_OF, strict=True)


def test_a_code_that_is_not_understood_is_counted_and_suspends_the_list(kb: Any, tmp_path: Path) -> None:
    table = {"patient": [1, 2], "medications": ["ATC:X99XX99", None], "complete: medications": [True, True]}
    pl.DataFrame(table).write_parquet(tmp_path / "t.parquet")
    report = answer_table(kb, tmp_path / "t.parquet", tmp_path / "o.parquet", as_of=AS_OF, statements=True)
    assert [(u.column, u.count) for u in report.unread] == [("medications", 1)]
    assert "not understood" in report.unread[0].what
    suspended, complete = pl.read_parquet(tmp_path / "o.parquet").drop("patient").rows()
    assert suspended != complete


HEADS: dict[str, tuple[list[str], str]] = {
    "no patient": (["age"], "no column names the patient"),
    "two patients": (["patient", "person_id"], "2 columns name the patient"),
    "an unknown term": (["patient", "sciatika"], "sciatica"),
    "an unknown list": (["patient", "complete: medicines"], "no list"),
    "the same twice": (["patient", "age", "Age"], "both say"),
    "a term of another kind": (["patient", "conditions: no such term"], "not a known term"),
}


@pytest.mark.parametrize("name", HEADS)
def test_a_heading_that_says_nothing(kb: Any, tmp_path: Path, name: str) -> None:
    heads, why = HEADS[name]
    pl.DataFrame({head: [1] for head in heads}).write_parquet(tmp_path / "t.parquet")
    with pytest.raises(UsageError, match=why):
        answer_table(kb, tmp_path / "t.parquet", tmp_path / "o.parquet", as_of=AS_OF)
    assert [path.name for path in tmp_path.iterdir()] == ["t.parquet"]


def test_columns_can_be_said_to_mean_something(kb: Any, tmp_path: Path) -> None:
    table = pl.DataFrame({"PatNr": [1], "alter": [70], "note": ["x"], "krebs": [True]})
    table.write_parquet(tmp_path / "t.parquet")
    meanings = {"PatNr": "patient", "alter": "age", "note": "ignore", "krebs": "conditions: cancer"}
    answer_table(kb, tmp_path / "t.parquet", tmp_path / "o.parquet", as_of=AS_OF, columns=meanings)
    one = kb.assess(kb.profile({"age": 70, "conditions": ["cancer"]}), AS_OF)
    answer = pl.read_parquet(tmp_path / "o.parquet").row(0, named=True)
    assert {c: s for c, s in answer.items() if c.startswith("ggt:")} == {
        one.name(t): s for t, s in one.statuses.items()
    }
    with pytest.raises(UsageError, match="no column 'alte'"):
        answer_table(kb, tmp_path / "t.parquet", tmp_path / "p.parquet", columns={"alte": "age"})


PLACES: dict[str, tuple[bytes | None, str]] = {
    "no such file": (None, "no such file"),
    "an empty file": (b"", "cannot be used"),
    "no parquet": (b"hello", "cannot be used"),
    "a head alone": (b"", "no patient"),
}


@pytest.mark.parametrize("name", PLACES)
def test_a_table_that_is_none(kb: Any, tmp_path: Path, name: str) -> None:
    content, why = PLACES[name]
    if name == "a head alone":
        pl.DataFrame({"patient": [], "age": []}, schema={"patient": pl.Int64, "age": pl.Int64}).write_parquet(
            tmp_path / "t.parquet"
        )
    elif content is not None:
        (tmp_path / "t.parquet").write_bytes(content)
    with pytest.raises(UsageError, match=why):
        answer_table(kb, tmp_path / "t.parquet", tmp_path / "o.parquet", as_of=AS_OF)
    assert not (tmp_path / "o.parquet").exists()
    assert not list(tmp_path.glob(".*"))


@pytest.mark.slow
def test_the_same_table_gives_the_same_bytes_in_batches_of_any_size(
    kb: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from guidegraph.cohort import rows as reading

    pl.DataFrame(rows(90, 5), infer_schema_length=None).write_parquet(tmp_path / "t.parquet")
    answer_table(kb, tmp_path / "t.parquet", tmp_path / "a.parquet", as_of=AS_OF)
    answer_table(kb, tmp_path / "t.parquet", tmp_path / "b.parquet", as_of=AS_OF)
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    small = reading.batches
    monkeypatch.setattr(reading, "batches", lambda table, path: small(table, path, 7))
    answer_table(kb, tmp_path / "t.parquet", tmp_path / "c.parquet", as_of=AS_OF)
    assert pl.read_parquet(tmp_path / "c.parquet").equals(pl.read_parquet(tmp_path / "a.parquet"))
