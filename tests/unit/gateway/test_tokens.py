"""A feedback token speaks for one trace, for a while."""

import time

import pytest

from transom.gateway.tokens import BadToken, TokenSigner


def test_a_token_says_what_it_was_signed_for():
    signer = TokenSigner(b"key", 60)
    bound = signer.verify(signer.sign("trace", "default", "k_1").decode())
    assert bound[:3] == ("trace", "default", "k_1")


def test_another_key_a_changed_byte_and_noise_are_refused():
    token = TokenSigner(b"key", 60).sign("trace", "default", "k_1").decode()
    # Well before the end, where every bit of a character counts.
    changed = token[:-9] + ("A" if token[-9] != "A" else "B") + token[-8:]
    for bad in (changed, "x" + token[1:], "", "%%%", "A" * 200, "é"):
        with pytest.raises(BadToken):
            TokenSigner(b"key", 60).verify(bad)
    with pytest.raises(BadToken):
        TokenSigner(b"other", 60).verify(token)


def test_a_token_expires(monkeypatch: pytest.MonkeyPatch):
    signer = TokenSigner(b"key", 60)
    token = signer.sign("trace", "default", "k_1").decode()
    later = time.time() + 61
    monkeypatch.setattr(time, "time", lambda: later)
    with pytest.raises(BadToken):
        signer.verify(token)
