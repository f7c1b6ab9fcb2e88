"""Texts on which patterns and models take longest: 64 KB of each shape."""

from __future__ import annotations

import random
import string
import time
from collections.abc import Callable, Iterable

from evals.redaction.engine import Engine, exchange, user
from evals.redaction.sets.values import several

SIZE = 64 * 1024

REPEATED = {
    "a.a.a.": "a.",
    "dots": ".",
    "table of contents": "Chapter ........................................ 7\n",
    "1.2.3.4.": "1.2.3.4.",
    "1:2:3: (IPv6-like)": "1:2:3:",
    "digits": "7",
    "digits in pairs": "12 34 ",
    "digits and hyphens": "123-45-",
    "+ and digits": "+1 (2",
    "phone numbers": "+44 7700 900123, ",
    "native digits": "০১৭১২৩৪৫৬৭৮ ",
    "@@@@": "@",
    "a@a@a@": "a@",
    "e-mail addresses": "a.b-c@example.org,",
    "://": "://",
    "http://a/": "http://a/",
    "www.": "www.",
    "user:pass@": "http://u:p@",
    "one word": "a",
    "one capital word": "A",
    "capital words": "Aaron Baker ",
    "honorifics": "Mr ",
    "Dear": "Dear ",
    "my name is": "my name is ",
    "password is": "password is ",
    "key=": "API_KEY=",
    "addresses": "12 Long Street, ",
    "numbers and capitals": "1 A 2 B ",
    "months": "May 1 June ",
    "slashes": "1/2/",
    "IBAN-like": "DE12 ABCD ",
    "capitals and digits": "AB12",
    "spaces": " ",
    "lines": "\n",
    "quotes": '"',
    "backslashes and quotes": '\\"',
    "open brackets": "[",
    "open braces and keys": '{"a":',
    "open fences": "``` ",
    "angle brackets": "<",
    "placeholders": "<PERSON:k7qx> ",
    "unfinished placeholders": "<PERSON:",
    "begun private keys": "-----BEGIN PRIVATE KEY-----\n",
    "JWT-like": "eyJ" + "hbGci" + ".",
    "UUIDs": "123e4567-e89b-12d3-a456-426614174000 ",
    "combining marks": "e\u0301\u0323",
    "emoji": "👩‍👩‍👧‍👦",
    "Bengali": "জনাব রহিম উদ্দিন ",
    "Chinese": "王小明住在北京。",
    "Arabic": "السيد أحمد ",
    "full-width": "ＡＢ１２＠",
    "underscores and dots": "a_b.c_d-",
    "percent escapes": "%41%",
}


def shapes() -> dict[str, str]:
    """Each of about 64 KB of UTF-8."""
    repeated = {name: unit * (SIZE // len(unit.encode())) for name, unit in REPEATED.items()}
    return repeated | {name: make(random.Random(name)) for name, make in _MADE.items()}


def _words(chance: random.Random, alphabet: str) -> str:
    return " ".join(several(chance, alphabet, chance.randint(1, 12)) for _ in range(SIZE // 8))


_MADE: dict[str, Callable[[random.Random], str]] = {
    "base64": lambda chance: several(chance, string.ascii_letters + string.digits + "+/", SIZE),
    "hex": lambda chance: several(chance, "0123456789abcdef", SIZE),
    "printable noise": lambda chance: several(chance, string.printable, SIZE),
    "punctuation": lambda chance: several(chance, string.punctuation, SIZE),
    "words without sense": lambda chance: _words(chance, string.ascii_letters),
    "words in capitals": lambda chance: _words(chance, string.ascii_uppercase),
    "digits and signs": lambda chance: several(chance, string.digits + " -.:/()+", SIZE),
    "a JSON list of numbers": lambda chance: str([chance.randrange(10**12) for _ in range(SIZE // 14)]),
    "a JSON list of names": lambda chance: '["' + '","'.join(["Anna Lee"] * (SIZE // 11)) + '"]',
    "deep JSON": lambda chance: "[" * 500 + '"x",' * (SIZE // 4) + '"x"' + "]" * 500,
}


def measure(engine: Engine, named: Iterable[tuple[str, str]]) -> dict[str, float]:
    """CPU seconds that each text takes."""
    took = {}
    for name, text in named:
        began = time.process_time()
        engine.redact(exchange([user(text)]))
        took[name] = round(time.process_time() - began, 3)
    return took
