"""A spaCy model of a few words, so that no test needs an installed one."""

from __future__ import annotations

from pathlib import Path

import spacy

_NAMES = {
    "PERSON": ["John Smith", "Mary"],
    "GPE": ["Paris"],
    "ORG": ["Microsoft"],
    "CARDINAL": ["Seven"],
    "CUSTOMER": ["Alpha Centauri"],
}


def save_tiny_model(folder: Path) -> Path:
    """The folder, with a model in it that knows these names."""
    model = spacy.blank("en")
    ruler = model.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": label, "pattern": name} for label, names in _NAMES.items() for name in names])
    folder.parent.mkdir(parents=True, exist_ok=True)
    model.to_disk(folder)
    return folder
