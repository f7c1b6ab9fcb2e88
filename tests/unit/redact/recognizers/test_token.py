"""Tokens that their issuers mark. The fake ones are put together here, so that no file holds anything like a key."""

from __future__ import annotations

import pytest

from evals.redaction.sets.secrets import AROUND, TOKENS, Planted, secrets
from transom.redact.recognizers.token import TOKEN
from transom.redact.text import fold

PLANTED = [one for one in secrets(seed=1) if one.form in TOKENS]
BODY = "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dF3hJ5"


def found(text: str) -> list[str]:
    return [text[each.start : each.end] for each in TOKEN.find(fold(text))]


@pytest.mark.parametrize("form", TOKENS)
def test_finds_each_form_whole_wherever_it_stands(form):
    planted = [one for one in PLANTED if one.form == form]
    assert len(planted) == len(AROUND)
    assert [one for one in planted if not is_covered(one)] == []


def is_covered(one: Planted) -> bool:
    """Found, but for padding and points at its end, which a token of free length can't be told from a sentence by."""
    value = one.text[one.start : one.end].rstrip("=-_.~")
    return any(value in each for each in found(one.text))


@pytest.mark.parametrize(
    "text",
    [
        "task-based work",
        "sk-learn",
        '<div class="sk-container-id-1 sk-estimator-doc-link">',
        "desk-" + BODY,
        "AKIAX",
        "AKIA" + "ABCDEFGHIJKLMNOPQRSTUVWX",
        "hf_hub_download(repo_id)",
        "chatcmpl-" + BODY,
        "eyJhbGciOi",
        "github_path_to_file",
        "glob-pattern-for-everything",
    ],
)
def test_leaves(text):
    assert found(text) == []


def test_ends_where_another_redaction_begins():
    assert found("sk-" + BODY + "\ufffcabc") == ["sk-" + BODY]
