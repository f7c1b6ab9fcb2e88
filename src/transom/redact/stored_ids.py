"""How the store may hold an id that a caller knows. Nothing here loads a model: ids are for the patterns alone."""

from __future__ import annotations

from collections.abc import Sequence

from transom.config import Redaction
from transom.redact.patterns import Patterns
from transom.redact.placeholders import Placeholders
from transom.redact.profiles import Profile, load_profile
from transom.redact.registry import Registry, register_all
from transom.redact.rules import replace
from transom.redact.taught import UNTAUGHT, Taught
from transom.redact.text import visible
from transom.secret import Secret
from transom.types import TaughtRule


class SharedId(ValueError):
    """The id is stored as a placeholder that others are stored as too."""


def stored_ids(
    redaction: Redaction, secret: Secret, project_id: str, value: str, rules: Sequence[TaughtRule] = ()
) -> list[str]:
    """Every form in which a user or session id may be stored, whatever `redaction.ids` was then.

    `rules` are those that reviewers taught of the project.

    As it is, as its keyed tag if it looks like personal data, and hashed. Raises SharedId where that tag has no key
    (`placeholders: plain`): all that looks alike is then stored as one.
    """
    placeholders = Placeholders(secret.placeholders(project_id), plain=redaction.placeholders == "plain")
    shown = visible(value)
    taught = Taught(rules, placeholders.key)
    profile = load_profile(redaction.model_copy(update={"profile": redaction.profile_of(project_id)}))
    redacted = {_redact(profile, placeholders, each, shown) for each in (UNTAUGHT, taught)}
    if placeholders.plain and redacted != {shown}:
        raise SharedId(*(redacted - {shown}))
    return sorted({shown, *redacted, placeholders.hash_id(value)})


def _redact(profile: Profile, placeholders: Placeholders, taught: Taught, text: str) -> str:
    """As `transom.redact.rules.Replacing.ident` does it."""
    registry = Registry()
    register_all(registry, national_ids=profile.national_ids, own=profile.recognizers)
    patterns = Patterns(registry.patterns, profile, registry.entities, taught)
    return replace(text, sorted(patterns.find(text, patterns.placeholders(text))), placeholders.make).text
