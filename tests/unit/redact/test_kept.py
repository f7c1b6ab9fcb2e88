"""What is kept with and without content."""

from __future__ import annotations

from transom.redact.kept import kept, redacted_attempts
from transom.types import Attempt, RedactedExchange


def test_kept_fields_are_those_without_text_of_callers(make_exchange):
    names = set(kept(make_exchange(user_id="u", error_message="e", path="/p")))
    assert names <= set(RedactedExchange.__struct_fields__)
    assert not names & {"user_id", "session_id", "error_message", "path", "metadata", "tags", "model", "app"}


def attempt(provider: str, error: str | None) -> Attempt:
    return Attempt(provider=provider, status=500, error=error, duration_ms=1.5)


def test_attempts_keep_all_but_their_errors(make_exchange):
    attempts = [attempt("openai", "boom"), attempt("groq", None)]
    redacted = redacted_attempts(make_exchange(attempts=attempts), str.upper)
    assert redacted == [attempt("openai", "BOOM"), attempt("groq", None)]


def test_an_attempt_s_model_is_a_name_like_any(make_exchange):
    one = Attempt(provider="openai", status=200, error=None, duration_ms=1, model="gpt-4o")
    (redacted,) = redacted_attempts(make_exchange(attempts=[one]), str.upper)
    assert redacted == Attempt(provider="openai", status=200, error=None, duration_ms=1, model="GPT-4O")
