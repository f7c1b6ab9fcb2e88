"""The vocabulary."""

import time
from uuid import UUID

from transom.types import STORED, OutcomeState, metadata_only, uuid7


def test_ids_sort_by_time_and_are_version_7():
    ids = [uuid7() for _ in range(100)]
    assert len(set(ids)) == 100
    assert {UUID(i).version for i in ids} == {7}
    assert {UUID(i).variant for i in ids} == {"specified in RFC 4122"}
    ms = UUID(ids[0]).int >> 80
    assert abs(ms - time.time() * 1000) < 10_000


def test_ids_of_later_milliseconds_are_greater():
    first, now = uuid7(), time.time_ns() // 10**6
    while time.time_ns() // 10**6 <= now:
        pass
    assert uuid7() > first


def test_outcomes_say_why():
    assert STORED.state is OutcomeState.STORED
    assert metadata_only("spool_full").reason == "spool_full"
