"""The model's files."""

from __future__ import annotations

import pytest

from transom.redact.names import vetted as module
from transom.redact.names.vetted import DIGESTS, SHIPPED, check, vetted
from transom.redact.problems import ModelMismatch


@pytest.mark.parametrize("model", SHIPPED)
def test_the_shipped_files_are_the_vetted_ones(model: str):
    check(model)
    assert {f"{model}.onnx", "tokenizer.json", "labels.json"} <= set(DIGESTS)


def test_a_changed_file_is_refused(monkeypatch):
    monkeypatch.setitem(DIGESTS, "labels.json", "0" * 64)
    with pytest.raises(ModelMismatch, match=r"labels.json is not the file of this release; install transom again"):
        vetted("labels.json")


def test_a_missing_file_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "FOLDER", tmp_path)
    with pytest.raises(ModelMismatch, match="install transom again"):
        check("small")
