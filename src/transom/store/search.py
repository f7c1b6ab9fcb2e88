"""Full-text search over messages, each indexed once: all words of a query, newest first, no phrases.

What a word is, is decided here and not by the databases, so that both find the same. The index holds no places of
words and no second copy of the texts: to take a message out of it, its words are told again. So whoever changes what
a word is must build the index anew.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from sqlalchemy import Select, Text, bindparam, cast, column, literal_column, select, table
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.ext.asyncio import AsyncConnection

from transom.store.dialect import is_sqlite
from transom.store.models import SESSION_MESSAGE
from transom.store.rows import from_text, searchable_text
from transom.types import Json

SEARCHABLE_CHARS = 100_000
"""Of each message. PostgreSQL refuses to index a text with more than 1 MB of distinct words."""

LONGEST_WORD = 200
MOST_WORDS = 20
MOST_HITS = 2_000
"""A search looks at the traces of that many messages, the newest ones."""


class _WordChars(dict[int, str]):
    """Maps what is neither letter, mark nor number to a space; filled as characters turn up."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        self[code] = char if unicodedata.category(char)[0] in "LMN" else " "
        return self[code]


_WORD_CHARS = _WordChars()
_ASCII_WORD_CHARS = bytes(code if chr(code).isalnum() and code < 128 else 32 for code in range(256))

TOOLS_ROLE = "_tools"
"""The role of the message that holds a request's tool definitions. Search leaves it out."""


def words_of(text: str) -> list[str]:
    """The words of the first `SEARCHABLE_CHARS` characters: runs of letters, marks and numbers, letter case folded."""
    folded = text[:SEARCHABLE_CHARS].casefold()
    return [word[:LONGEST_WORD] for word in _spaced(folded).split()]


def _spaced(text: str) -> str:
    """The text with spaces for what is not part of a word."""
    if text.isascii():  # the same, twenty times faster
        return text.encode().translate(_ASCII_WORD_CHARS).decode()
    return text.translate(_WORD_CHARS)


def indexed_words(role: str, parts: Sequence[dict[str, Json]]) -> str:
    """The words under which a message is found, with spaces between."""
    if role == TOOLS_ROLE:
        return ""
    text = searchable_text(parts)
    spaced = _spaced(text[:SEARCHABLE_CHARS].casefold())
    return " ".join(words_of(text)) if _has_long_word(spaced) else spaced


def _has_long_word(spaced: str) -> bool:
    """Whether a word may be too long. None is where each half of its length has a space; seldom needs a closer look."""
    half = LONGEST_WORD // 2
    return any(" " not in spaced[start : start + half] for start in range(0, len(spaced) - half + 1, half))


def indexed_words_of_row(role: str, parts: str) -> str:
    """The same of a row of `message`: SQLite calls it when one is deleted."""
    return indexed_words(role, from_text(parts))


async def index_words(conn: AsyncConnection, rows: Sequence[tuple[int, str]]) -> None:
    """Put messages in the index, given as their row ids and `indexed_words`."""
    if is_sqlite(conn):
        await conn.exec_driver_sql("INSERT INTO message_words (rowid, words) VALUES (?, ?)", list(rows))
    elif rows:
        ids, words = zip(*rows, strict=True)
        await conn.exec_driver_sql("SET LOCAL work_mem = '32MB'")  # for taking new words into the index in one go
        await conn.exec_driver_sql(_POSTGRESQL_INSERT, (list(ids), list(words)))


_POSTGRESQL_INSERT = """INSERT INTO message_words (message_id, words)
SELECT message_id, array_to_tsvector(array_remove(string_to_array(words, ' '), ''))
FROM unnest($1::bigint[], $2::text[]) AS new (message_id, words)"""


async def find_traces(conn: AsyncConnection, words: list[str]) -> list[str]:
    """The ids of the traces that brought a message with all of `words`, the newest first; none without words."""
    if not words:
        return []
    newest = _hits(conn, words[:MOST_WORDS]).limit(literal_column(str(MOST_HITS))).subquery()
    brought = select(SESSION_MESSAGE.c.trace_id).where(SESSION_MESSAGE.c.message_id.in_(select(newest)))
    return sorted(set((await conn.execute(brought)).scalars()), reverse=True)


def _hits(conn: AsyncConnection, words: list[str]) -> Select[tuple[int]]:
    """Selects the ids of the messages with all of `words`, the newest first. No word has a quote in it.

    PostgreSQL is given the words in the statement: how best to look for them depends on how frequent they are.
    """
    if is_sqlite(conn):
        index = table("message_words", column("rowid"))
        query = " ".join(f'"{word}"' for word in words)
        found = select(index.c.rowid).where(literal_column("message_words").op("MATCH")(query))
        return found.order_by(index.c.rowid.desc())
    index = table("message_words", column("message_id"), column("words"))
    wanted = bindparam(None, " & ".join(f"'{word}'" for word in words), Text, literal_execute=True)
    found = select(index.c.message_id).where(index.c.words.op("@@")(cast(wanted, TSQUERY)))
    return found.order_by(index.c.message_id.desc())
