"""A rewrite changes one member and leaves every other byte alone."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transom.gateway.rewrite import append_member, member_names, put_member, remove_member, replace_member

SHORT = st.text(max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(SHORT, inner),
    max_leaves=6,
)
OBJECTS = st.dictionaries(SHORT, VALUES, max_size=4)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"model":"a","x":1}', b'{"model":"b","x":1}'),
        (b'{ "x" : {"model":"inner"} ,\n "model" : "a" }', b'{ "x" : {"model":"inner"} ,\n "model" : "b" }'),
        (b'{"x":1.50,"y":"\\u0041"}', b'{"x":1.50,"y":"\\u0041"}'),
    ],
)
def test_replace(body: bytes, expected: bytes):
    assert replace_member(body, "model", "b") == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"transom":{"context":["}"]},"x":1}', b'{"x":1}'),
        (b'{"x":1, "transom" : [] }', b'{"x":1 }'),
        (b'{"x":1,"transom":0,"y":2}', b'{"x":1,"y":2}'),
        (b'{"transom":0}', b"{}"),
        (b'{"x":{"transom":1}}', b'{"x":{"transom":1}}'),
    ],
)
def test_remove(body: bytes, expected: bytes):
    assert remove_member(body, "transom") == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"{}", b'{"m":[1]}'),
        (b' { "x" : 1 }\n', b' { "x" : 1 ,"m":[1]}\n'),
        (b'{"m": null ,"x":1.50}', b'{"m": [1] ,"x":1.50}'),
        ('{"é":{"m":2}}'.encode(), '{"é":{"m":2},"m":[1]}'.encode()),
    ],
)
def test_put(body: bytes, expected: bytes):
    assert put_member(body, "m", b"[1]") == expected


def test_append():
    assert append_member(b'{"x":"}"} ', "m", b"1") == b'{"x":"}","m":1} '


def test_a_member_that_stands_twice_is_not_replaced():
    assert member_names(b'{"m":1,"x":{"m":2},"m":3}') == ["m", "x", "m"]
    with pytest.raises(ValueError, match="too many"):
        put_member(b'{"m":1,"m":2}', "m", b"3")


@given(OBJECTS, st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", " : ")]), st.booleans())
def test_only_the_named_member_changes(content: dict[str, object], separators: tuple[str, str], ascii_only: bool):
    content |= {"model": "a", "transom": {"context": ["x"]}}
    body = json.dumps(content, separators=separators, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    try:
        body.decode()
    except UnicodeDecodeError:
        return
    assert json.loads(replace_member(body, "model", "b")) == content | {"model": "b"}
    assert json.loads(remove_member(body, "transom")) == {k: v for k, v in content.items() if k != "transom"}


def test_what_is_no_object_is_refused():
    with pytest.raises(ValueError, match="object"):
        replace_member(b"[1]", "model", "b")
