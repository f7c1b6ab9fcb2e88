"""A value is found in every spelling, wherever the pieces are cut."""

from __future__ import annotations

import base64
import json
import os
from random import Random
from urllib.parse import quote

import pytest

from transom.prove import search
from transom.prove.canary import Canary
from transom.prove.search import Search, Stream

MAIL = Canary("EMAIL_ADDRESS", "Nora.Kestrel/7@example.com", "")
CARD = Canary("CREDIT_CARD", "4000 0000 1234 5675", "")
NUMBER = Canary("PL_PESEL", "02070803628", "")
BOTH = Search([MAIL, CARD, NUMBER])

SPELLINGS = {
    "plain": lambda v: v.encode(),
    "lower": lambda v: v.lower().encode(),
    "upper": lambda v: v.upper().encode(),
    "utf-16": lambda v: v.encode("utf-16-le"),
    "json": lambda v: json.dumps({"v": v}).replace("/", "\\/").encode(),
    "url": lambda v: quote(v, safe="").encode(),
    "base64": lambda v: base64.b64encode(v.encode()),
    "base64, one later": lambda v: base64.b64encode(b"x" + v.encode() + b"y"),
    "base64, two later": lambda v: base64.b64encode(b"xx" + v.encode() + b"y"),
    "base64 for URLs": lambda v: base64.urlsafe_b64encode(b"\xfb\xff" + v.encode()),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("canary", [MAIL, CARD, NUMBER])
@pytest.mark.parametrize("before", [0, 1, 2, 3])
def test_every_spelling_is_found(canary: Canary, spelling: str, before: int):
    spelled = SPELLINGS[spelling](canary.value)
    assert BOTH.kinds_in(b" " * before + spelled + b" and more") == {canary.kind}


def test_digits_are_found_without_their_separators():
    assert BOTH.kinds_in(b'{"card":4000000012345675}') == {"CREDIT_CARD"}


def test_a_number_within_a_longer_one_is_another_number():
    assert BOTH.kinds_in(b"1" + NUMBER.value.encode()) == set()
    assert BOTH.kinds_in(NUMBER.value.encode() + b"1") == set()


def test_noise_holds_nothing():
    assert BOTH.kinds_in(os.urandom(200_000)) == set()
    assert BOTH.kinds_in(b"") == BOTH.kinds_in(b"a") == set()


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_value_over_a_seam_is_found(spelling: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(search, "PIECE_BYTES", 1)
    spelled = b"noise " + SPELLINGS[spelling](MAIL.value) + b" noise"
    for cut in range(len(spelled)):
        stream = Stream(BOTH)
        stream.feed(spelled[:cut])
        stream.feed(spelled[cut:])
        stream.finish()
        assert (stream.kinds, stream.bytes) == ({MAIL.kind}, len(spelled))


def test_pieces_of_any_size_are_searched_whole():
    rng, stream = Random(1), Stream(BOTH)
    content = rng.randbytes(3 * search.PIECE_BYTES) + MAIL.value.encode()
    for start in range(0, len(content), 1_000_003):
        stream.feed(content[start : start + 1_000_003])
    stream.finish()
    assert (stream.kinds, stream.bytes) == ({MAIL.kind}, len(content))
