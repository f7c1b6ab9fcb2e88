"""All traces of a customer, by a value of theirs."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.unit.store.builders import SECRET, exchange, rows, trace_id, write
from transom.redact.placeholders import Placeholders
from transom.store.models import AUDIT, ENTITY_HASH, JOB
from transom.types import EntityHash, RedactedExchange

PHONE = "+880 1711-000000"


def hold(number: int, entity: str, value: str, project_id: str = "default") -> RedactedExchange:
    hashed = Placeholders(SECRET.placeholders(project_id)).hash(entity, value)
    return exchange(number, project_id=project_id, entity_hashes=[EntityHash(entity, hashed)])


async def asked(rest: httpx.AsyncClient, path: str, status: int = 200, **body: Any) -> Any:
    answer = await rest.post(f"/api/v1/entities/{path}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def seed(db: AsyncEngine) -> None:
    await write(db, *(hold(n, "PHONE_NUMBER", PHONE) for n in range(3)), hold(3, "PERSON", PHONE))
    await write(db, hold(4, "PHONE_NUMBER", PHONE, "p"), hold(5, "PHONE_NUMBER", "+880 1711-000001"))


async def test_the_traces_of_a_value_are_listed_page_by_page(rest: httpx.AsyncClient, db: AsyncEngine) -> None:
    await seed(db)
    wanted = {"entity": "PHONE_NUMBER", "value": "8801711000000", "limit": 2}
    page = await asked(rest, "lookup", **wanted)
    assert [row["id"] for row in page["data"]] == [trace_id(2), trace_id(1)]
    page = await asked(rest, "lookup", **wanted, cursor=page["next_cursor"])
    assert ([row["id"] for row in page["data"]], page["next_cursor"]) == ([trace_id(0)], None)
    page = await asked(rest, "lookup", **wanted, project_id="p")
    assert [row["id"] for row in page["data"]] == [trace_id(4)]


async def test_they_are_erased_with_a_confirmation(rest: httpx.AsyncClient, db: AsyncEngine) -> None:
    await seed(db)
    wanted = {"entity": "PHONE_NUMBER", "value": PHONE}
    for confirm in ({}, {"confirm": False}):
        await asked(rest, "erase", 422, **wanted, **confirm)
    assert await asked(rest, "erase", **wanted, confirm=True) == {"traces": 3}
    assert (await asked(rest, "lookup", **wanted))["data"] == []
    held = {row["trace_id"] for row in await rows(db, ENTITY_HASH)}
    assert held == {trace_id(3), trace_id(4), trace_id(5)}
    async with db.connect() as conn:
        (line,) = (await conn.execute(select(AUDIT))).mappings()
        (job,) = (await conn.execute(select(JOB))).mappings()
    assert (line["action"], line["traces"]) == ("erase_entity", 3)
    assert "1711" not in line["subject"] + line["detail"] + job["payload"]


@pytest.mark.parametrize("body", [{}, {"entity": "phone", "value": "1"}, {"entity": "PERSON", "value": ""}])
async def test_what_cannot_be_meant_is_refused(rest: httpx.AsyncClient, db: AsyncEngine, body: dict[str, str]) -> None:
    assert (await rest.post("/api/v1/entities/lookup", json=body)).status_code == 422


@pytest.mark.parametrize("path", ["lookup", "erase"])
async def test_it_needs_the_token(inside: httpx.AsyncClient, db: AsyncEngine, path: str) -> None:
    body = {"entity": "PERSON", "value": "x", "confirm": True}
    assert (await inside.post(f"/api/v1/entities/{path}", json=body)).status_code == 401
