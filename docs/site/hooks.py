"""What MkDocs asks while it builds the documentation (mkdocs.yml): generated parts, and links that leave ``docs/``.

Pages are written for the code host: a link may lead to any file of the checkout. On the site CONTRIBUTING.md and
CHANGELOG.md are pages, and another file outside of ``docs/`` is copied beside them, so that the link holds there too.
A line ``<!-- made: NAME -->`` is where a catalogue is put (catalogues.py). A notebook is a page with its outputs.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

import catalogues
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[2]
#: Files at the top that are pages of the site, by their address there.
_PAGES = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
_LINK = re.compile(r"(!?\[[^\]]*\]\()([^)\s#]+)(#[^)\s]*)?(\))")
_MADE = re.compile(r"^<!-- made: (\w+) -->$", re.MULTILINE)
#: A link that is called by the name of its file.
_NAMED = re.compile(r"\[(?:docs/)?([\w/-]+\.md)\]\(([^)#]*\1(?=[)#])[^)]*)")
_HEADING = re.compile(r"^# (.+)$", re.MULTILINE)
#: A cell of a table as it is built.
_CELL = re.compile(r"<td[^>]*>.*?</td>", re.DOTALL)
_INLINE, _OPTION = re.compile(r"<code>[^<]*</code>"), re.compile(r"--[a-z][\w-]*")
_CODE = re.compile(r"^(`{3,})[^`\n]*\n.*?^\1$|`[^`\n]+`", re.DOTALL | re.MULTILINE)


def on_files(files: Files, config: Any) -> Files:
    """Add the pages and files of the checkout that pages lead to."""
    for name, address in _PAGES.items():
        text = (ROOT / name).read_text(encoding="utf-8")
        files.append(File.generated(config, address, content=_relinked(text, "", address)))
    for path in sorted((ROOT / "docs").rglob("*.ipynb")):
        name = path.relative_to(ROOT / "docs").as_posix()
        text = _relinked(catalogues.notebook(path), f"docs/{name}", name)
        files.append(File.generated(config, name.replace(".ipynb", ".md"), content=text))
    wanted = {f"src/guidegraph/schema/{path.name}" for path in catalogues.schema_files()}
    for page in files.documentation_pages():
        if page.generated_by is None:
            text = Path(str(page.abs_src_path)).read_text(encoding="utf-8")
            _relinked(text, f"docs/{page.src_uri}", page.src_uri, wanted)
    for name in sorted(wanted):
        if (ROOT / name).is_file():
            files.append(File.generated(config, f"files/{name}", abs_src_path=str(ROOT / name)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """The page with its catalogues and with links as the site needs them."""
    if page.file.generated_by is None:
        markdown = _relinked(markdown, f"docs/{page.file.src_uri}", page.file.src_uri)
    markdown = _NAMED.sub(lambda match: f"[{_title(page, match[2], files) or match[1]}]({match[2]}", markdown)
    return _MADE.sub(lambda match: catalogues.made(match[1]), markdown)


def on_page_content(html: str, page: Any, config: Any, files: Files) -> str:
    """The page without the backslashes that the code host needs before a bar in the code of a table, and with options
    there that no line breaks behind their hyphens."""

    def code(match: re.Match[str]) -> str:
        return _OPTION.sub(r'<span class="whole">\g<0></span>', match[0].replace("\\|", "|"))

    return _CELL.sub(lambda match: _INLINE.sub(code, match[0]), html)


def _title(page: Any, target: str, files: Files) -> str:
    """What a page is called, which a page that is read as a file calls by its name."""
    name = posixpath.normpath(posixpath.join(posixpath.dirname(page.file.src_uri), target.partition("#")[0]))
    file = files.get_file_from_path(name)
    heading = _HEADING.search(file.content_string) if file else None
    return heading[1] if heading else ""


def _relinked(text: str, source: str, address: str, outside: set[str] | None = None) -> str:
    """A page with links out of ``docs/`` led to where those files are on the site; ``outside`` collects them.

    Args:
        text: the page in Markdown.
        source: the page's file in the checkout, or "" for one at the top.
        address: where it stands on the site.
        outside: gets the names of the files that are no pages.
    """

    def linked(match: re.Match[str]) -> str:
        before, target, anchor, after = match[1], match[2], match[3] or "", match[4]
        if ":" in target or target.startswith("/"):
            return match[0]
        name = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        if name.startswith("docs/") and name.removeprefix("docs/") not in ("", "."):
            there = name.removeprefix("docs/").replace(".ipynb", ".md")
        elif name in _PAGES:
            there = _PAGES[name]
        else:
            there = f"files/{name}"
            if outside is not None:
                outside.add(name)
        return f"{before}{posixpath.relpath(there, posixpath.dirname(address) or '.')}{anchor}{after}"

    # What stands in code is no link.
    parts, last = [], 0
    for code in _CODE.finditer(text):
        parts += [_LINK.sub(linked, text[last : code.start()]), code[0]]
        last = code.end()
    return "".join([*parts, _LINK.sub(linked, text[last:])])
