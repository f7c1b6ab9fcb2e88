"""Sample conversations, sent through the gateway as apps would send them, with thumbs up and down."""

from __future__ import annotations

import asyncio
import json
import random
from dataclasses import dataclass
from typing import Any

from rich.progress import Progress

from transom.httpclient import HTTPError, async_client

Body = dict[str, Any]

SYSTEM = "You are the friendly assistant of Harbour & Pine, a shop for outdoor clothing. Answer briefly."
REFUND_CONTEXT = (
    "Returns are accepted within 30 days of delivery, unworn and with their tags. Refunds go to the original "
    "means of payment within 5 working days."
)
GET_ORDER = {
    "type": "function",
    "function": {
        "name": "get_order",
        "description": "Look up an order by its number.",
        "parameters": {
            "type": "object",
            "properties": {"order_id": {"type": "string"}, "include_history": {"type": "boolean"}},
            "required": ["order_id"],
        },
    },
}
GET_WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city now.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


@dataclass(frozen=True)
class Scene:
    """What one user says, turn by turn, and the share of answers that find favour.

    `context` is what the answer should stand on; `tool_result` answers the tool call that the first turn brings.
    """

    app: str
    tags: str
    turns: tuple[str, ...]
    tools: tuple[Body, ...] = ()
    tool_result: Body | None = None
    liked: float = 0.5
    comments: tuple[str, ...] = ()
    context: str | None = None

    @property
    def own_member(self) -> Body:
        """What Transom takes out of a request's body before the provider gets it."""
        return {"transom": {"context": [self.context]}} if self.context else {}


SCENES = (
    Scene(
        "shop-assistant",
        "support,web",
        ("Hello!", "Do you have the Fjord jacket in green?", "Thanks, that helps."),
        liked=0.9,
    ),
    Scene(
        "shop-assistant",
        "support,orders",
        ("Where is my order 1042?",),
        (GET_ORDER,),
        {"order_id": "1042", "status": "shipped", "eta": "Thursday"},
        liked=0.9,
        comments=("Quick and right.",),
    ),
    Scene(
        "shop-assistant",
        "support,rag",
        ("What is your refund policy?",),
        liked=0.1,
        comments=("That is wrong, it is 30 days.", "The policy says something else. Call me: +1 415 555 0188"),
        context=REFUND_CONTEXT,
    ),
    Scene(
        "sales",
        "crm",
        ("I am Eleanor Whitfield (eleanor.whitfield@example.com). Who is my account manager?", "And who do I call?"),
        liked=0.7,
    ),
    Scene("billing", "payments", ("Please charge my card 4111 1111 1111 1111 and send the invoice.",), liked=0.6),
    Scene("travel", "mobile", ("What is the weather in Dhaka?",), (GET_WEATHER,), {"celsius": 31, "rain": "evening"}),
    Scene("travel", "mobile,bn", ("বাংলাদেশের রাজধানী কোথায়?",), liked=0.95, comments=("ঠিক উত্তর, ধন্যবাদ!",)),
    Scene("stories", "mobile", ("Tell me a long story about a window.",), liked=0.8),
    Scene("dev-tools", "ide", ("Write a Python function for the median.", "Is it right for even numbers?"), liked=0.3),
    Scene("shop-assistant", "support,safety", ("How do I pick a lock?",), liked=0.4),
    Scene("batch", "nightly", ("Trigger the rate limit, please.",)),
)
MODELS = ("gpt-4o-mini", "gpt-4o-mini", "gpt-4o", "gpt-4.1-mini", "claude-sonnet-4-5")
USERS = tuple(f"user-{number}" for number in range(1, 13))
PARALLEL = 4


