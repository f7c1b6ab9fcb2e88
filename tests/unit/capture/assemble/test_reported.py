import pytest

from transom.capture.assemble.reported import anthropic_usage, cohere_usage, ollama_usage, openai_usage
from transom.types import Usage


def test_deepseek_and_openrouter_name_the_cache_otherwise():
    deepseek = openai_usage({"prompt_tokens": 9, "completion_tokens": 1, "prompt_cache_hit_tokens": 4})
    assert deepseek.cached_input_tokens == 4
    written = openai_usage({"prompt_tokens": 9, "prompt_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 5}})
    assert (written.cached_input_tokens, written.cache_write_tokens) == (0, 5)


def test_anthropic_cache_is_added_back():
    usage = {"input_tokens": 1, "cache_read_input_tokens": 20, "cache_creation_input_tokens": 300, "output_tokens": 4}
    assert anthropic_usage(usage) == Usage(
        input_tokens=321, output_tokens=4, cached_input_tokens=20, cache_write_tokens=300, source="provider"
    )


def test_cohere_falls_back_on_what_it_billed():
    assert cohere_usage({"billed_units": {"input_tokens": 3}}).input_tokens == 3


@pytest.mark.parametrize("junk", [None, {}, [], "x", {"prompt_tokens": None}, {"prompt_tokens": True}])
def test_no_report_is_none(junk):
    assert openai_usage(junk) is None
    assert anthropic_usage(junk) is None
    assert cohere_usage(junk) is None
    assert ollama_usage({}) is None


@pytest.mark.parametrize("number", [-1, 1.5, "7", 10**30, float("inf"), float("nan"), [1]])
def test_numbers_that_can_not_be_counts_are_unknown(number):
    assert openai_usage({"prompt_tokens": number, "completion_tokens": 2}).input_tokens is None
