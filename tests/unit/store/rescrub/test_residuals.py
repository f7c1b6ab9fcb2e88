"""Suspected misses, when what they are in is redacted again."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from tests.unit.store.builders import exchange, rows, say, trace_id, write
from tests.unit.store.rescrub.taught import VALUE, begin, work
from transom.store.dialect import writing
from transom.store.residual_models import RESIDUAL_MISS, RESIDUAL_SAMPLE
from transom.store.residuals import judge, list_misses
from transom.types import Miss, RedactedExchange, Residual

OTHER = "Aurelio Tamsin"
TEXT = f"{OTHER} met {VALUE}, and then {OTHER} left."


def of(value: str, time: int = 0) -> Miss:
    """The value, where it stands in TEXT for the first or second time."""
    start = TEXT.index(value) if not time else TEXT.rindex(value)
    return Miss("PERSON", [0, "content"], start, start + len(value))


def read(number: int, *misses: Miss, text: str = TEXT) -> RedactedExchange:
    said = [say("user", text)]
    return exchange(number, input_messages=said, residuals=[Residual(0, "logs", "en", list(misses))])


async def shown(db: AsyncEngine, verdict: str | None = None) -> list[dict[str, Any]]:
    async with db.connect() as conn:
        return (await list_misses(conn, verdict)).rows


async def test_what_is_still_there_can_still_be_judged(db: AsyncEngine) -> None:
    await write(db, read(1, of(OTHER), of(VALUE), of(OTHER, 1)))
    await begin(db)
    await work(db)
    last, first = await shown(db)
    assert (first["before"], first["text"]) == ("", OTHER)
    assert (last["before"][-10:], last["text"], last["after"]) == (" and then ", OTHER, " left.")


async def test_what_the_rule_redacted_was_missed(db: AsyncEngine) -> None:
    await write(db, read(1, of(VALUE), of(OTHER)))
    await begin(db)
    await work(db)
    (miss,) = await shown(db, "missed")
    assert (miss["judged_by"], miss["text"] == VALUE) == ("rule", False)
    assert [one["text"] for one in await shown(db)] == [OTHER]


async def test_a_reviewers_word_stays(db: AsyncEngine) -> None:
    await write(db, read(1, of(VALUE)))
    (miss,) = await shown(db)
    async with writing(db) as conn:
        await judge(conn, miss["id"], "fine", "ann")
    await begin(db)
    await work(db)
    assert [(one["id"], one["judged_by"]) for one in await shown(db, "fine")] == [(miss["id"], "ann")]


async def test_two_messages_that_become_one_are_counted_as_they_were_read(db: AsyncEngine) -> None:
    await write(db, read(1, of(VALUE)), read(2, of(VALUE), text=TEXT.replace(VALUE, VALUE.upper())))
    await begin(db)
    await work(db)
    samples = await rows(db, RESIDUAL_SAMPLE)
    assert {row["trace_id"] for row in samples} == {trace_id(1), trace_id(2)}
    assert len({row["digest"] for row in samples}) == 2
    assert len(await rows(db, RESIDUAL_MISS)) == 2
