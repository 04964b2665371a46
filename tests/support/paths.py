"""Where the checkout and the small inputs of the tests lie."""

from __future__ import annotations

from pathlib import Path

import yaml

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
