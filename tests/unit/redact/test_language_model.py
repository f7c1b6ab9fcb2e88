"""Which models a profile can name, and what is said where one isn't there."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.tiny_model import save_tiny_model
from transom.redact import language_model
from transom.redact.language_model import entities_of, entity_of, spacy_folder
from transom.redact.problems import ModelMismatch


def test_a_folder_tells_what_its_model_finds(tmp_path):
    folder = save_tiny_model(tmp_path / "tiny")
    assert entities_of(f"spacy:{folder}") == ("CUSTOMER", "LOCATION", "ORGANIZATION", "PERSON")


def test_a_package_is_found_by_its_name(tmp_path, monkeypatch):
    save_tiny_model(tmp_path / "xx_tiny" / "xx_tiny-1.0.0")
    (tmp_path / "xx_tiny" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    assert spacy_folder("spacy:xx_tiny") == tmp_path / "xx_tiny" / "xx_tiny-1.0.0"
    assert "PERSON" in entities_of("spacy:xx_tiny")


@pytest.mark.parametrize("name", ["en_core_web_nope", "no/such/folder", "a.b"])
def test_a_missing_model_is_refused_with_what_to_do_and_never_downloaded(name):
    with pytest.raises(ModelMismatch, match=f"`{name}` isn't here, and Transom downloads none: install its package"):
        entities_of(f"spacy:{name}")


def test_a_model_saved_by_half_is_refused(tmp_path):
    (tmp_path / "meta.json").write_text("{")
    with pytest.raises(ModelMismatch, match="is the model saved whole"):
        entities_of(f"spacy:{tmp_path}")


def test_transformers_must_be_installed(monkeypatch):
    monkeypatch.setattr(language_model, "find_spec", lambda name: None)
    with pytest.raises(ModelMismatch, match="needs transformers and torch: pip install transformers torch"):
        entities_of("transformers:some/folder")


def test_a_folder_of_transformers_tells_what_it_finds(tmp_path, monkeypatch):
    monkeypatch.setattr(language_model, "find_spec", lambda name: object())
    with pytest.raises(ModelMismatch, match="holds no saved model"):
        entities_of(f"transformers:{tmp_path}")
    labels = {"0": "O", "1": "B-PER", "2": "I-PER", "3": "B-MISC", "4": "B-LOC"}
    (tmp_path / "config.json").write_text(json.dumps({"id2label": labels}))
    assert entities_of(f"transformers:{tmp_path}") == ("LOCATION", "PERSON")


def test_a_service_claims_what_presidio_finds_and_other_names_claim_nothing():
    assert "PERSON" in entities_of("https://presidio.example")
    assert entities_of("small") == entities_of("none") == ()


@pytest.mark.parametrize(
    ("label", "entity"), [("GPE", "LOCATION"), ("CARDINAL", None), ("O", None), ("CUSTOMER", "CUSTOMER")]
)
def test_a_label_means_an_entity_itself_or_nothing(label, entity):
    assert entity_of(label) == entity


def test_looking_at_a_model_loads_neither_spacy_nor_presidio(tmp_path):
    folder = save_tiny_model(tmp_path / "tiny")
    code = (
        "import sys; from transom.redact.language_model import entities_of; "
        f"assert entities_of('spacy:{folder}'); assert not {{'spacy', 'presidio_analyzer'}} & set(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
