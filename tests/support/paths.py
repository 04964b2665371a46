"""Where the checkout and the small inputs of the tests lie."""

from __future__ import annotations

from pathlib import Path

#: The checkout that the tests belong to.
ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
#: The example profiles, one file each.
PROFILES = sorted((ROOT / "graph/profiles").glob("*.yaml"))
#: A small graph without any finding of the audit, and its companions.
AUDIT = TESTS / "audit"
#: Hand-made FHIR bundles, one for each example profile.
FHIR = TESTS / "intake/fhir/records"
