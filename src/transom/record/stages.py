"""What becomes of one spool record: decoded, assembled, counted, priced, redacted. Always exactly one result."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import structlog

from transom.capture.assemble import assemble
from transom.capture.exchange import Capture, Exchange, RawFeedback
from transom.redact.bare import bare
from transom.redact.pool import RedactionFailed, RedactionPool
from transom.secret import Secret
from transom.spool.format import Kind
from transom.spool.reader import Entry
from transom.types import (
    Cost,
    Outcome,
    RedactedExchange,
    RedactedFeedback,
    Usage,
    Withdrawal,
    metadata_only,
)
from transom.usage.pricing import PriceBook
from transom.usage.tokens import count

log = structlog.get_logger()

_captures = msgspec.msgpack.Decoder(Capture)
_feedback = msgspec.msgpack.Decoder(RawFeedback)
_withdrawals = msgspec.msgpack.Decoder(Withdrawal)


_TRIES = 2
"""At an exchange that we fail to understand by a mistake of ours: the second time it may not happen."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A record of which nothing can be kept; `exchanges` is 1 if it was an exchange's."""

    reason: str
    exchanges: int


Recorded = RedactedExchange | RedactedFeedback | Withdrawal | Dropped
"""What a record becomes."""


class Stages:
    """The stages in their order."""

    def __init__(self, prices: PriceBook, pool: RedactionPool, secret: Secret) -> None:
        self._prices, self._pool, self._secret = prices, pool, secret

    async def process(self, entry: Entry, deadly: bool = False) -> Recorded:
        """The one result of a record. Of a `deadly` one the content isn't looked at."""
        exchanges = int(entry.kind in (Kind.EXCHANGE, Kind.LARGE_EXCHANGE))
        if entry.payload is None:
            return Dropped(entry.lost or "unreadable", exchanges)
        try:
            if entry.kind is Kind.WITHDRAWAL:
                return _withdrawals.decode(entry.payload)
            if entry.kind is Kind.FEEDBACK:
                return await self._pool.redact_feedback(_feedback.decode(entry.payload))
            return await self._exchange(_captures.decode(entry.payload), deadly)
        except (msgspec.DecodeError, RedactionFailed) as error:
            log.error("a record was dropped", kind=entry.kind.name, error=error)
            return Dropped("unreadable" if exchanges else "redaction_failed", exchanges)

    async def _exchange(self, capture: Capture, deadly: bool) -> RedactedExchange:
        if deadly:
            return self._outline(capture, "recorder_died")
        for _ in range(_TRIES):
            try:
                return await self._whole(capture)
            except (RedactionFailed, msgspec.DecodeError):
                raise
            except Exception as error:
                log.error("an exchange could not be understood", id=capture.id, error=error)
        return self._outline(capture, "recording_error")

    def _outline(self, capture: Capture, why: str) -> RedactedExchange:
        """What is known without looking at the bodies."""
        exchange = assemble(msgspec.structs.replace(capture, request_body=b"", response_body=b"", content_lost=why))
        return self._bare(exchange, Usage(), Cost(), metadata_only(why))

    async def _whole(self, capture: Capture) -> RedactedExchange:
        exchange = assemble(capture)
        usage = count(exchange)
        cost = self._prices.cost(
            exchange.provider, exchange.model, exchange.response_model, usage, exchange.service_tier
        )
        if exchange.content_lost:
            return self._bare(exchange, usage, cost, metadata_only(exchange.content_lost))
        try:
            return await self._pool.redact(exchange, usage, cost)
        except RedactionFailed as failure:
            log.warning("content was not kept", id=exchange.id, reason=failure.reason)
            return self._bare(exchange, usage, cost, metadata_only(failure.reason))

    def _bare(self, exchange: Exchange, usage: Usage, cost: Cost, outcome: Outcome) -> RedactedExchange:
        return bare(exchange, usage, cost, outcome, self._secret)

    def without_content(self, exchange: RedactedExchange, reason: str) -> RedactedExchange:
        """The same exchange with its numbers and without its messages."""
        return msgspec.structs.replace(
            exchange,
            outcome=metadata_only(reason),
            input_messages=[],
            output_messages=[],
            tools=[],
            error_message=None,
            entity_hashes=[],
            names_unchecked=[],
            residuals=[],
        )
