"""What redaction costs: CPU time of the whole way, for text that nobody has sent before and for conversations.

Text comes from recorded messages, where they are there. In `traffic` it is as it was; in `mix` somebody's data is told
every 400 characters.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from statistics import median
from typing import Any

import psutil

from evals.redaction.engine import SECRET, Engine, exchange, settings, user
from evals.redaction.sets import heldout, recorded
from evals.redaction.sets.clean import PROSE
from transom.capture.exchange import Exchange, Message
from transom.redact.pool import RedactionPool
from transom.types import Cost, Usage

SIZES = (512, 2048, 8192)
ROUNDS = 3
KB_A_ROUND = 24
EVERY = 400
SYSTEM_CHARS, QUESTION_CHARS, ANSWER_CHARS = 800, 300, 700
TURNS = 16
SESSIONS = 2
WARMING = 8
"""Exchanges before the first that is measured, since some modules are loaded when they are first needed."""


class Stream:
    """An endless text, cut into pieces: no piece comes twice."""

    def __init__(self, seed: str, mix: bool) -> None:
        self._chance, self._mix = random.Random(seed), mix
        self._rest, self._pieces = "", self._endless()

    def take(self, chars: int) -> str:
        """The next so many characters."""
        while len(self._rest) < chars:
            self._rest += next(self._pieces)
        taken, self._rest = self._rest[:chars], self._rest[chars:]
        return taken

    def _endless(self) -> Iterator[str]:
        texts = _texts()
        personal = [sample.text for sample in heldout.heldout() if sample.labels and len(sample.text) < EVERY]
        since = 0
        while True:
            self._chance.shuffle(texts)
            for text in texts:
                for line in text.splitlines(keepends=True):
                    yield line
                    since += len(line)
                    if self._mix and since > EVERY:
                        yield self._chance.choice(personal) + "\n"
                        since = 0
                yield "\n"


def _texts() -> list[str]:
    """Of recorded messages, or where they aren't there, of the prose that comes with this."""
    return recorded.texts() if recorded.RECORDED.exists() else PROSE.read_text().split("\n\n")


def fresh(engine: Engine, mix: bool) -> dict[str, float]:
    """CPU milliseconds for a KB, by the size of a message in bytes: the median of some rounds."""
    stream = Stream(f"fresh {mix}", mix)
    for _ in range(WARMING):
        engine.redact(exchange([user(stream.take(2048))]))
    return {str(size): round(median(_round(engine, stream, size) for _ in range(ROUNDS)), 2) for size in SIZES}


def _round(engine: Engine, stream: Stream, size: int) -> float:
    texts = [stream.take(size) for _ in range(KB_A_ROUND * 1024 // size)]
    began = time.process_time()
    for text in texts:
        engine.redact(exchange([user(text)]))
    took = time.process_time() - began
    return 1000 * took / (sum(len(text.encode()) for text in texts) / 1024)


async def sessions(profile: str) -> dict[str, Any]:
    """Conversations that send their history with each turn, against exchanges as long whose every text is new.

    `ceiling` is how many times as fast they would be if what was sent before cost nothing.
    """
    stream = Stream(f"sessions {profile}", mix=True)
    async with RedactionPool(settings(profile), SECRET) as pool:
        await pool.ready()
        await _all(pool, [exchange([user(stream.take(2048))]) for _ in range(WARMING)])
        talks = [one for _ in range(SESSIONS) for one in _session(stream)]
        resent = await _all(pool, talks)
        new = await _all(pool, [_anew(one, stream) for one in talks])
    once = sum(_kb(one) for one in talks[TURNS - 1 :: TURNS])
    ceiling, times = sum(map(_kb, talks)) / once, new["ms_per_kb"] / resent["ms_per_kb"]
    return {"turns": TURNS, "session": resent, "fresh": new, "times": round(times, 2), "ceiling": round(ceiling, 2)}


def _session(stream: Stream) -> Iterator[Exchange]:
    messages = [Message(role="system", parts=user(stream.take(SYSTEM_CHARS)).parts)]
    for _ in range(TURNS):
        messages.append(user(stream.take(QUESTION_CHARS)))
        answer = Message(role="assistant", parts=user(stream.take(ANSWER_CHARS)).parts)
        yield exchange(messages, [answer])
        messages.append(answer)


def _anew(one: Exchange, stream: Stream) -> Exchange:
    """An exchange of the same shape with text that wasn't there before."""
    asked, answered = (
        [Message(role=message.role, parts=user(stream.take(_chars(message))).parts) for message in messages]
        for messages in (one.input_messages, one.output_messages)
    )
    return exchange(asked, answered)


def _chars(message: Message) -> int:
    return sum(len(str(part["content"])) for part in message.parts)


async def _all(pool: RedactionPool, exchanges: list[Exchange]) -> dict[str, float]:
    """One after the other, as the turns of a conversation come."""
    cpu, began = _cpu(), time.perf_counter()
    for one in exchanges:
        await pool.redact(one, Usage(), Cost())
    cpu, took = _cpu() - cpu, time.perf_counter() - began
    kb = sum(map(_kb, exchanges))
    return {"kb": round(kb), "ms_per_kb": round(1000 * cpu / kb, 3), "exchanges_per_s": round(len(exchanges) / took, 1)}


def _kb(one: Exchange) -> float:
    return sum(map(_chars, one.input_messages + one.output_messages)) / 1024


def _cpu() -> float:
    """Seconds of this process and its children."""
    family = [psutil.Process(), *psutil.Process().children(recursive=True)]
    return sum(sum(process.cpu_times()[:2]) for process in family)
