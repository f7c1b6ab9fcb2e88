"""Bengali and Hindi chat in which names, phones, ids, addresses and dates are planted, in ASCII and in native digits.

The templates and values are in indic.toml. Some names stand without any word that gives them away, so rules can't find
them. Everything is invented; an Aadhaar number carries its check digit.
"""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evals.redaction.samples import Sample, Value, fill

TEMPLATES = Path(__file__).with_suffix(".toml")
COPIES = 3
"""Texts of each template, with other values each time; the first in ASCII digits."""
KINDS = {
    **dict.fromkeys(("name", "given", "family"), "PERSON"),
    **dict.fromkeys(("town", "area", "village"), "LOCATION"),
    **dict.fromkeys(("month", "day", "year", "slash"), "DATE_TIME"),
    **dict.fromkeys(("phone", "intl"), "PHONE_NUMBER"),
    **dict.fromkeys(("nid", "nid10", "account", "aadhaar"), "ID_NUMBER"),
    **dict.fromkeys(("house", "flat", "code", "pin"), "STREET_ADDRESS"),
    **{"age": "AGE", "email": "EMAIL_ADDRESS"},
}


def indic() -> list[Sample]:
    """About 200 texts, the same every time."""
    chance = random.Random("indic")
    languages = tomllib.loads(TEMPLATES.read_text(encoding="utf-8"))
    return [sample for language, told in languages.items() for sample in _texts(language, told, chance)]


def _texts(language: str, told: dict[str, Any], chance: random.Random) -> Iterator[Sample]:
    for template in told["texts"].strip().splitlines():
        for copy in range(COPIES):
            values = _Values(told, told["digits"] if copy else "0123456789", chance)
            yield fill(template, values, language, "chat")
    yield from (Sample(line, language=language, where="clean") for line in told["clean"].strip().splitlines())


class _Values:
    """A value for each slot, with digits of one kind."""

    def __init__(self, told: dict[str, Any], digits: str, chance: random.Random) -> None:
        self._lists = {slot: words.split() for slot, words in told["values"].items()} | told["forms"]
        self._digits, self._chance = str.maketrans("0123456789", digits), chance

    def __call__(self, slot: str) -> Value:
        return Value(self._text(slot), KINDS[slot])

    def _text(self, slot: str) -> str:
        if slot == "name":
            return f"{self._text('given')} {self._text('family')}"
        if slot == "aadhaar":
            return _grouped(with_check_digit(self._filled("3##########"))).translate(self._digits)
        value = self._filled(self._chance.choice(self._lists[slot]))
        if slot in ("area", "village"):
            return value.replace("-", " ")
        return value if slot == "email" else value.translate(self._digits)

    def _filled(self, form: str) -> str:
        """`#` stands for any digit."""
        return re.sub("#", lambda _: str(self._chance.randrange(10)), form)


def with_check_digit(digits: str) -> str:
    """And Verhoeff's check digit (J. Verhoeff, Error Detecting Decimal Codes, 1969), which Aadhaar numbers end with."""
    return next(value for last in "0123456789" if _checks(value := digits + last))


def _checks(value: str) -> bool:
    permutation, check = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4), 0
    for position, char in enumerate(reversed(value)):
        digit = int(char)
        for _ in range(position % 8):
            digit = permutation[digit]
        check = _times(check, digit)
    return check == 0


def _times(left: int, right: int) -> int:
    """In the dihedral group of order 10: 0 to 4 are rotations of a pentagon, 5 to 9 reflections."""
    if left < 5:
        return (left + right) % 5 + 5 * (right >= 5)
    return (left - right) % 5 + 5 * (right < 5)


def _grouped(digits: str) -> str:
    return " ".join(re.findall("....", digits))
