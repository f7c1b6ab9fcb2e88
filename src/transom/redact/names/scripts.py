"""Scripts whose names the model can't find: its vocabulary holds hardly more of them than their letters."""

from __future__ import annotations

import re

_RANGES = {
    "el": "\u0370-\u03ff",
    "ru": "\u0400-\u052f",
    "hy": "\u0530-\u058f",
    "he": "\u0590-\u05ff",
    "ar": "\u0600-\u06ff\u0750-\u077f",
    "hi": "\u0900-\u097f",
    "bn": "\u0980-\u09ff",
    "pa": "\u0a00-\u0a7f",
    "gu": "\u0a80-\u0aff",
    "or": "\u0b00-\u0b7f",
    "ta": "\u0b80-\u0bff",
    "te": "\u0c00-\u0c7f",
    "kn": "\u0c80-\u0cff",
    "ml": "\u0d00-\u0d7f",
    "si": "\u0d80-\u0dff",
    "th": "\u0e00-\u0e7f",
    "lo": "\u0e80-\u0eff",
    "my": "\u1000-\u109f",
    "ka": "\u10a0-\u10ff",
    "am": "\u1200-\u137f",
    "km": "\u1780-\u17ff",
    "ja": "\u3040-\u30ff",
    "zh": "\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003134f",
    "ko": "\u1100-\u11ff\uac00-\ud7af",
}
"""Blocks of Unicode by the language (ISO 639-1) that most often is written in them: Devanagari counts as Hindi."""

_WORDS = {language: re.compile(rf"[{letters}]{{2}}") for language, letters in _RANGES.items()}
"""Two letters in a row: a single one is a symbol, as in formulas."""
_ANY = re.compile(f"[{''.join(_RANGES.values())}]{{2}}")


def unread_scripts(text: str) -> set[str]:
    """The languages, as ISO 639-1 codes, in whose scripts words of the text are written that the model can't read.

    A script tells no more than the language that most often uses it.
    """
    if text.isascii() or _ANY.search(text) is None:
        return set()
    found = {language for language, word in _WORDS.items() if word.search(text)}
    return found - {"zh"} if "ja" in found else found
