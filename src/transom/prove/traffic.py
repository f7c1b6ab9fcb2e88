"""Sends canaries through the gateway: in prompts, answers, streams, tools, errors, headers, paths and feedback."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from transom.gateway.canary import FAILING_MODEL
from transom.httpclient import HTTPError, Response, async_client
from transom.prove.canary import Canary, make
from transom.types import OWN_PROJECT

_CHAT = f"/{OWN_PROJECT}/v1/chat/completions"
_CARRIERS = ("user", "session", "tag", "metadata", "query", "path", "author", "label")
_IDENTITY = "EMAIL_ADDRESS"


class Unfinished(Exception):
    """The proof could not be made; the message says why and what to do. That is no leak."""


class Canaries(NamedTuple):
    """One of each kind for texts, and by the name of its carrier one for each place that takes only a word."""

    said: list[Canary]
    carried: dict[str, Canary]

    @property
    def all(self) -> list[Canary]:
        """All of them."""
        return [*self.said, *self.carried.values()]

    @property
    def text(self) -> str:
        """The sentences."""
        return "\n".join(canary.sentence for canary in self.said)


class Sent(NamedTuple):
    """Ids of the traces: two answers, an error and one without content; and that of the feedback on the first."""

    whole: str
    streamed: str
    failed: str
    looked_up: str
    feedback: str


def canaries_of(said: list[Canary]) -> Canaries:
    """With those that only a word fits: mail addresses, if redaction claims them."""
    claimed = any(canary.kind == _IDENTITY for canary in said)
    words = make([_IDENTITY] * len(_CARRIERS)) if claimed else []
    return Canaries(said, dict(zip(_CARRIERS, words, strict=False)))


async def send(gateway: str, token: str, canaries: Canaries) -> Sent:
    """Make the canaries' exchanges. Raises Unfinished where the gateway doesn't take them."""
    headers = {"authorization": f"Bearer {token}", **_headers(canaries)}
    body = _body(canaries)
    path = f"/{OWN_PROJECT}/v1/files/{_word(canaries, 'path')}"
    try:
        async with async_client(gateway, headers) as client:
            query = {"email": _word(canaries, "query")}
            whole = _echoed(await client.post(_CHAT, json=body, params=query), 200)
            streamed = _echoed(await client.post(_CHAT, json=body | {"stream": True}), 200)
            failed = _echoed(await client.post(_CHAT, json=body | {"model": FAILING_MODEL}), 400)
            looked_up = _echoed(await client.get(path), 200)
            words = f"/v1/feedback/t/{whole.headers['x-transom-feedback-token']}"
            said = _echoed(await client.post(words, json=_feedback(canaries)), 202)
    except HTTPError as error:
        raise Unfinished(f"no gateway answers at {gateway} ({type(error).__name__}): start it, or name it") from None
    return Sent(_id(whole), _id(streamed), _id(failed), _id(looked_up), said.json()["feedback_id"])


def _id(answer: Response) -> str:
    return str(answer.headers["x-transom-trace-id"])


def _echoed(answer: Response, status: int) -> Response:
    if answer.status_code == status:
        return answer
    if answer.status_code == 404:
        raise Unfinished(
            "the gateway doesn't know this proof: it needs the same main secret "
            "(the same data folder, or the same TRANSOM_SECRET_KEY) and the same version"
        )
    raise Unfinished(f"the gateway answered a canary with {answer.status_code} and not with {status}")


def _word(canaries: Canaries, carrier: str) -> str:
    found = canaries.carried.get(carrier)
    return found.value if found else "canary"


def _headers(canaries: Canaries) -> dict[str, str]:
    return {
        "x-transom-app": OWN_PROJECT,
        "x-transom-user": _word(canaries, "user"),
        "x-transom-session": _word(canaries, "session"),
        "x-transom-tags": f"canary,{_word(canaries, 'tag')}",
        "x-transom-metadata": json.dumps({"note": f"Please write to {_word(canaries, 'metadata')} about it."}),
    }


def _body(canaries: Canaries) -> dict[str, Any]:
    """A conversation with everything in each of its messages; the echo repeats the prompt and the tool call."""
    arguments = json.dumps({"lines": [canary.sentence for canary in canaries.said]})
    call = {"id": "call_1", "type": "function", "function": {"name": "note", "arguments": arguments}}
    messages = [
        {"role": "system", "content": canaries.text},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": canaries.text},
        {"role": "user", "content": canaries.text},
    ]
    return {"model": "canary", "messages": messages}


def _feedback(canaries: Canaries) -> dict[str, Any]:
    return {
        "rating": "down",
        "comment": canaries.text,
        "correction": canaries.text,
        "labels": [_word(canaries, "label")],
        "user": _word(canaries, "author"),
    }
