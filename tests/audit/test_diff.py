"""Two versions compared: each kind of change is told as what it is, and whose statuses it moves."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

import guidegraph as gg
from guidegraph import api
from guidegraph.api.versions import diff
from guidegraph.errors import UsageError
from guidegraph.knowledge.branch import satisfiable
from guidegraph.render import diff_markdown, diff_text
from tests.support.audithelp import CLEAN
from tests.support.paths import ROOT, words

DROPS = "s:drops a gg:Recommendation"
AFTER = 'gg:strengthWording "strong" ; gg:certainty gg:Moderate ; gg:restsOn d:review .'


def versions(tmp_path: Path, change: dict[str, str]) -> tuple[str, str]:
    text = CLEAN
    for old, new in change.items():
        assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times"
        text = text.replace(old, new)
    paths = (tmp_path / "old.trig", tmp_path / "new.trig")
    for path, body in zip(paths, (CLEAN, text), strict=True):
        path.write_text(body, encoding="utf-8")
    return str(paths[0]), str(paths[1])


def compared(tmp_path: Path, change: dict[str, str], **options: Any) -> Any:
    def never() -> api.KnowledgeBase:
        raise AssertionError("files need no other knowledge")

    options = {"patients": False, **options}
    return diff(*versions(tmp_path, change), never, root=words(), **options)


#: A change of the small body: in which group it is told, of which statement, and with which words.
CASES: dict[str, tuple[dict[str, str], str, str, str]] = {
    "reversed": (
        {
            "gg:section s:sec-late ; gg:intervention ex:Drops ; gg:stance gg:For": "gg:section s:sec-late ; gg:intervention ex:Drops ; "
            "gg:stance gg:Against"
        },
        "reversed",
        "drops",
        "advised against now, recommended before",
    ),
    "another side": (
        {
            "gg:intervention ex:Salve ; gg:stance gg:Against": "gg:intervention ex:Salve ; gg:stance gg:InsufficientEvidence"
        },
        "stance",
        "salve",
        "evidence found insufficient now",
    ),
    "threshold": (
        {"xsd:minInclusive 4.0": "xsd:minInclusive 12.0"},
        "threshold",
        "drops",
        "from 4 before, now from 12",
    ),
    "narrower": (
        {
            "owl:withRestrictions ( [ xsd:minInclusive 4.0 ] ) ] ] ) ]": "owl:withRestrictions ( [ xsd:minInclusive 4.0 ] ) ] ]"
            " [ a owl:Class ; owl:complementOf [ a owl:Restriction ; owl:onProperty gg:hasCondition ; owl:someValuesFrom ex:Itch ] ] ) ]"
        },
        "population",
        "drops",
        "Narrower: fewer patients; out now: those with itch",
    ),
    "wider": (
        {"[ a owl:Restriction ; owl:onProperty gg:hasCondition ; owl:someValuesFrom ex:Ache ]\n": "\n"},
        "population",
        "drops",
        "Wider: more patients; in now: those without ache",
    ),
    "strength": (
        {"gg:ofStatement s:drops ; gg:strength gg:Strong": "gg:ofStatement s:drops ; gg:strength gg:Conditional"},
        "strength",
        "drops",
        "strength: from strong to conditional",
    ),
    "certainty": (
        {AFTER: AFTER.replace("gg:Moderate", "gg:Low")},
        "strength",
        "drops",
        "certainty: from moderate to low",
    ),
    "how": (
        {AFTER: AFTER.replace(" .", ' ; gg:dose "one drop" .')},
        "how",
        "drops",
        'dose: now "one drop", not stated before',
    ),
    "evidence": (
        {AFTER: AFTER.replace(" ; gg:restsOn d:review", "")},
        "evidence",
        "drops",
        "no longer rests on Review of drops",
    ),
    "dates": (
        {AFTER: AFTER.replace(" .", ' ; dcterms:issued "2024-02-01"^^xsd:date .')},
        "dates",
        "drops",
        "issued: now 2024-02-01",
    ),
    "wording": (
        {AFTER: AFTER.replace('"strong"', '"firm"')},
        "wording",
        "drops",
        'strength in its words: from "strong" to "firm"',
    ),
    "another finding": (
        {
            'gg:effect "less ache" ; gg:certainty gg:Moderate .\ns:loc-pain': 'gg:effect "no less ache" ; gg:certainty gg:Moderate .\ns:loc-pain'
        },
        "finding",
        "pain",
        'effect: from "less ache" to "no less ache"',
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_change_is_told_as_what_it_is(tmp_path: Path, name: str) -> None:
    change, aspect, statement, told = CASES[name]
    data = compared(tmp_path, change)
    entries = {(g["aspect"], e["now"]["id"].rpartition("/")[2]): e for g in data["groups"] for e in g["entries"]}
    assert (aspect, statement) in entries, list(entries)
    texts = [c["text"] for c in entries[aspect, statement]["changes"]]
    assert any(told in text for text in texts), texts


def test_the_gravest_change_decides_the_group(tmp_path: Path) -> None:
    change = CASES["reversed"][0] | {
        "gg:ofStatement s:drops ; gg:strength gg:Strong": "gg:ofStatement s:drops ; gg:strength gg:Conditional"
    }
    data = compared(tmp_path, change)
    assert [(g["aspect"], len(g["entries"])) for g in data["groups"]] == [("reversed", 1)]
    assert [c["aspect"] for c in data["groups"][0]["entries"][0]["changes"]] == ["reversed", "strength"]
    assert data["unchanged"] == 4


def test_what_came_and_went_is_told_with_what_the_other_has(tmp_path: Path) -> None:
    whole = re.search(r"s:salve a gg:Recommendation.*?gg:certainty gg:Low \.\n", CLEAN, re.DOTALL)
    assert whole is not None
    more = whole[0].replace("s:salve a", "s:more a").replace("ex:Itching", "ex:Aching").replace("ex:Itch ", "ex:Ache ")
    data = compared(tmp_path, {whole[0]: whole[0] + more})
    (entry,) = next(g for g in data["groups"] if g["aspect"] == "added")["entries"]
    assert entry["now"]["id"].endswith("more") and entry["beside"] == [
        "against: Salve not for itch (Guideline on ache 2023)"
    ]
    gone = compared(tmp_path, {whole[0]: ""})
    assert [g["aspect"] for g in gone["groups"]] == ["ended"]


def test_a_statement_of_another_name_is_known_by_what_it_says(tmp_path: Path) -> None:
    old, new = versions(tmp_path, {})
    text = CLEAN.replace("s:drops", "s:renamed").replace("xsd:minInclusive 4.0", "xsd:minInclusive 6.0")
    Path(new).write_text(text, encoding="utf-8")
    data = diff(old, new, lambda: api.open_knowledge(), root=words(), patients=False)
    entries = [e for g in data["groups"] for e in g["entries"]]
    assert {
        (e["was"] or {"id": ""})["id"].rpartition("/")[2]
        for e in entries
        if e["now"] and e["now"]["id"].endswith("renamed")
    } == {"drops"}
    assert not [g for g in data["groups"] if g["aspect"] in ("added", "ended")]


def test_nothing_differs_between_a_version_and_itself(tmp_path: Path) -> None:
    data = compared(tmp_path, {}, patients=True, profiles=_profiles(tmp_path))
    assert data["groups"] == [] and data["unchanged"] == 5 and data["patients"]["moved"] == 0
    assert "Nothing differs" in diff_text(data)


def _profiles(tmp_path: Path) -> Path:
    folder = tmp_path / "profiles"
    folder.mkdir()
    (folder / "five.yaml").write_text("conditions: [ache]\nsymptom_weeks: 5\n", encoding="utf-8")
    (folder / "twenty.yaml").write_text("conditions: [ache]\nsymptom_weeks: 20\n", encoding="utf-8")
    return folder


def test_whose_statuses_move(tmp_path: Path) -> None:
    data = compared(tmp_path, CASES["threshold"][0], patients=True, profiles=_profiles(tmp_path))
    patients = data["patients"]
    moved = {
        row["profile"]: {t["label"]: (t["was"], t["now"]) for t in row["therapies"]} for row in patients["patients"]
    }
    assert moved["five"] == {"drops": ("provisional", "not-indicated")} and "twenty" not in moved
    made = [row for row in patients["patients"] if row["made"]]
    assert patients["generated"] >= 2 and made and all(row["therapies"] for row in made)
    assert patients["moves"][0]["label"] == "drops" and patients["moves"][0]["patients"] >= 2


@pytest.mark.slow
def test_the_patients_between_two_populations_are_those_of_the_algebra(kb: gg.KnowledgeBase) -> None:
    """Who is in now that was not: fits the one population and not the other, and everybody who does is among them."""
    from guidegraph.audit.differing import gap
    from guidegraph.audit.matching import Version

    forms = kb.disagreement.grader.forms
    version = Version("", kb.knowledge, kb.knowledge, (), date(2026, 11, 24))
    populations = sorted(kb.records.branches)[::30]
    asked = 0
    for one in populations:
        for other in populations:
            a, b = forms.population(one), forms.population(other)
            union = gap(version, a, b)
            if not union:
                continue
            asked += 1
            assert forms.inside(union, a) and not forms.meets(union, b)
            # Asked of few only, since it takes as long as all else here.
            assert asked % 8 or forms.inside(a, (*union, *b))
            assert all(satisfiable(branch, forms.logic) for branch in union)
    assert asked > 20


def test_two_documents_of_the_knowledge_are_compared_alone(kb: gg.KnowledgeBase) -> None:
    data = diff("dk-2018", "dk-2025", lambda: kb, patients=False)
    assert data["note"] and [g["heading"] for g in data["groups"]][:2] == [
        "Only in the later one",
        "Only in the earlier one",
    ]
    # Whom all recommendations mean is told once, and hides nothing else that changed of a statement.
    assert [text for text in data["documents"] if "age (years): over 16 before, now from 18" in text]
    (moved,) = [g for g in data["groups"] if g["aspect"] == "population"]
    assert len(moved["entries"]) == 3
    for entry in moved["entries"]:
        texts = " | ".join(c["text"] for c in entry["changes"])
        assert "age (years): over 16 before, now from 18" in texts
        assert "in now: those with lumbosacral radiculopathy" in texts and "under 18" not in texts
    assert diff_text(data).count("age (years): over\n  16 before, now from 18") == 1


@pytest.mark.slow
def test_two_editions_of_osteoarthritis_read_as_a_methodologist_tells_them() -> None:
    kb = gg.open(domains=["osteoarthritis"])
    groups = {g["aspect"]: g["entries"] for g in diff("nice-cg177", "nice-ng226", lambda: kb, patients=False)["groups"]}
    assert [e["about"] for e in groups["reversed"]] == [["acetaminophen"]]
    assert [e["about"] for e in groups["strength"]] == [["intra-articular hyaluronan injection"]]
    data = diff("aaos-2013", "aaos-2021", lambda: kb, patients=False)
    groups = {g["aspect"]: g["entries"] for g in data["groups"]}
    # Tramadol was recommended; opioids, tramadol among them, are advised against.
    turned = {(e["was"]["id"].rpartition("/")[2], e["now"]["id"].rpartition("/")[2]) for e in groups["reversed"]}
    assert ("AAOS13-7a-T", "AAOS21-OP") in turned and len(turned) == 4
    assert not any("tramadol" in e["about"] for e in groups["ended"])
    assert {("AAOS13-7b-OP", "AAOS21-OP")} <= {
        (e["was"]["id"].rpartition("/")[2], e["now"]["id"].rpartition("/")[2]) for e in groups["stance"]
    }
    told = diff_text(data)
    assert told.count("now from 17") == 1 and "people under 17" not in told


def test_two_days_of_one_document(kb: gg.KnowledgeBase) -> None:
    data = diff("nice-ng59@2018-01-01", "nice-ng59@2021-01-01", lambda: kb, patients=False)
    assert [(g["heading"], len(g["entries"])) for g in data["groups"]] == [("Added", 8), ("Ended", 1)]
    assert data["unchanged"] == 39


def test_the_form_is_as_published_and_the_same_on_every_run(tmp_path: Path) -> None:
    schema = json.loads((ROOT / "src/guidegraph/schema/diff.schema.json").read_text(encoding="utf-8"))
    profiles = _profiles(tmp_path)
    one, two = (compared(tmp_path, CASES["threshold"][0], patients=True, profiles=profiles) for _ in range(2))
    Draft202012Validator(schema).validate(one)
    assert one == two and diff_text(one) == diff_text(two) and diff_markdown(one).startswith("# ")
    # A path that is longer than a line is not broken.
    assert all(len(line) <= 80 or str(tmp_path) in line for line in diff_text(one).splitlines())


def test_what_cannot_be_compared_is_told(kb: gg.KnowledgeBase, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="none of its statements is in the graph"):
        diff("va-dod-2017", "va-dod-2022", lambda: kb, patients=False)
    with pytest.raises(UsageError, match="no document fits"):
        diff("nowhere-1999", "dk-2025", lambda: kb, patients=False)
    with pytest.raises(UsageError, match="is not a date"):
        diff("nice-ng59@soon", "dk-2025", lambda: kb, patients=False)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="nothing to compare"):
        diff(str(tmp_path / "empty"), "dk-2025", lambda: kb, patients=False)


def test_the_command(cli: Callable[..., Any]) -> None:
    done = cli("diff", "dgn-2008", "dgn-2018", "--no-patients")
    assert done.returncode == 0 and "Only in the earlier one (3)" in done.stdout, done.stderr
    wrong = cli("diff", "dgn-2008", "dgn-2018", "--no-patients", "--profiles", "x")
    assert wrong.returncode == 2 and len(wrong.stderr.splitlines()) == 1
