"""Which kinds of personal data a profile looks for."""

from __future__ import annotations

from transom.config import Redaction
from transom.redact.profiles import load_profile
from transom.redact.registry import Registry, register_all


def kinds_of(redaction: Redaction) -> set[str]:
    """The entities that the chosen profile claims. Loads what its recognizers need, Presidio too, but no model.

    Raises ConfigError where the profile can't be read.
    """
    profile = load_profile(redaction)
    registry = Registry()
    register_all(registry, national_ids=profile.national_ids)
    kinds = registry.entities
    if profile.model != "none":
        from transom.redact.presidio import MODEL_ENTITIES

        kinds |= set(MODEL_ENTITIES)
    return {kind for kind in kinds if not profile.is_off(kind)}


def check_model(redaction: Redaction) -> None:
    """Raise ModelMismatch, which says what to do, where the profile's language model isn't there as it should be."""
    if load_profile(redaction).model != "none":
        from transom.redact.language_model import model_folder

        model_folder()
