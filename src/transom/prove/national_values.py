"""Fresh synthetic national ids: of the right form, and drawn until their check digits are right by chance."""

from __future__ import annotations

import string
from collections.abc import Callable
from functools import partial
from random import Random

from transom.prove.values import digits
from transom.redact.national import find

_TRIES = 20_000
"""The rarest check is right once in 260 draws."""

_FORMS = {
    "AU_ABN": ("Her ABN reads #{} on the form.", "###########"),
    "AU_MEDICARE": ("Her Medicare card reads #{} on it.", "2#########"),
    "AU_TFN": ("Her TFN reads #{} on the form.", "#########"),
    "CA_SIN": ("Her SIN reads #{} on the form.", "9##-###-###"),
    "DE_HEALTH_INSURANCE": ("Her KVNR reads #{} on the form.", "A#########"),
    "DE_ID_CARD": ("Her Personalausweis reads #{} on it.", "L########"),
    "DE_LANR": ("Her LANR reads #{} on the form.", "#########"),
    "DE_PASSPORT": ("Her Reisepass reads #{} on it.", "C########"),
    "DE_SOCIAL_SECURITY": ("Her RVNR reads #{} on the form.", "##1507##A###"),
    "DE_VAT_ID": ("Her USt-IdNr reads #{} on the form.", "DE#########"),
    "FR_NIR": ("Her NIR reads #{} on the form.", "1##0675########"),
    "IN_GSTIN": ("Her GSTIN reads #{} on the form.", "27AAAPA####A1ZA"),
    "IT_VAT_CODE": ("Her partita IVA reads #{} on the form.", "###########"),
    "KR_FRN": ("Her FRN reads #{} on the form.", "900101-5######"),
    "MEDICAL_LICENSE": ("Her DEA certificate reads #{} on it.", "BA#######"),
    "NG_NIN": ("Her NIN reads #{} on the form.", "###########"),
    "SE_PERSONNUMMER": ("Her personnummer reads #{} on the form.", "000101-####"),
    "SG_NRIC_FIN": ("Her NRIC reads #{} on the form.", "S#######A"),
    "TH_TNIN": ("Her TNIN reads #{} on the form.", "110##########"),
    "UK_DRIVING_LICENCE": ("The DVLA says #{} on the form.", "AAAAA#0101#AAAAA"),
    "UK_NHS": ("Her NHS card reads #{} on it.", "##########"),
    "US_MBI": ("Her MBI reads #{} on it.", "1EG#-TE#-MK##"),
    "US_NPI": ("Her NPI reads #{} on the form.", "1#########"),
    "ZA_ID_NUMBER": ("Her RSA ID reads #{} on the form.", "800101####08#"),
}
"""By kind: a sentence, and a form in which `#` stands for any digit and `A` for any letter."""


def draw(kind: str, rng: Random) -> str:
    """An id of a kind that is no other kind's as well. Raises LookupError if luck is out, once in 10^30 times."""
    sentence, form = _FORMS[kind]
    for _ in range(_TRIES):
        value = "".join(_character(char, rng) for char in form)
        if {finding.entity for finding in find(sentence.format(value))} == {kind}:
            return value
    raise LookupError(f"no {kind} was drawn")


def _character(char: str, rng: Random) -> str:
    return {"#": lambda: digits(rng, 1), "A": lambda: rng.choice(string.ascii_uppercase)}.get(char, lambda: char)()


NATIONAL_MAKERS: dict[str, tuple[str, Callable[[Random], str]]] = {
    kind: (sentence, partial(draw, kind)) for kind, (sentence, _) in _FORMS.items()
}
