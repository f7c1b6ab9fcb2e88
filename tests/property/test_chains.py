"""Sessions that nobody named: whatever the batches, each conversation is one, and no two callers share."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.db import sqlite_template
from tests.unit.store.builders import exchange, rows, say, write
from transom.store.engine import connect
from transom.store.models import CHAIN, TRACE
from transom.types import RedactedExchange, RedactedMessage

__all__ = ["sqlite_template"]

Sessions = dict[str, str | None]

quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

said = st.builds(say, st.sampled_from(["user", "assistant", "system"]), st.sampled_from(["a", "b", "word " * 20]))
calls = st.builds(
    dict,
    key_id=st.sampled_from(["k_1", "k_2"]),
    user_id=st.sampled_from([None, "ann"]),
    input_messages=st.lists(said, min_size=1, max_size=5),
    output_messages=st.lists(st.builds(say, st.just("assistant"), st.sampled_from(["a", "word " * 20])), max_size=2),
)
"""Calls that have much in common with each other."""


@quick
@given(calls=st.lists(calls, min_size=1, max_size=8), cuts=st.lists(st.integers(0, 8), max_size=4))
def test_batches_make_no_difference_and_callers_share_nothing(
    sqlite_template: Path, calls: list[dict[str, object]], cuts: list[int]
) -> None:
    exchanges = [exchange(number, **fields) for number, fields in enumerate(calls)]
    together = record(sqlite_template, [exchanges])
    assert record(sqlite_template, cut(exchanges, cuts)) == together
    callers = {e.id: (e.key_id, e.user_id) for e in exchanges}
    for trace_id, session in together.items():
        if session is not None:
            assert callers[session] == callers[trace_id]
            assert together[session] == session <= trace_id
            assert sum(other == session for other in together.values()) > 1


@quick
@given(st.lists(st.integers(0, 4), min_size=1, max_size=20), st.lists(st.integers(0, 20), max_size=6), st.booleans())
def test_each_conversation_is_one_session(
    sqlite_template: Path, speakers: list[int], cuts: list[int], truncate: bool
) -> None:
    exchanges: list[RedactedExchange] = []
    histories: dict[int, list[RedactedMessage]] = {}
    for number, speaker in enumerate(speakers):
        history = histories.setdefault(speaker, [])
        history.append(say("user", f"question {number}"))
        answer = say("assistant", f"answer {number} " * 10)
        sent = history[-3:] if truncate else history
        exchanges.append(exchange(number, input_messages=list(sent), output_messages=[answer]))
        history.append(say("assistant", f" {answer.parts[0]['content']}\n"))
    found = record(sqlite_template, cut(exchanges, cuts))
    for speaker in histories:
        ids = [e.id for e, by in zip(exchanges, speakers, strict=True) if by == speaker]
        assert {found[trace_id] for trace_id in ids} == {ids[0] if len(ids) > 1 else None}


def cut(exchanges: list[RedactedExchange], cuts: Sequence[int]) -> list[list[RedactedExchange]]:
    """The exchanges as batches that end at these places."""
    places = [0, *sorted(cuts), len(exchanges)]
    return [exchanges[start:end] for start, end in pairwise(places)]


def record(template: Path, batches: Sequence[Sequence[RedactedExchange]]) -> Sessions:
    """The session of each trace after these batches were written, each of them twice."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_record(f"sqlite:///{shutil.copy(template, Path(folder) / 'transom.db')}", batches))


async def _record(url: str, batches: Sequence[Sequence[RedactedExchange]]) -> Sessions:
    db = connect(url)
    try:
        for batch in batches:
            await write(db, *batch)
            await write(db, *batch)
        chains = await rows(db, CHAIN)
        assert len({(row["digest"], row["trace_id"]) for row in chains}) == len(chains)
        return {row["id"]: row["session_id"] for row in await rows(db, TRACE)}
    finally:
        await db.dispose()
