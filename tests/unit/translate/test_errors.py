"""What is made of exceptions: the provider's own status and words, found at the bottom."""

from __future__ import annotations

from itertools import pairwise

import httpx
import pytest

from transom.translate.errors import explain
from transom.translate.problem import Problem

REQUEST = httpx.Request("POST", "http://provider.example")


class Wrapped(Exception):
    """As litellm's own: another status, a message that wraps the provider's."""

    def __init__(self, message: str, status_code: int = 500) -> None:
        super().__init__(message)
        self.message, self.status_code = message, status_code


class OfOneProvider(Wrapped):
    """As litellm's for one provider."""


OfOneProvider.__module__ = "litellm.llms.one"


def chained(*errors: Exception) -> Exception:
    """The last one, raised while the one before it was handled, and so on."""
    for below, above in pairwise(errors):
        above.__context__ = below
    return errors[-1]


def answered(status: int, body: object, **headers: str) -> Problem:
    response = httpx.Response(status, json=body, headers=headers, request=REQUEST)
    return explain(chained(httpx.HTTPStatusError("", request=REQUEST, response=response), Wrapped("x")), "one")


@pytest.mark.parametrize(
    ("body", "message", "code"),
    [
        (
            {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
            "Overloaded",
            "overloaded_error",
        ),
        (
            {"error": {"code": 429, "message": "No quota.", "status": "RESOURCE_EXHAUSTED"}},
            "No quota.",
            "RESOURCE_EXHAUSTED",
        ),
        ([{"error": {"message": "No quota.", "status": "X"}}], "No quota.", "X"),
        ({"message": "Too many tokens"}, "Too many tokens", None),
        ({"error": "model not found"}, "model not found", None),
        ({}, "The provider 'one' answered with status 429.", None),
        ("text", "The provider 'one' answered with status 429.", None),
    ],
)
def test_the_message_is_the_providers(body: object, message: str, code: str | None):
    problem = answered(429, body)
    assert (problem.status, problem.message, problem.code) == (429, message, code)


def test_headers_that_help_are_kept():
    found = answered(429, {}, **{"retry-after": "7", "request-id": "req_1", "set-cookie": "a"}).headers
    assert found == {"retry-after": "7", "x-request-id": "req_1"}
    assert answered(400, {}, **{"x-amzn-errortype": "ValidationException"}).code == "ValidationException"


def test_a_redirect_is_a_bad_gateway():
    assert answered(307, {}).status == 502


def test_a_stream_that_was_not_read_has_no_message():
    response = httpx.Response(503, stream=httpx.ByteStream(b"x"), request=REQUEST)
    problem = explain(httpx.HTTPStatusError("", request=REQUEST, response=response), "one")
    assert problem.message == "The provider 'one' answered with status 503."


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (httpx.ReadTimeout("x"), 504, "upstream_timeout"),
        (httpx.ConnectTimeout("x"), 504, "upstream_timeout"),
        (TimeoutError(), 504, "upstream_timeout"),
        (httpx.ConnectError("x"), 502, "upstream_unreachable"),
        (httpx.RemoteProtocolError("x"), 502, "upstream_unreachable"),
        (ConnectionResetError(), 502, "upstream_unreachable"),
    ],
)
def test_without_an_answer_the_connection_is_to_blame(error: Exception, status: int, code: str):
    problem = explain(chained(error, OfOneProvider("All connection attempts failed"), Wrapped("x")), "one")
    assert (problem.status, problem.code) == (status, code)


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ("Overloaded", "Overloaded"),
        ('modelStreamErrorException {"message": "It broke."}', "It broke."),
        ("litellm.InternalServerError: gone\nTraceback: x", "gone"),
        ("", "The provider 'one' failed."),
    ],
)
def test_an_error_inside_a_stream_keeps_its_words(told: str, message: str):
    problem = explain(chained(OfOneProvider(told, 529), Wrapped("wrapped")), "one")
    assert (problem.status, problem.message) == (529, message)


@pytest.mark.parametrize("status", [200, 422])
def test_an_answer_that_litellm_can_not_read_is_a_bad_gateway(status: int):
    problem = explain(chained(OfOneProvider("Original Response: raw", status), Wrapped("x")), "one")
    assert (problem.status, problem.code) == (502, "upstream_protocol_error")
    assert "raw" not in problem.message


def test_a_parameter_that_is_not_supported_is_named():
    problem = explain(Wrapped("x does not support parameters: ['seed'], for model=m", 400), "one")
    assert (problem.status, problem.param, problem.code) == (400, "seed", "unsupported_parameter")
    assert "'seed'" in problem.message


def test_what_litellm_refuses_is_the_callers_to_mend():
    problem = explain(Wrapped("litellm.BadRequestError: no messages", 400), "one")
    assert (problem.status, problem.message) == (400, "Transom: no messages")


def test_a_failure_of_ours_quotes_nothing():
    problem = explain(chained(ValueError("raw"), Wrapped("raw", 500)), "one")
    assert (problem.status, problem.code) == (500, "translation_failed")
    assert "raw" not in problem.message


def test_a_problem_of_ours_comes_through():
    ours = Problem(400, "what to do", "a_code")
    assert explain(chained(ours, Wrapped("x")), "one") is ours
