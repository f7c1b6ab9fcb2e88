"""The model's files, and that nothing is ever fetched."""

from __future__ import annotations

import shutil
import socket

import pytest

from transom.redact import language_model
from transom.redact.language_model import NamesEngine, _batches, model_folder
from transom.redact.problems import ModelMismatch


def test_the_installed_model_is_the_vetted_one():
    assert (model_folder() / "ner" / "model").is_file()


def test_a_changed_file_is_refused(tmp_path, monkeypatch):
    digests = tmp_path / "model.sha256"
    digests.write_text("0" * 64 + "  ner/model\n")
    monkeypatch.setattr(language_model, "_DIGESTS", digests)
    with pytest.raises(ModelMismatch, match=r"ner.model is not that of the vetted .* install that version again"):
        model_folder()


def test_a_missing_file_is_refused(tmp_path, monkeypatch):
    copy = tmp_path / f"{language_model.PACKAGE}-{language_model.VERSION}"
    shutil.copytree(model_folder(), copy, ignore=lambda *_: ["moves"])
    (tmp_path / "__init__.py").touch()
    spec = type("Spec", (), {"origin": str(tmp_path / "__init__.py")})
    monkeypatch.setattr(language_model, "find_spec", lambda _: spec)
    with pytest.raises(ModelMismatch, match="moves"):
        model_folder()


def test_a_missing_package_is_refused_not_downloaded(monkeypatch):
    monkeypatch.setattr(language_model, "find_spec", lambda _: None)
    with pytest.raises(ModelMismatch, match="not installed; the profile `fast` does without it"):
        model_folder()


def test_no_socket_is_ever_opened(make_redactor, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("a socket was opened")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)
    redactor = make_redactor(profile="strict")
    text = "Mail John Smith of Paris: john@example.co.uk, https://x.example.com, +44 20 7946 0958"
    assert "john@" not in redactor.redact_text(text)[0]


def test_only_the_parts_that_find_names_are_loaded():
    engine = NamesEngine([])
    engine.load()
    assert engine.get_nlp("en").pipe_names == ["tok2vec", "ner", "transom_lower_lemma"]
    assert engine.tokenize("Two Words").lemmas == ["two", " ", "words"]
    assert not engine.tokenize("Paris").entities


def test_batches_are_bounded_by_characters():
    texts = ["x" * 3000] * 7
    assert [len(batch) for batch in _batches(texts)] == [3, 3, 1]
