"""Whether a reviewer's regular expression may run over all traffic: it must not take long on any text.

Python's `re` tries one way to match after the other (backtracking). So the ways that a pattern has from one place of a
text are counted beforehand, and must be few; then it is timed on texts made to be hard for it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from math import prod
from re import _parser  # type: ignore[attr-defined]
from typing import Any

LONGEST_PATTERN = 500
MOST_REPEATS = 200
MOST_WAYS = 1_000
SLOWEST_S_PER_KB = 0.005
"""Half of what all of redaction may take (`logs`)."""

_PROBE_CHARS = (64, 256, 1024, 4096)
"""Growing, so that a slow pattern is known before it takes long."""

_CHARS = {"CATEGORY_DIGIT": "1", "CATEGORY_SPACE": " ", "CATEGORY_WORD": "a"}


class PatternRefused(ValueError):
    """The message says why, and what to write instead."""


def check_pattern(pattern: str) -> None:
    """Raise PatternRefused unless the pattern is valid, matches something, and is sure to be fast."""
    if len(pattern) > LONGEST_PATTERN:
        raise PatternRefused(f"the pattern is longer than {LONGEST_PATTERN} characters")
    try:
        parsed = _parser.parse(pattern)
        compiled = re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise PatternRefused(f"the pattern is not valid: {error}") from None
    if parsed.getwidth()[0] < 1:
        raise PatternRefused("the pattern matches the empty text: make a part of it obligatory")
    if _ways(parsed) > MOST_WAYS:
        raise PatternRefused("the pattern can match in too many ways: use fewer or narrower repeats and alternatives")
    for probe in _probes(_sample(parsed)):
        _time(compiled, probe)


def _ways(items: Sequence[Any]) -> int:
    """In how many ways a pattern can go on from one place, at most."""
    return prod(_ways_of(str(code), argument) for code, argument in items)


def _ways_of(code: str, argument: Any) -> int:
    match code:
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            return _ways_of_repeat(*argument)
        case "BRANCH":
            return sum(_ways(each) for each in argument[1])
        case "SUBPATTERN":
            return _ways(argument[-1])
        case "ASSERT" | "ASSERT_NOT":
            return _ways(argument[1])
        case "ATOMIC_GROUP":
            return _ways(argument)
        case "GROUPREF" | "GROUPREF_EXISTS":
            raise PatternRefused("the pattern refers back to a group, which can't be bounded: leave that out")
    return 1


def _ways_of_repeat(least: Any, most: Any, body: Sequence[Any]) -> int:
    if int(most) > MOST_REPEATS:
        raise PatternRefused(
            f"a repeat of the pattern has no bound, or one above {MOST_REPEATS}: write {{1,40}}, not +"
        )
    ways, total = _ways(body), 0
    for count in range(int(least), int(most) + 1):
        total += ways**count
        if total > MOST_WAYS:
            break
    return total


def _probes(sample: str) -> Iterator[str]:
    """Texts that nearly match, again and again: the whole sample, all but its end, and runs of each of its characters.

    The shorter ones come first.
    """
    seeds = dict.fromkeys([sample, sample[:-1] or sample, *sample[:40], "a", "1", " "])
    for chars in _PROBE_CHARS:
        yield from ((seed * (chars // len(seed) + 1))[:chars] for seed in seeds)


def _time(pattern: re.Pattern[str], probe: str) -> None:
    began = time.thread_time()
    for _ in pattern.finditer(probe):
        pass
    allowed = SLOWEST_S_PER_KB * max(1, len(probe) / 1024)
    if time.thread_time() - began > allowed:
        raise PatternRefused("the pattern is too slow on texts that nearly match: begin it with something distinct")


def _sample(items: Sequence[Any]) -> str:
    """A text that the pattern matches, or nearly, with every repeat as long as it may be (to some length)."""
    return "".join(_sample_of(str(code), argument) for code, argument in items)


def _sample_of(code: str, argument: Any) -> str:
    match code:
        case "LITERAL":
            return chr(argument)
        case "IN":
            return _member(argument)
        case "ANY" | "NOT_LITERAL":
            return "a"
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            return _sample(argument[2]) * min(int(argument[1]), 40)
        case "BRANCH":
            return _sample(argument[1][0])
        case "SUBPATTERN":
            return _sample(argument[-1])
        case "ATOMIC_GROUP":
            return _sample(argument)
    return ""


def _member(choices: Sequence[Any]) -> str:
    """A character of a class, or a letter for those that say what isn't in them."""
    code, argument = choices[0]
    match str(code):
        case "LITERAL":
            return chr(argument)
        case "RANGE":
            return chr(argument[0])
        case "CATEGORY":
            return _CHARS.get(str(argument), "a")
    return "a"
