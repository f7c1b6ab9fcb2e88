"""A spool file's bytes: what is sealed opens again, and nothing else does."""

import os

import pytest

from transom.spool.format import (
    RECORD_HEADER_BYTES,
    Corrupt,
    FileCipher,
    Kind,
    WrongKey,
    new_file_header,
    parse_record_header,
)

KEY = b"k" * 32


def cipher(key: bytes = KEY) -> FileCipher:
    return FileCipher(key, new_file_header(key, os.urandom(16), 1))


def test_what_is_sealed_opens_again():
    file = cipher()
    record = file.seal(7, Kind.EXCHANGE, 42, 99, b"payload")
    header = parse_record_header(record[:RECORD_HEADER_BYTES])
    assert (header.kind, header.seq, header.time_ns) == (Kind.EXCHANGE, 42, 99)
    assert file.open(7, header, record[RECORD_HEADER_BYTES:]) == b"payload"


def test_the_payload_is_not_in_the_record():
    assert b"payload" not in cipher().seal(0, Kind.EXCHANGE, 1, 1, b"payload")


def test_a_record_moved_to_another_place_does_not_open():
    file = cipher()
    record = file.seal(0, Kind.EXCHANGE, 1, 1, b"payload")
    header = parse_record_header(record[:RECORD_HEADER_BYTES])
    with pytest.raises(Corrupt):
        file.open(1, header, record[RECORD_HEADER_BYTES:])


def test_a_changed_plain_header_does_not_open():
    file = cipher()
    record = bytearray(file.seal(0, Kind.EXCHANGE, 1, 1, b"payload"))
    record[5] ^= 1  # the number
    header = parse_record_header(bytes(record[:RECORD_HEADER_BYTES]))
    with pytest.raises(Corrupt, match="open"):
        file.open(0, header, bytes(record[RECORD_HEADER_BYTES:]))


def test_a_flipped_bit_is_found_by_the_checksum():
    file = cipher()
    record = bytearray(file.seal(0, Kind.EXCHANGE, 1, 1, b"payload"))
    record[-1] ^= 1
    header = parse_record_header(bytes(record[:RECORD_HEADER_BYTES]))
    with pytest.raises(Corrupt, match="checksum"):
        file.open(0, header, bytes(record[RECORD_HEADER_BYTES:]))


def test_the_same_plaintext_never_gives_the_same_bytes_in_two_files():
    sealed = {cipher().seal(0, Kind.EXCHANGE, 1, 1, b"payload") for _ in range(50)}
    assert len(sealed) == 50


def test_another_key_is_told_apart_from_damage():
    header = new_file_header(KEY, os.urandom(16), 1)
    with pytest.raises(WrongKey):
        FileCipher(b"other" * 8, header)
    with pytest.raises(Corrupt):
        FileCipher(KEY, b"\0" * len(header))
    with pytest.raises(Corrupt):
        FileCipher(KEY, header[:10])


def test_an_unknown_kind_is_corrupt():
    record = bytearray(cipher().seal(0, Kind.EXCHANGE, 1, 1, b""))
    record[4] = 99
    with pytest.raises(Corrupt):
        parse_record_header(bytes(record[:RECORD_HEADER_BYTES]))
