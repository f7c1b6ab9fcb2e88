"""What the model says of a window."""

from __future__ import annotations

import os
import random
import string
import subprocess
import sys
from pathlib import Path

import pytest

from transom.redact.names import network as module
from transom.redact.names.network import MAX_TOKENS, Network, Word, _whole


@pytest.fixture(scope="module", params=["small", "large"])
def network(request) -> Network:
    return Network(request.param)


def test_names_and_places_are_found_as_whole_words(network: Network):
    text = "My name is Wojciech Kowalczyk and I live in Manchester."
    found = {text[w.start : w.end]: w.label for w in network.words(text, 0.5)}
    assert set(found) == {"Wojciech", "Kowalczyk", "Manchester"}
    assert {found["Wojciech"], found["Kowalczyk"]} <= {"GIVEN_NAME", "SURNAME"}
    assert found["Manchester"] == "CITY"


def test_scores_are_probabilities_and_the_least_is_kept_to(network: Network):
    text = "Write to Jane Roe, 12 Hill Road, Leeds"
    every = network.words(text, 0.0)
    assert all(0 <= word.score <= 1 for word in every)
    assert [word for word in every if word.score >= 0.7] == network.words(text, 0.7)


def test_the_same_window_has_the_same_scores(network: Network):
    text = "Jane Roe of Leeds"
    first = network.words(text, 0.0)
    network.words("something else in between", 0.0)
    assert network.words(text, 0.0) == first


@pytest.mark.parametrize("text", ["", " \n", "[CLS] [SEP] [PAD]", "İstanbul'da Ayşe", "漢字" * 100])
def test_odd_windows_are_read(network: Network, text: str):
    assert all(0 <= word.start < word.end <= len(text) for word in network.words(text, 0.0))


def test_of_a_window_dense_with_tokens_only_words_are_read(network: Network, monkeypatch):
    sizes: list[int] = []
    classify = network._classify
    monkeypatch.setattr(network, "_classify", lambda ids: sizes.append(len(ids)) or classify(ids))
    numbers = "1, " * 50
    text = f"{numbers}My name is Jane Roe, {numbers}"
    found = network.words(text, 0.5)
    assert sizes == [len(["[CLS]", "my", "name", "is", "jane", "roe", "[SEP]"])]
    assert [text[word.start : word.end] for word in found] == ["Jane", "Roe"]


@pytest.mark.parametrize("letters", [string.punctuation, string.hexdigits, string.ascii_letters, string.printable])
def test_a_window_of_anything_costs_no_more_than_others(network: Network, monkeypatch, letters: str):
    sizes: list[int] = []
    monkeypatch.setattr(network, "_classify", lambda ids: sizes.append(len(ids)) or _nothing(ids))
    for seed in range(20):
        network.words("".join(random.Random(seed).choices(letters, k=320)), 0.5)
    assert max(sizes) <= MAX_TOKENS


def _nothing(ids: list[int]):
    return module.np.zeros(len(ids)), module.np.zeros(len(ids), int)


def test_the_surest_token_speaks_for_its_word():
    tokens = [Word(1, 3, "CITY", 0.4), Word(3, 4, "SURNAME", 0.9), Word(6, 8, "CITY", 0.5)]
    assert list(_whole("Kowal Rio", tokens)) == [Word(0, 5, "SURNAME", 0.9), Word(6, 9, "CITY", 0.5)]


def test_loading_the_model_writes_nothing_and_tells_nobody(tmp_path: Path):
    code = "from transom.redact.names.network import Network; Network('small').words('Jane Roe', 0.5)"
    env = {**os.environ, "HOME": str(tmp_path), "TMPDIR": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    assert subprocess.run([sys.executable, "-c", code], env=env).returncode == 0
    assert list(tmp_path.iterdir()) == []
