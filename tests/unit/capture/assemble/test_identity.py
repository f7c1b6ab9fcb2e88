import pytest

from transom.capture.assemble.identity import read_identity, read_request_id

ID = "01980000-0000-7000-8000-000000000001"
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def test_headers_come_before_the_body():
    headers = {
        "x-transom-session": "s",
        "x-transom-user": "u",
        "x-transom-app": "shop",
        "x-transom-tags": "a, b,,c ",
        "x-transom-metadata": '{"plan": "pro", "k": 1}',
        "helicone-property-k": "2",
        "helicone-property-page": "home",
        "x-request-id": "r",
        "helicone-user-id": "other",
    }
    body = {"user": "body", "metadata": {"session_id": "body", "k": "body"}}
    identity = read_identity(ID, headers, body)
    assert (identity["session_id"], identity["user_id"], identity["app"]) == ("s", "u", "shop")
    assert identity["tags"] == ["a", "b", "c"]
    assert identity["metadata"] == {"session_id": "body", "k": 1, "page": "home", "plan": "pro"}
    assert identity["client_request_id"] == "r"


@pytest.mark.parametrize(
    ("body", "user"),
    [
        ({"user": "a", "safety_identifier": "b"}, "a"),
        ({"safety_identifier": "b", "metadata": {"user_id": "c"}}, "b"),
        ({"metadata": {"user_id": "c"}}, "c"),
        ({"user": 7, "metadata": "x"}, None),
    ],
)
def test_users_in_bodies(body, user):
    assert read_identity(ID, {}, body)["user_id"] == user


def test_helicone_headers():
    identity = read_identity(ID, {"helicone-session-id": "s", "helicone-user-id": "u", "helicone-request-id": "r"}, {})
    assert (identity["session_id"], identity["user_id"], identity["client_request_id"]) == ("s", "u", "r")


def test_session_in_the_body():
    assert read_identity(ID, {}, {"metadata": {"session_id": "s"}})["session_id"] == "s"


@pytest.mark.parametrize("body", [{"conversation": "c"}, {"conversation": {"id": "c"}}, {"conversation_id": "c"}])
def test_a_conversation_that_the_provider_keeps_is_a_session(body):
    assert read_identity(ID, {}, body)["session_id"] == "c"
    assert read_identity(ID, {"x-transom-session": "s"}, body)["session_id"] == "s"


def test_traceparent():
    identity = read_identity(ID, {"traceparent": f"00-{TRACE}-{SPAN}-01"}, {})
    assert (identity["otel_trace_id"], identity["otel_parent_span_id"]) == (TRACE, SPAN)


@pytest.mark.parametrize(
    "header", ["", "junk", f"ff-{TRACE}-{SPAN}-01", f"00-{'0' * 32}-{SPAN}-01", f"00-{TRACE}-{'0' * 16}-01"]
)
def test_without_a_valid_traceparent_the_exchange_begins_the_trace(header):
    identity = read_identity(ID, {"traceparent": header}, {})
    assert (identity["otel_trace_id"], identity["otel_parent_span_id"]) == (ID.replace("-", ""), None)


@pytest.mark.parametrize("value", ["not json", "[1]", "", "\udfff"])
def test_metadata_that_is_no_object_is_ignored(value):
    assert read_identity(ID, {"x-transom-metadata": value}, {})["metadata"] == {}


def test_headers_in_utf8():
    header = "Zoë".encode().decode("latin-1")
    assert read_identity(ID, {"x-transom-user": header}, {})["user_id"] == "Zoë"
    assert read_identity(ID, {"x-transom-user": "Zo\xeb"}, {})["user_id"] == "Zoë"


def test_request_id_of_each_provider():
    assert read_request_id({"x-request-id": "a", "apim-request-id": "c"}) == "a"
    assert read_request_id({"request-id": "b"}) == "b"
    assert read_request_id({"apim-request-id": "c"}) == "c"
    assert read_request_id({}) is None
