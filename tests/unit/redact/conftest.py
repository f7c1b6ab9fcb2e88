"""Redactors, made once, and exchanges to give them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from transom.capture.exchange import Exchange
from transom.config import Redaction, Settings
from transom.redact.finding import Recognizer
from transom.redact.redactor import Redactor
from transom.redact.text import fold
from transom.secret import Secret
from transom.types import Ended, Operation


@pytest.fixture(scope="session")
def secret() -> Secret:
    return Secret(b"k" * 32)


@pytest.fixture(scope="session")
def make_redactor(secret: Secret) -> Callable[..., Redactor]:
    return lambda **redaction: Redactor(Settings(redaction=Redaction(**redaction)), secret)


@pytest.fixture(scope="session")
def fast(make_redactor: Callable[..., Redactor]) -> Redactor:
    return make_redactor(profile="fast")


@pytest.fixture(scope="session")
def logs(make_redactor: Callable[..., Redactor]) -> Redactor:
    return make_redactor(profile="logs")


@pytest.fixture(scope="session")
def make_exchange() -> Callable[..., Exchange]:
    fixed: dict[str, Any] = {
        "id": "01990000-0000-7000-8000-000000000000",
        "project_id": "default",
        "key_id": "anonymous",
        "started_at": 1,
        "ended": Ended.COMPLETE,
        "provider": "openai",
        "operation": Operation.CHAT,
        "method": "POST",
        "path": "/v1/chat/completions",
    }
    return lambda **given: Exchange(**fixed | given)


@pytest.fixture(scope="session")
def taken() -> Callable[..., list[str]]:
    """What a recognizer finds in a text, if it is as sure as the `logs` profile asks."""

    def find(recognizer: Recognizer, text: str, threshold: float = 0.5) -> list[str]:
        found = recognizer.find(fold(text))
        return list(dict.fromkeys(text[f.start : f.end] for f in found if f.score >= threshold))

    return find
