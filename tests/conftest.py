"""Fixtures that all tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def repo_root() -> Path:
    """The checkout that the tests belong to."""
    return ROOT


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder with the original sources, which users do not have."""
    path = ROOT.parent / "shared"
    if not path.is_dir():
        pytest.skip("the original sources are not beside this checkout")
    return path
