"""A held-out set of other domains: support, medicine, personnel, law, tweets, forms, logs, chat, in eight languages.

Nobody tunes on it: no recognizer, word list, threshold or training text may be made from these templates, from
words.toml or from what the product misses here. Whoever needs texts to work with makes other ones. Its templates share
nothing with those of synth_v2 nor with what the model was trained on.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

from evals.redaction.samples import Sample, fill
from evals.redaction.sets.values import Values

HERE = Path(__file__).parent
COPIES = 4
"""Texts of each template, with other values each time."""


def heldout() -> list[Sample]:
    """About 470 texts."""
    return [
        cased(fill(text, Values(f"heldout {domain} {number} {copy}", language), language, domain), _case(domain))
        for number, (language, domain, text) in enumerate(templates())
        for copy in range(COPIES)
    ]


def templates() -> Iterator[tuple[str, str, str]]:
    """Language, domain and text."""
    for domain, told in tomllib.loads((HERE / "heldout_en.toml").read_text()).items():
        yield from (("en", domain, text) for text in told["texts"])
    for language, told in tomllib.loads((HERE / "heldout_more.toml").read_text()).items():
        yield from ((language, "other languages", text) for text in told["texts"])


def _case(domain: str) -> str:
    """A domain's name ends in the case in which its texts are written, if it is always the same."""
    return domain.rpartition("_")[2] if domain.endswith(("_lower", "_upper")) else ""


def cased(sample: Sample, case: str) -> Sample:
    """The sample in `lower` or `upper` case, which must not change the text's length; or as it is."""
    if not case:
        return sample
    text = sample.text.lower() if case == "lower" else sample.text.upper()
    assert len(text) == len(sample.text), "a letter that has no equivalent of the same length"
    return Sample(text, sample.labels, sample.ignored, sample.language, sample.where)
