"""An exchange without its content, for when redaction can't be had: nothing here loads Presidio, and nothing fails."""

from __future__ import annotations

import re
from collections.abc import Callable

from transom.capture.exchange import Exchange
from transom.redact.kept import kept, redacted_attempts
from transom.redact.placeholders import Placeholders
from transom.redact.recognizers import PATTERNS
from transom.redact.text import fold
from transom.secret import Secret
from transom.types import Cost, Json, Outcome, RedactedExchange, Usage

_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,127}")
_PATH = re.compile(r"/[A-Za-z0-9._:/{}*-]{0,255}")


def bare(exchange: Exchange, usage: Usage, cost: Cost, outcome: Outcome, secret: Secret) -> RedactedExchange:
    """Numbers and names of the exchange. A person's ids become keyed hashes; so does a name that isn't plainly one."""
    placeholders = Placeholders(secret.placeholders(exchange.project_id))

    def hashed(value: str | None) -> str | None:
        return None if value is None else placeholders.hash_id(value)

    def name(value: str) -> str:
        return value if _is_plain(value, _IDENTIFIER) else placeholders.hash_id(value)

    return RedactedExchange(
        **kept(exchange),
        **_named(exchange, name),
        user_id=hashed(exchange.user_id),
        session_id=hashed(exchange.session_id),
        app=hashed(exchange.app),
        client_request_id=hashed(exchange.client_request_id),
        path=exchange.path if _is_plain(exchange.path, _PATH) else placeholders.hash_id(exchange.path),
        attempts=redacted_attempts(exchange, name),
        outcome=outcome,
        usage=usage,
        cost=cost,
    )


def _named(exchange: Exchange, name: Callable[[str], str]) -> dict[str, Json]:
    """Names that models, providers and libraries give."""
    fields = ("model", "response_model", "response_id", "previous_response_id", "request_id", "error_type")
    values: dict[str, str | None] = {field: getattr(exchange, field) for field in fields}
    return {
        **{field: None if value is None else name(value) for field, value in values.items()},
        "method": name(exchange.method),
        "finish_reasons": [name(reason) for reason in exchange.finish_reasons],
    }


def _is_plain(value: str, form: re.Pattern[str]) -> bool:
    """Whether it has the form of a name and no recognizer takes it for personal data, however unsure."""
    if not form.fullmatch(value):
        return False
    return not any(True for recognizer in PATTERNS for _ in recognizer.find(fold(value)))
