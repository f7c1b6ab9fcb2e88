"""What recognizers say."""

from __future__ import annotations

from transom.redact.finding import Finding, Recognizer


def test_a_recognizer_is_a_name_and_a_function():
    recognizer = Recognizer("staff", ("ID_NUMBER",), lambda text: [Finding(0, len(text), "ID_NUMBER", 1.0)])
    assert list(recognizer.find("E-1")) == [(0, 3, "ID_NUMBER", 1.0)]
