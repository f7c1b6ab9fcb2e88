"""What the model takes for personal data and isn't: names in code, numbers of machines, names of products."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from transom.redact.names.gate import common_words, lower_names
from transom.redact.names.labels import ENTITY
from transom.redact.names.network import Word

Run = Sequence[Word]
"""Words of one entity next to each other."""

_NAMES = frozenset({"GIVEN_NAME", "SURNAME", "CITY", "STATE", "STREET_NAME"})
_NUMBERS_OF_ADDRESSES = frozenset({"BUILDING_NUMBER", "ZIP_CODE"})
_PLACES = frozenset({"STREET_ADDRESS", "LOCATION"})
_NEAR_CHARS = 60

_CAMEL = re.compile(r"[a-z][A-Z]|[A-Z]{2}[a-z]|[A-Za-z]\d|\d[A-Za-z]")
_PREFIXED = re.compile(r"(?:Mc|Mac|De|Di|Da|Du|La|Le|Van|Von|Fitz|O)[A-Z][a-z]+$")
"""McDonald and DeVito are written in camel case, and names."""

_MACHINE_NUMBER = re.compile(
    r"(?=[0-9-]*[a-f])(?=[a-f-]*\d)[0-9a-f-]{12,}"  # hashes, UUIDs
    r"|[a-z]{2,}[\d-]{1,3}|[a-z]{2,}-[0-9a-f]+|0x[0-9a-f]+"  # float32, us-east-1, vpc-6741a603, 0x7ffe
    r"|[a-z][a-z0-9-]{1,60}-[0-9a-f]{7,10}-[a-z0-9]{5}"  # pods of Kubernetes
    r"|\d+(?:x\d+)+"  # 40x60x20
    r"|(?-i:[a-z]{2,16}_[A-Za-z0-9]{10,})"  # what services give: run_…, msg_…
    r"|1[4-9]\d{8}(?:\d{3}){0,3}"  # unix times from 2014 to 2033, in s, ms, µs or ns
    r"|-?\d+\.\d+(?:e-?\d+)?"  # decimal fractions
    r"|v?\d+(?:\.\d+){2,}(?:[-.+]?[a-z]+\d*)?"  # versions
    r"|\d{4}-\d\d-\d\d(?:t[\d:.]*z?)?",  # timestamps
    re.IGNORECASE,
)
_AROUND = re.compile(r"[\w.:-]*")
_UNIT_AFTER = re.compile(
    r" ?(?:[kmgt]i?b|bytes?|bits?|[mnµu]?s|ms|sec|seconds?|rows|tokens|records|objects|items|max)\b", re.IGNORECASE
)
_MEASURE_BEFORE = re.compile(
    r"(?:\b|_)(?:bytes|size|offset|seed|line|lines|limit|max|min|length|count|port|pid|lsn|seq|timeout|epoch|timestamp|errno)"
    r"[\"']?[ =:]{1,3}\Z",
    re.IGNORECASE,
)
"""What programs count: their numbers are no person's."""
_BLOCK = re.compile(r"\w{3}")
_LEAST_DIGITS = {"PHONE_NUMBER": 6, "ID_NUMBER": 4, "STREET_ADDRESS": 0}
_REACH = 40

_PRODUCT_WORDS = """
android anthropic azure bert bing chatgpt chrome chromium claude cohere copilot curl davinci deepseek firefox gecko
gemini github google gpt grok haiku ios iphone java javascript khtml linux llama macintosh microsoft mistral mixtral
mozilla msie openai opus opera perplexity postman python qwen safari sonnet ubuntu webkit whisper windows
"""
_PRODUCTS = frozenset(_PRODUCT_WORDS.split())
"""Words of user agents and of models' names. A person called Claude is missed; a surname beside it isn't."""

_LABEL_WORDS = """
account acct card claim client code credit customer date dni dob email fax iban id invoice mobile mrn no note order
passport payment pesel phone pin policy ref reference sin ssn tel
"""
_LABELS = frozenset(_LABEL_WORDS.split())
"""What forms in capitals call the next value."""

_SURE = 0.8
_SURE_PLACE = 0.9
"""What an unknown word in lower case must score, as a place: words of other languages are often taken for one."""
_ACRONYM_CHARS = 4

