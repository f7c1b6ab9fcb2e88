"""What redaction misses, over REST and as a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.unit.admin.conftest import form_token
from tests.unit.admin.seeds import HOSTILE
from tests.unit.store.builders import exchange, rows, say, trace_id, write
from transom.admin.residuals import profiles
from transom.config import Redaction
from transom.store.models import AUDIT, JOB, RULE
from transom.types import Miss, Residual

PATH = "/api/v1/redaction/residuals"
TEXT = "My neighbour Quintessa Vandermolen said so."
FOUND = Residual(0, "fast", "en", [Miss("PERSON", [0, "content"], 13, 34)])


async def plant(db: AsyncEngine) -> None:
    await write(db, exchange(1, input_messages=[say("user", TEXT)], residuals=[FOUND]))


async def missed(rest: httpx.AsyncClient, verdict: str = "open") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await rest.get(f"{PATH}/misses", params={"verdict": verdict})).json()["data"]
    return found


async def person(rest: httpx.AsyncClient, **chosen: Any) -> dict[str, Any]:
    table = (await rest.get(PATH, params={"profile": "fast", **chosen})).json()["data"]
    return next((row for row in table if (row["entity"], row["language"]) == ("PERSON", None)), {})


async def judged(rest: httpx.AsyncClient, number: int, status: int = 200, **said: Any) -> Any:
    answer = await rest.post(f"{PATH}/misses/{number}", json=said)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_the_table(rest: httpx.AsyncClient, db: AsyncEngine) -> None:
    await plant(db)
    whole = (await rest.get(PATH)).json()
    assert (whole["share"], whole["sampled"], whole["names_unchecked"]) == (0.01, 6, {"bn": 1})
    assert whole["since"].startswith("2023-11-14T")
    everything = whole["data"][0]
    assert (everything["entity"], everything["language"], everything["messages"]) == (None, None, 6)
    assert (everything["missed_in"], everything["per_1000"], everything["open"]) == (3, 500, 3)
    assert (await person(rest))["per_1000"] == 1000
    assert await person(rest, project_id="other") == {}
    assert await person(rest, since="2024-01-01T00:00:00Z") == {}


async def test_misses_are_shown_in_their_redacted_text(rest: httpx.AsyncClient, db: AsyncEngine) -> None:
    await plant(db)
    first = (await rest.get(f"{PATH}/misses?limit=1")).json()
    (miss,) = first["data"]
    assert (miss["before"], miss["text"], miss["after"]) == ("My neighbour ", "Quintessa Vandermolen", " said so.")
    assert (miss["trace_id"], miss["entity"], miss["profile"], miss["language"]) == (
        *(trace_id(1), "PERSON", "fast"),
        "en",
    )
    rest_of_it = (await rest.get(f"{PATH}/misses", params={"cursor": first["next_cursor"]})).json()
    assert [each["entity"] for each in rest_of_it["data"]] == ["PERSON", "LOCATION"]
    assert rest_of_it["next_cursor"] is None


async def test_a_verdict_corrects_the_estimate_and_is_in_the_log(rest: httpx.AsyncClient, db: AsyncEngine) -> None:
    await plant(db)
    number = (await missed(rest))[0]["id"]
    answer = await judged(rest, number, verdict="fine")
    assert (answer["verdict"], answer["judged_by"]) == ("fine", "admin token")
    assert (await person(rest))["missed_in"] == 0
    assert [each["id"] for each in await missed(rest, "fine")] == [number]
    await judged(rest, number, verdict="missed")
    assert ((await person(rest))["missed_in"], (await person(rest))["missed"]) == (1, 1)
    lines = (await rest.get("/api/v1/audit")).json()["data"]
    assert [(line["action"], line["detail"]) for line in lines] == [
        ("judge_residual", {"miss": number, "verdict": "missed"}),
        ("judge_residual", {"miss": number, "verdict": "fine"}),
    ]
    assert await rows(db, RULE) == []


async def test_what_was_missed_can_be_taught_in_one_call(rest: httpx.AsyncClient, db: AsyncEngine) -> None:
    await plant(db)
    number = (await missed(rest))[0]["id"]
    await judged(rest, number, 422, verdict="fine", teach=True)
    await judged(rest, number, verdict="missed", teach=True)
    (rule,) = (await rest.get("/api/v1/redaction/rules")).json()["data"]
    assert (rule["kind"], rule["entity"], rule["words"]) == ("missed", "PERSON", 2)
    async with db.connect() as conn:
        kept = repr([(await conn.execute(select(table))).all() for table in (RULE, AUDIT, JOB)])
    assert "Quintessa" not in kept


async def test_what_can_not_be_judged(rest: httpx.AsyncClient, db: AsyncEngine) -> None:
    gone = Residual(0, "fast", "en", [Miss("PERSON", [0, "gone"], 0, 4)])
    await write(db, exchange(1, input_messages=[say("user", TEXT)], residuals=[gone]))
    number = (await missed(rest))[0]["id"]
    await judged(rest, 10**6, 404, verdict="fine")
    await judged(rest, number, 422, verdict="maybe")
    await judged(rest, number, 409, verdict="missed", teach=True)
    assert (await missed(rest))[0]["verdict"] is None


async def test_the_page_shows_the_estimate_and_takes_a_verdict(inside: httpx.AsyncClient, rest: Any) -> None:
    page = (await inside.get("/redaction")).text
    assert "To be judged" in page and "<td>Location</td>" in page and "<mark>Kenya</mark>" in page
    assert "Not looked for: Date time" in page
    assert "<strong>bn</strong> 1" in page
    assert HOSTILE[8:] not in page
    number = next(each["id"] for each in await missed(rest) if each["text"] == "Kenya")
    form = {"form_token": form_token(page), "verdict": "fine"}
    answer = await inside.post(f"/redaction/misses/{number}", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/redaction#misses")
    assert "Kenya" not in (await inside.get("/redaction")).text
    assert [each["id"] for each in await missed(rest, "fine")] == [number]


@pytest.mark.parametrize(("button", "rules"), [("redact", 1), ("missed", 0)])
async def test_the_buttons_of_the_page(inside: Any, rest: Any, db: AsyncEngine, button: str, rules: int) -> None:
    page = (await inside.get("/redaction")).text
    number = (await missed(rest))[-1]["id"]
    form = {"form_token": form_token(page), "verdict": button}
    assert (await inside.post(f"/redaction/misses/{number}", data=form)).status_code == 303
    assert [each["id"] for each in await missed(rest, "missed")] == [number]
    assert len(await rows(db, RULE)) == rules


async def test_only_a_form_of_ours_is_taken(inside: httpx.AsyncClient, rest: Any) -> None:
    number = (await missed(rest))[0]["id"]
    forged = {"form_token": "x", "verdict": "fine"}
    assert (await inside.post(f"/redaction/misses/{number}", data=forged)).status_code == 403
    own = {"form_token": form_token((await inside.get("/redaction")).text), "verdict": "odd"}
    assert (await inside.post(f"/redaction/misses/{number}", data=own)).status_code == 422
    assert (await missed(rest))[0]["verdict"] is None


async def test_both_need_a_login(client: httpx.AsyncClient) -> None:
    for path in (PATH, f"{PATH}/misses"):
        assert (await client.get(path)).status_code == 401
    assert (await client.post(f"{PATH}/misses/1", json={"verdict": "fine"})).status_code == 401
    assert (await client.get("/redaction")).status_code == 303
    assert (await client.post("/redaction/misses/1", data={"verdict": "fine"})).headers["location"] == "/login"


def test_profiles_say_what_they_leave_out(tmp_path: Path) -> None:
    used = profiles(Redaction(profile="logs", routes={"quick": "fast", "odd": "nope"}))
    assert [(each["name"], each["by_cue"]) for each in used] == [("logs", False), ("fast", True), ("nope", False)]
    assert used[0]["without"] == ["DATE_TIME"]
    assert "no `nope`" in used[2]["problem"]
    file = tmp_path / "redaction.yaml"
    file.write_text("profiles:\n  own: {threshold: 0.5}\n")
    (own,) = profiles(Redaction(profile="own", file=file))
    assert (own["without"], own["problem"]) == ([], None)
