"""An OMOP CDM opened for reading: a DuckDB file, or a folder of Parquet or CSV files.

Whatever the source holds, DuckDB runs with no access to other files or the network once it is open, loads no extension
of its own accord and has bounded memory. No statement is ever put together from text: the statements are the files of
queries/omop/, values are bound, and columns are named by DuckDB's expression objects from a fixed list.
"""

from __future__ import annotations

import gzip
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from guidegraph import assets
from guidegraph.errors import ProfileError, UsageError
from guidegraph.intake.omop.cdm import Column, conventions
from guidegraph.intake.report import shown

if TYPE_CHECKING:
    import duckdb

_DATABASES = (".duckdb", ".db", ".ddb")
_CSV = (".csv", ".csv.gz", ".tsv", ".tsv.gz")
_ENDINGS = (".parquet", *_CSV)
#: How DuckDB is opened, whatever is read: nothing is loaded of its own accord, and memory is bounded.
SETTINGS = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_persistent_secrets": "false",
    "memory_limit": "1GB",
    "threads": "2",
}
_INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "HUGEINT"}
_REALS = {"FLOAT", "DOUBLE"}
_DATES = {"DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE"}
#: What a column may be stored as; text is read strictly, value by value. DECIMAL has digits behind its name.
_STORED = {
    "integer": _INTEGERS | _REALS | {"DECIMAL", "VARCHAR"},
    "number": _INTEGERS | _REALS | {"DECIMAL", "VARCHAR"},
    "date": _DATES | {"VARCHAR"},
    "text": _INTEGERS | _REALS | _DATES | {"DECIMAL", "VARCHAR", "BOOLEAN"},
}
_PERSON = "person_id"
_MARKS = ",\t;"
_LONGEST_HEADER = 65_536
_PER_FETCH = 5_000
_FILE = re.compile(r"^\s*file = (.+)$", re.MULTILINE)


def is_database(path: Path) -> bool:
    """Whether a path is named as DuckDB files are."""
    return path.name.lower().endswith(_DATABASES)


