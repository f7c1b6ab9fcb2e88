"""What reviewers taught: values that were missed, patterns of such, and texts that are no personal data after all.

A missed value is known by a keyed hash of its words alone. So the words of a text are hashed, each and in the runs that
a rule is as long as; a short tag of a value's first word spares nearly all of the runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b, sha256
from itertools import pairwise

from transom.redact.finding import Finding
from transom.redact.placeholders import normalise
from transom.redact.text import fold, visible
from transom.redact.words import Word, distinct_words, words_of
from transom.secret import mac
from transom.types import TaughtRule

MOST_WORDS = 20
"""Of a missed value."""

FEWEST_CHARS = 2
"""Of all its words together."""

TAUGHT = "taught"
"""The recognizer's name."""

_TAG_BYTES, _DIGEST_BYTES = 2, 16
_CACHED_WORDS = 50_000
_BETWEEN = re.compile(r'[^"\\<>{}\[\]\ufffc]{0,4}')
"""What may stand between two words of a value: no quote or bracket, or JSON could break; nothing redacted already."""


class NoValue(ValueError):
    """A text that can't be taught as a missed value; the message says why, without it."""


def digest_of_value(key: bytes, value: str) -> tuple[bytes, int]:
    """The keyed hash of a value's words, 16 bytes, and their number.

    Raises NoValue for a text with too few characters or too many words.
    """
    words = [word.text for word in words_of(fold(visible(value)))]
    if sum(map(len, words)) < FEWEST_CHARS:
        raise NoValue(f"a missed value must have at least {FEWEST_CHARS} letters or digits")
    if len(words) > MOST_WORDS:
        raise NoValue(f"a missed value may have at most {MOST_WORDS} words: name the value, not the sentence")
    return _digest(key, words), len(words)


def _digest(key: bytes, words: Sequence[str]) -> bytes:
    """The tag of the first word, and a hash of them all."""
    *_, whole = _hashes(key, words)
    return _tag(key, words[0]) + whole


def _hashes(key: bytes, words: Iterable[str]) -> Iterator[bytes]:
    """Of the first word, the first two, and so on. BLAKE2b's own keyed mode (RFC 7693) goes on where it was."""
    running = blake2b(digest_size=_DIGEST_BYTES - _TAG_BYTES, key=key, person=b"taught value")
    for word in words:
        encoded = word.encode()
        running.update(len(encoded).to_bytes(4) + encoded)
        yield running.digest()


def _tag(key: bytes, word: str) -> bytes:
    return mac(key, b"taught first word", word.encode())[:_TAG_BYTES]


class Taught:
    """The rules of one project. `key` is that of its placeholders. `version` tells one set of rules from another."""

    def __init__(self, rules: Iterable[TaughtRule] = (), key: bytes = b"") -> None:
        rules = sorted(rules, key=lambda rule: rule.id)
        self._key = key
        self._values = {rule.digest: rule.entity for rule in rules if rule.kind == "missed" and rule.digest}
        self._longest = max((rule.words for rule in rules if rule.kind == "missed"), default=0)
        self._patterns = [(re.compile(rule.text or ""), rule.entity) for rule in rules if rule.kind == "pattern"]
        wrong = (rule for rule in rules if rule.kind == "wrong")
        self._allowed = {(rule.entity, normalise(rule.entity, rule.text or "")) for rule in wrong}
        self.entities = frozenset(rule.entity for rule in rules if rule.kind != "wrong")
        self.version = sha256("\n".join(rule.id for rule in rules).encode()).digest()[:8] if rules else b""
        tags = {digest[:_TAG_BYTES] for digest in self._values}
        self._may_begin = lru_cache(_CACHED_WORDS)(lambda word: _tag(key, word) in tags)

    def find(self, text: str) -> Iterator[tuple[Finding, str]]:
        """Missed values and matches of patterns in a folded text, each with the recognizer's name."""
        if self._values and any(map(self._may_begin, distinct_words(text))):
            yield from self._find_values(text)
        for pattern, entity in self._patterns:
            for match in pattern.finditer(text):
                yield Finding(match.start(), match.end(), entity, 1.0), TAUGHT

    def _find_values(self, text: str) -> Iterator[tuple[Finding, str]]:
        words = list(words_of(text))
        for index, word in enumerate(words):
            if self._may_begin(word.text):
                run, tag = words[index : index + self._longest], _tag(self._key, word.text)
                for count, whole in enumerate(_hashes(self._key, [each.text for each in run]), 1):
                    entity = self._values.get(tag + whole)
                    if entity and _is_together(text, run[:count]):
                        yield Finding(word.start, run[count - 1].end, entity, 1.0), TAUGHT

    def allows(self, entity: str, value: str) -> bool:
        """Whether a reviewer said that this is no such thing."""
        return bool(self._allowed) and (entity, normalise(entity, value)) in self._allowed


def _is_together(text: str, run: Sequence[Word]) -> bool:
    return all(_BETWEEN.fullmatch(text, one.end, other.start) for one, other in pairwise(run))


UNTAUGHT = Taught()
"""No rules."""
