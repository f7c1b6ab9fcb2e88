"""The work of a redaction process: pieces of exchanges and feedback in, redacted ones out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from typing import NamedTuple, TypeVar

from transom.capture.exchange import Exchange, RawFeedback
from transom.config import ConfigError, Redaction, Settings
from transom.redact.finder import Finder
from transom.redact.finding import Span
from transom.redact.operators import Operators
from transom.redact.pieces import (
    Kind,
    Piece,
    RedactedPiece,
    Take,
    assemble_exchange,
    assemble_feedback,
    put_together,
    take_apart,
)
from transom.redact.placeholders import Placeholders
from transom.redact.profiles import load_profile
from transom.redact.residual import Message, read_again
from transom.redact.rules import Collecting, Replacing
from transom.redact.sample import STRICT
from transom.redact.taught import Taught
from transom.redact.text import visible
from transom.redact.walk import Rules, Walk
from transom.secret import Secret
from transom.types import (
    DEFAULT_PROJECT,
    Cost,
    Json,
    RedactedExchange,
    RedactedFeedback,
    Remark,
    Residual,
    TaughtRule,
    Usage,
)

T = TypeVar("T")


class _Project(NamedTuple):
    """What redaction of one project's content takes; its finders and operators by profile."""

    placeholders: Placeholders
    finders: dict[str, Finder]
    operators: dict[str, Operators]


class Redactor:
    """Redacts with the profiles that the settings name. Raises ConfigError or ModelMismatch if one can't be loaded.

    Synchronous, and as slow as its language model: meant for a process of its own.
    """

    def __init__(self, settings: Settings, secret: Secret) -> None:
        self._settings = settings.redaction
        self._secret = secret
        self._finders = _finders(settings.redaction)
        self._taught: list[TaughtRule] = []
        self._project = lru_cache(64)(self._make_project)

    def warm_up(self) -> None:
        """Make the first text as fast as the others."""
        if any(finder.profile.national_ids for finder in self._finders.values()):
            from transom.redact import national

            national.warm_up()

    def teach(self, rules: list[TaughtRule]) -> None:
        """Redact from now on by these rules of reviewers, and by no others before."""
        self._taught = rules
        self._project.cache_clear()

    def _make_project(self, project_id: str) -> _Project:
        key = self._secret.placeholders(project_id)
        rules = [rule for rule in self._taught if rule.project_id == project_id]
        taught = {name: finder.with_rules(Taught(rules, key)) for name, finder in self._finders.items()}
        placeholders = Placeholders(key, plain=self._settings.placeholders == "plain")
        operators = {name: each.profile.operators for name, each in self._finders.items() if each.profile.operators}
        return _Project(
            placeholders,
            taught if rules else self._finders,
            {name: Operators(each, key) for name, each in operators.items()},
        )

    def redact_pieces(self, project_id: str, pieces: Sequence[Piece]) -> list[RedactedPiece]:
        """Each piece as it may be stored. The texts of all are looked at together."""
        project = self._project(project_id)
        found = self._look(pieces, project)
        return [self._replace(piece, found.get(piece.profile, {}), project) for piece in pieces]

    def _look(self, pieces: Sequence[Piece], project: _Project) -> dict[str, dict[str, tuple[Span, ...]]]:
        """What the profiles that have a model find, by profile and text."""
        collected: dict[str, Collecting] = {}
        for piece in pieces:
            if project.finders[piece.profile].models:
                rules = collected.setdefault(piece.profile, Collecting(project.placeholders))
                self._walk(piece, Walk(rules, definitions=piece.kind == "definition"), rules)
        return {
            profile: dict(zip(rules.texts, project.finders[profile].find_all(list(rules.texts)), strict=True))
            for profile, rules in collected.items()
        }

    def _replace(self, piece: Piece, found: dict[str, tuple[Span, ...]], project: _Project) -> RedactedPiece:
        rules = Replacing(
            project.finders[piece.profile],
            project.placeholders,
            found,
            index=self._settings.index,
            operators=project.operators.get(piece.profile),
        )
        walk = Walk(rules, definitions=piece.kind == "definition")
        value = self._walk(piece, walk, rules)
        return RedactedPiece(value, walk.remarks, sorted(rules.entities), sorted(rules.unread))

    def _walk(self, piece: Piece, walk: Walk, rules: Rules) -> Json:
        match piece.kind:
            case "part":
                return walk.part(piece.value)
            case "json" | "definition":
                return walk.value(piece.value, [], None)
            case "path":
                return walk.uri(piece.value)
            case "user" | "session" if self._settings.ids == "hash":
                return rules.placeholders.hash_id(piece.value)
        return walk.ident(piece.value)

    def read_again(self, project_id: str, profile: str, messages: Mapping[int, Message]) -> list[Residual]:
        """What the profile `strict` still finds in messages that `profile` has redacted: the parts of each, by number.

        Raises ConfigError or ModelMismatch if `strict`, which is loaded the first time, can't be.
        """
        if STRICT not in self._finders:
            self._finders[STRICT] = Finder(load_profile(self._settings.model_copy(update={"profile": STRICT})))
            self._project.cache_clear()
        project = self._project(project_id)
        spared = self._finders[profile].profile
        return read_again(messages, project.finders[STRICT], spared, profile, project.placeholders)

    def redact(self, exchange: Exchange, usage: Usage, cost: Cost) -> RedactedExchange:
        """A whole exchange."""
        return self._whole(exchange.project_id, partial(assemble_exchange, exchange, usage, cost, self._settings))

    def redact_feedback(self, raw: RawFeedback) -> RedactedFeedback:
        """A feedback."""
        return self._whole(raw.project_id, partial(assemble_feedback, raw, self._settings))

    def _whole(self, project_id: str, assemble: Callable[[Take], T]) -> T:
        return put_together(assemble, self.redact_pieces(project_id, take_apart(assemble)))

    def redact_id(self, value: str, kind: Kind, project_id: str = DEFAULT_PROJECT) -> str:
        """An id as it is stored; equal ids stay equal wherever they come from."""
        piece = Piece(kind, self._settings.profile_of(project_id), value)
        return str(self.redact_pieces(project_id, [piece])[0].value)

    def redact_text(self, text: str) -> tuple[str, list[Remark]]:
        """One text, and its placeholders."""
        piece = Piece("json", self._settings.profile, text)
        redacted = self.redact_pieces(DEFAULT_PROJECT, [piece])[0]
        return redacted.value, redacted.remarks

    def find(self, texts: list[str]) -> list[tuple[Span, ...]]:
        """The spans of each text that redaction would replace, in characters of the text as given."""
        return self._finders[self._settings.profile].find_all([_same_length(text) for text in texts])


def _finders(redaction: Redaction) -> dict[str, Finder]:
    """By profile. Raises ConfigError, which names the setting."""
    finders = {}
    for name, setting in redaction.profiles.items():
        try:
            profile = load_profile(redaction.model_copy(update={"profile": name}))
        except ConfigError as error:
            raise ConfigError(f"{setting}: {str(error).removeprefix('redaction.profile: ')}") from None
        finders[name] = Finder(profile)
    return finders


def _same_length(text: str) -> str:
    """The text without the characters that `visible` would spell out."""
    return "".join(char if char == visible(char) else " " for char in text) if visible(text) != text else text
