"""National ids with a check digit or a form of their own, in texts of every language: Presidio's recognizers.

What could be one is found here, by patterns that are linear in the length of the text. Only that goes to Presidio,
which is loaded when the first such text comes. Numbers are everywhere, and one in ten has the right check digit by
chance; so an id counts by itself only where form and check together leave little to chance, else after a word that
names it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any, NamedTuple

from transom.plugins import RecognizerRegistry, hookimpl
from transom.redact.context import Context
from transom.redact.finding import Finding, Recognizer
from transom.redact.text import has_digit, in_uuid

_CODE = re.compile(
    r"(?<![^\W_])(?<!\d[.,/:-])(?:"
    r"[A-Za-z]{2} \d\d ?\d\d ?\d\d ?[A-Da-d]"  # UK_NINO in groups
    r"|[Dd][Ee][ .-]\d{3}[ .-]\d{3}[ .-]\d{3}"  # DE_VAT_ID in groups
    r"|[1-478] \d\d \d\d \d[\dAB] \d{3} \d{3} \d\d"  # FR_NIR in groups
    r"|(?<!\d )\d{3,4}(?: \d{3,5}){1,3}(?: \d)?(?! \d)"
    r"|(?=[A-Za-z]{0,6}\d)[A-Za-z0-9]{3,16}(?:[-+][A-Za-z0-9]{1,8}){0,3}"
    r")(?![^\W_])(?![.,/:-]\d)"
)
"""What may be an id: a word with digits, or groups of digits. Neither begins nor ends within a longer number."""

_NO_SEPARATORS = str.maketrans("", "", " .+-")


class _Check(NamedTuple):
    """One of Presidio's recognizers.

    `alone` matches the whole of an id that counts by itself, in capitals and with its separators; `named` one that
    follows a word of the recognizer's context, in any case and without separators.
    """

    entity: str
    recognizer: str
    length: tuple[int, ...]
    alone: str | None
    named: str


_DIGITS = r"\d+"
_LETTERS_TOO = r"[A-Z0-9]+"

_CHECKS = (
    _Check("AU_ABN", "AuAbnRecognizer", (11,), None, _DIGITS),
    _Check("AU_MEDICARE", "AuMedicareRecognizer", (10,), None, _DIGITS),
    _Check("AU_TFN", "AuTfnRecognizer", (9,), None, _DIGITS),
    _Check("CA_SIN", "CaSinRecognizer", (9,), r"\d{3}-\d{3}-\d{3}", _DIGITS),
    _Check("DE_HEALTH_INSURANCE", "DeHealthInsuranceRecognizer", (10,), None, r"[A-Z]\d+"),
    _Check("DE_ID_CARD", "DeIdCardRecognizer", (9,), None, r"[A-Z][A-Z0-9]+"),
    _Check("DE_LANR", "DeLanrRecognizer", (9,), None, _DIGITS),
    _Check("DE_PASSPORT", "DePassportRecognizer", (9,), None, r"[A-Z][A-Z0-9]+"),
    _Check("DE_SOCIAL_SECURITY", "DeSocialSecurityRecognizer", (12,), r"\d{8}[A-Z]\d{3}", r"\d{8}[A-Z]\d{3}"),
    _Check("DE_TAX_ID", "DeTaxIdRecognizer", (11,), None, _DIGITS),
    _Check("DE_VAT_ID", "DeVatIdRecognizer", (11,), r"DE.*", r"DE\d+"),
    _Check("ES_NIE", "EsNieRecognizer", (9,), r"[XYZ]\d{7}-?[A-Z]", r"[XYZ]\d{7}[A-Z]"),
    _Check("ES_NIF", "EsNifRecognizer", (8, 9), r"\d{7,8}-?[A-Z]", r"\d{7,8}[A-Z]"),
    _Check(
        "FI_PERSONAL_IDENTITY_CODE",
        "FiPersonalIdentityCodeRecognizer",
        (10, 11),
        r"\d{6}[-+A-FU-Y]\d{3}[0-9A-Y]",
        r"\d{6}[A-FU-Y]?\d{3}[0-9A-Y]",
    ),
    _Check("FR_NIR", "FrNirRecognizer", (15,), r"[12][\dAB ]+", r"\d{6}[AB\d]\d{8}"),
    _Check("IN_AADHAAR", "InAadhaarRecognizer", (12,), r"\d{4}([ -])\d{4}\1\d{4}", _DIGITS),
    _Check("IN_GSTIN", "InGstinRecognizer", (15,), r"\d\d[A-Z]{5}\d{4}[A-Z][A-Z\d]Z[A-Z\d]", _LETTERS_TOO),
    _Check("IN_PAN", "InPanRecognizer", (10,), r"[A-Z]{5}\d{4}[A-Z]", r"[A-Z]{5}\d{4}[A-Z]"),
    _Check("IT_FISCAL_CODE", "ItFiscalCodeRecognizer", (16,), _LETTERS_TOO, _LETTERS_TOO),
    _Check("IT_VAT_CODE", "ItVatCodeRecognizer", (11,), None, _DIGITS),
    _Check("KR_FRN", "KrFrnRecognizer", (13,), r"\d{6}-\d{7}", _DIGITS),
    _Check("KR_RRN", "KrRrnRecognizer", (13,), r"\d{6}-\d{7}", _DIGITS),
    _Check("MEDICAL_LICENSE", "MedicalLicenseRecognizer", (9,), None, r"[A-Z][A-Z9]\d{7}"),
    _Check("NG_NIN", "NgNinRecognizer", (11,), None, _DIGITS),
    _Check("PL_PESEL", "PlPeselRecognizer", (11,), r"\d{11}", _DIGITS),
    _Check("SE_PERSONNUMMER", "SePersonnummerRecognizer", (10, 12), r"(?:\d\d)?\d{6}[-+]\d{4}", _DIGITS),
    _Check("SG_NRIC_FIN", "SgFinRecognizer", (9,), r"[STFGM]\d{7}[A-Z]", r"[STFGM]\d{7}[A-Z]"),
    _Check("TH_TNIN", "ThTninRecognizer", (13,), None, _DIGITS),
    _Check("TR_NATIONAL_ID", "TrNationalIdRecognizer", (11,), r"\d{11}", _DIGITS),
    _Check(
        "UK_DRIVING_LICENCE",
        "UkDrivingLicenceRecognizer",
        (16,),
        r"[A-Z9]{5}\d{6}[A-Z9]{2}[A-Z0-9][A-Z]{2}",
        r"[A-Z9]{5}\d{6}[A-Z0-9]{5}",
    ),
    _Check("UK_NHS", "NhsRecognizer", (10,), None, _DIGITS),
    _Check("UK_NINO", "UkNinoRecognizer", (9,), r"[A-Z]{2}[\d ]+[A-D]", r"[A-Z]{2}\d{6}[A-D]"),
    _Check("US_MBI", "UsMbiRecognizer", (11,), r"\d[A-Z][A-Z\d]\d-?[A-Z][A-Z\d]\d-?[A-Z]{2}\d\d", _LETTERS_TOO),
    _Check("US_NPI", "UsNpiRecognizer", (10,), None, _DIGITS),
    _Check("ZA_ID_NUMBER", "ZaIdNumberRecognizer", (13,), r"\d{13}", _DIGITS),
)
"""Presidio's country recognizers that check something, less those of companies, vehicles and places."""


