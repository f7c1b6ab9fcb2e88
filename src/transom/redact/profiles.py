"""What a profile looks for, as redaction.yaml says it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from transom.config import ConfigError, Redaction, shipped
from transom.redact.operators import Operator
from transom.redact.own import OwnRecognizer

Score = Annotated[float, Field(ge=0, le=1)]
_MODELS = ("none", "small", "large")
_SCHEMES = ("spacy:", "transformers:", "http://", "https://")


def _yaml_off(value: object) -> object:
    """YAML 1.1 reads `off` as false, and `on`, which means nothing here, as true."""
    if value is True:
        raise ValueError("must be a number or `off`")
    return "off" if value is False else value


def _known_model(value: str) -> str:
    if value not in _MODELS and not value.startswith(_SCHEMES):
        raise ValueError("must be none, small, large, spacy:PACKAGE, transformers:FOLDER, or an address of Presidio's")
    return value


class Profile(BaseModel):
    """Which recognizers run, how sure they must be, and what stands where something was found."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    model: Annotated[str, AfterValidator(_known_model)] = "none"
    gate: bool = False
    national_ids: bool = False
    threshold: Score
    entities: dict[str, Annotated[Literal["off"] | Score, BeforeValidator(_yaml_off)]] = {}
    recognizers: tuple[OwnRecognizer, ...] = ()
    operators: dict[str, Operator] = {}

    def takes(self, entity: str, score: float) -> bool:
        """Whether a finding is to be redacted."""
        limit = self.entities.get(entity, self.threshold)
        return limit != "off" and score >= limit

    def is_off(self, entity: str) -> bool:
        """Whether nothing of this kind is looked for."""
        return self.entities.get(entity) == "off"


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    profiles: dict[str, Profile]
    recognizers: tuple[OwnRecognizer, ...] = ()


def load_profile(redaction: Redaction) -> Profile:
    """The chosen profile of the chosen file, with the recognizers that the file has for all.

    Raises ConfigError, which names the file and the key.
    """
    path = redaction.file or shipped("redaction.yaml")
    file = _read(path)
    if redaction.profile not in file.profiles:
        raise ConfigError(f"redaction.profile: {path} has no `{redaction.profile}`, only {', '.join(file.profiles)}")
    profile = file.profiles[redaction.profile]
    return profile.model_copy(update={"recognizers": file.recognizers + profile.recognizers})


def _read(path: Path) -> _File:
    try:
        return _File.model_validate(yaml.safe_load(path.read_bytes()))
    except OSError as error:
        raise ConfigError(f"{path}: can't read it: {error.strerror}") from None
    except yaml.YAMLError:
        raise ConfigError(f"{path}: not valid YAML") from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise ConfigError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
