from transom.types import Usage

RUN = {"id": "run_1", "object": "thread.run", "model": "gpt-4o", "status": "completed", "usage": None}


def message(words, **rest):
    return {"object": "thread.message", "role": "assistant", "content": [_block(words)], **rest}


def _block(words):
    return {"type": "text", "text": {"value": words, "annotations": []}}


def test_an_assistant_is_its_instructions(read):
    request = {"model": "gpt-4o", "instructions": "Teach.", "tools": [{"type": "code_interpreter"}]}
    reply = {"id": "asst_1", "object": "assistant", "model": "gpt-4o", "instructions": "Teach."}
    made = read("/v1/assistants", request, reply)
    assert (made.input_messages[0].role, made.output_messages) == ("system", [])
    assert made.tools == [{"name": "code_interpreter", "description": None, "parameters": None}]
    got = read("/v1/assistants/asst_1", b"", reply, method="GET")
    assert got.output_messages == made.input_messages


def test_a_posted_message_is_input_only(read):
    posted = read("/v1/threads/t/messages", {"role": "user", "content": "Hi"}, message("Hi", role="user", id="msg_1"))
    assert (len(posted.input_messages), posted.output_messages) == (1, [])
    assert posted.response_id == "msg_1"


def test_listed_messages_are_output(read):
    reply = {"object": "list", "data": [message("Hello"), message("Hi", role="user")]}
    exchange = read("/v1/threads/t/messages", b"", reply, method="GET")
    assert [m.role for m in exchange.output_messages] == ["assistant", "user"]


def test_a_thread_and_run_in_one(read):
    request = {
        "thread": {"messages": [{"role": "user", "content": "Hi"}]},
        "instructions": "Teach.",
        "additional_messages": [{"role": "user", "content": "Hm"}],
    }
    exchange = read("/v1/threads/runs", request, RUN | {"status": "queued"})
    assert [m.role for m in exchange.input_messages] == ["system", "user", "user"]
    assert exchange.finish_reasons == []


def test_a_run_that_waits_for_tools(read):
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    waiting = RUN | {
        "status": "requires_action",
        "required_action": {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": [call]}},
    }
    exchange = read("/v1/threads/t/runs/run_1", b"", waiting, method="GET")
    assert exchange.output_messages[0].parts == [{"type": "tool_call", "id": "c1", "name": "f", "arguments": {}}]
    assert exchange.finish_reasons == ["requires_action"]
    request = {"tool_outputs": [{"tool_call_id": "c1", "output": "42"}]}
    submitted = read("/v1/threads/t/runs/run_1/submit_tool_outputs", request, RUN)
    assert submitted.input_messages[0].parts == [{"type": "tool_call_response", "id": "c1", "response": "42"}]


def test_a_polled_run_has_its_usage(read):
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "prompt_token_details": {"cached_tokens": 1}}
    exchange = read("/v1/threads/t/runs/run_1", b"", RUN | {"usage": usage}, method="GET")
    assert exchange.usage == Usage(input_tokens=3, output_tokens=2, cached_input_tokens=1, source="provider")
    assert (exchange.response_model, exchange.finish_reasons) == ("gpt-4o", ["completed"])


def test_a_failed_run(read):
    failed = RUN | {"status": "failed", "last_error": {"code": "server_error", "message": "Sorry"}}
    exchange = read("/v1/threads/t/runs/run_1", b"", failed, method="GET")
    assert (exchange.error_type, exchange.error_message) == ("server_error", "Sorry")


def test_a_streamed_run_does_not_add_up_the_usage_of_its_steps(stream):
    step = {
        "id": "step_1",
        "object": "thread.run.step",
        "usage": {"prompt_tokens": 2, "completion_tokens": 1},
        "step_details": {"type": "tool_calls", "tool_calls": [{"id": "c", "type": "code_interpreter"}]},
    }
    exchange = stream(
        "/v1/threads/t/runs",
        {"assistant_id": "asst_1", "stream": True},
        RUN | {"status": "queued"},
        step,
        message("", id="msg_1", content=[]),
        {"id": "msg_1", "object": "thread.message.delta", "delta": {"content": [_block("Hel")]}},
        message("Hello", id="msg_1"),
        RUN | {"usage": {"prompt_tokens": 5, "completion_tokens": 4}},
    )
    assert [m.parts[0]["type"] for m in exchange.output_messages] == ["text", "other"]
    assert exchange.output_messages[0].parts[0]["content"] == "Hello"
    assert (exchange.usage.input_tokens, exchange.usage.output_tokens) == (5, 4)


def test_a_streamed_run_that_broke_off_keeps_what_was_said(stream):
    deltas = [
        {"id": "msg_1", "object": "thread.message.delta", "delta": {"content": [_block(words)]}}
        for words in ("Hel", "lo")
    ]
    exchange = stream("/v1/threads/t/runs", {"stream": True}, RUN | {"status": "in_progress"}, *deltas)
    assert exchange.output_messages[0].parts == [{"type": "text", "content": "Hello"}]
