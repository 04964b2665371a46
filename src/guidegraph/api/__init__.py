"""The Python interface: open a knowledge base, ask it, look at the answer."""

from guidegraph import namespaces as ns
from guidegraph.api.answer import Answer
from guidegraph.api.core import ProfileSource, software
from guidegraph.api.knowledge import KnowledgeBase, open_knowledge
from guidegraph.api.queries import run_query

__all__ = ["Answer", "KnowledgeBase", "ProfileSource", "ns", "open_knowledge", "run_query", "software"]
