"""What recognizers find, as the engine would take it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from transom.redact.finding import Recognizer


@pytest.fixture(scope="session")
def longest(taken: Callable[..., list[str]]) -> Callable[..., list[str]]:
    """`taken` without values that are part of others, sorted: the engine takes the longest."""

    def find(recognizer: Recognizer, text: str, threshold: float = 0.5) -> list[str]:
        values = taken(recognizer, text, threshold)
        return sorted(value for value in values if not any(value != other and value in other for other in values))

    return find
