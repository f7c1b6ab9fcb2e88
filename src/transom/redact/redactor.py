"""The work of a redaction process: exchanges and feedback in, redacted ones out."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from transom.capture.exchange import Exchange, Message, RawFeedback
from transom.config import Settings
from transom.redact.finder import Finder
from transom.redact.finding import Span
from transom.redact.kept import kept, redacted_attempts
from transom.redact.placeholders import Placeholders
from transom.redact.profiles import load_profile
from transom.redact.rules import Collecting, Replacing
from transom.redact.text import visible
from transom.redact.walk import Rules, Walk
from transom.secret import Secret
from transom.types import (
    DEFAULT_PROJECT,
    STORED,
    Cost,
    Json,
    RedactedExchange,
    RedactedFeedback,
    RedactedMessage,
    Remark,
    Usage,
    metadata_only,
)

IdKind = Literal["user", "session", "other"]

_IDS = [
    *("app", "model", "response_model", "response_id", "previous_response_id"),
    *("request_id", "client_request_id", "error_type"),
]


class Redactor:
    """Redacts with one profile. Raises ConfigError or ModelMismatch if that can't be loaded.

    Synchronous, and as slow as its language model (25 ms a KB): meant for a process of its own.
    """

    def __init__(self, settings: Settings, secret: Secret) -> None:
        self._settings = settings.redaction
        self._secret = secret
        self._finder = Finder(load_profile(settings.redaction))
        self._rules = lru_cache(64)(self._make_rules)

    def _make_rules(self, project_id: str) -> Replacing:
        key = self._secret.placeholders(project_id)
        return Replacing(self._finder, Placeholders(key, plain=self._settings.placeholders == "plain"))

    def redact(self, exchange: Exchange, usage: Usage, cost: Cost) -> RedactedExchange:
        """The exchange as it may be stored; without messages where its content was lost already."""
        rules = self._rules(exchange.project_id)
        collecting = Collecting(rules.placeholders)
        self._content(exchange, collecting)
        self._finder.find_all(collecting.texts)
        lost = exchange.content_lost
        return RedactedExchange(
            **kept(exchange),
            **self._ids(exchange),
            **self._content(exchange, rules),
            outcome=metadata_only(rules.ident(lost)) if lost else STORED,
            attempts=redacted_attempts(exchange, rules.ident),
            usage=usage,
            cost=cost,
        )

    def _ids(self, exchange: Exchange) -> dict[str, Json]:
        """What only the pattern recognizers look at."""
        rules, project = self._rules(exchange.project_id), exchange.project_id
        values: dict[str, str | None] = {name: getattr(exchange, name) for name in _IDS}
        return {
            **{
                name: None if value is None else self.redact_id(value, "other", project)
                for name, value in values.items()
            },
            "user_id": exchange.user_id and self.redact_id(exchange.user_id, "user", project),
            "session_id": exchange.session_id and self.redact_id(exchange.session_id, "session", project),
            "method": self.redact_id(exchange.method, "other", project),
            "path": Walk(rules).uri(exchange.path),
            "tags": [self.redact_id(tag, "other", project) for tag in exchange.tags],
            "finish_reasons": [self.redact_id(reason, "other", project) for reason in exchange.finish_reasons],
        }

    def _content(self, exchange: Exchange, rules: Rules) -> dict[str, Json]:
        """What may hold text."""
        messages = [] if exchange.content_lost else exchange.input_messages + exchange.output_messages
        redacted = [_message(message, rules, index) for index, message in enumerate(messages)]
        split = len(exchange.input_messages)
        tools = [] if exchange.content_lost else exchange.tools
        error = exchange.error_message
        return {
            "input_messages": redacted[:split],
            "output_messages": redacted[split:],
            "tools": Walk(rules, definitions=True).value(tools, [], None),
            "metadata": Walk(rules).value(exchange.metadata, [], None),
            "params": Walk(rules, definitions=True).value(exchange.params, [], None),
            "error_message": error and Walk(rules).value(error, [], None),
        }

    def redact_id(self, value: str, kind: IdKind, project_id: str = DEFAULT_PROJECT) -> str:
        """An id as it is stored; equal ids stay equal wherever they come from."""
        rules = self._rules(project_id)
        if kind != "other" and self._settings.ids == "hash":
            return rules.placeholders.hash_id(value)
        return rules.ident(visible(value))

    def redact_feedback(self, raw: RawFeedback) -> RedactedFeedback:
        """A feedback as it may be stored, with ids that equal those of its trace."""
        rules, project = self._rules(raw.project_id), raw.project_id
        own_key = raw.author == raw.key_id
        return RedactedFeedback(
            id=raw.id,
            project_id=project,
            key_id=raw.key_id,
            created_at=raw.created_at,
            target=raw.target,
            target_id=self.redact_id(raw.target_id, "session" if raw.target == "session" else "other", project),
            name=self.redact_id(raw.name, "other", project),
            author=raw.author if own_key else self.redact_id(raw.author, "user", project),
            score=raw.score,
            comment=raw.comment and Walk(rules).value(raw.comment, [], None),
            correction=raw.correction and Walk(rules).value(raw.correction, [], None),
            labels=Walk(rules).value(raw.labels, [], None),
        )

    def redact_text(self, text: str) -> tuple[str, list[Remark]]:
        """One text, and its placeholders."""
        walk = Walk(self._rules(DEFAULT_PROJECT))
        return walk.value(text, [], None), walk.remarks

    def find(self, texts: list[str]) -> list[tuple[Span, ...]]:
        """The spans of each text that redaction would replace, in characters of the text as given."""
        return self._finder.find_all([_same_length(text) for text in texts])


def _message(message: Message, rules: Rules, index: int) -> RedactedMessage:
    return Walk(rules, index).message(message)


def _same_length(text: str) -> str:
    """The text without the characters that `visible` would spell out."""
    return "".join(char if char == visible(char) else " " for char in text) if visible(text) != text else text
