"""Tags: equal for equal values, different for others, worthless without the key."""

from __future__ import annotations

import base64
import json
import re

import pytest
import yaml

from transom.redact.placeholders import Placeholders, is_placeholder, normalise, pattern


@pytest.mark.parametrize(
    ("entity", "one", "other"),
    [
        ("PERSON", "Rahim  Uddin", "rahim uddin"),
        ("PERSON", "Ｒahim", "rahim"),
        ("EMAIL_ADDRESS", "Jane@Example.com", "jane@example.com"),
        ("PHONE_NUMBER", "+880 1712-345678", "8801712345678"),
        ("PHONE_NUMBER", "০১৭১২৩৪৫৬৭৮", "01712 345678"),
        ("CREDIT_CARD", "4111 1111 1111 1111", "4111-1111-1111-1111"),
        ("IBAN_CODE", "GB82 WEST 1234", "gb82west1234"),
    ],
)
def test_forms_of_one_value_share_a_tag(entity, one, other):
    placeholders = Placeholders(b"k")
    assert normalise(entity, one) == normalise(entity, other)
    assert placeholders.make(entity, one) == placeholders.make(entity, other)


def test_tags_tell_values_entities_and_projects_apart():
    one, other = Placeholders(b"one"), Placeholders(b"other")
    made = {
        one.make("PERSON", "a"),
        one.make("PERSON", "b"),
        other.make("PERSON", "a"),
        one.make("LOCATION", "a"),
    }
    assert len(made) == 4
    assert all(re.fullmatch(r"<[A-Z]+:[a-z2-7]{4}>", each) for each in made)


def test_plain_placeholders_have_no_tag():
    assert Placeholders(b"k", plain=True).make("PERSON", "a") == "<PERSON>"


def test_hashed_ids_are_stable_and_keyed():
    hashed = Placeholders(b"k").hash_id("jane")
    assert re.fullmatch(r"h_[0-9a-f]{24}", hashed)
    assert Placeholders(b"k").hash_id(hashed) == hashed
    assert Placeholders(b"other").hash_id("jane") != hashed
    assert Placeholders(b"k").hash_id("\ud800") != hashed


def test_blob_digests_are_keyed():
    assert Placeholders(b"k").digest("x") != Placeholders(b"l").digest("x")


def test_placeholders_are_told_from_other_text():
    found = pattern({"PERSON"}).findall("<PERSON:k7qx> <PERSON> <NEW_KIND:aaaa> <STRANGER> <PERSON:k7q1> <b:aaaa>")
    assert found == ["<PERSON:k7qx>", "<PERSON>", "<NEW_KIND:aaaa>"]


def test_the_key_is_in_no_repr():
    assert "sesame" not in repr(Placeholders(b"sesame"))


def test_hashes_are_of_the_normalised_value_and_begin_with_the_tag():
    placeholders = Placeholders(b"k")
    hashed = placeholders.hash("PHONE_NUMBER", "+880 1712-345678")
    assert len(hashed) == 16
    assert hashed == placeholders.hash("PHONE_NUMBER", "8801712345678")
    assert hashed != placeholders.hash("ID_NUMBER", "8801712345678")
    tag = base64.b32encode(hashed[:5]).decode()[:4].lower()
    assert placeholders.make("PHONE_NUMBER", "8801712345678") == f"<PHONE_NUMBER:{tag}>"


@pytest.mark.parametrize("plain", [True, False])
def test_placeholders_break_neither_json_nor_yaml(plain):
    made = Placeholders(b"k", plain=plain).make("PHONE_NUMBER", "1")
    assert json.loads(f'{{"a": "{made}"}}') == {"a": made}
    assert yaml.safe_load(f"[{made}, {{c: {made}}}]") == [made, {"c": made}]
    assert yaml.safe_load(f"a: call {made}\nb:\n  - {made}\n") == {"a": f"call {made}", "b": [made]}


@pytest.mark.parametrize("text", ["<PERSON:k7qx>", "<PERSON>"])
def test_a_placeholder_is_told_as_such(text):
    assert is_placeholder(text)
    assert not is_placeholder(text + "x")
