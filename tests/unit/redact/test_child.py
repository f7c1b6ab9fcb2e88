"""The redaction process, spoken to by its pipes."""

from __future__ import annotations

import subprocess
import sys

import msgspec

from transom.config import Redaction
from transom.redact.frames import (
    LENGTH_BYTES,
    Failed,
    Ready,
    Redacted,
    RedactPieces,
    Start,
    answers,
    encode_piece,
    frame,
    redacted_pieces,
)
from transom.redact.pieces import Piece

COMMAND = [sys.executable, "-m", "transom.redact.child"]


def talk(*frames: bytes) -> tuple[list, subprocess.CompletedProcess[bytes]]:
    """The child's answers to frames, after which its input ends."""
    done = subprocess.run(COMMAND, input=b"".join(frames), capture_output=True, timeout=60, check=False)
    found, rest = [], done.stdout
    while rest:
        size = int.from_bytes(rest[:LENGTH_BYTES])
        found.append(answers.decode(rest[LENGTH_BYTES : LENGTH_BYTES + size]))
        rest = rest[LENGTH_BYTES + size :]
    return found, done


def start(**redaction) -> bytes:
    return frame(Start(Redaction(profile="fast", **redaction).model_dump_json(), b"k" * 32))


def asking(text: str) -> bytes:
    return frame(RedactPieces("default", [msgspec.Raw(encode_piece(Piece("json", "fast", text)))]))


def test_it_answers_and_ends_with_its_input():
    (ready, answer), done = talk(start(), asking("a@b.co"))
    assert ready == Ready()
    (piece,) = answer.pieces
    assert redacted_pieces.decode(piece).value.startswith("<EMAIL_ADDRESS:")
    assert (done.returncode, done.stderr) == (0, b"")


def test_what_fails_says_type_and_place_only(trouble):
    (_, failed, answer), done = talk(start(), asking("RAISE canary"), asking("well"))
    assert isinstance(failed, Failed)
    assert failed.where.startswith("ValueError at trouble_plugin.py:")
    assert isinstance(answer, Redacted)
    assert b"canary" not in done.stderr + done.stdout


def test_it_says_why_it_cannot_start():
    (ready,), _ = talk(start(file="gone.yaml"))
    assert "gone.yaml: can't read it" in ready.problem


def test_garbage_ends_it_without_a_word_of_it():
    found, done = talk(start(), frame(Start("x", b""))[:LENGTH_BYTES] + b"canary" * 10)
    assert found == [Ready()]
    assert done.returncode != 0
    assert b"canary" not in done.stderr
    assert b"redaction process: " in done.stderr
    assert b"Traceback" not in done.stderr


def test_half_a_frame_ends_it_quietly():
    found, done = talk(start(), asking("a@b.co")[:-3])
    assert (found, done.returncode) == ([Ready()], 0)
