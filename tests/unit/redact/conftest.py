"""Redactors, made once, and exchanges to give them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
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


PLUGIN = """
import os, pathlib, re, threading
from transom.plugins import hookimpl
from transom.redact.finding import Recognizer

def find(text):
    if "STALL" in text:
        threading.Event().wait()
    if "BACKTRACK" in text:
        re.match("(a+)+$", "a" * 60 + "b")
    if "CRASH" in text:
        os._exit(3)
    if "ONCE" in text and not pathlib.Path(os.environ["TMPDIR"], "crashed").exists():
        pathlib.Path(os.environ["TMPDIR"], "crashed").touch()
        os._exit(3)
    if "RAISE" in text:
        print("stdout", text, flush=True)
        raise ValueError(text)
    return []

@hookimpl
def register_recognizers(registry):
    registry.add(Recognizer("trouble", ("TROUBLE",), find))
"""


@pytest.fixture
def trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Installs a plugin for child processes that hangs, crashes or raises on texts that ask for it."""
    info = tmp_path / "trouble-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: trouble\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[transom]\ntrouble = trouble_plugin\n")
    (tmp_path / "trouble_plugin.py").write_text(PLUGIN)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
