"""What a model finds by itself, on sets no part of its training, and what it takes of code and JSON.

    python score.py SETS MODEL.onnx …

SETS is a folder with presidio_research_synth_v2.json, tab_train_92.jsonl and wnut17_dev.conll (MODEL_CARD.md says where
from); tokenizer.json and labels.json lie beside the model. Counted are letters and digits with a probability
of being personal at or over a threshold, grown to whole words. Entities that the model has no label for
(organisations, titles, dates, ages, nationalities) are neither credited nor held against it.
"""

from __future__ import annotations

import itertools
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from packages import texts
from tokenizers import Tokenizer
from windows import windows

IGNORED = {"ORGANIZATION", "TITLE", "DATE_TIME", "AGE", "NRP"}
THRESHOLDS = (0.3, 0.5)
ROOTS: list[str] | None = None
Span = tuple[int, int, str]


class Sample(NamedTuple):
    text: str
    spans: list[Span]
    """What is labelled: start, end, entity."""
    ignored: list[Span]
    """What is neither credited nor held against a model."""


class Reader:
    """Runs a model over texts, one window at a time on one thread."""

    def __init__(self, model: Path) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = ort.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self.tokenizer = Tokenizer.from_file(str(model.with_name("tokenizer.json")))
        self.labels: list[str] = json.loads(model.with_name("labels.json").read_text())
        self.seconds = 0.0
        self.tokens = 0

    def probabilities(self, text: str) -> Iterator[tuple[int, int, float, str]]:
        """(start, end, probability of being personal, likeliest personal label) of each token."""
        for start, end in windows(text):
            encoding = self.tokenizer.encode(text[start:end])
            logits = self._run(np.array([encoding.ids[:512]], np.int64))[1:-1]
            personal = 1 - np.exp(logits[:, 0] - np.logaddexp.reduce(logits, axis=-1))
            best = logits[:, 1:].argmax(axis=-1) + 1
            for (a, b), chance, label in zip(encoding.offsets[1:-1], personal, best, strict=False):
                yield start + a, start + b, float(chance), self.labels[label]

    def _run(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        began = time.thread_time()
        logits: NDArray[np.float32] = self.session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0]
        self.seconds += time.thread_time() - began
        self.tokens += ids.size
        return logits[0]


def grown(text: str, start: int, end: int) -> tuple[int, int]:
    """A span stretched to whole words."""
    while start > 0 and text[start - 1].isalnum():
        start -= 1
    while end < len(text) and text[end].isalnum():
        end += 1
    return start, end


def places(text: str, spans: list[Span]) -> set[int]:
    """The letters and digits that spans cover."""
    return {i for start, end, _ in spans for i in range(start, end) if text[i : i + 1].isalnum()}


def found(reader: Reader, text: str) -> dict[float, list[Span]]:
    """What a model finds at each threshold, joined across one sign between two words."""
    spans: dict[float, list[Span]] = {limit: [] for limit in THRESHOLDS}
    for start, end, chance, label in reader.probabilities(text):
        for limit in THRESHOLDS:
            if chance >= limit and end > start:
                a, b = grown(text, start, end)
                last = spans[limit][-1] if spans[limit] else None
                if last and a - last[1] <= 1:
                    spans[limit][-1] = (last[0], max(b, last[1]), last[2])
                else:
                    spans[limit].append((a, b, label[2:]))
    return spans


def synth(path: Path) -> list[Sample]:
    """presidio-research's 1,500 made-up texts (MIT)."""
    samples = []
    for row in json.loads(path.read_text()):
        spans = [(s["start_position"], s["end_position"], s["entity_type"]) for s in row["spans"]]
        kept = [s for s in spans if s[2] not in IGNORED]
        samples.append(Sample(row["full_text"], kept, [s for s in spans if s[2] in IGNORED]))
    return samples