class Source:
    """The CDM tables of a DuckDB file or a folder; a context manager.

    Attributes:
        name: the file or folder, for messages.
        tables: the tables that are there, of those that are read.
    """

    def __init__(self, path: str | Path, *, many: bool = False) -> None:
        """Open a source.

        Args:
            path: a DuckDB file, or a folder of Parquet or CSV files (compressed ones too), or of
                folders of such parts, one a table.
            many: whether many persons will be read, so that text files are parsed once, not once a group.

        Raises:
            UsageError: duckdb is not installed, or the path names nothing.
            ProfileError: it is no such source, or a table or column is missing or of another type.
        """
        self.name = str(path)
        self._open = ExitStack()
        duck = library()
        spill = self._open.enter_context(tempfile.TemporaryDirectory(prefix="guidegraph-"))
        self._db = duck.connect(":memory:", config={**SETTINGS, "temp_directory": spill})
        self._open.callback(self._db.close)
        try:
            relations = self._folder(Path(path)) if Path(path).is_dir() else self._database(Path(path))
            self.tables = frozenset(relations)
            for table in conventions().needed:
                if table not in self.tables:
                    raise ProfileError(
                        f"there is no table {table}", where=self.name, mend="Give the tables of an OMOP CDM 5.4."
                    )
            for table, relation in relations.items():
                self._view(table, relation, many and Path(path).is_dir())
        except faults() as error:
            self._open.close()
            raise _unreadable(self.name, error) from None
        except BaseException:
            self._open.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def rows(self, query: str, **values: Any) -> Iterator[dict[str, Any]]:
        """The rows of a query of queries/omop/, as they come; all values but ids are text.

        Raises:
            ProfileError: the source cannot be read, such as a damaged file.
        """
        try:
            result = self._db.execute(statement(query), values)
            names = [column[0] for column in result.description or ()]
            while rows := result.fetchmany(_PER_FETCH):
                for row in rows:
                    yield dict(zip(names, row, strict=True))
        except faults() as error:
            raise _unreadable(f"{self.name}: {query}", error) from None

    def _database(self, path: Path) -> dict[str, duckdb.DuckDBPyRelation]:
        if not path.is_file():
            raise UsageError("there is no such file or folder", where=self.name, mend="Name a DuckDB file or a folder.")
        if path.name.casefold().endswith(_ENDINGS):
            raise UsageError(
                "one file is not a database", where=self.name, mend="Name the folder of the tables, one file a table."
            )
        try:
            self._db.execute("ATTACH ? AS source (READ_ONLY)", [str(path)])
            # From here on nothing else can be opened, whatever a view of the database says.
            self._lock()
            rows = self._db.execute(statement("tables")).fetchall()
        except faults() as error:
            raise _unreadable(self.name, error) from None
        places: dict[str, list[str]] = {}
        for schema, table, _ in rows:
            if table.casefold() in conventions().tables:
                places.setdefault(table.casefold(), []).append(f"source.{quoted(schema)}.{quoted(table)}")
        self._one_each(places)
        try:
            return {table: self._db.table(place[0]) for table, place in sorted(places.items())}
        except faults() as error:
            raise _unreadable(self.name, error) from None

    def _folder(self, path: Path) -> dict[str, duckdb.DuckDBPyRelation]:
        base = path.resolve()
        if any(mark in str(base) for mark in "*?["):
            raise UsageError("the name has a *, ? or [", where=self.name, mend="Rename the folder.")
        files: dict[str, list[str]] = {}
        for file in sorted(base.iterdir()):
            table, dot, ending = file.name.casefold().partition(".")
            known = dot + ending in _ENDINGS or (not dot and file.is_dir())
            if table in conventions().tables and known:
                files.setdefault(table, []).append(file.name)
        self._one_each(files)
        self._db.execute("SET allowed_directories = ?", [[str(base)]])
        self._lock()
        return {table: self._table(base / names[0], table) for table, names in sorted(files.items())}

    def _table(self, path: Path, table: str) -> duckdb.DuckDBPyRelation:
        """A table from its file, or from the files of its folder, which are its parts."""
        if path.resolve() != path:
            raise ProfileError(
                f"{path.name} points outside the folder", where=self.name, mend=f"Put the table {table} itself there."
            )
        if not path.is_dir():
            return self._files([path], table)
        parts = [part for part in sorted(path.iterdir()) if part.name[0] not in "._"]
        kinds = {part.suffix.casefold() == ".parquet" for part in parts}
        strange = [p.name for p in parts if not p.name.casefold().endswith(_ENDINGS) or p.resolve() != p or p.is_dir()]
        strange += [part.name for part in parts if any(mark in part.name for mark in "*?[")]
        if strange or len(kinds) != 1:
            what = f"{strange[0]!r} is no part of a table" if strange else "it holds no part of a table, or two kinds"
            mend = "Leave its Parquet or CSV files alone there."
            raise ProfileError(what, where=f"{self.name}: {path.name}", mend=mend)
        return self._files(parts, table)

    def _lock(self) -> None:
        self._db.execute("SET enable_external_access = false")
        self._db.execute("SET lock_configuration = true")

    def _one_each(self, places: Mapping[str, Sequence[str]]) -> None:
        for table, rows in sorted(places.items()):
            if len(rows) > 1:
                raise ProfileError(
                    f"the table {table} is there more than once: {', '.join(rows[:4])}",
                    where=self.name,
                    mend="Leave one of them.",
                )

    def _files(self, paths: Sequence[Path], table: str) -> duckdb.DuckDBPyRelation:
        """The rows of files of one kind that have the same columns."""
        where = f"{self.name}: {paths[0].name}"
        for path in paths:
            if path.stat().st_size == 0:
                mend = "Write at least its header."
                raise ProfileError(f"the table {table} is an empty file", where=f"{self.name}: {path.name}", mend=mend)
        try:
            if paths[0].suffix.casefold() == ".parquet":
                stored: duckdb.DuckDBPyRelation = self._db.read_parquet([str(path) for path in paths])
                return stored
            head, *others = [_header(path, f"{self.name}: {path.name}") for path in paths]
            for path, other in zip(paths[1:], others, strict=True):
                if other != head:
                    mend = "Give every part the same columns in the same order."
                    raise ProfileError(
                        "its columns are not those of the first part", where=f"{self.name}: {path.name}", mend=mend
                    )
            # Of the characters that may separate columns, the one that the header has most.
            mark = max(_MARKS, key=head.count)
            quote = "" if mark == "\t" else '"'
            # The vocabulary files of OHDSI are separated by tabs and use no quotation marks; plain CSV uses them.
            text: duckdb.DuckDBPyRelation = self._db.read_csv(
                [str(path) for path in paths],
                header=True,
                auto_detect=False,
                columns=dict.fromkeys(_names(head, mark, where), "VARCHAR"),
                sep=mark,
                quotechar=quote,
                escapechar=quote,
            )
            return text
        except faults() as error:
            raise _unreadable(where, error) from None

    def _view(self, table: str, relation: duckdb.DuckDBPyRelation, keep: bool) -> None:
        duck = library()
        stored = dict(zip((n.casefold() for n in relation.columns), map(str, relation.types), strict=True))
        if len(stored) != len(relation.columns):
            raise ProfileError(f"the table {table} names a column twice", where=self.name, mend="Rename one of them.")
        chosen = []
        for column in conventions().tables[table]:
            self._check(table, column, stored)
            value: Any = duck.ConstantExpression(None)
            if column.name in stored:
                value = duck.ColumnExpression(relation.columns[list(stored).index(column.name)])
            if column.name == _PERSON:
                self._strangers(table, relation.project(value.alias(_PERSON)))
                value = value.cast(duck.sqltype("BIGINT"))
            elif not (column.name.endswith("_id") and stored.get(column.name) in _INTEGERS):
                # Ids stay numbers where they are numbers; all else is text, so that every form of a source reads alike.
                value = value.cast(duck.sqltype("VARCHAR"))
            chosen.append(value.alias(column.name))
        try:
            shaped = relation.project(*chosen)
            if keep:
                (shaped.order(_PERSON) if _PERSON in shaped.columns else shaped).create(table)
            else:
                shaped.create_view(table)
        except faults() as error:
            raise _unreadable(f"{self.name}: {table}", error) from None

    def _strangers(self, table: str, persons: duckdb.DuckDBPyRelation) -> None:
        persons.create_view("given", replace=True)
        number = next(iter(self.rows("strangers")))["number"]
        if number:
            raise ProfileError(
                f"{number} rows of the table {table} have a person_id that is no whole number",
                where=self.name,
                mend="Say whose rows they are.",
            )

    def _check(self, table: str, column: Column, stored: Mapping[str, str]) -> None:
        if column.name not in stored:
            if column.required:
                raise ProfileError(
                    f"the table {table} has no column {column.name}",
                    where=self.name,
                    mend="OMOP CDM 5.4 requires it.",
                )
            return
        kind = stored[column.name].partition("(")[0]
        if kind not in _STORED[column.kind] and kind != '"NULL"':
            raise ProfileError(
                f"the column {column.name} of the table {table} is of type {stored[column.name]}",
                where=self.name,
                mend=f"Store it as {column.kind}.",
            )


