"""Full-text search over messages, each indexed once: all words of a query, newest first, no phrases.

What a word is, is decided here and not by the databases, so that both find the same.
"""

from __future__ import annotations

import unicodedata

from sqlalchemy import ColumnElement, Select, column, false, func, literal_column, select, table
from sqlalchemy.ext.asyncio import AsyncConnection

from transom.store.dialect import is_sqlite
from transom.store.models import MESSAGE, SESSION_MESSAGE

SEARCHABLE_CHARS = 100_000
"""Of each message. PostgreSQL refuses to index a text with more than 1 MB of distinct words."""

LONGEST_WORD = 200
MOST_WORDS = 20
MOST_HITS = 5_000
"""A search looks at the traces of that many messages, the newest ones."""


class _WordChars(dict[int, str]):
    """Maps what is neither letter, mark nor number to a space; filled as characters turn up."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        self[code] = char if unicodedata.category(char)[0] in "LMN" else " "
        return self[code]


_WORD_CHARS = _WordChars()


def words_of(text: str) -> list[str]:
    """The words of the first `SEARCHABLE_CHARS` characters: runs of letters, marks and numbers, letter case folded."""
    return [word[:LONGEST_WORD] for word in text[:SEARCHABLE_CHARS].casefold().translate(_WORD_CHARS).split()]


def traces_with(conn: AsyncConnection, words: list[str]) -> Select[tuple[str]]:
    """Selects the ids of the traces that brought a message with all of `words`; none where there are no words."""
    if not words:
        return select(SESSION_MESSAGE.c.trace_id).where(false())
    hits = (
        select(MESSAGE.c.id)
        .where(_matches(conn, words[:MOST_WORDS]))
        .order_by(MESSAGE.c.id.desc())
        .limit(MOST_HITS)
        .subquery()
    )
    return select(SESSION_MESSAGE.c.trace_id).where(SESSION_MESSAGE.c.message_id.in_(select(hits.c.id)))


def _matches(conn: AsyncConnection, words: list[str]) -> ColumnElement[bool]:
    if is_sqlite(conn):
        query = " ".join(f'"{word}"' for word in words)
        index = table("message_words", column("rowid"))
        hits = select(index.c.rowid).where(literal_column("message_words").op("MATCH")(query))
        return MESSAGE.c.id.in_(hits.order_by(index.c.rowid.desc()).limit(MOST_HITS))
    simple: ColumnElement[str] = literal_column("'simple'")
    return func.to_tsvector(simple, MESSAGE.c.words).op("@@")(func.plainto_tsquery(simple, " ".join(words)))
