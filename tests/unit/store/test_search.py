from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.unit.store.builders import exchange, say, trace_id, write
from transom.store.read import TraceFilter, list_traces
from transom.store.search import LONGEST_WORD, indexed_words, words_of
from transom.types import RedactedMessage

BENGALI = "আমার বাংলা প্রশ্নের উত্তর দিন"


async def find(db: AsyncEngine, q: str) -> list[str]:
    async with db.connect() as conn:
        page = await list_traces(conn, TraceFilter(q=q))
    return [row["id"] for row in page.rows]


@pytest.mark.parametrize(
    ("said", "q"),
    [
        ("the quick brown fox", "fox quick"),
        ("The Quick", "tHE qUICK"),
        (BENGALI, "প্রশ্নের"),
        (BENGALI, "উত্তর বাংলা"),
        ("ÉCOLE normale", "école"),
        ("see https://example.org/a/path?x=1", "path example"),
        ("call user_id=42 now", "42"),
        ("ask <PERSON:k7qx> for it", "k7qx"),
        ("what's new", "what's"),
        ("第一 问题", "问题"),
    ],
)
async def test_words_are_found_in_any_order_and_case(db: AsyncEngine, said: str, q: str) -> None:
    await write(db, exchange(1, input_messages=[say("user", said)]), exchange(2))
    assert await find(db, q) == [trace_id(1)]


@pytest.mark.parametrize("q", ["fox dog", "বাং", "প্রশ্ন", "!!!", '"', "qu*"])
async def test_what_was_not_said_is_not_found(db: AsyncEngine, q: str) -> None:
    await write(db, exchange(1, input_messages=[say("user", "the quick brown fox " + BENGALI)]))
    assert await find(db, q) == []


async def test_what_is_given_is_never_syntax(db: AsyncEngine) -> None:
    await write(db, exchange(1, input_messages=[say("user", "words or near not and words")]))
    for q in (
        'words"',
        "words OR",
        "NEAR(words",
        "words: AND -",
        "words & | ! <->",
        "'words' ''",
        "(words)",
        "words%_",
    ):
        assert await find(db, q) == [trace_id(1)], q


async def test_an_empty_query_filters_nothing(db: AsyncEngine) -> None:
    await write(db, exchange(1))
    assert await find(db, "  ") == [trace_id(1)]


async def test_the_newest_comes_first_and_a_message_leads_to_the_trace_that_brought_it(db: AsyncEngine) -> None:
    one = exchange(1, session_id="s", input_messages=[say("user", "tell me of otters")])
    history = [*one.input_messages, *one.output_messages, say("user", "more")]
    two = exchange(2, session_id="s", input_messages=history)
    other = exchange(3, input_messages=[say("user", "otters again")])
    await write(db, one, two, other)
    assert await find(db, "otters") == [trace_id(3), trace_id(1)]


async def test_tool_calls_are_searched_but_attachments_and_definitions_are_not(db: AsyncEngine) -> None:
    parts = [
        {"type": "tool_call", "id": "c", "name": "weather", "arguments": {"city": ["Oslo"]}},
        {"type": "blob", "modality": "image", "mime_type": "image/png", "content": "aGVsbG8"},
    ]
    output = RedactedMessage(role="assistant", parts=parts)
    await write(db, exchange(1, output_messages=[output], tools=[{"name": "weather", "description": "forecasts"}]))
    assert await find(db, "weather oslo") == [trace_id(1)]
    assert await find(db, "aGVsbG8") == await find(db, "forecasts") == []


async def test_a_huge_message_is_stored_and_found_by_its_beginning(db: AsyncEngine) -> None:
    huge = "beginning " + " ".join(f"wort{n}ß" for n in range(60_000)) + " end"
    await write(db, exchange(1, input_messages=[say("user", huge)]))
    assert await find(db, "beginning wort7ß") == [trace_id(1)]
    assert await find(db, "wort59999ß") == []


@given(st.text(st.characters(codec="ascii") | st.characters()) | st.text("ab .", max_size=500))
def test_the_index_gets_the_words_that_are_looked_for(text: str) -> None:
    long = "a" * LONGEST_WORD
    for said in (text, f"{text} {long}b", f"{long}{text}"):
        assert indexed_words("user", [{"type": "text", "content": said}]).split() == words_of(said)


async def test_of_a_long_word_the_beginning_counts(db: AsyncEngine) -> None:
    await write(db, exchange(1, input_messages=[say("user", "blob " + "x" * 5_000 + " end")]))
    assert await find(db, "x" * 300 + " blob end") == [trace_id(1)]
    assert await find(db, "x" * 199) == []


@given(st.text())
def test_words_hold_no_quotes_spaces_or_signs(text: str) -> None:
    for word in words_of(text):
        assert word and not set(word) & set("\"'() *:-&|!<>\x00\n\t")
