"""redaction.yaml: the shipped one, and ones that can't be used."""

from __future__ import annotations

import pytest

from transom.config import ConfigError, Redaction
from transom.redact.profiles import Profile, load_profile


@pytest.mark.parametrize(
    ("name", "model", "dates"), [("logs", True, False), ("fast", False, False), ("strict", True, True)]
)
def test_the_shipped_profiles(name, model, dates):
    profile = load_profile(Redaction(profile=name))
    assert (profile.model != "none") is model
    assert profile.takes("DATE_TIME", 0.85) is dates
    assert profile.takes("EMAIL_ADDRESS", 1.0)


def test_an_entity_has_its_own_threshold():
    profile = Profile(threshold=0.5, entities={"URL": 0.8, "PERSON": "off"})
    assert not profile.takes("URL", 0.6)
    assert profile.takes("URL", 0.8)
    assert not profile.takes("PERSON", 1.0)
    assert profile.is_off("PERSON")
    assert not profile.is_off("URL")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("profiles: {}", "no `logs`"),
        ("profiles: {logs: {threshold: 2}}", "profiles.logs.threshold"),
        ("profiles: {logs: {threshold: 0.5, more: 1}}", "profiles.logs.more"),
        ("profiles: {logs: {threshold: 0.5, entities: {URL: on}}}", "profiles.logs.entities.URL"),
        ("profiles: {logs: {threshold: 0.5, model: big}}", "profiles.logs.model: Value error, must be none, small"),
        ("profiles: {logs: {threshold: 0.5, operators: {URL: {type: encrypt}}}}", "profiles.logs.operators.URL: Value"),
        ("profiles: {logs: {threshold: 0.5}}\nrecognizers: [{name: a}]", "recognizers.0: Value error, needs supported"),
        (
            "profiles: {logs: {threshold: 0.5}}\n"
            "recognizers: [{name: a, supported_entity: AB, patterns: [{name: p, regex: '(', score: 1}]}]",
            "recognizers.0.patterns.0.regex: Value error, is no regular expression: missing )",
        ),
        ("{", "not valid YAML"),
        ("[]", "valid dictionary"),
    ],
)
def test_a_bad_file_is_refused_by_name(tmp_path, content, complaint):
    file = tmp_path / "mine.yaml"
    file.write_text(content)
    with pytest.raises(ConfigError) as caught:
        load_profile(Redaction(file=file))
    assert str(file) in str(caught.value)
    assert complaint in str(caught.value)


def test_a_missing_file_is_refused_by_name(tmp_path):
    with pytest.raises(ConfigError, match=r"gone\.yaml: can't read it"):
        load_profile(Redaction(file=tmp_path / "gone.yaml"))


def test_a_files_recognizers_are_for_all_its_profiles(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(
        "recognizers: [{name: all, supported_entity: AB, deny_list: [x]}]\n"
        "profiles:\n"
        "  logs: {threshold: 0.5, recognizers: [{name: some, supported_entity: AB, deny_list: [y]}]}\n"
        "  fast: {threshold: 0.5, operators: {URL: {type: redact}}}\n"
    )
    logs, fast = (load_profile(Redaction(file=file, profile=name)) for name in ("logs", "fast"))
    assert [each.name for each in logs.recognizers] == ["all", "some"]
    assert [each.name for each in fast.recognizers] == ["all"]
    assert fast.operators["URL"].type == "redact"


@pytest.mark.parametrize("model", ["none", "small", "large", "spacy:en_core_web_lg", "https://presidio.example"])
def test_a_profile_names_its_model(model):
    assert Profile(threshold=0.5, model=model).model == model
