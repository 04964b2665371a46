"""The Python interface: open a knowledge base, ask it, look at the answer."""

from guidegraph import namespaces as ns
from guidegraph.api.answer import Answer
from guidegraph.api.base import KnowledgeBase
from guidegraph.api.opening import open_endpoint, open_files, open_knowledge, pull_into, push
from guidegraph.api.queries import run_query
from guidegraph.knowledge.opened import software
from guidegraph.profile import ProfileSource

__all__ = [
    "Answer",
    "KnowledgeBase",
    "ProfileSource",
    "ns",
    "open_endpoint",
    "open_files",
    "open_knowledge",
    "pull_into",
    "push",
    "run_query",
    "software",
]
