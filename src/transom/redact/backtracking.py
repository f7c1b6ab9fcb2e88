"""Tells patterns that no text should meet: those that take ever longer on longer texts, above all."""

from __future__ import annotations

from collections.abc import Iterator

import regex  # type: ignore[import-untyped]

PRESIDIO_FLAGS = int(regex.DOTALL | regex.MULTILINE | regex.IGNORECASE)
"""What Presidio compiles patterns with, unless it is told otherwise."""

_LIMIT_S = 0.1
"""What a probe may take. A linear pattern takes a thousandth of it, so a busy machine doesn't matter."""

_PROBE_CHARS = 1000
_COMMON = ("a", "A", "0", " ", ".", "-", "_", "@", "a.", "a ", "0-", "0.", "a@", "Aa ", "a1")


def complaint(pattern: str, flags: int = PRESIDIO_FLAGS) -> str | None:
    """What is wrong with a pattern of the `regex` package; None where nothing is.

    Exponential and cubic patterns are found by the time that they take on texts of 1,000 characters; quadratic ones are
    not, and cost a second on a text of 64 KB.
    """
    try:
        compiled = regex.compile(pattern, flags)
        for probe in _probes(pattern):
            for match in compiled.finditer(probe, timeout=_LIMIT_S):
                if match.start() == match.end():
                    return "matches where nothing is"
    except regex.error as error:
        return f"is no regular expression: {error.msg}"
    except TimeoutError:
        return f"takes more than {_LIMIT_S} s on {_PROBE_CHARS} characters of some texts: don't repeat what repeats"
    return None


def _probes(pattern: str) -> Iterator[str]:
    """Texts that repeat one or two characters and end with one that doesn't fit: so all ways to match are tried.

    What the pattern needs comes after that, or it would give up at once.
    """
    own = sorted(set(pattern))
    for unit in (*_COMMON, *filter(str.isalnum, own)):
        yield unit * (_PROBE_CHARS // len(unit)) + "\ufffd" + "".join(own)
