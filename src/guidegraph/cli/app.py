"""The commands of guidegraph."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterator, MutableMapping
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

from guidegraph.cli.common import fail

#: Each command with the module and the name there of its function, or of the commands below it, as help lists them.
_COMMANDS = {
    "therapies": ("patient", "therapies"),
    "explain": ("patient", "explain"),
    "ask": ("patient", "ask"),
    "plan": ("patient", "plan"),
    "timeline": ("patient", "timeline"),
    "replay": ("patient", "replay"),
    "disagreements": ("disagree", "disagreements"),
    "compare": ("disagree", "compare"),
    "matrix": ("disagree", "matrix"),
    "changes": ("disagree", "changes"),
    "diff": ("diff", "diff"),
    "query": ("query", "query"),
    "queries": ("query", "queries"),
    "interactions": ("query", "interactions"),
    "lookup": ("mappings", "lookup"),
    "validate": ("check", "validate"),
    "check": ("check", "check"),
    "verify-document": ("check", "verify_document"),
    "locate": ("locate", "locate"),
    "audit": ("audit", "audit"),
    "trace": ("audit", "trace"),
    "review": ("review", "app"),
    "link": ("link", "link"),
    "push": ("stores", "push"),
    "pull": ("stores", "pull"),
    "mappings": ("mappings", "app"),
    "new": ("authoring", "new"),
    "import": ("authoring", "import_"),
    "export": ("export", "app"),
    "nanopub": ("export", "nanopubs"),
    "profile": ("intake", "app"),
    "cohort": ("cohortreport", "app"),
    "domains": ("domains", "domains"),
    "serve": ("serve", "serve"),
    "mcp": ("mcp", "mcp"),
}


class _Command(TyperCommand):
    """A command of which no option that has one value is given twice: which one was meant would be a guess."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The arguments that are left, with the options read."""
        _, _, given = self.make_parser(ctx).parse_args(args=list(args))
        times = Counter(one.name for one in given if _has_one_value(one))
        if (twice := next((one for one in given if times[one.name] > 1), None)) is not None:
            name = max(twice.opts, key=len)
            fail(f"{name} is given {times[twice.name]} times, and has one value. Give it once.")
        return super().parse_args(ctx, args)


def _has_one_value(parameter: Any) -> bool:
    is_option = parameter.param_type_name == "option"
    return is_option and not (parameter.multiple or parameter.is_flag or parameter.count)


class _Commands(MutableMapping[str, Any]):
    """The commands by name. One is imported, and its options read, when it is first looked up: a process runs one."""

    def __init__(self) -> None:
        self._built: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._built:
            module, what = _COMMANDS[name]
            found = getattr(import_module(f"guidegraph.cli.{module}"), what)
            alone = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
            if isinstance(found, typer.Typer):
                alone.add_typer(found, name=name)
                for below in found.registered_commands:
                    below.cls = _Command
            else:
                alone.command(name, cls=_Command)(found)
            self._built[name] = get_group(alone).commands[name]
        return self._built[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._built[name] = command

    def __delitem__(self, name: str) -> None:
        del self._built[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_COMMANDS)

    def __len__(self) -> int:
        return len(_COMMANDS)


class _Group(TyperGroup):
    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = _Commands()


app = typer.Typer(
    name="guidegraph",
    cls=_Group,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help="A knowledge graph of clinical guideline recommendations: which therapies are eligible for a patient, "
    "which are not and why, and what to find out next. Decision support for professionals, not advice.",
)


def _version(value: bool) -> None:
    if value:
        from guidegraph.api import software

        typer.echo(software())
        raise typer.Exit()


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line."""
    # A command ends soon: what it makes is looked through for garbage less often, which takes a twentieth of the time.
    gc.set_threshold(100_000, 50, 50)
    app()
