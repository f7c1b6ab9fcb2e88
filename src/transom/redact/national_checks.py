"""Presidio's recognizers of national ids, and two that it lacks. Importing this loads Presidio, and spaCy with it."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from presidio_analyzer import Pattern, PatternRecognizer, predefined_recognizers
from presidio_analyzer.predefined_recognizers import DeVatIdRecognizer, InPanRecognizer, SgFinRecognizer

_PAN = Pattern("PAN", r"\b[A-Z]{3}[ABCFGHJLPT][A-Z][0-9]{4}[A-Z]\b", 0.6)
"""Five letters of which the fourth names the kind of holder, four digits, a letter. Presidio's own patterns for it
take any ten letters and digits."""


_NRIC_LETTERS = {
    **dict.fromkeys("ST", "JZIHGFEDCBA"),
    **dict.fromkeys("FG", "XWUTRQPNMLK"),
    "M": "XWUTRQPNJLK",
}
_NRIC_ADDED = {"T": 4, "G": 4, "M": 3}


class SgNricRecognizer(SgFinRecognizer):  # type: ignore[misc]
    """Singapore's NRIC and FIN, of which Presidio looks at the form only.

    The check letter is that of the seven digits weighed 2 7 6 5 4 3 2, modulo 11; later series add 4, M adds 3.
    It is known from use, not from a publication of the state.
    """

    def validate_result(self, pattern_text: str) -> bool:
        """Whether the last letter is that of the digits."""
        series, digits, letter = pattern_text[0].upper(), pattern_text[1:-1], pattern_text[-1].upper()
        if series not in _NRIC_LETTERS:
            return False
        total = sum(int(digit) * weight for digit, weight in zip(digits, (2, 7, 6, 5, 4, 3, 2), strict=True))
        return _NRIC_LETTERS[series][(total + _NRIC_ADDED.get(series, 0)) % 11] == letter


class FrNirRecognizer(PatternRecognizer):  # type: ignore[misc]
    """France's social security number (NIR): 13 characters, and as key 97 less their remainder by 97 (INSEE).

    Corsica's departments 2A and 2B count as 19 and 18.
    """

    def __init__(self) -> None:
        form = r"\b[1-478] ?\d\d ?(?:0[1-9]|[1-9]\d) ?(?:\d\d|2[AB]) ?\d{3} ?\d{3} ?\d\d\b"
        cues = ["numéro de sécurité sociale", "sécurité sociale", "insee", "nir", "carte vitale"]
        super().__init__("FR_NIR", patterns=[Pattern("NIR", form, 0.4)], context=cues)

    def validate_result(self, pattern_text: str) -> bool:
        """Whether the key is right."""
        number = re.sub(r"\s", "", pattern_text.upper()).replace("2A", "19").replace("2B", "18")
        return 97 - int(number[:13]) % 97 == int(number[13:])


_OURS = {"FR_NIR": FrNirRecognizer, "SG_NRIC_FIN": SgNricRecognizer}


@cache
def recognizer(entity: str, class_name: str) -> Any:
    """The `PatternRecognizer` of an entity, made once."""
    if entity in _OURS:
        return _OURS[entity]()
    if entity == "IN_PAN":
        return InPanRecognizer(patterns=[_PAN])
    if entity == "DE_VAT_ID":
        return DeVatIdRecognizer(strict_checksum=True)
    return getattr(predefined_recognizers, class_name)()
