"""Suspected misses: kept with their traces, estimated, shown and judged."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.unit.store.builders import at, conversation, exchange, rows, say, trace_id, write
from transom.secret import Secret
from transom.store.deletion import delete_traces, expire_content
from transom.store.dialect import writing
from transom.store.residual_models import RESIDUAL_MISS, RESIDUAL_SAMPLE
from transom.store.residuals import estimate, get_miss, judge, list_misses
from transom.types import OWN_PROJECT, Miss, RedactedExchange, Residual

TEXT = "My neighbour Quintessa Vandermolen said so, and she is mostly right about such things."
NAME = Miss("PERSON", [0, "content"], 13, 34)


def read(number: int, *misses: Miss, language: str = "en", **fields: Any) -> RedactedExchange:
    """An exchange with that number whose question was read again."""
    asked = say("user", f"{TEXT} ({number})")
    return exchange(number, input_messages=[asked], residuals=[Residual(0, "logs", language, list(misses))], **fields)


async def cell(db: AsyncEngine, entity: str | None = None, language: str | None = None, **chosen: Any) -> Any:
    async with db.connect() as conn:
        found = (await estimate(conn, **chosen))["data"]
    return next((row for row in found if (row["entity"], row["language"]) == (entity, language)), None)


async def misses(db: AsyncEngine, *asked: Any) -> list[dict[str, Any]]:
    async with db.connect() as conn:
        return (await list_misses(conn, *asked)).rows


async def say_of(db: AsyncEngine, number: int, verdict: Any) -> bool:
    async with writing(db) as conn:
        return await judge(conn, number, verdict, "ann")


async def test_messages_with_misses_are_counted_by_entity_and_language(db: AsyncEngine) -> None:
    place = Miss("LOCATION", [0, "content"], 0, 2)
    await write(db, read(1, NAME, NAME, place), read(2, NAME), read(3), read(4, NAME, language="bn"))
    everything = await cell(db)
    assert (everything["messages"], everything["missed_in"], everything["open"]) == (4, 3, 5)
    assert everything["per_1000"] == 750
    assert everything["low"] < 750 < everything["high"]
    assert (await cell(db, "PERSON"))["missed_in"] == 3
    english = await cell(db, "PERSON", "en")
    assert (english["messages"], english["missed_in"], english["open"]) == (3, 2, 3)
    assert (await cell(db, None, "bn"))["missed_in"] == 1
    assert await cell(db, "LOCATION", "bn") is None


async def test_nothing_read_is_nothing_known(db: AsyncEngine) -> None:
    async with db.connect() as conn:
        assert await estimate(conn) == {
            "sampled": 0,
            "since": None,
            "data": [
                {"entity": None, "language": None, "messages": 0, "missed_in": 0, "open": 0, "missed": 0, "fine": 0}
                | {"per_1000": None, "low": 0, "high": 1000}
            ],
        }


async def test_the_estimate_of_a_time_a_project_and_a_profile(db: AsyncEngine) -> None:
    await write(db, read(1, NAME), read(2, project_id="p"), read(3, project_id=OWN_PROJECT))
    assert (await cell(db))["messages"] == 2
    assert (await cell(db, project_id="p"))["missed_in"] == 0
    assert (await cell(db, since=at(2)))["messages"] == 1
    assert (await cell(db, profile="fast"))["messages"] == 0
    async with db.connect() as conn:
        assert (await estimate(conn))["since"] == at(1)


async def test_what_a_reviewer_calls_fine_is_taken_out(db: AsyncEngine) -> None:
    await write(db, read(1, NAME), read(2, NAME))
    newest, oldest = await misses(db)
    assert await say_of(db, newest["id"], "fine")
    assert await say_of(db, oldest["id"], "missed")
    counts = await cell(db, "PERSON")
    assert [counts[name] for name in ("missed_in", "open", "missed", "fine")] == [1, 0, 1, 1]
    assert not await say_of(db, 999, "fine")


async def test_the_last_word_counts(db: AsyncEngine) -> None:
    await write(db, read(1, NAME))
    (miss,) = await misses(db)
    begun = time.time_ns()
    await say_of(db, miss["id"], "fine")
    await say_of(db, miss["id"], "missed")
    (judged,) = await misses(db, "missed")
    assert (judged["verdict"], judged["judged_by"], judged["judged_at"] >= begun) == ("missed", "ann", True)
    assert await misses(db) == await misses(db, "fine") == []
    assert (await cell(db))["missed_in"] == 1


async def test_a_miss_is_shown_in_its_text(db: AsyncEngine) -> None:
    await write(db, read(1, NAME, Miss("PERSON", [0, "gone"], 0, 4)))
    lost, found = await misses(db)
    assert (found["before"], found["text"]) == (TEXT[:13], "Quintessa Vandermolen")
    assert found["after"] == TEXT[34:74]
    assert (found["trace_id"], found["entity"], found["at"]) == (trace_id(1), "PERSON", at(1))
    assert (lost["before"], lost["text"], lost["after"]) == (None, None, None)
    async with db.connect() as conn:
        assert await get_miss(conn, found["id"]) == found
        assert await get_miss(conn, 999) is None


async def test_pages_of_misses(db: AsyncEngine) -> None:
    await write(db, *(read(n, NAME) for n in range(1, 6)))
    async with db.connect() as conn:
        first = await list_misses(conn, limit=3)
        second = await list_misses(conn, None, first.next_cursor, 3)
    assert [row["trace_id"] for row in [*first.rows, *second.rows]] == [trace_id(n) for n in range(5, 0, -1)]
    assert second.next_cursor is None


async def test_no_text_is_kept_with_them(db: AsyncEngine) -> None:
    await write(db, read(1, NAME))
    assert "Quintessa" not in repr([*await rows(db, RESIDUAL_SAMPLE), *await rows(db, RESIDUAL_MISS)])


async def test_a_message_counts_once_whoever_brings_it_again(db: AsyncEngine) -> None:
    turns = [msgspec.structs.replace(turn, residuals=[Residual(1, "logs", "en", [NAME])]) for turn in conversation(3)]
    await write(db, turns[0], turns[1])
    await write(db, turns[0])
    await write(db, turns[2])
    assert [row["trace_id"] for row in await rows(db, RESIDUAL_SAMPLE)] == [trace_id(1)]
    assert len(await rows(db, RESIDUAL_MISS)) == 1


async def test_they_go_with_their_trace(db: AsyncEngine) -> None:
    await write(db, read(1, NAME), read(2, NAME))
    await delete_traces(db, [trace_id(1)])
    assert [row["trace_id"] for row in await rows(db, RESIDUAL_SAMPLE)] == [trace_id(2)]
    assert len(await rows(db, RESIDUAL_MISS)) == 1


async def test_the_numbers_outlive_the_content_and_nobody_is_asked_about_it(db: AsyncEngine) -> None:
    await write(db, read(1, NAME))
    await expire_content(db, [trace_id(1)], at(9))
    assert (await cell(db))["missed_in"] == 1
    assert await misses(db) == []


@pytest.mark.parametrize("rate", [0.02, 0.2])
async def test_the_estimate_covers_a_planted_rate(db: AsyncEngine, rate: float) -> None:
    """A uniform sample of 300 messages of which a known share holds a miss: drawn by keyed hash, as in operation."""
    below = int(rate * 2**64)
    planted = [int.from_bytes(Secret(b"seed").sample(str(n))[:8]) < below for n in range(300)]
    await write(db, *(read(n, *([NAME] if missed else [])) for n, missed in enumerate(planted)))
    found = await cell(db, "PERSON")
    assert found["missed_in"] == sum(planted)
    assert found["low"] < 1000 * rate < found["high"]
