"""What an exchange tells of its conversation: which turns may have come before it, and how the next one finds it.

Apps that name no session send the whole conversation again at each turn. So each turn leaves two digests: of the
conversation up to its reply, and of the replies alone, for apps that drop or change what came before. The next turn
finds the same digests in its own history. Instructions are left out (they change, and are alike in all conversations),
and so is what apps don't send back of a reply: thoughts, annotations, names, blanks around it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import msgspec

from transom.secret import Secret
from transom.store.messages import Digest, Digests, digest_of
from transom.types import Json, Operation, OutcomeState, RedactedExchange, RedactedMessage

MOST_REPLIES = 8
"""How many replies of a history are looked at, the newest ones."""

_TELLING_CHARS = 80
"""Less than that ("You're welcome!") doesn't tell by itself whose conversation it is."""

_CONVERSING = (Operation.CHAT, Operation.MESSAGES, Operation.RESPONSES)
_LEFT_OUT = ("system", "context")
_encode = msgspec.json.encode


class Reply(msgspec.Struct, frozen=True):
    """A reply, by what was said until its end: a digest of all of it, and one of the last replies alone.

    Digests are keyed and have 32 hex digits. `alone` is None where the replies say too little. `weak` is where even
    all of it is little, and yet not a mere opening: other conversations may have come to the same words.
    """

    whole: str
    alone: str | None
    weak: bool

    def digests(self) -> list[str]:
        """Those there are."""
        return [self.whole, self.alone] if self.alone else [self.whole]


class _Caller(msgspec.Struct, frozen=True):
    """Who talks: the conversations of two keys, or of two users of a key, have nothing in common."""

    key: bytes
    key_id: str
    user_id: str | None

    def hash(self, kind: bytes) -> Any:
        """A keyed hash for one kind of digest."""
        return blake2b(_encode([self.key_id, self.user_id]), digest_size=16, key=self.key, person=kind)


class _Said(msgspec.Struct, frozen=True):
    """A message, of a reply only what apps send back, with the digest of that."""

    digest: Digest
    parts: list[dict[str, Json]]
    is_reply: bool

    def chars(self) -> int:
        """How much it says, roughly."""
        return sum([len(value) for part in self.parts for value in part.values() if isinstance(value, str)])


class History(msgspec.Struct, frozen=True, kw_only=True):
    """What an exchange tells.

    `previous` is the digest of the response that the caller says it follows, `newest` the last reply in its input, and
    `leaves` the digests by which the next turn finds this one. `caller` and `asked` serve `older`.
    """

    previous: str | None
    newest: Reply | None
    leaves: list[str]
    caller: _Caller
    asked: list[_Said]

    def last_turn(self) -> list[str]:
        """What the turn before this one left, if it is stored."""
        newest = self.newest.digests() if self.newest else []
        return [self.previous, *newest] if self.previous else newest

    def older(self) -> list[Reply]:
        """The replies before the newest, newest first. Takes time, and is needed only where that isn't found."""
        running, start = self.caller.hash(b"conversation"), 0
        replies: list[Reply] = []
        for end in _ends_of_replies(self.asked)[-MOST_REPLIES:-1]:
            running.update(_joined(self.asked[start:end]))
            replies.append(_last_reply(self.caller, self.asked[:end], running))
            start = end
        return replies[::-1]


def read_history(exchange: RedactedExchange, digests: Digests, secret: Secret) -> History | None:
    """What an exchange tells, given the digests of its messages; None where it is no turn of a conversation."""
    if exchange.operation not in _CONVERSING or exchange.method == "GET":
        return None
    caller = _Caller(_key(secret, exchange.project_id), exchange.key_id, exchange.user_id)
    asked = _conversation(caller, exchange.input_messages, digests.inputs)
    answer = _conversation(caller, exchange.output_messages, digests.outputs)
    newest, leaves = _newest_and_leaves(caller, asked, _choices(exchange, answer))
    if exchange.response_id and exchange.operation is Operation.RESPONSES:
        leaves.append(_response(caller, exchange.response_id))
    previous = exchange.previous_response_id
    return History(
        previous=_response(caller, previous) if previous else None,
        newest=newest,
        leaves=list(dict.fromkeys(leaves)),
        caller=caller,
        asked=asked,
    )


