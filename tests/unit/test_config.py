"""Settings: where they come from, and what a mistake is told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from transom.config import PREFIX, PUBLIC_PROVIDERS, SECRETS, ConfigError, Settings, load, shipped

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def no_settings_of_this_shell(monkeypatch):
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)


def write(folder: Path, content: str) -> Path:
    path = folder / "transom.yaml"
    path.write_text(content)
    return path


def test_the_shipped_file_is_the_defaults():
    assert load(ROOT / "config" / "transom.yaml") == Settings()


def test_the_shipped_file_names_every_setting():
    shipped_names = set(yaml.safe_load((ROOT / "config" / "transom.yaml").read_text()))
    assert shipped_names == set(Settings.model_fields) - SECRETS
    text = (ROOT / "config" / "transom.yaml").read_text()
    for name, field in Settings.model_fields.items():
        nested_names = getattr(field.annotation, "model_fields", {})
        assert f"TRANSOM_{name.upper()}__" in text or not nested_names
        for nested in nested_names:
            assert f"  {nested}:" in text, f"{name}.{nested}"
    assert all(f"TRANSOM_{secret.upper()}" in text for secret in SECRETS - {"api_key"})


def test_the_environment_wins_over_the_file_and_the_command_line_over_both(tmp_path, monkeypatch):
    file = write(tmp_path, "port: 1\nspool: {max_bytes: 5, file_bytes: 6}\n")
    assert load(file).port == 1
    monkeypatch.setenv("TRANSOM_PORT", "2")
    monkeypatch.setenv("TRANSOM_SPOOL__MAX_BYTES", "7")
    settings = load(file)
    assert (settings.port, settings.spool.max_bytes, settings.spool.file_bytes) == (2, 7, 6)
    assert load(file, port=3, data=None).port == 3


def test_a_provider_can_come_from_the_environment_alone(monkeypatch):
    monkeypatch.setenv("TRANSOM_PROVIDERS__LOCAL__BASE_URL", "http://127.0.0.1:8000/")
    provider = load().provider("local")
    assert provider
    assert provider.base_url == "http://127.0.0.1:8000"


def test_the_key_of_a_public_provider_is_all_that_it_needs(monkeypatch):
    monkeypatch.setenv("TRANSOM_PROVIDERS__GROQ__API_KEY", "held")
    provider = load().providers["groq"]
    assert provider.base_url == PUBLIC_PROVIDERS["groq"]
    assert provider.api_key
    assert provider.api_key.get_secret_value() == "held"


def test_a_public_provider_can_be_given_another_address(tmp_path, monkeypatch):
    monkeypatch.setenv("TRANSOM_PROVIDERS__OPENAI__API_KEY", "held")
    settings = load(write(tmp_path, "providers: {openai: {base_url: http://127.0.0.1:9}}"))
    assert settings.providers["openai"].base_url == "http://127.0.0.1:9"


def test_public_providers_need_no_configuration():
    settings = load()
    assert all(settings.provider(name) for name in PUBLIC_PROVIDERS)
    assert settings.provider("nobody") is None


def test_a_secret_can_be_in_a_file(tmp_path, monkeypatch):
    (tmp_path / "token").write_text("from a file\n")
    monkeypatch.setenv("TRANSOM_ADMIN_TOKEN_FILE", str(tmp_path / "token"))
    token = load().admin_token
    assert token
    assert token.get_secret_value() == "from a file"


@pytest.mark.parametrize("name", ["gone", "binary"])
def test_a_secret_file_that_cannot_be_read_is_told(tmp_path, monkeypatch, name):
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    monkeypatch.setenv("TRANSOM_ADMIN_TOKEN_FILE", str(tmp_path / name))
    with pytest.raises(ConfigError, match="TRANSOM_ADMIN_TOKEN_FILE: can't read"):
        load()


def test_lists_come_from_the_environment_as_json(monkeypatch):
    monkeypatch.setenv("TRANSOM_FEEDBACK__ORIGINS", '["https://app.example"]')
    assert load().feedback.origins == ["https://app.example"]
    monkeypatch.setenv("TRANSOM_FEEDBACK__ORIGINS", "https://app.example")
    with pytest.raises(ConfigError, match='"feedback": write lists and mappings as JSON') as error:
        load()
    assert "app.example" not in str(error.value)


def test_a_setting_that_is_a_file_is_no_secret_file(tmp_path, monkeypatch):
    monkeypatch.setenv("TRANSOM_PRICES__FILE", str(tmp_path / "prices.json"))
    assert load().prices.file == tmp_path / "prices.json"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("prot: 1", "prot: unknown setting; did you mean port?"),
        ("spool: {max_byte: 1}", "spool.max_byte: unknown setting"),
        ("port: many", "port: "),
        ("providers: {x: {base_url: ftp://x}}", "providers.x.base_url: "),
        ("providers: {x: {base_url: 'http://'}}", "providers.x.base_url: "),
        ("providers: {v1: {base_url: http://x}}", "providers.v1: `v1` is a path of Transom's own"),
        ("routes: {fast: {provider: nobody}}", "routes.fast: no provider `nobody`"),
        ("default_provider: nobody", "default_provider: no provider `nobody`"),
        ("admin_token: abc", "admin_token: secrets come from the environment; set TRANSOM_ADMIN_TOKEN"),
        ("providers: {x: {base_url: http://x, api_key: k}}", "set TRANSOM_PROVIDERS__X__API_KEY"),
        ("database_url: postgresql://me:word@db/transom", "database_url: holds a password; set TRANSOM_DATABASE_URL"),
        ("redaction: {processes: 0}", "redaction.processes: "),
        ("- a list", "must hold settings"),
        ("1: x", "must hold settings"),
        ("_env_prefix: OTHER_", "must hold settings"),
        ("a: [", "not valid YAML at line 1"),
    ],
)
def test_a_mistake_names_the_file_the_key_and_the_cure(tmp_path, content, told):
    file = write(tmp_path, content)
    with pytest.raises(ConfigError) as error:
        load(file)
    assert str(error.value).startswith(str(file)) or told.split(":")[0] in str(error.value)
    assert told in str(error.value)


def test_a_file_that_is_no_text_is_told(tmp_path):
    (tmp_path / "transom.yaml").write_bytes(b"host: \xff\xfe")
    with pytest.raises(ConfigError, match="not valid YAML"):
        load(tmp_path / "transom.yaml")


def test_a_bad_value_is_not_quoted(tmp_path):
    with pytest.raises(ConfigError) as error:
        load(write(tmp_path, "port: my-secret-value"))
    assert "my-secret-value" not in str(error.value)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(ConfigError, match="can't read"):
        load(tmp_path / "gone.yaml")


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "127.example.com"])
def test_held_keys_are_not_lent_beyond_loopback(monkeypatch, host):
    monkeypatch.setenv("TRANSOM_PROVIDERS__OPENAI__BASE_URL", "https://api.openai.com")
    monkeypatch.setenv("TRANSOM_PROVIDERS__OPENAI__API_KEY", "held")
    assert load().providers["openai"].api_key
    monkeypatch.setenv("TRANSOM_HOST", host)
    with pytest.raises(ConfigError, match="would lend the key of openai"):
        load()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.2", "::1", "unix:/run/transom.sock"])
def test_held_keys_serve_callers_on_this_machine(monkeypatch, host):
    monkeypatch.setenv("TRANSOM_PROVIDERS__OPENAI__API_KEY", "held")
    monkeypatch.setenv("TRANSOM_HOST", host)
    assert load().host == host


def test_no_secret_is_in_the_repr(monkeypatch):
    monkeypatch.setenv("TRANSOM_SPOOL_KEY", "very-secret")
    monkeypatch.setenv("TRANSOM_DATABASE_URL", "postgresql://me:very-secret@db/transom")
    assert "very-secret" not in repr(load())


def test_the_database_is_sqlite_in_the_data_folder_unless_named(tmp_path, monkeypatch):
    assert load(data=tmp_path).database == f"sqlite+aiosqlite:///{tmp_path}/transom.db"
    monkeypatch.setenv("TRANSOM_DATABASE_URL", "postgresql+asyncpg://db/transom")
    assert load().database == "postgresql+asyncpg://db/transom"


@pytest.mark.parametrize("name", ["transom.yaml", "prices.json", "redaction.yaml"])
def test_shipped_files_are_found(name):
    assert shipped(name).exists()


def test_a_section_with_everything_commented_out_has_its_defaults(tmp_path):
    assert load(write(tmp_path, "limits:\n  # connect_s: 5\nredaction: {file: null}\n")) == Settings()


def test_a_project_named_under_retention_has_its_own_limits_alone(tmp_path: Path):
    path = write(tmp_path, "retention:\n  days: 30\n  projects:\n    research:\n      content_days: 7\n")
    kept = load(path).retention
    assert (kept.days, kept.content_days, kept.archive) == (30, None, None)
    assert (kept.projects["research"].days, kept.projects["research"].content_days) == (None, 7)


@pytest.mark.parametrize("limits", ["{days: 7, content_days: 8}", "{projects: {research: {days: 7, content_days: 8}}}"])
def test_content_cannot_be_kept_longer_than_its_trace(tmp_path: Path, limits: str):
    with pytest.raises(ConfigError, match=r"retention.*content_days is more than days"):
        load(write(tmp_path, f"retention: {limits}\n"))


@pytest.mark.parametrize(
    ("route", "told"),
    [
        ("{model: m}", "needs either a provider or targets"),
        ("{provider: openai, targets: [{provider: openai}]}", "needs either a provider or targets"),
        ("{model: m, targets: [{provider: openai}]}", "model belongs to each of the targets"),
        ("{targets: [{provider: openai, weight: 0}]}", "at least one target needs a weight above 0"),
        ("{targets: [{provider: nobody}]}", "no provider `nobody`"),
    ],
)
def test_a_route_has_one_provider_or_several_targets(tmp_path: Path, route: str, told: str):
    file = tmp_path / "transom.yaml"
    file.write_text(f"routes: {{fast: {route}}}")
    with pytest.raises(ConfigError, match=told):
        load(file)


def test_known_providers_speak_their_own_wire(tmp_path: Path):
    file = tmp_path / "transom.yaml"
    file.write_text("providers: {anthropic: {base_url: 'http://localhost:1'}, local: {base_url: 'unix:/run/llm.sock'}}")
    settings = load(file)
    wires = [
        (name, provider.speaks) for name in ("anthropic", "local", "groq") if (provider := settings.provider(name))
    ]
    assert wires == [("anthropic", "anthropic"), ("local", "openai"), ("groq", "openai")]


def test_routes_and_projects_have_redaction_profiles_of_their_own(tmp_path: Path):
    content = "routes: {smart: {provider: openai}}\nredaction: {routes: {smart: strict}, projects: {lab: fast}}\n"
    redaction = load(write(tmp_path, content)).redaction
    assert redaction.profile_of("default") == redaction.profile_of("default", "other") == "logs"
    assert redaction.profile_of("default", "smart") == "strict"
    assert redaction.profile_of("lab", "smart") == redaction.profile_of("lab") == "fast"
    assert redaction.profiles == {
        "fast": "redaction.projects.lab",
        "strict": "redaction.routes.smart",
        "logs": "redaction.profile",
    }


def test_a_redaction_profile_of_a_route_that_is_not_there_is_refused(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"redaction\.routes\.smart: no route `smart`; add it under routes"):
        load(write(tmp_path, "redaction: {routes: {smart: strict}}\n"))
