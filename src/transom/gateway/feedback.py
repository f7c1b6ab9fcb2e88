"""`POST /v1/feedback` and its kin: what people say of an answer goes into the spool, like the answer itself."""

from __future__ import annotations

import time
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from transom.capture.exchange import RawFeedback
from transom.gateway.errors import Refused
from transom.gateway.headers import credential
from transom.gateway.tokens import BadToken, TokenSigner
from transom.secret import Secret, mac
from transom.spool.format import Kind
from transom.spool.writer import SpoolError, SpoolWriter
from transom.types import ANONYMOUS_KEY, DEFAULT_PROJECT, Withdrawal

Text = Annotated[str, StringConstraints(max_length=10_000)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class FeedbackIn(BaseModel):
    """The body of a feedback."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    rating: Literal["up", "down"] | None = None
    score: Annotated[float, Field(allow_inf_nan=False)] | None = None
    name: Name = "user_feedback"
    comment: Text | None = None
    correction: Text | None = None
    labels: Annotated[list[Name], Field(max_length=50)] = []
    user: Name | None = None
    target: Literal["response", "session"] = "response"

    @model_validator(mode="after")
    def _says_something(self) -> FeedbackIn:
        said = (self.rating, self.score, self.comment, self.correction, self.labels or None)
        if all(part is None for part in said):
            raise PydanticCustomError("empty", "say something: a rating, score, comment, correction or labels")
        return self

    def value(self) -> float | None:
        """The score, or what the thumb is worth: 1 up, 0 down."""
        if self.score is None and self.rating is not None:
            return 1.0 if self.rating == "up" else 0.0
        return self.score


class FeedbackWithId(FeedbackIn):
    """The body of a feedback that names what it is about."""

    id: Name


class Accepted(BaseModel):
    """What the caller gets: the id to withdraw it with."""

    feedback_id: str
    status: Literal["accepted"] = "accepted"


class FeedbackDesk:
    """Takes feedback in; the recorder links it to its trace, whichever comes first."""

    def __init__(self, writer: SpoolWriter, secret: Secret, signer: TokenSigner) -> None:
        self._writer, self._secret, self._signer = writer, secret, signer

    def accept(self, said: FeedbackIn, target_id: str, project_id: str, key_id: str) -> Accepted:
        """Keep a feedback. The same author's next word on the same target and name has the same id and replaces it."""
        author = said.user or key_id
        identity = (project_id, key_id, said.target, target_id, said.name, author)
        feedback_id = "fb_" + mac(self._secret.credentials, *(p.encode() for p in identity))[:12].hex()
        raw = RawFeedback(
            id=feedback_id,
            project_id=project_id,
            key_id=key_id,
            created_at=time.time_ns(),
            target=said.target,
            target_id=target_id,
            name=said.name,
            author=author,
            score=said.value(),
            comment=said.comment,
            correction=said.correction,
            labels=said.labels,
        )
        self._append(Kind.FEEDBACK, raw)
        return Accepted(feedback_id=feedback_id)

    def withdraw(self, feedback_id: str, key_id: str) -> Accepted:
        """Keep the wish to take a feedback back; only the same key's takes effect."""
        wish = Withdrawal(feedback_id=feedback_id, project_id=DEFAULT_PROJECT, key_id=key_id, created_at=time.time_ns())
        self._append(Kind.WITHDRAWAL, wish)
        return Accepted(feedback_id=feedback_id)

    def key_id(self, request: Request) -> str:
        """Who speaks: the credential that made the trace speaks for it."""
        return self._secret.credential_id(credential(dict(request.headers.raw))) or ANONYMOUS_KEY

    def verify(self, token: str) -> tuple[str, str, str]:
        """(trace id, project, key) of a token. Raises Refused."""
        try:
            return self._signer.verify(token)[:3]
        except BadToken:
            raise Refused(401, "bad_feedback_token", "this feedback token is not valid or has expired.") from None

    def _append(self, kind: Kind, record: Any) -> None:
        try:
            self._writer.append(kind, 0, record.created_at, msgspec.msgpack.encode(record))
        except SpoolError:
            raise Refused(503, "feedback_not_kept", "the feedback could not be kept; send it again.") from None


def feedback_routes(desk: FeedbackDesk, origins: list[str]) -> APIRouter:
    """The routes under /v1/feedback. Browsers of `origins` may use the token route, and only that."""
    router = APIRouter(prefix="/v1/feedback")

    @router.post("", status_code=202)
    async def post(said: FeedbackWithId, request: Request) -> Accepted:
        return desk.accept(said, said.id, DEFAULT_PROJECT, desk.key_id(request))

    @router.delete("/{feedback_id}", status_code=202)
    async def delete(feedback_id: Name, request: Request) -> Accepted:
        return desk.withdraw(feedback_id, desk.key_id(request))

    @router.post("/t/{token}", status_code=202)
    async def post_with_token(token: str, said: FeedbackIn, request: Request, response: Response) -> Accepted:
        trace_id, project_id, key_id = desk.verify(token)
        response.headers.update(_cors(request, origins))
        if said.target != "response":
            raise Refused(400, "bad_target", "a feedback token speaks for one response, not for a session.")
        return desk.accept(said, trace_id, project_id, key_id)

    @router.options("/t/{token}", status_code=204)
    async def preflight(token: str, request: Request) -> Response:
        return Response(status_code=204, headers=_cors(request, origins))

    return router


def _cors(request: Request, origins: list[str]) -> dict[str, str]:
    origin = request.headers.get("origin")
    if origin not in origins or origin is None:
        return {}
    return {
        "access-control-allow-origin": origin,
        "access-control-allow-methods": "POST",
        "access-control-allow-headers": "content-type",
        "vary": "origin",
    }
