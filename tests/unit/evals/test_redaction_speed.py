from __future__ import annotations

from itertools import pairwise

import pytest

from evals.redaction import speed
from evals.redaction.engine import Engine

TEXTS = [f"Line {number} of a text.\nAnd {number} more.\n" * 3 for number in range(400)]


@pytest.fixture(autouse=True)
def texts(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(speed, "_texts", lambda: list(TEXTS))


def test_a_stream_is_cut_without_loss_and_the_same_every_time():
    stream, again = speed.Stream("a", mix=False), speed.Stream("a", mix=False)
    pieces = [stream.take(100) for _ in range(100)]
    assert {len(piece) for piece in pieces} == {100}
    assert "".join(pieces) == again.take(10_000)
    assert len(set(pieces)) == 100


def test_somebody_s_data_is_told_every_400_characters():
    added = [
        line
        for line in speed.Stream("a", mix=True).take(20_000).splitlines()
        if line and line[:3] not in {"Lin", "And"}
    ]
    assert 20 < len(added) < 200
    assert any("@" in line for line in added)


def test_each_turn_of_a_session_sends_all_before_it():
    turns = list(speed._session(speed.Stream("a", mix=False)))
    assert len(turns) == speed.TURNS
    for before, after in pairwise(turns):
        history = before.input_messages + before.output_messages
        assert after.input_messages[: len(history)] == history
        assert len(after.input_messages) == len(history) + 1


def test_new_text_has_the_shape_of_a_session_s():
    stream = speed.Stream("a", mix=False)
    [*_, last] = speed._session(stream)
    new = speed._anew(last, stream)
    for old, other in zip(last.input_messages, new.input_messages, strict=True):
        assert (old.role, speed._chars(old)) == (other.role, speed._chars(other))
        assert old.parts != other.parts


def test_new_text_is_measured_at_each_size(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(speed, "ROUNDS", 1)
    monkeypatch.setattr(speed, "KB_A_ROUND", 8)
    found = speed.fresh(Engine("fast"), mix=True)
    assert list(found) == [str(size) for size in speed.SIZES]
    assert all(0 < figure < 1000 for figure in found.values())


@pytest.mark.slow
async def test_sessions_are_measured_through_the_pool(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(speed, "SESSIONS", 1)
    found = await speed.sessions("fast")
    assert found["session"]["kb"] == found["fresh"]["kb"]
    assert found["times"] > 0
    # 800 characters of instructions and 1,000 a turn: 16 x 800 + 136 x 1,000 sent, 16,800 of them new.
    assert found["ceiling"] == round(148_800 / 16_800, 2)
