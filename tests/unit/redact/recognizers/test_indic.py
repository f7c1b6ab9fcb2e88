"""Bengali and Hindi names and addresses."""

from __future__ import annotations

import unicodedata

import pytest

from transom.redact.recognizers.indic import INDIC


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("জনাব আব্দুল হালিম সাহেব এসেছেন", ["আব্দুল হালিম"]),
        ("মোঃ করিম উদ্দিনের ফোন", ["করিম উদ্দিনের"]),
        ("আমার নাম সুমি আক্তার।", ["সুমি আক্তার"]),
        ("রোগীর নাম: রিনা", ["রিনা"]),
        ("গতকাল করিম হোসেন বলেছেন", ["করিম হোসেন"]),
        ("রফিক ভাই ফোন করেছে", ["রফিক"]),
        ("डॉ. अनिल वर्मा ने कहा", ["अनिल वर्मा"]),
        ("मेरा नाम सीमा है", ["सीमा"]),
        ("नाम: राहुल यादव", ["राहुल यादव"]),
        ("प्रिय सीमा जी,", ["सीमा"]),
        ("বাড়ি ১২, রোড ৫, ধানমন্ডি, ঢাকা-১২০৭।", ["বাড়ি ১২, রোড ৫, ধানমন্ডি, ঢাকা-১২০৭"]),
        ("গ্রাম: চরপাড়া, থানা: ভালুকা", ["চরপাড়া", "ভালুকা"]),
        ("मकान नंबर 45, गली नंबर 3, दिल्ली", ["मकान नंबर 45, गली नंबर 3, दिल्ली"]),
        ("पिन कोड 110092", ["110092"]),
    ],
)
def test_finds(longest, text, values):
    assert longest(INDIC, text) == sorted(values)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_both_encodings_of_a_letter_are_read(taken, form):
    text = unicodedata.normalize(form, "সৈয়দ আরিফ বলেছেন")
    assert taken(INDIC, text) == [unicodedata.normalize(form, "আরিফ")]


@pytest.mark.parametrize(
    "text",
    [
        "ফাইলের নাম কীভাবে পরিবর্তন করব?",
        "আপনার নাম কি?",
        "এই শহরের নাম ঢাকা",
        "উসকা নাম",
        "उसका नाम क्या है",
        "इस फ़ाइल का नाम बदलना है",
        "হ্যাঁ ভাই",
        "जी हाँ",
        "রোড ভালো",
        "no Bengali here",
        "বড় ভাই",
        "प्रिय पाठकों,",
    ],
)
def test_leaves(taken, text):
    assert taken(INDIC, text) == []
