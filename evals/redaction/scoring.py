"""How much of what is labelled was removed, and how much else.

Letters and digits are counted, whatever entity they were taken for: recall is the share of labelled ones that are gone,
precision the share of those gone that are labelled. Where data outweighs the loss of a word, recall counts more: F2
(van Rijsbergen, Information Retrieval, 1979) gives it four times the weight of precision. An entity is found where all
of its letters and digits are gone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import msgspec

from evals.redaction.samples import Sample


class Tally(msgspec.Struct):
    """Letters and digits of labels and how many of them are gone; the labels and how many are gone whole."""

    chars: int = 0
    gone: int = 0
    labels: int = 0
    whole: int = 0

    def add(self, chars: int, gone: int) -> None:
        """One more label."""
        self.chars += chars
        self.gone += gone
        self.labels += 1
        self.whole += chars == gone

    def report(self) -> dict[str, Any]:
        """The shares, and of how many labels."""
        shares = {"recall": _short(ratio(self.gone, self.chars)), "whole": _short(ratio(self.whole, self.labels))}
        return shares | {"labels": self.labels, "chars": self.chars, "gone": self.gone}


class Score:
    """Counts sample by sample."""

    def __init__(self) -> None:
        self.all = Tally()
        self.by: dict[str, dict[str, Tally]] = {"kind": {}, "language": {}, "where": {}}
        self.wrong = Counter[str]()
        self.right = self.bare = 0
        self.altered = 0

    def add(self, sample: Sample, removed: Iterable[tuple[int, int, str]]) -> None:
        """A sample and what was removed of it: start, end and entity."""
        removed = list(removed)
        text, gone = sample.text, places(sample.text, removed)
        labelled = places(text, sample.labels)
        for label in sample.labels:
            own = places(text, [label])
            self._count(sample, label.kind, len(own), len(own & gone))
        self.right += len(gone & labelled)
        fair = labelled | places(text, sample.ignored)
        self.bare += len(places(text, [(0, len(text))]) - fair)
        for one in removed:
            self.wrong[one[2]] += len(places(text, [one]) - fair)

    def _count(self, sample: Sample, kind: str, chars: int, gone: int) -> None:
        self.all.add(chars, gone)
        for by, name in (("kind", kind), ("language", sample.language), ("where", sample.where)):
            if name:
                self.by[by].setdefault(name, Tally()).add(chars, gone)

    @property
    def recall(self) -> float | None:
        """None where nothing is labelled."""
        return ratio(self.all.gone, self.all.chars)

    @property
    def precision(self) -> float | None:
        """None where nothing was removed, or nothing could have been removed wrongly."""
        return ratio(self.right, self.right + self.wrong.total()) if self.bare else None

    @property
    def f2(self) -> float | None:
        """F with recall four times as heavy."""
        if self.recall is None or self.precision is None:
            return None
        low = 4 * self.precision + self.recall
        return 5 * self.precision * self.recall / low if low else 0.0

    def report(self) -> dict[str, Any]:
        """All of it, to keep; a set with one language, or one manner of writing, isn't divided by it."""
        divided = {
            f"by_{by}": {name: each[name].report() for name in sorted(each)}
            for by, each in self.by.items()
            if len(each) > 1
        }
        shares = {"precision": _short(self.precision), "f2": _short(self.f2)}
        wrong = {name: count for name, count in self.wrong.most_common() if count}
        return {**self.all.report(), **shares, "altered": self.altered, "wrong_chars_by_entity": wrong, **divided}


def places(text: str, spans: Iterable[tuple[Any, ...]]) -> set[int]:
    """The letters and digits that some spans cover; a span begins with its start and its end."""
    return {i for span in spans for i in range(span[0], span[1]) if text[i].isalnum()}


def ratio(part: float, whole: float) -> float | None:
    """None of nothing."""
    return part / whole if whole else None


def _short(share: float | None) -> float | None:
    return None if share is None else round(share, 4)