def court(path: Path) -> list[Sample]:
    """Court cases of the Text Anonymization Benchmark (MIT): persons and places that identify directly or in part."""
    samples = []
    for line in path.read_text().splitlines():
        row = json.loads(line)
        kept: list[Span] = []
        ignored: list[Span] = []
        for e in row["entities"]:
            identifies = e["identifier_type"] in {"DIRECT", "QUASI"} and e["entity_type"] in {"PERSON", "LOC"}
            (kept if identifies else ignored).append((e["start_offset"], e["end_offset"], e["entity_type"]))
        samples.append(Sample(row["text"], kept, ignored))
    return samples


def tweets(path: Path) -> list[Sample]:
    """WNUT 2017's development set (CC BY 4.0): persons and places in noisy web text."""
    samples = []
    for block in path.read_text().split("\n\n"):
        text = ""
        kept: list[Span] = []
        ignored: list[Span] = []
        for line in block.strip().splitlines():
            word, _, label = line.partition("\t")
            if label != "O":
                span = (len(text), len(text) + len(word), label[2:])
                (kept if label[2:] in {"person", "location"} else ignored).append(span)
            text += word + " "
        samples.append(Sample(text, kept, ignored))
    return samples


def measure(reader: Reader, samples: list[Sample]) -> dict[float, dict[str, float]]:
    """Recall, precision and recall by entity at each threshold."""
    count: dict[float, Counter[str]] = defaultdict(Counter)
    total: Counter[str] = Counter()
    for sample in samples:
        gold, ignored = places(sample.text, sample.spans), places(sample.text, sample.ignored)
        for entity in {s[2] for s in sample.spans}:
            total[entity] += len(places(sample.text, [s for s in sample.spans if s[2] == entity]))
        for limit, spans in found(reader, sample.text).items():
            mine = places(sample.text, spans)
            count[limit] += Counter({"taken": len(mine - ignored), "right": len(mine & gold)})
            for entity in {s[2] for s in sample.spans}:
                own = places(sample.text, [s for s in sample.spans if s[2] == entity])
                count[limit][entity] += len(own & mine)
    return {limit: _rates(counts, total) for limit, counts in count.items()}


def _rates(counts: Counter[str], total: Counter[str]) -> dict[str, float]:
    found_of = {entity: counts[entity] / total[entity] for entity in sorted(total)}
    whole = {"recall": sum(counts[e] for e in total) / total.total(), "precision": counts["right"] / counts["taken"]}
    return {name: round(share, 3) for name, share in (whole | found_of).items()}


def false_alarms(reader: Reader, pieces: list[str]) -> dict[float, float]:
    """Spans found per KB of texts that hold nothing personal."""
    size = sum(len(text.encode()) for text in pieces) / 1024
    spans = Counter(dict.fromkeys(THRESHOLDS, 0))
    for text in pieces:
        spans.update({limit: len(some) for limit, some in found(reader, text).items()})
    return {limit: round(spans[limit] / size, 2) for limit in THRESHOLDS}


def report(model: Path, sets: Path) -> dict[str, object]:
    """All measures of a model."""
    reader = Reader(model)
    result: dict[str, object] = {
        "synth_v2": measure(reader, synth(sets / "presidio_research_synth_v2.json")),
        "tab": measure(reader, court(sets / "tab_train_92.jsonl")[:40]),
        "wnut": measure(reader, tweets(sets / "wnut17_dev.conll")),
    }
    for name, suffixes in {"code": (".py",), "json": (".json", ".yaml", ".toml"), "docs": (".md", ".rst")}.items():
        pieces = list(itertools.islice(texts("measure", suffixes, roots=ROOTS), 40))
        result[f"{name}, false spans/KB"] = false_alarms(reader, pieces)
    result["us/token"] = round(reader.seconds / reader.tokens * 1e6, 1)
    return result


if __name__ == "__main__":
    for name in sys.argv[2:]:
        print(name, json.dumps(report(Path(name), Path(sys.argv[1])), indent=None), flush=True)
