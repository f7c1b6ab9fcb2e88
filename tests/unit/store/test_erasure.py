from __future__ import annotations

import time
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.unit.store.builders import SECRET, at, begun, conversation, exchange, feedback, rows, trace_id, write
from transom.secret import Secret
from transom.store import erasure, jobs
from transom.store.audit import Entry
from transom.store.erasure import Target, erase, erase_again
from transom.store.models import AUDIT, FEEDBACK, JOB, MESSAGE, TRACE
from transom.store.positions import PositionAdvance

ENTRY = Entry(actor="admin token", action="erase_user", subject="s_1")
NOW = at(1_000_000)


def user(*forms: str) -> Target:
    return Target(before=NOW, project_id="default", one_of={"user_id": list(forms)})


async def left(db: AsyncEngine) -> list[str]:
    return [row["id"] for row in await rows(db, TRACE)]


async def repeat(db: AsyncEngine, archive: Path | None = None) -> bool:
    """Do the one job that waits, whenever it is due; False if there is none."""
    async with db.begin() as conn:
        await conn.execute(text("UPDATE job SET run_at = 0 WHERE state = 'ready'"))
    for job in await jobs.claim(db, [erasure.KIND], 60, 1):
        await erase_again(db, job, archive, SECRET)
        return await jobs.complete(db, job)
    return False


async def payloads(db: AsyncEngine) -> list[str]:
    async with db.connect() as conn:
        return list((await conn.execute(select(JOB.c.payload))).scalars())


async def test_a_users_traces_and_words_are_erased(db: AsyncEngine) -> None:
    await write(
        db,
        *conversation(2, user_id="ann"),
        exchange(8, user_id="bob"),
        exchange(9, user_id="ann", project_id="other"),
        feedback(trace_id(8), author="ann", comment="by ann"),
        feedback(trace_id(8), author="bob", id="fb_2"),
        feedback(trace_id(1), author="bob", id="fb_3", comment="on ann's"),
    )
    assert await erase(db, user("ann"), ENTRY, SECRET) == 2
    assert await left(db) == [trace_id(8), trace_id(9)]
    assert [row["id"] for row in await rows(db, FEEDBACK)] == ["fb_2"]
    assert not any("question 1" in row["parts"] for row in await rows(db, MESSAGE))


async def test_every_form_of_an_id_is_found(db: AsyncEngine) -> None:
    forms = ["ann@example.com", "<EMAIL_ADDRESS:h3wz>", "h_00112233445566778899aabb"]
    await write(db, *(exchange(n, user_id=form) for n, form in enumerate([*forms, "other"])))
    assert await erase(db, user(*forms), ENTRY, SECRET) == 3
    assert await left(db) == [trace_id(3)]


async def test_a_session_goes_with_what_was_said_of_it(db: AsyncEngine) -> None:
    mine = {"session_id": "s", "key_id": "k_1"}
    await write(db, exchange(1, **mine), exchange(2, session_id="s", key_id="k_2"), exchange(3, session_id="t"))
    await write(db, feedback("s", target="session"), feedback("s", id="fb_2", target="session", key_id="k_2"))
    target = Target(before=NOW, project_id="default", one_of={"session_id": ["s"], "key_id": ["k_1"]})
    assert await erase(db, target, ENTRY, SECRET) == 1
    assert await left(db) == [trace_id(2), trace_id(3)]
    assert [row["key_id"] for row in await rows(db, FEEDBACK)] == ["k_2"]


async def test_feedback_that_waits_for_the_trace_goes_too(db: AsyncEngine) -> None:
    await write(db, feedback(trace_id(1)), feedback(trace_id(2), id="fb_2"))
    assert await erase(db, Target(before=NOW, one_of={"id": [trace_id(1)]}), ENTRY, SECRET) == 0
    assert [row["id"] for row in await rows(db, FEEDBACK)] == ["fb_2"]


async def test_all_conditions_must_hold(db: AsyncEngine) -> None:
    await write(db, *(exchange(n, model=model) for n, model in enumerate(("a", "a", "b", "a"))))
    await write(db, exchange(4, model="a", status_code=500), feedback(trace_id(0), author="ann"))
    target = Target(before=at(5), since=at(1), project_id="default", failed=False, one_of={"model": ["a"]})
    assert await erase(db, target, ENTRY, SECRET) == 2
    assert await left(db) == [trace_id(0), trace_id(2), trace_id(4)]
    assert len(await rows(db, FEEDBACK)) == 1


async def test_more_than_a_batch(db: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasure, "BATCH", 2)
    await write(db, *(exchange(n, user_id="ann") for n in range(5)))
    assert await erase(db, user("ann"), ENTRY, SECRET) == 5


