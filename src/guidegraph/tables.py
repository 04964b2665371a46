"""Rows as a table that says by itself how it is read: columns by name, repeated words once, references by place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from guidegraph.errors import UsageError

if TYPE_CHECKING:
    from guidegraph.dataforms import Table, Unfolded

#: The version of the data of an answer (schema/data.schema.json): its second number counts additions, its first all
#: else.
VERSION = "4.0"

#: Of a column its place among the cells, the places of its words, and these.
_Column = tuple[int | None, dict[str, int] | None, list[Any]]
#: What stands at the end of a row, as it is.
_BESIDES: _Column = (None, None, [])


class TableWriter:
    """Rows that are added as objects and told as a table (schema/data.schema.json).

    Args:
        columns: what most rows say, in the order of the cells of a row; what they say besides stands by name in an
            object at their end.
        words: the columns whose values repeat: a cell holds the place of its value, nought where there is none.
        refers: the columns whose cells hold places in other tables, with the names of those.
    """

    def __init__(self, columns: Sequence[str], words: Iterable[str] = (), refers: Mapping[str, str] | None = None):
        self.columns, self.refers = tuple(columns), dict(refers or {})
        self.words: dict[str, list[Any]] = {name: [None] for name in words}
        self.rows: list[list[Any]] = []
        #: Of each column its place among the cells, the places of its words by these, and the words.
        at = {name: at for at, name in enumerate(self.columns)}
        self._cells: dict[str, _Column] = {
            name: (at.get(name), {} if name in self.words else None, self.words.get(name, []))
            for name in (*self.columns, *self.words)
        }
        self._blank: list[Any] = [0 if name in self.words else "" for name in self.columns]

    def add(self, row: Mapping[str, Any]) -> None:
        """Add a row, which may lack what any column is of; a column has values of one kind."""
        cells, besides, last = self._blank.copy(), {}, -1
        for name, value in row.items():
            at, places, words = self._cells.get(name, _BESIDES)
            if places is not None:
                key = value if value.__class__ is str else repr(value)
                place = places.get(key)
                if place is None:
                    place = places[key] = len(words)
                    words.append(value)
                value = place
            if at is None:
                besides[name] = value
            else:
                cells[at] = value
                last = at if at > last else last
        del cells[last + 1 :]
        if besides:
            cells.append(besides)
        self.rows.append(cells)

    def told(self) -> Table:
        """The table, without the words of what no row says at its end."""
        words = {name: values for name, values in self.words.items() if name in self.columns or len(values) > 1}
        return {"columns": list(self.columns), "words": words, "refers": self.refers, "rows": self.rows}


def records(table: Table) -> list[dict[str, Any]]:
    """The rows of a table as objects, each without what it leaves out; references stay places."""
    words = table["words"]
    made = []
    for row in table["rows"]:
        besides = row[-1] if row and isinstance(row[-1], dict) else {}
        cells = {**dict(zip(table["columns"], row[:-1] if besides else row, strict=False)), **besides}
        told = {name: _placed(words[name], cell) if name in words else cell for name, cell in cells.items()}
        made.append({name: value for name, value in told.items() if value is not None and value != ""})
    return made


def unfold(data: Mapping[str, Any]) -> Unfolded:
    """The data of an answer with each row as an object: by its identifier where it has one, else in a list.

    What refers to a row with an identifier has that in place of its place. What a row leaves out stays left out. It
    shares parts with the data.

    Args:
        data: what :meth:`Answer.data` gives, or what was read of a JSON text of it.

    Raises:
        UsageError: it is no data of an answer, or of another version, or a place in it has nothing.
    """
    version = data.get("version") if isinstance(data, Mapping) else None
    if str(version).partition(".")[0] != VERSION.partition(".")[0]:
        raise _unread(f"it has version {version}" if version else "it has no version")
    try:
        return cast("Unfolded", _unfolded(data))
    except (AttributeError, LookupError, TypeError) as error:
        raise _unread("a table is not whole, or a place in it has nothing") from error


def _unread(why: str) -> UsageError:
    mend = f"Give what Answer.data() or therapies -f json gives, in version {VERSION}."
    return UsageError(f"the data of an answer cannot be read: {why}", where="unfold", mend=mend)


def _unfolded(data: Mapping[str, Any]) -> dict[str, Any]:
    tables = {name: cast("Table", part) for name, part in data.items() if isinstance(part, dict) and "rows" in part}
    rows = {name: records(table) for name, table in tables.items()}
    for row in (row for name in tables for row in rows[name]):
        _name(row, rows["documents"])
    ids = {name: [row["id"] for row in rows[name]] for name, table in tables.items() if "id" in table["columns"]}

    def named(table: str, value: Any) -> Any:
        if isinstance(value, list):
            return [named(table, one) for one in value]
        if isinstance(value, dict):
            return {part: named(table, one) for part, one in value.items()}
        return _placed(ids[table], value) if isinstance(value, int) and table in ids else value

    opened = dict(data)
    for name, table in tables.items():
        refers = table["refers"]
        told = [{key: named(refers.get(key, ""), value) for key, value in row.items()} for row in rows[name]]
        opened[name] = {row.pop("id"): row for row in told} if name in ids else told
    return opened


def _placed(values: Sequence[Any], place: int) -> Any:
    """What stands at a place; below nought is none."""
    if place < 0:
        raise LookupError(place)
    return values[place]


def _name(row: dict[str, Any], documents: Sequence[Mapping[str, Any]]) -> None:
    """Give a row of a document its whole identifier, of which its cell holds the part behind the document's."""
    if "document" in row and "id" in row and not {"/", ":"} & set(row["id"]):
        row["id"] = f"{_placed(documents, row['document'])['id']}/{row['id']}"
