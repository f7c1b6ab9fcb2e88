"""Google's streams, of Gemini and Vertex, as they end: litellm takes each event of theirs for the last.

https://ai.google.dev/api/generate-content#candidate: "If empty, the model has not stopped generating tokens."
"""

from __future__ import annotations

from typing import Any


def mend(config: Any) -> None:
    """Let a stream that breaks off be told from one that ends. `config` is litellm's VertexGeminiConfig."""
    make = config._create_streaming_choice

    def create_streaming_choice(chat_completion_message: Any, candidate: Any, *args: Any, **more: Any) -> Any:
        choice = make(chat_completion_message, candidate, *args, **more)
        if not candidate.get("finishReason"):
            choice.finish_reason = None
        return choice

    config._create_streaming_choice = staticmethod(create_streaming_choice)
