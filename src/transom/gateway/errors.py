"""Errors of our own, in the shape of the API that the caller speaks."""

from __future__ import annotations

import msgspec


class Refused(Exception):
    """A request that the gateway answers itself. `code` is a fixed word; `message` says what to do."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code)
        self.status, self.code, self.message = status, code, message


_UPSTREAM_MESSAGES = {
    "upstream_unreachable": (502, "can't be reached"),
    "upstream_proxy_error": (502, "can't be reached through the proxy of this machine's environment"),
    "upstream_connect_timeout": (504, "did not accept a connection in time"),
    "upstream_tls_error": (502, "could not prove its identity over TLS"),
    "upstream_timeout": (504, "did not answer in time"),
    "upstream_closed": (502, "closed the connection without an answer"),
    "upstream_incomplete": (502, "broke off its answer"),
    "upstream_protocol_error": (502, "did not answer in valid HTTP"),
}


def upstream_refusal(provider: str, code: str, translated: bool = False) -> Refused:
    """What the caller is told when the provider, or the translator before it, failed before the first byte."""
    status, what = _UPSTREAM_MESSAGES[code]
    if translated:
        return Refused(
            status, code, f"The translator for '{provider}' {what}. `transom serve` runs it, else `transom translator`."
        )
    return Refused(status, code, f"The provider '{provider}' {what}. Check providers.{provider}.base_url.")


def error_body(refused: Refused, anthropic: bool) -> bytes:
    """The JSON of an error, in OpenAI's shape or Anthropic's."""
    message = f"Transom: {refused.message}"
    if anthropic:
        kind = "invalid_request_error" if refused.status < 500 else "api_error"
        return msgspec.json.encode({"type": "error", "error": {"type": kind, "message": message}})
    kind = "invalid_request_error" if refused.status < 500 else "transom_error"
    error = {"message": message, "type": kind, "code": refused.code, "param": None}
    return msgspec.json.encode({"error": error})


def speaks_anthropic(path: str, headers: dict[bytes, bytes]) -> bool:
    """Whether the caller expects Anthropic's shapes."""
    return b"anthropic-version" in headers or path.rstrip("/").endswith("/messages")
