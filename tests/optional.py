"""What tests need that may be absent: absent, they skip with the reason; in CI the same is a failure."""

from __future__ import annotations

import os

import pytest


def needs(condition: object, reason: str) -> None:
    """Go on where the condition holds; else skip with the reason, or fail in CI."""
    if not condition:
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