@cache
def statement(name: str) -> str:
    """The text of a statement of queries/omop/."""
    return (assets.folder("queries") / "omop" / f"{name}.sql").read_text(encoding="utf-8")


def library() -> Any:
    """The module of DuckDB.

    Raises:
        UsageError: it is not installed.
    """
    try:
        import duckdb
    except ImportError:
        raise UsageError(
            "reading a DuckDB file or an OMOP CDM needs duckdb", mend="Install it: pip install 'guidegraph[omop]'."
        ) from None
    return duckdb


def faults() -> tuple[type[Exception], ...]:
    """What DuckDB raises: its own errors, and those of its bindings where a name is no UTF-8 or a number too large."""
    return (library().Error, RuntimeError, ValueError, OverflowError)


def quoted(name: str) -> str:
    """A name of a schema, table or column as DuckDB writes it."""
    return '"' + name.replace('"', '""') + '"'


def _unreadable(where: str, error: Exception) -> ProfileError:
    # Of a damaged file DuckDB tells the name last, behind its advice.
    if file := _FILE.search(str(error)):
        where = f"{where.rpartition(': ')[0] or where}: {Path(file[1]).name}"
    what = f"cannot be read: {shown(error, 160)}"
    return ProfileError(what, where=where, mend="Give an OMOP CDM 5.4 that DuckDB can read.")


def _header(path: Path, where: str) -> str:
    try:
        with gzip.open(path, "rb") if path.suffix.casefold() == ".gz" else path.open("rb") as file:
            head = file.readline(_LONGEST_HEADER)
        return head.decode("utf-8-sig").strip("\r\n")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        what = f"its header cannot be read: {shown(error)}"
        raise ProfileError(what, where=where, mend="Save it as UTF-8 text.") from None


def _names(head: str, mark: str, where: str) -> list[str]:
    names = [name.strip().strip('"').casefold() for name in head.split(mark)]
    if len(set(names)) != len(names) or not all(names):
        raise ProfileError("its header names a column twice or not", where=where, mend="Name each column once.")
    return names
