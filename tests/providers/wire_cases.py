"""What six APIs answer to a chat completion, and what of it a client of OpenAI's API must get.

Recorded (Anthropic, Cohere, Ollama) or made from the providers' documentation (fixtures/wire).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.providers import recorded, wires

PROMPT = "what does canary-prompt-5150 say?"
KEY = "a-key-of-canary-5150"
TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}

HISTORY = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": PROMPT},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Oslo"}'}}
        ],
    },
    {"role": "tool", "tool_call_id": "call_1", "content": "5 C"},
]


@dataclass(frozen=True)
class Wire:
    """One API: what it answers, and what of it a client must get.

    `path` and `stream_path` are where requests must come, `credential` the header that must carry the key.
    `sent` is how a user's text, the call of a tool, its result and the tool itself must be told.
    Texts, calls (name, arguments) and usage (prompt, completion, read from a cache) are the provider's own words.
    """

    model: str
    path: str
    stream_path: str
    credential: tuple[str, str]
    sent: list[Any]
    text: Any
    tools: Any
    text_stream: list[bytes]
    tools_stream: list[bytes]
    error: dict[str, Any]
    stream_error: list[bytes]
    stream_error_says: str
    kind: str
    said: str
    said_streamed: str
    called: list[tuple[str, Any]]
    called_streamed: list[tuple[str, Any]]
    counted: dict[str, tuple[int, int, int]]
    must_refuse: dict[str, Any]


DHAKA_OSLO = [("get_weather", {"city": "Dhaka"}), ("get_weather", {"city": "Oslo"})]
COUNTED_GOOGLE = {"text": (12, 30, 0), "tools": (57, 16, 0), "text_stream": (12, 9, 8), "tools_stream": (57, 16, 0)}


def row(number: int) -> Any:
    return json.loads(recorded.rows()[number].response_body)


def rows_stream(number: int) -> list[bytes]:
    return [piece.encode() + b"\n\n" for piece in recorded.rows()[number].response_body.split("\n\n") if piece.strip()]


def events(pieces: list[bytes]) -> list[dict[str, Any]]:
    """The JSON inside recorded server-sent events."""
    lines = b"".join(pieces).decode().splitlines()
    data = [line[5:].strip() for line in lines if line.startswith("data:")]
    return [json.loads(one) for one in data if one != "[DONE]"]


def anthropic() -> Wire:
    made = wires.fixture("anthropic")
    text, tools = row(16), row(31)
    text_stream, tools_stream = rows_stream(20), rows_stream(32)

    def streamed(pieces: list[bytes], name: str) -> list[dict[str, Any]]:
        return [event for event in events(pieces) if event["type"] == name]

    def calls(pieces: list[bytes]) -> list[tuple[str, Any]]:
        blocks: dict[int, list[str]] = {}
        for event in streamed(pieces, "content_block_start"):
            if event["content_block"]["type"] == "tool_use":
                blocks[event["index"]] = [event["content_block"]["name"], ""]
        for event in streamed(pieces, "content_block_delta"):
            if event["index"] in blocks:
                blocks[event["index"]][1] += event["delta"]["partial_json"]
        return [(name, json.loads(arguments)) for name, arguments in blocks.values()]

    def usage(pieces: list[bytes]) -> tuple[int, int, int]:
        start = streamed(pieces, "message_start")[0]["message"]["usage"]["input_tokens"]
        return start, streamed(pieces, "message_delta")[-1]["usage"]["output_tokens"], 0

    return Wire(
        model=text["model"],
        path="/v1/messages",
        stream_path="/v1/messages",
        credential=("x-api-key", KEY),
        sent=[
            {"type": "text", "text": PROMPT},
            {"type": "tool_use", "id": "call_1", "name": "get_weather", "input": {"city": "Oslo"}},
            "5 C",
            TOOL["function"]["parameters"]["properties"],
        ],
        text=text,
        tools=tools,
        text_stream=text_stream,
        tools_stream=tools_stream,
        error=made["error"],
        stream_error=wires.named_sse(made["stream_error"]),
        stream_error_says="Overloaded",
        kind="text/event-stream",
        said=text["content"][0]["text"],
        said_streamed="".join(e["delta"].get("text", "") for e in streamed(text_stream, "content_block_delta")),
        called=[(block["name"], block["input"]) for block in tools["content"] if block["type"] == "tool_use"],
        called_streamed=calls(tools_stream),
        counted={
            "text": (text["usage"]["input_tokens"], text["usage"]["output_tokens"], 0),
            "tools": (tools["usage"]["input_tokens"], tools["usage"]["output_tokens"], 0),
            "text_stream": usage(text_stream),
            "tools_stream": usage(tools_stream),
        },
        must_refuse={"seed": 3, "n": 2, "logprobs": True, "frequency_penalty": 0.5},
    )


def google(name: str, prefix: str, credential: tuple[str, str]) -> Wire:
    made = wires.fixture(name)
    return Wire(
        model=made["model"],
        path=f"{prefix}/models/{made['model']}:generateContent",
        stream_path=f"{prefix}/models/{made['model']}:streamGenerateContent",
        credential=credential,
        sent=[
            {"text": PROMPT},
            {"name": "get_weather", "args": {"city": "Oslo"}},
            {"name": "get_weather", "response": {"content": "5 C"}},
            TOOL["function"]["parameters"]["properties"],
        ],
        text=made["text"],
        tools=made["tools"],
        text_stream=wires.sse(made["text_stream"]),
        tools_stream=wires.sse(made["tools_stream"]),
        error=made["error"],
        stream_error=wires.sse(made["stream_error"]),
        stream_error_says="The model is overloaded.",
        kind="text/event-stream",
        said="Light comes through, faces don't.",
        said_streamed="Light comes through, faces don't.",
        called=DHAKA_OSLO,
        called_streamed=DHAKA_OSLO,
        counted=COUNTED_GOOGLE,
        must_refuse={"parallel_tool_calls": False, "logit_bias": {"1": 2}},
    )


def bedrock() -> Wire:
    made = wires.fixture("bedrock")
    path = f"/model/{made['model'].replace(':', '%3A')}/converse"
    return Wire(
        model=made["model"],
        path=path,
        stream_path=f"{path}-stream",
        credential=("authorization", f"Bearer {KEY}"),
        sent=[
            {"text": PROMPT},
            {"toolUse": {"input": {"city": "Oslo"}, "name": "get_weather", "toolUseId": "call_1"}},
            {"toolResult": {"content": [{"text": "5 C"}], "toolUseId": "call_1"}},
            TOOL["function"]["parameters"]["properties"],
        ],
        text=made["text"],
        tools=made["tools"],
        text_stream=wires.event_stream(made["text_stream"]),
        tools_stream=wires.event_stream(made["tools_stream"]),
        error=made["error"],
        stream_error=wires.event_stream(made["stream_error"]),
        stream_error_says="The model broke off.",
        kind="application/vnd.amazon.eventstream",
        said="Light comes through, faces don't.",
        said_streamed="Light comes through, faces don't.",
        called=DHAKA_OSLO,
        called_streamed=DHAKA_OSLO,
        # Of the tokens in, Converse leaves out those that were read from its cache.
        counted={"text": (30, 9, 0), "tools": (87, 41, 0), "text_stream": (30, 9, 20), "tools_stream": (87, 41, 0)},
        must_refuse={"parallel_tool_calls": False, "n": 2, "seed": 3},
    )


def cohere() -> Wire:
    made = wires.fixture("cohere")
    text, tools = row(63), row(66)
    text_stream, tools_stream = rows_stream(64), rows_stream(70)

    def calls(pieces: list[bytes]) -> list[tuple[str, Any]]:
        found: dict[int, list[str]] = {}
        for event in events(pieces):
            if event["type"] in ("tool-call-start", "tool-call-delta"):
                function = event["delta"]["message"]["tool_calls"]["function"]
                call = found.setdefault(event["index"], [function.get("name", ""), ""])
                call[1] += function["arguments"]
        return [(name, json.loads(arguments)) for name, arguments in found.values()]

    def usage(holder: dict[str, Any]) -> tuple[int, int, int]:
        return holder["usage"]["tokens"]["input_tokens"], holder["usage"]["tokens"]["output_tokens"], 0

    functions = [call["function"] for call in tools["message"]["tool_calls"]]
    contents = [
        event["delta"]["message"]["content"] for event in events(text_stream) if event["type"] == "content-delta"
    ]
    return Wire(
        model="command-r",
        path="/v2/chat",
        stream_path="/v2/chat",
        credential=("authorization", f"Bearer {KEY}"),
        sent=[
            {"role": "user", "content": PROMPT},
            {"name": "get_weather", "arguments": '{"city": "Oslo"}'},
            {"role": "tool", "tool_call_id": "call_1", "content": "5 C"},
            TOOL,
        ],
        text=text,
        tools=tools,
        text_stream=text_stream,
        tools_stream=tools_stream,
        error=made["error"],
        stream_error=wires.named_sse([(event["type"], event) for event in made["stream_error"]]),
        stream_error_says="The generation failed.",
        kind="text/event-stream",
        said=text["message"]["content"][0]["text"],
        said_streamed="".join(content["text"] for content in contents),
        called=[(function["name"], json.loads(function["arguments"])) for function in functions],
        called_streamed=calls(tools_stream),
        counted={
            "text": usage(text),
            "tools": usage(tools),
            "text_stream": usage(events(text_stream)[-1]["delta"]),
            "tools_stream": usage(events(tools_stream)[-1]["delta"]),
        },
        must_refuse={
            "n": 2,
            "logprobs": True,
            "tool_choice": {"type": "function", "function": {"name": "get_weather"}},
        },
    )


def ollama() -> Wire:
    made = wires.fixture("ollama")
    text = row(218)
    lines = [json.loads(line) for line in recorded.rows()[217].response_body.splitlines()]
    calls = [{"function": {"name": name, "arguments": arguments}} for name, arguments in DHAKA_OSLO]
    tools = {**made["tools_stream"][-1], "message": {"role": "assistant", "content": "", "tool_calls": calls}}
    return Wire(
        model=made["model"],
        path="/api/chat",
        stream_path="/api/chat",
        credential=("authorization", f"Bearer {KEY}"),
        sent=[
            {"role": "user", "content": PROMPT, "images": []},
            {"name": "get_weather", "arguments": {"city": "Oslo"}},
            {"role": "tool", "tool_call_id": "call_1", "content": "5 C", "images": []},
            TOOL,
        ],
        text=text,
        tools=tools,
        text_stream=wires.ndjson(lines),
        tools_stream=wires.ndjson(made["tools_stream"]),
        error=made["error"],
        stream_error=wires.ndjson(made["stream_error"]),
        stream_error_says="an error was encountered while running the model",
        kind="application/x-ndjson",
        said=text["message"]["content"],
        said_streamed="".join(line["message"]["content"] for line in lines),
        called=DHAKA_OSLO,
        called_streamed=DHAKA_OSLO,
        counted={
            "text": (text["prompt_eval_count"], text["eval_count"], 0),
            "tools": (169, 34, 0),
            "text_stream": (lines[-1]["prompt_eval_count"], lines[-1]["eval_count"], 0),
            "tools_stream": (169, 34, 0),
        },
        must_refuse={"tool_choice": "required", "frequency_penalty": 0.5, "n": 2},
    )


VERTEX = "/v1/projects/a-project/locations/europe-west4/publishers/google"
WIRES: dict[str, Callable[[], Wire]] = {
    "anthropic": anthropic,
    "gemini": lambda: google("gemini", "/v1beta", ("x-goog-api-key", KEY)),
    "vertex_ai": lambda: google("vertex_ai", VERTEX, ("authorization", "Bearer granted")),
    "bedrock": bedrock,
    "cohere": cohere,
    "ollama": ollama,
}
