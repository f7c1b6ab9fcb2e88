"""Public labelled sets, where `../shared/data/pii` is beside the checkout."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any

from evals.redaction.samples import Label, Sample

DATA = Path(__file__).parents[4] / "shared" / "data" / "pii"

SYNTH = DATA / "presidio_research_synth_v2.json"
"""1,500 synthetic texts (MIT): https://github.com/microsoft/presidio-research, data/synth_dataset_v2.json."""

TAB = DATA / "tab_train_92.jsonl"
"""92 decisions of the European Court of Human Rights (MIT): the Text Anonymization Benchmark, Pilán et al. 2022,
https://github.com/NorskRegnesentral/text-anonymization-benchmark."""

WNUT = DATA / "wnut17_dev.conll"
"""Noisy text of the web (CC BY 4.0): WNUT-17, Derczynski et al. 2017, https://github.com/leondz/emerging_entities_17,
emerging.dev.conll."""

UNCOUNTED = {"ORGANIZATION", "TITLE"}
TAB_KINDS = {"PERSON", "LOC", "DATETIME", "CODE"}
IDENTIFIERS = {"DIRECT", "QUASI"}


def synth_v2() -> list[Sample]:
    """Organisations and titles don't count."""
    return [_synth(row) for row in json.loads(SYNTH.read_text())]


def _synth(row: dict[str, Any]) -> Sample:
    spans = [Label(one["start_position"], one["end_position"], one["entity_type"]) for one in row["spans"]]
    return _divided(row["full_text"], spans, lambda label: label.kind not in UNCOUNTED)


def tab() -> list[Sample]:
    """Direct and quasi identifiers of persons, places, dates and codes; other mentions don't count."""
    return [_court_case(json.loads(line)) for line in TAB.read_text().splitlines()]


def _court_case(row: dict[str, Any]) -> Sample:
    mentions: dict[Label, bool] = {}
    for one in row["entities"]:
        label = Label(one["start_offset"], one["end_offset"], one["entity_type"])
        mentions[label] = label.kind in TAB_KINDS and one["identifier_type"] in IDENTIFIERS
    return _divided(row["text"], list(mentions), mentions.__getitem__)


def _divided(text: str, spans: list[Label], counts: Callable[[Label], bool]) -> Sample:
    labels = tuple(span for span in spans if counts(span))
    return Sample(text, labels, tuple((span.start, span.end) for span in spans if not counts(span)))


def wnut() -> list[Sample]:
    """Persons; nothing else is held against the finder, since most of it isn't labelled."""
    lines = (line.rstrip("\n").split("\t") for line in WNUT.read_text().splitlines())
    return [_sentence(list(rows)) for filled, rows in groupby(lines, key=lambda row: len(row) > 1) if filled]


def _sentence(rows: list[list[str]]) -> Sample:
    text, labels = "", list[Label]()
    for word, tag in rows:
        text += " " if text else ""
        start, text = len(text), text + word
        if tag == "I-person" and labels:
            labels[-1] = labels[-1]._replace(end=len(text))
        elif tag.endswith("-person"):
            labels.append(Label(start, len(text), "PERSON"))
    return Sample(text, tuple(labels), ((0, len(text)),))
