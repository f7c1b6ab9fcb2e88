"""Presidio's anonymizer operators in place of placeholders, per entity, as redaction.yaml says it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from transom.redact.finding import Span
from transom.redact.placeholders import normalise
from transom.redact.recognizers import PATTERNS
from transom.redact.text import fold
from transom.secret import mac

DEFAULT = "DEFAULT"
"""Presidio's key for all entities that have no operator of their own."""

_BREAKS_JSON = re.compile(r'["\\\x00-\x1f]')
_SEAL_CHARS = 8
_REFUSED = {
    "encrypt": "encrypt is refused: its AES-CBC isn't authenticated, and text that can be decrypted isn't redacted",
    "custom": "custom is refused: a file can't hold a function",
}


def _offered(value: object) -> object:
    kind = value.get("type") if isinstance(value, dict) else None
    if kind in _REFUSED:
        raise ValueError(_REFUSED[kind])
    return value


def _harmless(value: str) -> str:
    if _BREAKS_JSON.search(value):
        raise ValueError("must hold no quote, backslash or control character: it may stand in JSON")
    if _is_found(value):
        raise ValueError("is itself taken for personal data: what is redacted once would be redacted again")
    return value


def _no_letter(value: str) -> str:
    if value.isalnum():
        raise ValueError("must be neither letter nor digit")
    return _harmless(value)


class _Operator(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Replace(_Operator):
    """`new_value` for each value."""

    type: Literal["replace"]
    new_value: Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_harmless)]


class Redact(_Operator):
    """Nothing."""

    type: Literal["redact"]


class Mask(_Operator):
    """`masking_char` for the first (`from_end`: the last) `chars_to_mask` characters; the others stay readable."""

    type: Literal["mask"]
    masking_char: Annotated[str, Field(min_length=1, max_length=1), AfterValidator(_no_letter)] = "*"
    chars_to_mask: Annotated[int, Field(ge=1)]
    from_end: bool = False


class Hash(_Operator):
    """A keyed hash in hex: the salt is the project's key."""

    type: Literal["hash"]
    hash_type: Literal["sha256", "sha512"] = "sha256"


class Keep(_Operator):
    """The value itself: it is marked and stays readable."""

    type: Literal["keep"]


Operator = Annotated[
    Annotated[Replace | Redact | Mask | Hash | Keep, Field(discriminator="type")], BeforeValidator(_offered)
]


class Operators:
    """What stands for a value, as the operators of a profile make it with the key of a project.

    Each gives the same again for what it gave. But what a mask leaves readable may be found again, in part or as
    another kind, and what `redact` joins too; see `settled`.
    """

    def __init__(self, operators: Mapping[str, Operator], key: bytes) -> None:
        self._operators, self._key = operators, key

    def __call__(self, entity: str, value: str) -> str | None:
        """The text in place of a value; None where its placeholder must stand there.

        That is so where the entity has no operator, and where a mask leaves what would break JSON.
        """
        operator = self._operators.get(entity, self._operators.get(DEFAULT))
        if operator is None:
            return None
        if isinstance(operator, Keep):
            return value
        if isinstance(operator, Hash):
            return self._hash(operator, entity, value)
        made = _operate(operator, value)
        return None if isinstance(operator, Mask) and _BREAKS_JSON.search(made) else made

    def settled(self, text: str, spans: Iterable[Span]) -> bool:
        """Whether redaction leaves a text as it is, in which it finds these spans.

        If what operators made of a text isn't settled, the text must get placeholders instead: so redaction stays
        idempotent, and nothing readable is left of a value that can be told by what was left of it.
        """
        values = ((span.entity, text[span.start : span.end]) for span in spans)
        return all(self(entity, value) == value for entity, value in values)

    def _hash(self, operator: Hash, entity: str, value: str) -> str:
        """Presidio's hash, of which the last 8 digits are a keyed digest of the others: so it is known again."""
        if value == self._sealed(value[:-_SEAL_CHARS]):
            return value
        made = _operate(operator, normalise(entity, value), salt=self._key)
        return self._sealed(made[:-_SEAL_CHARS])

    def _sealed(self, digits: str) -> str:
        return digits + mac(self._key, b"hash", digits.encode("utf-8", "surrogatepass")).hex()[:_SEAL_CHARS]


def _operate(operator: Operator, value: str, **more: Any) -> str:
    params = operator.model_dump(exclude={"type"}) | more
    made: str = _presidios(operator.type).operate(value, params)
    return made


@cache
def _presidios(name: str) -> Any:
    from presidio_anonymizer.operators import OperatorsFactory, OperatorType

    return OperatorsFactory().create_operator_class(name, OperatorType.Anonymize)


def _is_found(text: str) -> bool:
    return any(True for recognizer in PATTERNS for _ in recognizer.find(fold(text)))
