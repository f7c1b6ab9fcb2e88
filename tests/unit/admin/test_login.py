from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from tests.unit.admin.conftest import TOKEN, browser, form_token, log_in
from transom.admin.access import FREE_FAILURES

PAGES = ["/", "/traces/x", "/sessions", "/sessions/x", "/completeness"]


@pytest.mark.parametrize("path", PAGES)
async def test_pages_need_a_session(client: httpx.AsyncClient, path: str):
    answer = await client.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login")


async def test_the_way_back_is_kept(client: httpx.AsyncClient):
    assert (await client.get("/?q=a+b&model=c")).headers["location"] == "/login?next=/%3Fq%3Da%2Bb%26model%3Dc"
    form = await client.get("/login?next=/%3Fq%3Da%2Bb%26model%3Dc")
    assert 'value="/?q=a+b&amp;model=c"' in form.text
    answer = await log_in(client, next="/?q=a+b&model=c")
    assert answer.headers["location"] == "/?q=a+b&model=c"


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.test/", "//evil.test", "/\\evil.test", "javascript:alert(1)", "/a\r\nb", "evil", "///x"]
)
async def test_login_leads_nowhere_else(client: httpx.AsyncClient, elsewhere: str):
    assert (await log_in(client, next=elsewhere)).headers["location"] == "/"


async def test_a_session_opens_pages_until_it_is_ended(inside: httpx.AsyncClient):
    page = await inside.get("/")
    assert page.status_code == 200
    kept = inside.cookies["transom_session"]
    answer = await inside.post("/logout", data={"form_token": form_token(page.text)})
    assert answer.headers["location"] == "/login"
    assert "transom_session" not in inside.cookies
    inside.cookies.set("transom_session", kept, domain="127.0.0.1")
    assert (await inside.get("/")).status_code == 303


async def test_the_cookie_is_out_of_reach(client: httpx.AsyncClient):
    cookie = (await log_in(client)).headers.get_list("set-cookie")[0].lower()
    assert cookie.startswith("transom_session=")
    assert {"httponly", "samesite=strict", "max-age=43200", "path=/"} <= set(cookie.split("; "))
    assert "secure" not in cookie


async def test_behind_tls_the_cookie_is_secure(client: httpx.AsyncClient):
    client.headers["x-forwarded-proto"] = "https"
    assert "secure" in (await log_in(client)).headers["set-cookie"].lower()


async def test_a_wrong_token_opens_nothing(client: httpx.AsyncClient):
    answer = await log_in(client, "wrong")
    assert answer.status_code == 401
    assert "not the admin token" in answer.text
    assert "wrong" not in answer.text.replace("a wrong", "")
    assert (await client.get("/")).status_code == 303


async def test_the_login_page_shows_no_navigation(client: httpx.AsyncClient):
    form = (await client.get("/login")).text
    assert "Log out" not in form
    assert "Answers come from the demo provider." in form


async def test_who_is_in_need_not_log_in(inside: httpx.AsyncClient):
    assert (await inside.get("/login?next=/sessions")).headers["location"] == "/sessions"


@pytest.mark.parametrize("forged", ["", "00" * 32])
async def test_a_login_form_from_elsewhere_is_refused(client: httpx.AsyncClient, forged: str):
    await client.get("/login")
    answer = await client.post("/login", data={"token": TOKEN, "form_token": forged})
    assert answer.status_code == 403
    assert "transom_session" not in client.cookies


async def test_a_login_form_of_another_browser_is_refused(app: FastAPI, client: httpx.AsyncClient):
    async with browser(app) as other:
        theirs = form_token((await other.get("/login")).text)
    await client.get("/login")
    assert (await client.post("/login", data={"token": TOKEN, "form_token": theirs})).status_code == 403


async def test_a_logout_from_elsewhere_is_refused(inside: httpx.AsyncClient):
    assert (await inside.post("/logout", data={"form_token": "00"})).status_code == 403
    assert (await inside.get("/")).status_code == 200
    assert (await inside.get("/logout")).status_code == 405


async def test_guessing_in_the_form_is_slowed_down_even_for_the_right_token(client: httpx.AsyncClient):
    for _ in range(FREE_FAILURES):
        assert (await log_in(client, "wrong")).status_code == 401
    answer = await log_in(client)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1


async def test_guessing_bearer_tokens_is_slowed_down_apart_from_the_form(client: httpx.AsyncClient):
    for _ in range(FREE_FAILURES):
        answer = await client.get("/metrics", headers={"authorization": "Bearer wrong"})
        assert answer.status_code == 401
    answer = await client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 429
    assert (await log_in(client)).status_code == 303


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [("multipart/form-data; boundary=x", b"--x--", 415), ("application/x-www-form-urlencoded", b"a" * 9000, 413)],
)
async def test_only_small_plain_forms_are_read(client: httpx.AsyncClient, content_type: str, body: bytes, status: int):
    answer = await client.post("/login", content=body, headers={"content-type": content_type})
    assert answer.status_code == status


@pytest.mark.parametrize("authorization", ["", "Bearer", f"Basic {TOKEN}", f"Bearer {TOKEN}x", TOKEN])
async def test_rest_needs_the_token(client: httpx.AsyncClient, authorization: str):
    answer = await client.get("/api/v1/traces", headers={"authorization": authorization})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_session_is_no_key_to_the_rest(inside: httpx.AsyncClient):
    assert (await inside.get("/api/v1/traces")).status_code == 401
