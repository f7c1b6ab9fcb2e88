"""Fresh synthetic values: of the right form and with valid check digits, from ranges that belong to nobody."""

from __future__ import annotations

import string
from base64 import b64encode
from random import Random

_HEADS = ("Bren", "Cald", "Dun", "Ell", "Fair", "Gren", "Hal", "Ken", "Lang", "Mid", "Pen", "Rav", "Stan", "Wes")
_JOINTS = ("der", "er", "ing", "ling", "mer", "sel")
_TAILS = ("bury", "dale", "field", "ford", "ham", "ley", "mere", "ton", "wick", "worth")
_NATIONS = (
    *("Bolivian", "Brazilian", "Cuban", "Danish", "Egyptian", "Finnish", "Greek", "Irish", "Kenyan"),
    *("Mexican", "Moroccan", "Nigerian", "Norwegian", "Peruvian", "Polish", "Swedish"),
)
_COUNTRIES = ("Austria", "Denmark", "England", "Finland", "Germany", "Ireland", "Norway", "Scotland", "Sweden")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_CONSONANTS = "BCDFGHJKLMNPRSTVWZ"
_FISCAL_ODD = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)
"""What `A` to `Z`, and 0 to 9 as `A` to `J`, are worth at an odd place of an Italian fiscal code (DM 23/12/1976)."""


def digits(rng: Random, count: int) -> str:
    return "".join(rng.choices(string.digits, k=count))


def token(rng: Random, count: int) -> str:
    """Letters and digits, at least one of each kind."""
    return "a7Q" + "".join(rng.choices(string.ascii_letters + string.digits, k=count - 3))


def word(rng: Random) -> str:
    """A name that no place or person has."""
    return rng.choice(_HEADS) + rng.choice(_JOINTS) + rng.choice(_TAILS)


def email(rng: Random) -> str:
    return f"{word(rng).lower()}.{digits(rng, 6)}@example.com"


def phone(rng: Random) -> str:
    """Of the range that the United Kingdom's regulator keeps for drama, 07700 900000 to 900999, with an extension."""
    return f"+44 7700 900{digits(rng, 3)} ext {rng.randint(1000, 9999)}"


def card(rng: Random) -> str:
    """A Visa number behind a prefix that payment providers use for tests, in groups of four."""
    body = "40000000" + digits(rng, 7)
    number = body + _luhn(body)
    return " ".join(number[i : i + 4] for i in range(0, 16, 4))


def _luhn(body: str) -> str:
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(body))]
    return str(-sum(sum(divmod(n, 10)) for n in doubled) % 10)


def iban(rng: Random) -> str:
    """A British one of a bank that doesn't exist."""
    account = "TEST" + digits(rng, 14)
    number = int("".join(str(int(char, 36)) for char in account + "GB00"))
    return f"GB{98 - number % 97:02}{account}"


def ssn(rng: Random) -> str:
    """Beginning with 9, as none is; the groups 01 to 49 are no taxpayer number's either."""
    return f"9{digits(rng, 2)}-{rng.randint(1, 49):02}-{rng.randint(1, 9999):04}"


def ip(rng: Random) -> str:
    """Of 2001:db8::/32, kept for documentation (RFC 3849)."""
    return "2001:db8:" + ":".join(f"{rng.randint(4096, 65535):x}" for _ in range(6))


def url(rng: Random) -> str:
    return f"https://www.example.com/reset?user={token(rng, 24)}"


def secret(rng: Random) -> str:
    return "sk-" + token(rng, 40)


def id_number(rng: Random) -> str:
    return rng.choice(_CONSONANTS) + digits(rng, 9)


def person(rng: Random) -> str:
    return f"{word(rng)} {word(rng)}"


def street(rng: Random) -> str:
    return f"{rng.randint(1000, 9999)} {word(rng)} Street"


def blob(rng: Random) -> str:
    return "data:image/png;base64," + b64encode(rng.randbytes(72)).decode()


def place(rng: Random) -> str:
    return f"{word(rng)}, {rng.choice(_COUNTRIES)}"


def nation(rng: Random) -> str:
    return "-".join(rng.sample(_NATIONS, 3))


def organization(rng: Random) -> str:
    return f"{word(rng)} Industries Ltd"


