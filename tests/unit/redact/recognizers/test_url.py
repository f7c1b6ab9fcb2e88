"""URLs with a scheme or `www.`."""

from __future__ import annotations

import pytest

from transom.redact.recognizers.url import PERSONAL, PLAIN, REVEALING, URL, VALUE


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("see https://example.com/a?b=c.", ["https://example.com/a?b=c"]),
        ("(http://example.com/jane)", ["http://example.com/jane"]),
        ("postgres://user:pw@db.internal:5432/app", ["postgres://user:pw@db.internal:5432/app"]),
        ("go to www.example.com/jane!", ["www.example.com/jane"]),
        ("http://localhost:8000/x?token=1", ["http://localhost:8000/x?token=1"]),
        ("amqp://bob:a|b^c)d@mq:5672/x", ["amqp://bob:a|b^c)d@mq:5672/x"]),
        ("[my page](https://example.com/~jane)", ["https://example.com/~jane"]),
    ],
)
def test_finds(taken, text, values):
    assert taken(URL, text) == values


@pytest.mark.parametrize(
    "text",
    [
        "foo.bar",
        "import os.path",
        "http://localhost:4000/v1",
        "http://127.0.0.1/x",
        'f"http://{host}/"',
        "a://",
        "std::www.",
        "10:30",
    ],
)
def test_leaves(taken, text):
    assert taken(URL, text) == []


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ('{"a": "https://u:pw@example.com"}', REVEALING),
        ("url: https://example.com/?id=jane", REVEALING),
        ("https://example.com/#access_token=abc", REVEALING),
        ('"https://www.linkedin.com/in/jane-roe"', PERSONAL),
        ("https://github.com/janeroe", PERSONAL),
        ("https://example.edu/~roe/cv", PERSONAL),
        ("I wrote https://example.com/page yesterday", PLAIN),
        ("My site: https://example.com/", PLAIN),
        ("(see https://example.com/page)", PLAIN),
        ("https://example.com/page", VALUE),
        ("https://github.com/example/project", VALUE),
        ('see "https://example.com/page"', VALUE),
        ("see [the manual](https://example.com/page)", VALUE),
        ("a\n  base_url: https://example.com", VALUE),
        ("# from https://example.com/page", VALUE),
        ("curl -L -O https://example.com/a.deb", VALUE),
        ("x = get('a', https://example.com)", VALUE),
        ("<https://example.com/page>", VALUE),
    ],
)
def test_scores_what_a_url_may_tell_of_a_person(text, score):
    assert [finding.score for finding in URL.find(text)] == [score]
