"""Who answers: `/v1/*` and `/{provider}/*` go straight to the relay, feedback and health to FastAPI."""

from __future__ import annotations

import asyncio
import gc
import os
import ssl
from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from transom.config import Settings
from transom.gateway.canary import CanaryWay
from transom.gateway.downstream.asgi import answer_by
from transom.gateway.downstream.connection import Desk
from transom.gateway.downstream.request import Request as ClientRequest
from transom.gateway.errors import Refused, error_body, speaks_anthropic
from transom.gateway.feedback import FeedbackDesk, feedback_routes
from transom.gateway.recording import Recording
from transom.gateway.relay import Relay
from transom.gateway.routes import Router
from transom.gateway.tokens import TokenSigner
from transom.gateway.upstream import Client, ClientLimits, parse_origin
from transom.secret import Secret
from transom.spool.writer import SpoolWriter
from transom.translate.place import translator_socket
from transom.translate.providers import in_use

_OWN_PATHS = frozenset(("/", "/health/live", "/health/ready"))


class Gateway:
    """Dispatches requests, and owns what lives as long as the process."""

    def __init__(self, settings: Settings, secret: Secret, spool_key: bytes) -> None:
        self.settings = settings
        self.writer = SpoolWriter(
            settings.spool_dir,
            settings.data / "writers",
            spool_key,
            settings.spool.file_bytes,
            settings.spool.max_bytes,
            settings.spool.fsync,
        )
        self.recording = Recording(self.writer, in_thread=settings.spool.fsync)
        self.client = Client(_client_limits(settings), _tls())
        signer = TokenSigner(secret.feedback_tokens, settings.feedback.token_ttl_s)
        self.relay = Relay(make_router(settings), self.client, self.recording, secret, signer, settings.limits)
        self._canary = CanaryWay(settings, self.relay)
        self.ready = False
        self._api = _api(self, FeedbackDesk(self.writer, secret, signer))
        self._disk_watch: asyncio.Task[None] | None = None

    @property
    def desk(self) -> Desk:
        """What the connections of clients need of this."""
        return Desk(self.answer, self.relay.note_refused, self.settings.limits.header_bytes)

    async def answer(self, request: ClientRequest) -> None:
        """Relay a request, or have FastAPI answer it."""
        path = request.path
        if path in _OWN_PATHS or path.startswith("/v1/feedback"):
            await answer_by(self._api, request)
        elif self._canary.admits(request):
            await self._canary.answer(request)
        elif request.method == "GET" and path.rstrip("/") == "/v1/models" and self._names_models():
            await self._list_models(request)
        else:
            await self.relay.answer(request)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The lifespan of ASGI: all that uvicorn's server asks of its app here."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)

    async def _lifespan(self, receive: Any, send: Any) -> None:
        await receive()
        self._disk_watch = asyncio.create_task(self.recording.watch_disk())
        _tune_gc()
        self.ready = True
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self._disk_watch.cancel()
        await self.client.close()
        await self.recording.close()
        await send({"type": "lifespan.shutdown.complete"})

    def stop_taking(self) -> None:
        """Tell the balancer to send nothing more; what runs goes on."""
        self.ready = False

    def _names_models(self) -> bool:
        return bool(self.relay.router.route_names)

    async def _list_models(self, request: ClientRequest) -> None:
        names = self.relay.router.route_names
        if speaks_anthropic(request.path, dict(request.headers)):
            items = [{"type": "model", "id": n, "display_name": n} for n in names]
            listing: dict[str, Any] = {"data": items, "has_more": False}
        else:
            models = [{"id": n, "object": "model", "created": 0, "owned_by": "transom"} for n in names]
            listing = {"object": "list", "data": models}
        body = msgspec.json.encode(listing)
        request.start(200, [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))])
        await request.write(body, last=True)


def make_router(settings: Settings) -> Router:
    """The router of some settings; it knows the translator where there is work for one."""
    address = f"unix:{translator_socket(settings)}" if in_use(settings) else None
    return Router(settings, parse_origin(address) if address else None)


def _client_limits(settings: Settings) -> ClientLimits:
    limits = settings.limits
    return ClientLimits(limits.connect_s, limits.first_byte_s, limits.between_bytes_s, limits.connections_per_provider)


def _tls() -> ssl.SSLContext:
    """Verification against the system's authorities, or those of SSL_CERT_FILE."""
    context = ssl.create_default_context(cafile=os.environ.get("SSL_CERT_FILE"))
    context.set_alpn_protocols(["http/1.1"])
    return context


def _tune_gc() -> None:
    """Collections rarely, and never over what start-up left: 10 to 25 % less CPU a request, measured."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _api(gateway: Gateway, desk: FeedbackDesk) -> FastAPI:
    api = FastAPI(title="Transom gateway", docs_url=None, redoc_url=None, openapi_url="/v1/feedback/openapi.json")
    api.include_router(feedback_routes(desk, gateway.settings.feedback.origins))

    @api.get("/")
    async def root() -> dict[str, str]:
        here = f"http://{gateway.settings.host}:{gateway.settings.port}"
        return {"transom": "LLM observability gateway", "openai_base_url": f"{here}/v1"}

    @api.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "live"}

    @api.get("/health/ready")
    async def ready(response: Response) -> dict[str, str]:
        response.status_code = 200 if gateway.ready else 503
        return {"status": "ready" if gateway.ready else "draining"}

    @api.exception_handler(Refused)
    async def refused(request: Request, error: Refused) -> Response:
        return Response(error_body(error, anthropic=False), error.status, media_type="application/json")

    @api.exception_handler(HTTPException)
    async def unknown(request: Request, error: HTTPException) -> Response:
        known = Refused(error.status_code, "unknown_request", "there is nothing here for this method and path.")
        return Response(error_body(known, anthropic=False), error.status_code, media_type="application/json")

    @api.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        problems = "; ".join(_problem(e) for e in error.errors())
        body = error_body(Refused(400, "invalid_feedback", f"{problems}."), anthropic=False)
        return Response(body, 400, media_type="application/json")

    return api


def _problem(error: dict[str, Any]) -> str:
    """What is wrong and where, without what was sent."""
    if error["type"] == "json_invalid":
        return "the body is not valid JSON"
    place = ".".join(str(part) for part in error["loc"][1:])
    return f"{place}: {error['msg']}" if place else str(error["msg"])
