"""A response is paid for once, however often its id comes back in polls and repeats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, false, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from transom.store.dialect import insert
from transom.store.models import PRICED_RESPONSE
from transom.store.rows import fit_id, token_counts
from transom.types import Operation, RedactedExchange

_ASYNCHRONOUS = (Operation.RESPONSES, Operation.ASSISTANTS)
"""Their responses have ids under which they can be fetched again."""

ResponseKey = tuple[str, str | None, str | None]


async def billed(conn: AsyncConnection, exchanges: Sequence[RedactedExchange]) -> set[str]:
    """The ids of those exchanges that are to be paid for.

    A GET isn't, nor is a response that was already priced. A background response, though, is answered first
    without usage: there the first poll that brings it is paid for, too.
    """
    kept = [e for e in exchanges if e.operation in _ASYNCHRONOUS and e.response_id is not None]
    paid = {e.id for e in exchanges if e.method != "GET"} - {e.id for e in kept}
    first = await _register(conn, [e for e in kept if e.method != "GET"])
    for exchange in kept:
        if exchange.id in first or (_has_usage(exchange) and await _claim(conn, exchange)):
            paid.add(exchange.id)
    return paid


async def _register(conn: AsyncConnection, exchanges: Sequence[RedactedExchange]) -> set[str]:
    """Note the responses made by these exchanges; gives the ids of those exchanges that were the first with theirs."""
    makers: dict[ResponseKey, RedactedExchange] = {}
    for exchange in exchanges:
        makers.setdefault(_key(exchange), exchange)
    if not makers:
        return set()
    names = PRICED_RESPONSE.primary_key.columns
    rows: list[dict[str, Any]] = [
        {**dict(zip(names.keys(), key, strict=True)), "priced": _has_usage(makers[key])} for key in sorted(makers)
    ]
    statement = insert(conn, PRICED_RESPONSE).on_conflict_do_nothing().returning(*names)
    new = await conn.execute(statement, rows)
    return {makers[row[0], row[1], row[2]].id for row in new}


async def _claim(conn: AsyncConnection, exchange: RedactedExchange) -> bool:
    """Whether this exchange is the first that brings the usage of a response made earlier."""
    columns = PRICED_RESPONSE.primary_key.columns
    same = and_(*(column == value for column, value in zip(columns, _key(exchange), strict=True)))
    waiting = update(PRICED_RESPONSE).where(same, PRICED_RESPONSE.c.priced == false())
    return bool((await conn.execute(waiting.values(priced=true()))).rowcount)


def _key(exchange: RedactedExchange) -> ResponseKey:
    return exchange.project_id, fit_id(exchange.key_id), fit_id(exchange.response_id)


def _has_usage(exchange: RedactedExchange) -> bool:
    return any(count is not None for count in token_counts(exchange).values())
