"""The relay: a client's request to the provider, its answer back byte for byte, a copy to the spool.

Read `Call.run` in call.py next.
"""

from __future__ import annotations

import os
import time

from transom.capture.exchange import Capture
from transom.config import Limits
from transom.gateway.breaker import Breakers
from transom.gateway.call import Call
from transom.gateway.downstream.request import Request
from transom.gateway.errors import Refused
from transom.gateway.recording import Recording
from transom.gateway.routes import Router
from transom.gateway.tokens import TokenSigner
from transom.gateway.upstream import Client
from transom.secret import Secret
from transom.types import ANONYMOUS_KEY, DEFAULT_PROJECT, Ended, uuid7


class Relay:
    """What all calls of a gateway share."""

    def __init__(
        self,
        router: Router,
        client: Client,
        recording: Recording,
        secret: Secret,
        signer: TokenSigner,
        limits: Limits,
        project_id: str = DEFAULT_PROJECT,
    ) -> None:
        self.router, self.client, self.recording = router, client, recording
        self.secret, self.signer, self.limits = secret, signer, limits
        self.project_id = project_id
        self.breakers = Breakers()
        self._key_ids: dict[bytes, str] = {}

    async def answer(self, request: Request) -> None:
        """Relay one request."""
        await Call(self, request).run()

    def key_id(self, credential: bytes | None) -> str:
        """The id that stands for a caller's credential; the same one each time."""
        if credential is None:
            return ANONYMOUS_KEY
        known = self._key_ids.get(credential)
        if known is None:
            if len(self._key_ids) >= 10_000:
                self._key_ids.clear()
            known = self._key_ids[credential] = self.secret.credential_id(credential) or ANONYMOUS_KEY
        return known

    def note_refused(self, refused: Refused) -> None:
        """Record a request that was refused before it could be read."""
        now = time.time_ns()
        seq = self.recording.begin(now)
        capture = Capture(
            id=uuid7(),
            project_id=DEFAULT_PROJECT,
            key_id=ANONYMOUS_KEY,
            started_at=now,
            method="",
            path="",
            query="",
            provider="none",
            route=None,
            otel_span_id=os.urandom(8).hex(),
            request_headers=[],
            request_body=b"",
            status=refused.status,
            response_headers=[],
            response_body=b"",
            ended=Ended.COMPLETE,
            latency_ns=0,
            ttft_ns=None,
            overhead_ns=0,
            error=refused.code,
            content_lost=refused.code,
        )
        self.recording.append_now(seq, capture)
