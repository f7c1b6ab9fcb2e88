"""Made-up exchanges that look like real ones: many models, callers, users and sessions; texts of fresh words."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate

import msgspec

from transom.types import STORED, Cost, Ended, Operation, RedactedExchange, RedactedMessage, Usage

DAY_NS = 86_400 * 10**9
NOW_NS = 1_800_000_000 * 10**9 // DAY_NS * DAY_NS
"""The midnight at which the traffic ends."""

VOCABULARY = 60_000
ROLES = ("user", "assistant")

Sizes = tuple[tuple[int, int], tuple[int, int]]
"""The fewest and the most bytes of a question, and of an answer."""

_SYLLABLES = [first + vowel for first in "bdfghjklmnprstvz" for vowel in ["a", "e", "i", "o", "u", "ai", "ou"]]
_MODELS = {
    "openai": ["gpt-5", "gpt-5-mini", "gpt-4o-mini"],
    "anthropic": ["claude-opus-4-5", "claude-haiku-4-5"],
    "groq": ["llama-3.3-70b"],
}
_PROVIDER_OF = {model: provider for provider, models in _MODELS.items() for model in models}


def word(number: int) -> str:
    """A word of the vocabulary; the commonest have the lowest numbers."""
    syllables = ""
    number += len(_SYLLABLES)
    while number:
        number, rest = divmod(number, len(_SYLLABLES))
        syllables += _SYLLABLES[rest]
    return syllables


@dataclass
class Texts:
    """Texts of words as frequent as those of English (Zipf and Mandelbrot), none twice; the same for the same seed."""

    seed: int = 0
    _words: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        weights = list(accumulate(1 / (rank + 2.7) for rank in range(VOCABULARY)))
        vocabulary = [word(number) for number in range(VOCABULARY)]
        self._words = self.random.choices(vocabulary, cum_weights=weights, k=1_000_000)

    def text(self, bytes_: int) -> str:
        """About that many bytes of text."""
        count = max(1, bytes_ // 6)
        start = self.random.randrange(len(self._words) - count)
        return " ".join(self._words[start : start + count])[:bytes_] + f" {self.random.randrange(10**9)}"


def say(role: str, text: str) -> RedactedMessage:
    return RedactedMessage(role=role, parts=[{"type": "text", "content": text}])


def said(texts: Texts, sizes: Sizes) -> list[RedactedMessage]:
    """A question and its answer."""
    return [say(role, texts.text(texts.random.randint(*size))) for role, size in zip(ROLES, sizes, strict=True)]


def trace_id(number: int, started_at: int) -> str:
    """In the shape of UUIDv7."""
    ms = started_at // 10**6
    return f"{ms >> 16:08x}-{ms & 0xFFFF:04x}-7000-8000-{number:012x}"


def exchange(texts: Texts, number: int, started_at: int, messages: list[RedactedMessage]) -> RedactedExchange:
    """One exchange; the last of `messages` is its answer."""
    chance = texts.random
    model = chance.choice(list(_PROVIDER_OF))
    failed = chance.random() < 0.03
    return RedactedExchange(
        id=trace_id(number, started_at),
        project_id="default",
        key_id=f"k_{chance.randrange(5):024x}",
        started_at=started_at,
        outcome=STORED,
        ended=Ended.COMPLETE,
        provider=_PROVIDER_OF[model],
        operation=Operation.CHAT,
        method="POST",
        path="/v1/chat/completions",
        user_id=f"user-{chance.randrange(5_000)}",
        app="shop",
        tags=["prod", chance.choice(["eu", "us"])],
        metadata={"release": "2026-11"},
        model=model,
        response_model=model,
        response_id=f"chatcmpl-{chance.getrandbits(96):024x}",
        request_id=f"req_{chance.getrandbits(96):024x}",
        status_code=500 if failed else 200,
        error_type="server_error" if failed else None,
        params={"temperature": 0.7, "max_tokens": 1_000},
        stream=True,
        latency_ms=chance.lognormvariate(7, 1),
        ttft_ms=chance.lognormvariate(5, 1),
        overhead_ms=0.4,
        input_messages=messages[:-1],
        output_messages=[msgspec.structs.replace(messages[-1], finish_reason="stop")],
        usage=Usage(input_tokens=chance.randrange(4_000), output_tokens=chance.randrange(800), source="provider"),
        cost=Cost(chance.randrange(10**10), "2026-11"),
    )


def single_turns(texts: Texts, count: int, seconds: float, sizes: Sizes) -> Iterator[RedactedExchange]:
    """Questions with answers, nothing said twice, over the last `seconds`."""
    step = int(seconds * 10**9 / count)
    for number in range(count):
        yield exchange(texts, number, NOW_NS - (count - number) * step, said(texts, sizes))


@dataclass
class Conversation:
    """A session that sends its whole history, and the same instructions and tools, at each turn."""

    session_id: str
    user_id: str
    turns: int
    messages: list[RedactedMessage]
    tools: list[dict[str, object]]

    def next_turn(self, texts: Texts, number: int, started_at: int, sizes: Sizes) -> RedactedExchange:
        self.turns -= 1
        self.messages += said(texts, sizes)
        turn = exchange(texts, number, started_at, self.messages)
        owner = {"session_id": self.session_id, "user_id": self.user_id, "key_id": f"k_{0:024x}"}
        return msgspec.structs.replace(turn, tools=self.tools, **owner)


def tools(texts: Texts, count: int = 10) -> list[dict[str, object]]:
    """Function definitions, about 350 bytes each."""
    return [
        {
            "type": "function",
            "name": f"tool_{number}",
            "description": texts.text(200),
            "parameters": {"type": "object", "properties": {f"p{n}": {"type": "string"} for n in range(4)}},
        }
        for number in range(count)
    ]


def conversations(
    texts: Texts, count: int, seconds: float, turns: tuple[int, int], sizes: Sizes, at_once: int
) -> Iterator[RedactedExchange]:
    """Sessions of so many turns, `at_once` of them side by side; all have one 4 KB system prompt and the same tools."""
    instructions, offered = [say("system", texts.text(4_096))], tools(texts)
    step, chance = int(seconds * 10**9 / count), texts.random
    running: list[Conversation] = []
    for number in range(count):
        if len(running) < at_once:
            session_id, user_id = f"session-{number:08x}", f"user-{chance.randrange(5_000)}"
            running.append(Conversation(session_id, user_id, chance.randint(*turns), list(instructions), offered))
        conversation = chance.choice(running)
        yield conversation.next_turn(texts, number, NOW_NS - (count - number) * step, sizes)
        if not conversation.turns:
            running.remove(conversation)


def month(texts: Texts, count: int) -> Iterator[RedactedExchange]:
    """Thirty days of both kinds, a third of them turns of sessions, oldest first."""
    month_s = 30 * 86_400
    step = month_s * 10**9 // count
    turns = conversations(texts, count // 3 + 1, month_s, (3, 20), ((100, 600), (100, 600)), 50)
    for number in range(count):
        started_at = NOW_NS - (count - number) * step
        if number % 3 == 0:
            turn = next(turns)
            yield msgspec.structs.replace(turn, id=trace_id(number, started_at), started_at=started_at)
        else:
            yield exchange(texts, number, started_at, said(texts, ((100, 1_500), (100, 1_500))))
