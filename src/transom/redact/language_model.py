"""The models that `profile.model` can name beside Transom's own: spaCy's, Hugging Face's, and a Presidio service.

None is ever downloaded. What is read here of a model is what its folder says of it; nothing heavy is imported.
"""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from transom.redact.model import Model
from transom.redact.problems import ModelMismatch

NAMES = ("PERSON", "LOCATION", "NRP", "ORGANIZATION", "DATE_TIME")
"""What Presidio's own language models find."""

LABELS = {
    **dict.fromkeys(("PER", "PERSON", "PATIENT", "STAFF", "HCW", "PS"), "PERSON"),
    **dict.fromkeys(("LOC", "LOCATION", "GPE", "FAC", "LC"), "LOCATION"),
    **dict.fromkeys(("ORG", "ORGANIZATION", "HOSP", "HOSPITAL", "PATORG", "OG"), "ORGANIZATION"),
    **dict.fromkeys(("DATE", "TIME", "DAT", "DATE_TIME", "DT", "TI"), "DATE_TIME"),
    "NORP": "NRP",
    "PHONE": "PHONE_NUMBER",
    "EMAIL": "EMAIL_ADDRESS",
    "ID": "ID_NUMBER",
}
"""What models call the entities of Presidio: OntoNotes, CoNLL, i2b2 and KoELECTRA (after Presidio's mappings)."""

_IMPERSONAL = frozenset(
    "CARDINAL EVENT LANGUAGE LAW MONEY ORDINAL PERCENT PRODUCT QUANTITY WORK_OF_ART MISC O".split()  # noqa: SIM905
)
_SPACY, _TRANSFORMERS, _HTTP = "spacy:", "transformers:", ("http://", "https://")


def entity_of(label: str) -> str | None:
    """The entity that a model's label means; None where that is no personal data. Unknown labels mean themselves."""
    return None if label in _IMPERSONAL else LABELS.get(label, label)


def entities_of(model: str) -> tuple[str, ...]:
    """What `profile.model` finds; nothing where it isn't one of these. Raises ModelMismatch where it isn't there."""
    if model.startswith(_SPACY):
        labels = _read(spacy_folder(model) / "meta.json").get("labels", {})
        return _entities(label for pipe in ("ner", "entity_ruler") for label in labels.get(pipe, ()))
    if model.startswith(_TRANSFORMERS):
        labels = _read(transformers_folder(model) / "config.json").get("id2label", {})
        return _entities(label.removeprefix("B-").removeprefix("I-") for label in labels.values())
    return NAMES if model.startswith(_HTTP) else ()


def language_model(model: str) -> Model | None:
    """The model that `profile.model` names, loaded; None where it isn't one of these. Raises ModelMismatch."""
    entities = entities_of(model)
    if model.startswith(_SPACY):
        from transom.redact.spacy_model import SpacyModel

        return SpacyModel(spacy_folder(model), entities)
    if model.startswith(_TRANSFORMERS):
        from transom.redact.transformers_model import TransformersModel

        return TransformersModel(transformers_folder(model), entities)
    if model.startswith(_HTTP):
        from transom.redact.remote import Remote

        return Remote(model, entities)
    return None


def spacy_folder(model: str) -> Path:
    """The folder of `spacy:PACKAGE` or `spacy:FOLDER`. Raises ModelMismatch, which says how to get it."""
    name = model.removeprefix(_SPACY)
    if (Path(name) / "meta.json").is_file():
        return Path(name)
    spec = find_spec(name) if name.isidentifier() else None
    if spec is None or spec.origin is None:
        raise ModelMismatch(
            f"the spaCy model `{name}` isn't here, and Transom downloads none: install its package "
            f"(python -m spacy download {name}), or give the folder of a saved model"
        )
    package = Path(spec.origin).parent
    return next((path.parent for path in sorted(package.glob("*/meta.json"))), package)


def transformers_folder(model: str) -> Path:
    """The folder of `transformers:FOLDER`. Raises ModelMismatch, which says what to install or to give."""
    folder = Path(model.removeprefix(_TRANSFORMERS))
    if missing := [name for name in ("transformers", "torch") if find_spec(name) is None]:
        raise ModelMismatch(f"`{model}` needs {' and '.join(missing)}: pip install transformers torch")
    if not (folder / "config.json").is_file():
        raise ModelMismatch(f"{folder} holds no saved model of Hugging Face's, and Transom downloads none")
    return folder


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        raise ModelMismatch(f"{path}: can't read it: is the model saved whole?") from None
    return content if isinstance(content, dict) else {}


def _entities(labels: Any) -> tuple[str, ...]:
    return tuple(sorted({entity for label in labels if (entity := entity_of(label))}))
