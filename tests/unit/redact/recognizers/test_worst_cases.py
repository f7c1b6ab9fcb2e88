"""No input of 64 KB holds any recognizer for a second."""

from __future__ import annotations

import time

import pytest

from transom.redact.recognizers import PATTERNS
from transom.redact.text import fold

SIZE = 64 * 1024
SEEDS = [
    *("a.", "1.2.3.4.", "a@", "a.a.a.a@", "@", "@@@a", "[at]", "%40", "a" * 63 + "@"),
    *("1", "1 ", "12-", "+1 ", "(1) ", "4111 ", "4111-1111-", "1" * 25 + " ", "1\n", "1,", "০"),
    *("GB82 ", "GB82WEST", "AB12", "ssn ", "social security number "),
    *("://", "http://a", "http://a:b@", "www.", "www.a.", "a:", "::", "fe80:", "data:a;a;", "data:,"),
    *("sk-", "ey" + "Jaaaaaaaa-", "ey" + "Jaaaaaaaa.a-", "SG.a", "1:AA", "Bearer ", "token=", "password is "),
    *("-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----\n-----END", "-----BEGIN PRIVATE KEY-----<"),
    *(
        "account number ",
        "account id id 1",
        "passport 1 1 ",
        "zip ",
        "Mr ",
        "Mr A ",
        "Mr. A. B ",
        "my name is ",
        "Dear ",
    ),
    *("1 A ", "1 A B C ", "1 Main Street ", "Apt 1 ", "Apt. 1 Aaa Bbb ", "House 1, Road ", "address 1 a a a "),
    *("A", "Aa0", " ", "\n", "<A", '"a":', "é", "\u200b", "\ufffc"),
]


@pytest.mark.parametrize("recognizer", PATTERNS, ids=lambda recognizer: recognizer.name)
def test_hostile_inputs_take_less_than_a_second(recognizer):
    slow = {}
    for seed in SEEDS:
        text = fold(seed * (SIZE // len(seed)))
        start = time.process_time()
        found = sum(1 for _ in recognizer.find(text))
        slow[seed] = (time.process_time() - start, found)
    assert {seed: took for seed, took in slow.items() if took[0] > 1} == {}
