"""Made-up people: names and places by country from Faker (MIT) and people.toml, words that are
nobody's from wonderwords (MIT), and numbers in their forms."""

from __future__ import annotations

import random
import string
import tomllib
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

from faker import Faker
from faker.config import AVAILABLE_LOCALES
from wonderwords import RandomWord

LISTS: dict[str, Any] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text())
METHODS = {
    "sentence": ("sentence", 60),
    "given": ("first_name", 400),
    "surname": ("last_name", 400),
    "city": ("city", 400),
    "state": ("administrative_unit", 60),
    "street": ("street_name", 400),
    "zip": ("postcode", 100),
    "phone": ("phone_number", 150),
    "org": ("company", 80),
    "country": ("country", 80),
    "id": ("ssn", 60),
    "job": ("job", 60),
}
"""By kind: Faker's method, and how often it is called for each place."""
MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November"]

WORDS = {part: sorted(RandomWord().filter(include_categories=[part])) for part in ("noun", "verb", "adjective")}

Pool = dict[str, list[str]]


def pools(seed: int) -> dict[str, Pool]:
    """Values of each kind by place: a Faker locale, or a culture of people.toml."""
    locales = sorted(set(LISTS["locales"].split()) & set(AVAILABLE_LOCALES))
    made = {locale: _locale(locale, seed) for locale in locales}
    made |= {culture: _romanised(words) for culture, words in LISTS["romanised"].items()}
    return {place: pool for place, pool in made.items() if {"given", "surname", "city"} <= set(pool)}


def _locale(locale: str, seed: int) -> Pool:
    fake = Faker(locale)
    fake.seed_instance(seed)
    drawn = {kind: _draw(getattr(fake, method, str), count) for kind, (method, count) in METHODS.items()}
    return {kind: values for kind, values in drawn.items() if values}


def _draw(make: Callable[[], str], count: int) -> list[str]:
    values = {make() for _ in range(count)}
    return sorted(v for v in values if v and latin(v) and "\n" not in v)


def _romanised(words: dict[str, str]) -> Pool:
    return {kind: [word.title() for word in line.split()] for kind, line in words.items()}


def latin(value: str) -> bool:
    """Whether every letter is Latin, so that the model's vocabulary can spell it."""
    return all(not c.isalpha() or unicodedata.name(c, "").startswith("LATIN") for c in value)


def filled(rng: random.Random, forms: str) -> str:
    """One of the forms between bars, with a digit for each # and a capital for each @."""
    signs = {"#": string.digits, "@": string.ascii_uppercase}
    return "".join(rng.choice(signs[c]) if c in signs else c for c in rng.choice(forms.split("|")))


def anywhere(rng: random.Random, kind: str) -> str | None:
    """A value of a kind that is the same in every country, or None if the kind belongs to a place."""
    if kind in LISTS["forms"]:
        return filled(rng, LISTS["forms"][kind])
    if kind in LISTS["words"]:
        return rng.choice(LISTS["words"][kind].split("|"))
    return _laugh(rng) if kind == "laugh" else _word(rng, kind) or _random(rng, kind)


def _laugh(rng: random.Random) -> str:
    """A word that chats stretch."""
    word = rng.choice(LISTS["stretched"].split())
    at, times = rng.randrange(len(word)), rng.randrange(1, 6)
    return rng.choice([word, word * rng.randrange(1, 5), word[:at] + word[at] * times + word[at + 1 :]])


def _word(rng: random.Random, kind: str) -> str | None:
    """A common word, rare ones among them; plurals and past forms are made without care for exceptions."""
    if kind not in {"noun", "nouns", "verb", "past", "adjective"}:
        return None
    group = {"nouns": "noun", "past": "verb"}.get(kind, kind)
    word = rng.choice(WORDS[group])
    ending = {"nouns": "s", "past": "d" if word.endswith("e") else "ed"}.get(kind, "")
    return word + ending


def _random(rng: random.Random, kind: str) -> str | None:
    number = f"{rng.getrandbits(160):040x}"
    year, month, day = rng.randrange(1940, 2027), rng.randrange(1, 12), rng.randrange(1, 29)
    name = MONTHS[month - 1]
    dates = [f"{day}/{month}/{year}", f"{year}-{month:02}-{day:02}", f"{day} {name} {year}", f"{name} {day}, {year}"]
    made = {
        "hash": number,
        "uuid": f"{number[:8]}-{number[8:12]}-4{number[13:16]}-a{number[17:20]}-{number[20:32]}",
        "key": "".join(rng.choices(string.ascii_letters + string.digits, k=24)),
        "date": rng.choice([*dates, f"{day}.{month}.{year}", f"{name} {day}", f"{month:02}/{day:02}/{year % 100:02}"]),
        "date_year": str(year),
        "timestamp": f"{dates[1]}T{day % 24:02}:{month:02}:{year % 60:02}{rng.choice(['Z', '.123Z', '+00:00'])}",
    }
    return made.get(kind)
