"""A Presidio analyzer service: `POST /analyze` of its REST API.

Texts leave this machine unredacted, to the one address that the profile names. What goes wrong is raised, so that
redaction fails and only metadata is kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

import msgspec

from transom.httpclient import async_client
from transom.redact.finding import Finding
from transom.redact.prose import Found, find_in_prose

LIMIT_S = 15.0
"""For all pieces of one exchange together: less than a redaction process has for it."""

_AT_ONCE = 8


class _Result(msgspec.Struct):
    entity_type: str
    start: int
    end: int
    score: float


_results = msgspec.json.Decoder(list[_Result])


class Remote:
    """Implements `transom.redact.model.Model`. Synchronous: not to be called within an event loop.

    `find_all` raises httpx.HTTPError, TimeoutError, or ValueError where the answer isn't Presidio's.
    """

    words_only = False

    def __init__(self, address: str, entities: tuple[str, ...]) -> None:
        self.entities = entities
        self._address = address

    def find_all(self, texts: Sequence[str]) -> list[Found]:
        """What the service takes for names."""
        return find_in_prose(texts, self._read, "remote")

    def _read(self, pieces: list[str]) -> Iterator[list[Finding]]:
        answers = asyncio.run(self._ask_all(pieces)) if pieces else []
        for piece, answer in zip(pieces, answers, strict=True):
            yield [_checked(piece, result) for result in _results.decode(answer)]

    async def _ask_all(self, pieces: list[str]) -> list[bytes]:
        slots = asyncio.Semaphore(_AT_ONCE)
        async with asyncio.timeout(LIMIT_S), async_client(self._address) as client:

            async def ask(piece: str) -> bytes:
                body = {"text": piece, "language": "en", "entities": list(self.entities)}
                async with slots:
                    answer = await client.post("/analyze", json=body)
                answer.raise_for_status()
                return answer.content

            return await asyncio.gather(*(ask(piece) for piece in pieces))


def _checked(piece: str, result: _Result) -> Finding:
    if not 0 <= result.start < result.end <= len(piece):
        raise ValueError("the Presidio service gave a place that is not in the text")
    return Finding(result.start, result.end, result.entity_type, result.score)