_BEFORE_CHARS = 24
_BEFORE_IDENTIFIER = re.compile(
    r"(?:[_@#$&\\]|::|->|\b(?:import|def|class|new) |\bline \d{1,6}, in |\b[A-Z]{2,5}-\d[\d.]* )\Z"
)
"""Marks of programs; a traceback's line; GPT-4 and whatever it is called by."""
_AFTER_IDENTIFIER = re.compile(r"[(_=\[]|-\d|::|->|['\"]\s{0,4}:| import\b|;['\"]| \d{1,6}\]")
_BEFORE_MEMBER = re.compile(r"[\w)\]]\.\Z")
_CODE_LINE = re.compile(r"->|=>|\b0x[0-9A-Fa-f]|\\[ux][0-9a-f]{2}|__\w+__|\A\s{0,40}(?:class|def) ")
_LINE_CHARS = 200
_AFTER_OBJECT = re.compile(r"\.[a-z_]")


def is_name(text: str, word: Word) -> bool:
    """Whether a word of the text may be part of a name, if that is what the model takes it for."""
    if word.label not in _NAMES:
        return True
    value = text[word.start : word.end]
    least = _SURE_PLACE if word.label in {"CITY", "STATE"} else _SURE
    if value.lower() in _PRODUCTS or not _is_written_as_name(value, word.score, least):
        return False
    if word.label != "STREET_NAME" and _CAMEL.search(value) and not _PREFIXED.search(value):
        return False
    return not _is_identifier(text, word)


def _is_written_as_name(value: str, score: float, least: float) -> bool:
    """Lower case and acronyms need a known name or a sure model, and common words in lower case are no names."""
    lower = value.lower()
    if lower in lower_names():
        return True
    if value.islower():
        return score >= least and lower not in common_words()
    if value.isupper() and lower in _LABELS:
        return False
    return score >= _SURE or not (value.isupper() and 1 < len(value) <= _ACRONYM_CHARS)


def _is_identifier(text: str, word: Word) -> bool:
    """Whether a word stands where programs name things: `cassandra(`, `"city":`, `import paris`, `np.pi`."""
    before = text[max(0, word.start - _BEFORE_CHARS) : word.start]
    if _AFTER_IDENTIFIER.match(text, word.end) or _BEFORE_IDENTIFIER.search(before):
        return True
    value = text[word.start : word.end]
    if not (value.islower() or value.isupper()) or value in lower_names():
        return False
    return _AFTER_OBJECT.match(text, word.end) is not None or _BEFORE_MEMBER.search(before) is not None


def personal(text: str, runs: Sequence[Run]) -> Iterator[Run]:
    """Those of the runs of a text, given in order, whose numbers may be a person's."""
    for index, run in enumerate(runs):
        if _has_name(run):
            kept = not _is_in_code(text, run)
        else:
            kept = _is_number(text, run) and not _is_lone(run, runs[max(0, index - 2) : index + 3])
        if kept:
            yield run


def _has_name(run: Run) -> bool:
    return any(word.label in _NAMES for word in run)


def _is_in_code(text: str, run: Run) -> bool:
    """Whether it is one word that is no known name, in a line of code."""
    word = run[0]
    if len(run) > 1 or text[word.start : word.end].lower() in lower_names():
        return False
    start, end = max(0, word.start - _LINE_CHARS), word.end + _LINE_CHARS
    line = text[start : word.start].rpartition("\n")[2] + text[word.start : end].partition("\n")[0]
    return _CODE_LINE.search(line) is not None


def _is_number(text: str, run: Run) -> bool:
    start, end = run[0].start, run[-1].end
    entity, value = ENTITY[run[0].label], text[start:end]
    if sum(map(str.isdigit, value)) < _LEAST_DIGITS.get(entity, 0):
        return False
    if entity == "ID_NUMBER" and _BLOCK.search(value) is None:
        return False
    if _UNIT_AFTER.match(text, end) or _MEASURE_BEFORE.search(text[max(0, start - _BEFORE_CHARS) : start]):
        return False
    return not any(map(_MACHINE_NUMBER.fullmatch, (value, _token_around(text, start, end))))


def _token_around(text: str, start: int, end: int) -> str:
    """`text[start:end]` with what stands directly beside it: of `0.5234` the model may take `5234` alone."""
    before = _AROUND.match(text[max(0, start - _REACH) : start][::-1])
    after = _AROUND.match(text, end, end + _REACH)
    return text[start - len(before.group() if before else "") : after.end() if after else end].strip(".:-")


def _is_lone(run: Run, around: Sequence[Run]) -> bool:
    """Whether numbers are said to be of an address, of which nothing else stands near."""
    near = range(run[0].start - _NEAR_CHARS, run[-1].end + _NEAR_CHARS)
    return _is_bare(run) and not any(
        ENTITY[other[0].label] in _PLACES and not _is_bare(other) and (other[0].start in near or other[-1].end in near)
        for other in around
    )


def _is_bare(run: Run) -> bool:
    return all(word.label in _NUMBERS_OF_ADDRESSES for word in run)
