"""What redaction may have missed: the messages of the sample that were read again, and what was found in them.

No text is kept of it. A message is known by its digest, so once it is redacted again, or gone, nothing of it is shown.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from sqlalchemy import ColumnElement, RowMapping, Select, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from transom.store.bulk import insert_many, insert_new
from transom.store.intervals import wilson
from transom.store.messages import Digests
from transom.store.models import MESSAGE
from transom.store.read import Page, to_page
from transom.store.residual_models import RESIDUAL_MISS, RESIDUAL_SAMPLE
from transom.store.rows import fit_id, from_text, to_text
from transom.types import OWN_PROJECT, Json, RedactedExchange, Residual

AROUND = 40
"""Characters of the text that are shown on either side of a suspected miss."""

Verdict = Literal["missed", "fine"]

_S, _X, _M = RESIDUAL_SAMPLE.c, RESIDUAL_MISS.c, MESSAGE.c


async def keep_residuals(
    conn: AsyncConnection, exchanges: Sequence[RedactedExchange], digests: Mapping[str, Digests]
) -> None:
    """Store what was found in messages of traces, which must be stored already. It goes with them.

    A message that another trace has brought already counts once.
    """
    read: dict[tuple[Any, ...], tuple[dict[str, Any], Residual]] = {}
    for exchange in exchanges:
        for residual in exchange.residuals:
            row = _sample_row(exchange, residual, digests[exchange.id])
            read.setdefault((row["digest"], row["project_id"], row["key_id"]), (row, residual))
    rows = [read[key][0] for key in sorted(read)]
    new = await insert_new(conn, RESIDUAL_SAMPLE, rows, ("number", "digest", "project_id", "key_id"))
    samples = sorted(((*read[tuple(key)], number) for number, *key in new), key=lambda sample: sample[0]["trace_id"])
    await insert_many(conn, RESIDUAL_MISS, [miss for sample in samples for miss in _miss_rows(*sample)])


def _sample_row(exchange: RedactedExchange, residual: Residual, digests: Digests) -> dict[str, Any]:
    return {
        "project_id": exchange.project_id,
        "key_id": fit_id(exchange.key_id),
        "trace_id": exchange.id,
        "message": residual.message,
        "digest": [*digests.inputs, *digests.outputs][residual.message],
        "at": exchange.started_at,
        "profile": residual.profile,
        "language": residual.language,
    }


def _miss_rows(sample: Mapping[str, Any], residual: Residual, number: int) -> Iterator[dict[str, Any]]:
    for miss in residual.misses:
        yield {
            "project_id": sample["project_id"],
            "key_id": sample["key_id"],
            "sample": number,
            "entity": miss.entity,
            "path": to_text(miss.path),
            "start": miss.start,
            "stop": miss.end,
        }


def _chosen(since: int | None, project_id: str | None, profile: str | None) -> ColumnElement[bool]:
    """Which samples: of all projects but Transom's own where none is named."""
    conditions = [_S.project_id == project_id if project_id else _S.project_id != OWN_PROJECT]
    if since is not None:
        conditions.append(_S.at >= since)
    if profile is not None:
        conditions.append(_S.profile == profile)
    return and_(*conditions)


async def estimate(
    conn: AsyncConnection, since: int | None = None, project_id: str | None = None, profile: str | None = None
) -> dict[str, Any]:
    """How many messages hold what redaction missed, by entity and language: `{sampled, since, data}`.

    A row has `entity` and `language` (None: any), `messages` that were read, `missed_in` so many of them, which is
    `per_1000` with its 95 % interval `low` to `high`, and of the suspected misses how many are `open`, `missed` and
    `fine`. What a reviewer called fine isn't counted. `since` is the time of the oldest message read.
    """
    chosen = _chosen(since, project_id, profile)
    languages = select(_S.language, func.count(), func.min(_S.at)).where(chosen).group_by(_S.language)
    read = (await conn.execute(languages)).all()
    sampled = {row[0]: int(row[1]) for row in read}
    cells = (await conn.execute(_cells(chosen))).mappings().all()
    totals = (await conn.execute(_cells(chosen, any_entity=True))).mappings().all()
    return {
        "sampled": sum(sampled.values()),
        "since": min((int(row[2]) for row in read), default=None),
        "data": list(_rows(sampled, [*totals, *cells])),
    }


def _cells(chosen: ColumnElement[bool], any_entity: bool = False) -> Select[Any]:
    """Messages with misses, and verdicts on these, by language and entity."""
    counts = or_(_X.verdict.is_(None), _X.verdict == "missed")
    groups = [_S.language] if any_entity else [_S.language, _X.entity]
    return (
        select(
            *groups,
            func.count(_X.sample.distinct()).filter(counts).label("missed_in"),
            func.count().filter(_X.verdict.is_(None)).label("open"),
            func.count().filter(_X.verdict == "missed").label("missed"),
            func.count().filter(_X.verdict == "fine").label("fine"),
        )
        .join(RESIDUAL_MISS, _X.sample == _S.number)
        .where(chosen)
        .group_by(*groups)
    )


