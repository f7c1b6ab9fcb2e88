import pytest

from transom.capture.assemble.errors import Failure, read_failure

SHAPES = [
    ({"error": {"message": "m", "type": "invalid_request_error", "code": "c"}}, Failure("invalid_request_error", "m")),
    ({"error": {"message": "m", "type": None, "code": "content_filter"}}, Failure("content_filter", "m")),
    ({"error": {"message": "m", "code": 429}}, Failure("429", "m")),
    ({"type": "error", "error": {"type": "overloaded_error", "message": "m"}}, Failure("overloaded_error", "m")),
    ({"error": "m"}, Failure("http_400", "m")),
    ({"id": "1", "message": "m"}, Failure("http_400", "m")),
    ({"object": "error", "message": "m", "type": "invalid_model", "code": "1500"}, Failure("invalid_model", "m")),
    ({"detail": "m"}, Failure("http_400", "m")),
    ({"detail": [{"loc": ["body"], "msg": "m", "type": "missing"}]}, Failure("missing", "m")),
    ({"detail": {"message": "m"}}, Failure("http_400", "m")),
    ({"message": {"detail": [{"msg": "m"}]}, "type": 7}, Failure("7", None)),
    ({}, Failure("http_400", None)),
]


@pytest.mark.parametrize(("reply", "failure"), SHAPES)
def test_shapes(reply, failure):
    assert read_failure(400, reply) == failure


def test_a_success_is_none():
    assert read_failure(200, {"message": {"role": "assistant"}, "type": "message", "error": None}) == Failure()


def test_an_error_may_come_with_200():
    assert read_failure(200, {"error": {"message": "m"}}) == Failure("error", "m")
