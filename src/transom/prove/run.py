"""The proof from its canaries to its result. Read `prove` first."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from transom.admin.token import admin_token
from transom.config import Settings, local_url
from transom.prove.canary import make_canaries
from transom.prove.pages import search_admin
from transom.prove.places import leaks, logs, search_files, search_postgres, search_spool
from transom.prove.search import Search
from transom.prove.traffic import Canaries, Sent, Unfinished, canaries_of, send
from transom.secret import Secret
from transom.store.engine import check_schema, connect
from transom.store.proofs import Found, Proof, keep_proof
from transom.store.read import Row, get_trace
from transom.store.rows import to_text

log = structlog.get_logger()

RECORDED_WITHIN_S = 120.0
_LOOK_EVERY_S = 0.2
_PLACEHOLDER = re.compile(r"<([A-Z][A-Z0-9_]+)(?::[a-z2-7]{4})?>")


async def prove(settings: Settings, secret: Secret) -> Proof:
    """Send canaries through the running system, look for them everywhere, and store what came of it.

    Raises Unfinished where that can't be done, and ConfigError for a mistake in the settings.
    """
    at = time.time_ns()
    logs(settings)
    canaries = canaries_of(make_canaries(settings.redaction))
    search = Search(canaries.all)
    engine = connect(settings.database)
    try:
        await check_schema(engine)
        sent = await send(_gateway(settings), secret.proof_token, canaries)
        waiting = search_spool(search, settings)
        traces = await _recorded(engine, sent)
        places = [waiting, *search_files(search, settings), *await search_postgres(search, engine)]
        session_id = traces[sent.whole]["session_id"]
        token = admin_token(settings)
        places += await search_admin(search, _admin(settings), token, secret.sessions, sent, session_id)
        found = [Found(*leak) for leak in (*leaks(places), *_unreplaced(canaries, sent, traces))]
        proof = Proof(
            at=at,
            profile=settings.redaction.profile,
            kinds=[canary.kind for canary in canaries.said],
            places={place.name: place.bytes for place in places},
            found=found,
        )
        async with engine.begin() as conn:
            await keep_proof(conn, proof)
    finally:
        await engine.dispose()
    _tell(proof)
    return proof


def _gateway(settings: Settings) -> str:
    return settings.proof.gateway or local_url(settings.host, settings.port)


def _admin(settings: Settings) -> str:
    return settings.proof.admin or local_url(settings.admin_host, settings.admin_port)


async def _recorded(engine: AsyncEngine, sent: Sent) -> dict[str, Row]:
    """The traces, once they and the feedback are stored. Raises Unfinished if that takes too long."""
    try:
        async with asyncio.timeout(RECORDED_WITHIN_S):
            while True:
                async with engine.connect() as conn:
                    if (traces := await _stored(conn, sent)) is not None:
                        return traces
                await asyncio.sleep(_LOOK_EVERY_S)
    except TimeoutError:
        raise Unfinished(
            f"what was sent is not recorded after {RECORDED_WITHIN_S:.0f} s: see that the recorder runs"
        ) from None


async def _stored(conn: AsyncConnection, sent: Sent) -> dict[str, Row] | None:
    ids = (sent.whole, sent.streamed, sent.failed, sent.looked_up)
    traces = {ident: trace for ident in ids if (trace := await get_trace(conn, ident))}
    said = traces[sent.whole]["feedback"] if sent.whole in traces else []
    return traces if len(traces) == len(ids) and said else None


def _unreplaced(canaries: Canaries, sent: Sent, traces: dict[str, Row]) -> Iterator[tuple[str, str]]:
    """(kind, place) where no placeholder of a kind stands in a text that had it. Raises Unfinished without a text."""
    for ident in (sent.whole, sent.streamed, sent.failed):
        if traces[ident]["outcome"] != "stored":
            raise Unfinished(f"a canary's content was not kept: {traces[ident]['outcome_reason']}")
    said = traces[sent.whole]["feedback"][0]
    texts = {
        "prompt": to_text(traces[sent.whole]["input_messages"]),
        "answer": to_text(traces[sent.whole]["output_messages"]),
        "streamed answer": to_text(traces[sent.streamed]["output_messages"]),
        "error": traces[sent.failed]["error_message"] or "",
        "comment": said["comment"] or "",
        "correction": said["correction"] or "",
    }
    for name, text in texts.items():
        replaced = set(_PLACEHOLDER.findall(text))
        yield from ((canary.kind, f"{name}: not replaced") for canary in canaries.said if canary.kind not in replaced)


def _tell(proof: Proof) -> None:
    numbers = {"kinds": len(proof.kinds), "bytes": proof.bytes_searched, "profile": proof.profile}
    if proof.holds:
        log.info("the proof holds", **numbers)
    for found in proof.found:
        log.error("the proof failed", kind=found.kind, place=found.place, **numbers)
