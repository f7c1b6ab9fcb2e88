"""spaCy models by name or folder."""

from __future__ import annotations

import json
import socket

import pytest

from tests.tiny_model import save_tiny_model
from transom.redact.language_model import language_model
from transom.redact.model import Model
from transom.redact.problems import ModelMismatch
from transom.redact.spacy_model import _batches


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Model:
    return language_model(f"spacy:{save_tiny_model(tmp_path_factory.mktemp('tiny'))}")


def values(model: Model, text: str) -> set[tuple[str, str]]:
    return {(text[f.start : f.end], f.entity) for f, _ in model.find_all([text])[0]}


def test_names_have_presidios_entities_and_numbers_are_none(model):
    found = values(model, "Seven people met John Smith of Microsoft in Paris for Alpha Centauri.")
    assert found == {
        ("John Smith", "PERSON"),
        ("Microsoft", "ORGANIZATION"),
        ("Paris", "LOCATION"),
        ("Alpha Centauri", "CUSTOMER"),
    }


def test_texts_are_read_together_and_kept_apart(model):
    found = model.find_all(["Mary", "nobody", "To Mary, from Mary"])
    assert [len(each) for each in found] == [1, 0, 2]
    assert {name for each in found for _, name in each} == {"spacy"}


def test_strings_that_the_model_met_are_forgotten(model):
    before = len(model._nlp.vocab.strings)
    model.find_all(["Qwertzuiop Asdfghjkl Yxcvbnm"])
    assert len(model._nlp.vocab.strings) == before


def test_a_folder_that_spacy_can_not_load_is_refused(tmp_path):
    (tmp_path / "meta.json").write_text(json.dumps({"labels": {}}))
    with pytest.raises(ModelMismatch, match=r"spaCy \S+ can't load"):
        language_model(f"spacy:{tmp_path}")


def test_no_socket_is_ever_opened(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("a socket was opened")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)
    assert values(language_model(f"spacy:{save_tiny_model(tmp_path / 'tiny')}"), "Mary") == {("Mary", "PERSON")}


def test_batches_are_bounded_by_characters():
    assert [len(batch) for batch in _batches(["x" * 3000] * 7)] == [3, 3, 1]
