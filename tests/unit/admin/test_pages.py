from __future__ import annotations

import re
from html.parser import HTMLParser

import httpx
import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.datastructures import QueryParams

from tests.unit.admin.conftest import browser, log_in
from tests.unit.admin.seeds import BENGALI, CHAT, FAILED, HOSTILE, HOSTILE_TRACE, LEFT, TOOLS, UNKNOWN, seeded_id
from tests.unit.store.builders import SECRET, exchange, say, write
from transom.admin.app import create_app
from transom.admin.filters import read_page_query
from transom.admin.pages import base_url, links
from transom.config import Settings
from transom.store.deletion import expire_content
from transom.store.proofs import Found, Proof, keep_proof
from transom.store.read import Page

ALL = [
    "/",
    "/sessions",
    "/completeness",
    "/proofs",
    "/audit",
    "/?project_id=_transom",
    "/sessions/support-42",
    "/traces/nope",
    "/sessions/nope",
    "/nowhere",
]
OPENED = (CHAT, TOOLS, FAILED, UNKNOWN, BENGALI, HOSTILE_TRACE, LEFT)
# Ids differ from process to process; the names of tests may not.
TRACES = [pytest.param(f"/traces/{seeded_id(n)}", id=f"trace {n}") for n in OPENED]


class Elements(HTMLParser):
    """Every element of a page, and its visible text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def addresses(self) -> list[str]:
        return [address for _, attrs in self.found for address in [attrs.get("href")] if address]


async def page(client: httpx.AsyncClient, path: str, status: int = 200) -> Elements:
    answer = await client.get(path)
    assert answer.status_code == status, path
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return Elements(answer.text)


@pytest.mark.parametrize("path", [*ALL, *TRACES, f"/?model={HOSTILE}&q={HOSTILE}&status={HOSTILE}"])
async def test_nothing_is_inline_and_nothing_stored_becomes_markup(inside: httpx.AsyncClient, path: str):
    answer = await inside.get(path)
    elements = Elements(answer.text)
    scripts = [attrs for tag, attrs in elements.found if tag == "script"]
    assert [script["type"] for script in scripts] == ["module"]
    assert [script["src"] for script in scripts if str(script["src"]).startswith("/static/transom.js?v=")]
    assert "style" not in {tag for tag, _ in elements.found}
    for _, attrs in elements.found:
        assert not [name for name in attrs if name == "style" or name.startswith("on")]
    assert not [a for a in elements.addresses() if not a.startswith(("/", "#", "?"))]
    images = [attrs["src"] for tag, attrs in elements.found if tag == "img"]
    assert all(str(src).startswith("/static/") for src in images)


async def test_the_list_shows_what_matters(inside: httpx.AsyncClient):
    text = (await page(inside, "/")).text
    for shown in ("gpt-5-mini", "$0.000123", "1,240", "12.3 s", "support-42", "no content kept", "client left", "429"):
        assert shown in text, shown
    assert "Person 1" not in text


async def test_unknown_numbers_are_dashes(inside: httpx.AsyncClient):
    text = (await page(inside, "/?outcome=metadata_only")).text
    row = re.sub(r"\s+", " ", text.partition("no content kept")[2])
    assert row.startswith(" — out: — — 800 ms first token: —")


async def test_cells_narrow_the_list_and_chips_widen_it(inside: httpx.AsyncClient):
    found = await page(inside, "/?q=order&model=claude-sonnet-4-5")
    addresses = found.addresses()
    assert "/?q=order&model=claude-sonnet-4-5&session_id=support-43" in addresses
    assert "/?model=claude-sonnet-4-5" in addresses
    assert "/?q=order" in addresses


async def test_filters_stay_in_their_fields(inside: httpx.AsyncClient):
    found = await page(inside, "/?q=order&status=ok&range=day")
    chosen = [attrs["value"] for tag, attrs in found.found if tag == "option" and "selected" in attrs]
    assert chosen == ["ok", "day"]
    assert ("order") in [attrs.get("value") for tag, attrs in found.found if tag == "input"]


async def test_a_filter_that_makes_no_sense_is_named(inside: httpx.AsyncClient):
    assert "Left out, as it makes no sense: status." in (await page(inside, "/?status=odd")).text
    assert "Nothing matches" in (await page(inside, "/?q=zzzzz")).text


async def test_older_and_newer_lead_there_and_back(inside: httpx.AsyncClient):
    def order(elements: Elements) -> list[str]:
        return [a for a in dict.fromkeys(elements.addresses()) if a.startswith("/traces/")]

    def link(elements: Elements, rel: str) -> str | None:
        return next((a["href"] for tag, a in elements.found if tag == "a" and a.get("rel") == rel), None)

    first = await page(inside, "/?provider=openai")
    assert link(first, "prev") is None
    second = await page(inside, link(first, "next") or "")
    assert link(second, "next") is None
    assert len(order(first)) == 50
    assert len(order(second)) == 16
    back = await page(inside, link(second, "prev") or "")
    assert order(back) == order(first)


def test_the_trail_of_pages():
    query, _ = read_page_query(QueryParams("q=a&cursor=c2&trail=c0&trail=c1"))
    assert links(query, Page([], "c3")) == {
        "older": "/?q=a&cursor=c3&trail=c0&trail=c1&trail=c2",
        "newer": "/?q=a&cursor=c1&trail=c0",
    }
    query, _ = read_page_query(QueryParams("cursor=c9"))
    assert links(query, Page([], None)) == {"older": None, "newer": "/"}


async def test_a_trace_reads_like_a_conversation(inside: httpx.AsyncClient):
    text = (await page(inside, f"/traces/{seeded_id(CHAT)}")).text
    for shown in ("System", "User", "Assistant", "Person 1", "Person 2", "Email address 1", "1,024 cached"):
        assert shown in text, shown
    for shown in ("64 reasoning", "prices 2026-11", "0.4 ms", "include usage", "Quick and friendly.", "temperature"):
        assert shown in text, shown


async def test_tools_reasoning_and_blobs(inside: httpx.AsyncClient):
    text = (await page(inside, f"/traces/{seeded_id(TOOLS)}")).text
    for shown in ("Reasoning", "find_order", "A-1009", "Image · image/png", "Tools offered", "Should have been"):
        assert shown in text, shown


async def test_a_trace_without_content_says_why(inside: httpx.AsyncClient):
    text = (await page(inside, f"/traces/{seeded_id(UNKNOWN)}")).text
    assert "Metadata only" in text
    assert "relays without reading" in text


async def test_a_trace_whose_content_has_expired_says_when(inside: httpx.AsyncClient, db: AsyncEngine):
    await expire_content(db, [seeded_id(CHAT)], 1_700_000_000 * 10**9)
    shown = await page(inside, f"/traces/{seeded_id(CHAT)}")
    assert "Content expired on 14 Nov 2023." in shown.text
    assert "1,240" in shown.text
    assert "No answer was recorded" not in shown.text
    assert "no content kept" in (await page(inside, "/?session_id=support-42")).text


async def test_an_error_shows_its_message_and_attempts(inside: httpx.AsyncClient):
    text = (await page(inside, f"/traces/{seeded_id(FAILED)}")).text
    assert "Rate limit reached for organization ID 1." in text
    assert "Attempts" in text


async def test_every_script_is_itself(inside: httpx.AsyncClient):
    text = (await page(inside, f"/traces/{seeded_id(BENGALI)}")).text
    assert "আমার অর্ডারটি কোথায়?" in text
    assert "مرحبا، 你好。" in text


async def test_sessions_lead_to_their_conversation(inside: httpx.AsyncClient):
    found = await page(inside, "/sessions")
    for address in [a for a in found.addresses() if a.startswith("/sessions/")]:
        await page(inside, address)
    text = (await page(inside, "/sessions/support-42?key_id=k_1")).text
    assert "Person 2" in text
    await page(inside, "/sessions/support-42?key_id=k_2", 404)


async def test_a_session_that_nobody_named_says_so(settings: Settings, empty_db: AsyncEngine):
    first = exchange(1)
    history = [*first.input_messages, *first.output_messages, say("user", "and then?")]
    await write(empty_db, first, exchange(2, input_messages=history))
    async with browser(create_app(settings, SECRET, empty_db)) as client:
        await log_in(client)
        for address in (f"/sessions/{first.id}", f"/traces/{first.id}"):
            assert "inferred from its history" in (await page(client, address)).text
        assert "inferred" in (await page(client, "/sessions")).text
        assert (await page(client, "/sessions")).addresses().count(f"/sessions/{first.id}?key_id=k_1") == 1


async def test_completeness(inside: httpx.AsyncClient):
    text = re.sub(r"\s+", " ", (await page(inside, "/completeness")).text)
    assert "Every one of 70 exchanges is accounted for." in text
    assert "dropped unreadable 1 1.4 %" in text


async def test_an_empty_list_tells_how_to_begin(settings: Settings, empty_db: AsyncEngine):
    async with browser(create_app(settings, SECRET, empty_db)) as client:
        await log_in(client)
        text = (await page(client, "/")).text
        assert "OPENAI_BASE_URL=http://127.0.0.1:4000/v1" in text
        assert "x-transom-session" in (await page(client, "/sessions")).text
        assert "Nothing has come through" in (await page(client, "/completeness")).text


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:4000/v1"),
        ("0.0.0.0", "http://127.0.0.1:4000/v1"),
        ("::", "http://127.0.0.1:4000/v1"),
        ("::1", "http://[::1]:4000/v1"),
    ],
)
def test_the_address_to_point_an_app_at(settings: Settings, host: str, url: str):
    assert base_url(settings.model_copy(update={"host": host})) == url


async def test_a_page_that_is_not_there(inside: httpx.AsyncClient):
    assert "There is no such trace." in (await page(inside, "/traces/nope", 404)).text
    await page(inside, "/traces/%00", 404)


async def test_the_last_proof(inside: httpx.AsyncClient, db: AsyncEngine):
    assert "No proof has been made yet." in (await page(inside, "/proofs")).text
    held = Proof(at=10**18, profile="logs", kinds=["PERSON", "URL"], places={"transom.db": 2048}, found=[])
    async with db.begin() as conn:
        await keep_proof(conn, held)
    text = (await page(inside, "/proofs")).text
    assert "The last proof holds: 2.0 KB searched" in text
    assert "none of 2 kinds of personal data found" in text
    async with db.begin() as conn:
        await keep_proof(conn, msgspec.structs.replace(held, found=[Found("PERSON", "log stderr.log")]))
    failed = await page(inside, "/proofs")
    assert "The last proof failed" in failed.text
    assert "log stderr.log" in failed.text
