"""Made-up conversations without session ids, many at once, with what makes it hard to tell which call belongs to which.

All are of one key without users. Many open alike; apps drop old messages, put documents into the last question only,
ask again, take questions back, call tools, and send replies back a little changed.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from evals.store.traffic import word
from transom.types import STORED, Cost, Ended, Operation, RedactedExchange, RedactedMessage, Usage

START_NS = 1_800_000_000 * 10**9
_OPENINGS = [("hi", "Hello! How can I help you today?"), ("hello", "Hi there! What can I do for you?")]
_SHORT = [("ok", "Great."), ("thanks", "You're welcome!"), ("yes", "Sure."), ("go on", "Of course.")]


@dataclass(frozen=True)
class Habits:
    """What an app does, as probabilities: of a conversation the first four, of a turn the others."""

    same_opening: float = 0.4
    truncates: float = 0.3
    adds_documents: float = 0.1
    changes_replies: float = 0.3
    asks_again: float = 0.05
    takes_back: float = 0.03
    calls_tool: float = 0.2
    fails: float = 0.02
    short: float = 0.25


@dataclass
class Conversation:
    """One conversation and what its app keeps of it."""

    chance: random.Random
    habits: Habits
    turns: int
    history: list[RedactedMessage] = field(default_factory=list)
    asked: int = 0

    def __post_init__(self) -> None:
        self.opening = self.chance.choice(_OPENINGS) if self._happens(self.habits.same_opening) else None
        self.window = self.chance.randrange(2, 6) if self._happens(self.habits.truncates) else None
        self.documents = self._happens(self.habits.adds_documents)
        self.end = "\n" if self._happens(self.habits.changes_replies) else ""

    def calls(self) -> Iterator[tuple[list[RedactedMessage], list[RedactedMessage]]]:
        """The calls of the next turn: what is sent, and what comes back."""
        before = list(self.history)
        if before and self._happens(self.habits.takes_back):
            before = before[:-2]
        question, reply = self._next_pair()
        sent = [*self._kept(before), self._with_documents(question)]
        if self._happens(self.habits.fails):
            yield sent, []
        if self._happens(self.habits.calls_tool):
            call, back, result = self._tool_call()
            yield sent, [call]
            before, question, sent = [*before, question, back], result, [*sent, back, result]
        if self._happens(self.habits.asks_again):
            yield sent, [say("assistant", self._text(30))]
        yield sent, [say("assistant", reply, thoughts="Well. ", finish_reason="stop")]
        self.history = [*before, question, say("assistant", reply + self.end)]
        self.asked += 1

    def _next_pair(self) -> tuple[RedactedMessage, str]:
        if self.opening and not self.asked:
            return say("user", self.opening[0]), self.opening[1]
        if self._happens(self.habits.short):
            question, reply = self.chance.choice(_SHORT)
            return say("user", question), reply
        return say("user", self._text(15)), self._text(40)

    def _kept(self, messages: list[RedactedMessage]) -> list[RedactedMessage]:
        """What the app sends of a history: all, or so many questions and what followed them."""
        questions = [place for place, message in enumerate(messages) if message.role == "user"]
        kept = messages if self.window is None else messages[questions[-self.window :][0] if questions else 0 :]
        return [say("system", f"It is turn {self.asked}. Be kind."), *kept]

    def _with_documents(self, question: RedactedMessage) -> RedactedMessage:
        words = str(question.parts[0]["content"])
        return say("user", f"{self._text(50)}\n\nQuestion: {words}") if self.documents else question

    def _tool_call(self) -> tuple[RedactedMessage, RedactedMessage, RedactedMessage]:
        call_id = f"call_{self.chance.getrandbits(96):024x}"
        call = {"type": "tool_call", "id": call_id, "name": "look_up", "arguments": {"city": self._text(1)}}
        result = {"type": "tool_call_response", "id": call_id, "response": self._text(10)}
        thought = {"type": "reasoning", "content": "I should look that up."}
        replied, back = (RedactedMessage(role="assistant", parts=parts) for parts in ([thought, call], [call]))
        return replied, back, RedactedMessage(role="tool", parts=[result])

    def _text(self, words: int) -> str:
        return " ".join(word(self.chance.randrange(5_000)) for _ in range(words))

    def _happens(self, probability: float) -> bool:
        return self.chance.random() < probability


def say(role: str, words: str, thoughts: str = "", **fields: Any) -> RedactedMessage:
    parts = [{"type": "reasoning", "content": thoughts}] if thoughts else []
    return RedactedMessage(role=role, parts=[*parts, {"type": "text", "content": words}], **fields)


def traffic(seed: int, count: int, turns: tuple[int, int], habits: Habits) -> Iterator[tuple[int, RedactedExchange]]:
    """Calls in the order of their time, each with the number of its conversation; all conversations run at once."""
    chance = random.Random(seed)
    running = {n: Conversation(chance, habits, chance.randint(*turns)) for n in range(count)}
    number = 0
    while running:
        conversation = chance.choice(list(running))
        for sent, answers in running[conversation].calls():
            yield conversation, exchange(number, sent, answers)
            number += 1
        if running[conversation].asked == running[conversation].turns:
            del running[conversation]


def exchange(number: int, sent: list[RedactedMessage], answers: list[RedactedMessage]) -> RedactedExchange:
    """The call of that number, a second after the one before."""
    started_at = START_NS + number * 10**9
    ms = started_at // 10**6
    return RedactedExchange(
        id=f"{ms >> 16:08x}-{ms & 0xFFFF:04x}-7000-8000-{number:012x}",
        project_id="default",
        key_id="k_1",
        started_at=started_at,
        outcome=STORED,
        ended=Ended.COMPLETE,
        provider="openai",
        operation=Operation.CHAT,
        method="POST",
        path="/v1/chat/completions",
        model="gpt-5",
        status_code=200 if answers else 500,
        input_messages=sent,
        output_messages=answers,
        usage=Usage(input_tokens=100, output_tokens=20, source="provider"),
        cost=Cost(2_500_000, "2026-11"),
    )