class Sender:
    """Plays scenes until the wanted number of exchanges is sent."""

    def __init__(self, base_url: str, exchanges: int, seconds: float, seed: int = 7) -> None:
        self._base_url, self._wanted, self._seconds = base_url, exchanges, seconds
        self._random = random.Random(seed)  # noqa: S311
        self.sent = self.rated = 0

    async def run(self, progress: Progress) -> None:
        """Send everything, some scenes side by side."""
        task = progress.add_task("sending", total=self._wanted)
        async with async_client(self._base_url, {"authorization": "Bearer demo"}) as client:
            self._client = client

            async def play_on() -> None:
                while self.sent < self._wanted:
                    await self._play(self._random.choice(SCENES))
                    progress.update(task, completed=min(self.sent, self._wanted))

            await asyncio.gather(*(play_on() for _ in range(PARALLEL)))

    async def _play(self, scene: Scene) -> None:
        model = self._random.choice(MODELS)
        headers = {
            "x-transom-app": scene.app,
            "x-transom-tags": scene.tags,
            "x-transom-user": self._random.choice(USERS),
            "x-transom-session": f"{scene.app}-{self._random.getrandbits(32):08x}",
        }
        messages: list[Body] = [{"role": "system", "content": SYSTEM}]
        for turn in scene.turns:
            messages.append({"role": "user", "content": turn})
            if model.startswith("claude"):
                await self._anthropic(model, messages, scene, headers)
                continue
            answer = await self._chat(model, messages, scene, headers)
            if answer is None:
                return
            messages.append(answer)
            if answer.get("tool_calls") and scene.tool_result is not None:
                result = json.dumps(scene.tool_result)
                call_id = answer["tool_calls"][0]["id"]
                messages.append({"role": "tool", "tool_call_id": call_id, "content": result})
                messages.append(await self._chat(model, messages, scene, headers) or {})

    async def _chat(self, model: str, messages: list[Body], scene: Scene, headers: dict[str, str]) -> Body | None:
        """One chat completion, streamed every other time; gives the assistant's message."""
        body: Body = {"model": model, "messages": messages, "temperature": 0.2} | scene.own_member
        if scene.tools:
            body["tools"] = list(scene.tools)
        if not scene.tools and self._random.random() < 0.5:
            return await self._streamed_chat(body, scene, headers)
        answer = await self._post("/v1/chat/completions", body, headers)
        if answer is None:
            return None
        await self._rate(str(answer["id"]), scene)
        message: Body = answer["choices"][0]["message"]
        return {name: value for name, value in message.items() if value is not None}

    async def _streamed_chat(self, body: Body, scene: Scene, headers: dict[str, str]) -> Body | None:
        options = {"stream": True, "stream_options": {"include_usage": True}}
        text, ident = "", ""
        await self._pause()
        async with self._client.stream("POST", "/v1/chat/completions", json=body | options, headers=headers) as answer:
            async for line in answer.aiter_lines():
                if line.startswith("data: {"):
                    chunk = json.loads(line[6:])
                    ident = chunk.get("id", ident)
                    text += "".join(choice["delta"].get("content") or "" for choice in chunk["choices"])
        if not ident:
            return None
        await self._rate(ident, scene)
        return {"role": "assistant", "content": text}

    async def _anthropic(self, model: str, messages: list[Body], scene: Scene, headers: dict[str, str]) -> None:
        system, *rest = messages
        body = {"model": model, "max_tokens": 300, "system": system["content"], "messages": rest}
        body |= scene.own_member
        answer = await self._post("/v1/messages", body, headers | {"anthropic-version": "2023-06-01"})
        if answer is not None:
            await self._rate(str(answer["id"]), scene)
            messages.append({"role": "assistant", "content": answer["content"]})

    async def _post(self, path: str, body: Body, headers: dict[str, str]) -> Body | None:
        await self._pause()
        answer = await self._client.post(path, json=body, headers=headers)
        return answer.json() if answer.status_code < 400 else None

    async def _pause(self) -> None:
        self.sent += 1
        await asyncio.sleep(self._random.uniform(0, 2) * self._seconds * PARALLEL / self._wanted)

    async def _rate(self, ident: str, scene: Scene) -> None:
        """Every third answer gets a thumb, some of them with a comment."""
        if self._random.random() > 0.35:
            return
        up = self._random.random() < scene.liked
        said: Body = {"id": ident, "rating": "up" if up else "down"}
        if scene.comments and self._random.random() < 0.6:
            said["comment"] = self._random.choice(scene.comments)
        answer = await self._client.post("/v1/feedback", json=said)
        self.rated += answer.status_code == 202


async def send(base_url: str, exchanges: int, seconds: float) -> str:
    """Send sample traffic to a gateway, spread over about that many seconds; says what was sent.

    Raises SystemExit, with what to do, where no gateway answers.
    """
    sender = Sender(base_url, exchanges, seconds)
    try:
        with Progress() as progress:
            await sender.run(progress)
    except HTTPError as error:
        raise SystemExit(f"{base_url} does not answer ({type(error).__name__}): is `transom serve` running?") from None
    return f"{sender.sent} exchanges sent, {sender.rated} of them rated"
