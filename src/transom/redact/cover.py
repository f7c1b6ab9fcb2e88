"""Which parts of a text are taken already."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from operator import itemgetter


class Cover:
    """Disjoint ranges of a text, in order."""

    def __init__(self, ranges: Iterable[tuple[int, int]] = ()) -> None:
        self.ranges = sorted(ranges)

    def gaps(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """What of `start..end` is not taken."""
        index = max(0, bisect_left(self.ranges, start, key=itemgetter(0)) - 1)
        while index < len(self.ranges) and self.ranges[index][0] < end:
            taken_start, taken_end = self.ranges[index]
            if taken_start > start:
                yield start, taken_start
            start = max(start, taken_end)
            index += 1
        if start < end:
            yield start, end

    def add(self, start: int, end: int) -> None:
        """Take a range that is still free."""
        insort(self.ranges, (start, end))

    def within(self, start: int, end: int) -> list[tuple[int, int]]:
        """What of `start..end` is taken, where nothing taken crosses either end."""
        first = bisect_left(self.ranges, start, key=itemgetter(0))
        return self.ranges[first : bisect_left(self.ranges, end, key=itemgetter(0))]

    def outside(self, start: int, end: int) -> tuple[int, int]:
        """The smallest range around `start..end` of which neither end lies within what is taken."""
        before = bisect_left(self.ranges, start, key=itemgetter(0)) - 1
        if before >= 0 and self.ranges[before][1] > start:
            start = self.ranges[before][0]
        last = bisect_left(self.ranges, end, key=itemgetter(0)) - 1
        if last >= 0:
            end = max(end, self.ranges[last][1])
        return start, end
