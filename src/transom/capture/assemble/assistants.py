"""OpenAI's assistants, threads, thread messages and runs."""

from __future__ import annotations

from transom.capture.assemble.message import read_message, read_messages, system
from transom.capture.assemble.parts import Part, other, tool_call, tool_response
from transom.capture.assemble.reported import openai_usage
from transom.capture.assemble.values import Body, mapping, objects, text, word
from transom.capture.assemble.wire import Answer, Chunk, Wire
from transom.capture.exchange import Message

_UNFINISHED = ("queued", "in_progress", "cancelling", None)


def _ask(request: Body) -> list[Message]:
    """Any of: an assistant, a thread with its messages, one message, a run, a run's tool outputs."""
    outputs = [
        tool_response(output.get("tool_call_id"), output.get("output"))
        for output in objects(request.get("tool_outputs"))
    ]
    return (
        system(request.get("instructions"))
        + system(request.get("additional_instructions"))
        + read_messages(mapping(request.get("thread")).get("messages"))
        + read_messages(request.get("messages"))
        + read_messages(request.get("additional_messages"))
        + ([read_message(request)] if "content" in request else [])
        + ([Message(role="tool", parts=outputs)] if outputs else [])
    )


def _answer(reply: Body, request: Body) -> Answer:
    status = word(reply.get("status"))
    is_run = reply.get("object") == "thread.run"
    reason = word(mapping(reply.get("incomplete_details")).get("reason")) or status
    return Answer(
        model=text(reply.get("model")),
        id=text(reply.get("id")),
        messages=_messages(reply, bool(request)),
        finish_reasons=[reason] if is_run and reason and status not in _UNFINISHED else [],
        usage=openai_usage(reply.get("usage")),
    )


def _messages(reply: Body, has_request: bool) -> list[Message]:
    """What is new in a reply: that of a POST repeats what was posted."""
    found = [read_message(message) for message in objects(reply.get("data")) if "content" in message]
    found += [Message(role="assistant", parts=_step_parts(step)) for step in objects(reply.get("steps"))]
    if reply.get("object") == "thread.message" and not has_request:
        found.append(read_message(reply))
    if reply.get("object") == "assistant" and not has_request:
        found += system(reply.get("instructions"))
    if calls := _required_calls(reply):
        found.append(Message(role="assistant", parts=calls))
    return found


def _required_calls(run: Body) -> list[Part]:
    required = mapping(mapping(run.get("required_action")).get("submit_tool_outputs"))
    return [_call(call) for call in objects(required.get("tool_calls"))]


def _step_parts(step: Body) -> list[Part]:
    return [_call(call) for call in objects(mapping(step.get("step_details")).get("tool_calls"))]


def _call(call: Body) -> Part:
    function = mapping(call.get("function"))
    return tool_call(call.get("id"), function.get("name"), function.get("arguments")) if function else other(call)


def _fold(chunks: list[Chunk]) -> Body:
    """The run as it last was, with the messages and tool steps that it made. Only deltas hold less than an object."""
    run: Body = {}
    messages: dict[str, Body] = {}
    steps: dict[str, Body] = {}
    for event, data in chunks:
        key = text(data.get("id")) or ""
        match data.get("object"):
            case "thread.run":
                run = data
            case "thread.message":
                messages[key] = data
            case "thread.message.delta":
                _extend(messages.setdefault(key, {}), objects(mapping(data.get("delta")).get("content")))
            case "thread.run.step":
                steps[key] = data
            case _ if event == "error":
                run = run | {"error": data}
    with_calls = [step for step in steps.values() if _step_parts(step)]
    return run | {"data": list(messages.values()), "steps": with_calls}


def _extend(message: Body, blocks: list[Body]) -> None:
    """Add the text of a delta, so that a stream that breaks off leaves what it had said."""
    words = "".join(text(mapping(block.get("text")).get("value")) or "" for block in blocks)
    said = "".join(text(mapping(block.get("text")).get("value")) or "" for block in objects(message.get("content")))
    message["content"] = [{"type": "text", "text": {"value": said + words}}]


ASSISTANTS = Wire(_ask, _answer, _fold)
