"""Linking another terminology's hierarchy to a knowledge base, and what the reasoner says of both together."""

from __future__ import annotations

from guidegraph.linking.linker import Linked, Linker, own_file
from guidegraph.linking.reasoner import Clash, Consistency, consistency

__all__ = ["Clash", "Consistency", "Linked", "Linker", "consistency", "own_file"]
