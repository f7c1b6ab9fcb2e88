"""Presidio's recognizers of national ids that carry a check digit or a form of their own, whatever the language.

Left out: those that take any number of some length, since logs are full of numbers.
"""

from __future__ import annotations

from presidio_analyzer import Pattern
from presidio_analyzer.predefined_recognizers import (
    DeTaxIdRecognizer,
    EsNieRecognizer,
    EsNifRecognizer,
    FiPersonalIdentityCodeRecognizer,
    InAadhaarRecognizer,
    InPanRecognizer,
    ItFiscalCodeRecognizer,
    KrRrnRecognizer,
    PlPeselRecognizer,
    TrNationalIdRecognizer,
    UkNinoRecognizer,
)

from transom.plugins import RecognizerRegistry, hookimpl

_CHECKED = (
    DeTaxIdRecognizer,
    EsNieRecognizer,
    EsNifRecognizer,
    FiPersonalIdentityCodeRecognizer,
    InAadhaarRecognizer,
    ItFiscalCodeRecognizer,
    KrRrnRecognizer,
    PlPeselRecognizer,
    TrNationalIdRecognizer,
    UkNinoRecognizer,
)

_PAN = Pattern("PAN", r"\b[A-Z]{3}[ABCFGHJLPT][A-Z][0-9]{4}[A-Z]\b", 0.6)
"""Five letters of which the fourth names the kind of holder, four digits, a letter. Presidio's own patterns for it
look ahead without bound from each character."""


@hookimpl
def register_recognizers(registry: RecognizerRegistry) -> None:
    """Registered as any plugin's are, in the profiles that load Presidio."""
    for recognizer in _CHECKED:
        registry.add(recognizer(supported_language="en"))
    registry.add(InPanRecognizer(patterns=[_PAN]))
