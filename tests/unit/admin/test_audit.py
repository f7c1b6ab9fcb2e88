from __future__ import annotations

import httpx

from tests.unit.admin.seeds import CHAT, seeded_id


async def test_the_log_tells_what_was_erased_and_not_whose(rest: httpx.AsyncClient) -> None:
    await rest.delete("/api/v1/users/user-7")
    await rest.delete(f"/api/v1/traces/{seeded_id(CHAT)}")
    await rest.delete("/api/v1/traces?model=none&user_id=user-8")
    answer = (await rest.get("/api/v1/audit")).json()
    lines = [(line["actor"], line["action"], line["traces"]) for line in answer["data"]]
    assert lines == [
        ("admin token", "erase_traces", 0),
        ("admin token", "erase_trace", 0),
        ("admin token", "erase_user", 1),
    ]
    assert answer["data"][0]["detail"] == {"filters": ["model", "user_id"]}
    assert "user-" not in str(answer)


async def test_who_knows_the_id_finds_its_lines(rest: httpx.AsyncClient) -> None:
    for path in ("users/user-7", "sessions/user-7", "users/user-8"):
        await rest.delete(f"/api/v1/{path}")
    found = (await rest.get("/api/v1/audit", params={"id": "user-7"})).json()["data"]
    assert [line["action"] for line in found] == ["erase_session", "erase_user"]
    assert (await rest.get("/api/v1/audit", params={"id": "user-7", "project_id": "p"})).json()["data"] == []


async def test_pages_of_the_log(rest: httpx.AsyncClient) -> None:
    for number in range(3):
        await rest.delete(f"/api/v1/users/{number}")
    first = (await rest.get("/api/v1/audit?limit=2")).json()
    second = (await rest.get("/api/v1/audit", params={"cursor": first["next_cursor"]})).json()
    assert (len(first["data"]), len(second["data"]), second["next_cursor"]) == (2, 1, None)
    assert (await rest.get("/api/v1/audit?cursor=x")).status_code == 422


async def test_the_page(inside: httpx.AsyncClient, rest: httpx.AsyncClient) -> None:
    assert "Nothing yet" in (await inside.get("/audit")).text
    await rest.delete("/api/v1/users/user-7")
    await rest.delete("/api/v1/traces?model=none")
    page = (await inside.get("/audit")).text
    assert "erase user" in page and "filters model" in page
    assert "user-7" not in page


async def test_both_need_a_login(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/v1/audit")).status_code == 401
    assert (await client.get("/audit")).status_code == 303
