"""What the standing proof found, each time that it was made."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import RowMapping, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from transom.store.models import PROOF
from transom.store.read import Page, Row, to_page
from transom.store.rows import from_text, to_text
from transom.types import ANONYMOUS_KEY, OWN_PROJECT

_P = PROOF.c
_JSON = ("kinds", "places", "found")


class Found(msgspec.Struct, frozen=True):
    """Personal data of that kind was found at a place where it must not be, or was not replaced where it should be."""

    kind: str
    place: str


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """A finished proof. It holds if nothing was found. `places` says how many bytes were searched in each."""

    at: int
    profile: str
    kinds: list[str]
    places: dict[str, int]
    found: list[Found]

    @property
    def holds(self) -> bool:
        """Whether nothing leaked."""
        return not self.found

    @property
    def bytes_searched(self) -> int:
        """Of all places."""
        return sum(self.places.values())


async def keep_proof(conn: AsyncConnection, proof: Proof) -> None:
    """Store a proof."""
    row: dict[str, Any] = {
        "project_id": OWN_PROJECT,
        "key_id": ANONYMOUS_KEY,
        "at": proof.at,
        "profile": proof.profile,
        "bytes_searched": proof.bytes_searched,
        **{name: to_text(getattr(proof, name)) for name in _JSON},
    }
    await conn.execute(insert(PROOF).values(row))


async def list_proofs(conn: AsyncConnection, cursor: str | None = None, limit: int = 50) -> Page:
    """Proofs, the newest first: the fields of `Proof`, `number`, `holds` and `bytes_searched`."""
    query = select(PROOF).order_by(_P.number.desc()).limit(limit + 1)
    if cursor is not None:
        query = query.where(_P.number < int(cursor))
    rows = [_shown(row) for row in (await conn.execute(query)).mappings()]
    return to_page(rows, limit, lambda row: str(row["number"]))


async def last_proof(conn: AsyncConnection) -> Row | None:
    """The newest proof, or None."""
    rows = (await list_proofs(conn, limit=1)).rows
    return rows[0] if rows else None


def _shown(row: RowMapping) -> Row:
    names = ("number", "at", "profile", "bytes_searched")
    read = {name: from_text(row[name]) for name in _JSON}
    return {**{name: row[name] for name in names}, **read, "holds": not read["found"]}
