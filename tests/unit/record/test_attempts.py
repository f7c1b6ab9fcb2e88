"""A record that kills its recorder is tried alone, then given up; an innocent one isn't."""

from __future__ import annotations

from pathlib import Path

import pytest

from transom.record.attempts import DEADLY, Attempts
from transom.spool.disk import Disk
from transom.spool.reader import Position

FIRST, SECOND, THIRD = Position(1, 100, 1), Position(1, 200, 2), Position(1, 300, 3)


@pytest.fixture
def life(tmp_path: Path):
    def begin(position: Position) -> Attempts:
        attempts = Attempts(Disk(), tmp_path / "attempts")
        attempts.begin(position)
        return attempts

    return begin


def test_a_first_life_takes_many_at_a_time(life):
    attempts = life(FIRST)
    assert (attempts.careful, attempts.deadly) == (False, False)


def test_after_a_death_what_was_at_work_is_taken_one_by_one(life):
    life(FIRST).at_work(THIRD)
    attempts = life(FIRST)
    assert attempts.careful
    attempts.at_work(SECOND)
    attempts.moved(SECOND)
    assert attempts.careful
    attempts.moved(THIRD)
    assert not attempts.careful


def test_what_kills_again_and_again_is_deadly(life):
    life(FIRST).at_work(THIRD)
    for _ in range(DEADLY - 1):
        attempts = life(FIRST)
        assert not attempts.deadly
        attempts.at_work(SECOND)
    attempts = life(FIRST)
    assert attempts.deadly
    attempts.moved(SECOND)
    assert not attempts.deadly


def test_progress_forgives(life):
    life(FIRST).at_work(THIRD)
    for position in (FIRST, SECOND) * DEADLY:
        attempts = life(position)
        assert not attempts.deadly
        attempts.at_work(THIRD)


def test_dying_while_the_store_is_away_is_no_fault_of_the_record(life):
    for _ in range(DEADLY + 1):
        attempts = life(FIRST)
        assert not attempts.deadly
        attempts.at_work(THIRD)
        attempts.excuse()


def test_a_stop_in_peace_leaves_nothing(life, tmp_path: Path):
    attempts = life(FIRST)
    attempts.at_work(THIRD)
    attempts.end()
    assert not (tmp_path / "attempts").exists()
    assert not life(FIRST).careful


def test_a_note_that_makes_no_sense_is_no_note(life, tmp_path: Path):
    (tmp_path / "attempts").write_text("nonsense")
    assert not life(FIRST).careful
