"""The one entrance for profiles: files, examples, streams, mappings, Profiles, and what is a record of another kind."""

from __future__ import annotations

import io
import json
import os
import threading
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from guidegraph.errors import ProfileError
from guidegraph.model import StopFact, TrialFact
from guidegraph.profile import apply_implications, digest, read_profile

GG = "https://w3id.org/guidegraph/vocab/"
TURTLE = (
    "@prefix gg: <https://w3id.org/guidegraph/vocab/> . @prefix ggt: <https://w3id.org/guidegraph/term/> .\n"
    "<urn:p> a gg:Patient ; gg:ageYears 40 ; gg:hasCondition [ a ggt:Sciatica ] .\n"
)
LINKED = {
    "@context": {"gg": GG, "ggt": "https://w3id.org/guidegraph/term/"},
    "@type": "gg:Patient",
    "gg:ageYears": 40,
    "gg:hasCondition": {"@type": "ggt:Sciatica"},
}
#: One profile in every form, with the endings that its file may have.
FORMS = {
    "YAML": ("age: 40\nconditions: [sciatica]\n", (".yaml", ".yml", "")),
    "YAML that begins as JSON does": ("{age: 40, conditions: [sciatica]}", (".yaml", "")),
    "JSON": ('{"age": 40, "conditions": ["sciatica"]}', (".json", ".yaml", "")),
    "JSON-LD": (json.dumps(LINKED), (".jsonld", ".json", "")),
    "Turtle": (TURTLE, (".ttl", ".trig", "")),
    "Turtle after a comment": ("# a profile\n\n" + TURTLE, (".ttl", "")),
    "Turtle in capitals": (TURTLE.replace("@prefix", "PREFIX").replace("> .", ">"), (".ttl", "")),
}


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("name", FORMS)
def test_every_form_from_every_source_is_one_profile(kb: Any, tmp_path: Path, name: str, mark: str) -> None:
    text, endings = FORMS[name]
    wanted = digest(kb.profile({"age": 40, "conditions": ["sciatica"]}))
    content = (mark + text).encode()
    for ending in endings:
        path = tmp_path / f"patient{ending}"
        path.write_bytes(content)
        assert {digest(kb.profile(source)) for source in (path, str(path))} == {wanted}
    assert digest(kb.profile(io.BytesIO(content))) == digest(kb.profile(io.StringIO(mark + text))) == wanted
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(content))
    writer.start()
    assert digest(kb.profile(pipe)) == wanted
    writer.join()


#: What is no profile, in a file and from a stream, and what is said of it.
WRONG = {
    "Latin-1": ("label: Gräfin\n".encode("latin-1"), "not UTF-8"),
    "UTF-16": ("age: 40\n".encode("utf-16"), "UTF-16"),
    "NUL": (b"label: a\0b\n", "NUL"),
    "large": (b"y\n" * 3_000_000, "too large"),
    "empty": (b"", "empty"),
    "a resource of FHIR": (b'{"id": "p", "resourceType": "Patient"}', "from-fhir"),
    "a bundle of FHIR that is broken": (b'{"resourceType": "Bundle", "entry": [}', "from-fhir"),
    "lines of FHIR": (b'{"resourceType": "Patient"}\n{"resourceType": "Condition"}\n', "from-fhir"),
    "a list of FHIR": (b'[{"resourceType": "Patient"}]', "from-fhir"),
    "a list": (b"[1, 2]", "a mapping of keys"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_profile_is_told(kb: Any, tmp_path: Path, name: str) -> None:
    content, told = WRONG[name]
    path = tmp_path / "patient.json"
    path.write_bytes(content)
    for source in (path, io.BytesIO(content)):
        with pytest.raises(ProfileError, match=told) as caught:
            kb.profile(source)
        assert caught.value.mend and caught.value.where


def test_a_source_without_end_is_read_up_to_a_bound(kb: Any) -> None:
    class Endless(io.RawIOBase):
        read_bytes = 0

        def read(self, size: int = -1) -> bytes:
            assert 0 <= size <= 10_000_000
            self.read_bytes += size
            return b"y" * size

    endless = Endless()
    with pytest.raises(ProfileError, match="too large"):
        kb.profile(endless)
    assert endless.read_bytes <= 10_000_000
    with pytest.raises(ProfileError, match="too large"):
        kb.profile("/dev/zero")


def test_records_of_other_kinds_and_folders_are_told(kb: Any, tmp_path: Path) -> None:
    (tmp_path / "cdm").mkdir()
    (tmp_path / "cdm/PERSON.csv").write_text("person_id\n1\n")
    (tmp_path / "parts/person").mkdir(parents=True)
    for source, told in (
        (tmp_path / "parts", "from-omop"),
        (io.StringIO("label: \ud800"), "half a character"),
        (tmp_path / "cdm", "from-omop"),
        (tmp_path / "cdm.duckdb", "from-omop"),
        (tmp_path / "record.ndjson", "from-fhir"),
        (tmp_path, "it is a folder"),
        (tmp_path / "cdm/PERSON.csv", "unknown ending"),
        (tmp_path / "none", "No such file"),
        ("", "it is a folder"),
        ("nul\0.yaml", "null"),
        ("half\ud800.yaml", "half a character"),
    ):
        with pytest.raises(ProfileError, match=told) as caught:
            kb.profile(source)
        assert caught.value.mend


def test_a_profile_made_in_code_is_held_against_the_vocabulary(kb: Any) -> None:
    good = kb.profile({"age": 40, "conditions": ["sciatica"]})
    assert kb.profile(good) == good
    drug, condition = kb.resolve("ibuprofen"), kb.resolve("sciatica")
    for wrong, told in (
        ({"present": {GG + "hasCondition": frozenset({"urn:x"})}}, "urn:x is no known condition"),
        ({"absent": {GG + "hasFinding": frozenset({condition})}}, "no known finding"),
        ({"present": {"urn:x": frozenset({condition})}}, "no known term"),
        ({"values": {"urn:x": Decimal(3)}}, "no known number"),
        ({"values": {GG + "ageYears": Decimal("NaN")}}, "is no number"),
        ({"values": {GG + "ageYears": Decimal(400)}}, "not plausible"),
        ({"trials_present": frozenset({TrialFact(condition)})}, "no known intervention"),
        ({"trials_absent": frozenset({TrialFact(drug, "urn:x")})}, "no known outcome"),
        ({"stops_absent": frozenset({StopFact("urn:x")})}, "no known intervention"),
    ):
        with pytest.raises(ProfileError, match=told):
            kb.profile(replace(good, **wrong))


def test_the_entrance_applies_what_facts_imply(kb: Any) -> None:
    bare = read_profile({"pregnancy_weeks": 12}, kb.vocabulary)
    whole = read_profile({"pregnancy_weeks": 12}, kb.vocabulary, kb.implications)
    assert bare != whole == apply_implications(bare, kb.implications, kb.vocabulary)
