"""Transom's own traffic is left out of every list and number, unless it is asked for."""

from __future__ import annotations

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.unit.store.builders import MINUTE, NOON, exchange, feedback, trace_id, write
from transom.store.read import TraceFilter, filter_values, list_feedback, list_traces
from transom.store.sessions import list_sessions
from transom.store.stats import stats
from transom.types import OWN_PROJECT


@pytest.fixture
async def both(db: AsyncEngine) -> AsyncEngine:
    """A database with an exchange of a user's, and one of Transom's own."""
    own = {"project_id": OWN_PROJECT, "provider": OWN_PROJECT, "model": "canary"}
    await write(db, exchange(1, session_id="s"), exchange(2, session_id="t", **own), feedback(trace_id(1)))
    await write(db, feedback(trace_id(2), id="fb_2", project_id=OWN_PROJECT))
    return db


async def test_traces(both: AsyncEngine):
    async with both.connect() as conn:
        plain = await list_traces(conn)
        own = await list_traces(conn, TraceFilter(project_id=OWN_PROJECT))
    assert [row["id"] for row in plain.rows] == [trace_id(1)]
    assert [row["id"] for row in own.rows] == [trace_id(2)]


async def test_sessions_feedback_and_menus(both: AsyncEngine):
    async with both.connect() as conn:
        assert [row["session_id"] for row in (await list_sessions(conn)).rows] == ["s"]
        assert [row["session_id"] for row in (await list_sessions(conn, project_id=OWN_PROJECT)).rows] == ["t"]
        assert [row["id"] for row in (await list_feedback(conn)).rows] == ["fb_1"]
        assert (await filter_values(conn))["models"] == ["gpt-5"]


async def test_numbers(both: AsyncEngine):
    async with both.connect() as conn:
        plain = await stats(conn, NOON, NOON + 60 * MINUTE)
        own = await stats(conn, NOON, NOON + 60 * MINUTE, OWN_PROJECT)
    assert (plain["requests"], [row["provider"] for row in plain["by_model"]]) == (1, ["openai"])
    assert (own["requests"], [row["provider"] for row in own["by_model"]]) == (1, [OWN_PROJECT])