_COUNTS = ("missed_in", "open", "missed", "fine")


def _rows(sampled: Mapping[str, int], cells: Sequence[RowMapping]) -> Iterator[dict[str, Any]]:
    """All together first, then entities, then languages, then both; each group with the most missed first."""
    sums: dict[tuple[str | None, str | None], dict[str, int]] = {
        (None, language): dict.fromkeys(_COUNTS, 0) for language in (None, *sampled)
    }
    for cell in cells:
        for language in (None, cell["language"]):
            counts = sums.setdefault((cell.get("entity"), language), dict.fromkeys(_COUNTS, 0))
            for name in _COUNTS:
                counts[name] += cell[name]
    for (entity, language), counts in sorted(sums.items(), key=_order):
        messages = sum(sampled.values()) if language is None else sampled[language]
        yield _row(entity, language, messages, counts)


def _order(item: tuple[tuple[str | None, str | None], dict[str, int]]) -> tuple[bool, bool, int, str, str]:
    (entity, language), counts = item
    return language is not None, entity is not None, -counts["missed_in"], entity or "", language or ""


def _row(entity: str | None, language: str | None, messages: int, counts: dict[str, int]) -> dict[str, Any]:
    low, high = wilson(counts["missed_in"], messages)
    return {
        "entity": entity,
        "language": language,
        "messages": messages,
        **counts,
        "per_1000": 1000 * counts["missed_in"] / messages if messages else None,
        "low": 1000 * low,
        "high": 1000 * high,
    }


async def list_misses(
    conn: AsyncConnection, verdict: str | None = None, cursor: str | None = None, limit: int = 50
) -> Page:
    """Suspected misses, the newest first: those without a verdict whose text can still be read, or those with one.

    Each has `id, trace_id, project_id, at, profile, language, entity, verdict, judged_at, judged_by`, and of the
    redacted text `before, text, after`: None where it has changed or gone since.
    """
    query = _listed().where(_S.project_id != OWN_PROJECT)
    if verdict is None:
        query = query.where(_X.verdict.is_(None), _M.id.is_not(None))
    else:
        query = query.where(_X.verdict == verdict)
    if cursor is not None:
        query = query.where(_X.number < int(cursor))
    found = await conn.execute(query.order_by(_X.number.desc()).limit(limit + 1))
    return to_page([_shown(row) for row in found.mappings()], limit, lambda row: str(row["id"]))


async def get_miss(conn: AsyncConnection, number: int) -> dict[str, Any] | None:
    """One of them, or None."""
    row = (await conn.execute(_listed().where(_X.number == number))).mappings().first()
    return None if row is None else _shown(row)


def _listed() -> Select[Any]:
    same = and_(_M.digest == _S.digest, _M.project_id == _S.project_id, _M.key_id == _S.key_id)
    columns = (_X.number.label("id"), _S.trace_id, _S.project_id, _S.at, _S.profile, _S.language, _X.entity)
    judged = (_X.verdict, _X.judged_at, _X.judged_by)
    joined = RESIDUAL_MISS.join(RESIDUAL_SAMPLE, _X.sample == _S.number).outerjoin(MESSAGE, same)
    return select(*columns, *judged, _X.path, _X.start, _X.stop, _M.parts).select_from(joined)


def _shown(row: RowMapping) -> dict[str, Any]:
    shown = {name: row[name] for name in row if name not in ("path", "start", "stop", "parts")}
    text = None if row["parts"] is None else leaf_at(from_text(row["parts"]), from_text(row["path"]))
    if text is None:
        return {**shown, "before": None, "text": None, "after": None}
    start, end = row["start"], row["stop"]
    around = {"before": text[max(0, start - AROUND) : start], "after": text[end : end + AROUND]}
    return {**shown, **around, "text": text[start:end]}


def leaf_at(value: Json, path: Sequence[str | int]) -> str | None:
    """The text at a path of a message's parts, if there is one."""
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value if isinstance(value, str) else None


async def judge(conn: AsyncConnection, number: int, verdict: Verdict, actor: str) -> bool:
    """Note what a reviewer says of a suspected miss; the last word counts. False if there is none of that number."""
    said = {"verdict": verdict, "judged_at": time.time_ns(), "judged_by": actor}
    return bool((await conn.execute(update(RESIDUAL_MISS).where(_X.number == number).values(said))).rowcount)
