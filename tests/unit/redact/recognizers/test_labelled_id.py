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
    ],
)
def test_leaves(taken, text):
    assert taken(LABELLED_ID, text) == []
