"""Ranges that are taken."""

from __future__ import annotations

import pytest

from transom.redact.cover import Cover


@pytest.mark.parametrize(
    ("start", "end", "gaps"),
    [
        (0, 2, [(0, 2)]),
        (0, 10, [(0, 2), (4, 6), (8, 10)]),
        (2, 4, []),
        (3, 7, [(4, 6)]),
        (9, 12, [(9, 12)]),
        (5, 5, []),
    ],
)
def test_gaps(start, end, gaps):
    assert list(Cover([(6, 8), (2, 4)]).gaps(start, end)) == gaps


def test_what_is_added_is_taken():
    cover = Cover()
    cover.add(3, 5)
    cover.add(0, 1)
    assert list(cover.gaps(0, 6)) == [(1, 3), (5, 6)]


@pytest.mark.parametrize(
    ("start", "end", "ranges", "around"),
    [
        (0, 10, [(2, 4), (6, 8)], (0, 10)),
        (4, 6, [], (4, 6)),
        (3, 7, [(2, 4), (6, 8)], (2, 8)),
        (8, 9, [], (8, 9)),
    ],
)
def test_a_part_of_the_text_ends_outside_of_what_is_taken(start, end, ranges, around):
    cover = Cover([(6, 8), (2, 4)])
    assert cover.outside(start, end) == around
    assert cover.within(*around) == ranges
