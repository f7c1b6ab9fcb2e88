"""What went wrong, in OpenAI's shape of an error."""

from __future__ import annotations

from typing import Any

import msgspec


class Problem(Exception):
    """An answer that is an error: `status` (HTTP), `message` (what to do), `code` (a fixed word or the provider's own),
    `param` (the parameter that is to blame) and headers of the provider's that help (`retry-after`, `x-request-id`).
    """

    def __init__(
        self,
        status: int,
        message: str,
        code: str | None,
        param: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.status, self.message, self.code, self.param, self.headers = status, message, code, param, headers or {}

    @property
    def body(self) -> dict[str, Any]:
        """https://platform.openai.com/docs/guides/error-codes"""
        kind = _TYPES.get(self.status, "invalid_request_error" if self.status < 500 else "server_error")
        return {"error": {"message": self.message, "type": kind, "param": self.param, "code": self.code}}

    def json(self) -> bytes:
        """The body of an answer."""
        return msgspec.json.encode(self.body)


_TYPES = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}
