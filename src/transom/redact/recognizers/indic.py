"""Names and addresses in Bengali and Hindi, whose scripts have no capital letters.

A name follows a title, a label such as `নাম:` or an introduction, or ends in a common surname, and goes as far as words
that are no names: pronouns, postpositions, verbs. Names without any of these are not found.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from transom.redact.finding import Finding, Recognizer
from transom.redact.recognizers.words import alternatives, spot, vocabulary
from transom.redact.text import has_digit

_LETTERS = "\u0900-\u0963\u0971-\u097f\u0980-\u09e3\u200c\u200d"
_INDIC = re.compile(f"[{_LETTERS}]")
_NEXT = re.compile(rf"(?P<gap>[.ঃ॰]?[ ]{{0,2}})(?P<word>[{_LETTERS}]{{1,24}}(?![{_LETTERS}]))")
_PREVIOUS = re.compile(rf"(?<![{_LETTERS}])(?P<word>[{_LETTERS}]{{2,24}})[ ]\Z")
_LABEL_LINK = re.compile(r"ঃ?\s{0,2}(?P<sign>[:=-]|(?:হলো|হল|হচ্ছে|है) )?\s{0,2}[\"'“‘]?")
_CUE_LINK = re.compile(r",?\s{1,3}")
_MOST = 4
"""Words of a name."""


@dataclass(frozen=True)
class _Language:
    """The words of a section of indic.toml."""

    titles: frozenset[str]
    after: frozenset[str]
    labels: frozenset[str]
    whose: frozenset[str]
    speakers: frozenset[str]
    speaking: frozenset[str]
    cues: frozenset[str]
    surnames: frozenset[str]
    no_names: frozenset[str]
    verbs: tuple[str, ...]
    doors: frozenset[str]
    areas: frozenset[str]
    codes: frozenset[str]

    def names(self, text: str) -> Iterator[Finding]:
        """Those that some word gives away."""
        for start, word in spot(text, self.titles):
            yield from self._name_from(text, start + len(word), 0.75)
        for start, word in spot(text, self.labels):
            link = _LABEL_LINK.match(text, start + len(word))
            if link and (link["sign"] or self._owner(text, start) in self.whose):
                yield from self._name_from(text, link.end(), 0.7)
        for start, word in spot(text, self.cues):
            if link := _CUE_LINK.match(text, start + len(word)):
                yield from self._name_from(text, link.end(), 0.6)
        for start, word in spot(text, self.speakers):
            for name in self._name_from(text, start + len(word), 0.65):
                following = _NEXT.match(text, name.end)
                if following and following["word"] in self.speaking:
                    yield name
        yield from self._names_before(text)

    def _names_before(self, text: str) -> Iterator[Finding]:
        """`… Hossain`, `Karim bhai`."""
        for start, word in spot(text, self.surnames | self.after):
            first = self._previous(text, start)
            if first and not self._is_no_name(first):
                end = start + len(word) if word in self.surnames else start - 1
                yield Finding(start - len(first) - 1, end, "PERSON", 0.65 if word in self.surnames else 0.55)

    def _previous(self, text: str, start: int) -> str:
        match = _PREVIOUS.search(text, max(0, start - 26), start)
        return match["word"] if match else ""

    def _owner(self, text: str, start: int) -> str:
        """Whose name it is; in Hindi with a word in between (`पिता का नाम`)."""
        owner = self._previous(text, start)
        return self._previous(text, start - len(owner) - 1) if owner == "का" else owner

    def _is_no_name(self, word: str) -> bool:
        known = word in self.no_names or word in self.after or word in self.speaking
        return known or (len(word) > 4 and word.endswith(self.verbs))

    def _name_from(self, text: str, start: int, score: float) -> Iterator[Finding]:
        """The words from here that may be a name."""
        first = end = None
        for _ in range(_MOST):
            match = _NEXT.match(text, start)
            if not match or self._is_no_name(match["word"]):
                break
            first = match.start("word") if first is None else first
            start = end = match.end()
            if match["word"] in self.surnames:
                break
        if first is not None and end is not None:
            yield Finding(first, end, "PERSON", score)


def _read() -> Iterator[_Language]:
    """Words in both encodings; surnames in all their cases."""
    sections = tomllib.loads((Path(__file__).parent / "data" / "indic.toml").read_text(encoding="utf-8"))
    for section in sections.values():
        verbs, endings = tuple(section.pop("verbs").split()), section.pop("endings").split()
        section["surnames"] += "".join(f" {name}{ending}" for name in section["surnames"].split() for ending in endings)
        yield _Language(verbs=verbs, **{name: vocabulary(words) for name, words in section.items()})


_LANGUAGES = tuple(_read())
_DOORS = frozenset[str]().union(*(language.doors for language in _LANGUAGES))
_AREAS = frozenset[str]().union(*(language.areas for language in _LANGUAGES))
_CODES = frozenset[str]().union(*(language.codes for language in _LANGUAGES))
_NUMBER = (
    r"\s?(?:নং|নম্বর|নাম্বার|नंबर|नम्बर|नं|संख्या)?[.:#ঃ -]{0,3}[0-9]{1,5}(?:[/-]?[A-Za-z0-9]{1,4}|[ক-ঙअ-ङ](?!["
    + _LETTERS
    + "]))?"
)
_DOOR = re.compile(_NUMBER + r"(?!\w)")
_PART = re.compile(
    rf"[,-]\s{{0,2}}(?:(?:{alternatives(_DOORS)}){_NUMBER}|[0-9]{{4,6}}"
    rf"|[{_LETTERS}]{{2,20}}(?:[ -][{_LETTERS}0-9]{{2,20}}){{0,2}}(?=[,।\n-]|\Z))(?!\w)"
)
_MOST_PARTS = 6
_AREA = re.compile(
    rf"\s?[:ঃ-]\s{{0,2}}(?P<name>[{_LETTERS}]{{2,20}}(?: [{_LETTERS}]{{2,20}}){{0,2}}(?:-[0-9]{{4,6}})?)"
    r"(?=[,।.\n]|\s*\Z)"
)
_CODE = re.compile(r"(?: (?:কোড|कोड|নম্বর|नंबर))?[ :ঃ-]{0,3}(?P<code>[0-9]{3} ?[0-9]{1,3})(?!\w)")


def find(text: str) -> Iterator[Finding]:
    """Names in either language; addresses by their parts; postal codes after their label."""
    if text.isascii() or not _INDIC.search(text):
        return
    for language in _LANGUAGES:
        yield from language.names(text)
    for start, word in spot(text, _AREAS):
        if area := _AREA.match(text, start + len(word)):
            yield Finding(*area.span("name"), "STREET_ADDRESS", 0.6)
    if has_digit(text):
        yield from _numbered(text)


def _numbered(text: str) -> Iterator[Finding]:
    """House and road with what follows between commas, as far as it is short; postal codes."""
    for start, word in spot(text, _DOORS):
        end = start + len(word)
        part = _DOOR.match(text, end)
        for _ in range(_MOST_PARTS):
            if not part:
                break
            end = part.end()
            part = _PART.match(text, end)
        if end > start + len(word):
            yield Finding(start, end, "STREET_ADDRESS", 0.6)
    for start, word in spot(text, _CODES):
        if code := _CODE.match(text, start + len(word)):
            yield Finding(*code.span("code"), "STREET_ADDRESS", 0.6)


INDIC = Recognizer("indic", ("PERSON", "STREET_ADDRESS"), find)
