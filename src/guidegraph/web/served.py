"""What every route shares: the opened knowledge, the settings, and the templates of the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.requests import Request

from guidegraph.web.asking import OwnChildren, QueryLine
from guidegraph.web.board import Board

if TYPE_CHECKING:
    from jinja2 import Environment

    from guidegraph.api import KnowledgeBase
    from guidegraph.cohort.forms import ReportForm

#: The folders of this room that are no code.
STATIC, TEMPLATES = Path(__file__).parent / "static", Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Settings:
    """How a server is run.

    Attributes:
        host, port: where it listens.
        hosts: names that a request may give as its host, beside those of loopback and ``host``.
        origins: pages of other servers that a browser lets read the answers (CORS); none unless told.
        processes: how many serve.
        queries: how many processes wait for queries of strangers, each of which answers one at a time.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    processes: int = 2
    queries: int = 16


@dataclass
class Served:
    """What every route shares; no fact of any patient is kept here.

    Attributes:
        kb: the opened knowledge.
        settings: how the server is run.
        board: what was done so far, and whether the server is to stop.
        reports: reports on cohorts by name; they hold counts alone.
    """

    kb: KnowledgeBase
    settings: Settings = field(default_factory=Settings)
    board: Board = field(default_factory=Board)
    reports: Mapping[str, ReportForm] = field(default_factory=dict)

    @cached_property
    def asking(self) -> QueryLine | OwnChildren:
        """Where the queries of strangers are asked."""
        return OwnChildren(self.kb)

    @cached_property
    def templates(self) -> Environment:
        """The templates of the page; whatever they are given is escaped."""
        from jinja2 import Environment, FileSystemLoader, StrictUndefined

        return Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )


def served_of(request: Request) -> Served:
    """What the application that got a request shares."""
    shared: Served = request.app.state.served
    return shared
