"""Made-up values of each type, the same for the same seed. Check digits are right; no value is meant to be anyone's."""

from __future__ import annotations

import random
import string
import tomllib
import unicodedata
from collections.abc import Callable
from pathlib import Path

from evals.redaction.samples import UNCOUNTED, Value

WORDS: dict[str, dict[str, list[str]]] = tomllib.loads(Path(__file__).with_name("words.toml").read_text())
DIGITS, ALNUM = string.digits, string.ascii_letters + string.digits
MAIL_HOSTS = ["example.org", "mail.example.net", "post.example.com"]
FORMS_OF_IDS = {
    "passport": "@%#######",
    "account": "%#########",
    "mrn": "MRN-%######",
    "policy": "POL-%###-#####",
    "case": "%C-20%#-CV-0####",
    "employee": "E%#####",
    "member": "M%##-###-###",
    "licence": "@###-####-####",
}
"""`@` is a capital letter, `#` a digit, `%` one that isn't 0."""

SECRETS: dict[str, Callable[[random.Random], str]] = {
    # Prefixes are in pieces so that scanners of source code don't take this file for a leak.
    "openai_key": lambda chance: "sk" + "-proj-" + several(chance, ALNUM, 48),
    "aws_key": lambda chance: "AK" + "IA" + several(chance, string.ascii_uppercase + "234567", 16),
    "github_token": lambda chance: "gh" + "p_" + several(chance, ALNUM, 36),
    "slack_token": lambda chance: (
        "xo" + "xb-" + "-".join(several(chance, DIGITS, 11) for _ in "12") + "-aB" + several(chance, ALNUM, 22)
    ),
    "stripe_key": lambda chance: "sk" + "_live_" + several(chance, ALNUM, 24),
    "jwt": lambda chance: ".".join(
        ["ey" + "J" + several(chance, ALNUM, n) for n in (33, 60)] + [several(chance, ALNUM, 43)]
    ),
    "password": lambda chance: (
        several(chance, string.ascii_lowercase, 5).title() + several(chance, "!$%*?", 1) + several(chance, DIGITS, 4)
    ),
}


def several(chance: random.Random, alphabet: str, number: int) -> str:
    """So many characters of an alphabet."""
    return "".join(chance.choices(alphabet, k=number))


