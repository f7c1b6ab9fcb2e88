"""Training windows without end: made-up people in sentences, code, JSON, documentation and recorded LLM traffic.

Each window is a row of token ids and, for each token, what is known of it: a label's number, 0 for nobody's data, or
UNSURE where only the teacher can say.
"""

from __future__ import annotations

import itertools
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from packages import texts
from slots import NOBODYS, UNSURE, Piece, Writer
from tokenizers import Tokenizer
from windows import windows

PERHAPS_PERSONAL = re.compile(r"@|©|author|copyright|maintain|contact|contribut|\bby\b|thank|licen[sc]e", re.IGNORECASE)
"""Lines of code or JSON that may name somebody after all: left to the teacher."""
SHARES = {"people": 0.5, "code": 0.12, "json": 0.12, "docs": 0.13, "traffic": 0.13}
SUFFIXES = {
    "code": (".py", ".pyi", ".js", ".c"),
    "json": (".json", ".yaml", ".toml", ".cfg", ".csv"),
    "docs": (".md", ".rst", ".txt"),
}
PLANTED_SHARE = 0.2
"""How often somebody is planted in a text that is about something else."""
LENGTHS = (24, 48, 80, 128)
"""Token counts that windows are padded to, so that few shapes are compiled."""
TOKENS = 2048
"""Tokens in a batch, padding included."""


class Batch(NamedTuple):
    ids: NDArray[np.int32]
    """int32[windows, tokens]"""
    mask: NDArray[np.float32]
    """float32[windows, tokens]: 1 where there is a token"""
    known: NDArray[np.int32]
    """int32[windows, tokens]: a label, 0 or UNSURE"""


def traffic(path: Path, seed: int) -> list[str]:
    """Message texts of recorded provider exchanges (openllmetry's test cassettes, Apache 2.0)."""
    found: set[str] = set()
    for line in path.read_text().splitlines():
        row = json.loads(line)
        for body in (row["request_body"], row["response_body"]):
            found.update(_strings(body) if isinstance(body, str) and body.startswith("{") else [])
    kept = sorted(found)
    random.Random(seed).shuffle(kept)
    return kept


def _strings(body: str) -> Iterator[str]:
    try:
        waiting = [json.loads(body)]
    except ValueError:
        return
    while waiting:
        value = waiting.pop()
        if isinstance(value, str) and len(value) > 30 and " " in value:
            yield value[:6000]
        elif isinstance(value, (dict, list)):
            waiting += value.values() if isinstance(value, dict) else value


class Corpus:
    """Draws windows from all sources by SHARES and gathers them into batches."""

    def __init__(
        self, tokenizer: Tokenizer, labels: list[str], recorded: Path | None, seed: int, roots: list[str] | None
    ) -> None:
        self.tokenizer, self.numbers = tokenizer, {label: i for i, label in enumerate(labels)}
        self.rng = random.Random(seed)
        people = Writer(seed, Path(__file__).with_name("templates.txt"))
        messages = traffic(recorded, seed) if recorded else []
        self.sources: dict[str, Iterator[list[Piece]]] = {
            "people": iter(people.text, []),
            "traffic": itertools.cycle(map(_unsure, messages or ["No traffic was given."])),
        }
        for kind, suffixes in SUFFIXES.items():
            pieces = _unsure if kind == "docs" else _machine
            self.sources[kind] = itertools.cycle(map(pieces, texts("train", suffixes, seed, roots)))

    def batches(self) -> Iterator[Batch]:
        """Batches of windows of about one length."""
        waiting: dict[int, list[tuple[list[int], list[int]]]] = {length: [] for length in LENGTHS}
        for ids, known in self.windows():
            length = next((n for n in LENGTHS if n >= len(ids)), LENGTHS[-1])
            waiting[length].append((ids[:length], known[:length]))
            if len(waiting[length]) == TOKENS // length:
                yield _padded(waiting[length], length)
                waiting[length] = []

    def windows(self) -> Iterator[tuple[list[int], list[int]]]:
        """Token ids and what is known of each, [CLS] and [SEP] included."""
        budget = dict.fromkeys(SHARES, 0.0)
        for kind in iter(lambda: max(SHARES, key=lambda k: SHARES[k] * sum(budget.values()) - budget[k]), None):
            pieces = next(self.sources[kind])
            if kind != "people" and self.rng.random() < PLANTED_SHARE:
                pieces = self._planted(pieces)
            for ids, known in self._cut(pieces):
                budget[kind] += len(ids)
                yield ids, known

    def _planted(self, pieces: list[Piece]) -> list[Piece]:
        """Some lines of a text with somebody between them."""
        at, gap = self.rng.randrange(max(1, len(pieces))), Piece("\n", NOBODYS)
        return [*pieces[max(0, at - 5) : at], gap, *next(self.sources["people"]), gap, *pieces[at : at + 5]]

    def _cut(self, pieces: list[Piece]) -> Iterator[tuple[list[int], list[int]]]:
        text = "".join(piece.text for piece in pieces)
        ends = list(itertools.accumulate(len(piece.text) for piece in pieces))
        cuts = windows(text)
        for start, end in self.rng.sample(cuts, min(4, len(cuts))):
            encoding = self.tokenizer.encode(text[start:end])
            known = [UNSURE, *self._known(pieces, ends, start, encoding.offsets[1:-1]), UNSURE]
            yield encoding.ids, known

    def _known(self, pieces: list[Piece], ends: list[int], base: int, offsets: list[tuple[int, int]]) -> Iterator[int]:
        last, at = -1, 0
        for start, _ in offsets:
            while at < len(ends) - 1 and ends[at] <= base + start:
                at += 1
            label = pieces[at].label
            yield label if isinstance(label, int) else self.numbers[("I-" if last == at else "B-") + label]
            last = at


def _machine(text: str) -> list[Piece]:
    """Code or data: nobody's, but for lines that may name somebody."""
    lines = text.splitlines(keepends=True)
    return [Piece(line, UNSURE if PERHAPS_PERSONAL.search(line) else NOBODYS) for line in lines]


def _unsure(text: str) -> list[Piece]:
    return [Piece(line, UNSURE) for line in text.splitlines(keepends=True)]


def _padded(rows: list[tuple[list[int], list[int]]], length: int) -> Batch:
    ids = np.zeros((len(rows), length), np.int32)
    mask = np.zeros((len(rows), length), np.float32)
    known = np.full((len(rows), length), UNSURE, np.int32)
    for index, (row, marks) in enumerate(rows):
        ids[index, : len(row)], mask[index, : len(row)], known[index, : len(row)] = row, 1, marks
    return Batch(ids, mask, known)
