"""Whole exchanges and feedback."""

from __future__ import annotations

import msgspec
import pytest

from transom.capture.exchange import Message, RawFeedback
from transom.redact.placeholders import Placeholders
from transom.redact.redactor import Redactor
from transom.types import STORED, Attempt, Cost, OutcomeState, RedactedExchange, Usage

MAIL = "jane@example.com"
USAGE, COST = Usage(input_tokens=3), Cost(7)


def everywhere(make_exchange, **more):
    text = {"type": "text", "content": f"I am {MAIL}"}
    return make_exchange(
        session_id=MAIL,
        user_id=MAIL,
        app=MAIL,
        tags=[MAIL, "blue"],
        metadata={"who": MAIL, MAIL: [MAIL, 1, None]},
        model=f"ft:{MAIL}",
        response_model=MAIL,
        response_id=MAIL,
        previous_response_id=MAIL,
        request_id=MAIL,
        client_request_id=MAIL,
        status_code=400,
        error_type=MAIL,
        error_message=f"no such user {MAIL}",
        attempts=[Attempt(provider="openai", status=400, error=MAIL, duration_ms=1)],
        path=f"/v1/users/{MAIL}",
        params={"stop": [MAIL], "seed": 5},
        input_messages=[Message(role="user", name=MAIL, parts=[text])],
        output_messages=[
            Message(
                role="assistant", parts=[{"type": "tool_call", "id": MAIL, "name": MAIL, "arguments": {"to": MAIL}}]
            )
        ],
        tools=[{"type": "function", "function": {"name": MAIL, "description": f"asks {MAIL}"}}],
        finish_reasons=[MAIL],
        **more,
    )


def test_nothing_leaves_unredacted_from_any_field(fast: Redactor, make_exchange):
    redacted = fast.redact(everywhere(make_exchange), USAGE, COST)
    assert MAIL not in str(msgspec.to_builtins(redacted))
    assert redacted.outcome == STORED
    assert (redacted.usage, redacted.cost, redacted.status_code) == (USAGE, COST, 400)
    assert redacted.tags[1] == "blue"
    assert redacted.params["seed"] == 5
    assert redacted.user_id == redacted.session_id == redacted.tags[0]


def test_every_field_of_an_exchange_has_its_counterpart(fast: Redactor, make_exchange):
    redacted = fast.redact(everywhere(make_exchange), USAGE, COST)
    empty = [name for name in RedactedExchange.__struct_fields__ if getattr(redacted, name) in (None, [], {}, "")]
    unset = {"entity_hashes", "names_unchecked", "residuals", "route", "latency_ms", "ttft_ms", "overhead_ms"}
    unset |= {"otel_trace_id", "otel_span_id", "otel_parent_span_id"}
    assert set(empty) == unset | {"rewrites"}


def test_lost_content_is_metadata_only(fast: Redactor, make_exchange):
    redacted = fast.redact(everywhere(make_exchange, content_lost="spool_full"), USAGE, COST)
    assert redacted.outcome.state is OutcomeState.METADATA_ONLY
    assert redacted.outcome.reason == "spool_full"
    assert (redacted.input_messages, redacted.output_messages, redacted.tools) == ([], [], [])
    assert MAIL not in str(msgspec.to_builtins(redacted))


def test_remarks_point_at_their_placeholders(logs: Redactor, make_exchange):
    parts = [
        {"type": "text", "content": f"From John Smith, {MAIL}"},
        {"type": "tool_call_response", "id": "1", "response": f'{{"a": "\\n{MAIL}"}}'},
    ]
    exchange = make_exchange(
        input_messages=[Message(role="system", parts=[]), Message(role="user", parts=parts)],
        output_messages=[Message(role="assistant", parts=[{"type": "text", "content": MAIL}])],
    )
    redacted = logs.redact(exchange, USAGE, COST)
    messages = redacted.input_messages + redacted.output_messages
    remarks = [remark for message in messages for remark in message.remarks]
    assert [(r.message, r.path, r.entity) for r in remarks] == [
        (1, [0, "content"], "PERSON"),
        (1, [0, "content"], "EMAIL_ADDRESS"),
        (1, [1, "response"], "EMAIL_ADDRESS"),
        (2, [0, "content"], "EMAIL_ADDRESS"),
    ]
    for remark in remarks:
        leaf = messages[remark.message].parts
        for step in remark.path:
            leaf = leaf[step]
        assert leaf[remark.start : remark.end].startswith(f"<{remark.entity}:")


def test_the_same_value_has_the_same_tag_in_ids_texts_and_feedback(fast: Redactor, make_exchange):
    redacted = fast.redact(everywhere(make_exchange), USAGE, COST)
    feedback = fast.redact_feedback(feedback_on(MAIL, author=MAIL.upper()))
    assert feedback.target_id == redacted.response_id == redacted.client_request_id
    assert feedback.author == redacted.user_id
    assert redacted.user_id in redacted.input_messages[0].parts[0]["content"]


