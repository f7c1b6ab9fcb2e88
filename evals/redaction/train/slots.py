"""Templates filled with made-up people: a text, and what each of its characters is."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import NamedTuple

from people import LISTS, Pool, anywhere, pools

UNSURE = -1
"""Left to the teacher: what may be somebody's or nobody's (an organisation, a date, an order number)."""
NOBODYS = 0
LABELS = {
    **dict.fromkeys(("given", "initial", "nick"), "GIVEN_NAME"),
    **dict.fromkeys(("tax", "ssn"), "TAX_ID"),
    **dict.fromkeys(("account", "iban"), "BANK_ACCOUNT"),
    **dict.fromkeys(("state", "land"), "STATE"),
    "surname": "SURNAME",
    "email": "EMAIL",
    "phone": "PHONE",
    "url": "URL",
    "routing": "ROUTING_NUMBER",
    "passport": "PASSPORT",
    "license": "DRIVERS_LICENSE",
    "id": "GOVERNMENT_ID",
    "building": "BUILDING_NUMBER",
    "street": "STREET_NAME",
    "secondary": "SECONDARY_ADDRESS",
    "city": "CITY",
    "zip": "ZIP_CODE",
}
NOT_PERSONAL = {
    *("version", "float", "small", "amount", "unix", "uuid", "hash", "key", "model", "package", "agent", "subject"),
    *("relation", "weekday", "time", "timestamp", "age", "noun", "nouns", "verb", "past", "adjective"),
    *("sentence", "laugh"),
}
LOCAL = 0.6
"""How often a value has the form of its place where there is also a general one."""
SLOT = re.compile(r"\{([a-z_0-9]+)\}")


class Piece(NamedTuple):
    text: str
    label: str | int
    """A label without its B- or I-, NOBODYS or UNSURE."""


class Person:
    """Draws the values of one text from one place, so that names, streets and numbers go together."""

    def __init__(self, rng: random.Random, pool: Pool, everywhere: Pool) -> None:
        self.rng, self.pool, self.everywhere = rng, pool, everywhere

    def pieces(self, template: str) -> list[Piece]:
        """A template's fixed and filled parts."""
        parts, start = [], 0
        for slot in SLOT.finditer(template):
            parts.append(Piece(template[start : slot.start()], NOBODYS))
            parts += self.slot(slot[1])
            start = slot.end()
        return [*parts, Piece(template[start:], NOBODYS)]

    def slot(self, kind: str) -> list[Piece]:
        if kind in LISTS["composed"]:
            return self.pieces(self.rng.choice(LISTS["composed"][kind].split("|")))
        label = LABELS.get(kind, NOBODYS if kind in NOT_PERSONAL else UNSURE)
        return [Piece(self.value(kind), label)]

    def value(self, kind: str) -> str:
        """A value of a kind, from the text's own place if it has some."""
        kind = "country" if kind == "land" else kind
        own = self.pool.get(kind)
        general = None if own and self.rng.random() < LOCAL else anywhere(self.rng, kind)
        return general or self._made(kind) or self.rng.choice(own or self.everywhere[kind])

    def _made(self, kind: str) -> str | None:
        """A value that is made of a name, if the kind is one."""
        if kind not in {"initial", "nick", "email", "user", "url"}:
            return None
        rng = self.rng
        given, surname = (self.value(part).lower().replace(" ", "") for part in ("given", "surname"))
        domain = rng.choice(["example.com", "example.org", "mail.example.net", f"{surname}.example"])
        forms = {
            "initial": [f"{given[:1].upper()}."],
            "nick": [given[: rng.randrange(3, 5)]],
            "email": [
                f"{who}@{domain}"
                for who in (f"{given}.{surname}", given[:1] + surname, f"{surname}{rng.randrange(99)}")
            ],
            "user": [f"{given}{rng.randrange(99)}", f"{given}_{surname}", f"the{surname}"],
            "url": [f"https://{domain}/{given}", f"www.{given}{surname}.example", f"linkedin.com/in/{given}-{surname}"],
        }
        return rng.choice(forms[kind])


class Writer:
    """Writes made-up texts without end."""

    def __init__(self, seed: int, templates: Path) -> None:
        self.rng = random.Random(seed)
        self.places = pools(seed)
        self.templates = read(templates)
        kinds = {kind for pool in self.places.values() for kind in pool}
        self.everywhere = {kind: [v for p in self.places.values() for v in p.get(kind, ())] for kind in kinds}

    def text(self) -> list[Piece]:
        """One text: a template or some after each other, now and then all on one line."""
        rng = self.rng
        language = rng.choices(list(self.templates), [len(t) for t in self.templates.values()])[0]
        near = [p for place, p in self.places.items() if language == "en" or place.startswith(f"{language}_")]
        person = Person(rng, rng.choice(near), self.everywhere)
        parts = person.pieces(rng.choice(self.templates[language]))
        while rng.random() < 0.35:
            gap = Piece(rng.choice([" ", "\n", ". ", "\n\n", " - ", ", "]), NOBODYS)
            parts += [gap, *person.pieces(rng.choice(self.templates[language]))]
        if rng.random() < 0.1:
            parts = [Piece(p.text.replace("\n", " "), p.label) for p in parts]
        return parts


def read(path: Path) -> dict[str, list[str]]:
    """Templates by language (two letters), as templates.txt lists them."""
    found: dict[str, list[str]] = {}
    for line in path.read_text().splitlines():
        if re.fullmatch(r"\[[a-z]{2}\]", line):
            found[line[1:3]] = language = []
        elif line and not line.startswith("%%"):
            language.append(line.replace("\\n", "\n").replace("\\t", "\t"))
    return found
