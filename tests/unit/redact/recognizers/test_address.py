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
        ("12 MAIN STREET, SPRINGFIELD, CARD 4721-5264", ["12 MAIN STREET"]),
        ("12 Main Street, Springfield, IL 62704-1234", ["12 Main Street, Springfield, IL 62704-1234"]),
        ("Postcode: SW1A 1AA", ["SW1A 1AA"]),
        ("Apt. 117\n Riisa\n Estonia 62488", ["Apt. 117\n Riisa\n Estonia 62488"]),
    ],
)
def test_finds(longest, text, values):
    assert longest(ADDRESS, text) == sorted(values)


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


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12 rue de la Gare, Paris", "12 rue de la Gare"),
        ("Via Roma 5", "Via Roma 5"),
        ("Rua do Sol 163", "Rua do Sol 163"),
        ("Calle Mayor, 5", "Calle Mayor, 5"),
        ("ul. Długa 53", "ul. Długa 53"),
        ("ул. Ленина, 5", "ул. Ленина, 5"),
        ("Hauptstraße 5a, 10115 Berlin", "Hauptstraße 5a, 10115 Berlin"),
        ("Kossuth utca 12.", "Kossuth utca 12."),
        ("Storgatan 12", "Storgatan 12"),
        ("Kerkstraat 12-2", "Kerkstraat 12-2"),
        ("wohnt Am Markt, Lindenallee 7", "Lindenallee 7"),
        ("Unit 12 Box 3456\nDPO AP 12345", "Unit 12 Box 3456\nDPO AP 12345"),
        ("Flat 3B, House 12, Road 5, Block C", "Flat 3B, House 12, Road 5, Block C"),
        ("Springfield, IL 62704", "Springfield, IL 62704"),
        ("at SW1A 1AA today", "SW1A 1AA"),
        ("12 MG Road, Bengaluru 560001", "12 MG Road, Bengaluru 560001"),
    ],
)
def test_finds_forms_of_other_countries(taken, text, value):
    assert value in taken(ADDRESS, text)


@pytest.mark.parametrize(
    "text",
    [
        "decade 5",
        "Brigade 12",
        "via 5 steps",
        "court 5",
        "the 5 ways place",
        "route 66 tables",
        "Unit 3",
        "IN 12345",
        "RFC 1234",
    ],
)
def test_leaves_words_of_streets_that_are_none(taken, text):
    assert taken(ADDRESS, text) == []
