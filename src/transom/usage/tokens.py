"""Token counts of an exchange: the provider's own, else an estimate by tokenizer that says it is one."""

from __future__ import annotations

import contextlib
import os
import re
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from transom.capture.exchange import Exchange, Message
from transom.types import Json, Operation, Usage

if TYPE_CHECKING:
    from tiktoken import Encoding

MAX_CHARS = 400_000
"""Longer texts are not counted: it would take a recorder more than a second."""

_COUNTED = frozenset(
    (
        Operation.CHAT,
        Operation.TEXT_COMPLETION,
        Operation.EMBEDDINGS,
        Operation.RESPONSES,
        Operation.MESSAGES,
    )
)
_CONVERSATIONS = frozenset((Operation.CHAT, Operation.RESPONSES, Operation.MESSAGES))

_PER_MESSAGE, _PER_NAME, _REPLY_PRIMER = 4, 1, 3
"""What OpenAI's chat format adds, the role's one token included (OpenAI Cookbook, "How to count tokens")."""

_THINKS_UNSEEN = re.compile(r"o\d|gpt-5")
"""Models whose reasoning is part of the output that is paid, but not of the one that is sent."""

_FILES = {
    "o200k_base": "fb374d419588a4632f3f557e76b4b70aebbca790",
    "cl100k_base": "9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
    "p50k_base": "ec7223a39ce59f226a68acc30dc1af2788490e15",
}
"""The rank file of an encoding, under the name that tiktoken gives it in its cache: SHA-1 of its address."""

_DEFAULT = "o200k_base"


def count(exchange: Exchange) -> Usage:
    """The usage of an exchange; `Usage()` where nothing is known.

    A report that lacks a side (an interrupted stream of Anthropic's has only its input) is completed by estimate.
    """
    reported = exchange.usage or Usage()
    complete = reported.input_tokens is not None and (
        reported.output_tokens is not None or exchange.operation is Operation.EMBEDDINGS
    )
    if complete or not _can_estimate(exchange):
        return reported
    encoding = _encoding(_encoding_name(exchange))
    return _completed(reported, exchange, encoding) if encoding else reported


def _can_estimate(exchange: Exchange) -> bool:
    """Only what a provider took on: a success, whole or broken off."""
    return exchange.operation in _COUNTED and exchange.status_code == 200 and exchange.content_lost is None


def _completed(reported: Usage, exchange: Exchange, encoding: Encoding) -> Usage:
    given, said = reported.input_tokens, reported.output_tokens
    given = _count_input(exchange, encoding) if given is None else given
    said = _count_output(exchange, encoding) if said is None else said
    if (given, said) == (reported.input_tokens, reported.output_tokens):
        return reported
    return msgspec.structs.replace(reported, input_tokens=given, output_tokens=said, source="tokenizer")


def _count_input(exchange: Exchange, encoding: Encoding) -> int | None:
    messages = [message for message in exchange.input_messages if message.role != "context"]
    if not messages:
        return None
    texts = _texts(messages)
    if texts is None:
        return None
    if exchange.tools:
        texts.append(_json(exchange.tools))
    tokens = _count_texts(texts, encoding)
    if tokens is None:
        return None
    return tokens + _known_tokens(messages) + _framing(exchange.operation, messages)


def _count_output(exchange: Exchange, encoding: Encoding) -> int | None:
    """None where no output was seen, or not all of it: a provider may have made some all the same."""
    if _THINKS_UNSEEN.match(_bare(exchange.response_model or exchange.model)):
        return None
    texts = _texts(exchange.output_messages)
    return _count_texts(texts, encoding) if texts else None


def _framing(operation: Operation, messages: list[Message]) -> int:
    if operation not in _CONVERSATIONS:
        return 0
    return _REPLY_PRIMER + sum(_PER_MESSAGE + (_PER_NAME if message.name else 0) for message in messages)


def _known_tokens(messages: list[Message]) -> int:
    """Inputs that were token ids: their number is all that was kept of them."""
    contents = (part["content"] for message in messages for part in message.parts if part["type"] == "other")
    return sum(content.get("token_count", 0) for content in contents if isinstance(content, dict))


def _texts(messages: list[Message]) -> list[str] | None:
    """Everything in the messages that is text; None if something else (an image, say) costs tokens too."""
    texts: list[str] = []
    for message in messages:
        for part in message.parts:
            match part["type"]:
                case "text" | "reasoning" | "refusal":
                    texts.append(part["content"])
                case "tool_call":
                    texts += [part["name"], _json(part["arguments"])]
                case "tool_call_response":
                    texts.append(_json(part["response"]))
                case "blob" | "uri":
                    return None
        if message.name:
            texts.append(message.name)
    return texts


def _json(value: Json) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _count_texts(texts: list[str], encoding: Encoding) -> int | None:
    if sum(map(len, texts)) > MAX_CHARS:
        return None
    return sum(len(encoding.encode_ordinary(text)) for text in texts)


def _encoding_name(exchange: Exchange) -> str:
    """The encoding of the model; for other makers' models OpenAI's newest, which is near enough for an estimate."""
    from tiktoken.model import encoding_name_for_model

    for model in (exchange.response_model, exchange.model):
        with contextlib.suppress(KeyError):
            name = encoding_name_for_model(_bare(model))
            return name if name in _FILES else _DEFAULT
    return _DEFAULT


def _bare(model: str | None) -> str:
    """The model's name without that of a provider or maker."""
    return (model or "").rpartition("/")[2]


@lru_cache
def _encoding(name: str) -> Encoding | None:
    """The encoding, from the files that litellm carries. None if they are absent: nothing is ever downloaded."""
    folder = _rank_files()
    if folder is None or not (folder / _FILES[name]).is_file():
        return None
    import tiktoken

    os.environ["TIKTOKEN_CACHE_DIR"] = str(folder)
    return tiktoken.get_encoding(name)


def _rank_files() -> Path | None:
    spec = find_spec("litellm")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "litellm_core_utils" / "tokenizers"
