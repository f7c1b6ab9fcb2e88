"""Recorded conversations into which personal data is planted, in eight languages and seven manners of writing.

The recorded words themselves don't count: nobody has labelled them.
"""

from __future__ import annotations

import random
import tomllib
from itertools import cycle
from pathlib import Path
from typing import Any

from evals.redaction.cases import Case, case
from evals.redaction.samples import Sample, fill, joined, unlabelled
from evals.redaction.sets.heldout import cased
from evals.redaction.sets.recorded import conversations
from evals.redaction.sets.values import Values
from transom.capture.exchange import Message

TEMPLATES = Path(__file__).with_suffix(".toml")
SIZE = 240
MAX_CHARS = 4000
"""Of a text that something is planted into; longer ones are left out to keep the set quick."""


def chat() -> list[Case]:
    """One conversation each; the same every time."""
    chance = random.Random("chat")
    templates = tomllib.loads(TEMPLATES.read_text())
    manners = cycle(_manners(templates))
    short = [one for one in conversations() if all(len(text) < MAX_CHARS for text in _contents(one))]
    return [_planted(one, manners, chance, index) for index, one in enumerate(chance.choices(short, k=SIZE))]


def _manners(templates: dict[str, Any]) -> list[tuple[str, str, Any]]:
    """Manner, language and template, of each template once."""
    calls = templates.pop("arguments")
    texts = [
        (manner, language, text)
        for manner, languages in templates.items()
        for language, told in languages.items()
        for text in told["texts"]
    ]
    return texts + [("arguments", "en", call) for call in calls.items()]


def _planted(messages: list[Message], manners: cycle[tuple[str, str, Any]], chance: random.Random, index: int) -> Case:
    """One thing is planted into each text of a person or the model, up to three; a tool call becomes a turn more."""
    turns: list[tuple[str, list[Any]]] = [(message.role, list(message.parts)) for message in messages]
    for turn, (role, parts) in enumerate(turns[:3]):
        if role not in ("user", "assistant"):
            continue
        manner, language, template = next(manners)
        values = Values(f"chat {index} {turn}", language)
        if manner in ("arguments", "json"):
            turns.append(
                _call(template, values) if manner == "arguments" else _result(fill(template, values, "en", manner))
            )
            continue
        for number, part in enumerate(parts):
            if part["type"] == "text":
                sample = cased(fill(template, values, language, manner), manner if manner in ("lower", "upper") else "")
                parts[number] = {**part, "content": _inserted(str(part["content"]), sample, chance)}
                break
    return case(turns)


def _call(template: tuple[str, dict[str, Any]], values: Values) -> tuple[str, list[Any]]:
    name, arguments = template
    part = {"type": "tool_call", "id": "call_1", "name": name, "arguments": _filled(arguments, values)}
    return ("assistant", [part])


def _result(sample: Sample) -> tuple[str, list[Any]]:
    return ("tool", [{"type": "tool_call_response", "id": "call_1", "response": sample}])


def _filled(template: Any, values: Values) -> Any:
    if isinstance(template, dict):
        return {key: _filled(each, values) for key, each in template.items()}
    if isinstance(template, list):
        return [_filled(each, values) for each in template]
    return fill(template, values, "en", "arguments")


def _inserted(text: str, sample: Sample, chance: random.Random) -> Sample:
    """The sample between two sentences of the text, or at its end."""
    places = [index + 2 for index in range(len(text)) if text.startswith(". ", index)] + [len(text)]
    place = chance.choice(places)
    return joined(
        [unlabelled(text[:place] + ("" if text[:place].endswith(" ") else " ")), sample, unlabelled(" " + text[place:])]
    )


def _contents(messages: list[Message]) -> list[str]:
    return [str(part.get("content", "")) for message in messages for part in message.parts]
