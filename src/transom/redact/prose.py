"""Texts for a language model: what of them it should read, and where it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from transom.redact.finding import Finding
from transom.redact.text import fold
from transom.redact.zones import pieces

Found = list[tuple[Finding, str]]


def find_in_prose(texts: Sequence[str], read: Callable[[list[str]], Iterable[list[Finding]]], name: str) -> list[Found]:
    """For each text what `read` finds in its pieces of prose, at its place in the text, and `name` with it.

    `read` gets the pieces of all texts together and returns as many lists.
    """
    parts = [(index, piece) for index, text in enumerate(texts) for piece in pieces(fold(text)) if piece.prose]
    found: list[Found] = [[] for _ in texts]
    for (index, piece), findings in zip(parts, read([piece.text for _, piece in parts]), strict=True):
        found[index] += [(f._replace(start=piece.start + f.start, end=piece.start + f.end), name) for f in findings]
    return found
