"""A reviewer teaches redaction over REST."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.unit.store.builders import SECRET, exchange, feedback, say, trace_id, write
from transom.admin import rules as module
from transom.redact.placeholders import Placeholders
from transom.store.models import AUDIT, JOB, RULE
from transom.store.rules import read_rules

PATH = "/api/v1/redaction/rules"
VALUE = "Quintessa Vandermolen"
MISSED = {"kind": "missed", "entity": "PERSON", "text": VALUE}


async def taught(rest: httpx.AsyncClient, status: int = 200, **new: Any) -> Any:
    answer = await rest.post(PATH, json=new)
    assert answer.status_code == status, answer.text
    return answer.json()


async def kept(db: AsyncEngine) -> str:
    async with db.connect() as conn:
        return repr([(await conn.execute(select(table))).all() for table in (RULE, AUDIT, JOB)])


async def test_a_dry_run_counts_and_teaches_nothing(rest: httpx.AsyncClient, db: AsyncEngine) -> None:
    said = feedback(trace_id(1), comment=VALUE)
    one, other = say("user", f"I am {VALUE}"), say("user", f"{VALUE} again")
    await write(db, exchange(1, input_messages=[one, other]), exchange(2, user_id=VALUE), exchange(3), said)
    answer = await taught(rest, **MISSED, dry_run=True)
    assert answer == {"rule": None, "messages": 2, "traces": 2, "feedback": 1, "complete": True}
    assert (await rest.get(PATH)).json() == {"data": []}


async def test_a_missed_value_becomes_a_rule_without_the_value(rest: httpx.AsyncClient, db: AsyncEngine) -> None:
    rule = (await taught(rest, **MISSED))["rule"]
    assert (rule["kind"], rule["entity"], rule["words"], rule["text"]) == ("missed", "PERSON", 2, None)
    assert rule["rescrub"] == {
        "stage": "messages",
        "passes": 0,
        "messages": 0,
        "traces": 0,
        "feedback": 0,
        "finished_at": None,
    }
    assert (await rest.get(PATH)).json()["data"] == [rule] == [(await rest.get(f"{PATH}/{rule['id']}")).json()]
    assert "uintessa" not in await kept(db) and "UINTESSA" not in (await kept(db)).upper()
    async with db.connect() as conn:
        (line,) = (await conn.execute(select(AUDIT))).mappings()
        (job,) = (await conn.execute(select(JOB))).mappings()
    assert (line["action"], line["actor"]) == ("rescrub", "admin token")
    assert job["kind"] == "rescrub"


async def test_to_teach_the_same_again_changes_nothing(rest: httpx.AsyncClient, db: AsyncEngine) -> None:
    first = await taught(rest, **MISSED)
    again = await taught(rest, **{**MISSED, "text": "quintessa  VANDERMOLEN"})
    assert again["rule"]["id"] == first["rule"]["id"]
    assert len((await rest.get(PATH)).json()["data"]) == 1


async def test_a_pattern(rest: httpx.AsyncClient, db: AsyncEngine) -> None:
    await write(db, exchange(1, input_messages=[say("user", "badge EMP-123456")]), exchange(2))
    answer = await taught(rest, kind="missed", entity="BADGE", pattern="EMP-[0-9]{6}")
    assert (answer["rule"]["kind"], answer["rule"]["text"], answer["traces"]) == ("pattern", "EMP-[0-9]{6}", 1)


async def test_a_wrong_finding_is_allowed_and_counted(rest: httpx.AsyncClient, db: AsyncEngine) -> None:
    placeholder = Placeholders(SECRET.placeholders("default")).make("PERSON", "Jira")
    await write(db, exchange(1, input_messages=[say("user", f"see {placeholder}")]), exchange(2))
    answer = await taught(rest, kind="wrong", entity="PERSON", text="Jira")
    assert (answer["traces"], answer["rule"]["text"], answer["rule"]["rescrub"]) == (1, "Jira", None)
    async with db.connect() as conn:
        assert (await conn.execute(select(JOB))).all() == []
        (line,) = (await conn.execute(select(AUDIT))).mappings()
    assert line["action"] == "teach" and "Jira" not in line["detail"]


async def test_a_rule_can_be_ended(rest: httpx.AsyncClient, db: AsyncEngine) -> None:
    rule = (await taught(rest, **MISSED))["rule"]
    assert (await rest.delete(f"{PATH}/{rule['id']}", params={"project_id": "other"})).status_code == 404
    assert (await rest.delete(f"{PATH}/{rule['id']}")).status_code == 204
    assert (await rest.delete(f"{PATH}/{rule['id']}")).status_code == 404
    assert (await rest.get(f"{PATH}/{rule['id']}")).status_code == 404
    async with db.connect() as conn:
        assert await read_rules(conn) == []
        actions = (await conn.execute(select(AUDIT.c.action).order_by(AUDIT.c.number))).scalars().all()
    assert actions == ["rescrub", "end_rule"]


async def test_rules_are_of_one_project(rest: httpx.AsyncClient, db: AsyncEngine) -> None:
    await write(db, exchange(1, project_id="p", input_messages=[say("user", VALUE)]))
    assert (await taught(rest, **MISSED))["traces"] == 0
    assert (await taught(rest, **MISSED, project_id="p"))["traces"] == 1
    assert len((await rest.get(PATH, params={"project_id": "p"})).json()["data"]) == 1


@pytest.mark.parametrize(
    ("new", "says"),
    [
        ({"text": "x"}, "at least 2 letters"),
        ({"text": "!!!"}, "at least 2 letters"),
        ({"text": "w " * 21}, "at most 20 words"),
        ({"pattern": "(a+)+b"}, "no bound"),
        ({"pattern": "("}, "not valid"),
        ({"pattern": "a?"}, "empty text"),
        ({"kind": "wrong", "pattern": "EMP"}, "named by its `text`"),
        ({}, "either `text` or `pattern`"),
        ({"text": "ab", "pattern": "ab"}, "either `text` or `pattern`"),
        ({"text": "ab", "entity": "person"}, "pattern"),
        ({"text": "ab", "nonsense": 1}, "not permitted"),
        ({"text": "a\x00b"}, "pattern"),
    ],
)
async def test_what_cannot_be_a_rule_is_refused(
    rest: httpx.AsyncClient, db: AsyncEngine, new: dict[str, Any], says: str
) -> None:
    answer = await taught(rest, 422, **{"kind": "missed", "entity": "PERSON", **new})
    assert says in str(answer)


async def test_too_many_rules_are_refused(
    rest: httpx.AsyncClient, db: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transom.store.rules.MOST_RULES", 1)
    await taught(rest, **MISSED)
    answer = await taught(rest, 409, **{**MISSED, "text": "another one"})
    assert "end some" in answer["detail"]


async def test_a_count_that_takes_too_long_says_so(
    rest: httpx.AsyncClient, db: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "COUNT_S", 0.0)
    assert (await taught(rest, **MISSED, dry_run=True))["complete"] is False


@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
async def test_it_needs_the_token(app: FastAPI, inside: httpx.AsyncClient, method: str) -> None:
    path = f"{PATH}/x" if method == "DELETE" else PATH
    assert (await inside.request(method, path, json=MISSED)).status_code == 401
