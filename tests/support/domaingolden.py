"""Golden answers of the shipped domains beyond the first: the status of every therapy for their example patients.

``python -m tests.support.domaingolden`` writes them anew, after a change of the knowledge that is meant.
"""

from __future__ import annotations

import json
from typing import Any

import yaml

import guidegraph as gg
from guidegraph.domains import available
from tests.support.golden import AS_OF
from tests.support.paths import ROOT, TESTS

FILE = TESTS / "support/golden-domains.json"
#: What is loaded together for an example, where it is more than its own domain.
TOGETHER = {"sciatica-and-knee-osteoarthritis": ("sciatica", "osteoarthritis")}
#: Each example of a further domain: what is loaded, its name, and the problem that is asked about.
CASES: list[tuple[tuple[str, ...], str, str | None]] = [
    (TOGETHER.get(name, (domain.name,)), name, problem)
    for domain in list(available(ROOT).values())[1:]
    for name, path in domain.examples.items()
    for row in yaml.safe_load(path.read_text(encoding="utf-8")).get("problems", [None])
    for problem in [row["of"] if row else None]
]


def title(name: str, problem: str | None) -> str:
    """What a case is called."""
    return f"{name}: {problem}" if problem else name


def statuses(kb: gg.KnowledgeBase, name: str, problem: str | None) -> dict[str, Any]:
    """The status of every therapy, by its IRI."""
    return dict(kb.therapies(f"example:{name}", as_of=AS_OF, problem=problem).statuses)


if __name__ == "__main__":
    kept = {loaded: gg.open(domains=loaded) for loaded in {case[0] for case in CASES}}
    told = {title(name, problem): statuses(kept[loaded], name, problem) for loaded, name, problem in CASES}
    FILE.write_text(json.dumps(told, indent=1, sort_keys=True) + "\n", encoding="utf-8")
