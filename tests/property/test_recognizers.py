"""Pattern recognizers on texts made of what they look for: what is redacted is left alone, tokens never survive."""

from __future__ import annotations

import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.redaction.sets.secrets import NAMED, TOKENS
from transom.config import Redaction, Settings
from transom.redact.recognizers import PATTERNS
from transom.redact.redactor import Redactor
from transom.redact.text import fold
from transom.secret import Secret

FAST = Redactor(Settings(redaction=Redaction(profile="fast")), Secret(b"k" * 32))

# fmt: off
CUES = [
    "password", "Password: ", "is ", " = ", "the ", "my ", "API_KEY", "api_key=", "token ", "secret", "PIN ", "code ",
    "verification ", "as the ", "Bearer ", "Basic ", "Authorization: ", "Cookie: ", "://", "https://", "www.", "@", ":",
    "curl -u ", "mysql -p", "-----BEGIN PRIVATE KEY-----", "-----END", "sk-", "ghp_", "eyJ", "data:,", "account ",
    "number ", "passport ", "NID ", "ssn ", "call ", "phone ", "order ", "card ", "GB82", "Aadhaar ", "[at]", "[dot]",
]
MARKS = [*" \n\t\"'`|(),./-+&;<>{}\ufffc", "**"]
VALUES = [
    "hunter2", "Tiger#99", "4821", "0171", "01712345678", "+8801712345678", "415-555-2671", "123-45-6789", "10.1.2.3",
    "2001:db8:1:2::3", "jane@example.com", "4111111111111111", "A1234567", "2024-01-15", "<PERSON:k7qx>",
    "<SECRET:aaaa>", "GB82WEST12345698765432", "234123412346", "a1b2c3d4e5f6a7b8", "x" * 40, "aB3" * 20, "1", "99", "é",
    "০১৭",
]
# fmt: on
FRAGMENTS = st.lists(
    st.sampled_from([*CUES, *MARKS, *VALUES, "\ufffc"]) | st.text(st.sampled_from(string.printable), max_size=8),
    max_size=25,
)


def redact(text: str) -> str:
    return FAST.redact_text(text)[0]


@given(FRAGMENTS)
def test_what_is_redacted_is_left_alone(fragments: list[str]):
    once = redact("".join(fragments))
    assert redact(once) == once


@pytest.mark.parametrize("recognizer", PATTERNS, ids=lambda recognizer: recognizer.name)
@given(FRAGMENTS)
def test_findings_lie_in_the_text_and_hold_nothing_redacted(recognizer, fragments: list[str]):
    text = fold("".join(fragments))
    for finding in recognizer.find(text):
        assert 0 <= finding.start < finding.end <= len(text)
        assert finding.entity in recognizer.entities
        assert 0 < finding.score <= 1
        assert "\ufffc" not in text[finding.start : finding.end]


AROUND = st.text(max_size=40)
EDGES = st.sampled_from(
    ["", " ", "\n", '"', "'", "`", "(", ")", ",", ";", ": ", "=", "<", ">", "|", "{", "}", "。", "“"]
)


@given(st.sampled_from(sorted(TOKENS)), st.integers(), AROUND, EDGES.filter(bool), EDGES, AROUND)
def test_tokens_never_survive(form: str, seed: int, before: str, left: str, right: str, after: str):
    token = TOKENS[form](random.Random(seed))
    assert token not in redact(before + left + token + right + after)


@pytest.mark.parametrize("form", sorted(NAMED.keys() - {"django", "generic", "short"}))
@pytest.mark.parametrize("template", ['{}="{}"', "  {}: '{}',", "export {}={}", "our {} is {} now"])
def test_named_secrets_never_survive(form: str, template: str):
    names, make = NAMED[form]
    values = [make(random.Random(seed)) for seed in range(50)]
    texts = [(template.format(name, value), value) for name in names for value in values]
    assert [text for text, value in texts if value in redact(text)] == []
