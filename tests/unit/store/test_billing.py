from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.unit.store.builders import exchange, rows, write
from transom.store.models import ROLLUP, TRACE
from transom.types import Cost, Operation, RedactedExchange, Usage

NOT_YET: dict[str, Any] = {"usage": Usage(), "cost": Cost()}


def response(number: int, method: str = "POST", **fields: Any) -> RedactedExchange:
    return exchange(number, method=method, **{"operation": Operation.RESPONSES, "response_id": "resp_1", **fields})


async def paid(db: AsyncEngine) -> tuple[list[bool], int, int]:
    """(which traces were billed, tokens and picodollars of the rollups)."""
    sums = [row for row in await rows(db, ROLLUP) if row["step"] == 60]
    billed = [trace["billed"] for trace in await rows(db, TRACE)]
    return billed, sum(row["input_tokens"] for row in sums), sum(row["cost"] for row in sums)


@pytest.mark.parametrize("batches", [1, 3])
async def test_a_response_is_paid_once(db: AsyncEngine, batches: int) -> None:
    seen = [response(1), response(2, "GET"), response(3)]
    for start in range(0, 3, 3 // batches):
        await write(db, *seen[start : start + 3 // batches])
    assert await paid(db) == ([True, False, False], 100, 2_500_000)
    assert [(t["input_tokens"], t["cost"]) for t in await rows(db, TRACE)] == [(100, 2_500_000), (100, 0), (100, 0)]


@pytest.mark.parametrize("operation", [Operation.CHAT, Operation.RESPONSES, Operation.MODELS])
async def test_a_get_costs_nothing(db: AsyncEngine, operation: Operation) -> None:
    await write(db, response(1, "GET", operation=operation))
    assert await paid(db) == ([False], 0, 0)


@pytest.mark.parametrize("batches", [1, 4])
async def test_a_background_response_is_paid_by_the_poll_that_brings_its_usage(db: AsyncEngine, batches: int) -> None:
    seen = [response(1, **NOT_YET), response(2, "GET", **NOT_YET), response(3, "GET"), response(4, "GET")]
    for start in range(0, 4, 4 // batches):
        await write(db, *seen[start : start + 4 // batches])
    assert await paid(db) == ([True, False, True, False], 100, 2_500_000)
    assert [trace["cost"] for trace in await rows(db, TRACE)] == [None, 0, 2_500_000, 0]


async def test_equal_response_ids_of_two_keys_are_two_responses(db: AsyncEngine) -> None:
    await write(db, response(1), response(2, key_id="k_2"))
    assert await paid(db) == ([True, True], 200, 5_000_000)


async def test_chat_completions_are_paid_each(db: AsyncEngine) -> None:
    await write(db, exchange(1, response_id="same"), exchange(2, response_id="same"))
    assert await paid(db) == ([True, True], 200, 5_000_000)
