from __future__ import annotations

import time

import pytest

from transom.store.pace import giving_way


async def test_a_step_is_followed_by_as_long_a_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    times, rests = iter((100.0, 107.5)), []

    async def rest(seconds: float) -> None:
        rests.append(seconds)

    with monkeypatch.context() as patch:
        patch.setattr("transom.store.pace.asyncio.sleep", rest)
        patch.setattr(time, "monotonic", lambda: next(times))
        async with giving_way():
            assert rests == []
    assert rests == [7.5]
