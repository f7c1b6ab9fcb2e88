"""Keys made from the main secret."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transom.secret import Secret, create_once, derive, load_secret, mac

SECRET = Secret(b"s" * 32)


def test_the_secret_is_made_once_and_private(tmp_path: Path):
    first = load_secret(tmp_path / "data", None)
    assert load_secret(tmp_path / "data", None) == first
    assert (tmp_path / "data" / "secret.key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["secret.key"]


@pytest.mark.parametrize("content", ["", "ab" * 31, "not hexadecimal", "ab" * 33])
def test_a_damaged_secret_is_not_used(tmp_path: Path, content: str):
    (tmp_path / "secret.key").write_text(content)
    with pytest.raises(ValueError, match=r"secret\.key: damaged"):
        load_secret(tmp_path, None)
    assert (tmp_path / "secret.key").read_text() == content


def test_the_first_of_two_processes_that_make_a_secret_wins(tmp_path: Path):
    path = tmp_path / "secret.key"
    create_once(path, b"first")
    create_once(path, b"second")
    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]


def test_a_configured_secret_leaves_no_file(tmp_path: Path):
    assert load_secret(tmp_path, "configured") == load_secret(tmp_path, "configured")
    assert not list(tmp_path.iterdir())


def test_every_purpose_has_a_key_of_its_own():
    keys = {
        SECRET.credentials,
        SECRET.feedback_tokens,
        SECRET.sessions,
        SECRET.placeholders("a"),
        SECRET.placeholders("b"),
        SECRET.messages("a"),
        derive(SECRET.key, "x", salt=b"1"),
        derive(SECRET.key, "x", salt=b"2"),
    }
    assert len(keys) == 8


@given(st.lists(st.binary(max_size=4), max_size=4), st.lists(st.binary(max_size=4), max_size=4))
def test_no_two_lists_of_parts_collide(one: list[bytes], other: list[bytes]):
    assert (mac(b"k", *one) == mac(b"k", *other)) == (one == other)


def test_a_credential_is_named_without_being_told():
    name = SECRET.credential_id(b"client-key")
    assert name == SECRET.credential_id(b"client-key")
    assert name != Secret(b"t" * 32).credential_id(b"client-key")
    assert SECRET.credential_id(None) is SECRET.credential_id(b"") is None


def test_the_repr_tells_nothing():
    assert "ssss" not in repr(SECRET)