def feedback_on(target_id: str, **more) -> RawFeedback:
    given = {"id": "f", "project_id": "default", "key_id": "k_1", "created_at": 1, "target": "response"}
    return RawFeedback(**given | {"target_id": target_id, "name": "user_feedback", "author": "k_1"} | more)


def test_feedback_is_redacted_but_for_the_key_that_sent_it(fast: Redactor):
    raw = feedback_on("chatcmpl-1", comment=f"wrong, ask {MAIL}", correction=MAIL, labels=[MAIL, "slow"], score=1.0)
    redacted = fast.redact_feedback(raw)
    assert MAIL not in str(msgspec.to_builtins(redacted))
    assert (redacted.target_id, redacted.author, redacted.score) == ("chatcmpl-1", "k_1", 1.0)
    assert redacted.labels[1] == "slow"


def test_hashed_ids_are_hashed_always_and_alike(make_redactor, make_exchange):
    redactor = make_redactor(profile="fast", ids="hash")
    redacted = redactor.redact(make_exchange(user_id="u1", session_id="s1", app="web"), USAGE, COST)
    assert redacted.user_id.startswith("h_")
    assert redacted.session_id.startswith("h_")
    assert redacted.app == "web"
    feedback = redactor.redact_feedback(feedback_on("s1", target="session", author="u1"))
    assert (feedback.target_id, feedback.author) == (redacted.session_id, redacted.user_id)


@pytest.mark.parametrize(
    "value", ["chatcmpl-9abcDEF123", "01990000-0000-7000-8000-000000000000", "user_42", "12345678"]
)
def test_ids_that_are_no_personal_data_stay(fast: Redactor, value):
    assert fast.redact_id(value, "user") == value


def test_projects_have_tags_of_their_own(fast: Redactor):
    assert fast.redact_id(MAIL, "user", "one") != fast.redact_id(MAIL, "user", "other")


def test_plain_placeholders(make_redactor):
    redactor = make_redactor(profile="fast", placeholders="plain")
    text, (remark,) = redactor.redact_text(f"to {MAIL}.")
    assert text == "to <EMAIL_ADDRESS>."
    assert text[remark.start : remark.end] == "<EMAIL_ADDRESS>"
    assert redactor.redact_text(text) == (text, [])


def test_spans_are_of_the_text_as_given(fast: Redactor):
    text = f"\x00\x00 {MAIL}"
    (span,) = fast.find([text])[0]
    assert text[span.start : span.end] == MAIL


def test_json_in_a_text_stays_json(fast: Redactor):
    text, _ = fast.redact_text('{"password": "a\\"b", "phone": 8801712345678, "n": [1.50]}')
    assert msgspec.json.decode(text)["n"] == [1.5]
    assert text.endswith('"n": [1.50]}')
    assert "8801712345678" not in text


OPERATORS = """
profiles:
  masked:
    threshold: 0.5
    operators:
      PHONE_NUMBER: {type: mask, chars_to_mask: 30, from_end: false}
      EMAIL_ADDRESS: {type: hash}
      URL: {type: keep}
"""


@pytest.fixture
def masked(make_redactor, tmp_path) -> Redactor:
    (tmp_path / "redaction.yaml").write_text(OPERATORS)
    return make_redactor(file=tmp_path / "redaction.yaml", profile="masked", index=True)


def test_operators_stand_in_for_placeholders_where_there_are_any(masked: Redactor, make_exchange):
    text = f"{MAIL}, call +1 415 555 2671; SSN 219-09-9999"
    once, remarks = masked.redact_text(text)
    assert MAIL not in once
    assert "2671" not in once
    assert "<US_SSN:" in once
    assert "<EMAIL_ADDRESS:" not in once
    assert [remark.entity for remark in remarks] == ["EMAIL_ADDRESS", "PHONE_NUMBER", "US_SSN"]
    assert masked.redact_text(once)[0] == once
    exchange = masked.redact(make_exchange(error_message=text), USAGE, COST)
    assert {each.entity for each in exchange.entity_hashes} == {"EMAIL_ADDRESS", "PHONE_NUMBER", "US_SSN"}


def test_hashes_of_all_that_was_replaced_are_kept_where_the_index_is_on(make_redactor, make_exchange):
    redacted = make_redactor(profile="fast", index=True).redact(everywhere(make_exchange), USAGE, COST)
    (found,) = redacted.entity_hashes
    key = make_redactor(profile="fast")._secret.placeholders("default")
    assert (found.entity, found.hash) == ("EMAIL_ADDRESS", Placeholders(key).hash("EMAIL_ADDRESS", MAIL.upper()))
