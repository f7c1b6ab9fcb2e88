"""litellm's exceptions → what the provider said: its status, its words, its Retry-After.

litellm renames statuses (413 becomes 400, 529 becomes 500) and wraps messages, but chains what it caught: the
provider's response, or what kept the connection from giving one, is found at the bottom.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from transom.httpclient import HTTPError
from transom.translate.problem import Problem

_UNSUPPORTED = re.compile(r"does not support parameters: \['(\w+)'")
_PREFIX = re.compile(r"^(?:litellm\.)?(?:\w+Error: )+")
_REQUEST_IDS = ("request-id", "x-request-id", "x-amzn-requestid")
_UNREADABLE = 422
"""What litellm makes of an answer that it can't read. One that the provider gave would have come with a response."""
_LONGEST = 2000
"""Characters of a provider's message that are passed on."""


def explain(error: BaseException, provider: str) -> Problem:
    """What a caller is told of any exception of a call to `provider`."""
    chain = list(_chain(error))
    for cause in chain:
        if isinstance(cause, Problem):
            return cause
        response = getattr(cause, "response", None)
        if isinstance(cause, HTTPError) and response is not None:
            return answered(response.status_code, response.headers, _text(response), provider)
    if any("Timeout" in type(cause).__name__ for cause in chain):
        return Problem(504, f"The provider '{provider}' did not answer in time.", "upstream_timeout")
    if any(isinstance(cause, HTTPError | OSError) for cause in chain):
        advice = f"Check providers.{provider}.base_url."
        return Problem(502, f"The provider '{provider}' can't be reached. {advice}", "upstream_unreachable")
    return _without_response(error, chain, provider)


def _without_response(error: BaseException, chain: list[BaseException], provider: str) -> Problem:
    """litellm read an error inside a stream, or an answer that it can't, or refused the request itself."""
    told = str(getattr(error, "message", ""))
    if unsupported := _UNSUPPORTED.search(told):
        return unsupported_parameter(unsupported.group(1), provider)
    if read := [cause for cause in chain if type(cause).__module__.startswith("litellm.llms.")]:
        return _read(read[-1], provider)
    status = getattr(error, "status_code", None)
    if isinstance(status, int) and 400 <= status < 500:
        return Problem(status, f"Transom: {_words(told, provider)}", "not_translated")
    return Problem(500, "Transom: the request or its answer could not be translated.", "translation_failed")


def _read(cause: Any, provider: str) -> Problem:
    """An error of litellm's for one provider: what that said, or that it said something else than it should."""
    status = int(getattr(cause, "status_code", 500))
    if status < 400 or status == _UNREADABLE:
        message = f"The provider '{provider}' did not answer in the format of its API."
        return Problem(502, message, "upstream_protocol_error")
    return Problem(status, _words(str(getattr(cause, "message", "")), provider), "upstream_error")


def unsupported_parameter(name: str, provider: str) -> Problem:
    """For a parameter that the provider's API has no word for."""
    message = f"Transom: the parameter '{name}' can't be translated for the provider '{provider}'. Leave it out."
    return Problem(400, message, "unsupported_parameter", name)


def answered(status: int, headers: Any, text: str, provider: str) -> Problem:
    """For an error that the provider answered with. One that is no error (a redirect) is a bad gateway."""
    body = _decode(text)
    kept = {"retry-after": headers["retry-after"]} if "retry-after" in headers else {}
    for name in _REQUEST_IDS:
        if name in headers:
            kept["x-request-id"] = headers[name]
    code = _code(body) or headers.get("x-amzn-errortype")
    message = _message(body) or f"The provider '{provider}' answered with status {status}."
    return Problem(status if status >= 400 else 502, message[:_LONGEST], code, headers=kept)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _text(response: Any) -> str:
    """Empty for a stream that was not read."""
    try:
        return str(response.text)
    except RuntimeError:
        return ""


def _decode(text: str) -> Any:
    try:
        body = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return None
    return body[0] if isinstance(body, list) and body else body


def _words(text: str, provider: str) -> str:
    """The message inside an exception's text, which may be JSON, or hold some, or be plain."""
    found = _message(_decode(text[max(text.find("{"), 0) :]))
    return (found or _PREFIX.sub("", text).partition("\n")[0] or f"The provider '{provider}' failed.")[:_LONGEST]


def _message(body: Any) -> str | None:
    """`error.message` (Anthropic, Google), `message` (Bedrock, Cohere) or `error` (Ollama)."""
    if not isinstance(body, dict):
        return None
    error = body.get("error")
    found = error.get("message") if isinstance(error, dict) else error or body.get("message")
    return found if isinstance(found, str) else None


def _code(body: Any) -> str | None:
    """The provider's own word for the error: Anthropic's `error.type`, Google's `error.status`."""
    error = body.get("error") if isinstance(body, dict) else None
    found = (error.get("type") or error.get("status")) if isinstance(error, dict) else None
    return found if isinstance(found, str) else None