def date(rng: Random) -> str:
    """So old that no other text is likely to have it."""
    return f"{rng.choice(_MONTHS)} {rng.randint(1, 28)}, {rng.randint(1600, 1799)}"


def aadhaar(rng: Random) -> str:
    """Beginning with 2, as no card number of that length does."""
    body = "2" + digits(rng, 10)
    return next(f"{body}{check}" for check in string.digits if _verhoeff(f"{body}{check}") == 0)


def _verhoeff(number: str) -> int:
    """The check of Verhoeff's scheme, in the dihedral group of the pentagon; 0 if it holds."""
    check = 0
    for place, digit in enumerate(reversed(number)):
        check = _compose(check, _permuted(int(digit), place))
    return check


def _compose(a: int, b: int) -> int:
    """Turns are 0 to 4, reflections 5 to 9."""
    if a < 5:
        return (a + b) % 5 + 5 * (b >= 5)
    return (a - b) % 5 + 5 * (b < 5)


def _permuted(digit: int, times: int) -> int:
    for _ in range(times % 8):
        digit = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)[digit]
    return digit


def pan(rng: Random) -> str:
    letters = "".join(rng.choices(_CONSONANTS, k=3))
    return f"{letters}P{rng.choice(_CONSONANTS)}{digits(rng, 4)}{rng.choice(_CONSONANTS)}".lower()


def nino(rng: Random) -> str:
    pairs = " ".join(digits(rng, 2) for _ in range(3))
    return f"{rng.choice('abce')}{rng.choice('lmpr')} {pairs} {rng.choice('abcd')}"


def nif(rng: Random) -> str:
    number = digits(rng, 8)
    return number + _spanish_letter(int(number)).lower()


def nie(rng: Random) -> str:
    number = digits(rng, 7)
    return f"Y{number}{_spanish_letter(int('1' + number))}".lower()


def _spanish_letter(number: int) -> str:
    return "TRWAGMYFPDXBNJZSQVHLCKE"[number % 23]


def pesel(rng: Random) -> str:
    """Of somebody born in 1900 to 1909: with its zero in front it is no other country's number."""
    body = f"0{rng.randint(0, 9)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}{digits(rng, 4)}"
    weights = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)
    return body + str(-sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 10)


def fiscal_code(rng: Random) -> str:
    letters = "".join(rng.choices(_CONSONANTS, k=6))
    born = f"{rng.randint(10, 99)}{rng.choice('ABCDEHLMPRST')}{rng.randint(10, 28)}"
    body = f"{letters}{born}Z{rng.randint(100, 999)}"
    ranks = [int(char) if char.isdigit() else string.ascii_uppercase.index(char) for char in body]
    check = sum(_FISCAL_ODD[rank] for rank in ranks[::2]) + sum(ranks[1::2])
    return (body + string.ascii_uppercase[check % 26]).lower()


def finnish_code(rng: Random) -> str:
    """With a number from 900 on, as only temporary ones have."""
    born, number = f"{rng.randint(1, 28):02}{rng.randint(1, 12):02}{rng.randint(10, 99)}", f"9{digits(rng, 2)}"
    return f"{born}-{number}{'0123456789ABCDEFHJKLMNPRSTUVWXY'[int(born + number) % 31]}"


def rrn(rng: Random) -> str:
    body = f"{rng.randint(10, 99)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}10{digits(rng, 4)}"
    weights = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
    check = (11 - sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11) % 10
    return f"{body[:6]}-{body[6:]}{check}"


def turkish_id(rng: Random) -> str:
    """With four zeros, which no German number has."""
    body = f"{rng.randint(1, 9)}{rng.randint(1, 9)}0000{digits(rng, 3)}"
    tenth = (7 * sum(map(int, body[::2])) - sum(map(int, body[1::2]))) % 10
    return f"{body}{tenth}{(sum(map(int, body)) + tenth) % 10}"


def german_tax_id(rng: Random) -> str:
    """With `00` for a month, which no Polish number has."""
    body = f"{rng.randint(1, 9)}{rng.randint(1, 9)}00" + "".join(rng.sample("123456789", 6))
    product = 10
    for digit in body:
        product = (int(digit) + product) % 10 or 10
        product = product * 2 % 11
    return body + str((11 - product) % 10)
