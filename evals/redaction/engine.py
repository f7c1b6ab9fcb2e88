"""The product's redaction, as the recorder's children run it, on messages made here."""

from __future__ import annotations

from collections.abc import Sequence

from transom.capture.exchange import Exchange, Message
from transom.config import Redaction, Settings
from transom.redact.placeholders import Placeholders
from transom.redact.redactor import Redactor
from transom.secret import Secret
from transom.types import Cost, Ended, Operation, RedactedExchange, Usage, uuid7

SECRET = Secret(b"evaluation".ljust(32))
PROJECT = "default"


def user(text: str) -> Message:
    """A message of one text part."""
    return Message(role="user", parts=[{"type": "text", "content": text}])


def exchange(asked: Sequence[Message], answered: Sequence[Message] = ()) -> Exchange:
    """A call with these messages."""
    return Exchange(
        id=(ident := uuid7()),
        project_id=PROJECT,
        key_id="k_1",
        started_at=int(ident.replace("-", "")[:12], 16) * 10**6,
        ended=Ended.COMPLETE,
        provider="openai",
        operation=Operation.CHAT,
        method="POST",
        path="/v1/chat/completions",
        model="gpt-4o-mini",
        input_messages=list(asked),
        output_messages=list(answered),
    )


class Engine:
    """One profile in this process."""

    def __init__(self, profile: str) -> None:
        self.settings = settings(profile)
        self._redactor = Redactor(self.settings, SECRET)
        self.placeholders = Placeholders(SECRET.placeholders(PROJECT))

    def redact(self, one: Exchange) -> RedactedExchange:
        """As it would be stored."""
        return self._redactor.redact(one, Usage(), Cost())


def settings(profile: str) -> Settings:
    """The shipped ones with this profile."""
    return Settings(redaction=Redaction(profile=profile))
