"""Users' own recognizers, as redaction.yaml lists them in the form of Presidio's YAML.

The keys are those of its documentation ("Adding recognizers: no-code recognizers"). All run in every language, on text
whose digits, spaces and hyphens are ASCII whatever its script.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from transom.config import ConfigError
from transom.redact.backtracking import complaint
from transom.redact.text import fold

Score = Annotated[float, Field(ge=0, le=1)]
EntityName = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{1,40}$")]


def _usable(pattern: str) -> str:
    if wrong := complaint(pattern):
        raise ValueError(wrong)
    return pattern


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class OwnPattern(_Strict):
    """A regular expression, and how sure its matches are."""

    name: str
    regex: Annotated[str, AfterValidator(_usable)]
    score: Score


class Language(_Strict):
    """Context words of one language."""

    language: str
    context: list[str] = []


class OwnRecognizer(_Strict):
    """A recognizer by patterns and listed words; or, with `type: predefined`, one that Presidio ships."""

    name: str
    type: Literal["custom", "predefined"] = "custom"
    class_name: str | None = None
    enabled: bool = True
    supported_entity: EntityName | None = None
    supported_entities: list[EntityName] = Field([], max_length=1)
    version: str | None = None
    country_code: str | None = None
    supported_language: str | None = None
    supported_languages: list[str] | list[Language] = []
    patterns: list[OwnPattern] = []
    deny_list: list[str] = []
    deny_list_score: Score = 1.0
    context: list[str] = []

    @model_validator(mode="after")
    def _says_what_it_looks_for(self) -> OwnRecognizer:
        if self.type == "custom" and not (self.entity and (self.patterns or self.deny_list)):
            raise ValueError("needs supported_entity, and patterns or a deny_list")
        return self

    @property
    def entity(self) -> str | None:
        """What it finds, whichever key says so."""
        return self.supported_entity or next(iter(self.supported_entities), None)

    def made(self) -> Any:
        """The Presidio `EntityRecognizer`. Raises ConfigError where Presidio ships none of that name."""
        return _predefined(self) if self.type == "predefined" else _custom(self)


def _custom(own: OwnRecognizer) -> Any:
    from presidio_analyzer import Pattern, PatternRecognizer

    return PatternRecognizer(
        supported_entity=own.entity,
        name=own.name,
        patterns=[Pattern(pattern.name, pattern.regex, pattern.score) for pattern in own.patterns],
        deny_list=[fold(word) for word in own.deny_list],
        deny_list_score=own.deny_list_score,
        context=_context(own),
    )


def _context(own: OwnRecognizer) -> list[str]:
    by_language = [each.context for each in own.supported_languages if isinstance(each, Language)]
    return own.context + [word for words in by_language for word in words]


def _predefined(own: OwnRecognizer) -> Any:
    from presidio_analyzer import predefined_recognizers

    name = own.class_name or own.name
    if name not in predefined_recognizers.__all__:
        raise ConfigError(f"recognizers: Presidio ships no recognizer `{name}`")
    given = {"supported_entity": own.entity, "context": _context(own)}
    made = getattr(predefined_recognizers, name)(**{key: value for key, value in given.items() if value})
    for pattern in getattr(made, "patterns", ()):
        if wrong := complaint(pattern.regex, made.global_regex_flags):
            raise ConfigError(f"recognizers: a pattern of Presidio's `{name}` {wrong}")
    return made
