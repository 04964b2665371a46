"""Tests of what is optional: skipped with the reason where it is absent, failed in CI, which has it all."""

from __future__ import annotations

import os

import pytest


def needs(condition: object, reason: str) -> None:
    """Go on only if the condition holds: otherwise skip with the reason, or fail where CI is set."""
    if not condition:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
