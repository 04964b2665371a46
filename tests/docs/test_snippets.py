"""Every example of the documentation does what the page says (tests/support/snippets.py)."""

from __future__ import annotations

import contextlib
import doctest
import io
import json
import re
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
import yaml

import guidegraph as gg
from guidegraph import api
from guidegraph import namespaces as ns
from tests.support import snippets
from tests.support.paths import ROOT

#: Pages whose examples take more than five seconds.
_SLOW = (
    "README.md",
    "docs/audit.md",
    "docs/authoring.md",
    "docs/diff.md",
    "docs/findable.md",
    "docs/guides/methodologist.md",
    "docs/osteoarthritis.md",
)
_NAMES = [path.relative_to(ROOT).as_posix() for path in snippets.PAGES]
NAMES = [pytest.param(name, marks=pytest.mark.slow if name in _SLOW else ()) for name in _NAMES]
_KINDS = ("console", "sh", "python", "pycon", "sparql")
_READ = {"turtle": ox.RdfFormat.TURTLE, "trig": ox.RdfFormat.TRIG}
_PREFIXES = "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in ns.PREFIXES.items())
_PREFIXES += f"@prefix ggr: <{ns.BASE}reading/> .\n"
#: What shows a statement in part is no Turtle.
_ELIDED = re.compile(r"\.\.\.|…")


class Page:
    """A page whose blocks are run in a folder."""

    def __init__(self, folder: Path, kb: gg.KnowledgeBase) -> None:
        self.folder, self.kb = folder, kb
        self.names: dict[str, Any] = {"__name__": "__main__"}
        self.printed = ""

    def run(self, block: snippets.Block) -> None:
        """Run a block; what it does not hold is an ``AssertionError`` that names its line."""
        if block.title:
            snippets.put(block, self.folder)
        if block.language in _READ:
            if not _ELIDED.search(block.text):
                list(ox.parse((_PREFIXES + block.text).encode(), format=_READ[block.language]))
        else:
            getattr(self, block.language)(block)

    def console(self, block: snippets.Block) -> None:
        last = 0
        for asked, told in snippets.lines_of(block.text):
            assert last == 0 or asked == "echo $?", f"{block.place}: the command before {asked!r} failed"
            last, printed = snippets.shell(asked, self.folder, last)
            assert snippets.same(told, printed), f"{block.place}: $ {asked}\nprints\n{printed}\nand not\n{told}"
        assert last == 0, f"{block.place}: the last command failed"

    def sh(self, block: snippets.Block) -> None:
        self.printed = ""
        for line in block.text.replace("\\\n", "").splitlines():
            for part in line.split(" && "):
                words = snippets.words_of(part)
                if words and snippets.needs_others(words):
                    assert snippets.exists(words), (block.place, part)
                elif words:
                    code, self.printed = snippets.shell(part, self.folder)
                    assert code == 0, (block.place, part, self.printed)

    def python(self, block: snippets.Block) -> None:
        with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.chdir(self.folder):
            exec(compile(block.text, block.place, "exec"), self.names)
        self.printed = out.getvalue()

    def pycon(self, block: snippets.Block) -> None:
        test = doctest.DocTestParser().get_doctest(block.text, self.names, block.place, None, 0)
        told = io.StringIO()
        with contextlib.chdir(self.folder):
            result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=told.write, clear_globs=False)
        self.names.update(test.globs)
        assert result.failed == 0, told.getvalue()

    def sparql(self, block: snippets.Block) -> None:
        found = api.run_query(self.kb, block.text, None, [])
        assert found.rows and not found.notes, (block.place, found.notes)
        empty = [c for i, c in enumerate(found.columns) if all(row[i] is None for row in found.rows)]
        # Nobody has checked an encoding a second time, which the question is asked to tell.
        assert set(empty) <= {"checked"}, (block.place, empty)

    def yaml(self, block: snippets.Block) -> None:
        if not block.title:
            assert self.kb.profile(yaml.safe_load(block.text))

    def json(self, block: snippets.Block) -> None:
        json.loads(block.text)

    def text(self, block: snippets.Block) -> None:
        """What is only shown."""

    csv = text


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_examples(name: str, kb: gg.KnowledgeBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        gg, "open", lambda root=None, **more: kb if root is None and not more else api.open_knowledge(root, **more)
    )
    with snippets.on_the_day():
        _run(Page(tmp_path, kb), name)


def _run(page: Page, name: str) -> None:
    snippets.prepare(ROOT / name, page.folder)
    before = None
    for block in snippets.blocks((ROOT / name).read_text(encoding="utf-8")):
        if block.left_out:
            pass
        elif not block.language:
            assert before is not None and block.follows and before.language in _KINDS, f"{block.place} has no language"
            assert snippets.same(block.text, page.printed), f"{block.place}: what is printed is\n{page.printed}"
        else:
            assert block.language in (*_KINDS, *_READ, "yaml", "json", "text", "csv"), (block.place, block.language)
            page.run(block)
        before = block
