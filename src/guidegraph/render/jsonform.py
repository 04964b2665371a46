"""Answers as JSON: keys in the published order, one trailing newline."""

from __future__ import annotations

import json
from typing import Any


def to_json(data: Any) -> str:
    """The data as indented JSON with a trailing newline; keys stay in the order of the answer."""
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"
