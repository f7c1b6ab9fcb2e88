from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.unit.store.archive.test_keep import kept
from tests.unit.store.builders import at, exchange, feedback, say, trace_id, write
from transom.store.archive import erase
from transom.store.archive.erase import erase_from_archive
from transom.store.archive.files import files_of
from transom.store.archive.keep import keep_traces
from transom.store.erasure import Target

NOW = at(1_000_000)


def target(**one_of: list[str]) -> Target:
    return Target(before=NOW, project_id="default", one_of=one_of)


async def fill(db: AsyncEngine, folder: Path) -> None:
    """Ann's traces 1 and 2 in one hour, bob's 3 with them, 4 in another hour, 5 in another project."""
    hour = 3600
    await write(
        db,
        exchange(1, user_id="ann", session_id="s", input_messages=[say("user", "plantedword")]),
        exchange(2, user_id="ann", model="b"),
        exchange(3, user_id="bob"),
        exchange(hour + 4, user_id="bob"),
        exchange(5, user_id="ann", project_id="other"),
        feedback(trace_id(3), author="ann", comment="by ann"),
        feedback(trace_id(3), author="bob", id="fb_2"),
    )
    await keep_traces(db, folder, [trace_id(n) for n in (1, 2, 3, 5, hour + 4)])


async def test_a_users_rows_and_words_go(db: AsyncEngine, tmp_path: Path) -> None:
    await fill(db, tmp_path)
    files = files_of(tmp_path)
    others = {path: path.stat().st_ino for path in files}
    done = await erase_from_archive(tmp_path, target(user_id=["ann", "h_1"]))
    assert done == {"archive_traces": 2, "archive_files": 1}
    left = kept(tmp_path)
    assert [row["id"] for row in left] == [trace_id(3), trace_id(5), trace_id(3604)]
    assert [said["author"] for said in json.loads(left[0]["feedback"])] == ["bob"]
    assert files_of(tmp_path) == files
    assert sum(path.stat().st_ino != others[path] for path in files) == 1


async def test_a_file_with_nothing_left_goes(db: AsyncEngine, tmp_path: Path) -> None:
    await fill(db, tmp_path)
    done = await erase_from_archive(tmp_path, target(id=[trace_id(3604)]))
    assert done == {"archive_traces": 1, "archive_files": 1}
    assert len(files_of(tmp_path)) == 2


async def test_all_conditions_must_hold(db: AsyncEngine, tmp_path: Path) -> None:
    await fill(db, tmp_path)
    none = [
        target(user_id=["ann"], session_id=["t"]),
        Target(before=at(1), project_id="default", one_of={"user_id": ["ann"]}),
        Target(before=NOW, since=at(3), project_id="default", one_of={"model": ["b"]}),
        Target(before=NOW, project_id="default", failed=True),
        Target(before=NOW, project_id="nobody's"),
    ]
    for each in none:
        assert (await erase_from_archive(tmp_path, each))["archive_traces"] == 0
    assert len(kept(tmp_path)) == 5
    both = Target(before=NOW, project_id="default", failed=False, one_of={"user_id": ["ann"], "model": ["b"]})
    assert (await erase_from_archive(tmp_path, both))["archive_traces"] == 1


async def test_without_a_project_all_are_searched(db: AsyncEngine, tmp_path: Path) -> None:
    await fill(db, tmp_path)
    everybody = Target(before=NOW, one_of={"user_id": ["ann"]})
    assert await erase_from_archive(tmp_path, everybody) == {"archive_traces": 3, "archive_files": 2}


async def test_many_files_are_searched_some_at_a_time(
    db: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erase, "FILES_AT_A_TIME", 1)
    await fill(db, tmp_path)
    assert (await erase_from_archive(tmp_path, target(user_id=["ann", "bob"])))["archive_traces"] == 4
    assert [row["id"] for row in kept(tmp_path)] == [trace_id(5)]


async def test_an_archive_that_is_empty(tmp_path: Path) -> None:
    done = await erase_from_archive(tmp_path / "new", target(user_id=["ann"]))
    assert done == {"archive_traces": 0, "archive_files": 0}
