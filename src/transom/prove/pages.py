"""What the admin shows of the canaries, over REST, in its metrics and on its pages."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from transom.admin.access import Access
from transom.admin.login import SESSION_COOKIE
from transom.httpclient import HTTPError, async_client
from transom.prove.places import Place
from transom.prove.search import Search, Stream
from transom.prove.traffic import Sent, Unfinished
from transom.types import OWN_PROJECT


async def search_admin(
    search: Search, address: str, token: str, session_key: bytes, sent: Sent, session_id: str | None
) -> list[Place]:
    """Every page and answer that shows what was sent. Raises Unfinished where the admin doesn't show it."""
    traces = (sent.whole, sent.streamed, sent.failed, sent.looked_up)
    session = f"/sessions/{quote(session_id, safe='')}" if session_id else "/sessions"
    lists = ("sessions", "feedback", "stats", "completeness", "proofs", f"traces?project_id={OWN_PROJECT}")
    rest = [*(f"/api/v1/{name}" for name in (*lists, *(f"traces/{i}" for i in traces))), "/metrics"]
    pages = [f"/?project_id={OWN_PROJECT}", "/sessions", session, "/completeness", "/proofs"]
    pages += [f"/traces/{i}" for i in traces]
    cookie = Access(session_key, token).open_session()
    return [
        await _search(search, "REST and metrics", address, {"authorization": f"Bearer {token}"}, rest),
        await _search(search, "admin pages", address, {"cookie": f"{SESSION_COOKIE}={cookie}"}, pages),
    ]


async def _search(search: Search, name: str, address: str, headers: dict[str, str], paths: Iterable[str]) -> Place:
    stream = Stream(search)
    try:
        async with async_client(address, headers) as client:
            for path in paths:
                answer = await client.get(path)
                if answer.status_code != 200:
                    raise Unfinished(f"the admin answered {answer.status_code} for {path.partition('?')[0]}")
                stream.feed(answer.content)
    except HTTPError as error:
        raise Unfinished(f"no admin answers at {address} ({type(error).__name__}): start it, or name it") from None
    stream.finish()
    return Place(name, stream.bytes, stream.kinds)
