"""Presidio's anonymizer operators."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from transom.redact.finder import Finder
from transom.redact.finding import Span
from transom.redact.operators import Operator, Operators
from transom.redact.profiles import Profile

KEY = b"k" * 32
_operator = TypeAdapter(Operator)


def operators(**given_: dict[str, object]) -> Operators:
    return Operators({entity: _operator.validate_python(each) for entity, each in given_.items()}, KEY)


ALL = operators(
    PERSON={"type": "replace", "new_value": "[name]"},
    URL={"type": "redact"},
    PHONE_NUMBER={"type": "mask", "chars_to_mask": 8, "from_end": True},
    EMAIL_ADDRESS={"type": "mask", "masking_char": "#", "chars_to_mask": 99},
    US_SSN={"type": "hash"},
    IP_ADDRESS={"type": "hash", "hash_type": "sha512"},
    DATE_TIME={"type": "keep"},
)
ENTITIES = ("PERSON", "URL", "PHONE_NUMBER", "EMAIL_ADDRESS", "US_SSN", "IP_ADDRESS", "DATE_TIME")


@pytest.mark.parametrize(
    ("entity", "value", "made"),
    [
        ("PERSON", "John", "[name]"),
        ("URL", "https://x.example", ""),
        ("PHONE_NUMBER", "+44 7700 900123", "+44 770********"),
        ("EMAIL_ADDRESS", "a@b.example", "###########"),
        ("DATE_TIME", "1 May", "1 May"),
        ("LOCATION", "Paris", None),
    ],
)
def test_each_does_what_presidios_does(entity, value, made):
    assert ALL(entity, value) == made


def test_a_hash_is_keyed_and_equal_for_equal_values():
    made = ALL("US_SSN", "078-05-1120")
    assert len(made) == 64 and int(made, 16)
    assert made == ALL("US_SSN", "078 05 1120")
    assert made != Operators({"US_SSN": _operator.validate_python({"type": "hash"})}, b"x" * 32)("US_SSN", "078051120")
    assert len(ALL("IP_ADDRESS", "10.0.0.1")) == 128


def test_a_raw_value_of_the_form_of_a_hash_is_hashed():
    raw = "0123456789abcdef" * 4
    assert ALL("US_SSN", raw) != raw


def test_default_is_for_all_others():
    some = operators(DEFAULT={"type": "redact"}, PERSON={"type": "keep"})
    assert (some("PERSON", "x"), some("URL", "x")) == ("x", "")


def test_a_mask_that_would_break_json_gives_way_to_the_placeholder():
    some = operators(ID_NUMBER={"type": "mask", "chars_to_mask": 4})
    assert some("ID_NUMBER", '1234"5678') is None
    assert some("ID_NUMBER", '"234 5678') == "**** 5678"


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(ENTITIES), st.text(min_size=1, max_size=40))
def test_done_twice_is_done_once_and_json_stays_whole(entity, value):
    made = ALL(entity, value)
    if made:
        assert ALL(entity, made) in (made, None)
    if made is not None and entity != "DATE_TIME":
        assert json.loads(f'["{made}"]') == [made]


@pytest.mark.parametrize(
    ("given_", "complaint"),
    [
        ({"type": "encrypt", "key": "x" * 16}, "encrypt is refused: its AES-CBC isn't authenticated"),
        ({"type": "custom"}, "custom is refused"),
        ({"type": "shred"}, "type"),
        ({"type": "mask"}, "chars_to_mask"),
        ({"type": "mask", "chars_to_mask": 4, "masking_char": "9"}, "neither letter nor digit"),
        ({"type": "replace", "new_value": 'a"b'}, "may stand in JSON"),
        ({"type": "replace", "new_value": "nobody@example.com"}, "taken for personal data"),
        ({"type": "replace", "new_value": ""}, "at least 1 character"),
        ({"type": "redact", "more": 1}, "more"),
    ],
)
def test_what_can_not_be_used_is_refused(given_, complaint):
    with pytest.raises(ValidationError, match=complaint):
        _operator.validate_python(given_)


TEXTS = [
    "Call +44 7700 900123 or (415) 555-0132, mail ann@example.com; see https://x.example.com/reset?user=1",
    "My SSN is 078-05-1120, my name is Amina Rahman, the login came from 10.1.2.3.",
    'ssn=078-05-1120 {"ssn": "078-05-1120", "phone": "+8801712345678", "mail": "ann@example.com"}',
    "password: hunter2!! and account number 12345678 of Dr. Amina Rahman",
    "PESEL 44051401359, 44051401359; card 4000 0000 0000 0002",
]
HOW = [
    {"type": "replace", "new_value": "[gone]"},
    {"type": "redact"},
    {"type": "mask", "chars_to_mask": 6},
    {"type": "mask", "chars_to_mask": 6, "from_end": True, "masking_char": "#"},
    {"type": "mask", "chars_to_mask": 99},
    {"type": "hash"},
    {"type": "hash", "hash_type": "sha512"},
    {"type": "keep"},
]


@pytest.mark.parametrize("how", HOW, ids=lambda how: "-".join(map(str, how.values())))
@pytest.mark.parametrize("text", TEXTS)
def test_a_text_that_was_redacted_is_not_redacted_again(text, how):
    finder, made = Finder(Profile(threshold=0.5, national_ids=True)), operators(DEFAULT=how)
    once = redact(finder, made, text)
    assert redact(finder, made, once) == once
    assert (once == text) is (how["type"] == "keep")


def redact(finder: Finder, made: Operators, text: str) -> str:
    """As the rules do it: placeholders where what the operators leave would be found again."""
    spans = finder.find(text)
    once = replaced(text, spans, made)
    return once if made.settled(once, finder.find(once)) else replaced(text, spans, lambda *_: None)


def replaced(text: str, spans: Iterable[Span], make: Callable[[str, str], str | None]) -> str:
    pieces, position = [], 0
    for span in spans:
        result = make(span.entity, text[span.start : span.end])
        pieces += [text[position : span.start], f"<{span.entity}:aaaa>" if result is None else result]
        position = span.end
    return "".join([*pieces, text[position:]])


def test_a_name_that_a_mask_leaves_in_part_gets_its_placeholder():
    finder = Finder(Profile(threshold=0.5))
    made = operators(PERSON={"type": "mask", "chars_to_mask": 6, "from_end": True})
    assert redact(finder, made, "My name is Amina Rahman.") == "My name is <PERSON:aaaa>."
    assert redact(finder, made, "My name is Rahman.") == "My name is ******."
