"""What a request asks for, from its method and path alone, and the path with everything personal taken out."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import unquote

from transom.types import Operation

_VOCABULARY = """
    v1 v2 v3 v1beta api openai inference compatibility paas beta chat completions fim embeddings embed responses
    messages count_tokens rerank input_items input_tokens compact cancel moderations models tags generate
    images edits variations generations audio speech transcriptions translations videos realtime sessions
    client_secrets assistants threads runs steps submit_tool_outputs files content uploads parts complete
    batches results fine_tuning jobs events checkpoints vector_stores file_batches search classify
    summarize tokenize detokenize conversations items containers evals organization usage costs
    deployments engines ocr agents show ps pull version
"""
_WORDS = frozenset(_VOCABULARY.split())
"""Path segments that are words of a provider's API. Any other segment may name someone."""

_LONGEST = 12

_C, _R, _E = Operation.CHAT, Operation.RESPONSES, Operation.EMBEDDINGS
_TAILS: dict[str, tuple[Operation, str]] = {
    "POST chat/completions": (_C, "chat"),
    "POST v1/chat": (_C, "cohere_v1"),
    "POST v2/chat": (_C, "cohere_v2"),
    "POST api/chat": (_C, "ollama_chat"),
    "POST api/generate": (Operation.TEXT_COMPLETION, "ollama_generate"),
    "POST completions": (Operation.TEXT_COMPLETION, "completions"),
    "POST responses": (_R, "responses"),
    "GET responses/{id}": (_R, "responses"),
    "POST messages": (Operation.MESSAGES, "messages"),
    "POST embeddings": (_E, "embeddings"),
    "POST embed": (_E, "embeddings"),
    "POST rerank": (Operation.RERANK, "rerank"),
    "POST images/generations": (Operation.IMAGES, "images"),
    "POST images/edits": (Operation.IMAGES, "images"),
    "POST images/variations": (Operation.IMAGES, "images"),
    "GET models": (Operation.MODELS, "models"),
    "GET models/{id}": (Operation.MODELS, "models"),
    "GET api/tags": (Operation.MODELS, "models"),
}
"""Operation and wire format by method and the path's last one or two segments."""


class Endpoint(NamedTuple):
    """`path` is the template; `wire` names the format of the bodies; `model` is set where the path names one."""

    operation: Operation
    wire: str | None
    path: str
    model: str | None = None


def classify(method: str, path: str, provider: str = "") -> Endpoint:
    """The endpoint of a request. `provider` may stand as the first segment of its path."""
    segments = [segment for segment in path.split("?")[0].split("/") if segment]
    known = [_template(segment, i == 0 and segment == provider) for i, segment in enumerate(segments)]
    operation, wire = _look_up(method, known)
    template = "/" + "/".join(known[:_LONGEST])
    return Endpoint(operation, wire, template, _deployment(segments))


def _template(segment: str, is_provider: bool) -> str:
    return segment if is_provider or segment in _WORDS else "{id}"


def _look_up(method: str, segments: list[str]) -> tuple[Operation, str | None]:
    if "threads" in segments or "assistants" in segments:
        return Operation.ASSISTANTS, "assistants"
    for length in (2, 1):
        found = _TAILS.get(f"{method} {'/'.join(segments[-length:])}")
        if found:
            return found
    return Operation.OTHER, None


def _deployment(segments: list[str]) -> str | None:
    """Azure's deployment, which is what its callers know a model by."""
    if "deployments" not in segments[:-1]:
        return None
    return unquote(segments[segments.index("deployments") + 1]) or None
