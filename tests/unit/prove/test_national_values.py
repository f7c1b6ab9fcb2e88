"""National ids that are drawn."""

from __future__ import annotations

from random import Random

import pytest

from transom.prove.canary import MAKERS
from transom.prove.national_values import NATIONAL_MAKERS, draw
from transom.redact.national import NATIONAL, find


@pytest.mark.parametrize("kind", NATIONAL_MAKERS)
def test_each_is_taken_for_what_it_is_and_is_another_each_time(kind):
    rng = Random(kind)
    values = {draw(kind, rng) for _ in range(8)}
    assert len(values) == 8
    sentence, _ = NATIONAL_MAKERS[kind]
    assert all([f.entity for f in find(sentence.format(value)) if f.score >= 0.5] == [kind] for value in values)


def test_every_national_id_can_be_proved():
    assert set(NATIONAL.entities) <= set(MAKERS)
