"""What is kept in memory, and for how long."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from transom.redact.cache import _ENTRY_BYTES, Cache


def test_what_was_put_is_there():
    cache = Cache(10_000)
    cache.put(b"a", b"1")
    assert (cache.get(b"a"), cache.get(b"b")) == (b"1", None)


def test_what_was_asked_for_longest_ago_goes_first():
    cache = Cache(3 * (_ENTRY_BYTES + 1))
    for key in (b"a", b"b", b"c"):
        cache.put(key, b"1")
    cache.get(b"a")
    cache.put(b"d", b"1")
    assert [cache.get(key) for key in (b"a", b"b", b"c", b"d")] == [b"1", None, b"1", b"1"]


def test_what_is_larger_than_all_of_it_is_not_kept():
    cache = Cache(1000)
    cache.put(b"a", b"x" * 1001)
    assert cache.get(b"a") is None


def test_nothing_is_kept_where_there_is_no_room():
    cache = Cache(0)
    cache.put(b"a", b"")
    assert cache.get(b"a") is None


def test_it_can_be_emptied():
    cache = Cache(10_000)
    cache.put(b"a", b"1")
    cache.clear()
    assert cache.get(b"a") is None


def test_keys_are_this_caches_own_and_tell_lists_of_parts_apart():
    cache = Cache(0)
    assert cache.key(b"ab", b"c") == cache.key(b"ab", b"c") != cache.key(b"a", b"bc")
    assert cache.key(b"ab", b"c") != Cache(0).key(b"ab", b"c")


@given(st.lists(st.tuples(st.sampled_from([b"a", b"b", b"c"]), st.binary(max_size=2000))))
def test_it_never_holds_more_than_it_may_and_never_a_value_that_was_replaced(puts: list[tuple[bytes, bytes]]):
    cache = Cache(3000)
    last: dict[bytes, bytes] = {}
    for key, value in puts:
        cache.put(key, value)
        last[key] = value
        held = cache._entries
        assert sum(len(each) + _ENTRY_BYTES for each in held.values()) == cache._bytes <= 3000
        assert all(last[key] == value for key, value in held.items())
