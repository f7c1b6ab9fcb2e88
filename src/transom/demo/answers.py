"""What the demo provider says. An answer is chosen by words of the last user message."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Answer:
    """A text, a refusal or an error (status, message); or a call of `tool` (name, arguments), if it is offered."""

    text: str = ""
    refusal: str | None = None
    tool: tuple[str, dict[str, Any]] | None = None
    error: tuple[int, str] | None = None


DEFAULT = Answer(
    "I am Transom's demo provider: my answers are written down beforehand, and nothing you send leaves this machine. "
    "Ask me about an order, the weather, the refund policy or a story, and look at the admin pages afterwards."
)

STORY = Answer(
    "The house had stood empty since spring. Above its blue door was a transom, a narrow window that nobody had "
    "cleaned, and through it the evening came in and lay on the floor of the hall. A girl from next door saw the light "
    "every day on her way home. She never saw who moved behind it; she only saw that somebody did, that the light went "
    "out at ten and came back at six, and that on Sundays it flickered, as if somebody were dancing. Years later, when "
    "the door was open at last, she found an old clockmaker there, and forty clocks, and not one of them was slow."
)

ANSWERS: list[tuple[tuple[str, ...], Answer]] = [
    (("rate limit", "too many"), Answer(error=(429, "Rate limit reached for requests. Please try again in 2s."))),
    (("pick a lock", "weapon"), Answer(refusal="I can't help with that.")),
    (
        ("where is my order", "order 1042", "track"),
        Answer(
            "Good news: order 1042 left the warehouse yesterday and should be with you by Thursday.",
            tool=("get_order", {"order_id": "1042", "include_history": True}),
        ),
    ),
    (
        ("weather",),
        Answer(
            "It is 31 °C in Dhaka, with a light wind from the south and rain expected in the evening.",
            tool=("get_weather", {"city": "Dhaka", "unit": "celsius"}),
        ),
    ),
    (
        ("refund", "refunds", "return policy"),
        # The context that comes with this question says 30 days and says nothing about shipping.
        Answer(
            "You can return any item within 90 days for a full refund. Shipping costs are always refunded as well, "
            "and store credit is paid out on the same day."
        ),
    ),
    (
        ("contact", "account manager", "who do i call"),
        Answer(
            "Your account manager is Margaret Holloway. Write to margaret.holloway@example.com or call "
            "+1 415 555 0132 on weekdays; the office is at 221 Maple Street, Springfield."
        ),
    ),
    (
        ("card", "invoice"),
        Answer(
            "Thank you, Mr. Whitfield. The card ending in 1111 (4111 1111 1111 1111) has been charged 49.90 EUR, and "
            "the invoice was sent to d.whitfield@example.org."
        ),
    ),
    (
        ("বাংলাদেশ", "রাজধানী", "ঢাকা"),
        Answer("বাংলাদেশের রাজধানী ঢাকা। শহরটি বুড়িগঙ্গা নদীর তীরে, এবং এখানে দুই কোটিরও বেশি মানুষ থাকেন।"),
    ),
    (("hello in bengali", "in bengali"), Answer("বাংলায় বলা যায়: নমস্কার, অথবা আসসালামু আলাইকুম। কেমন আছেন?")),
    (("story", "long"), STORY),
    (
        ("python", "function", "code", "median"),
        Answer(
            "Here is one way:\n\n```python\ndef median(values: list[float]) -> float:\n    ordered = sorted(values)\n"
            "    middle = len(ordered) // 2\n    return ordered[middle]\n```\n\nIt takes the upper of the two middle "
            "values when their number is even."
        ),
    ),
    (("hello", "hi"), Answer("Hello! What can I do for you today?")),
]


READ_CHARS = 4000
"""So much of a prompt is listened to."""


def choose(prompt: str, tools: Collection[str] = ()) -> Answer:
    """The answer to a prompt; it is a tool call where its tool is among the names of those on offer."""
    heard = prompt[:READ_CHARS].lower()
    for words, answer in ANSWERS:
        if any(_stands_in(word, heard) for word in words):
            return replace(answer, text="") if answer.tool and answer.tool[0] in tools else replace(answer, tool=None)
    return DEFAULT


def _stands_in(word: str, text: str) -> bool:
    """Whether a word stands there by itself: "hi" isn't in "this"."""
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None
