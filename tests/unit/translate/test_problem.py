"""Errors in OpenAI's shape."""

from __future__ import annotations

import json

import pytest

from transom.translate.problem import Problem


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (403, "permission_error"),
        (404, "not_found_error"),
        (413, "invalid_request_error"),
        (429, "rate_limit_error"),
        (500, "server_error"),
        (529, "server_error"),
    ],
)
def test_the_type_follows_the_status(status: int, kind: str):
    body = json.loads(Problem(status, "what to do", "a_code", "seed").json())
    assert body == {"error": {"message": "what to do", "type": kind, "param": "seed", "code": "a_code"}}


def test_it_says_no_more_than_its_code():
    assert str(Problem(400, "a message that quotes", "a_code")) == "a_code"
