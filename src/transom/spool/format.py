"""The bytes of a spool file.

A file is a header, then records. Numbers are big-endian. The header names the file's random id (the salt
of its key); a record's nonce is its index in the file, so that no nonce is used twice under one key.

    file    magic 8 | writer id 16 | file id 16 | key id 8 | created ns 8
    record  length 4 | kind 1 | seq 8 | time ns 8 | crc32 of the ciphertext 4 | ciphertext and tag
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from enum import IntEnum
from zlib import crc32

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from transom.secret import derive, mac

MAGIC = b"TRSPOOL\x01"
FRAME_BYTES = 64 * 2**10
LARGE_BYTES = 256 * 2**10
_FILE = struct.Struct(">8s16s16s8sQ")
_RECORD = struct.Struct(">IBQQI")
_AUTHENTICATED = struct.Struct(">BQQ")
FILE_HEADER_BYTES = _FILE.size
RECORD_HEADER_BYTES = _RECORD.size


class Kind(IntEnum):
    """What a record's payload is."""

    EXCHANGE = 1
    LARGE_EXCHANGE = 2
    FRAME = 3
    FEEDBACK = 4
    WITHDRAWAL = 5


class Corrupt(Exception):
    """Bytes that no writer of ours wrote, or that changed since."""


class WrongKey(Exception):
    """The file was written under another key."""


@dataclass(frozen=True, slots=True)
class RecordHeader:
    """A record's plain header: `length` of the ciphertext, what it is, its exchange's number and start (Unix ns)."""

    length: int
    kind: Kind
    seq: int
    time_ns: int
    crc: int


def key_id(key: bytes) -> bytes:
    """Eight bytes that name a spool key without telling it."""
    return mac(key, b"transom spool key id")[:8]


class FileCipher:
    """Seals and opens the records of one file."""

    def __init__(self, key: bytes, header: bytes) -> None:
        magic, self.writer_id, self.file_id, owner, self.created_ns = _unpack_header(header)
        if magic != MAGIC:
            raise Corrupt("not a spool file")
        if owner != key_id(key):
            raise WrongKey
        self._header = header
        self._aead = AESGCM(derive(key, "transom spool file", salt=self.file_id))

    def seal(self, index: int, kind: Kind, seq: int, time_ns: int, payload: bytes) -> bytes:
        """A whole record, header included."""
        sealed = self._aead.encrypt(_nonce(index), payload, self._associated(kind, seq, time_ns))
        return _RECORD.pack(len(sealed), kind, seq, time_ns, crc32(sealed)) + sealed

    def open(self, index: int, header: RecordHeader, sealed: bytes) -> bytes:
        """The payload of a record. Raises Corrupt."""
        if crc32(sealed) != header.crc:
            raise Corrupt("checksum differs")
        try:
            return self._aead.decrypt(_nonce(index), sealed, self._associated(header.kind, header.seq, header.time_ns))
        except InvalidTag:
            raise Corrupt("does not open") from None

    def _associated(self, kind: Kind, seq: int, time_ns: int) -> bytes:
        return self._header + _AUTHENTICATED.pack(kind, seq, time_ns)


def new_file_header(key: bytes, writer_id: bytes, created_ns: int) -> bytes:
    """A header with a fresh file id, hence a fresh key."""
    return _FILE.pack(MAGIC, writer_id, os.urandom(16), key_id(key), created_ns)


def parse_record_header(data: bytes) -> RecordHeader:
    """Raises Corrupt for a kind that doesn't exist."""
    length, kind, seq, time_ns, crc = _RECORD.unpack(data)
    try:
        return RecordHeader(length, Kind(kind), seq, time_ns, crc)
    except ValueError:
        raise Corrupt("unknown kind of record") from None


def _unpack_header(header: bytes) -> tuple[bytes, bytes, bytes, bytes, int]:
    try:
        magic, writer_id, file_id, owner, created_ns = _FILE.unpack(header)
    except struct.error:
        raise Corrupt("header too short") from None
    return magic, writer_id, file_id, owner, created_ns


def _nonce(index: int) -> bytes:
    return index.to_bytes(12)
