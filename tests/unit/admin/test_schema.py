from __future__ import annotations

import httpx

from transom.admin.schema import Completeness, Time

PATHS = {
    "/api/v1/entities/erase",
    "/api/v1/entities/lookup",
    "/api/v1/redaction/residuals",
    "/api/v1/redaction/residuals/misses",
    "/api/v1/redaction/residuals/misses/{number}",
    "/api/v1/redaction/rules",
    "/api/v1/redaction/rules/{rule_id}",
    "/api/v1/traces",
    "/api/v1/sessions",
    "/api/v1/feedback",
    "/api/v1/stats",
    "/api/v1/completeness",
    "/api/v1/proofs",
    "/api/v1/audit",
    "/api/v1/traces/{trace_id}",
    "/api/v1/sessions/{session_id}",
    "/api/v1/users/{user_id}",
}


async def test_openapi_describes_the_rest_and_nothing_else(rest: httpx.AsyncClient):
    description = (await rest.get("/api/v1/openapi.json")).json()
    assert set(description["paths"]) == PATHS
    trace = description["components"]["schemas"]["Trace"]
    assert trace["properties"]["started_at"] == {"type": "string", "format": "date-time", "title": "Started At"}
    parameters = {p["name"] for p in description["paths"]["/api/v1/traces"]["get"]["parameters"]}
    assert {"q", "cursor", "limit", "since"} <= parameters
    assert all(operation["security"] for path in description["paths"].values() for operation in path.values())


async def test_openapi_needs_the_token(client: httpx.AsyncClient):
    assert (await client.get("/api/v1/openapi.json")).status_code == 401


def test_times_are_written_in_rfc_3339():
    class Moment(Completeness):
        at: Time

    numbers = dict.fromkeys(("begun", "stored", "metadata_only", "dropped", "in_flight", "unaccounted"), 0)
    moment = Moment(**numbers, reasons={}, ended={}, lag_s=0, days=[], at=1_700_000_000 * 10**9)  # type: ignore[arg-type]
    assert moment.model_dump()["at"] == "2023-11-14T22:13:20.000000Z"
