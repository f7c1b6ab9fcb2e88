"""No input of 64 KB holds any recognizer for long."""

from __future__ import annotations

import time

import pytest

from transom.redact.finding import Recognizer
from transom.redact.recognizers import PATTERNS
from transom.redact.text import fold

SIZE = 64 * 1024
MOST_SECONDS = 0.5
"""The slowest takes 0.1 on a calm machine; what isn't linear takes many seconds."""
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
    *(
        "password: ",
        "password is a b c d e f ",
        "'password'='",
        "is the password ",
        "key=",
        "api_key=a1",
        "password='a\"",
        'PASSWORD="a',
    ),
    *("the the the password ", "x is the password ", "pass: a1 ", "verification code is ", "secret:", '["token"]="a'),
    *(
        "Authorization: ",
        "authorization: digest a",
        "Cookie: a=",
        "curl -u ",
        "curl a -u b",
        "mysql -p",
        "zip ",
        "bot 1a2b3c4d ",
    ),
    *(
        "://a:b@c",
        "://a:1/@",
        "hooks.slack.com/services/",
        "sk-a1",
        "eyJaaaaaaaa.a.",
        "sk_" + "a" * 500 + " ",
        "A" * 75 + "AZDO",
    ),
    *(
        "2341 2341 2341 ",
        "234123412346",
        "12345678-1234-1234-1234-123456789012",
        "1:2:3:4:5:6:7:8 ",
        ":1:",
        "1-2-3-4-5-6-7-",
    ),
    *(
        "nid no ",
        "account for a b c d ",
        "account no. id ",
        "passport A",
        "a" * 511 + " ",
        "aB3" * 90 + " ",
        "(+1) 1",
        "00",
    ),
    *("A", "Aa0", " ", "\n", "<A", '"a":', "é", "\u200b", "\ufffc"),
]


@pytest.mark.parametrize("recognizer", PATTERNS, ids=lambda recognizer: recognizer.name)
def test_hostile_inputs_take_little_time(recognizer):
    took = {seed: cpu_seconds(recognizer, fold(seed * (SIZE // len(seed)))) for seed in SEEDS}
    assert {seed: seconds for seed, seconds in took.items() if seconds > MOST_SECONDS} == {}


def cpu_seconds(recognizer: Recognizer, text: str) -> float:
    """The least of up to three runs, since a loaded machine slows single ones down."""
    least = float("inf")
    for _ in range(3):
        start = time.process_time()
        for _finding in recognizer.find(text):
            pass
        least = min(least, time.process_time() - start)
        if least < MOST_SECONDS / 3:
            break
    return least
