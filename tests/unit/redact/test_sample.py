from __future__ import annotations

import msgspec
import pytest

from transom.config import Redaction
from transom.redact.sample import Sample
from transom.secret import Secret
from transom.types import OWN_PROJECT, STORED, Ended, Operation, RedactedExchange, RedactedMessage


def drawing(share: float, key: bytes = b"k", **redaction) -> Sample:
    return Sample(Redaction(sample=share, **redaction), Secret(key * 32))


def say(text: str) -> RedactedMessage:
    return RedactedMessage(role="user", parts=[{"type": "text", "content": text}])


@pytest.fixture
def exchange() -> RedactedExchange:
    return RedactedExchange(
        id="01990000-0000-7000-8000-000000000000",
        project_id="default",
        key_id="k",
        started_at=1,
        outcome=STORED,
        ended=Ended.COMPLETE,
        provider="openai",
        operation=Operation.CHAT,
        method="POST",
        path="/",
        input_messages=[say(str(n)) for n in range(1000)],
        output_messages=[say("answer")],
    )


def test_all_or_none(exchange):
    assert list(drawing(1).draw(exchange)) == list(range(1001))
    assert drawing(1).draw(exchange)[1000] == [{"type": "text", "content": "answer"}]
    assert drawing(0).draw(exchange) == {}


def test_the_share_is_drawn_by_a_key_that_nobody_knows(exchange):
    drawn = drawing(0.1).draw(exchange)
    assert 70 < len(drawn) < 130
    other = drawing(0.1, b"o").draw(exchange)
    assert other.keys() != drawn.keys()
    assert drawing(0.1).draw(exchange) == drawn


def test_a_larger_sample_holds_the_smaller(exchange):
    assert drawing(0.05).draw(exchange).keys() < drawing(0.2).draw(exchange).keys()


def test_what_was_drawn_is_not_drawn_again(exchange):
    sample = drawing(1)
    assert len(sample.draw(exchange)) == 1001
    assert sample.draw(exchange) == {}
    twice = msgspec.structs.replace(exchange, input_messages=[say("new"), say("new")])
    assert list(sample.draw(twice)) == [0]


def test_only_so_many_are_remembered(exchange, monkeypatch):
    monkeypatch.setattr("transom.redact.sample._REMEMBERED", 10)
    sample = drawing(1)
    sample.draw(exchange)
    assert list(sample.draw(exchange))[:991] == list(range(991))


def test_strict_can_not_say_what_it_misses_itself(exchange):
    assert drawing(1, profile="strict").draw(exchange) == {}
    routed = msgspec.structs.replace(exchange, route="careful")
    assert drawing(1, routes={"careful": "strict"}).draw(routed) == {}
    assert drawing(1, profile="strict", projects={"default": "fast"}).draw(exchange)


def test_the_proofs_own_exchanges_are_no_traffic(exchange):
    assert drawing(1).draw(msgspec.structs.replace(exchange, project_id=OWN_PROJECT)) == {}


def test_failures_in_a_row_end_it(exchange):
    sample = drawing(1)
    assert [sample.failed(), sample.failed(), sample.worked(), sample.failed(), sample.failed()] == [
        *(False, False, None),
        *(False, False),
    ]
    assert sample.draw(exchange)
    assert sample.failed()
    assert sample.draw(exchange) == {}


def test_it_can_be_ended(exchange):
    sample = drawing(1)
    sample.end()
    assert sample.draw(exchange) == {}
