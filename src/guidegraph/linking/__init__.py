"""Linking another terminology's hierarchy to a knowledge base, and what the reasoner says of both together."""

from __future__ import annotations

from guidegraph.linking.consistency import Clash, Consistency, consistency
from guidegraph.linking.linker import Linked, Linker, own_file

__all__ = ["Clash", "Consistency", "Linked", "Linker", "consistency", "own_file"]
