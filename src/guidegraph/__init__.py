"""GuideGraph: a knowledge graph of clinical guideline recommendations with a three-valued query engine over it.

>>> import guidegraph as gg
>>> kb = gg.open()
>>> answer = kb.therapies("example:chronic-failed-care")
"""

from __future__ import annotations

from guidegraph.api import Answer, KnowledgeBase, open_endpoint, open_files
from guidegraph.api import open_knowledge as open
from guidegraph.errors import GuideGraphError
from guidegraph.model import Profile
from guidegraph.tables import unfold

__all__ = ["Answer", "GuideGraphError", "KnowledgeBase", "Profile", "open", "open_endpoint", "open_files", "unfold"]