async def test_what_arrives_later_is_erased_and_what_begins_later_stays(db: AsyncEngine) -> None:
    assert await erase(db, user("ann"), ENTRY, SECRET) == 0
    await write(db, exchange(1, user_id="ann"), exchange(2, user_id="ann", started_at=NOW))
    assert await repeat(db)
    assert await left(db) == [trace_id(2)]
    (line,) = await rows(db, AUDIT)
    assert (line["action"], line["subject"], line["traces"]) == ("erase_user", "s_1", 1)


async def test_it_is_repeated_for_an_hour_and_forgets_whom(db: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    await erase(db, user("ann"), ENTRY, SECRET)
    for _ in range(3):
        assert await repeat(db)
    assert sum("sealed" in payload for payload in await payloads(db)) == 1
    hour_later = time.time_ns() + erasure.REPEATED_NS + 1
    monkeypatch.setattr(erasure.time, "time_ns", lambda: hour_later)
    assert await repeat(db)
    assert not await repeat(db)
    assert not any("sealed" in payload for payload in await payloads(db))


async def test_no_job_shows_whom_it_is_about(db: AsyncEngine) -> None:
    await erase(db, user("ann@example.com"), ENTRY, SECRET)
    (payload,) = await payloads(db)
    assert "ann" not in payload
    (job,) = await jobs.claim(db, [erasure.KIND], 60, 1)
    with pytest.raises(InvalidTag):
        await erase_again(db, job, None, Secret(b"t" * 32))


async def test_it_waits_for_a_recorder_that_lags(db: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    lag = PositionAdvance(writer_id="w", expected="0", position="1", begun=begun(1))
    await write(db, exchange(1), advance=lag)
    async with db.begin() as conn:
        await conn.execute(text("UPDATE spool_position SET looked_at = 0"))
    await erase(db, user("ann"), ENTRY, SECRET)
    asked = time.time_ns()
    for later, goes_on in ((erasure.REPEATED_NS + 10**9, True), (erasure.LONGEST_NS + 10**9, False)):
        monkeypatch.setattr(erasure.time, "time_ns", lambda later=later: asked + later)
        assert await repeat(db)
        assert any("sealed" in payload for payload in await payloads(db)) is goes_on


async def test_a_repeated_job_does_no_harm(db: AsyncEngine) -> None:
    await write(db, exchange(1, user_id="ann"))
    await erase(db, user("ann"), ENTRY, SECRET)
    (job,) = await jobs.claim(db, [erasure.KIND], 60, 1)
    await erase_again(db, job, None, SECRET)
    await erase_again(db, job, None, SECRET)
    assert len(await payloads(db)) == 2
    (line,) = await rows(db, AUDIT)
    assert line["traces"] == 1


async def test_the_archive_is_searched_the_first_and_the_last_time(
    db: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def search(_folder: Path, _target: Target) -> dict[str, int]:
        return {"archive_traces": 3, "archive_files": 1}

    monkeypatch.setattr(erasure, "erase_from_archive", search)
    await erase(db, user("ann"), ENTRY, SECRET)
    for _ in range(3):
        assert await repeat(db, tmp_path)
    hour_later = time.time_ns() + erasure.REPEATED_NS + 1
    monkeypatch.setattr(erasure.time, "time_ns", lambda: hour_later)
    assert await repeat(db, tmp_path)
    (line,) = await rows(db, AUDIT)
    assert (line["traces"], line["detail"]) == (0, '{"archive_traces":6,"archive_files":2}')


async def test_an_erasure_that_was_cut_off_is_finished_by_its_job(
    db: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def die(*_: object) -> int:
        raise KeyboardInterrupt

    await write(db, exchange(1, user_id="ann"))
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(erasure, "_erase", die)
        await erase(db, user("ann"), ENTRY, SECRET)
    assert await left(db) == [trace_id(1)]
    assert await repeat(db)
    assert await left(db) == []
    (line,) = await rows(db, AUDIT)
    assert line["traces"] == 1


def test_what_a_target_is_of() -> None:
    whole = Target(before=1, one_of={"user_id": ["ann"]})
    assert whole.of_nothing_but("user_id")
    assert not whole.of_nothing_but("session_id", "key_id")
    assert not Target(before=1, failed=True, one_of={"user_id": ["ann"]}).of_nothing_but("user_id")
    assert not Target(before=1, one_of={"user_id": ["ann"], "model": ["a"]}).of_nothing_but("user_id")
    assert not Target(before=1, one_of={"key_id": ["k"]}).of_nothing_but("session_id", "key_id")
