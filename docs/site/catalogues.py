"""The generated parts of the documentation, as Markdown: each is made of what it tells of, when the site is built."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

import nbformat
import pyoxigraph as ox
import typer
from typer.cli import get_docs_for_click
from typer.main import get_command

import guidegraph as gg
from guidegraph import assets
from guidegraph import namespaces as ns
from guidegraph.cli.app import app
from guidegraph.query.catalogue import catalogue


def made(name: str) -> str:
    """A catalogue by its name.

    Raises:
        KeyError: there is none of that name.
    """
    return _CATALOGUES[name]()


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown."""
    lines = [list(head), ["---"] * len(list(head)), *map(list, rows)]
    return "\n".join(f"| {' | '.join(_cell(c) for c in line)} |" for line in lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _plain(text: str) -> str:
    """Words that hold no Markdown: what a programmer or a document wrote."""
    return re.sub(r"([<*_\[\]`])", r"\\\1", text)


def commands() -> str:
    """Every command with its arguments and options, from the code."""
    whole = get_command(app)
    text = get_docs_for_click(obj=whole, ctx=typer.Context(whole), name="guidegraph", title="Every option")
    # The commands come with two levels of headings below that of the title, which this page has already.
    text = re.sub(r"^# Every option\n", "", text)
    return re.sub(r"^(\s*\* )`([^`]+)`: ", r"\1`\2`: ", text, flags=re.MULTILINE)


def schema_files() -> list[Path]:
    """The JSON schemas of what commands print with ``-f json``."""
    return sorted(Path(gg.__file__).with_name("schema").glob("*.schema.json"))


def schemas() -> str:
    """The JSON schemas: what each part of an answer is."""
    parts = []
    for path in schema_files():
        schema = json.loads(path.read_text(encoding="utf-8"))
        parts.append(
            f"## {path.name.removesuffix('.schema.json')}\n\n{schema['title']}. {schema.get('description', '')}"
        )
        parts.append(f"[{path.name}](files/src/guidegraph/schema/{path.name})\n")
        parts.append(_properties(schema))
        for name, inner in sorted(schema.get("$defs", {}).items()):
            if inner.get("properties"):
                what = _plain(inner.get("description", ""))
                parts.append(f"<details markdown><summary><code>{name}</code> {what}</summary>\n")
                parts.append(f"{_properties(inner)}</details>\n")
    return "\n".join(parts)


def _properties(schema: dict[str, Any]) -> str:
    rows = list(_keys(schema))
    head = ("key", "value", "what it is") if any(row[2] for row in rows) else ("key", "value")
    return table(head, (row[: len(head)] for row in rows))


def _keys(schema: dict[str, Any], above: str = "") -> Iterator[tuple[str, str, str]]:
    """The keys of an object and of the objects written out inside of it, each with its kind and what it is."""
    needed = schema.get("required", ())
    for key, value in schema.get("properties", {}).items():
        many = value.get("type") == "array"
        name = f"{above}{key}{'[]' if many else ''}"
        optional = "" if key in needed else " (optional)"
        yield f"`{name}`{optional}", _kind(value), _plain(value.get("description", ""))
        yield from _keys(value.get("items", {}) if many else value, f"{name}.")


def _kind(schema: Any) -> str:
    """The kind of a value in a few words."""
    if not isinstance(schema, dict) or not schema:
        return "any"
    if "$ref" in schema:
        return f"`{schema['$ref'].rpartition('/')[2]}`"
    if "enum" in schema:
        return ", ".join(f"`{json.dumps(v)}`" for v in schema["enum"])
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return " or ".join(dict.fromkeys(map(_kind, schema[key])))
    kinds = schema.get("type", "any")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    return " or ".join(_one_kind(kind, schema) for kind in kinds)


def _one_kind(kind: str, schema: dict[str, Any]) -> str:
    if kind == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"map to {_kind(schema['additionalProperties'])}"
    return f"{schema['format']}" if kind == "string" and "format" in schema else kind


def queries() -> str:
    """Every query that a user runs by its name, and the checks, by their headers."""
    parts = []
    every = [q for q in catalogue() if not q.is_step or q.severity]
    for folder, group in groupby(every, key=lambda q: q.id.partition("/")[0]):
        parts.append(f"### In {folder}/\n")
        for q in group:
            params = ", ".join(f"`{p.name}` ({p.kind}): {p.what}" for p in q.params)
            columns = ", ".join(f"`{name}` {what}" for name, what in q.columns)
            rows = [("question", q.question), ("why", q.why), ("parameters", params), ("columns", columns)]
            rows += [("no row means", q.empty_means), ("severity", q.severity), ("mend", q.mend)]
            told = "\n".join(
                f"- {key}: {_plain(value) if key not in ('columns', 'parameters') else value}"
                for key, value in rows
                if value
            )
            parts.append(f"#### {q.name if not q.is_step else q.id}\n\n{_plain(q.title)}\n\n{told}\n")
    return "\n".join(parts)


_MESSAGE = ox.NamedNode("http://www.w3.org/ns/shacl#message")


def shapes() -> str:
    """Every shape with its message: the rule, and how to mend what breaks it."""
    parts = []
    for path in sorted(assets.folder("shapes").glob("*.ttl")):
        quads = list(ox.parse(path=str(path), format=ox.RdfFormat.TURTLE))
        found = [
            (ns.shorten(q.subject.value), q.object.value)
            for q in quads
            if q.predicate == _MESSAGE and isinstance(q.subject, ox.NamedNode)
        ]
        rows = ((f"`{name.partition(':')[2]}`", _plain(text)) for name, text in sorted(found))
        parts.append(f"### {path.name}\n\n{table(('shape', 'rule, and how to mend'), rows)}")
    return "\n".join(parts)


@cache
def _knowledge() -> gg.KnowledgeBase:
    return gg.open()


def _values(node: Any, name: str) -> list[Any]:
    return sorted(
        (q.object for q in _knowledge().store.quads_for_pattern(node, ox.NamedNode(name), None, None)), key=str
    )


def _first(node: Any, *names: str) -> str:
    return next((v.value for name in names for v in _values(node, name)), "")


def _described(kinds: Iterable[str], base: str) -> Iterator[tuple[str, Any]]:
    """What is of one of some kinds and of one of our namespaces, by its label."""
    store = _knowledge().store
    nodes: set[Any] = {
        q.subject
        for kind in kinds
        for q in store.quads_for_pattern(None, ox.NamedNode(ns.RDF + "type"), ox.NamedNode(kind), None)
    }
    for node in sorted(nodes, key=str):
        if isinstance(node, ox.NamedNode) and node.value.startswith(base) and _first(node, ns.RDFS + "label"):
            yield _first(node, ns.RDFS + "label"), node


def _shown(nodes: Iterable[Any]) -> str:
    return ", ".join(f"`{ns.shorten(n.value)}`" for n in nodes if isinstance(n, ox.NamedNode))


def vocabulary() -> str:
    """The classes, properties and list entries of the model."""
    said = ns.SKOS + "definition"
    classes = [
        (
            f"`{ns.shorten(node.value)}`",
            _plain(_first(node, said, ns.RDFS + "comment")),
            _shown(_values(node, ns.RDFS + "subClassOf")),
        )
        for _, node in _described([ns.OWL + "Class"], ns.GG)
    ]
    properties = [
        (
            f"`{ns.shorten(node.value)}`",
            _plain(_first(node, said, ns.RDFS + "comment")),
            _shown(_values(node, ns.RDFS + "domain")),
            _shown(_values(node, ns.RDFS + "range")),
        )
        for _, node in _described(
            [ns.OWL + "ObjectProperty", ns.OWL + "DatatypeProperty", ns.OWL + "AnnotationProperty"], ns.GG
        )
    ]
    entries = sorted(
        (
            _shown(v for v in _values(node, ns.RDF + "type") if not v.value.startswith(ns.OWL)),
            f"`{ns.shorten(node.value)}`",
            label,
            _plain(_first(node, said)),
        )
        for label, node in _described([ns.OWL + "NamedIndividual"], ns.GG)
    )
    return "\n".join(
        (
            "### Classes\n",
            table(("class", "definition", "below"), classes),
            "### Properties\n",
            table(("property", "definition", "of", "value"), properties),
            "### Entries of lists\n",
            table(("list", "entry", "label", "definition"), entries),
        )
    )


def terms() -> str:
    """The clinical terms, by kind."""
    parts = []
    rows = sorted(
        (row for row in _knowledge().vocabulary.rows if row.iri.startswith(ns.GGT)),
        key=lambda r: (r.kind, r.label.casefold()),
    )
    for kind, group in groupby(rows, key=lambda row: row.kind):
        parts.append(f"### {kind.capitalize()}\n")
        parts.append(
            table(
                ("term", "definition", "other names", "below"),
                (
                    (
                        f"{_plain(row.label)} `{ns.shorten(row.iri)}`",
                        _plain(_first(ox.NamedNode(row.iri), ns.SKOS + "definition")),
                        _plain(", ".join(name for name in row.names if name != row.label)),
                        _plain(
                            ", ".join(_first(ox.NamedNode(p), ns.RDFS + "label") or ns.shorten(p) for p in row.parents)
                        ),
                    )
                    for row in group
                ),
            )
        )
    return "\n".join(parts)


def notebook(path: Path) -> str:
    """A notebook with its outputs."""
    parts = []
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            parts.append(cell.source)
            continue
        parts.append(f"```python\n{cell.source}\n```")
        for output in cell.outputs:
            data = output.get("data", {"text/plain": output.get("text", "")})
            if "text/html" in data:
                parts.append(f'<div class="output">{"".join(data["text/html"])}</div>')
            elif "image/svg+xml" in data:
                parts.append(f'<div class="output">{"".join(data["image/svg+xml"])}</div>')
            else:
                parts.append(f"```text\n{''.join(data['text/plain']).rstrip()}\n```")
    return "\n\n".join(parts)


_CATALOGUES: dict[str, Callable[[], str]] = {
    "commands": commands,
    "schemas": schemas,
    "queries": queries,
    "shapes": shapes,
    "vocabulary": vocabulary,
    "terms": terms,
}
