"""Names that the words before them give away. Other names are the language model's."""

from __future__ import annotations

import re
from collections.abc import Iterator

from transom.redact.finding import Finding, Recognizer
from transom.redact.names.gate import common_words
from transom.redact.recognizers.name_cue import CUES
from transom.redact.recognizers.words import LETTER, spot, vocabulary, word_list

_WORD = rf"[{LETTER}](?:[{LETTER}]|['’-](?=[{LETTER}])){{1,24}}"
_CAPITALISED = rf"(?![a-zß-öø-ÿ])(?:{_WORD}|[{LETTER}]\b)"
_PARTICLE = r"(?:[dD](?:e|el|er|en|i|a|as|os|o|u)|[vV][ao]n|[bB]in|[iI]bn|[aA]l|[eE]l|[lL]a|[tT]er|[aA]f|[zZ]u|y|e)"
_NAME = (
    rf"(?:(?:[{LETTER}]\. ?){{1,3}})?(?:{_PARTICLE} ){{0,2}}{_CAPITALISED}"
    rf"(?: (?:[{LETTER}]\. ?){{0,2}}(?:{_PARTICLE} ){{0,2}}{_CAPITALISED}){{0,3}}"
    rf"|(?:[{LETTER}]\. ?){{2,4}}"
)
_CASED = re.compile(_NAME)
_LOWER = re.compile(r"[a-z][a-z'’-]{1,24}(?: [a-z][a-z'’-]{1,24})?(?![\w(.=])")
_POSSESSIVE = re.compile(r"['’]s\Z")

_TITLES = vocabulary(
    "mr mrs ms miss mx dr prof professor doctor sir madam md mohd mst rev hon capt captain sgt sergeant lieutenant "
    "col colonel judge justice mister mme mlle monsieur madame mademoiselle maître herr herrn frau fräulein señor "
    "señora señorita sr sra srta don doña senhor senhora dona signor signora signorina sig dott dottoressa avv dhr "
    "mevr mevrouw meneer pani janab mosammat shri shrimati smt kumari engr adv advocate lord lady гн господин "
    "госпожа sheikh shaikh imam maulana"
)
_DOTTED = vocabulary("sr col sig hon rev adv dott avv engr don sir")
"""Titles that are words too: these need a dot, or a first and a last name."""
_LOWER_TITLES = vocabulary("mr mrs dr prof")
_AFTER_TITLE = re.compile(r"(?P<dot>\.?)(?: ?(?:Dr|Prof|Med|Ing|Mrs|Frau)\.?){0,3}(?: |(?<=\.))(?! )")

_NO_NAME = (
    vocabulary(
        "mr mrs ms miss dr prof "
        "sir madam team all everyone everybody anyone someone customer customers user users friend friends colleague "
        "colleagues hiring manager support service services the a an i it its he she they we you my your our his her "
        "their not no yes this that these those what how when where who why is was are were be been am do does did has "
        "have had will would can could should may might must please and or but if so then than because for from to of "
        "in on at by with as about into over after before word office excel sql teams windows access world there here "
        "again guys folks ladies gentlemen recipient department court general minister president committee valued "
        "member members candidate applicant sirs sorry sure glad happy ready afraid fine good great ok okay well just "
        "now still also very too really going trying looking working using writing thanks thank regards best kind "
        "yours sincerely ai assistant chatgpt gpt claude openai bot unknown none null true false string name required "
        "optional first last new old university school company limited inc ltd speaking calling me us them him later "
        "back tomorrow today important mom dad mum grandma grandpa santa christmas diary god lord hotel hello hi hey "
        "dear attention author date subject only sent based born live lives lived unique different secret more most "
        "better worse back done error int str float bool list dict value key id type class function def return import "
        "self und ist bin et est y es e è é och"
    )
    | word_list("groups.txt")
    | word_list("weekdays.txt")
    | word_list("months.txt") - {"april", "august", "jan", "june", "may"}
)


def find(text: str) -> Iterator[Finding]:
    """`Dr. Amina Rahman`, `mr karim`, `my name is …`, `my wife Anna`, `Dear …`, `Patient name: …`."""
    for start, word in spot(text, _TITLES):
        yield from _after_title(text, start, word)
    for cue in CUES:
        for start, word in spot(text, cue.words):
            after = cue.after.match(text, start + len(word))
            if after and (not cue.before or cue.before.search(text, max(0, start - 40), start)):
                yield from _name_at(text, after.end(), cue.score, cue.least, cue.lower)


def _after_title(text: str, start: int, title: str) -> Iterator[Finding]:
    after = _AFTER_TITLE.match(text, start + len(title))
    if not after or text[start - 1 : start] in {"_", "/", "-", "@"}:
        return
    if text[start].islower() and title in _LOWER_TITLES:
        yield from _name_at(text, after.end(), 0.6, lower=True, most=1)
    elif not text[start].islower():
        least = 2 if title in _DOTTED and not after["dot"] else 1
        yield from _name_at(text, after.end(), 0.8, least)


def _name_at(
    text: str, start: int, score: float, least: int = 1, lower: bool = False, most: int = 4
) -> Iterator[Finding]:
    match = _CASED.match(text, start) or (_LOWER.match(text, start) if lower else None)
    words = _until_no_name(match.group())[:most] if match else []
    # A doubtful cue names things too, as the `name: Build Wheels` of YAML does; their first word is an ordinary one.
    if len(words) >= least and (least == 1 or words[0].lower() not in common_words()):
        value = _POSSESSIVE.sub("", " ".join(words)).rstrip("-'’")
        yield Finding(start, start + len(value), "PERSON", score)


def _until_no_name(value: str) -> list[str]:
    """The words before the first that is no name."""
    words = value.rstrip().split(" ")
    ends = (index for index, word in enumerate(words) if _POSSESSIVE.sub("", word).lower().strip(".,") in _NO_NAME)
    return words[: next(ends, len(words))]


NAME = Recognizer("name", ("PERSON",), find)
