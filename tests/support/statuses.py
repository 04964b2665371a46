"""Everything that repeats the table of statuses (guidegraph.model.STATUSES): ``python -m tests.support.statuses`` writes
it anew after a change of the table; tests/assess/test_statuses.py compares.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from guidegraph.model import STATUSES
from tests.support.paths import ROOT

ONTOLOGY = ROOT / "ontology" / "assessment.ttl"
SCHEMAS = ROOT / "src" / "guidegraph" / "schema"
_ENTRIES = re.compile(r"(?:^gga:[\w-]+ a gga:Status , [^\n]*\n    skos:definition [^\n]*\n)+", re.MULTILINE)


def ontology() -> str:
    """The ontology with one individual a status, the first one of the highest rank."""
    entries = "".join(
        f'gga:{s.code} a gga:Status , owl:NamedIndividual ; rdfs:label "{s.code.replace("-", " ")}"@en ; '
        f'gg:code "{s.code}" ; gg:rank {len(STATUSES) - at} ;\n    skos:definition "{s.definition}"@en .\n'
        for at, s in enumerate(STATUSES.values())
    )
    return _ENTRIES.sub(lambda _: entries, ONTOLOGY.read_text(encoding="utf-8"))


def enums(schema: Any) -> list[list[str]]:
    """The lists of statuses that a schema allows: each enumeration that knows one of the table's."""
    if isinstance(schema, list):
        return [found for part in schema for found in enums(part)]
    if not isinstance(schema, dict):
        return []
    own = schema.get("enum", [])
    return [*([own] if set(own) & {"eligible", "not-indicated"} else []), *enums(list(schema.values()))]


def schema(path: Path) -> str:
    """A schema with the statuses of the table."""
    data = json.loads(path.read_text(encoding="utf-8"))
    for found in enums(data):
        found[:] = list(STATUSES)
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    ONTOLOGY.write_text(ontology(), encoding="utf-8")
    for file in sorted(SCHEMAS.glob("*.schema.json")):
        if enums(json.loads(file.read_text(encoding="utf-8"))):
            file.write_text(schema(file), encoding="utf-8")
