"""The command line: guidegraph."""

from __future__ import annotations

from guidegraph.cli.app import main

__all__ = ["main"]
