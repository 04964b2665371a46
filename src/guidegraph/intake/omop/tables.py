"""Tables and views of a DuckDB file that need not be a CDM, copied to where tables of patients are read."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from guidegraph.errors import UsageError
from guidegraph.intake.omop.cdm import conventions
from guidegraph.intake.omop.source import SETTINGS, faults, library, quoted, statement
from guidegraph.intake.report import shown

#: Types that Parquet holds as they are; others are copied as text, so that no digit is lost.
_KEPT = (
    *("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "FLOAT", "DOUBLE"),
    *("BOOLEAN", "VARCHAR", "DATE", "DECIMAL", "TIMESTAMP", "STRUCT", "MAP", "UNION", "BLOB"),
)
_SHOWN = 20


def is_cdm(path: Path) -> bool:
    """Whether a DuckDB file has the tables of an OMOP CDM.

    Raises:
        UsageError: it cannot be opened, or duckdb is not installed.
    """
    with _opened(path) as (_, names):
        held = {table.casefold() for _, table in names}
        return held.issuperset(conventions().needed)


@contextmanager
def copied(path: Path, table: str) -> Iterator[Path]:
    """A table or view of a DuckDB file as a Parquet file, which is there until the end of the context.

    A table comes in its order, a view sorted by its columns from the left, since a view has no order of its own.

    Args:
        path: the DuckDB file.
        table: its name, with that of its schema before it where it is not main; "" for the only one that there is.

    Raises:
        UsageError: duckdb is not installed, or the file or the table cannot be read, or which is meant is not told.
    """
    with tempfile.TemporaryDirectory(prefix="guidegraph-") as folder, _opened(path, folder) as (database, names):
        schema, name = _chosen(names, table, str(path))
        duck = library()
        try:
            relation = database.table(f"source.{quoted(schema)}.{quoted(name)}")
            columns = [
                _whole(duck, column, str(kind)) for column, kind in zip(relation.columns, relation.types, strict=True)
            ]
            given = relation.project(*columns)
            if names[schema, name]:
                given = given.sort(*(duck.ColumnExpression(column) for column in relation.columns))
            place = Path(folder) / "patients.parquet"
            given.to_parquet(str(place))
        except faults() as error:
            raise _unreadable(f"{path}, table {name}", error) from None
        yield place


@contextmanager
def _opened(path: Path, folder: str = "") -> Iterator[tuple[Any, dict[tuple[str, str], bool]]]:
    """A DuckDB file that can read nothing else, and its tables by schema and name: whether each is a view."""
    if not path.is_file():
        raise UsageError("there is no such file", where=str(path), mend="Name a DuckDB file.")
    database = library().connect(":memory:", config={**SETTINGS, **({"temp_directory": folder} if folder else {})})
    try:
        try:
            database.execute("ATTACH ? AS source (READ_ONLY)", [str(path)])
            # A view names the tables beside it without their database.
            database.execute("USE source")
            database.execute("SET allowed_directories = ?", [[folder] if folder else []])
            database.execute("SET enable_external_access = false")
            database.execute("SET lock_configuration = true")
            rows = database.execute(statement("tables")).fetchall()
        except faults() as error:
            raise _unreadable(str(path), error) from None
        yield database, {(schema, table): view for schema, table, view in rows}
    finally:
        database.close()


def _chosen(names: dict[tuple[str, str], bool], table: str, where: str) -> tuple[str, str]:
    found = [key for key in names if table in ("", _name(*key), key[1])]
    exact = [key for key in found if _name(*key) == table]
    if len(exact or found) == 1:
        return (exact or found)[0]
    known = _listed([_name(*key) for key in names])
    if not names:
        raise UsageError("it holds no table", where=where, mend="Name a file with a table of patients.")
    if not found:
        raise UsageError(f"no table {table!r}", where=where, mend=f"It has {known}.")
    what = f"{len(found)} tables" + (f" are called {table!r}" if table else "")
    raise UsageError(what, where=where, mend=f"Name one by --table. It has {known}.")


def _name(schema: str, table: str) -> str:
    return table if schema == "main" else f"{schema}.{table}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(sorted(names)[:_SHOWN]) + (" ..." if len(names) > _SHOWN else "")


def _whole(duck: Any, column: str, kind: str) -> Any:
    """A column in a type that Parquet holds without loss."""
    value = duck.ColumnExpression(column)
    if kind.endswith("]") or kind.startswith(_KEPT):
        return value
    return value.cast(duck.sqltype("VARCHAR")).alias(column)


def _unreadable(where: str, error: Exception) -> UsageError:
    return UsageError(f"cannot be read: {shown(error, 160)}", where=where, mend="Give a DuckDB file that can be read.")
