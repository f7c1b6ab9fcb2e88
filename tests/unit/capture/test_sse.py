import pytest

from transom.capture.sse import Event, SseParser, parse


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
def test_every_line_ending(newline):
    body = newline.join([b"event: ping", b"data: 1", b"", b"data: 2", b"", b""])
    assert parse(body) == [Event("ping", "1"), Event("", "2")]


def test_byte_order_mark_comments_and_other_fields_are_skipped():
    assert parse(b"\xef\xbb\xbf: hello\nid: 7\nretry: 10\ndata: x\n\n") == [Event("", "x")]


def test_lines_of_data_are_joined_and_lose_one_space():
    assert parse(b"data: a\ndata:b\ndata:  c\ndata\n\n") == [Event("", "a\nb\n c\n")]


def test_an_event_without_data_is_none():
    assert parse(b"event: ping\n\ndata: x\n\n") == [Event("", "x")]


@pytest.mark.parametrize("torn", [b"data: x", b"data: x\n", b"event: e\ndata: x"])
def test_a_torn_last_event_is_kept(torn):
    assert parse(b"data: first\n\n" + torn)[1].data == "x"


def test_separators_that_are_no_line_endings_stay_in_the_data():
    assert parse("data: a\u2028b\x0bc\n\n".encode()) == [Event("", "a\u2028b\x0bc")]


def test_damaged_utf8_is_replaced():
    assert parse(b"data: \xff\n\n") == [Event("", "\ufffd")]


def test_pieces_may_split_a_line_ending_and_a_character():
    parser = SseParser()
    euro = "€".encode()
    events = [e for piece in (b"data: " + euro[:1], euro[1:] + b"\r", b"\n\r", b"\n") for e in parser.feed(piece)]
    assert events + parser.close() == [Event("", "€")]
