"""Where the checkout and the small inputs of the tests lie."""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from pathlib import Path

import yaml

from guidegraph import namespaces as ns

#: The checkout that the tests belong to.
ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
#: The example profiles, one file each.
PROFILES = sorted((ROOT / "graph/profiles").glob("*.yaml"))
#: Each example with each problem to ask about: None where it has but one.
ASKED = [
    (path, row["of"] if row else None)
    for path in PROFILES
    for row in yaml.safe_load(path.read_text(encoding="utf-8")).get("problems", [None])
]
ASKED_NAMES = [f"{path.stem}: {problem}" if problem else path.stem for path, problem in ASKED]
#: A small graph without any finding of the audit, and its companions.
AUDIT = TESTS / "audit"
#: Hand-made FHIR bundles, one for each example profile.
FHIR = TESTS / "intake/fhir/records"

_FOLDERS: list[tempfile.TemporaryDirectory[str]] = []
_PREGNANCY = f"""<{ns.GGT}Pregnancy> a <{ns.OWL}Class> ; <{ns.RDFS}label> "pregnancy"@en ;
    <{ns.RDFS}subClassOf> <{ns.GG}Condition> ."""


@cache
def words(*names: str) -> Path:
    """A folder of knowledge with the model's own words, those of some files of the ontology, and no documents.

    It opens in a sixth of the time that the shipped words take. The model speaks of one condition, pregnancy.
    """
    _FOLDERS.append(folder := tempfile.TemporaryDirectory())
    root = Path(folder.name)
    for name in ("ontology", "graph"):
        (root / name).mkdir()
    for name in ("core", "borrowed", "lists", "populations", *names):
        shutil.copy(ROOT / f"ontology/{name}.ttl", root / "ontology")
    if "conditions" not in names:
        (root / "ontology/pregnancy.ttl").write_text(_PREGNANCY, encoding="utf-8")
    return root
