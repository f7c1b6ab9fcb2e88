"""Events of Google's that are not the last."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from transom.translate.google import mend


def test_only_an_event_with_a_finish_reason_ends_a_stream():
    class Config:
        @staticmethod
        def _create_streaming_choice(chat_completion_message: Any, candidate: Any, idx: int) -> Any:
            return SimpleNamespace(finish_reason="stop", index=idx)

    mend(Config)
    make: Any = Config._create_streaming_choice
    assert make({}, {}, 1).finish_reason is None
    assert make(chat_completion_message={}, candidate={"finishReason": "STOP"}, idx=1).finish_reason == "stop"
