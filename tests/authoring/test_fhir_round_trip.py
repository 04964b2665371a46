"""Documents written as FHIR and read back say the same: every shipped one, in R4 and R5."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from guidegraph import assets, store
from guidegraph import namespaces as ns
from guidegraph.api import open_knowledge
from guidegraph.api.base import KnowledgeBase
from guidegraph.api.opening import open_files
from guidegraph.authoring import importing
from guidegraph.authoring.fhircarried import carried, section_system
from guidegraph.authoring.fhirrows import read_fhir
from guidegraph.authoring.importing import import_sheet, quads_of
from guidegraph.cli.app import app
from guidegraph.domains import available
from guidegraph.errors import SheetError
from guidegraph.export.fhir import parts
from guidegraph.reading import read_quads
from tests.authoring.test_sheet_round_trip import FEW
from tests.support.fhircheck import validate

ROOT = assets.root() / "graph"


def written(kb: KnowledgeBase, names: list[str], version: str, files: list[Path]) -> list[dict[str, Any]]:
    """The resources of documents, all that stands beside them included."""
    documents = [ns.GGD + name for name in names]
    items = kb.evidence_items() if version == "R5" else []
    of = [iri for iri in (*kb.recommendations(), *items) if kb.records.one(iri, "statedIn") in documents]
    found = list(kb.fhir(of, version=version))
    beside, told = carried(found, kb.knowledge, documents, parts.identity, files=files)
    assert not told
    return [*found, *beside]


def bundle(resources: list[dict[str, Any]], path: Path) -> Path:
    path.write_text(parts.to_json(parts.bundle("all", [(parts.address(one), one) for one in resources])), "utf-8")
    return path


@pytest.mark.slow
@pytest.mark.parametrize("version", ["R4", "R5"])
def test_documents_come_back_the_same(kb: KnowledgeBase, tmp_path: Path, version: str) -> None:
    files = [ROOT / "documents" / f"{name}.trig" for name in FEW]
    made = written(kb, list(FEW), version, files)
    for resource in (*made, section_system("1.0")):
        validate(resource, version)
    assert len({(one["resourceType"], one["id"]) for one in made}) == len(made)
    path = bundle(made, tmp_path / "few.json")
    assert store.digest_of(quads_of(import_sheet(path, kb.knowledge))) == store.digest_of(
        [quad for file in files for quad in read_quads(file)]
    )
    # All of it is read: what is told is of resources that define the words of others.
    assert {line.partition(": ")[2] for line in read_fhir(path, kb.knowledge).left} == {
        "Library defines words of others, and is not read"
    }


@pytest.mark.slow
@pytest.mark.parametrize("version", ["R4", "R5"])
def test_every_shipped_document_comes_back_the_same(
    tmp_path: Path, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # That the shipped documents keep to the shapes is asked elsewhere.
    monkeypatch.setattr(importing, "broken_rules", lambda *given: ())
    everything = open_knowledge(domains=list(available(assets.root())))
    files = {path.stem: path for path in sorted(ROOT.rglob("documents/*.trig"))}
    assert len(files) > 190
    path = bundle(written(everything, list(files), version, list(files.values())), tmp_path / "all.json")
    back = import_sheet(path, everything.knowledge)
    assert sorted(back.documents) == sorted(files)
    for name, file in files.items():
        one = importing.Imported({name: back.files[f"documents/{name}.trig"]})
        one.files = {f"{name}.trig": one.files[name]}
        assert store.digest_of(quads_of(one)) == store.digest_of(read_quads(file)), name


def test_what_elements_say_stands_in_no_column(kb: KnowledgeBase, tmp_path: Path) -> None:
    """So a mend of an element counts, and is not overruled by what stands beside it."""
    path = bundle(written(kb, ["acp-2017"], "R5", []), tmp_path / "one.json")
    plan = json.loads(path.read_text("utf-8"))
    (first, *_) = (e["resource"] for e in plan["entry"] if e["resource"]["resourceType"] == "PlanDefinition")
    beside = {part["extension"][0]["valueString"] for part in first["extension"]}
    assert not beside & {"label", "intervention", "stance", "strength", "certainty", "population", "indication", "note"}
    first["action"][0]["title"] = "Another line"
    path.write_text(json.dumps(plan), "utf-8")
    rows = read_fhir(path, kb.knowledge).table()["recommendations"]
    assert ["Another line"] in [row["label"] for row in rows]


def test_the_commands_take_a_document_out_and_in(tmp_path: Path) -> None:
    run, path, folder = CliRunner().invoke, tmp_path / "one.json", tmp_path / "resources"
    done = run(app, ["export", "fhir", "dk-2025"])
    assert done.exit_code == 0
    path.write_text(done.stdout, "utf-8")
    assert run(app, ["export", "fhir", "dk-2025", "--fhir-version", "R5", "-o", str(folder)]).exit_code == 0
    shipped = store.digest_of(read_quads(ROOT / "documents" / "dk-2025.trig"))
    for number, source in enumerate((path, folder)):
        into = tmp_path / f"domain{number}"
        done = run(app, ["import", str(source), "-o", str(into)])
        assert done.exit_code == 0, done.stderr
        assert store.digest_of(read_quads(into / "documents" / "dk-2025.trig")) == shipped


def test_what_cannot_be_carried_is_told_by_name(tmp_path: Path) -> None:
    text = (ROOT / "documents" / "dk-2025.trig").read_text("utf-8")
    for name, extra, what in (
        ("strange", "gg:horizonOrder 3", "a sheet has no column for gg:horizonOrder of ggd:dk-2025"),
        ("control", 'gg:note "a\\u0007b"', "document, note of dk-2025: FHIR has no control characters"),
    ):
        path = tmp_path / f"{name}.trig"
        path.write_text(text.replace('gg:shortLabel "', f'{extra} ; gg:shortLabel "', 1), "utf-8")
        kb = open_files([path])
        found = list(kb.fhir(kb.recommendations()[:1]))
        before = json.dumps(found)
        beside, told = carried(found, kb.knowledge, [ns.GGD + "dk-2025"], parts.identity, files=[path])
        assert not beside and json.dumps(found) == before
        assert len(told) == 1 and told[0].startswith("all of ggd:dk-2025 ") and what in told[0]


def test_columns_of_others_are_told_at_their_path(kb: KnowledgeBase, tmp_path: Path) -> None:
    made = written(kb, ["dk-2025"], "R4", [])
    rows = [one for one in made if one["resourceType"] == "Basic"]
    part = {"url": "heading", "valueString": "colour"}
    rows[0]["extension"].append({"url": parts.EXTENSION + "column", "extension": [part]})
    (document,) = (r for r in rows if r["code"]["coding"][0]["code"] == "document")
    document["extension"] = [e for e in document["extension"] if e["extension"][0]["valueString"] != "kind"]
    rows.append(
        {"resourceType": "Basic", "id": "b", "code": {"coding": [{"system": "https://example.org", "code": "x"}]}}
    )
    path = bundle([*made, rows[-1]], tmp_path / "odd.json")
    told = read_fhir(path, kb.knowledge).left
    assert any("has no column 'colour'" in line and ".extension[" in line for line in told)
    assert any(line.endswith(": Basic is not read") for line in told)
    with pytest.raises(SheetError) as caught:
        import_sheet(path, kb.knowledge)
    assert any("(document, kind): nothing is written here" in str(mistake) for mistake in caught.value.mistakes)
    for value in (1, "x", [], [{"url": 3}], {"url": parts.EXTENSION + "column"}, [{"url": parts.EXTENSION + "column"}]):
        for one in (document, made[0]):
            one["extension"] = value
        read_fhir(bundle(made, tmp_path / "hostile.json"), kb.knowledge)
