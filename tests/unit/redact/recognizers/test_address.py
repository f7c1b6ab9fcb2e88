"""Street addresses."""

from __future__ import annotations

import pytest

from transom.redact.recognizers.address import ADDRESS


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("lives on 221B Baker Street, London", ["221B Baker Street"]),
        ("123 N. Main St., Springfield, IL 62704", ["123 N. Main St., Springfield, IL 62704"]),
        ("House 12, Road 5, Block C", ["House 12, Road 5, Block C"]),
        ("P.O. Box 1234", ["P.O. Box 1234"]),
        ("my address is 5049 Harjukuja 54", ["5049 Harjukuja 54"]),
        ("zip code 90210", ["90210"]),
        ("Postcode: SW1A 1AA", ["SW1A 1AA"]),
        ("Apt. 117\n Riisa\n Estonia 62488", ["Apt. 117\n Riisa\n Estonia 62488"]),
    ],
)
def test_finds(taken, text, values):
    assert taken(ADDRESS, text) == values


@pytest.mark.parametrize(
    "text",
    [
        "step 3 of the way",
        "in 2024 the court",
        "2 big dogs drive",
        "zip the file",
        "house of 12",
        "unit 5 passed",
        "box 3",
        "the road 5 times",
    ],
)
def test_leaves(taken, text):
    assert taken(ADDRESS, text) == []
