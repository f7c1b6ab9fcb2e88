"""Which kinds of personal data a profile looks for."""

from __future__ import annotations

from transom.config import Redaction
from transom.redact.language_model import entities_of
from transom.redact.names.labels import ENTITIES
from transom.redact.names.vetted import SHIPPED, check
from transom.redact.profiles import Profile, load_profile
from transom.redact.registry import Registry, register_all


def kinds_of(redaction: Redaction) -> set[str]:
    """The entities that the chosen profile claims, but those of users' own recognizers. Loads no model.

    Raises ConfigError where the profile can't be read.
    """
    profile = load_profile(redaction)
    registry = Registry()
    register_all(registry, national_ids=profile.national_ids)
    models = ENTITIES if profile.model in SHIPPED else entities_of(profile.model)
    return {kind for kind in registry.entities.union(models) if not profile.is_off(kind)}


def check_models(redaction: Redaction) -> None:
    """Raise ModelMismatch, which says what to do, where a language model in use isn't there as it should be.

    Raises ConfigError where a profile can't be read or one of users' own recognizers can't be made.
    """
    for name in redaction.profiles:
        _check_model(load_profile(redaction.model_copy(update={"profile": name})))


def _check_model(profile: Profile) -> None:
    if profile.model in SHIPPED:
        check(profile.model)
    else:
        entities_of(profile.model)
    register_all(Registry(), national_ids=False, own=profile.recognizers)
