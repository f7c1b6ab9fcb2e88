"""Hugging Face's models, by Presidio's recognizer, with a pipeline that is made here."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from presidio_analyzer.predefined_recognizers.ner import huggingface_ner_recognizer

from transom.redact.problems import ModelMismatch
from transom.redact.transformers_model import TransformersModel


def names(text: str) -> list[dict[str, object]]:
    if "BREAK" in text:
        raise RuntimeError("broken")
    labelled = [("PER", m) for m in re.finditer("Mary", text)] + [("MISC", m) for m in re.finditer("Xmas", text)]
    return [{"entity_group": label, "score": 0.9, "start": m.start(), "end": m.end()} for label, m in labelled]


@pytest.fixture
def model(tmp_path, monkeypatch) -> TransformersModel:
    monkeypatch.setattr(huggingface_ner_recognizer, "torch", SimpleNamespace())
    monkeypatch.setattr(huggingface_ner_recognizer, "hf_pipeline", lambda *_, **__: names)
    return TransformersModel(tmp_path, ("PERSON",))


def test_long_texts_are_read_whole(model):
    text = "Nothing at all. " * 400 + "Then Mary came for Xmas." + " Nothing at all." * 400
    assert {(text[f.start : f.end], f.entity, name) for f, name in model.find_all([text])[0]} == {
        ("Mary", "PERSON", "transformers")
    }


def test_a_failure_of_the_model_is_not_taken_for_a_text_without_names(model):
    with pytest.raises(RuntimeError, match="broken"):
        model.find_all(["Mary and BREAK"])
    assert len(model.find_all(["Mary"])[0]) == 1


def test_a_model_that_can_not_be_loaded_is_refused(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise OSError("no weights")

    monkeypatch.setattr(huggingface_ner_recognizer, "torch", SimpleNamespace())
    monkeypatch.setattr(huggingface_ner_recognizer, "hf_pipeline", fail)
    with pytest.raises(ModelMismatch, match=r"can't load .* \(OSError\)"):
        TransformersModel(tmp_path, ("PERSON",))
