"""A cheap guess at the language of a text: by its script, and for Latin letters by its most frequent short words."""

from __future__ import annotations

import re
from collections import Counter

UNKNOWN = "und"
"""No language can be told (ISO 639-2: undetermined)."""

_READ = 4_000
"""Characters that are looked at: more would hardly change the guess."""

_SCRIPTS = {
    "ar": re.compile("[\u0600-\u06ff]"),
    "bn": re.compile("[\u0980-\u09ff]"),
    "el": re.compile("[\u0370-\u03ff]"),
    "he": re.compile("[\u0590-\u05ff]"),
    "hi": re.compile("[\u0900-\u097f]"),
    "ja": re.compile("[\u3040-\u30ff]"),
    "ko": re.compile("[\uac00-\ud7af]"),
    "ru": re.compile("[\u0400-\u04ff]"),
    "ta": re.compile("[\u0b80-\u0bff]"),
    "te": re.compile("[\u0c00-\u0c7f]"),
    "th": re.compile("[\u0e00-\u0e7f]"),
    "zh": re.compile("[\u4e00-\u9fff]"),
}
"""Blocks of Unicode by the language that is most often written in them (ISO 639-1)."""

_WORDS = {
    "de": "der die und das ist nicht ich mit ein eine zu den von sie für auf im dem wie es wir mein bitte",
    "en": "the and of to is in you that it for with are this my on have what please be can i was",
    "es": "el que los las una por con para del está como pero su al más este mi es y lo",
    "fr": "le les des et est une pour dans que vous je pas avec sur ce du qui mon au nous",
    "it": "il che non di per una sono con della mi ho del anche come questo più gli è nel ed",
    "nl": "het een van dat niet met voor zijn ik op te aan je deze maar mijn ook naar wat en",
    "pl": "nie się jest na to że do jak z co mam czy w dla proszę przez od jestem o po",
    "pt": "não uma os do da com para por você meu dos mais em um isso como se as ao minha",
}
_LANGUAGES = {
    word: {lang for lang, words in _WORDS.items() if word in words.split()}
    for word in " ".join(_WORDS.values()).split()
}
_WORD = re.compile(r"[^\W\d_]{1,12}")
_PLACEHOLDER = re.compile(r"<[A-Z][A-Z0-9_]{1,40}(?::[a-z2-7]{4})?>")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")


def language_of(text: str) -> str:
    """The language in which most of the text is probably written (ISO 639-1), or "und". Placeholders don't count."""
    text = _PLACEHOLDER.sub(" ", text[:_READ])
    if not text.isascii():
        letters = {language: len(script.findall(text)) for language, script in _SCRIPTS.items()}
        if letters["ja"]:
            letters["ja"] += letters["zh"]  # Japanese is written with Chinese characters as well
        most = max(letters, key=lambda language: letters[language])
        if letters[most] > len(_LATIN.findall(text)):
            return most
    return _by_words(text)


def _by_words(text: str) -> str:
    """The language to which the most of its words belong, if no other has as many."""
    votes = Counter(lang for word in _WORD.findall(text.lower()) for lang in _LANGUAGES.get(word, ()))
    first, second = ([*votes.most_common(2), ("", 0), ("", 0)])[:2]
    return first[0] if first[1] > second[1] else UNKNOWN