@lru_cache(maxsize=64)
def _key(secret: Secret, project_id: str) -> bytes:
    return secret.messages(project_id)


def _conversation(caller: _Caller, messages: Sequence[RedactedMessage], digests: Sequence[Digest]) -> list[_Said]:
    """The messages without those that are no part of the conversation."""
    said = []
    for message, digest in zip(messages, digests, strict=True):
        if message.role == "assistant":
            said += _reply(caller, message, digest)
        elif message.role not in _LEFT_OUT:
            said.append(_Said(digest, message.parts, False))
    return said


def _reply(caller: _Caller, message: RedactedMessage, digest: Digest) -> list[_Said]:
    """A reply as every app sends it back, or nothing, if apps send nothing back of it."""
    parts = _sent_back(message.parts)
    if not parts:
        return []
    if parts != message.parts or message.name is not None:
        digest = digest_of(caller.key, caller.key_id, RedactedMessage(role="assistant", parts=parts))
    return [_Said(digest, parts, True)]


def _sent_back(parts: list[dict[str, Json]]) -> list[dict[str, Json]]:
    """Of a reply's parts, its text as one, and its tool calls."""
    text = "".join([str(part["content"]) for part in parts if part["type"] in ("text", "refusal")]).strip()
    calls = [part for part in parts if part["type"] == "tool_call"]
    return [{"type": "text", "content": text}, *calls] if text else calls


def _choices(exchange: RedactedExchange, answer: list[_Said]) -> list[list[_Said]]:
    """The items of a response follow each other; the choices of a chat completion stand side by side."""
    if exchange.outcome.state is not OutcomeState.STORED or not answer:
        return []
    return [answer] if exchange.operation is Operation.RESPONSES else [[choice] for choice in answer]


def _newest_and_leaves(
    caller: _Caller, asked: list[_Said], choices: list[list[_Said]]
) -> tuple[Reply | None, list[str]]:
    """The last reply in what was asked, and what each of these choices leaves."""
    end = max(_ends_of_replies(asked), default=0)
    running = caller.hash(b"conversation")
    running.update(_joined(asked[:end]))
    newest = _last_reply(caller, asked[:end], running) if end else None
    running.update(_joined(asked[end:]))
    leaves: list[str] = []
    for choice in choices:
        whole = running.copy()
        whole.update(_joined(choice))
        leaves += _last_reply(caller, [*asked, *choice], whole).digests()
    return newest, leaves


def _ends_of_replies(asked: list[_Said]) -> list[int]:
    """Where, after a reply, somebody else speaks or nobody."""
    return [n for n, said in enumerate(asked, 1) if said.is_reply and (n == len(asked) or not asked[n].is_reply)]


def _last_reply(caller: _Caller, said: list[_Said], whole: Any) -> Reply:
    """The reply with which these messages end; `whole` is the hash of them all."""
    weak = not _is_telling(said) and len(_ends_of_replies(said)) > 1
    return Reply(whole.hexdigest(), _alone(caller, said), weak)


def _alone(caller: _Caller, said: Sequence[_Said]) -> str | None:
    """The digest of the last replies: of as many as make it telling, or None if all don't."""
    hashed, chars = caller.hash(b"replies"), 0
    for each in reversed(said):
        if each.is_reply:
            hashed.update(each.digest)
            chars += each.chars()
            if chars >= _TELLING_CHARS:
                return str(hashed.hexdigest())
    return None


def _is_telling(said: Sequence[_Said]) -> bool:
    """Whether so much was said that no other conversation is the same by chance."""
    chars = 0
    for each in said:
        chars += each.chars()
        if chars >= _TELLING_CHARS:
            return True
    return False


def _joined(said: Sequence[_Said]) -> bytes:
    return b"".join([each.digest for each in said])


def _response(caller: _Caller, response_id: str) -> str:
    """The digest of a response's id. Whoever knows it need not be the same user."""
    named = _encode([caller.key_id, response_id])
    return blake2b(named, digest_size=16, key=caller.key, person=b"response").hexdigest()