class Values:
    """Makes what a template's slots ask for."""

    def __init__(self, seed: object, language: str = "en") -> None:
        self._chance = random.Random(f"{seed} {language}")
        self._words = WORDS[language] | WORDS["any"]

    def __call__(self, slot: str) -> Value:
        """A new value. Raises KeyError for a slot that nothing is known of."""
        if slot in SECRETS:
            return Value(SECRETS[slot](self._chance), "SECRET")
        if slot in FORMS_OF_IDS:
            return Value(self._formed(FORMS_OF_IDS[slot]), "ID_NUMBER")
        kind, make = _MAKERS[slot]
        return Value(make(self), kind)

    def _any(self, choices: list[str]) -> str:
        return self._chance.choice(choices)

    def _formed(self, form: str) -> str:
        """The form with each of its signs replaced."""
        alphabets = {"#": DIGITS, "%": DIGITS[1:], "@": string.ascii_uppercase}
        return "".join(self._chance.choice(alphabets.get(char, char)) for char in form)

    def first(self) -> str:
        return self._any(self._words["first"])

    def last(self) -> str:
        return self._any(self._words["last"])

    def person(self) -> str:
        return f"{self.first()} {self.last()}"

    def email(self) -> str:
        name = f"{self.first()}.{self.last()}".replace(" ", "").replace("'", "")
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
        return f"{plain}{self._formed('%#')}@{self._any(MAIL_HOSTS)}"

    def username(self) -> str:
        return f"{self.first().lower()}_{self._formed('%#')}"

    def phone(self) -> str:
        return self._formed(self._any(self._words["phones"]))

    def street(self) -> str:
        return self._formed(self._any(self._words["streets"]))

    def city(self) -> str:
        return self._any(self._words["cities"])

    def country(self) -> str:
        return self._any(self._words["countries"])

    def date(self) -> str:
        return self._formed(self._any(self._words["dates"]))

    def age(self) -> str:
        return str(self._chance.randint(19, 89))

    def nrp(self) -> str:
        return self._any(self._words["peoples"])

    def card(self) -> str:
        """16 digits that pass Luhn's check (ISO/IEC 7812-1), as they are or in fours."""
        body = self._formed("4##############")
        number = body + str(_luhn(body))
        fours = " ".join(number[i : i + 4] for i in range(0, 16, 4))
        return self._any([number, fours, fours.replace(" ", "-")])

    def iban(self) -> str:
        """Of Germany or the United Kingdom, with check digits by ISO 13616, as they are or in fours."""
        country, form = self._chance.choice([("DE", "%#################"), ("GB", "@@@@##############")])
        body = self._formed(form)
        check = 98 - int("".join(str(int(char, 36)) for char in f"{body}{country}00")) % 97
        number = f"{country}{check:02}{body}"
        fours = " ".join(number[i : i + 4] for i in range(0, len(number), 4))
        return self._any([number, fours])

    def ssn(self) -> str:
        return self._formed("5%#-%#-%###")

    def nino(self) -> str:
        return f"{self._any(['AB', 'JK', 'PX', 'WE'])} {self._formed('## ## ##')} {self._any(list('ABCD'))}"

    def pesel(self) -> str:
        """A Polish national number with its check digit (weights 1 3 7 9)."""
        body = self._formed("%#0%1%####")
        total = sum(int(digit) * weight for digit, weight in zip(body, (1, 3, 7, 9) * 3, strict=False))
        return body + str(-total % 10)

    def dni(self) -> str:
        """A Spanish national number with its check letter (modulo 23)."""
        number = self._formed("%#######")
        return number + "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23]

    def ip(self) -> str:
        """Of the ranges for documentation (RFC 5737)."""
        return f"{self._any(['192.0.2', '198.51.100', '203.0.113'])}.{self._chance.randint(2, 250)}"

    def ip6(self) -> str:
        """Of the range for documentation (RFC 3849)."""
        return f"2001:db8:{self._formed('%##')}::{self._formed('%#')}"

    def profile_url(self) -> str:
        return f"https://social.example.com/in/{self.username()}"

    def secret_url(self) -> str:
        return f"postgres://{self.username()}:{several(self._chance, ALNUM, 14)}@db.example.net:5432/app"

    def org(self) -> str:
        return self._any(self._words["organisations"])

    def product(self) -> str:
        return self._any(self._words["products"])

    def hour(self) -> str:
        return self._any(["5 pm", "08:15", "noon", "11:40"])

    def weekday(self) -> str:
        return self._any(["Monday", "Friday", "Saturday"])

    def month(self) -> str:
        return self._any(["May", "September"])

    def price(self) -> str:
        return self._formed("%#.##")

    def order(self) -> str:
        return self._formed("#%####-%#")

    def uuid(self) -> str:
        return "-".join(several(self._chance, "0123456789abcdef", n) for n in (8, 4, 4, 4, 12))

    def commit(self) -> str:
        return several(self._chance, "0123456789abcdef", 40)

    def unix(self) -> str:
        return self._formed("17########")

    def version(self) -> str:
        return self._formed("%.%#.%")

    def moment(self) -> str:
        return self._formed("2026-0%-1%T1#:2#:3#Z")


_MAKERS: dict[str, tuple[str | None, Callable[[Values], str]]] = {
    "person": ("PERSON", Values.person),
    "first": ("PERSON", Values.first),
    "last": ("PERSON", Values.last),
    "username": ("PERSON", Values.username),
    "email": ("EMAIL_ADDRESS", Values.email),
    "phone": ("PHONE_NUMBER", Values.phone),
    "street": ("STREET_ADDRESS", Values.street),
    "city": ("LOCATION", Values.city),
    "country": ("LOCATION", Values.country),
    "date": ("DATE_TIME", Values.date),
    "age": ("AGE", Values.age),
    "nrp": ("NRP", Values.nrp),
    "card": ("CREDIT_CARD", Values.card),
    "iban": ("IBAN_CODE", Values.iban),
    "ssn": ("US_SSN", Values.ssn),
    "nino": ("NATIONAL_ID", Values.nino),
    "pesel": ("NATIONAL_ID", Values.pesel),
    "dni": ("NATIONAL_ID", Values.dni),
    "ip": ("IP_ADDRESS", Values.ip),
    "ip6": ("IP_ADDRESS", Values.ip6),
    "profile_url": ("URL", Values.profile_url),
    "secret_url": ("SECRET", Values.secret_url),
    "org": (UNCOUNTED, Values.org),
    "product": (UNCOUNTED, Values.product),
    "hour": (UNCOUNTED, Values.hour),
    "weekday": (UNCOUNTED, Values.weekday),
    "month": (UNCOUNTED, Values.month),
    "price": (None, Values.price),
    "order": (None, Values.order),
    "uuid": (None, Values.uuid),
    "commit": (None, Values.commit),
    "unix": (None, Values.unix),
    "version": (None, Values.version),
    "moment": (None, Values.moment),
}
"""The kind of each slot's values. Times that nobody could be known by don't count: a profile may take them or not."""


def _luhn(body: str) -> int:
    """The digit that makes the sum of all of them, every second one doubled, a multiple of ten."""
    total = 0
    for index, digit in enumerate(reversed(body)):
        doubled = int(digit) * (2 if index % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return -total % 10
