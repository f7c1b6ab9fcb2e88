"""Traces in languages of whose names redaction knows nothing."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from transom.store.models import TRACE, UNCHECKED
from transom.store.rows import from_text
from transom.types import OWN_PROJECT

_T = TRACE.c


async def count_unchecked(conn: AsyncConnection) -> dict[str, int]:
    """How many traces have such a language (ISO 639-1), the most frequent first. It reads an index of these alone."""
    sets = select(_T.names_unchecked, func.count()).where(UNCHECKED, _T.project_id != OWN_PROJECT)
    traces = Counter[str]()
    for languages, count in await conn.execute(sets.group_by(_T.names_unchecked)):
        traces.update(dict.fromkeys(from_text(languages), count))
    return dict(traces.most_common())
