"""The token classifier: which words of a window are personal data, how surely, and of which type.

The weights are Rampart's (six layers of MiniLM, US National Design Studio, CC BY 4.0) or those of a student with three,
in 8-bit integers. A window is read alone: in a batch its scores would depend on its neighbours.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from tokenizers import Encoding, Tokenizer

from transom.redact.names.vetted import vetted

# From 1.29 on it reports to its makers, unless told not to before it is imported. The lock has an older one; an
# environment of somebody's own may not.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import onnxruntime

MAX_TOKENS = 160
"""Windows of more are read in part. Prose of 320 characters makes 80 tokens, of languages that the tokenizer hardly
knows 160."""

MAX_TOKENS_OF_DATA = 120
"""The same for windows that are letters by less than half: tables, JSON, logs. Of these the model finds more names in
part than whole, takes fewer numbers for ids, and needs a quarter of the time."""

WORD_TOKENS = 3
"""What is read of each word of such a window."""


class Word(NamedTuple):
    """A word, `text[start:end]`, that may be of a type. `score` is the probability that it is of any."""

    start: int
    end: int
    label: str
    score: float


class Network:
    """Loads the model `small` or `large`. Raises ModelMismatch if its files aren't those of this release."""

    def __init__(self, model: str) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_mem_pattern = False  # Kept for each length of a window, and gains nothing.
        self._session = onnxruntime.InferenceSession(vetted(f"{model}.onnx"), options, ["CPUExecutionProvider"])
        self._tokenizer = Tokenizer.from_str(vetted("tokenizer.json").decode())
        self._labels = [label.removeprefix("B-").removeprefix("I-") for label in json.loads(vetted("labels.json"))]

    def words(self, text: str, least: float) -> list[Word]:
        """The words of a window that score `least` or more, in order."""
        encoding = self._tokenizer.encode(text)
        ids, offsets = encoding.ids, encoding.offsets  # Each is made anew whenever it is asked for.
        if _is_dense(encoding, text):
            read = _worth_reading(encoding, text)
            ids, offsets = [ids[i] for i in read], [offsets[i] for i in read]
        scores, labels = self._classify(ids)
        hot = np.flatnonzero(scores >= least).tolist()
        tokens = (Word(*offsets[i], self._labels[labels[i]], float(scores[i])) for i in hot)
        return list(_whole(text, (token for token in tokens if token.start < token.end)))

    def _classify(self, ids: list[int]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        """Of each token how surely it is personal data, `1 - P(O)`, and as which label most likely."""
        row = np.array([ids], np.int64)
        logits = self._session.run(["logits"], {"input_ids": row, "attention_mask": np.ones_like(row)})[0][0]
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        return 1 - odds[:, 0] / odds.sum(axis=1), logits[:, 1:].argmax(axis=1) + 1


def _is_dense(encoding: Encoding, text: str) -> bool:
    tokens = len(encoding.ids)
    if tokens <= MAX_TOKENS_OF_DATA:
        return False
    return tokens > MAX_TOKENS or sum(map(str.isalpha, text)) * 2 < len(text)


def _worth_reading(encoding: Encoding, text: str) -> list[int]:
    """Of the tokens of a window dense with them the first of each word of letters. Numbers and signs are left out.

    So a window of hashes, coordinates or signs costs no more than others.
    """
    kept: list[int] = []
    word: int | None = None
    for index, of_word in enumerate(encoding.word_ids):
        if of_word is None:
            kept.append(index)
            continue
        if of_word != word:
            word, left = of_word, WORD_TOKENS
            start, end = encoding.word_to_chars(of_word) or (0, 0)
            letters = end - start > 1 and text[start:end].isalpha()
        if letters and left:
            kept.append(index)
            left -= 1
    return kept


def _whole(text: str, tokens: Iterable[Word]) -> Iterator[Word]:
    """Tokens grown to the words that they are part of; of a word's tokens the surest counts."""
    last: Word | None = None
    for token in tokens:
        start, end = token.start, token.end
        if last is not None and start < last.end:
            if token.score > last.score:
                last = last._replace(label=token.label, score=token.score)
            continue
        if last is not None:
            yield last
        while start > 0 and text[start - 1].isalnum():
            start -= 1
        while end < len(text) and text[end].isalnum():
            end += 1
        last = token._replace(start=start, end=end)
    if last is not None:
        yield last
