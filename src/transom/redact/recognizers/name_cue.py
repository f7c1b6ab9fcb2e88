"""The words after which a name comes: introductions, labels of forms, greetings and signatures, in many languages."""

from __future__ import annotations

import re
from typing import NamedTuple

from transom.redact.recognizers.words import alternatives, vocabulary


class Cue(NamedTuple):
    """`before` must end where one of the words starts, and the name comes after `after`, which begins where it ends.

    The name must have `least` words, and may be in lower case if `lower`.
    """

    words: frozenset[str]
    before: re.Pattern[str] | None
    after: re.Pattern[str]
    score: float
    least: int = 1
    lower: bool = False


def _cue(words: str, before: str, after: str, score: float, least: int = 1, lower: bool = False) -> Cue:
    left = re.compile(rf"(?:{before})\Z", re.IGNORECASE) if before else None
    return Cue(vocabulary(words), left, re.compile(after, re.IGNORECASE), score, least, lower)


_OWN = (
    r"\b(?:my|mein|mijn|mon|mi|meu|mio|mitt|mit|her|his|their|whose|the|client'?s|user'?s)"
    r" (?:full |real |first |last |given |family |middle )?"
)
_WHOSE = (
    r"\b(?:full|first|last|middle|given|family|maiden|legal|real|customer|client|patient|contact|card ?holder|account"
    r"|applicant|employee|student|father'?s?|mother'?s?|spouse'?s?|guardian|beneficiary|recipient|sender|passenger|guest"
    r"|billing|shipping|nominee|payee|owner|tenant)['’]?s?[ _-]{0,2}"
)
_KIN = (
    "wife husband son daughter brother sister mother father mom dad mum uncle aunt cousin nephew niece friend boss "
    "colleague neighbour neighbor girlfriend boyfriend fiancé fiancée fiancee roommate grandmother grandfather "
    "coworker doctor therapist"
)
_CALLED = rf"(?:i am|i'm|he is|she is|{alternatives(_KIN.split())}|man|woman|boy|girl|guy|person|lady|client|patient)"
_SURNAMES = "surname firstname lastname fullname forename cardholder nachname vorname apellido apellidos cognome"
_I_AM = "llamo chamo chiamo appelle heiße heisse heißt nazywam heter hedder heet зовут adım"
_GREETINGS = "dear liebe lieber cher chère querido querida estimado estimada caro cara kära kjære hi hello hey"
_SIGNED = "regards sincerely cheers truly respectfully faithfully grüßen grüße cordialement saludos atentamente saluti"
_HEADERS = "from to cc bcc attn attention author recipient sender patient applicant beneficiary"
_IS = r"(?:['’]s| ist?| was| est?| es| é| è| är| er|:| ?=)"
_FIELD = r"[\"']?\s{0,2}[:=]\s{0,3}[\"']?"
_UP_TO_3_WORDS = r"\S{1,24}(?: \S{1,24}){0,2}"

CUES = (
    _cue("name naam nom nombre nome namn navn", _OWN, rf"{_IS},? ?[\"'“]?", 0.7, lower=True),
    _cue("name", _WHOSE, rf"(?: is|{_FIELD}|:?\n) ?", 0.7),
    _cue(_SURNAMES, "", rf"(?: is |{_FIELD})", 0.7),
    _cue("name", r"(?:\A|\n|[,;|] ?|[\"'*])", _FIELD, 0.6, least=2),
    _cue(_I_AM, "", r"(?: się)? ", 0.7, lower=True),
    _cue("called named", rf"{_CALLED}(?: is| was)? ", " ", 0.65),
    _cue("i", "", rf"(?: am|['’]m) (?={_UP_TO_3_WORDS}(?:,|\.|!| from | and i | here| with | at |\Z))", 0.55),
    _cue("this", "", rf" is (?={_UP_TO_3_WORDS},? (?:speaking|here|calling|from)\b)", 0.6),
    _cue("call", "", " me ", 0.6),
    _cue(_KIN, r"\b(?:my|his|her|our|their) ", rf"(?:['’]s name{_IS}|,)? ", 0.6),
    _cue(_GREETINGS, "", r" (?=[^,\n!:]{1,40}(?:[,!:\n]|\Z))", 0.6),
    _cue(_SIGNED, "", r"[,!.]?(?: ?\n{1,3} {0,4}| (?=[^\n]{1,40}\Z))", 0.65),
    _cue("signed", "", r"(?: by)?[,:]? ?\n? ?", 0.6),
    _cue(_HEADERS, r"(?:\A|\n)[ >*-]{0,4}", r"[*]{0,2}: {0,2}[\"']?", 0.6, least=2),
)
