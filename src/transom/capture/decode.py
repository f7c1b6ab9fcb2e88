"""Undoes content encodings (RFC 9110 §8.4). Output is bounded; of a torn or damaged body, what comes out is kept."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import NamedTuple

import brotli
import zstandard

MAX_BYTES = 100 * 2**20
"""What a body may grow to. Beyond it lies nothing but a decompression bomb."""

_PIECE = 256 * 2**10


class Decoded(NamedTuple):
    """A body as its sender wrote it; `problem` is None, `unknown_encoding` or `too_large`."""

    body: bytes
    problem: str | None = None


def decode(body: bytes, content_encoding: str | None, limit: int = MAX_BYTES) -> Decoded:
    """Undo what the header names, the last encoding first. Never raises."""
    names = [name for part in (content_encoding or "").lower().split(",") if (name := part.strip())]
    for name in reversed(names):
        if name == "identity":
            continue
        codec = _CODECS.get(name)
        if codec is None:
            return Decoded(b"", "unknown_encoding")
        decoded = _bounded(codec(body), limit)
        if decoded.problem:
            return decoded
        body = decoded.body
    return Decoded(body)


def _bounded(pieces: Iterable[bytes], limit: int) -> Decoded:
    whole = bytearray()
    for piece in pieces:
        whole += piece
        if len(whole) > limit:
            return Decoded(b"", "too_large")
    return Decoded(bytes(whole))


def _gzip(body: bytes) -> Iterator[bytes]:
    return _zlib(body, 16 + zlib.MAX_WBITS)


def _deflate(body: bytes) -> Iterator[bytes]:
    """Zlib's format as RFC 9110 has it, or the bare one that some servers send."""
    has_header = len(body) >= 2 and body[0] & 0x0F == 8 and int.from_bytes(body[:2]) % 31 == 0
    return _zlib(body, zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS)


def _zlib(body: bytes, wbits: int) -> Iterator[bytes]:
    """Members one after another, as gzip allows."""
    while body:
        member = zlib.decompressobj(wbits)
        for start in range(0, len(body), _PIECE):
            piece = body[start : start + _PIECE]
            while piece:
                try:
                    out = member.decompress(piece, _PIECE)
                except zlib.error:
                    return
                yield out
                piece = member.unconsumed_tail
            if member.eof:
                body = member.unused_data + body[start + _PIECE :]
                break
        else:
            yield member.flush()
            return


def _brotli(body: bytes) -> Iterator[bytes]:
    decompressor = brotli.Decompressor()
    for start in range(0, len(body), _PIECE):
        piece, out = body[start : start + _PIECE], b"some"
        while piece or out:
            try:
                out = decompressor.process(piece, output_buffer_limit=_PIECE)
            except brotli.error:
                return
            yield out
            piece = b""


def _zstd(body: bytes) -> Iterator[bytes]:
    reader = zstandard.ZstdDecompressor().stream_reader(BytesIO(body), read_across_frames=True)
    while True:
        try:
            out = reader.read(_PIECE)
        except zstandard.ZstdError:
            return
        if not out:
            return
        yield out


_CODECS = {"gzip": _gzip, "x-gzip": _gzip, "deflate": _deflate, "br": _brotli, "zstd": _zstd}
