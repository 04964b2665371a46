"""Linking hierarchies of other terminologies, and where they contradict ours."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from guidegraph.cli.common import FAILED, ReportFormat, working, write_report
from guidegraph.cli.options import Domains, Knowledge, ReportOption, guarded
from guidegraph.errors import UsageError

if TYPE_CHECKING:
    from guidegraph.terminologies.consistency import Consistency
    from guidegraph.terminologies.linker import Linked, Linker
    from guidegraph.terminologies.sources import Source

_ENDINGS = (".obo", ".json", ".ttl", ".owl", ".rdf", ".xml")


@guarded
def link(
    what: Annotated[
        str,
        typer.Argument(
            metavar="NAME|FILE|list|remove", help="A source (guidegraph link list), or a file: OBO, OBO-JSON, OWL."
        ),
    ],
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="With remove: which one.")] = None,
    prefix: Annotated[
        str, typer.Option("--prefix", metavar="P", help="With a file: the prefix of its codes, such as MONDO.")
    ] = "",
    iri: Annotated[
        str, typer.Option("--iri", metavar="IRI", help="With a file: what stands before a code in a class's IRI.")
    ] = "",
    called: Annotated[
        str, typer.Option("--name", metavar="NAME", help="The name to link it under; default its own.")
    ] = "",
    reasoner: Annotated[
        bool, typer.Option("--reasoner/--no-reasoner", help="Ask HermiT whether it contradicts ours.")
    ] = True,
    knowledge: Knowledge = None,
    domain: Domains = None,
    form: ReportOption = ReportFormat.table,
) -> None:
    """Link the part of another terminology's hierarchy that the mappings need, list what is linked, or remove it.

    A class that nothing can belong to any more is named with the reason; exit code 1 only if all is inconsistent.

    Example: guidegraph link mondo
    """
    from guidegraph.render.links import links_text
    from guidegraph.terminologies.linker import Linker

    if (name is not None) != (what == "remove"):
        mend = "guidegraph link remove NAME" if what == "remove" else "Name one source, or use --name."
        raise UsageError("a name goes with remove, and only with it", mend=mend)
    if (prefix or iri) and (what in ("list", "remove") or not _is_file(what)):
        raise UsageError("--prefix and --iri go with a file", where=what, mend="Leave them out, or name a file.")
    linker = Linker(knowledge, domain or ())
    if what == "list":
        write_report(form, _listed(linker), links_text)
    elif what == "remove":
        _remove(linker, name or "")
    else:
        _link(linker, what, prefix, iri, called, reasoner, form)


def _is_file(what: str) -> bool:
    return what.lower().endswith(_ENDINGS) or "/" in what or "\\" in what or Path(what).is_file()


def _remove(linker: Linker, name: str) -> None:
    from guidegraph.terminologies.modules import remove_module

    typer.echo(f"removed {remove_module(linker.folder, name)}")


def _link(linker: Linker, what: str, prefix: str, iri: str, called: str, reasoner: bool, form: ReportFormat) -> None:
    from guidegraph.render.links import linked_text

    found, base = _source(linker, what, prefix, iri)
    with working(f"linking {what}"):
        done = linker.link(found, name=called or _name(found), base=base, reasoner=reasoner)
    write_report(form, _report(done), linked_text)
    if done.consistency is not None and not done.consistency.consistent:
        raise typer.Exit(FAILED)


def _source(linker: Linker, what: str, prefix: str, iri: str) -> tuple[Source, str]:
    if _is_file(what):
        from guidegraph.terminologies.linker import own_file

        return own_file(Path(what), prefix, linker, iri)
    from guidegraph.terminologies.sources import source

    return source(what), ""


def _name(found: Source) -> str:
    """The name of a source; a file's without what no name may have."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in found.name.lower()).strip("._-")


def _report(done: Linked) -> dict[str, Any]:
    module = done.extraction.module
    start = module.prefix + ":"
    return {
        **_fields(module, "name prefix title version licence description"),
        "file": str(done.path),
        "terms": len(module.terms),
        "missing": [start + code for code in done.extraction.missing],
        "circles": [[start + code for code in circle] for circle in done.extraction.circles],
        "conflicts": [conflict.to_dict() for conflict in done.conflicts],
        "reasoner": _said(done.consistency),
    }


def _said(said: Consistency | None) -> dict[str, Any] | None:
    from guidegraph.namespaces import shorten

    if said is None:
        return None
    clashes = [
        {"class": shorten(c.iri), "label": c.label, "steps": list(c.steps), "narrower": c.narrower}
        for c in said.clashes
    ]
    return {
        "sound": said.sound,
        "consistent": said.consistent,
        "tested": said.tested,
        "clashes": clashes,
    }


def _listed(linker: Linker) -> dict[str, Any]:
    from guidegraph.terminologies.modules import strange_files
    from guidegraph.terminologies.sources import available, entries

    missing = available()
    return {
        "folder": str(linker.folder),
        "linked": [
            {**_fields(module, "name prefix title version licence graph digest"), "terms": len(module.terms)}
            for module in linker.modules()
        ],
        "not_read": strange_files(linker.folder),
        "sources": [
            {**_fields(entry, "name prefix title package install"), "installed": not missing[name]}
            for name, entry in entries().items()
        ],
    }


def _fields(thing: object, names: str) -> dict[str, Any]:
    return {name: getattr(thing, name) for name in names.split()}


def conflicts(
    name: Annotated[
        str, typer.Option("--source", metavar="NAME", help="Only this linked hierarchy, or installed source.")
    ] = "",
    knowledge: Knowledge = None,
    domain: Domains = None,
    form: ReportOption = ReportFormat.table,
) -> None:
    """Where mappings contradict themselves, and where linked hierarchies contradict ours.

    Exit code 1 if two of our classes map exactly to one code; that two hierarchies differ is no failure.

    Example: guidegraph mappings conflicts --source mondo
    """
    from guidegraph.render.links import conflicts_text
    from guidegraph.terminologies.conflicts import KINDS, MISTAKES
    from guidegraph.terminologies.linker import Linker

    with working("comparing hierarchies"):
        found, compared = Linker(knowledge, domain or ()).conflicts(name)
    rows = [conflict.to_dict() for conflict in found]
    write_report(form, {"kinds": KINDS, "compared": compared, "conflicts": rows}, conflicts_text)
    if any(conflict.kind in MISTAKES for conflict in found):
        raise typer.Exit(FAILED)