_NAMED_SCORE = 0.7
"""Of what passes its check after its name: Presidio gives some of these .05, and .35 more for the name."""


class _National:
    """A check with its patterns; what is Presidio's is loaded when a text has the form."""

    def __init__(self, check: _Check) -> None:
        self._check = check
        self._alone = re.compile(check.alone) if check.alone else None
        self._named = re.compile(check.named, re.IGNORECASE)

    @cached_property
    def _recognizer(self) -> Any:
        from transom.redact.national_checks import recognizer

        return recognizer(self._check.entity, self._check.recognizer)

    @cached_property
    def _context(self) -> Context:
        return Context(self._recognizer.context or ())

    def warm_up(self) -> None:
        """Make the first text as fast as the others."""
        self._recognizer.analyze("", [self._check.entity], None)

    def judge(self, text: str, code: re.Match[str], bare: str) -> Finding | None:
        """A finding where the whole of the match is such an id. `bare` is it without separators."""
        alone = self._alone is not None and self._alone.fullmatch(code.group()) is not None
        if not alone and not (self._named.fullmatch(bare) and self._context.before(text, code.start())):
            return None
        results = self._recognizer.analyze(code.group(), [self._check.entity], None)
        score = max((r.score for r in results if r.end - r.start == len(code.group())), default=0)
        if not score:
            return None
        if not alone or self._context.before(text, code.start()):
            score = max(score, _NAMED_SCORE)
        return Finding(*code.span(), self._check.entity, score)


_BY_LENGTH: dict[int, list[_National]] = {}
for _check in _CHECKS:
    for _length in _check.length:
        _BY_LENGTH.setdefault(_length, []).append(_National(_check))


def find(text: str) -> Iterator[Finding]:
    """Ids of which form and check digits are right, and their name before them where those say too little."""
    if not has_digit(text):
        return
    for code in _CODE.finditer(text):
        bare = code.group().translate(_NO_SEPARATORS)
        for national in _BY_LENGTH.get(len(bare), ()):
            finding = national.judge(text, code, bare)
            if finding and not in_uuid(text, finding.start, finding.end):
                yield finding


def warm_up() -> None:
    """Load Presidio and compile its patterns now (0.9 s, 65 MB), and not with the first text that needs them."""
    for nationals in _BY_LENGTH.values():
        for national in nationals:
            national.warm_up()


NATIONAL = Recognizer("national", tuple(check.entity for check in _CHECKS), find)


@hookimpl
def register_recognizers(registry: RecognizerRegistry) -> None:
    """Registered as any plugin's are, in the profiles that have `national_ids`."""
    registry.add(NATIONAL)
