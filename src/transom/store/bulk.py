"""Many rows or ids in one statement, whose text does not grow with them, so that a database prepares it once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    RowMapping,
    Table,
    Text,
    any_,
    bindparam,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from transom.store.dialect import is_sqlite
from transom.store.rows import to_text

_POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]


async def insert_many(
    conn: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]], on_conflict: str = "DO NOTHING"
) -> int:
    """Insert rows, all with the same columns; gives how many were inserted or updated.

    `on_conflict` is what SQL has behind ON CONFLICT.
    """
    if not rows:
        return 0
    names, values = _columns(rows)
    if is_sqlite(conn):
        return (await conn.exec_driver_sql(_sqlite_insert(table, names, on_conflict), values)).rowcount
    return (await conn.exec_driver_sql(_postgresql_insert(table, names, on_conflict), _turned(values))).rowcount


async def insert_new(
    conn: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]], returning: tuple[str, ...]
) -> Sequence[tuple[Any, ...]]:
    """Insert those rows that aren't there yet; gives the columns of `returning` of each row really inserted."""
    if not rows:
        return []
    if is_sqlite(conn):
        return await _insert_new_in_sqlite(conn, table, rows, returning)
    names, values = _columns(rows)
    statement = f"{_postgresql_insert(table, names, 'DO NOTHING')} RETURNING {', '.join(returning)}"
    return [tuple(row) for row in await conn.exec_driver_sql(statement, _turned(values))]


async def _insert_new_in_sqlite(
    conn: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]], returning: tuple[str, ...]
) -> Sequence[tuple[Any, ...]]:
    """The driver returns nothing from many rows, but new rows are numbered upwards, and nobody else writes now."""
    inserted = await insert_many(conn, table, rows)
    if not inserted:
        return []
    if inserted == len(rows) and rows[0].keys() >= set(returning):
        return [tuple(row[name] for name in returning) for row in rows]
    is_new = literal_column("rowid") > func.last_insert_rowid() - inserted
    return [tuple(row) for row in await conn.execute(select(*(table.c[name] for name in returning)).where(is_new))]


def _columns(rows: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """The rows' names and values."""
    names = tuple(rows[0])
    return names, list(map(itemgetter(*names), rows))


def _turned(values: Sequence[tuple[Any, ...]]) -> tuple[list[Any], ...]:
    """Rows as columns."""
    return tuple(map(list, zip(*values, strict=True)))


@lru_cache
def _sqlite_insert(table: Table, names: tuple[str, ...], on_conflict: str) -> str:
    return _insert(table, names, f"VALUES ({', '.join('?' * len(names))})", on_conflict)


@lru_cache
def _postgresql_insert(table: Table, names: tuple[str, ...], on_conflict: str) -> str:
    return _insert(table, names, f"SELECT * FROM {_unnest(table, names)}", on_conflict)  # noqa: S608


def _insert(table: Table, names: tuple[str, ...], source: str, on_conflict: str) -> str:
    return f"INSERT INTO {table.name} ({', '.join(names)}) {source} ON CONFLICT {on_conflict}"


def _unnest(table: Table, names: tuple[str, ...]) -> str:
    """Parameters, one array for each column, as rows."""
    types = (table.c[name].type.compile(_POSTGRESQL) for name in names)
    return f"unnest({', '.join(f'${place}::{kind}[]' for place, kind in enumerate(types, 1))})"


async def lock_rows(conn: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> Sequence[RowMapping]:
    """The rows with the primary keys of these ones, in the same order, locked until the transaction ends.

    PostgreSQL makes those that aren't there, as it locks no others. In SQLite nobody else writes now.
    """
    if not rows:
        return []
    keys = list(map(itemgetter(*table.primary_key.columns.keys()), rows))
    if is_sqlite(conn):
        found = await conn.exec_driver_sql(_sqlite_select(table), (to_text(keys),))
    else:
        await insert_many(conn, table, rows)
        found = await conn.exec_driver_sql(_postgresql_select(table), _turned(keys))
    return found.mappings().all()


@lru_cache
def _sqlite_select(table: Table) -> str:
    values = (f"value ->> {place}" for place in range(len(table.primary_key)))
    return _select(table, f"SELECT {', '.join(values)} FROM json_each(?)")  # noqa: S608


@lru_cache
def _postgresql_select(table: Table) -> str:
    keys = _unnest(table, tuple(table.primary_key.columns.keys()))
    return _select(table, f"SELECT * FROM {keys}") + " FOR UPDATE"  # noqa: S608


def _select(table: Table, keys: str) -> str:
    names = ", ".join(table.primary_key.columns.keys())
    return f"SELECT * FROM {table.name} WHERE ({names}) IN ({keys}) ORDER BY {names}"  # noqa: S608


def one_of(conn: AsyncConnection, column: ColumnElement[str], values: Sequence[str]) -> ColumnElement[bool]:
    """Whether a text is one of these."""
    if is_sqlite(conn):
        each = func.json_each(bindparam(None, to_text(values), Text)).table_valued("value")
        return column.in_(select(each.c.value))
    return column == any_(bindparam(None, list(values), ARRAY(Text)))
