"""Private keys in their blocks."""

from __future__ import annotations

import pytest

from transom.redact.recognizers.private_key import PRIVATE_KEY

BODY = "MIIEow" * 40


def spans(text: str) -> list[tuple[int, int]]:
    return [(each.start, each.end) for each in PRIVATE_KEY.find(text)]


@pytest.mark.parametrize("kind", ["PRIVATE KEY", "RSA PRIVATE KEY", "OPENSSH PRIVATE KEY", "PGP PRIVATE KEY BLOCK"])
@pytest.mark.parametrize("line", ["\n", "\\n"])
def test_finds_blocks_whole(kind, line):
    block = f"-----BEGIN {kind}-----{line}{BODY}{line}-----END {kind}-----"
    assert spans(f"a {block} b") == [(2, 2 + len(block))]


def test_finds_the_form_of_ssh2():
    block = f"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n{BODY}\n---- END SSH2 ENCRYPTED PRIVATE KEY ----"
    assert spans(block)[0][0] == 0
    assert spans(block)[0][1] >= len(block) - 5


def test_finds_a_block_that_was_cut_off():
    block = "-----BEGIN PRIVATE KEY-----\n" + BODY
    assert spans(block + "<rest>") == [(0, len(block))]


def test_finds_one_block_after_another():
    block = f"-----BEGIN PRIVATE KEY-----\n{BODY}\n-----END PRIVATE KEY-----"
    assert spans(f"{block}\n{block}") == [(0, len(block)), (len(block) + 1, 2 * len(block) + 1)]


@pytest.mark.parametrize(
    "text", ["-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----", "my PRIVATE KEY is at home"]
)
def test_leaves(text):
    assert spans(text) == []
