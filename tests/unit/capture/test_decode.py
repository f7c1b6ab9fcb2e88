import gzip
import zlib

import brotli
import pytest
import zstandard

from transom.capture.decode import Decoded, decode

TEXT = b'{"hello": "world"}' * 50


def bare_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush()


CODECS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": lambda data: brotli.compress(data, quality=4),
    "zstd": zstandard.ZstdCompressor().compress,
}


@pytest.mark.parametrize("name", CODECS)
def test_every_encoding(name):
    assert decode(CODECS[name](TEXT), name) == Decoded(TEXT)


@pytest.mark.parametrize("header", [None, "", "identity", " Identity "])
def test_no_encoding(header):
    assert decode(TEXT, header) == Decoded(TEXT)


def test_deflate_without_its_header():
    assert decode(bare_deflate(TEXT), "deflate") == Decoded(TEXT)


def test_several_encodings_are_undone_last_first():
    assert decode(brotli.compress(gzip.compress(TEXT)), "gzip, br") == Decoded(TEXT)


def test_gzip_members_and_zstd_frames_follow_each_other():
    assert decode(gzip.compress(b"one ") + gzip.compress(b"two"), "gzip").body == b"one two"
    frame = zstandard.ZstdCompressor().compress
    assert decode(frame(b"one ") + frame(b"two"), "zstd").body == b"one two"


def test_many_pieces():
    noise = bytes(range(256)) * 8192
    for name, compress in CODECS.items():
        assert decode(compress(noise), name).body == noise, name


def test_an_unknown_encoding_is_named():
    assert decode(TEXT, "compress") == Decoded(b"", "unknown_encoding")


@pytest.mark.parametrize("name", CODECS)
def test_a_bomb_is_not_unpacked(name):
    assert decode(CODECS[name](bytes(20_000_000)), name, limit=1_000_000) == Decoded(b"", "too_large")


@pytest.mark.parametrize("name", CODECS)
def test_a_truncated_body_gives_its_beginning(name):
    text = b"".join(str(i * 7919).encode() for i in range(100_000))
    packed = CODECS[name](text)
    decoded = decode(packed[: len(packed) // 2], name)
    assert decoded.problem is None
    assert len(decoded.body) > 10_000
    assert text.startswith(decoded.body)


@pytest.mark.parametrize("name", CODECS)
def test_what_is_not_encoded_at_all_gives_nothing_and_no_error(name):
    assert decode(b"not encoded", name).problem is None
    assert decode(b"", name) == Decoded(b"")
