from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from transom.config import Redaction, Settings
from transom.redact.redactor import Redactor
from transom.redact.stored_ids import SharedId, stored_ids
from transom.secret import Secret
from transom.types import TaughtRule

SECRET = Secret(b"s" * 32)
IDS = ["user-7", "ann@example.com", "Ann <ann@example.com>", "+1 415 555 0132", "h_" + "0" * 24, "আনিকা", "a\x00b", ""]


@pytest.mark.parametrize("value", IDS)
@pytest.mark.parametrize("ids", ["keep", "hash"])
def test_what_redaction_makes_of_an_id_is_among_its_forms(value: str, ids: str) -> None:
    redaction = Redaction(profile="fast", ids=ids)
    stored = Redactor(Settings(redaction=redaction), SECRET).redact_id(value, "user")
    assert stored in stored_ids(Redaction(), SECRET, "default", value)


@pytest.mark.parametrize("value", ["44051401359", "u-E-1234", "12345678Z"])
def test_ids_that_only_some_profiles_take_are_among_their_forms(value: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(
        "recognizers: [{name: staff, supported_entity: STAFF, patterns: [{name: p, regex: 'E-[0-9]+', score: 1}]}]\n"
        "profiles: {logs: {threshold: 0.5, national_ids: true}}\n"
    )
    redaction = Redaction(file=file)
    stored = Redactor(Settings(redaction=redaction), SECRET).redact_id(value, "user")
    assert stored != value
    assert stored in stored_ids(redaction, SECRET, "default", value)


def test_forms_belong_to_a_project_and_one_id() -> None:
    mine = stored_ids(Redaction(), SECRET, "default", "ann@example.com")
    for project, value in (("other", "ann@example.com"), ("default", "bob@example.com")):
        assert set(mine) & set(stored_ids(Redaction(), SECRET, project, value)) <= {"ann@example.com"}


def test_a_stored_form_finds_itself() -> None:
    for form in stored_ids(Redaction(), SECRET, "default", "ann@example.com"):
        assert form in stored_ids(Redaction(), SECRET, "default", form)


def test_where_placeholders_have_no_tag_an_id_may_be_anybodys() -> None:
    plain = Redaction(placeholders="plain")
    with pytest.raises(SharedId, match="<EMAIL_ADDRESS>"):
        stored_ids(plain, SECRET, "default", "ann@example.com")
    assert "user-7" in stored_ids(plain, SECRET, "default", "user-7")


def test_presidio_is_not_loaded() -> None:
    code = """import sys; from transom.config import Redaction; from transom.secret import Secret
from transom.redact.stored_ids import stored_ids; stored_ids(Redaction(), Secret(b"s" * 32), "default", "a@b.example")
print(sorted({"presidio_analyzer", "spacy"} & sys.modules.keys()))"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_an_id_that_a_rule_of_reviewers_redacts_has_both_forms() -> None:
    rule = TaughtRule(id="1", project_id="default", kind="pattern", entity="BADGE", text="EMP-[0-9]{6}")
    redactor = Redactor(Settings(redaction=Redaction(profile="fast")), SECRET)
    redactor.teach([rule])
    forms = stored_ids(Redaction(), SECRET, "default", "EMP-123456", [rule])
    assert {redactor.redact_id("EMP-123456", "user"), "EMP-123456"} < set(forms)
    assert redactor.redact_id("EMP-123456", "user", "other") == "EMP-123456"
