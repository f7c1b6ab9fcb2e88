"""How the store may hold an id that a caller knows. Nothing here loads Presidio: ids are for the patterns alone."""

from __future__ import annotations

from transom.config import Redaction
from transom.redact.patterns import Patterns
from transom.redact.placeholders import Placeholders
from transom.redact.profiles import load_profile
from transom.redact.registry import Registry, register_all
from transom.redact.rules import replace
from transom.redact.text import visible
from transom.secret import Secret


class SharedId(ValueError):
    """The id is stored as a placeholder that others are stored as too."""


def stored_ids(redaction: Redaction, secret: Secret, project_id: str, value: str) -> list[str]:
    """Every form in which a user or session id may be stored, whatever `redaction.ids` was then.

    As it is, as its keyed tag if it looks like personal data, and hashed. Raises SharedId where that tag has no key
    (`placeholders: plain`): all that looks alike is then stored as one.
    """
    placeholders = Placeholders(secret.placeholders(project_id), plain=redaction.placeholders == "plain")
    shown = visible(value)
    redacted = _redact(redaction, placeholders, shown)
    if placeholders.plain and redacted != shown:
        raise SharedId(redacted)
    return sorted({shown, redacted, placeholders.hash_id(value)})


def _redact(redaction: Redaction, placeholders: Placeholders, text: str) -> str:
    """As `transom.redact.rules.Replacing.ident` does it."""
    registry = Registry()
    register_all(registry, national_ids=False)
    patterns = Patterns(registry.patterns, load_profile(redaction), registry.entities)
    return replace(text, sorted(patterns.find(text, patterns.placeholders(text))), placeholders).text
