"""Opening a knowledge base: the shipped one, a folder, a user's own files or an endpoint; pushing and pulling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from guidegraph import assets, store
from guidegraph.api.base import KnowledgeBase
from guidegraph.domains import select
from guidegraph.knowledge import keeping, kept

# What speaks to the network is loaded only by who asks for it.
if TYPE_CHECKING:
    from guidegraph.remote.pushing import Pushed


def _folder(root: str | Path | None) -> Path:
    return Path(root) if root is not None else assets.root()


def open_knowledge(
    root: str | Path | None = None,
    *,
    domains: Sequence[str | Path] = (),
    extra: Sequence[str | Path] = (),
    warned: bool = True,
) -> KnowledgeBase:
    """Open a knowledge base.

    Args:
        root: a folder with ontology/ and graph/; the shipped one if None.
        domains: names of its domains, or folders of domains (docs/domains.md); its first one if none is named.
        extra: further Turtle or TriG files of the user.
        warned: whether the warnings that domains take from others count.

    Raises:
        KnowledgeError: a file cannot be read or parsed, or domains do not go together.
        UsageError: there is no such domain.
    """
    selected = select(domains, None if root is None else Path(root))
    place = None if extra else keeping.place(selected, warned=warned)
    if place is not None and (found := kept.read(place, keeping.ROWS)):
        return KnowledgeBase(found, selected)
    warning = [domain.folder for domain in selected.warning] if warned else []
    loaded = store.load_knowledge(selected.base, domains=selected.folders, warning=warning, extra=extra)
    kb = KnowledgeBase(loaded, selected)
    if place is not None:
        kept.write(place, loaded, kb.digest, {name: kb.engine.select(name) for name in keeping.ROWS})
    return kb


def open_files(
    files: Sequence[str | Path],
    root: str | Path | None = None,
    *,
    domains: Sequence[str | Path] = (),
    foreign: bool = False,
) -> KnowledgeBase:
    """Open a user's own files with the ontology alone: none of the shipped documents is loaded.

    Args:
        files: Turtle, TriG, N-Triples, N-Quads or JSON-LD files in the vocabulary of docs/model.md.
        root: a folder with ontology/; the shipped one if None.
        domains: names or folders of domains whose terms count as well, without their documents.
        foreign: whether files without triples, or with nothing of ours in them, are right too.

    Raises:
        KnowledgeError: a file cannot be read or parsed.
    """
    selected = select(domains, None if root is None else Path(root))
    loaded = store.load_files(selected.base, [Path(f) for f in files], domains=selected.folders, foreign=foreign)
    return KnowledgeBase(loaded, selected)


def open_endpoint(endpoint: str, root: str | Path | None = None, *, extra: Sequence[str | Path] = ()) -> KnowledgeBase:
    """Fetch the documents of a SPARQL 1.1 endpoint and open them with its ontology, else with one at hand.

    Whatever is asked of the knowledge base afterwards is answered on this machine.

    Args:
        endpoint: its address.
        root: a folder with ontology/ for an endpoint that has none; the shipped one if None.
        extra: further Turtle or TriG files of the user.

    Raises:
        KnowledgeError: a file cannot be read or parsed.
        EndpointError: the endpoint may not be spoken to or cannot be reached, holds no document, hands over fewer
            triples than it counts, or what was pushed to it is not whole.
    """
    from guidegraph.remote.knowledge import fetch

    added = store.read_extra(extra)
    loaded = fetch(endpoint, _folder(root))
    loaded.bulk_extend(added)
    return KnowledgeBase(loaded, select((), None if root is None else Path(root)))


def pull_into(endpoint: str, folder: Path, root: str | Path | None = None) -> list[str]:
    """Write the knowledge of an endpoint into a new folder that ``--knowledge`` takes; the names of its graphs.

    Args:
        endpoint: its address.
        folder: a folder that does not exist yet, or is empty.
        root: a folder with ontology/ for an endpoint that has none; the shipped one if None.

    Raises:
        EndpointError: as :func:`open_endpoint`.
        UsageError: the folder holds something, or cannot be written.
    """
    from guidegraph.remote import knowledge

    return knowledge.pull_into(endpoint, folder, _folder(root))


def push(
    kb: KnowledgeBase,
    endpoint: str,
    *,
    graph_store: str | None = None,
    update: str | None = None,
    documents: Sequence[str] = (),
    index: bool = False,
    prune: bool = False,
    replace: bool = False,
    report: Callable[[str], None] = lambda what: None,
) -> Pushed:
    """Push the graphs of a knowledge base to a triple store; a second push sends only what differs.

    Args:
        kb: the knowledge.
        endpoint: where the store is asked by SPARQL.
        graph_store: where it is written by the Graph Store Protocol.
        update: where it is written by SPARQL Update; ``endpoint`` if neither is named.
        documents: only these documents, and the ontology; all if none is named.
        index: also push the derived index, for queries that need it.
        prune: remove pushed graphs that are no longer in the knowledge.
        replace: also replace graphs outside our names that were not pushed.
        report: called with the name of each graph when it is done.

    Raises:
        EndpointError: see :meth:`guidegraph.remote.pushing.Push.run`.
        UsageError: two ways to write are named, or a document is unknown or in no graph of its own.
    """
    from guidegraph.remote import knowledge

    if index:
        kb.disagreement.complete()
    return knowledge.push(
        kb.store,
        endpoint,
        graph_store=graph_store,
        update=update,
        documents=[kb.document(text) for text in documents],
        index=index,
        prune=prune,
        replace=replace,
        report=report,
    )
