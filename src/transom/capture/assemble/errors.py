"""What a provider says went wrong, in the shapes that providers have."""

from __future__ import annotations

from typing import NamedTuple

from transom.capture.assemble.values import Body, mapping, objects, text, word
from transom.types import Json


class Failure(NamedTuple):
    """The error's type (or code, or HTTP status) and its message."""

    type: str | None = None
    message: str | None = None


def read_failure(status: int | None, reply: Body) -> Failure:
    """The error of a reply; an empty Failure if it is none. A 200 may carry one, in a stream or as a failed run."""
    failed = status is not None and status >= 400
    error = reply.get("error") or reply.get("last_error")
    if isinstance(error, dict):
        found = _nested(error)
    elif text(error):
        found = Failure(None, text(error))
    elif failed:
        found = _flat(reply)
    else:
        return Failure()
    return found._replace(type=found.type or (f"http_{status}" if failed else "error"))


def _nested(error: Body) -> Failure:
    """OpenAI, Azure, Anthropic, Groq, OpenRouter: `{"error": {"type", "code", "message"}}`."""
    return Failure(_name(error.get("type")) or _name(error.get("code")), text(error.get("message")))


def _flat(reply: Body) -> Failure:
    """Cohere's `{"message"}`, Mistral's `{"message", "type", "code"}`, FastAPI's `{"detail"}`."""
    detail = reply.get("detail")
    first = next(iter(objects(detail)), mapping(detail))
    message = text(reply.get("message")) or text(detail) or text(first.get("msg")) or text(first.get("message"))
    kind = _name(reply.get("type")) or _name(reply.get("code")) or _name(first.get("type"))
    return Failure(None if kind == "error" else kind, message)


def _name(value: Json) -> str | None:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else word(value)
