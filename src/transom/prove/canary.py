"""What the proof sends: a fresh value, in a sentence, of each kind of personal data that redaction claims."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random, SystemRandom
from typing import NamedTuple

from transom.config import ConfigError, Redaction
from transom.prove import values
from transom.prove.national_values import NATIONAL_MAKERS
from transom.redact.kinds import kinds_of


class Canary(NamedTuple):
    """A synthetic value of one kind, and a sentence around it."""

    kind: str
    value: str
    sentence: str


MAKERS: dict[str, tuple[str, Callable[[Random], str]]] = {
    "PERSON": ("Hello, my name is {}.", values.person),
    "EMAIL_ADDRESS": ("Please write to {} about it.", values.email),
    "PHONE_NUMBER": ("You can call {} in the morning.", values.phone),
    "CREDIT_CARD": ("It was paid with the card {}.", values.card),
    "IBAN_CODE": ("The refund goes to {}.", values.iban),
    "US_SSN": ("Her social security number is {}.", values.ssn),
    "IP_ADDRESS": ("The login came from {} last night.", values.ip),
    "URL": ("The link was {} in the mail.", values.url),
    "SECRET": ("The service uses the key {} there.", values.secret),
    "ID_NUMBER": ("The passport number is {}.", values.id_number),
    "STREET_ADDRESS": ("The parcel goes to {}.", values.street),
    "BLOB": ("The picture is {} here.", values.blob),
    "LOCATION": ("He was born in {}.", values.place),
    "NRP": ("Her parents are {} citizens.", values.nation),
    "ORGANIZATION": ("She works for {}.", values.organization),
    "DATE_TIME": ("She was born on {}.", values.date),
    "IN_AADHAAR": ("Her Aadhaar number is {}.", values.aadhaar),
    "IN_PAN": ("On the PAN it says {} in small letters.", values.pan),
    "UK_NINO": ("Her NINO reads {} in small letters.", values.nino),
    "ES_NIF": ("Her NIF reads {} in small letters.", values.nif),
    "ES_NIE": ("Her NIE reads {} in small letters.", values.nie),
    "PL_PESEL": ("Her PESEL reads #{} on the form.", values.pesel),
    "IT_FISCAL_CODE": ("Her codice fiscale reads {} in small letters.", values.fiscal_code),
    "FI_PERSONAL_IDENTITY_CODE": ("Her henkilötunnus reads #{} on the form.", values.finnish_code),
    "KR_RRN": ("Her RRN reads #{} on the form.", values.rrn),
    "TR_NATIONAL_ID": ("Her TCKN reads #{} on the form.", values.turkish_id),
    "DE_TAX_ID": ("Her Steuer-IdNr reads #{} on the form.", values.german_tax_id),
    **NATIONAL_MAKERS,
}
"""By kind: a sentence that gives what its recognizer wants to see around it and no other's does, and its values.

The `#` tells a number from a phone's.
"""


TOO_SHORT = frozenset({"AGE"})
"""Two digits stand in any file: nothing would be proved by looking for them."""


def make_canaries(redaction: Redaction, rng: Random | None = None) -> list[Canary]:
    """One of each kind that the profile claims and that can be looked for. Raises ConfigError, as `make` does."""
    return make(kinds_of(redaction) - TOO_SHORT, rng)


def make(kinds: Iterable[str], rng: Random | None = None) -> list[Canary]:
    """One of each kind. Raises ConfigError where there is none for a kind: then nothing can be proved of it."""
    rng = rng or SystemRandom()
    wanted = sorted(kinds)
    if unknown := [kind for kind in wanted if kind not in MAKERS]:
        raise ConfigError(
            f"proof: there is no canary for {', '.join(unknown)}, which the redaction profile looks for: "
            "turn the kind off in the profile, or remove the plugin that looks for it"
        )
    return [_make(kind, rng) for kind in wanted]


def _make(kind: str, rng: Random) -> Canary:
    sentence, make_value = MAKERS[kind]
    value = make_value(rng)
    return Canary(kind, value, sentence.format(value))
