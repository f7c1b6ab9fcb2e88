"""Numbers that a label makes a person's."""

from __future__ import annotations

import pytest

from transom.redact.recognizers.labelled_id import LABELLED_ID


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("my passport number is A1234567.", ["A1234567"]),
        ("Account No: 12345678", ["12345678"]),
        ("patient id 445566", ["445566"]),
        ('"employee_id": "E-10023"', ["E-10023"]),
        ("NID 1990123456789", ["1990123456789"]),
        ("passport A1234567", ["A1234567"]),
        ("MRN: 0012345", ["0012345"]),
        ("Tax ID 12-3456789", ["12-3456789"]),
        ("bank account 1234 5678 9012", ["1234 5678 9012"]),
        ("driver's license number D12345678", ["D12345678"]),
        ("customer #1002003", ["1002003"]),
        ("my account number with Example Bank is 1234567890.", ["1234567890"]),
        ("my driver's license number is 2270-66-1551", ["2270-66-1551"]),
        ("policy no. POL-88-12345", ["POL-88-12345"]),
        ("Case No. 2:21-cv-01234", ["2:21-cv-01234"]),
        ("| MRN | 0012345 |", ["0012345"]),
        ("**Passport:** A1234567", ["A1234567"]),
        ("patientId=445566", ["445566"]),
        ("এনআইডি নম্বর: ১৯৯০১২৩৪৫৬", ["১৯৯০১২৩৪৫৬"]),
        ("জাতীয় পরিচয়পত্র নম্বর 19901234567890123", ["19901234567890123"]),
        ("জন্ম নিবন্ধন নং ১৯৯০১২৩৪৫৬৭৮৯০১২৩", ["১৯৯০১২৩৪৫৬৭৮৯০১২৩"]),
        ("मेरा खाता नंबर 123456789012 है", ["123456789012"]),
        ("Kontonummer: 1234567890", ["1234567890"]),
        ("MRN-1234567 admitted", ["MRN-1234567"]),
        ("lapsed POL-88-12345.", ["POL-88-12345"]),
        ("CLM-2024-88123", ["CLM-2024-88123"]),
        ("खाता नंबर है 123456789012", ["123456789012"]),
        ("खाता नंबर 123456789012", ["123456789012"]),
    ],
)
def test_finds(taken, text, values):
    assert taken(LABELLED_ID, text) == values


@pytest.mark.parametrize(
    "text",
    [
        "member since 2019",
        "case 12 of 30",
        "tax year 2024",
        "account for 20% of sales",
        "application 3",
        "record of 2024-01-15",
        "passport expires soon",
        "clients 250000",
        "license 2.0",
        "account for 12345678 records",
        "einfach 123456",
        "the case of 2024-11",
        "account (12)",
        "Swift 5.9.1",
        "see POL-2024",
        "pol-12345",
        "X-MRN-12345",
        "MRN-12345-abc",
    ],
)
def test_leaves(taken, text):
    assert taken(LABELLED_ID, text) == []
