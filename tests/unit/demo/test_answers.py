"""The demo's answers are chosen by whole words, in any script, and tools are called only where they are on offer."""

from __future__ import annotations

import pytest

from transom.demo.answers import ANSWERS, DEFAULT, choose

TOOLS = ("get_order", "get_weather")


@pytest.mark.parametrize(("words", "answer"), ANSWERS, ids=[words[0] for words, _ in ANSWERS])
def test_each_of_its_words_gets_the_answer(words: tuple[str, ...], answer: object):
    said = [choose(f"So, {word.upper()}?", TOOLS) for word in words]
    assert all(one.tool or one.text or one.refusal or one.error for one in said)
    assert len({repr(one) for one in said}) == 1


@pytest.mark.parametrize("prompt", ["What is this?", "Discard it", "I belong here", ""])
def test_a_part_of_a_word_does_not_count(prompt: str):
    assert choose(prompt) == DEFAULT


def test_bengali_words_are_found_with_their_endings():
    assert "ঢাকা" in choose("বাংলাদেশের রাজধানী কোথায়?").text


def test_a_tool_is_called_if_it_is_offered_and_else_the_answer_is_said():
    called = choose("Where is my order?", TOOLS)
    assert called.tool is not None
    assert (called.tool[0], called.text) == ("get_order", "")
    said = choose("Where is my order?", ["another"])
    assert said.tool is None
    assert "Thursday" in said.text
