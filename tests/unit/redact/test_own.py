"""Users' recognizers in Presidio's form."""

from __future__ import annotations

import re

import pytest
import yaml
from pydantic import ValidationError

from transom.config import ConfigError
from transom.redact.own import OwnRecognizer
from transom.redact.presidio import adapted
from transom.redact.text import fold


def own(text: str) -> OwnRecognizer:
    return OwnRecognizer.model_validate(yaml.safe_load(text))


def found(recognizer: OwnRecognizer, text: str) -> dict[str, float]:
    return {text[f.start : f.end]: round(f.score, 2) for f in adapted(recognizer.made()).find(text)}


STAFF = """
name: Staff badge
supported_language: en
supported_entity: STAFF_ID
patterns:
  - {name: badge, regex: '\\bE-[0-9]{3,6}\\b', score: 0.3}
context: [badge]
"""


def test_patterns_are_found_in_any_case_with_presidios_flags():
    assert found(own(STAFF), "e-123 and E-4567") == {"e-123": 0.3, "E-4567": 0.3}


def test_context_words_raise_the_score():
    assert found(own(STAFF), "her badge E-123") == {"E-123": 0.65}


def test_context_may_be_given_by_language():
    text = STAFF.replace("context: [badge]", "").replace(
        "supported_language: en", "supported_languages: [{language: es, context: [insignia]}]"
    )
    assert found(own(text), "insignia E-123") == {"E-123": 0.65}


def test_listed_words_are_found():
    recognizer = own("{name: Titles, supported_entity: TITLE, deny_list: [Mx., Dame], deny_list_score: 0.7}")
    assert found(recognizer, "Dear Dame Edna") == {"Dame": 0.7}


def test_listed_words_are_found_whatever_their_digits():
    recognizer = own("{name: Rooms, supported_entity: ROOM, deny_list: [কক্ষ ১২]}")
    assert found(recognizer, fold("আমি কক্ষ ১২ এ")) == {"কক্ষ 12": 1.0}


def test_a_file_written_for_presidio_is_read():
    text = STAFF.replace(
        "supported_entity: STAFF_ID", "supported_entities: [STAFF_ID]\nversion: 0.0.1\ncountry_code: bd"
    )
    assert found(own(text), "E-123") == {"E-123": 0.3}


def test_what_a_file_lists_is_redacted_in_texts_and_ids_and_once(tmp_path, make_redactor):
    file = tmp_path / "mine.yaml"
    badge = "{name: badge, regex: 'E-[0-9]{3,6}', score: 0.9}"
    file.write_text(
        f"recognizers: [{{name: staff, supported_entity: STAFF_ID, patterns: [{badge}], deny_list: [PERSON]}}]\n"
        "profiles: {mine: {threshold: 0.5}}\n"
    )
    redactor = make_redactor(file=file, profile="mine")
    once, marks = redactor.redact_text("E-123 of <PERSON:abcd>, E-123")
    assert once.count("<STAFF_ID:") == len(marks) == 2
    assert "<PERSON:abcd>" in once
    assert redactor.redact_text(once) == (once, [])
    assert redactor.redact_id("u-E-123", "user").startswith("u-<STAFF_ID:")


def test_a_recognizer_that_presidio_ships_is_taken_by_name():
    recognizer = own("{name: UkPostcodeRecognizer, type: predefined}")
    assert "SW1A 1AA" in found(recognizer, "London SW1A 1AA")


def test_a_recognizer_that_presidio_does_not_ship_is_refused():
    with pytest.raises(ConfigError, match="Presidio ships no recognizer `Nope`"):
        own("{name: Nope, type: predefined}").made()


def test_what_presidio_ships_is_probed_too():
    with pytest.raises(ConfigError, match="`UrlRecognizer` takes more than"):
        own("{name: UrlRecognizer, type: predefined}").made()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ((r"\bE-[0-9]{3,6}\b", "(?:x+x+)+y"), "patterns.0.regex.*don't repeat what repeats"),
        (("E-[0-9]", "E-[0-9"), "patterns.0.regex.*is no regular expression"),
        (("score: 0.3", "score: 3"), "patterns.0.score"),
        (("STAFF_ID", "staff id"), "supported_entity"),
        (("context:", "contexts:"), "contexts"),
        (("supported_entity: STAFF_ID", "enabled: true"), "needs supported_entity"),
    ],
)
def test_what_is_wrong_is_named(change, complaint):
    with pytest.raises(ValidationError) as caught:
        own(STAFF.replace(*change))

    first = caught.value.errors()[0]
    assert re.search(complaint, f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
