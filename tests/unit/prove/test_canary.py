"""Every kind that a shipped profile claims has a canary, and that profile finds each of them as what it is."""

from __future__ import annotations

from random import Random

import pytest

from transom.config import ConfigError, Redaction
from transom.prove.canary import MAKERS, TOO_SHORT, Canary, make, make_canaries
from transom.redact.finder import Finder
from transom.redact.kinds import kinds_of
from transom.redact.profiles import Profile, load_profile

PROFILES = ("fast", "logs", "strict")
DRAWS = 8


@pytest.mark.parametrize("name", PROFILES)
def test_every_kind_of_a_profile_has_a_canary_that_it_finds(name: str):
    redaction = Redaction(profile=name)
    rng, finder = Random(name), Finder(load_profile(redaction))
    for _ in range(DRAWS):
        canaries = make_canaries(redaction, rng)
        assert {canary.kind for canary in canaries} == kinds_of(redaction) - TOO_SHORT
        apart = finder.find_all([canary.sentence for canary in canaries])
        assert [c for c, spans in zip(canaries, apart, strict=True) if missed(c, c.sentence, spans)] == []
        text = "\n".join(canary.sentence for canary in canaries)
        spans = finder.find(text)
        assert [canary for canary in canaries if missed(canary, text, spans)] == []


def missed(canary: Canary, text: str, spans: tuple) -> bool:
    start = text.index(canary.value)
    end = start + len(canary.value)
    return not any(s.entity == canary.kind and s.start < end and start < s.end for s in spans)


def test_kinds_that_the_shipped_profiles_turn_off_have_canaries_too():
    finder = Finder(Profile(model="small", national_ids=True, threshold=0.5))
    for canary in make(["DATE_TIME"], Random(3)):
        assert not missed(canary, canary.sentence, finder.find(canary.sentence))


def test_a_kind_without_a_canary_cannot_be_proved():
    with pytest.raises(ConfigError, match=r"no canary for EMPLOYEE_ID, .*turn the kind off"):
        make(["EMAIL_ADDRESS", "EMPLOYEE_ID"])


def test_a_sentence_holds_its_value_once():
    for canary in make(MAKERS, Random(4)):
        assert canary.sentence.count(canary.value) == 1
