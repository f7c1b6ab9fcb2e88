"""Messages to redact, and what is known of each of their strings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from evals.redaction.alignment import Altered, removed
from evals.redaction.engine import Engine, exchange, user
from evals.redaction.samples import Sample, unlabelled
from evals.redaction.scoring import Score
from transom.capture.exchange import Message
from transom.types import Json, RedactedMessage


class Case(NamedTuple):
    """`samples` are the leaves of the messages' parts, in order."""

    messages: list[Message]
    samples: list[Sample]


def case(turns: Iterable[tuple[str, list[Any]]]) -> Case:
    """Of roles and parts in which samples may stand for strings."""
    told = list(turns)
    messages = [Message(role=role, parts=_plain(parts)) for role, parts in told]
    samples = [leaf if isinstance(leaf, Sample) else unlabelled(str(leaf)) for leaf in leaves([p for _, p in told])]
    return Case(messages, samples)


def of_texts(samples: Iterable[Sample]) -> list[Case]:
    """Each sample the text of a user's message."""
    return [Case([user(sample.text)], [unlabelled("text"), sample]) for sample in samples]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value.text if isinstance(value, Sample) else value


def leaves(value: Any) -> Iterator[Any]:
    """What JSON holds besides lists and objects, in its order; without keys."""
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from leaves(each)
    else:
        yield value


def score(engine: Engine, cases: Iterable[Case]) -> Score:
    """Redact them all and count. A text that was altered otherwise counts as one from which nothing was removed."""
    counted = Score()
    for one in cases:
        messages = engine.redact(exchange(one.messages)).input_messages
        for sample, text in zip(one.samples, _texts(messages), strict=True):
            try:
                counted.add(sample, removed(sample.text, text, engine.placeholders))
            except Altered:
                counted.add(sample, ())
                counted.altered += 1
    return counted


def _texts(messages: Sequence[Message] | Sequence[RedactedMessage]) -> Iterator[str]:
    trees: list[Json] = [part for message in messages for part in message.parts]
    return map(str, leaves(trees))
