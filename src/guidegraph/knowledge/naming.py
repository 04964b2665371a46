"""The words of some knowledge: its terms, with the readers of codes and of everyday names behind them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from guidegraph.domains import Selection
from guidegraph.model import Derivation, TermRow
from guidegraph.profile import Vocabulary

if TYPE_CHECKING:
    from guidegraph.terminologies.book import Links
    from guidegraph.terminologies.lexicon import Lexicon


class Naming:
    """The terms, and what is read from folders when a text is no name of them; it can be pickled without the knowledge.

    Args:
        selected: the folder and domains of the knowledge, for mapping tables and linked hierarchies.
        rows: the terms.
        derivations: the numbers that are worked out from lists.
    """

    def __init__(self, selected: Selection, rows: Sequence[TermRow], derivations: Sequence[Derivation]) -> None:
        self.selected = selected
        self._rows, self._derivations = tuple(rows), tuple(derivations)

    def __reduce__(self) -> tuple[Callable[..., Naming], tuple[Any, ...]]:
        return type(self), (self.selected, self._rows, self._derivations)

    def of(self, selected: Selection) -> Naming:
        """The same terms with the tables of another selection."""
        return Naming(selected, self._rows, self._derivations)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The terms that profiles and commands may use."""
        book = Vocabulary(self._rows, lambda: self.links.codes, lambda: self.lexicon, self._elsewhere)
        book.derivations = self._derivations
        return book

    def _elsewhere(self, text: str) -> str:
        """Which domain that is not loaded has a term of this name, as a sentence; "" if none has."""
        domain = self.selected.elsewhere(text)
        return f"It is a term of the domain {domain.name}: add --domain {domain.name}." if domain else ""

    @cached_property
    def lexicon(self) -> Lexicon:
        """The everyday names of drugs, conditions and findings that are no names of terms."""
        from guidegraph.terminologies.lexicon import Lexicon

        return Lexicon(self.links.lexicon_folder, lambda: self.links.codes, self.vocabulary)

    @cached_property
    def links(self) -> Links:
        """The links to other terminologies: mapping tables, linked hierarchies, and the reader of codes."""
        # Imported here, since most answers need no code read.
        from guidegraph.terminologies.book import Links

        return Links(self.selected.root, self.selected.links, self.vocabulary.label, self.vocabulary.telling)

    def digest(self) -> str:
        """The digest of the tables of codes and names and of the linked hierarchies, by their names and contents."""
        from guidegraph.terminologies.modules import module_files

        links, found = self.links, sha256()
        folders = (*links.folders, links.lexicon_folder)
        tables = [path for folder in folders for path in sorted(folder.glob("*")) if path.is_file()]
        for path in (*tables, *module_files(links.modules_folder)):
            found.update(f"{path.name}\0{path.stat().st_size}\0".encode())
            found.update(path.read_bytes())
        return f"sha256:{found.hexdigest()}"
