"""The Python interface: open a knowledge base, ask it, look at the answer."""

from guidegraph import namespaces as ns
from guidegraph.api.answer import Answer
from guidegraph.api.auditing import AuditReport
from guidegraph.api.core import ProfileSource, software
from guidegraph.api.knowledge import KnowledgeBase, open_files, open_knowledge
from guidegraph.api.queries import run_query
from guidegraph.api.stores import open_endpoint, pull_into, push

__all__ = [
    "Answer",
    "AuditReport",
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
